"""Strata: classes, bins, and how many rows each is to get."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wgan_aug.augmentation.strata import ask_of_bins, bins_of, classes_of, fill
from wgan_aug.errors import InvalidDataError, InvalidParameterError


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8), st.integers(0, 100))
def test_filling_gives_each_row_to_a_smallest_stratum(counts: list[int], rows: int) -> None:
    heights = np.array(counts)
    for _ in range(rows):
        heights[heights.argmin()] += 1
    added = fill(np.array(counts), rows)
    assert added.sum() == rows
    assert added.min() >= 0
    assert sorted(added + counts) == sorted(heights)


@pytest.mark.parametrize("dtype", ["float64", "int64", "Int64", "Float64", "float32"])
def test_every_row_meets_the_condition_of_its_bin_alone(dtype: str) -> None:
    rng = np.random.default_rng(0)
    target = pd.Series(np.round(rng.gamma(1, 40, 300))).astype(dtype)
    if dtype in ("Int64", "Float64"):
        target[7] = pd.NA
    strata = bins_of(target, 10)
    values = target.to_numpy(float, na_value=np.nan)
    met = np.array([(values >= low) & (values <= high) for low, high in strata.conditions])
    present = ~np.isnan(values)
    assert (met.sum(axis=0) == present).all()
    assert (met.argmax(axis=0)[present] == strata.codes[present]).all()
    assert strata.counts.sum() == present.sum()
    assert strata.counts.min() > 0
    widths = np.array([high - low for low, high in strata.conditions])
    assert np.allclose(widths, widths[0], rtol=1e-6)


def test_classes_are_counted_without_missing_ones() -> None:
    strata = classes_of(pd.Series([3, 1, None, 3], dtype="Int64"))
    assert (strata.conditions, strata.counts.tolist(), strata.codes.tolist()) == ([3, 1], [2, 1], [0, 1, -1, 0])


Y = pd.Series(np.repeat([0.0, 5.0, 10.0], [60, 30, 10]))


@pytest.mark.parametrize(
    ("strategy", "rows"),
    [
        ("auto", [0, 3, 23]),  # to the mean bin, of 33
        ("all", [0, 30, 50]),
        ("not majority", [0, 30, 50]),
        ("minority", [0, 0, 50]),
        ("not minority", [0, 30, 0]),
        (0.5, [0, 0, 20]),
    ],
)
def test_words_and_shares_for_numbers(strategy: str | float, rows: list[int]) -> None:
    conditions, added = ask_of_bins(strategy, Y, 3)
    assert added.tolist() == rows
    assert [low for low, _ in conditions] == pytest.approx([0, 10 / 3, 20 / 3])


def test_ranges_say_how_many_rows_there_shall_be() -> None:
    assert ask_of_bins({(None, 4): 60, (5, None): 100}, Y, 3)[1].tolist() == [0, 60]
    assert ask_of_bins(lambda y: {(y.max(), None): 12}, Y, 3)[1].tolist() == [2]


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        ("most", "sampling_strategy is 'most'; allowed are 'auto', 'minority'"),
        ({(0, 1): 5}, r"\(0, 1\) has 60 rows, and 5 are asked for; rows are added, never taken away"),
        ({7: 5, (9, 10): 1}, r"2 problems: \(1\) 7 is no range; .* \(2\) \(9, 10\) has 10 rows, and 1 are"),
    ],
)
def test_strategies_that_cannot_be_met(strategy: object, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        ask_of_bins(strategy, Y, 3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "message"), [([1.0, 1.0], "1 different values in 2 rows"), ([0, np.inf], "1 of these infinite")]
)
def test_numbers_without_a_density(values: list[float], message: str) -> None:
    with pytest.raises(
        InvalidDataError, match=f"The target 'y' has {message if 'diff' in message else '.*' + message}"
    ):
        bins_of(pd.Series(values, name="y"))
