"""The rows of a sample, part by part: drawn, under conditions where there are some, and filtered."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from wgan_aug.encoding.table import TableEncoder
from wgan_aug.errors import InvalidParameterError, join_problems
from wgan_aug.networks.tables import TableGenerator
from wgan_aug.schema.columns import TableSchema
from wgan_aug.synthesizers.balance import Balance
from wgan_aug.synthesizers.conditioning.meeting import Meeting
from wgan_aug.synthesizers.conditions import check_conditions, which_hold
from wgan_aug.synthesizers.filters.filters import Filtering, Filters, number_rows
from wgan_aug.synthesizers.parts import draw_part
from wgan_aug.synthesizers.possible import why_impossible
from wgan_aug.synthesizers.refinement.refiner import Refiner
from wgan_aug.synthesizers.seeds import randomness, seed_of

__all__ = ["Drawing", "check_columns", "parts_of"]

PART_ROWS = 65_536  # rows drawn with one seed and decoded at once


def check_columns(conditions: Any, schema: TableSchema) -> dict[Hashable, Any]:
    """Return conditions by column, see `check_conditions`; any column but identifiers may have one."""
    other = {c.name: "is an identifier: every row has a new one" for c in schema if c.kind == "identifier"}
    return check_conditions(conditions, [name for name in schema.names if name not in other], other)


def parts_of(rows: int) -> list[tuple[int, int, int]]:
    """Return the number of each part of a sample, that of its first row, and how many rows it has; at least one."""
    starts = range(0, max(1, rows), PART_ROWS)
    return [(part, start, min(PART_ROWS, rows - start)) for part, start in enumerate(starts)]


class Drawing:
    """Draws the parts of one sample.

    Args:
        generator: of rows.
        encoder: of the table.
        balance: gives rare states their true share back; None where training did not touch it.
        refiner: chooses among candidates; None takes all.
        filters: what rows have to pass.
        seed: of the whole sample.
        conditions: by name, see `which_hold`; may be none.
        precision: what rows without conditions are drawn in, see `drawing_precision`.

    Raises:
        InvalidParameterError: for conditions that can never hold, or contradict each other.
    """

    def __init__(
        self,
        generator: TableGenerator,
        encoder: TableEncoder,
        balance: Balance | None,
        refiner: Refiner | None,
        filters: Filters,
        seed: int,
        conditions: Mapping[Hashable, Any],
        precision: str,
    ) -> None:
        problems = why_impossible(encoder, conditions)
        if problems:
            raise InvalidParameterError(join_problems(problems))
        self.model = (generator, encoder, balance, refiner)
        self.filters, self.seed, self.conditions, self.precision = filters, seed, conditions, precision
        self.meeting = Meeting(*self.model, conditions) if conditions else None

    @property
    def rows_a_part(self) -> int:
        """How many rows each part has but the last."""
        return PART_ROWS

    @property
    def refines(self) -> bool:
        """Whether candidates are chosen among."""
        return self.model[3] is not None

    def afresh(self) -> Drawing:
        """Return the same, with counts of its own of how often conditions were met."""
        return Drawing(*self.model, self.filters, self.seed, self.conditions, self.precision)

    def draw(self, part: int, first_row: int, rows: int) -> tuple[pd.DataFrame, Filtering]:
        """Return the rows of a part, and how many the filters let through; see `parts_of`."""
        if self.filters:
            also = partial(which_hold, conditions=self.conditions) if self.conditions else None
            frame, counts = self.filters.draw(partial(self._make, part, first_row), rows, also)
        else:
            frame, counts = self._make(part, first_row, 0, rows), Filtering()
        if self.filters or self.meeting is not None:  # drawn in several turns
            generator, encoder, *_ = self.model
            frame = number_rows(frame, encoder, first_row, randomness(generator, self.seed, part)[1])
        return frame, counts

    def describe(self, counts: Filtering) -> str:
        """Return in lines how often conditions were met, and what the filters did."""
        met = (
            f"the conditions hold in {self.meeting.acceptance:.2%} of the generator's own rows\n"
            if self.meeting
            else ""
        )
        return f"{met}{counts.describe()}\n" if self.filters else met

    def _make(self, part: int, first_row: int, turn: int, rows: int) -> pd.DataFrame:
        """Return rows of a part that are drawn in a turn, before filters."""
        own = seed_of(self.seed, part, turn)
        if self.meeting is None:
            return draw_part(*self.model, own, part, first_row, rows, self.precision)
        return self.meeting.draw(rows, *randomness(self.model[0], own, part))
