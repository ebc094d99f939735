"""Column preparation and the models around it, against scikit-learn pieces put together by hand."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, QuantileTransformer, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from wgan_aug.errors import InvalidDataError, InvalidParameterError
from wgan_aug.evaluation.frames import MISSING, Tables, align
from wgan_aug.evaluation.learners import (
    default_estimators,
    find_estimators,
    make_learner,
    seed_learner,
    takes_levels_as_numbers,
)
from wgan_aug.evaluation.preparation import LabelledClassifier


def table(n: int = 200, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    frame = pd.DataFrame({"x": np.where(rng.random(n) < 0.1, np.nan, x), ("odd", 1): rng.exponential(size=n)})
    frame = pd.DataFrame({c: frame[c] for c in frame.columns}, columns=pd.Index(frame.columns, tupleize_cols=False))
    frame[3] = rng.choice(["red", "green", None], n, p=[0.5, 0.4, 0.1])
    frame["y"] = np.where(x + (frame[3] == "red") + rng.normal(size=n) * 0.3 > 0.5, "yes", "no")
    return frame


@pytest.fixture(scope="module")
def tables() -> Tables:
    frame = table().drop(columns=[("odd", 1)]).rename(columns={3: "colour"})
    return align(frame, frame, target="y")


def prepared(estimator: Any, tables: Tables, frame: pd.DataFrame) -> np.ndarray:
    learner = make_learner(estimator, tables, "y")[:-1].fit(tables.real)
    found = learner.transform(frame)
    return found.toarray() if hasattr(found, "toarray") else np.asarray(found)


def test_trees_get_medians_and_level_codes(tables: Tables) -> None:
    new = pd.DataFrame({"x": [np.nan, 2.0, np.inf, 1e300], "colour": ["red", MISSING, "blue", "green"], "y": "yes"})
    median = np.nanmedian(tables.real["x"])
    # the order of text: "<nan>", "green", "red"
    expected = [[median, 2], [2.0, 0], [1e30, -1], [1e30, 1]]
    assert np.allclose(prepared(RandomForestClassifier(), tables, new), expected)


@pytest.mark.parametrize("size", [1e307, 1e-310])
def test_numbers_that_float32_cannot_hold_keep_their_differences(size: float, tables: Tables) -> None:
    """Ranks, medians and gaps are those of the same column in other units; what training rows lack does no harm."""
    scaled = dataclasses.replace(tables, real=tables.real.assign(x=tables.real["x"] * size))
    for model in (RandomForestClassifier(), LogisticRegression()):
        plain, found = prepared(model, tables, tables.real), prepared(model, scaled, scaled.real)
        assert np.array_equal(stats.rankdata(found[:, 0]), stats.rankdata(plain[:, 0]))
        assert np.abs(found[:, 0]).max() < 10
        far = prepared(model, scaled, scaled.real.assign(x=[np.inf, 1e308] * 100))
        assert np.isfinite(far).all()


def test_linear_models_get_normal_scores_and_indicators(tables: Tables) -> None:
    new = pd.DataFrame({"x": [np.nan, 0.3], "colour": ["red", "blue"], "y": "yes"})
    found = prepared(LogisticRegression(), tables, new)
    seen = tables.real["x"].fillna(tables.real["x"].median()).to_numpy()[:, None]
    scores = QuantileTransformer(n_quantiles=200, output_distribution="normal").fit(seen)
    assert np.allclose(found[:, 0], scores.transform([[np.nanmedian(tables.real["x"])], [0.3]])[:, 0])
    assert found[:, 1:].tolist() == [[0, 0, 1], [0, 0, 0]]


def test_rare_levels_share_an_indicator() -> None:
    levels = ["a"] * 20 + ["b"] * 10 + ["r1", "r1", "r2", "r2", "r3"]
    frame = pd.DataFrame({"c": levels, "y": np.arange(len(levels)) * 1.5})
    tables = align(frame, frame, target="y")
    found = prepared(Ridge(), tables, tables.real)
    assert found.shape[1] == 3
    assert (found[-5:] == [0, 0, 1]).all()


def test_an_all_missing_column_and_a_new_level_do_no_harm() -> None:
    frame = table(60)
    frame.columns = pd.Index(["x", "odd", "colour", "y"])
    synthetic = frame.assign(x=np.nan, colour="violet")
    tables = align(frame, synthetic, target="y")
    for model in default_estimators("binary").values():
        learner = make_learner(model, tables, "y").fit(tables.synthetic, tables.synthetic["y"])
        assert set(learner.predict(tables.real)) <= {"yes", "no"}


def test_names_may_be_any_hashable_values() -> None:
    frame = table(80)
    tables = align(frame, frame, target="y")
    learner = make_learner(LogisticRegression(), tables, "y").fit(tables.real, tables.real["y"])
    assert (learner.predict(tables.real) == frame["y"]).mean() > 0.8


def test_the_target_is_no_predictor_and_without_one_all_columns_are(tables: Tables) -> None:
    learner = make_learner(DecisionTreeClassifier(), tables, "y").fit(tables.real, tables.real["y"])
    assert learner["model"].model_.n_features_in_ == 2
    detector = make_learner(DecisionTreeClassifier(), tables).fit(tables.real, tables.real["y"])
    assert detector["model"].model_.n_features_in_ == 3
    assert (detector.predict(tables.real) == tables.real["y"]).all()


def test_no_predictor_is_an_error_that_names_what_was_left_out() -> None:
    names = [f"name {i}" for i in range(120)]
    frame = pd.DataFrame({"id": names, "y": np.arange(120) * 0.7})
    with pytest.raises(InvalidDataError, match=r"none beside the target 'y' \(left out: 'id': an identifier"):
        make_learner(Ridge(), align(frame, frame, target="y"), "y")


class Codes(ClassifierMixin, BaseEstimator):
    """Wants classes 0, 1, …, as XGBoost does; says what it was given."""

    def fit(self, X: Any, y: np.ndarray) -> Codes:
        if not np.array_equal(np.unique(y), np.arange(len(np.unique(y)))):
            raise ValueError(f"Invalid classes inferred from unique values of `y`: {np.unique(y)}")
        self.tree_ = DecisionTreeClassifier(random_state=0).fit(X, y)
        self.classes_ = self.tree_.classes_
        return self

    def predict(self, X: Any) -> np.ndarray:
        return self.tree_.predict(X)[:, None]

    def predict_proba(self, X: Any) -> np.ndarray:
        return self.tree_.predict_proba(X)


@pytest.mark.parametrize("labels", [["no", "yes"], ["7", "b", "c"]])
def test_labels_are_coded_for_classifiers_that_need_it(labels: list[str]) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 2))
    y = np.array(labels, dtype=object)[rng.integers(len(labels), size=90)]
    coded, plain = (LabelledClassifier(model).fit(x, y) for model in (Codes(), DecisionTreeClassifier(random_state=0)))
    assert (coded.coded_, plain.coded_) == (True, False)
    assert coded.classes_.tolist() == plain.classes_.tolist() == labels
    assert (coded.predict(x) == plain.predict(x)).all()
    assert np.array_equal(coded.predict_proba(x), plain.predict_proba(x))


def test_an_error_that_labels_do_not_explain_is_the_classifiers_own() -> None:
    with pytest.raises(ValueError, match="max_iter"):
        LabelledClassifier(LogisticRegression(max_iter=-1)).fit([[0.0], [1.0]], np.array(["a", "b"]))


def test_class_weights_by_label_reach_the_classifier() -> None:
    x, y = np.zeros((10, 1)), np.array(["a"] * 7 + ["b"] * 3, dtype=object)
    heavy = LabelledClassifier(DecisionTreeClassifier(class_weight={"a": 1, "b": 100})).fit(x, y)
    assert set(heavy.predict(x)) == {"b"}


def test_weights_reach_the_classifier_and_it_is_said_who_takes_none() -> None:
    x, y = np.zeros((10, 1)), np.array(["a"] * 7 + ["b"] * 3, dtype=object)
    weighted = LabelledClassifier(DecisionTreeClassifier()).fit(x, y, sample_weight=np.where(y == "b", 9.0, 1.0))
    assert set(weighted.predict(x)) == {"b"}
    assert weighted.takes_weights
    assert not LabelledClassifier(Codes()).takes_weights


def singled(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 2))
    return x, np.where(np.arange(n) == 7, "once", np.where(x[:, 0] + rng.normal(size=n) > 0, "a", "b")).astype(object)


@pytest.mark.parametrize(
    ("model", "rows"),
    [
        (HistGradientBoostingClassifier(max_iter=15, max_leaf_nodes=4), 10_001),
        (HistGradientBoostingClassifier(max_iter=15, max_leaf_nodes=4, early_stopping=True), 300),
        (make_pipeline(StandardScaler(), HistGradientBoostingClassifier(max_iter=15, early_stopping=True)), 300),
        (SGDClassifier(early_stopping=True, random_state=0), 300),
    ],
    ids=["beyond 10 000 rows", "asked for", "in a pipeline", "another family"],
)
@pytest.mark.parametrize("weighted", [True, False])
def test_models_that_stop_early_take_a_class_of_one_row(model: Any, rows: int, weighted: bool) -> None:
    x, y = singled(rows)
    with pytest.raises(ValueError, match="least populated class"):
        clone(model).fit(x, y)
    if weighted and "pipeline" in str(type(model)):
        return  # takes no weights by this name
    fitted = LabelledClassifier(model).fit(x, y, sample_weight=np.ones(rows) if weighted else None)
    assert fitted.classes_.tolist() == ["a", "b", "once"]
    assert (fitted.predict(x) == y).mean() > 0.65
    assert model.get_params().get("early_stopping", True) in ("auto", True)  # the user's own is as it was


def test_models_stop_early_where_each_class_has_rows() -> None:
    x, y = singled(10_001)
    y[9] = "once"
    model = HistGradientBoostingClassifier(max_iter=10, max_leaf_nodes=4, random_state=0)
    fitted, plain = LabelledClassifier(model).fit(x, y), clone(model).fit(x, y)
    assert fitted.model_.do_early_stopping_
    assert np.array_equal(fitted.predict_proba(x), plain.predict_proba(x))


def test_many_classes_are_not_warned_of() -> None:
    y = np.array([f"c{i % 20}" for i in range(30)], dtype=object)
    assert len(LabelledClassifier(DecisionTreeClassifier()).fit(np.arange(30.0)[:, None], y).classes_) == 20


def test_methods_are_those_of_the_classifier_inside() -> None:
    x, y = np.arange(20.0)[:, None], np.repeat(["a", "b"], 10)
    machine = LabelledClassifier(LinearSVC()).fit(x, y)
    assert not hasattr(machine, "predict_proba")
    assert machine.decision_function(x).shape == (20,)
    assert not hasattr(LabelledClassifier(GaussianNB()), "decision_function")


@pytest.mark.parametrize(
    "estimator", [GaussianNB(), MLPClassifier((4,), max_iter=5), SGDClassifier(), CalibratedClassifierCV(LinearSVC())]
)
def test_any_classifier_can_be_trained(estimator: Any, tables: Tables) -> None:
    learner = clone(make_learner(estimator, tables, "y")).fit(tables.real, tables.real["y"])
    assert learner.predict(tables.real).shape == (200,)
    assert learner.classes_.tolist() == ["no", "yes"]


def test_trees_are_found_inside_wrappers() -> None:
    trees = [
        DecisionTreeClassifier(),
        HistGradientBoostingClassifier(),
        make_pipeline(StandardScaler(), RandomForestClassifier()),
        GridSearchCV(RandomForestClassifier(), {"max_depth": [2]}),
    ]
    others = [LogisticRegression(), make_pipeline(FunctionTransformer(), LinearSVC()), MLPClassifier()]
    assert [takes_levels_as_numbers(model) for model in trees + others] == [True] * 4 + [False] * 3


def test_seeds_reach_every_part() -> None:
    learner = seed_learner(make_pipeline(StandardScaler(), CalibratedClassifierCV(RandomForestClassifier())), 5)
    assert learner["calibratedclassifiercv"].estimator.random_state == 5
    assert default_estimators("multiclass", 3)["forest"].random_state == 3


def test_estimators_are_named() -> None:
    given = {"a": LogisticRegression(), "b": GaussianNB()}
    assert list(find_estimators(given, "binary")) == ["a", "b"]
    assert list(find_estimators(LogisticRegression(), "binary")) == ["LogisticRegression"]
    assert list(find_estimators(None, "regression")) == ["boost", "forest", "linear"]
    assert len(find_estimators([GaussianNB()] * 3, "multiclass")) == 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], r"estimators is empty; give at least one, or None"),
        (LogisticRegression, r"no scikit-learn estimator; give an instance with fit"),
        ("forest", r"estimators has 'str': 'forest', which is no scikit-learn estimator"),
        ({"r": Ridge()}, r"'r', a Ridge: the task is 'binary', which needs a classifier, and it is none"),
    ],
)
def test_what_is_no_estimator_for_the_task_is_refused(given: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        find_estimators(given, "binary")


def test_a_classifier_does_not_predict_numbers() -> None:
    with pytest.raises(InvalidParameterError, match="needs a regressor, and it is a classifier"):
        find_estimators(LogisticRegression(), "regression")
