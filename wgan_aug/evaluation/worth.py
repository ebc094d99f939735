"""Augmentation value: does a model trained on real and synthetic rows predict better than one trained on real rows?"""

from __future__ import annotations

import dataclasses
import numbers
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from wgan_aug.errors import InvalidDataError, InvalidParameterError, did_you_mean, join_problems
from wgan_aug.evaluation.baselines import BASELINES, check_baselines
from wgan_aug.evaluation.figures import to_plain
from wgan_aug.evaluation.frames import Task
from wgan_aug.evaluation.learners import find_estimators
from wgan_aug.evaluation.study import AddRows, Study, make_arms, prepare_study, score_arm, split_study

__all__ = ["AugmentationValue", "Verdict", "augmentation_value", "compare_arms", "corrected_interval"]

MakeSynthetic = Callable[[pd.DataFrame, int, int], pd.DataFrame]
Verdict = Literal["helps", "no effect", "hurts"]
LEVEL = 0.95


@dataclasses.dataclass(frozen=True)
class AugmentationValue:
    """What synthetic rows add to real ones.

    Args:
        verdict: `"helps"`, `"no effect"` or `"hurts"`: of adding synthetic rows to the real ones.
        arm: the best of the synthetic arms; it was chosen on these data.
        ratio: its synthetic rows for each real training row.
        target: the column that is predicted.
        task: what predicting it is.
        metric: the score: `"average_precision"` or `"roc_auc"` (two classes), `"macro_f1"`, `"r2"`, or the name of the
            scorer that was given.
        positive: the class that average precision is about, the rarer one; None otherwise.
        estimator: the model's class.
        arms: one line an arm, real rows alone first: `arm`, `ratio` (NaN but for synthetic rows), `score` (mean over
            splits), `difference` (from real rows alone), `low`, `high` (its interval), `level` (of the interval),
            `folds` (scores compared: those that are numbers).
        scores: one line a split, its repeat and fold, one column an arm beside `repeat` and `fold`.
        skipped: baselines that do not apply, with the reason.
        rows: rows used.
        without_target: rows left out because their target is missing.
        folds: folds of each repeat.
        repeats: cross-validations; the last may have stopped before its end.
    """

    verdict: Verdict
    arm: str
    ratio: float
    target: Hashable
    task: Task
    metric: str
    positive: str | None
    estimator: str
    arms: pd.DataFrame
    scores: pd.DataFrame
    skipped: dict[str, str]
    rows: int
    without_target: int
    folds: int
    repeats: int

    def to_frame(self) -> pd.DataFrame:
        """Return one line an arm."""
        return self.arms.copy()

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON."""
        return to_plain(vars(self))


def augmentation_value(
    frame: pd.DataFrame,
    target: Hashable,
    make_synthetic: MakeSynthetic,
    *,
    ratios: Sequence[float] = (0.5, 1.0, 2.0),
    folds: int = 5,
    repeats: int = 1,
    estimator: Any = None,
    scorer: Any = None,
    baselines: Sequence[str] = BASELINES,
    task: Task | None = None,
    categorical_features: Iterable[Hashable] = (),
    random_state: int = 0,
) -> AugmentationValue:
    """Compare training on real rows alone with real + synthetic rows, and with cheaper remedies, on untouched folds.

    For each of J = folds x repeats splits, d_j is the score with added rows less that without, both on the same rows
    left out. The interval of the mean is mean d ± t sqrt((1 / J + n_test / n_train) s^2), where s^2 is the variance of
    d_j and t the quantile of Student's distribution with J - 1 degrees of freedom; n_test / n_train allows for splits
    that share training rows. The best of k ratios is chosen on these data, so that intervals of synthetic arms are of
    level 1 - 0.05 / k (Bonferroni), those of the baselines of 0.95. The verdict is `"helps"` where the best ratio's
    interval lies above 0, `"hurts"` where those of all ratios lie below 0, and else `"no effect"`. With the default
    model, arms differ in their rows alone: it does not stop early, as boosted trees else do beyond 10 000 rows.

    `"no effect"` means that no effect was shown on so many rows, not that there is none: few rows and folds give wide
    intervals. The correction is a rule of thumb, and the verdict is about this model and score; the mean score of the
    best ratio is a little flattered by the choice. `make_synthetic` is called once for each split, for the largest
    ratio, and only ever sees that split's training rows; smaller ratios take a random part of what it returns.

    Args:
        frame: real rows, the target among the columns.
        target: the column that is predicted; rows where it is missing are left out.
        make_synthetic: a function of training rows, a number of rows and a seed that returns as many synthetic rows.
        ratios: synthetic rows for each real training row.
        folds: folds of the cross-validation, stratified for classes.
        repeats: cross-validations, each with its own folds.
        estimator: a scikit-learn model; None for boosted trees. Its `random_state` is set.
        scorer: a scikit-learn scorer, by name or as a callable that takes labels as text; None for average precision of
            the rarer class (two classes, the rarer under 20 %), the area under the ROC curve (two), macro F1 (more) or
            R2 (numbers).
        baselines: of `"class_weight"` (rows weighted so that classes weigh the same), `"oversample"` (rows of smaller
            classes repeated at random) and `"smote"` (interpolated: SMOTE, SMOTENC or SMOTEN by the kinds of columns;
            needs the extra `imblearn`). What does not apply is skipped, and `skipped` says why.
        task: what predicting the target is; found from its values where None.
        categorical_features: columns to take as categories whatever their values.
        random_state: the seed of folds, models and baselines, and of the seeds that `make_synthetic` is given.

    Returns:
        The verdict and its figures.

    Raises:
        InvalidParameterError: for options that are not allowed.
        InvalidDataError: for a target with one class or with more than 100, a class with fewer rows than folds, and
            synthetic rows that are too few, whose columns differ, or none of which has a target.
        MissingExtraError: where `"smote"` applies and imbalanced-learn is not installed.

    Reference: Nadeau and Bengio 2003, Machine Learning 52, 239-281; Bouckaert and Frank 2004, PAKDD.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> real = pd.DataFrame({"x": rng.normal(size=60)})
        >>> real["y"] = np.where(real["x"] + rng.normal(size=60) > 0, "yes", "no")
        >>> def parrot(train, n_rows, random_state):
        ...     return train.sample(n_rows, replace=True, random_state=random_state)
        >>> found = augmentation_value(real, "y", parrot, ratios=[1.0], baselines=["oversample"])
        >>> found.verdict, found.metric, found.to_frame()["arm"].tolist()
        ('no effect', 'roc_auc', ['real', 'synthetic x1', 'oversample'])
    """
    _check_options(make_synthetic, ratios, folds, repeats, baselines, random_state)
    study = prepare_study(frame, target, scorer, task, tuple(categorical_features), folds)

    def add(train: pd.DataFrame, seed: int) -> dict[str, pd.DataFrame]:
        n = round(max(ratios) * len(train))
        made = _checked(make_synthetic(train.copy(), n, seed), n)
        made = made.iloc[np.random.default_rng(seed).permutation(len(made))]
        return {f"synthetic x{ratio:g}": made.iloc[: round(ratio * len(train))] for ratio in ratios}

    return compare_arms(
        study,
        add,
        {f"synthetic x{ratio:g}": float(ratio) for ratio in ratios},
        folds=folds,
        repeats=repeats,
        estimator=estimator,
        baselines=baselines,
        random_state=random_state,
    )


def compare_arms(
    study: Study,
    add: AddRows,
    ratios: Mapping[str, float],
    *,
    folds: int,
    repeats: int,
    estimator: Any,
    baselines: Sequence[str],
    random_state: int,
    go_on: Callable[[int], bool] = lambda done: True,
) -> AugmentationValue:
    """Compare arms of any mixture; see `augmentation_value`, whose arms differ in their ratio alone.

    Args:
        study: the real rows.
        add: makes the synthetic rows of all arms, once for each split.
        ratios: the names of the arms, with their synthetic rows for each real training row.
        folds: folds of the cross-validation.
        repeats: cross-validations, at most.
        estimator: a scikit-learn model; None for boosted trees that do not stop early.
        baselines: as in `augmentation_value`.
        random_state: the seed.
        go_on: asked before each split, with the number of those done, whether to do it.
    """
    estimator = _default_model(study.task) if estimator is None else estimator
    model = next(iter(find_estimators(estimator, study.task).values()))
    applicable, skipped = check_baselines(baselines, study.task, model)
    lines: list[dict[str, float]] = []
    for repeat in range(repeats):
        for fold, (train, test) in enumerate(split_study(study, folds, random_state + repeat)):
            if not go_on(len(lines)):
                break
            seed = random_state + repeat * folds + fold
            line: dict[str, float] = {"repeat": repeat, "fold": fold}
            for arm, rows, y, weights in make_arms(study, add, train, seed, applicable, skipped):
                line[arm] = score_arm(study, model, arm, rows, y, weights, test, random_state + repeat)
            lines.append(line)
    scores = pd.DataFrame(lines).drop(columns=list(skipped), errors="ignore")
    return _summarise(study, ratios, type(model).__name__, scores, skipped, folds)


def _default_model(task: Task) -> Any:
    kind: Any = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
    return kind(early_stopping=False)


def _checked(made: Any, n: int) -> pd.DataFrame:
    if not isinstance(made, pd.DataFrame):
        raise InvalidDataError(f"make_synthetic returned a {type(made).__name__}; it must return a pandas DataFrame.")
    if len(made) < n:
        raise InvalidDataError(f"make_synthetic was asked for {n} rows and returned {len(made)}; it must return all.")
    return made


def _check_options(
    make_synthetic: Any, ratios: Any, folds: Any, repeats: Any, baselines: Any, random_state: Any
) -> None:
    whole: Any = numbers.Integral
    real: Any = numbers.Real
    problems: list[str] = []
    if not callable(make_synthetic):
        problems.append(
            f"make_synthetic is {make_synthetic!r}; give a function (train_frame, n_rows, random_state) -> DataFrame."
        )
    good = [isinstance(ratio, real) and 0 < ratio < np.inf for ratio in ratios]
    if not good or not all(good) or len({f"{ratio:g}" for ratio in ratios}) < len(ratios):
        problems.append(f"ratios is {ratios!r}; give at least one number above 0, each once.")
    for name, value, least in (("folds", folds, 2), ("repeats", repeats, 1), ("random_state", random_state, 0)):
        if not isinstance(value, whole) or value < least:
            problems.append(f"{name} is {value!r}; it must be an integer of at least {least}.")
    names = [baselines] if isinstance(baselines, str) else list(baselines)
    problems += [
        f"baselines has {name!r}; allowed are {', '.join(map(repr, BASELINES))}.{did_you_mean(name, BASELINES)}"
        for name in names
        if name not in BASELINES
    ]
    if problems:
        raise InvalidParameterError(join_problems(problems))


# ---- the figures


def corrected_interval(differences: np.ndarray, test_share: float, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of a mean difference over repeated cross-validation, corrected for shared training rows.

    mean d ± t_((1 + level) / 2, J - 1) sqrt((1 / J + test_share) s^2), where J is the number of differences d and s^2
    their variance.

    Args:
        differences: d, one for each fold and repeat, shape (J,); at least two.
        test_share: test rows of a fold / its training rows.
        level: the confidence level.

    Reference: Nadeau and Bengio 2003, Machine Learning 52, 239-281.

    Examples:
        >>> low, high = corrected_interval(np.array([0.1, 0.2, 0.3]), 0.5)
        >>> round(low, 4), round(high, 4)
        (-0.1928, 0.5928)
    """
    d = np.asarray(differences, dtype=float)
    t = float(stats.t.ppf((1 + level) / 2, len(d) - 1))
    reach = t * np.sqrt((1 / len(d) + test_share) * d.var(ddof=1))
    return float(d.mean() - reach), float(d.mean() + reach)


