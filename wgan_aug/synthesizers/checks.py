"""What a synthesizer asks of its options and its data before it starts."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.errors import (
    DataWarning,
    InvalidDataError,
    InvalidParameterError,
    did_you_mean,
    join_problems,
    not_a_number,
)
from wgan_aug.losses.checking import check_objective
from wgan_aug.losses.objectives import find_objective, kind_of, option_names, show_loss
from wgan_aug.schema.columns import TableSchema

__all__ = [
    "append_target",
    "check_frame",
    "check_loss",
    "find_seed",
    "not_a_number",
    "not_a_switch",
    "not_among",
    "warn_of",
]


def check_frame(frame: pd.DataFrame) -> None:
    """Refuse frames that no synthesizer can learn, all reasons in one error."""
    problems: list[str] = []
    rows, columns = frame.shape
    if columns == 0:
        problems.append(f"Found array with 0 feature(s) (shape={frame.shape}) while a minimum of 1 is required.")
    if rows == 0:
        problems.append(f"Found array with 0 sample(s) (shape={frame.shape}) while a minimum of 2 is required.")
    if rows == 1:
        problems.append("The data have 1 sample (n_samples = 1); a minimum of 2 is required.")
    doubled = frame.columns[frame.columns.duplicated()].unique().tolist()
    if doubled:
        problems.append(f"Column names must differ; these come more than once: {', '.join(map(repr, doubled))}.")
    if problems:
        raise InvalidDataError(join_problems(problems))


def check_loss(loss: object, gp_weight: object, shape: tuple[int, ...]) -> None:
    """Refuse what is no objective, and a weight of a penalty that it does not have; a user's own one is tried.

    Args:
        loss: as given.
        gp_weight: as given; None for none.
        shape: of the rows that it is tried on.

    Raises:
        InvalidParameterError: for what is wrong with it.
    """
    objective = find_objective(loss)
    if kind_of(objective) is None:
        check_objective(objective, shape)
    names = option_names(objective)
    if gp_weight is not None and "gp_weight" not in names:
        has = (
            f"its options, given as {type(objective).__name__}(...), are {', '.join(names)}" if names else "it has none"
        )
        raise InvalidParameterError(
            f"gp_weight is {gp_weight!r}, an option that {show_loss(loss)} does not have; {has}."
        )


def append_target(frame: pd.DataFrame, series: pd.Series, name: Any) -> pd.DataFrame:
    """Return the frame with y as its last column, under a name."""
    if len(series) != len(frame):
        raise InvalidDataError(f"X has {len(frame)} rows, y has {len(series)}; they must be equal.")
    if name in frame.columns:
        raise InvalidDataError(f"y is named {name!r}, and X has a column of that name; drop one, or rename y.")
    whole = frame.reset_index(drop=True)
    whole[name] = series.to_numpy() if series.dtype == object else series.array
    return whole


def not_among(option: str, value: object, allowed: Sequence[str]) -> list[str]:
    """Say what is wrong with an option that takes one of some names."""
    if value in allowed:
        return []
    return [f"{option} is {value!r}; allowed are {', '.join(map(repr, allowed))}.{did_you_mean(value, allowed)}"]


def not_a_switch(option: str, value: object) -> list[str]:
    """Say what is wrong with an option that is True, False or None."""
    fine = value is None or isinstance(value, (bool, np.bool_))
    return [] if fine else [f"{option} is {value!r}; it must be True, False or None."]


def warn_of(schema: TableSchema) -> None:
    """Warn of columns that are all missing, and of those taken as identifiers."""
    missing = [repr(c.name) for c in schema if c.kind == "missing"]
    identifiers = [repr(c.name) for c in schema if c.kind == "identifier"]
    if missing:
        warnings.warn(f"All values are missing, and stay so, in: {', '.join(missing)}.", DataWarning, stacklevel=4)
    if identifiers:
        warnings.warn(
            f"Taken as identifiers, not learned but made anew: {', '.join(identifiers)}. "
            "Declare them in schema= or categorical_features= to have them learned.",
            DataWarning,
            stacklevel=4,
        )


def find_seed(random_state: Any) -> int:
    """Return an int seed from an int, a generator or None."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint32)[0])
    if isinstance(random_state, numbers.Integral) and not isinstance(random_state, bool):
        if random_state < 0:
            raise InvalidParameterError(f"random_state is {random_state}; it must be an integer of at least 0.")
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**32))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    raise InvalidParameterError(f"random_state is {random_state!r}; give an int, a numpy Generator or None.")
