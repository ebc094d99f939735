"""What is put right in decoded numbers: the distribution of each, and constants that every real sequence keeps."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtr

from wgan_aug.schema.values import JSON

__all__ = ["Calibration", "Curves", "Standards"]

_RANKS = np.concatenate([[0.0], ndtr(np.linspace(-2.6, 2.6, 31)), [1.0]])
_SMOOTH = 1e-3  # of a number's variance: mean squared second differences below this make a path smooth
_TINY = 1e-9
_ALIKE = 5e-3  # of a number's spread: what sequences' means and deviations may differ by and count as constant


@dataclasses.dataclass(frozen=True)
class Curves:
    """Increasing maps, one a column, that give one sample the distribution of another.

    Args:
        generated: quantiles of the first, increasing, shape (columns, knots).
        real: quantiles of the other at the same ranks, shape (columns, knots).
    """

    generated: np.ndarray
    real: np.ndarray

    @classmethod
    def fit(cls, generated: np.ndarray, real: np.ndarray) -> Curves:
        """Learn from samples, shapes (samples, columns)."""
        quantiles = np.quantile(generated, _RANKS, axis=0).T
        steps = np.arange(len(_RANKS)) * _TINY * (1 + np.abs(quantiles).max(axis=1, keepdims=True, initial=0))
        return cls(np.maximum.accumulate(quantiles, axis=1) + steps, np.quantile(real, _RANKS, axis=0).T)

    def apply(self, columns: np.ndarray) -> np.ndarray:
        """Return mapped columns, shape (..., columns), within the range of the other sample."""
        out = np.empty_like(columns)
        for i, (generated, real) in enumerate(zip(self.generated, self.real, strict=True)):
            inside = np.clip(columns[..., i], generated[0], generated[-1])
            out[..., i] = np.clip(PchipInterpolator(generated, real)(inside), real[0], real[-1])
        return out

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return what `from_json` reads back."""
        return {"generated": self.generated, "real": self.real}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Curves:
        """Read what `to_json` wrote."""
        return cls(np.asarray(data["generated"]), np.asarray(data["real"]))


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Gives generated sequences the real distributions of their means, of their deviations, and of single numbers.

    Mean and deviation are moved for a sequence as a whole, which leaves its shape alone. Single numbers are mapped only
    where real paths are rough: a map bends a path, and on a smooth one that shows.

    Args:
        means: for the mean of each number over a sequence.
        deviations: for the logarithm of its standard deviation.
        single: for the numbers themselves.
        rough: which numbers have rough paths, bool, shape (numbers,).

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> real, generated = rng.normal(3, 2, size=(900, 20, 1)), rng.normal(size=(900, 20, 1))
        >>> own = np.ones((900, 20), dtype=bool)
        >>> calibrated = Calibration.fit(generated, real, own).apply(generated, own)
        >>> bool(abs(calibrated.mean() - real.mean()) < 0.05), bool(abs(calibrated.std() / real.std() - 1) < 0.02)
        (True, True)
    """

    means: Curves
    deviations: Curves
    single: Curves
    rough: np.ndarray

    @classmethod
    def fit(cls, generated: np.ndarray, real: np.ndarray, own: np.ndarray) -> Calibration:
        """Learn from generated and real sequences of the same lengths.

        Args:
            generated: shape (sequences, steps, numbers).
            real: as many real ones.
            own: which steps are a sequence's own, bool, shape (sequences, steps).
        """
        ours, theirs = _moments(generated, own), _moments(real, own)
        means = Curves.fit(ours[0], theirs[0])
        deviations = Curves.fit(np.log(ours[1] + _TINY), np.log(theirs[1] + _TINY))
        moved = _moved(generated, own, means, deviations)
        bends = np.where((own[:, 2:] & (real.shape[1] > 2))[..., None], np.diff(real, n=2, axis=1) ** 2, 0.0)
        spread = real[own].var(axis=0)
        rough = bends.sum((0, 1)) / max(1, own[:, 2:].sum()) > _SMOOTH * spread
        return cls(means, deviations, Curves.fit(moved[own], real[own]), rough)

    def apply(self, numbers: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Return calibrated numbers, shape (sequences, steps, numbers)."""
        moved = _moved(numbers, own, self.means, self.deviations)
        return np.where(self.rough, self.single.apply(moved), moved)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads back."""
        parts = {name: getattr(self, name).to_json() for name in ("means", "deviations", "single")}
        return {**parts, "rough": self.rough}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Calibration:
        """Read what `to_json` wrote."""
        means, deviations, single = (Curves.from_json(data[name]) for name in ("means", "deviations", "single"))
        return cls(means, deviations, single, np.asarray(data["rough"]))


def _moved(numbers: np.ndarray, own: np.ndarray, means: Curves, deviations: Curves) -> np.ndarray:
    """Return numbers whose means and deviations over each sequence are mapped, and whose shapes stay."""
    mean, deviation = _moments(numbers, own)
    scale = np.exp(deviations.apply(np.log(deviation + _TINY))) / (deviation + _TINY)
    return (numbers - mean[:, None]) * scale[:, None] + means.apply(mean)[:, None]


@dataclasses.dataclass(frozen=True)
class Standards:
    """Numbers whose mean and deviation over time are the same in every real sequence, as where each was standardised.

    Args:
        known: which numbers have such constants, bool, shape (numbers,).
        means: the constant mean, shape (numbers,).
        deviations: the constant standard deviation, shape (numbers,).

    Examples:
        >>> paths = np.random.default_rng(0).normal(size=(9, 30, 1))
        >>> paths = (paths - paths.mean(axis=1, keepdims=True)) / paths.std(axis=1, keepdims=True)
        >>> own = np.ones((9, 30), dtype=bool)
        >>> standards = Standards.fit(paths, own)
        >>> bool(standards.known[0]), bool(np.allclose(standards.apply(3 * paths + 1, own), paths))
        (True, True)
    """

    known: np.ndarray
    means: np.ndarray
    deviations: np.ndarray

    @classmethod
    def fit(cls, numbers: np.ndarray, own: np.ndarray) -> Standards:
        """Find the numbers that have such constants.

        Args:
            numbers: shape (sequences, steps, numbers).
            own: which steps are a sequence's own, bool, shape (sequences, steps).
        """
        means, deviations = _moments(numbers, own)
        spread = numbers[own].std(axis=0)
        alike = (means.std(axis=0) <= _ALIKE * spread) & (deviations.std(axis=0) <= _ALIKE * spread)
        return cls(alike & (spread > 0) & (len(numbers) > 2), means.mean(axis=0), deviations.mean(axis=0))

    def apply(self, numbers: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Return numbers that keep the constants, shape (sequences, steps, numbers); steps beyond an end stay."""
        if not self.known.any():
            return numbers
        means, deviations = _moments(numbers, own)
        scale = self.deviations / np.where(deviations > 0, deviations, 1.0)
        kept = (numbers - means[:, None]) * scale[:, None] + self.means
        return np.where(self.known & own[..., None], kept, numbers)

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return what `from_json` reads back."""
        return {"known": self.known, "means": self.means, "deviations": self.deviations}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Standards:
        """Read what `to_json` wrote."""
        return cls(np.asarray(data["known"]), np.asarray(data["means"]), np.asarray(data["deviations"]))


def _moments(numbers: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation over a sequence's own steps, shapes (sequences, numbers)."""
    weights = (own / own.sum(axis=1, keepdims=True))[..., None]
    means = (numbers * weights).sum(axis=1)
    return means, np.sqrt((((numbers - means[:, None]) ** 2) * weights).sum(axis=1))
