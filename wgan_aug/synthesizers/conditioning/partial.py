"""Rows of which some cells are given: read them, draw the others, and put them together."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch

from wgan_aug.encoding.distinct import find_levels
from wgan_aug.encoding.levels import LevelEncoder
from wgan_aug.encoding.numbers import NumberCodec
from wgan_aug.encoding.ruled import RuledEncoder, inner_of
from wgan_aug.encoding.sums import SumEncoder
from wgan_aug.encoding.table import TableEncoder
from wgan_aug.errors import DataWarning, InvalidDataError, join_problems
from wgan_aug.schema.cells import missing_cells, put_rows
from wgan_aug.synthesizers.conditioning.completing import Completer
from wgan_aug.synthesizers.conditioning.known import Known
from wgan_aug.synthesizers.conditioning.telling import tell

__all__ = ["combine", "complete_rows", "fill", "read_cells", "unseen", "warn_of_broken"]

ROUNDS = 8  # times that rows are drawn anew in which given and drawn cells break a rule


def read_cells(encoder: TableEncoder, frame: pd.DataFrame, names: Sequence[Hashable]) -> Known:
    """Read the cells of some rows that are there; missing ones are not known.

    Args:
        encoder: of the table.
        frame: the rows, with any of the fitted columns.
        names: of the frame's columns.

    Raises:
        InvalidDataError: for cells that are not such as were fitted, all columns in one error.
    """
    cells: dict[int, pd.Series] = {}
    masks: dict[int, np.ndarray] = {}
    problems: list[str] = []
    for place, name in enumerate(names):
        position = encoder.schema.names.index(name)
        column, series = encoder.schema.columns[position], frame.iloc[:, place].reset_index(drop=True)
        mask = ~missing_cells(series)
        if not mask.any() or column.kind == "identifier":
            continue
        try:
            present = _cast(series[mask], column.dtype)
        except (TypeError, ValueError, OverflowError, ArithmeticError) as error:
            problems.append(
                f"Column {name!r} was fitted as {column.dtype}, but is {series.dtype} here: {str(error).rstrip('.')}."
            )
            continue
        blank = encoder.placeholder(name, len(frame))
        cells[position] = put_rows(blank, mask, present, np.arange(len(present)))
        masks[position] = mask
    if problems:
        raise InvalidDataError(join_problems(problems))
    return Known(encoder, len(frame), cells, masks)


def _cast(series: pd.Series, dtype: Any) -> pd.Series:
    if isinstance(dtype, pd.CategoricalDtype):
        series = series.astype(object)
        cast = pd.Series(pd.Categorical(series.where(series.isin(dtype.categories)), dtype=dtype), index=series.index)
    else:
        cast = series.astype(dtype)
    lost = missing_cells(cast)
    if pd.api.types.is_numeric_dtype(series.dtype) and pd.api.types.is_integer_dtype(dtype):
        lost |= np.asarray(cast != series, dtype=bool)
    if lost.any():
        raise ValueError(f"{series[lost].tolist()[0]!r} is none of its values")
    return cast


def unseen(encoder: TableEncoder, known: Known) -> None:
    """Take cells of levels that were never seen as not known, when the networks are told."""
    for position, own in enumerate(encoder.encoders):
        inner = inner_of(own)
        if position in known.cells and isinstance(inner, LevelEncoder):
            seen = find_levels(inner.levels, known.cells[position])[0] >= 0
            if isinstance(own, RuledEncoder):
                seen |= own.has_value(known.cells[position])
            known.masks[position] = known.masks[position] & seen


def complete_rows(
    completer: Completer,
    known: Known,
    rng: torch.Generator,
    keeping: np.random.Generator,
    *,
    whole: bool = False,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Draw the cells of rows that are not known.

    Args:
        completer: draws them.
        known: the others.
        rng: draws candidates.
        keeping: decides who is kept.
        whole: draw no missing cells.

    Returns:
        the rows, with the fitted columns; and in which of them known and drawn cells break a rule, still.
    """
    left = np.arange(known.rows)
    parts: list[pd.DataFrame] = []
    order: list[np.ndarray] = []
    for turn in range(ROUNDS):
        some = known.take(left)
        told = tell(some)
        if whole:
            told.banned |= _missing_states(completer, known.encoder)
        encoded = completer.complete(told, rng, keeping)
        frame = some.decode(encoded, keeping)
        fine = ~some.wrong if turn < ROUNDS - 1 else np.ones(len(left), dtype=bool)
        parts.append(frame[fine])
        order.append(left[fine])
        left = left[~fine]
        if not len(left):
            break
    wrong = np.zeros(known.rows, dtype=bool)
    if len(parts) == ROUNDS:
        wrong[order[-1]] = True
    rows = pd.concat(parts, ignore_index=True)
    return rows.iloc[np.argsort(np.concatenate(order))].reset_index(drop=True), wrong


def _missing_states(completer: Completer, encoder: TableEncoder) -> np.ndarray:
    """Say which states are of missing cells, bool, shape (states,); none where a column has no other."""
    out = np.zeros(completer.layout.n_states, dtype=bool)
    start = 0
    for own in encoder.encoders:
        inner = inner_of(own)
        inner = inner.rest if isinstance(inner, SumEncoder) else inner
        if getattr(inner, "has_missing", False) and own.states > 1:
            out[start + inner.states - 1] = True
        start += own.states
    return out


def fill(frame: pd.DataFrame, drawn: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with its missing cells filled from drawn rows; all else is as it was, dtypes and index too."""
    out = frame.copy()
    for place in range(frame.shape[1]):
        own = frame.iloc[:, place].reset_index(drop=True)
        absent = missing_cells(own)
        if absent.any():
            cells = put_rows(own, absent, drawn.iloc[:, place].astype(own.dtype))
            out.isetitem(place, cells.astype(own.dtype).array)
    return out


def combine(encoder: TableEncoder, draws: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return one table of several draws: the mean of numbers and dates, and the commonest of other cells."""
    out = draws[0].copy()
    for position, own in enumerate(encoder.encoders):
        columns = [draw.iloc[:, position] for draw in draws]
        codec = _codec_of(own)
        if codec is None:
            codes, levels = pd.factorize(pd.concat(columns, ignore_index=True))
            table = codes.reshape(len(draws), -1)
            counts = np.stack([(table == code).sum(axis=0) for code in range(-1, len(levels))])
            best = counts.argmax(axis=0) - 1  # the row of the first draw that has it
            place = (table == best).argmax(axis=0) * len(out) + np.arange(len(out))
            out.isetitem(position, pd.concat(columns, ignore_index=True).iloc[place].array)
            continue
        numbers, absent = zip(*(codec.numbers(column) for column in columns), strict=True)
        present = ~np.stack(absent)
        mean = (np.stack(numbers) * present).sum(axis=0) / np.maximum(1, present.sum(axis=0))
        out.isetitem(position, codec.cells(mean, np.logical_and.reduce(absent)).array)
    return out


def _codec_of(own: Any) -> NumberCodec | None:
    inner = inner_of(own)
    return inner.whole.line.codec if isinstance(inner, SumEncoder) else getattr(inner, "codec", None)


def warn_of_broken(wrong: np.ndarray) -> None:
    """Warn of rows in which given cells break a rule of the fitted table, whatever is drawn beside them."""
    if wrong.any():
        warnings.warn(
            f"In {int(wrong.sum())} rows the given cells break a rule that held in all fitted rows, or no draw beside "
            "them keeps one.",
            DataWarning,
            stacklevel=4,
        )
