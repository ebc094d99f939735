"""Fit one method on a prepared table in this Python's environment, sample as many rows, and say what it cost.

usage: PYTHON benchmarks/peers.py METHOD TABLE SYNTHETIC.csv COST.json [--raw RAW.csv] [--seed N] [--preset P]

METHOD is a peer (ctgan, tvae, copula, arf, mostlyai, smotenc; see environments.sh) or this project: `ours`, which is
told the categorical columns as the peers are, or `ours+target`, where the target is named too. `--raw` writes rows of
the same model without refining, too. Peers run at their defaults. One thread.

CPU seconds are the process's, user and system, and those of its finished children. `peak_rss_mb` is the most memory
that the process held, imports included.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import time
import warnings
from collections.abc import Callable
from functools import partial
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from prepared import ONE_THREAD, Table, read_table, write_json

os.environ.update(ONE_THREAD)

import numpy as np
import pandas as pd

Sampler = Callable[[int], pd.DataFrame]
MISSING = "<nan>"


def fill(table: Table) -> pd.DataFrame:
    """Return the training rows without missing cells, for those who take none: medians, and one more category."""
    rows = table.train.copy()
    for name in rows:
        if name in table.categorical:
            rows[name] = rows[name].astype(object).where(rows[name].notna(), MISSING).astype(str)
        else:
            rows[name] = rows[name].fillna(rows[name].median())
    return rows


def _ctgan(table: Table, seed: int, name: str = "CTGAN") -> Sampler:
    import ctgan  # type: ignore[import-not-found]

    model = getattr(ctgan, name)(enable_gpu=False)
    model.set_random_state(seed)
    model.fit(fill(table), discrete_columns=table.categorical)
    return model.sample


def _tvae(table: Table, seed: int) -> Sampler:
    return _ctgan(table, seed, "TVAE")


def _copula(table: Table, seed: int) -> Sampler:
    from sdv.metadata import Metadata  # type: ignore[import-not-found]
    from sdv.single_table import GaussianCopulaSynthesizer  # type: ignore[import-not-found]

    kinds = {c: {"sdtype": "categorical" if c in table.categorical else "numerical"} for c in table.train}
    described = {"METADATA_SPEC_VERSION": "V1", "tables": {"table": {"columns": kinds}}, "relationships": []}
    model = GaussianCopulaSynthesizer(Metadata.load_from_dict(described))
    model.fit({"table": table.train})

    def sample(rows: int) -> pd.DataFrame:
        drawn: Any = model.sample(rows)
        return drawn["table"] if isinstance(drawn, dict) else drawn

    return sample


def _arf(table: Table, seed: int) -> Sampler:
    from arfpy import arf  # type: ignore[import-not-found]

    rows = fill(table)
    kinds = {name: "category" if name in table.categorical else float for name in rows}
    model = arf.arf(x=rows.astype(kinds), random_state=seed)
    model.forde()
    return lambda n: model.forge(n=n)


def _mostlyai(table: Table, seed: int) -> Sampler:
    from mostlyai.engine import TabularARGN  # type: ignore[import-not-found]

    rows = table.train.copy()
    for name in table.categorical:
        rows[name] = rows[name].astype(object).where(rows[name].notna(), None)
        rows[name] = rows[name].map(lambda cell: cell if cell is None else str(cell))
    model = TabularARGN(random_state=seed, verbose=0)
    model.fit(X=rows)
    return lambda n: model.sample(n_samples=n)


def _smotenc(table: Table, seed: int) -> Sampler:
    """Oversample every class to twice its rows, and keep the new ones; a class of one row has no neighbours."""
    from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC

    if table.meta["task"] == "regression":
        raise SystemExit("SMOTE resamples classes, and the target of this table is a number.")
    rows = fill(table)
    X, y = rows.drop(columns=table.target), rows[table.target]
    counts = y.value_counts()
    wanted = {label: 2 * n for label, n in counts.items() if n > 1}
    shared: dict[str, Any] = {"sampling_strategy": wanted, "random_state": seed}
    shared["k_neighbors"] = min(5, int(counts[counts > 1].min()) - 1)
    categorical = [name for name in X if name in table.categorical]
    if not categorical:
        sampler = SMOTE(**shared)
    elif len(categorical) == X.shape[1]:
        sampler = SMOTEN(**shared)
    else:
        sampler = SMOTENC(categorical_features=categorical, **shared)

    def sample(_: int) -> pd.DataFrame:
        more: Any = sampler.fit_resample(X, y)
        return pd.concat(more, axis=1).iloc[len(X) :].sample(frac=1, random_state=seed)

    return sample


def _ours(table: Table, seed: int, method: str, preset: str, facts: dict[str, Any]) -> Sampler:
    from wgan_aug import WGANGPSynthesizer

    target = table.target if method.endswith("+target") else None
    model = WGANGPSynthesizer(
        categorical_features=table.categorical, preset=preset, random_state=seed, target=target
    ).fit(table.train)
    facts |= {"updates": model.updates_, "features": model.encoder_.layout.n_features, "preset": preset}
    facts["raw"] = partial(model.sample, refine=False)

    def sample(rows: int) -> pd.DataFrame:
        drawn = model.sample(rows)
        facts["dtypes_equal"] = bool(drawn.dtypes.equals(table.train.dtypes))
        return drawn

    return sample


Fitter = Callable[[Table, int], Sampler]
PEERS: dict[str, tuple[str, str, Fitter]] = {  # package, module to import before the clock runs
    "copula": ("sdv", "sdv.single_table", _copula),
    "tvae": ("ctgan", "ctgan", _tvae),
    "ctgan": ("ctgan", "ctgan", _ctgan),
    "arf": ("arfpy", "arfpy.arf", _arf),
    "mostlyai": ("mostlyai-engine", "mostlyai.engine", _mostlyai),
    "smotenc": ("imbalanced-learn", "imblearn.over_sampling", _smotenc),
}


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and its finished children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def peak_rss_mb() -> int:
    """Return the most memory that this process held; `ru_maxrss` would count what its parent held when it forked."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:"))) // 1024


