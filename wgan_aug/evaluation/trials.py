"""Trials of downstream models: the rows they are trained and tested on, and their scores."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.errors import InvalidDataError, InvalidParameterError, join_problems
from wgan_aug.evaluation.frames import MISSING, Tables, Task
from wgan_aug.evaluation.learners import find_predictors, make_learner, seed_learner
from wgan_aug.evaluation.measures import Measure, find_measure
from wgan_aug.evaluation.preparation import find_scale
from wgan_aug.evaluation.scoring import draw_weights

__all__ = [
    "MAX_CLASSES",
    "Arm",
    "Trial",
    "add_halves",
    "add_scores",
    "draw_rows",
    "prepare_trial",
    "split_rows",
    "target_values",
]

MAX_CLASSES = 100
MIN_ROWS = 10
_HOLDOUT_SHARE = 0.25


@dataclasses.dataclass(frozen=True)
class Trial:
    """Rows with a target, what scores them, and how the hold-out rows are resampled.

    Args:
        tables: where the rows come from.
        task: what predicting the target is.
        frames: rows of `"real"`, `"synthetic"` and `"holdout"`.
        targets: their targets; numbers beyond 1e30 or below 1e-30 as shares of the largest real one, where the score
            does not depend on the scale.
        measure: the score.
        weights: how often each hold-out row counts, shape (1 + resamples, rows), ones first.
        split_off: whether the hold-out was split off the real rows.
        without_target: rows left out because their target is missing, or infinite.
    """

    tables: Tables
    task: Task
    frames: dict[str, pd.DataFrame]
    targets: dict[str, np.ndarray]
    measure: Measure
    weights: np.ndarray
    split_off: bool
    without_target: dict[str, int]


def prepare_trial(tables: Tables, scorer: Any, n_bootstrap: int, max_rows: int | None, seed: int) -> Trial:
    """Take the rows that have a target, split a hold-out off where there is none, and draw at most `max_rows` of each.

    Args:
        tables: aligned frames.
        scorer: as `find_measure` takes it.
        n_bootstrap: resamples of the hold-out.
        max_rows: rows of each table, at most.
        seed: of the split, the draws and the resamples.

    Raises:
        InvalidParameterError: where no target is named.
        InvalidDataError: where the rows cannot be judged.
    """
    if tables.target is None or tables.task is None:
        raise InvalidParameterError("Downstream utility is about a target, and none is named; give align(target=…).")
    find_predictors(tables, tables.target)
    rng = np.random.default_rng(seed)
    given = {"real": tables.real, "synthetic": tables.synthetic, "holdout": tables.holdout}
    frames = {name: frame for name, frame in given.items() if frame is not None}
    targets = {name: target_values(tables, frame) for name, frame in frames.items()}
    absent = {name: pd.isna(y) for name, y in targets.items()}
    frames = {name: frame[~absent[name]] for name, frame in frames.items()}
    targets = {name: y[~absent[name]] for name, y in targets.items()}
    classes = tables.task != "regression"
    if tables.holdout is None:
        kept, off = split_rows(targets["real"], _HOLDOUT_SHARE, classes, rng)
        whole, y = frames["real"], targets["real"]
        frames |= {"real": whole.iloc[kept], "holdout": whole.iloc[off]}
        targets |= {"real": y[kept], "holdout": y[off]}
    _check_targets(tables, targets)
    for name, y in targets.items():
        if max_rows is not None and len(y) > max_rows:
            chosen = draw_rows(y, max_rows / len(y), classes, rng)
            frames[name], targets[name] = frames[name].iloc[chosen], y[chosen]
    _check_targets(tables, targets)  # the draw may have left out the few numbers that differ
    labels = tuple(sorted(set(targets["real"]) | set(targets["holdout"]))) if classes else ()
    measure = find_measure(tables.task, scorer, labels)
    if not classes and measure.scorer is None:
        scale = find_scale(targets["real"])
        targets = {name: y / scale for name, y in targets.items()}
    return Trial(
        tables,
        tables.task,
        frames,
        targets,
        measure,
        draw_weights(len(targets["holdout"]), n_bootstrap, rng),
        tables.holdout is None,
        {name: int(rows.sum()) for name, rows in absent.items()},
    )


def target_values(tables: Tables, frame: pd.DataFrame) -> np.ndarray:
    """Return the target of aligned rows: floats for regression, else text; NaN or None where missing or infinite.

    Raises:
        InvalidDataError: where the target was left out of the figures.
    """
    if tables.target in tables.excluded:
        raise InvalidDataError(
            f"The target {tables.target!r} cannot be predicted ({tables.excluded[tables.target]}). Name another target."
        )
    values = frame[tables.target]
    if tables.task == "regression":
        return values.where(np.isfinite(values)).to_numpy(float)
    text = values.astype(object).where(values.notna() & (values != MISSING), None)
    return np.array([label if label is None else str(label) for label in text], dtype=object)


def split_rows(y: np.ndarray, share: float, classes: bool, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Split rows at random, class by class; of a class with two rows or more, each side gets at least one.

    Args:
        y: classes or numbers, shape (rows,).
        share: the share of the second side.
        classes: whether to go by the values of y.
        rng: the source of randomness.

    Returns:
        Positions of the rows on either side, in order.

    Examples:
        >>> split_rows(np.array(["a", "a", "b", "c", "c"]), 0.5, True, np.random.default_rng(0))[1].shape
        (2,)
    """
    codes = pd.factorize(y)[0] if classes else np.zeros(len(y), dtype=np.int64)
    second = np.zeros(len(y), dtype=bool)
    for code in range(codes.max(initial=-1) + 1):
        rows = rng.permutation(np.flatnonzero(codes == code))
        wanted = min(max(round(share * len(rows)), 1), len(rows) - 1)
        second[rows[:wanted]] = True
    return np.flatnonzero(~second), np.flatnonzero(second)


