"""A study of added rows: real rows in folds, what is added to the training rows, and the score of one model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.utils.class_weight import compute_sample_weight

from wgan_aug.errors import InvalidDataError, InvalidParameterError, join_problems
from wgan_aug.evaluation.baselines import NotApplicable, oversampled, smote_rows
from wgan_aug.evaluation.frames import Tables, Task, align
from wgan_aug.evaluation.learners import find_predictors, make_learner, seed_learner
from wgan_aug.evaluation.measures import Measure, find_measure
from wgan_aug.evaluation.preparation import find_scale
from wgan_aug.evaluation.trials import MAX_CLASSES, target_values

__all__ = ["AddRows", "Study", "make_arms", "prepare_study", "score_arm", "split_study"]

AddRows = Callable[[pd.DataFrame, int], Mapping[str, pd.DataFrame]]
"""A function of training rows and a seed that returns the synthetic rows of each arm by its name."""
IMBALANCED = 0.2  # below this share of the rarer class, average precision is the score


@dataclasses.dataclass(frozen=True)
class Study:
    """Real rows, and how models of them are scored.

    Args:
        reference: all real rows, as they came.
        frame: those with a target, as they came.
        tables: all real rows, aligned.
        rows: those with a target, aligned.
        y: their targets, numbers over `scale`.
        scale: what a numeric target is divided by, see `find_scale`; 1 for a user's scorer.
        task: what predicting the target is.
        measure: the score.
        categorical_features: columns to take as categories whatever their values.
        without_target: rows left out because their target is missing.
    """

    reference: pd.DataFrame
    frame: pd.DataFrame
    tables: Tables
    rows: pd.DataFrame
    y: np.ndarray
    scale: float
    task: Task
    measure: Measure
    categorical_features: tuple[Hashable, ...]
    without_target: int


def prepare_study(
    frame: pd.DataFrame,
    target: Hashable,
    scorer: Any,
    task: Task | None,
    categorical: tuple[Hashable, ...],
    folds: int,
) -> Study:
    """Check and align real rows, and find what scores models of their target.

    The arguments are those of `augmentation_value`.

    Raises:
        InvalidDataError: for a target that cannot be cross-validated, and where there is no other column.
    """
    tables = align(frame, frame, target=target, task=task, categorical_features=categorical)
    assert tables.task is not None
    find_predictors(tables, target)
    y = target_values(tables, tables.real)
    present = ~pd.isna(y)
    y = y[present]
    counts = pd.Series(y, dtype=object).value_counts() if tables.task != "regression" else pd.Series(dtype=int)
    _check_counts(target, tables.task, y, counts, folds)
    labels = tuple(sorted(counts.index))
    rare = str(counts.index[-1]) if tables.task == "binary" and counts.iloc[-1] < IMBALANCED * len(y) else None
    binary = "roc_auc" if rare is None else "average_precision"
    measure = find_measure(tables.task, scorer, labels, binary=binary, positive=rare)
    scale = find_scale(y) if tables.task == "regression" and measure.scorer is None else 1.0
    return Study(
        frame,
        frame[present].reset_index(drop=True),
        tables,
        tables.real[present].reset_index(drop=True),
        y if scale == 1 else y / scale,
        scale,
        tables.task,
        measure,
        categorical,
        int((~present).sum()),
    )


def _check_counts(target: Hashable, task: Task, y: np.ndarray, counts: pd.Series, folds: int) -> None:
    problems: list[str] = []
    fewest = int(counts.iloc[-1]) if len(counts) else 0
    if task == "regression":
        if len(y) < 2 * folds or len(set(y)) < 2:
            problems.append(
                f"Its different values: {len(set(y))} in {len(y)} rows; {folds} folds need two, and {2 * folds} rows."
            )
    elif len(counts) < 2:
        problems.append(f"It has one class in all {len(y)} rows; at least two are needed.")
    elif len(counts) > (2 if task == "binary" else MAX_CLASSES):
        problems.append(
            f"It has {len(counts)} classes; for the task {task!r}, {2 if task == 'binary' else MAX_CLASSES} at most."
        )
    elif fewest < folds:
        rare = ", ".join(f"{label!r} ({n})" for label, n in counts[counts < folds].head(5).items())
        problems.append(
            f"These classes have fewer rows than there are folds ({folds}): {rare}. "
            f"{'Merge them with others' if fewest < 2 else f'Ask for at most {fewest} folds, or merge them'}."
        )
    if problems:
        raise InvalidDataError(f"The target {target!r} cannot be cross-validated. {join_problems(problems)}")


def split_study(study: Study, folds: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the positions of training and of test rows, fold by fold."""
    kind: Any = KFold if study.task == "regression" else StratifiedKFold
    return kind(folds, shuffle=True, random_state=seed).split(study.rows, study.y)


