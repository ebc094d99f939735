"""Windows of one long series, or of each of several sequences; none spans a gap in time."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from wgan_aug.encoding.sequences.frames import Sequences, steps_of

__all__ = ["MOST_WINDOWS", "cut_windows", "find_gaps", "find_stride"]

MOST_WINDOWS = 20_000
REGULAR_SHARE = 0.95  # of the distances between neighbours: so many are alike where the rest are gaps
_ALIKE = 1e-3  # how far distances of one length may be apart, as a share of it


def find_gaps(ticks: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return after which steps a regular series has a gap.

    A series is regular but for gaps where at least 95 % of the distances between neighbours are alike and none is
    shorter. Where more of them differ (weekends, irregular times), the distances are part of the data: no gaps.

    Args:
        ticks: the time of each step as a number, increasing within sequences, shape (steps,).
        lengths: steps of each sequence, shape (sequences,).

    Returns:
        numbers of steps that have a gap behind them, within a sequence, int64.

    Examples:
        >>> find_gaps(np.r_[0:50, 60:120], np.array([110])).tolist()
        [49]
    """
    distances = np.diff(ticks)
    within = np.ones(len(distances), dtype=bool)
    within[np.cumsum(lengths)[:-1] - 1] = False
    inner = distances[within]
    if not len(inner):
        return np.empty(0, dtype=np.int64)
    usual = float(np.median(inner))
    alike = np.abs(inner - usual) <= _ALIKE * usual
    if alike.mean() < REGULAR_SHARE or (inner[~alike] < usual).any():
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(within & (distances > usual + _ALIKE * usual))


def find_stride(lengths: np.ndarray, window: int) -> int:
    """Return how many steps lie between windows: 1, or as many as leave some 20 000 windows.

    Examples:
        >>> find_stride(np.array([1_000]), 24), find_stride(np.array([100_000]), 24)
        (1, 5)
    """
    possible = int(np.maximum(lengths - window + 1, 0).sum())
    return max(1, math.ceil(possible / MOST_WINDOWS))


def cut_windows(sequences: Sequences, window: int, stride: int, gaps: np.ndarray) -> Sequences:
    """Cut each sequence into windows, from its first step on and anew behind each gap.

    Args:
        sequences: what is cut; its statics are repeated for each window.
        window: steps of a window.
        stride: how many steps behind a window the next one begins.
        gaps: steps that no window reaches beyond, as `find_gaps` gives them.

    Returns:
        windows in order, possibly none; where they may share steps, with the row that each step was taken from.

    Examples:
        >>> one = Sequences(pd.DataFrame(index=range(1)), pd.DataFrame({"x": np.arange(5)}), np.array([5]))
        >>> cut_windows(one, 2, 2, np.empty(0, dtype=int)).steps["x"].tolist()
        [0, 1, 2, 3]
    """
    ends = np.union1d(np.cumsum(sequences.lengths), gaps + 1)
    pieces = np.diff(ends, prepend=0)
    counts = np.where(pieces >= window, (pieces - window) // stride + 1, 0)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    starts = np.repeat(ends - pieces, counts) + stride * within
    lengths = np.full(len(starts), window, dtype=np.int64)
    rows = steps_of(starts, lengths)
    steps = sequences.steps.iloc[rows].reset_index(drop=True)
    statics: pd.DataFrame = sequences.statics.iloc[sequences.owner[starts]].reset_index(drop=True)
    return Sequences(statics, steps, lengths, rows if stride < window else None)
