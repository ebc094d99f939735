"""Strata of a target: its classes, or bins of its numbers, and how many rows each is to get."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.errors import InvalidDataError, InvalidParameterError, join_problems
from wgan_aug.schema.cells import float_values

__all__ = ["LEAST_NUMBERS", "Strata", "ask_of_bins", "bins_of", "classes_of", "fill"]

LEAST_NUMBERS = 50  # rows that have a density of numbers worth speaking of
_STRATEGIES = ("auto", "minority", "not minority", "not majority", "all")


@dataclasses.dataclass(frozen=True)
class Strata:
    """Parts of the rows by their target.

    Args:
        conditions: what the target meets in each stratum: a class, or (low, high) inclusive.
        codes: the stratum of each row, shape (rows,); -1 in none.
    """

    conditions: list[Any]
    codes: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """Rows of each stratum, shape (strata,)."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.conditions))


def classes_of(target: pd.Series) -> Strata:
    """Return a stratum for each class, missing cells in none.

    Args:
        target: the classes, shape (rows,).

    Examples:
        >>> strata = classes_of(pd.Series(["b", "a", None, "b"]))
        >>> strata.conditions, strata.counts.tolist()
        (['b', 'a'], [2, 1])
    """
    codes, classes = pd.factorize(target)
    return Strata(list(classes), codes)


def bins_of(target: pd.Series, bins: int = 10) -> Strata:
    """Return a stratum for each bin of equal width that has rows, missing cells in none.

    Args:
        target: numbers, shape (rows,).
        bins: between the least and the greatest of them.

    Raises:
        InvalidDataError: for infinite numbers, and where they do not vary.

    Examples:
        >>> strata = bins_of(pd.Series([0.0, 1.0, 1.5, 10.0]), bins=2)
        >>> strata.conditions, strata.counts.tolist()
        ([(0.0, 4.999999999999999), (5.0, 10.0)], [3, 1])
    """
    values = float_values(target)
    present = ~np.isnan(values)
    distinct = np.unique(values[present])
    if not np.isfinite(distinct).all() or len(distinct) < 2:
        raise InvalidDataError(
            f"The target {target.name!r} has {len(distinct)} different values in {present.sum()} rows, "
            f"{np.isinf(values).sum()} of these infinite; a density takes at least two, all of them finite."
        )
    edges = np.linspace(distinct[0], distinct[-1], bins + 1)
    codes = np.full(len(values), -1)
    codes[present] = np.clip(np.searchsorted(edges, values[present], side="right") - 1, 0, bins - 1)
    used = np.unique(codes[present])
    codes[present] = np.searchsorted(used, codes[present])
    last = len(edges) - 2
    ends = [float(edges[b + 1]) if b == last else float(np.nextafter(edges[b + 1], -np.inf)) for b in used]
    return Strata([(float(edges[b]), end) for b, end in zip(used, ends, strict=True)], codes)


def fill(counts: np.ndarray, rows: int) -> np.ndarray:
    """Share rows among strata so that the smallest ones grow, together, to the same height.

    Args:
        counts: rows that each stratum has, shape (strata,).
        rows: how many to add.

    Returns:
        rows to add to each, shape (strata,).

    Examples:
        >>> fill(np.array([10, 4, 1]), 6).tolist(), fill(np.array([10, 4, 1]), 18).tolist()
        ([0, 1, 5], [1, 7, 10])
    """
    order = np.argsort(counts, kind="stable")
    heights = np.sort(counts)
    below = np.arange(1, len(counts) + 1)
    needed = heights * below - np.cumsum(heights)  # rows that lift all lower ones to a height
    grown = int(below[needed <= rows][-1])
    level, rest = divmod(rows + int(heights[:grown].sum()), grown)
    added = np.zeros(len(counts), dtype=int)
    added[order[:grown]] = level - heights[:grown]
    added[order[:rest]] += 1
    return added


def ask_of_bins(
    strategy: str | float | Mapping[Any, int] | Callable[[np.ndarray], Mapping[Any, int]], target: pd.Series, bins: int
) -> tuple[list[Any], np.ndarray]:
    """Return what a sampling strategy asks of a target of numbers.

    `"auto"` brings bins with fewer rows than the mean bin up to it, so that no more rows are added than there are. The
    other words of imbalanced-learn take bins for classes, a number brings each bin up to that share of the fullest, and
    a dict (or a function of the target that returns one) says for ranges (low, high) how many rows there shall be.

    Args:
        strategy: as above.
        target: numbers, shape (rows,).
        bins: of equal width.

    Returns:
        the ranges, and how many rows to add to each.

    Raises:
        InvalidParameterError: for another strategy, and for fewer rows than there are.
    """
    if callable(strategy):
        strategy = strategy(target.to_numpy())
    if isinstance(strategy, Mapping):
        return _ask_of_ranges(strategy, float_values(target))
    strata = bins_of(target, bins)
    counts = strata.counts
    if strategy == "auto":
        return strata.conditions, np.maximum(len(target) // len(counts) - counts, 0)
    if isinstance(strategy, str):
        missing = counts.max() - counts
        if strategy in ("minority", "not minority"):
            smallest = np.arange(len(counts)) == counts.argmin()
            missing = np.where(smallest == (strategy == "minority"), missing, 0)
        if strategy in _STRATEGIES:
            return strata.conditions, missing
        raise InvalidParameterError(
            f"sampling_strategy is {strategy!r}; allowed are {', '.join(map(repr, _STRATEGIES))}, a share, a dict of "
            "ranges, or a function that returns one."
        )
    return strata.conditions, np.maximum((counts.max() * float(strategy)).astype(int) - counts, 0)


def _ask_of_ranges(wanted: Mapping[Any, int], values: np.ndarray) -> tuple[list[Any], np.ndarray]:
    problems: list[str] = []
    added: list[int] = []
    for limits, rows in wanted.items():
        if not isinstance(limits, tuple) or len(limits) != 2:
            problems.append(f"{limits!r} is no range; give (low, high), with None for an open end.")
            continue
        low, high = (np.inf * sign if end is None else end for end, sign in zip(limits, (-1, 1), strict=True))
        there = int(((values >= low) & (values <= high)).sum())
        added.append(rows - there)
        if rows < there:
            problems.append(f"{limits!r} has {there} rows, and {rows} are asked for; rows are added, never taken away.")
    if problems:
        raise InvalidParameterError(f"sampling_strategy cannot be met. {join_problems(problems)}")
    return list(wanted), np.array(added, dtype=int)
