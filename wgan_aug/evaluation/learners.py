"""Downstream models: the default ones, and a pipeline that prepares the columns of `Tables` for any of them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from sklearn.base import clone, is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    BaseEnsemble,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder
from sklearn.tree import BaseDecisionTree
from sklearn.utils import get_tags

from wgan_aug.errors import InvalidDataError, InvalidParameterError
from wgan_aug.evaluation.frames import Tables, Task
from wgan_aug.evaluation.preparation import LabelledClassifier, NormalScores, SelectColumns

__all__ = [
    "default_estimators",
    "find_estimators",
    "find_predictors",
    "make_learner",
    "seed_learner",
    "takes_levels_as_numbers",
]

_TREES = (BaseDecisionTree, BaseEnsemble, HistGradientBoostingClassifier, HistGradientBoostingRegressor)
_TREE_LIBRARIES = ("xgboost", "lightgbm", "catboost")


def make_learner(estimator: Any, tables: Tables, target: Hashable | None = None) -> Pipeline:
    """Build an unfitted pipeline from the columns of aligned frames to an estimator.

    Numbers: missing ones take the median of the training rows; for models that are not trees, each column is then
    mapped to normal scores z = Phi^-1(F(x)), where F is its empirical distribution in the training rows. Levels: for
    trees, whole numbers in the order of their text, and -1 for levels the training rows lack; for other models, one
    indicator a level, with those of fewer than 5 rows (and all but the 60 most frequent) sharing one, and no indicator
    for levels that the training rows lack. A column without any value counts as all zeros. Where a class
    has a single row, no model stops early (see `LabelledClassifier`).

    Args:
        estimator: any scikit-learn classifier or regressor, copied before use.
        tables: says which columns are numeric and which are categorical.
        target: the column that is predicted, and so is not among the predictors; None to use all columns.

    Returns:
        Steps `columns`, `prepare` and `model`; `fit(frame, y)` and the rest take whole frames, as in `Tables`.

    Raises:
        InvalidDataError: where no predictor is left.

    Examples:
        >>> import pandas as pd
        >>> from wgan_aug.evaluation.frames import align
        >>> frame = pd.DataFrame({"age": [20.0, 30.5, None, 60.0], "sex": ["f", "m", "f", "m"]})
        >>> tables = align(frame, frame, target="sex")
        >>> learner = make_learner(LogisticRegression(), tables, "sex")
        >>> learner.fit(tables.real, tables.real["sex"]).predict(tables.real).tolist()
        ['f', 'm', 'm', 'm']
    """
    numeric, categorical = find_predictors(tables, target)
    trees = takes_levels_as_numbers(estimator)
    steps: list[tuple[str, Any, Any]] = []
    if numeric:
        steps.append(("numbers", _numbers(trees), [f"n{i}" for i in range(len(numeric))]))
    if categorical:
        steps.append(("levels", _levels(trees), [f"c{i}" for i in range(len(categorical))]))
    model = LabelledClassifier(clone(estimator)) if is_classifier(estimator) else clone(estimator)
    prepare = ColumnTransformer(steps, sparse_threshold=0.3 if _takes_sparse(estimator) else 0.0)
    return Pipeline([("columns", SelectColumns(numeric, categorical)), ("prepare", prepare), ("model", model)])


def find_predictors(tables: Tables, target: Hashable | None) -> tuple[list[Hashable], list[Hashable]]:
    """Return the names of the numeric and of the categorical columns that a model predicts from.

    Args:
        tables: aligned frames.
        target: the column that is predicted; None to use all columns.

    Raises:
        InvalidDataError: where there is none.
    """
    numeric = [name for name in tables.numeric if name != target]
    categorical = [name for name in tables.categorical if name != target]
    if not numeric and not categorical:
        left_out = "; ".join(f"{name!r}: {reason}" for name, reason in tables.excluded.items() if name != target)
        beside = "" if target is None else f" beside the target {target!r}"
        raise InvalidDataError(
            f"A downstream model needs a column to predict from; there is none{beside}"
            f"{f' (left out: {left_out})' if left_out else ''}. Give the data another column."
        )
    return numeric, categorical


def default_estimators(task: Task, random_state: int = 0) -> dict[str, Any]:
    """Return the three models that stand for a downstream user: boosted trees, a forest and a linear model.

    Args:
        task: what they predict.
        random_state: their seed.

    Examples:
        >>> {name: type(model).__name__ for name, model in default_estimators("regression").items()}
        {'boost': 'HistGradientBoostingRegressor', 'forest': 'RandomForestRegressor', 'linear': 'Ridge'}
    """
    leaves: dict[str, Any] = {"min_samples_leaf": 3, "n_jobs": 1, "random_state": random_state}
    if task == "regression":
        return {
            "boost": HistGradientBoostingRegressor(random_state=random_state),
            "forest": RandomForestRegressor(100, max_features=0.5, **leaves),
            "linear": Ridge(random_state=random_state),
        }
    return {
        "boost": HistGradientBoostingClassifier(random_state=random_state),
        "forest": RandomForestClassifier(100, **leaves),
        "linear": LogisticRegression(max_iter=400, random_state=random_state),
    }


def find_estimators(estimators: Any, task: Task, random_state: int = 0) -> dict[str, Any]:
    """Return named estimators from what a user gave: None for the default ones, one, a list, or a dict by name.

    Raises:
        InvalidParameterError: for no estimator, for what is none, and for one of the other kind than the task.

    Examples:
        >>> list(find_estimators([Ridge(), Ridge(2.0)], "regression"))
        ['Ridge', 'Ridge-2']
    """
    if estimators is None:
        return default_estimators(task, random_state)
    if isinstance(estimators, Mapping):
        named = {str(name): estimator for name, estimator in estimators.items()}
    else:
        several = isinstance(estimators, Sequence) and not isinstance(estimators, str)
        named = _named(list(estimators) if several else [estimators])
    if not named:
        raise InvalidParameterError("estimators is empty; give at least one, or None for the default ones.")
    for name, estimator in named.items():
        if isinstance(estimator, type) or not hasattr(estimator, "fit") or not hasattr(estimator, "get_params"):
            raise InvalidParameterError(
                f"estimators has {name!r}: {estimator!r}, which is no scikit-learn estimator; give an instance with "
                "fit, predict and get_params."
            )
        if is_classifier(estimator) == (task == "regression"):
            wanted, came = ("regressor", "a classifier") if task == "regression" else ("classifier", "none")
            raise InvalidParameterError(
                f"estimators has {name!r}, a {type(estimator).__name__}: the task is {task!r}, which needs a {wanted}, "
                f"and it is {came}."
            )
    return named


def _named(estimators: list[Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for estimator in estimators:
        base = type(estimator).__name__
        same = sum(name == base or name.startswith(f"{base}-") for name in named)
        named[f"{base}-{same + 1}" if same else base] = estimator
    return named


def seed_learner(learner: Any, seed: int) -> Any:
    """Set every `random_state` of an estimator and of what it is made of; return the estimator.

    Examples:
        >>> seed_learner(Pipeline([("model", Ridge())]), 3)["model"].random_state
        3
    """
    names = [name for name in learner.get_params(deep=True) if name.rpartition("__")[2] == "random_state"]
    return learner.set_params(**dict.fromkeys(names, seed))


def takes_levels_as_numbers(estimator: Any) -> bool:
    """Say whether an estimator is made of trees, for which the order and scale of numbers do not matter.

    Pipelines are judged by their last step, searches and other wrappers by what they wrap.

    Examples:
        >>> takes_levels_as_numbers(RandomForestClassifier()), takes_levels_as_numbers(LogisticRegression())
        (True, False)
    """
    if isinstance(estimator, Pipeline):
        return takes_levels_as_numbers(estimator.steps[-1][1])
    inner = getattr(estimator, "estimator", None)
    if inner is not None and hasattr(inner, "fit"):
        return takes_levels_as_numbers(inner)
    return isinstance(estimator, _TREES) or type(estimator).__module__.split(".")[0] in _TREE_LIBRARIES


def _takes_sparse(estimator: Any) -> bool:
    try:
        return bool(get_tags(estimator).input_tags.sparse)
    except (AttributeError, TypeError):
        return False


def _numbers(trees: bool) -> Pipeline:
    impute = SimpleImputer(strategy="median", keep_empty_features=True)
    return Pipeline([("impute", impute), *([] if trees else [("scores", NormalScores())])])


def _levels(trees: bool) -> Any:
    if trees:
        return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return OneHotEncoder(handle_unknown="ignore", min_frequency=5, max_categories=60)
