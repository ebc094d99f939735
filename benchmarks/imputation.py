"""Fill masked cells of held-out rows: this project beside scikit-learn's imputers, on prepared tables.

usage: python benchmarks/imputation.py PREPARED [NAME ...] [--seeds 0 1] [--rows 4000] [--report] [--results DIR]

PREPARED: see prepared.py.

Every method learns from the same training rows, complete as they are, and fills the same cells of test rows, masked at
random (10 % and 30 % of all cells). The error of numbers is the root mean square in units of the column's standard
deviation in the training rows, that of categories is the share of wrong ones; both are means over columns.
Scikit-learn's imputers see categories as columns of 0 and 1, and the largest says which.

- ours: one draw; ours, mean: `impute(average=20)`, which is what the other methods aim at.
- column: the mean, and the commonest category.
- linear: `IterativeImputer` (Bayesian ridge). knn: `KNNImputer`.
- forests: a random forest a column, of classes or numbers, applied three times over, as missForest does.

Every run is one JSON, METHOD/TABLE-SHARE-SEED.json, and is skipped where it is there. One thread.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prepared import ONE_THREAD, Table, code_state, find_tables, read_table, write_json

os.environ.update(ONE_THREAD)

import numpy as np
import pandas as pd
import torch
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  # pyright: ignore[reportUnusedImport]
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

from wgan_aug import WGANGPSynthesizer

HERE = Path(__file__).parent
TABLES = ["adult", "california_housing", "telco_churn"]
SHARES = (0.1, 0.3)
TEST_ROWS = 1000
Impute = Callable[[pd.DataFrame], pd.DataFrame]


class Coded:
    """A table as numbers: standardised, and 0 and 1 for the commonest levels of a category but the first.

    With a column for the first level too, the levels of a missing cell would say each other by their sum.
    """

    def __init__(self, train: pd.DataFrame, categorical: list[str]) -> None:
        self.columns, self.categorical = [str(name) for name in train], categorical
        self.levels = {c: train[c].value_counts().index[:30].tolist() for c in categorical}
        self.scale = {c: (train[c].mean(), train[c].std() or 1.0) for c in self.columns if c not in categorical}

    def to_numbers(self, rows: pd.DataFrame) -> np.ndarray:
        """Return rows as numbers, with nan where cells are missing."""
        parts: list[np.ndarray] = []
        for name in self.columns:
            if name in self.categorical:
                hot = [rows[name].to_numpy() == level for level in self.levels[name][1:]]
                block = np.array(hot, dtype=float).reshape(len(hot), len(rows)).T
                block[rows[name].isna()] = np.nan
                parts.append(block)
            else:
                mean, scale = self.scale[name]
                parts.append(((rows[name].to_numpy(float) - mean) / scale)[:, None])
        return np.concatenate(parts, axis=1)

    def to_rows(self, numbers: np.ndarray) -> pd.DataFrame:
        """Return numbers as rows."""
        out: dict[str, Any] = {}
        start = 0
        for name in self.columns:
            if name in self.categorical:
                rest = numbers[:, start : start + len(self.levels[name]) - 1]
                best = np.column_stack([1 - rest.sum(axis=1), rest]).argmax(axis=1)
                out[name] = np.array(self.levels[name], dtype=object)[best]
                start += rest.shape[1]
            else:
                mean, scale = self.scale[name]
                out[name] = numbers[:, start] * scale + mean
                start += 1
        return pd.DataFrame(out)


def peer(make: Callable[[], Any]) -> Callable[[Table, int], Impute]:
    """Return what fits one of scikit-learn's imputers."""

    def fit(table: Table, seed: int) -> Impute:
        coded = Coded(table.train, table.categorical)
        imputer = make()
        if "random_state" in imputer.get_params():
            imputer.set_params(random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            imputer.fit(coded.to_numbers(table.train))
        return lambda rows: coded.to_rows(np.asarray(imputer.transform(coded.to_numbers(rows))))

    return fit


def _ours(average: int | None) -> Callable[[Table, int], Impute]:
    def fit(table: Table, seed: int) -> Impute:
        model = WGANGPSynthesizer(categorical_features=table.categorical, random_state=seed).fit(table.train)
        return lambda rows: model.impute(rows, average=average)

    return fit


def _forests(table: Table, seed: int) -> Impute:
    """Fit forests that tell each column from the others; gaps are filled by the columns' own, then thrice by these."""
    columns = [str(name) for name in table.train]
    codes = {c: {v: i for i, v in enumerate(table.train[c].dropna().unique())} for c in table.categorical}
    first = {
        c: table.train[c].mode()[0] if c in codes else table.train[c].mean()
        for c in columns
        if c not in codes or codes[c]
    }

    def numbers(rows: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({c: rows[c].map(codes[c]) if c in codes else rows[c] for c in columns}).astype(float)

    whole = numbers(table.train.fillna(first))
    forests: dict[str, Any] = {}
    for name in columns:
        known = table.train[name].notna()
        kind = RandomForestClassifier if name in codes else RandomForestRegressor
        forest = kind(50, min_samples_leaf=3, max_features=1 / 3, random_state=seed)
        forests[name] = forest.fit(whole[known].drop(columns=name), whole.loc[known, name])

    def impute(rows: pd.DataFrame) -> pd.DataFrame:
        gaps, filled = rows.isna(), numbers(rows.fillna(first)).fillna(0.0)
        for _ in range(3):
            for name in columns:
                where = gaps[name].to_numpy()
                if where.any():
                    filled.loc[where, name] = forests[name].predict(filled[where].drop(columns=name))
        out = {
            c: np.array(list(codes[c]), dtype=object)[filled[c].astype(int)] if c in codes else filled[c]
            for c in columns
        }
        return pd.DataFrame(out)

    return impute


METHODS: dict[str, Callable[[Table, int], Impute]] = {
    "ours": _ours(None),
    "ours-mean": _ours(20),
    "column": peer(SimpleImputer),
    "linear": peer(lambda: IterativeImputer(max_iter=10)),
    "knn": peer(lambda: KNNImputer(n_neighbors=10)),
    "forests": _forests,
}


def errors(table: Table, real: pd.DataFrame, filled: pd.DataFrame, masked: np.ndarray) -> dict[str, float]:
    """Return the mean error of numbers, in standard deviations, and of categories."""
    numbers: list[float] = []
    categories: list[float] = []
    for place, name in enumerate(real):
        rows = masked[:, place] & real[name].notna().to_numpy()
        if not rows.any():
            continue
        ours, theirs = filled[name].to_numpy(object)[rows], real[name].to_numpy(object)[rows]
        if name in table.categorical:
            categories.append(float((ours != theirs).mean()))
        else:
            gap = (ours.astype(float) - theirs.astype(float)) / (table.train[name].std() or 1.0)
            numbers.append(float(np.sqrt((gap**2).mean())))
    means = {"numbers": numbers, "categories": categories}
    return {kind: statistics.fmean(some) for kind, some in means.items() if some}


def run(folder: Path, method: str, seed: int, rows: int) -> dict[float, dict[str, Any]]:
    """Fit a method once, and fill test rows; return the figures by the share of cells that was masked."""
    table = read_table(folder)
    table = dataclasses.replace(table, train=table.train.head(rows))
    real = table.test.head(TEST_ROWS).reset_index(drop=True)
    start = time.process_time()
    impute = METHODS[method](table, seed)
    fitted = round(time.process_time() - start, 2)
    out: dict[float, dict[str, Any]] = {}
    for share in SHARES:
        masked = np.random.default_rng([seed, int(100 * share)]).random(real.shape) < share
        start = time.process_time()
        filled = impute(real.mask(masked))
        cost = {"fit_cpu_s": fitted, "impute_cpu_s": round(time.process_time() - start, 2), "code": code_state()}
        out[share] = errors(table, real, filled, masked) | cost
    return out


def report(results: Path) -> str:
    """Return the means over tables and seeds, and table by table."""
    runs: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for file in sorted(results.glob("*/*.json")):
        table, share, _ = file.stem.rsplit("-", 2)
        runs.setdefault((table, share, file.parent.name), []).append(json.loads(file.read_text()))
    lines = ["# Imputation", "", *(__doc__ or "").splitlines()[6:17], ""]
    digits = {"numbers": 3, "categories": 3, "fit_cpu_s": 1, "impute_cpu_s": 1}
    for table, share in sorted({key[:2] for key in runs}):
        lines += [f"## {table}, {share} % masked", "", "| method | numbers | categories | fit CPU s | fill CPU s |"]
        lines += ["| --- | --- | --- | --- | --- |"]
        for method in METHODS:
            some = runs.get((table, share, method), [])
            cells = [(n, [run[key] for run in some if key in run]) for key, n in digits.items()]
            told = [f"{statistics.fmean(values):.{n}f}" if values else "–" for n, values in cells]
            lines += [f"| {method} | {' | '.join(told)} |"] if some else []
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Run what is missing, then write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("names", nargs="*", default=TABLES)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--results", type=Path, default=HERE / "results" / "imputation")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for folder in [] if options.report else find_tables(options.prepared, options.names):
        for seed in options.seeds:
            for method in options.methods:
                files = {s: options.results / method / f"{folder.name}-{round(100 * s)}-{seed}.json" for s in SHARES}
                if all(file.exists() for file in files.values()):
                    continue
                for share, found in run(folder, method, seed, options.rows).items():
                    write_json(files[share], found)
                    print(method, folder.name, share, seed, found, flush=True)
    (options.results / "README.md").write_text(report(options.results))


if __name__ == "__main__":
    main()