def measure(method: str, table: Table, seed: int, preset: str, raw: Path | None) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return as many synthetic rows as there are training rows, and what they cost; write rows without refining."""
    facts: dict[str, Any] = {}
    fit = partial(_ours, method=method, preset=preset, facts=facts)
    package, module, fitter = PEERS.get(method, ("wgan-aug", "wgan_aug.synthesizers.table", fit))
    import_module(module)
    wall, cpu = time.perf_counter(), cpu_seconds()
    sampler = fitter(table, seed)
    fitted, fitted_cpu = time.perf_counter(), cpu_seconds()
    synthetic = sampler(len(table.train))
    cost = {
        "fit_s": fitted - wall,
        "fit_cpu_s": fitted_cpu - cpu,
        "sample_s": time.perf_counter() - fitted,
        "sample_cpu_s": cpu_seconds() - fitted_cpu,
    }
    draw_raw: Sampler | None = facts.pop("raw", None)
    if raw is not None and draw_raw is not None:
        before = cpu_seconds()
        rows = draw_raw(len(table.train))
        cost["raw_sample_cpu_s"] = cpu_seconds() - before
        rows.to_csv(raw, index=False)
    rounded = {name: round(seconds, 3) for name, seconds in cost.items()}
    return synthetic, facts | rounded | {"peak_rss_mb": peak_rss_mb(), "package": package, **_versions(package)}


def _versions(package: str) -> dict[str, str]:
    installed = {d.metadata["Name"].lower() for d in metadata.distributions()}
    torch = {"torch": metadata.version("torch")} if "torch" in installed else {}
    return {"version": metadata.version(package), **torch}


def main() -> None:
    """Fit, sample, write rows and cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("method")
    parser.add_argument("table", type=Path)
    parser.add_argument("synthetic", type=Path)
    parser.add_argument("cost", type=Path)
    parser.add_argument("--raw", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--preset", default="balanced")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    random.seed(options.seed)
    np.random.seed(options.seed)  # noqa: NPY002 - some peers draw from the global state
    try:
        import torch
    except ImportError:
        pass
    else:
        torch.set_num_threads(1)
        torch.manual_seed(options.seed)
    table = read_table(options.table)
    synthetic, cost = measure(options.method, table, options.seed, options.preset, options.raw)
    synthetic = synthetic[list(table.train.columns)].copy()
    for name in table.categorical:
        synthetic[name] = synthetic[name].astype(object).where(synthetic[name] != MISSING, None)
    synthetic.to_csv(options.synthetic, index=False)
    write_json(options.cost, cost)


if __name__ == "__main__":
    main()
