"""Windows, arrays of shape (n, time, channels) of equal length without missing values, and the blocks they lie in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.errors import InvalidDataError, InvalidParameterError, join_problems

__all__ = [
    "check_groups",
    "check_windows",
    "cut_windows",
    "halves",
    "window_groups",
]

Array = np.ndarray
MIN_STEPS = 4
"""Steps that a window has at least."""


def check_windows(arrays: Mapping[str, Any]) -> dict[str, Array]:
    """Check sets of windows against each other and return them as float64.

    Args:
        arrays: sets by the name to call them in errors, each of shape (n, time, channels); the first one gives the
            length and the number of channels that the others must have.

    Returns:
        The same sets as float64 arrays.

    Raises:
        InvalidDataError: for other shapes, fewer than 4 steps, no windows or channels, values that are not numbers,
            and missing or infinite values, with shapes and counts, all in one error.

    Examples:
        >>> check_windows({"real": np.zeros((3, 8, 2))})["real"].shape
        (3, 8, 2)
        >>> check_windows({"real": np.zeros((3, 8))})
        Traceback (most recent call last):
        wgan_aug.errors.InvalidDataError: real has shape (3, 8); windows have three axes (n, time, channels). One
        channel is written values[:, :, None].
    """
    out: dict[str, Array] = {}
    problems: list[str] = []
    for name, values in arrays.items():
        array, problem = _read_windows(name, values)
        if problem:
            problems.append(problem)
        elif out and array.shape[1:] != next(iter(out.values())).shape[1:]:
            first = next(iter(out))
            problems.append(
                f"{name} has shape {array.shape} and {first} {out[first].shape}; the number of steps and of channels "
                "(the last two) must be the same."
            )
        else:
            out[name] = array
    if problems:
        raise InvalidDataError(join_problems(problems))
    return out


def _read_windows(name: str, values: Any) -> tuple[Array, str]:
    """Return the array and what is wrong with it, or an empty text."""
    nothing = np.empty((0, 0, 0))
    try:
        array = np.asarray(values)
    except ValueError:
        lengths = pd.Series([np.shape(v)[0] if np.ndim(v) else 1 for v in _ragged_items(values)]).value_counts()
        told = ", ".join(f"{length} ({count} windows)" for length, count in lengths.items())
        return nothing, f"{name} has windows of different shapes, lengths {told}; they must be equally long."
    if array.dtype.kind not in "fiub":
        return nothing, f"{name} has dtype {array.dtype}; windows are numbers (float)."
    if array.ndim != 3:
        text = f"{name} has shape {array.shape}; windows have three axes (n, time, channels)."
        return nothing, text + (" One channel is written values[:, :, None]." if array.ndim == 2 else "")
    if array.shape[0] == 0 or array.shape[2] == 0 or array.shape[1] < MIN_STEPS:
        needed = f"at least one window of {MIN_STEPS} steps and one channel are needed"
        return nothing, f"{name} has shape {array.shape} (n, time, channels); {needed}."
    array = array.astype(np.float64)
    finite = np.isfinite(array)
    if not finite.all():
        where = np.flatnonzero(~finite.all(axis=(0, 1))).tolist()
        return nothing, (
            f"{name} has {int(np.isnan(array).sum())} missing and {int(np.isinf(array).sum())} infinite values in "
            f"{int((~finite.all(axis=(1, 2))).sum())} of {len(array)} windows (channels {where}); fill or drop them."
        )
    return array, ""


def _ragged_items(values: Any) -> list[Any]:
    return [np.asarray(v, dtype=object) for v in values]


def cut_windows(series: Any, length: int, *, stride: int = 1) -> tuple[Array, Array]:
    """Return all windows of one long series, and the row of each window's first step.

    Args:
        series: rows in order of time, shape (rows, channels).
        length: steps in a window.
        stride: steps from one window to the next.

    Returns:
        Windows (n, length, channels) and starts (n,), as `window_groups` takes them.

    Raises:
        InvalidDataError: for other shapes, or fewer rows than a window has.
        InvalidParameterError: for a length or stride below 1.

    Examples:
        >>> windows, starts = cut_windows([[1.0], [2.0], [3.0], [4.0]], 3)
        >>> windows[:, :, 0].tolist(), starts.tolist()
        ([[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]], [0, 1])
    """
    rows = np.asarray(series)
    if length < 1 or stride < 1:
        raise InvalidParameterError(f"length is {length} and stride is {stride}; both must be at least 1.")
    if rows.ndim != 2 or len(rows) < length:
        raise InvalidDataError(
            f"The series has shape {rows.shape}; windows of {length} steps need (rows, channels) with {length} rows."
        )
    starts = np.arange(0, len(rows) - length + 1, stride)
    return rows[starts[:, None] + np.arange(length)], starts


def window_groups(starts: Any, length: int, *, span: int = 3) -> Array:
    """Return the block of each window of one long series, -1 for windows that lie in two blocks.

    Block b holds the rows b * span * length up to (b + 1) * span * length. Windows of different blocks share no row,
    so a judge that learns from some blocks and is tested on others has seen no row that it is tested on.

    Args:
        starts: row of each window's first step, shape (n,).
        length: steps in a window.
        span: a block's length in windows.

    Returns:
        Whole numbers, shape (n,), to be passed as `groups=`; judges leave out windows with -1.

    Raises:
        InvalidDataError: for starts that are not one-dimensional whole numbers from 0 on.
        InvalidParameterError: for a length or span below 1.

    Examples:
        >>> window_groups([0, 4, 5, 6, 10, 11], 2)
        array([ 0,  0, -1,  1,  1, -1])
    """
    array = np.asarray(starts)
    if array.ndim != 1 or array.dtype.kind not in "iu" or (array < 0).any():
        raise InvalidDataError(
            f"starts has shape {array.shape} and dtype {array.dtype}; row numbers are needed: (n,) whole numbers >= 0."
        )
    if length < 1 or span < 1:
        raise InvalidParameterError(f"length is {length} and span is {span}; both must be at least 1.")
    inside = array % (span * length) <= (span - 1) * length
    return np.where(inside, array // (span * length), -1)


def check_groups(groups: Any, n: int, name: str = "real") -> Array:
    """Return group numbers from 0 on, shape (n,); negative numbers come out as -1, no groups as 0, 1, 2 and so on.

    Raises:
        InvalidDataError: for groups that are not one per window, or of which all are negative.

    Examples:
        >>> check_groups(["b", "a", "b"], 3)
        array([1, 0, 1])
        >>> check_groups([7, -1, 7], 3)
        array([ 0, -1,  0])
    """
    if groups is None:
        return np.arange(n)
    array = np.asarray(groups)
    if array.shape != (n,):
        raise InvalidDataError(f"groups has shape {array.shape}; one group per window of {name} is needed: ({n},).")
    kept = array >= 0 if array.dtype.kind in "if" else np.ones(n, bool)
    if not kept.any():
        raise InvalidDataError(f"All {n} groups are negative, which means left out: give windows of whole blocks.")
    codes = np.full(n, -1)
    codes[kept] = np.unique(array[kept], return_inverse=True)[1]
    return codes


def halves(codes: Array, rng: np.random.Generator) -> Array:
    """Return True for the windows of a random half of the groups, shape (n,)."""
    distinct = np.unique(codes)
    return np.isin(codes, rng.permutation(distinct)[: len(distinct) // 2])
