"""The front door runs: every fenced block of README.md is executed, or, for the set-up commands, checked."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.blocks import BIN, ENVIRONMENT, blocks_of, commands, run_command, run_python

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = blocks_of(README)
BASH = [body for language, body in BLOCKS if language in ("bash", "sh", "shell", "console")]


def steps(command: str) -> list[list[str]]:
    return [shlex.split(step) for step in command.split("&&")]


def test_every_block_has_a_language_that_is_run_here() -> None:
    assert BLOCKS
    assert {language for language, _ in BLOCKS} <= {"bash", "python"}
    assert README.count("```") == 2 * len(BLOCKS)


def test_python_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "readme"}
    blocks = [body for language, body in BLOCKS if language == "python"]
    assert blocks
    for number, body in enumerate(blocks):
        run_python(body, names, f"README.md, python block {number + 1}")


@pytest.mark.parametrize("position", [0, 1], ids=["main job", "tests"])
def test_set_up_commands_install_what_there_is(position: int) -> None:
    """The first two blocks make an environment of their own and install the project with the constraints."""
    lines = commands(BASH[position])
    assert len(lines) == 1, "one command each"
    make, install, last = steps(lines[0])
    assert make[1:3] == ["-m", "venv"]
    place = make[3]
    assert install[:2] == [f"{place}/bin/pip", "install"]
    assert install[install.index("-c") + 1] == "constraints.txt"
    assert (ROOT / "constraints.txt").is_file()
    assert last[0].startswith(f"{place}/bin/")
    package = next(word for word in install[2:] if word.startswith("."))
    extras = re.findall(r"\[(.*)\]", package)
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert all(f"\n{extra} = [" in declared for extra in extras)


def test_first_command_ends_with_the_main_job() -> None:
    words = steps(commands(BASH[0])[0])[-1]
    assert Path(words[0]).name == "wgan-aug"
    done = subprocess.run([BIN / "wgan-aug", *words[1:], "--help"], capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    assert "Adult" in done.stdout
    options = {word.split("=")[0] for word in words if word.startswith("-")}
    assert options <= set(done.stdout.split())


def test_second_command_ends_with_the_tests() -> None:
    words = steps(commands(BASH[1])[0])[-1]
    assert Path(words[0]).name in ("python", "pytest")
    assert "pytest" in " ".join(words)
    assert "[dev]" in commands(BASH[1])[0]
    assert "[tool.pytest.ini_options]" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    arguments = set(words[words.index("pytest") + 1 :] if "pytest" in words else words[1:])
    assert {word for word in arguments if word.startswith("-")} <= {"-n", "-q"}
    assert importlib.util.find_spec("xdist") is not None or "-n" not in arguments


def test_further_bash_blocks_run(tmp_path: Path) -> None:
    from wgan_aug.datasets import load_adult, load_energy

    load_adult().to_csv(tmp_path / "adult.csv", index=False)
    load_energy().to_csv(tmp_path / "energy.csv", index=False)
    lines = [line for block in BASH[2:] for line in commands(block)]
    assert lines
    for line in lines:
        run_command(line, tmp_path)


def test_links_into_the_repository_lead_somewhere() -> None:
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", README)]
    inside = [target for target in targets if target and "://" not in target]
    assert [target for target in inside if not (ROOT / target).exists()] == []
