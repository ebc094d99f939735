"""What comes in goes out: pandas, numpy, polars, pyarrow, and y beside them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse

from wgan_aug import WGANGPSynthesizer
from wgan_aug.errors import DataTypeError, InvalidDataError
from wgan_aug.synthesizers.containers import Container, to_frame, to_series

N = 40
RNG = np.random.default_rng(0)


def fitted(X: Any, y: Any = None, **options: Any) -> WGANGPSynthesizer:
    return WGANGPSynthesizer(epochs=1, random_state=0, **options).fit(X, y)


ARRAYS = {
    "float32": RNG.random((N, 2)).astype("float32"),
    "float16": RNG.random((N, 2)).astype("float16"),
    "int64": RNG.integers(-99, 99, (N, 2)),
    "int8": RNG.integers(0, 9, (N, 2)).astype("int8"),
    "uint64": RNG.integers(0, 9, (N, 2)).astype("uint64") + np.uint64(2**63),
    "bool": RNG.random((N, 2)) > 0.5,
    "datetime64[D]": RNG.integers(0, 999, (N, 2)).astype("datetime64[D]"),
    "object": np.array([["a", 1, None], ["b", 2, 3.5]] * (N // 2), dtype=object),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_numpy_in_numpy_out(name: str) -> None:
    array = ARRAYS[name]
    kept = array.copy()
    model = fitted(array)
    out = model.sample(7)
    assert isinstance(out, np.ndarray)
    assert (out.dtype, out.shape) == (array.dtype, (7, array.shape[1]))
    empty = model.sample(0)
    assert (empty.dtype, empty.shape) == (array.dtype, (0, array.shape[1]))
    assert model.score_samples(array).shape == (N,)
    assert np.array_equal(array, kept)
    for column in range(array.shape[1]):
        if array.dtype.kind not in "fO":
            assert array[:, column].min() <= out[:, column].min() <= out[:, column].max() <= array[:, column].max()


def test_numpy_strings_come_out_as_objects() -> None:
    out = fitted(np.array([["a", "x"], ["b", "y"]] * 20)).sample(9)
    assert out.dtype == object
    assert set(out[:, 0]) <= {"a", "b"}
    assert all(type(cell) is str for cell in out.ravel())


def test_list_of_lists() -> None:
    assert fitted([[1, 2], [3, 4], [5, 7]]).sample(2).dtype == np.int64


POLARS = {
    "categorical": pl.Series("c", ["a", "b"] * 20, dtype=pl.Categorical),
    "categorical with nulls": pl.Series("c", ["a", "b", None, "b"] * 10, dtype=pl.Categorical),
    "enum": pl.Series("c", ["lo", "hi"] * 20, dtype=pl.Enum(["lo", "hi", "never"])),
    "date": pl.Series("c", [dt.date(2020, 1, 1 + i % 20) for i in range(N)]),
    "datetime": pl.Series("c", [dt.datetime(2020, 1, 1, i % 24) for i in range(N)], dtype=pl.Datetime("ms")),
    "zone": pl.Series("c", [dt.datetime(2020, 1, 1, i % 24) for i in range(N)]).dt.replace_time_zone("Asia/Tokyo"),
    "duration": pl.Series("c", [dt.timedelta(seconds=i) for i in range(N)]),
    "time": pl.Series("c", [dt.time(i % 24) for i in range(N)]),
    "boolean": pl.Series("c", [True, None, False, False] * 10),
    "int16": pl.Series("c", [1, None, 3, 4] * 10, dtype=pl.Int16),
    "uint64": pl.Series("c", range(N), dtype=pl.UInt64),
    "float32": pl.Series("c", RNG.random(N), dtype=pl.Float32),
    "string": pl.Series("c", ["x", None] * 20),
    "null": pl.Series("c", [None] * N),
    "decimal": pl.Series("c", list(range(N))).cast(pl.Decimal(10, 2)),
    "binary": pl.Series("c", [b"a", b"b"] * 20),
}


@pytest.mark.parametrize("name", POLARS)
@pytest.mark.filterwarnings("ignore:All values are missing")
def test_polars_schema_is_kept(name: str) -> None:
    frame = pl.DataFrame({"number": RNG.random(N)}).with_columns(POLARS[name])
    model = fitted(frame)
    out = model.sample(30)
    assert isinstance(out, pl.DataFrame)
    assert out.schema == frame.schema
    seen = set(frame["c"].to_list())
    assert set(out["c"].to_list()) <= seen or frame["c"].dtype.is_numeric() or frame["c"].dtype.is_temporal()
    empty = model.sample(0)
    assert (empty.schema, empty.height) == (frame.schema, 0)
    assert model.score_samples(frame.select("c", "number")).shape == (N,)


ARROW = pa.table(
    {
        "dictionary": pa.array(["a", "b"] * 20).dictionary_encode(),
        "int8": pa.array(range(N), pa.int8()),
        "large": pa.array(["x", "yy"] * 20, pa.large_string()),
        "zone": pa.array([dt.datetime(2020, 1, 1, i % 24) for i in range(N)], pa.timestamp("us", "UTC")),
        "half": pa.array([1.5, 2.5] * 20, pa.float16()),
        "date": pa.array([dt.date(2020, 1, 1), None] * 20),
        "decimal": pa.array([1, 2] * 20).cast(pa.decimal128(21, 2)),
    }
).replace_schema_metadata({"made": "by hand"})


@pytest.mark.parametrize("rows", [0, 6])
def test_arrow_schema_is_kept(rows: int) -> None:
    out = fitted(ARROW).sample(rows)
    assert isinstance(out, pa.Table)
    assert out.schema.equals(ARROW.schema, check_metadata=True)
    assert out.num_rows == rows


def test_record_batch_gives_a_table() -> None:
    out = fitted(pa.RecordBatch.from_pydict({"b": list(range(N))})).sample(2)
    assert isinstance(out, pa.Table)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (pa.table({"a": [[1]] * N, "b": range(N)}), DataTypeError, r"Column 'a' has nested cells \(list<"),
        (pl.DataFrame({"s": [{"q": 1}] * N, "b": range(N)}), DataTypeError, r"Column 's' has nested cells \(struct<"),
        (pl.LazyFrame({"a": [1, 2]}), DataTypeError, r"lazy LazyFrame; give data\.collect\(\)"),
        (scipy.sparse.eye(4).tocsr(), DataTypeError, r"sparse matrix; give a dense table"),
        ({"a": [1, 2]}, DataTypeError, r"The data are a dict; give a DataFrame"),
        ("adult.csv", FileNotFoundError, r"adult\.csv does not exist; give a folder of parts, or a file"),
        (b"a,b", DataTypeError, r"The data are a bytes; give a DataFrame"),
        (None, DataTypeError, r"The data are a NoneType"),
        (pd.Series([1, 2]), InvalidDataError, r"Expected 2D array, got 1D array instead \(shape \(2,\)\)"),
        (np.zeros((2, 2, 2)), InvalidDataError, r"Expected 2D array, got 3D array"),
    ],
)
def test_containers_that_are_no_table(data: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        fitted(data)


def test_names_of_an_array_are_positions() -> None:
    assert list(to_frame(np.zeros((2, 3)))[0]) == ["x0", "x1", "x2"]
    assert list(to_frame(np.zeros((2, 2)), ["a", "b"])[0]) == ["a", "b"]


def test_container_json() -> None:
    for data in (ARROW, np.zeros((2, 2), dtype="float32"), pd.DataFrame({"a": [1]})):
        container = to_frame(data)[1]
        assert Container.from_json(container.to_json()) == container


# ---- y


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame({"a": rng.random(N), "n": rng.integers(0, 50, N), "label": ["no", "yes"] * 20})


def test_y_is_the_same_as_naming_the_target(table: pd.DataFrame) -> None:
    kept = table.copy()
    whole = fitted(table, target="label").sample(8)
    pd.testing.assert_frame_equal(fitted(table[["a", "n"]], table["label"]).sample(8), whole)
    pd.testing.assert_frame_equal(fitted(table[["a", "n"]], table[["label"]]).sample(8), whole)
    pd.testing.assert_frame_equal(table, kept)


@pytest.mark.parametrize(
    ("name", "target", "wanted"),
    [("label", None, "label"), ("label", "other", "label"), (None, "other", "other"), (None, None, "y"), (7, None, 7)],
)
def test_name_of_y(table: pd.DataFrame, name: Any, target: Any, wanted: Any) -> None:
    model = fitted(table[["a"]], table["label"].rename(name), target=target)
    assert model.sample(3).columns.tolist() == ["a", wanted]
    assert model.schema_.names == ["a", wanted]
    assert model.n_features_in_ == 1


def test_unnamed_array_as_y(table: pd.DataFrame) -> None:
    out = fitted(table[["a"]], np.array([0, 1] * 20, dtype="int8")).sample(5)
    assert out.dtypes.to_dict() == {"a": np.dtype("float64"), "y": np.dtype("int8")}


@pytest.mark.parametrize(
    ("y", "dtype"),
    [
        (np.arange(N) % 3, "float64"),
        (np.linspace(0, 1, N, dtype="float32"), "float32"),
        (np.array(["a", "b"] * 20), "object"),
        (pd.Series(["a", "b"] * 20, name="lab"), "object"),
        (pl.Series("lab", ["a", "b"] * 20), "object"),
        (pa.chunked_array([["a", "b"] * 20]), "object"),
        ([True, False] * 20, "float32"),
        (np.arange(N).reshape(-1, 1), "float64"),
    ],
)
def test_numpy_with_y(y: Any, dtype: str) -> None:
    model = fitted(ARRAYS["float32"], y)
    out = model.sample(6)
    assert (out.dtype, out.shape) == (np.dtype(dtype), (6, 3))
    if dtype == "object":
        assert set(out[:, 2]) <= {"a", "b"}
    assert np.isfinite([model.score(ARRAYS["float32"], y), model.score(ARRAYS["float32"])]).all()
    assert model.score_samples(ARRAYS["float32"]).shape == (N,)


@pytest.mark.parametrize(
    ("y", "name", "dtype"),
    [
        (pl.Series("c", ["a", "b"] * 20, dtype=pl.Categorical), "c", pl.Categorical()),
        (np.arange(N) % 3, "y", pl.Int64()),
        (pd.Series(["a", "b"] * 20, name="q"), "q", pl.String()),
    ],
)
def test_polars_with_y(y: Any, name: str, dtype: Any) -> None:
    frame = pl.DataFrame({"f": ARRAYS["float32"][:, 0]})
    out = fitted(frame, y).sample(4)
    assert out.schema == pl.Schema({"f": pl.Float32(), name: dtype}) or (out.schema[name] == pl.String == dtype)


def test_score_samples_with_and_without_y(table: pd.DataFrame) -> None:
    model = fitted(table[["a", "n"]], table["label"])
    with_y = model.score_samples(table)
    without = model.score_samples(table[["a", "n"]])
    assert with_y.shape == without.shape == (N,)
    assert not np.array_equal(with_y, without)
    assert model.score(table[["a", "n"]], table["label"].rename("other")) == model.score(table)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1], r"X has 40 rows, y has 1; they must be equal"),
        (np.zeros((N, 2)), r"y has shape \(40, 2\); it must be one column"),
        (pd.Series(range(N), name="a"), r"y is named 'a', and X has a column of that name"),
    ],
)
def test_bad_y(table: pd.DataFrame, y: Any, message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        fitted(table, y)


def test_to_series_keeps_the_dtype() -> None:
    assert to_series(pl.Series("t", [1, 2], dtype=pl.Int8))[0].dtype.name == "int8[pyarrow]"
    assert to_series(np.array([1, 2], dtype="int8"))[0].dtype == np.int8
