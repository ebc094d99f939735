"""A synthesizer keeps exact rules between columns, says so in its plan, and scores rows that lack or break them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wgan_aug import load
from wgan_aug.errors import DataWarning
from wgan_aug.synthesizers.table import WGANGPSynthesizer


def _orders(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    price, tip = rng.gamma(2, 10, n).round(2), rng.exponential(2, n).round(2)
    town = rng.integers(0, 8, n)
    way = rng.choice(["card", "cash", "coin"], n)
    frame = pd.DataFrame({"country": np.where(town < 4, "north", "south"), "town": [f"t{t}" for t in town]})
    for kind in ("card", "cash", "coin"):
        frame[kind] = (way == kind).astype(int)
    frame["price"], frame["tip"], frame["total"] = price, tip, (price + tip).round(2)
    frame["joint"] = rng.random(n) < 0.3
    frame["partner"] = np.where(frame["joint"], rng.integers(18, 90, n), np.nan)
    return frame


def _assert_kept(rows: pd.DataFrame) -> None:
    assert (rows["country"] == rows["town"].map(lambda t: "north" if int(t[1:]) < 4 else "south")).all()
    assert (rows[["card", "cash", "coin"]].sum(axis=1) == 1).all()
    np.testing.assert_allclose(rows["total"], rows["price"] + rows["tip"])
    assert (rows["partner"].notna() == rows["joint"]).all()


def _new() -> WGANGPSynthesizer:
    return WGANGPSynthesizer(epochs=3, random_state=0, device="cpu")


def test_sampled_rows_keep_every_rule_and_a_saved_model_too(tmp_path: Path) -> None:
    frame = _orders()
    model = _new().fit(frame)
    rows = model.sample(1000)
    _assert_kept(rows)
    assert list(rows.dtypes) == list(frame.dtypes)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model", device="cpu")
    pd.testing.assert_frame_equal(again.sample(1000), rows)
    pd.testing.assert_frame_equal(again.plan_.to_frame(), model.plan_.to_frame())


def test_the_plan_says_which_columns_follow_from_which() -> None:
    plan = _new().plan(_orders()).to_frame().set_index("column")
    assert plan["encoding"].to_dict() == {
        "country": "from 'town'",
        "town": "8 levels",
        "card": "one of 3 (with 'cash' ...)",
        "cash": "one of 3 (with 'card' ...)",
        "coin": "one of 3 (with 'card' ...)",
        "price": "quantile",
        "tip": "quantile",
        "total": "'price' + 'tip'",
        "joint": "2 levels",
        "partner": "quantile; missing by 'joint'",
    }
    assert plan["width"].tolist() == [0, 8, 3, 0, 0, 1, 1, 0, 2, 1]


@pytest.mark.parametrize("target", ["country", "town", "cash", "card", "total", "tip", "partner", "joint"])
def test_rows_without_a_target_that_has_a_part_in_a_rule_have_finite_scores(target: str) -> None:
    frame = _orders()
    model = _new().fit(frame.drop(columns=target), frame[target])
    _assert_kept(model.sample(200))
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        scores = model.score_samples(frame.drop(columns=target))
    assert np.isfinite(scores).all()
    assert scores.std() > 0
    assert np.isfinite(model.score(frame.drop(columns=target), frame[target]))


def test_a_target_says_nothing_about_rows_that_lack_it() -> None:
    frame = _orders()
    model = _new().fit(frame.drop(columns="tip"), frame["tip"])
    encoder = model.encoder_
    assert {encoder.feature_columns()[k] for k in encoder.features_of(["tip"])} == {"tip"}
    model = _new().fit(frame.drop(columns="cash"), frame["cash"])
    encoder = model.encoder_
    assert {encoder.feature_columns()[k] for k in encoder.features_of(["cash"])} == {"card", "cash", "coin"}


def test_rows_that_break_a_rule_are_scored_with_a_warning() -> None:
    frame = _orders()
    model = _new().fit(frame)
    wrong = frame.assign(total=frame["total"] + 1)
    with pytest.warns(DataWarning, match=r"break a rule .* 'total' \(400 rows\)"):
        scores = model.score_samples(wrong)
    np.testing.assert_allclose(scores, model.score_samples(frame))


# ---- found by using it


def _model(frame: Any, **options: Any) -> WGANGPSynthesizer:
    return WGANGPSynthesizer(epochs=1, random_state=0, **options).fit(frame)


def _encodings(frame: pd.DataFrame) -> list[str]:
    return WGANGPSynthesizer().plan(frame).to_frame()["encoding"].tolist()


@pytest.mark.parametrize("dtype", ["str", "object", pd.ArrowDtype(pa.string()), "string"])
def test_text_dates_come_back_as_dates_in_every_kind_of_text(dtype: Any) -> None:
    rng = np.random.default_rng(0)
    days = pd.Series(pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 5000, 200), "D"))
    frame = pd.DataFrame({"x": rng.normal(size=200), "day": days.dt.strftime("%Y-%m-%d").astype(dtype)})
    frame.loc[:9, "day"] = None
    sample = _model(frame).sample(100)
    assert sample["day"].dtype == frame["day"].dtype
    assert sample["day"].dropna().astype(str).str.fullmatch(r"20\d\d-\d\d-\d\d").all()


@pytest.mark.parametrize("target", [2, -1])
def test_a_target_may_be_a_position(target: int) -> None:
    values = np.random.default_rng(0).integers(0, 3, (100, 3)).astype(float)
    assert _model(values, target=target).sample(3).shape == (3, 3)


@pytest.mark.parametrize("target", ["code", "y", "is_a", "is_c"])
def test_a_target_that_follows_from_another_column_keeps_its_classes(target: str) -> None:
    y = np.random.default_rng(0).choice(3, 1500, p=[0.9, 0.07, 0.03])
    frame = pd.DataFrame({"x": np.random.default_rng(1).normal(size=1500), "code": y, "y": np.array(list("abc"))[y]})
    if target.startswith("is"):
        frame = frame[["x"]].assign(is_a=y == 0, is_b=y == 1, is_c=y == 2)
    model = _model(frame, target=target)
    assert model.refiner_ is not None
    assert model.refiner_.target_block == 0
    assert model.encoder_.layout.n_blocks == 1


def test_a_sum_of_short_floats_is_exact() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.uniform(0, 1e4, 300), "b": rng.uniform(0, 1e4, 300)}).astype("f4")
    assert "quantile +" not in " ".join(_encodings(frame.assign(s=frame["a"] + frame["b"])))


def test_a_plan_names_a_constant_where_there_is_one() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.integers(1, 1000, 400), "b": rng.integers(1, 1000, 400)})
    assert not any("constant" in text for text in _encodings(frame.assign(s=frame["a"] + frame["b"])))


def test_tiny_numbers_are_planned_in_silence() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=300) * 1e-200, "b": rng.normal(size=300) * 1e-200})
    assert len(_encodings(frame.assign(s=frame["a"] + frame["b"]))) == 3
