"""What options are worth: rows are split, the synthesizer learns one side, and its rows are judged on the other."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Generator, Hashable, Iterable, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from wgan_aug.errors import DataWarning
from wgan_aug.evaluation.frames import Task
from wgan_aug.evaluation.trials import split_rows
from wgan_aug.evaluation.utility_scorer import UtilityScorer
from wgan_aug.training.callbacks import Callback, Progress

__all__ = ["Judged", "Report"]

Report = Callable[[int, float], None]
"""Takes a step's number and a score of an unfinished trial; raises to end it."""

_HELD = 0.25
_MOST = 10_000  # rows that models are trained on
_GLANCE = 2_000  # rows that a look at an unfinished training takes
_LOOKS = (1 / 3, 2 / 3)  # of the first training


@dataclasses.dataclass(frozen=True)
class Judged:
    """Rows, and a synthesizer whose options are judged on them.

    Args:
        frame: rows that have a target.
        y: their targets, shape (rows,).
        target: the column that is predicted.
        task: what predicting it is.
        categorical: columns to take as categories.
        model: an unfitted synthesizer.
        seed: of splits and trainings.
    """

    frame: pd.DataFrame
    y: np.ndarray
    target: Hashable
    task: Task
    categorical: tuple[Hashable, ...]
    model: Any
    seed: int

    def scores(self, options: Mapping[str, Any], splits: Iterable[int], report: Report | None = None) -> list[float]:
        """Return the utility ratio of each split, see `downstream_utility`; the same for all options but for these.

        Args:
            options: of the synthesizer, by name.
            splits: their numbers; each has a split and a training seed of its own.
            report: hears of looks at the first training, then of the mean after each split but the last.
        """
        found: list[float] = []
        numbers = list(splits)
        for split in numbers:
            train, held = self._split(split)
            listen = report if split == numbers[0] else None
            with _no_notes():
                model: Any = clone(self.model)
                model.set_params(**options, random_state=self.seed + split).fit(
                    train, callbacks=[_Look(listen, self._scorer(None), held)] if listen else []
                )
                found.append(self._scorer(train).score_rows(model.sample(len(train)), held))
            if report is not None and len(found) < len(numbers):
                report(len(_LOOKS) + len(found), float(np.mean(found)))
        return found

    def _split(self, split: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        chances = np.random.default_rng([self.seed, split])
        kept, held = split_rows(self.y, _HELD, self.task != "regression", chances)
        return self.frame.iloc[kept].reset_index(drop=True), self.frame.iloc[held].reset_index(drop=True)

    def _scorer(self, train: pd.DataFrame | None) -> UtilityScorer:
        """Return what scores rows; a quick one where there are no training rows to compare with."""
        trees = HistGradientBoostingRegressor if self.task == "regression" else HistGradientBoostingClassifier
        return UtilityScorer(
            target=self.target,
            train=train,
            task=self.task,
            categorical_features=self.categorical,
            estimators=trees() if train is None else None,
            max_rows=_GLANCE if train is None else _MOST,
            random_state=self.seed,
        )


class _Look(Callback):
    """Scores rows of an unfinished training."""

    def __init__(self, report: Report, scorer: UtilityScorer, held: pd.DataFrame) -> None:
        self.report, self.scorer, self.held, self.done = report, scorer, held, 0

    def on_step(self, progress: Progress) -> None:
        """Look, where it is time."""
        due = sum(progress.update >= share * progress.updates for share in _LOOKS)
        if due > self.done and progress.update < progress.updates and progress.sample is not None:
            self.done = due
            self.report(due, self.scorer.score_rows(progress.sample(_GLANCE), self.held))


@contextmanager
def _no_notes() -> Generator[None]:
    """Leave out notes on the data: the plan, before the first trial, has told them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        yield
