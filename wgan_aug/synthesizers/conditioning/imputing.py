"""Tables with missing cells: filled with draws, or with what several draws have in common."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from wgan_aug.encoding.table import TableEncoder
from wgan_aug.errors import InvalidParameterError, join_problems
from wgan_aug.synthesizers.checks import not_a_number, not_a_switch
from wgan_aug.synthesizers.conditioning.completing import Completer
from wgan_aug.synthesizers.conditioning.known import Known
from wgan_aug.synthesizers.conditioning.partial import (
    combine,
    complete_rows,
    fill,
    read_cells,
    unseen,
    warn_of_broken,
)
from wgan_aug.synthesizers.filters.filters import Filters, number_rows
from wgan_aug.synthesizers.seeds import randomness, seed_of

__all__ = ["check_draws", "fill_missing", "read_told"]


def check_draws(n_draws: int | None, average: int | None, refine: bool | None) -> None:
    """Refuse what are no numbers of draws, and no switch."""
    problems = not_a_number("n_draws", n_draws, above=0, whole=True)
    problems += not_a_number("average", average, above=0, whole=True) + not_a_switch("refine", refine)
    if problems:
        raise InvalidParameterError(join_problems(problems))


def read_told(encoder: TableEncoder, frame: pd.DataFrame) -> Known:
    """Read the cells of some rows that are there; those of levels that were never seen are not told.

    Raises:
        InvalidDataError: for cells that are not such as were fitted.
    """
    known = read_cells(encoder, frame, list(frame.columns))
    unseen(encoder, known)
    return known


def fill_missing(
    frame: pd.DataFrame,
    known: Known,
    completer: Completer,
    filters: Filters,
    seed: int,
    *,
    n_draws: int = 1,
    average: int | None = None,
) -> Iterator[pd.DataFrame]:
    """Yield a frame with its missing cells filled, several times.

    Args:
        frame: the rows, with any of the fitted columns.
        known: their cells that are told.
        completer: draws the others.
        filters: what rows have to pass; they may copy training rows.
        seed: of all draws.
        n_draws: how many filled frames.
        average: draws of which each is the mean, see `combine`; None for a single draw each.
    """
    encoder, count = known.encoder, average or 1
    places = [encoder.schema.names.index(name) for name in frame.columns]

    def draw(part: int) -> tuple[pd.DataFrame, np.ndarray]:
        def make(turn: int, some: Known) -> tuple[pd.DataFrame, np.ndarray]:
            numbers = randomness(completer.generator, seed_of(seed, part, turn), part)
            return complete_rows(completer, some, *numbers, whole=True)

        return filters.complete(make, known, copies=False)

    for turn in range(n_draws):
        made = [draw(part) for part in range(turn * count, (turn + 1) * count)]
        warn_of_broken(np.logical_or.reduce([wrong for _, wrong in made]))
        whole = made[0][0] if average is None else combine(encoder, [drawn for drawn, _ in made])
        whole = whole if average is None else filters.mend(whole, known.masks)
        whole = number_rows(whole, encoder, 0, randomness(completer.generator, seed, turn * count)[1])
        yield fill(frame, whole.iloc[:, places])