def draw_rows(y: np.ndarray, share: float, classes: bool, rng: np.random.Generator) -> np.ndarray:
    """Return the positions of a random share of rows, in order; class by class, and of each class at least one.

    Args:
        y: classes or numbers, shape (rows,).
        share: the share to draw, below 1.
        classes: whether to go by the values of y.
        rng: the source of randomness.

    Examples:
        >>> draw_rows(np.array(["a", "b", "b", "b", "b"]), 0.5, True, np.random.default_rng(0)).tolist()
        [0, 1, 3]
    """
    codes = pd.factorize(y)[0] if classes else np.zeros(len(y), dtype=np.int64)
    rows = [rng.permutation(np.flatnonzero(codes == code)) for code in range(codes.max(initial=-1) + 1)]
    return np.sort(np.concatenate([of[: max(round(share * len(of)), 1)] for of in rows]))


def _check_targets(tables: Tables, targets: dict[str, np.ndarray]) -> None:
    """Refuse rows on which nothing can be learned or scored, all reasons in one error."""
    names = {"real": "real training", "synthetic": "synthetic", "holdout": "hold-out"}
    problems: list[str] = []
    for name, y in targets.items():
        few = MIN_ROWS if name == "real" else 1 if name == "synthetic" else 2
        distinct = sorted(set(y.tolist()))
        if len(y) < few:
            problems.append(f"There are {len(y)} {names[name]} rows with a value of it; at least {few} are needed.")
        elif name != "synthetic" and len(distinct) < 2:
            problems.append(
                f"It is {distinct[0]!r} in all {len(y)} {names[name]} rows; at least two values are needed."
            )
    classes = sorted(set(targets["real"]) | set(targets["holdout"]))
    if tables.task == "binary" and len(classes) > 2:
        shown = ", ".join(map(repr, classes[:5]))
        problems.append(f"The task is 'binary', and it has {len(classes)} values ({shown}); ask for 'multiclass'.")
    if tables.task == "multiclass" and len(classes) > MAX_CLASSES:
        problems.append(
            f"It has {len(classes)} classes, and models are trained for {MAX_CLASSES} at most; merge rare ones, name "
            "another target, or, if it is a number, ask for task='regression'."
        )
    if problems:
        raise InvalidDataError(f"The target {tables.target!r} cannot be judged. {join_problems(problems)}")


