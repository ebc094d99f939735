"""Monotone maps between the numbers of a column and the codes that a network learns. No pandas, no torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import ClassVar, Protocol

import numpy as np
from scipy.special import ndtri

from wgan_aug.schema.values import JSON

__all__ = ["CURVES", "AffineCurve", "Curve", "QuantileCurve", "nearest", "normal_scores"]

MAX_KNOTS = 1000
RECURRING = 5  # times that each number comes, on average, in a column of a gauge's readings
_EDGE = 1e-6  # ranks 0 and 1 would be infinite as normal scores


class Curve(Protocol):
    """An increasing map with an exact inverse, learned from one column.

    `normal` says that codes are ranks in [0, 1], which networks see as standard normal scores.
    """

    normal: ClassVar[bool]

    @classmethod
    def fit(cls, values: np.ndarray, counts: np.ndarray) -> Curve:
        """Learn from distinct increasing values (at least two) and how often each was seen, shapes (distinct,)."""
        ...

    def codes(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the interval of codes of each number, low and high, shapes (rows,); values outside are clipped."""
        ...

    def numbers(self, codes: np.ndarray) -> np.ndarray:
        """Return the number of each code, shape (rows,); any real code gives a number within the learned bounds."""
        ...

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return what the constructor takes."""
        ...

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Curve:
        """Read what `to_json` wrote."""
        ...


@dataclasses.dataclass(frozen=True)
class QuantileCurve:
    """Rank in [0, 1] of a number among the training values, by a piecewise linear distribution function.

    A value seen once is a point of the curve, and numbers between two such points come out too. A value seen
    twice or more fills the interval of ranks [low, high] that its rows fill, and all of the interval comes back as
    that very value: repeated values stay values, single ones are interpolated.

    Args:
        values: distinct numbers, increasing, shape (knots,).
        low: the rank at which each begins, shape (knots,).
        high: the rank at which each ends, shape (knots,).
    """

    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    normal: ClassVar[bool] = True

    @classmethod
    def fit(cls, values: np.ndarray, counts: np.ndarray) -> QuantileCurve:
        """Learn from distinct increasing values and their counts, keeping some 1000 points of the curve."""
        total = float(counts.sum())
        high = np.cumsum(counts) / total
        low = np.concatenate([[0.0], high[:-1]])
        single = counts == 1
        middle = (low + high) / 2
        low, high = np.where(single, middle, low), np.where(single, middle, high)
        keep = _thin(middle, counts, total)
        return cls(values[keep], low[keep], high[keep])

    def codes(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the ranks between which each number lies, low and high, shapes (rows,)."""
        numbers = np.clip(numbers, self.values[0], self.values[-1])
        right = np.searchsorted(self.values, numbers, side="left")
        exact = self.values[right] == numbers
        left = np.maximum(right - 1, 0)
        below = self.values[left] / 2  # halves keep the distances of huge numbers finite
        gap = np.where(exact, 1.0, self.values[right] / 2 - below)
        share = np.where(exact, 0.0, (numbers / 2 - below) / gap)
        between = self.high[left] + share * (self.low[right] - self.high[left])
        return np.where(exact, self.low[right], between), np.where(exact, self.high[right], between)

    def numbers(self, codes: np.ndarray) -> np.ndarray:
        """Return the number at each rank, shape (rows,)."""
        ranks = np.column_stack([self.low, self.high]).ravel()
        scale = _scale(self.values)
        return np.interp(codes, ranks, np.repeat(self.values * scale, 2)) / scale

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return what the constructor takes."""
        return {"values": self.values, "low": self.low, "high": self.high}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> QuantileCurve:
        """Read what `to_json` wrote."""
        return cls(data["values"], data["low"], data["high"])


def _scale(values: np.ndarray) -> float:
    """Return a power of two that keeps slopes between huge numbers finite; 1 for all others."""
    return 2.0**-100 if max(abs(values[0]), abs(values[-1])) > 2.0**900 else 1.0


def _thin(middle: np.ndarray, counts: np.ndarray, total: float) -> np.ndarray:
    """Choose the points to keep: both ends, values that repeat often, and an even grid of ranks."""
    if len(counts) <= MAX_KNOTS:
        return np.arange(len(counts))
    heavy = np.flatnonzero(counts >= max(2.0, total / MAX_KNOTS))
    grid = np.searchsorted(middle, np.linspace(0.0, 1.0, MAX_KNOTS)).clip(0, len(counts) - 1)
    return np.unique(np.concatenate([[0, len(counts) - 1], heavy, grid]))


@dataclasses.dataclass(frozen=True)
class AffineCurve:
    """`code = (number - centre) / scale`, with the column's mean and standard deviation; bounded when decoded.

    Args:
        centre: the mean.
        scale: the standard deviation.
        lowest: the least number seen.
        highest: the largest.
        levels: all numbers seen, where they recur so often that they must be all that a gauge can show: the nearest one
            is what a code gives. Empty elsewhere.
    """

    centre: float
    scale: float
    lowest: float
    highest: float
    levels: np.ndarray = dataclasses.field(default_factory=lambda: np.empty(0))
    normal: ClassVar[bool] = False

    @classmethod
    def fit(cls, values: np.ndarray, counts: np.ndarray) -> AffineCurve:
        """Learn mean, standard deviation and bounds."""
        largest = float(np.abs(values).max()) or 1.0  # keeps the squares of huge numbers finite
        share = counts / counts.sum()
        centre = float((values / largest) @ share)
        spread = float(np.sqrt(((values / largest - centre) ** 2) @ share))
        gauge = counts.sum() >= RECURRING * len(values)
        bounds = float(values[0]), float(values[-1])
        return cls(centre * largest, spread * largest or 1.0, *bounds, values if gauge else np.empty(0))

    def codes(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the code of each number, twice: its interval has no width."""
        numbers = np.clip(numbers, self.lowest, self.highest)
        codes = (numbers / 2 - self.centre / 2) / (self.scale / 2)  # halves keep huge distances finite
        return codes, codes

    def numbers(self, codes: np.ndarray) -> np.ndarray:
        """Return the number of each code, within the bounds seen."""
        bounds, _ = self.codes(np.array([self.lowest, self.highest]))
        halves = np.clip(codes, bounds[0], bounds[1]) * (self.scale / 2) + self.centre / 2
        numbers = np.clip(halves, self.lowest / 2, self.highest / 2) * 2
        return self.levels[nearest(self.levels, numbers)] if len(self.levels) else numbers

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return what the constructor takes."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> AffineCurve:
        """Read what `to_json` wrote."""
        return cls(**data)


def nearest(atoms: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Return the position of the atom nearest to each number, shape (rows,)."""
    halves = atoms / 2 + np.r_[atoms[1:], atoms[-1:]] / 2  # half way to the next one, finite for huge numbers too
    near = np.searchsorted(halves[:-1], numbers)
    exact = np.searchsorted(atoms, numbers).clip(0, len(atoms) - 1)
    return np.where(atoms[exact] == numbers, exact, near)


def normal_scores(numbers: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Return ranks as standard normal scores, and other numbers as they are.

    Args:
        numbers: shape (..., numbers).
        normal: which of them are ranks, bool, shape (numbers,).

    Examples:
        >>> normal_scores(np.array([[0.5, 0.5]]), np.array([True, False])).tolist()
        [[0.0, 0.5]]
    """
    if not normal.any():
        return numbers
    return np.where(normal, ndtri(np.clip(numbers, _EDGE, 1 - _EDGE)), numbers)


CURVES: dict[str, type[QuantileCurve] | type[AffineCurve]] = {"quantile": QuantileCurve, "affine": AffineCurve}
"""Numeric encodings by name; `"auto"` is the quantile curve."""
