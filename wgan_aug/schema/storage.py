"""How the cells of a column are stored, and what cells cannot be learned."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from wgan_aug.errors import DataTypeError, DataWarning, InvalidDataError, WganAugError
from wgan_aug.schema.cells import float_values
from wgan_aug.schema.columns import Storage
from wgan_aug.schema.values import value_to_json

__all__ = ["check_cells", "find_missing_value", "find_storage"]

_OBJECT_STORAGE: dict[str, Storage] = {
    "string": "text",
    "boolean": "bool",
    "integer": "int",
    "floating": "float",
    "mixed-integer-float": "float",
    "decimal": "decimal",
    "date": "date",
    "datetime": "datetime",
    "timedelta": "timedelta",
}


def find_storage(series: pd.Series) -> Storage:
    """Return how the cells of a column are stored, whatever they mean.

    Raises:
        DataTypeError: for complex numbers and nested Arrow types.

    Examples:
        >>> find_storage(pd.Series(["a", None], dtype=object)), find_storage(pd.Series([1, 2]))
        ('text', 'int')
    """
    dtype: Any = series.dtype
    api = pd.api.types
    if isinstance(dtype, pd.SparseDtype):
        dtype = dtype.subtype
    if api.is_complex_dtype(dtype):
        raise _complex(series.name)
    if isinstance(dtype, pd.CategoricalDtype):
        return "any"
    if isinstance(dtype, pd.ArrowDtype):
        return _arrow_storage(series.name, dtype.pyarrow_dtype)
    if api.is_bool_dtype(dtype):
        return "bool"
    if api.is_integer_dtype(dtype):
        return "int"
    if api.is_float_dtype(dtype):
        return "float"
    if api.is_datetime64_any_dtype(dtype):
        return "datetime"
    if api.is_timedelta64_dtype(dtype):
        return "timedelta"
    if isinstance(dtype, pd.PeriodDtype):
        return "period"
    if isinstance(dtype, pd.StringDtype):
        return "text"
    return _object_storage(series)


def _arrow_storage(name: Hashable, kind: pa.DataType) -> Storage:
    if pa.types.is_nested(kind):
        raise DataTypeError(f"Column {name!r} has nested cells ({kind}); spread them over columns of their own.")
    tests: tuple[tuple[Any, Storage], ...] = (
        (pa.types.is_boolean, "bool"),
        (pa.types.is_integer, "int"),
        (pa.types.is_floating, "float"),
        (pa.types.is_decimal, "decimal"),
        (lambda t: pa.types.is_timestamp(t) or pa.types.is_date(t), "datetime"),
        (lambda t: pa.types.is_duration(t) or pa.types.is_time(t), "timedelta"),
        (lambda t: pa.types.is_string(t) or pa.types.is_large_string(t), "text"),
    )
    for test, storage in tests:
        if test(kind):
            return storage
    return "any"


def _object_storage(series: pd.Series) -> Storage:
    inferred = pd.api.types.infer_dtype(series, skipna=True)
    if inferred == "integer" and not _fits_int64(series):
        return "any"
    if inferred in ("datetime", "timedelta") and not _are_plain(series):
        return "any"
    return _OBJECT_STORAGE.get(inferred, "any")


def _complex(name: Hashable) -> DataTypeError:
    return DataTypeError(
        f"Complex data not supported: column {name!r} has complex numbers. Split it into its real and imaginary parts."
    )


def _fits_int64(series: pd.Series) -> bool:
    present = series.dropna()
    return bool(len(present)) and min(present) >= -(2**63) and max(present) < 2**63


def _are_plain(series: pd.Series) -> bool:
    """Say whether all present cells are Python's own datetimes or timedeltas, without a zone."""
    return all(type(v) in (dt.datetime, dt.timedelta) and getattr(v, "tzinfo", None) is None for v in series.dropna())


def check_cells(present: pd.Series, storage: Storage) -> None:
    """Refuse cells that are no scalars, and infinite numbers; warn of a mixture of types.

    Args:
        present: the column without its missing cells.
        storage: how they are stored.

    Raises:
        DataTypeError: for nested cells and unknown objects.
        InvalidDataError: for infinite numbers.
    """
    if storage == "any":
        dtype = present.dtype
        levels = pd.Series(dtype.categories) if isinstance(dtype, pd.CategoricalDtype) else present
        _check_values(levels, present.name)
    if storage in ("float", "decimal"):
        infinite = int(np.isinf(float_values(present)).sum())
        if infinite:
            raise InvalidDataError(
                f"Column {present.name!r} has {infinite} infinite value{'s' * (infinite > 1)} (inf); "
                "replace them by a missing value or by a bound."
            )


def _check_values(values: pd.Series, name: Hashable) -> None:
    if values.dtype != np.dtype(object):
        return
    try:
        distinct: Iterable[Any] = values.unique()
    except TypeError:
        distinct = values  # cells without a hash
    for value in distinct:
        if isinstance(value, (complex, np.complexfloating)):
            raise _complex(name)
        if isinstance(value, list) or not _is_saveable(value):
            raise DataTypeError(
                f"Column {name!r} has nested cells or objects (a {type(value).__name__}); "
                "spread them over columns of their own, or turn them into text."
            )
    counts = values.map(lambda v: type(v).__name__).value_counts()
    if len(counts) > 1:
        mixture = ", ".join(f"{kind} x {count}" for kind, count in counts.items())
        warnings.warn(
            f"Column {name!r} mixes types ({mixture}); every distinct value is taken as a category.",
            DataWarning,
            stacklevel=2,
        )


def _is_saveable(value: object) -> bool:
    try:
        value_to_json(value)
    except WganAugError:
        return False
    return True


def find_missing_value(series: pd.Series, absent: np.ndarray) -> Any:
    """Return what a missing cell of an object column is: None, nan, NA or NaT (the first, where they mix)."""
    if series.dtype != np.dtype(object) or not absent.any():
        return None
    first = series.to_numpy(dtype=object)[int(np.argmax(absent))]
    return first if first is None or first is pd.NA or first is pd.NaT else np.nan
