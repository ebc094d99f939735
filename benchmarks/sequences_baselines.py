"""Two baselines that learn nothing of time, to hold figures against: a Gaussian copula, and pasted halves.

Both draw within a class, with as many of each class as there are in training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sequences_sets import Sequences

__all__ = ["Sampler", "copula", "draw_labels", "pasted"]

Sampler = Callable[[int], Sequences]
Drawer = Callable[[int], np.ndarray]


def draw_labels(y: np.ndarray | None, n: int, rng: np.random.Generator) -> np.ndarray | None:
    """Return n labels, as frequent as in training; None where there are no classes."""
    return None if y is None else rng.permutation(np.resize(y, n))


def copula(train: Sequences, seed: int) -> Sampler:
    """Learn a Gaussian copula over the flattened sequence: marginals of every step and channel, and correlations."""
    rng = np.random.default_rng(seed)
    return _by_class(train, lambda x: _flat_copula(x, rng), rng)


def pasted(train: Sequences, seed: int) -> Sampler:
    """Put the second half of a real sequence behind the first half of another."""
    rng = np.random.default_rng(seed)
    half = train.x.shape[1] // 2

    def of_class(x: np.ndarray) -> Drawer:
        def draw(n: int) -> np.ndarray:
            first = rng.integers(len(x), size=n)
            second = (first + rng.integers(1, max(len(x), 2), size=n)) % len(x)
            return np.concatenate([x[first, :half], x[second, half:]], axis=1)

        return draw

    return _by_class(train, of_class, rng)


def _by_class(train: Sequences, learn: Callable[[np.ndarray], Drawer], rng: np.random.Generator) -> Sampler:
    """Learn each class by itself; return a sampler of all."""
    drawers = [(label, learn(x)) for label, x in _classes(train)]

    def sample(n: int) -> Sequences:
        labels = draw_labels(train.y, n, rng)
        made = np.empty((n, *train.x.shape[1:]), np.float32)
        for label, draw in drawers:
            places = np.arange(n) if labels is None else np.flatnonzero(labels == label)
            made[places] = draw(len(places))
        return Sequences(made, labels)

    return sample


def _classes(train: Sequences) -> Iterator[tuple[Any, np.ndarray]]:
    if train.y is None:
        yield None, train.x
        return
    for label in np.unique(train.y):
        yield label, train.x[train.y == label]


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
