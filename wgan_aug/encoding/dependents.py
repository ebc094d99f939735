"""Columns that others decide wholly: a function of another column, and the members of a one-hot group."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from wgan_aug.encoding.codes import ColumnCodes, ColumnEncoder, Encoder
from wgan_aug.encoding.keys import Keys
from wgan_aug.schema.columns import ColumnSchema
from wgan_aug.schema.values import JSON

__all__ = ["DependentEncoder", "DeterminedEncoder", "MemberEncoder", "decode_column", "encode_column"]


@runtime_checkable
class DependentEncoder(Encoder, Protocol):
    """What `TableEncoder` asks of the encoder of a column that others decide, wholly or in part.

    It answers as a `ColumnEncoder` does, but reads whole rows.
    """

    position: int

    @property
    def parents(self) -> tuple[int, ...]:
        """Positions of the columns that have to be decoded before."""
        ...

    def encode_rows(self, frame: pd.DataFrame) -> tuple[ColumnCodes, int]:
        """Return the column's codes, and in how many rows the rule does not hold (taken as if it did)."""
        ...

    def decode_rows(
        self,
        codes: Sequence[ColumnCodes],
        cells: dict[int, pd.Series],
        rows: range,
        rng: np.random.Generator,
    ) -> pd.Series:
        """Return the column's cells from the codes of all columns and the cells of those decoded before."""
        ...

    def placeholder(self, rows: int) -> pd.Series:
        """Return some valid cells, shape (rows,)."""
        ...

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return a nested object of JSON and arrays that `from_json` reads back."""
        ...

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], column: ColumnSchema) -> DependentEncoder:
        """Read what `to_json` wrote."""
        ...


def encode_column(
    encoder: ColumnEncoder | DependentEncoder, frame: pd.DataFrame, position: int
) -> tuple[ColumnCodes, int]:
    """Encode one column of a frame, whichever kind of encoder it has."""
    if isinstance(encoder, DependentEncoder):
        return encoder.encode_rows(frame)
    return encoder.encode(frame.iloc[:, position])


def decode_column(
    encoder: ColumnEncoder | DependentEncoder,
    position: int,
    codes: Sequence[ColumnCodes],
    cells: dict[int, pd.Series],
    rows: range,
    rng: np.random.Generator,
) -> pd.Series:
    """Decode one column, whichever kind of encoder it has; `cells` holds the columns decoded before."""
    if isinstance(encoder, DependentEncoder):
        return encoder.decode_rows(codes, cells, rows, rng)
    return encoder.decode(codes[position], rows, rng)


@dataclasses.dataclass
class DeterminedEncoder:
    """A column that is a function of another one: nothing to learn.

    Args:
        column: the column's schema.
        position: where it stands in the table.
        parent: where the column stands that decides it.
        keys: the parent's keys.
        own: the column's keys.
        table: the column's key for each key of the parent, int64, shape (keys,).
    """

    column: ColumnSchema
    position: int
    parent: int
    keys: Keys
    own: Keys
    table: np.ndarray
    name: ClassVar[str] = "determined"
    shares: ClassVar[np.ndarray] = np.empty(0)
    states: ClassVar[int] = 0
    silent: ClassVar[None] = None
    normal: ClassVar[bool] = False

    @property
    def parents(self) -> tuple[int, ...]:
        """The deciding column's position."""
        return (self.parent,)

    def said_by(self, parent: pd.Series) -> np.ndarray:
        """Return the column's key by the parent's cells, int64, shape (rows,); one never seen counts as the first."""
        return self.table[np.maximum(self.keys.codes(parent), 0)]

    def encode_rows(self, frame: pd.DataFrame) -> tuple[ColumnCodes, int]:
        """Return no codes, and how many cells are not what the parent's say."""
        known = self.keys.codes(frame.iloc[:, self.parent])
        wrong = (known >= 0) & (self.table[known] != self.own.codes(frame.iloc[:, self.position]))
        return ColumnCodes(), int(wrong.sum())

    def decode_rows(
        self, codes: Sequence[ColumnCodes], cells: dict[int, pd.Series], rows: range, rng: np.random.Generator
    ) -> pd.Series:
        """Return what the parent's cells say."""
        return self.own.cells(self.said_by(cells[self.parent]))

    def placeholder(self, rows: int) -> pd.Series:
        """Return what the parent's first key says."""
        return self.own.cells(np.full(rows, self.table[0]))

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return positions, keys and table."""
        return {
            "position": self.position,
            "parent": self.parent,
            "keys": self.keys.to_json(),
            "own": self.own.to_json(),
            "table": self.table,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], column: ColumnSchema) -> DeterminedEncoder:
        """Read what `to_json` wrote."""
        keys, own = Keys.from_json(data["keys"]), Keys.from_json(data["own"])
        return cls(column, data["position"], data["parent"], keys, own, data["table"])


@dataclasses.dataclass
class MemberEncoder:
    """One of several columns of which exactly one is set in every row; the first of them has the states of all.

    Args:
        column: the column's schema.
        position: where it stands in the table.
        members: where all columns of the group stand; state i of the first one says that `members[i]` is set.
        keys: keys of the columns, of all for the first one and its own for the others: 0 is not set, 1 is.
        shares: the training share of each state, for the first column.
    """

    column: ColumnSchema
    position: int
    members: tuple[int, ...]
    keys: tuple[Keys, ...]
    shares: np.ndarray
    name: ClassVar[str] = "member"
    parents: ClassVar[tuple[int, ...]] = ()
    silent: ClassVar[None] = None
    normal: ClassVar[bool] = False

    @property
    def first(self) -> bool:
        """Whether this column has the states."""
        return self.position == self.members[0]

    @property
    def states(self) -> int:
        """The number of columns, for the first one; 0 for the others."""
        return len(self.members) if self.first else 0

    def encode_rows(self, frame: pd.DataFrame) -> tuple[ColumnCodes, int]:
        """Return which column is set, and in how many rows it is not exactly one; the first set one counts."""
        if not self.first:
            return ColumnCodes(), 0
        columns = zip(self.members, self.keys, strict=True)
        is_set = np.column_stack([keys.codes(frame.iloc[:, member]) == 1 for member, keys in columns])
        return ColumnCodes(is_set.argmax(axis=1)), int((is_set.sum(axis=1) != 1).sum())

    def decode_rows(
        self, codes: Sequence[ColumnCodes], cells: dict[int, pd.Series], rows: range, rng: np.random.Generator
    ) -> pd.Series:
        """Return a column that is set in the rows of its state."""
        states = codes[self.members[0]].states
        is_set = np.zeros(len(rows), dtype=np.int64) if states is None else states == self.members.index(self.position)
        return self.keys[0].cells(is_set.astype(np.int64))

    def placeholder(self, rows: int) -> pd.Series:
        """Return a column that is not set."""
        return self.keys[0].cells(np.zeros(rows, dtype=np.int64))

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return positions, keys and shares."""
        keys = [keys.to_json() for keys in self.keys]
        return {"position": self.position, "members": list(self.members), "keys": keys, "shares": self.shares}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], column: ColumnSchema) -> MemberEncoder:
        """Read what `to_json` wrote."""
        keys = tuple(Keys.from_json(entry) for entry in data["keys"])
        return cls(column, data["position"], tuple(data["members"]), keys, data["shares"])
