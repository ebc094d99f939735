"""Columns that are not learned: constants, missing ones, identifiers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from wgan_aug.encoding.codes import ColumnCodes
from wgan_aug.encoding.distinct import find_levels, plain_values, series_of
from wgan_aug.encoding.identifiers import IdPattern
from wgan_aug.encoding.numbers import NumberCodec
from wgan_aug.errors import InvalidDataError
from wgan_aug.schema.cells import missing_cells
from wgan_aug.schema.columns import ColumnSchema
from wgan_aug.schema.values import JSON, value_from_json, value_to_json

__all__ = ["ConstantEncoder", "IdentifierEncoder"]


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
        levels = pd.factorize(plain_values(self.value))[1]
        level, absent = find_levels(levels, series)
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
        return cls(column, series_of([value_from_json(data["value"])], column.dtype))


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
