"""A column that is the sum or difference of others, and a rest that is learned in its place."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import pandas as pd

from wgan_aug.encoding.codes import ColumnCodes
from wgan_aug.encoding.numbers import NumberCodec, float_precision, ticks_of
from wgan_aug.encoding.numeric import NumericEncoder
from wgan_aug.schema.columns import ColumnSchema
from wgan_aug.schema.values import JSON

__all__ = ["Line", "SumEncoder", "Term", "make_terms"]

_EXACT = 2.0**53
_ALMOST_HALF = 0.49999


@dataclasses.dataclass(frozen=True)
class Line:
    """A numeric column as numbers, for sums.

    Args:
        position: where the column stands in the table.
        codec: reads and writes its numbers.
        low: the smallest number seen.
        high: the largest one.
    """

    position: int
    codec: NumberCodec
    low: float
    high: float

    @property
    def is_float(self) -> bool:
        """Whether its numbers are the cells themselves."""
        return self.codec.column.storage in ("float", "decimal")

    @property
    def family(self) -> str:
        """What it can be added to: `"number"`, or `"time"` for dates and durations."""
        return "number" if self.is_float or self.codec.column.storage == "int" else "time"

    @property
    def reach(self) -> float:
        """The largest absolute number."""
        return max(abs(self.low), abs(self.high))

    @property
    def step(self) -> float:
        """The distance of neighbouring numbers on the column's lattice; 0 where it has none."""
        if not self.is_float:
            return 1.0
        return 0.0 if self.codec.decimals is None else 10.0**-self.codec.decimals

    def moved(self, numbers: np.ndarray, by: np.ndarray) -> pd.Series:
        """Return cells of numbers that are moved at least so far, within the bounds, where `by` is not 0."""
        further = by + np.sign(by) * _ALMOST_HALF * self.step  # rounding takes it back
        moved = np.where(by == 0, numbers, np.clip(numbers + further, self.low, self.high))
        return self.codec.cells(moved, np.zeros(len(numbers), dtype=bool))

    @property
    def unit(self) -> int:
        """What one step of its numbers is: 1 for floats, nanoseconds for dates and durations."""
        return 1 if self.is_float else self.codec.step * ticks_of(self.codec.column)


@dataclasses.dataclass(frozen=True)
class Term:
    """A column in an equation: `scale * number` of it counts, with the sign in the scale."""

    line: Line
    scale: float

    def to_json(self) -> dict[str, JSON]:
        """Return what `from_json` reads."""
        line = self.line
        column, codec = line.codec.column.to_json(), line.codec.to_json()
        own = {"position": line.position, "low": line.low, "high": line.high, "scale": self.scale}
        return {"column": column, "codec": codec} | own

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Term:
        """Read what `to_json` wrote."""
        codec = NumberCodec.from_json(data["codec"], ColumnSchema.from_json(data["column"]))
        return cls(Line(data["position"], codec, data["low"], data["high"]), data["scale"])


