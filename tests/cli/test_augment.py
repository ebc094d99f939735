"""`wgan-aug augment`: the rows of DATA first, the verdict on stderr or as JSON, outputs whole or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

Run = Callable[..., Any]
OPTIONS = (
    "--target --output -o --ratio --mix --categorical --delimiter --missing --epochs --preset --html --json --budget "
    "--seed --device --quiet --force"
)
QUICK = ("--epochs", "1", "--budget", "0.01", "--device", "cpu")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with `people.csv`, whose cells are written as a library would not all write them."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, 60).astype(str),
            "zip": rng.choice(["01234", "94103"], 60),
            "paid": rng.choice(["1.50", "20", ""], 60),
            "plan": rng.choice(["basic", "plus, with phone"], 60),
            "churn": np.where(np.arange(60) % 4 == 0, "yes", "no"),
        }
    )
    frame.to_csv(tmp_path / "people.csv", index=False)
    return tmp_path


def test_help_names_every_option(run: Run) -> None:
    done = run("augment", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert set(OPTIONS.split()) <= set(done.stdout.split())
    assert "augment" in run("--help").stdout.split()


def test_a_verdict_as_json_a_table_and_a_page(run: Run, folder: Path) -> None:
    words = ("augment", "people.csv", "--target", "churn", "-o", "out.csv", "--html", "out.html", "--json")
    done = run(*words, *QUICK, "--seed", 3, cwd=folder)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["verdict"] in ("helps", "no effect", "hurts")
    assert found["settings"]["random_state"] == 3
    given, out = (pd.read_csv(folder / name, dtype=str) for name in ("people.csv", "out.csv"))
    added = found["rows"]["synthetic"]
    assert (added > 0) == (found["verdict"] == "helps")
    assert len(out) == 60 + added
    assert out["zip"].head(60).equals(given["zip"])
    assert out["paid"].head(60).astype(float).equals(given["paid"].astype(float))
    lines = done.stderr.splitlines()
    assert lines[0] == "Split 1: learning, mixing and scoring"
    assert lines[-2:] == ["Written: out.csv", "Written: out.html"]
    assert f"{found['report']['arms'][1]['score']:.3f}" in (folder / "out.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in folder.iterdir()) == ["out.csv", "out.html", "people.csv"]


def test_a_ratio_adds_rows_whatever_the_verdict(run: Run, folder: Path) -> None:
    words = ("augment", "people.csv", "--target", "churn", "-o", "out.tsv", "--ratio", 0.5, "--mix", "balanced")
    done = run(*words, *QUICK, cwd=folder)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert re.search(r"30 synthetic rows \(balanced x0.5\) follow the 60 given", done.stderr)
    out = pd.read_csv(folder / "out.tsv", sep="\t")
    assert len(out) == 90
    assert (out["churn"].iloc[60:] == "yes").all()
    assert list(out) == ["age", "zip", "paid", "plan", "churn"]


def test_stdin_to_stdout_quietly(run: Run, folder: Path) -> None:
    text = (folder / "people.csv").read_text()
    done = run("augment", "-", "--target", "churn", "-o", "-", "--quiet", "--ratio", 0.1, *QUICK, input=text)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 67


LINES = {
    "no output": ("people.csv --target churn", r"Missing option '-o'"),
    "no target": ("people.csv -o out.csv", r"Missing option '--target'"),
    "unknown target": ("people.csv --target chrun -o out.csv", r"--target is 'chrun', .*Did you mean 'churn'\?"),
    "exists": ("people.csv --target churn -o there.csv", r"there\.csv exists; give --force"),
    "page exists": ("people.csv --target churn -o out.csv --html there.html", r"there\.html exists; give --force"),
    "data": ("people.csv --target churn -o ./people.csv --force", r"is DATA itself, which is never overwritten"),
    "both on stdout": ("people.csv --target churn -o - --json", r"Both --json and -o - write to stdout"),
    "ratio": ("people.csv --target churn -o out.csv --ratio 0", r"ratio is 0\.0; it must be a number above 0"),
    "mix": ("people.csv --target churn -o out.csv --mix balance", r"mix is 'balance'; .*Did you mean 'balanced'\?"),
    "budget": ("people.csv --target churn -o out.csv --budget ful", r"budget is 'ful'; .*Did you mean 'full'\?"),
    "preset": ("people.csv --target churn -o out.csv --preset bst", r"preset is 'bst'; .*Did you mean 'best'\?"),
    "one class": ("one.csv --target churn -o out.csv", r"target 'churn' cannot be cross-validated\. It has one class"),
    "lonely class": ("lonely.csv --target churn -o out.csv", r"'yes' \(1\)\. Merge them with others"),
}


@pytest.mark.parametrize("name", LINES)
def test_wrong_words_and_files(run: Run, folder: Path, name: str) -> None:
    words, message = LINES[name]
    frame = pd.read_csv(folder / "people.csv", dtype=str)
    frame.assign(churn="no").to_csv(folder / "one.csv", index=False)
    frame.assign(churn=["yes", *["no"] * 59]).to_csv(folder / "lonely.csv", index=False)
    for there in ("there.csv", "there.html"):
        (folder / there).write_text("mine")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    done = run("augment", *words.split(), *("--device", "cpu"), cwd=folder)
    assert done.returncode == 2, done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith("Split ")]
    assert len(lines) == 1, done.stderr
    assert re.search(message, lines[0]), lines[0]
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
