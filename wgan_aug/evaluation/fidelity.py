"""How alike the columns, the pairs of columns and the gaps of synthetic and real rows are."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.evaluation.figures import check_columns, to_plain
from wgan_aug.evaluation.frames import MISSING, Tables
from wgan_aug.evaluation.pairs import Codes, judge_pairs

__all__ = ["Fidelity", "fidelity"]


@dataclasses.dataclass(frozen=True)
class Fidelity:
    """Figures of likeness; 1 is best unless said otherwise, and frames start with the worst.

    Args:
        shape: mean over columns of the columns' `shape`.
        pair: mean over pairs of the pairs' `similarity`; None where there is no pair.
        correlation_ratio: mean over pairs of a category and a number of 1 - |eta real - eta synthetic|; None where
            there is none.
        missingness: 1 - total variation between the real and the synthetic patterns of missing cells.
        category_coverage: mean over categorical columns of the share of real levels that appear; None without any.
        range_coverage: mean over numeric columns of the share of the real range that is reached; None without any.
        invalid: share of synthetic rows with at least one violation; 0 is best.
        columns: one row a column: `column`, `kind`, `shape`, `wasserstein` (in real standard deviations; 0 is best),
            `missing_real`, `missing_synthetic`, `coverage`, `violations` (share of synthetic rows; 0 is best).
        pairs: one row a pair: `first`, `second`, `measure`, `similarity`, `real` and `synthetic` (the associations),
            `correlation_ratio` (its similarity; NaN where the pair is not a category and a number).
        missing_patterns: `missing` (a tuple of the columns that are missing together), `real`, `synthetic` (shares).
        violations: `column`, `rule`, `share`, for the rules that some synthetic row breaks.
        associations_real: square; correlations of numbers, correlation ratios of a category and a number, and
            bias-corrected Cramér's V of categories; NaN where a column does not vary.
        associations_synthetic: likewise.
    """

    shape: float
    pair: float | None
    correlation_ratio: float | None
    missingness: float
    category_coverage: float | None
    range_coverage: float | None
    invalid: float
    columns: pd.DataFrame
    pairs: pd.DataFrame
    missing_patterns: pd.DataFrame
    violations: pd.DataFrame
    associations_real: pd.DataFrame
    associations_synthetic: pd.DataFrame

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON, frames as lists of records, association matrices as lists of rows."""
        matrices = {
            name: {"columns": list(matrix.columns), "rows": matrix.to_numpy()}
            for name in ("associations_real", "associations_synthetic")
            for matrix in [getattr(self, name)]
        }
        return to_plain(vars(self) | matrices)


