"""Categories and booleans: one state a level, rare levels pooled."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from wgan_aug.encoding.codes import ColumnCodes
from wgan_aug.encoding.distinct import find_levels, level_index, plain_values, series_of
from wgan_aug.schema.columns import ColumnSchema
from wgan_aug.schema.values import JSON, value_from_json, value_to_json

__all__ = ["LevelEncoder", "level_cells"]

ALWAYS_KEPT = 30  # categorical columns with so few levels keep them all
RARE_ROWS = 5  # levels seen less often are pooled
MAX_STATES = 256  # the widest one-hot block


@dataclasses.dataclass
class LevelEncoder:
    """Categories and booleans: one state a level, rare levels pooled, missing last.

    Levels stand in their natural order. Where a column has more than 30, those seen less than five times (and, past
    256 states, more) are pooled with their rare neighbours; a pooled state decodes to its levels by frequency.

    Args:
        column: the column's schema.
        levels: distinct values in the column's dtype, an array or extension array of shape (levels,).
        counts: training rows of each level, shape (levels,).
        state_of: the state of each level, increasing, shape (levels,).
    """

    column: ColumnSchema
    levels: Any = None
    counts: np.ndarray = dataclasses.field(default_factory=lambda: np.empty(0))
    state_of: np.ndarray = dataclasses.field(default_factory=lambda: np.empty(0, dtype=np.int64))
    has_missing: bool = False
    shares: np.ndarray = dataclasses.field(default_factory=lambda: np.empty(0))
    name: ClassVar[str] = "level"
    silent: ClassVar[None] = None
    normal: ClassVar[bool] = False

    def fit(self, series: pd.Series) -> LevelEncoder:
        """Count the levels and pool the rare ones."""
        codes, levels = pd.factorize(plain_values(series))
        counts = np.bincount(codes[codes >= 0], minlength=len(levels)).astype(np.float64)
        natural = _natural_order(levels)
        states = _pool(counts[natural])
        order = natural[np.argsort(states, kind="stable")]
        self.levels, self.counts, self.state_of = levels.take(order), counts[order], np.sort(states)
        missing = int((codes < 0).sum())
        self.has_missing = missing > 0
        masses = np.bincount(self.state_of, weights=self.counts)
        self.shares = np.append(masses, missing)[: self.states] / len(codes)
        return self

    @property
    def _known(self) -> int:
        return int(self.state_of[-1]) + 1

    @property
    def states(self) -> int:
        """Number of kept levels and pools, and one more for missing."""
        return self._known + self.has_missing

    def encode(self, series: pd.Series) -> tuple[ColumnCodes, int]:
        """Return the state of each cell; a level never seen goes to the rarest state."""
        level, absent = find_levels(self.levels, series)
        rarest = int(np.bincount(self.state_of, weights=self.counts).argmin())
        states = np.where(level >= 0, self.state_of[level], rarest)
        if self.has_missing:
            states = np.where(absent, self.states - 1, states)
        return ColumnCodes(states), int(((level < 0) & ~(absent & self.has_missing)).sum())

    def decode(self, codes: ColumnCodes, rows: range, rng: np.random.Generator) -> pd.Series:
        """Return a level for each state; a pooled state draws among its levels by frequency."""
        states = np.zeros(len(rows), dtype=np.int64) if codes.states is None else codes.states
        first = np.searchsorted(self.state_of, np.arange(self._known))
        absent = states >= self._known
        level = np.append(first, -1)[np.minimum(states, self._known)]
        pooled = np.append(np.bincount(self.state_of) > 1, False)[np.minimum(states, self._known)]
        if pooled.any():
            ends = np.cumsum(self.counts)
            begins = np.append(0.0, ends)[first]
            masses = np.bincount(self.state_of, weights=self.counts)
            chosen = states[pooled]
            draw = begins[chosen] + rng.random(len(chosen)) * masses[chosen]
            last = np.append(first[1:], len(ends))[chosen] - 1
            level[pooled] = np.searchsorted(ends, draw, side="right").clip(first[chosen], last)
        return level_cells(self.levels, level, absent, self.column)

    def every_level(self) -> tuple[pd.Series, np.ndarray]:
        """Return the cell of every level, pools taken apart and missing last, and the state of each."""
        level = np.arange(len(self.state_of) + self.has_missing)
        cells = level_cells(self.levels, level, level == len(self.state_of), self.column)
        return cells, np.append(self.state_of, [self.states - 1] * self.has_missing).astype(np.int64)

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return levels as JSON values, counts and states as arrays."""
        return {
            "levels": [value_to_json(v) for v in level_index(self.levels).tolist()],
            "counts": self.counts,
            "state_of": self.state_of,
            "has_missing": self.has_missing,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], column: ColumnSchema) -> LevelEncoder:
        """Read what `to_json` wrote."""
        values = [value_from_json(v) for v in data["levels"]]
        levels = pd.factorize(plain_values(series_of(values, column.dtype)))[1]
        return cls(column, levels, data["counts"], data["state_of"], data["has_missing"])


def _natural_order(levels: Any) -> np.ndarray:
    """Return the order that sorts the levels: by value, by category, or else by type and text."""
    if isinstance(levels, pd.CategoricalIndex):
        return np.argsort(np.asarray(levels.codes), kind="stable")
    if isinstance(levels, pd.Categorical):
        return np.argsort(levels.codes, kind="stable")
    try:
        return np.asarray(level_index(levels).argsort())
    except TypeError:
        keys = [(type(v).__name__, str(v)) for v in levels]
        return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)


def _pool(counts: np.ndarray) -> np.ndarray:
    """Return the state of each level: frequent levels stand alone, neighbouring rare ones share a state.

    Args:
        counts: rows of each level, in natural order, shape (levels,).

    Returns:
        int64 states 0, 1, ..., shape (levels,).
    """
    rare = counts < RARE_ROWS
    if len(counts) > MAX_STATES:  # half of the states for the most frequent levels, half for pools of equal mass
        rare = np.argsort(np.argsort(-counts, kind="stable")) >= MAX_STATES // 2
    if len(counts) <= ALWAYS_KEPT or rare.sum() < 2:
        return np.arange(len(counts))
    mass = np.where(rare, counts, 0.0)
    size = max(float(RARE_ROWS), mass.sum() / (MAX_STATES // 2 - 1))
    pool = np.floor((np.cumsum(mass) - mass / 2) / size).astype(np.int64)
    label = np.where(rare, pool, pool.max() + 1 + np.arange(len(counts)))
    return np.unique(label, return_inverse=True)[1].astype(np.int64)


def level_cells(levels: Any, level: np.ndarray, absent: np.ndarray, column: ColumnSchema) -> pd.Series:
    """Return the cells of a column from levels by number, missing where `absent`; both of shape (rows,)."""
    if isinstance(levels, pd.Index):
        levels = levels.array
    if not isinstance(levels, np.ndarray):
        return pd.Series(levels.take(np.where(absent, -1, level), allow_fill=True)).astype(column.dtype)
    values = levels[np.where(absent, 0, level)]
    if absent.any():
        text = levels.dtype == np.dtype(object)
        values = np.where(absent, np.array(column.missing_value if text else np.nan, dtype=values.dtype), values)
    return pd.Series(values, dtype=values.dtype).astype(column.dtype)
