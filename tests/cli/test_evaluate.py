"""`wgan-aug evaluate` and `wgan-aug report`: figures on stdout, a page where it is asked for, clear errors."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

Run = Callable[..., Any]
CONTRACT = ("utility_ratio", "shape", "pair", "c2st", "copies", "membership_auc", "dcr_share")
OPTIONS = {
    "evaluate": "--target --holdout --categorical --sequence-key --sequence-index --window --html --json --budget "
    "--seed --delimiter --missing --quiet --force",
    "report": "--target --output -o --categorical --delimiter --missing --epochs --preset --json --budget --seed "
    "--device --quiet --force",
}


def draw(rows: int, seed: int) -> pd.DataFrame:
    """Draw a table with what files have: integers with gaps, codes with zeros, dates, levels with commas."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, rows)
    return pd.DataFrame(
        {
            "age": pd.Series(age).mask(rng.random(rows) < 0.1).astype("Int64"),
            "zip": rng.choice(["01234", "02139", "94103"], rows),
            "joined": (pd.Timestamp("2021-03-01") + pd.to_timedelta(rng.integers(0, 700, rows), unit="D")).strftime(
                "%Y-%m-%d"
            ),
            "plan": rng.choice(["basic", "plus, with phone"], rows),
            "paid": np.round(age + rng.gamma(2, 5, rows), 2),
            "churn": np.where(age + rng.normal(0, 8, rows) > 50, "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `real.csv`, `synthetic.csv` (columns in another order) and `holdout.csv`; read-only."""
    folder = tmp_path_factory.mktemp("tables")
    draw(150, 0).to_csv(folder / "real.csv", index=False)
    draw(120, 1)[["churn", "paid", "plan", "joined", "zip", "age"]].to_csv(folder / "synthetic.csv", index=False)
    draw(90, 2).to_csv(folder / "holdout.csv", index=False)
    return folder


# ---- what they do


@pytest.mark.parametrize("name", OPTIONS)
def test_help_names_every_option(run: Run, name: str) -> None:
    done = run(name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert set(OPTIONS[name].split()) <= set(done.stdout.split())
    assert name in run("--help").stdout.split()


def test_json_and_a_page(run: Run, tables: Path, tmp_path: Path) -> None:
    words = ("evaluate", "real.csv", "synthetic.csv", "--target", "churn", "--holdout", "holdout.csv", "--json")
    done = run(*words, "--html", tmp_path / "r.html", "--seed", 5, cwd=tables)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert all(isinstance(found[name], float) for name in CONTRACT)
    assert 0.5 < found["utility_ratio"] <= 1.2
    assert found["shape"] > 0.85
    assert found["settings"]["rows"] == {"real": 150, "synthetic": 120, "holdout": 90}
    assert found["settings"]["random_state"] == 5
    lines = done.stderr.splitlines()
    assert [line for line in lines if not line.startswith("Judging: ")] == [f"Report written to {tmp_path / 'r.html'}"]
    assert len(lines) == 6
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    command = "wgan-aug evaluate real.csv synthetic.csv --target churn --holdout holdout.csv --budget fast --seed 5"
    assert command in page
    assert f"{found['shape']:.3f}" in page
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]


def test_the_summary_from_stdin_without_a_target(run: Run, tables: Path) -> None:
    text = (tables / "synthetic.csv").read_text()
    done = run("evaluate", "real.csv", "-", "--quiet", "--categorical", "age", input=text, cwd=tables)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("What these rows are worth to a model was not measured; ")
    assert "Not computed: utility_ratio: no target was given." in done.stdout
    assert "Rows: 150 real, 120 synthetic; seed 0." in done.stdout
    for name in ("shape", "pair", "c2st", "copied"):
        assert re.search(rf"^{name} +\d\.\d{{3}}", done.stdout, re.MULTILINE), name


def waves(n: int, seed: int) -> pd.DataFrame:
    """Draw sequences of 8 steps in long format, shuffled within each."""
    rng = np.random.default_rng(seed)
    x = np.sin(0.6 * np.arange(8) + rng.uniform(0, 6, (n, 1))) + rng.normal(0, 0.1, (n, 8))
    return pd.DataFrame({"id": np.repeat(np.arange(n), 8), "day": np.tile(np.arange(8), n), "x": x.ravel()})


def test_sequences_by_key_and_as_one_series(run: Run, tmp_path: Path) -> None:
    real, other = waves(40, 0), waves(40, 1)
    words = ("--sequence-key", "id", "--sequence-index", "day", "--html", "r.html")
    found, lines = evaluated(run, tmp_path, real.sample(frac=1, random_state=0), other, *words)
    assert found["settings"]["sequence_key"] == "id"
    assert 0.3 < found["seq_rocket_auc"] < 0.8
    assert found["seq_length_ks"] == 0
    assert [column["column"] for column in found["columns"]] == ["x"]
    assert len(lines) == 1
    assert "rows of the real data come before an earlier time stamp ('day'); they were sorted" in lines[0]
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "wgan-aug evaluate r.csv s.csv --sequence-key id --sequence-index day" in page
    assert "Sample paths" in page
    found, lines = evaluated(run, tmp_path, real[["x"]], other[["x"]], "--window", "8")
    assert found["used"]["sequences"].startswith("windows: 313 real, 40 synthetic; 1 channel; 8 steps each")
    assert lines == []


def test_a_report_in_one_go(run: Run, tables: Path, tmp_path: Path) -> None:
    draw(150, 0).to_csv(tmp_path / "people.csv", index=False)
    words = ("report", "people.csv", "--target", "churn", "--preset", "fast", "--epochs", 2, "--seed", 1)
    done = run(*words, "--json", "--device", "cpu", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["settings"]["rows"] == {"real": 120, "synthetic": 120, "holdout": 30}
    assert all(found[name] is not None for name in CONTRACT)
    lines = done.stderr.splitlines()
    assert lines[0] == "30 of 150 rows are held out"
    assert lines[1].startswith("120 rows, 6 columns -> ")
    assert lines[-1] == "Report written to people-report.html"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["people-report.html", "people.csv"]
    page = (tmp_path / "people-report.html").read_text(encoding="utf-8")
    assert "wgan-aug report people.csv --target churn --epochs 2.0 --preset fast --device cpu" in page


def test_the_holdout_takes_a_fifth_of_every_class() -> None:
    from wgan_aug_cli.series import Roles
    from wgan_aug_cli.splitting import split

    frame = pd.DataFrame({"y": ["rare"] * 10 + ["common"] * 190, "row": range(200)}).sample(frac=1, random_state=0)
    parts = split(frame, Roles(), "y", 0)
    train, held = parts.train, parts.holdout
    assert held["y"].value_counts().to_dict() == {"common": 38, "rare": 2}
    assert sorted([*train["row"], *held["row"]]) == list(range(200))
    assert not split(frame, Roles(), "y", 1).holdout["row"].equals(held["row"])
    assert split(frame, Roles(), "y", 0).holdout["row"].equals(held["row"])


# ---- bad input


def check(done: Any, message: str) -> None:
    assert done.returncode == 2, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert re.search(message, lines[0]), lines[0]
    assert lines[0].startswith("Error: ")
    assert not done.stdout


LINES = {
    "absent": ("evaluate absent.csv synthetic.csv", r"absent\.csv does not exist"),
    "one file": ("evaluate real.csv", r"Missing argument 'SYNTHETIC'"),
    "two from stdin": ("evaluate - -", r"Only one of REAL, SYNTHETIC and --holdout can be stdin"),
    "unknown target": ("evaluate real.csv synthetic.csv --target chrun", r"'chrun'.* Did you mean 'churn'\?"),
    "unknown category": ("evaluate real.csv synthetic.csv --categorical a", r"column 'a', which the data do not have"),
    "unknown budget": ("evaluate real.csv synthetic.csv --budget ful", r"budget is 'ful'; .*Did you mean 'full'\?"),
    "other columns": (
        "evaluate real.csv other.csv",
        r"2 problems: .*lack columns of the real ones: 'age'.*have columns that the real ones lack: 'agee', '<b>'",
    ),
    "other holdout": ("evaluate real.csv synthetic.csv --holdout other.csv", r"The holdout data lack columns .*'age'"),
    "clash": ("evaluate real.csv clash.csv", r"Column 'age' is integer .* the synthetic data, which cannot be read as"),
    "page exists": ("evaluate real.csv synthetic.csv --html there.html", r"there\.html exists; give --force .* --html"),
    "page over data": ("evaluate real.csv synthetic.csv --html real.csv --force", r"name that ends in \.html"),
    "unknown key": (
        "evaluate real.csv synthetic.csv --sequence-key chrun",
        r"sequence_key is 'chrun', which the real and synthetic data do not have\. Did you mean 'churn'\?",
    ),
    "index alone": ("evaluate real.csv synthetic.csv --sequence-index joined", r"without a sequence_key or a window"),
    "long window": ("evaluate real.csv synthetic.csv --window 200", r"window is 200, and the real data have 150 rows"),
    "no window": ("evaluate real.csv synthetic.csv --window x", r"Invalid value for '--window'"),
    "no folder": ("evaluate real.csv synthetic.csv --html absent/r.html", r"folder of absent/r\.html does not exist"),
    "no target": ("report real.csv", r"Missing option '--target'"),
    "report exists": (
        "report real.csv --target churn -o there.html",
        r"there\.html exists; give --force .* another -o",
    ),
    "report target": ("report real.csv --target chrun", r"--target is 'chrun', .*Did you mean 'churn'\?"),
    "report from stdin": ("report - --target churn", r"DATA is stdin.*give -o FILE"),
    "report of little": ("report little.csv --target churn", r"has 2 rows; a report takes at least 4"),
}


@pytest.mark.parametrize("name", LINES)
def test_wrong_words_and_files(run: Run, tables: Path, tmp_path: Path, name: str) -> None:
    words, message = LINES[name]
    for path in tables.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    real = draw(30, 0)
    real.rename(columns={"age": "agee"}).assign(**{"<b>": 1}).to_csv(tmp_path / "other.csv", index=False)
    real.assign(age="old").to_csv(tmp_path / "clash.csv", index=False)
    real.head(2).to_csv(tmp_path / "little.csv", index=False)
    (tmp_path / "there.html").write_text("mine")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    check(run(*words.split(), cwd=tmp_path), message)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def evaluated(
    run: Run, folder: Path, real: pd.DataFrame, synthetic: pd.DataFrame, *words: str
) -> tuple[Any, list[str]]:
    """Return the JSON and the warnings of an evaluation that goes through."""
    real.to_csv(folder / "r.csv", index=False)
    synthetic.to_csv(folder / "s.csv", index=False)
    done = run("evaluate", "r.csv", "s.csv", "--json", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith(("Judging: ", "Report written"))]
    assert all(line.startswith("Warning: ") for line in lines), lines
    return json.loads(done.stdout), lines


def test_a_target_of_one_class(run: Run, tmp_path: Path) -> None:
    frame = draw(60, 0).assign(churn="no")
    found, lines = evaluated(run, tmp_path, frame, frame, "--target", "churn")
    assert found["utility_ratio"] is None
    assert len(lines) == 1
    assert re.search(r"utility could not be computed: .*'churn'.* 'no' in all", lines[0])


def test_a_target_with_too_many_classes(run: Run, tmp_path: Path) -> None:
    frame = draw(240, 0).assign(churn=[f"class {i % 110}" for i in range(240)])
    found, lines = evaluated(run, tmp_path, frame, frame, "--target", "churn")
    assert found["utility_ratio"] is None
    assert re.search(r"110 classes", lines[0])


def test_fewer_rows_than_folds(run: Run, tmp_path: Path) -> None:
    found, lines = evaluated(run, tmp_path, draw(2, 0), draw(2, 1), "--target", "churn")
    assert found["c2st"] is None
    assert found["shape"] is not None
    assert re.search(
        r"detection could not be computed: .* 3 folds needs at least 3 rows of each; it got 2", " ".join(lines)
    )


def test_missing_constant_unseen_and_dates(run: Run, tmp_path: Path) -> None:
    real = draw(60, 0).assign(gone="", same=1, joined=lambda f: f["joined"] + "T08:30:00")
    synthetic = real.sample(40, random_state=0).assign(plan="gold", same=2)
    found, lines = evaluated(run, tmp_path, real, synthetic)
    assert found["excluded"] == {"gone": "no values: all are missing"}
    assert {(v["column"], v["share"]) for v in found["violations"]} == {("plan", 1.0), ("same", 1.0)}
    assert {c["column"]: c["kind"] for c in found["columns"]}["joined"] == "numeric"
    assert lines == []


def test_a_holdout_that_overlaps(run: Run, tmp_path: Path) -> None:
    real = draw(100, 0)
    pd.concat([draw(30, 3), real.head(20)]).to_csv(tmp_path / "h.csv", index=False)
    found, lines = evaluated(run, tmp_path, real, draw(60, 1), "--holdout", "h.csv")
    assert len(lines) == 1
    assert lines[0].startswith("Warning: 20 of the 50 hold-out rows")
    assert found["notes"] == [lines[0].removeprefix("Warning: ")]
    assert found["copies"] == pytest.approx(-0.4)


def test_without_the_extra_nothing_is_done(run: Run, tables: Path, tmp_path: Path) -> None:
    """The page's libraries are looked for before any work."""
    code = (
        "import sys, importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'jinja2' else real(name, *rest)\n"
        "from wgan_aug_cli.main import main\n"
        f"main(['evaluate', 'absent.csv', 'absent.csv', '--html', {str(tmp_path / 'r.html')!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    check(done, r'needs jinja2: pip install "wgan-aug\[report\]"')
