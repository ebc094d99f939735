"""Which rows make which sequence, and in which order: by key and index, as one long series, or as a 3-D array."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Hashable, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError, did_you_mean
from wgan_aug.evaluation.series.windows import MIN_STEPS
from wgan_aug.synthesizers.containers import to_frame

__all__ = ["Order", "Steps", "read_sides"]

Array = np.ndarray
Layout = Literal["key", "series", "array"]


@dataclasses.dataclass(frozen=True)
class Order:
    """How a side's rows make sequences.

    Args:
        codes: number of the sequence that each row belongs to, from 0 on, shape (rows,).
        order: row numbers, sequence by sequence, each one in order of time, shape (rows,).
    """

    codes: Array
    order: Array


@dataclasses.dataclass(frozen=True)
class Steps:
    """How the rows of all sides make sequences.

    Args:
        sides: real, synthetic and, where there is one, hold-out.
        layout: sequences by a key, one long series, or a 3-D array.
        window: steps of the windows that were asked for.
    """

    sides: dict[str, Order]
    layout: Layout
    window: int | None


def read_sides(
    sides: Mapping[str, Any], *, key: Hashable | None, index: Hashable | None, window: int | None
) -> tuple[dict[str, pd.DataFrame], Steps | None]:
    """Return each side's rows as a frame without key and index, and how they make sequences.

    Rows are sorted by the index within each sequence. One long series (no key, a window) is sorted too, but its
    synthetic rows are not: they are windows, one after the other, as the synthesizer writes them, and their time
    stamps may overlap.

    Args:
        sides: `real` and `synthetic`, `holdout` where there is one: frames, or arrays (n, time, channels).
        key: the column that says to which sequence a row belongs.
        index: the column that orders a sequence's rows; None keeps them as they come.
        window: steps of a window.

    Returns:
        The frames, and None in the place of the steps where the rows are no sequences.

    Raises:
        InvalidParameterError: for columns that are not there, a window below 4, an index alone, options beside arrays.
        InvalidDataError: for missing keys or time stamps, time stamps that come twice in a real sequence, a series
            shorter than the window, arrays beside frames.

    Warns:
        DataWarning: for rows that did not stand in order, time stamps that come twice in a synthetic sequence, and
            synthetic rows that fill no window.

    Examples:
        >>> frame = pd.DataFrame({"id": ["b", "a", "b", "a"], "x": [4.0, 1.0, 3.0, 2.0]})
        >>> frames, steps = read_sides({"real": frame, "synthetic": frame}, key="id", index=None, window=None)
        >>> list(frames["real"]), steps.sides["real"].codes.tolist(), steps.sides["real"].order.tolist()
        (['x'], [0, 1, 0, 1], [0, 2, 1, 3])
    """
    _check_window(window)
    solid = [side for side, data in sides.items() if getattr(data, "ndim", None) == 3]
    if solid:
        return _read_arrays(sides, solid, {"sequence_key": key, "sequence_index": index, "window": window})
    frames = {side: to_frame(data)[0] for side, data in sides.items()}
    if key is None and index is None and window is None:
        return frames, None
    if key is None and window is None:
        raise InvalidParameterError(
            f"sequence_index is {index!r}, without a sequence_key or a window: give sequence_key= for rows of many "
            "sequences, or window= for one long series."
        )
    _check_columns(frames, key, index)
    orders = {
        side: _order_series(side, frame, index, window)
        if key is None and window is not None
        else _order_keyed(side, frame, key, index)
        for side, frame in frames.items()
    }
    roles = [name for name in (key, index) if name is not None]
    plain = {side: frame.drop(columns=roles) for side, frame in frames.items()}
    return plain, Steps(orders, "series" if key is None else "key", window)


def _check_window(window: Any) -> None:
    whole = isinstance(window, (int, np.integer)) and not isinstance(window, bool)
    if window is not None and (not whole or window < MIN_STEPS):
        raise InvalidParameterError(f"window is {window!r}; it must be a whole number of at least {MIN_STEPS} steps.")


def _read_arrays(
    sides: Mapping[str, Any], solid: list[str], options: dict[str, Any]
) -> tuple[dict[str, pd.DataFrame], Steps]:
    flat = [
        f"{side} {getattr(data, 'shape', type(data).__name__)}" for side, data in sides.items() if side not in solid
    ]
    if flat:
        raise InvalidDataError(
            f"{', '.join(solid)} has three axes (n, time, channels), and {', '.join(flat)} has not; "
            "give all sides alike."
        )
    given = [f"{name}={value!r}" for name, value in options.items() if value is not None]
    if given:
        raise InvalidParameterError(
            f"{', '.join(given)} is for frames; an array (n, time, channels) holds equally long sequences as it is."
        )
    frames, orders = dict[str, pd.DataFrame](), dict[str, Order]()
    for side, data in sides.items():
        array = np.asarray(data)
        frames[side] = to_frame(array.reshape(-1, array.shape[2]))[0]
        orders[side] = Order(np.repeat(np.arange(len(array)), array.shape[1]), np.arange(len(frames[side])))
    return frames, Steps(orders, "array", None)


def _check_columns(frames: dict[str, pd.DataFrame], key: Hashable | None, index: Hashable | None) -> None:
    for option, name in (("sequence_key", key), ("sequence_index", index)):
        lacking = [side for side, frame in frames.items() if name is not None and name not in frame.columns]
        if lacking:
            close = did_you_mean(name, frames[lacking[0]].columns)
            raise InvalidParameterError(
                f"{option} is {name!r}, which the {' and '.join(lacking)} data do not have.{close}"
            )
    if key is not None and key == index:
        raise InvalidParameterError(f"sequence_key and sequence_index are both {key!r}; they are two columns.")
    for side, frame in frames.items():
        for name in (key, index):
            if name is None:
                continue
            if isinstance(frame[name], pd.DataFrame):
                raise InvalidDataError(f"The {side} data have more than one column {name!r}.")
            gaps = int(frame[name].isna().sum())
            if gaps:
                raise InvalidDataError(
                    f"Column {name!r} has {gaps} missing cells in {len(frame)} {side} rows; each row needs one."
                )


def _order_keyed(side: str, frame: pd.DataFrame, key: Hashable, index: Hashable | None) -> Order:
    codes, keys = pd.factorize(frame[key])
    times = _times(side, frame, index)
    order = np.lexsort((times, codes))
    before, after = order[:-1], order[1:]
    doubled = (codes[before] == codes[after]) & (times[before] == times[after])
    if doubled.any():
        first = keys[codes[before[int(doubled.argmax())]]]
        _tell_doubled(side, int(doubled.sum()), index, f" within their sequence, the first in sequence {first!r}")
    standing = np.argsort(codes, kind="stable")
    late = (np.diff(times[standing]) < 0) & (np.diff(codes[standing]) == 0)
    _tell_unsorted(side, int(late.sum()), index)
    return Order(codes, order)


def _order_series(side: str, frame: pd.DataFrame, index: Hashable | None, window: int) -> Order:
    rows = len(frame)
    if rows < window:
        raise InvalidDataError(f"window is {window}, and the {side} data have {rows} rows: no window fits.")
    order = np.arange(rows)
    if side == "synthetic":
        if rows % window:
            _warn(
                f"The synthetic data have {rows} rows, no multiple of window={window}: the figures of sequences leave "
                f"out the last {rows % window}."
            )
        return Order(np.zeros(rows, np.int64), order)
    times = _times(side, frame, index)
    order = np.argsort(times, kind="stable")
    doubled = int((np.diff(times[order]) == 0).sum())
    if doubled:
        _tell_doubled(side, doubled, index, " of one series (a sequence_key tells several apart)")
    _tell_unsorted(side, int((np.diff(times) < 0).sum()), index)
    return Order(np.zeros(rows, np.int64), order)


def _times(side: str, frame: pd.DataFrame, index: Hashable | None) -> Array:
    """Return each row's rank in time; text is ranked as text, which is right for ISO dates."""
    if index is None:
        return np.arange(len(frame))
    kind = pd.api.types.infer_dtype(frame[index])
    if kind.startswith("mixed"):
        raise InvalidDataError(
            f"The sequence_index {index!r} has values in the {side} data that cannot be put in order: they are {kind}."
        )
    return pd.factorize(frame[index], sort=True)[0]


def _tell_doubled(side: str, rows: int, index: Hashable | None, where: str) -> None:
    text = f"{rows} rows of the {side} data repeat a time stamp ({index!r}){where}"
    if side != "synthetic":
        raise InvalidDataError(f"{text}; there must be one row per step.")
    _warn(f"{text}; they stay in the order they came in.")


def _tell_unsorted(side: str, rows: int, index: Hashable | None) -> None:
    if rows:
        _warn(f"{rows} rows of the {side} data come before an earlier time stamp ({index!r}); they were sorted.")


def _warn(text: str) -> None:
    warnings.warn(text, DataWarning, stacklevel=4)
