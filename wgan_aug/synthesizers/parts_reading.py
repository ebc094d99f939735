"""Learn the encoder of a table in parts that memory cannot hold: a pass that sketches, and one that encodes."""

from __future__ import annotations

import dataclasses
import tempfile
import warnings
from collections.abc import Callable, Generator, Hashable, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from wgan_aug.encoding.distinct import find_levels
from wgan_aug.encoding.levels import LevelEncoder
from wgan_aug.encoding.streaming.columns import cell_hashes
from wgan_aug.encoding.streaming.files import PartFiles, is_source
from wgan_aug.encoding.streaming.mapped import MappedCodes
from wgan_aug.encoding.streaming.passes import EncodingPass, encode_parts
from wgan_aug.encoding.streaming.rows import PART_ROWS, RowStore
from wgan_aug.encoding.streaming.sketch import SAMPLE_ROWS, TableSketch, sketch_part
from wgan_aug.encoding.table import TableEncoder
from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError
from wgan_aug.schema.columns import ColumnSchema, TableSchema
from wgan_aug.schema.inference import IDENTIFIER_SHARE
from wgan_aug.synthesizers.cluster import Scheduler, connected, work_through
from wgan_aug.synthesizers.filters.constraints import Constraint
from wgan_aug.synthesizers.plan import Plan

__all__ = ["PartRows", "opened"]

MOST_ROUNDS = 8  # times that the encoder is learned again with rows that refute its rules
_SURE = 0.95  # an estimate of distinct values errs by less


