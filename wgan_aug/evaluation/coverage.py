"""Do synthetic rows lie where real rows lie, and everywhere they lie: density, coverage, precision, recall."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import pairwise_distances_chunked

from wgan_aug.errors import InvalidDataError, InvalidParameterError
from wgan_aug.evaluation.embedding import EMBEDDING, Embedding, nearest
from wgan_aug.evaluation.figures import check_columns, to_plain
from wgan_aug.evaluation.frames import Tables

__all__ = ["Coverage", "Support", "compare_support", "coverage"]

_LEVELS = np.linspace(0, 1, 30)  # of alpha and beta, as in the authors' code


@dataclasses.dataclass(frozen=True)
class Support:
    """How two sets of points of the same size lie to each other.

    Args:
        density: how densely real points lie around synthetic ones; about 1 for fresh real rows, may exceed 1.
        coverage: share of real points with a synthetic one in their neighbourhood; about 1 - 2^-k for fresh real
            rows.
        alpha_precision: 1 where synthetic rows are as far from the middle of the real rows as these are.
        beta_recall: how well synthetic rows reach the real ones; about 0.5 for fresh real rows, not 1.
        rows: points on each side.
    """

    density: float
    coverage: float
    alpha_precision: float
    beta_recall: float
    rows: int


@dataclasses.dataclass(frozen=True)
class Coverage:
    """Whether synthetic rows lie where real rows do, and everywhere they do.

    Args:
        density: see `Support`.
        coverage: see `Support`.
        alpha_precision: see `Support`.
        beta_recall: see `Support`.
        rows: rows on each side, drawn without replacement.
        neighbours: k, the neighbours that make a real row's neighbourhood.
        holdout: the same figures for hold-out rows in the place of the synthetic ones, what good rows would score;
            None without a hold-out of more than k rows.
        embedding: what distances are measured in.
    """

    density: float
    coverage: float
    alpha_precision: float
    beta_recall: float
    rows: int
    neighbours: int
    holdout: Support | None
    embedding: str

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON."""
        return to_plain(vars(self))


def coverage(tables: Tables, *, neighbours: int = 5, max_rows: int = 5000, random_state: int = 0) -> Coverage:
    """Judge whether synthetic rows lie where real rows do, and everywhere they do.

    Real and synthetic rows are drawn without replacement, as many of each: the smaller of the two numbers, `max_rows`
    at most. They become points (numbers as normal scores, categories one-hot, see `EMBEDDING`), and
    `compare_support` compares them. All four figures move with the number of rows and with the embedding: compare
    them with those of the hold-out rows, not with figures from elsewhere.

    Args:
        tables: the aligned frames.
        neighbours: k, the neighbours that make a real row's neighbourhood.
        max_rows: rows of each side, at most.
        random_state: the seed of the draws.

    Raises:
        InvalidDataError: where there are not more than k rows, or no column.
        InvalidParameterError: for a k or max_rows that cannot be.

    Reference: Naeem et al. 2020, arXiv 2002.09797; Alaa et al. 2022, arXiv 2102.08921.

    Examples:
        >>> from wgan_aug.evaluation.frames import align
        >>> rng = np.random.default_rng(0)
        >>> real, fresh = (pd.DataFrame(rng.normal(size=(600, 2)), columns=["a", "b"]) for _ in range(2))
        >>> good, half = coverage(align(real, fresh)), coverage(align(real, fresh[fresh["a"] > 0]))
        >>> good.coverage > 0.9, half.coverage < 0.65
        (True, True)
    """
    if neighbours < 1 or max_rows <= neighbours:
        raise InvalidParameterError(
            f"neighbours is {neighbours} and max_rows is {max_rows}; 1 <= neighbours < max_rows must hold."
        )
    check_columns(tables)
    n = min(len(tables.real), len(tables.synthetic), max_rows)
    if n <= neighbours:
        raise InvalidDataError(
            f"Coverage with {neighbours} neighbours needs at least {neighbours + 1} real and synthetic rows; it got "
            f"{len(tables.real)} real and {len(tables.synthetic)} synthetic ones. Give more rows, or fewer neighbours."
        )
    space = Embedding.fit(tables)

    def draw(frame: pd.DataFrame, rows: int) -> np.ndarray:
        return space.transform(frame.sample(rows, random_state=random_state))

    figures = compare_support(draw(tables.real, n), draw(tables.synthetic, n), neighbours)
    baseline = None
    if tables.holdout is not None and (m := min(n, len(tables.holdout))) > neighbours:
        baseline = compare_support(draw(tables.real, m), draw(tables.holdout, m), neighbours)
    return Coverage(**vars(figures), neighbours=neighbours, holdout=baseline, embedding=EMBEDDING)


