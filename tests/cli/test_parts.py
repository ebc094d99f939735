"""`fit` and `inspect` of a folder of parts."""

from __future__ import annotations

import filecmp
import json
from pathlib import Path

import pandas as pd
import pytest

from .conftest import Run


@pytest.fixture(scope="module")
def folder(table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("parts") / "mine"
    place.mkdir()
    for number in range(3):
        table[number * 50 : number * 50 + 50].to_csv(place / f"{number}.csv", index=False)
    table.to_csv(place.parent / "whole.csv", index=False)
    return place


def test_a_folder_of_text_gives_the_model_of_one_file(run: Run, folder: Path) -> None:
    options = ("--epochs", 1, "--preset", "fast", "--seed", 1, "--no-refine")
    done = run("fit", f"{folder}/", *options)
    assert done.returncode == 0, done.stderr
    model, other = folder.parent / "mine-model", folder.parent / "other"
    assert "3 parts, read once for their columns and once for their rows" in done.stderr
    assert f"Model saved in {model}" in done.stderr
    assert run("fit", folder.parent / "whole.csv", *options, "-o", other).returncode == 0
    names = [path.name for path in model.iterdir()]
    assert filecmp.cmpfiles(model, other, names, shallow=False) == (names, [], [])
    assert run("sample", model, "-n", 3).stdout.startswith("age,zip,")


def test_a_folder_is_inspected(run: Run, folder: Path) -> None:
    one, other = (json.loads(run("inspect", data, "--json").stdout) for data in (folder, folder.parent / "whole.csv"))
    assert one["columns"] == other["columns"]
    assert one["disk_bytes"] > 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--window", "4"], r"is a folder, whose parts are learned as one table: give series as a file"),
        (["--delimiter", ";;"], r"--delimiter is ';;'; it must be one character"),
        (["--dask", "nowhere"], r"The Dask scheduler 'nowhere' does not answer"),
    ],
)
def test_what_does_not_go_with_a_folder(run: Run, folder: Path, words: list[str], message: str, tmp_path: Path) -> None:
    done = run("fit", folder, *words, "-o", tmp_path / "model")
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "model").exists()


def test_parts_that_differ_and_a_cluster_without_parts(run: Run, folder: Path, tmp_path: Path) -> None:
    for name, text in {"a": "x,y\n1,2\n", "b": "x,z\n1,2\n"}.items():
        (tmp_path / f"{name}.csv").write_text(text)
    done = run("inspect", tmp_path)
    assert done.returncode == 2
    assert "b.csv has other columns than" in done.stderr
    assert "it lacks 'y'; has besides 'z'." in done.stderr
    done = run("fit", folder.parent / "whole.csv", "--dask", "tcp://127.0.0.1:9")
    assert done.returncode == 2
    assert "--dask is for a folder of parts" in done.stderr
