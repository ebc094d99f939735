"""Rows of all sequences, one after another: from frames with a key, from one long series, from arrays."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.sequences.frames import column_of
from wgan_aug.encoding.sequences.ticks import Ticks
from wgan_aug.errors import DataTypeError, DataWarning, InvalidDataError, InvalidParameterError, did_you_mean
from wgan_aug.synthesizers.containers import Container, to_frame
from wgan_aug.synthesizers.sequences.containers import Labels

__all__ = ["Rows", "is_arrays", "plain_cell", "read_arrays", "read_rows"]

LAYOUTS = ("nct", "ntc")


@dataclasses.dataclass
class Rows:
    """The rows of all sequences, one after another, each in order of time.

    Args:
        kind: what they came in: a frame, a 3-D array or a list of 2-D arrays.
        container: the container of the rows.
        frame: the rows, with a `RangeIndex` and plain column names.
        lengths: rows of each sequence, int64, shape (sequences,).
        order: where each row stood in the data, int64, shape (rows,).
        labels: the columns as they were labelled, without levels of the row index; None for arrays.
        key: the column that says the sequence.
        index: the column of times.
        ticks: reads the times.
        levels: the columns that were levels of the row index, and the levels' names.
    """

    kind: Any
    container: Container
    frame: pd.DataFrame
    lengths: np.ndarray
    order: np.ndarray
    labels: Labels | None = None
    key: Hashable | None = None
    index: Hashable | None = None
    ticks: Ticks | None = None
    levels: tuple[tuple[Hashable, Hashable], ...] = ()

    def column(self, name: Hashable) -> pd.Series:
        """Return a column by its name."""
        return column_of(self.frame, name)

    def name_of(self, sequence: int) -> str:
        """Return a sequence as an error names it."""
        if self.key is None:
            return f"sequence {sequence}" if len(self.lengths) > 1 else "the series"
        first = int(np.cumsum(self.lengths)[sequence] - self.lengths[sequence])
        return f"sequence {plain_cell(self.column(self.key), first)!r}"


def plain_cell(series: pd.Series, row: int) -> Any:
    """Return a cell as an error shows it: a number of Python's own."""
    cell = series.iloc[row]
    return cell.item() if isinstance(cell, (np.number, np.bool_)) else cell


# ---- arrays


def is_arrays(X: Any) -> bool:
    """Say whether data are a 3-D array, or a list of 2-D arrays."""
    if getattr(X, "ndim", None) == 3:
        return True
    return bool(_items(X))


def _items(X: Any) -> list[Any]:
    """Return the items of a list of things with two axes; an empty list for anything else."""
    ragged = isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1
    if not (isinstance(X, (list, tuple)) or ragged) or not len(X):
        return []
    if any(isinstance(item, pd.DataFrame) for item in X):
        raise DataTypeError(
            "The data are a list of frames; make one of them: pd.concat(frames, keys=range(len(frames)), "
            'names=["sequence", "step"]), whose row index says which row belongs to which sequence.'
        )
    items = [_plain(item) for item in X]
    flat = [i for i, item in enumerate(items) if item is None or item.ndim != 2]
    if len(flat) == len(items):
        return []
    if flat:
        raise InvalidDataError(
            f"Item {flat[0]} of the list has shape {getattr(items[flat[0]], 'shape', '?')}; each item must have the "
            "two axes of one sequence."
        )
    return items


def _plain(item: Any) -> np.ndarray | None:
    if not (hasattr(item, "ndim") or isinstance(item, (list, tuple))):
        return None
    try:
        return np.asarray(item)
    except ValueError:  # rows that differ in length
        return None


