"""What the evaluators share: the AUC with its interval, figures as plain JSON, and the check that there is a column."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scipy.stats import rankdata

from wgan_aug.errors import InvalidDataError
from wgan_aug.evaluation.frames import Tables

__all__ = ["Interval", "auc_interval", "check_columns", "to_plain"]


@dataclasses.dataclass(frozen=True)
class Interval:
    """A figure with its confidence interval.

    Args:
        value: the figure.
        low: the lower end; None where there are too few rows for an interval.
        high: the upper end, likewise.
        level: how often such an interval holds the truth.
    """

    value: float
    low: float | None
    high: float | None
    level: float = 0.95

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON."""
        return to_plain(vars(self))


def auc_interval(positive: np.ndarray, scores: np.ndarray, *, folds: int = 1, level: float = 0.95) -> Interval:
    """Return the area under the ROC curve and its interval by DeLong's method.

    AUC = P(score of a positive row > score of a negative one) + P(equal) / 2, and the variance is
    var(V10) / m + var(V01) / n, where V10 is, for each of m positives, the share of negatives that it beats, and
    V01 is, for each of n negatives, the share of positives that beat it. Scores of rows are taken as independent.
    Pooled predictions of K-fold cross-validation are not: each row trains the models that score the others. The
    variance is then taken 1 + (K - 1) / K times, which is what a correlation of 1 / K between folds gives. Where
    all pairs fall one way (AUC 0 or 1) that variance is 0, and the far end is Clopper and Pearson's for as many cases
    as the smaller class has rows.

    Args:
        positive: truth, booleans, shape (rows,).
        scores: what ranks the rows, higher for positives, shape (rows,).
        folds: K, where the scores are pooled predictions of cross-validation; 1 where the scores owe nothing to the
            truth of other rows.
        level: the confidence level.

    Raises:
        InvalidDataError: where one of the two classes has no row.

    Reference: DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44; ranks as Sun and Xu 2014, IEEE SPL 21; the
        correlation as Nadeau and Bengio 2003, Machine Learning 52.

    Examples:
        >>> auc_interval(np.array([True, True, False, False]), np.array([3.0, 1.0, 2.0, 0.0])).value
        0.75
    """
    ahead, behind = scores[positive], scores[~positive]
    m, n = len(ahead), len(behind)
    if not m or not n:
        raise InvalidDataError(f"An AUC needs rows of both classes; it got {m} positive and {n} negative ones.")
    ranks = rankdata(np.concatenate([ahead, behind]))
    beaten = (ranks[:m] - rankdata(ahead)) / n
    beating = 1 - (ranks[m:] - rankdata(behind)) / m
    value = float(beaten.mean())
    if min(m, n) < 2:
        return Interval(value, None, None, level)
    if value in (0.0, 1.0):
        least = ((1 - level) / 2) ** (1 / min(m, n))
        return Interval(value, least, 1.0, level) if value else Interval(value, 0.0, 1 - least, level)
    variance = (beaten.var(ddof=1) / m + beating.var(ddof=1) / n) * (1 + (folds - 1) / folds)
    reach = float(ndtri((1 + level) / 2) * np.sqrt(variance))
    return Interval(value, max(0.0, value - reach), min(1.0, value + reach), level)


def check_columns(tables: Tables) -> None:
    """Say so where every column was left out, so that there is nothing to judge.

    Raises:
        InvalidDataError: if no column is left.
    """
    if not tables.numeric and not tables.categorical:
        reasons = "; ".join(f"{name!r}: {reason}" for name, reason in tables.excluded.items())
        raise InvalidDataError(f"No column is left to judge: {reasons or 'the data have none'}.")


def to_plain(value: Any) -> Any:
    """Return what `json.dumps` takes: NaN and infinities as None, frames as lists of records, other labels as text.

    Examples:
        >>> to_plain({"a": np.float64("nan"), ("b", 1): [np.int64(3), True]})
        {'a': None, "('b', 1)": [3, True]}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_plain(vars(value))
    if isinstance(value, pd.DataFrame):
        rows = zip(*(value.iloc[:, i].tolist() for i in range(value.shape[1])), strict=True)
        return [to_plain(dict(zip(value.columns, row, strict=True))) for row in rows]
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [to_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
