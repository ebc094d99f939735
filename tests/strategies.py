"""Columns and frames as users have them, for hypothesis: every dtype, odd cells, odd names."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import settings
from hypothesis import strategies as st

QUICK = settings(max_examples=12, deadline=None, derandomize=True)
"""For tests that run once for each flavour of column."""

MAX_ROWS = 30  # so that no level of a category is pooled


@dataclasses.dataclass(frozen=True)
class Flavour:
    """A kind of column: what its present cells are, what a missing one is, and how a series is made of them.

    Args:
        cells: draws one present cell.
        make: builds the series of a list of cells.
        missing: the missing cell, a list of one; empty where the dtype has none.
    """

    cells: st.SearchStrategy[Any]
    make: Callable[[list[Any]], pd.Series]
    missing: tuple[Any, ...] = ()

    @st.composite
    @staticmethod
    def _lists(draw: st.DrawFn, flavour: Flavour, min_rows: int, max_rows: int) -> list[Any]:
        """A few cells, each row one of them: repeats are common, and so are constant and all-missing columns."""
        pool = draw(st.lists(flavour.cells, min_size=1, max_size=max_rows))
        choices = [*pool, *flavour.missing]
        if flavour.missing and draw(st.integers(0, 9)) == 0:
            choices = list(flavour.missing)
        return draw(st.lists(st.sampled_from(choices), min_size=min_rows, max_size=max_rows))

    def series(self, min_rows: int = 1, max_rows: int = MAX_ROWS) -> st.SearchStrategy[pd.Series]:
        """Draw a series."""
        return self._lists(self, min_rows, max_rows).map(self.make)


def _with(dtype: Any) -> Callable[[list[Any]], pd.Series]:
    return lambda cells: pd.Series(cells, dtype=dtype)


def objects(cells: list[Any]) -> pd.Series:
    """Make an object column, each cell as it is."""
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return pd.Series(array, dtype=object)


def arrow(kind: pa.DataType) -> Callable[[list[Any]], pd.Series]:
    """Make Arrow-backed columns of one type."""
    return lambda cells: pd.Series(pd.array(pa.array(cells, type=kind), dtype=pd.ArrowDtype(kind)))


def _codes(dtype: pd.CategoricalDtype) -> Flavour:
    def make(codes: list[int]) -> pd.Series:
        return pd.Series(pd.Categorical.from_codes(np.array(codes, dtype=np.int64), dtype=dtype))

    return Flavour(st.integers(0, len(dtype.categories) - 2), make, (-1,))  # the last category is never used


def _ticks(unit: str) -> st.SearchStrategy[int]:
    """Moments in a unit, on the lattice of the unit or of whole days; within 2^53 steps of each other."""
    day = 86_400 * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    days = min(20_000, 2**51 // day)
    return st.integers(-(2**33), 2**33) | st.integers(-days, days).map(lambda k: k * day)


def _instants(unit: str, tz: str | None) -> Callable[[list[Any]], pd.Series]:
    def make(ticks: list[int]) -> pd.Series:
        stamps = pd.Series(np.array(ticks, dtype=np.int64).view(f"M8[{unit}]"))
        return stamps if tz is None else stamps.dt.tz_localize("UTC").dt.tz_convert(tz)

    return make


def _sparse(subtype: str, fill: Any) -> Callable[[list[Any]], pd.Series]:
    dtype = pd.SparseDtype(subtype, fill)
    return lambda cells: pd.Series(pd.arrays.SparseArray(np.array(cells, dtype=subtype), dtype=dtype))


def _integers(width: str) -> st.SearchStrategy[int]:
    bounds = np.iinfo(width)
    low, high = int(bounds.min), int(bounds.max)
    return st.integers(low, high) | st.integers(max(low, -9), 99) | st.sampled_from([low, high])


def _floats(width: int) -> st.SearchStrategy[float]:
    tidy = st.integers(-999, 999).map(lambda k: float(np.dtype(f"f{width // 8}").type(k / 100)))
    return st.floats(width=width, allow_nan=False, allow_infinity=False) | tidy | st.just(0.0)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6) | st.sampled_from(
    ["", " ", "nan", "NA"]
)
DATES = st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))
MOMENTS = st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)).map(lambda m: m.replace(microsecond=0))
SPANS = st.integers(-(10**9), 10**9).map(lambda s: dt.timedelta(seconds=s))
CENTS = st.integers(-(10**9), 10**9).map(lambda c: decimal.Decimal(c) / 100)
NUMBER_WIDTHS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
STRING_DTYPES = {
    f"string {storage} {'NA' if na is pd.NA else 'nan'}": pd.StringDtype(storage, na_value=na)
    for storage in ("python", "pyarrow")
    for na in (pd.NA, np.nan)
}
CATEGORIES: dict[str, list[Any]] = {
    "text": ["lo", "", "hi", "unused"],
    "ints": [3, 1, 2, 99],
    "floats": [2.5, -1.0, 0.0],
    "dates": [pd.Timestamp("2024-02-29"), pd.Timestamp("1999-01-01"), pd.Timestamp("2030-01-01")],
    "bools": [True, False],
    "intervals": list(pd.interval_range(0, 3)),
}


def _flavours() -> dict[str, Flavour]:
    found: dict[str, Flavour] = {}
    for width in NUMBER_WIDTHS:
        found[width] = Flavour(_integers(width), _with(width))
        nullable = width.replace("int", "Int").replace("uI", "UI")
        found[nullable] = Flavour(_integers(width), _with(nullable), (pd.NA,))
        found[f"arrow {width}"] = Flavour(_integers(width), arrow(getattr(pa, width)()), (None,))
    for bits in (16, 32, 64):
        found[f"float{bits}"] = Flavour(_floats(bits), _with(f"float{bits}"), (np.nan,))
        found[f"arrow float{bits}"] = Flavour(
            _floats(bits).map(np.dtype(f"float{bits}").type), arrow(getattr(pa, f"float{bits}")()), (None,)
        )
    found["Float32"] = Flavour(_floats(32), _with("Float32"), (pd.NA,))
    found["Float64"] = Flavour(_floats(64), _with("Float64"), (pd.NA,))
    found["bool"] = Flavour(st.booleans(), _with(bool))
    found["boolean"] = Flavour(st.booleans(), _with("boolean"), (pd.NA,))
    found["arrow bool"] = Flavour(st.booleans(), arrow(pa.bool_()), (None,))
    for name, dtype in STRING_DTYPES.items():
        found[name] = Flavour(TEXT, _with(dtype), (None,))
    for kind in (pa.string(), pa.large_string(), pa.binary()):
        cells = TEXT if kind != pa.binary() else st.binary(max_size=3)
        found[f"arrow {kind}"] = Flavour(cells, arrow(kind), (None,))
    for name, values in CATEGORIES.items():
        for ordered in (False, True):
            found[f"category {name} {ordered}"] = _codes(pd.CategoricalDtype(values, ordered))
    return found | _object_flavours() | _time_flavours() | _odd_flavours()


def _object_flavours() -> dict[str, Flavour]:
    found = {f"object text {missing}": Flavour(TEXT, objects, (missing,)) for missing in (None, np.nan, pd.NA)}
    cells: dict[str, st.SearchStrategy[Any]] = {
        "dates": DATES,
        "datetimes": MOMENTS,
        "timedeltas": SPANS,
        "times": st.times().map(lambda t: t.replace(microsecond=0)),
        "decimals": CENTS,
        "ints": st.integers(-(2**52), 2**52) | st.integers(0, 9),
        "huge ints": st.integers(2**64, 2**70),
        "floats": _floats(64),
        "ints and floats": st.integers(-9, 9) | _floats(64),
        "bools": st.booleans(),
        "bytes": st.binary(max_size=3),
        "tuples": st.tuples(st.integers(0, 2), st.sampled_from("ab")),
        "timestamps": st.integers(0, 10**9).map(lambda s: pd.Timestamp(s, unit="s")),
    }
    return found | {f"object {name}": Flavour(strategy, objects, (None,)) for name, strategy in cells.items()}


def _time_flavours() -> dict[str, Flavour]:
    found: dict[str, Flavour] = {}
    nat = (np.iinfo(np.int64).min,)
    for unit in ("s", "ms", "us", "ns"):
        for tz in (None, "UTC", "Europe/Berlin", "+05:30"):
            found[f"datetime64[{unit}] {tz}"] = Flavour(_ticks(unit), _instants(unit, tz), nat)
        found[f"timedelta64[{unit}]"] = Flavour(
            _ticks(unit), lambda t, unit=unit: pd.Series(np.array(t, dtype=np.int64).view(f"m8[{unit}]")), nat
        )
        for kind in (pa.timestamp(unit), pa.timestamp(unit, "Europe/Berlin"), pa.duration(unit)):
            found[f"arrow {kind}"] = Flavour(_ticks(unit), arrow(kind), (None,))
    times = st.times().map(lambda t: t.replace(microsecond=0))
    for kind, cells in ((pa.date32(), DATES), (pa.date64(), DATES), (pa.time32("s"), times), (pa.time64("ns"), times)):
        found[f"arrow {kind}"] = Flavour(cells, arrow(kind), (None,))
    for freq in ("D", "M", "h"):
        cells = st.integers(-500, 50_000).map(lambda k, freq=freq: pd.Period(ordinal=k, freq=freq))
        found[f"period {freq}"] = Flavour(cells, _with(pd.PeriodDtype(freq)), (pd.NaT,))
    return found


def _odd_flavours() -> dict[str, Flavour]:
    small = st.integers(0, 3)
    words = pa.dictionary(pa.int32(), pa.string())
    intervals = st.sampled_from(list(pd.interval_range(0, 4)))
    return {
        "sparse float": Flavour(_floats(64), _sparse("float64", np.nan), (np.nan,)),
        "sparse float 0": Flavour(_floats(64), _sparse("float64", 0.0), (np.nan,)),
        "sparse int": Flavour(small, _sparse("int64", 0)),
        "sparse bool": Flavour(st.booleans(), _sparse("bool", False)),
        "arrow decimal128": Flavour(CENTS, arrow(pa.decimal128(14, 2)), (None,)),
        "arrow decimal256": Flavour(CENTS, arrow(pa.decimal256(50, 4)), (None,)),
        "arrow dictionary": Flavour(TEXT, arrow(words), (None,)),
        "arrow null": Flavour(st.none(), arrow(pa.null())),
        "interval": Flavour(intervals, _with(pd.IntervalDtype("int64", "right"))),
    }


FLAVOURS = _flavours()
NAMES = (
    st.integers(-3, 3)
    | st.none()
    | st.sampled_from(["", "a", "β", "a b", ("a", 1), ("a", "b"), 2.5, dt.date(2024, 1, 1)])
)


@st.composite
def frames(draw: st.DrawFn, min_rows: int = 1, max_rows: int = MAX_ROWS, max_columns: int = 4) -> pd.DataFrame:
    """Draw a frame of several flavours under odd names, or of one row repeated."""
    flavours = draw(st.lists(st.sampled_from(sorted(FLAVOURS)), min_size=1, max_size=max_columns))
    rows = draw(st.integers(min_rows, max_rows))
    series = [draw(FLAVOURS[name].series(rows, rows)) for name in flavours]
    frame = pd.concat(series, axis=1, keys=range(len(series)))
    names = draw(st.lists(NAMES, min_size=len(series), max_size=len(series), unique=True))
    frame.columns = pd.Index(names, dtype=object, tupleize_cols=False, name=draw(st.sampled_from([None, "label"])))
    if draw(st.integers(0, 5)) == 0:
        frame = frame.iloc[[0] * rows].reset_index(drop=True)
    return frame


def through_json(data: Any) -> Any:
    """Write and read the JSON parts of a nested document as a model folder does; arrays stay arrays."""
    if isinstance(data, np.ndarray):
        return data.copy()
    if isinstance(data, dict):
        return {json.loads(json.dumps(key)): through_json(value) for key, value in data.items()}
    if isinstance(data, list):
        return [through_json(value) for value in data]
    return json.loads(json.dumps(data))
