"""Containers of rows: what comes in is made a pandas frame, what goes out is made what came in."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import scipy.sparse

from wgan_aug.errors import DataTypeError, InvalidDataError, MissingExtraError
from wgan_aug.schema.values import JSON

__all__ = ["Container", "to_frame", "to_series"]


@dataclasses.dataclass(frozen=True)
class Container:
    """What kind of container rows came in.

    Args:
        kind: the family.
        dtype: the dtype of a numpy array.
        schema: the Arrow schema of another frame, serialised.
        backend: the library of another frame, as narwhals names it.
    """

    kind: Literal["pandas", "numpy", "other"] = "pandas"
    dtype: str = ""
    schema: str = ""
    backend: str = ""

    def restore(self, frame: pd.DataFrame) -> Any:
        """Turn a decoded frame into the container that came in."""
        if self.kind == "pandas":
            return frame
        if self.kind == "numpy":
            return frame.to_numpy(dtype=np.dtype(self.dtype))
        schema = _read_schema(self.schema)
        columns = [pa.array(frame.iloc[:, i], from_pandas=True) for i in range(frame.shape[1])]
        flat = [c.combine_chunks() if isinstance(c, pa.ChunkedArray) else c for c in columns]
        arrays = [_cast(c, field.type) for c, field in zip(flat, schema, strict=True)]
        table = pa.Table.from_arrays(arrays, schema=schema)
        try:
            backend: Any = self.backend
            return nw.from_arrow(table, backend=backend).to_native()
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                f"The model was fitted on {self.backend} data: pip install {self.backend}."
            ) from error

    def beside(self, column: pd.Series, other: Container) -> Container:
        """Return the container that holds one further column as well.

        Args:
            column: the column.
            other: what the column came in.
        """
        if self.kind == "numpy":
            dtype = other.dtype or (column.dtype.str if isinstance(column.dtype, np.dtype) else "object")
            mixed = "object" in (self.dtype, dtype) or {np.dtype(d).kind for d in (self.dtype, dtype)} & set("OmM")
            return dataclasses.replace(
                self, dtype="object" if mixed and self.dtype != dtype else np.result_type(self.dtype, dtype).str
            )
        if self.kind == "other":
            fields = _read_schema(other.schema) if other.schema else pa.Schema.from_pandas(column.to_frame("y"))
            whole = _read_schema(self.schema).append(fields.field(0).with_name(str(column.name)))
            return dataclasses.replace(self, schema=_write_schema(whole))
        return self

    def to_json(self) -> dict[str, JSON]:
        """Return what `from_json` reads back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Container:
        """Read what `to_json` wrote."""
        return cls(**data)


def _read_schema(text: str) -> pa.Schema:
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text)))


def _write_schema(schema: pa.Schema) -> str:
    return base64.b64encode(schema.serialize().to_pybytes()).decode()


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return array.cast(kind.value_type).dictionary_encode().cast(kind)
    return array.cast(kind)


def to_frame(data: Any, names: list[Any] | None = None) -> tuple[pd.DataFrame, Container]:
    """Make a pandas frame of rows, and remember what they came in.

    Args:
        data: a pandas frame, a two-dimensional array-like, or an eager frame that narwhals knows (polars, pyarrow).
        names: column names for an array; `x0`, `x1`, ... where None.

    Raises:
        DataTypeError: for containers that are no table.
        InvalidDataError: for a wrong number of dimensions.

    Examples:
        >>> frame, container = to_frame(np.zeros((2, 2)))
        >>> list(frame), container.kind
        (['x0', 'x1'], 'numpy')
    """
    if isinstance(data, pd.DataFrame):
        return data, Container()
    if scipy.sparse.issparse(data):
        raise DataTypeError("The data are a sparse matrix; give a dense table, for instance X.toarray().")
    if isinstance(data, (str, bytes, Mapping)) or data is None:
        raise DataTypeError(f"The data are a {type(data).__name__}; give a DataFrame or a two-dimensional array.")
    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    try:
        narrow = nw.from_native(data, eager_only=True)
    except TypeError:
        if hasattr(data, "collect"):
            raise DataTypeError(f"The data are a lazy {type(data).__name__}; give data.collect().") from None
        return _from_array(data, names)
    table = narrow.to_arrow()
    plain = table.cast(pa.schema([_plain_field(f) for f in table.schema]))
    backend = str(narrow.implementation)
    frame = plain.to_pandas(types_mapper=pd.ArrowDtype)
    return frame, Container("other", schema=_write_schema(table.schema), backend=backend)


def to_series(data: Any) -> tuple[pd.Series, Container]:
    """Make a pandas series of one column, with its name if it has one, and remember what it came in.

    Args:
        data: a series of pandas or of a library that narwhals knows, a frame of one column, or an array-like.

    Raises:
        InvalidDataError: for more than one column.

    Examples:
        >>> to_series([1, 2])[0].tolist()
        [1, 2]
    """
    if isinstance(data, pd.Series):
        return data, Container()
    try:
        data = nw.from_native(data, series_only=True).to_frame().to_native()
    except TypeError:
        data = data if hasattr(data, "shape") or hasattr(data, "columns") else np.asarray(data)
    if isinstance(data, np.ndarray) and data.ndim == 1:
        data = data.reshape(-1, 1)
    frame, container = to_frame(data)
    if frame.shape[1] != 1:
        raise InvalidDataError(f"y has shape {frame.shape}; it must be one column.")
    return frame.iloc[:, 0].rename(None if container.kind == "numpy" else frame.columns[0]), container


def _plain_field(field: pa.Field) -> pa.Field:
    """Dictionaries (categoricals) are learned as the values they stand for; views as what they view."""
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if pa.types.is_string_view(kind) if hasattr(pa.types, "is_string_view") else False:
        kind = pa.large_string()
    return field.with_type(kind)


def _from_array(data: Any, names: list[Any] | None) -> tuple[pd.DataFrame, Container]:
    array = np.asarray(data)
    if array.ndim != 2:
        raise InvalidDataError(
            f"Expected 2D array, got {array.ndim}D array instead (shape {array.shape}). Reshape your data: "
            "array.reshape(-1, 1) for one column, array.reshape(1, -1) for one row."
        )
    if array.dtype.kind == "c":
        raise InvalidDataError("Complex data not supported: split the numbers into real and imaginary parts.")
    columns = [f"x{i}" for i in range(array.shape[1])] if names is None or len(names) != array.shape[1] else names
    frame = pd.DataFrame(array, columns=pd.Index(columns, dtype=object))
    if array.dtype.kind in "OUS":
        frame = frame.astype(object)
    dtype = "object" if array.dtype.kind in "US" else array.dtype.str
    return frame, Container("numpy", dtype=dtype)
