"""What sections of the page are made of, and how names and figures are written there."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pandas as pd

from wgan_aug.evaluation.figures import Interval
from wgan_aug.evaluation.frames import MISSING
from wgan_aug.evaluation.verdict import number, with_interval

__all__ = [
    "Block",
    "Picture",
    "Section",
    "Table",
    "clean",
    "lines_of",
    "name_of",
    "none_of",
    "picture_of",
    "share",
    "span",
    "value_of",
]


@dataclasses.dataclass(frozen=True)
class Table:
    """A table of texts.

    Args:
        caption: what it shows.
        head: the columns' names.
        rows: cells; the first of a row names it.
        numbers: which columns hold numbers.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[int]


@dataclasses.dataclass(frozen=True)
class Picture:
    """An `<svg>` element that is safe as it is, and what to say below it."""

    svg: Any
    caption: str = ""


@dataclasses.dataclass(frozen=True)
class Block:
    """Texts, pictures and a table under a heading.

    Args:
        heading: none where empty.
        texts: paragraphs.
        pictures: side by side where there is room.
        table: below them.
        key: whether to say which colour is which.
        large: whether pictures take half the page each, and not a third.
    """

    heading: str = ""
    texts: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    table: Table | None = None
    key: bool = False
    large: bool = False


@dataclasses.dataclass(frozen=True)
class Section:
    """A section of the page.

    Args:
        id: its anchor.
        title: its heading.
        texts: paragraphs before the blocks.
        blocks: what it is made of.
        sources: name and address of papers.
    """

    id: str
    title: str
    texts: Sequence[str]
    blocks: Sequence[Block]
    sources: Sequence[tuple[str, str]] = ()


def picture_of(svg: str, caption: str = "") -> Picture:
    """Take an element that `wgan_aug.evaluation.pictures` drew, which escapes all names, as it is."""
    from markupsafe import Markup

    return Picture(Markup(svg), caption)


def name_of(value: Any, length: int = 60) -> str:
    """Return a column's or level's name, cut where it is too long."""
    return clean("(missing)" if isinstance(value, str) and value == MISSING else value, length)


def lines_of(frame: pd.DataFrame) -> list[Any]:
    """Return the lines of a frame, with its columns as attributes."""
    return list(frame.itertuples())


def clean(value: Any, length: int = 400) -> str:
    """Return text without control characters, cut where it is too long.

    Examples:
        >>> clean("a\\x00b\\u202ec", 4)
        'a b…'
    """
    text = "".join(c if c.isprintable() else " " for c in str(value))
    return text if len(text) <= length else text[: length - 1] + "…"


def share(value: float | None) -> str:
    """Return a share in per cent; a dash where there is none.

    Examples:
        >>> share(0.125), share(None)
        ('12.5%', '–')
    """
    return "–" if value is None or value != value else f"{value:.1%}"


def span(interval: Interval) -> str:
    """Return the ends of an interval; a dash where it has none."""
    return "–" if interval.low is None else f"{number(interval.low)} to {number(interval.high)}"


def none_of(value: float) -> float | None:
    """Return None for NaN, and the number else."""
    return None if value != value else float(value)


def value_of(interval: Interval | None) -> str:
    """Return a figure with its interval, where it has one; a dash where there is no figure."""
    return "–" if interval is None else with_interval(interval)
