"""A whole table to arrays of states and numbers, and back: pandas on one side, numpy on the other."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.codes import ColumnCodes, ColumnEncoder
from wgan_aug.encoding.columns import ENCODERS
from wgan_aug.encoding.curves import CURVES
from wgan_aug.encoding.dependents import DependentEncoder, MemberEncoder, decode_column, encode_column
from wgan_aug.encoding.fixed import ConstantEncoder, IdentifierEncoder
from wgan_aug.encoding.levels import LevelEncoder
from wgan_aug.encoding.numeric import NumericEncoder
from wgan_aug.encoding.relations import find_relations
from wgan_aug.encoding.ruled import RuledEncoder
from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError, did_you_mean, join_problems
from wgan_aug.schema.columns import ColumnSchema, TableSchema
from wgan_aug.schema.layout import Scalar, TableLayout
from wgan_aug.schema.values import JSON

__all__ = ["EncodedTable", "TableEncoder", "check_numeric_encoding"]


@dataclasses.dataclass
class EncodedTable:
    """The codes of a table.

    Args:
        states: the state of each block, int64, shape (rows, blocks).
        low: where the interval of each number begins, float64, shape (rows, scalars).
        high: where it ends, shape (rows, scalars).
    """

    states: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def __len__(self) -> int:
        return len(self.states)

    def take(self, index: np.ndarray) -> EncodedTable:
        """Return some rows, by number or by a mask."""
        return EncodedTable(self.states[index], self.low[index], self.high[index])

    @property
    def sample(self) -> EncodedTable:
        """Exact codes of a random part of the rows: here of all of them."""
        return self

    def identity(self) -> dict[str, Any]:
        """Return what tells these codes from others: arrays and JSON values."""
        return {"states": self.states, "low": self.low, "high": self.high}

    @classmethod
    def join(cls, tables: Sequence[EncodedTable]) -> EncodedTable:
        """Return the rows of several tables, at least one, after one another."""
        return cls(*(np.concatenate([getattr(table, name) for table in tables]) for name in ("states", "low", "high")))


class TableEncoder:
    """Encode every column of a frame by its kind.

    Args:
        schema: the columns.
        numeric_encoding: "auto", the name of a curve for all numeric columns, or a dict of names by column.
        relations: find exact rules between columns and keep them, see `find_relations`; False for none.
        narrow_sums: whether a column that others add up to but for a narrow rest is learned as that rest.

    Examples:
        >>> from wgan_aug.schema.inference import infer_schema
        >>> frame = pd.DataFrame({"age": [31, 44, None], "sex": ["f", "m", "f"]})
        >>> encoder = TableEncoder(infer_schema(frame)).fit(frame)
        >>> encoder.layout.widths
        (3, 2)
        >>> encoder.inverse_transform(encoder.transform(frame)).equals(frame)
        True
    """

    def __init__(
        self,
        schema: TableSchema,
        numeric_encoding: str | Mapping[Hashable, str] = "auto",
        relations: bool = True,
        narrow_sums: bool = True,
    ) -> None:
        self.schema, self.relations, self.narrow_sums = schema, relations, narrow_sums
        self._own: list[ColumnEncoder] = [
            _new_encoder(column, _curve_name(numeric_encoding, column.name)) for column in schema
        ]
        self.encoders: list[ColumnEncoder | DependentEncoder] = [*self._own]

    def fit(self, frame: pd.DataFrame) -> TableEncoder:
        """Learn every column.

        Args:
            frame: the schema's columns in the schema's order, with at least one row.

        Raises:
            InvalidDataError: if there are no rows.
        """
        if not len(frame):
            raise InvalidDataError("There are no rows to learn from.")
        own = [encoder.fit(frame.iloc[:, position]) for position, encoder in enumerate(self._own)]
        found = find_relations(frame, own, self.narrow_sums) if self.relations else {}
        self.encoders = [found.get(position, encoder) for position, encoder in enumerate(own)]
        self.layout = self._measure()
        return self

    def _measure(self) -> TableLayout:
        widths = tuple(encoder.states for encoder in self.encoders if encoder.states)
        blocks = np.cumsum([0, *(encoder.states > 0 for encoder in self.encoders)])
        scalars: list[Scalar] = []
        for position, encoder in enumerate(self.encoders):
            if encoder.silent is None:
                continue
            if encoder.states:
                scalars.append(Scalar(int(blocks[position]), encoder.silent, encoder.normal))
            elif isinstance(encoder, RuledEncoder) and encoder.hidden:
                scalars.append(Scalar(int(blocks[encoder.parent]), encoder.hidden, encoder.normal))
            else:
                scalars.append(Scalar(normal=encoder.normal))
        shares = np.concatenate([np.empty(0), *(encoder.shares for encoder in self.encoders)])
        return TableLayout(widths, shares, tuple(scalars))

    def transform(self, frame: pd.DataFrame, blank: Sequence[Hashable] = ()) -> EncodedTable:
        """Encode rows.

        Args:
            frame: the fitted columns, in the fitted order.
            blank: columns that the rows lack, filled with a placeholder: they and what hangs on them are not warned of.

        Returns:
            The codes; a `DataWarning` names columns with values never seen, which count as the nearest known, and
            columns that break a rule which held in all fitted rows, which count as if they kept it.

        Raises:
            InvalidDataError: for columns whose cells cannot be read as the fitted ones, all in one error.
        """
        codes, unseen = self.encode(frame)
        told = {position: rows for position, rows in unseen.items() if not self._hangs_on(position, blank)}
        strange, broken = (
            [f"{self.schema.names[p]!r} ({rows} rows)" for p, rows in told.items() if self.is_dependent(p) == dependent]
            for dependent in (False, True)
        )
        _warn("Values that the fitted table did not have, taken as the nearest known ones", strange)
        _warn("Rows that break a rule which holds in the fitted table, taken as if they kept it", broken)
        return codes

    def encode(self, frame: pd.DataFrame) -> tuple[EncodedTable, dict[int, int]]:
        """Encode rows without a warning.

        Returns:
            the codes; and for each column, by position, in how many rows it has a value never seen or breaks a rule.
            Columns without any are left out.

        Raises:
            InvalidDataError: for columns whose cells cannot be read as the fitted ones, all in one error.
        """
        rows = len(frame)
        out = EncodedTable(
            np.zeros((rows, self.layout.n_blocks), dtype=np.int64),
            np.zeros((rows, self.layout.n_scalars)),
            np.zeros((rows, self.layout.n_scalars)),
        )
        block = scalar = 0
        strange: dict[int, int] = {}
        problems: list[str] = []
        for position, encoder in enumerate(self.encoders):
            try:
                codes, unseen = self.encode_column(frame, position)
            except (TypeError, ValueError, NotImplementedError) as error:
                if frame.dtypes.iloc[position] == encoder.column.dtype:
                    raise
                was, now = encoder.column.dtype, frame.dtypes.iloc[position]
                problems.append(f"Column {encoder.column.name!r} was fitted as {was}, but is {now} here: {error}.")
                continue
            if unseen:
                strange[position] = unseen
            if codes.states is not None:
                out.states[:, block] = codes.states
                block += 1
            if codes.low is not None:
                out.low[:, scalar], out.high[:, scalar] = codes.low, codes.high
                scalar += 1
        if problems:
            raise InvalidDataError(join_problems(problems))
        return out, strange

    def is_dependent(self, position: int) -> bool:
        """Say whether other columns decide a column, wholly or in part."""
        return isinstance(self.encoders[position], DependentEncoder)

    def recount(self, counts: np.ndarray, rows: int) -> None:
        """Take the shares of states from a whole table, where the encoder was fitted to a part of it.

        Args:
            counts: rows of each state, in the order of the layout, shape (states,).
            rows: of the whole table.
        """
        start = 0
        for encoder in self.encoders:
            if encoder.states:
                encoder.shares = counts[start : start + encoder.states] / rows
                start += encoder.states
        self.layout = self._measure()

    def encode_column(self, frame: pd.DataFrame, position: int) -> tuple[ColumnCodes, int]:
        """Encode one column, as its encoder does: the codes, and how many cells count as others than they are."""
        return encode_column(self.encoders[position], frame, position)

    def _hangs_on(self, position: int, blank: Sequence[Hashable]) -> bool:
        """Say whether a column, or one that its encoder reads, is a blank one."""
        if not blank:
            return False
        encoder = self.encoders[position]
        read = {position, *getattr(encoder, "parents", ()), *getattr(encoder, "members", ())}
        return any(self.schema.columns[p].name in blank for p in read)

    def inverse_transform(
        self,
        encoded: EncodedTable,
        rng: np.random.Generator | None = None,
        first_row: int = 0,
        put: Callable[[int, pd.Series], pd.Series] | None = None,
    ) -> pd.DataFrame:
        """Decode rows to a frame with the fitted columns, order and dtypes; the rules found hold in them, in bounds.

        Args:
            encoded: the codes; a number is decoded from the middle of its interval.
            rng: draws the members of pooled levels; a fixed one where None.
            first_row: the number of the first row, for identifiers that stay unique over several calls.
            put: takes a column's position and its decoded cells, and gives those to put in their place, before the
                columns that follow from them are decoded.
        """
        rng = np.random.default_rng(0) if rng is None else rng
        rows = range(first_row, first_row + len(encoded))
        codes = self._split(encoded)
        cells: dict[int, pd.Series] = {}
        for position in self._parents_first():
            own = decode_column(self.encoders[position], position, codes, cells, rows, rng)
            cells[position] = own if put is None else put(position, own)
        if not cells:
            return pd.DataFrame(index=pd.RangeIndex(len(encoded)))
        frame = pd.concat([cells[p] for p in range(len(cells))], axis=1, keys=range(len(cells)))
        frame.columns = self.schema.index
        return frame

    def _split(self, encoded: EncodedTable) -> list[ColumnCodes]:
        """Return the codes of each column, the number in the middle of its interval."""
        middle = (encoded.low + encoded.high) / 2
        block = scalar = 0
        split: list[ColumnCodes] = []
        for encoder in self.encoders:
            codes = ColumnCodes()
            if encoder.states:
                codes.states = encoded.states[:, block]
                block += 1
            if encoder.silent is not None:
                codes.low = middle[:, scalar]
                scalar += 1
            split.append(codes)
        return split

    def _parents_first(self) -> list[int]:
        """Return the positions of all columns, each after those that its encoder reads."""
        order: dict[int, None] = {}

        def visit(position: int) -> None:
            for parent in getattr(self.encoders[position], "parents", ()):
                if parent not in order:
                    visit(parent)
            order[position] = None

        for position in range(len(self.encoders)):
            visit(position)
        return list(order)

    def feature_columns(self) -> list[Hashable]:
        """Return the column that each feature of an encoded row belongs to, in the order of the layout."""
        names = self.schema.names
        states = [
            names[e.members[state]] if isinstance(e, MemberEncoder) else e.column.name
            for e in self.encoders
            for state in range(e.states)
        ]
        return states + [e.column.name for e in self.encoders if e.silent is not None]

    def placeholder(self, name: Hashable, rows: int) -> pd.Series:
        """Return some valid cells of a column, for rows that lack it."""
        encoder = self.encoders[self.schema.names.index(name)]
        if isinstance(encoder, DependentEncoder):
            return encoder.placeholder(rows).rename(name)  # type: ignore[arg-type]
        codes = ColumnCodes(np.zeros(rows, dtype=np.int64), np.full(rows, 0.5))
        return encoder.decode(codes, range(rows), np.random.default_rng(0)).rename(name)  # type: ignore[arg-type]

    def features_of(self, names: Sequence[Hashable]) -> np.ndarray:
        """Return the numbers of the features that some columns have a share in, int64, increasing."""
        reads = [self._hangs_on(position, names) for position in range(len(self.encoders))]
        states = [read for e, read in zip(self.encoders, reads, strict=True) for _ in range(e.states)]
        scalars = [read for e, read in zip(self.encoders, reads, strict=True) if e.silent is not None]
        return np.flatnonzero(np.array([*states, *scalars], dtype=bool))

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return a nested object of JSON and arrays that `from_json` reads back."""
        columns = [{"encoder": e.name, "state": e.to_json()} for e in self.encoders]  # type: ignore[attr-defined]
        return {
            "schema": self.schema.to_json(),
            "relations": self.relations,
            "layout": self.layout.to_json(),
            "columns": columns,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> TableEncoder:
        """Read what `to_json` wrote."""
        encoder = cls(TableSchema.from_json(data["schema"]), relations=data["relations"])
        encoder.encoders = [
            ENCODERS[entry["encoder"]].from_json(entry["state"], column)
            for entry, column in zip(data["columns"], encoder.schema, strict=True)
        ]
        encoder.layout = TableLayout.from_json(data["layout"])
        return encoder


def _warn(what: str, columns: Sequence[str]) -> None:
    if columns:
        warnings.warn(f"{what}: {', '.join(columns)}.", DataWarning, stacklevel=3)


def _new_encoder(column: ColumnSchema, curve: str) -> Any:
    if column.kind in ("constant", "missing"):
        return ConstantEncoder(column)
    if column.kind == "identifier":
        return IdentifierEncoder(column)
    if column.kind in ("categorical", "boolean"):
        return LevelEncoder(column)
    return NumericEncoder(column, curve)


def _curve_name(numeric_encoding: str | Mapping[Hashable, str], name: Hashable) -> str:
    choice = numeric_encoding if isinstance(numeric_encoding, str) else numeric_encoding.get(name, "auto")
    return "quantile" if choice == "auto" else choice


def check_numeric_encoding(numeric_encoding: Any, names: Sequence[Hashable]) -> None:
    """Refuse names of encodings or columns that do not exist.

    Raises:
        InvalidParameterError: saying what was asked, where, and what is allowed.
    """
    allowed = ["auto", *CURVES]
    choices = numeric_encoding if isinstance(numeric_encoding, Mapping) else {None: numeric_encoding}
    for name, choice in choices.items():
        if isinstance(numeric_encoding, Mapping) and name not in names:
            hint = did_you_mean(name, names)
            raise InvalidParameterError(f"numeric_encoding names column {name!r}, which the data do not have.{hint}")
        if choice not in allowed:
            hint = did_you_mean(choice, allowed)
            raise InvalidParameterError(
                f"numeric_encoding is {choice!r}; allowed are {', '.join(allowed)}, or a dict of these by column.{hint}"
            )
