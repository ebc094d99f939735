"""A whole table to arrays of states and numbers, and back: pandas on one side, numpy on the other."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.codes import ColumnCodes, ColumnEncoder
from wgan_aug.encoding.columns import ENCODERS
from wgan_aug.encoding.curves import CURVES
from wgan_aug.encoding.fixed import ConstantEncoder, IdentifierEncoder
from wgan_aug.encoding.levels import LevelEncoder
from wgan_aug.encoding.numeric import NumericEncoder
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


class TableEncoder:
    """Encode every column of a frame by its kind.

    Args:
        schema: the columns.
        numeric_encoding: "auto", the name of a curve for all numeric columns, or a dict of names by column.

    Examples:
        >>> from wgan_aug.schema.inference import infer_schema
        >>> frame = pd.DataFrame({"age": [31, 44, None], "sex": ["f", "m", "f"]})
        >>> encoder = TableEncoder(infer_schema(frame)).fit(frame)
        >>> encoder.layout.widths
        (3, 2)
        >>> encoder.inverse_transform(encoder.transform(frame)).equals(frame)
        True
    """

    def __init__(self, schema: TableSchema, numeric_encoding: str | Mapping[Hashable, str] = "auto") -> None:
        self.schema = schema
        self.encoders: list[ColumnEncoder] = [
            _new_encoder(column, _curve_name(numeric_encoding, column.name)) for column in schema
        ]

    def fit(self, frame: pd.DataFrame) -> TableEncoder:
        """Learn every column.

        Args:
            frame: the schema's columns in the schema's order, with at least one row.

        Raises:
            InvalidDataError: if there are no rows.
        """
        if not len(frame):
            raise InvalidDataError("There are no rows to learn from.")
        for position, encoder in enumerate(self.encoders):
            encoder.fit(frame.iloc[:, position])
        self.layout = self._measure()
        return self

    def _measure(self) -> TableLayout:
        widths: list[int] = []
        scalars: list[Scalar] = []
        for encoder in self.encoders:
            block = len(widths) if encoder.states else None
            if encoder.states:
                widths.append(encoder.states)
            if encoder.silent is not None:
                scalars.append(Scalar(block, encoder.silent, encoder.normal))
        shares = np.concatenate([np.empty(0), *(encoder.shares for encoder in self.encoders)])
        return TableLayout(tuple(widths), shares, tuple(scalars))

    def transform(self, frame: pd.DataFrame) -> EncodedTable:
        """Encode rows.

        Args:
            frame: the fitted columns, in the fitted order.

        Returns:
            The codes; a `DataWarning` names columns with values never seen, which count as the nearest known.

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
        strange: list[str] = []
        problems: list[str] = []
        for position, encoder in enumerate(self.encoders):
            try:
                codes, unseen = encoder.encode(frame.iloc[:, position])
            except (TypeError, ValueError, NotImplementedError) as error:
                if frame.dtypes.iloc[position] == encoder.column.dtype:
                    raise
                was, now = encoder.column.dtype, frame.dtypes.iloc[position]
                problems.append(f"Column {encoder.column.name!r} was fitted as {was}, but is {now} here: {error}.")
                continue
            if unseen:
                strange.append(f"{encoder.column.name!r} ({unseen} rows)")
            if codes.states is not None:
                out.states[:, block] = codes.states
                block += 1
            if codes.low is not None:
                out.low[:, scalar], out.high[:, scalar] = codes.low, codes.high
                scalar += 1
        if problems:
            raise InvalidDataError(join_problems(problems))
        if strange:
            warnings.warn(
                f"Values that the fitted table did not have, taken as the nearest known ones: {', '.join(strange)}.",
                DataWarning,
                stacklevel=2,
            )
        return out

    def inverse_transform(
        self, encoded: EncodedTable, rng: np.random.Generator | None = None, first_row: int = 0
    ) -> pd.DataFrame:
        """Decode rows to a frame with the fitted columns, order and dtypes.

        Args:
            encoded: the codes; a number is decoded from the middle of its interval.
            rng: draws the members of pooled levels; a fixed one where None.
            first_row: the number of the first row, for identifiers that stay unique over several calls.
        """
        rng = np.random.default_rng(0) if rng is None else rng
        rows = range(first_row, first_row + len(encoded))
        middle = (encoded.low + encoded.high) / 2
        block = scalar = 0
        series: list[pd.Series] = []
        for encoder in self.encoders:
            codes = ColumnCodes()
            if encoder.states:
                codes.states = encoded.states[:, block]
                block += 1
            if encoder.silent is not None:
                codes.low = middle[:, scalar]
                scalar += 1
            series.append(encoder.decode(codes, rows, rng))
        frame = pd.concat(series, axis=1, keys=range(len(series)))
        frame.columns = self.schema.index
        return frame

    def feature_columns(self) -> list[Hashable]:
        """Return the column that each feature of an encoded row belongs to, in the order of the layout."""
        states = [e.column.name for e in self.encoders for _ in range(e.states)]
        return states + [e.column.name for e in self.encoders if e.silent is not None]

    def placeholder(self, name: Hashable, rows: int) -> pd.Series:
        """Return some valid cells of a column, for rows that lack it."""
        encoder = next(e for e in self.encoders if e.column.name == name)
        codes = ColumnCodes(np.zeros(rows, dtype=np.int64), np.full(rows, 0.5))
        return encoder.decode(codes, range(rows), np.random.default_rng(0)).rename(name)  # type: ignore[arg-type]

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return a nested object of JSON and arrays that `from_json` reads back."""
        columns = [{"encoder": e.name, "state": e.to_json()} for e in self.encoders]  # type: ignore[attr-defined]
        return {"schema": self.schema.to_json(), "layout": self.layout.to_json(), "columns": columns}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> TableEncoder:
        """Read what `to_json` wrote."""
        encoder = cls(TableSchema.from_json(data["schema"]))
        encoder.encoders = [
            ENCODERS[entry["encoder"]].from_json(entry["state"], column)
            for entry, column in zip(data["columns"], encoder.schema, strict=True)
        ]
        encoder.layout = TableLayout.from_json(data["layout"])
        return encoder


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
