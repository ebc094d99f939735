"""Find out what each column of a frame is, and merge in what the user declares."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import warnings
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from wgan_aug.errors import (
    DataTypeError,
    DataWarning,
    InvalidDataError,
    InvalidParameterError,
    WganAugError,
    did_you_mean,
    join_problems,
)
from wgan_aug.schema.columns import KINDS, ColumnSchema, Kind, Storage, TableSchema
from wgan_aug.schema.dates import find_format, parse_dates
from wgan_aug.schema.values import value_to_json

__all__ = ["infer_column", "infer_schema", "resolve_columns"]

IDENTIFIER_ROWS = 100
IDENTIFIER_SHARE = 0.95

_ALLOWED: dict[Storage, tuple[Kind, ...]] = {
    "float": ("continuous", "integer", "categorical", "identifier"),
    "int": ("integer", "continuous", "categorical", "identifier"),
    "decimal": ("continuous", "categorical"),
    "bool": ("boolean", "categorical"),
    "datetime": ("datetime", "categorical"),
    "timedelta": ("timedelta", "categorical"),
    "period": ("datetime", "categorical"),
    "date": ("datetime", "categorical"),
    "text": ("categorical", "datetime", "identifier"),
    "any": ("categorical",),
}
_OBJECT_STORAGE: dict[str, Storage] = {
    "string": "text",
    "boolean": "bool",
    "integer": "int",
    "floating": "float",
    "mixed-integer-float": "float",
    "decimal": "decimal",
    "date": "date",
}
Override = str | Mapping[str, Any]


def infer_schema(
    frame: pd.DataFrame,
    overrides: TableSchema | Mapping[Hashable, Override] | None = None,
    categorical: Iterable[Hashable] = (),
) -> TableSchema:
    """Infer every column's kind; declared kinds win.

    Args:
        frame: at least one column; column names must differ.
        overrides: kinds by column name (`{"zip": "categorical"}`, or a dict with `kind` and `datetime_format`),
            or a whole schema made earlier.
        categorical: names of columns to take as categories.

    Returns:
        One `ColumnSchema` a column, in the frame's order.

    Raises:
        InvalidDataError: for cells that cannot be learned (nested, complex, infinite), all columns in one error.
        InvalidParameterError: for unknown columns or kinds, or a kind that the column's values cannot have.

    Examples:
        >>> frame = pd.DataFrame({"when": ["2024-01-01", "2024-03-05"], "n": [1.5, 2.0]})
        >>> [c.kind for c in infer_schema(frame)]
        ['datetime', 'continuous']
        >>> infer_schema(frame, {"n": "categorical"})["n"].kind
        'categorical'
    """
    kinds = _declared(frame, overrides, categorical)
    columns: list[ColumnSchema] = []
    problems: list[str] = []
    types: list[bool] = []
    for position, name in enumerate(frame.columns):
        try:
            columns.append(infer_column(frame.iloc[:, position], kinds.get(name)))
        except InvalidParameterError:
            raise
        except WganAugError as error:
            problems.append(str(error))
            types.append(isinstance(error, TypeError))
    if problems:
        raise (DataTypeError if all(types) else InvalidDataError)(join_problems(problems))
    return TableSchema(tuple(columns))


def _declared(
    frame: pd.DataFrame,
    overrides: TableSchema | Mapping[Hashable, Override] | None,
    categorical: Iterable[Hashable],
) -> dict[Hashable, Override]:
    kinds: dict[Hashable, Override] = {}
    if isinstance(overrides, TableSchema):
        kinds |= {c.name: {"kind": c.kind, "datetime_format": c.datetime_format} for c in overrides if c.declared}
        unknown = [c.name for c in overrides if c.name not in frame.columns]
    else:
        kinds |= dict(overrides or {})
        unknown = [name for name in kinds if name not in frame.columns]
    if unknown:
        raise InvalidParameterError(
            f"The schema names column {unknown[0]!r}, which the data do not have."
            f"{did_you_mean(unknown[0], frame.columns)}"
        )
    return {name: "categorical" for name in resolve_columns(frame, categorical, "categorical_features")} | kinds


def resolve_columns(frame: pd.DataFrame, names: Any, option: str) -> list[Hashable]:
    """Turn an option that names columns into column names.

    Args:
        frame: the data.
        names: None, "from_dtype", column names, positions, or a boolean mask as long as the columns.
        option: the option's name, for the error.

    Raises:
        InvalidParameterError: for a column that is not there.

    Examples:
        >>> resolve_columns(pd.DataFrame({"a": [1], "b": [2]}), ["b"], "categorical_features")
        ['b']
    """
    if names is None or (isinstance(names, str) and names == "from_dtype"):
        return []
    asked = [names] if isinstance(names, str) else list(names)
    known = list(frame.columns)
    if asked and len(asked) == len(known) and all(isinstance(a, (bool, np.bool_)) for a in asked):
        return [name for name, chosen in zip(known, asked, strict=True) if chosen]
    found: list[Hashable] = []
    for name in asked:
        if name in known:
            found.append(name)
        elif isinstance(name, (int, np.integer)) and -len(known) <= name < len(known):
            found.append(known[int(name)])
        else:
            raise InvalidParameterError(
                f"{option} names column {name!r}, which the data do not have.{did_you_mean(name, known)}"
            )
    return found


def infer_column(series: pd.Series, declared: Override | None = None) -> ColumnSchema:
    """Infer one column's schema.

    A numeric column stays numeric however few values it has; strings are dates where all of them parse in one
    ISO-like format, identifiers where there are at least 100 rows of which 95 % or more of the present values
    differ, else categories.

    Args:
        series: the column's values.
        declared: the kind the user chose, or a dict with `kind` and `datetime_format`.

    Raises:
        InvalidDataError: for infinite values.
        DataTypeError: for nested or complex cells.
        InvalidParameterError: for a kind that these values cannot have.
    """
    name = series.name
    spec: dict[str, Any] = dict(declared) if isinstance(declared, Mapping) else {"kind": declared}
    spec = {key: value for key, value in spec.items() if value is not None}
    _check_spec(name, spec)
    storage = _storage(series)
    absent = series.isna().to_numpy(dtype=bool)
    present = series[~absent]
    _check_finite(present, storage)
    n_distinct = _count_distinct(present)
    column = ColumnSchema(
        name=name,
        kind="missing",
        dtype=series.dtype,
        storage=storage,
        missing_value=_missing_value(series, absent),
        n_missing=int(absent.sum()),
        n_distinct=n_distinct,
    )
    if n_distinct == 0:
        return column
    if n_distinct == 1 and not absent.any() and not spec:
        return dataclasses.replace(column, kind="constant")
    if spec:
        return _with_declared(column, present, spec)
    return _with_inferred(column, present)


def _check_spec(name: Hashable, spec: Mapping[str, Any]) -> None:
    for key in spec:
        if key not in ("kind", "datetime_format"):
            raise InvalidParameterError(
                f"schema[{name!r}] has the unknown entry {key!r}: allowed are 'kind' and 'datetime_format'."
            )
    kind = spec.get("kind")
    if kind is not None and kind not in (*KINDS, "numerical"):
        raise InvalidParameterError(
            f"schema[{name!r}] asks for kind {kind!r}; allowed are {', '.join(KINDS)}.{did_you_mean(kind, KINDS)}"
        )


def _with_declared(column: ColumnSchema, present: pd.Series, spec: Mapping[str, Any]) -> ColumnSchema:
    fmt = spec.get("datetime_format")
    kind = spec.get("kind", "datetime" if fmt else None)
    inferred = _with_inferred(column, present)
    numeric = column.storage in ("float", "int", "decimal")
    if kind == "numerical" or (kind == "datetime" and numeric):
        kind = inferred.kind
    if kind in ("constant", "missing") and kind != inferred.kind:
        raise InvalidParameterError(f"Column {column.name!r} cannot be declared {kind!r}: it has {column.n_distinct} values.")
    if kind not in (*_ALLOWED[column.storage], inferred.kind):
        allowed = ", ".join(_ALLOWED[column.storage])
        raise InvalidParameterError(
            f"Column {column.name!r} is declared {kind!r}, but its values are stored as {column.storage} "
            f"({column.dtype}); it can be {allowed}."
        )
    if kind == "datetime" and column.storage == "text":
        fmt = fmt or find_format(present)
        if fmt is None or np.isnat(parse_dates(present, fmt)).any():
            raise InvalidParameterError(
                f"Column {column.name!r} is declared 'datetime', but its text does not parse in one format"
                f"{'' if fmt is None else f' {fmt!r}'}; give schema={{{column.name!r}: {{'kind': 'datetime', "
                "'datetime_format': '%d/%m/%Y'}} with the format it has."
            )
    return dataclasses.replace(
        column, kind=kind, datetime_format=fmt if column.storage == "text" else None, declared=True
    )


def _with_inferred(column: ColumnSchema, present: pd.Series) -> ColumnSchema:
    storage = column.storage
    if isinstance(column.dtype, pd.CategoricalDtype):
        return dataclasses.replace(column, kind="categorical")
    if storage == "float":
        values = present.to_numpy(dtype=np.float64)
        whole = bool((np.abs(values) < 2.0**53).all() and (values == np.rint(values)).all())
        return dataclasses.replace(column, kind="integer" if whole else "continuous")
    if storage == "text":
        fmt = find_format(present)
        if fmt is not None:
            return dataclasses.replace(column, kind="datetime", datetime_format=fmt)
        unique = column.n_distinct >= IDENTIFIER_SHARE * len(present)
        if unique and len(present) + column.n_missing >= IDENTIFIER_ROWS:
            return dataclasses.replace(column, kind="identifier")
    if storage == "any":
        _check_values(present)
    return dataclasses.replace(column, kind=_ALLOWED[storage][0])


def _storage(series: pd.Series) -> Storage:
    dtype: Any = series.dtype
    api = pd.api.types
    if isinstance(dtype, pd.SparseDtype):
        dtype = dtype.subtype
    if api.is_complex_dtype(dtype):
        raise DataTypeError(
            f"Complex data not supported: column {series.name!r} has complex numbers. Split it into its real and imaginary parts."
        )
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
    tests: list[tuple[Any, Storage]] = [
        (pa.types.is_boolean, "bool"),
        (pa.types.is_integer, "int"),
        (pa.types.is_floating, "float"),
        (pa.types.is_decimal, "decimal"),
        (lambda t: pa.types.is_timestamp(t) or pa.types.is_date(t), "datetime"),
        (lambda t: pa.types.is_duration(t) or pa.types.is_time(t), "timedelta"),
        (lambda t: pa.types.is_string(t) or pa.types.is_large_string(t), "text"),
    ]
    return next((storage for test, storage in tests if test(kind)), "any")


def _object_storage(series: pd.Series) -> Storage:
    inferred = pd.api.types.infer_dtype(series, skipna=True)
    if inferred == "complex":
        raise DataTypeError(
            f"Complex data not supported: column {series.name!r} has complex numbers. Split it into its real and imaginary parts."
        )
    if inferred == "integer" and not _fits_int64(series):
        return "any"
    return _OBJECT_STORAGE.get(inferred, "any")


def _fits_int64(series: pd.Series) -> bool:
    present = series.dropna()
    return bool(len(present)) and -(2**63) <= min(present) and max(present) < 2**63


def _check_values(present: pd.Series) -> None:
    """Refuse cells that are no scalars; warn of a mixture of types."""
    if present.dtype != object:
        return
    counts = present.map(lambda v: type(v).__name__).value_counts()
    scalar = (str, bytes, bool, int, float, decimal.Decimal, dt.date, dt.time, dt.timedelta, np.generic)
    for value in present.drop_duplicates() if _hashable(present) else present:
        if isinstance(value, (*scalar, pd.Period, pd.Interval)):
            continue
        if isinstance(value, tuple) and not _unsaveable(value):
            continue
        raise DataTypeError(
            f"Column {present.name!r} has nested cells or objects (a {type(value).__name__}); "
            "spread them over columns of their own, or turn them into text."
        )
    if len(counts) > 1:
        mixture = ", ".join(f"{kind} x {count}" for kind, count in counts.items())
        warnings.warn(
            f"Column {present.name!r} mixes types ({mixture}); every distinct value is taken as a category.",
            DataWarning,
            stacklevel=2,
        )


def _hashable(present: pd.Series) -> bool:
    try:
        pd.factorize(present)
    except TypeError:
        return False
    return True


def _unsaveable(value: object) -> bool:
    try:
        value_to_json(value)
    except WganAugError:
        return True
    return False


def _check_finite(present: pd.Series, storage: Storage) -> None:
    if storage != "float":
        return
    infinite = int(np.isinf(present.to_numpy(dtype=np.float64)).sum())
    if infinite:
        raise InvalidDataError(
            f"Column {present.name!r} has {infinite} infinite value{'s' * (infinite > 1)} (inf); "
            "replace them by a missing value or by a bound."
        )


def _count_distinct(present: pd.Series) -> int:
    try:
        return int(present.nunique())
    except TypeError:
        return len(present)  # nested cells: refused later, with the column's name


def _missing_value(series: pd.Series, absent: np.ndarray) -> Any:
    """What a missing cell of an object column is: None, nan, NA or NaT."""
    if series.dtype != object or not absent.any():
        return None
    first = series.to_numpy(dtype=object)[int(np.argmax(absent))]
    return first if first is None or first is pd.NA or first is pd.NaT else np.nan
