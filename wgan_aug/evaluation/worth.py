"""Augmentation value: does a model trained on real and synthetic rows predict better than one trained on real rows?"""

from __future__ import annotations

import dataclasses
import numbers
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.utils.class_weight import compute_sample_weight

from wgan_aug.errors import InvalidDataError, InvalidParameterError, did_you_mean, join_problems
from wgan_aug.evaluation.baselines import BASELINES, NotApplicable, check_baselines, oversampled, smote_rows
from wgan_aug.evaluation.figures import to_plain
from wgan_aug.evaluation.frames import Tables, Task, align
from wgan_aug.evaluation.learners import find_estimators, make_learner, seed_learner
from wgan_aug.evaluation.scoring import Measure, find_measure
from wgan_aug.evaluation.trials import MAX_CLASSES, target_values

__all__ = ["AugmentationValue", "MakeSynthetic", "Verdict", "augmentation_value", "corrected_interval"]

Verdict = Literal["helps", "no effect", "hurts"]
MakeSynthetic = Callable[[pd.DataFrame, int, int], pd.DataFrame]
LEVEL = 0.95
IMBALANCED = 0.2  # below this share of the rarer class, average precision is the score


@dataclasses.dataclass(frozen=True)
class AugmentationValue:
    """What synthetic rows add to real ones.

    Args:
        verdict: `"helps"`, `"no effect"` or `"hurts"`: of adding synthetic rows to the real ones.
        ratio: the best of the ratios tried, synthetic rows to real training rows; its arm was chosen on these data.
        target: the column that is predicted.
        task: what predicting it is.
        metric: the score: `"average_precision"` or `"roc_auc"` (two classes), `"macro_f1"`, `"r2"`, or the name of the
            scorer that was given.
        positive: the class that average precision is about, the rarer one; None otherwise.
        estimator: the model's class.
        arms: one line an arm, real rows alone first: `arm`, `ratio` (NaN but for synthetic rows), `score` (mean over
            folds), `difference` (from real rows alone), `low`, `high` (its interval), `level` (of the interval),
            `folds` (scores compared).
        scores: one line a repeat and fold, one column an arm beside `repeat` and `fold`.
        skipped: baselines that do not apply, with the reason.
        rows: rows used.
        without_target: rows left out because their target is missing.
        folds: folds of each repeat.
        repeats: cross-validations.
    """

    verdict: Verdict
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
    interval lies above 0, `"hurts"` where those of all ratios lie below 0, and else `"no effect"`.

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
            synthetic rows that are too few or whose columns differ.
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
    study = _prepare(frame, target, make_synthetic, tuple(ratios), scorer, task, tuple(categorical_features), folds)
    model = next(iter(find_estimators(estimator, study.task).values()))
    applicable, skipped = check_baselines(baselines, study.task, model)
    lines: list[dict[str, float]] = []
    for repeat in range(repeats):
        for fold, (train, test) in enumerate(_splits(study, folds, random_state + repeat)):
            seed = random_state + repeat * folds + fold
            line: dict[str, float] = {"repeat": repeat, "fold": fold}
            for arm, rows, y, weights in _arms(study, train, seed, applicable, skipped):
                line[arm] = _score(study, model, arm, rows, y, weights, test, random_state + repeat)
            lines.append(line)
    scores = pd.DataFrame(lines).drop(columns=list(skipped), errors="ignore")
    return _summarise(study, type(model).__name__, scores, skipped, folds, repeats)


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


# ---- rows and folds


@dataclasses.dataclass(frozen=True)
class _Study:
    """Real rows as they came (all, and those with a target) and as `align` gives them, and how models are scored."""

    reference: pd.DataFrame
    frame: pd.DataFrame
    tables: Tables
    rows: pd.DataFrame
    y: np.ndarray
    task: Task
    measure: Measure
    make_synthetic: MakeSynthetic
    ratios: tuple[float, ...]
    categorical_features: tuple[Hashable, ...]
    without_target: int

    @property
    def arms(self) -> dict[str, float]:
        """The names of the synthetic arms, with their ratios."""
        return {f"synthetic x{ratio:g}": float(ratio) for ratio in self.ratios}


