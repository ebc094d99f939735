"""What one pass over a column keeps: missing cells, extremes, and its distinct values with their counts."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["LEVELS", "ColumnSketch", "cell_hashes", "scramble"]

LEVELS = 4096  # distinct values that are counted
_WHOLE = 2.0**53  # larger floats are whole, but no integers


@dataclasses.dataclass
class ColumnSketch:
    """Mergeable figures of one column.

    Each distinct value has a hash of 64 bits, and the 4096 values with the smallest ones are kept. A value that is
    kept was kept from its first row on, whatever the order of the rows, so its count is exact; and where more values
    come than are kept, the largest hash tells how many there are, with a standard error of 1.6 %.

    Args:
        missing: missing cells.
        hashes: of the values, increasing, uint64, shape (values,).
        counts: rows of each value, int64, shape (values,).
        rows: the first row of each value, int64, shape (values,).
        full: whether there are more values than are kept.
        low: the smallest number and its first row; None for text.
        high: the largest one and its first row.
        absent_row: the first row with a missing cell; None for none.
        broken_row: the first row with a float that is no integer; None for none.

    References:
        Bar-Yossef, Jayram, Kumar, Sivakumar and Trevisan 2002, Counting Distinct Elements in a Data Stream.
    """

    missing: int
    hashes: np.ndarray
    counts: np.ndarray
    rows: np.ndarray
    full: bool = False
    low: tuple[float, int] | None = None
    high: tuple[float, int] | None = None
    absent_row: int | None = None
    broken_row: int | None = None

    @classmethod
    def of(cls, array: Any, rows: np.ndarray, known: ColumnSketch | None = None) -> ColumnSketch:
        """Look at some cells.

        Args:
            array: the cells, an Arrow array of any plain type.
            rows: the number of each cell's row, increasing, int64, shape (cells,).
            known: of rows before; what would not change it is left out.
        """
        least = known.hashes[-1] if known is not None and known.full else np.uint64(2**64 - 1)
        numbers = _numbers(array)
        if numbers is None:
            codes, hashes = _coded_text(array)
            absent = codes < 0
            sketch = cls._of_codes(codes, hashes, rows)
        else:
            values, absent = numbers
            own = scramble(values.view(np.uint64))
            near = ~absent & (own <= least)
            codes, hashes = pd.factorize(own[near])
            sketch = cls._of_codes(codes, np.asarray(hashes), rows[near])
            sketch.full = bool(near.sum() != len(rows) - absent.sum())
            sketch._mark(values, absent, rows, known)
        sketch.missing = int(absent.sum())
        sketch.absent_row = int(rows[absent.argmax()]) if sketch.missing else None
        return sketch._cut()

    @classmethod
    def _of_codes(cls, codes: np.ndarray, hashes: np.ndarray, rows: np.ndarray) -> ColumnSketch:
        """Count values that are numbered in the order in which they come, -1 for missing cells."""
        counts = np.bincount(codes[codes >= 0], minlength=len(hashes)).astype(np.int64)
        latest = np.maximum.accumulate(codes) if len(codes) else codes
        firsts = rows[np.flatnonzero(np.diff(latest, prepend=-1) > 0)]
        order = np.argsort(hashes)
        return cls(0, hashes[order], counts[order], firsts[order])

    def _mark(self, values: np.ndarray, absent: np.ndarray, rows: np.ndarray, known: ColumnSketch | None) -> None:
        """Remember extremes, and the first float that is no integer."""
        there = np.flatnonzero(~absent)
        if not len(there):
            return
        present = values[there]
        least, most = int(present.argmin()), int(present.argmax())
        self.low = present[least].item(), int(rows[there[least]])
        self.high = present[most].item(), int(rows[there[most]])
        earlier = None if known is None else known.broken_row
        if values.dtype.kind == "f" and (earlier is None or earlier > rows[0]):
            broken = ~((np.abs(present) < _WHOLE) & (present == np.rint(present)))
            self.broken_row = int(rows[there[broken.argmax()]]) if broken.any() else None

    def merge(self, other: ColumnSketch) -> ColumnSketch:
        """Return the sketch of the rows of both; the order does not matter."""
        both = np.concatenate([self.hashes, other.hashes])
        hashes, place = np.unique(both, return_inverse=True)
        counts = np.zeros(len(hashes), dtype=np.int64)
        np.add.at(counts, place, np.concatenate([self.counts, other.counts]))
        rows = np.full(len(hashes), np.iinfo(np.int64).max)
        np.minimum.at(rows, place, np.concatenate([self.rows, other.rows]))
        least, most = (
            [mark for mark in marks if mark is not None] for marks in ((self.low, other.low), (self.high, other.high))
        )
        return ColumnSketch(
            self.missing + other.missing,
            hashes,
            counts,
            rows,
            self.full or other.full,
            min(least, default=None),
            max(most, key=lambda mark: (mark[0], -mark[1]), default=None),
            _first(self.absent_row, other.absent_row),
            _first(self.broken_row, other.broken_row),
        )._cut()

    def _cut(self) -> ColumnSketch:
        """Keep the values with the smallest hashes."""
        if len(self.hashes) > LEVELS:
            self.full = True
            self.hashes, self.counts, self.rows = self.hashes[:LEVELS], self.counts[:LEVELS], self.rows[:LEVELS]
        return self

    @property
    def distinct(self) -> int:
        """How many distinct values there are, an estimate where there are more than are kept."""
        if not self.full or len(self.hashes) < LEVELS:
            return len(self.hashes)
        return max(LEVELS + 1, round((LEVELS - 1) / ((float(self.hashes[-1]) + 1) / 2.0**64)))

    @property
    def marked_rows(self) -> list[int]:
        """The rows of the extremes, of a missing cell and of a float that is no integer."""
        marks = [None if mark is None else mark[1] for mark in (self.low, self.high)]
        return [row for row in (*marks, self.absent_row, self.broken_row) if row is not None]

    @property
    def witness_rows(self) -> np.ndarray:
        """The rows that may be wanted as witnesses: the marked ones, and one of each value where all are kept."""
        marked = np.array(self.marked_rows, dtype=np.int64)
        return marked if self.full else np.concatenate([self.rows, marked])


def _first(one: int | None, other: int | None) -> int | None:
    return min((row for row in (one, other) if row is not None), default=None)


def scramble(numbers: np.ndarray) -> np.ndarray:
    """Return another uint64 for each, the same for the same; different ones stay different.

    SplitMix64 (Steele, Lea and Flood 2014): a good mixer of 64 bits.
    """
    numbers = numbers + np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def cell_hashes(array: Any) -> np.ndarray:
    """Return the hash of each cell's value, anything where it is missing, uint64, shape (cells,)."""
    numbers = _numbers(array)
    if numbers is not None:
        return scramble(numbers[0].view(np.uint64))
    codes, hashes = _coded_text(array)
    return np.append(hashes, np.uint64(0))[codes]


def _numbers(array: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Return numbers of 64 bits and the mask of missing ones; None for cells that are no numbers."""
    kind, types = array.type, pa.types
    if types.is_floating(kind) or types.is_decimal(kind):
        values = array.cast(pa.float64()).to_numpy(zero_copy_only=False) + 0.0  # one zero for two
        return values, np.isnan(values)
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_temporal(kind):
        absent = array.is_null().to_numpy(zero_copy_only=False)
        if types.is_date32(kind) or types.is_time32(kind):
            array = array.cast(pa.int32())
        plain = array.cast(pa.uint64() if types.is_uint64(kind) else pa.int64())
        return pc.fill_null(plain, 0).to_numpy(zero_copy_only=False), absent
    return None


def _coded_text(array: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of each cell's value, -1 where missing, and the values' hashes."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
        if _numbers(array) is not None:
            array = array.cast(pa.string())
    if pa.types.is_null(array.type):
        array = array.cast(pa.string())
    coded = array.dictionary_encode()
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    codes = pc.fill_null(coded.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
    words = coded.dictionary.to_numpy(zero_copy_only=False).astype(object)
    return codes, pd.util.hash_array(words, categorize=False) if len(words) else np.empty(0, dtype=np.uint64)