class PartRows:
    """The rows of a table in parts, as a synthesizer needs them.

    An encoder is learned from `frame`: a random sample of the rows, and further ones that bear witness of rare values,
    extremes and missing cells. `encode` then reads all rows. One that breaks a rule which holds in the frame joins it,
    and the encoder is learned again; so no rule is kept that any row breaks. Nothing is read before `read`.

    Args:
        source: the parts, see `PartFiles.of`.
        folder: where codes may be kept.
        size: rows of the sample; tables that have no more are learned as any other.
        scheduler: of a Dask cluster whose workers sketch the parts; None sketches them here.
    """

    files: PartFiles
    sketch: TableSketch
    frame: pd.DataFrame

    def __init__(self, source: Any, folder: Path, size: int = SAMPLE_ROWS, scheduler: Scheduler | None = None) -> None:
        self._source, self._folder, self._size, self._scheduler = source, folder, size, scheduler
        self._rows: pa.Table | None = None

    def __len__(self) -> int:
        return self.sketch.n_rows

    def read(self, y: Any = None, reject_copies: bool = False) -> pd.DataFrame:
        """Sketch the parts, unless that is done, and return `frame`.

        Args:
            y: must be None: the target is a column of the parts.
            reject_copies: whether the codes of all rows are needed in memory.

        Raises:
            FileNotFoundError: for a path that is not there.
            InvalidDataError: for parts that are no table, have no rows, or cannot be read.
            InvalidParameterError: for a `y`, or for `reject_copies` with more rows than the sample has.
        """
        if y is not None:
            raise InvalidParameterError(
                "X is a table in parts, and y is given beside it: name a column of the parts in target=."
            )
        if self._rows is None:
            self._sketch()
        if reject_copies and not self.sketch.is_whole:
            raise InvalidParameterError(
                f"reject_copies keeps the codes of all rows in memory, and the parts have {len(self)}; with parts it "
                f"can be had up to {self._size} rows. Leave it out, or give a DataFrame."
            )
        return self.frame

    def _sketch(self) -> None:
        """Make the first pass, here or by the workers of a cluster: the sketch is the same in whatever order."""
        self.files = files = PartFiles.of(self._source)
        sketch, parts = TableSketch(self._size), range(len(files))
        if self._scheduler is None:
            for part in parts:
                sketch = sketch.add_part(files, part)
        else:
            with connected(self._scheduler) as client:
                for own in work_through(client, sketch_part, (files, self._size), parts):
                    sketch = sketch.merge(own)
        empty = [files.names[part] for part in parts if not sketch.parts.get(part)]
        if len(empty) == len(files):
            raise InvalidDataError(f"The data have {len(files)} parts without a row, the first is {empty[0]}.")
        if empty:
            warnings.warn(f"Parts without rows, left out: {', '.join(empty)}.", DataWarning, stacklevel=7)
        drawn = sketch.draw()
        self.sketch, self._rows, self._numbers, self._sampled = sketch, drawn.rows, drawn.numbers, drawn.sampled
        self.frame = files.frame(drawn.rows)

    def correct(self, schema: TableSchema) -> TableSchema:
        """Return a schema of the frame with the counts of all rows in place of the frame's."""
        if self.sketch.is_whole:
            return schema
        columns: list[ColumnSchema] = []
        for column, own in zip(schema, self.sketch.columns, strict=True):
            known = dataclasses.replace(column, n_missing=own.missing, n_distinct=own.distinct)
            enough = IDENTIFIER_SHARE * _SURE * (len(self) - own.missing)
            if column.kind == "identifier" and not column.declared and own.distinct < enough:
                known = dataclasses.replace(known, kind="categorical")
            columns.append(known)
        return dataclasses.replace(schema, columns=tuple(columns), n_rows=len(self))

    def place(self, row: int) -> str:
        """Say where a row of the first `frame` stands in the parts."""
        part, number = divmod(int(self._numbers[row]), PART_ROWS)
        return f"row {number} of {self.files.names[part]}"

    def encode(
        self, plan: Plan, again: Callable[[], Plan], constraints: Sequence[Constraint] = ()
    ) -> tuple[Plan, MappedCodes]:
        """Encode all rows into a file.

        Args:
            plan: whose encoder is fitted to `frame`.
            again: gives another one, when rows that refute a rule have joined `frame`.
            constraints: what must hold in all rows.

        Returns:
            the plan whose encoder has rules that all rows keep, and the true shares of states; and the codes.

        Raises:
            InvalidDataError: if a row breaks a constraint, or a part cannot be read.
            TrainingError: if the disk has no room for the codes.
        """
        refuted = set[int]()
        for _ in range(MOST_ROUNDS):
            found = self._encode_all(plan.encoder, constraints)
            if not found.refuting:
                break
            refuted |= set(found.refuting)
            self._add(list(found.refuting.values()))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DataWarning)  # they were given for the first one
                plan = again()
        else:
            found = self._encode_all(plan.encoder, constraints)
        encoder = plan.encoder
        self._warn(encoder.schema.names, refuted, found.strange)
        if not self.sketch.is_whole:
            self._recount_levels(encoder)
            encoder.recount(found.counts, len(self))
        sample = encoder.encode(self.frame.iloc[: self._sampled])[0]
        return plan, MappedCodes(self._path, encoder.layout, len(self), sample)

    def _add(self, rows: list[pa.Table]) -> None:
        """Put rows at the end of the frame."""
        assert self._rows is not None
        self._rows = pa.concat_tables([self._rows, *rows])
        self.frame = self.files.frame(self._rows)

    @property
    def _path(self) -> Path:
        return self._folder / "codes"

    def release(self) -> None:
        """Let go of the rows in memory, when all that they tell is learned."""
        self._rows, self.frame, self.sketch.store = pa.table({}), self.frame[:0], RowStore()

    def _encode_all(self, encoder: TableEncoder, constraints: Sequence[Constraint]) -> EncodingPass:
        look = partial(self._check, constraints)
        return encode_parts(self.files, self.sketch.parts, encoder, self.frame.dtypes, self._path, look)

    def _check(self, constraints: Sequence[Constraint], frame: pd.DataFrame, part: int, part_row: int) -> None:
        for constraint in constraints:
            fine = constraint.holds(frame)
            if not fine.all():
                row = int(np.argmin(fine))
                columns = constraint.comparison.columns.values()
                cells = ", ".join(f"{column.name}: {frame.iloc[row, place]}" for place, column in columns)
                raise InvalidDataError(
                    f"The constraint {constraint.comparison.text!r} does not hold in row {part_row + row} of "
                    f"{self.files.names[part]} ({cells}). Mend or drop such rows, or leave the constraint out."
                )

    def _warn(self, names: Sequence[Hashable], refuted: set[int], strange: dict[int, int]) -> None:
        """Warn of rules that some rows refuted, and of values that count as others."""
        if refuted:
            warnings.warn(
                f"Rules that hold in {self._sampled} sampled rows, but not in all {len(self)}, are left out or "
                f"loosened: those of {', '.join(repr(names[p]) for p in sorted(refuted))}.",
                DataWarning,
                stacklevel=5,
            )
        if strange:
            warnings.warn(
                f"Values that the {self._sampled} sampled rows do not have, taken as the nearest known ones: "
                f"{', '.join(f'{names[p]!r} ({rows} rows)' for p, rows in sorted(strange.items()))}.",
                DataWarning,
                stacklevel=5,
            )

    def _recount_levels(self, encoder: TableEncoder) -> None:
        """Give levels the counts of all rows, where the sketch has them."""
        assert self._rows is not None
        numbered = zip(encoder.encoders, self.sketch.columns, self._rows.columns, strict=True)
        for position, (own, known, cells) in enumerate(numbered):
            if isinstance(own, LevelEncoder) and not known.full:
                level, _ = find_levels(own.levels, self.frame.iloc[:, position])
                hashes = cell_hashes(cells.combine_chunks())
                of_level = np.zeros(len(own.counts), dtype=np.uint64)
                of_level[level[level >= 0]] = hashes[level >= 0]
                own.counts = known.counts[np.searchsorted(known.hashes, of_level)].astype(np.float64)


@contextmanager
def opened(data: Any, scheduler: Scheduler | None = None) -> Generator[Any]:
    """Give the rows of a table in parts, and a folder for their codes until the end; other data as they are.

    Args:
        data: parts, see `PartFiles.of`, or rows.
        scheduler: of a Dask cluster whose workers read the parts for the first pass.

    Raises:
        InvalidParameterError: for a scheduler that has nothing to do.
    """
    if not is_source(data):
        if scheduler is not None:
            raise InvalidParameterError(
                f"scheduler is {scheduler!r}, for the workers that sketch a table's parts, but X is a "
                f"{type(data).__name__} in memory: leave it out, or give the path of a folder."
            )
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="wgan-aug-") as folder:
        yield PartRows(data, Path(folder), SAMPLE_ROWS, scheduler)
