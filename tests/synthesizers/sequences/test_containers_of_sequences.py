"""What comes in goes out: each container of sequences, through `Sequences` and, mostly, through codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import through_json
from wgan_aug.encoding.sequences.encoder import SequenceEncoder
from wgan_aug.encoding.sequences.frames import Sequences
from wgan_aug.synthesizers.sequences.containers import SequenceContainer
from wgan_aug.synthesizers.sequences.reading import read_sequences

RNG = np.random.default_rng(0)


def back(X: Any, y: Any = None, **options: Any) -> Any:
    """Read, encode, decode and restore, each through JSON."""
    sequences, container = read_sequences(X, y, **options)
    container = SequenceContainer.from_json(through_json(container.to_json()))
    encoder = SequenceEncoder(index=container.index, relations=False).fit(sequences)
    encoder = SequenceEncoder.from_json(through_json(encoder.to_json()))
    decoded = encoder.inverse_transform(encoder.transform(sequences), encoder.statics(sequences))
    direct = container.restore(sequences)
    whole = container.restore(decoded)
    for one, two in zip(_parts(whole), _parts(direct), strict=True):
        assert type(one) is type(two)
    return whole


def _parts(whole: Any) -> list[Any]:
    return list(whole) if isinstance(whole, (tuple, list)) else [whole]


CUBES = {
    "float64": np.round(RNG.normal(size=(9, 3, 5)), 3),
    "float32": np.round(RNG.normal(size=(9, 3, 5)), 2).astype("float32"),
    "float16": RNG.integers(-40, 40, (9, 3, 5)).astype("float16") / 8,
    "int64": RNG.integers(-99, 99, (9, 3, 5)),
    "uint8": RNG.integers(0, 255, (9, 3, 5)).astype("uint8"),
    "bool": RNG.random((9, 3, 5)) > 0.5,
    "object": np.where(RNG.random((9, 3, 5)) > 0.5, "a", "b").astype(object),
}


@pytest.mark.parametrize("layout", ["nct", "ntc"])
@pytest.mark.parametrize("name", CUBES)
def test_3d_arrays(name: str, layout: str) -> None:
    cube = CUBES[name]
    kept = cube.copy()
    out = back(cube, layout=layout)
    assert isinstance(out, np.ndarray)
    assert (out.dtype, out.shape) == (cube.dtype, cube.shape)
    np.testing.assert_array_equal(out, cube)
    np.testing.assert_array_equal(cube, kept)


def test_the_layout_says_which_axis_is_time() -> None:
    cube = CUBES["float64"]
    sequences, _ = read_sequences(cube, layout="nct")
    assert sequences.lengths.tolist() == [5] * 9
    np.testing.assert_array_equal(sequences.steps["x1"].to_numpy(), cube[:, 1, :].ravel())
    sequences, _ = read_sequences(cube, layout="ntc")
    assert sequences.lengths.tolist() == [3] * 9
    np.testing.assert_array_equal(sequences.steps["x1"].to_numpy(), cube[:, :, 1].ravel())


def test_missing_and_constant_channels_of_arrays() -> None:
    cube = CUBES["float64"].copy()
    cube[0, 1], cube[:, 0], cube[2, 2, 1:3] = np.nan, 4.0, np.nan
    sequences, _ = read_sequences(cube, layout="nct")
    assert list(sequences.statics) == ["x0"]
    np.testing.assert_array_equal(back(cube, layout="nct"), cube)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 7), min_size=2, max_size=6), st.integers(1, 3), st.sampled_from(["nct", "ntc"]))
def test_ragged_lists(lengths: list[int], channels: int, layout: str) -> None:
    lengths[0] += 1  # one has two steps at least
    rng = np.random.default_rng(sum(lengths))
    items = [np.round(rng.normal(size=(length, channels)), 2).astype("float32") for length in lengths]
    items = items if layout == "ntc" else [item.T for item in items]
    out = back(items, layout=layout)
    assert isinstance(out, list)
    for one, two in zip(out, items, strict=True):
        assert one.dtype == two.dtype
        np.testing.assert_array_equal(one, two)


def test_a_list_of_equal_lengths_stays_a_list_and_lists_of_lists_are_one() -> None:
    items = list(CUBES["int64"])
    assert isinstance(back(items, layout="nct"), list)
    out = back([item.tolist() for item in items], layout="nct")
    np.testing.assert_array_equal(np.stack(out), CUBES["int64"])
    ragged = np.empty(2, dtype=object)
    ragged[:] = [items[0], items[1][:, :3]]
    assert [item.shape for item in back(ragged, layout="nct")] == [(3, 5), (3, 3)]


LABELS: dict[str, Any] = {
    "int8": np.array([0, 1, 2] * 3, dtype="int8"),
    "text": np.array(["a", "bb", "a"] * 3),
    "objects": np.array(["a", "bb", 3] * 3, dtype=object),
    "named series": pd.Series(["u", "v", "u"] * 3, name="label", dtype="category"),
    "unnamed series": pd.Series([1.5, 2.5, 3.5] * 3),
    "polars": pl.Series("label", ["u", "v", "u"] * 3, dtype=pl.Categorical),
    "arrow": pa.chunked_array([[1, 2, 3] * 3]),
}


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("as_list", [False, True])
def test_y_beside_arrays(name: str, as_list: bool) -> None:
    cube, y = CUBES["float64"], LABELS[name]
    X, labels = back(list(cube) if as_list else cube, y, layout="nct")
    np.testing.assert_array_equal(np.stack(X), cube)
    assert isinstance(X, list) == as_list
    assert type(labels) is type(y)
    if isinstance(y, pd.Series):
        pd.testing.assert_series_equal(labels, y)
    elif isinstance(y, pl.Series):
        polars.testing.assert_series_equal(labels.alias("label"), y)
    elif isinstance(y, np.ndarray):
        assert labels.dtype == y.dtype
        assert labels.tolist() == y.tolist()
    else:
        assert labels.to_pylist() == y.to_pylist()


def test_windows_of_arrays_have_their_own_length() -> None:
    cube, y = CUBES["float64"], LABELS["int8"]
    X, labels = back(cube, y, layout="nct", window=3, stride=2)
    wanted = np.stack([part for item in cube for part in (item[:, :3], item[:, 2:])])
    np.testing.assert_array_equal(X, wanted)
    assert labels.tolist() == np.repeat(y, 2).tolist()


def test_no_sequences_have_the_shape_of_none() -> None:
    for X, shape in ((CUBES["int64"], (0, 3, 5)), (list(CUBES["int64"]), None)):
        sequences, container = read_sequences(X, layout="nct")
        out = container.restore(sequences.take(np.empty(0, dtype=np.int64)))
        assert out == [] if shape is None else (out.shape, out.dtype) == (shape, np.int64)


# ---- frames


def long_frame() -> pd.DataFrame:
    """Ragged sequences with every kind of column; statics and steps stand mixed."""
    lengths = np.array([4, 2, 5, 1, 3])
    owner, rows = np.repeat(np.arange(5), lengths), int(lengths.sum())
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "x": np.round(rng.normal(size=rows), 2).astype("float32"),
            "label": pd.Categorical.from_codes(owner % 2, ["sick", "well"]),
            "day": np.datetime64("2024-03-01", "us") + np.cumsum(rng.integers(1, 9, rows)) * np.timedelta64(1, "D"),
            "who": [f"P-{i:03d}" for i in owner],
            "n": pd.array(rng.choice([1, 5, None], rows), dtype="Int16"),  # type: ignore[call-overload]
            "word": rng.choice(["lo", "hi"], rows),
            "on": rng.random(rows) > 0.5,
            "age": owner * 10 + 20,
            "gone": [None] * rows,
        }
    )


def test_a_long_frame() -> None:
    frame = long_frame()
    kept = frame.copy()
    sequences, container = read_sequences(frame, sequence_key="who", sequence_index="day")
    assert list(sequences.statics) == ["who", "label", "age", "gone"]
    assert list(sequences.steps) == ["x", "day", "n", "word", "on"]
    assert (container.key, container.index, container.y) == ("who", "day", None)
    pd.testing.assert_frame_equal(back(frame, sequence_key="who", sequence_index="day"), frame)
    pd.testing.assert_frame_equal(back(frame.drop(columns="day"), sequence_key="who"), frame.drop(columns="day"))
    pd.testing.assert_frame_equal(frame, kept)


def test_declared_statics() -> None:
    frame = long_frame()
    sequences, container = read_sequences(
        frame, sequence_key="who", sequence_index="day", static_columns=["age", "label"]
    )
    assert list(sequences.statics) == ["who", "label", "age"]
    assert "gone" in sequences.steps
    pd.testing.assert_frame_equal(container.restore(sequences), frame)
    none, _ = read_sequences(frame, sequence_key="who", static_columns=[])
    assert list(none.statics) == ["who"]


KEYS: dict[str, Any] = {
    "int": lambda i: pd.Series(i * 7),
    "Int8": lambda i: pd.Series(i, dtype="Int8"),
    "float": lambda i: pd.Series(i.astype(float)),
    "object": lambda i: pd.Series([f"k{k}" for k in i], dtype=object),
    "category": lambda i: pd.Series([f"k{k}" for k in i], dtype="category"),
    "category of ints": lambda i: pd.Series(i, dtype="category"),
    "date": lambda i: pd.Series(np.datetime64("2024-01-01", "s") + i * np.timedelta64(1, "D")),
    "zoned": lambda i: pd.Series(pd.to_datetime(i, unit="D", utc=True)),
    "period": lambda i: pd.Series(pd.PeriodIndex.from_ordinals(i, freq="M")),
}


@pytest.mark.parametrize("kind", KEYS)
def test_keys_of_every_kind(kind: str) -> None:
    owner = np.repeat([0, 1, 3], [3, 2, 4])
    frame = pd.DataFrame({"x": np.arange(9) / 10, "k": KEYS[kind](owner)})
    pd.testing.assert_frame_equal(back(frame, sequence_key="k"), frame)


def test_y_is_the_last_column_of_a_long_frame() -> None:
    frame = long_frame()
    y = frame["label"].groupby(frame["who"], sort=False).first().reset_index(drop=True)
    assert y.name == "label"
    plain = frame.drop(columns="label")
    wanted = plain.assign(label=frame["label"])
    pd.testing.assert_frame_equal(back(plain, y, sequence_key="who", sequence_index="day"), wanted)
    pd.testing.assert_frame_equal(back(plain, frame["label"], sequence_key="who", sequence_index="day"), wanted)
    out = back(plain, y.to_numpy(), sequence_key="who", sequence_index="day")
    assert list(out) == [*plain, "y"]
    shuffled = plain.sample(frac=1, random_state=0)
    with pytest.warns(UserWarning, match="were sorted"):
        sequences, container = read_sequences(
            shuffled, frame["label"].loc[shuffled.index], sequence_key="who", sequence_index="day"
        )
    assert container.y == "label"
    by_who = sequences.statics.set_index("who")["label"]
    assert by_who.to_dict() == dict(zip(frame["who"], frame["label"], strict=True))


def test_polars_and_arrow_frames() -> None:
    frame = long_frame().drop(columns="gone")
    for native in (pl.from_pandas(frame), pa.Table.from_pandas(frame, preserve_index=False)):
        out = back(native, sequence_key="who", sequence_index="day")
        assert type(out) is type(native)
        assert out.schema == native.schema
        assert out.equals(native)
    data = pl.from_pandas(frame.drop(columns="label"))
    labels = pl.Series("label", ["a", "b", "a", "a", "b"], dtype=pl.Categorical)
    out = back(data, labels, sequence_key="who", sequence_index="day")
    assert out.schema == pl.Schema({**data.schema, "label": pl.Categorical()})


@pytest.mark.parametrize("names", [["instance", "time"], [None, None], ["x", None]])
@pytest.mark.parametrize("times", ["int", "date"])
def test_frames_whose_row_index_says_the_sequence(names: list[Any], times: str) -> None:
    time = np.array([0, 1, 2, 0, 1, 4, 7])
    levels = [
        pd.Index(np.repeat(["b", "a"], [3, 4])),
        pd.Index(time) if times == "int" else pd.DatetimeIndex(np.datetime64("2024-01-01", "s") + time * 86400),
    ]
    frame = pd.DataFrame({"x": np.arange(7) / 10, "c": list("uvuuvvu")}, index=pd.MultiIndex.from_arrays(levels))
    frame.index.names = names
    pd.testing.assert_frame_equal(back(frame), frame)
    X, y = back(frame, np.array([3, 5]))
    pd.testing.assert_frame_equal(X, frame)
    assert (y.dtype, y.tolist()) == (np.int64, [3, 5])


@pytest.mark.parametrize(
    "columns",
    [
        pd.MultiIndex.from_tuples([("id", ""), ("x", "u"), ("x", "v")], names=["upper", None]),
        pd.Index([0, 1, 2]),
        pd.Index(["id", None, ("a", 1)], dtype=object, tupleize_cols=False, name="label"),
    ],
    ids=["levels", "numbers", "odd"],
)
def test_any_column_index(columns: pd.Index) -> None:
    frame = pd.DataFrame([[1, 0.1, 5], [1, 0.4, 9], [2, 0.3, 9], [2, 0.7, 4]])
    frame.columns = columns
    out = back(frame, sequence_key=columns[0])
    pd.testing.assert_frame_equal(out, frame)
    with_y = back(frame, [7, 8], sequence_key=columns[0])
    assert with_y.iloc[:, 3].tolist() == [7, 7, 8, 8]


# ---- one long series


def test_windows_of_one_series_come_back_one_after_another() -> None:
    rows = 30
    frame = pd.DataFrame(
        {
            "site": "north",
            "when": pd.date_range("2024-01-01", periods=rows, freq="h"),
            "x": np.arange(rows) / 10,
            "word": ["a", "b", "c"] * 10,
        }
    )
    out = back(frame, sequence_index="when", window=6, stride=4)
    wanted = pd.concat([frame.iloc[at : at + 6] for at in range(0, 25, 4)], ignore_index=True)
    pd.testing.assert_frame_equal(out, wanted)
    array = np.arange(24.0).reshape(12, 2)
    np.testing.assert_array_equal(back(array, window=4, stride=4), array)
    indexed = frame.set_index("when")
    out = back(indexed, sequence_index="when", window=6, stride=4)
    pd.testing.assert_frame_equal(out, wanted.set_index("when"))


def test_windows_of_keyed_sequences_keep_their_statics() -> None:
    frame = pd.DataFrame({"id": np.repeat([4, 6], 5), "sex": np.repeat(["f", "m"], 5), "x": np.arange(10) / 10})
    sequences, container = read_sequences(frame, sequence_key="id", window=3, stride=2)
    assert sequences.statics.to_dict("list") == {"id": [4, 4, 6, 6], "sex": ["f", "f", "m", "m"]}
    assert sequences.steps["x"].tolist() == [0.0, 0.1, 0.2, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.7, 0.8, 0.9]
    out = container.restore(sequences)
    assert list(out) == list(frame)
    assert out["sex"].tolist() == ["f"] * 6 + ["m"] * 6


def test_times_of_windows_are_learned_as_their_start() -> None:
    frame = pd.DataFrame({"t": np.arange(40) * 5, "x": np.arange(40) / 10})
    sequences, container = read_sequences(frame, sequence_index="t", window=8)
    encoder = SequenceEncoder(index=container.index).fit(sequences)
    assert encoder.internal == ["sequence start"]
    assert encoder.statics(sequences)["sequence start"].tolist() == list(range(0, 165, 5))
    assert encoder.clock is not None
    assert not encoder.clock.irregular


def test_what_is_generated_needs_no_key_that_was_there() -> None:
    frame = long_frame()
    sequences, container = read_sequences(frame, sequence_key="who", sequence_index="day")
    fresh = Sequences(sequences.statics.assign(who=[f"Q{i}" for i in range(5)]), sequences.steps, sequences.lengths)
    out = container.restore(fresh)
    assert out["who"].unique().tolist() == [f"Q{i}" for i in range(5)]
    assert out.dtypes.equals(frame.dtypes)
