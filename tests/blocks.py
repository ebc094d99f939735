"""Fenced blocks of the README and of the documentation, and how they are run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["BIN", "ENVIRONMENT", "blocks_of", "commands", "run_command", "run_python"]

BIN = Path(sys.executable).parent
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


def blocks_of(text: str) -> list[tuple[str, str]]:
    """Return the language and the body of each fenced block of a Markdown text, in order."""
    return re.findall(r"^```(\w*)[^\n]*\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def commands(block: str) -> list[str]:
    """Return a block's commands; a backslash at a line's end joins it to the next."""
    lines = block.replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def run_python(body: str, names: dict[str, Any], place: str) -> None:
    """Run a block here, under names that blocks before it have set; `place` is where an error says it stands."""
    exec(compile(body, place, "exec"), names)


def run_command(line: str, folder: Path, environment: Mapping[str, str] = ENVIRONMENT) -> None:
    """Run a command in a folder; it must end well."""
    done = subprocess.run(line, shell=True, cwd=folder, capture_output=True, text=True, env=dict(environment))
    assert done.returncode == 0, f"{line}\n{done.stderr}"
