"""Prepared sequences, and an independent judge of synthetic ones.

A prepared set is SET_train.npz and SET_test.npz, each with `x`, float32 of shape (n, T, C) and min-max scaled by the
training part; windows of one long series also have `start`, the row of their first step, labelled sets `y`. The judge
is a script that knows nothing of this project, called as
`JUDGE SET_train.npz SYNTHETIC.npz [--test SET_test.npz] --json out.json`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from prepared import ONE_THREAD

__all__ = ["LABELLED", "PEER_SETS", "SETS", "Sequences", "find_sets", "judge", "read_sequences", "write_sequences"]

LABELLED = (
    "italy_power_demand",
    "italy_power_demand_archive",
    "arrow_head_archive",
    "gunpoint",
    "basic_motions",
)
SETS = (*(f"{name}_{steps}" for steps in (24, 64) for name in ("sines", "stock", "etth1", "energy")), *LABELLED)
PEER_SETS = ("stock_24", "etth1_24", "italy_power_demand")  # where peers run unless sets are named: they are slow


@dataclasses.dataclass(frozen=True)
class Sequences:
    """Sequences of shape (n, T, C), a label for each where the set has classes, and where windows start."""

    x: np.ndarray
    y: np.ndarray | None = None
    start: np.ndarray | None = None

    def __len__(self) -> int:
        """Return how many they are."""
        return len(self.x)

    def take(self, rows: Any) -> Sequences:
        """Return some of them."""
        parts = (None if part is None else part[rows] for part in (self.x, self.y, self.start))
        return Sequences(*parts)  # type: ignore[arg-type]


def read_sequences(file: Path) -> Sequences:
    """Read `x`, and `y` and `start` where they are there."""
    with np.load(file, allow_pickle=True) as arrays:
        return Sequences(**{key: arrays[key] for key in ("x", "y", "start") if key in arrays.files})


def write_sequences(file: Path, sequences: Sequences) -> None:
    """Write `x`, and `y` where there is one."""
    arrays: dict[str, Any] = {"x": np.asarray(sequences.x, np.float32)}
    if sequences.y is not None:
        arrays["y"] = sequences.y
    np.savez_compressed(file, **arrays)


def find_sets(prepared: Path, names: list[str]) -> list[str]:
    """Return the sets of these names, those of the benchmark where there are none."""
    wanted = names or list(SETS)
    missing = [name for name in wanted if not (prepared / f"{name}_train.npz").exists()]
    if missing:
        there = sorted(file.name.removesuffix("_train.npz") for file in prepared.glob("*_train.npz"))
        raise SystemExit(f"{prepared} has no {', '.join(missing)}; it has {', '.join(there) or 'no set'}.")
    return wanted


def judge(script: str, prepared: Path, name: str, made: Path) -> dict[str, Any]:
    """Return what the judge says of a file of synthetic sequences; a labelled set is judged with its test part."""
    with tempfile.TemporaryDirectory() as scratch:
        verdict = Path(scratch) / "score.json"
        command: list[str | Path] = [sys.executable, script, prepared / f"{name}_train.npz", made, "--json", verdict]
        if read_sequences(made).y is not None:
            command += ["--test", prepared / f"{name}_test.npz"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | ONE_THREAD)
        return json.loads(verdict.read_text())
