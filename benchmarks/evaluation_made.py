"""Synthetic tables made by plain means, for benchmarks of the evaluators; and what a result was measured on."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["copy_with_errors", "describe_machine", "read", "shuffle"]


def copy_with_errors(train: pd.DataFrame, rows: int, seed: int, share: float = 1 / 8) -> pd.DataFrame:
    """Return training rows drawn with replacement, in which a share of the cells is drawn anew from its column."""
    rng = np.random.default_rng(seed)
    picked = rng.integers(len(train), size=rows)
    columns: dict[Any, pd.Series] = {}
    for name in train:
        anew = rng.random(rows) < share
        cells = np.where(anew, rng.integers(len(train), size=rows), picked)
        columns[name] = train[name].take(cells).reset_index(drop=True)
    return pd.DataFrame(columns)


def shuffle(train: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the training columns, each permuted on its own."""
    rng = np.random.default_rng(seed)
    permuted = {name: train[name].take(rng.permutation(len(train))).reset_index(drop=True) for name in train}
    return pd.DataFrame(permuted)


def read(file: Path) -> pd.DataFrame:
    """Read a CSV file in which an empty cell, and no other, is a missing one."""
    return pd.read_csv(file, keep_default_na=False, na_values=[""])


def describe_machine(*packages: str) -> dict[str, Any]:
    """Return the processor, the number of cores and the versions of Python and of packages."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "threads_used": 1,
        "versions": {"python": platform.python_version()} | {name: metadata.version(name) for name in packages},
    }
