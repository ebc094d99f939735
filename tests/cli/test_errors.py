"""Errors are one line on stderr, with the exit code that says whose fault it was, and leave nothing behind."""

from __future__ import annotations

import ctypes
import gzip
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
GOOD = "a,b\n" + "".join(f"{k},{'xyz'[k % 3]}\n" for k in range(30))


def check(done: Any, code: int, message: str) -> None:
    """One line on stderr that begins with Error: and matches; nothing on stdout."""
    assert done.returncode == code, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("Error: ")
    assert re.search(message, lines[0]), lines[0]
    assert not done.stdout


FILES: dict[str, tuple[str, bytes, list[str], str]] = {
    "empty": ("t.csv", b"", [], r"t\.csv is empty; a table has a header line and rows"),
    "blank": ("t.csv", b"\n \n", [], r"t\.csv is empty"),
    "header only": ("t.csv", b"a,b\n", [], r"t\.csv has a header line and no rows"),
    "too many cells": ("t.csv", b"a,b\n1,2\n3,4,5\n", [], r"broken line: line 3 has 3 cells, the header has 2"),
    "too few cells": ("t.csv", b"a,b\n1,2\n\n3\n", [], r"broken line: line 4 has 1 cells, the header has 2"),
    "open quote": ("t.csv", b'a,b\n1,"2\n3,4\n', [], r"broken line: a double quote is opened and never closed"),
    "latin-1": ("t.csv", "a,b\n1,é\n".encode("latin-1"), [], r"not UTF-8 \(byte 0xe9 in line 2\).*iconv -f LATIN1"),
    "utf-16": ("t.csv", "a,b\n1,2\n".encode("utf-16"), [], r"not UTF-8 .*iconv -f UTF-16"),
    "null bytes": ("t.csv", b"a\x00b\n1\n", [], r"no text table: it has null bytes"),
    "semicolons": ("t.csv", b"a;b\n1;2\n", [], r"'a;b'; it looks delimited by ';': give --delimiter ';'"),
    "tabs": ("t.csv", b"a\tb\n1\t2\n", [], r"give --delimiter '\\t'"),
    "long delimiter": ("t.csv", b"a,b\n1,2\n", ["--delimiter", "ab"], r"--delimiter is 'ab'; it must be one character"),
    "doubled": ("t.csv", b"a,b,a\n1,2,3\n", [], r"column names that come more than once: 'a'; rename them"),
    "extension": ("t.xls", b"a,b\n1,2\n", [], r"extension '\.xls' is not known; use \.csv, \.tsv"),
    "no gzip": ("t.csv.gz", GOOD.encode(), [], r"t\.csv\.gz is no readable gzip file"),
    "cut gzip": ("t.csv.gz", gzip.compress(GOOD.encode())[:-12], [], r"t\.csv\.gz is no readable gzip file"),
    "no parquet": ("t.parquet", GOOD.encode(), [], r"t\.parquet is no readable parquet file"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_no_table(run: Run, tmp_path: Path, name: str) -> None:
    file, content, options, message = FILES[name]
    (tmp_path / file).write_bytes(content)
    check(run("fit", file, *options, cwd=tmp_path), 2, message)
    assert [path.name for path in tmp_path.iterdir()] == [file]


LINES: dict[str, tuple[str, str]] = {
    "unknown command": ("inspct t.csv", r"No such command 'inspct'\. Did you mean 'inspect'\? See: wgan-aug --help"),
    "no such command": ("frobnicate", r"No such command 'frobnicate'"),
    "unknown option": ("fit t.csv --epoch 3", r"--epoch\. Did you mean '--epochs'\? See: wgan-aug fit --help"),
    "far option": ("fit t.csv --xyzzy", r"No such option: --xyzzy\. See: wgan-aug fit --help"),
    "no data": ("fit", r"Missing argument 'DATA'"),
    "no count": ("sample m", r"Missing option '-n'"),
    "no value": ("fit t.csv --target", r"'--target' requires an argument"),
    "epochs": ("fit t.csv --epochs many", r"Invalid value for '--epochs'"),
    "seed": ("fit t.csv --seed 1.5", r"Invalid value for '--seed'"),
    "negative seed": ("fit t.csv --seed -1", r"Invalid value for '--seed'"),
    "absent": ("fit absent.csv", r"absent\.csv does not exist"),
    "absent to inspect": ("inspect absent.csv --json", r"absent\.csv does not exist"),
    "directory as data": (
        "fit folder.csv",
        r"folder\.csv has no parts that end in \.parquet, \.csv or \.tsv, and is empty",
    ),
    "stdin without a name": ("fit -", r"DATA is stdin.*give -o MODEL"),
    "file as model to write": ("fit t.csv -o t.csv", r"t\.csv is a file; a model is a folder"),
    "file in the path": ("fit t.csv -o t.csv/m", r"t\.csv/m cannot be made: .*t\.csv is a file"),
    "other folder": ("fit t.csv -o full --force", r"full is a folder with files in it, and no model"),
    "minus five": ("sample m -n -5", r"-n is '-5'; it must be a whole number of at least 0"),
    "fraction": ("sample m -n 2.5", r"-n is '2\.5'; it must be a whole number"),
    "word": ("sample m -n abc", r"-n is 'abc'; it must be a whole number"),
    "infinity": ("sample m -n inf", r"-n is 'inf'; it must be a whole number"),
    "absent model": ("sample absent -n 3", r"absent does not exist; give a model folder"),
    "exists": ("sample m -n 3 -o t.csv", r"t\.csv exists; give --force to overwrite it"),
    "directory as output": ("augment t.csv --target b -o folder.csv", r"folder\.csv is a directory; give a file name"),
    "file of parts": (
        "sample m -n 3 -o a.csv --resume",
        r"--resume is for a folder of parts \(-o FOLDER/\), and -o is a",
    ),
    "cluster for a file": ("sample m -n 3 --dask tcp://a:1 --format csv", r"2 problems: .*--format is .*--dask is for"),
    "absent output folder": ("sample m -n 3 -o absent/out.csv", r"folder of absent/out\.csv does not exist"),
    "output extension": ("sample m -n 3 -o out.xlsx", r"extension '\.xlsx' is not known"),
    "demo rows": ("demo --rows 1", r"--rows is 1; the Adult table has between 2 and 48842"),
    "demo in a file": ("demo -o t.csv", r"t\.csv is a file; give another -o FOLDER"),
}


@pytest.mark.parametrize("name", LINES)
def test_wrong_words(run: Run, tmp_path: Path, name: str) -> None:
    words, message = LINES[name]
    (tmp_path / "t.csv").write_text(GOOD)
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    check(run(*words.split(), cwd=tmp_path), 2, message)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "t.csv").read_text() == GOOD


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("fit t.csv --target bb", r"target names column 'bb', which the data do not have\. Did you mean 'b'\?"),
        ("inspect t.csv --categorical a,bb", r"column 'bb', which the data do not have\. Did you mean 'b'\?"),
        ("fit t.csv --preset fats --epochs 0", r"2 problems: .*preset is 'fats'.*Did you mean 'fast'\?.*epochs is 0"),
    ],
)
def test_input_that_the_library_refuses(run: Run, tmp_path: Path, words: str, message: str) -> None:
    (tmp_path / "t.csv").write_text(GOOD)
    before = sorted(tmp_path.rglob("*"))
    check(run(*words.split(), cwd=tmp_path), 2, message)
    assert sorted(tmp_path.rglob("*")) == before


