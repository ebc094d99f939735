"""`fit --checkpoint --resume` in the shell: cut off by a signal, gone on with, and finished before."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of Unix")


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_training_that_a_signal_ends_is_gone_on_with(
    run: Run, command: list[str], workplace: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    """SIGTERM in the middle, the same command with --resume, and that once more when all is done."""
    words = ["fit", str(workplace / "people.csv"), "--epochs", "600", "--seed", "7", "--no-refine"]
    whole, model, kept = tmp_path / "whole", tmp_path / "model", tmp_path / "kept"
    assert run(*words, "-o", whole).returncode == 0
    keeping = [*words, "-o", str(model), "--checkpoint", str(kept)]
    with subprocess.Popen([*command, *keeping], stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        while not process.stderr.readline().startswith("update "):
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=60)[1]
    assert process.returncode == 143
    assert f"The training is kept in {kept}; the same command with --resume goes on with it" in told
    assert not model.exists()

    done = run(*keeping)
    assert done.returncode == 2
    assert "keeps a training already: go on with it by resume=True (--resume)" in done.stderr

    done = run(*keeping, "--resume", "--preset", "fast")
    assert done.returncode == 2
    assert "keeps another training: preset was 'balanced' and is 'fast'" in done.stderr
    assert not model.exists()

    done = run(*keeping, "--resume")
    assert done.returncode == 0, done.stderr
    assert "Resumed at update " in done.stderr
    assert files(model) == files(whole)

    done = run(*keeping, "--resume")
    assert done.returncode == 0, done.stderr
    assert files(model) == files(whole)

    (model / "history.csv").write_text("another model's")
    before = files(model)
    done = run(*keeping, "--resume")
    assert done.returncode == 2
    assert "exists and is not the model of this training; give --force" in done.stderr
    assert files(model) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "model", "whole"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--resume"], "resume is True, but there is no checkpoint to resume: give its folder"),
        (["--max-time", "soon"], "max_time is 'soon'; give seconds above 0, or text such as '10min'"),
        (["--checkpoint", "people.csv"], "people.csv is a file; checkpoints need a folder"),
    ],
)
def test_mistakes_are_told_at_once(run: Run, workplace: Path, tmp_path: Path, words: list[str], told: str) -> None:
    done = run("fit", "people.csv", "-o", tmp_path / "model", *words, cwd=workplace)
    assert done.returncode == 2
    assert told in done.stderr
    assert not (tmp_path / "model").exists()
