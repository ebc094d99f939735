"""The commands with `--sequence-key`, `--sequence-index`, `--window` and `--stride`: series in, series out."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from wgan_aug_cli.series import Roles, as_rows
from wgan_aug_cli.splitting import split

from wgan_aug import WGANGPSequenceSynthesizer
from wgan_aug.errors import InvalidDataError, InvalidParameterError

Run = Callable[..., Any]
STEPS, KEYED = 8, ("--sequence-key", "id", "--sequence-index", "day")


def waves(n: int = 40, seed: int = 0) -> pd.DataFrame:
    """Draw sequences of 8 days, slow or fast, under codes with leading zeros."""
    rng = np.random.default_rng(seed)
    pace = np.where(np.arange(n) % 2, 0.3, 1.2)
    x = np.sin(pace[:, None] * np.arange(STEPS) + rng.uniform(0, 6, (n, 1))) + rng.normal(0, 0.1, (n, STEPS))
    days = pd.date_range("2024-01-01", periods=STEPS).strftime("%Y-%m-%d")
    return pd.DataFrame(
        {
            "id": np.repeat([f"0{i:03}" for i in range(n)], STEPS),
            "pace": np.repeat(np.where(pace < 1, "slow", "fast"), STEPS),
            "day": np.tile(days, n),
            "x": np.round(x.ravel(), 2),
            "sign": np.where(x.ravel() > 0, "up", "down"),
        }
    )


def hours(n: int = 150) -> pd.DataFrame:
    """Draw one long series by the hour."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "time": pd.date_range("2024-01-01", periods=n, freq="h").strftime("%Y-%m-%d %H:%M:%S"),
            "load": np.round(10 + 3 * np.sin(np.arange(n) / 4) + rng.normal(0, 0.3, n), 2),
            "calls": rng.poisson(3, n),
        }
    )


