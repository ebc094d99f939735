"""Learn the encoder of a table in parts that memory cannot hold: a pass that sketches, and one that encodes."""

from __future__ import annotations

import dataclasses
import tempfile
import warnings
from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from wgan_aug.encoding.distinct import find_levels
from wgan_aug.encoding.levels import LevelEncoder
from wgan_aug.encoding.streaming.columns import cell_hashes
from wgan_aug.encoding.streaming.files import PartFiles, is_source
from wgan_aug.encoding.streaming.mapped import CodesFile, MappedCodes
from wgan_aug.encoding.streaming.rows import PART_ROWS, RowStore
from wgan_aug.encoding.streaming.sketch import SAMPLE_ROWS, TableSketch
from wgan_aug.encoding.table import TableEncoder
from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError, join_problems
from wgan_aug.schema.columns import ColumnSchema, TableSchema
from wgan_aug.schema.inference import IDENTIFIER_SHARE
from wgan_aug.synthesizers.cluster import Scheduler, connected, work_through
from wgan_aug.synthesizers.filters.constraints import Constraint
from wgan_aug.synthesizers.plan import Plan

__all__ = ["PartRows", "opened"]

WORKERS = 2
MOST_ROUNDS = 8  # times that the encoder is learned again with rows that refute its rules
MOST_REFUTING = 10  # rows of one round that refute the rule of one column
_SURE = 0.95  # an estimate of distinct values errs by less


@dataclasses.dataclass
class _Pass:
    """What one pass of encoding found.

    Args:
        counts: rows of each state, shape (states,).
        strange: rows with a value never seen, or that break a rule, by position of the column.
        refuting: rows that break the rule of a column, by its position.
    """

    counts: np.ndarray
    strange: dict[int, int] = dataclasses.field(default_factory=dict[int, int])
    refuting: dict[int, list[Any]] = dataclasses.field(default_factory=dict[int, list[Any]])


