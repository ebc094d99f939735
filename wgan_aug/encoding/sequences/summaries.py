"""Sequences as rows of figures: levels, spreads, roughness, rhythms, how numbers go together, shares of states."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from wgan_aug.encoding.sequences.encoder import EncodedSequences
from wgan_aug.encoding.sequences.scaling import WindowScale
from wgan_aug.schema.layout import TableLayout

__all__ = ["Summary"]

Array = np.ndarray

_GRAIN = 1 / 500  # of a number's spread: what is finer (rounding, ties, doubled channels) is not looked at
_RANKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_LAGS = (1, 2, 3)
_BANDS = 5
_STATES = 8  # of a block that have a share each, the commonest
_PAIRS = 30


@dataclasses.dataclass(frozen=True)
class Summary:
    """Makes figures of sequences, of each over its own steps alone.

    Of each block of states: shares of the 8 commonest, and of steps at which the state changes. Of each number: mean,
    standard deviation, quartiles, least, largest, first and last value; standard deviation and largest size of the
    differences between steps, mean size of the second differences; autocorrelation at lags 1, 2, 3, T/4 and T/2; log
    power in up to 5 bands of frequency. Of up to 30 pairs of numbers, in units of their spreads: least and largest gap,
    its standard deviation, correlations of the numbers and of their differences.

    Numbers are rounded to a five hundredth of their spread, and are on scales of the sequences' own where there are
    such.

    Args:
        layout: of a step.
        scale: takes each sequence's numbers to a scale of its own; None leaves them as they are.
        grain: what each number is rounded to, above 0, shape (numbers,).

    Examples:
        >>> waves = np.sin(np.arange(20) + np.array([[0.0], [1.0]]))[..., None]
        >>> encoded = EncodedSequences(np.empty((2, 20, 0), dtype=int), waves, np.array([20, 12]))
        >>> summary = Summary.fit(encoded, TableLayout((), np.empty(0), ()), None)
        >>> summary.figures(encoded).shape, bool(abs(summary.figures(encoded)[0, 0] * summary.grain[0]) < 0.1)
        ((2, 22), True)
    """

    layout: TableLayout
    scale: WindowScale | None
    grain: Array

    @classmethod
    def fit(cls, encoded: EncodedSequences, layout: TableLayout, scale: WindowScale | None) -> Summary:
        """Learn the grain from training sequences."""
        spread = _scaled(encoded, scale)[encoded.mask].std(axis=0)
        return cls(layout, scale, np.where(spread > 0, _GRAIN * spread, 1.0))

    @property
    def marginal(self) -> int:
        """How many figures, the first ones, say which values there are: of states, then means and deviations."""
        return sum(min(width - 1, _STATES) + 1 for width in self.layout.widths) + 2 * len(self.grain)

    def figures(self, encoded: EncodedSequences) -> Array:
        """Return the figures of sequences, float32, shape (sequences, figures)."""
        own, lengths = encoded.mask, encoded.lengths
        x = np.rint(_scaled(encoded, self.scale) / self.grain).transpose(0, 2, 1)
        columns = [
            *_of_states(encoded.states, own, lengths, self.layout),
            *_of_numbers(np.ascontiguousarray(x, dtype=np.float32), own, lengths),
        ]
        return np.concatenate(columns, axis=1, dtype=np.float32)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads back; layout and scale are not in it."""
        return {"grain": self.grain}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], layout: TableLayout, scale: WindowScale | None) -> Summary:
        """Read what `to_json` wrote."""
        return cls(layout, scale, np.asarray(data["grain"]))


def _scaled(encoded: EncodedSequences, scale: WindowScale | None) -> Array:
    return encoded.numbers if scale is None else scale.transform(encoded.numbers, encoded.mask)