@pytest.fixture(scope="module")
def folder(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `waves.csv`, `hours.csv` and the models that a bare `fit` made of them; treat it as read-only."""
    place = tmp_path_factory.mktemp("series")
    waves().to_csv(place / "waves.csv", index=False)
    hours().to_csv(place / "hours.csv", index=False)
    options = ("--epochs", 3, "--seed", 7, "--device", "cpu")
    for words in (("waves.csv", *KEYED, "--target", "pace"), ("hours.csv", "--sequence-index", "time", "--window", 12)):
        done = run("fit", *words, *options, cwd=place)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        (place / f"{words[0]}.stderr").write_text(done.stderr, encoding="utf-8")
    return place


@pytest.mark.parametrize("name", ["fit", "inspect", "report", "evaluate"])
def test_help_names_the_options(run: Run, name: str) -> None:
    wanted = {"--sequence-key", "--sequence-index", "--window"} | ({"--stride"} if name != "evaluate" else set())
    assert wanted <= set(run(name, "--help").stdout.split())


# ---- inspect and fit


def test_inspect(run: Run, folder: Path) -> None:
    done = run("inspect", "waves.csv", *KEYED, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    lines = {line.split()[0]: line.split() for line in done.stdout.splitlines() if line.strip()}
    assert lines["pace"][1:3] == ["True", "categorical"]
    assert lines["x"][1:3] == ["False", "continuous"]
    assert "40 sequences of 8 steps, 1 static and 2 other columns -> " in done.stdout


def test_inspect_json_of_windows(run: Run, folder: Path) -> None:
    words = ("--sequence-index", "time", "--window", 12, "--stride", 6, "--categorical", "calls")
    done = run("inspect", "hours.csv", *words, "--json", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    plan = json.loads(done.stdout)
    assert plan["sequences"] == (150 - 12) // 6 + 1
    assert plan["steps"] == [12, 12]
    kinds = {column["name"]: (column["kind"], column["static"]) for column in plan["columns"]}
    assert kinds["calls"] == ("categorical", False)
    assert kinds["load"] == ("continuous", False)


def test_fit_says_its_plan_and_path(folder: Path) -> None:
    lines = (folder / "waves.csv.stderr").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("40 sequences of 8 steps, ")
    assert lines[-1] == "Model saved in waves-model"
    assert (folder / "hours.csv.stderr").read_text(encoding="utf-8").startswith("139 sequences of 12 steps, ")


# ---- sample


def test_sample_counts_sequences(run: Run, folder: Path, tmp_path: Path) -> None:
    done = run("sample", folder / "waves-model", "-n", "1e1", "--seed", 3)
    assert (done.returncode, done.stderr) == (0, "")
    rows = pd.read_csv(io.StringIO(done.stdout), dtype=str)
    real = waves()
    assert rows.columns.tolist() == real.columns.tolist()
    assert len(rows) == 10 * STEPS
    assert rows["id"].nunique() == 10
    assert not set(rows["id"]) & set(real["id"])
    assert (rows.groupby("id")["pace"].nunique() == 1).all()
    assert rows["day"].tolist() == real["day"].tolist()[: 10 * STEPS]
    assert rows["x"].str.fullmatch(r"-?\d\.\d{1,2}").all()
    out = tmp_path / "out.tsv.gz"
    done = run("sample", folder / "waves-model", "-n", 10, "--seed", 3, "-o", out)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"10 sequences written to {out}\n")
    assert pd.read_csv(out, sep="\t", dtype=str).equals(rows)


def test_sample_counts_windows(run: Run, folder: Path, tmp_path: Path) -> None:
    done = run("sample", folder / "hours-model", "-n", 5, "-o", tmp_path / "out.parquet")
    assert (done.returncode, done.stderr) == (0, f"5 windows written to {tmp_path / 'out.parquet'}\n")
    rows = pd.read_parquet(tmp_path / "out.parquet")
    assert rows.columns.tolist() == ["time", "load", "calls"]
    assert len(rows) == 60
    times = pd.to_datetime(rows["time"]).to_numpy().reshape(5, 12)
    assert (np.diff(times, axis=1) == np.timedelta64(1, "h")).all()
    done = run("sample", folder / "hours-model", "-n", 0)
    assert (done.returncode, done.stdout) == (0, "time,load,calls\n")


def test_key_and_index_may_be_levels_in_a_parquet_file(run: Run, tmp_path: Path) -> None:
    waves().set_index(["id", "day"]).to_parquet(tmp_path / "waves.parquet")
    done = run("inspect", tmp_path / "waves.parquet", *KEYED, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sequences"] == 40


@pytest.mark.parametrize("layout", ["nct", "ntc"])
@pytest.mark.parametrize("ragged", [False, True])
def test_models_of_arrays_write_rows_too(layout: str, ragged: bool) -> None:
    rng = np.random.default_rng(0)
    items = [rng.normal(size=(6 - ragged * (i % 3), 2)) for i in range(12)]
    items = items if layout == "ntc" else [item.T for item in items]
    y = np.array(["a", "b"] * 6)
    model = WGANGPSequenceSynthesizer(layout=layout, epochs=1, random_state=0)
    model.fit(items if ragged else np.stack(items), y)
    arrays, labels = model.sample(5)
    (rows,) = as_rows(model.sample_parts(5), model.container_)
    assert rows.columns.tolist() == ["sequence", "step", "x0", "x1", "y"]
    for number, (item, label) in enumerate(zip(arrays, labels, strict=True)):
        own = rows[rows["sequence"] == number]
        assert own["step"].tolist() == list(range(len(own)))
        assert np.array_equal(own[["x0", "x1"]].to_numpy(), item if layout == "ntc" else item.T)
        assert set(own["y"]) == {label}
    (none,) = as_rows(model.sample_parts(0), model.container_)
    assert none.columns.tolist() == rows.columns.tolist()
    assert len(none) == 0


def test_parts_are_numbered_on() -> None:
    rng = np.random.default_rng(0)
    model = WGANGPSequenceSynthesizer(layout="ntc", epochs=1, random_state=0).fit(rng.normal(size=(12, 4, 1)))
    parts = [model.sample(3), model.sample(2)]
    rows = pd.concat(as_rows(parts, model.container_))
    assert rows["sequence"].tolist() == list(np.repeat(range(5), 4))


# ---- report


def test_a_report_of_labelled_sequences(run: Run, tmp_path: Path) -> None:
    waves().to_csv(tmp_path / "waves.csv", index=False)
    words = ("report", "waves.csv", *KEYED, "--target", "pace", "--epochs", 2, "--seed", 1, "--json")
    done = run(*words, "--device", "cpu", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["settings"]["rows"] == {"real": 32 * STEPS, "synthetic": 32 * STEPS, "holdout": 8 * STEPS}
    assert isinstance(found["seq_rocket_auc"], float)
    assert found["utility_ratio"] == found["seq_tstr_ratio"]
    lines = done.stderr.splitlines()
    assert lines[0] == "8 of 40 sequences are held out"
    assert lines[1].startswith("32 sequences of 8 steps, ")
    assert lines[-1] == "Report written to waves-report.html"
    page = (tmp_path / "waves-report.html").read_text(encoding="utf-8")
    assert "wgan-aug report waves.csv --target pace --epochs 2.0" in page
    assert "--sequence-key id --sequence-index day" in page
    assert "Sample paths" in page


def test_a_report_of_one_long_series_needs_no_target(run: Run, tmp_path: Path) -> None:
    hours().to_csv(tmp_path / "hours.csv", index=False)
    words = ("report", "hours.csv", "--sequence-index", "time", "--window", 6, "--stride", 2, "--epochs", 2)
    done = run(*words, "--quiet", "--json", "-o", "r.html", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    windows = (120 - 6) // 2 + 1
    assert found["settings"]["rows"] == {"real": 120, "synthetic": 6 * windows, "holdout": 30}
    assert found["utility_ratio"] is None
    assert isinstance(found["seq_boost_auc"], float)
    assert (tmp_path / "r.html").exists()


def test_whole_sequences_are_held_out_of_each_label() -> None:
    frame = waves(50).sample(frac=1, random_state=0)
    parts = split(frame, Roles("id", "day"), "pace", 0)
    assert parts.text == "10 of 50 sequences are held out"
    assert parts.label == "pace"
    assert not set(parts.train["id"]) & set(parts.holdout["id"])
    assert parts.holdout.groupby("pace")["id"].nunique().to_dict() == {"fast": 5, "slow": 5}
    assert len(parts.train) + len(parts.holdout) == len(frame)
    assert set(split(frame, Roles("id", "day"), "pace", 1).holdout["id"]) != set(parts.holdout["id"])


def test_a_target_that_varies_is_no_label() -> None:
    parts = split(waves(50), Roles("id", "day"), "sign", 0)
    assert parts.label is None
    assert parts.holdout["id"].nunique() == 10


def test_the_end_of_one_long_series_is_held_out() -> None:
    parts = split(hours(100).sample(frac=1, random_state=0), Roles(None, "time", 12), "load", 0)
    assert parts.label is None
    assert parts.train["time"].tolist() == hours(100)["time"].tolist()[:80]
    assert parts.holdout["time"].tolist() == hours(100)["time"].tolist()[80:]


# ---- bad input


REFUSED: dict[str, tuple[Roles, str | None, type[Exception], str]] = {
    "key": (Roles("idd"), None, InvalidParameterError, r"--sequence-key is 'idd', .*Did you mean 'id'\?"),
    "index": (Roles("id", "dya"), None, InvalidParameterError, r"--sequence-index is 'dya'.*'day'"),
    "target": (Roles("id"), "pase", InvalidParameterError, r"--target is 'pase'.*'pace'"),
    "window": (Roles(window=3), None, InvalidParameterError, r"--window is 3; windows that are judged have at least 4"),
    "short": (Roles(window=70), None, InvalidDataError, r"The series has 320 rows; .* takes at least 350"),
    "few": (Roles("pace"), None, InvalidDataError, r"There are 2 sequences by 'pace'; a report takes at least 4"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_splits(name: str) -> None:
    roles, target, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        split(waves(), roles, target, 0)


def test_missing_keys_are_told_of_before_the_work() -> None:
    frame = waves().assign(id=lambda f: f["id"].where(f.index != 3, None))
    with pytest.raises(InvalidDataError, match=r"The --sequence-key 'id' is missing in 1 rows"):
        split(frame, Roles("id"), None, 0)


LINES = {
    "index alone": (
        "fit waves.csv --sequence-index day",
        r"--sequence-index is 'day', without a --sequence-key or a --window: give --sequence-key for rows of many",
    ),
    "stride alone": ("inspect waves.csv --sequence-key id --stride 2", r"--stride is 2, without a --window"),
    "both": ("fit waves.csv --sequence-index day --stride 2", r"2 problems: .*--sequence-index .*--stride "),
    "unknown key": ("fit waves.csv -o m --sequence-key idd", r"sequence_key is 'idd', .*Did you mean 'id'\?"),
    "long window": ("fit hours.csv -o m --window 200", r"window is 200, and the series has 150 steps"),
    "no window": ("fit hours.csv -o m --window 1", r"window is 1"),
    "repeated times": ("fit waves.csv -o m --window 4 --sequence-index day", r"312 rows repeat a time \('day'\)"),
    "target that varies": ("fit waves.csv -o m --sequence-key id --target sign", r"target is 'sign', which varies"),
    "refined sequences": ("sample waves-model -n 2 --refine", r"refine is True, but this model has not learned to "),
    "report of a table": ("report waves.csv", r"Missing option '--target'"),
}


@pytest.mark.parametrize("name", LINES)
def test_wrong_words(run: Run, folder: Path, name: str) -> None:
    words, message = LINES[name]
    before = sorted(folder.rglob("*"))
    done = run(*words.split(), cwd=folder)
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout, len(lines)) == (2, "", 1), done.stderr
    assert lines[0].startswith("Error: ")
    assert re.search(message, lines[0]), lines[0]
    assert sorted(folder.rglob("*")) == before