def make_arms(
    study: Study, add: AddRows, train: np.ndarray, seed: int, baselines: Sequence[str], skipped: dict[str, str]
) -> Iterator[tuple[str, pd.DataFrame, np.ndarray, np.ndarray | None]]:
    """Yield what each arm trains on: its name, rows, targets, and weights or None.

    Args:
        study: the real rows.
        add: makes the synthetic rows.
        train: positions of the training rows.
        seed: of the synthetic rows and the baselines.
        baselines: those that apply.
        skipped: takes the baselines that turn out not to apply, with the reason.
    """
    rows, y = study.rows.iloc[train], study.y[train]
    yield "real", rows, y, None
    for arm, (made, made_y) in _synthetic(study, add, train, seed).items():
        yield arm, pd.concat([rows, made], ignore_index=True), np.concatenate([y, made_y]), None
    if "class_weight" in baselines:
        yield "class_weight", rows, y, compute_sample_weight("balanced", y.astype(str))
    if "oversample" in baselines:
        chosen = oversampled(y, np.random.default_rng(seed))
        yield "oversample", rows.iloc[chosen], y[chosen], None
    if "smote" in baselines and "smote" not in skipped:
        try:
            further, labels = smote_rows(rows, y, study.tables, seed)
        except NotApplicable as reason:
            skipped["smote"] = str(reason)
        else:
            yield "smote", pd.concat([rows, further], ignore_index=True), np.concatenate([y, labels]), None


def _synthetic(study: Study, add: AddRows, train: np.ndarray, seed: int) -> dict[str, tuple[pd.DataFrame, np.ndarray]]:
    """Return aligned synthetic rows that have a target, and their targets, by arm."""
    arms = add(study.frame.iloc[train].reset_index(drop=True), seed)
    if not arms:
        return {}
    whole = pd.concat(list(arms.values()), ignore_index=True)
    tables = align(
        study.reference,
        whole,
        target=study.tables.target,
        task=study.task,
        categorical_features=study.categorical_features,
    )
    y = target_values(tables, tables.synthetic)
    present = ~pd.isna(y)
    if not present.any():
        raise InvalidDataError(
            f"None of the {len(y)} synthetic rows has a value of the target {study.tables.target!r}."
        )
    out: dict[str, tuple[pd.DataFrame, np.ndarray]] = {}
    start = 0
    for arm, made in arms.items():
        rows = start + np.flatnonzero(present[start : start + len(made)])
        out[arm] = tables.synthetic.iloc[rows], y[rows] if study.scale == 1 else y[rows] / study.scale
        start += len(made)
    return out


def score_arm(
    study: Study,
    model: Any,
    arm: str,
    rows: pd.DataFrame,
    y: np.ndarray,
    weights: np.ndarray | None,
    test: np.ndarray,
    seed: int,
) -> float:
    """Train a model on the rows of an arm, and return its score on the test rows.

    Args:
        study: the real rows.
        model: an unfitted scikit-learn estimator.
        arm: the arm's name, for the error.
        rows: training rows.
        y: their targets.
        weights: of the training rows; None for equal ones.
        test: positions of the test rows.
        seed: of the model.

    Raises:
        InvalidParameterError: where the model cannot be trained, or not be scored.
    """
    learner = seed_learner(make_learner(model, study.tables, study.tables.target), seed)
    options: dict[str, Any] = {} if weights is None else {"model__sample_weight": weights}
    try:
        learner.fit(rows, y, **options)
        one = np.ones((1, len(test)), dtype=np.int32)
        return float(study.measure.curve(learner, study.rows.iloc[test], study.y[test], one)[0])
    except (ValueError, TypeError, RuntimeError) as error:
        raise InvalidParameterError(
            f"The model {type(model).__name__} cannot be trained on the {len(rows)} rows of the arm {arm!r} and scored "
            f"by {study.measure.name!r}: {type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        ) from error
