"""Prepared tables, and an independent judge of synthetic rows.

A prepared table is a folder with train.csv, test.csv and meta.json (`target`, `task`, `categorical`). The judge is a
script that knows nothing of this project, called as
`JUDGE train.csv test.csv synthetic.csv --meta meta.json --json out.json`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from wgan_aug.evaluation.frames import Tables

__all__ = ["ONE_THREAD", "Table", "code_state", "find_tables", "judge", "read", "read_table", "write_json"]

ONE_THREAD: dict[str, str] = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "LOKY_MAX_CPU_COUNT": "1",
}


@dataclasses.dataclass(frozen=True)
class Table:
    """Training and test rows, and what meta.json says of them."""

    name: str
    train: pd.DataFrame
    test: pd.DataFrame
    meta: dict[str, Any]

    @property
    def categorical(self) -> list[str]:
        """Return the columns that are told to be categorical."""
        return self.meta["categorical"]

    @property
    def target(self) -> str:
        """Return the column that downstream models predict."""
        return self.meta["target"]

    def beside(self, synthetic: pd.DataFrame) -> Tables:
        """Return training, synthetic and test rows, ready for figures."""
        from wgan_aug.evaluation.frames import align  # peers' environments have no wgan_aug

        return align(
            self.train,
            synthetic,
            holdout=self.test,
            target=self.target,
            task=self.meta["task"],
            categorical_features=self.categorical,
        )

    def hold_back(self) -> Table:
        """Return a table whose test rows are a fifth of the training rows, and whose training rows are the others."""
        held = self.train.sample(frac=0.2, random_state=1)
        return dataclasses.replace(self, train=self.train.drop(held.index), test=held)


def read(file: Path) -> pd.DataFrame:
    """Read a CSV file in which an empty cell, and no other, is a missing one; numbers are written back as they were."""
    return pd.read_csv(file, keep_default_na=False, na_values=[""], float_precision="round_trip")


def read_table(folder: Path) -> Table:
    """Read a prepared table."""
    meta = json.loads((folder / "meta.json").read_text())
    return Table(folder.name, read(folder / "train.csv"), read(folder / "test.csv"), meta)


def find_tables(prepared: Path, names: list[str] | None = None) -> list[Path]:
    """Return the folders of the tables with these names, all of them where there are none, by name."""
    there = sorted(folder for folder in prepared.iterdir() if (folder / "meta.json").exists())
    unknown = set(names or []) - {folder.name for folder in there}
    if unknown:
        raise SystemExit(f"{prepared} has no {', '.join(sorted(unknown))}; it has {', '.join(f.name for f in there)}.")
    return [folder for folder in there if not names or folder.name in names]


def judge(script: str, table: Table, synthetic: pd.DataFrame) -> dict[str, Any]:
    """Return what the judge says of synthetic rows."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        files = [folder / name for name in ("train.csv", "test.csv", "synthetic.csv")]
        for file, rows in zip(files, (table.train, table.test, synthetic), strict=True):
            rows.to_csv(file, index=False)
        write_json(folder / "meta.json", table.meta)
        options = ["--meta", str(folder / "meta.json"), "--json", str(folder / "score.json")]
        subprocess.run(
            [sys.executable, script, *map(str, files), *options],
            check=True,
            stdout=subprocess.DEVNULL,
            env=os.environ | ONE_THREAD,
        )
        return json.loads((folder / "score.json").read_text())


def code_state() -> str:
    """Return the commit that this checkout is at, with `-dirty` where files differ from it; empty outside of git."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def write_json(file: Path, content: Any) -> None:
    """Write a JSON file, with the folder that it stands in."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=1) + "\n")
