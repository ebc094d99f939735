"""Scores of fitted models and scikit-learn's scorers over many resamples, against scikit-learn on each resample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.metrics import f1_score, get_scorer, make_scorer, roc_auc_score
from sklearn.svm import LinearSVC

from wgan_aug.errors import InvalidParameterError
from wgan_aug.evaluation import scoring
from wgan_aug.evaluation.measures import find_measure, positive_scores
from wgan_aug.evaluation.scoring import draw_weights


def resampled(weights: np.ndarray) -> list[np.ndarray]:
    return [np.repeat(np.arange(len(counts)), counts) for counts in weights]


@pytest.fixture(scope="module")
def rows() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(150, 3)), columns=list("abc"), index=rng.permutation(150) + 7)
    z = frame["a"].to_numpy() + rng.normal(size=150) * 0.6
    return frame, np.array(["no", "yes"], dtype=object)[(z > 0).astype(int)], z


@pytest.mark.parametrize("model", [LogisticRegression(), LinearSVC(), RidgeClassifier(), RandomForestClassifier(20)])
def test_any_classifier_ranks_the_positive_class(model: Any, rows: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    frame, y, _ = rows
    model.fit(frame, y)
    for positive in ("yes", "no"):
        auc = scoring.roc_auc(y == positive, positive_scores(model, frame, positive), np.ones((1, 150)))
        assert auc[0] > 0.85
    assert np.ptp(positive_scores(model, frame, "maybe")) == 0


@pytest.mark.parametrize("name", ["f1", "roc_auc", "average_precision", "accuracy", "neg_log_loss", "precision"])
def test_a_scorer_by_name_is_about_the_last_label(name: str, rows: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    frame, y, _ = rows
    model, weights = LogisticRegression().fit(frame, y), draw_weights(150, 4, np.random.default_rng(0))
    measure = find_measure("binary", name, ("no", "yes"))
    found = measure.curve(model, frame, y, weights)
    coded = LogisticRegression().fit(frame, y == "yes")
    expected = [get_scorer(name)(coded, frame.iloc[i], y[i] == "yes") for i in resampled(weights)]
    assert np.allclose(found, expected)


def test_a_callable_scorer_gets_labels_and_rows(rows: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    frame, y, _ = rows
    model, weights = LogisticRegression().fit(frame, y), draw_weights(150, 3, np.random.default_rng(0))
    recall = make_scorer(f1_score, pos_label="no")
    found = find_measure("binary", recall, ("no", "yes")).curve(model, frame, y, weights)
    assert np.allclose(
        found, [f1_score(y[i], model.predict(frame.iloc[i]), pos_label="no") for i in resampled(weights)]
    )

    def costs(estimator: Any, X: pd.DataFrame, truth: np.ndarray) -> float:
        return float((X["b"].to_numpy() * (estimator.predict(X) == truth)).sum())

    measure = find_measure("binary", costs, ("no", "yes"))
    gains = frame["b"].to_numpy() * (model.predict(frame) == y)
    assert measure.name == "costs"
    assert np.allclose(measure.curve(model, frame, y, weights), weights @ gains)


def test_models_that_lack_a_class_or_know_another_are_scored() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=90)})
    y = np.array(list("pqr") * 30, dtype=object)
    fewer = LogisticRegression().fit(frame[y != "q"], y[y != "q"])
    weights = np.ones((1, 90), dtype=int)
    proba = np.column_stack([fewer.predict_proba(frame)[:, 0], np.zeros(90), fewer.predict_proba(frame)[:, 1]])
    found = find_measure("multiclass", "roc_auc_ovr", ("p", "q", "r")).curve(fewer, frame, y, weights)
    assert found[0] == pytest.approx(roc_auc_score(y, proba, multi_class="ovr"))
    other = LogisticRegression().fit(frame, np.where(y == "p", "a new one", y).astype(object))
    for scorer in (None, "accuracy", "f1_macro"):
        assert 0 <= find_measure("multiclass", scorer, ("p", "q", "r")).curve(other, frame, y, weights)[0] < 1


def test_regression_scores(rows: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    frame, _, z = rows
    model, weights = LinearRegression().fit(frame, z), draw_weights(150, 4, np.random.default_rng(0))
    own, named = (find_measure("regression", s, ()).curve(model, frame, z, weights) for s in (None, "r2"))
    assert np.allclose(own, named)


def test_the_default_scores_and_the_positive_class() -> None:
    binary = find_measure("binary", None, ("0", "1"))
    assert (binary.name, binary.positive, binary.floor) == ("gini", "1", 0.0)
    rare = find_measure("binary", None, ("0", "1"), binary="average_precision", positive="0")
    assert (rare.name, rare.positive) == ("average_precision", "0")
    assert find_measure("multiclass", None, ("a", "b", "c")).name == "macro_f1"
    assert find_measure("regression", "neg_mean_squared_error", ()).floor == -np.inf


@pytest.mark.parametrize(
    ("scorer", "message"),
    [
        ("roc_acu", r"scorer is 'roc_acu', which scikit-learn does not know\. Did you mean 'roc_auc'\?"),
        (3, "scorer is 3; give the name"),
    ],
)
def test_what_is_no_scorer_is_refused(scorer: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        find_measure("binary", scorer, ("a", "b"))