def _of_numbers(x: Array, own: Array, lengths: Array) -> Iterator[Array]:
    """Yield figures of numbers, each of shape (sequences, numbers or pairs), from shape (sequences, numbers, steps)."""
    if not x.shape[1]:
        return
    steps, weight, count = x.shape[2], own[:, None].astype(np.float32), lengths[:, None].astype(np.float32)
    mean = (x * weight).sum(axis=2) / count
    u = (x - mean[..., None]) * weight
    level = _Moments.of(u, count)
    yield mean
    yield np.sqrt(level.variance)
    last = np.broadcast_to(lengths[:, None, None] - 1, (*x.shape[:2], 1))
    ordered = np.sort(np.where(own[:, None], x, np.inf), axis=2)
    yield from (_at(ordered, (rank * last).astype(np.int64)) for rank in _RANKS)
    yield x[..., 0]
    yield _at(x, last)

    moves = np.diff(x, axis=2) * weight[..., 1:]
    rough = _Moments.of(moves, count)
    yield np.sqrt(rough.variance)
    yield np.abs(moves).max(axis=2, initial=0)
    yield (np.abs(np.diff(moves, axis=2)) * weight[..., 2:]).sum(axis=2) / count
    for lag in sorted({*_LAGS, steps // 4, steps // 2} & set(range(1, steps))):
        yield (u[..., lag:] * u[..., :-lag]).sum(axis=2) / count / level.variance
    power = np.log(np.abs(np.fft.rfft(u, axis=2)[..., 1:]) ** 2 / count[..., None] + 1)
    yield from (band.mean(axis=2) for band in np.array_split(power, _BANDS, axis=2) if band.shape[2])
    yield from _of_pairs(x, own, level, rough)


def _of_pairs(x: Array, own: Array, level: _Moments, rough: _Moments) -> Iterator[Array]:
    i, j = np.tril_indices(x.shape[1], -1)
    some = np.linspace(0, len(i) - 1, min(len(i), _PAIRS)).astype(np.int64)
    i, j = i[some], j[some]
    gaps = np.where(own[:, None], x[:, i] - x[:, j], np.nan)
    yield np.fmin.reduce(gaps, axis=2)
    yield np.fmax.reduce(gaps, axis=2)
    yield np.sqrt(np.maximum(level.variance[:, i] + level.variance[:, j] - 2 * level.covariance[:, i, j], 0))
    yield level.correlation(i, j)
    yield rough.correlation(i, j)


def _of_states(states: Array, own: Array, lengths: Array, layout: TableLayout) -> Iterator[Array]:
    shares = np.split(layout.frequencies, layout.starts[1:])
    for block in range(layout.n_blocks):
        column = states[..., block]
        common = np.argsort(-shares[block], kind="stable")[:_STATES]
        for state in common[: len(shares[block]) - 1]:
            yield ((column == state) & own).sum(axis=1, keepdims=True) / lengths[:, None]
        yield ((np.diff(column, axis=1) != 0) & own[:, 1:]).sum(axis=1, keepdims=True) / lengths[:, None]


@dataclasses.dataclass(frozen=True)
class _Moments:
    """Second moments of each sequence.

    Args:
        covariance: shape (sequences, numbers, numbers).
        variance: with a grain squared, so that what is finer has no rhythm, shape (sequences, numbers).
    """

    covariance: Array
    variance: Array

    @classmethod
    def of(cls, paths: Array, count: Array) -> _Moments:
        """Return the moments of paths, shape (sequences, numbers, steps), 0 beyond an end, for their means are 0."""
        covariance = paths @ paths.transpose(0, 2, 1) / count[..., None]
        return cls(covariance, np.einsum("ncc->nc", covariance) + 1)

    def correlation(self, i: Array, j: Array) -> Array:
        """Return the correlation of pairs of numbers, shape (sequences, pairs)."""
        return self.covariance[:, i, j] / np.sqrt(self.variance[:, i] * self.variance[:, j])


def _at(paths: Array, step: Array) -> Array:
    return np.take_along_axis(paths, step, axis=2)[..., 0]
