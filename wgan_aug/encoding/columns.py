"""One encoder a column: cells of a pandas series to a state and a number, and back. No torch.

Every encoder gives each row at most one *state* (which level, which atom, missing or not) and at most one
*number* (a rank or a scaled value, as an interval that training draws from). `states` is the width of the one-hot
block, 0 where there is none; `silent` is None where there is no number.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import numpy as np
import pandas as pd

from wgan_aug.encoding.curves import CURVES, Curve
from wgan_aug.encoding.identifiers import IdPattern
from wgan_aug.encoding.numbers import NumberCodec
from wgan_aug.errors import InvalidDataError
from wgan_aug.schema.cells import dense, float_values, missing_cells
from wgan_aug.schema.columns import ColumnSchema
from wgan_aug.schema.values import JSON, value_from_json, value_to_json

__all__ = [
    "ENCODERS",
    "ColumnCodes",
    "ColumnEncoder",
    "ConstantEncoder",
    "IdentifierEncoder",
    "LevelEncoder",
    "NumericEncoder",
]

ATOM_SHARE = 0.05  # a value with this much of the mass is an atom
ATOM_ROWS = 5  # and at least this many rows
MAX_LEVEL_NUMBERS = 20  # whole numbers with at most so many distinct values are encoded by level
ALWAYS_KEPT = 30  # categorical columns with so few levels keep them all
RARE_ROWS = 5  # levels seen less often are pooled
MAX_STATES = 256  # the widest one-hot block


@dataclasses.dataclass
class ColumnCodes:
    """The codes of one column, each array of shape (rows,) or None.

    Args:
        states: which state, int64.
        low: where the interval of the number begins, float64.
        high: where it ends.
    """

    states: np.ndarray | None = None
    low: np.ndarray | None = None
    high: np.ndarray | None = None


class ColumnEncoder(Protocol):
    """What `TableEncoder` asks of a column's encoder.

    `shares` is the training share of each state, shape (states,); it is known after `fit` only.
    """

    column: ColumnSchema
    shares: np.ndarray

    @property
    def states(self) -> int:
        """Width of the one-hot block; 0 for none."""
        ...

    @property
    def silent(self) -> tuple[int, ...] | None:
        """States in which the number is absent; None where the column has no number."""
        ...

    @property
    def normal(self) -> bool:
        """True where the number is a rank."""
        ...

    def fit(self, series: pd.Series) -> ColumnEncoder:
        """Learn from the column's cells."""
        ...

    def encode(self, series: pd.Series) -> tuple[ColumnCodes, int]:
        """Return the codes, and how many cells had a value never seen (taken as the nearest known one)."""
        ...

    def decode(self, codes: ColumnCodes, rows: range, rng: np.random.Generator) -> pd.Series:
        """Return the cells of rows numbered by `rows`, in the column's dtype; the number is taken from `low`."""
        ...

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return a nested object of JSON and arrays that `from_json` reads back."""
        ...

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], column: ColumnSchema) -> ColumnEncoder:
        """Read what `to_json` wrote."""
        ...


@dataclasses.dataclass
class NumericEncoder:
    """Numbers, dates and durations: atoms, missing, and a curve for the rest.

    States are, in order: the continuous part (if any), each atom, missing (if any was seen). A column that is all
    continuous has no block; one with few distinct values is all atoms and has no number.

    Args:
        column: the column's schema.
        encoding: the curve's name.
    """

    column: ColumnSchema
    encoding: str = "quantile"
    codec: NumberCodec = dataclasses.field(init=False)
    curve: Curve | None = None
    atoms: np.ndarray = dataclasses.field(default_factory=lambda: np.empty(0))
    has_missing: bool = False
    shares: np.ndarray = dataclasses.field(default_factory=lambda: np.empty(0))
    name: ClassVar[str] = "numeric"

    def fit(self, series: pd.Series) -> NumericEncoder:
        """Find the atoms and the curve."""
        self.codec = NumberCodec(self.column)
        numbers, absent = self.codec.fit_numbers(series)
        self.has_missing = bool(absent.any())
        values, counts = np.unique(numbers[~absent], return_counts=True)
        atom = self._find_atoms(values, counts)
        self.atoms = values[atom]
        if not atom.all():
            self.curve = CURVES[self.encoding].fit(values[~atom], counts[~atom])
        if self.states:
            rows = [*([] if self.curve is None else [counts[~atom].sum()]), *counts[atom], absent.sum()]
            self.shares = np.array(rows[: self.states]) / len(absent)
        return self

    def _find_atoms(self, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        rows = int(counts.sum())
        whole = self.column.kind == "integer"
        few = len(values) <= MAX_LEVEL_NUMBERS and (whole or rows >= ATOM_ROWS * len(values))
        if few or len(values) < 2:
            return np.ones(len(values), dtype=bool)
        atom = counts >= max(ATOM_ROWS, ATOM_SHARE * rows)
        return atom if (~atom).sum() >= 2 else np.ones(len(values), dtype=bool)

    @property
    def _first_atom(self) -> int:
        return 0 if self.curve is None else 1

    @property
    def states(self) -> int:
        """Width of the one-hot block; 0 where the column is all continuous."""
        states = self._first_atom + len(self.atoms) + self.has_missing
        return 0 if states == 1 and self.curve is not None else states

    @property
    def silent(self) -> tuple[int, ...] | None:
        """All states but the first; None without a curve."""
        return None if self.curve is None else tuple(range(1, self.states))

    @property
    def normal(self) -> bool:
        """True where the number is a rank."""
        return self.curve is not None and self.curve.normal

    def encode(self, series: pd.Series) -> tuple[ColumnCodes, int]:
        """Return state and interval of each cell."""
        numbers, absent = self.codec.numbers(series)
        states = np.zeros(len(numbers), dtype=np.int64)
        unseen = 0
        if len(self.atoms):
            near = _nearest(self.atoms, numbers)
            hit = self.atoms[near] == numbers
            if self.curve is None:
                unseen += int((~hit & ~absent).sum())
                hit = np.ones_like(hit)
            states = np.where(hit, near + self._first_atom, states)
        if self.has_missing:
            states = np.where(absent, self.states - 1, states)
        else:
            unseen += int(absent.sum())
        if self.curve is None:
            return ColumnCodes(states), unseen
        idle = 0.5 if self.normal else 0.0
        low, high = (np.where((states > 0) | absent, idle, code) for code in self.curve.codes(numbers))
        return ColumnCodes(states if self.states else None, low, high), unseen

    def decode(self, codes: ColumnCodes, rows: range, rng: np.random.Generator) -> pd.Series:
        """Return cells of the column's dtype."""
        numbers = np.zeros(len(rows)) if codes.low is None or self.curve is None else self.curve.numbers(codes.low)
        absent = np.zeros(len(rows), dtype=bool)
        if codes.states is not None:
            absent = (codes.states == self.states - 1) & self.has_missing
            atom = codes.states - self._first_atom
            if len(self.atoms):
                is_atom = (atom >= 0) & ~absent
                numbers = np.where(is_atom, self.atoms[np.where(is_atom, atom, 0)], numbers)
        return self.codec.cells(numbers, absent)

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return encoding, codec, curve, atoms and whether missing values were seen."""
        return {
            "encoding": self.encoding,
            "codec": self.codec.to_json(),
            "curve": None if self.curve is None else self.curve.to_json(),
            "atoms": self.atoms,
            "has_missing": self.has_missing,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], column: ColumnSchema) -> NumericEncoder:
        """Read what `to_json` wrote."""
        encoder = cls(column, data["encoding"], atoms=data["atoms"], has_missing=data["has_missing"])
        encoder.codec = NumberCodec.from_json(data["codec"], column)
        if data["curve"] is not None:
            encoder.curve = CURVES[encoder.encoding].from_json(data["curve"])
        return encoder


def _nearest(atoms: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Return the position of the atom nearest to each number, shape (rows,)."""
    halves = atoms / 2 + np.r_[atoms[1:], atoms[-1:]] / 2  # half way to the next one, finite for huge numbers too
    near = np.searchsorted(halves[:-1], numbers)
    exact = np.searchsorted(atoms, numbers).clip(0, len(atoms) - 1)
    return np.where(atoms[exact] == numbers, exact, near)


