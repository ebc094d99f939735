"""Which rows make which sequence: by key, as one long series, as an array; and what is told of bad ones."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError
from wgan_aug.evaluation.series.reading import Steps, read_sides


def long_frame(n: int = 5, steps: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "id": np.repeat([f"s{i}" for i in range(n)], steps),
            "when": np.tile(pd.date_range("2024-01-01", periods=steps), n),
            "x": rng.normal(size=n * steps),
        }
    )


def read(real: Any, synthetic: Any = None, **options: Any) -> tuple[dict[str, pd.DataFrame], Steps | None]:
    roles: dict[str, Any] = {"key": None, "index": None, "window": None}
    return read_sides({"real": real, "synthetic": real if synthetic is None else synthetic}, **roles | options)


def test_rows_in_any_order_are_put_in_order_of_time() -> None:
    frame = long_frame()
    shuffled = frame.sample(frac=1, random_state=3, ignore_index=True)
    with pytest.warns(DataWarning, match=r"rows of the real data come before an earlier time stamp \('when'\)"):
        frames, steps = read(shuffled, frame, key="id", index="when")
    assert steps is not None
    at = steps.sides["real"]
    keys = list(dict.fromkeys(shuffled["id"]))
    expected = pd.concat([frame[frame["id"] == key] for key in keys])["x"].to_numpy()
    assert np.array_equal(frames["real"]["x"].to_numpy()[at.order], expected)
    assert at.codes[at.order].tolist() == np.repeat(np.arange(5), 4).tolist()
    assert list(frames["real"]) == ["x"]
    assert (steps.layout, steps.window) == ("key", None)


def test_without_an_index_rows_stay_as_they_come() -> None:
    frame = pd.DataFrame({"id": [2, 1, 2, 1], "x": [5, 6, 7, 8]})
    frames, steps = read(frame, key="id")
    assert steps is not None
    assert frames["real"]["x"].to_numpy()[steps.sides["real"].order].tolist() == [5, 7, 6, 8]


def test_plain_rows_are_no_sequences() -> None:
    frames, steps = read(long_frame())
    assert steps is None
    assert list(frames["real"]) == ["id", "when", "x"]


def test_one_long_series_is_sorted_and_its_synthetic_windows_are_not() -> None:
    frame = pd.DataFrame({"t": [3, 1, 2, 0, 4], "x": [3.0, 1.0, 2.0, 0.0, 4.0]})
    made = pd.DataFrame({"t": [0, 1, 2, 3, 1, 2, 3, 4, 9], "x": np.arange(9.0)})
    with pytest.warns(DataWarning) as caught:
        frames, steps = read(frame, made, index="t", window=4)
    told = [str(w.message) for w in caught]
    assert told[0] == "2 rows of the real data come before an earlier time stamp ('t'); they were sorted."
    assert "9 rows, no multiple of window=4: the figures of sequences leave out the last 1." in told[1]
    assert steps is not None
    assert frames["real"]["x"].to_numpy()[steps.sides["real"].order].tolist() == [0, 1, 2, 3, 4]
    assert steps.sides["synthetic"].order.tolist() == list(range(9))


def test_arrays_are_sequences_as_they_are() -> None:
    x = np.arange(24.0).reshape(2, 6, 2)
    frames, steps = read(x, x[:1])
    assert steps is not None
    assert np.array_equal(frames["real"].to_numpy(), x.reshape(12, 2))
    assert steps.sides["real"].codes.tolist() == [0] * 6 + [1] * 6
    assert steps.layout == "array"


def test_time_stamps_that_come_twice() -> None:
    frame = long_frame()
    doubled = pd.concat([frame, frame.iloc[[4, 9]]], ignore_index=True)
    told = r"2 rows of the {} data repeat a time stamp \('when'\) within their sequence, the first in sequence 's1'"
    with pytest.raises(InvalidDataError, match=told.format("real") + "; there must be one row per step"):
        read(doubled, frame, key="id", index="when")
    with pytest.warns(DataWarning) as caught:
        read(frame, doubled, key="id", index="when")
    assert any(pd.Series([str(w.message) for w in caught]).str.contains(told.format("synthetic")))
    with pytest.raises(
        InvalidDataError, match=r"16 rows .* repeat a time stamp .* of one series \(a sequence_key tells"
    ):
        read(frame.sort_values("when").drop(columns="id"), index="when", window=4)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "unknown key": (
        {"key": "idd"},
        r"sequence_key is 'idd', which the real and synthetic data do not have. Did you mean",
    ),
    "unknown index": ({"key": "id", "index": "wehn"}, r"sequence_index is 'wehn', .* Did you mean 'when'"),
    "index alone": ({"index": "when"}, r"sequence_index is 'when', without a sequence_key or a window"),
    "one for both": ({"key": "id", "index": "id"}, r"sequence_key and sequence_index are both 'id'"),
    "small window": ({"window": 3}, r"window is 3; it must be a whole number of at least 4 steps"),
    "half window": ({"window": 8.0}, r"window is 8.0; it must be a whole number"),
}


@pytest.mark.parametrize("name", BAD)
def test_wrong_options_are_told(name: str) -> None:
    options, told = BAD[name]
    with pytest.raises(InvalidParameterError, match=told):
        read(long_frame(), **options)


def test_wrong_data_are_told() -> None:
    frame, x = long_frame(), np.zeros((3, 6, 2))
    with pytest.raises(InvalidDataError, match="window is 21, and the real data have 20 rows: no window fits"):
        read(frame, window=21)
    with pytest.raises(InvalidDataError, match="window is 12, and the synthetic data have 8 rows"):
        read(frame, frame.head(8), window=12)
    holes = frame.assign(id=frame["id"].mask(frame.index < 3))
    with pytest.raises(InvalidDataError, match="Column 'id' has 3 missing cells in 20 real rows"):
        read(holes, frame, key="id")
    mixed = frame.assign(when=pd.Series([1, "a"] * 10, dtype=object))
    with pytest.raises(
        InvalidDataError, match=r"sequence_index 'when' has values in the real data that cannot be put .* mixed-integer"
    ):
        read(mixed, key="id", index="when")
    twice = pd.concat([frame, frame[["id"]]], axis=1)
    with pytest.raises(InvalidDataError, match="real data have more than one column 'id'"):
        read(twice, frame, key="id")
    with pytest.raises(InvalidDataError, match=r"real has three axes .* synthetic \(20, 3\) has not"):
        read(x, frame)
    with pytest.raises(InvalidParameterError, match="window=8 is for frames; an array"):
        read(x, window=8)


def test_good_data_are_not_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(long_frame(), key="id", index="when")
        read(long_frame(1, 20), window=5, index="when")
