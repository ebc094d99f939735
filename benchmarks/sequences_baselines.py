"""Two baselines that learn nothing of time, to hold figures against: a Gaussian copula, and pasted halves.

Both draw within a class, with as many of each class as there are in training. The copula has every marginal and every
correlation of the flattened sequence; pasted halves are real but for the seam.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sequences_sets import Sequences

__all__ = ["Sampler", "copula", "draw_labels", "pasted"]

Sampler = Callable[[int], Sequences]
Drawer = Callable[[int], np.ndarray]
NEAREST = 5  # sequences whose second half may go with a first half


def draw_labels(y: np.ndarray | None, n: int, rng: np.random.Generator) -> np.ndarray | None:
    """Return n labels, as frequent as in training; None where there are no classes."""
    return None if y is None else rng.permutation(np.resize(y, n))


def copula(train: Sequences, seed: int) -> Sampler:
    """Learn a Gaussian copula over the flattened sequence: marginals of every step and channel, and correlations."""
    rng = np.random.default_rng(seed)
    return _by_class(train, lambda part: _flat_copula(part.x, rng), rng)


def pasted(train: Sequences, seed: int) -> Sampler:
    """Put the second half of a real sequence behind the first half of another that is near it where they meet."""
    rng = np.random.default_rng(seed)
    half = train.x.shape[1] // 2

    def of_class(part: Sequences) -> Drawer:
        others = _near(part, half)

        def draw(n: int) -> np.ndarray:
            first = rng.integers(len(part), size=n)
            second = others[first, rng.integers(others.shape[1], size=n)]
            return np.concatenate([part.x[first, :half], part.x[second, half:]], axis=1)

        return draw

    return _by_class(train, of_class, rng)


def _near(part: Sequences, half: int) -> np.ndarray:
    """Return for each sequence the numbers of those that are nearest in the two middle steps, and share no step."""
    seam = part.x[:, half - 1 : half + 1].reshape(len(part), -1).astype(np.float64)
    start = np.arange(len(part)) * part.x.shape[1] if part.start is None else part.start
    squares = (seam**2).sum(1)
    found: list[np.ndarray] = []
    for rows in np.array_split(np.arange(len(part)), len(part) // 500 + 1):
        distances = squares[rows, None] - 2 * seam[rows] @ seam.T + squares
        distances[np.abs(start[rows, None] - start) < part.x.shape[1]] = np.inf
        found.append(np.argpartition(distances, NEAREST, axis=1)[:, :NEAREST].copy())
    return np.concatenate(found)


def _by_class(train: Sequences, learn: Callable[[Sequences], Drawer], rng: np.random.Generator) -> Sampler:
    """Learn each class by itself; return a sampler of all."""
    drawers = [(label, learn(part)) for label, part in _classes(train)]

    def sample(n: int) -> Sequences:
        labels = draw_labels(train.y, n, rng)
        made = np.empty((n, *train.x.shape[1:]), np.float32)
        for label, draw in drawers:
            places = np.arange(n) if labels is None else np.flatnonzero(labels == label)
            made[places] = draw(len(places))
        return Sequences(made, labels)

    return sample


def _classes(train: Sequences) -> Iterator[tuple[Any, Sequences]]:
    if train.y is None:
        yield None, train
        return
    for label in np.unique(train.y):
        yield label, train.take(train.y == label)


def _flat_copula(x: np.ndarray, rng: np.random.Generator) -> Drawer:
    from scipy.special import ndtr, ndtri
    from scipy.stats import rankdata

    flat = x.reshape(len(x), -1).astype(np.float64)
    scores = ndtri((rankdata(flat, axis=0) - 0.5) / len(flat))
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(scores.T, bias=True)))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    spread = np.sqrt((root**2).sum(1, keepdims=True))
    root /= np.where(spread > 0, spread, 1.0)
    levels = np.sort(flat, axis=0)

    def draw(n: int) -> np.ndarray:
        uniform = ndtr(rng.standard_normal((n, root.shape[1])) @ root.T)
        place = np.clip(uniform * len(levels) - 0.5, 0, len(levels) - 1)
        below = np.minimum(place.astype(int), max(len(levels) - 2, 0))
        low = np.take_along_axis(levels, below, axis=0)
        high = np.take_along_axis(levels, np.minimum(below + 1, len(levels) - 1), axis=0)
        return (low + (place - below) * (high - low)).reshape(n, *x.shape[1:])

    return draw
