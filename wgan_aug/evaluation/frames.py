"""Real, synthetic and held-out rows on one footing: the same columns, numbers as float64, categories as text."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterable
from typing import Literal

import numpy as np
import pandas as pd

from wgan_aug.encoding.numbers import NumberCodec
from wgan_aug.errors import InvalidDataError, InvalidParameterError, WganAugError, did_you_mean, join_problems
from wgan_aug.schema.columns import ColumnSchema, TableSchema
from wgan_aug.schema.inference import infer_schema

__all__ = ["MISSING", "Tables", "Task", "align"]

Task = Literal["binary", "multiclass", "regression"]

MISSING = "<nan>"
"""The level that stands for a missing category."""

_NUMERIC = ("continuous", "integer", "datetime", "timedelta")
_MAX_CLASSES = 20  # whole-number targets with at most so many values are classes


@dataclasses.dataclass(frozen=True)
class Tables:
    """Frames with the same columns in the same order, ready for figures.

    Args:
        real: the rows that were learned from; numeric columns are float64 with NaN where missing, categorical ones
            are text with `MISSING` where missing.
        synthetic: the synthetic rows, likewise.
        holdout: real rows that were not learned from, likewise; None where there are none.
        numeric: names of the numeric columns (numbers, dates and durations).
        categorical: names of the categorical columns (text, booleans, declared codes).
        excluded: columns left out of all figures, with the reason: identifiers, and columns with no value.
        target: the column that downstream models predict.
        task: what predicting it is.
        schema: what each column of the real rows is.
    """

    real: pd.DataFrame
    synthetic: pd.DataFrame
    holdout: pd.DataFrame | None
    numeric: list[Hashable]
    categorical: list[Hashable]
    excluded: dict[Hashable, str]
    target: Hashable | None
    task: Task | None
    schema: TableSchema


def align(
    real: pd.DataFrame,
    synthetic: pd.DataFrame,
    *,
    holdout: pd.DataFrame | None = None,
    target: Hashable | None = None,
    task: Task | None = None,
    categorical_features: Iterable[Hashable] = (),
) -> Tables:
    """Check frames against each other and put them on one footing.

    Args:
        real: the rows that were learned from.
        synthetic: the rows to judge.
        holdout: real rows that were not learned from.
        target: the column that downstream models predict.
        task: what predicting it is; found from the target's values where None.
        categorical_features: columns to take as categories whatever their values.

    Raises:
        InvalidDataError: for empty frames, columns that differ (named, both ways), and columns whose values cannot
            be compared, all in one error.
        InvalidParameterError: for a target or categorical column that is not there, or an unknown task.

    Examples:
        >>> real = pd.DataFrame({"age": [31, 44, 52], "sex": ["f", "m", None]})
        >>> tables = align(real, real.iloc[:2])
        >>> tables.numeric, tables.categorical, tables.real["sex"].tolist()
        (['age'], ['sex'], ['f', 'm', '<nan>'])
    """
    frames = {"real": real, "synthetic": synthetic} | ({} if holdout is None else {"holdout": holdout})
    _check_frames(frames)
    if target is not None and target not in real.columns:
        raise InvalidParameterError(
            f"target is {target!r}, which the data do not have.{did_you_mean(target, real.columns)}"
        )
    everything = pd.concat([real, holdout[list(real.columns)]], ignore_index=True) if holdout is not None else real
    schema = infer_schema(everything, None, categorical_features)
    task = _find_task(schema, target, task)
    if task in ("binary", "multiclass") and schema[target].kind in _NUMERIC:
        schema = infer_schema(everything, None, [*categorical_features, target])
    excluded = {c.name: reason for c in schema if (reason := _reason_to_exclude(c))}
    columns = [column for column in schema if column.name not in excluded]
    harmonised = _harmonise(frames, everything, columns)
    return Tables(
        harmonised["real"],
        harmonised["synthetic"],
        harmonised.get("holdout"),
        [c.name for c in columns if _is_numeric(c)],
        [c.name for c in columns if not _is_numeric(c)],
        excluded,
        target,
        task,
        schema,
    )


def _check_frames(frames: dict[str, pd.DataFrame]) -> None:
    problems: list[str] = []
    expected = frames["real"].columns
    for name, frame in frames.items():
        if not len(frame):
            problems.append(f"The {name} data have no rows.")
        doubled = frame.columns[frame.columns.duplicated()].unique().tolist()
        if doubled:
            problems.append(f"The {name} data have columns that come more than once: {', '.join(map(repr, doubled))}.")
        lacking = [c for c in expected if c not in frame.columns]
        further = [c for c in frame.columns if c not in expected]
        if lacking:
            problems.append(f"The {name} data lack columns of the real ones: {', '.join(map(repr, lacking))}.")
        if further:
            problems.append(f"The {name} data have columns that the real ones lack: {', '.join(map(repr, further))}.")
    if problems:
        raise InvalidDataError(join_problems(problems))


def _find_task(schema: TableSchema, target: Hashable | None, task: Task | None) -> Task | None:
    if task not in (None, "binary", "multiclass", "regression"):
        raise InvalidParameterError(f"task is {task!r}; allowed are 'binary', 'multiclass', 'regression'.")
    if target is None:
        return None
    column = schema[target]
    classes = column.kind not in _NUMERIC or (column.kind == "integer" and column.n_distinct <= _MAX_CLASSES)
    if task is not None:
        if task == "regression" and column.kind not in _NUMERIC:
            raise InvalidParameterError(f"task is 'regression', but the target {target!r} is {column.kind}.")
        return task
    if not classes:
        return "regression"
    return "binary" if column.n_distinct <= 2 else "multiclass"


def _is_numeric(column: ColumnSchema) -> bool:
    numbers = column.kind == "constant" and column.storage in ("float", "int", "decimal", "datetime", "timedelta")
    return column.kind in _NUMERIC or numbers


def _reason_to_exclude(column: ColumnSchema) -> str:
    if column.kind == "identifier":
        return "an identifier: made anew, not learned"
    return "no values: all are missing" if column.kind == "missing" else ""


def _harmonise(
    frames: dict[str, pd.DataFrame], everything: pd.DataFrame, columns: list[ColumnSchema]
) -> dict[str, pd.DataFrame]:
    problems: list[str] = []
    out: dict[str, dict[Hashable, np.ndarray]] = {name: {} for name in frames}
    for column in columns:
        codec = _codec(column, everything[column.name])
        for name, frame in frames.items():
            series = frame[column.name]
            try:
                out[name][column.name] = _numbers(series, codec) if _is_numeric(column) else _levels(series, column)
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
    """Return what reads dates and durations as numbers; None where values are numbers, or levels, as they are."""
    if not _is_numeric(column) or column.storage in ("float", "int", "decimal", "bool"):
        return None
    codec = NumberCodec(column)
    codec.fit_numbers(series)
    return codec


def _numbers(series: pd.Series, codec: NumberCodec | None) -> np.ndarray:
    if codec is None:
        return pd.to_numeric(series).to_numpy(dtype=np.float64, na_value=np.nan)
    if series.isna().all():
        return np.full(len(series), np.nan)
    numbers, absent = codec.numbers(series)
    return np.where(absent, np.nan, numbers)


def _levels(series: pd.Series, column: ColumnSchema) -> np.ndarray:
    """Return text; numbers that mean the same are written the same (1 and 1.0), missing cells are `MISSING`."""
    absent = series.isna().to_numpy(dtype=bool)
    if column.storage in ("float", "int") and not isinstance(column.dtype, pd.CategoricalDtype):
        values = pd.to_numeric(series).to_numpy(dtype=np.float64, na_value=np.nan)
        distinct, codes = np.unique(values, return_inverse=True)
        text = np.array([f"{value:.15g}" for value in distinct], dtype=object)[codes]
    else:
        codes, levels = pd.factorize(series.astype(object))
        text = np.array([*(str(level) for level in levels), MISSING], dtype=object)[codes]
    return np.where(absent, np.array(MISSING, dtype=object), text)
