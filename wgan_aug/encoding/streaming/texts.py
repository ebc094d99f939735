"""What the columns of text parts are, found out a batch at a time: integers, numbers, booleans or text."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute

from wgan_aug.schema.texts import BOOLEANS, INTEGER, NUMBER

__all__ = ["PANDAS_DTYPES", "TextKind", "find_text_types", "read_texts"]

pc: Any = pyarrow.compute  # most of its functions are made when it is imported

_SURE_DIGITS = 18  # so many letters are an integer of 64 bits
_RANGES = ((pa.int64(), -(2**63), 2**63), (pa.uint64(), 0, 2**64))
_ALLOWED = {"integer": INTEGER, "number": NUMBER, "boolean": "|".join(BOOLEANS)}

PANDAS_DTYPES: dict[Any, Any] = {
    pa.int64(): pd.Int64Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(),
}
"""What text columns are in pandas: dtypes that keep integers and booleans what they are beside missing cells."""


@dataclasses.dataclass
class TextKind:
    """What all present cells of a text column seen so far can be read as.

    Args:
        kinds: of "integer", "number" and "boolean" those that are left.
        present: whether any cell was present.
        low: the smallest of the integers that are long, or below 0 where any is.
        high: the largest of the long ones.
    """

    kinds: tuple[str, ...] = tuple(_ALLOWED)
    present: bool = False
    low: int = 0
    high: int = 0

    def see(self, cells: pa.Array) -> None:
        """Look at some more cells, strings or null."""
        if not self.kinds:
            return
        cells = pc.drop_null(_trimmed(cells))
        self.present |= len(cells) > 0
        self.kinds = tuple(kind for kind in self.kinds if _all_match(cells, _ALLOWED[kind]))
        if "integer" in self.kinds:
            long = [int(v) for v in cells.filter(pc.greater(pc.utf8_length(cells), _SURE_DIGITS)).to_pylist()]
            below = -1 if pc.any(pc.starts_with(cells, "-"), min_count=0).as_py() else 0
            self.low, self.high = min([self.low, below, *long]), max([self.high, *long])

    def arrow_type(self) -> Any:
        """Return the Arrow type that holds all cells."""
        if self.present and "integer" in self.kinds:
            return next((kind for kind, low, high in _RANGES if low <= self.low and self.high < high), pa.string())
        if self.present and self.kinds:
            return pa.float64() if "number" in self.kinds else pa.bool_()
        return pa.string()


def find_text_types(names: list[str], batches: Iterable[Any]) -> pa.Schema:
    """Return names and types of the columns of text tables.

    Args:
        names: of the columns.
        batches: of all parts, tables of strings and nulls.
    """
    kinds = {name: TextKind() for name in names}
    for batch in batches:
        for name, kind in kinds.items():
            kind.see(batch.column(name))
    return pa.schema([(name, kind.arrow_type()) for name, kind in kinds.items()])


def read_texts(batch: Any, schema: pa.Schema) -> pa.RecordBatch:
    """Return strings as what the schema says they are; cells of blanks alone are missing."""
    columns: list[Any] = []
    for field in schema:
        cells = batch.column(field.name)
        trimmed = _trimmed(cells)
        if field.type == pa.string():
            columns.append(pc.if_else(pc.is_null(trimmed), pa.scalar(None, pa.string()), cells))
        else:
            columns.append(pc.utf8_ltrim(trimmed, "+").cast(field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _trimmed(cells: Any) -> Any:
    trimmed = pc.utf8_trim_whitespace(cells)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _all_match(cells: Any, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(cells, f"^(?:{pattern})$"), min_count=0).as_py())
