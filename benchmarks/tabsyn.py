"""The protocol of the TabSyn paper on the Adult table: shape error, trend error, and the AUC of XGBoost.

usage: python benchmarks/tabsyn.py ADULT.csv[.gz] MODE [--xgboost PYTHON] [--seed N] [--preset P] [--rows N]
           [--results DIR]

ADULT holds all 48 842 rows, UCI's own training part, the first 32 561, first; `?` or an empty cell is missing. MODE is
`raw` or `refined` (as many rows are sampled as there are training rows; the categorical columns are told), either with
`+target` (the target is named too); `real` judges the training rows themselves, the ceiling of the AUC, and `test` the
test part, whose errors are those of other real rows (half as many). `--rows` takes the first N rows of either part, for
a try. PYTHON has what tabsyn_auc.py needs (environments.sh makes one, or
`pip install xgboost`); without it, this Python is taken.

- Shape error: the mean over columns of the Kolmogorov-Smirnov statistic (numbers) or the total variation (categories),
  to the training rows.
- Trend error: the mean over pairs of columns of |difference of Pearson's correlations| / 2 (two numbers) or the total
  variation of the joint tables. A number beside a category is cut at ten equal steps of its range. SDMetrics' quality
  report, which published figures come from, takes each side's own range: `trend_error`. With the range of the training
  rows for both, as in SDMetrics' `ContingencySimilarity`, it is `trend_error_real_bins`.
- AUC: see tabsyn_auc.py; tested on the real test part.

Missing categories are a level of their own. A run is results/tabsyn/MODE-SEED.json, skipped where it is there; all of
them are in its README.md beside published figures. One thread.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from prepared import ONE_THREAD, code_state, write_json

os.environ.update(ONE_THREAD)

import numpy as np
import pandas as pd
from means import markdown, shown
from scipy.stats import ks_2samp

HERE = Path(__file__).parent
TARGET = "income"
NUMERIC = ["age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week"]
TRAINING_ROWS = 32_561
BINS = 10
MODES = {
    "real": "the training rows themselves",
    "test": "other real rows (the test part)",
    "raw": "ours",
    "refined": "ours, refined",
    "raw+target": "ours, target named",
    "refined+target": "ours, refined, target named",
}
PUBLISHED = {  # shape error %, trend error %, AUC; Zhang et al. 2024, Shi et al. 2025
    "CTGAN": (16.8, 20.2, 0.886),
    "TVAE": (14.2, 14.2, 0.878),
    "TabDDPM": (1.75, 3.0, 0.907),
    "TabSyn": (0.81, 1.93, 0.909),
    "TabDiff": (0.63, 1.49, 0.912),
}


def read_adult(file: Path, rows: int | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the training and the test part."""
    people = pd.read_csv(file, keep_default_na=False, na_values=["?", ""])
    parts = people.iloc[:TRAINING_ROWS], people.iloc[TRAINING_ROWS:]
    train, test = (part.head(rows or len(part)).reset_index(drop=True) for part in parts)
    return train, test


