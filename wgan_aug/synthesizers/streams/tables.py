"""The parts of a sample of rows, as a run into a folder takes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterator, Mapping

import pandas as pd

from wgan_aug.schema.columns import Storage
from wgan_aug.synthesizers.conditioning.drawing import Drawing, parts_of
from wgan_aug.synthesizers.filters.filters import Filtering

__all__ = ["TableFigures", "TableSource"]


@dataclasses.dataclass(frozen=True)
class TableFigures:
    """What drawing rows told.

    Args:
        filtering: what the filters did.
        drawn: rows of the generator's own that were looked at for conditions.
        met: those in which they held.
    """

    filtering: Filtering = dataclasses.field(default_factory=Filtering)
    drawn: int = 0
    met: int = 0

    @property
    def acceptance(self) -> float:
        """The share of the generator's own rows in which the conditions held; 1 where none was looked at."""
        return self.met / self.drawn if self.drawn else 1.0

    def __add__(self, other: TableFigures) -> TableFigures:
        return TableFigures(self.filtering + other.filtering, self.drawn + other.drawn, self.met + other.met)


@dataclasses.dataclass(frozen=True)
class TableSource:
    """Draws the parts of a sample of rows, each by itself.

    Args:
        drawing: of the whole sample.
        rows: how many in all.
    """

    drawing: Drawing
    rows: int

    @property
    def size(self) -> tuple[int, int]:
        """How many rows in all, and in each part but the last."""
        return self.rows, self.drawing.rows_a_part

    def parts(self) -> Iterator[tuple[int, tuple[int, int]]]:
        """Yield the number of each part, and that of its first row beside how many rows it has."""
        return ((number, (first_row, rows)) for number, first_row, rows in parts_of(self.rows))

    def draw(self, number: int, part: tuple[int, int], /) -> tuple[pd.DataFrame, TableFigures]:
        """Return the rows of a part, and what drawing them told; safe on several threads at once."""
        drawing = self.drawing.afresh()
        frame, filtering = drawing.draw(number, *part)
        meeting = drawing.meeting
        return frame, TableFigures(filtering, *((meeting.drawn, meeting.met) if meeting is not None else (0, 0)))

    @property
    def storages(self) -> Mapping[Hashable, Storage]:
        """How the cells of each column are stored."""
        _, encoder, *_ = self.drawing.model
        return {column.name: column.storage for column in encoder.schema}
