"""`wgan-aug sample -o FOLDER/`: parts, however often the command is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from wgan_aug import load

from .conftest import ENVIRONMENT, Run

ROWS = 200_000  # four parts


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def stop(words: list[str], folder: Path, parts: int, number: signal.Signals) -> tuple[int, str]:
    """Run a command, send it a signal once there are so many parts, and return its exit code and stderr."""
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        while process.poll() is None and len(list(folder.glob("part-*"))) < parts:
            time.sleep(0.005)
        process.send_signal(number)
        error = process.communicate()[1]
    return process.returncode, error


@pytest.mark.skipif(os.name == "nt", reason="kill -9")
def test_stopped_killed_refused_and_resumed(run: Run, command: list[str], model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    words = ["sample", str(model), "-n", str(ROWS), "--no-refine", "--seed", "3", "-o", f"{folder}/"]
    code, error = stop([*command, *words], folder, 1, signal.SIGINT)
    assert code == 130
    assert f"1 parts in {folder}/ are whole and stay; --resume goes on with them" in error
    assert "Traceback" not in error
    assert stop([*command, *words, "--resume"], folder, 2, signal.SIGKILL)[0] == -signal.SIGKILL
    before = bytes_of(folder)
    refused = run(*words)
    assert refused.returncode == 2
    assert f"{folder} holds a sample of {ROWS}, of which 2 of 4 parts are there: go on with it" in refused.stderr
    other = run(*words, "--resume", "--seed", 4, "--where", "zip=02139")
    assert other.returncode == 2
    assert "2 problems: (1) seed is 4, and was 3. (2) conditions is [['zip', ['02139']]], and was []." in other.stderr
    assert bytes_of(folder) == before
    done = run(*words, "--resume")
    assert done.returncode == 0, done.stderr
    assert "2 of 4 parts are there" in done.stderr
    assert done.stderr.endswith(f"{ROWS} rows written to {folder}/\n")
    whole = load(model, device="cpu").sample(ROWS, random_state=3, refine=False, output=tmp_path / "whole")
    assert bytes_of(folder) == bytes_of(whole)


@pytest.mark.skipif(os.name == "nt", reason="limits of files")
def test_a_disk_that_takes_no_more(run: Run, model: Path, tmp_path: Path) -> None:
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    folder = tmp_path / "parts"
    folder.mkdir()
    failed = run("sample", model, "-n", ROWS, "--no-refine", "-o", folder, "--quiet", preexec_fn=limit)
    assert failed.returncode == 1
    assert failed.stderr == (
        f"Error: File too large (0 of 4 parts are there, and stay; go on by resume=True, or --resume): {folder}\n"
    )
    assert [path.name for path in folder.iterdir()] == ["_manifest.json"]


def test_parts_of_text_and_a_scheduler_that_is_not_there(run: Run, model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    words = ("sample", model, "-n", 5, "--seed", 1, "-o", f"{folder}/", "--format", "csv", "--quiet")
    refused = run(*words, "--dask", "nonsense")
    assert refused.returncode == 2
    assert "Error: The Dask scheduler 'nonsense' does not answer" in refused.stderr
    done = run(*words, "--resume")
    assert (done.returncode, done.stderr) == (0, "")
    rows = load(model, device="cpu").sample(5, random_state=1)
    assert (folder / "part-00000000.csv").read_text() == rows.to_csv(index=False)
