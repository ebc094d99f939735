"""The schema of a column and of a table: plain, frozen data."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Literal, get_args

import pandas as pd

from wgan_aug.errors import InvalidDataError, did_you_mean
from wgan_aug.schema.values import JSON, dtype_from_json, dtype_to_json, value_from_json, value_to_json

__all__ = ["KINDS", "ColumnSchema", "Kind", "Storage", "TableSchema"]

Kind = Literal[
    "continuous",
    "integer",
    "categorical",
    "boolean",
    "datetime",
    "timedelta",
    "constant",
    "missing",
    "identifier",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

Storage = Literal["float", "int", "bool", "decimal", "datetime", "timedelta", "period", "date", "text", "any"]
"""How the cells are stored, whatever the column means: what reads them as numbers or as levels."""


@dataclasses.dataclass(frozen=True)
class ColumnSchema:
    """What one column is.

    Args:
        name: the column's name, any hashable value.
        kind: what it means; decides how it is encoded.
        dtype: the pandas dtype that goes in and comes out.
        storage: how its cells are stored; decides how they are read.
        datetime_format: for text that holds dates, the `strftime` format (`%3f` is a fraction of three digits).
        missing_value: what stands for a missing cell in an object column.
        n_missing: missing cells seen.
        n_distinct: distinct present values seen.
        declared: True where the user, not the data, chose the kind.
    """

    name: Hashable
    kind: Kind
    dtype: Any
    storage: Storage
    datetime_format: str | None = None
    missing_value: Any = None
    n_missing: int = 0
    n_distinct: int = 0
    declared: bool = False

    def to_json(self) -> dict[str, JSON]:
        """Return a JSON object that `from_json` reads back."""
        data = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        data |= {"name": value_to_json(self.name), "dtype": dtype_to_json(self.dtype)}
        return data | {"missing_value": value_to_json(self.missing_value)}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> ColumnSchema:
        """Read what `to_json` wrote."""
        values = {f.name: data[f.name] for f in dataclasses.fields(cls)}
        if values["kind"] not in KINDS or values["storage"] not in get_args(Storage):
            raise ValueError(f"kind {values['kind']!r}, storage {values['storage']!r}")
        values |= {"name": value_from_json(data["name"]), "dtype": dtype_from_json(data["dtype"])}
        return cls(**values | {"missing_value": value_from_json(data["missing_value"])})


@dataclasses.dataclass(frozen=True)
class TableSchema:
    """The columns of a table, in order.

    Args:
        columns: one schema a column.
        level_names: the name of each level of the column index; a plain index has one.
        label_dtype: the dtype of the column index; None for a `MultiIndex`.
        n_rows: the rows seen.

    Examples:
        >>> from wgan_aug.schema.inference import infer_schema
        >>> schema = infer_schema(pd.DataFrame({"age": [31, 44, 52], "sex": ["f", "m", "f"]}))
        >>> schema["age"].kind, schema["sex"].kind
        ('integer', 'categorical')
    """

    columns: tuple[ColumnSchema, ...]
    level_names: tuple[Hashable, ...] = (None,)
    label_dtype: Any = "object"
    n_rows: int = 0

    def __iter__(self) -> Iterator[ColumnSchema]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __getitem__(self, name: Hashable) -> ColumnSchema:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"No column {name!r} in the schema.{did_you_mean(name, self.names)}")

    @property
    def names(self) -> list[Hashable]:
        """The columns' names, in order."""
        return [column.name for column in self.columns]

    @property
    def index(self) -> pd.Index:
        """The column index of a frame with this schema."""
        if self.label_dtype is None:
            return pd.MultiIndex.from_tuples(self.names, names=self.level_names)  # type: ignore[arg-type]
        return pd.Index(self.names, dtype=self.label_dtype, name=self.level_names[0], tupleize_cols=False)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a column: name, kind, dtype, missing cells, distinct values, and who chose the kind."""
        rows = [
            (c.name, c.kind, str(c.dtype), c.n_missing, c.n_distinct, "declared" if c.declared else "inferred")
            for c in self.columns
        ]
        return pd.DataFrame(rows, columns=["column", "kind", "dtype", "missing", "distinct", "chosen"])

    def __repr__(self) -> str:
        return self.to_frame().to_string(index=False)

    def to_json(self) -> dict[str, JSON]:
        """Return a JSON object that `from_json` reads back."""
        return {
            "columns": [column.to_json() for column in self.columns],
            "level_names": [value_to_json(name) for name in self.level_names],
            "label_dtype": None if self.label_dtype is None else dtype_to_json(self.label_dtype),
            "n_rows": self.n_rows,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> TableSchema:
        """Read what `to_json` wrote.

        Raises:
            InvalidDataError: if the object is not a table schema.
        """
        try:
            return cls(
                tuple(ColumnSchema.from_json(column) for column in data["columns"]),
                tuple(value_from_json(name) for name in data["level_names"]),
                None if data["label_dtype"] is None else dtype_from_json(data["label_dtype"]),
                data["n_rows"],
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InvalidDataError(f"This JSON is not a table schema: {error!r}.") from error
