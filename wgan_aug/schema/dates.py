"""Dates that are stored as text: one ISO-like format for a whole column, found, read and written back."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["find_format", "parse_dates", "same_format", "strftime_format", "write_dates"]

_SHAPE = re.compile(
    r"(?P<date>\d{4}[-/]\d{2}[-/]\d{2})"
    r"(?:(?P<sep>[ T])(?P<time>\d{2}:\d{2}(?P<seconds>:\d{2}(?P<fraction>\.\d{1,6})?)?))?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)
_TOKEN = re.compile(r"%\d?[A-Za-z%]|.", re.DOTALL)
_DIGITS = {"%Y": 4, "%m": 2, "%d": 2, "%H": 2, "%M": 2, "%S": 2, "%f": 6} | {f"%{k}f": k for k in range(1, 7)}
_DAY = 86_400_000_000  # microseconds


def find_format(text: pd.Series) -> str | None:
    """Return the one format in which every value is a date, to the letter, or None.

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
    return None if np.isnat(_parse_fixed(text, fmt)).any() else fmt


def strftime_format(fmt: str) -> str:
    """Return a format of `find_format` in the words that other tools know: `%f` for fractions, `%z` for offsets.

    Examples:
        >>> strftime_format("%Y-%m-%d %H:%M:%S.%3f+02:00")
        '%Y-%m-%d %H:%M:%S.%f%z'
    """
    return re.sub(r"[+-]\d{2}:?\d{2}$", "%z", re.sub(r"%\df", "%f", fmt))


def same_format(found: str, declared: str) -> bool:
    """Say whether a format that was found is the declared one, but for the length of fractions and the zone."""
    return declared in (found, strftime_format(found), re.sub("Z$", "%z", strftime_format(found)))


def parse_dates(text: pd.Series, fmt: str) -> np.ndarray:
    """Read text in one format; what does not fit becomes NaT.

    Args:
        text: strings or missing values, shape (rows,).
        fmt: a `strftime` format without a `%z`, or one of `find_format`.

    Returns:
        `datetime64[us]` array, shape (rows,).

    Examples:
        >>> parse_dates(pd.Series(["31/01/2024", "never"]), "%d/%m/%Y").astype("M8[D]")
        array(['2024-01-31', 'NaT'], dtype='datetime64[D]')
    """
    if not _is_fixed(fmt):
        return _parse_any(text, fmt)
    dates = _parse_fixed(text, fmt)
    loose = np.isnat(dates) & text.notna().to_numpy(dtype=bool)  # one digit for two, say
    if loose.any():
        dates[loose] = _parse_any(text[loose], fmt)
    return dates


def write_dates(dates: np.ndarray, fmt: str) -> np.ndarray:
    """Write `datetime64` values as text; NaT becomes NaN.

    Args:
        dates: `datetime64` values, shape (rows,).
        fmt: a `strftime` format, or one of `find_format`.

    Returns:
        object array of strings, shape (rows,).

    Examples:
        >>> write_dates(np.array(["2024-01-31T10:00"], dtype="M8[us]"), "%Y/%m/%d %H:%M:%S.%1f")
        array(['2024/01/31 10:00:00.0'], dtype=object)
    """
    absent = np.isnat(dates)
    if _is_fixed(fmt):
        text = _write_fixed(np.where(absent, np.datetime64(0, "us"), dates.astype("M8[us]")), fmt)
    else:
        moments: Any = pd.Series(dates)
        text = moments.dt.strftime(fmt).to_numpy(dtype=object, copy=True)
    text[absent] = np.nan
    return text


def _is_fixed(fmt: str) -> bool:
    """Say whether all parts of a format are numbers of fixed width."""
    tokens = _TOKEN.findall(fmt)
    return all(token in _DIGITS or len(token) == 1 for token in tokens)