def make_terms(whole: Line, parts: Sequence[Line], signs: Sequence[int]) -> tuple[list[Term], float, bool] | None:
    """Bring columns to one unit, in which `rest = offset + whole - sum of parts` is exact.

    Floats are in units of 1. Whole numbers, dates and durations are in units of the largest step that all share.

    Returns:
        the terms of the whole and of the parts, with their signs; the offset; whether the whole's own lattice (steps
        or decimals) holds every such sum. None where numbers are too large to be exact.
    """
    lines, factors = [whole, *parts], [1, *(-sign for sign in signs)]
    if any(line.is_float for line in lines):
        scales = [line.unit for line in lines]
        offset = sum(f * line.codec.origin for line, f in zip(lines, factors, strict=True) if not line.is_float)
        unit, fine = 1, _fine_decimals(lines)
    else:
        scales = [line.unit for line in lines]
        offset = sum(f * n.codec.origin * ticks_of(n.codec.column) for n, f in zip(lines, factors, strict=True))
        unit = math.gcd(offset, *scales)
        fine = scales[0] == unit
    reach = abs(offset) / unit + sum(s / unit * n.reach for s, n in zip(scales, lines, strict=True))
    if reach >= _EXACT:
        return None
    terms = [Term(line, f * (s // unit)) for line, f, s in zip(lines, factors, scales, strict=True)]
    return [terms[0], *(Term(t.line, -t.scale) for t in terms[1:])], offset / unit, fine


def _fine_decimals(lines: Sequence[Line]) -> bool:
    """Say whether the first of several columns, some of them floats, has the decimals of all."""
    decimals = [line.codec.decimals if line.is_float else 0 for line in lines]
    if not lines[0].is_float and lines[0].codec.step != 1:
        return False
    return decimals[0] is None or all(d is not None and d <= decimals[0] for d in decimals)


@dataclasses.dataclass
class SumEncoder:
    """A column as a rest and the sum of others: `cell = rest + sum of parts`; the rest is what is learned.

    Decoded cells stand on the column's own lattice and within the bounds seen. Where the sum is out of bounds, a part
    that nothing else depends on gives way as far as its own bounds allow; only then the column is clipped.

    Args:
        column: the column's schema.
        whole: the column in the equation.
        parts: the others, with their signs.
        offset: makes `rest = offset + whole - parts` a rest in units of the lattice.
        encoding: the curve's name for the rest.
        fine: whether the column's own lattice holds every sum.
        givers: which parts may give way.
    """

    column: ColumnSchema
    whole: Term
    parts: tuple[Term, ...]
    offset: float
    encoding: str
    fine: bool
    givers: tuple[int, ...] = ()
    digits: int | None = dataclasses.field(init=False)
    rest: NumericEncoder = dataclasses.field(init=False)
    shares: np.ndarray = dataclasses.field(default_factory=lambda: np.empty(0))
    name: ClassVar[str] = "sum"

    def __post_init__(self) -> None:
        self.digits = self._count_digits()

    def fit(self, frame: pd.DataFrame) -> SumEncoder:
        """Learn the rest."""
        numbers, absent = self._numbers(frame)
        rest = self.rests(numbers)
        values = rest[~absent]
        whole = bool((values == np.rint(values)).all())
        column = ColumnSchema(
            self.column.name, "integer" if whole else "continuous", np.dtype(np.float64), "float", missing_value=np.nan
        )
        self.rest = NumericEncoder(column, self.encoding).fit(pd.Series(np.where(absent, np.nan, rest)))
        self.shares = self.rest.shares if self.states else np.empty(0)
        return self

    def _numbers(self, frame: pd.DataFrame) -> tuple[list[np.ndarray], np.ndarray]:
        """Return the numbers of whole and parts, and where the whole is missing."""
        read = [t.line.codec.numbers(frame.iloc[:, t.line.position]) for t in (self.whole, *self.parts)]
        return [numbers for numbers, _ in read], read[0][1]

    def _count_digits(self) -> int | None:
        """Return the decimals that the rest is rounded to, as its terms have no more; None for whole numbers."""
        floats = [t.line for t in (self.whole, *self.parts) if t.line.is_float]
        if not floats:
            return None
        noise = max(8 * float(np.finfo(float_precision(n.codec.column.dtype)).eps) * n.reach for n in floats)
        digits = min(300, -math.ceil(math.log10(noise))) if noise > 0 else 15
        known = [line.codec.decimals for line in floats if line.codec.decimals is not None]
        return min(digits, max(known)) if len(known) == len(floats) else digits

    def rests(self, numbers: Sequence[np.ndarray]) -> np.ndarray:
        """Return `offset + whole - parts`, rounded to what its terms can tell, shape (rows,)."""
        rest = self.offset + self.whole.scale * numbers[0] - self._sum(numbers[1:])
        return rest if self.digits is None else np.round(rest, self.digits) + 0.0

    def _sum(self, numbers: Sequence[np.ndarray]) -> np.ndarray:
        products = (term.scale * values for term, values in zip(self.parts, numbers, strict=True))
        return sum(products, start=np.zeros(1))

    @property
    def position(self) -> int:
        """Where the column stands in the table."""
        return self.whole.line.position

    @property
    def parents(self) -> tuple[int, ...]:
        """Where its parts stand."""
        return tuple(term.line.position for term in self.parts)

    @property
    def states(self) -> int:
        """Width of the rest's one-hot block; 0 where the rest is one constant."""
        return self.rest.states if self.rest.states > 1 else 0

    @property
    def silent(self) -> tuple[int, ...] | None:
        """States in which the rest has no number; None where it never has."""
        return self.rest.silent

    @property
    def normal(self) -> bool:
        """True where the number is a rank."""
        return self.rest.normal

    def encode_rows(self, frame: pd.DataFrame) -> tuple[ColumnCodes, int]:
        """Return the codes of the rest, and in how many rows it is none that was seen."""
        numbers, absent = self._numbers(frame)
        codes, unseen = self.rest.encode(pd.Series(np.where(absent, np.nan, self.rests(numbers))))
        return codes if self.states else ColumnCodes(None, codes.low, codes.high), unseen

    def decode_rows(
        self, codes: Sequence[ColumnCodes], cells: dict[int, pd.Series], rows: range, rng: np.random.Generator
    ) -> pd.Series:
        """Return rest and parts together; a part that gives way is written anew in `cells`."""
        own = codes[self.position]
        if own.states is None and self.rest.states:
            own = ColumnCodes(np.zeros(len(rows), dtype=np.int64), own.low, own.high)
        rest, absent = self.rest.codec.numbers(self.rest.decode(own, rows, rng))
        parts = [term.line.codec.numbers(cells[term.line.position])[0] for term in self.parts]
        line, scale = self.whole.line, self.whole.scale
        numbers = (rest - self.offset + self._sum(parts)) / scale
        for giver in self.givers:
            excess = np.where(absent, 0.0, numbers - np.clip(numbers, line.low, line.high))
            if not excess.any():
                break
            part = self.parts[giver]
            cells[part.line.position] = part.line.moved(parts[giver], -excess * scale / part.scale)
            parts[giver] = part.line.codec.numbers(cells[part.line.position])[0]
            numbers = (rest - self.offset + self._sum(parts)) / scale
        return line.codec.cells(np.clip(numbers, line.low, line.high), absent)

    def placeholder(self, rows: int) -> pd.Series:
        """Return the smallest number seen."""
        return self.whole.line.codec.cells(np.full(rows, self.whole.line.low), np.zeros(rows, dtype=bool))

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return terms, offset, and the encoder of the rest."""
        return {
            "whole": self.whole.to_json(),
            "parts": [term.to_json() for term in self.parts],
            "offset": self.offset,
            "encoding": self.encoding,
            "fine": self.fine,
            "givers": list(self.givers),
            "rest": {"column": self.rest.column.to_json(), "state": self.rest.to_json()},
            "shares": self.shares,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], column: ColumnSchema) -> SumEncoder:
        """Read what `to_json` wrote."""
        encoder = cls(
            column,
            Term.from_json(data["whole"]),
            tuple(Term.from_json(term) for term in data["parts"]),
            data["offset"],
            data["encoding"],
            data["fine"],
            tuple(data["givers"]),
            shares=data["shares"],
        )
        rest = data["rest"]
        encoder.rest = NumericEncoder.from_json(rest["state"], ColumnSchema.from_json(rest["column"]))
        return encoder