class PartRows:
    """The rows of a table in parts, as a synthesizer needs them.

    An encoder is learned from `frame`: a random sample of the rows, and further ones that bear witness of rare values,
    extremes and missing cells. `encode` then reads all rows. One that breaks a rule which holds in the frame joins it,
    and the encoder is learned again; so no rule is kept that any row breaks.

    Args:
        files: the parts.
        folder: where codes may be kept.
        size: rows of the sample; tables that have no more are learned as any other.
        scheduler: of a Dask cluster whose workers sketch the parts; None sketches them here.

    Raises:
        InvalidDataError: for parts without rows, or that cannot be read.
    """

    def __init__(
        self, files: PartFiles, folder: Path, size: int = SAMPLE_ROWS, scheduler: Scheduler | None = None
    ) -> None:
        self.files, self._folder = files, folder
        self.sketch = _sketch(files, size, scheduler)
        empty = [name for part, name in enumerate(files.names) if not self.sketch.parts.get(part)]
        if len(empty) == len(files):
            raise InvalidDataError(f"The data have {len(files)} parts without a row, the first is {empty[0]}.")
        if empty:
            warnings.warn(f"Parts without rows, left out: {', '.join(empty)}.", DataWarning, stacklevel=4)
        drawn = self.sketch.draw()
        self._rows, self._numbers, self._sampled = drawn.rows, drawn.numbers, drawn.sampled
        self.frame = files.frame(drawn.rows)

    def __len__(self) -> int:
        return self.sketch.n_rows

    def check(self, y: Any, reject_copies: bool) -> None:
        """Refuse options that need all rows in memory.

        Raises:
            InvalidParameterError: for all of them at once.
        """
        problems: list[str] = []
        if y is not None:
            problems.append("X is a table in parts, and y is given beside it: name a column of the parts in target=.")
        if reject_copies and not self.sketch.is_whole:
            problems.append(
                f"reject_copies keeps the codes of all rows in memory, and the parts have {len(self)}; with parts it "
                f"can be had up to {self.sketch.size} rows. Leave it out, or give a DataFrame."
            )
        if problems:
            raise InvalidParameterError(join_problems(problems))

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
            self._rows = pa.concat_tables([self._rows, *(rows for own in found.refuting.values() for rows in own)])
            self.frame = self.files.frame(self._rows)
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

    @property
    def _path(self) -> Path:
        return self._folder / "codes"

    def release(self) -> None:
        """Let go of the rows in memory, when all that they tell is learned."""
        self._rows, self.frame, self.sketch.store = self._rows[:0], self.frame[:0], RowStore()

    def _encode_all(self, encoder: TableEncoder, constraints: Sequence[Constraint]) -> _Pass:
        """Read all rows once, and write their codes."""
        found = _Pass(np.zeros(encoder.layout.n_states, dtype=np.int64))
        with closing(CodesFile(self._path, encoder.layout, len(self))) as file:

            def work(place: tuple[int, int, int, pa.RecordBatch]) -> tuple[np.ndarray, dict[int, int], dict[int, Any]]:
                part, part_row, first_row, batch = place
                frame = self.files.frame(batch, self.frame.dtypes)
                codes, strange = encoder.encode(frame)
                self._check(constraints, frame, part, part_row)
                refuting = {
                    position: batch.take(pa.array(_strange_rows(encoder, frame, position)))
                    for position in strange
                    if encoder.is_dependent(position)
                }
                return file.put(codes, first_row), strange, refuting

            for counts, strange, refuting in _in_threads(work, self._batches()):
                found.counts += counts
                for position, rows in strange.items():
                    found.strange[position] = found.strange.get(position, 0) + rows
                for position, rows in refuting.items():
                    own = found.refuting.setdefault(position, [])
                    if sum(map(len, own)) < MOST_REFUTING:
                        own.append(pa.Table.from_batches([rows]))
        return found

    def _batches(self) -> Iterator[tuple[int, int, int, pa.RecordBatch]]:
        """Yield all rows: the part's number, that of the batch's first row in it and in the table, the batch."""
        sizes = [self.sketch.parts.get(part, 0) for part in range(len(self.files))]
        for part, start in enumerate(accumulate(sizes[:-1], initial=0)):
            row = 0
            for batch in self.files.batches(part):
                yield part, row, start + row, batch
                row += len(batch)
            if row != sizes[part]:
                raise InvalidDataError(
                    f"Part {self.files.names[part]} has {row} rows, and had {sizes[part]} when it was read before: "
                    "the parts must not change while they are learned."
                )

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
        numbered = zip(encoder.encoders, self.sketch.columns, strict=True)
        for position, (own, known) in enumerate(numbered):
            if isinstance(own, LevelEncoder) and not known.full:
                level, _ = find_levels(own.levels, self.frame.iloc[:, position])
                hashes = cell_hashes(self._rows.column(position).combine_chunks())
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
        FileNotFoundError: for a path that is not there.
        InvalidDataError: for parts that are no table.
        InvalidParameterError: for a scheduler that does not answer, or has nothing to do.
    """
    if not is_source(data):
        if scheduler is not None:
            raise InvalidParameterError(
                f"scheduler is {scheduler!r}, for the workers that sketch a table's parts, but X is a "
                f"{type(data).__name__} in memory: leave it out, or give the path of a folder."
            )
        yield data
        return
    files = PartFiles.of(data)
    with tempfile.TemporaryDirectory(prefix="wgan-aug-") as folder:
        yield PartRows(files, Path(folder), SAMPLE_ROWS, scheduler)


def _sketch(files: PartFiles, size: int, scheduler: Scheduler | None) -> TableSketch:
    """Sketch all parts, here or by the workers of a cluster: the sketch is the same, as its order does not matter."""
    sketch = TableSketch(size)
    if scheduler is None:
        for part in range(len(files)):
            sketch = _with_part(sketch, files, part)
        return sketch
    with connected(scheduler) as client:
        for own in work_through(client, _sketch_part, (files, size), range(len(files))):
            sketch = sketch.merge(own)
    return sketch


def _sketch_part(shared: tuple[PartFiles, int], part: int) -> TableSketch:
    return _with_part(TableSketch(shared[1]), shared[0], part).compact()


def _with_part(sketch: TableSketch, files: PartFiles, part: int) -> TableSketch:
    row = 0
    for batch in files.batches(part):
        sketch = sketch.add(batch, part, row)
        row += len(batch)
    return sketch


def _strange_rows(encoder: TableEncoder, frame: pd.DataFrame, position: int) -> list[int]:
    """Return some of the rows that an encoder counts as strange in one column, by halving."""
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


def _in_threads(work: Callable[[Any], Any], items: Iterator[Any]) -> Iterator[Any]:
    """Yield what work gives for each item, in order; as many items as there are workers are in memory, and one more."""
    with ThreadPoolExecutor(WORKERS) as pool:
        waiting: list[Future[Any]] = []
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > WORKERS:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()
