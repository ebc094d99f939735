"""Can a classifier tell synthetic rows from real ones, and by which columns."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.model_selection import StratifiedKFold

from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError
from wgan_aug.evaluation.figures import Interval, auc_interval, check_columns, to_plain
from wgan_aug.evaluation.frames import Tables
from wgan_aug.evaluation.preparation import divide_by, find_scale

__all__ = ["Detection", "Detector", "classify", "detection"]

FOLDS = 3


@dataclasses.dataclass(frozen=True)
class Detector:
    """One classifier's answer to "which rows are synthetic".

    Args:
        auc: area under the ROC curve of the pooled held-out predictions, and its interval; 0.5 is best.
        rows: rows on each side.
        columns: `column` and `auc_lost` (the fall of the AUC when the column is shuffled among the held-out rows),
            the most telling first; without rows where it was not asked for.
    """

    auc: Interval
    rows: int
    columns: pd.DataFrame


@dataclasses.dataclass(frozen=True)
class Detection:
    """Whether synthetic rows can be told from real ones.

    Args:
        c2st: AUC of boosted trees, all real rows against synthetic ones; 0.5 is best, 1 is told without fail.
        c2st_interval: its interval.
        rows: rows on each side.
        c2st_forest: AUC of a random forest, hold-out rows alone against synthetic ones; None without a hold-out.
        c2st_forest_interval: its interval, likewise.
        rows_forest: rows on each side; 0 without a hold-out.
        columns: `column` and `auc_lost`, the columns that give the synthetic rows away to the boosted trees first.
    """

    c2st: float
    c2st_interval: Interval
    rows: int
    c2st_forest: float | None
    c2st_forest_interval: Interval | None
    rows_forest: int
    columns: pd.DataFrame

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON."""
        return to_plain(vars(self))


def detection(tables: Tables, *, max_rows: int = 8000, trees: int = 200, random_state: int = 0) -> Detection:
    """Train classifiers to tell synthetic rows from real ones, and score them on rows they have not seen.

    The figure is the AUC of predictions by 3-fold cross-validation, pooled: P(a synthetic row's score > a real row's).
    Boosted trees see the real rows, hold-out included; the forest, a second family, sees the hold-out rows alone, which
    no synthesizer has seen. As many synthetic rows are drawn, `max_rows` at most.

    An AUC of 0.5 says that these classifiers, at this number of rows, found no difference; another may. An AUC near 1
    may come from one trifle, such as a rounding habit: `columns` names it. Columns that say the same thing hide each
    other's part in `auc_lost`, so that the losses do not add up. The interval is DeLong's over the pooled predictions,
    widened for what the folds have in common (see `auc_interval`). Missing numbers are not filled in, so that a wrong
    pattern of gaps counts as a difference.

    Args:
        tables: the aligned frames.
        max_rows: rows of each side, at most.
        trees: trees of the forest.
        random_state: the seed of draws, folds and classifiers.

    Raises:
        InvalidDataError: where there are fewer than 3 real or synthetic rows, or no column.
        InvalidParameterError: for fewer than 3 `max_rows`, or no tree.

    Warns:
        DataWarning: where the hold-out has fewer than 3 rows; `c2st_forest` is then None.

    Reference: Lopez-Paz and Oquab 2017, arXiv 1610.06545; DeLong et al. 1988, Biometrics 44.

    Examples:
        >>> from wgan_aug.evaluation.frames import align
        >>> rng = np.random.default_rng(0)
        >>> real = pd.DataFrame({"a": rng.normal(size=300), "b": rng.normal(size=300)})
        >>> found = detection(align(real, real.assign(b=real["b"] + 3)))
        >>> found.c2st > 0.95, found.columns["column"][0], found.c2st_forest
        (True, 'b', None)
    """
    if max_rows < FOLDS or trees < 1:
        raise InvalidParameterError(f"max_rows is {max_rows} and trees is {trees}; at least {FOLDS} and 1 are needed.")
    check_columns(tables)
    known = tables.real if tables.holdout is None else pd.concat([tables.real, tables.holdout], ignore_index=True)
    boosted = classify(
        known,
        tables.synthetic,
        lambda: HistGradientBoostingClassifier(random_state=random_state),
        max_rows=max_rows,
        importance=True,
        random_state=random_state,
    )
    forest = _forest(tables, max_rows, trees, random_state)
    return Detection(
        c2st=boosted.auc.value,
        c2st_interval=boosted.auc,
        rows=boosted.rows,
        c2st_forest=None if forest is None else forest.auc.value,
        c2st_forest_interval=None if forest is None else forest.auc,
        rows_forest=0 if forest is None else forest.rows,
        columns=boosted.columns,
    )