def _parse_any(text: pd.Series, fmt: str) -> np.ndarray:
    nothing = np.full(len(text), np.datetime64("NaT"), dtype="datetime64[us]")
    if re.search("%[zZ]", fmt):
        return nothing  # offsets that vary could not be written back
    try:
        dates = pd.to_datetime(text.astype(object), format=re.sub(r"%\df", "%f", fmt), errors="coerce")
    except ValueError:
        return nothing
    return dates.to_numpy().astype("datetime64[us]")


def _parse_fixed(text: pd.Series, fmt: str) -> np.ndarray:
    """Read numbers of fixed width, each letter in its place; all else becomes NaT."""
    tokens = _TOKEN.findall(fmt)
    width = sum(_DIGITS.get(token, 1) for token in tokens)
    cells = text.astype(object).to_numpy().astype(f"U{width + 1}")  # one more letter tells longer texts
    letters = np.ascontiguousarray(cells).view(np.uint32).reshape(-1, width + 1)
    fits = letters[:, width] == 0
    parts: dict[str, Any] = {"Y": 1900, "m": 1, "d": 1, "H": 0, "M": 0, "S": 0, "f": 0}
    position = 0
    for token in tokens:
        if token not in _DIGITS:
            fits &= letters[:, position] == ord(token)
            position += 1
            continue
        number = np.zeros(len(letters), dtype=np.int64)
        for _ in range(_DIGITS[token]):
            digit = letters[:, position] - np.uint32(ord("0"))
            fits &= digit < 10
            number = number * 10 + digit
            position += 1
        parts[token[-1]] = number * 10 ** (6 - _DIGITS[token]) if token[-1] == "f" else number
    return _join(parts, fits)


def _join(parts: dict[str, Any], fits: np.ndarray) -> np.ndarray:
    """Make moments of their parts; NaT where they are no date or `fits` is False."""
    clock = (parts["H"] < 24) & (parts["M"] < 60) & (parts["S"] < 60)
    fits = fits & clock & (parts["Y"] >= 1) & (parts["m"] >= 1) & (parts["m"] <= 12) & (parts["d"] >= 1)
    month = np.where(fits, (parts["Y"] - 1970) * 12 + parts["m"] - 1, 0).view("M8[M]")
    day = month.astype("M8[D]") + np.where(fits, parts["d"] - 1, 0)
    fits = fits & (day.astype("M8[M]") == month)
    seconds = (parts["H"] * 60 + parts["M"]) * 60 + parts["S"]
    moments = day.astype("M8[us]").view(np.int64) + np.where(fits, seconds * 1_000_000 + parts["f"], 0)
    return np.where(fits, moments, np.iinfo(np.int64).min).view("M8[us]")


def _write_fixed(dates: np.ndarray, fmt: str) -> np.ndarray:
    tokens = _TOKEN.findall(fmt)
    day, month = dates.astype("M8[D]"), dates.astype("M8[M]")
    months, rest = month.view(np.int64), dates.view(np.int64) % _DAY
    parts = {
        "Y": 1970 + months // 12,
        "m": 1 + months % 12,
        "d": 1 + (day - month.astype("M8[D]")).view(np.int64),
        "H": rest // 3_600_000_000,
        "M": rest // 60_000_000 % 60,
        "S": rest // 1_000_000 % 60,
        "f": rest % 1_000_000,
    }
    width = sum(_DIGITS.get(token, 1) for token in tokens)
    letters = np.empty((len(dates), width), dtype=np.uint32)
    position = 0
    for token in tokens:
        digits = _DIGITS.get(token, 1)
        if token in _DIGITS:
            number = parts[token[-1]] // (10 ** (6 - digits) if token[-1] == "f" else 1)
            for place in range(digits):
                letters[:, position + place] = ord("0") + number // 10 ** (digits - 1 - place) % 10
        else:
            letters[:, position] = ord(token)
        position += digits
    return letters.view(f"U{width}").ravel().astype(object)
