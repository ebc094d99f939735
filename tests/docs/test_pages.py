"""The built documentation: what its links lead to, what it loads, and that no public name is missing."""

from __future__ import annotations

import inspect
import re
import zlib
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from typer.main import get_command
from wgan_aug_cli.main import app

import wgan_aug
from tests.docs.conftest import DOCS
from wgan_aug import datasets, errors, losses, networks


class Page(HTMLParser):
    """What a page names: anchors, links, and what a browser loads with it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Sort a tag's targets."""
        of = {name: value for name, value in attrs if value is not None}
        self.anchors |= {of[name] for name in ("id", "name") if name in of}
        if tag == "a" and "href" in of:
            self.links.append(of["href"])
        self.loaded += [of[name] for name in ("src", "srcset", "data", "poster") if name in of]
        if tag == "link" and of.get("rel") not in ("canonical", "next", "prev", "index", "search"):
            self.loaded.append(of["href"])


@cache
def read(path: Path) -> Page:
    return Page(path)


@pytest.fixture(scope="module")
def pages(built: Path) -> dict[Path, Page]:
    return {path: read(path) for path in sorted(built.rglob("*.html")) if "_static" not in path.parts}


def is_outside(target: str) -> bool:
    return bool(re.match(r"(\w+:)?//", target))


def test_links_lead_to_a_page_and_an_anchor(pages: dict[Path, Page]) -> None:
    wrong: list[str] = []
    for path, page in pages.items():
        for link in (link for link in page.links if not is_outside(link) and not link.startswith("mailto:")):
            target, _, anchor = unquote(link).partition("#")
            file = path if not target else (path.parent / target.partition("?")[0]).resolve()
            there = file.is_file() and (not anchor or file.suffix != ".html" or anchor in read(file).anchors)
            wrong += [] if there else [f"{path.name}: {link}"]
    assert not wrong
    assert sum(len(page.links) for page in pages.values()) > 500


def test_nothing_is_loaded_from_elsewhere(built: Path, pages: dict[Path, Page]) -> None:
    loaded = {(path, target) for path, page in pages.items() for target in page.loaded}
    assert [(path.name, target) for path, target in loaded if is_outside(target)] == []
    here = [(path, target.partition("?")[0]) for path, target in loaded if not target.startswith("data:")]
    assert [(path.name, target) for path, target in here if not (path.parent / target).is_file()] == []
    for sheet in built.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", text), sheet.name


@pytest.fixture(scope="module")
def documented(built: Path) -> set[str]:
    """All names of Python that have an entry: those of the inventory that the build writes."""
    head, _, body = (built / "objects.inv").read_bytes().partition(b"zlib.\n")
    assert head.startswith(b"# Sphinx inventory version 2")
    lines = zlib.decompress(body).decode().splitlines()
    return {line.split(" ")[0] for line in lines if line.split(" ")[1].startswith("py:")}


@pytest.mark.parametrize("module", [wgan_aug, datasets, errors, losses, networks], ids=lambda module: module.__name__)
def test_every_public_name_has_an_entry(module: object, documented: set[str]) -> None:
    names = {f"{module.__name__}.{name}" for name in module.__all__}  # type: ignore[attr-defined]
    assert sorted(names - documented) == []


def test_every_public_method_has_an_entry(documented: set[str]) -> None:
    own = [getattr(wgan_aug, name) for name in wgan_aug.__all__ if inspect.isclass(getattr(wgan_aug, name))]
    methods = {
        f"wgan_aug.{cls.__name__}.{name}"
        for cls in own
        for name in vars(cls)
        if callable(vars(cls)[name]) and name[0] != "_"
    }
    assert len(methods) > 30
    assert sorted(methods - documented) == []


def test_every_command_and_option_is_on_the_page(built: Path) -> None:
    text = re.sub(r"<[^>]+>", "", (built / "cli.html").read_text(encoding="utf-8"))
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        assert f"wgan-aug {name}" in text
        shown = [parameter for parameter in command.params if not parameter.hidden]
        assert [
            option for parameter in shown for option in parameter.opts if option not in text and option[0] == "-"
        ] == []


def test_benchmarks_are_those_of_the_repository(built: Path) -> None:
    """Each folder of results with a report has a page that includes it, and its figure is shown."""
    root = DOCS.parent / "benchmarks"
    reports = {path.parent.name for path in root.glob("results/*/README.md")}
    assert {path.stem for path in (DOCS / "benchmarks").glob("*.md")} == reports | {"index", "running"}
    shown = "".join(path.read_text(encoding="utf-8") for path in (built / "benchmarks").glob("*.html"))
    assert shown.count("<img") >= len(list(root.rglob("*.png")))
    named = re.findall(r"benchmarks/\w+\.(?:py|sh)", (root / "README.md").read_text(encoding="utf-8"))
    assert [name for name in named if not (DOCS.parent / name).is_file()] == []
