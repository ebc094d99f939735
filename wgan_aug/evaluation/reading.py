"""Cells of real, synthetic and held-out rows as numbers or text, read as what the real rows say that a column is."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.numbers import NumberCodec
from wgan_aug.errors import InvalidDataError, WganAugError, join_problems
from wgan_aug.schema.columns import ColumnSchema
from wgan_aug.schema.storage import find_storage

__all__ = ["MISSING", "match_codes", "read_columns", "sort_of_cells"]

MISSING = "<nan>"
"""The level that stands for a missing category."""

_FAMILIES = {  # ways to store cells that can be read as each other
    "float": "number",
    "int": "number",
    "decimal": "number",
    "datetime": "date",
    "period": "date",
    "date": "date",
}
_NOT_READ_AS = {"number": ("date", "timedelta"), "date": ("number", "bool", "timedelta")}
_NOT_READ_AS["timedelta"] = ("number", "bool", "date")


def sort_of_cells(series: pd.Series) -> str:
    """Return what sort of cells a column has: "number", "date", "timedelta", "bool" or "text"; else "any".

    Examples:
        >>> sort_of_cells(pd.Series([1.5])), sort_of_cells(pd.Series(["a"])), sort_of_cells(pd.Series([None]))
        ('number', 'text', 'any')
    """
    try:
        storage = find_storage(series) if series.notna().any() else "any"
    except WganAugError:  # cells that `infer_schema` tells of
        return "any"
    return _FAMILIES.get(storage, storage)


def match_codes(real: pd.DataFrame, holdout: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both frames with columns of codes as text where one file has them as text, and the other as numbers.

    Files of zip codes are read so, where only one of them has a code with a leading zero.

    Args:
        real: the rows that were learned from.
        holdout: rows that were not, with the same columns.

    Raises:
        InvalidDataError: for columns that are of different sorts, and no codes, all in one error.

    Examples:
        >>> match_codes(pd.DataFrame({"zip": ["01234", "94103"]}), pd.DataFrame({"zip": [2139]}))[1]["zip"].tolist()
        ['2139']
    """
    frames, problems = [real.copy(deep=False), holdout.copy(deep=False)], list[str]()
    for name in real.columns:
        sorts = [sort_of_cells(frame[name]) for frame in frames]
        if "any" in sorts or sorts[0] == sorts[1]:
            continue
        codes = sorts in (["text", "number"], ["number", "text"])
        found = _are_numbers(frames[sorts.index("text")][name].dropna().unique()) if codes else np.zeros(1, dtype=bool)
        if found.any() if sorts[0] == "text" else found.all():
            for frame in frames:
                frame[name] = frame[name].map(_as_text, na_action="ignore").astype(object)
        else:
            problems.append(
                f"Column {name!r} is {real[name].dtype} in the real data, and {holdout[name].dtype} in the holdout "
                "data, which cannot be read as such."
            )
    if problems:
        raise InvalidDataError(join_problems(problems))
    return frames[0], frames[1]


def _are_numbers(texts: Iterable[object]) -> np.ndarray:
    """Say which texts are numbers."""
    return pd.to_numeric(pd.Series(list(texts), dtype=object), errors="coerce").notna().to_numpy(dtype=bool)


def _as_text(value: Any) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def read_columns(
    frames: dict[str, pd.DataFrame], everything: pd.DataFrame, columns: list[ColumnSchema], numeric: list[Hashable]
) -> dict[str, pd.DataFrame]:
    """Return the columns of each frame as float64 numbers, NaN where missing, or as text, `MISSING` where missing.

    Args:
        frames: by side, `"real"` first.
        everything: all real rows, which say what dates and durations are counted from.
        columns: what each column is.
        numeric: the names of those that become numbers.

    Raises:
        InvalidDataError: for columns whose cells cannot be read as what the real ones are, all in one error.
    """
    problems: list[str] = []
    out: dict[str, dict[Hashable, np.ndarray]] = {name: {} for name in frames}
    for column in columns:
        codec = _codec(column, everything[column.name]) if column.name in numeric else None
        for name, frame in frames.items():
            series = frame[column.name]
            try:
                read = _numbers(series, codec, column) if column.name in numeric else _levels(series, column)
                if name == "synthetic" and column.name not in numeric:
                    _check_levels(series, column, read, out["real"].get(column.name, read))
                out[name][column.name] = read
            except (ValueError, TypeError, WganAugError, ArithmeticError):
                problems.append(
                    f"Column {column.name!r} is {column.kind} ({column.dtype}) in the real data, and {series.dtype} in "
                    f"the {name} data, which cannot be read as such."
                )
    if problems:
        raise InvalidDataError(join_problems(problems))
    return {
        name: pd.DataFrame({column: pd.Series(v, dtype=v.dtype) for column, v in values.items()})
        for name, values in out.items()
    }


def _codec(column: ColumnSchema, series: pd.Series) -> NumberCodec | None:
    """Return what reads dates and durations as numbers; None where values are numbers as they are."""
    if column.storage in ("float", "int", "decimal"):
        return None
    codec = NumberCodec(column)
    codec.fit_numbers(series)
    return codec


def _numbers(series: pd.Series, codec: NumberCodec | None, column: ColumnSchema) -> np.ndarray:
    sort = "date" if column.storage == "text" else _FAMILIES.get(column.storage, column.storage)
    if sort_of_cells(series) in _NOT_READ_AS[sort]:
        raise TypeError(sort)
    if codec is None:
        return pd.to_numeric(series).to_numpy(dtype=np.float64, na_value=np.nan)
    if series.isna().all():
        return np.full(len(series), np.nan)
    numbers, absent = codec.numbers(series)
    return np.where(absent, np.nan, numbers)


def _levels(series: pd.Series, column: ColumnSchema) -> np.ndarray:
    """Return text; numbers that mean the same are written the same (1 and 1.0), missing cells are `MISSING`.

    Among numbers, other text is a level of its own: one that no real row has.
    """
    absent = series.isna().to_numpy(dtype=bool)
    if column.storage in ("float", "int") and not isinstance(column.dtype, pd.CategoricalDtype):
        values = pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        distinct, codes = np.unique(values, return_inverse=True)
        text = np.array([f"{value:.15g}" for value in distinct], dtype=object)[codes]
        strange = np.isnan(values) & ~absent
        text[strange] = series[strange].astype(str).to_numpy(dtype=object)
    else:
        codes, levels = pd.factorize(series.astype(object))
        names = {0: "False", 1: "True"} if column.storage == "bool" else {MISSING: repr(MISSING)}
        text = np.array([*(names.get(level, str(level)) for level in levels), MISSING], dtype=object)[codes]
    return np.where(absent, np.array(MISSING, dtype=object), text)


def _check_levels(series: pd.Series, column: ColumnSchema, levels: np.ndarray, known: np.ndarray) -> None:
    """Refuse levels none of which is a real one, where cells are of another sort, but for numbers among codes."""
    sorts = {sort_of_cells(series), _FAMILIES.get(column.storage, column.storage)}
    if "any" in sorts or len(sorts) == 1 or pd.Index(pd.unique(levels)).isin(pd.unique(known)).any():
        return
    if sorts != {"text", "number"} or not _are_numbers(pd.unique(known)).any():
        raise TypeError(sorts)
