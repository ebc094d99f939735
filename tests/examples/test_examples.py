"""Every example runs, with small settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(example: Path, tmp_path: Path) -> None:
    environment = os.environ | {"WGAN_AUG_EXAMPLE_ROWS": "400", "WGAN_AUG_EXAMPLE_EPOCHS": "4", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(example)], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "trained on real rows" in done.stdout or example.stem != "adult"


def test_there_are_examples() -> None:
    assert EXAMPLES
