"""`wgan-aug fit --track`: figures in files, and what is said of kinds that do not exist."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Run = Callable[..., Any]


def test_a_training_is_tracked_in_two_files(run: Run, workplace: Path, tmp_path: Path) -> None:
    table, lines = tmp_path / "figures.csv", tmp_path / "events.jsonl"
    words = ("-o", tmp_path / "model", "--epochs", 2, "--seed", 7, "--device", "cpu", "--quiet")
    done = run("fit", workplace / "people.csv", *words, "--track", f"csv:{table}", "--track", f"jsonl:{lines}")
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    events = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert events[0]["options"]["random_state"] == 7
    assert events[-1]["status"] == "finished"
    assert pd.read_csv(table)["update"].iloc[-1] == events[-1]["update"]


@pytest.mark.parametrize(
    ("track", "told"),
    [
        ("cvs:a.csv", "--track is 'cvs:a.csv'; give csv, jsonl, tensorboard, mlflow, wandb and a place, such as"),
        ("csv", "--track is 'csv', and does not say where to: give such as csv:NAME."),
    ],
)
def test_a_wrong_kind_is_told_before_anything_is_read(run: Run, tmp_path: Path, track: str, told: str) -> None:
    done = run("fit", tmp_path / "none.csv", "--track", track)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {told}")
    assert len(done.stderr.splitlines()) == 1


def test_data_are_not_taken_for_a_file_of_figures(run: Run, workplace: Path, tmp_path: Path) -> None:
    data = tmp_path / "people.csv"
    data.write_bytes((workplace / "people.csv").read_bytes())
    done = run("fit", data, "--epochs", 1, "--quiet", "--track", f"csv:{data}")
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: {data} exists and is not a table of figures; choose another file")
    assert [path.name for path in tmp_path.iterdir()] == ["people.csv"]
    assert data.read_bytes() == (workplace / "people.csv").read_bytes()
