"""What a report holds out: rows of a table, whole sequences, or the end of one long series."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from wgan_aug.errors import InvalidDataError, InvalidParameterError

from .series import Roles, check_column

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Split", "split"]

_HELD_OUT = 5  # one row, or sequence, in so many
_LEAST_WINDOW = 4  # steps that can be judged


@dataclasses.dataclass(frozen=True)
class Split:
    """Rows to learn from, and rows that are not.

    Args:
        train: what is learned from.
        holdout: what is held out.
        text: what was held out, in words.
        label: the column that the model is told its users predict; None where it varies within sequences.
    """

    train: pd.DataFrame
    holdout: pd.DataFrame
    text: str
    label: str | None


def split(frame: pd.DataFrame, roles: Roles, target: str | None, seed: int) -> Split:
    """Split a fifth off: rows or whole sequences, at random from each value of the target alike, or the last rows.

    Args:
        frame: all rows.
        roles: what makes rows sequences.
        target: the column that users of the data predict.
        seed: of the draw.

    Raises:
        InvalidParameterError: for a column that is not there, and windows too short to judge.
        InvalidDataError: for too few rows or sequences.
    """
    for option, name in (
        ("--target", target),
        ("--sequence-key", roles.sequence_key),
        ("--sequence-index", roles.sequence_index),
    ):
        check_column(option, name, frame)
    if not roles.given:
        return _split_rows(frame, target, seed)
    if roles.window is not None and roles.window < _LEAST_WINDOW:
        raise InvalidParameterError(
            f"--window is {roles.window}; windows that are judged have at least {_LEAST_WINDOW} steps."
        )
    return _split_series(frame, roles) if roles.sequence_key is None else _split_sequences(frame, roles, target, seed)


def _split_rows(frame: pd.DataFrame, target: str | None, seed: int) -> Split:
    import pandas as pd

    held = _draw(pd.factorize(frame[target])[0], seed)
    if len(frame) - held.sum() < 2 or not held.any():
        raise InvalidDataError(
            f"The table has {len(frame)} rows; a report takes at least 4 to learn from and hold out."
        )
    return _parts(frame, held, f"{held.sum()} of {len(frame)} rows are held out", target)


def _split_sequences(frame: pd.DataFrame, roles: Roles, target: str | None, seed: int) -> Split:
    import numpy as np
    import pandas as pd

    codes, keys = pd.factorize(frame[roles.sequence_key])
    if (codes < 0).any():
        raise InvalidDataError(f"The --sequence-key {roles.sequence_key!r} is missing in {(codes < 0).sum()} rows.")
    strata, label = np.zeros(len(keys), dtype=np.int64), None
    if target is not None:
        values = pd.factorize(frame[target])[0]
        first = values[np.unique(codes, return_index=True)[1]]
        if (first[codes] == values).all():
            strata, label = first, target
    held = _draw(strata, seed)
    if len(keys) - held.sum() < 2 or not held.any():
        raise InvalidDataError(
            f"There are {len(keys)} sequences by {roles.sequence_key!r}; a report takes at least 4 to learn from and "
            "hold out."
        )
    return _parts(frame, held[codes], f"{held.sum()} of {len(keys)} sequences are held out", label)


def _split_series(frame: pd.DataFrame, roles: Roles) -> Split:
    """Hold the end of one long series out: what was learned from lies before it."""
    import numpy as np

    window = roles.window or 0
    n_held = len(frame) // _HELD_OUT
    if n_held < window:
        raise InvalidDataError(
            f"The series has {len(frame)} rows; a report with --window {window} takes at least {_HELD_OUT * window}, "
            "since a fifth is held out."
        )
    if roles.sequence_index is not None:
        frame = frame.sort_values(roles.sequence_index, kind="stable")
    held = np.arange(len(frame)) >= len(frame) - n_held
    return _parts(frame, held, f"the last {n_held} of {len(frame)} rows are held out", None)


def _draw(strata: np.ndarray, seed: int) -> np.ndarray:
    """Draw a fifth at random, of each stratum alike; return which, bool, shape (n,)."""
    import numpy as np

    order = np.random.default_rng(seed).permutation(len(strata))
    order = order[np.argsort(strata[order], kind="stable")]
    drawn = np.zeros(len(strata), dtype=bool)
    drawn[order[_HELD_OUT // 2 :: _HELD_OUT]] = True
    return drawn


def _parts(frame: pd.DataFrame, held: np.ndarray, text: str, label: str | None) -> Split:
    return Split(frame[~held].reset_index(drop=True), frame[held].reset_index(drop=True), text, label)