def compare_support(real: np.ndarray, synthetic: np.ndarray, neighbours: int = 5) -> Support:
    """Return density, coverage, alpha-precision and beta-recall of points.

    - B_i is the ball around real point i that reaches its k-th nearest other real point. Density is the number of
      (real ball, synthetic point inside) over k M; coverage is the share of balls with a synthetic point inside.
    - P(alpha) is the share of the M synthetic points within the ball, around the middle c of the real points, that
      holds the share alpha of these; alpha-precision is 1 - sum |P(alpha) - alpha| / sum alpha over 30 steps.
    - R(beta) is the share of the N real points whose nearest synthetic point is no farther than their nearest other
      real point, and lies within the ball, around the middle of the synthetic points, that holds the share beta of
      these nearest points; beta-recall is 1 - sum |R(beta) - beta| / sum beta. Half of fresh real points pass the first
      condition, so that 0.5 is what a perfect synthesizer gets, and only copies get near 1.

    A point on a ball's surface is inside (the authors of density and coverage leave it out), without which rows that
    have k twins could never be covered. The middle is the mean: no one-class network is trained, unlike in the
    paper, and the curves follow its authors' code.

    Args:
        real: shape (N, coordinates), N > k.
        synthetic: shape (M, coordinates).
        neighbours: k.

    Reference: Naeem et al. 2020, arXiv 2002.09797; Alaa et al. 2022, arXiv 2102.08921.
    """
    k = neighbours
    to_real = _distances_to_others(real, k)
    to_synthetic, which = (found[:, 0] for found in nearest(real, synthetic))
    inside = 0
    radii = to_real[:, k - 1]
    reach = radii * (1 + 1e-9) + 1e-6  # a chunk's distances are off by so much where points are equal
    for start, chunk in _chunks(real, synthetic):
        inside += int((chunk <= reach[start : start + len(chunk), None]).sum())
    middle = real.mean(axis=0)
    out, home = _lengths(synthetic - middle), _lengths(real - middle)
    precision = (out[None, :] <= np.quantile(home, _LEVELS)[:, None]).mean(axis=1)
    spread = _lengths(synthetic[which] - synthetic.mean(axis=0))
    close = to_synthetic <= to_real[:, 0]
    recall = (close[None, :] & (spread[None, :] <= np.quantile(spread, _LEVELS)[:, None])).mean(axis=1)
    return Support(
        density=inside / (k * len(synthetic)),
        coverage=float((to_synthetic <= radii).mean()),
        alpha_precision=_agreement(precision),
        beta_recall=_agreement(recall),
        rows=len(synthetic),
    )


def _agreement(curve: np.ndarray) -> float:
    """Return 1 where a curve is the diagonal, 0 where it is as far off as a curve that stays at 0."""
    return float(1 - np.abs(curve - _LEVELS).sum() / _LEVELS.sum())


def _lengths(vectors: np.ndarray) -> np.ndarray:
    return np.sqrt((vectors**2).sum(axis=1))


def _distances_to_others(points: np.ndarray, k: int) -> np.ndarray:
    """Return each point's distances to its k nearest other points, nearest first, shape (points, k)."""
    distances, found = nearest(points, points, k + 1)
    own = found == np.arange(len(points))[:, None]
    own[~own.any(axis=1), k] = True  # a point with more than k twins may not find itself: one zero less is the same
    return distances[~own].reshape(len(points), k)


def _chunks(real: np.ndarray, synthetic: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the first row and the distances of a few real points to all synthetic ones."""
    start = 0
    for chunk in pairwise_distances_chunked(real, synthetic, working_memory=64):
        yield start, chunk
        start += len(chunk)
