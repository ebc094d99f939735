"""Find out what each column of a frame is, and merge in what the user declares."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.errors import (
    InvalidDataError,
    InvalidParameterError,
    WganAugError,
    did_you_mean,
    join_problems,
)
from wgan_aug.schema.cells import float_values, missing_cells
from wgan_aug.schema.columns import KINDS, ColumnSchema, Kind, Storage, TableSchema
from wgan_aug.schema.dates import find_format, parse_dates, same_format
from wgan_aug.schema.sdv import from_sdv, is_sdv, read_document
from wgan_aug.schema.storage import check_cells, find_missing_value, find_storage

__all__ = ["Override", "Overrides", "infer_column", "infer_schema", "read_overrides", "resolve_columns"]

IDENTIFIER_ROWS = 100
IDENTIFIER_SHARE = 0.95

_LEVELS: tuple[Kind, ...] = ("categorical", "boolean")
_ALLOWED: dict[Storage, tuple[Kind, ...]] = {
    "float": ("continuous", "integer", *_LEVELS, "identifier"),
    "int": ("integer", "continuous", *_LEVELS, "identifier"),
    "decimal": ("continuous", "categorical"),
    "bool": ("boolean", "categorical"),
    "datetime": ("datetime", "categorical"),
    "timedelta": ("timedelta", "categorical"),
    "period": ("datetime", "categorical"),
    "date": ("datetime", "categorical"),
    "text": (*_LEVELS, "datetime", "identifier"),
    "any": _LEVELS,
}
Override = str | Mapping[str, Any]
Overrides = TableSchema | Mapping[Hashable, Override] | Mapping[str, Any] | str | os.PathLike[str]


def infer_schema(
    frame: pd.DataFrame,
    overrides: Overrides | None = None,
    categorical: Iterable[Hashable] = (),
) -> TableSchema:
    """Infer every column's kind; declared kinds win.

    Args:
        frame: at least one column; column names must differ.
        overrides: kinds by column name (`{"zip": "categorical"}`, or a dict with `kind` and `datetime_format`);
            a whole schema made earlier, whose kinds hold but for constant and missing columns; SDV metadata; or
            the path of a JSON file with either.
        categorical: names of columns to take as categories.

    Returns:
        One `ColumnSchema` a column, in the frame's order.

    Raises:
        InvalidDataError: for cells that cannot be learned (nested, complex, infinite), all columns in one error,
            or a document that is no schema.
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
    problems: list[WganAugError] = []
    for position, name in enumerate(frame.columns):
        try:
            columns.append(infer_column(frame.iloc[:, position], kinds.get(name)))
        except WganAugError as error:
            problems.append(error)
    if problems:
        types = {type(error) for error in problems}
        raise (types.pop() if len(types) == 1 else InvalidDataError)(join_problems([str(e) for e in problems]))
    return TableSchema(
        tuple(columns),
        level_names=tuple(frame.columns.names),
        label_dtype=None if isinstance(frame.columns, pd.MultiIndex) else frame.columns.dtype,
        n_rows=len(frame),
    )


def _declared(
    frame: pd.DataFrame, overrides: Overrides | None, categorical: Iterable[Hashable]
) -> dict[Hashable, Override]:
    known: list[Hashable] = list(frame.columns)
    kinds = read_overrides(overrides, known)
    unknown = [name for name in kinds if name not in known]
    if unknown:
        problems = [
            f"The schema names column {name!r}, which the data do not have.{did_you_mean(name, known)}"
            for name in unknown
        ]
        raise InvalidParameterError(join_problems(problems))
    names = resolve_columns(frame, categorical, "categorical_features")
    return dict.fromkeys(names, "categorical") | kinds


def read_overrides(overrides: Overrides | None, known: list[Hashable]) -> dict[Hashable, Override]:
    """Turn any form of `schema=` into kinds by column name.

    Args:
        overrides: what was given.
        known: the columns that there are.

    Raises:
        InvalidParameterError: for an object that is no schema.
    """
    if isinstance(overrides, (str, os.PathLike)):
        overrides = read_document(overrides)
    elif overrides is not None and not isinstance(overrides, (Mapping, TableSchema)):
        raise InvalidParameterError(
            f"schema is a {type(overrides).__name__}; it can be a dict of kinds by column, a TableSchema, "
            "SDV metadata, or the path of a JSON file."
        )
    if isinstance(overrides, Mapping) and isinstance(overrides.get("columns"), list):
        overrides = TableSchema.from_json(dict(overrides))  # type: ignore[arg-type]
    if isinstance(overrides, TableSchema):
        return {
            column.name: {"kind": column.kind, "datetime_format": column.datetime_format}
            for column in overrides
            if column.declared or column.kind not in ("constant", "missing")
        }
    if is_sdv(overrides):
        by_text = {str(name): name for name in known}  # JSON knows no other names
        return {by_text.get(name, name): kind for name, kind in from_sdv(overrides).items()}
    kinds: dict[Hashable, Override] = {}
    kinds.update(overrides or {})
    return kinds


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
    known: list[Hashable] = list(frame.columns)
    single = isinstance(names, str) or not isinstance(names, Iterable)
    given: list[Any] = [names] if single or (isinstance(names, tuple) and names in known) else list(names)
    asked = [name.item() if isinstance(name, np.generic) else name for name in given]
    if asked and all(isinstance(a, bool) for a in asked):
        if len(asked) != len(known):
            raise InvalidParameterError(f"{option} is a mask of {len(asked)} for {len(known)} columns.")
        return [name for name, chosen in zip(known, asked, strict=True) if chosen]
    found: list[Hashable] = []
    problems: list[str] = []
    for name in asked:
        if name in known:
            found.append(name)
        elif isinstance(name, int) and -len(known) <= name < len(known):
            found.append(known[name])
        else:
            hint = did_you_mean(name, known)
            problems.append(f"{option} names column {name!r}, which the data do not have.{hint}")
    if problems:
        raise InvalidParameterError(join_problems(problems))
    return found


