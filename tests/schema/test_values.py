"""JSON round trips of values, dtypes and schemas."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import FLAVOURS, frames, objects, through_json
from wgan_aug.errors import DataTypeError, InvalidDataError
from wgan_aug.schema.columns import TableSchema
from wgan_aug.schema.inference import infer_schema
from wgan_aug.schema.layout import Scalar, TableLayout
from wgan_aug.schema.values import dtype_from_json, dtype_to_json, value_from_json, value_to_json

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.dates()
    | st.times()
    | st.datetimes()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.integers(-(2**50), 2**50).map(lambda v: np.datetime64(v, "us"))
    | st.integers(-(2**50), 2**50).map(lambda v: np.timedelta64(v, "ms"))
    | st.builds(
        lambda v, unit, tz: pd.Timestamp(np.datetime64(v, unit)).tz_localize("UTC").tz_convert(tz),
        st.integers(0, 2**33),
        st.sampled_from(["s", "ms", "ns"]),
        st.sampled_from(["UTC", "Europe/Berlin", "+05:30"]),
    )
    | st.integers(0, 2**40).map(lambda v: pd.Timedelta(np.timedelta64(v, "us")))
    | st.integers(0, 9999).map(lambda v: pd.Period(ordinal=v, freq="M"))
    | st.integers(0, 99).map(lambda v: pd.Interval(v, v + 1, closed="left"))
)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.lists(SCALARS, max_size=3).map(tuple)


def _trip(value: object) -> Any:
    return value_from_json(json.loads(json.dumps(value_to_json(value), allow_nan=False)))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(VALUES)
def test_values_come_back_with_their_type(value: object) -> None:
    again = _trip(value)
    assert type(again) is type(value)
    assert again == value
    assert getattr(again, "unit", None) == getattr(value, "unit", None)


@pytest.mark.parametrize("value", [np.nan, pd.NA, pd.NaT, None])
def test_missing_values_come_back_as_themselves(value: object) -> None:
    assert _trip(value) is value


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_infinities_come_back(value: float) -> None:
    assert _trip(value) == value


@pytest.mark.parametrize("value", [np.int8(3), np.float32(0.5), np.bool_(True), np.str_("a")])
def test_numpy_scalars_become_plain_ones(value: np.generic) -> None:
    assert _trip(value) == value.item()
    assert type(_trip(value)) is type(value.item())


@pytest.mark.parametrize("value", [object(), {"a": 1}, {1}, 1 + 2j, (1, {2}), np.array([1])])
def test_other_values_cannot_be_saved(value: object) -> None:
    with pytest.raises(DataTypeError, match=r"^A value of type \w+ cannot be saved: "):
        value_to_json(value)


DTYPES = {str(i): FLAVOURS[name].make([]).dtype for i, name in enumerate(FLAVOURS) if not name.startswith("object")}


@pytest.mark.parametrize("dtype", [*DTYPES.values(), pd.CategoricalDtype(), np.dtype(object)], ids=str)
def test_dtypes_come_back(dtype: Any) -> None:
    again = dtype_from_json(through_json(dtype_to_json(dtype)))
    assert again == dtype
    if isinstance(dtype, pd.CategoricalDtype) and dtype.categories is not None:
        pd.testing.assert_index_equal(again.categories, dtype.categories)
        assert again.ordered == dtype.ordered
    if isinstance(dtype, pd.StringDtype):
        assert again.storage == dtype.storage
        assert again.na_value is dtype.na_value


@settings(max_examples=60, deadline=None, derandomize=True)
@given(frames())
@pytest.mark.filterwarnings("ignore::wgan_aug.errors.DataWarning")
def test_schemas_come_back(frame: pd.DataFrame) -> None:
    schema = infer_schema(frame)
    again = TableSchema.from_json(through_json(schema.to_json()))
    assert again == schema
    pd.testing.assert_index_equal(again.index, frame.columns, exact="equiv")


def test_odd_categories_come_back() -> None:
    values = [dt.date(2024, 1, 1), decimal.Decimal("1.50"), (1, "a"), "x", None, 3]
    dtype = pd.CategoricalDtype(objects(values[:4] + values[5:]), ordered=True)
    assert dtype_from_json(through_json(dtype_to_json(dtype))) == dtype


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"columns": 3},
        {"columns": [{"name": "x"}]},
        {"columns": ["x"]},
        [],
        {"columns": [{**infer_schema(pd.DataFrame({"x": [1]})).to_json()["columns"][0], "dtype": "int65"}]},
        {"columns": [{**infer_schema(pd.DataFrame({"x": [1]})).to_json()["columns"][0], "kind": "number"}]},
    ],
    ids=str,
)
def test_other_json_is_no_schema(data: Any) -> None:
    with pytest.raises(InvalidDataError, match=r"^This JSON is not a table schema: "):
        TableSchema.from_json(data)


def test_layouts_come_back() -> None:
    layout = TableLayout((2, 3), np.array([0.5, 0.5, 0.2, 0.3, 0.5]), (Scalar(1, (1, 2)), Scalar(normal=False)))
    again = TableLayout.from_json(through_json(layout.to_json()))
    assert (again.widths, again.scalars) == (layout.widths, layout.scalars)
    np.testing.assert_array_equal(again.frequencies, layout.frequencies)
    assert (again.n_blocks, again.n_states, again.n_scalars, again.n_features) == (2, 5, 2, 7)
    assert again.starts.tolist() == [0, 2]


def test_arrow_types_keep_their_details() -> None:
    for kind in (pa.timestamp("ns", "Asia/Tokyo"), pa.decimal128(7, 3), pa.dictionary(pa.int8(), pa.string())):
        again = dtype_from_json(through_json(dtype_to_json(pd.ArrowDtype(kind))))
        assert again.pyarrow_dtype == kind
