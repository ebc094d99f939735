"""Numbers, dates and durations: repeated values and missing ones as states, a curve for the rest."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import pandas as pd

from wgan_aug.encoding.codes import ColumnCodes
from wgan_aug.encoding.curves import CURVES, Curve, nearest
from wgan_aug.encoding.numbers import NumberCodec
from wgan_aug.schema.columns import ColumnSchema
from wgan_aug.schema.values import JSON

__all__ = ["NumericEncoder"]

ATOM_SHARE = 0.05  # a value with this much of the mass is an atom
ATOM_ROWS = 5  # and at least this many rows
MAX_LEVEL_NUMBERS = 20  # whole numbers with at most so many distinct values are encoded by level


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
            near = nearest(self.atoms, numbers)
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