def read_arrays(X: Any, layout: str | None) -> Rows:
    """Read a 3-D array, or a list of 2-D arrays.

    Raises:
        InvalidParameterError: without a layout.
        InvalidDataError: for items with another number of channels, or no steps.
    """
    if layout is None:
        raise InvalidParameterError(_no_layout(X))
    if getattr(X, "ndim", None) == 3:
        cube = np.asarray(X)
        if 0 in cube.shape:
            raise InvalidDataError(f"The array has shape {cube.shape}; there is nothing to learn from.")
        cube = cube if layout == "ntc" else cube.transpose(0, 2, 1)
        lengths, flat, kind = np.full(len(cube), cube.shape[1]), cube.reshape(-1, cube.shape[2]), "array"
    else:
        items = _items(X)
        items = items if layout == "ntc" else [item.T for item in items]
        _check_items(items, layout)
        lengths, flat, kind = np.array([len(item) for item in items]), np.concatenate(items), "list"
    frame, container = to_frame(flat)
    return Rows(kind, container, frame, lengths.astype(np.int64), np.arange(len(frame)))


def _no_layout(X: Any) -> str:
    what = f"an array of shape {np.shape(X)}" if getattr(X, "ndim", None) == 3 else "a list of 2-D arrays"
    axes = "(n, channels, time)", "(n, time, channels)"
    if what.startswith("a list"):
        axes = "(channels, time) for each item", "(time, channels)"
    return (
        f'The data are {what}, and layout is None: give layout="nct" where the axes are {axes[0]} (aeon, sktime, '
        f'torch), or layout="ntc" where they are {axes[1]} (Keras, tslearn).'
    )


def _check_items(items: list[np.ndarray], layout: str) -> None:
    """Refuse items (time, channels) that do not fit together."""
    channels = items[0].shape[1]
    for i, item in enumerate(items):
        shape = item.shape if layout == "ntc" else item.shape[::-1]
        if item.shape[1] != channels:
            raise InvalidDataError(
                f"Item {i} of the list has {item.shape[1]} channels (shape {shape}), and item 0 has {channels}; all "
                f"must have the same. layout is {layout!r}: is it {'nct' if layout == 'ntc' else 'ntc'!r}?"
            )
        if not item.size:
            raise InvalidDataError(f"Item {i} of the list has shape {shape}: there is nothing in it.")


# ---- frames


def read_rows(X: Any, key: Hashable | None, index: Hashable | None, window: int | None) -> Rows:
    """Read a frame of rows, and put them in order.

    Raises:
        InvalidParameterError: for columns that are not there, or where nothing says what a sequence is.
        InvalidDataError: for missing or repeated keys and times.

    Warns:
        DataWarning: for rows that did not stand in order of time.
    """
    frame, container = to_frame(X)
    doubled = frame.columns[frame.columns.duplicated()].unique().tolist()
    if doubled:
        raise InvalidDataError(f"Column names must differ; these come more than once: {', '.join(map(repr, doubled))}.")
    labels = Labels.of(frame.columns)
    frame, key, index, levels = _with_levels(frame, key, index)
    _check_roles(frame, key, index, window, np.shape(X))
    rows = Rows("frame", container, frame, np.empty(0), np.empty(0), labels, key, index, None, levels)
    _check_present(rows)
    codes = np.zeros(len(frame), dtype=np.int64) if key is None else pd.factorize(rows.column(key))[0]
    _sort(rows, codes)
    return rows


def _with_levels(
    frame: pd.DataFrame, key: Hashable | None, index: Hashable | None
) -> tuple[pd.DataFrame, Hashable | None, Hashable | None, tuple[tuple[Hashable, Hashable], ...]]:
    """Return rows with a plain index: levels that say sequence or time become columns, the first ones."""
    names: list[Hashable] = list(frame.columns)
    row_index = frame.index
    chosen: list[Hashable] = []
    if isinstance(row_index, pd.MultiIndex):
        if key is None and index is None:
            if row_index.nlevels != 2:
                raise InvalidDataError(
                    f"The row index has {row_index.nlevels} levels ({', '.join(map(repr, row_index.names))}); give two "
                    "(sequence, time), or columns by sequence_key= and sequence_index=."
                )
            key, index = (_free(name, names, word) for name, word in zip(row_index.names, ("key", "time"), strict=True))
            chosen = [key, index]
        elif (key in row_index.names and key not in names) or (index in row_index.names and index not in names):
            raise InvalidParameterError(
                f"The levels of the row index ({', '.join(map(repr, row_index.names))}) are taken as sequence and time "
                "where neither sequence_key nor sequence_index is given: leave both out, or call reset_index()."
            )
    elif index is not None and index not in names and row_index.name == index:
        chosen = [index]
    plain = frame.reset_index(drop=True)
    plain.columns = pd.Index(names, dtype=object, tupleize_cols=False)
    for place, name in enumerate(chosen):
        level = row_index.get_level_values(place).to_series(index=plain.index)
        plain.insert(place, name, level)  # type: ignore[arg-type]
    return plain, key, index, tuple(zip(chosen, row_index.names, strict=True)) if chosen else ()


