"""Conditions on sampled rows: one value, a range, any of several, or missing."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.errors import InvalidDataError, InvalidParameterError, did_you_mean, join_problems
from wgan_aug.schema.cells import missing_cells

__all__ = ["check_conditions", "describe_conditions", "holds", "is_missing", "members_of", "which_hold"]


def check_conditions(
    conditions: Any, allowed: Sequence[Hashable], other: Mapping[Hashable, str]
) -> dict[Hashable, Any]:
    """Return conditions by column.

    Args:
        conditions: None or a mapping of columns to what shall hold.
        allowed: columns that may have one.
        other: why a column that exists may have none, by name.

    Raises:
        InvalidParameterError: for what is no mapping, and for columns that may have no condition, all in one error.
    """
    if conditions is None:
        return {}
    if not isinstance(conditions, Mapping):
        raise InvalidParameterError(
            f"conditions is a {type(conditions).__name__}; give a dict of columns to values, such as {{'label': 2}}."
        )
    problems = [
        f"conditions names column {name!r}, which {other[name]}."
        if name in other
        else f"conditions names column {name!r}, which the model does not have.{did_you_mean(name, allowed)}"
        for name in conditions
        if name not in allowed
    ]
    problems += [
        f"The range for {name!r} is {member!r}; give (low, high), with None for an open end."
        for name, wanted in conditions.items()
        for member in members_of(wanted)
        if isinstance(member, tuple) and (len(member) != 2 or _turned(*member))
    ]
    if problems:
        raise InvalidParameterError(join_problems(problems))
    return dict(conditions)


def which_hold(frame: pd.DataFrame, conditions: Mapping[Hashable, Any]) -> np.ndarray:
    """Say for each row whether all conditions hold.

    A value means equal, `(low, high)` an inclusive range with None for an open end, a list, set or array any of its
    members, and None missing.

    Args:
        frame: the rows.
        conditions: by column.

    Returns:
        bool, shape (rows,).

    Raises:
        InvalidDataError: for values that cannot be compared with those of a column.

    Examples:
        >>> frame = pd.DataFrame({"age": [31, 44, 52], "sex": ["f", None, "m"]})
        >>> which_hold(frame, {"age": (40, None), "sex": ["m", None]}).tolist()
        [False, True, True]
    """
    fine = np.ones(len(frame), dtype=bool)
    columns: list[Any] = frame.columns.tolist()
    for name, wanted in conditions.items():
        fine &= holds(frame.iloc[:, columns.index(name)], name, wanted)
    return fine


def describe_conditions(conditions: Mapping[Hashable, Any]) -> str:
    """Return conditions in words."""
    return ", ".join(f"{name!r}: {wanted!r}" for name, wanted in conditions.items())


def members_of(wanted: Any) -> list[Any]:
    """Return the values or ranges of which any may hold.

    Examples:
        >>> members_of([1, 2]), members_of((0, 9)), members_of("a")
        ([1, 2], [(0, 9)], ['a'])
    """
    several = isinstance(wanted, (list, set, frozenset, range, np.ndarray, pd.Series, pd.Index))
    return list(wanted) if several else [wanted]


def _turned(low: Any, high: Any) -> bool:
    """Say whether a range ends before it begins."""
    try:
        return low is not None and high is not None and bool(low > high)
    except TypeError:  # which is told where the range meets cells
        return False


def is_missing(wanted: Any) -> bool:
    """Say whether a value stands for a missing cell."""
    return wanted is None or wanted is pd.NA or wanted is pd.NaT or (isinstance(wanted, float) and np.isnan(wanted))


def holds(series: pd.Series, name: Hashable, wanted: Any) -> np.ndarray:
    """Say for each cell of a column, which errors call by a name, whether a condition holds; see `which_hold`."""
    absent = missing_cells(series)
    out = np.zeros(len(series), dtype=bool)
    try:
        for member in members_of(wanted):
            out |= absent if is_missing(member) else _present(series, member, ~absent)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise InvalidDataError(
            f"The condition on {name!r} is {wanted!r}, which cannot be compared with its values ({series.dtype}): "
            f"{error}."
        ) from error
    return out


def _present(series: pd.Series, wanted: Any, fine: np.ndarray) -> np.ndarray:
    """Say for each cell whether it is there and is a value, or in a range."""
    cells = series[fine]
    inside = np.ones(len(cells), dtype=bool)
    if isinstance(wanted, tuple):
        low, high = wanted
        inside &= True if low is None else np.asarray(cells >= low, dtype=bool)
        inside &= True if high is None else np.asarray(cells <= high, dtype=bool)
    else:
        inside &= np.asarray(cells == wanted, dtype=bool)
    out = fine.copy()
    out[fine] = inside
    return out
