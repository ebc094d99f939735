"""How alike the associations of two columns are, for every pair of columns."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.evaluation.frames import Tables

__all__ = ["Codes", "judge_pairs"]

Name = Hashable


@dataclasses.dataclass(frozen=True)
class Codes:
    """One column as codes, the same for both sides.

    Args:
        real: codes from 0 to `size` - 1, shape (real rows,).
        synthetic: likewise, shape (synthetic rows,).
        size: how many codes there are.
        levels: what they stand for, shape (size,).
    """

    real: np.ndarray
    synthetic: np.ndarray
    size: int
    levels: np.ndarray

    @classmethod
    def of_levels(cls, real: np.ndarray, synthetic: np.ndarray) -> Codes:
        """Number the levels of a categorical column, missing among them."""
        codes, levels = pd.factorize(np.concatenate([real, synthetic]))
        return cls(codes[: len(real)], codes[len(real) :], len(levels), np.asarray(levels, dtype=object))

    @classmethod
    def of_numbers(cls, real: np.ndarray, synthetic: np.ndarray) -> Codes:
        """Cut a numeric column at the real deciles; missing numbers go with the real median."""
        present = real[~np.isnan(real)]
        cuts, median = np.empty(0), 0.0
        if len(present):
            with np.errstate(over="ignore", invalid="ignore"):
                cuts, median = np.unique(np.quantile(present, np.linspace(0, 1, 11)))[1:-1], float(np.median(present))
        real, synthetic = (np.digitize(np.where(np.isnan(v), median, v), cuts) for v in (real, synthetic))
        return cls(real, synthetic, len(cuts) + 1, np.arange(len(cuts) + 1))


def judge_pairs(tables: Tables) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Compare every pair of columns; `fidelity` says how.

    Args:
        tables: the aligned frames.

    Returns:
        `pairs`, `associations_real` and `associations_synthetic` of `Fidelity`.
    """
    names: list[Name] = list(tables.real.columns)
    place = {name: i for i, name in enumerate(names)}
    levels, numbers = set(tables.categorical), set(tables.numeric)
    codes = {
        name: (Codes.of_numbers if name in numbers else Codes.of_levels)(
            tables.real[name].to_numpy(), tables.synthetic[name].to_numpy()
        )
        for name in (names if levels else [])  # numbers alone need no codes
    }
    real, synthetic = _associations(tables, codes, place)
    rows: list[tuple[Any, ...]] = []
    for first, second in itertools.combinations(names, 2):
        i, j = place[first], place[second]
        if first in numbers and second in numbers:
            rows.append((first, second, "correlation", _similar(real[i, j], synthetic[i, j]) / 2 + 0.5, i, j, np.nan))
            continue
        cells, r, s = _contingency(codes[first], codes[second])
        likeness = float(1 - 0.5 * np.abs(r / r.sum() - s / s.sum()).sum())
        if first in levels and second in levels:
            real[i, j] = real[j, i] = _cramers_v(cells, codes[second].size, r)
            synthetic[i, j] = synthetic[j, i] = _cramers_v(cells, codes[second].size, s)
        mixed = (first in levels) != (second in levels)
        ratio = _similar(real[i, j], synthetic[i, j]) if mixed else np.nan
        rows.append((first, second, "contingency", likeness, i, j, ratio))
    labels = ["first", "second", "measure", "similarity", "real", "synthetic", "correlation_ratio"]
    pairs = pd.DataFrame(rows, columns=labels)
    at = pairs["real"].to_numpy(dtype=int), pairs["synthetic"].to_numpy(dtype=int)
    pairs["real"], pairs["synthetic"] = real[at], synthetic[at]
    pairs = pairs.sort_values("similarity", kind="stable", na_position="last", ignore_index=True)
    index = tables.real.columns
    return pairs, pd.DataFrame(real, index, index), pd.DataFrame(synthetic, index, index)


def _similar(real: float, synthetic: float) -> float:
    """Return 1 - |difference|; a synthetic association that is not there counts as 0, a real one gives NaN."""
    return float(1 - abs(real - (0.0 if np.isnan(synthetic) else synthetic)))


def _associations(tables: Tables, codes: dict[Name, Codes], place: dict[Name, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the real and synthetic matrices, filled but for pairs of categories."""
    at = [place[name] for name in tables.numeric]
    out: list[np.ndarray] = []
    for side, frame in (("real", tables.real), ("synthetic", tables.synthetic)):
        matrix = np.full((len(place), len(place)), np.nan)
        np.fill_diagonal(matrix, 1.0)
        if at:
            matrix[np.ix_(at, at)] = frame[tables.numeric].corr().to_numpy()
            numbers = frame[tables.numeric].to_numpy()
            for name in tables.categorical:
                ratios = _correlation_ratios(getattr(codes[name], side), codes[name].size, numbers)
                matrix[place[name], at] = matrix[at, place[name]] = ratios
        out.append(matrix)
    return out[0], out[1]


def _correlation_ratios(codes: np.ndarray, size: int, numbers: np.ndarray) -> np.ndarray:
    """Return eta of one categorical column with each numeric one; NaN where the number does not vary.

    Args:
        codes: levels, shape (rows,), below `size`.
        size: how many levels there are.
        numbers: shape (rows, columns), NaN where missing.
    """
    out = np.full(numbers.shape[1], np.nan)
    for j, values in enumerate(numbers.T):
        present = np.isfinite(values)
        x, groups = values[present], codes[present]
        if not len(x) or x.min() == x.max():
            continue
        x = x / np.abs(x).max()
        x = x - x.mean()
        counts = np.bincount(groups, minlength=size)
        sums = np.bincount(groups, weights=x, minlength=size)
        between = (sums**2 / np.maximum(counts, 1)).sum()
        out[j] = np.sqrt(min(1.0, between / (x @ x)))
    return out


def _contingency(first: Codes, second: Codes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the cells (first * second.size + second) of a two-way table, and the real and synthetic counts."""
    real = first.real * second.size + second.real
    synthetic = first.synthetic * second.size + second.synthetic
    size = first.size * second.size
    cells = np.arange(size) if size <= len(real) + len(synthetic) else None
    if cells is None:  # most cells are empty: count those that are not
        cells, codes = np.unique(np.concatenate([real, synthetic]), return_inverse=True)
        real, synthetic, size = codes[: len(real)], codes[len(real) :], len(cells)
    return cells, np.bincount(real, minlength=size), np.bincount(synthetic, minlength=size)


def _cramers_v(cells: np.ndarray, width: int, counts: np.ndarray) -> float:
    """Return the bias-corrected Cramér's V of a two-way table; NaN where a column does not vary."""
    rows, columns = cells // width, cells % width
    first, second = np.bincount(rows, weights=counts), np.bincount(columns, weights=counts)
    n, r, c = int(counts.sum()), int((first > 0).sum()), int((second > 0).sum())
    if min(r, c) < 2:
        return float("nan")
    seen = counts > 0
    phi = float((counts[seen] ** 2 / (first[rows[seen]] * second[columns[seen]])).sum()) - 1
    phi = max(0.0, phi - (r - 1) * (c - 1) / (n - 1))
    least = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
    return float(np.sqrt(min(1.0, phi / least))) if least > 0 else float("nan")
