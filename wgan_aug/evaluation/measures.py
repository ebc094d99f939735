"""What scores a fitted downstream model on real rows: this package's own scores, and any scikit-learn scorer."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, is_classifier
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if

from wgan_aug.errors import InvalidParameterError, did_you_mean
from wgan_aug.evaluation.frames import Task
from wgan_aug.evaluation.scoring import average_precision, macro_f1, r_squared, roc_auc

__all__ = ["Measure", "find_measure", "positive_scores"]

_CELLS = 1_000_000  # resamples x rows computed at once: what fits the caches


def positive_scores(learner: Any, frame: pd.DataFrame, positive: Any) -> np.ndarray:
    """Return what ranks rows for the positive class, shape (rows,); all equal where the model does not know it."""
    classes = list(learner.classes_)
    if positive not in classes:
        return np.zeros(len(frame))
    if hasattr(learner, "predict_proba"):
        return np.asarray(learner.predict_proba(frame))[:, classes.index(positive)].astype(float)
    if not hasattr(learner, "decision_function"):
        return (np.asarray(learner.predict(frame)) == positive).astype(float)
    values = np.asarray(learner.decision_function(frame), dtype=float)
    if values.ndim == 1:
        return values if classes.index(positive) == 1 else -values
    return values[:, classes.index(positive)]


@dataclasses.dataclass(frozen=True)
class Measure:
    """A score of a fitted model on rows.

    Args:
        name: `"gini"`, `"roc_auc"`, `"average_precision"`, `"macro_f1"`, `"r2"`, or the name of a user's scorer.
        labels: the classes of the real rows, sorted; empty for regression.
        positive: the class that a binary score is about.
        scorer: a user's scorer; None for the scores above.
        coded: give the user's scorer 0, 1, … in the place of the labels.
    """

    name: str
    labels: tuple[str, ...] = ()
    positive: str | None = None
    scorer: Callable[..., Any] | None = None
    coded: bool = False

    @property
    def floor(self) -> float:
        """What a score is raised to where it is lower: 0 for this package's own scores, nothing for a user's."""
        return 0.0 if self.scorer is None else -np.inf

    def curve(self, learner: Any, frame: pd.DataFrame, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the score for each set of row weights, before any floor.

        Args:
            learner: a fitted model, which takes such frames.
            frame: rows, in any order and with any index.
            y: their targets, shape (rows,).
            weights: shape (resamples, rows).

        Returns:
            Scores, shape (resamples,); NaN where a resample has no score.
        """
        if self.scorer is not None:
            return self._user_curve(learner, frame, y, weights)
        if self.name == "r2":
            parts = r_squared, y, np.asarray(learner.predict(frame), dtype=float).ravel()
        elif self.name == "macro_f1":
            codes = np.unique(np.concatenate([y, learner.predict(frame)]).astype(str), return_inverse=True)[1]
            parts = macro_f1, codes[: len(y)], codes[len(y) :]
        else:
            score = average_precision if self.name == "average_precision" else roc_auc
            parts = score, y == self.positive, positive_scores(learner, frame, self.positive)
        function, truth, found = parts
        step = max(1, _CELLS // max(1, len(y)))
        curve = np.concatenate([function(truth, found, weights[i : i + step]) for i in range(0, len(weights), step)])
        return 2 * curve - 1 if self.name == "gini" else curve

    def _user_curve(self, learner: Any, frame: pd.DataFrame, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        assert self.scorer is not None
        rows = frame.reset_index(drop=True)
        recorded = _Recorded(learner, rows, self.labels, self.coded)
        truth = recorded.encode(y) if is_classifier(recorded) else y
        curve = np.full(len(weights), np.nan)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for i, counts in enumerate(weights):
                chosen = np.repeat(np.arange(len(y)), counts.astype(np.int64))
                try:
                    curve[i] = self.scorer(recorded, rows.iloc[chosen], truth[chosen])
                except ValueError:
                    if i == 0:
                        raise
        return curve


def find_measure(
    task: Task, scorer: Any, labels: tuple[str, ...], *, binary: str = "gini", positive: str | None = None
) -> Measure:
    """Return what scores a task: this package's own score, or a scikit-learn scorer by name or as a callable.

    Args:
        task: what is predicted.
        scorer: None, a name that scikit-learn knows, or a callable `(estimator, X, y) -> float`. A callable gets labels
            as text; a scorer by name gets 0, 1, …, the labels sorted, so that `"f1"` is about the last label.
        labels: the classes, sorted.
        binary: the score of a binary task where none is given.
        positive: the class that it is about; the last where None.

    Raises:
        InvalidParameterError: for an unknown name, and for what cannot be called.

    Examples:
        >>> find_measure("binary", None, ("no", "yes")).name
        'gini'
    """
    positive = (labels[-1] if positive is None else positive) if task == "binary" else None
    if scorer is None:
        return Measure({"binary": binary, "multiclass": "macro_f1", "regression": "r2"}[task], labels, positive)
    if isinstance(scorer, str):
        if scorer not in get_scorer_names():
            raise InvalidParameterError(
                f"scorer is {scorer!r}, which scikit-learn does not know.{did_you_mean(scorer, get_scorer_names())} "
                "sklearn.metrics.get_scorer_names() lists the names."
            )
        return Measure(scorer, labels, positive, get_scorer(scorer), coded=True)
    call: Any = scorer
    if not callable(call):
        raise InvalidParameterError(
            f"scorer is {scorer!r}; give the name of a scikit-learn scorer, or a callable (estimator, X, y) -> float."
        )
    return Measure(str(getattr(call, "__name__", call)), labels, positive, call)


def _has(method: str) -> Any:
    return lambda self: hasattr(self.learner, method)


class _Recorded(BaseEstimator):
    """A fitted model whose answers on some rows are kept: resampled rows are looked up by their index, 0, 1, …"""

    def __init__(self, learner: Any, rows: pd.DataFrame, labels: tuple[str, ...], coded: bool) -> None:
        self.learner = learner
        self.rows = rows
        self.labels = labels
        self.coded = coded
        self._kept: dict[str, np.ndarray] = {}
        if is_classifier(learner):
            further = sorted(set(learner.classes_) - set(labels))
            self._known = [*labels, *further] if coded else sorted([*labels, *further])
            self.classes_ = np.arange(len(self._known)) if coded else np.array(self._known, dtype=object)

    def __sklearn_tags__(self) -> Any:
        return get_tags(self.learner)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Return labels as the scorer wants them."""
        return pd.Index(self._known).get_indexer(pd.Index(y)) if self.coded else y

    def _look_up(self, method: str, X: pd.DataFrame) -> np.ndarray:
        if method not in self._kept:
            found = np.asarray(getattr(self.learner, method)(self.rows))
            if method == "predict" and is_classifier(self):
                found = self.encode(found)
            if method == "predict_proba":
                whole = np.zeros((len(found), len(self._known)))
                whole[:, pd.Index(self._known).get_indexer(self.learner.classes_)] = found
                found = whole
            self._kept[method] = found
        return self._kept[method][X.index.to_numpy()]

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return self._look_up("predict", X)

    @available_if(_has("predict_proba"))
    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        return self._look_up("predict_proba", X)

    @available_if(_has("decision_function"))
    def decision_function(self, X: pd.DataFrame) -> np.ndarray:
        return self._look_up("decision_function", X)