def _prepare(
    frame: pd.DataFrame,
    target: Hashable,
    make_synthetic: MakeSynthetic,
    ratios: tuple[float, ...],
    scorer: Any,
    task: Task | None,
    categorical: tuple[Hashable, ...],
    folds: int,
) -> _Study:
    tables = align(frame, frame, target=target, task=task, categorical_features=categorical)
    assert tables.task is not None
    y = target_values(tables, tables.real)
    present = ~pd.isna(y)
    y = y[present]
    counts = pd.Series(y, dtype=object).value_counts() if tables.task != "regression" else pd.Series(dtype=int)
    _check_counts(target, tables.task, y, counts, folds)
    labels = tuple(sorted(counts.index))
    rare = str(counts.index[-1]) if tables.task == "binary" and counts.iloc[-1] < IMBALANCED * len(y) else None
    binary = "roc_auc" if rare is None else "average_precision"
    return _Study(
        frame,
        frame[present].reset_index(drop=True),
        tables,
        tables.real[present].reset_index(drop=True),
        y,
        tables.task,
        find_measure(tables.task, scorer, labels, binary=binary, positive=rare),
        make_synthetic,
        ratios,
        categorical,
        int((~present).sum()),
    )


def _check_counts(target: Hashable, task: Task, y: np.ndarray, counts: pd.Series, folds: int) -> None:
    problems: list[str] = []
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
    elif counts.iloc[-1] < folds:
        rare = ", ".join(f"{label!r} ({n})" for label, n in counts[counts < folds].head(5).items())
        problems.append(
            f"These classes have fewer rows than there are folds ({folds}): {rare}. Ask for "
            + (
                f"at most {counts.iloc[-1]} folds, or merge them."
                if counts.iloc[-1] > 1
                else "other classes: merge them."
            )
        )
    if problems:
        raise InvalidDataError(f"The target {target!r} cannot be cross-validated. {join_problems(problems)}")


def _splits(study: _Study, folds: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    kind: Any = KFold if study.task == "regression" else StratifiedKFold
    return kind(folds, shuffle=True, random_state=seed).split(study.rows, study.y)


# ---- the arms of one split

_Arm = tuple[str, pd.DataFrame, np.ndarray, "np.ndarray | None"]


def _arms(
    study: _Study, train: np.ndarray, seed: int, baselines: Sequence[str], skipped: dict[str, str]
) -> Iterator[_Arm]:
    """Yield what each arm trains on: its name, rows, targets and weights."""
    rows, y = study.rows.iloc[train], study.y[train]
    yield "real", rows, y, None
    made, made_y = _synthetic(study, train, seed)
    for arm, ratio in study.arms.items():
        n = round(ratio * len(train))
        yield arm, pd.concat([rows, made[:n]], ignore_index=True), np.concatenate([y, made_y[:n]]), None
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


def _synthetic(study: _Study, train: np.ndarray, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return aligned synthetic rows for the largest ratio, in random order, and their targets."""
    n = round(max(study.ratios) * len(train))
    made = study.make_synthetic(study.frame.iloc[train].reset_index(drop=True), n, seed)
    if not isinstance(made, pd.DataFrame):
        raise InvalidDataError(f"make_synthetic returned a {type(made).__name__}; it must return a pandas DataFrame.")
    if len(made) < n:
        raise InvalidDataError(f"make_synthetic was asked for {n} rows and returned {len(made)}; it must return all.")
    tables = align(
        study.reference,
        made,
        target=study.tables.target,
        task=study.task,
        categorical_features=study.categorical_features,
    )
    y = target_values(tables, tables.synthetic)
    order = np.random.default_rng(seed).permutation(len(y))
    order = order[~pd.isna(y[order])]
    return tables.synthetic.iloc[order], y[order]


def _score(
    study: _Study,
    model: Any,
    arm: str,
    rows: pd.DataFrame,
    y: np.ndarray,
    weights: np.ndarray | None,
    test: np.ndarray,
    seed: int,
) -> float:
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


def _summarise(
    study: _Study, estimator: str, scores: pd.DataFrame, skipped: dict[str, str], folds: int, repeats: int
) -> AugmentationValue:
    lines: list[dict[str, Any]] = []
    for arm in scores.columns.drop(["repeat", "fold"]):
        line = {"arm": arm, "ratio": study.arms.get(arm, np.nan), "score": float(scores[arm].mean())}
        difference = (scores[arm] - scores["real"]).to_numpy(float)
        level = 1 - (1 - LEVEL) / len(study.ratios) if arm in study.arms else LEVEL
        bounds = (np.nan, np.nan) if arm == "real" else corrected_interval(difference, 1 / (folds - 1), level)
        line |= {"difference": float(difference.mean()), "low": bounds[0], "high": bounds[1]}
        lines.append(line | {"level": np.nan if arm == "real" else level, "folds": len(scores)})
    arms = pd.DataFrame(lines).astype({"arm": object})
    synthetic = arms[arms["arm"].isin(list(study.arms))]
    best = synthetic.iloc[int(synthetic["difference"].to_numpy(float).argmax())]
    verdict: Verdict = "no effect"
    if best["low"] > 0:
        verdict = "helps"
    elif (synthetic["high"] < 0).all():
        verdict = "hurts"
    return AugmentationValue(
        verdict,
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
        repeats,
    )
