"""What stands between aligned frames and any estimator: plain columns, normal scores, labels of any kind."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, TransformerMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import QuantileTransformer
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import has_fit_parameter

__all__ = ["LabelledClassifier", "NormalScores", "SelectColumns", "divide_by", "find_scale"]

_LARGE = 1e30  # trees compute in float32
_STOPS_EARLY = 10_000  # rows beyond which scikit-learn's boosted trees do so


def find_scale(values: np.ndarray) -> float:
    """Return what to divide numbers by so that float32, and squares in float64, hold them: 1 for nearly all columns.

    Args:
        values: shape (rows,); missing and infinite ones do not count.

    Returns:
        The largest magnitude where it is beyond 1e30 or below 1e-30, else 1.

    Examples:
        >>> find_scale(np.array([3.0, np.inf])), find_scale(np.array([1e307, -2e307]))
        (1.0, 2e+307)
    """
    top = float(np.abs(values).max(initial=0.0, where=np.isfinite(values)))
    return 1.0 if top == 0 or 1 / _LARGE <= top <= _LARGE else top


def divide_by(scale: float, values: np.ndarray) -> np.ndarray:
    """Return numbers over a scale, infinities and what is still larger than 1e30 as 1e30; missing ones stay.

    Examples:
        >>> divide_by(1.0, np.array([3.0, -np.inf, np.nan])).tolist()
        [3.0, -1e+30, nan]
    """
    with np.errstate(over="ignore"):
        return np.clip(values / scale, -_LARGE, _LARGE)


class SelectColumns(TransformerMixin, BaseEstimator):
    """Take the predictors out of a frame, under plain names: n0, n1, … for numbers, c0, c1, … for levels.

    Column names may be any hashable values, which the steps after this one would not take. A column whose numbers
    float32 could not hold is divided by the largest of its training rows; what is then beyond 1e30 becomes that.

    Args:
        numeric: names of the numeric columns.
        categorical: names of the categorical columns.

    Attributes:
        scales_: what each numeric column is divided by, 1 for nearly all.
    """

    def __init__(self, numeric: Sequence[Hashable], categorical: Sequence[Hashable]) -> None:
        self.numeric = numeric
        self.categorical = categorical

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        """Learn the scale of each numeric column."""
        self.scales_ = [find_scale(X[name].to_numpy(float)) for name in self.numeric]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the predictors, numbers first."""
        numbers = {
            f"n{i}": divide_by(scale, X[name].to_numpy(float))
            for i, (name, scale) in enumerate(zip(self.numeric, self.scales_, strict=True))
        }
        levels = {  # as objects: scikit-learn would turn pandas' strings into them anyway
            f"c{i}": pd.Series(X[name].to_numpy(object), index=X.index, dtype=object)
            for i, name in enumerate(self.categorical)
        }
        return pd.DataFrame(numbers | levels, index=X.index)


class NormalScores(TransformerMixin, BaseEstimator):
    """Map each column to a normal distribution by its ranks; with few rows, by as many quantiles as there are rows."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the quantiles of each column, shape (rows, columns)."""
        self.quantiles_ = QuantileTransformer(
            n_quantiles=min(1000, len(X)), output_distribution="normal", subsample=100_000, random_state=0
        ).fit(X)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return normal scores, shape (rows, columns)."""
        return np.asarray(self.quantiles_.transform(X))


def _has(method: str) -> Any:
    def check(self: LabelledClassifier) -> bool:
        return hasattr(getattr(self, "model_", self.estimator), method)

    return check


def _early_stopping(estimator: Any, rows: int) -> list[str]:
    """Return the options by which a model, or one inside it, sets training rows aside to know when to stop."""
    options = [item for item in estimator.get_params().items() if item[0].rpartition("__")[2] == "early_stopping"]
    return [name for name, value in options if value is True or (value == "auto" and rows > _STOPS_EARLY)]


class LabelledClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """A classifier that takes labels of any kind, whether or not the one inside does.

    The labels are given as they are; where that fails, as 0, 1, … in their order (XGBoost wants them so). Models that
    stop early set a share of each class aside (scikit-learn's boosted trees do so beyond 10 000 rows), which fails for
    a class of one row: there they go on to their limit of iterations. That a solver stopped at this limit, or that
    there are many classes, is not warned of.

    Args:
        estimator: the classifier inside, which `fit` copies.

    Attributes:
        classes_: the labels, sorted.
        model_: the fitted classifier.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any, sample_weight: np.ndarray | None = None) -> Self:
        """Fit to rows X, shape (rows, columns), and labels y, shape (rows,)."""
        labels = np.asarray(y)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        try:
            self.model_, self.coded_ = self._fit(X, labels, sample_weight), False
        except (ValueError, TypeError, RuntimeError) as error:
            try:
                self.model_, self.coded_ = self._fit(X, codes, sample_weight), True
            except Exception:
                raise error from None
        return self

    def _fit(self, X: Any, y: np.ndarray, sample_weight: np.ndarray | None) -> Any:
        options: dict[str, Any] = {} if sample_weight is None else {"sample_weight": sample_weight}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.filterwarnings("ignore", "The number of unique classes is greater than")
            model: Any = clone(self.estimator)
            if np.unique(y, return_counts=True)[1].min() < 2:
                model.set_params(**dict.fromkeys(_early_stopping(model, len(y)), False))
            return model.fit(X, y, **options)

    def predict(self, X: Any) -> np.ndarray:
        """Return labels, shape (rows,)."""
        found = np.ravel(self.model_.predict(X))
        return self.classes_[found.astype(int)] if self.coded_ else found

    @available_if(_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, shape (rows, classes)."""
        return np.asarray(self.model_.predict_proba(X))

    @available_if(_has("decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:
        """Return decision values as the classifier inside gives them."""
        return np.asarray(self.model_.decision_function(X))

    @property
    def takes_weights(self) -> bool:
        """Whether the classifier inside takes a weight for each row."""
        return has_fit_parameter(self.estimator, "sample_weight")