def fidelity(tables: Tables) -> Fidelity:
    """Compare the columns, pairs of columns and missing cells of synthetic rows with those of the real ones.

    - Shape of a numeric column: 1 - sup |F - G| over the present values, where F and G are the two distribution
      functions (the complement of the Kolmogorov-Smirnov statistic); where either side has missing cells, at most
      1 - |difference of the missing shares|. Of a categorical one: 1 - sum |p - q| / 2 (the complement of total
      variation), where missing is one more level.
    - Similarity of two numeric columns: 1 - |r - s| / 2, where r and s are the real and the synthetic Pearson
      correlation over the rows where both are present; a pair with no real correlation (a constant) is left out, a
      missing synthetic one counts as 0. Of any other pair: 1 - total variation between the two contingency tables,
      numbers cut at the real deciles and missing numbers at the real median. A number with two or three values can
      fall into one bin, and its pairs with categories then say nothing: `correlation_ratio` does.
    - Correlation ratio: eta = sqrt(variance between the levels' means / total variance).
    - Wasserstein-1 distance: the integral of |F - G|, over the real standard deviation.
    - Range coverage: 1 - (the part of the real range below the least synthetic value + the part above the greatest).
    - A violation: a category that no real row has, a number out of the real range, a missing cell where real rows
      never miss one. Real rows are here the hold-out rows too; all else compares with `tables.real` alone.

    High figures say that columns and pairs look alike, not that rows do: shuffling each column leaves `shape` at 1,
    and relations of three or more columns are not looked at. Contingency tables of columns with many levels differ
    by chance alone, so `pair` of fresh real rows is below 1.

    Args:
        tables: the aligned frames.

    Raises:
        InvalidDataError: where no column is left to judge.

    Reference: Dat et al., SDMetrics (KSComplement, TVComplement, CorrelationSimilarity, ContingencySimilarity,
        CategoryCoverage, RangeCoverage); Bergsma 2013, J. Korean Stat. Soc. 42 (Cramér's V).

    Examples:
        >>> from wgan_aug.evaluation.frames import align
        >>> real = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0], "sex": ["f", "m", "f", "m"]})
        >>> figures = fidelity(align(real, real.assign(age=[20.0, 30.0, 40.0, 90.0])))
        >>> figures.shape, figures.invalid, figures.columns["column"].tolist()
        (0.875, 0.25, ['age', 'sex'])
    """
    check_columns(tables)
    columns, violations, invalid = _judge_columns(tables)
    pairs, real, synthetic = judge_pairs(tables)
    patterns = _missing_patterns(tables)
    coverage = columns.groupby("kind")["coverage"].mean()
    return Fidelity(
        shape=float(columns["shape"].mean()),
        pair=_mean(pairs["similarity"]),
        correlation_ratio=_mean(pairs["correlation_ratio"]),
        missingness=float(1 - 0.5 * (patterns["real"] - patterns["synthetic"]).abs().sum()),
        category_coverage=_mean(coverage[coverage.index == "categorical"]),
        range_coverage=_mean(coverage[coverage.index == "numeric"]),
        invalid=invalid,
        columns=columns,
        pairs=pairs,
        missing_patterns=patterns,
        violations=violations,
        associations_real=real,
        associations_synthetic=synthetic,
    )


def _mean(values: pd.Series) -> float | None:
    """Return the mean of what is there; None where nothing is."""
    present = values.dropna()
    return float(present.mean()) if len(present) else None


def _judge_columns(tables: Tables) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """Return one row a column, one row a broken rule, and the share of rows that break any."""
    rows: list[dict[str, Any]] = []
    broken: list[dict[str, Any]] = []
    bad = np.zeros(len(tables.synthetic), dtype=bool)
    for name in tables.real.columns:
        numeric = name in tables.numeric
        real, synthetic = tables.real[name].to_numpy(), tables.synthetic[name].to_numpy()
        known = real if tables.holdout is None else np.concatenate([real, tables.holdout[name].to_numpy()])
        rules = _broken_numbers(known, synthetic) if numeric else _broken_levels(known, synthetic)
        wrong = np.logical_or.reduce(list(rules.values()))
        bad |= wrong
        broken += [{"column": name, "rule": r, "share": float(m.mean())} for r, m in rules.items() if m.any()]
        figures = _judge_numbers(real, synthetic) if numeric else _judge_levels(real, synthetic)
        kind = "numeric" if numeric else "categorical"
        rows.append({"column": name, "kind": kind, **figures, "violations": float(wrong.mean())})
    columns = pd.DataFrame(rows).sort_values("shape", kind="stable", ignore_index=True)
    violations = pd.DataFrame(broken, columns=["column", "rule", "share"])
    violations = violations.sort_values("share", ascending=False, kind="stable", ignore_index=True)
    return columns, violations, float(bad.mean())


def _judge_numbers(real: np.ndarray, synthetic: np.ndarray) -> dict[str, float]:
    absent = float(np.isnan(real).mean()), float(np.isnan(synthetic).mean())
    r, s = np.sort(real[~np.isnan(real)]), np.sort(synthetic[~np.isnan(synthetic)])
    shape, distance, coverage = float(len(r) == len(s)), np.nan, np.nan
    if len(r) and len(s):
        statistic, distance = _distances(r, s)
        shape, coverage = 1 - statistic, _range_coverage(r, s)
    if max(absent) > 0:
        shape = min(shape, 1 - abs(absent[0] - absent[1]))
    gaps = {"missing_real": absent[0], "missing_synthetic": absent[1]}
    return {"shape": shape, "wasserstein": distance, **gaps, "coverage": coverage}


