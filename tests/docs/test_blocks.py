"""Every block of the documentation runs, page by page and in order, in a folder of its own."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.blocks import ENVIRONMENT, blocks_of, commands, run_command, run_python
from tests.docs import quick
from tests.docs.conftest import DOCS

TEXTS = {page.relative_to(DOCS).as_posix(): page.read_text(encoding="utf-8") for page in sorted(DOCS.rglob("*.md"))}
RUNNABLE = [page for page, text in TEXTS.items() if {language for language, _ in blocks_of(text)} & {"python", "bash"}]


@pytest.fixture
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a `wgan-aug` whose trainings are short."""
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "wgan-aug"
    root = str(DOCS.parent)
    code = f"import runpy, sys\nsys.path.insert(0, {root!r})\nrunpy.run_path({quick.__file__!r}, run_name='__main__')\n"
    program.write_text(f"#!{sys.executable}\n{code}")
    program.chmod(0o755)
    return folder


@pytest.mark.parametrize("page", RUNNABLE)
@pytest.mark.filterwarnings("ignore::wgan_aug.errors.DataWarning")  # of small data and short trainings
def test_blocks_run(page: str, command: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick.shorten(monkeypatch.setattr, monkeypatch.setitem)
    monkeypatch.chdir(tmp_path)
    environment = ENVIRONMENT | {"PATH": f"{command}{os.pathsep}{ENVIRONMENT['PATH']}"}
    names: dict[str, Any] = {"__name__": "page"}
    for number, (language, body) in enumerate(blocks_of(TEXTS[page])):
        if language == "python":
            run_python(body, names, f"{page}, block {number + 1}")
        elif language == "bash":
            for line in commands(body):
                run_command(line, tmp_path, environment)


def test_what_is_not_run_is_no_program_of_ours() -> None:
    """Blocks are directives, programs that run above, or commands that set up an environment."""
    for page, text in TEXTS.items():
        assert {language for language, _ in blocks_of(text)} <= {"python", "bash", ""}, page
        assert text.count("```") == 2 * len(blocks_of(text)), page
        shells = re.findall(r"^```\{code-block\} shell\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
        words = {line.split()[0] for body in shells for line in commands(body)}
        assert words <= {"git", "python3", ".venv/bin/pip", ".venv/bin/python", ".venv/bin/wgan-aug"}, page


def test_there_are_pages_of_every_task() -> None:
    assert len(RUNNABLE) > 10
    assert "index.md" in RUNNABLE
