"""Cells of a numeric, date or duration column as float64 numbers, and back to the column's own dtype."""

from __future__ import annotations

import dataclasses
import decimal
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from wgan_aug.schema.cells import dense, float_values, missing_cells
from wgan_aug.schema.columns import ColumnSchema
from wgan_aug.schema.dates import parse_dates, write_dates
from wgan_aug.schema.values import JSON

__all__ = ["NumberCodec", "float_precision", "integers_of", "ticks_of"]

MAX_DECIMALS = 15
_OBJECT_UNITS = {  # how Python's own objects are read, and the numpy dtype that gives them back
    "date": (pa.date32(), "M8[D]"),
    "datetime": (pa.timestamp("us"), "M8[us]"),
    "timedelta": (pa.duration("us"), "m8[us]"),
}
_NANOSECONDS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "D": 86_400 * 10**9}
_U64 = np.uint64


@dataclasses.dataclass
class NumberCodec:
    """Exact change between a column's cells and numbers.

    Floats are numbers as they are, with the decimals that the column has. Integers, dates and durations count the
    steps of the column's own lattice from its smallest value, so that what comes back lies on it, in its bounds:
    whole days stay whole days, and a price in cents stays one.

    Args:
        column: the column's schema.
        decimals: the decimals that all floats have; None where they have more than 15.
        origin: the smallest integer.
        step: the greatest common divisor of the integers' distances from `origin`.
        span: the number of steps between the smallest and the largest integer.
    """

    column: ColumnSchema
    decimals: int | None = None
    origin: int = 0
    step: int = 1
    span: int = 0

    @property
    def _floats(self) -> bool:
        return self.column.storage in ("float", "decimal")

    def fit_numbers(self, series: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        """Learn decimals, or origin and step, from the present cells; return what `numbers` does."""
        if self._floats:
            values, absent = _floats_of(series)
            scale: int | None = getattr(getattr(series.dtype, "pyarrow_dtype", None), "scale", None)
            self.decimals = _count_decimals(values[~absent], series) if scale is None else scale
            return values, absent
        integers, absent = integers_of(series, self.column)
        present = integers[~absent]
        if len(present):
            self.origin = int(present.min())
            steps = _distance(present, self.origin)
            self.step = int(np.gcd.reduce(steps)) or 1
            self.span = int(steps.max()) // self.step
        return self._steps(integers, absent), absent

    def numbers(self, series: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        """Return float64 numbers (0 where missing) and the mask of missing cells, each of shape (rows,)."""
        if self._floats:
            return _floats_of(series)
        if self.column.storage == "int" and pd.api.types.is_float_dtype(series.dtype):
            values, absent = _floats_of(series)
            return np.where(absent, 0.0, (values - self.origin) / self.step), absent
        integers, absent = integers_of(series, self.column)
        return self._steps(integers, absent), absent

    def _steps(self, integers: np.ndarray, absent: np.ndarray) -> np.ndarray:
        """Return how many steps each integer is above the origin; below it, and between two steps, too."""
        below = integers < np.array(self.origin, dtype=integers.dtype)
        above = _distance(integers, self.origin)
        distance = np.where(below, _U64(0) - above, above)
        whole = distance // _U64(self.step)
        rest = distance - whole * _U64(self.step)
        steps = whole.astype(np.float64) + rest.astype(np.float64) / self.step
        return np.where(absent, 0.0, np.where(below, -steps, steps))

    def cells(self, numbers: np.ndarray, absent: np.ndarray) -> pd.Series:
        """Return a series of the column's dtype, on the column's lattice.

        Args:
            numbers: float64, shape (rows,); finite where present.
            absent: the mask of missing cells, shape (rows,).
        """
        if self._floats:
            values = numbers if self.decimals is None else np.round(numbers, self.decimals) + 0.0
            return _float_cells(values, absent, self.column, self.decimals)
        steps = np.rint(np.where(absent, 0.0, numbers))
        top = steps >= float(self.span)
        whole = np.where(top, _U64(self.span), np.where(top, 0.0, np.maximum(steps, 0.0)).astype(_U64))
        return _integer_cells(whole * _U64(self.step) + _bits(self.origin), absent, self.column)

    def to_json(self) -> dict[str, JSON]:
        """Return a JSON object that `from_json` reads back."""
        return {"decimals": self.decimals, "origin": self.origin, "step": self.step, "span": self.span}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], column: ColumnSchema) -> NumberCodec:
        """Read what `to_json` wrote."""
        return cls(column, **data)


