"""A frame of partial rows as conditions: a row is drawn for each; many that are alike are drawn together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.table import TableEncoder
from wgan_aug.errors import InvalidDataError, InvalidParameterError, join_problems
from wgan_aug.synthesizers.conditioning.completing import Completer
from wgan_aug.synthesizers.conditioning.known import Known
from wgan_aug.synthesizers.conditioning.partial import complete_rows, read_cells
from wgan_aug.synthesizers.filters.filters import Filters, number_rows
from wgan_aug.synthesizers.possible import why_impossible
from wgan_aug.synthesizers.seeds import randomness, seed_of

__all__ = ["check_length", "complete_frame", "draw_kinds", "find_kinds", "read_seen"]

ALIKE = 50  # partial rows of each kind, on the mean, from which on they are drawn kind by kind
MOST_PROBLEMS = 5  # told at once


def check_length(frame: pd.DataFrame, n_samples: int) -> None:
    """Refuse a number of rows that is not that of the partial rows."""
    if n_samples not in (1, len(frame)):
        raise InvalidParameterError(
            f"conditions is a frame of {len(frame)} rows, and n_samples is {n_samples}; leave n_samples out, or give "
            "the same number."
        )


def find_kinds(frame: pd.DataFrame) -> Mapping[Any, Any] | None:
    """Return where the rows of each kind are, none where nothing is given; None where too few are alike."""
    columns = list(frame.columns)
    if frame.empty:
        return {}
    kinds = frame.groupby(columns, dropna=False, sort=False, observed=True).indices
    return kinds if len(kinds) * ALIKE <= len(frame) else None


def draw_kinds(
    first: pd.DataFrame,
    draw: Callable[[int, Mapping[Any, Any], int], pd.DataFrame],
    frame: pd.DataFrame,
    kinds: Mapping[Any, Any],
    seed: int,
) -> pd.DataFrame:
    """Draw the rows of each kind of partial rows together, as rows under conditions.

    Args:
        first: rows to begin with; none where there are kinds.
        draw: takes how many rows, what shall hold in them, and their seed.
        frame: the partial rows.
        kinds: where the rows of each kind are.
        seed: of the whole sample.
    """
    drawn = [first]
    for part, index in enumerate(kinds.values()):
        row = frame.iloc[index[0]]
        wanted = {name: row[name] for name in frame.columns if not pd.isna(row[name])}
        own = np.random.SeedSequence([seed, part]).generate_state(1)[0]
        drawn.append(draw(len(index), wanted, int(own)).set_axis(index))
    return pd.concat(drawn).sort_index().reset_index(drop=True)


def read_seen(encoder: TableEncoder, frame: pd.DataFrame) -> Known:
    """Read the cells of partial rows that are there, and refuse values that a column does not have.

    Raises:
        InvalidDataError: for cells that are not such as were fitted.
        InvalidParameterError: for values that a column rules out, a few in one error.
    """
    known = read_cells(encoder, frame, list(frame.columns))
    problems: list[str] = []
    for place, name in enumerate(frame.columns):
        for value in frame.iloc[:, place].dropna().unique().tolist():
            problems += why_impossible(encoder, {name: value})
    if problems:
        raise InvalidParameterError(join_problems(problems[:MOST_PROBLEMS]))
    return known


def complete_frame(
    frame: pd.DataFrame, known: Known, completer: Completer, filters: Filters, seed: int
) -> pd.DataFrame:
    """Draw a row for each partial row, all at once.

    Args:
        frame: the partial rows.
        known: their cells.
        completer: draws the others.
        filters: what rows have to pass.
        seed: of the whole sample.

    Raises:
        InvalidDataError: for partial rows that break a rule, whatever is drawn beside them.
    """

    def make(turn: int, some: Known) -> tuple[pd.DataFrame, np.ndarray]:
        return complete_rows(completer, some, *randomness(completer.generator, seed_of(seed, 0, turn), 0))

    drawn, wrong = filters.complete(make, known)
    if wrong.any():
        raise InvalidDataError(
            f"{int(wrong.sum())} rows of conditions break a rule that holds in all fitted rows"
            f"{', or pass no filter' if filters else ''}, the first: "
            f"{frame.iloc[int(wrong.argmax())].dropna().to_dict()}."
        )
    return number_rows(drawn, known.encoder, 0, randomness(completer.generator, seed, 0)[1])
