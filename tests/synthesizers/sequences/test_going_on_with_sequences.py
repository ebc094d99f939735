"""Fitted models of sequences that go on with further ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from wgan_aug import WGANGPSequenceSynthesizer
from wgan_aug.errors import InvalidDataError


def visits(seed: int, level: float = 0.0, n: int = 60, steps: int = 8, ward: str = "ab") -> pd.DataFrame:
    """Patients, each with a ward and a sex, measured every hour."""
    rng = np.random.default_rng(seed)
    paths = level + rng.normal(0, 0.5, (n, 1)) + rng.normal(0, 0.3, (n, steps)).cumsum(axis=1)
    return pd.DataFrame(
        {
            "patient": np.repeat(np.arange(n), steps),
            "ward": np.repeat(rng.choice(list(ward), n), steps),
            "sex": np.repeat(rng.choice(["f", "m"], n), steps),
            "hour": np.tile(np.arange(steps), n),
            "x": paths.ravel(),
        }
    )


def new(**options: Any) -> WGANGPSequenceSynthesizer:
    named = {"sequence_key": "patient", "sequence_index": "hour", "epochs": 10, "batch_size": 20}
    return WGANGPSequenceSynthesizer(**named | {"random_state": 0, "refine": False} | options)


def test_further_sequences_move_the_model_towards_them() -> None:
    both = pd.concat([visits(0, -2.0), visits(1, 2.0).assign(patient=lambda f: f["patient"] + 60)])
    model = new(epochs=12).fit(both)
    before, codec, updates = model.sample(400, random_state=1)["x"].mean(), model.codec_, model.updates_
    model.partial_fit(visits(2, 2.0))
    assert model.codec_.encoder is codec.encoder
    assert model.codec_.whitening is codec.whitening
    assert model.sample(400, random_state=1)["x"].mean() > before + 0.5
    assert model.updates_ == updates + 36
    assert model.history_["update"].tolist() == list(range(1, updates + 37))


def test_the_first_call_is_fit_and_warm_start_goes_on() -> None:
    plain, partial = new(epochs=2).fit(visits(0)), new(epochs=2).partial_fit(visits(0))
    pd.testing.assert_frame_equal(plain.sample(5), partial.sample(5))
    warm = new(epochs=2, warm_start=True).fit(visits(0)).fit(visits(1))
    pd.testing.assert_frame_equal(warm.sample(5), partial.partial_fit(visits(1)).sample(5))
    assert not plain.fit(visits(1)).sample(5).equals(warm.sample(5))


def test_a_loaded_model_goes_on_as_the_one_that_was_saved(tmp_path: Path) -> None:
    model = new(epochs=2).fit(visits(0))
    model.save(tmp_path / "model")
    loaded = WGANGPSequenceSynthesizer.load(tmp_path / "model", device="cpu")
    ours, theirs = (one.partial_fit(visits(1)).sample(20) for one in (model, loaded))
    pd.testing.assert_frame_equal(ours, theirs)


def test_statics_of_further_sequences_are_learned_too() -> None:
    model = new(epochs=2).fit(visits(0))
    table = model.statics_.model
    assert table is not None
    first, updates = table.sample(50), table.updates_
    model.partial_fit(visits(1))
    further = model.statics_.model
    assert further is not None
    assert (further.updates_, table.updates_) == (2 * updates, updates)
    pd.testing.assert_frame_equal(table.sample(50), first)  # those of before are untouched


def test_windows_and_arrays_go_on() -> None:
    rng = np.random.default_rng(0)
    series = pd.DataFrame({"a": rng.normal(size=120).cumsum(), "b": rng.normal(size=120)})
    windows = WGANGPSequenceSynthesizer(window=8, epochs=2, random_state=0).fit(series)
    assert windows.partial_fit(series.iloc[:60]).sample(2).shape == (16, 2)
    cube, labels = rng.normal(size=(30, 6, 2)), pd.Series(list("ab") * 15, name="kind")
    arrays = WGANGPSequenceSynthesizer(layout="ntc", epochs=2, random_state=0).fit(cube, labels)
    more, kinds = arrays.partial_fit(cube[:10], labels[:10].tolist()).sample(3)
    assert (more.shape, len(kinds)) == ((3, 6, 2), 3)
    with pytest.raises(InvalidDataError, match="The data lack 1 of the 1 fitted columns: 'kind'"):
        arrays.partial_fit(cube)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (visits(1).drop(columns="x"), "lack 1 of the 2 fitted columns: 'x'"),
        (visits(1).drop(columns="ward"), "'ward'"),
        (visits(1).assign(x="word"), r"Column 'x' was fitted as float64 .*, and these cells are not such"),
        (visits(1, steps=9), "has 9 steps, and all fitted ones had 8"),
        (visits(1, steps=5), "has 5 steps, and all fitted ones had 8"),
        (visits(1).assign(ward=np.tile(list("abababab"), 60)), "static_columns names 'ward', and it varies"),
    ],
)
def test_what_does_not_fit_leaves_the_model_as_it_was(data: pd.DataFrame, told: str) -> None:
    model = new(epochs=2).fit(visits(0))
    first = model.sample(5)
    with pytest.raises((InvalidDataError, ValueError), match=told):
        model.partial_fit(data)
    pd.testing.assert_frame_equal(model.sample(5), first)


def test_a_checkpoint_goes_on_where_it_was_cut_off(tmp_path: Path) -> None:
    whole, cut = new(epochs=2).fit(visits(0)), new(epochs=2).fit(visits(0))
    for _ in range(2):  # the second time, the training has ended
        cut = new(epochs=2).fit(visits(0)).partial_fit(visits(1), checkpoint=tmp_path / "kept", resume=True)
    pd.testing.assert_frame_equal(whole.partial_fit(visits(1)).sample(5), cut.sample(5))
