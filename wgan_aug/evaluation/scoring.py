"""Scores of predictions, for many resamples of the rows at once: maths on arrays."""

from __future__ import annotations

import numpy as np

__all__ = ["average_precision", "draw_weights", "macro_f1", "r_squared", "roc_auc"]


def draw_weights(rows: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Return how often each row counts: once each in the first line, and as drawn with replacement in the others.

    Args:
        rows: number of rows.
        resamples: number of bootstrap resamples.
        rng: the source of randomness.

    Returns:
        Counts, shape (1 + resamples, rows).

    Examples:
        >>> weights = draw_weights(5, 3, np.random.default_rng(0))
        >>> weights[0].tolist(), weights.sum(axis=1).tolist()
        ([1, 1, 1, 1, 1], [5, 5, 5, 5])
    """
    drawn = [np.bincount(rng.integers(rows, size=rows), minlength=rows) for _ in range(resamples)]
    return np.array([np.ones(rows, dtype=np.int64), *drawn], dtype=np.int32)


def roc_auc(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the area under the ROC curve for each set of row weights.

    AUC = P(a positive row's score > a negative one's) + P(equal) / 2, rows drawn in proportion to their weights.

    Args:
        truth: whether a row is positive, shape (rows,).
        scores: higher for positives, shape (rows,).
        weights: row weights, shape (resamples, rows).

    Returns:
        AUCs, shape (resamples,); NaN where a class has no weight.

    Examples:
        >>> roc_auc(np.array([True, False, True]), np.array([0.9, 0.5, 0.5]), np.array([[1, 1, 1], [1, 1, 0]])).tolist()
        [0.75, 1.0]
    """
    positive, negative = _by_score(truth, scores, weights)
    below = np.cumsum(negative, axis=1) - negative / 2
    return _divide((positive * below).sum(axis=1), positive.sum(axis=1) * negative.sum(axis=1))


def average_precision(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the average precision for each set of row weights.

    AP = sum over thresholds of (recall_t - recall_(t-1)) precision_t, thresholds falling; arguments as in `roc_auc`.

    Examples:
        >>> average_precision(np.array([False, True]), np.array([2.0, 1.0]), np.ones((1, 2))).tolist()
        [0.5]
    """
    positive, negative = _by_score(truth, -scores, weights)
    found = np.cumsum(positive, axis=1)
    precision = _divide(found, found + np.cumsum(negative, axis=1))
    return _divide(np.nansum(positive * precision, axis=1), found[:, -1])


def _by_score(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weight of positive and of negative rows at each distinct score, lowest first."""
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    drawn = weights.take(order, axis=1)
    positive = drawn * truth[order]
    negative = drawn - positive
    if len(starts) == len(ranked):
        return positive, negative
    return np.add.reduceat(positive, starts, axis=1), np.add.reduceat(negative, starts, axis=1)


def macro_f1(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the F1 score averaged over classes, for each set of row weights.

    F1 of a class = 2 true positives / (rows of it + rows predicted as it); classes that neither have are left out.

    Args:
        truth: whole numbers from 0 that stand for classes, shape (rows,).
        predicted: likewise.
        weights: row weights, shape (resamples, rows).

    Examples:
        >>> macro_f1(np.array([0, 0, 1]), np.array([0, 1, 1]), np.ones((1, 3))).round(4).tolist()
        [0.6667]
    """
    classes = int(max(truth.max(), predicted.max())) + 1
    labels = np.arange(classes)
    are, said = (weights @ (codes[:, None] == labels).astype(float) for codes in (truth, predicted))
    hits = (weights * (truth == predicted)) @ (truth[:, None] == labels).astype(float)
    return np.nanmean(_divide(2 * hits, are + said), axis=1)


def r_squared(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return R2 = 1 - sum w (y - p)^2 / sum w (y - mean)^2 for each set of row weights w.

    Args:
        truth: y, shape (rows,).
        predicted: p, shape (rows,).
        weights: shape (resamples, rows).

    Returns:
        R2, shape (resamples,), below 0 where the mean predicts better; NaN where y does not vary.

    Examples:
        >>> r_squared(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0]), np.ones((1, 3))).tolist()
        [0.5]
    """
    y = truth - truth.mean()
    total = weights.sum(axis=1)
    spread = weights @ y**2 - (weights @ y) ** 2 / total
    spread = np.where(spread > 1e-12 * (y**2).sum(), spread, 0.0)
    return 1 - _divide(weights @ (truth - predicted) ** 2, spread)


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.divide(a, b, out=np.full(np.broadcast(a, b).shape, np.nan), where=b > 0)
