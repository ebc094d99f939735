"""The commands do what they say: demo, inspect, fit, sample."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Run = Callable[..., Any]
OPTIONS = {
    "demo": "--output -o --rows --preset --seed --device --quiet",
    "inspect": "--target --categorical --delimiter --missing --preset --json",
    "fit": "--output -o --target --categorical --delimiter --missing --epochs --preset --seed --device --quiet --force",
    "sample": "--rows -n --output -o --seed --device --quiet --force",
}


# ---- help, version, cold start


@pytest.mark.parametrize("name", OPTIONS)
def test_help_names_every_option(run: Run, name: str) -> None:
    done = run(name, "--help")
    assert done.returncode == 0
    assert set(OPTIONS[name].split()) <= set(done.stdout.split())
    assert done.stderr == ""


def test_help_names_every_command(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0
    assert set(OPTIONS) <= set(done.stdout.split())
    assert "--traceback" in done.stdout
    assert run().stdout.split() == done.stdout.split()
    assert run().returncode == 2


def test_version(run: Run) -> None:
    import wgan_aug

    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"wgan-aug {wgan_aug.__version__}\n")


@pytest.mark.parametrize(
    ("words", "absent"),
    [(["--help"], {"torch", "pandas", "numpy", "sklearn"}), (["fit", "absent.csv"], {"torch", "sklearn"})],
    ids=["help", "wrong input"],
)
def test_cold_start_imports_little(words: list[str], absent: set[str]) -> None:
    code = (
        "import sys; from wgan_aug_cli.main import main\n"
        f"try: main({words!r})\n"
        "except SystemExit: sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "typer" in done.stderr.split()
    assert not absent & set(done.stderr.split())


# ---- demo and inspect


def test_demo(run: Run, tmp_path: Path) -> None:
    done = run("demo", "--rows", 200, "--seed", 1, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert {path.name for path in (tmp_path / "wgan-aug-demo").iterdir()} == {"adult-model", "adult-synthetic.csv"}
    rows = pd.read_csv(tmp_path / "wgan-aug-demo" / "adult-synthetic.csv")
    assert rows.shape == (200, 15)
    assert set(rows["income"]) <= {"<=50K", ">50K"}
    for text in ("UCI, CC BY 4.0", "Wasserstein estimate", "real", "synthetic", "adult-model", "hours-per-week"):
        assert text in done.stderr


def test_inspect(run: Run, workplace: Path) -> None:
    done = run("inspect", workplace / "people.csv", "--target", "plan")
    assert (done.returncode, done.stderr) == (0, "")
    lines = {line.split()[0]: line.split() for line in done.stdout.splitlines() if line.strip()}
    assert lines["joined"][1] == "datetime"
    assert lines["age"][1:3] == ["integer", "Int64"]
    assert lines["zip"][1] == "categorical"
    assert "150 rows, 5 columns -> " in done.stdout
    assert "updates" in done.stdout
    assert "MiB" in done.stdout


def test_inspect_json_of_stdin(run: Run, workplace: Path, table: pd.DataFrame) -> None:
    text = table.assign(empty="").to_csv(index=False)
    done = run("inspect", "-", "--json", "--categorical", "age", input=text, encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
    plan = json.loads(done.stdout)
    assert {"rows", "columns", "features", "updates", "n_critic", "batch_size", "memory_bytes", "warnings"} <= set(plan)
    assert plan["rows"] == 150
    assert [column["name"] for column in plan["columns"]] == [*table.columns, "empty"]
    kinds = {column["name"]: column["kind"] for column in plan["columns"]}
    assert kinds["age"] == "categorical"
    assert kinds["empty"] == "missing"
    assert set(plan["columns"][0]) >= {"name", "kind", "dtype", "encoding", "width", "missing", "distinct", "declared"}
    assert plan["columns"][0]["missing"] == int(table["age"].isna().sum())
    assert sum(column["width"] for column in plan["columns"]) == plan["features"]
    assert plan["warnings"] == ["All values are missing, and stay so, in: 'empty'."]


# ---- fit


def test_fit_says_its_plan_progress_and_path(workplace: Path, model: Path) -> None:
    lines = (workplace / "fit.stderr").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("150 rows, 5 columns -> ")
    assert any(line.startswith("update ") and "updates/s" in line and "s left" in line for line in lines)
    assert any("Wasserstein estimate" in line for line in lines)
    assert re.match(r"refining keeps \d+% of candidates \(effective size \d+%\)", lines[-2])
    assert lines[-1] == f"Model saved in {model}"
    assert {path.name for path in model.iterdir()} == {
        "model.json",
        "arrays.safetensors",
        "history.csv",
        "MODEL_CARD.md",
    }


def test_quiet_fit_is_the_same_fit(run: Run, workplace: Path, model: Path, tmp_path: Path) -> None:
    options = ("--epochs", 2, "--seed", 7, "--device", "cpu", "--quiet")
    done = run("fit", workplace / "people.csv", "-o", tmp_path / "twin", *options)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for path in model.iterdir():
        assert (tmp_path / "twin" / path.name).read_bytes() == path.read_bytes(), path.name


def test_fit_of_stdin_and_warnings(run: Run, tmp_path: Path, table: pd.DataFrame) -> None:
    text = table.assign(gone="").to_csv(index=False)
    done = run("fit", "-", "-o", tmp_path / "sub" / "m", "--epochs", 1, input=text, encoding="utf-8")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Warning: All values are missing, and stay so, in: 'gone'." in done.stderr.splitlines()
    assert (tmp_path / "sub" / "m" / "model.json").exists()
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["m"]


def test_fit_of_parquet_and_force(run: Run, workplace: Path, tmp_path: Path, table: pd.DataFrame) -> None:
    typed = table.assign(
        joined=pd.to_datetime(table["joined"]).dt.tz_localize("UTC"), plan=pd.Categorical(table["plan"])
    )
    typed.to_parquet(tmp_path / "people.parquet")
    shutil.copytree(workplace / "people-model", tmp_path / "people-model")
    done = run("fit", tmp_path / "people.parquet", "--epochs", 1, "--force", "--seed", 0)
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == f"Model saved in {tmp_path / 'people-model'}"
    done = run("sample", tmp_path / "people-model", "-n", 30, "-o", tmp_path / "out.parquet")
    assert (done.returncode, done.stdout) == (0, "")
    assert pd.read_parquet(tmp_path / "out.parquet").dtypes.equals(typed.dtypes)
    assert {path.name for path in tmp_path.iterdir()} == {"people.parquet", "people-model", "out.parquet"}


# ---- sample


@pytest.fixture(scope="module")
def text(run: Run, model: Path) -> str:
    done = run("sample", model, "-n", 40, "--seed", 3, encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_sample_to_stdout(text: str, table: pd.DataFrame) -> None:
    rows = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    assert rows.columns.tolist() == table.columns.tolist()
    assert len(rows) == 40
    assert rows["joined"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    assert rows["joined"].between(table["joined"].min(), table["joined"].max()).all()
    assert rows["age"].str.fullmatch(r"\d\d|").all()
    assert rows["paid"].str.fullmatch(r"\d+\.\d{1,2}").all()
    assert set(rows["zip"]) <= set(table["zip"])
    assert set(rows["plan"]) <= set(table["plan"])


@pytest.mark.parametrize("suffix", [".csv", ".tsv.gz"])
def test_sample_to_a_file_is_the_same_rows(run: Run, model: Path, tmp_path: Path, text: str, suffix: str) -> None:
    out = tmp_path / f"out{suffix}"
    done = run("sample", model, "-n", "4_0", "--seed", 3, "-o", out)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"40 rows written to {out}\n"
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    data = gzip.decompress(out.read_bytes()) if suffix.endswith(".gz") else out.read_bytes()
    rows = pd.read_csv(io.BytesIO(data), sep="\t" if "tsv" in suffix else ",", dtype=str, keep_default_na=False)
    assert rows.to_csv(index=False, lineterminator="\n") == text
    if suffix == ".csv":
        assert data.decode("utf-8") == text


def test_another_seed_over_an_output(run: Run, model: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "out.csv").write_text("old")
    done = run("sample", model, "-n", "1e3", "--seed", 6, "-o", tmp_path / "out.csv", "--force", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    lines = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1001
    assert lines[0] == text.splitlines()[0]
    assert lines[1:41] != text.splitlines()[1:]


def test_a_reader_that_stops_early(command: list[str], model: Path, environment: dict[str, str]) -> None:
    with subprocess.Popen(
        [*command, "sample", str(model), "-n", "150_000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"age,zip")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 1


def test_progress_bar_on_a_terminal(command: list[str], workplace: Path, tmp_path: Path, environment: Any) -> None:
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    words = ["fit", str(workplace / "people.csv"), "-o", str(tmp_path / "m"), "--epochs", "60", "--seed", "0"]
    with subprocess.Popen(
        [*command, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=slave,
        env=environment | {"TERM": "xterm-256color", "COLUMNS": "140"},
    ) as process:
        os.close(slave)
        shown = b""
        while chunk := _read(master):
            shown += chunk
        assert process.stdout is not None
        assert process.stdout.read() == b""
        assert process.wait(60) == 0
    os.close(master)
    screen = shown.decode("utf-8")
    for part in ("150 rows, 5 columns", "training", "━", "\x1b[", "updates/s", "s left", "Wasserstein estimate"):
        assert part in screen, part
    assert "Model saved in" in screen
    assert "update 1/" not in screen


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # the other end has closed
        return b""
