"""Windows and the blocks they lie in: checks with shapes and counts, cuts, groups."""

from __future__ import annotations

import numpy as np
import pytest

from wgan_aug.errors import InvalidDataError, InvalidParameterError
from wgan_aug.evaluation.series.windows import check_groups, check_windows, cut_windows, halves, window_groups


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (np.zeros((3, 8)), r"real has shape \(3, 8\); windows have three axes .* values\[:, :, None\]"),
        (np.zeros((3, 8, 2, 1)), r"shape \(3, 8, 2, 1\); windows have three axes"),
        (np.zeros((0, 8, 2)), r"shape \(0, 8, 2\) .* at least one window of 4 steps and one channel"),
        (np.zeros((3, 3, 2)), r"shape \(3, 3, 2\) .* at least one window of 4 steps"),
        (np.zeros((3, 8, 0)), r"shape \(3, 8, 0\) .* one channel"),
        (np.full((3, 8, 2), "a"), r"real has dtype <U1; windows are numbers"),
        (np.zeros((3, 8, 2), complex), r"real has dtype complex128"),
        (
            [np.zeros((8, 1)), np.zeros((7, 1)), np.zeros((8, 1))],
            r"different shapes, lengths 8 \(2 windows\), 7 \(1 windows\)",
        ),
    ],
)
def test_bad_windows_are_told_with_their_shape(bad: object, told: str) -> None:
    with pytest.raises(InvalidDataError, match=told):
        check_windows({"real": bad})


def test_missing_and_infinite_values_are_counted_and_all_mistakes_told_at_once() -> None:
    bad = np.zeros((5, 8, 3))
    bad[1, 2, 0] = bad[1, 3, 0] = np.nan
    bad[4, 0, 2] = np.inf
    with pytest.raises(InvalidDataError, match="2 problems") as caught:
        check_windows({"real": np.zeros((2, 8, 3)), "synthetic": bad, "holdout": np.zeros((2, 9, 3))})
    told = str(caught.value)
    assert "synthetic has 2 missing and 1 infinite values in 2 of 5 windows (channels [0, 2])" in told
    assert "holdout has shape (2, 9, 3) and real (2, 8, 3)" in told


def test_windows_of_whole_numbers_and_lists_are_taken() -> None:
    taken = check_windows({"real": np.ones((2, 4, 1), np.int8), "synthetic": [[[1.0]] * 4]})
    assert [x.dtype for x in taken.values()] == [np.float64, np.float64]
    assert taken["synthetic"].shape == (1, 4, 1)


def test_windows_of_a_long_series() -> None:
    rows = np.arange(20.0).reshape(10, 2)
    windows, starts = cut_windows(rows, 4, stride=3)
    assert starts.tolist() == [0, 3, 6]
    for window, start in zip(windows, starts, strict=True):
        assert np.array_equal(window, rows[start : start + 4])
    with pytest.raises(InvalidDataError, match=r"shape \(10, 2\); windows of 11 steps"):
        cut_windows(rows, 11)
    with pytest.raises(InvalidParameterError, match="stride is 0"):
        cut_windows(rows, 4, stride=0)


@pytest.mark.parametrize(("length", "span"), [(1, 1), (4, 3), (7, 2), (5, 1)])
def test_windows_of_different_blocks_share_no_row(length: int, span: int) -> None:
    starts = np.random.default_rng(0).integers(0, 90, 60)
    groups = window_groups(starts, length, span=span)
    rows = {g: {s + i for s in starts[groups == g] for i in range(length)} for g in np.unique(groups[groups >= 0])}
    for a in rows:
        for b in rows:
            assert a == b or not rows[a] & rows[b]
    block = {s: {(s + i) // (span * length) for i in range(length)} for s in starts.tolist()}
    assert [g >= 0 for g in groups] == [len(block[s]) == 1 for s in starts.tolist()]  # only straddlers are left out


def test_bad_starts_and_groups() -> None:
    with pytest.raises(InvalidDataError, match=r"starts has shape \(2,\) and dtype float64"):
        window_groups([0.0, 1.0], 3)
    with pytest.raises(InvalidDataError, match="whole numbers >= 0"):
        window_groups([-1, 1], 3)
    with pytest.raises(InvalidParameterError, match="length is 0 and span is 3"):
        window_groups([1], 0)
    with pytest.raises(InvalidDataError, match=r"groups has shape \(2,\); .* \(3,\)"):
        check_groups([1, 2], 3)
    with pytest.raises(InvalidDataError, match="All 2 groups are negative"):
        check_groups([-1, -1], 2)


def test_groups_become_codes() -> None:
    assert check_groups(None, 3).tolist() == [0, 1, 2]
    assert check_groups([9, -3, 4, 9], 4).tolist() == [1, -1, 0, 1]
    assert check_groups(["x", "x", "a"], 3).tolist() == [1, 1, 0]


def test_halves_keep_groups_whole() -> None:
    codes = np.repeat(np.arange(9), [1, 2, 3, 4, 5, 6, 7, 8, 9])
    one = halves(codes, np.random.default_rng(0))
    assert len(np.unique(codes[one])) == 4
    assert not set(codes[one]) & set(codes[~one])
