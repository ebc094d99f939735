"""What a column's encoder gives and answers. No torch.

Every encoder gives each row at most one *state* (which level, which atom, missing or not) and at most one
*number* (a rank or a scaled value, as an interval that training draws from). `states` is the width of the one-hot
block, 0 where there is none; `silent` is None where there is no number.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Protocol

import numpy as np
import pandas as pd

from wgan_aug.schema.columns import ColumnSchema
from wgan_aug.schema.values import JSON

__all__ = ["ColumnCodes", "ColumnEncoder", "Encoder"]


@dataclasses.dataclass
class ColumnCodes:
    """The codes of one column, each array of shape (rows,) or None.

    Args:
        states: which state, int64.
        low: where the interval of the number begins, float64.
        high: where it ends.
    """

    states: np.ndarray | None = None
    low: np.ndarray | None = None
    high: np.ndarray | None = None


class Encoder(Protocol):
    """What every encoder says of a column's place in an encoded row.

    `shares` is the training share of each state, shape (states,); it is known after `fit` only.
    """

    column: ColumnSchema
    shares: np.ndarray

    @property
    def states(self) -> int:
        """Width of the one-hot block; 0 for none."""
        ...

    @property
    def silent(self) -> tuple[int, ...] | None:
        """States in which the number is absent; None where the column has no number."""
        ...

    @property
    def normal(self) -> bool:
        """True where the number is a rank."""
        ...


class ColumnEncoder(Encoder, Protocol):
    """What `TableEncoder` asks of a column's encoder."""

    def fit(self, series: pd.Series) -> ColumnEncoder:
        """Learn from the column's cells."""
        ...

    def encode(self, series: pd.Series) -> tuple[ColumnCodes, int]:
        """Return the codes, and how many cells had a value never seen (taken as the nearest known one)."""
        ...

    def decode(self, codes: ColumnCodes, rows: range, rng: np.random.Generator) -> pd.Series:
        """Return the cells of rows numbered by `rows`, in the column's dtype; the number is taken from `low`."""
        ...

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return a nested object of JSON and arrays that `from_json` reads back."""
        ...

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], column: ColumnSchema) -> ColumnEncoder:
        """Read what `to_json` wrote."""
        ...