def _forest(tables: Tables, max_rows: int, trees: int, random_state: int) -> Detector | None:
    if tables.holdout is None:
        return None
    if len(tables.holdout) < FOLDS:
        warnings.warn(
            f"The hold-out has too few rows ({len(tables.holdout)}) for the forest that tells synthetic rows from it: "
            f"it needs at least {FOLDS}, and is left out.",
            DataWarning,
            stacklevel=3,
        )
        return None
    return classify(
        tables.holdout,
        tables.synthetic,
        lambda: RandomForestClassifier(trees, min_samples_leaf=3, n_jobs=1, random_state=random_state),
        max_rows=max_rows,
        random_state=random_state,
    )


def classify(
    real: pd.DataFrame,
    synthetic: pd.DataFrame,
    make_classifier: Callable[[], ClassifierMixin],
    *,
    max_rows: int = 8000,
    importance: bool = False,
    random_state: int = 0,
) -> Detector:
    """Score one classifier at telling synthetic rows from real ones, by 3-fold cross-validation.

    Categories become whole numbers in the order of their text, those that the training folds do not have -1; missing
    numbers stay missing, so that the classifier must be one that takes them.

    Args:
        real: float64 columns and text columns, as in `Tables`.
        synthetic: the same columns.
        make_classifier: makes an unfitted scikit-learn classifier with `predict_proba`.
        max_rows: rows of each side, at most.
        importance: whether to shuffle each column in turn among the held-out rows.
        random_state: the seed of draws and folds.

    Raises:
        InvalidDataError: where either side has fewer than 3 rows.
    """
    n = min(len(real), len(synthetic), max_rows)
    if n < FOLDS:
        raise InvalidDataError(
            f"Telling real from synthetic rows in {FOLDS} folds needs at least {FOLDS} rows of each; it got "
            f"{len(real)} real and {len(synthetic)} synthetic ones. Give more rows."
        )
    rows = pd.concat([frame.sample(n, random_state=random_state) for frame in (real, synthetic)], ignore_index=True)
    truth = np.repeat([False, True], n)
    rng = np.random.default_rng(random_state)
    names, codes, is_text = _codes(rows)
    scores = np.zeros((1 + importance * len(names), 2 * n))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=random_state).split(codes, truth):
        points = _hide_unseen(codes, train, is_text)
        model: Any = make_classifier()
        model.fit(points[train], truth[train])
        scores[0, test] = model.predict_proba(points[test])[:, 1]
        for j in range(importance * len(names)):
            shuffled = points[test]
            shuffled[:, j] = shuffled[rng.permutation(len(test)), j]
            scores[1 + j, test] = model.predict_proba(shuffled)[:, 1]
    auc = auc_interval(truth, scores[0], folds=FOLDS)
    lost = [auc.value - auc_interval(truth, without).value for without in scores[1:]]
    columns = pd.DataFrame(
        {"column": pd.Series(names[: len(lost)], dtype=object), "auc_lost": pd.Series(lost, dtype=float)}
    )
    columns = columns.sort_values("auc_lost", ascending=False, kind="stable", ignore_index=True)
    return Detector(auc, n, columns)


def _codes(rows: pd.DataFrame) -> tuple[list[Hashable], np.ndarray, np.ndarray]:
    """Return the columns' names, numbers first, a float64 matrix of them, and which of them were text."""
    is_text = np.array([dtype.kind != "f" for dtype in rows.dtypes], dtype=bool)
    names: list[Hashable] = [
        name for text in (False, True) for name, t in zip(rows.columns, is_text, strict=True) if t == text
    ]
    out = np.empty((len(rows), len(names)))
    for j, name in enumerate(names):
        values = rows[name].to_numpy()
        is_number = values.dtype.kind == "f"
        out[:, j] = divide_by(find_scale(values), values) if is_number else pd.factorize(values, sort=True)[0]
    return names, out, np.sort(is_text)


def _hide_unseen(codes: np.ndarray, train: np.ndarray, is_text: np.ndarray) -> np.ndarray:
    """Return the matrix with levels that the training rows do not have as -1."""
    out = codes.copy()
    for j in np.flatnonzero(is_text):
        column = out[:, j]
        column[~np.isin(column, column[train])] = -1
    return out
