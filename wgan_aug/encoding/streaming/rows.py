"""Rows of the parts that are kept, by number, as Arrow tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

__all__ = ["PART_ROWS", "RowStore"]

PART_ROWS = 2**40  # row r of part p has the number p * PART_ROWS + r


@dataclasses.dataclass(frozen=True)
class RowStore:
    """Some rows of a table.

    Args:
        pieces: the numbers of rows, increasing, int64, shape (rows,), and the rows themselves.
    """

    pieces: tuple[tuple[np.ndarray, pa.Table], ...] = ()

    def __len__(self) -> int:
        return sum(len(rows) for rows, _ in self.pieces)

    def join(self, other: RowStore) -> RowStore:
        """Return the rows of both."""
        return RowStore((*self.pieces, *other.pieces))

    def only(self, wanted: np.ndarray) -> RowStore:
        """Return those that are wanted, each once."""
        left, pieces = np.unique(wanted), list[tuple[np.ndarray, pa.Table]]()
        for rows, table in self.pieces:
            keep = np.isin(rows, left, assume_unique=True)
            if keep.any():
                left = np.setdiff1d(left, rows[keep], assume_unique=True)
                pieces.append((rows, table) if keep.all() else (rows[keep], table.take(np.flatnonzero(keep))))
        return RowStore(tuple(pieces))

    def table(self, wanted: Sequence[int] | np.ndarray) -> pa.Table:
        """Return the wanted rows, at least one, in the order asked for."""
        pieces = sorted(self.only(np.asarray(wanted)).pieces, key=lambda piece: int(piece[0][0]))
        table = pa.concat_tables([table for _, table in pieces]).unify_dictionaries().combine_chunks()
        rows = np.concatenate([rows for rows, _ in pieces])
        order = np.argsort(rows, kind="stable")
        return table.take(order[np.searchsorted(rows, wanted, sorter=order)])
