"""What is said once a sequence: drawn at its true shares, under exact conditions, with fresh keys."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from tests.strategies import through_json
from wgan_aug import WGANGPSynthesizer
from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError
from wgan_aug.synthesizers.sequences import statics as module
from wgan_aug.synthesizers.sequences.statics import Statics

CPU = torch.device("cpu")
N = 90


def table(preset: str = "fast") -> WGANGPSynthesizer:
    return WGANGPSynthesizer(epochs=2, random_state=0, device="cpu", preset=preset, refine=False)


def frame(*names: str) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    whole = pd.DataFrame(
        {
            "id": [f"p{k:03d}" for k in range(N)],
            "label": rng.choice(["a", "b", "c"], N, p=[0.7, 0.2, 0.1]),
            "age": rng.integers(20, 90, N),
            "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, N), unit="D"),
            "weight": rng.normal(70, 9, N).round(1),
            "steps": rng.integers(3, 30, N),
            "maybe": rng.choice(np.array(["x", "y", None], dtype=object), N),
        }
    )
    return whole[list(names)]


def fit(data: pd.DataFrame, key: str | None = None) -> Statics:
    return Statics.fit(data, key, {}, table, {})


def same(left: Any, right: Any) -> None:
    pd.testing.assert_frame_equal(left, right, check_exact=True)


@pytest.mark.parametrize(
    "names",
    [(), ("label",), ("age",), ("weight",), ("since",), ("maybe",), ("label", "age"), ("since", "steps", "maybe")],
    ids=str,
)
@pytest.mark.parametrize("key", [None, "id"])
def test_columns_and_dtypes_are_kept_and_a_seed_decides(names: tuple[str, ...], key: str | None) -> None:
    data = frame(*([key] if key else []), *names)
    statics = fit(data, key)
    assert (statics.model is not None) == (len(names) > 1)
    assert statics.names == list(names)
    for rows in (0, 1, 50):
        out = statics.sample(rows, 0, {})
        assert out.shape == (rows, data.shape[1])
        assert out.columns.tolist() == data.columns.tolist()
        assert out.dtypes.tolist() == data.dtypes.tolist()
        assert out.index.equals(pd.RangeIndex(rows))
    same(statics.sample(50, 3, {}), statics.sample(50, 3, {}))
    if names:
        assert not statics.sample(50, 3, {}).equals(statics.sample(50, 4, {}))
    again = Statics.from_json(through_json(statics.to_json()), CPU, "cpu")
    same(again.sample(50, 3, {}), statics.sample(50, 3, {}))
    np.testing.assert_array_equal(again.features(data), statics.features(data))
    assert statics.features(data).shape == (N, statics.width)
    assert (again.width, again.names, again.key) == (statics.width, statics.names, statics.key)


def test_one_column_has_its_own_distribution() -> None:
    labels = fit(frame("label")).sample(20_000, 0, {})["label"]
    shares = frame("label")["label"].value_counts(normalize=True)
    np.testing.assert_allclose(labels.value_counts(normalize=True)[shares.index], shares, atol=0.015)
    ages = fit(frame("age")).sample(20_000, 0, {})["age"]
    np.testing.assert_allclose(ages.quantile([0.1, 0.5, 0.9]), frame("age")["age"].quantile([0.1, 0.5, 0.9]), atol=2.5)


def test_keys_are_fresh_and_never_learned() -> None:
    statics = fit(frame("id", "label"), "id")
    keys = statics.sample(500, 0, {})["id"]
    assert keys.is_unique
    assert not set(keys) & set(frame("id")["id"])
    assert "id" not in statics.names
    numbered = frame("id", "label").assign(id=np.arange(N) * 3)
    assert fit(numbered, "id").sample(9, 0, {})["id"].min() > numbered["id"].max()


def test_features_tell_rows_apart_and_leave_the_key_out() -> None:
    data = frame("id", "label", "age")
    statics = fit(data, "id")
    features = statics.features(data)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    np.testing.assert_array_equal(statics.features(data.assign(id="other")), features)
    others = data.assign(label=np.where(data["label"] == "a", "b", "a"))
    assert (statics.features(others) != features).any(axis=1).all()


def test_features_of_drawn_rows_warn_of_nothing() -> None:
    """A sum that was cut off at its bounds breaks its rule, and is no fault of anybody's."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"a": rng.integers(0, 900, 200), "b": rng.integers(0, 900, 200)})
    data["whole"] = data["a"] + data["b"]
    statics = fit(data)
    drawn = statics.sample(3000, 0, {}).assign(whole=lambda f: f["whole"].clip(upper=1500))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        statics.features(drawn)


# ---- a plan


@pytest.mark.parametrize("preset", ["fast", "balanced", "toy", "paper"])
def test_a_plan_has_the_encoder_that_fit_has(preset: str) -> None:
    data = frame("id", "label", "age", "weight")
    plan, done = (Statics.fit(data, "id", {}, lambda: table(preset), training) for training in (None, {}))
    assert plan.model is None
    one, two = (through_json(s.encoder.to_json()) for s in (plan, done))
    assert str(one) == str(two)


