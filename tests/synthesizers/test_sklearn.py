"""The scikit-learn contract, by scikit-learn's own checks and by its tools."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from wgan_aug import WGANGPSynthesizer

FAILURES: dict[str, str] = {}  # check: reason; none is needed


@parametrize_with_checks([WGANGPSynthesizer(epochs=1)], expected_failed_checks=lambda _: FAILURES)
def test_estimator_check(estimator: Any, check: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


def test_constructor_stores_and_no_more() -> None:
    given: dict[str, Any] = {
        "epochs": 3,
        "schema": {"a": "integer"},
        "random_state": np.random.default_rng(0),
        "target": "b",
    }
    model = WGANGPSynthesizer(**given)
    assert all(getattr(model, name) is value for name, value in given.items())
    assert {name for name in vars(model) if name.endswith("_")} == set()
    assert set(vars(model)) == set(model.get_params())


def test_clone_has_the_options_and_is_unfitted(people: pd.DataFrame) -> None:
    model = WGANGPSynthesizer(epochs=1, schema={"age": "categorical"}, random_state=3).fit(people)
    twin: Any = clone(model)
    assert twin.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        twin.sample(1)


@pytest.mark.parametrize("use", ["sample", "score_samples", "score", "get_loss_values", "save"])
def test_unfitted(use: str, people: pd.DataFrame, tmp_path: Any) -> None:
    given = {"sample": (2,), "score_samples": (people,), "score": (people,), "save": (tmp_path / "m",)}
    with pytest.raises(NotFittedError, match=r"WGANGPSynthesizer instance is not fitted yet"):
        getattr(WGANGPSynthesizer(), use)(*given.get(use, ()))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("grid", [{"n_critic": [1, 2]}, {"gp_weight": [0.1, 10.0]}])
def test_grid_search_with_own_score(grid: dict[str, list[Any]], people: pd.DataFrame) -> None:
    loud: Any = "raise"
    search = GridSearchCV(WGANGPSynthesizer(epochs=2, random_state=0), grid, cv=2, error_score=loud)
    search.fit(people)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert (scores < 0).all()
    assert scores[0] != scores[1]
    name = next(iter(grid))
    assert getattr(search.best_estimator_, name) == grid[name][int(scores.argmax())]
    assert search.best_estimator_.sample(3).columns.tolist() == people.columns.tolist()


def test_cross_validation_with_a_target(people: pd.DataFrame) -> None:
    loud: Any = "raise"
    scores = cross_val_score(
        WGANGPSynthesizer(epochs=1, random_state=0),
        people.drop(columns="sex"),
        people["sex"],
        cv=2,
        error_score=loud,
    )
    assert np.isfinite(scores).all()


def test_score_prefers_the_better_model() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=400)}).assign(y=lambda f: f.x + 0.1 * rng.normal(size=400))
    good = WGANGPSynthesizer(epochs=100, batch_size=100, n_critic=2, random_state=0).fit(frame)
    poor = WGANGPSynthesizer(epochs=1, random_state=0).fit(frame)
    assert poor.score(frame) / 2 < good.score(frame) < 0


def test_pipeline(people: pd.DataFrame) -> None:
    def drop_dates(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.drop(columns="since")

    pipe: Any = Pipeline([("drop", FunctionTransformer(drop_dates)), ("gan", WGANGPSynthesizer(random_state=0))])
    pipe.set_params(gan__epochs=1).fit(people)
    assert pipe["gan"].sample(4).columns.tolist() == [name for name in people if name != "since"]
    assert pipe.score_samples(people).shape == (len(people),)
    assert np.isfinite(pipe.score(people))


@pytest.mark.parametrize("twin_of", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_sample_the_same(twin_of: Any, people: pd.DataFrame) -> None:
    model = WGANGPSynthesizer(epochs=1, random_state=0).fit(people)
    twin = twin_of(model)
    pd.testing.assert_frame_equal(twin.sample(5), model.sample(5))
    assert np.array_equal(twin.score_samples(people), model.score_samples(people))


def test_feature_names(people: pd.DataFrame) -> None:
    model: Any = WGANGPSynthesizer(epochs=1, random_state=0).fit(people)
    assert model.feature_names_in_.tolist() == people.columns.tolist()
    assert model.n_features_in_ == people.shape[1]
    model.fit(people[["age", "income"]].to_numpy())
    assert not hasattr(model, "feature_names_in_")
    with pytest.raises(ValueError, match=r"X has 3 features, but WGANGPSynthesizer is expecting 2 features"):
        model.score_samples(np.zeros((2, 3)))