def _free(name: Hashable, taken: list[Hashable], word: str) -> Hashable:
    """Return the name of a level, or a word for one without, that no column has."""
    free = word if name is None else name
    while free in taken:
        free = f"{free}_"
    return free


def _check_roles(
    frame: pd.DataFrame, key: Hashable | None, index: Hashable | None, window: int | None, shape: tuple[int, ...]
) -> None:
    known = list(frame.columns)
    for option, name in (("sequence_key", key), ("sequence_index", index)):
        if name is not None and name not in known:
            raise InvalidParameterError(f"{option} is {name!r}, which the data do not have.{did_you_mean(name, known)}")
    if key is not None and key == index:
        raise InvalidParameterError(f"sequence_key and sequence_index are both {key!r}; they are two columns.")
    if key is None and window is None:
        raise InvalidParameterError(
            f"The data are rows (shape {shape}), and nothing says which sequence they belong to: give sequence_key= "
            "for rows of many sequences, or window= for one long series."
        )
    if not len(frame):
        raise InvalidDataError(f"There are no rows to learn from (shape {shape}).")


def _check_present(rows: Rows) -> None:
    for option, name in (("sequence_key", rows.key), ("sequence_index", rows.index)):
        if name is not None:
            gaps = rows.column(name).isna().to_numpy()
            if gaps.any():
                raise InvalidDataError(
                    f"The {option} {name!r} is missing in {int(gaps.sum())} of {len(gaps)} rows, the first one row "
                    f"{int(gaps.argmax())}; each row needs one."
                )


def _sort(rows: Rows, codes: np.ndarray) -> None:
    """Put rows in order: sequences as they first appear, each by time, rows of one time never."""
    times = _ranks(rows)
    order = np.lexsort((times, codes))
    standing = np.argsort(codes, kind="stable")
    late = int(((np.diff(times[standing]) < 0) & (np.diff(codes[standing]) == 0)).sum())
    rows.frame = rows.frame.iloc[order].reset_index(drop=True)
    rows.order, rows.lengths = order, np.bincount(codes).astype(np.int64)
    same = (np.diff(times[order]) == 0) & (np.diff(codes[order]) == 0)
    if same.any():
        alone = "" if rows.key is not None else " (a sequence_key tells several sequences apart)"
        place = int(same.argmax())
        time = plain_cell(rows.column(rows.index), place)
        first = f"{time!r} in {rows.name_of(int(codes[order][place]))}"
        raise InvalidDataError(
            f"{int(same.sum())} rows repeat a time ({rows.index!r}) of their sequence, the first one {first}; there "
            f"must be one row a step{alone}."
        )
    if late:
        warnings.warn(
            f"{late} rows come before an earlier time ({rows.index!r}) of their sequence; they were sorted.",
            DataWarning,
            stacklevel=4,
        )


def _ranks(rows: Rows) -> np.ndarray:
    """Return each row's rank in time, and remember how times are read."""
    if rows.index is None:
        return np.arange(len(rows.frame))
    times = rows.column(rows.index)
    rows.ticks = Ticks.fit(times)
    if rows.ticks.column.storage == "text":
        return rows.ticks.read(times)
    return pd.factorize(times, sort=True)[0]