@dataclasses.dataclass
class LevelEncoder:
    """Categories and booleans: one state a level, rare levels pooled, missing last.

    Levels stand in their natural order. Where a column has more than 30, those seen less than five times (and, past
    256 states, more) are pooled with their rare neighbours; a pooled state decodes to its levels by frequency.

    Args:
        column: the column's schema.
        levels: distinct values in the column's dtype, an array or extension array of shape (levels,).
        counts: training rows of each level, shape (levels,).
        state_of: the state of each level, increasing, shape (levels,).
    """

    column: ColumnSchema
    levels: Any = None
    counts: np.ndarray = dataclasses.field(default_factory=lambda: np.empty(0))
    state_of: np.ndarray = dataclasses.field(default_factory=lambda: np.empty(0, dtype=np.int64))
    has_missing: bool = False
    shares: np.ndarray = dataclasses.field(default_factory=lambda: np.empty(0))
    name: ClassVar[str] = "level"
    silent: ClassVar[None] = None
    normal: ClassVar[bool] = False

    def fit(self, series: pd.Series) -> LevelEncoder:
        """Count the levels and pool the rare ones."""
        codes, levels = pd.factorize(_plain(series))
        counts = np.bincount(codes[codes >= 0], minlength=len(levels)).astype(np.float64)
        natural = _natural_order(levels)
        states = _pool(counts[natural])
        order = natural[np.argsort(states, kind="stable")]
        self.levels, self.counts, self.state_of = levels.take(order), counts[order], np.sort(states)
        missing = int((codes < 0).sum())
        self.has_missing = missing > 0
        masses = np.bincount(self.state_of, weights=self.counts)
        self.shares = np.append(masses, missing)[: self.states] / len(codes)
        return self

    @property
    def _known(self) -> int:
        return int(self.state_of[-1]) + 1

    @property
    def states(self) -> int:
        """Number of kept levels and pools, and one more for missing."""
        return self._known + self.has_missing

    def encode(self, series: pd.Series) -> tuple[ColumnCodes, int]:
        """Return the state of each cell; a level never seen goes to the rarest state."""
        level, absent = _find(self.levels, series)
        rarest = int(np.bincount(self.state_of, weights=self.counts).argmin())
        states = np.where(level >= 0, self.state_of[level], rarest)
        if self.has_missing:
            states = np.where(absent, self.states - 1, states)
        return ColumnCodes(states), int(((level < 0) & ~(absent & self.has_missing)).sum())

    def decode(self, codes: ColumnCodes, rows: range, rng: np.random.Generator) -> pd.Series:
        """Return a level for each state; a pooled state draws among its levels by frequency."""
        states = np.zeros(len(rows), dtype=np.int64) if codes.states is None else codes.states
        first = np.searchsorted(self.state_of, np.arange(self._known))
        absent = states >= self._known
        level = np.append(first, -1)[np.minimum(states, self._known)]
        pooled = np.append(np.bincount(self.state_of) > 1, False)[np.minimum(states, self._known)]
        if pooled.any():
            ends = np.cumsum(self.counts)
            begins = np.append(0.0, ends)[first]
            masses = np.bincount(self.state_of, weights=self.counts)
            chosen = states[pooled]
            draw = begins[chosen] + rng.random(len(chosen)) * masses[chosen]
            last = np.append(first[1:], len(ends))[chosen] - 1
            level[pooled] = np.searchsorted(ends, draw, side="right").clip(first[chosen], last)
        return _level_cells(self.levels, level, absent, self.column)

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return levels as JSON values, counts and states as arrays."""
        return {
            "levels": [value_to_json(v) for v in _index(self.levels).tolist()],
            "counts": self.counts,
            "state_of": self.state_of,
            "has_missing": self.has_missing,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], column: ColumnSchema) -> LevelEncoder:
        """Read what `to_json` wrote."""
        values = [value_from_json(v) for v in data["levels"]]
        levels = pd.factorize(_plain(_series_of(values, column.dtype)))[1]
        return cls(column, levels, data["counts"], data["state_of"], data["has_missing"])


def _series_of(values: list[Any], dtype: Any) -> pd.Series:
    cells = np.empty(len(values), dtype=object)
    cells[:] = values
    return pd.Series(cells, dtype=object).astype(dtype)


def _plain(series: pd.Series) -> Any:
    """Return the values that pandas factorizes without a surprise."""
    series = dense(series)
    if pd.api.types.is_float_dtype(series.dtype) and getattr(series.dtype, "itemsize", 8) == 2:
        return float_values(series).astype(np.float32)  # pandas has no index of half precision
    if isinstance(series.dtype, pd.ArrowDtype) and series.dtype.kind == "O":
        return series.astype(object).where(series.notna(), None).to_numpy()
    return series.to_numpy() if isinstance(series.dtype, np.dtype) and series.dtype.kind not in "mM" else series.array


def _index(levels: Any) -> pd.Index:
    """Return levels as an index of just their dtype: tuples and dates in an object array stay what they are."""
    return pd.Index(levels, dtype=levels.dtype, tupleize_cols=False)


def _find(levels: Any, series: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return where each cell stands among the levels (-1 if nowhere), and the mask of missing cells."""
    codes, distinct = pd.factorize(_plain(series))
    found = _index(levels).get_indexer(_index(distinct)) if len(distinct) else np.empty(0, dtype=np.int64)
    return np.append(found, -1)[codes], codes < 0


