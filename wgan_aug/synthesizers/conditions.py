"""Conditions on sampled rows: one value, a range, any of several, or missing."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.errors import InvalidDataError, InvalidParameterError, did_you_mean, join_problems
from wgan_aug.schema.cells import missing_cells

__all__ = ["check_conditions", "describe_conditions", "which_hold"]


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
        f"The range for {name!r} is {wanted!r}; give (low, high), with None for an open end."
        for name, wanted in conditions.items()
        if isinstance(wanted, tuple) and len(wanted) != 2
    ]
    if problems:
        raise InvalidParameterError(join_problems(problems))
    return dict(conditions)


def which_hold(frame: pd.DataFrame, conditions: Mapping[Hashable, Any]) -> np.ndarray:
    """Say for each row whether all conditions hold.

    A value means equal, `(low, high)` an inclusive range with None for an open end, a list or set any of its members,
    and None missing.

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
    columns = frame.columns.tolist()
    for name, wanted in conditions.items():
        series = frame.iloc[:, columns.index(name)]
        try:
            fine &= _holds(series, wanted)
        except (TypeError, ValueError) as error:
            raise InvalidDataError(
                f"The condition on {name!r} is {wanted!r}, which cannot be compared with its values ({series.dtype}): "
                f"{error}."
            ) from error
    return fine


def describe_conditions(conditions: Mapping[Hashable, Any]) -> str:
    """Return conditions in words."""
    return ", ".join(f"{name!r}: {wanted!r}" for name, wanted in conditions.items())


def _holds(series: pd.Series, wanted: Any) -> np.ndarray:
    absent = missing_cells(series)
    if isinstance(wanted, (list, set, frozenset, np.ndarray)):
        members = list(wanted)
        return np.logical_or.reduce([_holds(series, member) for member in members], axis=0, initial=False)
    if isinstance(wanted, tuple):
        low, high = wanted
        fine = ~absent
        present = series[fine]
        inside = np.ones(len(present), dtype=bool)
        inside &= True if low is None else np.asarray(present >= low, dtype=bool)
        inside &= True if high is None else np.asarray(present <= high, dtype=bool)
        fine[fine] = inside
        return fine
    if wanted is None or wanted is pd.NA or wanted is pd.NaT or (isinstance(wanted, float) and np.isnan(wanted)):
        return absent
    fine = ~absent
    fine[fine] = np.asarray(series[fine] == wanted, dtype=bool)
    return fine
