"""Numbers of each sequence on a scale of its own, and that scale beside them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from wgan_aug.schema.values import JSON

__all__ = ["WindowScale"]


@dataclasses.dataclass(frozen=True)
class WindowScale:
    """Each number of a sequence as its shape within [-1, 1], its centre, and the logarithm of half its range.

    Where levels or ranges differ by orders of magnitude from one sequence to the next, what is learned is three things
    of ordinary size instead. Coming back, a shape is first made to reach exactly from -1 to 1, so that every sequence
    has the centre and the range that were drawn for it. A constant sequence has the shape 0 and half the `least` range;
    where no training sequence is constant, none comes back so, and none with a smaller range.

    Args:
        least: half the smallest range, above 0, that a training sequence has, shape (numbers,).
        constant: whether some training sequence is constant, bool, shape (numbers,).

    References:
        Lin et al. 2020, Using GANs for Sharing Networked Time Series Data, arXiv 1909.13403: auto-normalisation.

    Examples:
        >>> paths = np.array([[[1.0], [3.0], [2.0]], [[50.0], [50.0], [50.0]]])
        >>> own = np.ones((2, 3), dtype=bool)
        >>> scale = WindowScale.fit(paths, own)
        >>> scaled = scale.transform(paths, own)
        >>> scaled[0, :, 0].tolist(), scaled[:, 0, 1].tolist()
        ([-1.0, 1.0, 0.0], [2.0, 50.0])
        >>> scale.inverse_transform(scaled, own)[..., 0].round(9).tolist()
        [[1.0, 3.0, 2.0], [50.0, 50.0, 50.0]]
    """

    least: np.ndarray
    constant: np.ndarray

    @classmethod
    def fit(cls, numbers: np.ndarray, own: np.ndarray) -> WindowScale:
        """Learn from training sequences.

        Args:
            numbers: shape (sequences, steps, numbers).
            own: which steps are a sequence's own, bool, shape (sequences, steps).
        """
        half = _reach(numbers, own)[1]
        least = np.where(half > 0, half, np.inf).min(axis=0)
        return cls(np.where(np.isfinite(least), least, 1.0), (half == 0).any(axis=0))

    def transform(self, numbers: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Return shapes, centres and logarithms, the last two the same at all steps.

        Args:
            numbers: shape (sequences, steps, numbers).
            own: as for `fit`.

        Returns:
            shape (sequences, steps, 3 * numbers).
        """
        centre, half = _reach(numbers, own)
        logs = np.log(np.where(half > 0, half, self.least / 2))
        constant = np.broadcast_to(np.concatenate([centre, logs], axis=1)[:, None], (*own.shape, 2 * centre.shape[1]))
        return np.concatenate([_shapes(numbers, own), constant], axis=2)

    def inverse_transform(self, scaled: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Return numbers, shape (sequences, steps, numbers); centres and logarithms are the means over own steps."""
        shapes, centres, logs = np.split(scaled, 3, axis=2)
        weights = (own / own.sum(axis=1, keepdims=True))[..., None]
        half = np.exp((logs * weights).sum(axis=1))
        half = np.where(self.constant & (half < self.least / np.sqrt(2)), 0.0, np.maximum(half, self.least))
        return (centres * weights).sum(axis=1)[:, None] + half[:, None] * _shapes(shapes, own)

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return what `from_json` reads back."""
        return {"least": self.least, "constant": self.constant}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> WindowScale:
        """Read what `to_json` wrote."""
        return cls(np.asarray(data["least"]), np.asarray(data["constant"]))


def _reach(numbers: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the middle and half the range over a sequence's own steps, shapes (sequences, numbers)."""
    low = np.where(own[..., None], numbers, np.inf).min(axis=1)
    high = np.where(own[..., None], numbers, -np.inf).max(axis=1)
    return (low + high) / 2, (high - low) / 2


def _shapes(numbers: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return numbers that reach from -1 to 1 over a sequence's own steps, or are 0 there where they are constant."""
    centre, half = (part[:, None] for part in _reach(numbers, own))
    return (numbers - centre) / np.where(half > 0, half, np.inf)
