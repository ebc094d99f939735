"""What is put right in decoded numbers: the distribution of each, and constants that every real sequence keeps."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtr

from wgan_aug.schema.values import JSON

__all__ = ["Calibration", "Standards"]

_KNOTS = 17
_ALIKE = 5e-3  # of a number's spread: what sequences' means and deviations may differ by and count as constant


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Smooth increasing maps, one a number, that give generated numbers the distribution of the real ones.

    Few knots: a map that follows every sampling error of the quantiles would make smooth paths rough.

    Args:
        generated: quantiles of generated numbers, increasing, shape (numbers, knots).
        real: quantiles of real ones at the same ranks, shape (numbers, knots).

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> real, generated = rng.normal(3, 2, size=(5000, 1)), rng.normal(size=(5000, 1))
        >>> bool(abs(Calibration.fit(generated, real).apply(generated).mean() - real.mean()) < 0.02)
        True
    """

    generated: np.ndarray
    real: np.ndarray

    @classmethod
    def fit(cls, generated: np.ndarray, real: np.ndarray) -> Calibration:
        """Learn from samples, shapes (samples, numbers)."""
        ranks = np.concatenate([[0.0], ndtr(np.linspace(-2.5, 2.5, _KNOTS - 2)), [1.0]])
        quantiles = np.quantile(generated, ranks, axis=0).T
        steps = np.arange(_KNOTS) * 1e-9 * (np.abs(quantiles).max(axis=1, keepdims=True, initial=0) + 1)
        return cls(np.maximum.accumulate(quantiles, axis=1) + steps, np.quantile(real, ranks, axis=0).T)

    def apply(self, numbers: np.ndarray) -> np.ndarray:
        """Return calibrated numbers, shape (..., numbers), within the range of the real ones."""
        out = np.empty_like(numbers)
        for i, (generated, real) in enumerate(zip(self.generated, self.real, strict=True)):
            inside = np.clip(numbers[..., i], generated[0], generated[-1])
            out[..., i] = np.clip(PchipInterpolator(generated, real)(inside), real[0], real[-1])
        return out

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return what `from_json` reads back."""
        return {"generated": self.generated, "real": self.real}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Calibration:
        """Read what `to_json` wrote."""
        return cls(np.asarray(data["generated"]), np.asarray(data["real"]))


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
