"""Files of the repository as pages: included at build time, with links that lead to pages where there are some.

A page is such a file if it includes it, by the directive `include`. Of the links in the file, those to another file
that is a page lead there, pictures are taken from where they are, and any other file is a download.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from sphinx.application import Sphinx

INCLUDE = re.compile(r"^```\{include\} (\S+)", re.MULTILINE)
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def find_pages(source: Path) -> dict[Path, str]:
    """Return the page of each file of the repository that is one, as a path from the documentation's root."""
    pages: dict[Path, str] = {}
    for page in source.rglob("*.md"):
        for target in INCLUDE.findall(page.read_text(encoding="utf-8")):
            pages[(page.parent / target).resolve()] = f"/{page.relative_to(source).as_posix()}"
    return pages


def rewrite_links(text: str, folder: Path, source: Path, pages: dict[Path, str]) -> str:
    """Return a file's text with links that hold on its page.

    Args:
        text: of the file.
        folder: the one that the file is in.
        source: of the documentation.
        pages: what `find_pages` gave.
    """

    def rewrite(match: re.Match[str]) -> str:
        picture, words, target, anchor = match.groups()
        path = (folder / target).resolve()
        if "://" in target or not path.exists():
            return match[0]
        place = "/" + Path(os.path.relpath(path, source)).as_posix()
        if picture:
            return f"![{words}]({place})"
        if path in pages:
            return f"[{words}]({pages[path]}{anchor or ''})"
        return f"{{download}}`{words} <{place}>`" if path.is_file() else words

    return LINK.sub(rewrite, text)


def on_include(app: Sphinx, path: Path, parent: str, content: list[str]) -> None:
    """Rewrite the links of an included file."""
    source = Path(app.srcdir)
    content[0] = rewrite_links(content[0], (source / path).resolve().parent, source, find_pages(source))


def setup(app: Sphinx) -> dict[str, bool]:
    """Listen to inclusions."""
    app.connect("include-read", on_include)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
