"""What a fitted `WGANGPSequenceSynthesizer` gives, what may be asked of it, and what it refuses."""

from __future__ import annotations

import copy
import functools
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import wgan_aug
from tests.listening import Listening
from wgan_aug import WGANGPSequenceSynthesizer, WGANGPSynthesizer
from wgan_aug.errors import (
    DataWarning,
    InvalidDataError,
    InvalidParameterError,
    ModelFormatError,
    TrainingError,
    UnknownOptionError,
)
from wgan_aug.networks.attention import SelfAttention
from wgan_aug.networks.views import VIEWS
from wgan_aug.synthesizers import running
from wgan_aug.synthesizers.sequences import drawing
from wgan_aug.synthesizers.sequences import learning as module
from wgan_aug.training.callbacks import Progress
from wgan_aug.training.loop import NonFiniteError

QUICK: dict[str, Any] = {"epochs": 2, "random_state": 0, "device": "cpu"}
KEYED: dict[str, Any] = {"sequence_key": "id", "sequence_index": "when"}
N = 40


def new(**options: Any) -> WGANGPSequenceSynthesizer:
    return WGANGPSequenceSynthesizer(**(QUICK | options))


@functools.cache
def visits() -> pd.DataFrame:
    """Ragged sequences of steps of all kinds; treat it as read-only."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 9, N)
    lengths[:2] = 8, 1
    owner, rows = np.repeat(np.arange(N), lengths), int(lengths.sum())
    labels = rng.choice(np.array(["ill", "well", "dead"], dtype=object), N)
    labels[rng.random(N) < 0.1] = None
    frame = pd.DataFrame(
        {
            "pulse": rng.normal(70, 9, rows).round(1),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.cumsum(rng.integers(1, 30, rows)), unit="h"),
            "id": [f"p{k:03d}" for k in owner],
            "drug": rng.choice(["a", "b", "c"], rows),
            "awake": rng.random(rows) < 0.5,
            "dose": pd.array(rng.integers(0, 60, rows), "Int64"),
            "steps": rng.integers(0, 9000, rows),
            "ward": pd.Categorical(rng.choice(["x", "y"], rows), ["x", "y", "z"]),
            "label": labels[owner],
            "age": rng.integers(20, 90, N)[owner],
        }
    )
    return frame.assign(dose=frame["dose"].mask(rng.random(rows) < 0.3))


@functools.cache
def model() -> WGANGPSequenceSynthesizer:
    """A fitted model of `visits`; the tests only read."""
    return new(**KEYED).fit(visits())


def cube(n: int = 30, channels: int = 2, steps: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, channels, steps)).cumsum(axis=2)


@functools.cache
def labelled() -> WGANGPSequenceSynthesizer:
    """A fitted model of arrays with a label each, of which one is rare."""
    return new(layout="nct").fit(cube(100), np.repeat([0, 1, 2], [60, 36, 4]))


# ---- sequences


def test_a_sample_is_whole() -> None:
    real, out = visits(), model().sample(200)
    assert out.columns.tolist() == real.columns.tolist()
    assert out.dtypes.drop("ward").equals(real.dtypes.drop("ward"))
    assert isinstance(out.dtypes["ward"], pd.CategoricalDtype)
    assert out.index.equals(pd.RangeIndex(len(out)))
    groups = out.groupby("id", sort=False)
    assert len(groups) == 200
    assert not set(out["id"]) & set(real["id"])
    assert (out["id"] != out["id"].shift()).sum() == 200  # the rows of a sequence stand together
    assert (groups["when"].diff().dropna() > pd.Timedelta(0)).all()
    assert set(groups.size()) <= set(range(1, 9))
    assert groups.size().nunique() > 2
    assert (groups[["label", "age"]].nunique(dropna=False) == 1).all(axis=None)


def test_cells_are_in_the_range_of_the_real_ones() -> None:
    real, out = visits(), model().sample(200)
    for name in ("drug", "awake", "label"):
        assert set(out[name].dropna()) <= set(real[name].dropna())
    for name in ("pulse", "dose", "steps", "age"):
        assert out[name].min() >= real[name].min()
        assert out[name].max() <= real[name].max()
    assert 0.05 < out["dose"].isna().mean() < 0.7
    assert not out.drop(columns=["dose", "label"]).isna().any(axis=None)
    np.testing.assert_allclose(out["pulse"], out["pulse"].round(1))


def test_fit_leaves_the_data_alone() -> None:
    frame, array, y = visits().copy(), cube(), np.arange(30) % 2
    kept = array.copy()
    new(**KEYED, target="label", categorical_features=["age"]).fit(frame)
    new(layout="nct").fit(array, y)
    pd.testing.assert_frame_equal(frame, visits())
    np.testing.assert_array_equal(array, kept)


def test_keys_are_the_same_for_the_same_seed_and_go_on_over_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "PART_STEPS", 8 * 7)
    parts = list(model().sample_parts(20))
    keys = [key for part in parts for key in part["id"].unique()]
    assert len(keys) == len(set(keys)) == 20


@pytest.mark.parametrize("count", [-1, 2.5, "3", True, None])
def test_counts(count: Any) -> None:
    with pytest.raises(InvalidParameterError, match=r"n_sequences is .*integer"):
        model().sample(count)
    with pytest.raises(InvalidParameterError, match=r"n_sequences is .*integer"):
        model().sample_parts(count)


def test_y_comes_back_beside_arrays() -> None:
    X, y = labelled().sample(50)
    assert (X.shape, X.dtype) == ((50, 2, 6), np.float64)
    assert (y.shape, y.dtype) == ((50,), np.int64)
    assert set(y) <= {0, 1, 2}
    named = new(layout="nct").fit(list(cube(20)), pd.Series(["a", "b"] * 10, name="way")).sample(4)
    assert isinstance(named[0], list)
    assert named[1].name == "way"


def test_y_becomes_a_column_of_a_long_frame() -> None:
    frame = visits().drop(columns="label")
    y = pd.Series(np.arange(N) % 2, name="sick")
    out = new(**KEYED).fit(frame, y).sample(5)
    assert out.columns.tolist() == [*frame.columns, "sick"]
    assert (out.groupby("id")["sick"].nunique() == 1).all()


# ---- seeds


@pytest.mark.parametrize("make", [lambda: None, lambda: np.random.default_rng(0)])
def test_without_a_seed_each_sample_is_new(make: Callable[[], Any]) -> None:
    one = new(layout="nct", random_state=make()).fit(cube(10))
    assert not np.array_equal(one.sample(4), one.sample(4))


def test_global_random_numbers_are_left_alone() -> None:
    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)
    before = np.random.random(), torch.rand(1).item()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)
    new(layout="nct", random_state=None).fit(cube(10), np.arange(10) % 2).sample(3)
    assert (np.random.random(), torch.rand(1).item()) == before  # noqa: NPY002


# ---- conditions


def cells_of(name: str, conditions: dict[str, Any], n: int = 30) -> pd.Series:
    out = model().sample(n, conditions=conditions)
    firsts = out.groupby("id", sort=False)[name].first(skipna=False)
    assert len(firsts) == n
    assert out.groupby("id", sort=False)[name].nunique(dropna=False).eq(1).all()
    return firsts


def test_conditions_hold_in_every_sequence() -> None:
    real = visits()["age"]
    middle = (int(real.quantile(0.3)), int(real.quantile(0.7)))
    assert (cells_of("label", {"label": "well"}) == "well").all()
    assert set(cells_of("label", {"label": ["well", "ill"]})) <= {"well", "ill"}
    assert cells_of("age", {"age": middle}).between(*middle).all()
    assert (cells_of("age", {"age": (middle[0], None)}) >= middle[0]).all()


def test_missing_labels_can_be_asked_for() -> None:
    frame = visits().drop(columns="age")
    out = new(**KEYED | {"sequence_index": None}).fit(
        frame.drop(columns="when")[lambda f: f["id"].duplicated(keep=False)]
    )
    drawn = out.sample(20, conditions={"label": None})
    assert drawn["label"].isna().all()
    assert drawn["id"].nunique() == 20


@pytest.mark.parametrize("wanted", [0, 1, 2, [1, 2], (1, None), {2}, np.int64(2)], ids=str)
def test_conditions_on_y_are_exact(wanted: Any) -> None:
    X, y = labelled().sample(50, conditions={"y": wanted})
    assert len(X) == len(y) == 50
    allowed = {1, 2} if isinstance(wanted, (list, tuple)) else set(wanted) if isinstance(wanted, set) else {wanted}
    assert set(y) <= allowed


def test_conditions_hold_in_parts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "PART_STEPS", 60)
    parts = list(labelled().sample_parts(25, conditions={"y": 2}))
    assert [len(X) for X, _ in parts] == [10, 10, 5]
    assert all((y == 2).all() for _, y in parts)
    whole = labelled().sample(25, conditions={"y": 2})[0]
    np.testing.assert_array_equal(np.concatenate([X for X, _ in parts]), whole)
    assert labelled().sample(0, conditions={"y": 2})[0].shape == (0, 2, 6)


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"drug": "a"}, r"names column 'drug', which varies within sequences: conditions are on static columns"),
        ({"id": "p001"}, r"names column 'id', which is the sequence_key"),
        ({"when": "2024-01-01"}, r"names column 'when', which is the sequence_index"),
        ({"lable": "ill"}, r"names column 'lable', which the model does not have\. Did you mean 'label'\?"),
        ({"label": "healthy"}, r"asks for 'label': 'healthy'; its values are 'dead', 'ill', 'well', or missing\."),
        ({"age": (200, None)}, r"asks for 'age': \(200, None\); its values are \d+ to \d+\."),
        ({"age": (50, 20)}, r"The range for 'age' is \(50, 20\)"),
        ({"drug": "a", "nope": 1}, r"2 problems: "),
        ("ill", r"conditions is a str; give a dict"),
    ],
    ids=str,
)
def test_conditions_that_cannot_be_met_are_one_error(conditions: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message) as caught:
        model().sample(5, conditions=conditions)
    assert "\n" not in str(caught.value)
    with pytest.raises(InvalidParameterError, match=message):
        model().sample_parts(5, conditions=conditions)


def test_what_a_model_of_steps_alone_is_conditioned_on() -> None:
    one = new(layout="nct").fit(cube(10))
    with pytest.raises(InvalidParameterError, match=r"names column 'y', which the model does not have\."):
        one.sample(3, conditions={"y": 1})
    with pytest.raises(InvalidParameterError, match=r"names column 'x0', which varies within sequences"):
        one.sample(3, conditions={"x0": 1})


# ---- balance


def test_rare_classes_are_shown_more_often_and_sampled_as_often_as_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    y = np.repeat([0, 1, 2], [60, 36, 4])
    heard: list[torch.Tensor | None] = []
    inner = running.train

    def listen(*args: Any, weights: Any, **more: Any) -> Any:
        heard.append(weights)
        return inner(*args, weights=weights, **more)

    monkeypatch.setattr(running, "train", listen)
    for balance in (0.0, 0.5, 1.0):
        new(layout="nct", balance=balance).fit(cube(100), y)
    assert heard[0] is None
    for power, weights in ((0.5, heard[1]), (1.0, heard[2])):
        assert weights is not None
        shares = np.bincount(y, weights.numpy()) / weights.sum().item()
        expected = np.array([0.6, 0.36, 0.04]) ** (1 - power)
        np.testing.assert_allclose(shares, expected / expected.sum())
    drawn = new(layout="nct", balance=1.0).fit(cube(100), y).sample(5000)[1]
    np.testing.assert_allclose(np.bincount(drawn) / 5000, [0.6, 0.36, 0.04], atol=0.02)


def test_without_a_target_all_sequences_are_shown_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = running.train

    def listen(*args: Any, weights: Any, **more: Any) -> Any:
        assert weights is None
        return inner(*args, weights=weights, **more)

    monkeypatch.setattr(running, "train", listen)
    new(**KEYED).fit(visits())
    new(**KEYED, target="label", balance=0.0).fit(visits())


# ---- steps of all kinds

rng = np.random.default_rng(5)
SHAPES: dict[str, tuple[Any, dict[str, Any]]] = {
    "two sequences": (cube(2), {"layout": "nct"}),
    "windows of two": (rng.normal(size=(60, 2)), {"window": 2}),
    "windows of three": (rng.normal(size=(60, 1)), {"window": 3}),
    "windows that share nothing": (rng.normal(size=(60, 2)), {"window": 6, "stride": 6}),
    "long": (cube(3, channels=1, steps=300), {"layout": "nct"}),
    "one of many steps": ([rng.normal(size=(2, k)) for k in (1, 1, 1, 17)], {"layout": "nct"}),
    "lengths that all differ": ([rng.normal(size=(2, k)) for k in range(1, 40)], {"layout": "nct"}),
    "one channel": (cube(9, channels=1), {"layout": "nct"}),
    "twelve channels": (cube(9, channels=12), {"layout": "nct"}),
    "whole numbers": (rng.integers(0, 90, (20, 2, 5)), {"layout": "nct"}),
    "float32": (cube().astype(np.float32), {"layout": "nct"}),
    "booleans": (rng.random((20, 2, 5)) < 0.5, {"layout": "nct"}),
    "text": (rng.choice(np.array(["a", "b"], dtype=object), (20, 2, 5)), {"layout": "nct"}),
}


@pytest.mark.parametrize("name", SHAPES)
def test_sequences_of_many_shapes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data, options = SHAPES[name]
    monkeypatch.setattr("wgan_aug.synthesizers.sequences.parts._CALIBRATING", 256, raising=False)
    out = new(**options).fit(data).sample(4)
    if isinstance(data, list):
        assert len(out) == 4
        assert {item.shape[0] for item in out} == {2}
        assert {item.shape[1] for item in out} <= set(range(1, max(item.shape[1] for item in data) + 1))
    elif "window" in options:
        assert out.shape == (4 * options["window"], data.shape[1])
    else:
        assert out.shape == (4, *data.shape[1:])
    first = out[0] if isinstance(out, list) else out
    assert first.dtype == (data[0] if isinstance(data, list) else data).dtype
    if first.dtype.kind == "f":
        assert np.isfinite(np.concatenate([np.ravel(item) for item in out])).all()


def holed(kind: str) -> np.ndarray:
    data = cube(30)
    if kind == "constant channel":
        data[:, 1] = 3.5
    elif kind == "missing in some sequences":
        data[:9, 1] = np.nan
    elif kind == "blocks":
        data[3:20, :, 2:4] = np.nan
    elif kind == "here and there":
        data[np.random.default_rng(0).random(data.shape) < 0.2] = np.nan
    elif kind == "from some step on":
        data[:, 0, 4:] = np.nan
    elif kind == "one that is never there":
        data[:, 1] = np.nan
    return data


@pytest.mark.parametrize(
    "kind",
    ["constant channel", "missing in some sequences", "blocks", "here and there", "from some step on"],
)
def test_constant_and_missing_numbers(kind: str) -> None:
    data = holed(kind)
    out = new(layout="nct", epochs=20).fit(data).sample(60)
    if kind == "constant channel":
        assert (out[:, 1] == 3.5).all()
        assert np.isfinite(out).all()
    else:
        assert 0 < np.isnan(out).mean() < 0.8
        assert np.nanmin(out) >= np.nanmin(data)
        assert np.nanmax(out) <= np.nanmax(data)
        complete = ~np.isnan(data).any(axis=(0, 2))
        assert not np.isnan(out[:, complete]).any()


def test_a_channel_that_is_never_there_stays_so_with_a_warning() -> None:
    with pytest.warns(DataWarning, match=r"All values are missing, and stay so, in: 'x1'"):
        one = new(layout="nct").fit(holed("one that is never there"))
    out = one.sample(5)
    assert np.isnan(out[:, 1]).all()
    assert np.isfinite(out[:, 0]).all()


def test_rules_between_columns_hold_at_every_step() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 99, 200), rng.integers(0, 99, 200)
    frame = pd.DataFrame({"id": np.repeat(np.arange(40), 5), "a": a, "b": b, "both": a + b, "big": a > 50})
    out = new(sequence_key="id").fit(frame).sample(50)
    off = out["both"] != out["a"] + out["b"]
    assert out.loc[off, "both"].isin([frame["both"].min(), frame["both"].max()]).all()
    assert off.mean() < 0.2


def test_sequences_that_were_all_standardised_come_out_so() -> None:
    data = cube(30, steps=12)
    data = (data - data.mean(axis=2, keepdims=True)) / data.std(axis=2, keepdims=True)
    out = new(layout="nct").fit(data).sample(40)
    np.testing.assert_allclose(out.mean(axis=2), 0, atol=0.1)  # numbers beyond the real ones are cut off
    np.testing.assert_allclose(out.std(axis=2), 1, atol=0.1)


def test_windows_of_each_of_several_sequences_have_fresh_keys() -> None:
    frame = pd.DataFrame(
        {
            "id": np.repeat([1, 2, 3], 20),
            "t": np.tile(np.arange(20), 3),
            "x": np.random.default_rng(0).normal(size=60),
            "side": np.repeat(["l", "r", "l"], 20),
        }
    )
    out = new(sequence_key="id", sequence_index="t", window=6).fit(frame).sample(9)
    assert len(out) == 54
    sizes = out.groupby("id").size()
    assert (sizes == 6).all()
    assert sizes.index.min() > 3
    assert (np.diff(out["t"].to_numpy().reshape(9, 6), axis=1) == 1).all()


def test_ranges_of_all_orders_of_magnitude_are_learned_on_scales_of_their_own() -> None:
    rng = np.random.default_rng(0)
    size = 10.0 ** rng.uniform(-3, 3, size=(200, 1, 1))
    data = size * rng.normal(size=(200, 1, 8)).cumsum(axis=2)
    data[:20] = data[:20, :, :1]
    real = np.ptp(data, axis=2)[:, 0]
    off: list[float] = []
    for window_scale in (True, False):
        drawn = np.ptp(new(layout="nct", window_scale=window_scale, epochs=30).fit(data).sample(200), axis=2)[:, 0]
        ours, theirs = (np.quantile(np.log10(x[x > 0]), [0.02, 0.2, 0.5, 0.8]) for x in (drawn, real))
        off.append(abs(ours - theirs).max())
        if window_scale:
            assert 0.03 < (drawn == 0).mean() < 0.3
    assert off[0] < 1  # decades; over seeds .1 to .6 was seen
    assert off[1] > 3  # without scales of their own, small ranges are off by four


def test_critics_on_the_side_may_be_named_in_any_order() -> None:
    one, two = (new(layout="nct", side_critics=names).fit(cube()) for names in (set(VIEWS), [*VIEWS][::-1]))
    assert list(one.critic_.sides) == list(two.critic_.sides) == [*VIEWS]
    np.testing.assert_array_equal(one.sample(4), two.sample(4))
    none = new(layout="nct").fit(cube())
    assert not none.critic_.sides
    assert not np.array_equal(one.sample(4), none.sample(4))


def test_attention_is_trained_on_windows_of_64() -> None:
    series = np.random.default_rng(0).normal(size=(300, 2)).cumsum(axis=0)
    one = new(window=64, attention=True).fit(series)
    for network in (one.generator_, one.critic_):
        (attention,) = [part for part in network.modules() if isinstance(part, SelfAttention)]
        assert attention.gain.abs().item() > 1e-4
    assert one.sample(3).shape == (192, 2)


# ---- columns by name, by position, by kind


@pytest.mark.parametrize("given", [["steps"], [6], [k == 6 for k in range(10)]], ids=["name", "position", "mask"])
def test_categories_are_found_where_the_user_sees_them(given: list[Any]) -> None:
    few = visits().assign(steps=lambda f: f["steps"] % 4)
    done = new(**KEYED, categorical_features=given).fit(few)
    assert done.schema_["steps"].kind == "categorical"
    assert [c.name for c in (*done.schema_, *done.static_schema_) if c.declared and c.kind == "categorical"] == [
        "steps"
    ]


@pytest.mark.parametrize("given", [["k"], [1], [False, True]], ids=["name", "position", "mask"])
def test_levels_of_the_row_index_are_no_columns(given: list[Any]) -> None:
    index = pd.MultiIndex.from_product([range(10), range(4)], names=["who", "day"])
    frame = pd.DataFrame({"x": np.arange(40) / 7, "k": np.arange(40) % 3}, index=index)
    assert new(categorical_features=given).fit(frame).schema_["k"].declared


def test_kinds_of_static_columns() -> None:
    done = new(**KEYED, schema={"age": "categorical", "steps": "continuous"}).fit(visits())
    assert done.static_schema_["age"].kind == "categorical"
    assert done.schema_["steps"].kind == "continuous"
    assert set(done.sample(40)["age"]) <= set(visits()["age"])


def test_metadata_may_name_the_key_and_the_times() -> None:
    metadata = {
        "METADATA_SPEC_VERSION": "SINGLE_TABLE_V1",
        "columns": {
            "id": {"sdtype": "id"},
            "when": {"sdtype": "datetime"},
            "drug": {"sdtype": "categorical"},
            "age": {"sdtype": "numerical"},
        },
        "sequence_key": "id",
        "sequence_index": "when",
    }
    out = new(**KEYED, schema=metadata).fit(visits()).sample(3)
    assert out["id"].nunique() == 3


def test_schemas_of_steps_and_statics() -> None:
    done = model()
    assert {"pulse", "drug", "awake", "dose", "steps", "ward"} <= set(done.schema_.names)
    assert done.static_schema_.names[:2] == ["label", "age"]
    assert len(done.static_schema_.names) == 4  # and where a sequence begins, and how long it is


# ---- options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, r"epochs is 0; it must be a number above 0"),
        ({"window": 1}, r"window is 1; it must be an integer of at least 2"),
        ({"attention": "yes"}, r"attention is 'yes'; it must be True, False or None"),
        ({"progressive": 1}, r"progressive is 1; it must be True, False or None"),
        (
            {"progressive": True},
            r"progressive=True is for sequences of 256 steps and more, and the longest one has 8; leave it False, or",
        ),
        ({"window_scale": "yes"}, r"window_scale is 'yes'; it must be True, False or None"),
        ({"side_critics": ["spectrums"]}, r"side_critics is 'spectrums'; allowed are .*Did you mean 'spectrum'\?"),
        ({"side_critics": "spectrum"}, r"side_critics is 'spectrum'; it must be a tuple, of 'spectrum' and 'diff"),
        ({"side_critics": None}, r"side_critics is None; it must be a tuple"),
        ({"preset": "fats"}, r"preset is 'fats'; allowed are .*Did you mean 'fast'\?"),
        ({"architecture": "mpl"}, r"architecture is 'mpl'; allowed are 'mlp', 'conv1d'"),
        ({"critic_norm": "batch"}, r"critic_norm is 'batch'; .*Batch normalisation makes a row's score depend"),
        ({"loss": "gam"}, r"loss is 'gam'"),
        ({"target": "pulse"}, r"target is 'pulse', which varies within sequences; .*Static columns: 'label', 'age'"),
        ({"target": "lable"}, r"target is 'lable', which is not there"),
        ({"target": "id"}, r"target is 'id', which is the sequence_key"),
        ({"categorical_features": ["drugg"]}, r"categorical_features names column 'drugg'.*Did you mean 'drug'\?"),
        ({"schema": {"drugg": "categorical"}}, r"schema names column 'drugg'.*Did you mean 'drug'\?"),
        ({"numeric_encoding": "quantil"}, r"numeric_encoding is 'quantil'.*Did you mean 'quantile'\?"),
        ({"numeric_encoding": {"puls": "affine"}}, r"numeric_encoding names column 'puls'"),
        ({"random_state": -1}, r"random_state is -1"),
        ({"device": "gpu"}, r"device is 'gpu'"),
        ({"balance": 2}, r"balance is 2; it must be a number of at least 0 and at most 1"),
    ],
    ids=str,
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    one = new(**KEYED | options)
    for use in (one.fit, one.plan):
        with pytest.raises(InvalidParameterError, match=message):
            use(visits())
    assert not [name for name in vars(one) if name.endswith("_")]


def test_options_that_the_steps_do_not_go_with_are_one_error() -> None:
    states = visits()[["id", "drug", "awake"]]
    one = new(sequence_key="id", progressive=True, side_critics=("spectrum",), window_scale=True)
    message = (
        r"3 problems: \(1\) progressive=True is for .* \(2\) side_critics is for numbers, and the steps have none: "
        r"leave it out\. \(3\) window_scale is for numbers, and the steps have none"
    )
    for use in (one.fit, one.plan):
        with pytest.raises(InvalidParameterError, match=message):
            use(states)


def test_several_wrong_options_are_one_error() -> None:
    with pytest.raises(InvalidParameterError, match=r"3 problems: \(1\) preset .*\(2\) attention .*\(3\) n_critic "):
        new(preset="fats", attention=3, n_critic=0).fit(visits())


def test_names_of_options() -> None:
    with pytest.raises(UnknownOptionError, match=r"has no option 'sequence_keys'\. Did you mean 'sequence_key'\?"):
        WGANGPSequenceSynthesizer(sequence_keys="id")  # type: ignore[call-arg]
    with pytest.raises(UnknownOptionError, match=r"no option 'windows'\. Did you mean 'window'\?"):
        new().set_params(windows=3)


def test_constructor_stores_and_no_more() -> None:
    given: dict[str, Any] = {
        "static_columns": ["a"],
        "random_state": np.random.default_rng(0),
        "schema": {"a": "integer"},
    }
    one = WGANGPSequenceSynthesizer(**given)
    assert all(getattr(one, name) is value for name, value in given.items())
    assert set(vars(one)) == set(one.get_params())


def test_clone_has_the_options_and_is_unfitted() -> None:
    twin: Any = clone(model())
    assert twin.get_params() == model().get_params()
    with pytest.raises(NotFittedError):
        twin.sample(1)
    assert twin.set_params(epochs=5, window=4).get_params()["window"] == 4


# ---- before, again, and after a failure


@pytest.mark.parametrize("use", ["sample", "sample_parts", "get_loss_values", "save"])
def test_unfitted(use: str, tmp_path: Path) -> None:
    given: dict[str, tuple[Any, ...]] = {"sample": (2,), "sample_parts": (2,), "save": (tmp_path / "m",)}
    with pytest.raises(NotFittedError, match=r"WGANGPSequenceSynthesizer instance is not fitted yet"):
        getattr(new(), use)(*given.get(use, ()))
    assert list(tmp_path.iterdir()) == []


def test_fitting_again_replaces_all() -> None:
    one = new(layout="nct").fit(cube(10), np.arange(10) % 2)
    one.set_params(layout="ntc", random_state=1)
    one.fit(cube(12, steps=3))
    fresh = new(layout="ntc", random_state=1).fit(cube(12, steps=3))
    np.testing.assert_array_equal(one.sample(4), fresh.sample(4))
    assert set(vars(one)) == set(vars(fresh))


@pytest.mark.parametrize("stage", ["options", "data", "training"])
def test_a_failed_fit_leaves_the_model_as_it_was(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = new(layout="nct").fit(cube(10))
    kept, before = one.sample(4), dict(vars(one))
    data = cube(20)
    if stage == "options":
        one.set_params(preset="fats")
        before["preset"] = "fats"
    elif stage == "data":
        data = data[:, :, :1]
    else:
        monkeypatch.setattr(module, "calibrate", lambda *_: 1 / 0)
    with pytest.raises((InvalidParameterError, InvalidDataError, ZeroDivisionError)):
        one.fit(data)
    assert vars(one).keys() == before.keys()
    assert all(vars(one)[name] is before[name] for name in before)
    np.testing.assert_array_equal(one.sample(4), kept)
    assert not hasattr(new(layout="nct", preset="fats"), "plan_")


# ---- what is said meanwhile


def test_verbose_writes_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    new(layout="nct", verbose=1, epochs=30).fit(cube(10))
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0].startswith("10 sequences of 6 steps, 0 static and 2 other columns -> 2 channels; 30 updates of ")
    assert lines[-1].startswith("update 30/30: ")
    new(layout="nct").fit(cube(10))
    assert capsys.readouterr() == ("", "")
    ragged = new(layout="nct").plan([np.ones((1, 3)) * np.arange(3), np.ones((1, 5)) * np.arange(5)])
    assert "2 sequences of 3 to 5 steps" in ragged.describe()


def test_a_listener_hears_the_start_and_every_block() -> None:
    heard: list[Progress] = []
    one = new(layout="nct", epochs=120, batch_size=10, n_critic=1)
    one.fit(cube(10), callbacks=[Listening(heard.append)])
    assert (heard[0].update, heard[0].figures) == (0, {})
    assert [p.update for p in heard] == [0, 50, 100, 120]
    losses = one.get_loss_values()
    assert losses.columns.tolist() == ["Epoch", "Generator Loss", "Discriminator Loss"]
    assert len(losses) == 120


def test_a_batch_above_the_sequences_is_all_of_them_with_a_warning() -> None:
    with pytest.warns(DataWarning, match=r"batch_size is 500, but there are 10 rows: batches have 10"):
        done = new(layout="nct", batch_size=500).fit(cube(10))
    assert done.plan_.settings.batch_size == 10


# ---- losses that are not finite


@pytest.mark.parametrize(
    ("feature", "column", "options"),
    [
        (0, "drug", {}),
        (2, "drug", {}),
        (-1, "small", {}),
        (-2, "large", {}),
        (-1, "large", {"window_scale": True}),  # of the last three pairs, shapes, centres and ranges
        (-2, "small", {"window_scale": True}),
        (-4, "small", {"window_scale": True}),
    ],
)
def test_losses_that_are_not_finite_name_a_column(
    feature: int, column: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "id": np.repeat(np.arange(40), 5),
            "drug": rng.choice(["a", "b", "c"], 200),
            "small": np.r_[rng.normal(0, 0.01, 199), 9.0],  # which leaves little spread in its code
            "large": rng.uniform(size=200),
        }
    )

    def fail(state: Any, data: Any, *_: Any, **more: Any) -> Any:
        channels = data.largest(torch.arange(40)).shape[0]
        raise NonFiniteError("The losses are not finite", [feature % channels])

    monkeypatch.setattr(running, "train", fail)
    with pytest.raises(TrainingError, match=rf"largest encoded values are '{column}': look for extreme values"):
        new(sequence_key="id", **options).fit(frame)


def test_a_rate_that_breaks_training_is_explained() -> None:
    with pytest.raises(TrainingError, match=r"losses are not finite after update 0.*'x[01]'.*or lower learning_rate"):
        new(layout="nct", learning_rate=1e30).fit(cube(10))


# ---- models on disk


def test_each_class_reads_its_own_models(tmp_path: Path) -> None:
    one = new(layout="nct").fit(cube(10))
    one.save(tmp_path / "sequences")
    table = pd.DataFrame({"a": np.linspace(0, 1, 20), "b": ["x", "y"] * 10})
    WGANGPSynthesizer(epochs=1, random_state=0, device="cpu").fit(table).save(tmp_path / "table")
    with pytest.raises(ModelFormatError, match=r"table holds a 'WGANGPSynthesizer', not a WGANGPSequenceSynthesizer"):
        WGANGPSequenceSynthesizer.load(tmp_path / "table")
    with pytest.raises(ModelFormatError, match=r"sequences holds a 'WGANGPSequenceSynthesizer', not a WGANGPSynthe"):
        WGANGPSynthesizer.load(tmp_path / "sequences")
    assert type(wgan_aug.load(tmp_path / "sequences")) is WGANGPSequenceSynthesizer
    assert type(wgan_aug.load(tmp_path / "table")) is WGANGPSynthesizer
    files = {path.name for path in (tmp_path / "sequences").iterdir()}
    assert files == {"model.json", "arrays.safetensors", "history.csv", "MODEL_CARD.md"}


def test_a_loaded_model_can_be_conditioned_and_fitted_again(tmp_path: Path) -> None:
    model().save(tmp_path / "m")
    twin: Any = wgan_aug.load(tmp_path / "m", device="cpu")
    for conditions in ({"label": "ill"}, {"age": (30, 60)}):
        ours, theirs = (m.sample(6, conditions=conditions, random_state=1) for m in (model(), twin))
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
    with pytest.raises(InvalidParameterError, match=r"names column 'drug', which varies within sequences"):
        twin.sample(3, conditions={"drug": "a"})
    twin.fit(visits())
    pd.testing.assert_frame_equal(twin.sample(5), model().sample(5), check_exact=True)


@pytest.mark.parametrize("twin_of", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_sample_the_same(twin_of: Any) -> None:
    pd.testing.assert_frame_equal(twin_of(model()).sample(5), model().sample(5))


@pytest.mark.parametrize(
    "options",
    [
        {"schema": {"age": "categorical"}, "static_columns": ["label", "age"]},
        {"categorical_features": np.array([False] * 9 + [True]), "numeric_encoding": {"pulse": "quantile"}},
        {"random_state": np.random.default_rng(0), "window": 3, "stride": np.int64(2)},
        {"side_critics": ("spectrum", "differences"), "window_scale": True},
        {"target": "label", "epochs": 0.5, "batch_size": np.int64(8), "attention": True, "critic_norm": "none"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_options_of_any_kind_are_read_back(options: dict[str, Any], tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # of sequences that are shorter than a window
        one = new(**KEYED | options).fit(visits())
    one.save(tmp_path / "m")
    twin = wgan_aug.load(tmp_path / "m", device="cpu")
    assert twin.sample(4, random_state=1).equals(one.sample(4, random_state=1))
    for name, value in options.items():
        if name != "random_state":
            again = getattr(twin, name)
            assert list(again) == list(value) if isinstance(value, np.ndarray) else again == value