def test_kinds_that_were_given_count() -> None:
    statics = Statics.fit(frame("age", "label"), None, {"age": "categorical"}, table, {})
    assert statics.encoder.schema["age"].kind == "categorical"
    assert set(statics.sample(300, 0, {})["age"]) <= set(frame("age")["age"])


@pytest.mark.parametrize("names", [("label",), ("label", "age")])
def test_columns_with_nothing_in_them_are_warned_of_once(names: tuple[str, ...]) -> None:
    data = frame(*names).assign(none=pd.array([pd.NA] * N, dtype="Int64"))
    with pytest.warns(DataWarning, match=r"All values are missing, and stay so, in: 'none'") as caught:
        out = fit(data).sample(5, 0, {})
    assert len(caught) == 1
    assert out["none"].isna().all()


# ---- conditions

CONDITIONS: list[dict[Any, Any]] = [
    {"label": "c"},
    {"label": ["b", "c"]},
    {"label": {"c"}, "age": (30, None)},
    {"age": (None, 40)},
    {"age": (60, 70)},
    {"weight": (None, 60.0)},
    {"since": ("2024-06-01", None)},
    {"maybe": None},
    {"maybe": [None, "x"]},
    {"maybe": "y", "label": ["a", "b"]},
]


@pytest.mark.parametrize("conditions", CONDITIONS, ids=str)
@pytest.mark.parametrize("rows", [0, 1, 200])
def test_conditions_are_exact(conditions: dict[Any, Any], rows: int) -> None:
    every = ("id", "label", "age", "weight", "since", "maybe")
    for names in (every, ("id", *conditions)) if len(conditions) == 1 else (every,):
        data = frame(*names)
        out = _fitted(names).sample(rows, 1, conditions)
        assert out.shape == (rows, data.shape[1])
        assert out.dtypes.tolist() == data.dtypes.tolist()
        assert out["id"].is_unique
        for name, wanted in conditions.items():
            cells = out[name]
            if isinstance(wanted, tuple):
                low, high = wanted
                assert low is None or (cells >= pd.Series([low]).astype(cells.dtype)[0]).all()
                assert high is None or (cells <= pd.Series([high]).astype(cells.dtype)[0]).all()
            else:
                several = wanted if isinstance(wanted, (list, set)) else [wanted]
                present = [member for member in several if member is not None]
                assert (cells.isin(present) | (cells.isna() & (None in several))).all()


@functools.cache
def _fitted(names: tuple[str, ...]) -> Statics:
    return Statics.fit(frame(*names), "id", {}, lambda: table().set_params(epochs=60), {})


def test_a_condition_leaves_the_others_at_their_shares() -> None:
    out = fit(frame("age")).sample(20_000, 0, {"age": (40, 60)})["age"]
    real = frame("age")["age"]
    real = real[real.between(40, 60)]
    assert out.mean() == pytest.approx(real.mean(), abs=1.5)


@pytest.mark.parametrize("names", [("weight",), ("weight", "label")])
def test_each_round_of_draws_is_new(names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_DRAW", 40)
    out = fit(frame(*names)).sample(80, 0, {"weight": (None, 1000)})["weight"]
    assert out.iloc[:40].tolist() != out.iloc[40:].tolist()


def test_what_no_row_can_meet_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    statics = _fitted(("id", "label", "age", "weight", "since", "maybe"))

    def never(*_: Any) -> Any:
        raise AssertionError("rows were drawn")

    monkeypatch.setattr(statics, "_draw", never)
    never_met: list[dict[Any, Any]] = [{"label": "z"}, {"age": 7}, {"label": "a", "age": (200, None)}, {"label": None}]
    for conditions in never_met:
        with pytest.raises(InvalidParameterError, match=r"conditions asks for '\w+': .*; its values are "):
            statics.sample(5, 0, conditions)
    with pytest.raises(InvalidParameterError, match=r"2 problems: .*'label'.*'age'"):
        statics.sample(5, 0, {"label": "z", "age": 7})
    with pytest.raises(InvalidDataError, match=r"condition on 'age' is \('old', None\), which cannot be compared"):
        statics.sample(5, 0, {"age": ("old", None)})


def test_what_no_row_meets_is_told_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FRUITLESS", 500)
    monkeypatch.setattr(module, "_MOST_DRAWS", 3_000)
    statics = fit(frame("weight"))
    with pytest.raises(
        InvalidParameterError, match=r"\('weight': 70\.123456\) hold in 0 of \d+ rows drawn, and 3 were"
    ):
        statics.sample(3, 0, {"weight": 70.123456})
    with pytest.raises(InvalidParameterError, match=r"hold in [1-9]\d* of \d+ rows drawn, and 100000 were asked for"):
        statics.sample(100_000, 0, {"weight": (None, 60)})


def test_a_column_that_follows_from_another_can_be_asked_for() -> None:
    data = frame("id", "label").assign(code=lambda f: f["label"].map({"a": 1, "b": 2, "c": 3}))
    statics = fit(data, "id")
    out = statics.sample(40, 0, {"code": 3})
    assert (out["label"] == "c").all()
