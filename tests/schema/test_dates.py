"""Text dates: one format found, read and written to the letter."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wgan_aug.schema.dates import find_format, parse_dates, same_format, strftime_format, write_dates

SETTINGS = settings(max_examples=60, deadline=None, derandomize=True)
FORMATS = [
    "%Y-%m-%d",
    "%Y/%m/%dT%H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%m/%d/%Y",
    "%Y-%m-%d %H:%M:%S.%4fZ",
    "%Y%m%d",
    "%d%m%Y%H%M%S%f",
]


@pytest.mark.parametrize("fmt", FORMATS)
@SETTINGS
@given(moments=st.lists(st.datetimes(), min_size=1, max_size=8))
def test_text_is_what_python_writes_and_reads(fmt: str, moments: list[dt.datetime]) -> None:
    judge = [
        f"{m.year:04d}".join(f"{m.microsecond:06d}"[:4].join(p.split("%4f")) for p in fmt.split("%Y")) for m in moments
    ]
    judge = [m.strftime(text) for m, text in zip(moments, judge, strict=True)]
    dates = np.array(moments, dtype="M8[us]")
    text = write_dates(dates, fmt)
    assert text.tolist() == judge
    again = parse_dates(pd.Series(text), fmt)
    assert write_dates(again, fmt).tolist() == judge
    if fmt.endswith("%f"):
        np.testing.assert_array_equal(again, dates)


@SETTINGS
@given(st.lists(st.text("0123456789-/: TZ+.", max_size=20) | st.datetimes().map(str), min_size=1, max_size=5))
def test_a_format_is_found_only_where_all_is_kept_to_the_letter(cells: list[str]) -> None:
    text = pd.Series(cells, dtype=object)
    fmt = find_format(text)
    if fmt is not None:
        assert write_dates(parse_dates(text, fmt), fmt).tolist() == cells


@pytest.mark.parametrize(
    "odd",
    [
        "2024-02-30",
        "2023-02-29",
        "2024-13-01",
        "2024-00-01",
        "2024-01-00",
        "0000-01-01",
        "2024-1-05",
        "2024-01-5",
        "24-01-05",
        "2024-01-05 ",
        " 2024-01-05",
        "2024/01/05",
        "2024-01-05T00:00",
        "２０２４-01-05",
        "",
        "nan",
        "2024-01-055",
    ],
)
def test_one_cell_that_is_no_date_makes_a_column_none(odd: str) -> None:
    cells = ["2024-01-01"] * 20_000 + [odd]
    assert find_format(pd.Series(cells)) is None


@pytest.mark.parametrize("clock", ["24:00:00", "12:60:00", "12:00:60", "1:00:00", "12:00:00.1"])
def test_impossible_times_are_no_dates(clock: str) -> None:
    assert find_format(pd.Series(["2024-01-01 10:00:00", f"2024-01-01 {clock}"])) is None


def test_leap_days_and_the_ends_of_time_are_dates() -> None:
    cells = ["2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"]
    text = pd.Series(cells)
    assert find_format(text) == "%Y-%m-%d"
    np.testing.assert_array_equal(parse_dates(text, "%Y-%m-%d"), np.array(cells, dtype="M8[us]"))


def test_what_does_not_fit_is_not_a_time() -> None:
    text = pd.Series(["2024-01-05", "2024-1-6", "soon", None, ""], dtype=object)
    got = parse_dates(text, "%Y-%m-%d")
    np.testing.assert_array_equal(got, np.array(["2024-01-05", "2024-01-06", "NaT", "NaT", "NaT"], dtype="M8[us]"))
    assert parse_dates(text[:0], "%Y-%m-%d").dtype == "M8[us]"


@pytest.mark.parametrize("fmt", ["%d %b %Y", "%Y-%m-%d"])
def test_nothing_is_written_as_not_a_number(fmt: str) -> None:
    text = write_dates(np.array(["2024-01-05", "NaT"], dtype="M8[us]"), fmt)
    assert isinstance(text[0], str)
    assert text[1] is np.nan


def test_zones_that_are_part_of_the_format_do_not_fit() -> None:
    text = pd.Series(["2024-01-05 10:00+0200", "2024-01-05 10:00+0300"])
    assert np.isnat(parse_dates(text, "%Y-%m-%d %H:%M%z")).all()
    assert not np.isnat(parse_dates(text[:1], "%Y-%m-%d %H:%M+0200")).any()


@pytest.mark.parametrize(
    ("found", "plain"),
    [
        ("%Y-%m-%d", "%Y-%m-%d"),
        ("%Y-%m-%d %H:%M:%S.%3f", "%Y-%m-%d %H:%M:%S.%f"),
        ("%Y-%m-%dT%H:%M-0530", "%Y-%m-%dT%H:%M%z"),
    ],
)
def test_formats_in_the_words_of_other_tools(found: str, plain: str) -> None:
    assert strftime_format(found) == plain
    assert same_format(found, plain)
    assert same_format(found, found)
    assert not same_format(found, "%d/%m/%Y")
