"""Frames to the bytes of a file; the columns of every part have the same types."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from wgan_aug.errors import InvalidDataError, InvalidParameterError, did_you_mean
from wgan_aug.schema.columns import Storage

__all__ = ["FORMATS", "Writer", "check_format"]

Writer = Callable[[pd.DataFrame, Mapping[Hashable, Storage]], bytes]

_ARROW: dict[str, pa.DataType] = {  # of Python objects, which alone do not say it where all are missing
    "text": pa.string(),
    "bool": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
    "timedelta": pa.duration("us"),
}
_DIGITS = 38  # of a decimal


def _to_parquet(frame: pd.DataFrame, storages: Mapping[Hashable, Storage]) -> bytes:
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError) as error:
        said = " ".join(str(error).split())
        raise InvalidDataError(f"Parquet cannot hold these rows: {said}. Write csv instead (format='csv').") from error
    kinds = [
        _kind(field.type, storages.get(name)) if dtype == np.dtype(object) else field.type
        for field, (name, dtype) in zip(table.schema, frame.dtypes.items(), strict=True)
    ]
    fields = [field.with_type(kind) for field, kind in zip(table.schema, kinds, strict=True)]
    repeating: Any = [
        name for name, kind in zip(table.column_names, kinds, strict=True) if not pa.types.is_floating(kind)
    ]
    sink = pa.BufferOutputStream()
    whole = table.cast(pa.schema(fields, metadata=table.schema.metadata))
    pq.write_table(whole, sink, use_dictionary=repeating)  # of floats it takes time, and more room
    return sink.getvalue().to_pybytes()


def _kind(found: pa.DataType, storage: Storage | None) -> pa.DataType:
    """Return the type of a column of Python objects, whichever of them came up."""
    if pa.types.is_decimal(found):
        return pa.decimal128(_DIGITS, found.scale)
    return _ARROW.get(storage or "", found)


def _to_csv(frame: pd.DataFrame, storages: Mapping[Hashable, Storage]) -> bytes:
    text: Any = frame.to_csv(index=False, lineterminator="\n")
    return text.encode()


FORMATS: dict[str, Writer] = {"parquet": _to_parquet, "csv": _to_csv}
"""What writes a part, by the name that `format=` takes."""


def check_format(name: object) -> None:
    """Refuse a format that does not exist.

    Raises:
        InvalidParameterError: with those that do.
    """
    if name not in FORMATS:
        allowed = ", ".join(map(repr, FORMATS))
        raise InvalidParameterError(f"format is {name!r}; allowed are {allowed}.{did_you_mean(name, FORMATS)}")
