"""`wgan-aug tune`: a study beside the data, what was found on stdout, and a model of all rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("optuna")

Run = Callable[..., Any]
QUICK = ("--target", "plan", "--epochs", "1", "--device", "cpu")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(18, 80, 60), "zip": rng.choice(["01234", "94103"], 60)})
    frame.assign(plan=rng.choice(["basic", "plus"], 60)).to_csv(tmp_path / "people.csv", index=False)
    return tmp_path


def test_a_study_goes_on_and_a_model_is_saved(run: Run, folder: Path) -> None:
    first = run("tune", "people.csv", *QUICK, "--trials", 1, cwd=folder)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("1 trials: 1 complete.\nKeep the defaults")
    assert first.stderr.splitlines()[-1] == "Study: people-study.db"
    done = run("tune", "people.csv", *QUICK, "--trials", 2, "--json", "--quiet", "-o", "best", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert [trial["number"] for trial in found["trials"]] == [0, 1]
    assert found["call"].startswith("WGANGPSynthesizer(")
    assert found["gain"] >= 0
    assert sorted(path.name for path in folder.iterdir()) == ["best", "people-study.db", "people.csv"]
    sampled = run("sample", "best", "-n", 3, cwd=folder)
    assert sampled.stdout.splitlines()[0] == "age,zip,plan"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--window", "5"), "tune is for tables: series have no target"),
        (("--sequence-key", "zip"), "tune is for tables: series have no target"),
        (("--study", "people.csv"), "people.csv exists and holds no study; choose another file"),
        (("--target", "plans"), "--target is 'plans', which the data do not have. Did you mean 'plan'?"),
    ],
)
def test_what_cannot_be_tuned_is_told_in_a_line(run: Run, folder: Path, words: tuple[str, ...], told: str) -> None:
    done = run("tune", "people.csv", *QUICK, *words, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {told}")
    assert [path.name for path in folder.iterdir()] == ["people.csv"]
