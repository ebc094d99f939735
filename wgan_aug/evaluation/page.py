"""The report as one HTML file: findings in, sections of texts, tables and pictures out, all escaped."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wgan_aug.errors import MissingExtraError
from wgan_aug.evaluation.findings import Findings, figures_of
from wgan_aug.evaluation.page_judges import detection_section, gaps_section, privacy_section, utility_section
from wgan_aug.evaluation.page_likeness import columns_section, pairs_section, rows_section
from wgan_aug.evaluation.page_parts import (
    Block,
    Section,
    Table,
    clean,
    name_of,
)
from wgan_aug.evaluation.page_sequences import sequences_section
from wgan_aug.evaluation.svg import REAL, SYNTHETIC
from wgan_aug.evaluation.verdict import THRESHOLDS, headline_of, judge, number

__all__ = ["check_extra", "render", "render_page", "write_page"]

_CARDS = {
    "utility_ratio": "Use: synthetic over real",
    "shape": "Columns",
    "pair": "Pairs of columns",
    "c2st": "Detection (AUC)",
    "seq_rocket_auc": "Sequences (AUC, convolutions)",
    "seq_boost_auc": "Sequences (AUC, trees)",
    "seq_copies": "Copied windows",
    "copies": "Copies, beyond hold-out",
    "membership_auc": "Membership (AUC)",
    "dcr_share": "Nearer to training rows",
}


def check_extra() -> None:
    """Say so where jinja2 or matplotlib is not installed.

    Raises:
        MissingExtraError: with the `pip install` that mends it.
    """
    lacking = [name for name in ("jinja2", "matplotlib") if find_spec(name) is None]
    if lacking:
        raise MissingExtraError(f'The HTML report needs {" and ".join(lacking)}: pip install "wgan-aug[report]"')


def render(found: Findings) -> str:
    """Return the report as one HTML page, without scripts and without anything to load.

    Args:
        found: what the evaluators found.

    Raises:
        MissingExtraError: without jinja2 and matplotlib.
    """
    check_extra()
    judgements = judge(found)
    target = found.tables.target
    return render_page(
        title="How good are these synthetic rows?",
        subtitle=_rows(found) + (f" Target: {name_of(target)} ({found.tables.task})." if target is not None else ""),
        version=found.versions["wgan-aug"],
        headline=headline_of(judgements),
        cards=_cards(found),
        verdict=judgements,
        notes=[clean(note) for note in found.notes],
        thresholds=THRESHOLDS,
        sections=[
            utility_section(found),
            columns_section(found),
            pairs_section(found),
            rows_section(found),
            *([sequences_section(found)] if found.in_sequence else []),
            detection_section(found),
            privacy_section(found),
            gaps_section(found),
            _made(found),
        ],
    )


def render_page(**parts: Any) -> str:
    """Return a page of the template's parts: title, subtitle, version, headline, cards, verdict, notes, thresholds,
    sections.

    Raises:
        MissingExtraError: without jinja2 and matplotlib.
    """
    check_extra()
    from jinja2 import Environment, StrictUndefined

    source = resources.files("wgan_aug.evaluation").joinpath("templates", "report.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source).render(real=REAL, synthetic=SYNTHETIC, **parts)


def write_page(text: str, path: str | os.PathLike[str]) -> None:
    """Write a page as one file; an old file is replaced, whole or not at all.

    Args:
        text: the page.
        path: of the file.
    """
    with _replacing(Path(path).resolve()) as work:
        work.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def _replacing(path: Path) -> Generator[Path]:
    """Give a scratch file beside `path`, and put it in its place when all went well."""
    mask = os.umask(0)
    os.umask(mask)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    try:
        yield Path(name)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def _cards(found: Findings) -> list[dict[str, str]]:
    cards: list[dict[str, str]] = []
    for figure in figures_of(found):
        if figure.name in _CARDS:
            span = "" if figure.low is None else f"{number(figure.low)} to {number(figure.high)}"
            best = f"best: {figure.best}" if figure.value is not None else clean(figure.why)
            cards.append({"label": _CARDS[figure.name], "value": number(figure.value), "range": span, "best": best})
    return cards


def _rows(found: Findings) -> str:
    rows = found.settings["rows"]
    held = f", {rows['holdout']} hold-out" if rows["holdout"] is not None else ", no hold-out"
    return f"{rows['real']} real{held} and {rows['synthetic']} synthetic rows, {len(found.tables.schema)} columns."


def _made(found: Findings) -> Section:
    settings = [
        [key, "–" if value is None or (isinstance(value, list) and not value) else clean(value)]
        for key, value in found.settings.items()
        if key != "rows"
    ]
    rows = [[f"{side} rows", "–" if n is None else str(n)] for side, n in found.settings["rows"].items()]
    used = [[part, text] for part, text in found.used.items()]
    figures = [
        [
            f.name,
            number(f.value, 4),
            "–" if f.low is None else f"{number(f.low, 4)} to {number(f.high, 4)}",
            f.best,
            clean(f.why),
        ]
        for f in figures_of(found)
    ]
    return Section(
        "made",
        "How this report was made",
        [f"Command: {clean(found.command, 1000)}"],
        [
            Block(table=Table("All figures.", ["figure", "value", "95%", "best", "why not"], figures, (1, 2))),
            Block(table=Table("Rows used.", ["figures", "rows"], used, ())),
            Block(table=Table("Settings and rows.", ["setting", "value"], settings + rows, ())),
            Block(table=Table("Versions.", ["what", "version"], [list(item) for item in found.versions.items()], ())),
        ],
    )
