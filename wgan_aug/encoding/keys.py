"""The distinct cells of a column, numbered: how a rule between columns looks them up and writes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.curves import nearest
from wgan_aug.encoding.distinct import find_levels, level_index, plain_values, series_of
from wgan_aug.encoding.levels import LevelEncoder, level_cells
from wgan_aug.encoding.numbers import NumberCodec
from wgan_aug.encoding.numeric import NumericEncoder
from wgan_aug.schema.columns import ColumnSchema
from wgan_aug.schema.values import JSON, value_from_json, value_to_json

__all__ = ["Keys"]

MAX_VALUES = 1000  # numbers with more distinct values have keys for their repeated values only


@dataclasses.dataclass
class Keys:
    """Number the cells of a column from 0 up: levels or increasing numbers, missing last.

    Of a column with too many numbers only the repeated ones (its atoms) have a key of their own, and all others have
    key 0: the keys are not `exact` then.

    Args:
        column: the column's schema.
        values: its levels, or its distinct numbers in increasing order.
        codec: reads and writes numbers; None for levels.
        exact: whether every cell has a key of its own.
        has_missing: whether missing cells were seen.
    """

    column: ColumnSchema
    values: Any
    codec: NumberCodec | None
    exact: bool
    has_missing: bool

    @classmethod
    def of(cls, encoder: LevelEncoder | NumericEncoder, series: pd.Series) -> Keys:
        """Number the cells of the column that an encoder was fitted to."""
        if isinstance(encoder, LevelEncoder):
            return cls(encoder.column, encoder.levels, None, True, encoder.has_missing)
        values, exact = encoder.atoms, encoder.curve is None
        if not exact and encoder.column.n_distinct <= min(MAX_VALUES, len(series) / 4):
            numbers, absent = encoder.codec.numbers(series)
            values, exact = np.unique(numbers[~absent]), True
        return cls(encoder.column, values, encoder.codec, exact, encoder.has_missing)

    def coarse(self, encoder: LevelEncoder | NumericEncoder) -> tuple[Keys, np.ndarray]:
        """Return keys of a column's states alone (repeated numbers, others, missing), and which each key becomes."""
        if isinstance(encoder, LevelEncoder) or encoder.curve is None or not self.exact:
            return self, np.arange(self.size)
        keys = Keys(self.column, encoder.atoms, self.codec, False, self.has_missing)
        place = np.searchsorted(encoder.atoms, self.values).clip(0, max(0, len(encoder.atoms) - 1))
        hit = encoder.atoms[place] == self.values if len(encoder.atoms) else np.zeros(len(self.values), dtype=bool)
        return keys, np.append(np.where(hit, place + 1, 0), [keys.size - 1] * self.has_missing)

    @property
    def size(self) -> int:
        """How many keys there are."""
        return len(self.values) + (not self.exact) + self.has_missing

    def codes(self, series: pd.Series) -> np.ndarray:
        """Return the key of each cell, int64, shape (rows,).

        A number never seen has the key of the nearest one; a level never seen, and a missing cell where there were
        none, has -1.
        """
        if self.codec is None:
            codes, absent = find_levels(self.values, series)
        else:
            numbers, absent = self.codec.numbers(series)
            codes = nearest(self.values, numbers) if len(self.values) else np.zeros(len(numbers), dtype=np.int64)
            if not self.exact:
                hit = self.values[codes] == numbers if len(self.values) else np.zeros(len(numbers), dtype=bool)
                codes = np.where(hit, codes + 1, 0)
        return np.where(absent, self.size - 1 if self.has_missing else -1, codes)

    def number(self, key: int) -> float | None:
        """Return the number that has a key; None for a level, a missing cell or the key of many."""
        place = key - (not self.exact)
        return float(self.values[place]) if self.codec is not None and 0 <= place < len(self.values) else None

    def cells(self, codes: np.ndarray) -> pd.Series:
        """Return the cell of each key, in the column's dtype, shape (rows,); the key of many has none."""
        absent = (codes == self.size - 1) & self.has_missing
        place = np.where(absent, 0, codes - (not self.exact))
        if self.codec is None:
            return level_cells(self.values, place, absent, self.column)
        numbers = self.values[place] if len(self.values) else np.zeros(len(place))
        return self.codec.cells(numbers, absent)

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return a nested object of JSON and arrays that `from_json` reads back."""
        plain = {"column": self.column.to_json(), "exact": self.exact, "has_missing": self.has_missing}
        if self.codec is None:
            return plain | {"codec": None, "values": [value_to_json(v) for v in level_index(self.values).tolist()]}
        return plain | {"codec": self.codec.to_json(), "values": self.values}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Keys:
        """Read what `to_json` wrote."""
        column = ColumnSchema.from_json(data["column"])
        if data["codec"] is None:
            levels = series_of([value_from_json(v) for v in data["values"]], column.dtype)
            return cls(column, pd.factorize(plain_values(levels))[1], None, data["exact"], data["has_missing"])
        codec = NumberCodec.from_json(data["codec"], column)
        return cls(column, data["values"], codec, data["exact"], data["has_missing"])
