"""Raking: factors of levels and bins that give accepted rows the marginals of the training rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np

from wgan_aug.schema.values import JSON

__all__ = ["Factors", "find_scale", "marginal_error", "rake"]

PASSES = 15
WIDEST = 4.0  # no level is favoured or held back by more than this
FEWEST_ROWS = 5  # levels with fewer training rows are left as they are
CAPPED_SHARE = 0.005  # of all weight, what may be lost to the cap where more candidates can be kept for it


@dataclasses.dataclass(frozen=True)
class Factors:
    """A factor for each stratum of each column; a row's weight is multiplied by those of its strata.

    Args:
        values: one float64 array a column, of shape (strata,).
    """

    values: list[np.ndarray]

    def log_weights(self, strata: Sequence[np.ndarray], known: np.ndarray | None = None) -> np.ndarray:
        """Return the logarithm of the product of each row's factors.

        Args:
            strata: the stratum of each row, one int64 array of shape (rows,) a column.
            known: where a column's factor does not count, bool, shape (rows, columns); None for nowhere.
        """
        total = np.zeros(len(strata[0]) if strata else 0)
        for column, (value, stratum) in enumerate(zip(self.values, strata, strict=True)):
            factor = np.log(value)[stratum]
            total += factor if known is None else np.where(known[:, column], 0.0, factor)
        return total

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return a nested object of JSON and arrays that `from_json` reads back."""
        return {"sizes": [len(v) for v in self.values], "values": np.concatenate([np.empty(0), *self.values])}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Self:
        """Read what `to_json` wrote."""
        return cls(np.split(data["values"], np.cumsum(data["sizes"])[:-1]) if data["sizes"] else [])


def find_scale(weights: np.ndarray, least: float) -> float:
    r"""Return the factor that makes weights chances of being kept.

    .. math:: p_i = \min(1, s w_i)

    where s is the smallest for which a share `least` of the rows is kept, or larger while hardly any weight is lost to
    the cap at 1: rows that are good already are not thrown away.

    Args:
        weights: positive, shape (rows,), at least one.
        least: the share of rows to keep at least, in (0, 1].

    Examples:
        >>> round(find_scale(np.array([1.0, 1.0, 2.0, 4.0]), 0.5), 3)
        0.25
    """
    falling = np.sort(weights)[::-1]
    above = np.cumsum(falling) - falling  # weight of the rows before each
    rank = np.arange(len(falling))
    rest = np.cumsum(falling[::-1])[::-1]  # summed from the smallest, so that it never rounds to 0
    for_share = (least * len(falling) - rank) / rest  # the scale, if just the rows before were capped
    share = float(for_share[np.argmax(for_share * falling <= 1)]) if least < 1 else 1 / float(falling[-1])
    lost = above - rank * falling  # weight lost if the cap were at each row's weight
    cap = falling[np.flatnonzero(lost <= CAPPED_SHARE * falling.sum())[-1]]
    return max(share, 1 / float(cap))


def marginal_error(real: Sequence[np.ndarray], strata: Sequence[np.ndarray], kept: np.ndarray) -> float:
    """Return the mean over columns of the total variation distance between real rows and kept ones.

    Args:
        real: the stratum of each real row, one array a column.
        strata: the stratum of each candidate, one array a column.
        kept: each candidate's chance of being kept, shape (candidates,).
    """
    gaps: list[float] = []
    for ours, theirs in zip(real, strata, strict=True):
        size = 1 + max(ours.max(), theirs.max())
        wanted = np.bincount(ours, minlength=size) / len(ours)
        found = np.bincount(theirs, weights=kept, minlength=size) / kept.sum()
        gaps.append(0.5 * float(np.abs(wanted - found).sum()))
    return float(np.mean(gaps)) if gaps else 0.0


def rake(
    log_weights: np.ndarray,
    real: Sequence[np.ndarray],
    strata: Sequence[np.ndarray],
    sizes: Sequence[int],
    least: float,
) -> tuple[Factors, float]:
    """Find factors that match the marginals of rows kept with capped weights to those of real rows.

    Iterative proportional fitting, column by column, with the cap at work. Levels of fewer than 5 real rows keep a
    factor of 1, and no factor leaves [1/4, 4]: what a generator hardly ever draws is not made of a few rows.

    Args:
        log_weights: of the candidates, shape (candidates,).
        real: the stratum of each real row, one array a column.
        strata: the stratum of each candidate, one array a column.
        sizes: number of strata of each column.
        least: the share of candidates to keep at least.

    Returns:
        the factors, and the scale that makes chances of weights.

    Reference: Deming and Stephan 1940, On a Least Squares Adjustment of a Sampled Frequency Table.
    """
    weights = np.exp(log_weights)
    factors = [np.ones(size) for size in sizes]
    counts = [np.bincount(column, minlength=size) for column, size in zip(real, sizes, strict=True)]
    for _ in range(PASSES):
        scale = find_scale(weights, least)
        for column, (count, stratum) in enumerate(zip(counts, strata, strict=True)):
            kept = np.bincount(stratum, weights=np.minimum(1, scale * weights), minlength=len(count))
            known = (count >= FEWEST_ROWS) & (kept > 0)
            wanted = count / count.sum() * kept.sum()
            step = np.divide(wanted, kept, out=np.ones(len(count)), where=known)
            new = np.clip(factors[column] * step, 1 / WIDEST, WIDEST)
            weights *= (new / factors[column])[stratum]
            factors[column] = new
    return Factors(factors), find_scale(weights, least)