@dataclasses.dataclass
class Arm:
    """Scores of a model trained on one kind of rows, over repeats.

    Args:
        curves: before any floor, for each repeat, shape (1 + resamples,).
        spreads: of a model trained on one half less those of one trained on the other, likewise.
        recalls: of each class, for each repeat.
        crossed: of models trained on one half and tested on the other.
        failure: why there are no scores, or nothing.
    """

    curves: list[np.ndarray] = dataclasses.field(default_factory=list)
    spreads: list[np.ndarray] = dataclasses.field(default_factory=list)
    recalls: list[np.ndarray] = dataclasses.field(default_factory=list)
    crossed: list[float] = dataclasses.field(default_factory=list)
    failure: str = ""


def _fit(trial: Trial, model: Any, frame: pd.DataFrame, y: np.ndarray, seed: int) -> Any:
    if trial.task != "regression" and len(set(y)) < 2:
        raise InvalidDataError(f"the target is {y[0]!r} in all {len(y)} rows")
    return seed_learner(make_learner(model, trial.tables, trial.tables.target), seed).fit(frame, y)


def add_scores(trial: Trial, arm: Arm, model: Any, frame: pd.DataFrame, y: np.ndarray, seed: int) -> None:
    """Train a model and keep its scores on the hold-out.

    One that cannot be trained gets 0 (NaN from a user's scorer, of which 0 may be the best), and the reason is kept.

    Args:
        trial: what is tested, and how.
        arm: takes the scores.
        model: an unfitted scikit-learn estimator.
        frame: training rows.
        y: their targets.
        seed: of the model.
    """
    truth = trial.targets["holdout"]
    try:
        learner = _fit(trial, model, frame, y, seed)
        curve = trial.measure.curve(learner, trial.frames["holdout"], truth, trial.weights)
        said = learner.predict(trial.frames["holdout"]) if trial.measure.labels else truth
    except Exception as error:  # whatever a user's model raises
        arm.failure = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        nothing = 0.0 if trial.measure.scorer is None else np.nan
        arm.curves.append(np.full(len(trial.weights), nothing))
        arm.recalls.append(np.full(len(trial.measure.labels), nothing))
        return
    arm.curves.append(curve)
    rows = [truth == label for label in trial.measure.labels]
    arm.recalls.append(np.array([(said[of] == truth[of]).mean() if of.any() else np.nan for of in rows]))


def add_halves(trial: Trial, arm: Arm, model: Any, frame: pd.DataFrame, y: np.ndarray, seed: int) -> None:
    """Train on either half; keep how far their scores are apart, and how each scores on the other half.

    Where the rows are too few for halves, nothing is kept.

    Args:
        trial: what is tested, and how.
        arm: takes the scores.
        model: an unfitted scikit-learn estimator.
        frame: training rows.
        y: their targets.
        seed: of the split and the model.
    """
    parts = split_rows(y, 0.5, trial.task != "regression", np.random.default_rng(seed))
    curves: list[np.ndarray] = []
    try:
        for train, test in (parts, parts[::-1]):
            learner = _fit(trial, model, frame.iloc[train], y[train], seed)
            curves.append(
                trial.measure.curve(learner, trial.frames["holdout"], trial.targets["holdout"], trial.weights)
            )
            one = np.ones((1, len(test)), dtype=np.int32)
            arm.crossed.append(float(trial.measure.curve(learner, frame.iloc[test], y[test], one)[0]))
    except Exception:  # as many as a model may raise
        return
    arm.spreads.append(curves[0] - curves[1])