def infer_column(series: pd.Series, declared: Override | None = None) -> ColumnSchema:
    """Infer one column's schema.

    A numeric column stays numeric however few values it has; strings are dates where all of them parse in one
    ISO-like format, identifiers where there are at least 100 rows of which 95 % or more of the present values
    differ, else categories. A column of one value, or of none, has nothing to learn whatever it is declared to be.

    Args:
        series: the column's values.
        declared: the kind the user chose, or a dict with `kind` and `datetime_format`.

    Raises:
        InvalidDataError: for infinite values.
        DataTypeError: for nested or complex cells.
        InvalidParameterError: for a kind that these values cannot have.
    """
    name = series.name
    spec = _read_spec(name, declared)
    storage = find_storage(series)
    absent = missing_cells(series)
    present = series[~absent]
    check_cells(present, storage)
    column = ColumnSchema(
        name=name,
        kind="missing",
        dtype=series.dtype,
        storage=storage,
        missing_value=find_missing_value(series, absent),
        n_missing=int(absent.sum()),
        n_distinct=int(present.nunique()),
    )
    if column.n_distinct == 0:
        return column
    if column.n_distinct == 1 and not absent.any() and spec.get("kind") != "identifier":
        return dataclasses.replace(column, kind="constant")
    return _with_declared(column, present, spec) if spec else _with_inferred(column, present)


def _read_spec(name: Hashable, declared: Override | None) -> dict[str, Any]:
    if not isinstance(declared, (str, Mapping)) and declared is not None:
        raise InvalidParameterError(
            f"schema[{name!r}] is a {type(declared).__name__}; "
            "it can be a kind, or a dict with 'kind' and 'datetime_format'."
        )
    entries: Mapping[str, Any] = declared if isinstance(declared, Mapping) else {"kind": declared}
    spec = {key: value for key, value in entries.items() if value is not None}
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
    return spec


def _with_declared(column: ColumnSchema, present: pd.Series, spec: Mapping[str, Any]) -> ColumnSchema:
    fmt: str | None = spec.get("datetime_format")
    inferred = _with_inferred(column, present)
    kind = spec.get("kind", "datetime" if fmt else inferred.kind)
    if column.storage in ("float", "int", "decimal") and kind in ("numerical", "datetime"):
        kind = inferred.kind
    if kind not in (*_ALLOWED[column.storage], inferred.kind):
        raise InvalidParameterError(
            f"Column {column.name!r} is declared {kind!r}, but its values are stored as {column.storage} "
            f"({column.dtype}), {column.n_distinct} distinct and {column.n_missing} missing; "
            f"it can be {', '.join(_ALLOWED[column.storage])}."
        )
    if kind == "boolean" and column.n_distinct > 2:
        raise InvalidParameterError(
            f"Column {column.name!r} is declared 'boolean', but has {column.n_distinct} distinct values; "
            "declare it 'categorical'."
        )
    dated = kind == "datetime" and column.storage == "text"
    text_format = _text_format(column.name, present, fmt) if dated else None
    return dataclasses.replace(column, kind=kind, datetime_format=text_format, declared=True)


def _text_format(name: Hashable, present: pd.Series, declared: str | None) -> str:
    """Return the format of a text column that is declared a datetime, as exact as the text allows."""
    found = find_format(present)
    if found is not None and (declared is None or same_format(found, declared)):
        return found
    if declared is None or np.isnat(parse_dates(present, declared)).any():
        raise InvalidParameterError(
            f"Column {name!r} is declared 'datetime', but its text does not parse in one format"
            f"{'' if declared is None else f' {declared!r}'}; give schema={{{name!r}: {{'kind': 'datetime', "
            "'datetime_format': '%d/%m/%Y'}} with the format it has."
        )
    return declared


def _with_inferred(column: ColumnSchema, present: pd.Series) -> ColumnSchema:
    storage = column.storage
    if isinstance(column.dtype, pd.CategoricalDtype):
        return dataclasses.replace(column, kind="categorical")
    if storage == "float":
        values = float_values(present)
        whole = bool((np.abs(values) < 2.0**53).all() and (values == np.rint(values)).all())
        return dataclasses.replace(column, kind="integer" if whole else "continuous")
    if storage == "text":
        fmt = find_format(present)
        if fmt is not None:
            return dataclasses.replace(column, kind="datetime", datetime_format=fmt)
        unique = column.n_distinct >= IDENTIFIER_SHARE * len(present)
        if unique and len(present) + column.n_missing >= IDENTIFIER_ROWS:
            return dataclasses.replace(column, kind="identifier")
    return dataclasses.replace(column, kind=_ALLOWED[storage][0])
