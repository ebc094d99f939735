"""Dates that are stored as text: one ISO-like format for a whole column, found, read and written back."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

__all__ = ["find_format", "parse_dates", "write_dates"]

_SHAPE = re.compile(
    r"(?P<date>\d{4}[-/]\d{2}[-/]\d{2})"
    r"(?:(?P<sep>[ T])(?P<time>\d{2}:\d{2}(?P<seconds>:\d{2}(?P<fraction>\.\d{1,6})?)?))?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)
_CHECKED = 10_000  # rows whose text is compared to the letter after a round trip


def find_format(text: pd.Series) -> str | None:
    """Return the one format in which every value parses and is written back the same, or None.

    Dates are year-month-day with `-` or `/`, alone or with a time after a blank or a `T`, with or without seconds,
    a fraction of fixed length, and one zone suffix for the whole column (kept as it stands).

    Args:
        text: present string values, at least one.

    Returns:
        A `strftime` format, with `%3f` for a fraction of three digits; None where the column is no date.

    Examples:
        >>> find_format(pd.Series(["2024-02-29 10:00", "2023-01-31 23:59"]))
        '%Y-%m-%d %H:%M'
        >>> find_format(pd.Series(["2024-02-29", "soon"])) is None
        True
    """
    match = _SHAPE.fullmatch(str(text.iloc[0]))
    if match is None:
        return None
    fmt = "%Y{0}%m{0}%d".format(match["date"][4])
    if match["time"]:
        fmt += f"{match['sep']}%H:%M"
    if match["seconds"]:
        fmt += ":%S"
    if match["fraction"]:
        fmt += f".%{len(match['fraction']) - 1}f"
    fmt += match["zone"] or ""
    dates = parse_dates(text, fmt)
    if np.isnat(dates).any():
        return None
    head = text.iloc[:_CHECKED].astype(object).to_numpy()
    return fmt if (write_dates(dates[:_CHECKED], fmt) == head).all() else None


def parse_dates(text: pd.Series, fmt: str) -> np.ndarray:
    """Read text in one format; what does not fit becomes NaT.

    Returns:
        `datetime64[us]` array, shape (rows,).
    """
    plain = re.sub(r"%\df", "%f", fmt)
    try:
        dates = pd.to_datetime(text.astype(object), format=plain, errors="coerce")
    except ValueError:
        return np.full(len(text), np.datetime64("NaT"), dtype="datetime64[us]")
    return dates.to_numpy().astype("datetime64[us]")


def write_dates(dates: np.ndarray, fmt: str) -> np.ndarray:
    """Write `datetime64` values as text; NaT becomes NaN.

    Returns:
        object array of strings, shape (rows,).
    """
    fraction = re.search(r"%(\d)f(.*)$", fmt)
    plain = re.sub(r"%\df", "%f", fmt)
    text = pd.Series(dates).dt.strftime(plain).astype(object).to_numpy()
    if fraction is None or fraction[1] == "6":
        return text
    tail = len(fraction[2])
    drop = 6 - int(fraction[1])
    return np.array(
        [t if not isinstance(t, str) else t[: len(t) - tail - drop] + t[len(t) - tail :] for t in text],
        dtype=object,
    )