def _differences(scores: pd.DataFrame, arm: str, measure: str) -> np.ndarray:
    """Return the scores of an arm less those of real rows alone, where both are numbers."""
    difference = (scores[arm] - scores["real"]).dropna().to_numpy(float)
    if len(difference) < 2:
        raise InvalidDataError(
            f"The score {measure!r} of the arm {arm!r} is a number in {len(difference)} of {len(scores)} folds; at "
            "least 2 are needed. The target may be the same in all test rows of a fold: give more rows, or fewer folds."
        )
    return difference


def _summarise(
    study: Study,
    ratios: Mapping[str, float],
    estimator: str,
    scores: pd.DataFrame,
    skipped: dict[str, str],
    folds: int,
) -> AugmentationValue:
    lines: list[dict[str, Any]] = []
    for arm in scores.columns.drop(["repeat", "fold"]):
        line = {"arm": arm, "ratio": ratios.get(arm, np.nan), "score": float(scores[arm].mean())}
        difference = _differences(scores, arm, study.measure.name)
        level = 1 - (1 - LEVEL) / len(ratios) if arm in ratios else LEVEL
        bounds = (np.nan, np.nan) if arm == "real" else corrected_interval(difference, 1 / (folds - 1), level)
        line |= {"difference": float(difference.mean()), "low": bounds[0], "high": bounds[1]}
        lines.append(line | {"level": np.nan if arm == "real" else level, "folds": len(difference)})
    arms = pd.DataFrame(lines).astype({"arm": object})
    synthetic = arms[arms["arm"].isin(list(ratios))]
    best = synthetic.iloc[int(synthetic["difference"].to_numpy(float).argmax())]
    verdict: Verdict = "no effect"
    if best["low"] > 0:
        verdict = "helps"
    elif (synthetic["high"] < 0).all():
        verdict = "hurts"
    return AugmentationValue(
        verdict,
        str(best["arm"]),
        float(best["ratio"]),
        study.tables.target,
        study.task,
        study.measure.name,
        study.measure.positive if study.measure.name == "average_precision" else None,
        estimator,
        arms,
        scores,
        skipped,
        len(study.rows),
        study.without_target,
        folds,
        int(scores["repeat"].max()) + 1,
    )
