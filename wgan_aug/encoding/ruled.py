"""A column that has one of its values exactly where another column says so."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from wgan_aug.encoding.codes import ColumnCodes
from wgan_aug.encoding.dependents import decode_column, encode_column
from wgan_aug.encoding.keys import Keys
from wgan_aug.encoding.levels import LevelEncoder
from wgan_aug.encoding.numeric import NumericEncoder
from wgan_aug.encoding.sums import SumEncoder
from wgan_aug.schema.columns import ColumnSchema
from wgan_aug.schema.values import JSON

__all__ = ["RuledEncoder", "inner_of"]

_INNER: dict[str, Any] = {encoder.name: encoder for encoder in (LevelEncoder, NumericEncoder, SumEncoder)}

_PLAIN = ("position", "parent", "table", "key", "beside", "shares")


@dataclasses.dataclass
class RuledEncoder:
    """A column that is missing, or has one level or number, in just the rows that another column names.

    The other rows are encoded as any column, without that value. Where they need no state, the value has none either:
    in ruled rows the number is absent, by the other column's own state where that can say it. Where they have states,
    the value is one more, last: networks learn better to repeat it than to give a state that means nothing, and what
    they get wrong is put right when it is decoded.

    Args:
        column: the column's schema.
        position: where it stands in the table.
        parent: where the column stands that says so.
        keys: the parent's keys.
        table: whether each key of the parent rules, bool, shape (keys,).
        own: the column's keys.
        key: the key of the value.
        inner: the encoder of the other rows.
        hidden: states of the parent's block in which the number is absent; empty where its states cannot say.
    """

    column: ColumnSchema
    position: int
    parent: int
    keys: Keys
    table: np.ndarray
    own: Keys
    key: int
    inner: Any
    hidden: tuple[int, ...] = ()
    beside: float | None = None
    shares: np.ndarray = dataclasses.field(default_factory=lambda: np.empty(0))
    name: ClassVar[str] = "ruled"

    def fit(self, frame: pd.DataFrame) -> RuledEncoder:
        """Learn the rows that are not ruled."""
        free = frame[~self.ruled(frame.iloc[:, self.parent])]
        if isinstance(self.inner, SumEncoder):
            self.inner.fit(free)
        else:
            self.inner.fit(free.iloc[:, self.position])
        if self.states:
            states: Any = self.encode_rows(frame)[0].states
            self.shares = np.bincount(states, minlength=self.states) / len(frame)
        self.beside = self._find_beside(free.iloc[:, self.position])
        return self

    def _find_beside(self, free: pd.Series) -> float | None:
        """Return the number nearest to the ruled one; None for a level or a missing cell."""
        number = self.own.number(self.key)
        if number is None or self.own.codec is None:
            return None
        numbers, absent = self.own.codec.numbers(free)
        return float(numbers[~absent][np.abs(numbers[~absent] - number).argmin()])

    def ruled(self, parent: pd.Series) -> np.ndarray:
        """Return the mask of ruled rows from the parent's cells, shape (rows,)."""
        codes = self.keys.codes(parent)
        return self.table[codes] & (codes >= 0)

    def has_value(self, series: pd.Series) -> np.ndarray:
        """Return the mask of the column's cells that are the value of ruled rows, shape (rows,)."""
        return self.own.codes(series) == self.key

    @property
    def parents(self) -> tuple[int, ...]:
        """The ruling column's position, and those of the parts of a sum."""
        return (self.parent, *getattr(self.inner, "parents", ()))

    @property
    def states(self) -> int:
        """Width of the one-hot block, the ruled state last; 0 where the other rows have none."""
        return self.inner.states + 1 if self.inner.states > 1 else 0

    @property
    def silent(self) -> tuple[int, ...] | None:
        """States in which the number is absent; None where the column has no number."""
        silent = self.inner.silent
        return (*silent, self.states - 1) if silent is not None and self.states else silent

    @property
    def normal(self) -> bool:
        """True where the number is a rank."""
        return self.inner.normal

    def encode_rows(self, frame: pd.DataFrame) -> tuple[ColumnCodes, int]:
        """Return the codes, and in how many rows the rule does not hold."""
        ruled = self.ruled(frame.iloc[:, self.parent])
        codes = self._put_value(encode_column(self.inner, frame, self.position)[0], ruled)
        return codes, int((self.has_value(frame.iloc[:, self.position]) != ruled).sum())

    def encode_alone(self, series: pd.Series) -> ColumnCodes:
        """Return the codes of cells that say themselves whether they are ruled; not for sums."""
        return self._put_value(self.inner.encode(series)[0], self.has_value(series))

    def _put_value(self, codes: ColumnCodes, ruled: np.ndarray) -> ColumnCodes:
        """Return the inner encoder's codes with those of the value in ruled rows."""
        states = np.where(ruled, self.states - 1, codes.states) if self.states and codes.states is not None else None
        if codes.low is None or codes.high is None:
            return ColumnCodes(states)
        rest = 0.5 if self.normal else 0.0
        return ColumnCodes(states, np.where(ruled, rest, codes.low), np.where(ruled, rest, codes.high))

    def decode_rows(
        self, codes: Sequence[ColumnCodes], cells: dict[int, pd.Series], rows: range, rng: np.random.Generator
    ) -> pd.Series:
        """Return the value in ruled rows, and other values in the others."""
        own, all_codes = codes[self.position], list(codes)
        states = np.zeros(len(rows), dtype=np.int64) if own.states is None else own.states.copy()
        stray = np.flatnonzero(states == self.inner.states) if self.states else states[:0]
        if len(stray):
            states[stray] = rng.choice(self.inner.states, len(stray), p=self.shares[:-1] / self.shares[:-1].sum())
        all_codes[self.position] = ColumnCodes(states, own.low, own.high)
        free = decode_column(self.inner, self.position, all_codes, cells, rows, rng)
        ruled = self.ruled(cells[self.parent])
        row = np.arange(len(rows))
        written = [free, self.own.cells(np.array([self.key]))]
        if self.beside is not None and self.own.codec is not None:
            row = np.where(self.has_value(free), len(rows) + 1, row)
            written.append(self.own.codec.cells(np.array([self.beside]), np.array([False])))
        return pd.concat(written, ignore_index=True).iloc[np.where(ruled, len(rows), row)].reset_index(drop=True)

    def placeholder(self, rows: int) -> pd.Series:
        """Return the value that ruled rows have."""
        return self.own.cells(np.full(rows, self.key))

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return the rule and the encoder of the other rows."""
        return {name: getattr(self, name) for name in _PLAIN} | {
            "keys": self.keys.to_json(),
            "own": self.own.to_json(),
            "hidden": list(self.hidden),
            "inner": {"encoder": self.inner.name, "state": self.inner.to_json()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], column: ColumnSchema) -> RuledEncoder:
        """Read what `to_json` wrote."""
        inner = _INNER[data["inner"]["encoder"]].from_json(data["inner"]["state"], column)
        plain = {name: data[name] for name in _PLAIN}
        keys, own = Keys.from_json(data["keys"]), Keys.from_json(data["own"])
        return cls(column, keys=keys, own=own, inner=inner, hidden=tuple(data["hidden"]), **plain)


def inner_of(encoder: Any) -> Any:
    """Return the encoder of a column's rows that no other column rules: its own where none does."""
    return encoder.inner if isinstance(encoder, RuledEncoder) else encoder
