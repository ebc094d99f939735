"""What goes in comes out: steps of all kinds, ragged or not, under clocks of all kinds."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import FLAVOURS, through_json
from wgan_aug.encoding.dependents import DeterminedEncoder, MemberEncoder
from wgan_aug.encoding.sequences.cutting import cut_windows
from wgan_aug.encoding.sequences.encoder import EncodedSequences, SequenceEncoder
from wgan_aug.encoding.sequences.frames import Sequences
from wgan_aug.encoding.table import EncodedTable, TableEncoder
from wgan_aug.errors import DataWarning, InvalidDataError
from wgan_aug.schema.inference import infer_schema

CELLS: dict[str, tuple[Any, Any]] = {  # cells whose affine codes come back exactly, and a missing one
    "float": (st.integers(-(10**6), 10**6).map(lambda k: k / 100), np.nan),
    "integer": (st.integers(-(10**6), 10**6), None),
    "nullable": (st.integers(0, 10**6), pd.NA),
    "category": (st.sampled_from(["lo", "mid", "hi", ""]), np.nan),
    "boolean": (st.booleans(), pd.NA),
    "datetime": (st.integers(0, 9999).map(lambda d: pd.Timestamp("2020-01-01") + pd.Timedelta(d, "D")), pd.NaT),
    "timedelta": (st.integers(0, 9999).map(lambda s: pd.Timedelta(s, "s")), pd.NaT),
}
DTYPES = {
    "float": "float64",
    "integer": "int64",
    "nullable": "Int64",
    "category": "category",
    "boolean": "boolean",
    "datetime": "datetime64[us]",
    "timedelta": "timedelta64[us]",
}


@st.composite
def columns(draw: st.DrawFn, kind: str, rows: int) -> pd.Series:
    cells, missing = CELLS[kind]
    drawn = draw(st.lists(cells if missing is None else cells | st.just(missing), min_size=rows, max_size=rows))
    return pd.Series(drawn, dtype=object).astype(DTYPES[kind])


@st.composite
def clocks(draw: st.DrawFn, lengths: list[int]) -> pd.Series | None:
    kind = draw(st.sampled_from(["none", "integer", "datetime", "float"]))
    if kind == "none":
        return None
    regular, same = draw(st.booleans()), draw(st.booleans())
    ticks: list[int] = []
    for length in lengths:
        start = 5 if same else draw(st.integers(0, 50))
        gaps = [3] * length if regular else draw(st.lists(st.integers(1, 9), min_size=length, max_size=length))
        ticks += (start + np.cumsum([0, *gaps[1:]])).tolist()
    numbers = np.array(ticks)
    if kind == "datetime":
        return pd.Series(np.datetime64("2024-01-01", "s") + numbers * np.timedelta64(600, "s"))
    return pd.Series(numbers if kind == "integer" else numbers / 8)


@st.composite
def mixed(draw: st.DrawFn) -> tuple[Sequences, str | None]:
    lengths = draw(st.lists(st.integers(1, 6), min_size=2, max_size=5))
    rows = sum(lengths)
    kinds = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=4))
    cells = {f"{kind} {i}": draw(columns(kind, rows)) for i, kind in enumerate(kinds)}
    cells["base"] = pd.Series(np.arange(rows) % 7 / 10)  # something to learn
    times = draw(clocks(lengths))
    if times is not None:
        cells["when"] = times
    order = draw(st.permutations(sorted(cells)))
    steps = pd.DataFrame({name: cells[name] for name in order})
    statics = pd.DataFrame({"label": np.arange(len(lengths)) % 2}) if draw(st.booleans()) else None
    statics = pd.DataFrame(index=pd.RangeIndex(len(lengths))) if statics is None else statics
    return Sequences(statics, steps, np.array(lengths)), None if times is None else "when"


def fitted(sequences: Sequences, **options: Any) -> SequenceEncoder:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # objects that mix types
        return SequenceEncoder(**options).fit(sequences)


def comes_back(sequences: Sequences, encoder: SequenceEncoder) -> EncodedSequences:
    statics, encoded = encoder.statics(sequences), encoder.transform(sequences)
    n, most = len(sequences), int(sequences.lengths.max())
    assert encoded.states.shape == (n, most, encoder.layout.n_blocks)
    assert encoded.numbers.shape == (n, most, encoder.layout.n_scalars)
    assert np.isfinite(encoded.numbers).all()
    assert encoder.lengths(statics).tolist() == sequences.lengths.tolist()
    assert list(statics) == [*sequences.statics, *encoder.internal]
    out = encoder.inverse_transform(encoded, statics)
    pd.testing.assert_frame_equal(out.steps, sequences.steps, check_exact=True)
    pd.testing.assert_frame_equal(out.statics, sequences.statics, check_column_type=bool(sequences.statics.shape[1]))
    assert out.lengths.tolist() == sequences.lengths.tolist()
    again = SequenceEncoder.from_json(through_json(encoder.to_json()))
    assert again.internal == encoder.internal
    pd.testing.assert_frame_equal(again.statics(sequences), statics)
    second = again.transform(sequences)
    np.testing.assert_array_equal(second.states, encoded.states)
    np.testing.assert_array_equal(second.numbers, encoded.numbers)
    pd.testing.assert_frame_equal(again.inverse_transform(second, statics).steps, out.steps)
    return encoded


@settings(max_examples=150, deadline=None, derandomize=True)
@given(mixed())
def test_sequences_of_mixed_columns_come_back(drawn: tuple[Sequences, str | None]) -> None:
    sequences, index = drawn
    encoder = fitted(sequences, index=index)
    encoded = comes_back(sequences, encoder)
    past = ~encoded.mask
    last = encoded.lengths - 1
    rows = np.arange(len(encoded))
    padded = np.broadcast_to(encoded.states[rows, last][:, None], encoded.states.shape)
    np.testing.assert_array_equal(encoded.states[past], padded[past])
    padded = np.broadcast_to(encoded.numbers[rows, last][:, None], encoded.numbers.shape)
    np.testing.assert_array_equal(encoded.numbers[past], padded[past])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data(), st.sampled_from(sorted(FLAVOURS)))
def test_every_dtype_comes_back_by_ranks(data: st.DataObject, flavour: str) -> None:
    column = data.draw(FLAVOURS[flavour].series(6, 20))
    rows = len(column)
    steps = pd.DataFrame({"x": column, "base": np.arange(rows) / 10})
    sequences = Sequences(pd.DataFrame(index=pd.RangeIndex(2)), steps, np.array([3, rows - 3]))
    encoder = fitted(sequences, numeric_encoding="quantile")
    out = encoder.inverse_transform(encoder.transform(sequences), encoder.statics(sequences))
    assert out.steps.dtypes.tolist() == steps.dtypes.tolist()
    assert out.steps["x"].isna().tolist() == column.isna().tolist()
    wide = pd.api.types.is_integer_dtype(column.dtype)  # integers of 64 bits come back to 51 of them
    if not wide:
        present = column.notna()
        assert out.steps["x"][present].tolist() == column[present].tolist()


def series(rows: int = 300) -> pd.DataFrame:
    steps = np.arange(rows)
    wave = np.round(np.sin(steps / 9), 3)
    return pd.DataFrame({"a": wave, "b": np.where(steps % 50 < 5, np.nan, np.round(np.cos(steps / 11), 3))})


def test_smooth_channels_have_smooth_numbers() -> None:
    frame = series()
    frame.loc[frame["a"].abs() < 0.15, "a"] = 0.0  # repeated values, which are states
    sequences = cut_windows(
        Sequences(pd.DataFrame(index=[0]), frame, np.array([300])), 24, 3, np.empty(0, dtype=np.int64)
    )
    encoder = fitted(sequences)
    assert encoder.layout.widths == (2, 2)
    numbers = comes_back(sequences, encoder).numbers
    assert np.abs(np.diff(numbers, axis=1)).max() < 0.6  # of a standard deviation; a code of 0 would jump by 1.4


def test_overlapping_windows_are_learned_from_once() -> None:
    frame = series(200)
    whole = Sequences(pd.DataFrame(index=[0]), frame, np.array([200]))
    windows = cut_windows(whole, 24, 1, np.empty(0, dtype=np.int64))
    encoder = fitted(windows)
    once = fitted(whole)
    np.testing.assert_array_equal(encoder.layout.frequencies, once.layout.frequencies)
    assert encoder.table.schema == once.table.schema
    comes_back(windows, encoder)
    copied = Sequences(windows.statics, windows.steps, windows.lengths)
    one, two = encoder.transform(windows), encoder.transform(copied)
    np.testing.assert_array_equal(one.states, two.states)
    np.testing.assert_allclose(one.numbers, two.numbers)


def test_rules_between_columns_hold_in_noise() -> None:
    rng = np.random.default_rng(0)
    n, steps = 60, 10
    hot = rng.integers(0, 3, n * steps)
    frame = pd.DataFrame({"x": np.round(rng.normal(size=n * steps), 2), "code": rng.integers(0, 4, n * steps)})
    frame["same"] = frame["code"]
    for member in range(3):
        frame[f"hot{member}"] = (hot == member).astype(int)
    sequences = Sequences(pd.DataFrame(index=pd.RangeIndex(n)), frame, np.full(n, steps))
    encoder = fitted(sequences)
    kinds = [type(e) for e in encoder.table.encoders]
    assert DeterminedEncoder in kinds
    assert kinds.count(MemberEncoder) == 3
    widths = encoder.layout.widths
    noise = EncodedSequences(
        np.stack([rng.integers(0, width, (40, steps)) for width in widths], axis=2),
        rng.normal(size=(40, steps, encoder.layout.n_scalars)),
        np.full(40, steps),
    )
    out = encoder.inverse_transform(noise, pd.DataFrame(index=pd.RangeIndex(40))).steps
    assert (out["same"] == out["code"]).all()
    assert (out[["hot0", "hot1", "hot2"]].sum(axis=1) == 1).all()
    plain = fitted(sequences, relations=False)
    assert not any(isinstance(e, DeterminedEncoder) for e in plain.table.encoders)


def test_internal_columns_take_free_names() -> None:
    steps = pd.DataFrame({"t": [0, 1, 5, 2, 4], "x": [0.1, 0.7, 0.2, 0.5, 0.4], "time increment": [5, 4, 3, 2, 1]})
    statics = pd.DataFrame({"sequence start": ["a", "b"], "sequence steps": [3, 2], "sequence steps_": [0, 1]})
    sequences = Sequences(statics, steps, np.array([3, 2]))
    encoder = fitted(sequences, index="t")
    assert encoder.internal == ["sequence start_", "sequence steps__"]
    assert encoder.table.schema.names == ["x", "time increment", "time increment_"]
    comes_back(sequences, encoder)


@pytest.mark.parametrize(
    "names", [[0, 1, 2], [None, 2.5, ("a", 1)], [("a", "b"), ("a", "c"), ("d", "e")], ["x", "y", "z"]]
)
def test_columns_under_any_names(names: list[Any]) -> None:
    steps = pd.DataFrame([[0.1, 5, 0], [0.4, 9, 1], [0.3, 9, 0], [0.7, 4, 7]])
    steps.columns = pd.Index(names, tupleize_cols=False, name="label")
    sequences = Sequences(pd.DataFrame(index=pd.RangeIndex(2)), steps, np.array([2, 2]))
    comes_back(sequences, fitted(sequences, index=names[2]))
    comes_back(sequences, fitted(sequences))


def test_kinds_and_curves_are_passed_on() -> None:
    frame = pd.DataFrame({"a": np.arange(60) % 5 + 0.5, "b": np.arange(60.0) ** 2, "c": np.arange(60.0) ** 1.5})
    sequences = Sequences(pd.DataFrame(index=pd.RangeIndex(6)), frame, np.full(6, 10))
    encoder = fitted(sequences, schema={"a": "categorical"}, categorical=["b"], numeric_encoding={"c": "quantile"})
    assert [c.kind for c in encoder.table.schema] == ["categorical", "categorical", "continuous"]
    assert encoder.layout.scalars[0].normal
    assert [s.normal for s in fitted(sequences, numeric_encoding="auto").layout.scalars] == [False, False]
    assert [s.normal for s in fitted(sequences, numeric_encoding={"b": "quantile"}).layout.scalars] == [True, False]


def test_channels_missing_in_some_sequences_and_in_blocks() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": np.round(rng.normal(size=80), 3), "b": np.round(rng.normal(size=80), 3)})
    frame.loc[:9, "a"] = np.nan  # all of the first sequence
    frame.loc[23:27, "b"] = np.nan
    sequences = Sequences(pd.DataFrame(index=pd.RangeIndex(8)), frame, np.full(8, 10))
    encoder = fitted(sequences)
    encoded = comes_back(sequences, encoder)
    np.testing.assert_allclose(encoded.numbers[0, :, 0], encoder.means[0])
    np.testing.assert_allclose(np.diff(encoded.numbers[2, 2:9, 1], 2), 0, atol=1e-12)  # on one line


def test_constant_channels_come_back() -> None:
    steps = pd.DataFrame({"x": [0.5, 0.25, 0.75, 0.1], "c": [3] * 4, "none": [None] * 4})
    sequences = Sequences(pd.DataFrame(index=pd.RangeIndex(2)), steps, np.array([2, 2]))
    comes_back(sequences, fitted(sequences))


def test_times_alone_can_be_learned_where_they_are_irregular() -> None:
    steps = pd.DataFrame({"t": [0.0, 1.0, 4.0, 2.0, 9.0]})
    sequences = Sequences(pd.DataFrame(index=pd.RangeIndex(2)), steps, np.array([3, 2]))
    comes_back(sequences, fitted(sequences, index="t"))


def test_identifiers_go_on_counting() -> None:
    steps = pd.DataFrame({"x": np.arange(200) / 10, "id": [f"K{i:05d}" for i in range(200)]})
    sequences = Sequences(pd.DataFrame(index=pd.RangeIndex(20)), steps, np.full(20, 10))
    encoder = fitted(sequences)
    encoded = encoder.transform(sequences)
    parts = [encoder.inverse_transform(encoded, encoder.statics(sequences), first_row=at) for at in (0, 200)]
    ids = pd.concat([part.steps["id"] for part in parts])
    assert ids.is_unique
    assert not set(ids) & set(steps["id"])


def test_take_and_mask() -> None:
    sequences = Sequences(
        pd.DataFrame(index=pd.RangeIndex(3)), pd.DataFrame({"x": np.arange(6) / 10}), np.array([3, 1, 2])
    )
    encoded = fitted(sequences).transform(sequences)
    taken = encoded.take(np.array([2, 0]))
    assert len(taken) == 2
    assert taken.lengths.tolist() == [2, 3]
    assert taken.mask.tolist() == [[True, True, False], [True, True, True]]
    np.testing.assert_array_equal(taken.numbers[1], encoded.numbers[0])


def test_no_sequences_at_all_decode_to_none() -> None:
    steps = pd.DataFrame({"t": [0, 1, 5, 2, 4], "x": [0.1, 0.7, 0.2, 0.5, 0.4]})
    sequences = Sequences(pd.DataFrame({"label": ["a", "b"]}), steps, np.array([3, 2]))
    encoder = fitted(sequences, index="t")
    none = np.empty(0, dtype=np.int64)
    out = encoder.inverse_transform(encoder.transform(sequences).take(none), encoder.statics(sequences).iloc[none])
    assert len(out) == 0
    assert out.steps.dtypes.tolist() == steps.dtypes.tolist()


def test_nothing_to_learn_is_said() -> None:
    steps = pd.DataFrame({"t": [0, 1, 0, 1], "c": [3] * 4})
    sequences = Sequences(pd.DataFrame(index=pd.RangeIndex(2)), steps, np.array([2, 2]))
    with pytest.raises(InvalidDataError, match=r"nothing to learn in the steps .*'c': constant"):
        SequenceEncoder(index="t").fit(sequences)
    with pytest.raises(InvalidDataError, match=r"\(there is none\)"):
        SequenceEncoder(index="t").fit(Sequences(sequences.statics, steps[["t"]], sequences.lengths))


def test_longer_sequences_than_the_fitted_ones_are_refused() -> None:
    steps = pd.DataFrame({"x": np.arange(8) / 10})
    encoder = fitted(Sequences(pd.DataFrame(index=pd.RangeIndex(4)), steps, np.full(4, 2)))
    with pytest.raises(InvalidDataError, match=r"A sequence has 5 steps, and the longest fitted one has 2"):
        encoder.transform(Sequences(pd.DataFrame(index=pd.RangeIndex(2)), steps, np.array([5, 3])))


def test_other_times_are_told_of() -> None:
    steps = pd.DataFrame({"t": [0, 1, 2, 7, 8, 9], "x": np.arange(6) / 10})
    sequences = Sequences(pd.DataFrame(index=pd.RangeIndex(2)), steps, np.array([3, 3]))
    encoder = fitted(sequences, index="t")
    other = Sequences(sequences.statics, steps.assign(t=[0, 1, 3, 7, 8, 9]), sequences.lengths)
    with pytest.warns(DataWarning, match=r"The times in 't' do not run as the fitted ones"):
        encoder.transform(other)


@pytest.mark.parametrize("times", ["regular", "irregular"])
def test_statics_go_through_a_table_and_what_noise_says_is_still_a_sequence(times: str) -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 9, 40)
    gaps = np.full(lengths.sum(), 3) if times == "regular" else rng.integers(1, 20, lengths.sum())
    first = np.cumsum(lengths) - lengths
    hours = np.cumsum(gaps)
    hours = hours - np.repeat(hours[first], lengths) + np.repeat(rng.integers(0, 5000, 40), lengths)
    steps = pd.DataFrame(
        {
            "x": np.round(rng.normal(size=lengths.sum()), 2),
            "when": np.datetime64("2024-01-01", "s") + hours * np.timedelta64(3600, "s"),
        }
    )
    sequences = Sequences(pd.DataFrame({"label": rng.choice(["a", "b"], 40)}), steps, lengths)
    encoder = fitted(sequences, index="when")
    statics = encoder.statics(sequences)
    table = TableEncoder(infer_schema(statics)).fit(statics)
    n = 200
    low = rng.random((n, table.layout.n_scalars))
    states = np.stack([rng.integers(0, width, n) for width in table.layout.widths], axis=1)
    drawn = table.inverse_transform(EncodedTable(states, low, low))
    shape = (n, encoder.max_steps)
    states = np.zeros((*shape, encoder.layout.n_blocks), dtype=np.int64)
    for block, width in enumerate(encoder.layout.widths):
        states[:, :, block] = rng.integers(0, width, shape)
    noise = EncodedSequences(
        states,
        rng.normal(size=(*shape, encoder.layout.n_scalars)) * 9,
        encoder.lengths(drawn),
    )
    out = encoder.inverse_transform(noise, drawn)
    assert list(out.statics) == ["label"]
    assert out.steps.dtypes.tolist() == steps.dtypes.tolist()
    assert set(out.lengths) <= set(range(2, 9))
    inner = np.diff(out.steps["when"].to_numpy())[np.diff(out.owner) == 0] / np.timedelta64(3600, "s")
    assert (inner == 3).all() if times == "regular" else (inner.min() >= 1 and inner.max() <= 19)
    assert (inner == np.rint(inner)).all()
