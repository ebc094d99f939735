"""Encode all rows of a table in parts into a file, and find those that an encoder does not know."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from wgan_aug.encoding.streaming.files import PartFiles
from wgan_aug.encoding.streaming.mapped import CodesFile
from wgan_aug.encoding.table import TableEncoder
from wgan_aug.errors import InvalidDataError

__all__ = ["EncodingPass", "encode_parts"]

WORKERS = 2
MOST_REFUTING = 10  # rows that refute the rule of one column; a few are enough to learn it anew


@dataclasses.dataclass
class EncodingPass:
    """What one pass found.

    Args:
        counts: rows of each state, int64, shape (states,).
        strange: how many rows have a value never seen, or break a rule, by position of the column.
        refuting: the first rows that break the rule of a column, by its position.
    """

    counts: np.ndarray
    strange: dict[int, int] = dataclasses.field(default_factory=dict[int, int])
    refuting: dict[int, pa.Table] = dataclasses.field(default_factory=dict[int, pa.Table])

    def add(self, counts: np.ndarray, strange: Mapping[int, int], refuting: Mapping[int, pa.Table]) -> None:
        """Take in what the next batch has."""
        self.counts += counts
        for position, rows in strange.items():
            self.strange[position] = self.strange.get(position, 0) + rows
        for position, rows in refuting.items():
            both = [self.refuting[position], rows] if position in self.refuting else [rows]
            self.refuting[position] = pa.concat_tables(both)[:MOST_REFUTING]


def encode_parts(
    files: PartFiles,
    sizes: Mapping[int, int],
    encoder: TableEncoder,
    dtypes: pd.Series,
    path: Path,
    look: Callable[[pd.DataFrame, int, int], None],
) -> EncodingPass:
    """Read all rows once, and write their codes; two threads encode while the next batch is read.

    Args:
        files: the parts.
        sizes: rows of each part.
        encoder: fitted to some of the rows.
        dtypes: of the columns in pandas.
        path: of the file of codes.
        look: sees each batch, with the number of its part and that of its first row in it; raises what it finds wrong.

    Raises:
        InvalidDataError: if a part cannot be read, or has not as many rows as it had.
        TrainingError: if the disk has no room for the codes.
    """
    found = EncodingPass(np.zeros(encoder.layout.n_states, dtype=np.int64))
    with closing(CodesFile(path, encoder.layout, sum(sizes.values()))) as file, ThreadPoolExecutor(WORKERS) as pool:

        def work(place: tuple[int, int, int, pa.RecordBatch]) -> tuple[np.ndarray, dict[int, int], dict[int, Any]]:
            part, part_row, first_row, batch = place
            frame = files.frame(batch, dtypes)
            codes, strange = encoder.encode(frame)
            look(frame, part, part_row)
            table = pa.Table.from_batches([batch])
            broken = [position for position in strange if encoder.is_dependent(position)]
            refuting = {position: table.take(_strange_rows(encoder, frame, position)) for position in broken}
            return file.put(codes, first_row), strange, refuting

        for result in _in_turn(pool, work, _batches(files, sizes)):
            found.add(*result)
    return found


def _batches(files: PartFiles, sizes: Mapping[int, int]) -> Iterator[tuple[int, int, int, pa.RecordBatch]]:
    """Yield all rows: the part's number, that of the batch's first row in it and in the table, the batch."""
    known = [sizes.get(part, 0) for part in range(len(files))]
    for part, start in enumerate(accumulate(known[:-1], initial=0)):
        row = 0
        for batch in files.batches(part):
            yield part, row, start + row, batch
            row += len(batch)
        if row != known[part]:
            raise InvalidDataError(
                f"Part {files.names[part]} has {row} rows, and had {known[part]} when it was read before: "
                "the parts must not change while they are learned."
            )


def _strange_rows(encoder: TableEncoder, frame: pd.DataFrame, position: int) -> list[int]:
    """Return some of the rows that an encoder counts as strange in one column, the first ones, by halving."""
    found: list[int] = []
    ahead = [(0, len(frame))]
    while ahead and len(found) < MOST_REFUTING:
        start, stop = ahead.pop()
        if encoder.encode_column(frame.iloc[start:stop], position)[1]:
            if stop - start == 1:
                found.append(start)
            else:
                middle = (start + stop) // 2
                ahead += [(middle, stop), (start, middle)]
    return found


def _in_turn(pool: ThreadPoolExecutor, work: Callable[[Any], Any], items: Iterator[Any]) -> Iterator[Any]:
    """Yield what work gives for each item, in order; as many items as there are workers are in memory, and one more."""
    waiting: list[Future[Any]] = []
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) > WORKERS:
            yield waiting.pop(0).result()
    for future in waiting:
        yield future.result()
