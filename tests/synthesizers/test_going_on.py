"""Fitted tables that go on with further rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from wgan_aug import WGANGPSynthesizer
from wgan_aug.errors import InvalidDataError, InvalidParameterError


def rows(seed: int, middle: float = 0.0, n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"x": np.round(rng.normal(middle, 1, n), 3), "place": rng.choice(list("aab"), n)})


def new(**options: Any) -> WGANGPSynthesizer:
    return WGANGPSynthesizer(**{"epochs": 40, "batch_size": 100, "random_state": 0, "refine": False} | options)


def test_the_first_call_is_fit(tmp_path: Path) -> None:
    new().fit(rows(0)).save(tmp_path / "fit")
    new().partial_fit(rows(0)).save(tmp_path / "partial")
    for file in (tmp_path / "fit").iterdir():
        assert file.read_bytes() == (tmp_path / "partial" / file.name).read_bytes()


def test_further_rows_move_the_model_towards_them() -> None:
    both = pd.concat([rows(0, -2.0), rows(1, 2.0)], ignore_index=True)
    model = new().fit(both)
    before = model.sample(2000, random_state=1)["x"].mean()
    encoder, updates, history = model.encoder_, model.updates_, model.history_
    model.partial_fit(rows(2, 2.0))
    assert model.encoder_ is encoder
    assert model.sample(2000, random_state=1)["x"].mean() > before + 0.8
    assert model.updates_ == updates + 160
    assert model.history_["update"].tolist() == list(range(1, updates + 161))
    pd.testing.assert_frame_equal(model.history_.head(updates), history)


def test_a_loaded_model_goes_on_as_the_one_that_was_saved(tmp_path: Path) -> None:
    model = new().fit(rows(0))
    model.save(tmp_path / "model")
    loaded = WGANGPSynthesizer.load(tmp_path / "model", device="cpu")
    ours, theirs = (one.partial_fit(rows(1)).sample(50) for one in (model, loaded))
    pd.testing.assert_frame_equal(ours, theirs)


def test_warm_start_goes_on_and_a_plain_fit_begins_anew() -> None:
    warm, plain = new(warm_start=True).fit(rows(0)), new().fit(rows(0))
    first = plain.sample(20)
    pd.testing.assert_frame_equal(plain.fit(rows(0)).sample(20), first)
    warm.fit(rows(0))
    assert (warm.updates_, plain.updates_) == (320, 160)
    assert not warm.sample(20).equals(first)


def test_a_failure_leaves_the_model_as_it_was() -> None:
    model = new(epochs=2).fit(rows(0))
    first = model.sample(20)
    with pytest.raises(InvalidDataError, match="lack 1 of the 2 fitted columns: 'place'"):
        model.partial_fit(rows(1)[["x"]])
    with pytest.raises(InvalidDataError, match=r"Column 'x' was fitted as float64 .*, and these cells are not such"):
        model.partial_fit(rows(1).assign(x="word"))
    pd.testing.assert_frame_equal(model.sample(20), first)


def test_y_goes_with_x_again() -> None:
    frame = rows(0)
    model = new(epochs=2).fit(frame[["x"]], frame["place"])
    with pytest.raises(InvalidDataError, match=r"fitted with y \('place'\); give it beside X"):
        model.partial_fit(frame[["x"]])
    model.partial_fit(frame[["x"]], frame["place"])
    assert model.sample(3).columns.tolist() == ["x", "place"]


def test_copies_need_all_rows() -> None:
    model = new(epochs=2, reject_copies=True).fit(rows(0))
    with pytest.raises(InvalidParameterError, match="reject_copies is True, which needs all rows at once"):
        model.partial_fit(rows(1))
