"""Utility as one number, and as a scikit-learn scorer, so that a search can maximise it."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.errors import InvalidDataError
from wgan_aug.evaluation.frames import Tables, Task, align
from wgan_aug.evaluation.learners import find_estimators
from wgan_aug.evaluation.trials import Arm, add_scores, prepare_trial
from wgan_aug.evaluation.utility import downstream_utility

__all__ = ["UtilityScorer"]


@dataclasses.dataclass(frozen=True)
class UtilityScorer:
    """The utility of synthetic rows as one number: of rows (`score_rows`), or of a synthesizer (a call).

    Without `train`, it is the mean over models of TSTR, which needs no model of the real rows. With `train`, it is the
    mean of min(1.2, max(0, TSTR) / TRTR), as `downstream_utility` has it. Over the same hold-out both rank synthetic
    tables much alike, since TRTR is the same for all of them; the first takes half the time, and the second can be
    compared between tables. A model that cannot be trained counts as 0.

    For an objective of Optuna and the like, `score_rows` takes the rows. For `GridSearchCV(scoring=…)` and the like,
    the scorer itself is called: each candidate is fitted to the training folds, its `sample` gives the synthetic rows,
    and the rows of the fold left out are the test rows. A scorer gets no training rows, so that the score is TSTR
    alone, unless `train` is given; those of its rows that are among the held-out ones (same index label, same values)
    are then left out, so that the whole table may be given.

    Args:
        target: the column that is predicted; where the search is given y, the name it has in the sampled rows.
        train: the real rows that the synthetic ones were learned from; None for TSTR alone.
        task: what predicting the target is; found from the rows given where None, so that it is worth giving where
            folds are small.
        categorical_features: columns to take as categories whatever their values.
        estimators: as in `downstream_utility`.
        scorer: likewise.
        max_rows: likewise.
        n_samples: rows to sample; None for as many as `train` has, or else the held-out rows.
        random_state: the seed, of `sample` too where it takes one.

    Examples:
        >>> class Parrot:
        ...     def sample(self, n_samples):
        ...         return pd.DataFrame({"x": np.arange(n_samples) % 7, "y": np.arange(n_samples) % 7 > 3})
        >>> scorer = UtilityScorer("y", n_samples=70, estimators=find_estimators(None, "binary")["linear"])
        >>> scorer(Parrot(), Parrot().sample(21)), scorer.score_rows(Parrot().sample(70), Parrot().sample(21))
        (1.0, 1.0)
    """

    target: Hashable
    _: dataclasses.KW_ONLY
    train: pd.DataFrame | None = None
    task: Task | None = None
    categorical_features: Iterable[Hashable] = ()
    estimators: Any = None
    scorer: Any = None
    max_rows: int | None = None
    n_samples: int | None = None
    random_state: int = 0

    def score_rows(self, synthetic: pd.DataFrame, holdout: pd.DataFrame) -> float:
        """Return the utility of synthetic rows.

        Args:
            synthetic: the rows to score.
            holdout: real rows that neither the synthesizer nor `train` has.

        Raises:
            InvalidParameterError: as `align` and `downstream_utility` do.
            InvalidDataError: likewise, and where a user's scorer fails, of which 0 may be the best score.
        """
        tables = align(
            holdout if self.train is None else self.train,
            synthetic,
            holdout=holdout,
            target=self.target,
            task=self.task,
            categorical_features=self.categorical_features,
        )
        if self.train is None:
            return self._mean_tstr(tables)
        found = downstream_utility(
            tables,
            estimators=self.estimators,
            scorer=self.scorer,
            n_bootstrap=0,
            max_rows=self.max_rows,
            halves=False,
            random_state=self.random_state,
        )
        return found.utility_ratio

    def _mean_tstr(self, tables: Tables) -> float:
        trial = prepare_trial(tables, self.scorer, 0, self.max_rows, self.random_state)
        scores: list[float] = []
        for model in find_estimators(self.estimators, trial.task, self.random_state).values():
            arm = Arm()
            add_scores(trial, arm, model, trial.frames["synthetic"], trial.targets["synthetic"], self.random_state)
            if arm.failure and trial.measure.scorer is not None:
                raise InvalidDataError(
                    f"A {type(model).__name__} cannot be trained on the synthetic rows and scored by "
                    f"{trial.measure.name!r}: {arm.failure}"
                )
            scores.append(max(float(arm.curves[0][0]), trial.measure.floor))
        return float(np.mean(scores))

    def __call__(self, estimator: Any, X: pd.DataFrame, y: Any = None) -> float:
        """Score a fitted synthesizer on held-out rows.

        Args:
            estimator: has `sample(n_samples)`, which returns a frame.
            X: the held-out rows.
            y: their target, where X does not have it.

        Raises:
            InvalidDataError: where X is no frame, and as `score_rows` does.
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
        return dataclasses.replace(self, train=train).score_rows(synthetic, held)


def _without(train: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """Return the training rows that are not held out."""
    columns = [name for name in train.columns if name in held.columns]
    hashes, known = (pd.util.hash_pandas_object(frame[columns], index=True) for frame in (train, held))
    return train[~np.isin(hashes.to_numpy(), known.to_numpy())]
