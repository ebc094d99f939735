"""JSON for the Python values and pandas dtypes that JSON itself has no word for."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import math
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from wgan_aug.errors import DataTypeError

__all__ = ["dtype_from_json", "dtype_to_json", "value_from_json", "value_to_json"]

JSON = Any  # None, bool, int, float, str, and lists and dicts of them


def value_to_json(value: object) -> JSON:
    """Write one scalar (or a tuple or list of scalars) as JSON that `value_from_json` reads back with its type.

    Args:
        value: None, a bool, a number, a string, a date, time, timestamp, duration, decimal, bytes, a pandas
            missing value, or a tuple or list of these.

    Raises:
        DataTypeError: for any other type.

    Examples:
        >>> value_to_json(3), value_to_json((1, "a"))
        (3, {'type': 'tuple', 'value': [1, 'a']})
    """
    if isinstance(value, np.generic) and not isinstance(value, (np.datetime64, np.timedelta64)):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"type": "float", "value": repr(value)}
    if value is pd.NA or value is pd.NaT:
        return {"type": "NA" if value is pd.NA else "NaT"}
    for name, (kind, write, _) in _TAGGED.items():
        if isinstance(value, kind):
            return {"type": name, "value": write(value)}
    raise DataTypeError(f"A value of type {type(value).__name__} cannot be saved: {value!r:.80}.")


def value_from_json(data: JSON) -> Any:
    """Read what `value_to_json` wrote.

    Examples:
        >>> value_from_json({"type": "tuple", "value": [1, "a"]})
        (1, 'a')
    """
    if not isinstance(data, dict):
        return data
    name = data["type"]
    if name in ("NA", "NaT"):
        return pd.NA if name == "NA" else pd.NaT
    if name == "float":
        value = float(data["value"])
        return np.nan if math.isnan(value) else value  # the one NaN that equals itself in a tuple
    return _TAGGED[name][2](data["value"])


# name: (type, to JSON, from JSON); a subclass stands before its base
_TAGGED: dict[str, tuple[Any, Any, Any]] = {
    "tuple": (tuple, lambda v: [value_to_json(x) for x in v], lambda v: tuple(value_from_json(x) for x in v)),
    "list": (list, lambda v: [value_to_json(x) for x in v], lambda v: [value_from_json(x) for x in v]),
    "timestamp": (
        pd.Timestamp,
        lambda v: [int(v.asm8.view("i8")), v.unit, None if v.tz is None else str(v.tz)],
        lambda v: _timestamp(*v),
    ),
    "timedelta": (
        pd.Timedelta,
        lambda v: [int(v.asm8.view("i8")), v.unit],
        lambda v: pd.Timedelta(np.timedelta64(v[0], v[1])),
    ),
    "datetime64": (
        np.datetime64,
        lambda v: [int(v.view("i8")), np.datetime_data(v)[0]],
        lambda v: np.datetime64(v[0], v[1]),
    ),
    "timedelta64": (
        np.timedelta64,
        lambda v: [int(v.view("i8")), np.datetime_data(v)[0]],
        lambda v: np.timedelta64(v[0], v[1]),
    ),
    "period": (pd.Period, lambda v: [v.ordinal, v.freqstr], lambda v: pd.Period(ordinal=v[0], freq=v[1])),
    "interval": (
        pd.Interval,
        lambda v: [value_to_json(v.left), value_to_json(v.right), v.closed],
        lambda v: pd.Interval(value_from_json(v[0]), value_from_json(v[1]), closed=v[2]),
    ),
    "datetime": (dt.datetime, lambda v: v.isoformat(), dt.datetime.fromisoformat),
    "date": (dt.date, lambda v: v.isoformat(), dt.date.fromisoformat),
    "time": (dt.time, lambda v: v.isoformat(), dt.time.fromisoformat),
    "duration": (dt.timedelta, lambda v: [v.days, v.seconds, v.microseconds], lambda v: dt.timedelta(*v)),
    "decimal": (decimal.Decimal, str, decimal.Decimal),
    "bytes": (bytes, lambda v: base64.b64encode(v).decode(), base64.b64decode),
}


def _timestamp(value: int, unit: str, tz: str | None) -> pd.Timestamp:
    stamp = pd.Timestamp(np.int64(value).view(f"M8[{unit}]"))
    return stamp if tz is None else stamp.tz_localize("UTC").tz_convert(tz)


def dtype_to_json(dtype: Any) -> JSON:
    """Describe a pandas dtype so that `dtype_from_json` gives an equal one.

    Examples:
        >>> dtype_to_json(np.dtype("int64"))
        'int64'
        >>> dtype_to_json(pd.CategoricalDtype(["lo", "hi"], ordered=True))["category"]["values"]
        ['lo', 'hi']
    """
    if isinstance(dtype, pd.CategoricalDtype):
        if dtype.categories is None:  # type: ignore[redundant-expr]
            return {"category": None}
        values = [value_to_json(v) for v in dtype.categories.tolist()]
        return {
            "category": {
                "values": values,
                "dtype": dtype_to_json(dtype.categories.dtype),
                "ordered": bool(dtype.ordered),
            }
        }
    if isinstance(dtype, pd.ArrowDtype):
        schema = pa.schema([pa.field("x", dtype.pyarrow_dtype)])
        return {
            "arrow": base64.b64encode(schema.serialize().to_pybytes()).decode(),
            "text": str(dtype.pyarrow_dtype),
        }
    if isinstance(dtype, pd.SparseDtype):
        return {"sparse": {"subtype": dtype_to_json(dtype.subtype), "fill": value_to_json(dtype.fill_value)}}
    if isinstance(dtype, pd.StringDtype):
        return {"string": {"storage": dtype.storage, "na": "NA" if dtype.na_value is pd.NA else "nan"}}
    return str(dtype)


def dtype_from_json(data: JSON) -> Any:
    """Read what `dtype_to_json` wrote.

    Examples:
        >>> dtype_from_json("datetime64[ns, UTC]")
        datetime64[ns, UTC]
    """
    if isinstance(data, str):
        return pd.api.types.pandas_dtype(data)
    if "category" in data:
        if data["category"] is None:
            return pd.CategoricalDtype()
        inner = data["category"]
        values = [value_from_json(v) for v in inner["values"]]
        index = pd.Index(values, dtype=dtype_from_json(inner["dtype"]))
        return pd.CategoricalDtype(index, ordered=inner["ordered"])
    if "arrow" in data:
        schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(data["arrow"])))
        return pd.ArrowDtype(schema.field("x").type)
    if "sparse" in data:
        inner = data["sparse"]
        return pd.SparseDtype(dtype_from_json(inner["subtype"]), value_from_json(inner["fill"]))
    spec = data["string"]
    if spec["na"] == "nan":
        return pd.StringDtype(spec["storage"], na_value=np.nan)
    return pd.StringDtype(spec["storage"])
