"""The cells of a time index as ticks: whole numbers on the index's own lattice where it has one, else floats."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd

from wgan_aug.encoding.numbers import NumberCodec, float_precision, ticks_of
from wgan_aug.errors import InvalidDataError, WganAugError
from wgan_aug.schema.columns import ColumnSchema
from wgan_aug.schema.inference import infer_column
from wgan_aug.schema.values import JSON

__all__ = ["Ticks"]

_EXACT = 2.0**53
_MONTHS = 3  # different ones at least, before dates count months
_DAY = 86_400 * 10**9
_UNITS = {1: "ns", 10**3: "us", 10**6: "ms", 10**9: "s", _DAY: "D"}
_STORED = ("int", "float", "decimal", "datetime", "timedelta", "period", "date")


@dataclasses.dataclass
class Ticks:
    """Exact change between the cells of a time index and ticks.

    Integers, dates and durations count the lattice steps from the smallest cell, or several of them at once where they
    are more than a float can count; floats with a few decimals count those decimals (0.25 is 25). Other floats are
    their own ticks. Dates that all are the beginning, the same day or the end of a month count months, so that monthly
    and yearly times are regular; those in a time zone do not.

    Args:
        column: the index's schema.
        codec: reads and writes its cells.
        decimals: the decimals that are counted; None where ticks are not counted decimals.
        in_month: how far all dates are from the beginning of a month, in the dtype's unit; None where ticks are not
            months.
    """

    column: ColumnSchema
    codec: NumberCodec
    decimals: int | None = None
    in_month: int | None = None

    @classmethod
    def fit(cls, series: pd.Series) -> Ticks:
        """Learn the lattice of a time index that has no missing cells.

        Raises:
            InvalidDataError: for cells that are neither numbers, dates (text in an ISO-like format, too) nor durations.

        Examples:
            >>> ticks = Ticks.fit(pd.Series(pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-07"]), name="day"))
            >>> ticks.read(pd.Series(pd.to_datetime(["2024-01-03", "2024-01-09"]))).tolist()
            [1, 4]
        """
        column = _column_of(series)
        codec = NumberCodec(column)
        numbers, _ = codec.fit_numbers(series)
        if column.storage not in ("float", "decimal"):
            in_month = _find_month(codec, numbers)
            if in_month is not None:
                codec.step = _DAY // ticks_of(column)
                codec.span = _room(column, codec)
                return cls(column, codec, in_month=in_month)
            codec.step *= -(-codec.span // int(_EXACT / 4)) or 1  # nanoseconds over years: ticks of some of them
            codec.span = _room(column, codec)
            return cls(column, codec)
        counted = codec.decimals is not None and bool(np.abs(numbers).max() * 10.0**codec.decimals < _EXACT / 4)
        return cls(column, codec, codec.decimals if counted else None)

    @property
    def whole(self) -> bool:
        """Whether ticks are whole numbers."""
        return self.column.storage not in ("float", "decimal") or self.decimals is not None

    @property
    def last(self) -> float:
        """The largest tick that the dtype holds."""
        if self.column.storage in ("float", "decimal"):
            return np.inf
        span = float(self.codec.span)
        return span if self.in_month is None else np.floor(span / 32)

    def read(self, series: pd.Series) -> np.ndarray:
        """Return the tick of each cell, int64 where they are whole, else float64, shape (rows,)."""
        numbers, _ = self.codec.numbers(series)
        if not self.whole:
            return numbers
        if self.in_month is not None:
            months = self._months(np.append(0.0, numbers))
            return months[1:] - months[0]
        return np.rint(numbers if self.decimals is None else numbers * 10.0**self.decimals).astype(np.int64)

    def write(self, ticks: np.ndarray) -> pd.Series:
        """Return the cell of each tick, in the index's dtype."""
        if self.in_month is not None:
            months = (ticks + self._months(np.zeros(1))).view("M8[M]")
            stamps = months.astype(_moment(self.column)).view(np.int64) + self.in_month
            return self.codec.cells((stamps - self.codec.origin) / self.codec.step, np.zeros(len(ticks), dtype=bool))
        numbers = ticks / 10.0**self.decimals if self.decimals is not None else ticks.astype(np.float64)
        return self.codec.cells(numbers, np.zeros(len(ticks), dtype=bool))

    def _months(self, numbers: np.ndarray) -> np.ndarray:
        """Return the months since 1970 of the codec's numbers."""
        stamps = self.codec.origin + self.codec.step * np.rint(numbers).astype(np.int64)
        return (stamps - (self.in_month or 0)).view(_moment(self.column)).astype("M8[M]").astype(np.int64)

    def apart(self, ticks: np.ndarray) -> np.ndarray:
        """Return ticks that increase along the last axis, rounded to the dtype too, each moved as little as it takes.

        Args:
            ticks: nondecreasing along the last axis, shape (sequences, steps).
        """
        steps = np.arange(ticks.shape[1])
        if self.whole:
            return np.maximum.accumulate(ticks - steps, axis=1) + steps
        precision = float_precision(self.column.dtype)
        out = ticks.astype(precision)
        for step in steps[1:]:
            out[:, step] = np.maximum(out[:, step], np.nextafter(out[:, step - 1], precision.type(np.inf)))
        return out.astype(np.float64)

    def to_json(self) -> dict[str, JSON]:
        """Return what `from_json` reads back."""
        plain = {"decimals": self.decimals, "in_month": self.in_month}
        return {"column": self.column.to_json(), "codec": self.codec.to_json()} | plain

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Ticks:
        """Read what `to_json` wrote."""
        column = ColumnSchema.from_json(data["column"])
        return cls(column, NumberCodec.from_json(data["codec"], column), data["decimals"], data["in_month"])


def _column_of(series: pd.Series) -> ColumnSchema:
    what = f"The sequence_index {series.name!r} cannot order steps in time"
    try:
        column = infer_column(series)
    except WganAugError as error:
        raise InvalidDataError(f"{what}: {error}") from error
    if column.storage in _STORED or column.kind == "datetime":
        return column
    raise InvalidDataError(
        f"{what}: its cells are {column.storage} ({column.dtype}, for instance {series.tolist()[0]!r}). It can hold "
        "numbers, dates or durations; turn text into dates by pd.to_datetime(..., format=...)."
    )


def _moment(column: ColumnSchema) -> str:
    """Return the numpy dtype that counts a column of dates in its own unit."""
    return f"M8[{_UNITS[ticks_of(column)]}]"


def _find_month(codec: NumberCodec, numbers: np.ndarray) -> int | None:
    """Return how far all dates are from the beginning of a month; None where they differ, or there are few months."""
    column = codec.column
    if column.storage not in ("datetime", "date", "text") or getattr(column.dtype, "tz", None) is not None:
        return None
    stamps = codec.origin + codec.step * numbers.astype(np.int64)
    first = stamps[:1].view(_moment(column)).astype("M8[M]")
    day = _DAY // ticks_of(column)
    for begin, least, most in ((first, 0, 28 * day), (first + 1, -day, 0)):
        off = int(stamps[0] - begin.astype(_moment(column)).view(np.int64)[0])
        months = (stamps - off).view(_moment(column)).astype("M8[M]")
        same = (months.astype(_moment(column)).view(np.int64) == stamps - off).all()
        if least <= off < most and same and len(np.unique(months)) >= _MONTHS:
            return off
    return None


def _room(column: ColumnSchema, codec: NumberCodec) -> int:
    """Return how many lattice steps the dtype reaches above the smallest cell."""
    top = 2**63 - 1
    if column.storage == "int" and column.dtype != np.dtype(object):
        width = getattr(column.dtype, "numpy_dtype", column.dtype)
        top = int(np.iinfo(width).max)
    return min((top - codec.origin) // codec.step, int(_EXACT / 2))
