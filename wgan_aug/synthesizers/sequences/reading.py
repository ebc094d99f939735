"""What users have, as `Sequences`: statics told from steps, windows cut, mistakes said."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.distinct import plain_values
from wgan_aug.encoding.sequences.cutting import cut_windows, find_gaps, find_stride
from wgan_aug.encoding.sequences.frames import Sequences
from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError, join_problems
from wgan_aug.schema.inference import resolve_columns
from wgan_aug.synthesizers.checks import not_a_number, not_among
from wgan_aug.synthesizers.containers import Container, to_series
from wgan_aug.synthesizers.sequences.containers import Labels, SequenceContainer
from wgan_aug.synthesizers.sequences.keys import KeyCodec
from wgan_aug.synthesizers.sequences.rows import LAYOUTS, Rows, is_arrays, plain_cell, read_arrays, read_rows

__all__ = ["read_sequences"]


def read_sequences(
    X: Any,
    y: Any = None,
    *,
    sequence_key: Hashable | None = None,
    sequence_index: Hashable | None = None,
    static_columns: Any = None,
    window: int | None = None,
    stride: int | None = None,
    layout: str | None = None,
) -> tuple[Sequences, SequenceContainer]:
    """Read sequences from what holds them.

    A long frame has one row a step; `sequence_key` says which sequence it belongs to. A pandas frame with a row index
    of two levels (sequence, time) needs no options. Rows are put in order of time where there is an index. One long
    series (a frame or an array (time, channels), without a key) is cut into windows of `window` steps; with a key, each
    sequence is, and those shorter than a window are left out. Arrays have three axes, or two for each item of a list.

    Columns that never vary within a sequence are static. No window spans a gap in a regular time index.

    Args:
        X: a frame, a 3-D array, a list of 2-D arrays, or one long series.
        y: a label for each sequence, in order of first appearance, or for each row of a frame, the same within a
            sequence.
        sequence_key: the column that says the sequence.
        sequence_index: the column of times, or the name of the row index.
        static_columns: the columns that are said once a sequence: names, positions or a mask; None finds them.
        window: steps of a window, at least 2.
        stride: steps between the beginnings of windows; None takes 1, or more where that is over 20 000 windows.
        layout: of arrays: `"nct"` for (n, channels, time), `"ntc"` for (n, time, channels).

    Returns:
        The sequences, at least two, and the container that gives back what came in.

    Raises:
        InvalidParameterError: for options that are not allowed, or do not go with the data.
        InvalidDataError: for data that are no sequences, all mistakes of a kind in one error.
        DataTypeError: for containers that hold none.

    Warns:
        DataWarning: for rows that did not stand in order, gaps, and sequences left out.

    Examples:
        >>> frame = pd.DataFrame({"id": [7, 7, 8, 8], "sex": ["f", "f", "m", "m"], "x": [0.1, 0.2, 0.3, 0.1]})
        >>> sequences, container = read_sequences(frame, sequence_key="id")
        >>> list(sequences.statics), list(sequences.steps), sequences.lengths.tolist()
        (['id', 'sex'], ['x'], [2, 2])
        >>> container.restore(sequences).equals(frame)
        True
    """
    _check_options(window, stride, layout)
    if is_arrays(X):
        _refuse_frame_options(sequence_key=sequence_key, sequence_index=sequence_index, static_columns=static_columns)
        rows = read_arrays(X, layout)
    else:
        if layout is not None:
            raise InvalidParameterError(f"layout is {layout!r}, which is for 3-D arrays and lists of 2-D arrays.")
        rows = read_rows(X, sequence_key, sequence_index, window)
    _check_lengths(rows, window)
    target = None if y is None else _read_target(rows, y)
    sequences, container = _split(rows, static_columns, target)
    if window is not None:
        sequences = _cut(rows, sequences, int(window), stride)
    if rows.kind == "array":
        container = dataclasses.replace(container, steps=int(sequences.lengths[0]))
    return sequences, container if layout is None else dataclasses.replace(container, layout=layout)


def _check_options(window: Any, stride: Any, layout: Any) -> None:
    problems = not_a_number("window", window, above=2, whole=True, equal=True)
    problems += not_a_number("stride", stride, above=1, whole=True, equal=True)
    if stride is not None and window is None:
        problems.append(f"stride is {stride!r}, and window is None: the stride is that of windows; give window=.")
    if layout is not None:
        problems += not_among("layout", layout, LAYOUTS)
    if problems:
        raise InvalidParameterError(join_problems(problems))


def _refuse_frame_options(**options: Any) -> None:
    given = [f"{name}={value!r}" for name, value in options.items() if value is not None]
    if given:
        raise InvalidParameterError(
            f"{', '.join(given)} is for frames; arrays have sequences and channels on their axes."
        )


def _check_lengths(rows: Rows, window: int | None) -> None:
    """Refuse data that are no sequences to learn from as they are."""
    n, longest = len(rows.lengths), int(rows.lengths.max())
    if window is not None:
        if window > longest:
            whose = "the series has" if n == 1 else "the longest sequence has"
            raise InvalidDataError(f"window is {window}, and {whose} {longest} steps; give a shorter window.")
    elif longest == 1:
        hint = "is layout the right one?" if rows.key is None else f"is {rows.key!r} the right sequence_key?"
        raise InvalidDataError(f"Each of the {n} sequences has one step only; {hint}")
    elif n == 1:
        where = "" if rows.key is None else f" ({rows.key!r} is {plain_cell(rows.column(rows.key), 0)!r} in all rows)"
        raise InvalidDataError(
            f"There is one sequence only{where}, of {longest} steps; give window= to learn from windows of it."
        )


# ---- y


def _read_target(rows: Rows, y: Any) -> tuple[pd.Series, Container]:
    """Return y, one a sequence, and what it came in."""
    series, container = to_series(y)
    if container.kind == "numpy":
        container = Container("numpy", dtype=np.asarray(y).dtype.str)
    n, steps = len(rows.lengths), len(rows.frame)
    if len(series) == n:
        return series.reset_index(drop=True), container
    if rows.kind != "frame" or len(series) != steps:
        rest = f", or one for each of the {steps} rows" if rows.kind == "frame" else ""
        raise InvalidDataError(f"y has {len(series)} labels, and there are {n} sequences; give one for each{rest}.")
    sorted_y = series.iloc[rows.order].reset_index(drop=True)
    varies = _find_varying(sorted_y, rows.lengths)
    if varies is not None:
        raise InvalidDataError(
            f"y has labels that change within a sequence, first in {rows.name_of(varies)}; give one label a sequence, "
            "or make y a column of the data, which may vary by step."
        )
    return sorted_y.iloc[np.cumsum(rows.lengths) - rows.lengths].reset_index(drop=True), container


def _find_varying(column: pd.Series, lengths: np.ndarray) -> int | None:
    """Return the first sequence within which a column varies; None where it never does."""
    try:
        codes = pd.factorize(plain_values(column))[0]
    except TypeError:  # cells without a hash: what is wrong with them is said when the column is learned
        return 0
    change = np.diff(codes) != 0
    change[np.cumsum(lengths)[:-1] - 1] = False
    if not change.any():
        return None
    return int(np.searchsorted(np.cumsum(lengths), int(change.argmax()), side="right"))


# ---- statics and steps


def _split(
    rows: Rows, static_columns: Any, target: tuple[pd.Series, Container] | None
) -> tuple[Sequences, SequenceContainer]:
    """Tell what is said once a sequence from what is said of each step."""
    frame = rows.frame
    columns: list[Hashable] = list(frame.columns)
    still = _static_columns(rows, static_columns)
    starts = np.cumsum(rows.lengths) - rows.lengths
    statics = frame.loc[:, [name in still for name in columns]].iloc[starts].reset_index(drop=True)
    steps = frame.loc[:, [name not in still and (name is None or name != rows.key) for name in columns]]
    container = SequenceContainer(
        rows.kind, rows.container, tuple(columns), rows.labels, rows.key, rows.index, levels=rows.levels
    )
    if rows.key is not None:
        keys = rows.column(rows.key).iloc[starts].reset_index(drop=True)
        codec = KeyCodec.fit(keys)
        statics.insert(0, rows.key, codec.read(keys))  # type: ignore[arg-type]
        container = dataclasses.replace(container, keys=codec)
    if target is not None:
        container = _with_target(container, statics, *target)
    return Sequences(statics, steps, rows.lengths), container


def _static_columns(rows: Rows, static_columns: Any) -> list[Hashable]:
    """Return the columns that are said once a sequence, without the key."""
    roles = (rows.key, rows.index)
    columns: list[Hashable] = list(rows.frame.columns)
    plain = [name for name in columns if name not in roles or name is None]
    if static_columns is None:
        return [name for name in plain if _find_varying(rows.column(name), rows.lengths) is None]
    named = [name for name in resolve_columns(rows.frame, static_columns, "static_columns") if name != rows.key]
    problems: list[str] = []
    for name in named:
        varies = _find_varying(rows.column(name), rows.lengths)
        if name == rows.index or varies is not None:
            why = "it is the sequence_index" if varies is None else f"it varies, first within {rows.name_of(varies)}"
            problems.append(f"static_columns names {name!r}, and {why}.")
    if problems:
        raise InvalidDataError(join_problems(problems))
    return named


def _with_target(
    container: SequenceContainer, statics: pd.DataFrame, series: pd.Series, came_in: Container
) -> SequenceContainer:
    """Make y the last static column, and remember where it goes."""
    label: Any = series.name
    name = "y" if label in (None, "") else label
    if name in container.columns:
        raise InvalidDataError(f"y is named {name!r}, and the data have a column of that name; drop one, or rename y.")
    statics[name] = series
    if container.labels is None or container.levels:
        return dataclasses.replace(container, y=name, target=came_in, y_label=label)
    empty = pd.DataFrame(columns=container.labels.index)
    empty[(name, *[""] * (empty.columns.nlevels - 1)) if empty.columns.nlevels > 1 else name] = None
    return dataclasses.replace(
        container,
        y=name,
        rows=container.rows.beside(series.rename(name), came_in),
        columns=(*container.columns, name),
        labels=Labels.of(empty.columns),
    )


# ---- windows


def _cut(rows: Rows, sequences: Sequences, window: int, stride: int | None) -> Sequences:
    """Cut windows, and say what is left out."""
    gaps = np.empty(0, dtype=np.int64)
    if rows.ticks is not None:
        gaps = find_gaps(rows.ticks.read(rows.column(rows.index)), rows.lengths)
    n, short = len(rows.lengths), int((rows.lengths < window).sum())
    if len(gaps):
        _warn(f"The times in {rows.index!r} are regular but for {len(gaps)} gaps; no window reaches across one.")
    if short:
        _warn(f"{short} of {n} sequences are shorter than the window of {window} steps, and are left out.")
    step = find_stride(rows.lengths, window) if stride is None else int(stride)
    windows = cut_windows(sequences, window, step, gaps)
    if len(windows) < 2:
        between = f", between whose {len(gaps)} gaps no other one fits" if len(gaps) else ""
        found = "there is no window" if not len(windows) else "there is one window only"
        raise InvalidDataError(
            f"window is {window}, and {found} in {len(sequences.steps)} rows{between}; at least 2 are needed: give a "
            "shorter window, or a smaller stride."
        )
    return windows


def _warn(text: str) -> None:
    warnings.warn(text, DataWarning, stacklevel=4)
