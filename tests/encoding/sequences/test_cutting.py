"""Windows and gaps, against loops and planted gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wgan_aug.encoding.sequences.cutting import MOST_WINDOWS, cut_windows, find_gaps, find_stride
from wgan_aug.encoding.sequences.frames import Sequences


def numbered(lengths: list[int]) -> Sequences:
    steps = pd.DataFrame({"row": np.arange(sum(lengths))})
    return Sequences(pd.DataFrame({"who": np.arange(len(lengths))}), steps, np.array(lengths))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.integers(2, 4),
    st.integers(1, 5),
    st.sets(st.integers(0, 30)),
)
def test_windows_are_those_of_a_loop(lengths: list[int], window: int, stride: int, gaps: set[int]) -> None:
    last = sum(lengths) - 1
    gaps = {gap for gap in gaps if gap < last}
    wanted: list[list[int]] = []
    pieces: list[list[int]] = [[]]
    ends = set(np.cumsum(lengths) - 1) | gaps
    for row in range(sum(lengths)):
        pieces[-1].append(row)
        if row in ends:
            pieces.append([])
    for piece in pieces:
        wanted += [piece[at : at + window] for at in range(0, len(piece) - window + 1, stride)]
    cut = cut_windows(numbered(lengths), window, stride, np.array(sorted(gaps), dtype=np.int64))
    rows = cut.steps["row"].to_numpy().reshape(-1, window)
    assert rows.tolist() == wanted
    owner = np.repeat(np.arange(len(lengths)), lengths)
    assert cut.statics["who"].tolist() == [owner[piece[0]] for piece in wanted]
    assert cut.lengths.tolist() == [window] * len(wanted)
    if stride < window:
        assert cut.source is not None
        assert cut.source.tolist() == rows.ravel().tolist()
    else:
        assert cut.source is None


def test_gaps_are_found_where_they_were_planted() -> None:
    hours = np.delete(np.arange(500.0), [100, 101, 300])
    assert find_gaps(hours, np.array([len(hours)])).tolist() == [99, 297]
    days = hours * 1.0001 + np.random.default_rng(0).uniform(-1e-4, 1e-4, len(hours))
    assert find_gaps(days, np.array([len(hours)])).tolist() == [99, 297]


@pytest.mark.parametrize(
    "ticks",
    [
        np.arange(100),
        np.flatnonzero(np.arange(300) % 7 < 5),  # working days
        np.cumsum(np.random.default_rng(0).integers(1, 9, 200)),
        np.r_[np.arange(100.0), 49.5, np.arange(110.0, 150)],  # one step is shorter, one longer
        np.array([0, 1]),
        np.array([5]),
    ],
    ids=["regular", "weekends", "irregular", "a shorter step", "two", "one"],
)
def test_what_is_no_gap(ticks: np.ndarray) -> None:
    assert find_gaps(np.sort(ticks), np.array([len(ticks)])).tolist() == []


def test_the_end_of_a_sequence_is_no_gap() -> None:
    assert find_gaps(np.r_[0:40, 90:130], np.array([40, 40])).tolist() == []
    assert find_gaps(np.r_[0:40, 90:130, 140:160], np.array([40, 60])).tolist() == [79]


@pytest.mark.parametrize("rows", [100, MOST_WINDOWS + 23, MOST_WINDOWS + 24, 1_000_000])
def test_the_stride_leaves_at_most_so_many_windows(rows: int) -> None:
    stride = find_stride(np.array([rows]), 24)
    windows = len(cut_windows(numbered([rows]), 24, stride, np.empty(0, dtype=int)))
    assert windows <= MOST_WINDOWS
    assert stride == 1 or (rows - 24) // (stride - 1) + 1 > MOST_WINDOWS