def _distance(integers: np.ndarray, origin: int) -> np.ndarray:
    """Return `integers - origin` as uint64, right over the whole range of 64 bits."""
    return integers.view(_U64) - _bits(origin)


def _bits(integer: int) -> np.uint64:
    """Return the 64 bits of a signed or unsigned integer."""
    return _U64(integer % 2**64)


def _floats_of(series: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    values = float_values(series)
    absent = np.isnan(values)
    return np.where(absent, 0.0, values), absent


def _count_decimals(values: np.ndarray, series: pd.Series) -> int | None:
    """Return the fewest decimals that leave every value as it is, judged in the column's own precision."""
    if not len(values):
        return None
    precision = float_precision(series.dtype)
    head = values[:1000]
    with np.errstate(over="ignore"):  # huge numbers have no decimals to count
        for decimals in range(MAX_DECIMALS + 1):
            if all((np.round(v, decimals).astype(precision) == v).all() for v in (head, values)):
                return decimals
    return None


def float_precision(dtype: Any) -> np.dtype:
    """Return the numpy dtype of a column's floats, float64 where it has none."""
    plain = getattr(dtype, "subtype", getattr(dtype, "numpy_dtype", dtype))
    return plain if plain.kind == "f" else np.dtype(np.float64)


def integers_of(series: pd.Series, column: ColumnSchema) -> tuple[np.ndarray, np.ndarray]:
    """Return int64 (uint64 for unsigned columns) values, anything where missing, and the mask of missing cells."""
    storage = column.storage
    if storage in ("datetime", "timedelta", "period") and series.dtype != column.dtype:
        series = series.astype(column.dtype)  # the unit is the fitted one
    absent = missing_cells(series)
    series = dense(series)
    if storage == "text":
        dates = parse_dates(series, column.datetime_format or "")
        return dates.view("i8"), np.isnat(dates)
    if isinstance(series.dtype, pd.ArrowDtype):
        return _arrow_integers(pa.chunked_array(pa.array(series))), absent  # type: ignore[arg-type]
    if column.dtype == np.dtype(object) and storage in _OBJECT_UNITS:
        cells = series.astype(object).to_numpy()
        return _arrow_integers(pa.array(cells, _OBJECT_UNITS[storage][0], mask=absent)), absent
    if storage in ("datetime", "timedelta"):
        plain = series.dt.tz_convert("UTC").dt.tz_localize(None) if getattr(series.dtype, "tz", None) else series
        return plain.to_numpy().view("i8"), absent
    if storage == "period":
        return np.asarray(series.array.asi8), absent  # type: ignore[union-attr]
    if series.dtype == np.dtype(object):
        return np.array([0 if m else int(v) for v, m in zip(series, absent, strict=True)], dtype=np.int64), absent
    unsigned = str(series.dtype).lower() == "uint64"
    return series.to_numpy(dtype=_U64 if unsigned else np.int64, na_value=0), absent


def ticks_of(column: ColumnSchema) -> int:
    """Return how many nanoseconds one integer of a column of dates or durations stands for; 1 for plain integers."""
    if column.storage == "int":
        return 1
    dtype = column.dtype
    if column.storage in ("text", "date") or dtype == np.dtype(object):
        return _NANOSECONDS["D" if column.storage == "date" and dtype == np.dtype(object) else "us"]
    if isinstance(dtype, pd.ArrowDtype):
        kind = dtype.pyarrow_dtype
        days = pa.types.is_date32(kind)
        return _NANOSECONDS["D" if days else "ms" if pa.types.is_date64(kind) else kind.unit]
    return _NANOSECONDS[dtype.unit if isinstance(dtype, pd.DatetimeTZDtype) else np.datetime_data(dtype)[0]]


def _arrow_integers(array: Any) -> np.ndarray:
    kind = array.type
    if pa.types.is_uint64(kind):
        return array.fill_null(0).to_numpy()
    if pa.types.is_date32(kind) or pa.types.is_time32(kind):
        array = array.cast(pa.int32())
    return array.cast(pa.int64()).fill_null(0).to_numpy()


def _float_cells(values: np.ndarray, absent: np.ndarray, column: ColumnSchema, decimals: int | None) -> pd.Series:
    dtype = column.dtype
    if column.storage == "decimal" or dtype == np.dtype(object):
        cells = [
            column.missing_value if m else _float_cell(v, column, decimals)
            for v, m in zip(values.tolist(), absent, strict=True)
        ]
        return pd.Series(cells, dtype=dtype)
    if isinstance(dtype, pd.ArrowDtype):
        return pd.Series(pd.array(pa.array(values, mask=absent).cast(dtype.pyarrow_dtype), dtype=dtype))
    if pd.api.types.is_extension_array_dtype(dtype) and not isinstance(dtype, pd.SparseDtype):
        plain: Any = getattr(dtype, "numpy_dtype", np.float64)
        return pd.Series(pd.arrays.FloatingArray(values.astype(plain), absent.copy()))
    return pd.Series(np.where(absent, np.nan, values)).astype(dtype)


def _float_cell(value: float, column: ColumnSchema, decimals: int | None) -> float | decimal.Decimal:
    if column.storage != "decimal":
        return value
    return decimal.Decimal(repr(value) if decimals is None else f"{value:.{decimals}f}")


def _integer_cells(integers: np.ndarray, absent: np.ndarray, column: ColumnSchema) -> pd.Series:
    """Give uint64 bit patterns the column's dtype."""
    dtype, storage, signed = column.dtype, column.storage, integers.view(np.int64)
    ticks = np.where(absent, np.iinfo(np.int64).min, signed)
    is_object = dtype == np.dtype(object)
    if storage == "text":
        cells = write_dates(ticks.view("M8[us]"), column.datetime_format or "")
        cells[absent] = column.missing_value if is_object else pd.NA if isinstance(dtype, pd.ArrowDtype) else np.nan
        return pd.Series(cells, dtype=object).astype(dtype)
    if isinstance(dtype, pd.ArrowDtype):
        return _arrow_cells(integers, absent, dtype)
    if is_object and storage in _OBJECT_UNITS:
        cells = ticks.view(_OBJECT_UNITS[storage][1]).astype(object)
        cells[absent] = column.missing_value
        return pd.Series(cells, dtype=object)
    if storage in ("datetime", "timedelta"):
        if getattr(dtype, "tz", None):
            stamps: Any = pd.Series(ticks.view(f"M8[{dtype.unit}]"))
            return stamps.dt.tz_localize("UTC").dt.tz_convert(dtype.tz)
        return pd.Series(ticks.view(dtype))
    if storage == "period":
        return pd.Series(pd.arrays.PeriodArray(ticks, dtype=dtype))
    if is_object:
        cells = [column.missing_value if m else int(v) for v, m in zip(signed, absent, strict=True)]
        return pd.Series(cells, dtype=object)
    if isinstance(dtype, pd.SparseDtype):
        return pd.Series(signed.astype(dtype.subtype)).astype(dtype)
    if pd.api.types.is_extension_array_dtype(dtype):
        plain: Any = getattr(dtype, "numpy_dtype", np.int64)
        return pd.Series(pd.arrays.IntegerArray(integers.astype(plain, copy=False), absent.copy()))
    return pd.Series(integers.astype(dtype))


def _arrow_cells(integers: np.ndarray, absent: np.ndarray, dtype: pd.ArrowDtype) -> pd.Series:
    kind = dtype.pyarrow_dtype
    array: Any = pa.array(integers if pa.types.is_uint64(kind) else integers.view(np.int64), mask=absent)
    if pa.types.is_date32(kind) or pa.types.is_time32(kind):
        array = array.cast(pa.int32())
    return pd.Series(pd.array(array.cast(kind), dtype=dtype))
