"""What synthetic rows compete with on unbalanced classes: class weights, oversampling, SMOTE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import has_fit_parameter

from wgan_aug.errors import MissingExtraError
from wgan_aug.evaluation.frames import Tables, Task
from wgan_aug.evaluation.preparation import find_scale

__all__ = ["BASELINES", "NotApplicable", "check_baselines", "oversampled", "smote_rows"]

BASELINES = ("class_weight", "oversample", "smote")
_NEIGHBOURS = 5


class NotApplicable(Exception):
    """A baseline cannot be used on these rows; the text says why. Never reaches a user."""


def check_baselines(names: Sequence[str], task: Task, model: Any) -> tuple[list[str], dict[str, str]]:
    """Tell baselines that apply from those that do not.

    Args:
        names: of `BASELINES`.
        task: what is predicted.
        model: the estimator that is trained.

    Returns:
        The names that apply, and the reason for each other one.

    Raises:
        MissingExtraError: where SMOTE applies and imbalanced-learn is not installed.

    Examples:
        >>> check_baselines(["oversample"], "regression", None)
        ([], {'oversample': 'balances classes, and the target is a number'})
    """
    asked = [names] if isinstance(names, str) else list(dict.fromkeys(names))
    if task == "regression":
        return [], dict.fromkeys(asked, "balances classes, and the target is a number")
    skipped: dict[str, str] = {}
    if "class_weight" in asked and not has_fit_parameter(model, "sample_weight"):
        skipped["class_weight"] = f"{type(model).__name__} takes no sample_weight"
    if "smote" in asked:
        _samplers()
    return [name for name in asked if name not in skipped], skipped


def oversampled(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return positions of all rows, and of repeated ones, such that each class has as many as the largest.

    Args:
        y: classes, shape (rows,).
        rng: the source of randomness.

    Examples:
        >>> oversampled(np.array(["a", "b", "a"]), np.random.default_rng(0)).tolist()
        [0, 1, 2, 1]
    """
    codes, _ = pd.factorize(y)
    counts = np.bincount(codes)
    further = [rng.choice(np.flatnonzero(codes == c), counts.max() - counts[c]) for c in range(len(counts))]
    return np.concatenate([np.arange(len(y)), *further])


def smote_rows(rows: pd.DataFrame, y: np.ndarray, tables: Tables, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return rows that SMOTE interpolates in the smaller classes, until each class has as many as the largest.

    Numbers are divided by their standard deviation first, so that no column rules the neighbourhoods, and missing ones
    take the median; a missing level is a level. SMOTE where all columns are numbers, SMOTEN where none is, SMOTENC
    otherwise.

    Args:
        rows: training rows, aligned.
        y: their classes.
        tables: says which columns are numeric and which are categorical.
        seed: of the interpolation.

    Raises:
        NotApplicable: where a class has a single row, and so no neighbour.
        MissingExtraError: where imbalanced-learn is not installed.

    Reference: Chawla et al. 2002, arXiv 1106.1813.
    """
    numeric = [name for name in tables.numeric if name != tables.target]
    categorical = [name for name in tables.categorical if name != tables.target]
    rarest = int(pd.Series(y, dtype=object).value_counts().iloc[-1])
    if rarest < 2:
        raise NotApplicable("a class has a single row in a training fold, and so no neighbour to interpolate with")
    scales = np.array([_scale(rows[name].to_numpy(float)) for name in numeric])
    numbers = np.array([rows[name].to_numpy(float) for name in numeric]).reshape(len(numeric), len(rows))
    numbers /= scales[:, None]
    medians = np.array([float(np.median(_present(line))) for line in numbers])
    numbers = np.where(np.isnan(numbers), medians[:, None], numbers)
    coded = [pd.factorize(rows[name].to_numpy(object), sort=True) for name in categorical]
    points = np.column_stack([*numbers, *(codes for codes, _ in coded)]).astype(float)
    sampler = _find_sampler(len(numeric), len(categorical), min(_NEIGHBOURS, rarest - 1), seed)
    grown, labels = sampler.fit_resample(points, y.astype(str))
    new = grown[len(rows) :]
    columns: dict[Any, np.ndarray] = {name: new[:, i] * scales[i] for i, name in enumerate(numeric)}
    for i, (name, (_, levels)) in enumerate(zip(categorical, coded, strict=True), start=len(numeric)):
        columns[name] = np.asarray(levels, dtype=object)[new[:, i].astype(int)]
    made = pd.DataFrame({name: pd.Series(values, dtype=values.dtype) for name, values in columns.items()})
    return made, np.asarray(labels[len(rows) :], dtype=object)


def _present(values: np.ndarray) -> np.ndarray:
    present = values[~np.isnan(values)]
    return present if len(present) else np.zeros(1)


def _scale(values: np.ndarray) -> float:
    """Return the standard deviation, without overflow; 1 where the values do not vary."""
    large = find_scale(values)
    return float(np.std(_present(values) / large)) * large or 1.0


def _find_sampler(numeric: int, categorical: int, neighbours: int, seed: int) -> Any:
    over_sampling = _samplers()
    if not categorical:
        return over_sampling.SMOTE(k_neighbors=neighbours, random_state=seed)
    if not numeric:
        return over_sampling.SMOTEN(k_neighbors=neighbours, random_state=seed)
    positions = list(range(numeric, numeric + categorical))
    return over_sampling.SMOTENC(positions, k_neighbors=neighbours, random_state=seed)


def _samplers() -> Any:
    try:
        from imblearn import over_sampling
    except ImportError as error:
        raise MissingExtraError(
            'The baseline "smote" needs imbalanced-learn: pip install "wgan-aug[imblearn]". Or leave it out of '
            "baselines."
        ) from error
    return over_sampling
