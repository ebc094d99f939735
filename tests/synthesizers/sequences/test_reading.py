"""Bad input of sequences: each mistake is said with its values, or mended with a warning that says so."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from wgan_aug.errors import DataTypeError, DataWarning, InvalidDataError, InvalidParameterError
from wgan_aug.synthesizers.sequences.reading import read_sequences

CUBE = np.arange(24.0).reshape(4, 2, 3)


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"id": [1, 1, 1, 2, 2], "t": [0, 1, 2, 0, 1], "x": [0.1, 0.5, 0.2, 0.4, 0.3], **columns})


KEYED: dict[str, Any] = {"sequence_key": "id", "sequence_index": "t"}
SERIES = pd.DataFrame({"t": np.arange(50), "x": np.arange(50) / 10})


def gappy(*gone: int, rows: int = 200) -> pd.DataFrame:
    times = np.delete(pd.date_range("2024-01-01", periods=rows, freq="h"), gone)
    return pd.DataFrame({"t": times, "x": np.arange(len(times)) / 10})


BAD: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "no layout": (CUBE, {}, InvalidParameterError, r'shape \(4, 2, 3\), and layout is None: give layout="nct" where'),
    "no layout of a list": (list(CUBE), {}, InvalidParameterError, r"a list of 2-D arrays, and layout is None"),
    "a wrong layout": (CUBE, {"layout": "ntx"}, InvalidParameterError, r"layout is 'ntx'; allowed are 'nct', 'ntc'"),
    "layout of a frame": (
        frame(),
        KEYED | {"layout": "nct"},
        InvalidParameterError,
        r"layout is 'nct', which is for 3-D",
    ),
    "key of an array": (
        CUBE,
        {"layout": "nct", "sequence_key": "id"},
        InvalidParameterError,
        r"sequence_key='id' is for frames",
    ),
    "an empty array": (np.zeros((3, 0, 2)), {"layout": "nct"}, InvalidDataError, r"The array has shape \(3, 0, 2\)"),
    "channels that differ": (
        [np.zeros((2, 5)), np.zeros((3, 5))],
        {"layout": "nct"},
        InvalidDataError,
        r"Item 1 of the list has 3 channels \(shape \(3, 5\)\), and item 0 has 2; .* layout is 'nct': is it 'ntc'\?",
    ),
    "an item of one axis": (
        [np.zeros((2, 5)), np.zeros(5)],
        {"layout": "nct"},
        InvalidDataError,
        r"Item 1 of the list has shape \(5,\)",
    ),
    "an empty item": (
        [np.zeros((2, 5)), np.zeros((2, 0))],
        {"layout": "nct"},
        InvalidDataError,
        r"Item 1 of the list has shape \(2, 0\): there is nothing in it",
    ),
    "a list of frames": (
        [frame(), frame()],
        {},
        DataTypeError,
        r"list of frames; make one of them: pd\.concat\(frames",
    ),
    "one step each, array": (
        np.zeros((4, 2, 1)),
        {"layout": "nct"},
        InvalidDataError,
        r"Each of the 4 .*is layout the",
    ),
    "one step each": (
        frame(k=range(5)),
        {"sequence_key": "k"},
        InvalidDataError,
        r"Each of the 5 sequences has one step only; is 'k' the right sequence_key\?",
    ),
    "one sequence only": (
        frame(id=7, t=range(5)),
        KEYED,
        InvalidDataError,
        r"one sequence only \('id' is 7 in all rows\), of 5 steps; give window=",
    ),
    "one item only": (CUBE[:1], {"layout": "nct"}, InvalidDataError, r"There is one sequence only, of 3 steps"),
    "neither key nor window": (
        frame(),
        {"sequence_index": "t"},
        InvalidParameterError,
        r"rows \(shape \(5, 3\)\), and nothing says .* give sequence_key= .* or window=",
    ),
    "no such key": (frame(), {"sequence_key": "ids"}, InvalidParameterError, r"'ids', which .* Did you mean 'id'\?"),
    "no such index": (
        frame(),
        {"sequence_key": "id", "sequence_index": "time"},
        InvalidParameterError,
        r"sequence_index is 'time', which the data do not have",
    ),
    "key is index": (
        frame(),
        {"sequence_key": "id", "sequence_index": "id"},
        InvalidParameterError,
        r"sequence_key and sequence_index are both 'id'",
    ),
    "missing keys": (
        frame(id=[1, 1, None, 2, None]),
        KEYED,
        InvalidDataError,
        r"sequence_key 'id' is missing in 2 of 5 rows, the first one row 2",
    ),
    "missing times": (
        frame(t=[0, np.nan, 2, 0, 1]),
        KEYED,
        InvalidDataError,
        r"sequence_index 't' is missing in 1 of 5 rows, the first one row 1",
    ),
    "repeated times": (
        frame(id=list("aaabb"), t=[0, 1, 2, 4, 4]),
        KEYED,
        InvalidDataError,
        r"1 rows repeat a time \('t'\) .* the first one 4 in sequence 'b'; there must be one row a step\.",
    ),
    "repeated times of a series": (
        SERIES.assign(t=[*range(49), 3]),
        {"sequence_index": "t", "window": 5},
        InvalidDataError,
        r"1 rows repeat a time \('t'\) .* the first one 3 in the series; .* \(a sequence_key tells several",
    ),
    "times that are none": (
        frame(t=list("abcab")),
        KEYED,
        InvalidDataError,
        r"The sequence_index 't' cannot order steps in time: its cells are text",
    ),
    "keys of no kind": (
        frame(id=[True, True, True, False, False]),
        KEYED,
        InvalidDataError,
        r"sequence_key 'id' has cells \(bool, for instance True\) of which no fresh keys",
    ),
    "a static that varies": (
        frame(),
        KEYED | {"static_columns": ["x"]},
        InvalidDataError,
        r"static_columns names 'x', and it varies, first within sequence 1\.",
    ),
    "a static that varies later": (
        frame(s=[5, 5, 5, 1, 2]),
        KEYED | {"static_columns": ["s"]},
        InvalidDataError,
        r"'s', and it varies, first within sequence 2\.",
    ),
    "statics that are wrong together": (
        frame(),
        KEYED | {"static_columns": ["x", "t"]},
        InvalidDataError,
        r"2 problems: .*'x'.*static_columns names 't', and it",
    ),
    "no such static": (
        frame(sex=list("ffmmm")),
        KEYED | {"static_columns": ["sexe"]},
        InvalidParameterError,
        r"static_columns names column 'sexe', which .* Did you mean 'sex'\?",
    ),
    "a long window": (
        SERIES,
        {"window": 60},
        InvalidDataError,
        r"window is 60, and the series has 50 steps; give a shorter window",
    ),
    "a long window of sequences": (
        frame(),
        KEYED | {"window": 4},
        InvalidDataError,
        r"window is 4, and the longest sequence has 3 steps",
    ),
    "a window of one": (
        SERIES,
        {"window": 1},
        InvalidParameterError,
        r"window is 1; it must be an integer of at least 2",
    ),
    "a window of no integer": (
        SERIES,
        {"window": 2.5},
        InvalidParameterError,
        r"window is 2\.5; it must be an integer",
    ),
    "no stride": (
        SERIES,
        {"window": 5, "stride": 0},
        InvalidParameterError,
        r"stride is 0; it must be an integer of at",
    ),
    "stride without window": (
        frame(),
        KEYED | {"stride": 3},
        InvalidParameterError,
        r"stride is 3, and window is None",
    ),
    "several options": (
        CUBE,
        {"window": 1, "layout": "tnc"},
        InvalidParameterError,
        r"2 problems: \(1\) window is 1; .* \(2\) layout is 'tnc'",
    ),
    "one window only": (
        SERIES,
        {"window": 30, "stride": 30},
        InvalidDataError,
        r"window is 30, and there is one window only in 50 rows; at least 2 are needed",
    ),
    "doubled columns": (
        frame().rename(columns={"x": "t"}),
        {"sequence_key": "id"},
        InvalidDataError,
        r"Column names must differ; these come more than once: 't'",
    ),
    "no rows": (frame().iloc[:0], KEYED, InvalidDataError, r"There are no rows to learn from \(shape \(0, 3\)\)"),
    "three levels": (
        frame().set_index(["id", "t", "x"]).assign(z=1),
        {},
        InvalidDataError,
        r"The row index has 3 levels \('id', 't', 'x'\)",
    ),
    "a level as key": (
        frame().set_index(["id", "t"]),
        {"sequence_key": "id"},
        InvalidParameterError,
        r"The levels of the row index \('id', 't'\) .* leave both out, or call reset_index\(\)",
    ),
    "a path": ("series.csv", {}, DataTypeError, r"The data are a str; give a DataFrame"),
    "one axis": (np.arange(5.0), {"window": 2}, InvalidDataError, r"Expected 2D array, got 1D array"),
}


@pytest.mark.parametrize("name", BAD)
def test_each_mistake_is_said(name: str) -> None:
    X, options, error, message = BAD[name]
    with pytest.raises(error, match=message):
        read_sequences(X, **options)


BAD_Y: dict[str, tuple[Any, str]] = {
    "too few": ([1], r"y has 1 labels, and there are 2 sequences; give one for each, or one for each of the 5 rows"),
    "changes": (
        [0, 0, 1, 1, 1],
        r"y has labels that change within a sequence, first in sequence 1; give one label",
    ),
    "changes later": ([0, 0, 0, 1, 0], r"first in sequence 2;"),
    "a name that is taken": (pd.Series([0, 1], name="x"), r"y is named 'x', and the data have a column of that name"),
    "two columns": (np.zeros((2, 2)), r"y has shape \(2, 2\); it must be one column"),
}


@pytest.mark.parametrize("name", BAD_Y)
def test_each_mistake_of_y_is_said(name: str) -> None:
    y, message = BAD_Y[name]
    with pytest.raises(InvalidDataError, match=message):
        read_sequences(frame(), y, **KEYED)


def test_y_of_arrays_is_one_a_sequence() -> None:
    with pytest.raises(InvalidDataError, match=r"y has 12 labels, and there are 4 sequences; give one for each\."):
        read_sequences(CUBE, np.zeros(12), layout="nct")


# ---- what is mended, and told of


def test_rows_out_of_order_are_sorted() -> None:
    whole = pd.concat([frame(), frame(id=[9, 9, 9, 5, 5], x=np.arange(5) / 7)], ignore_index=True)
    mixed = whole.iloc[[5, 1, 0, 3, 8, 9, 2, 4, 6, 7]]
    with pytest.warns(
        DataWarning, match=r"1 rows come before an earlier time \('t'\) of their sequence; they were sorted"
    ):
        sequences, _ = read_sequences(mixed, **KEYED)
    assert sequences.statics["id"].tolist() == [9, 1, 2, 5]  # in order of first appearance
    again = whole.set_index(["id", "t"])["x"]
    owner = sequences.statics["id"].to_numpy()[sequences.owner]
    for key, time, x in zip(owner, sequences.steps["t"], sequences.steps["x"], strict=True):
        assert again[(key, time)] == x


def test_interleaved_sequences_in_order_of_time_are_nothing_to_tell() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sequences, _ = read_sequences(frame().iloc[[0, 3, 1, 4, 2]], **KEYED)
        plain, _ = read_sequences(frame().iloc[[0, 3, 1, 4, 2]].drop(columns="t"), sequence_key="id")
    assert sequences.steps["x"].tolist() == plain.steps["x"].tolist() == [0.1, 0.5, 0.2, 0.4, 0.3]


def test_times_as_text_are_sorted_as_dates() -> None:
    data = frame(t=["2024-01-09", "2024-01-10", "2024-02-01", "2023-12-31", "2024-01-01"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sequences, _ = read_sequences(data, **KEYED)
    assert sequences.steps["t"].tolist() == data["t"].tolist()


def test_no_window_spans_a_gap() -> None:
    data = gappy(50, 51, 120)
    with pytest.warns(DataWarning, match=r"The times in 't' are regular but for 2 gaps; no window reaches across one"):
        sequences, _ = read_sequences(data, sequence_index="t", window=24)
    times = sequences.steps["t"].to_numpy().reshape(-1, 24)
    assert (np.diff(times, axis=1) == np.timedelta64(1, "h")).all()
    assert len(sequences) == (50 - 23) + (68 - 23) + (79 - 23)


def test_gaps_that_leave_no_window() -> None:
    with (
        pytest.warns(DataWarning, match=r"regular but for 5 gaps"),
        pytest.raises(
            InvalidDataError, match=r"window is 24, and there is no window in 115 rows, between whose 5 gaps"
        ),
    ):
        read_sequences(gappy(*range(20, 120, 20), rows=120), sequence_index="t", window=24)


def test_sequences_shorter_than_the_window_are_left_out() -> None:
    data = pd.DataFrame({"id": np.repeat([1, 2, 3], [6, 2, 5]), "x": np.arange(13) / 10})
    with pytest.warns(DataWarning, match=r"1 of 3 sequences are shorter than the window of 4 steps, and are left out"):
        sequences, _ = read_sequences(data, sequence_key="id", window=4)
    assert sequences.statics["id"].tolist() == [1, 1, 1, 3, 3]


def test_many_windows_are_thinned() -> None:
    data = pd.DataFrame({"x": np.arange(50_000) / 10})
    sequences, _ = read_sequences(data, window=24)
    assert 10_000 < len(sequences) <= 20_000
    every, _ = read_sequences(data.iloc[:3000], window=24)
    assert len(every) == 2977
    asked, _ = read_sequences(data, window=24, stride=1)
    assert len(asked) == 49_977


def test_what_never_varies_within_a_sequence_is_static() -> None:
    data = frame(
        sex=list("fffmm"),
        gap=[np.nan] * 3 + [1.0] * 2,
        half=np.array([1, 1, 1, 2, 2], dtype="float16"),
        hole=[np.nan, 1.0, 1.0, 1.0, 1.0],
    )
    sequences, _ = read_sequences(data, **KEYED)
    assert list(sequences.statics) == ["id", "sex", "gap", "half"]
    assert list(sequences.steps) == ["t", "x", "hole"]


def test_a_sequence_of_one_step_is_fine_beside_longer_ones() -> None:
    sequences, _ = read_sequences(frame(id=[1, 1, 1, 1, 2], t=range(5)), **KEYED)
    assert sequences.lengths.tolist() == [4, 1]
