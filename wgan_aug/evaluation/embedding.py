"""Rows as points: the one embedding that coverage and privacy figures measure distances in."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterable

import numpy as np
import pandas as pd
from scipy.special import ndtri
from sklearn.neighbors import NearestNeighbors

from wgan_aug.evaluation.frames import Tables

__all__ = ["EMBEDDING", "Embedding", "nearest", "normal_scores"]

MAX_LEVELS = 100
"""How many levels of a column have a coordinate of their own."""

_CATEGORY = np.sqrt(0.5)  # two rows with different levels are 1 apart

EMBEDDING = (
    "Numbers as normal scores of their mid-ranks among the real rows (hold-out included), a missing one as 0 and 1 in "
    "a coordinate for gaps; categories one-hot, so that two different levels are 1 apart as are two numbers one "
    f"standard deviation apart; of a column's levels the {MAX_LEVELS} most frequent each for itself, the others as "
    "one. Euclidean distance."
)
"""What distances are measured in, in words."""


@dataclasses.dataclass(frozen=True)
class Embedding:
    """Rows as points: normal scores of numbers, one-hot categories.

    A number x becomes the standard normal quantile of its mid-rank (#{real < x} + #{real <= x}) / (2 n) among the n
    present real values, kept within [1 / (2 n), 1 - 1 / (2 n)]: outliers and units do not matter, and a spike of
    equal values is one point. A category is one-hot times sqrt(1/2).

    Args:
        sorted_values: the sorted real values of each numeric column.
        gaps: the numeric columns that miss values somewhere.
        levels: the levels of each categorical column that have a coordinate; the others share one more.

    Examples:
        >>> from wgan_aug.evaluation.frames import align
        >>> real = pd.DataFrame({"age": [20.0, 30.0, 40.0], "sex": ["f", "m", "f"]})
        >>> tables = align(real, real)
        >>> Embedding.fit(tables).transform(tables.real).round(2).tolist()
        [[-0.97, 0.71, 0.0, 0.0], [0.0, 0.0, 0.71, 0.0], [0.97, 0.71, 0.0, 0.0]]
    """

    sorted_values: dict[Hashable, np.ndarray]
    gaps: frozenset[Hashable]
    levels: dict[Hashable, pd.Index]

    @classmethod
    def fit(cls, tables: Tables, columns: Iterable[Hashable] | None = None) -> Embedding:
        """Learn ranks and levels of the real rows, hold-out included.

        Args:
            tables: the aligned frames.
            columns: the columns to embed; all of them where None.
        """
        chosen = set(tables.real.columns if columns is None else columns)
        real = [tables.real] if tables.holdout is None else [tables.real, tables.holdout]
        numeric = [name for name in tables.numeric if name in chosen]
        values: dict[Hashable, np.ndarray] = {}
        for name in numeric:
            column = np.concatenate([frame[name].to_numpy() for frame in real])
            values[name] = np.sort(column[~np.isnan(column)])
        gaps = {name for name in numeric for frame in [*real, tables.synthetic] if frame[name].isna().any()}
        levels: dict[Hashable, pd.Index] = {}
        for name in tables.categorical:
            if name in chosen:
                counts = pd.concat([frame[name] for frame in real]).value_counts()
                levels[name] = counts.index[:MAX_LEVELS]
        return cls(values, frozenset(gaps), levels)

    def transform(self, frame: pd.DataFrame) -> np.ndarray:
        """Return points, float64, shape (rows, coordinates).

        Args:
            frame: rows of the aligned frames.
        """
        width = len(self.sorted_values) + len(self.gaps) + sum(len(levels) + 1 for levels in self.levels.values())
        points = np.zeros((len(frame), width))
        at = 0
        for name, reference in self.sorted_values.items():
            values = frame[name].to_numpy()
            points[:, at] = normal_scores(values, reference)
            at += 1
            if name in self.gaps:
                points[:, at] = np.isnan(values)
                at += 1
        rows = np.arange(len(frame))
        for name, levels in self.levels.items():
            codes = levels.get_indexer(pd.Index(frame[name]))
            points[rows, at + np.where(codes < 0, len(levels), codes)] = _CATEGORY
            at += len(levels) + 1
        return points


def normal_scores(values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return the standard normal quantile of each value's mid-rank among reference values; 0 where missing.

    Args:
        values: shape (rows,), NaN where missing.
        reference: sorted, without NaN.

    Examples:
        >>> normal_scores(np.array([1.0, 2.0, 9.0, np.nan]), np.array([1.0, 2.0, 3.0])).round(2)
        array([-0.97,  0.  ,  0.97,  0.  ])
    """
    n = len(reference)
    if not n:
        return np.zeros(len(values))
    ranks = (np.searchsorted(reference, values, "left") + np.searchsorted(reference, values, "right")) / (2 * n)
    scores = ndtri(np.clip(ranks, 0.5 / n, 1 - 0.5 / n))
    return np.where(np.isnan(values), 0.0, scores)


def nearest(points: np.ndarray, reference: np.ndarray, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances to the k nearest reference points, and which they are, nearest first.

    Distances are taken anew from the differences and rounded to ten decimals, so that equal points are exactly 0 apart
    and ties are ties.

    Args:
        points: shape (rows, coordinates).
        reference: shape (rows, coordinates), at least k rows.
        k: how many neighbours.

    Returns:
        Distances and positions, each of shape (rows, k).
    """
    found = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(reference).kneighbors(points, return_distance=False)
    exact = [np.sqrt(((points - reference[found[:, i]]) ** 2).sum(axis=1)) for i in range(k)]
    distances = np.round(np.column_stack(exact), 10)
    order = np.argsort(distances, axis=1, kind="stable")
    return np.take_along_axis(distances, order, axis=1), np.take_along_axis(found, order, axis=1)