def with_missing_level(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in which a missing category is one more category."""
    categories = rows.drop(columns=NUMERIC).astype(object)
    return pd.concat([rows[NUMERIC], categories.where(categories.notna(), "missing")], axis=1)[list(rows.columns)]


def total_variation(real: pd.Series, made: pd.Series) -> float:
    """Return half the sum of the differences of frequencies."""
    return float(0.5 * real.sub(made, fill_value=0).abs().sum())


def shape_error(real: pd.DataFrame, made: pd.DataFrame) -> float:
    """Return the mean loss over columns."""
    losses: list[float] = []
    for name in real:
        if name in NUMERIC:
            test: Any = ks_2samp(real[name], made[name])
            losses.append(float(test.statistic))
        else:
            losses.append(total_variation(*(part[name].value_counts(normalize=True) for part in (real, made))))
    return float(np.mean(losses))


def trend_error(real: pd.DataFrame, made: pd.DataFrame, *, own_bins: bool) -> float:
    """Return the mean loss over pairs of columns."""
    cut = [real.copy(), made.copy()]
    for name in NUMERIC:
        for part, rows in zip(cut, (real, made), strict=True):
            edges = np.histogram_bin_edges(rows[name] if own_bins else real[name], BINS)
            part[name] = np.digitize(rows[name], edges if own_bins else edges[1:-1])
    correlations = [np.corrcoef(part[NUMERIC].to_numpy(float), rowvar=False) for part in (real, made)]
    apart = pd.DataFrame(np.abs(correlations[0] - correlations[1]) / 2, NUMERIC, NUMERIC)
    losses: list[float] = []
    for pair in itertools.combinations(real.columns, 2):
        if set(pair) <= set(NUMERIC):
            losses.append(float(apart.loc[[pair[0]], pair[1]].iloc[0]))
        else:
            losses.append(total_variation(*(part.groupby(list(pair)).size() / len(part) for part in cut)))
    return float(np.mean(losses))


def ask_xgboost(python: str, made: pd.DataFrame, test: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Return what tabsyn_auc.py answers."""
    with tempfile.TemporaryDirectory() as scratch:
        files = [Path(scratch) / name for name in ("train.csv", "test.csv", "answer.json")]
        made.to_csv(files[0], index=False)
        test.to_csv(files[1], index=False)
        words = [python, HERE / "tabsyn_auc.py", *files, "--target", TARGET, "--seed", seed]
        subprocess.run([str(word) for word in words], check=True, env=os.environ | ONE_THREAD)
        return json.loads(files[2].read_text())


def synthesise(train: pd.DataFrame, mode: str, preset: str, seed: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return as many rows as there are training rows, and what they cost."""
    import torch

    from wgan_aug import WGANGPSynthesizer

    torch.set_num_threads(1)
    options: dict[str, Any] = {"preset": preset, "random_state": seed}
    options["categorical_features"] = [name for name in train if name not in NUMERIC]
    options["refine"] = mode.startswith("refined")
    if mode.endswith("+target"):
        options["target"] = TARGET
    start = time.process_time()
    model = WGANGPSynthesizer(**options).fit(train)
    fitted = time.process_time()
    made = model.sample(len(train))
    cost = {"fit_cpu_s": round(fitted - start, 1), "sample_cpu_s": round(time.process_time() - fitted, 2)}
    return made, cost | {"updates": model.updates_, "preset": preset}


def report(results: Path) -> str:
    """Return all runs and the published figures as a Markdown table."""
    keys = [("shape_error", 100), ("trend_error", 100), ("trend_error_real_bins", 100), ("auc", 1)]
    rows: list[list[str]] = []
    for mode in MODES:
        runs = [json.loads(file.read_text()) for file in sorted(results.glob(f"{mode}-*.json"))]
        if runs:
            figures = [shown([run[key] * by for run in runs if key in run], 2 if by > 1 else 4) for key, by in keys]
            seconds = shown([run["fit_cpu_s"] for run in runs if "fit_cpu_s" in run], 0)
            rows.append([MODES[mode], str(len(runs)), *figures, seconds])
    for name, (shape, trend, auc) in PUBLISHED.items():
        rows.append([f"{name} (published)", "–", f"{shape}", f"{trend}", "–", f"{auc}", "–"])
    header = ["method", "seeds", "shape error %", "trend error %", "trend error %, real bins", "AUC", "fit CPU s"]
    return "# The TabSyn protocol on Adult\n\n" + markdown(header, rows)


def main() -> None:
    """Run one mode and seed if it is missing, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adult", type=Path)
    parser.add_argument("mode", choices=list(MODES))
    parser.add_argument("--xgboost", default=sys.executable)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--preset", default="balanced")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--results", type=Path, default=HERE / "results" / "tabsyn")
    options = parser.parse_args()
    file = options.results / f"{options.mode}-{options.seed}.json"
    if not file.exists():
        train, test = read_adult(options.adult, options.rows)
        cost: dict[str, Any] = {}
        made = test if options.mode == "test" else train
        if options.mode not in ("real", "test"):
            made, cost = synthesise(train, options.mode, options.preset, options.seed)
        train, made, test = map(with_missing_level, (train, made, test))
        found = {
            "shape_error": shape_error(train, made),
            "trend_error": trend_error(train, made, own_bins=True),
            "trend_error_real_bins": trend_error(train, made, own_bins=False),
        }
        if options.mode != "test":
            found |= ask_xgboost(options.xgboost, made, test, options.seed)
        write_json(file, found | cost | {"rows": len(made), "code": code_state()})
        print(options.mode, options.seed, found, flush=True)
    (options.results / "README.md").write_text(report(options.results))


if __name__ == "__main__":
    main()
