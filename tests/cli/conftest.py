"""The installed command, run as users run it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

COMMAND = Path(sys.executable).parent / ("wgan-aug.exe" if os.name == "nt" else "wgan-aug")
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100", "TERM": "dumb"}

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def command() -> list[str]:
    """The command's own first words."""
    assert COMMAND.exists(), f"{COMMAND} is not there: pip install -e ."
    return [str(COMMAND)]


@pytest.fixture(scope="session")
def run(command: list[str]) -> Run:
    """Run the command; stdout and stderr are text unless `text=False`."""

    def call(*words: object, **options: Any) -> subprocess.CompletedProcess[str]:
        defaults: dict[str, Any] = {"capture_output": True, "text": True, "env": ENVIRONMENT, "timeout": 120}
        if "input" not in options:
            defaults["stdin"] = subprocess.DEVNULL
        if "stdout" in options:
            defaults |= {"capture_output": False, "stderr": subprocess.PIPE}
        return subprocess.run([*command, *map(str, words)], check=False, **defaults | options)

    return call


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    return ENVIRONMENT


@pytest.fixture(scope="session")
def table() -> pd.DataFrame:
    """Cells as they stand in a text file: dates, integers with missing ones, codes with leading zeros."""
    rng = np.random.default_rng(0)
    rows = 150
    days = pd.Timestamp("2021-03-01") + pd.to_timedelta(rng.integers(0, 700, rows), unit="D")
    age = pd.array(rng.integers(18, 80, rows), dtype="Int64")
    age[rng.random(rows) < 0.2] = pd.NA
    return pd.DataFrame(
        {
            "age": age,
            "zip": rng.choice(["01234", "02139", "94103"], rows),
            "joined": days.strftime("%Y-%m-%d"),
            "paid": np.round(rng.gamma(2, 50, rows), 2),
            "plan": rng.choice(["basic", "plus, with phone", "été"], rows),
        }
    )


@pytest.fixture(scope="session")
def workplace(run: Run, table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `people.csv` and the model that a bare `fit people.csv` made of it; treat it as read-only."""
    folder = tmp_path_factory.mktemp("cli")
    table.to_csv(folder / "people.csv", index=False)
    done = run("fit", folder / "people.csv", "--epochs", 2, "--seed", 7, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    (folder / "fit.stderr").write_text(done.stderr, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def model(workplace: Path) -> Path:
    return workplace / "people-model"
