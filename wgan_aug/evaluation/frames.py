"""Real, synthetic and held-out rows on one footing: the same columns, numbers as float64, categories as text."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Hashable, Iterable
from typing import Literal

import numpy as np
import pandas as pd

from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError, did_you_mean, join_problems
from wgan_aug.evaluation.reading import MISSING, match_codes, read_columns
from wgan_aug.schema.cells import float_values
from wgan_aug.schema.columns import ColumnSchema, TableSchema
from wgan_aug.schema.inference import infer_schema, resolve_columns

__all__ = ["MISSING", "Tables", "Task", "align"]

Task = Literal["binary", "multiclass", "regression"]

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
        numeric: names of the numeric columns (numbers, dates and durations); synthetic ones may be infinite.
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

    What a column is, the real rows say, hold-out included; synthetic cells are read as that: text as numbers and dates
    where it is such, 0 and 1 as False and True. Infinite numbers are refused among real rows. Among synthetic ones they
    are a fault of the synthesizer, which is counted: they stay, beyond the range of the real ones and so invalid, and a
    warning names them; models take them for very large numbers, and leave out rows whose target is infinite.

    Args:
        real: the rows that were learned from.
        synthetic: the rows to judge.
        holdout: real rows that were not learned from.
        target: the column that downstream models predict.
        task: what predicting it is; found from the target's values where None.
        categorical_features: columns to take as categories whatever their values, constant ones too.

    Raises:
        InvalidDataError: for empty frames, columns that differ (named, both ways), infinite real numbers, and columns
            whose values cannot be compared, all in one error.
        InvalidParameterError: for a target or categorical column that is not there, or an unknown task.

    Warns:
        DataWarning: for infinite synthetic numbers, with their columns and counts.

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
    _refuse_infinities(frames)
    everything = real
    if holdout is not None:
        real, holdout = match_codes(real, holdout[list(real.columns)])
        frames = {"real": real, "synthetic": synthetic, "holdout": holdout}
        everything = pd.concat([real, holdout], ignore_index=True)
    levels = resolve_columns(everything, categorical_features, "categorical_features")
    schema = infer_schema(everything, None, levels)
    task = _find_task(schema, target, task)
    if target is not None and task != "regression" and target not in levels:
        levels = [*levels, target]
        schema = infer_schema(everything, None, levels) if schema[target].kind in _NUMERIC else schema
    excluded = {c.name: reason for c in schema if (reason := _reason_to_exclude(c))}
    numeric = [c.name for c in schema if c.name not in excluded and c.name not in levels and _is_numeric(c)]
    categorical = [c.name for c in schema if c.name not in excluded and c.name not in numeric]
    harmonised = read_columns(frames, everything, [c for c in schema if c.name not in excluded], numeric)
    _tell_of_infinities(harmonised["synthetic"][numeric])
    return Tables(
        harmonised["real"],
        harmonised["synthetic"],
        harmonised.get("holdout"),
        numeric,
        categorical,
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


def _refuse_infinities(frames: dict[str, pd.DataFrame]) -> None:
    problems = [
        f"The {side} data have infinite values: {told}. Replace them by a missing value or by a bound."
        for side, frame in frames.items()
        if side != "synthetic" and (told := _infinities(frame))
    ]
    if problems:
        raise InvalidDataError(join_problems(problems))


def _infinities(frame: pd.DataFrame) -> str:
    """Return the columns with infinite numbers, and how many, in words; nothing where there are none."""
    counts: dict[Hashable, int] = {}
    for name in frame.columns:
        if pd.api.types.is_float_dtype(frame[name].dtype):
            counts[name] = int(np.isinf(float_values(frame[name])).sum())
    return ", ".join(f"{name!r} ({count})" for name, count in counts.items() if count)


def _tell_of_infinities(synthetic: pd.DataFrame) -> None:
    told = _infinities(synthetic)
    if told:
        warnings.warn(
            f"The synthetic data have infinite values: {told}. They count as beyond the real range, and so as invalid; "
            "models take them for very large numbers, and leave out rows whose target is infinite.",
            DataWarning,
            stacklevel=3,
        )


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
