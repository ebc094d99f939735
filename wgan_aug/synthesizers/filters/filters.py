"""Rows that keep every declared constraint, and copy no training row: drawn until there are enough."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.codes import ColumnCodes
from wgan_aug.encoding.fixed import IdentifierEncoder
from wgan_aug.encoding.table import EncodedTable, TableEncoder
from wgan_aug.errors import InvalidParameterError
from wgan_aug.schema.cells import put_rows
from wgan_aug.schema.values import JSON
from wgan_aug.synthesizers.conditioning.known import Known
from wgan_aug.synthesizers.filters.constraints import Constraint
from wgan_aug.synthesizers.filters.copies import Copies
from wgan_aug.synthesizers.refinement.refiner import Draw

__all__ = ["CONDITIONS", "EQUAL", "NEAR", "Filtering", "Filters", "number_rows"]

EQUAL, NEAR = "equal to a training row", "near a training row"
CONDITIONS = "conditions, once columns were worked out"
LEAST_RATE = 0.01  # of rows that get through, below which there is an error
LEAST_ROWS = 10_000  # drawn, before there is one
MOST_ROWS = 65_536  # drawn at once
TURNS = 10  # in which rows are drawn anew of which some cells are given
AT_ONCE, MOST_TIMES = 4_096, 32  # rows in such a turn, if there are not more, and how often each at most

Judge = Callable[[pd.DataFrame], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Filtering:
    """How many rows the filters of a sample let through.

    Args:
        drawn: rows that were looked at.
        kept: those that passed; a few more than were asked for.
        rejected: rows that each filter rejected, by its words; a row counts for all that reject it.

    Examples:
        >>> print((Filtering(200, 190, {"a <= b": 7}) + Filtering(100, 95, {"a <= b": 5})).describe())
        Filters: 285 of 300 rows kept (95.00%); rejected: 12 by a <= b
    """

    drawn: int = 0
    kept: int = 0
    rejected: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @property
    def acceptance(self) -> float:
        """The share of rows that passed; 1 where none was drawn."""
        return self.kept / self.drawn if self.drawn else 1.0

    def __add__(self, other: Filtering) -> Filtering:
        names = dict.fromkeys([*self.rejected, *other.rejected])
        rejected = {name: self.rejected.get(name, 0) + other.rejected.get(name, 0) for name in names}
        return Filtering(self.drawn + other.drawn, self.kept + other.kept, rejected)

    def describe(self) -> str:
        """Return the counts in words."""
        counts = ", ".join(
            f"{count} by {name}" if name not in (EQUAL, NEAR) else f"{count} {name}"
            for name, count in self.rejected.items()
        )
        return f"Filters: {self.kept} of {self.drawn} rows kept ({self.acceptance:.2%}); rejected: {counts or 'none'}"

    def to_json(self) -> dict[str, JSON]:
        """Return the counts as plain JSON."""
        return {**vars(self), "rejected": dict(self.rejected), "acceptance": self.acceptance}


@dataclasses.dataclass(frozen=True)
class Filters:
    """What sampled rows have to pass.

    Args:
        encoder: of the table.
        constraints: that shall hold.
        copies: training rows that must not come back; None where they may.
    """

    encoder: TableEncoder
    constraints: tuple[Constraint, ...] = ()
    copies: Copies | None = None

    def __bool__(self) -> bool:
        return bool(self.constraints) or self.copies is not None

    def without_copies(self, frame: pd.DataFrame, codes: EncodedTable, seed: int) -> Filters:
        """Return filters that also reject copies of training rows, see `Copies.learn`."""
        return dataclasses.replace(self, copies=Copies.learn(frame, codes, self.encoder, seed))

    def mend(self, frame: pd.DataFrame, known: Mapping[int, np.ndarray] | None = None) -> pd.DataFrame:
        """Work out the columns that equalities decide, also of each other; known cells stay."""
        for _ in range(sum(constraint.result is not None for constraint in self.constraints)):
            for constraint in self.constraints:
                frame = constraint.mend(frame, known or {})
        return frame

    def find_broken(self, frame: pd.DataFrame, *, copies: bool = True) -> dict[str, np.ndarray]:
        """Say which rows each filter rejects, bool, shape (rows,), by its words."""
        broken = {c.comparison.text: ~c.holds(frame) for c in self.constraints}
        if self.copies is not None and copies:
            broken[EQUAL], broken[NEAR] = self.copies.find(frame, self.encoder)
        return broken

    def draw(
        self, make: Callable[[int, int], pd.DataFrame], rows: int, also: Judge | None = None
    ) -> tuple[pd.DataFrame, Filtering]:
        """Return exactly as many rows as asked for that pass, and how many did not.

        Args:
            make: takes the number of the turn, from 0, and how many rows to draw.
            rows: how many to return.
            also: what else shall hold in them, once columns were worked out.

        Raises:
            InvalidParameterError: where less than 1 % of many rows pass.
        """
        parts: list[pd.DataFrame] = []
        tally, found, wanted, turn = Filtering(), 0, rows, 0
        while not parts or found < rows:
            frame = self.mend(make(turn, wanted))
            broken = self.find_broken(frame)
            if also is not None:
                broken[CONDITIONS] = ~also(frame)
            fine = ~np.logical_or.reduce(list(broken.values()))
            parts.append(frame[fine].iloc[: rows - found])
            found += len(parts[-1])
            rejected = {name: int(mask.sum()) for name, mask in broken.items()}
            tally += Filtering(len(frame), int(fine.sum()), rejected)
            if tally.drawn >= LEAST_ROWS and tally.acceptance < LEAST_RATE and found < rows:
                raise _too_few(tally, rows)
            wanted = 16 + math.ceil(1.1 * (rows - found) / max(tally.acceptance, LEAST_RATE))
            wanted, turn = min(max(wanted, 0 if found else tally.drawn), MOST_ROWS), turn + 1
        return pd.concat(parts, ignore_index=True), tally

    def draw_passing(self, draw: Draw, rows: int, rng: np.random.Generator) -> EncodedTable:
        """Return codes of rows that keep the constraints, so that refining learns to make good what rejecting does.

        Args:
            draw: gives the codes of as many rows as it is asked for.
            rows: how many to return; where less than 1 % pass, others fill up.
            rng: decodes rows.
        """
        parts = [draw(0)]
        found = drawn = 0
        while found < rows and (drawn < LEAST_ROWS or found >= LEAST_RATE * drawn):
            codes = draw(rows)
            broken = self.find_broken(self.mend(self.encoder.inverse_transform(codes, rng)), copies=False)
            parts.append(codes.take(~np.logical_or.reduce(list(broken.values()))))
            found, drawn = found + len(parts[-1]), drawn + rows
        return EncodedTable.join([*parts, draw(max(0, rows - found))]).take(np.arange(rows))

    def complete(
        self, make: Callable[[int, Known], tuple[pd.DataFrame, np.ndarray]], known: Known, *, copies: bool = True
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Return rows of which some cells are known, and which of them break a rule or a filter, still.

        Args:
            make: takes the number of the turn and the known cells; gives rows, and which of them break a rule.
            known: the cells.
            copies: reject rows that copy training rows.
        """
        frame, wrong = make(0, known)
        frame = self.mend(frame, known.masks)
        failed = ~wrong & self._fails(frame, copies)
        hopeless = self._break(frame, known)
        wrong, failed = wrong | hopeless, failed & ~hopeless
        for turn in range(1, TURNS):
            if not failed.any():
                break
            left = np.flatnonzero(failed)
            times = int(np.clip(AT_ONCE // len(left), 1, MOST_TIMES))
            some = known.take(np.repeat(left, times))
            drawn, worse = make(turn, some)
            drawn = self.mend(drawn, some.masks)
            fine = (~worse & ~self._fails(drawn, copies)).reshape(-1, times)
            found = fine.any(axis=1)
            first = np.arange(len(left)) * times + fine.argmax(axis=1)
            frame = put_rows(frame, left[found], drawn, first[found])
            failed[left[found]] = False
        return frame, wrong | failed

    def _break(self, frame: pd.DataFrame, known: Known) -> np.ndarray:
        """Say which rows break a constraint by known cells alone."""
        out = np.zeros(len(frame), dtype=bool)
        for constraint in self.constraints:
            read = [known.mask(position) for position, _ in constraint.comparison.columns.values()]
            out |= np.logical_and.reduce(read) & ~constraint.holds(frame)
        return out

    def _fails(self, frame: pd.DataFrame, copies: bool) -> np.ndarray:
        broken = self.find_broken(frame, copies=copies)
        return np.logical_or.reduce([np.zeros(len(frame), dtype=bool), *broken.values()])

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return a nested object of JSON and arrays that `from_json` reads back; the encoder is not in it."""
        return {
            "constraints": [constraint.to_json() for constraint in self.constraints],
            "copies": None if self.copies is None else self.copies.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], encoder: TableEncoder) -> Filters:
        """Read what `to_json` wrote."""
        constraints = tuple(Constraint.from_json(entry, encoder.schema) for entry in data["constraints"])
        return cls(encoder, constraints, None if data["copies"] is None else Copies.from_json(data["copies"]))


def number_rows(frame: pd.DataFrame, encoder: TableEncoder, first_row: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return rows that were drawn in several turns with identifiers by their own numbers, so that all differ."""
    out = frame
    for position, own in enumerate(encoder.encoders):
        if isinstance(own, IdentifierEncoder):
            out = frame.copy(deep=False) if out is frame else out
            cells: Any = own.decode(ColumnCodes(), range(first_row, first_row + len(frame)), rng)
            out.isetitem(position, cells.array)
    return out


def _too_few(tally: Filtering, rows: int) -> InvalidParameterError:
    shares = [f"{name}: {count / tally.drawn:.2%}" for name, count in tally.rejected.items()]
    return InvalidParameterError(
        f"Only {tally.kept} of {tally.drawn} rows that were drawn pass the filters ({tally.acceptance:.2%}), and "
        f"{rows} were asked for; rejected: {', '.join(shares)}. Declare fewer constraints, write an equality as "
        "'column == what it equals', or train for longer."
    )