def _natural_order(levels: Any) -> np.ndarray:
    """Return the order that sorts the levels: by value, by category, or else by type and text."""
    if isinstance(levels, pd.CategoricalIndex):
        return np.argsort(np.asarray(levels.codes), kind="stable")
    if isinstance(levels, pd.Categorical):
        return np.argsort(levels.codes, kind="stable")
    try:
        return np.asarray(_index(levels).argsort())
    except TypeError:
        keys = [(type(v).__name__, str(v)) for v in levels]
        return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)


def _pool(counts: np.ndarray) -> np.ndarray:
    """Return the state of each level: frequent levels stand alone, neighbouring rare ones share a state.

    Args:
        counts: rows of each level, in natural order, shape (levels,).

    Returns:
        int64 states 0, 1, ..., shape (levels,).
    """
    rare = counts < RARE_ROWS
    if len(counts) > MAX_STATES:  # half of the states for the most frequent levels, half for pools of equal mass
        rare = np.argsort(np.argsort(-counts, kind="stable")) >= MAX_STATES // 2
    if len(counts) <= ALWAYS_KEPT or rare.sum() < 2:
        return np.arange(len(counts))
    mass = np.where(rare, counts, 0.0)
    size = max(float(RARE_ROWS), mass.sum() / (MAX_STATES // 2 - 1))
    pool = np.floor((np.cumsum(mass) - mass / 2) / size).astype(np.int64)
    label = np.where(rare, pool, pool.max() + 1 + np.arange(len(counts)))
    return np.unique(label, return_inverse=True)[1].astype(np.int64)


def _level_cells(levels: Any, level: np.ndarray, absent: np.ndarray, column: ColumnSchema) -> pd.Series:
    if isinstance(levels, pd.Index):
        levels = levels.array
    if not isinstance(levels, np.ndarray):
        return pd.Series(levels.take(np.where(absent, -1, level), allow_fill=True)).astype(column.dtype)
    values = levels[np.where(absent, 0, level)]
    if absent.any():
        text = levels.dtype == np.dtype(object)
        values = np.where(absent, np.array(column.missing_value if text else np.nan, dtype=values.dtype), values)
    return pd.Series(values, dtype=values.dtype).astype(column.dtype)


@dataclasses.dataclass
class ConstantEncoder:
    """One value, or none at all: nothing to learn, and it comes back as it was."""

    column: ColumnSchema
    value: pd.Series = dataclasses.field(default_factory=lambda: pd.Series(dtype=object))
    name: ClassVar[str] = "constant"
    shares: ClassVar[np.ndarray] = np.empty(0)
    states: ClassVar[int] = 0
    silent: ClassVar[None] = None
    normal: ClassVar[bool] = False

    def fit(self, series: pd.Series) -> ConstantEncoder:
        """Remember the value."""
        self.value = series.iloc[:1]
        return self

    def encode(self, series: pd.Series) -> tuple[ColumnCodes, int]:
        """Return no codes, and how many cells differ from the value."""
        levels = pd.factorize(_plain(self.value))[1]
        level, absent = _find(levels, series)
        return ColumnCodes(), int((level < 0).sum() - (absent.sum() if self.column.kind == "missing" else 0))

    def decode(self, codes: ColumnCodes, rows: range, rng: np.random.Generator) -> pd.Series:
        """Return the value for every row."""
        return self.value.iloc[np.zeros(len(rows), dtype=np.int64)].reset_index(drop=True)

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return the value as JSON."""
        return {"value": value_to_json(self.value.tolist()[0])}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], column: ColumnSchema) -> ConstantEncoder:
        """Read what `to_json` wrote."""
        return cls(column, _series_of([value_from_json(data["value"])], column.dtype))


@dataclasses.dataclass
class IdentifierEncoder:
    """Identifiers: not learned; decoded as fresh unique ones of the same pattern."""

    column: ColumnSchema
    pattern: IdPattern | None = None
    first: int = 0
    missing: float = 0.0
    name: ClassVar[str] = "identifier"
    shares: ClassVar[np.ndarray] = np.empty(0)
    states: ClassVar[int] = 0
    silent: ClassVar[None] = None
    normal: ClassVar[bool] = False

    def fit(self, series: pd.Series) -> IdentifierEncoder:
        """Learn the pattern of text identifiers or the first free number, and the share of missing ones."""
        absent = missing_cells(series)
        self.missing = float(absent.mean())
        if self.column.storage == "text":
            self.pattern = IdPattern.fit(series[~absent].astype(str).tolist())
        else:
            self.first = int(series[~absent].max()) + 1
        return self

    @property
    def _room(self) -> int:
        """How far the dtype reaches above the first free number."""
        dtype: Any = self.column.dtype
        dtype = getattr(dtype, "subtype", getattr(dtype, "numpy_dtype", dtype))
        if self.column.storage == "float":
            return 2 ** (np.finfo(dtype).nmant + 1) - self.first
        return int(np.iinfo(dtype if dtype != np.dtype(object) else np.int64).max) - self.first

    def encode(self, series: pd.Series) -> tuple[ColumnCodes, int]:
        """Return no codes."""
        return ColumnCodes(), 0

    def decode(self, codes: ColumnCodes, rows: range, rng: np.random.Generator) -> pd.Series:
        """Return identifiers that differ for every row number."""
        absent = rng.random(len(rows)) < self.missing
        if self.pattern is None:
            codec = NumberCodec(self.column, decimals=0, origin=self.first, span=max(0, self._room))
            if rows.stop - 1 > self._room:
                raise InvalidDataError(
                    f"Column {self.column.name!r} ({self.column.dtype}) has room for {self._room + 1} identifiers "
                    f"above its largest one, {self.first - 1}, but {rows.stop} were asked for; give it a wider dtype."
                )
            numbers = np.arange(rows.start, rows.stop, dtype=np.float64)
            return codec.cells(numbers + (self.first if self.column.storage == "float" else 0), absent)
        cells = self.pattern.generate(rows)
        cells[absent] = self.column.missing_value
        return pd.Series(cells, dtype=object).astype(self.column.dtype)

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return the pattern, the first free number and the share of missing identifiers."""
        pattern = None if self.pattern is None else self.pattern.to_json()
        return {"pattern": pattern, "first": self.first, "missing": self.missing}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], column: ColumnSchema) -> IdentifierEncoder:
        """Read what `to_json` wrote."""
        pattern = None if data["pattern"] is None else IdPattern.from_json(data["pattern"])
        return cls(column, pattern, data["first"], data["missing"])


ENCODERS: dict[str, type[Any]] = {
    encoder.name: encoder for encoder in (NumericEncoder, LevelEncoder, ConstantEncoder, IdentifierEncoder)
}
"""Encoders by the name under which they are saved."""
