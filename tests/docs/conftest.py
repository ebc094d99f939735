"""The documentation, built once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from tests.blocks import ENVIRONMENT

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The folder of the pages; a warning is an error, and there is no network to ask.

    Processes that run tests side by side share it, since two builds at once would both write the gallery's pages.
    """
    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if hasattr(request.config, "workerinput") else folder) / "docs"
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").is_file():
            build(folder)
            (folder / "done").touch()
    return folder / "html"


def build(folder: Path) -> None:
    """Build all pages anew."""
    offline = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "no_proxy": ""}
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-d", folder / "doctrees", DOCS]
    done = subprocess.run(
        [*map(str, command), str(folder / "html")], capture_output=True, text=True, env=ENVIRONMENT | offline
    )
    assert done.returncode == 0, done.stderr
