"""Utility as one number, and as a scikit-learn scorer, so that a search can maximise it."""

from __future__ import annotations

import inspect
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.errors import InvalidDataError
from wgan_aug.evaluation.frames import Task, align
from wgan_aug.evaluation.learners import find_estimators
from wgan_aug.evaluation.trials import Arm, add_scores, prepare_trial
from wgan_aug.evaluation.utility import downstream_utility

__all__ = ["UtilityScorer", "utility_score"]


def utility_score(
    synthetic: pd.DataFrame,
    holdout: pd.DataFrame,
    *,
    target: Hashable,
    train: pd.DataFrame | None = None,
    task: Task | None = None,
    categorical_features: Iterable[Hashable] = (),
    estimators: Any = None,
    scorer: Any = None,
    max_rows: int | None = None,
    random_state: int = 0,
) -> float:
    """Return the utility of synthetic rows as one number.

    Without `train`, it is the mean over models of TSTR, which needs no model of the real rows. With `train`, it is the
    mean of min(1.2, max(0, TSTR) / TRTR), as `downstream_utility` has it. Over the same hold-out both rank synthetic
    tables much alike, since TRTR is the same for all of them; the first takes half the time, and the second can be
    compared between tables.

    Args:
        synthetic: the rows to score.
        holdout: real rows that neither the synthesizer nor `train` has.
        target: the column that is predicted.
        train: the real rows that the synthetic ones were learned from.
        task: what predicting the target is; found from the rows given where None.
        categorical_features: columns to take as categories whatever their values.
        estimators: as in `downstream_utility`.
        scorer: likewise.
        max_rows: likewise.
        random_state: the seed.

    Returns:
        The score; a model that cannot be trained counts as 0.

    Raises:
        InvalidParameterError: as `align` and `downstream_utility` do.
        InvalidDataError: likewise, and where a user's scorer fails, of which 0 may be the best score.

    Examples:
        >>> frame = pd.DataFrame({"x": np.arange(40.0), "y": np.repeat(["a", "b"], 20)})
        >>> utility_score(frame[::2], frame[1::2], target="y", estimators=find_estimators(None, "binary")["forest"])
        1.0
    """
    known = holdout if train is None else train
    tables = align(
        known, synthetic, holdout=holdout, target=target, task=task, categorical_features=categorical_features
    )
    if train is not None:
        return downstream_utility(
            tables,
            estimators=estimators,
            scorer=scorer,
            n_bootstrap=0,
            max_rows=max_rows,
            halves=False,
            random_state=random_state,
        ).utility_ratio
    trial = prepare_trial(tables, scorer, 0, max_rows, random_state)
    scores: list[float] = []
    for model in find_estimators(estimators, trial.task, random_state).values():
        arm = Arm()
        add_scores(trial, arm, model, trial.frames["synthetic"], trial.targets["synthetic"], random_state)
        if arm.failure and trial.measure.scorer is not None:
            raise InvalidDataError(
                f"A {type(model).__name__} cannot be trained on the synthetic rows and scored by "
                f"{trial.measure.name!r}: {arm.failure}"
            )
        scores.append(max(float(arm.curves[0][0]), trial.measure.floor))
    return float(np.mean(scores))


class UtilityScorer:
    """A scikit-learn scorer for synthesizers: how useful are their rows to models that are tested on held-out rows.

    For `GridSearchCV(scoring=…)` and the like: each candidate is fitted to the training folds, `sample` gives the
    synthetic rows, and the rows of the fold left out are the test rows of `utility_score`. A scorer gets no training
    rows, so that the score is TSTR alone, unless `train` is given; those of its rows that are among the held-out ones
    (same index label, same values) are then left out, so that the whole table may be given.

    Args:
        target: the column that is predicted; where the search is given y, the name it has in the sampled rows.
        train: real rows to compare with; None for TSTR alone.
        task: what predicting the target is; worth giving, since it is else found from each fold's rows.
        categorical_features: columns to take as categories whatever their values.
        estimators: as in `downstream_utility`.
        scorer: likewise.
        n_samples: rows to sample; None for as many as `train` has, or else the held-out rows.
        max_rows: as in `downstream_utility`.
        random_state: the seed, of `sample` too where it takes one.

    Examples:
        >>> class Parrot:
        ...     def sample(self, n_samples):
        ...         return pd.DataFrame({"x": np.arange(n_samples) % 7, "y": np.arange(n_samples) % 7 > 3})
        >>> scorer = UtilityScorer("y", n_samples=70, estimators=find_estimators(None, "binary")["linear"])
        >>> scorer(Parrot(), Parrot().sample(21))
        1.0
    """

    def __init__(
        self,
        target: Hashable,
        *,
        train: pd.DataFrame | None = None,
        task: Task | None = None,
        categorical_features: Iterable[Hashable] = (),
        estimators: Any = None,
        scorer: Any = None,
        n_samples: int | None = None,
        max_rows: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.target = target
        self.train = train
        self.n_samples = n_samples
        self.random_state = random_state
        self.options: dict[str, Any] = {
            "task": task,
            "categorical_features": list(categorical_features),
            "estimators": estimators,
            "scorer": scorer,
            "max_rows": max_rows,
        }

    def __call__(self, estimator: Any, X: pd.DataFrame, y: Any = None) -> float:
        """Score a fitted synthesizer on held-out rows.

        Args:
            estimator: has `sample(n_samples)`, which returns a frame.
            X: the held-out rows.
            y: their target, where X does not have it.

        Raises:
            InvalidDataError: where X is no frame.
        """
        if not isinstance(X, pd.DataFrame):
            raise InvalidDataError(f"X is a {type(X).__name__}; columns need names: give a pandas DataFrame.")
        held = X
        if y is not None and self.target not in X.columns:
            held = X.copy()
            held[self.target] = np.asarray(y)
        train = None if self.train is None else _without(self.train, held)
        n = self.n_samples or len(held if train is None else train)
        seeded = "random_state" in inspect.signature(estimator.sample).parameters
        synthetic = estimator.sample(n, random_state=self.random_state) if seeded else estimator.sample(n)
        options: dict[str, Any] = {**self.options, "train": train, "random_state": self.random_state}
        return utility_score(synthetic, held, target=self.target, **options)


def _without(train: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """Return the training rows that are not held out."""
    columns = [name for name in train.columns if name in held.columns]
    hashes, known = (pd.util.hash_pandas_object(frame[columns], index=True) for frame in (train, held))
    return train[~np.isin(hashes.to_numpy(), known.to_numpy())]
