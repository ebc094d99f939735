"""Time indices of every kind: what is learned of them, and that they come back, increasing."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import through_json
from wgan_aug.encoding.sequences.clock import Clock
from wgan_aug.encoding.sequences.ticks import Ticks
from wgan_aug.errors import InvalidDataError

DAY = np.timedelta64(1, "D")


def _dates(ticks: np.ndarray) -> pd.Series:
    return pd.Series(np.datetime64("2024-01-01", "s") + ticks * np.timedelta64(3600, "s"))


INDICES: dict[str, Any] = {
    "datetime": _dates,
    "datetime ns": lambda t: _dates(t).astype("datetime64[ns]"),
    "zoned": lambda t: _dates(t).dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"),
    "timedelta": lambda t: pd.Series(pd.to_timedelta(t, unit="min")),
    "period": lambda t: pd.Series(pd.PeriodIndex.from_ordinals(600 + t, freq="M")),
    "int64": lambda t: pd.Series(t - 17),
    "int8": lambda t: pd.Series(t.astype("int8")),
    "uint16": lambda t: pd.Series(t.astype("uint16")),
    "Int32": lambda t: pd.Series(t, dtype="Int32"),
    "float": lambda t: pd.Series(t / 4 - 3),
    "float tenths": lambda t: pd.Series(np.round(t * 0.1, 1)),
    "float32": lambda t: pd.Series((t / 8).astype("float32")),
    "whole floats": lambda t: pd.Series(t.astype(float)),
    "text": lambda t: pd.Series(_dates(t).dt.strftime("%Y-%m-%d %H:%M"), dtype=object),
    "python dates": lambda t: pd.Series([dt.date(2024, 1, 1) + dt.timedelta(int(k)) for k in t], dtype=object),
    "arrow timestamp": lambda t: pd.Series(pd.array(pa.array(_dates(t)), dtype=pd.ArrowDtype(pa.timestamp("ms")))),
    "arrow date": lambda t: pd.Series(
        pd.array(pa.array([dt.date(2024, 1, 1) + dt.timedelta(int(k)) for k in t]), dtype=pd.ArrowDtype(pa.date32()))
    ),
}
LENGTHS = np.array([4, 1, 3, 4])
IRREGULAR = np.array([0, 1, 5, 6, 3, 2, 3, 9, 0, 2, 4, 7])
REGULAR = np.array([2, 5, 8, 11, 20, 7, 10, 13, 2, 5, 8, 11])
SAME = np.array([2, 5, 6, 11, 2, 2, 5, 6, 2, 5, 6, 11])


def _comes_back(series: pd.Series, lengths: np.ndarray) -> Clock:
    clock = Clock.from_json(through_json(Clock.fit(series, lengths).to_json()))
    start = series.iloc[np.cumsum(lengths) - lengths].reset_index(drop=True) if clock.start_varies else None
    increments = clock.increments(series, lengths) if clock.irregular else None
    out = clock.times(start, lengths, increments)
    assert out.dtype == series.dtype
    assert out.tolist() == series.tolist()
    assert clock.keeps(series, lengths)
    return clock


@pytest.mark.parametrize("kind", INDICES)
def test_every_kind_comes_back_irregular(kind: str) -> None:
    series = INDICES[kind](IRREGULAR)
    clock = _comes_back(series, LENGTHS)
    assert clock.irregular
    assert clock.start_varies
    increments = clock.increments(series, LENGTHS)
    assert (increments > 0).all()
    assert len(set(increments[np.cumsum(LENGTHS) - LENGTHS])) == 1


@pytest.mark.parametrize("kind", INDICES)
def test_a_regular_step_leaves_the_start_alone_to_learn(kind: str) -> None:
    clock = _comes_back(INDICES[kind](REGULAR), LENGTHS)
    assert not clock.irregular
    assert clock.start_varies


@pytest.mark.parametrize("kind", INDICES)
def test_the_same_times_leave_nothing_to_learn(kind: str) -> None:
    clock = _comes_back(INDICES[kind](SAME), LENGTHS)
    assert not clock.irregular
    assert not clock.start_varies


def test_the_same_steps_of_any_length_are_a_pattern() -> None:
    ticks = np.r_[[0, 1, 10, 100], [0 + 7, 1 + 7, 10 + 7, 100 + 7]]
    clock = _comes_back(pd.Series(ticks), np.array([4, 4]))
    assert clock.pattern is not None
    assert clock.pattern.tolist() == [0, 1, 10, 100]


def test_floats_without_a_lattice_are_regular_up_to_rounding() -> None:
    grid = np.linspace(0, 1, 24)
    starts = np.random.default_rng(0).uniform(0, 1000, 30)
    series = pd.Series((starts[:, None] + grid).ravel())
    clock = Clock.fit(series, np.full(30, 24))
    assert not clock.irregular
    out = clock.times(pd.Series(starts), np.full(30, 24), None)
    np.testing.assert_allclose(out, series, rtol=1e-12)
    moved = series.copy()
    moved.iloc[5] += 1e-4
    assert Clock.fit(moved, np.full(30, 24)).irregular
    assert not clock.keeps(moved, np.full(30, 24))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(INDICES)), st.integers(0, 2**31), st.sampled_from([0.0, 1e-9, 0.3, 7.0]))
def test_whatever_the_increments_times_increase(kind: str, seed: int, size: float) -> None:
    series = INDICES[kind](IRREGULAR)
    clock = Clock.fit(series, LENGTHS)
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 6, 8)
    learned = clock.increments(series, LENGTHS)
    increments = (rng.random(lengths.sum()) * size).astype(learned.dtype)
    start = series.iloc[rng.integers(0, len(series), 8)].reset_index(drop=True)
    out = clock.times(start, lengths, increments)
    assert out.dtype == series.dtype
    assert not out.isna().any()
    owner = np.repeat(np.arange(8), lengths)
    for sequence in range(8):
        own = out[owner == sequence].tolist()
        assert all(a < b for a, b in itertools.pairwise(own))


def test_what_the_dtype_cannot_hold_starts_earlier() -> None:
    series = pd.Series(np.array([0, 1, 2, 120, 121, 122], dtype="int8"))
    clock = Clock.fit(series, np.array([3, 3]))
    out = clock.times(pd.Series(np.array([127, 126], dtype="int8")), np.array([3, 2]), None)
    assert out.tolist() == [125, 126, 127, 126, 127]


def test_nanoseconds_over_years_keep_increasing() -> None:
    stamps = pd.Series(np.array([0, 1, 3, 2 * 10**17, 2 * 10**17 + 1, 2 * 10**17 + 2]).view("M8[ns]"))
    clock = Clock.fit(stamps, np.array([6]))
    start = stamps.iloc[[0]]
    out = clock.times(start, np.array([6]), clock.increments(stamps, np.array([6])))
    assert (np.diff(out.to_numpy().view("i8")) > 0).all()
    assert (out - stamps).abs().max() <= pd.Timedelta(200, "ns")  # ticks of 89


MONTHS: dict[str, Any] = {
    "beginnings": lambda m: pd.Series(pd.date_range("1999-11-01", periods=m, freq="MS")),
    "ends": lambda m: pd.Series(pd.date_range("2023-11-30", periods=m, freq="ME")),
    "days": lambda m: pd.Series(pd.date_range("2023-11-01", periods=m, freq="MS") + pd.Timedelta("14D 09:30:00")),
    "quarters": lambda m: pd.Series(pd.date_range("1950-10-01", periods=m, freq="QS")),
    "years": lambda m: pd.Series(pd.date_range("1950-12-31", periods=m, freq="YE")),
    "nanoseconds": lambda m: pd.Series(pd.date_range("1999-11-01", periods=m, freq="MS")).astype("M8[ns]"),
    "text": lambda m: pd.Series(pd.date_range("1999-11-01", periods=m, freq="MS").strftime("%Y-%m-%d"), dtype=object),
    "python dates": lambda m: pd.Series(pd.date_range("1999-11-01", periods=m, freq="MS").date, dtype=object),
    "arrow dates": lambda m: pd.Series(pd.date_range("1999-11-01", periods=m, freq="MS").date).astype(
        pd.ArrowDtype(pa.date32())
    ),
}


@pytest.mark.parametrize("kind", MONTHS)
def test_months_are_regular(kind: str) -> None:
    whole = MONTHS[kind](40)
    windows = whole.iloc[np.concatenate([np.arange(6) + at for at in (0, 3, 11, 34)])].reset_index(drop=True)
    clock = _comes_back(windows, np.full(4, 6))
    assert clock.pattern is not None
    assert len(set(np.diff(clock.pattern))) == 1
    starts = whole.iloc[[5, 20]].reset_index(drop=True)
    wanted = pd.concat([whole.iloc[5:11], whole.iloc[20:26]], ignore_index=True)
    assert clock.times(starts, np.array([6, 6]), None).tolist() == wanted.tolist()


def test_days_that_differ_or_few_months_count_no_months() -> None:
    mixed = pd.Series(pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-02", "2024-04-01"]))
    assert Ticks.fit(mixed).in_month is None
    assert Ticks.fit(mixed.iloc[:2]).in_month is None
    late = pd.Series(pd.to_datetime(["2024-01-30", "2024-03-30", "2024-04-30", "2024-05-30"]))
    assert Ticks.fit(late).in_month is None


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["a", "b"], r"The sequence_index 't' cannot order steps in time: its cells are text \(.*for instance 'a'\)"),
        ([True, False], r"its cells are bool \(bool, for instance"),
        (pd.Series(["x", "y"], dtype="category"), r"its cells are any \(category.*dates or durations"),
        (["01/02/2024", "02/02/2024"], r"turn text into dates by pd\.to_datetime"),
        ([1.0, np.inf], r"cannot order steps in time: Column 't' has 1 infinite value"),
    ],
)
def test_what_is_no_time(cells: Any, message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        Ticks.fit(pd.Series(cells, name="t"))
