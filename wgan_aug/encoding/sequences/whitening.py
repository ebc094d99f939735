"""Numbers of a sequence as independent standard normal paths, and back: principal axes, frequencies, normal scores."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from scipy.fft import dct, idct
from scipy.linalg import block_diag
from scipy.special import ndtr, ndtri

from wgan_aug.encoding.curves import normal_scores
from wgan_aug.schema.values import JSON

__all__ = ["Whitening"]

_FLOOR = 1e-3  # of a step's spread: what varies less is told from no real measurement
_CHUNK = 4_000_000  # numbers worked on at once


@dataclasses.dataclass(frozen=True)
class Whitening:
    """An invertible map from the numbers of equally long sequences to paths whose second moments are those of noise.

    Each step is rotated to the principal axes of all steps; each axis is taken to its frequencies by an orthonormal
    cosine transform over time; each coefficient becomes its normal score among those of the training sequences; and
    the inverse transform brings the scores back to time. So a critic whose gradient is bounded sees fine structure as
    well as coarse: a gap between two nearly equal channels, or how rough a path is, counts as much as its level.
    Sequences of different lengths are left in time: there, a score is taken among the values of an axis at all steps.

    Args:
        normal: which numbers are ranks, taken as normal scores first, bool, shape (numbers,).
        means: mean of each number, shape (numbers,).
        axes: principal axes, one a column, shape (numbers, axes).
        values: values of each coefficient at the scores `knots`, shape (steps, axes, knots), or (1, axes, knots) for
            sequences of different lengths.
        knots: the scores, increasing, shape (knots,).
        alive: which coefficients vary, bool, shape (steps or 1, axes); the others are noise to the networks, and
            decoded as their mean.

    References:
        Kessy, Lewin and Strimmer 2018, Optimal Whitening and Decorrelation, arXiv 1512.00809.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> paths = rng.normal(size=(400, 8, 2)).cumsum(axis=1)
        >>> whitening = Whitening.fit(paths, np.full(400, 8), normal=np.zeros(2, dtype=bool), ragged=False)
        >>> white = whitening.transform(paths, rng)
        >>> white.shape, bool(abs(white.std() - 1) < 0.05)
        ((400, 2, 8), True)
        >>> bool(abs(whitening.inverse_transform(white) - paths).max() < 0.7)
        True
    """

    normal: np.ndarray
    means: np.ndarray
    axes: np.ndarray
    values: np.ndarray
    knots: np.ndarray
    alive: np.ndarray

    @classmethod
    def fit(
        cls, numbers: np.ndarray, lengths: np.ndarray, *, normal: np.ndarray, ragged: bool, apart: int = 0
    ) -> Whitening:
        """Learn from training sequences.

        Args:
            numbers: shape (sequences, steps, numbers); finite.
            lengths: steps of each sequence, shape (sequences,).
            normal: which numbers are ranks, bool, shape (numbers,).
            ragged: whether sequences may have different lengths.
            apart: how many of the last numbers have an axis each; each is alive by its own measure.
        """
        own = np.arange(numbers.shape[1]) < lengths[:, None]
        scores = normal_scores(numbers, normal)
        steps = scores[own]
        means = steps.mean(axis=0)
        alone = np.arange(len(means) - apart, len(means))
        axes = np.asarray(block_diag(*map(_principal_axes, np.split(steps - means, alone, axis=1))))
        rotated = (scores - means) @ axes
        samples = rotated[own][:, None] if ragged else _frequencies(rotated)
        spread = samples.std(axis=0)
        alive = np.concatenate([_alive(part) for part in np.split(spread, alone, axis=1)], axis=1)
        knots = _knots(len(samples))
        values = np.quantile(samples, ndtr(knots), axis=0)
        values[0], values[-1] = samples.min(axis=0), samples.max(axis=0)
        mean = samples.mean(axis=0)
        values = np.where(alive, values, mean)
        return cls(normal, means, axes, np.moveaxis(values, 0, -1), knots, alive)

    @property
    def ragged(self) -> bool:
        """Whether sequences may have different lengths."""
        return len(self.values) == 1

    @property
    def n_axes(self) -> int:
        """Number of paths."""
        return self.axes.shape[1]

    def transform(self, numbers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Whiten sequences.

        Args:
            numbers: shape (sequences, steps, numbers).
            rng: draws what coefficients that do not vary are taken to be.

        Returns:
            float32, shape (sequences, axes, steps).
        """
        out = np.empty((len(numbers), self.n_axes, numbers.shape[1]), dtype=np.float32)
        for part in _parts(numbers):
            rotated = (normal_scores(numbers[part], self.normal) - self.means) @ self.axes
            samples = rotated if self.ragged else _frequencies(rotated)
            scores = self._to_scores(samples, rng)
            out[part] = np.moveaxis(scores if self.ragged else _times(scores), 1, 2)
        return out

    def inverse_transform(self, paths: np.ndarray) -> np.ndarray:
        """Bring paths back.

        Args:
            paths: shape (sequences, axes, steps).

        Returns:
            float64, shape (sequences, steps, numbers).
        """
        out = np.empty((len(paths), paths.shape[2], len(self.means)))
        for part in _parts(paths):
            scores = np.moveaxis(paths[part].astype(np.float64), 1, 2)
            samples = self._to_values(scores if self.ragged else _frequencies(scores))
            rotated = samples if self.ragged else _times(samples)
            numbers = rotated @ self.axes.T + self.means
            out[part] = np.where(self.normal, ndtr(numbers), numbers)
        return out

    def _to_scores(self, samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        scores = rng.standard_normal(samples.shape)
        for step, axis in np.argwhere(self.alive):
            at = slice(None) if self.ragged else step
            scores[:, at, axis] = np.interp(samples[:, at, axis], self.values[step, axis], self.knots)
        return scores

    def _to_values(self, scores: np.ndarray) -> np.ndarray:
        values = np.broadcast_to(self.values[..., 0], scores.shape).copy()
        for step, axis in np.argwhere(self.alive):
            at = slice(None) if self.ragged else step
            values[:, at, axis] = np.interp(scores[:, at, axis], self.knots, self.values[step, axis])
        return values

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return what `from_json` reads back."""
        return {
            "normal": self.normal,
            "means": self.means,
            "axes": self.axes,
            "values": self.values,
            "knots": self.knots,
            "alive": self.alive,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Whitening:
        """Read what `to_json` wrote."""
        return cls(**{name: np.asarray(data[name]) for name in data})


def _parts(rows: np.ndarray) -> list[slice]:
    size = max(1, _CHUNK // max(1, rows[0].size if len(rows) else 1))
    return [slice(start, start + size) for start in range(0, len(rows), size)]


def _principal_axes(steps: np.ndarray) -> np.ndarray:
    """Return the principal axes of centred steps, widest first, one a column."""
    if not steps.shape[1]:
        return np.empty((0, 0))
    widest = np.linalg.eigh(steps.T @ steps / len(steps))[1][:, ::-1]
    return np.ascontiguousarray(widest)  # as it is read back: the order in memory changes the last bit of a product


def _alive(spread: np.ndarray) -> np.ndarray:
    return spread > _FLOOR * np.sqrt((spread**2).sum() / max(1, spread.size))


def _frequencies(paths: np.ndarray) -> np.ndarray:
    return dct(paths, norm="ortho", axis=1)  # type: ignore[return-value]


def _times(coefficients: np.ndarray) -> np.ndarray:
    return idct(coefficients, norm="ortho", axis=1)  # type: ignore[return-value]


def _knots(samples: int) -> np.ndarray:
    """Return scores from the least to the largest that so many samples are expected to have, at most 257."""
    reach = -ndtri(0.5 / max(samples, 2))
    return np.linspace(-reach, reach, int(np.clip(samples // 8, 5, 257)))