def _distances(real: np.ndarray, synthetic: np.ndarray) -> tuple[float, float]:
    """Return the Kolmogorov-Smirnov statistic, and the Wasserstein-1 distance over the real standard deviation.

    Args:
        real: sorted, present values, shape (rows,), at least one.
        synthetic: likewise.
    """
    scale = max(abs(real[0]), abs(real[-1])) or 1.0  # so that huge numbers do not overflow
    with np.errstate(over="ignore", invalid="ignore"):
        real, synthetic = real / scale, synthetic / scale
        grid = np.sort(np.concatenate([real, synthetic]))
        below = np.searchsorted(real, grid, "right") / len(real)
        gap = np.abs(below - np.searchsorted(synthetic, grid, "right") / len(synthetic))
        distance = float(gap[:-1] @ np.diff(grid))
    if real[0] == real[-1]:  # a constant has no scale
        return float(gap.max()), 0.0 if distance == 0 else np.nan
    return float(gap.max()), distance / float(real.std())


def _range_coverage(real: np.ndarray, synthetic: np.ndarray) -> float:
    low, high = real[0], real[-1]
    if low == high:
        return float(synthetic[0] <= low <= synthetic[-1])
    span = high / 2 - low / 2  # halves, so that huge ranges do not overflow
    lost = max(synthetic[0] / 2 - low / 2, 0.0) / span + max(high / 2 - synthetic[-1] / 2, 0.0) / span
    return float(max(0.0, 1 - lost))


def _judge_levels(real: np.ndarray, synthetic: np.ndarray) -> dict[str, float]:
    codes = Codes.of_levels(real, synthetic)
    p, q = (np.bincount(c, minlength=codes.size) / len(c) for c in (codes.real, codes.synthetic))
    named = codes.levels != MISSING
    there = (p > 0) & named
    missing = {
        "missing_real": float(p[~named].sum()),
        "missing_synthetic": float(q[~named].sum()),
    }
    coverage = float((q[there] > 0).mean()) if there.any() else np.nan
    return {"shape": float(1 - 0.5 * np.abs(p - q).sum()), "wasserstein": np.nan, **missing, "coverage": coverage}


def _broken_numbers(known: np.ndarray, synthetic: np.ndarray) -> dict[str, np.ndarray]:
    absent, present = np.isnan(synthetic), known[~np.isnan(known)]
    nothing = np.zeros(len(synthetic), dtype=bool)
    return {
        "below the real range": synthetic < present.min() if len(present) else nothing,
        "above the real range": synthetic > present.max() if len(present) else nothing,
        "missing where real rows never are": nothing if np.isnan(known).any() else absent,
    }


def _broken_levels(known: np.ndarray, synthetic: np.ndarray) -> dict[str, np.ndarray]:
    unseen = ~pd.Series(synthetic, dtype=object).isin(pd.unique(known)).to_numpy()
    absent = synthetic == MISSING
    return {"a category no real row has": unseen & ~absent, "missing where real rows never are": unseen & absent}


def _missing_patterns(tables: Tables) -> pd.DataFrame:
    """Return which columns are missing together, and in what share of the rows; the largest difference first."""
    names = list(tables.real.columns)
    masks = [
        np.column_stack([_absent(frame[name].to_numpy()) for name in names])
        for frame in (tables.real, tables.synthetic)
    ]
    bits = np.packbits(np.concatenate(masks), axis=1)
    _, first, codes = np.unique(bits, axis=0, return_index=True, return_inverse=True)
    codes, rows = codes.reshape(-1), len(masks[0])
    shares = [np.bincount(c, minlength=len(first)) / len(c) for c in (codes[:rows], codes[rows:])]
    patterns = np.concatenate(masks)[first]
    missing = pd.Series([tuple(itertools.compress(names, pattern)) for pattern in patterns], dtype=object)
    out = pd.DataFrame({"missing": missing, "real": shares[0], "synthetic": shares[1]})
    order = np.argsort(-np.abs(shares[0] - shares[1]), kind="stable")
    return out.iloc[order].reset_index(drop=True)


def _absent(values: np.ndarray) -> np.ndarray:
    return np.isnan(values) if values.dtype.kind == "f" else values == MISSING
