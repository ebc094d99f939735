"""Cells of rows that are known before the others are drawn, and come out as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.dependents import DependentEncoder
from wgan_aug.encoding.ruled import inner_of
from wgan_aug.encoding.sums import SumEncoder
from wgan_aug.encoding.table import EncodedTable, TableEncoder
from wgan_aug.schema.cells import missing_cells, put_rows

__all__ = ["Known"]


class Known:
    """Known cells of some rows.

    Args:
        encoder: of the table.
        rows: how many rows.
        cells: cells by position of the column, in the fitted dtype, shape (rows,); anything where they are not known.
        masks: which of them are known, bool, by position, shape (rows,).
    """

    def __init__(
        self, encoder: TableEncoder, rows: int, cells: Mapping[int, pd.Series], masks: Mapping[int, np.ndarray]
    ) -> None:
        self.encoder, self.rows, self.cells, self.masks = encoder, rows, dict(cells), dict(masks)
        self.wrong = np.zeros(rows, dtype=bool)

    @classmethod
    def whole(cls, encoder: TableEncoder, rows: int, cells: Mapping[int, pd.Series]) -> Known:
        """Know some columns in all rows."""
        return cls(encoder, rows, cells, {p: np.ones(rows, dtype=bool) for p in cells})

    def mask(self, position: int) -> np.ndarray:
        """Say in which rows a column's cell is known."""
        return self.masks.get(position, np.zeros(self.rows, dtype=bool))

    def take(self, index: np.ndarray) -> Known:
        """Return some rows, by number."""
        cells = {p: cells.iloc[index].reset_index(drop=True) for p, cells in self.cells.items()}
        return Known(self.encoder, len(index), cells, {p: mask[index] for p, mask in self.masks.items()})

    def decode(self, encoded: EncodedTable, rng: np.random.Generator) -> pd.DataFrame:
        """Decode rows; known cells come out as they are, and columns that follow from them follow.

        `wrong` says afterwards in which rows a known cell is not what others make of it.
        """
        self.wrong = np.zeros(self.rows, dtype=bool)
        sums: dict[int, pd.Series] = {}

        def put(position: int, drawn: pd.Series) -> pd.Series:
            if position not in self.cells:
                return drawn
            cells, differs = self._over(position, drawn)
            if _sum_of(self.encoder.encoders[position]) is not None:
                sums[position] = drawn
            elif isinstance(self.encoder.encoders[position], DependentEncoder):
                self.wrong |= differs
            return cells

        frame = self.encoder.inverse_transform(encoded, rng, put=put)
        for position in self.cells:
            cells, differs = self._over(position, frame.iloc[:, position])  # a part of a sum may have given way
            frame.isetitem(position, cells.array)
            self.wrong |= differs
        for position, drawn in sums.items():
            self._settle(frame, position, drawn)
        return frame

    def _settle(self, frame: pd.DataFrame, position: int, drawn: pd.Series) -> None:
        """Move drawn parts of a sum, in place, so that they add up to what is known of it, within their bounds."""
        own = _sum_of(self.encoder.encoders[position])
        assert own is not None
        line, known = own.whole.line, self.mask(position) & ~missing_cells(self.cells[position])
        wanted, (found, absent) = line.codec.numbers(self.cells[position])[0], line.codec.numbers(drawn)
        gap = np.where(known & ~absent, wanted - found, 0.0)
        for part in own.parts:
            place = part.line.position
            numbers, missing = part.line.codec.numbers(frame.iloc[:, place])
            free = ~self.mask(place) & ~missing & self._is_free(place, position)
            share = part.scale / own.whole.scale
            moved = np.where(free, np.clip(numbers + gap / share, part.line.low, part.line.high), numbers)
            cells = put_rows(frame.iloc[:, place], free, part.line.codec.cells(moved, missing))
            frame.isetitem(place, cells.array)
            gap = gap - (part.line.codec.numbers(cells)[0] - numbers) * share
        self.wrong |= np.abs(gap) > max(0.5 * line.step, 1e-9 * line.reach)
        self.wrong |= self.mask(position) & (missing_cells(self.cells[position]) != missing_cells(drawn))

    def _is_free(self, place: int, whole: int) -> bool:
        """Say whether a part of a sum is learned itself, and nothing else depends on it."""
        own = self.encoder.encoders
        others = [e for p, e in enumerate(own) if p != whole and place in getattr(e, "parents", ())]
        return not others and not isinstance(own[place], DependentEncoder)

    def _over(self, position: int, drawn: pd.Series) -> tuple[pd.Series, np.ndarray]:
        """Return drawn cells with the known ones in their place, and where these differ."""
        own, known = self.cells[position], self.mask(position)
        same = np.asarray((drawn == own).fillna(False), dtype=bool) | np.asarray(drawn.isna() & own.isna())
        return put_rows(drawn, known, own), known & ~same


def _sum_of(own: Any) -> SumEncoder | None:
    inner = inner_of(own)
    return inner if isinstance(inner, SumEncoder) else None
