"""`fit --constraint` and `--reject-copies`: rows of the saved model pass, and the counts are said."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    low = rng.normal(size=200).round(3)
    frame = pd.DataFrame({"low": low, "top value": (low + rng.exponential(1, 200)).round(3)})
    folder = tmp_path_factory.mktemp("filters")
    frame.to_csv(folder / "data.csv", index=False)
    return folder


def test_rows_of_a_saved_model_pass(run: Run, folder: Path) -> None:
    words = ["--epochs", 2, "--seed", 0, "--constraint", "low <= `top value`", "--constraint", "low > -9"]
    done = run("fit", "data.csv", "-o", "m", *words, "--reject-copies", cwd=folder)
    assert done.returncode == 0, done.stderr
    done = run("sample", "m", "-n", 500, "-o", "out.csv", cwd=folder)
    assert done.returncode == 0, done.stderr
    rows = pd.read_csv(folder / "out.csv")
    assert len(rows) == 500
    assert (rows["low"] <= rows["top value"]).all()
    assert not len(rows.merge(pd.read_csv(folder / "data.csv")))
    assert re.search(r"Filters: \d+ of \d+ rows kept \(.*%\); rejected: \d+ by low <= `top value`", done.stderr)
    assert run("sample", "m", "-n", 5, "-o", "few.csv", "--quiet", cwd=folder).stderr == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--constraint", "lo < 3"], r"names column 'lo', which the data do not have. Did you mean 'low'"),
        (["--constraint", "low > 0"], r"does not hold in \d+ of 200 rows, the first is row"),
        (["--window", 5, "--constraint", "low > -9"], r"--constraint and --reject-copies are for tables"),
        (["--window", 5, "--reject-copies"], r"--constraint and --reject-copies are for tables"),
    ],
    ids=["column", "rows", "windows", "copies of windows"],
)
def test_wrong_words(run: Run, folder: Path, words: list[Any], message: str) -> None:
    done = run("fit", "data.csv", "-o", "no", *words, cwd=folder)
    assert done.returncode == 2
    assert re.search(message, done.stderr)
    assert not (folder / "no").exists()
