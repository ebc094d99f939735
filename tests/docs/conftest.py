"""The documentation, built once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.blocks import ENVIRONMENT

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the pages; a warning is an error, and there is no network to ask."""
    folder = tmp_path_factory.mktemp("docs")
    offline = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "no_proxy": ""}
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-d", folder / "doctrees", DOCS]
    done = subprocess.run(
        [*map(str, command), str(folder / "html")], capture_output=True, text=True, env=ENVIRONMENT | offline
    )
    assert done.returncode == 0, done.stderr
    return folder / "html"
