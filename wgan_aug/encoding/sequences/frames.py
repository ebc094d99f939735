"""Sequences of any length as three plain parts: a table of statics, a table of steps, and lengths."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd

__all__ = ["Sequences", "column_of", "steps_of"]


@dataclasses.dataclass
class Sequences:
    """Sequences with what is said once of each of them.

    Args:
        statics: one row a sequence, with a `RangeIndex`; it may have no columns.
        steps: the steps of all sequences one after another, each in order of time, with a `RangeIndex`.
        lengths: how many steps each sequence has, int64, shape (sequences,); their sum is the length of `steps`.
        source: the row of the data that each step was taken from, int64, shape (steps,), where windows may share rows;
            None where each step is a row of its own.

    Examples:
        >>> steps = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
        >>> sequences = Sequences(pd.DataFrame({"label": ["a", "b"]}), steps, np.array([2, 1]))
        >>> sequences.owner.tolist(), sequences.take(np.array([1])).steps["x"].tolist()
        ([0, 0, 1], [3.0])
    """

    statics: pd.DataFrame
    steps: pd.DataFrame
    lengths: np.ndarray
    source: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def starts(self) -> np.ndarray:
        """The first step of each sequence, int64, shape (sequences,)."""
        return np.cumsum(self.lengths) - self.lengths

    @property
    def owner(self) -> np.ndarray:
        """The sequence that each step belongs to, int64, shape (steps,)."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    @property
    def positions(self) -> np.ndarray:
        """How many steps of its own sequence are before each step, int64, shape (steps,)."""
        return np.arange(len(self.steps)) - np.repeat(self.starts, self.lengths)

    def take(self, index: np.ndarray) -> Sequences:
        """Return some sequences, by number or by a mask."""
        chosen = np.arange(len(self))[index]
        lengths = self.lengths[chosen]
        rows = steps_of(self.starts[chosen], lengths)
        return Sequences(
            self.statics.iloc[chosen].reset_index(drop=True),
            self.steps.iloc[rows].reset_index(drop=True),
            lengths,
            None if self.source is None else self.source[rows],
        )

    @classmethod
    def join(cls, parts: Sequence[Sequences]) -> Sequences:
        """Return the sequences of several parts, at least one, after one another."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            pd.concat([part.statics for part in parts], ignore_index=True),
            pd.concat([part.steps for part in parts], ignore_index=True),
            np.concatenate([part.lengths for part in parts]),
        )


def steps_of(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the numbers of rows in runs that begin somewhere, run after run, int64, shape (sum of lengths,).

    Examples:
        >>> steps_of(np.array([5, 0]), np.array([2, 3])).tolist()
        [5, 6, 0, 1, 2]
    """
    shift = starts - (np.cumsum(lengths) - lengths)
    return np.arange(lengths.sum()) + np.repeat(shift, lengths)


def column_of(frame: pd.DataFrame, name: Hashable) -> pd.Series:
    """Return a column by its name, which may be anything: None, a number, a tuple."""
    return frame.iloc[:, frame.columns.tolist().index(name)]  # type: ignore[arg-type]