def test_cuda_asked_for_and_absent(run: Run, model: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    check(run("sample", model, "-n", 3, "--device", "cuda"), 2, r"device is 'cuda', but torch .* use device='auto'")


def test_delimiter_is_heeded(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(GOOD.replace(",", ";"))
    done = run("inspect", "t.csv", "--json", "--delimiter", ";", cwd=tmp_path)
    assert done.returncode == 0
    assert '"name": "b"' in done.stdout


def test_model_exists(run: Run, workplace: Path, model: Path) -> None:
    check(run("fit", workplace / "people.csv"), 2, r"people-model exists; give --force to overwrite the model there")


def test_a_model_with_other_files_beside_it(run: Run, workplace: Path, model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / "m")
    (tmp_path / "m" / "notes.txt").write_text("mine")
    done = run("fit", workplace / "people.csv", "-o", tmp_path / "m", "--force")
    check(done, 2, r"m holds a model, and files that are no part of it \(notes\.txt\)")


def test_damaged_models(run: Run, model: Path, tmp_path: Path) -> None:
    cases = {
        "cut": (lambda m: _edit(m / "arrays.safetensors", lambda b: b[:-9]), r"cut was edited or damaged after"),
        "newer": (
            lambda m: _edit(m / "model.json", lambda b: b.replace(b'"format_version": ', b'"format_version": 9')),
            r"newer has format version 9\d, this wgan-aug reads up to \d: pip install --upgrade wgan-aug",
        ),
    }
    for name, (damage, message) in cases.items():
        shutil.copytree(model, tmp_path / name)
        damage(tmp_path / name)
        check(run("sample", tmp_path / name, "-n", 3), 2, message)


def _edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    before = path.read_bytes()
    assert change(before) != before
    path.write_bytes(change(before))


def test_traceback(run: Run) -> None:
    done = run("fit", "absent.csv", "--traceback")
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert lines[0].startswith("Traceback")
    assert lines[-1] == "Error: absent.csv does not exist."
    assert any("read_table" in line for line in lines)


# ---- folders that cannot be written, disks that are full


def _as_anyone() -> None:
    """Take from root the right to read and write everything."""
    if os.geteuid() == 0:
        for right in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH; heeded at exec
            ctypes.CDLL(None).prctl(24, right, 0, 0, 0)  # PR_CAPBSET_DROP


def test_folders_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    (tmp_path / "t.csv").write_text(GOOD)
    locked.chmod(0o555)
    probe = [sys.executable, "-c", "import os; print(os.access('locked', os.W_OK))"]
    done = subprocess.run(probe, cwd=tmp_path, capture_output=True, text=True, check=True, preexec_fn=_as_anyone)
    if done.stdout != "False\n":
        pytest.skip("permissions do not hold here")
    for words in ("fit t.csv -o locked/m", "fit t.csv -o locked/sub/m"):
        done = run(*words.split(), cwd=tmp_path, preexec_fn=_as_anyone)
        check(done, 2, r"locked/(sub/)?m cannot be written: there is no permission to write in .*locked")
    done = run("sample", "m", "-n", 3, "-o", "locked/x.csv", cwd=tmp_path, preexec_fn=_as_anyone)
    check(done, 2, r"locked/x\.csv cannot be written: there is no permission")
    (tmp_path / "t.csv").chmod(0)
    check(run("fit", "t.csv", cwd=tmp_path, preexec_fn=_as_anyone), 2, r"Permission denied: t\.csv")
    assert list(locked.iterdir()) == []


def _small_disk() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, 4_096))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_full_disk_at_sampling(run: Run, model: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"out{suffix}"
    out.write_bytes(b"what was there before")
    done = run("sample", model, "-n", 20_000, "-o", out, "--force", preexec_fn=_small_disk)
    check(done, 1, r"File too large")
    assert out.read_bytes() == b"what was there before"
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_full_disk_at_saving(run: Run, workplace: Path, tmp_path: Path) -> None:
    done = run("fit", workplace / "people.csv", "-o", tmp_path / "m", "--epochs", 1, "--quiet", preexec_fn=_small_disk)
    check(done, 1, r"File too large")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_full_disk_behind_stdout(run: Run, model: Path) -> None:
    with open("/dev/full", "w") as full:
        done = run("sample", model, "-n", 50, stdout=full)
    check(done, 1, r"No space left on device")


# ---- signals


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize(
    ("number", "code", "word", "over"),
    [(signal.SIGINT, 130, "Interrupted", False), (signal.SIGTERM, 143, "Terminated", True)],
    ids=["SIGINT", "SIGTERM over a model"],
)
def test_signals_end_a_fit(
    command: list[str],
    workplace: Path,
    model: Path,
    tmp_path: Path,
    environment: dict[str, str],
    number: signal.Signals,
    code: int,
    word: str,
    over: bool,
) -> None:
    target = tmp_path / "m"
    if over:
        shutil.copytree(model, target)
    words = ["fit", str(workplace / "people.csv"), "-o", str(target), "--epochs", "1e6", "--force"]
    with subprocess.Popen(
        [*command, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("150 rows, 5 columns -> ")
        process.send_signal(number)
        out, rest = process.communicate(timeout=60)
    assert process.returncode == code
    assert out == ""
    assert rest.splitlines()[-1].startswith(word)
    assert not any("Traceback" in line for line in rest.splitlines())
    assert [path.name for path in tmp_path.iterdir()] == ["m"] * over
    if over:
        assert all((target / path.name).read_bytes() == path.read_bytes() for path in model.iterdir())
