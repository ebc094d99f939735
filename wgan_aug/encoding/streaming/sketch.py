"""What one pass over a table keeps: a random sample of its rows, figures of each column, and rows that bear witness."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pyarrow as pa

from wgan_aug.encoding.streaming.columns import ColumnSketch, cell_hashes, scramble
from wgan_aug.encoding.streaming.files import PartFiles
from wgan_aug.encoding.streaming.rows import PART_ROWS, RowStore

__all__ = ["SAMPLE_ROWS", "Drawn", "TableSketch", "sketch_part"]

SAMPLE_ROWS = 200_000
WITNESSES = 2000  # rows of values that the sample misses; more would bend the columns beside theirs


@dataclasses.dataclass(frozen=True)
class Drawn:
    """Rows to learn an encoder from.

    Args:
        rows: sampled rows in their order, then witnesses in theirs.
        sampled: how many are sampled.
        numbers: the number of each row in the table, int64.
    """

    rows: pa.Table
    sampled: int
    numbers: np.ndarray


@dataclasses.dataclass
class TableSketch:
    """Mergeable figures of a table, of bounded size.

    The sample is uniform: each row has a key, a hash of seed, part and row number, and the rows with the smallest
    keys are kept. A witness is the first row with a value, an extreme or a missing cell, kept where a column has
    few enough values. Sketches of the same rows are equal however they were split and merged.

    Args:
        size: rows of the sample.
        seed: of the keys.
        parts: rows of each part.
        columns: figures of each column.
        sample: the numbers of the sampled rows in any order, int64, shape (rows,).
        store: sampled rows and witnesses, and maybe some more.
    """

    size: int = SAMPLE_ROWS
    seed: int = 0
    parts: dict[int, int] = dataclasses.field(default_factory=dict[int, int])
    columns: tuple[ColumnSketch, ...] = ()
    sample: np.ndarray = dataclasses.field(default_factory=lambda: np.empty(0, dtype=np.int64))
    store: RowStore = dataclasses.field(default_factory=RowStore)

    def add(self, batch: Any, part: int, first_row: int) -> TableSketch:
        """Return the sketch with some more rows in it.

        Args:
            batch: an Arrow record batch or table.
            part: the number of the part that it comes from.
            first_row: the number in it of the batch's first row.
        """
        table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch.combine_chunks()
        rows = part * PART_ROWS + np.arange(first_row, first_row + len(table), dtype=np.int64)
        known = self.columns or (None,) * table.num_columns
        cells = [column.combine_chunks() for column in table.columns]
        columns = [ColumnSketch.of(column, rows, own) for column, own in zip(cells, known, strict=True)]
        new = TableSketch(self.size, self.seed, {part: len(table)}, tuple(columns), rows)
        merged = self._figures(new)
        kept = merged._wanted(rows[0], rows[-1]) - rows[0]
        piece = (rows[kept], table.take(kept))
        merged.store = self.store.join(RowStore((piece,) if len(kept) else ()))
        return merged._tidy()

    def add_part(self, files: PartFiles, part: int) -> TableSketch:
        """Return the sketch with all rows of a part in it.

        Raises:
            InvalidDataError: if they cannot be read.
        """
        sketch, row = self, 0
        for batch in files.batches(part):
            sketch = sketch.add(batch, part, row)
            row += len(batch)
        return sketch

    def merge(self, other: TableSketch) -> TableSketch:
        """Return the sketch of the rows of both; the order does not matter."""
        merged = self._figures(other)
        merged.store = self.store.join(other.store)
        return merged._tidy()

    def _figures(self, other: TableSketch) -> TableSketch:
        """Return the sketch of both, without rows in its store."""
        parts = {part: self.parts.get(part, 0) + other.parts.get(part, 0) for part in self.parts | other.parts}
        columns = (
            tuple(a.merge(b) for a, b in zip(self.columns, other.columns, strict=True))
            if self.columns and other.columns
            else self.columns or other.columns
        )
        sample = np.concatenate([self.sample, other.sample])
        if len(sample) > self.size:
            sample = sample[np.argpartition(self._keys(sample), self.size)[: self.size]]
        return TableSketch(self.size, self.seed, parts, columns, sample)

    def _keys(self, rows: np.ndarray) -> np.ndarray:
        seed = scramble(np.array([self.seed], dtype=np.uint64))
        return scramble(rows.view(np.uint64) ^ seed)

    def _wanted(self, first: int = 0, last: int = np.iinfo(np.int64).max) -> np.ndarray:
        """Return the numbers, in a range, of the rows that the store must hold, increasing."""
        parts = (self.sample, *(column.witness_rows for column in self.columns))
        return np.unique(np.concatenate([rows[(rows >= first) & (rows <= last)] for rows in parts]))

    def _tidy(self) -> TableSketch:
        """Let go of rows that are no longer wanted, when they are many."""
        return self.compact() if len(self.store) > 2 * self.size else self

    def compact(self) -> TableSketch:
        """Let go of rows that are no longer wanted."""
        self.store = self.store.only(self._wanted())
        return self

    @property
    def n_rows(self) -> int:
        """Rows of the table."""
        return sum(self.parts.values())

    @property
    def is_whole(self) -> bool:
        """Whether the sample has all rows."""
        return self.n_rows <= self.size

    def draw(self) -> Drawn:
        """Return the sample and the witnesses that it needs: one of each value that it misses, commonest first.

        Witnesses of values are at most 2000; those of extremes and of missing cells come besides.
        """
        sample = np.sort(self.sample)
        table = self.store.table(sample)
        if self.is_whole:
            return Drawn(table, len(sample), sample)
        marked, rows, counts = list[int](), [sample[:0]], [sample[:0]]
        for column, cells in zip(self.columns, table.columns, strict=True):
            marked += column.marked_rows
            if not column.full:
                missed = ~np.isin(column.hashes, cell_hashes(cells.combine_chunks()))
                rows.append(column.rows[missed])
                counts.append(column.counts[missed])
        missed_rows = np.concatenate(rows)
        order = np.lexsort((missed_rows, -np.concatenate(counts)))
        chosen = missed_rows[order][:WITNESSES]
        witnesses = np.setdiff1d(np.append(chosen, marked).astype(np.int64), sample)
        numbers = np.concatenate([sample, witnesses])
        return Drawn(self.store.table(numbers), len(sample), numbers)


def sketch_part(shared: tuple[PartFiles, int], part: int) -> TableSketch:
    """Return the sketch of one part: what a worker of a cluster does.

    Args:
        shared: the parts, and the rows of the sample.
        part: the number of the part.
    """
    files, size = shared
    return TableSketch(size).add_part(files, part).compact()
