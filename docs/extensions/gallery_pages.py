"""Pages of the gallery without what a reader has no use for: of several ways to download a script, one stays."""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx

NOTE = re.compile(r"^\.\. only:: html\n\n    \.\. note::\n.*?(?=^\.\. )", re.DOTALL | re.MULTILINE)
ZIP = re.compile(r"^ *\.\. container:: sphx-glr-download sphx-glr-download-zip\n\n.*\n", re.MULTILINE)
EMPTY = re.compile(r"^\.\. code-block:: Python\n(?: +:.*\n)*\s*(?=^\.\. )", re.MULTILINE)


def on_source_read(app: Sphinx, name: str, content: list[str]) -> None:
    """Take out the note that leads to the page's end, the zipped script, and code of which nothing is shown."""
    if name.startswith("gallery/"):
        for noise in (NOTE, ZIP, EMPTY):
            content[0] = noise.sub("", content[0])


def drop_stale(app: Sphinx) -> None:
    """Delete pages of an earlier build whose scripts are gone."""
    pages, scripts = Path(app.srcdir) / "gallery", Path(app.srcdir).parent / "examples"
    for page in pages.rglob("*.rst"):
        script = scripts / page.relative_to(pages).with_suffix(".py")
        if page.name != "index.rst" and not script.is_file():
            page.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    """Come before the pages are made, and listen to sources."""
    app.connect("builder-inited", drop_stale, priority=100)
    app.connect("source-read", on_source_read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
