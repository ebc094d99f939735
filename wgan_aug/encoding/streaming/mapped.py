"""The codes of a table that memory cannot hold: a file with one compact record a row, mapped into memory."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from wgan_aug.encoding.table import EncodedTable
from wgan_aug.errors import TrainingError
from wgan_aug.schema.layout import TableLayout

__all__ = ["CodesFile", "MappedCodes", "record_of"]


def record_of(layout: TableLayout) -> np.dtype:
    """Return the dtype of a row's record: `states`, and `low` and `width` of the numbers' intervals.

    States take one byte each, or two where a block has more than 256; numbers are float32.

    Examples:
        >>> record_of(TableLayout((3, 2), np.ones(5), ())).itemsize
        2
    """
    state = np.min_scalar_type(max(layout.widths, default=1) - 1)
    number = (np.float32, (layout.n_scalars,))
    return np.dtype([("states", state, (layout.n_blocks,)), ("low", *number), ("width", *number)])


@dataclasses.dataclass(frozen=True)
class MappedCodes:
    """The codes of all rows in a file, and those of some rows in memory.

    Args:
        path: of the file.
        layout: blocks and scalars.
        rows: how many.
        sample: exact codes of sampled rows; of all rows in their order where they are few.
    """

    path: Path
    layout: TableLayout
    rows: int
    sample: EncodedTable

    def __len__(self) -> int:
        return self.rows

    def identity(self) -> dict[str, Any]:
        """Return what tells these codes from others."""
        with open(self.path, "rb") as file:
            return {"codes": hashlib.file_digest(file, "blake2b").hexdigest()}

    @property
    def records(self) -> np.ndarray:
        """All records, see `record_of`: read from the file where they are looked at, shape (rows,)."""
        record = record_of(self.layout)
        if not record.itemsize or not self.rows:
            return np.zeros(self.rows, dtype=record)
        return np.memmap(self.path, dtype=record, mode="r", shape=(self.rows,))

    @property
    def states(self) -> np.ndarray:
        """The state of each block, read from the file where it is looked at, shape (rows, blocks)."""
        return self.records["states"]


class CodesFile:
    """Write records to a file, in any order and from several threads; count the rows of each state.

    Args:
        path: of the file, replaced where it is there.
        layout: blocks and scalars.
        rows: how many there will be.

    Raises:
        TrainingError: if the disk has no room for so many.
    """

    def __init__(self, path: Path, layout: TableLayout, rows: int) -> None:
        self.layout, self._record = layout, record_of(layout)
        path.unlink(missing_ok=True)
        needed, free = rows * self._record.itemsize, shutil.disk_usage(path.parent).free
        if needed > free:
            raise TrainingError(
                f"The codes of {rows} rows take {needed / 2**20:.0f} MiB, and {path.parent} has {free / 2**20:.0f} MiB "
                "left: set TMPDIR to a folder on a larger disk."
            )
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)

    def put(self, codes: EncodedTable, first_row: int) -> np.ndarray:
        """Write the codes of some rows; return how many of them have each state, int64, shape (states,)."""
        records = np.empty(len(codes), dtype=self._record)
        records["states"], records["low"] = codes.states, codes.low
        records["width"] = codes.high - codes.low
        data, place = memoryview(records.tobytes()), first_row * self._record.itemsize
        while data:
            written = os.pwrite(self._file, data, place)
            data, place = data[written:], place + written
        hot = (codes.states + self.layout.starts).ravel()
        return np.bincount(hot, minlength=self.layout.n_states)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
