"""Every column's kind: inferred, declared, refused."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import find, settings

from tests.strategies import FLAVOURS, arrow, objects
from wgan_aug.errors import DataTypeError, DataWarning, InvalidDataError, InvalidParameterError
from wgan_aug.schema.columns import TableSchema
from wgan_aug.schema.inference import infer_column, infer_schema, resolve_columns

KIND_OF_FLAVOUR = {
    "arrow int64": "integer",
    "Int32": "integer",
    "object ints": "integer",
    "sparse int": "integer",
    "object huge ints": "categorical",
    "bool": "boolean",
    "boolean": "boolean",
    "arrow bool": "boolean",
    "object bools": "boolean",
    "sparse bool": "boolean",
    "arrow decimal128": "continuous",
    "object decimals": "continuous",
    "category ints False": "categorical",
    "category text True": "categorical",
    "object text None": "categorical",
    "arrow string": "categorical",
    "string pyarrow NA": "categorical",
    "arrow dictionary": "categorical",
    "object tuples": "categorical",
    "object bytes": "categorical",
    "interval": "categorical",
    "datetime64[s] None": "datetime",
    "datetime64[ns] Europe/Berlin": "datetime",
    "arrow timestamp[us, tz=Europe/Berlin]": "datetime",
    "arrow date32[day]": "datetime",
    "object dates": "datetime",
    "object datetimes": "datetime",
    "period M": "datetime",
    "timedelta64[ms]": "timedelta",
    "arrow duration[s]": "timedelta",
    "arrow time64[ns]": "timedelta",
    "object timedeltas": "timedelta",
}


def _kind(values: Any, declared: Any = None) -> str:
    return infer_column(values if isinstance(values, pd.Series) else pd.Series(values, name="x"), declared).kind


def _refusal(frame: pd.DataFrame, error: type[Exception], **options: Any) -> str:
    with pytest.raises(error) as caught:
        infer_schema(frame, **options)
    assert type(caught.value) is error
    return str(caught.value)


# ---- inferred


@pytest.mark.parametrize("flavour", sorted(KIND_OF_FLAVOUR))
def test_each_dtype_has_its_kind(flavour: str) -> None:
    assert _kind(_two_distinct(flavour)) == KIND_OF_FLAVOUR[flavour]


def _two_distinct(flavour: str) -> pd.Series:
    return find(
        FLAVOURS[flavour].series(min_rows=3, max_rows=3),
        lambda s: s.nunique() == 2 and bool(s.notna().all()),
        settings=settings(derandomize=True, database=None, max_examples=2000, deadline=None),
    )


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1.5, 2.0], "continuous"),
        ([1.0, 2.0, np.nan], "integer"),
        ([2.0**53, 0.0], "continuous"),
        ([1, 2], "integer"),
        ([3, 3, 3], "constant"),
        (["a", "a"], "constant"),
        (["2024-01-01", "2024-01-01"], "constant"),
        ([3, None, 3], "integer"),
        ([None, None], "missing"),
        ([np.nan], "missing"),
        (["a", "b"], "categorical"),
        (["", "b"], "categorical"),
        (["2024-01-01", "2024-12-31"], "datetime"),
        (["2024-01-01", "2024-02-30"], "categorical"),
        (["2024-01-01", "2024-01-02 10:00"], "categorical"),
        (["2024-01-01T10:00Z", "2024-01-01T11:00Z"], "datetime"),
        (["01/02/2024", "02/02/2024"], "categorical"),
        (["2024", "2023"], "categorical"),
        (["1", "2"], "categorical"),
    ],
)
def test_kinds_of_plain_columns(values: list[Any], kind: str) -> None:
    assert _kind(values) == kind


@pytest.mark.parametrize(
    ("rows", "distinct", "missing", "kind"),
    [
        (99, 99, 0, "categorical"),
        (100, 100, 0, "identifier"),
        (100, 95, 0, "identifier"),
        (100, 94, 0, "categorical"),
        (200, 76, 120, "identifier"),  # 95 % of the 80 that are present
        (200, 75, 120, "categorical"),
    ],
)
def test_text_is_an_identifier_from_100_rows_and_95_percent_on(
    rows: int, distinct: int, missing: int, kind: str
) -> None:
    cells = [f"k{min(i, distinct - 1)}" for i in range(rows - missing)] + [None] * missing
    column = infer_column(pd.Series(cells, name="x"))
    assert (column.kind, column.n_distinct, column.n_missing) == (kind, distinct, missing)


def test_other_columns_are_identifiers_only_when_declared() -> None:
    numbers = pd.Series(range(200))
    assert _kind(numbers) == "integer"
    assert _kind(numbers, "identifier") == "identifier"
    assert _kind(pd.Series([f"c{i}" for i in range(200)], dtype="category")) == "categorical"


def test_the_schema_tells_what_was_seen() -> None:
    frame = pd.DataFrame({"age": [31, 44, None], "sex": ["f", "m", "f"]})
    schema = infer_schema(frame, {"sex": "boolean"})
    assert schema.names == ["age", "sex"]
    assert schema.n_rows == 3
    assert schema.to_frame().to_dict("list") == {
        "column": ["age", "sex"],
        "kind": ["integer", "boolean"],
        "dtype": [str(t) for t in frame.dtypes],
        "missing": [1, 0],
        "distinct": [2, 2],
        "chosen": ["inferred", "declared"],
    }
    assert repr(schema).splitlines()[1].split()[:2] == ["age", "integer"]
    with pytest.raises(KeyError, match=r"No column 'agee' in the schema. Did you mean 'age'\?"):
        schema["agee"]


# ---- declared


@pytest.mark.parametrize(
    ("values", "declared", "kind"),
    [
        ([94043, 10115], "categorical", "categorical"),
        ([1, 2], "continuous", "continuous"),
        ([1.5, 2.5], "integer", "integer"),
        ([0, 1], "boolean", "boolean"),
        (["yes", "no"], "boolean", "boolean"),
        ([1.5, 2.5], "numerical", "continuous"),
        ([1, 2], "numerical", "integer"),
        ([20240101, 20240102], "datetime", "integer"),
        (["a", "b"], "identifier", "identifier"),
        (["a", "a"], "constant", "constant"),
        (["a", "a"], "categorical", "constant"),
        (["a", "a"], "identifier", "identifier"),
        ([None, None], "categorical", "missing"),
        (["a", "b"], {"kind": "categorical"}, "categorical"),
        (["a", "b"], {"kind": None, "datetime_format": None}, "categorical"),
        (pd.to_datetime(["2024-01-01", "2024-01-02"]), "categorical", "categorical"),
    ],
)
def test_declared_kinds_win(values: Any, declared: Any, kind: str) -> None:
    assert _kind(values, declared) == kind


@pytest.mark.parametrize(
    ("cells", "declared", "fmt"),
    [
        (["31/12/2024", "01/02/2024"], "%d/%m/%Y", "%d/%m/%Y"),
        (["03 Jan 2024", "31 Dec 2024"], "%d %b %Y", "%d %b %Y"),
        (["2024/01/02", "2024/03/02"], "%Y/%d/%m", "%Y/%d/%m"),
        (["10:00:00.500", "11:30:00.250"], "%H:%M:%S.%f", "%H:%M:%S.%f"),
        (["2024-01-01 10:00:00.500", "2024-01-01 11:00:00.250"], "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%3f"),
        (["2024-01-01T10:00+02:00", "2024-01-01T11:00+02:00"], "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M+02:00"),
        (["2024-01-01T10:00Z", "2024-01-01T11:00Z"], "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%MZ"),
    ],
)
@pytest.mark.parametrize("with_kind", [True, False])
def test_a_declared_format_is_kept_as_exact_as_the_text_allows(
    cells: list[str], declared: str, fmt: str, with_kind: bool
) -> None:
    spec = {"datetime_format": declared} | ({"kind": "datetime"} if with_kind else {})
    column = infer_column(pd.Series(cells, name="x"), spec)
    assert (column.kind, column.datetime_format, column.declared) == ("datetime", fmt, True)


def test_categories_are_declared_by_name_position_or_mask() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": [1, 2], "c": [1, 2]})
    for asked in (
        ["a", "c"],
        [0, -1],
        [True, False, True],
        np.array([True, False, True]),
        ("a", "c"),
        pd.Index(["a", "c"]),
    ):
        schema = infer_schema(frame, categorical=asked)
        assert [c.kind for c in schema] == ["categorical", "integer", "categorical"]
    assert [c.kind for c in infer_schema(frame, categorical="b")] == ["integer", "categorical", "integer"]
    assert infer_schema(frame, {"a": "continuous"}, ["a"])["a"].kind == "continuous"


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (None, []),
        ("from_dtype", []),
        ("b", ["b"]),
        (1, ["b"]),
        (("a", 1), [("a", 1)]),
        ([], []),
        (np.array([2]), [("a", 1)]),
    ],
)
def test_resolve_columns(names: Any, found: list[Any]) -> None:
    columns = pd.Index(["a", "b", ("a", 1)], tupleize_cols=False)
    assert resolve_columns(pd.DataFrame([[1, 2, 3]], columns=columns), names, "option") == found


def test_integer_names_come_before_positions() -> None:
    frame = pd.DataFrame({2: [1, 2], 1: [1, 2], 0: [1, 2]})
    assert resolve_columns(frame, [2], "option") == [2]


def test_a_whole_schema_declares_its_kinds() -> None:
    frame = pd.DataFrame({"zip": [94043, 10115], "n": [1, 2], "const": [1, 1]})
    schema = infer_schema(frame, {"zip": "categorical"})
    edited = dataclasses.replace(
        schema, columns=(*schema.columns[:1], dataclasses.replace(schema["n"], kind="continuous"), schema["const"])
    )
    new = pd.DataFrame({"zip": [1, 2], "n": [1, 2], "const": [1, 2]})
    assert [c.kind for c in infer_schema(new, edited)] == ["categorical", "continuous", "integer"]
    assert [c.kind for c in infer_schema(new, edited.to_json())] == ["categorical", "continuous", "integer"]


# ---- refused


def _frame(*cells: Any, make: Callable[[list[Any]], pd.Series] = objects) -> pd.DataFrame:
    return make(list(cells)).rename("bad").to_frame()


@pytest.mark.parametrize(
    ("cells", "type_name"),
    [
        (([1], [2]), "list"),
        (([1],), "list"),
        (({"a": 1}, {"a": 1}), "dict"),
        (({1}, {2}), "set"),
        ((np.array([1, 2]), np.array([3])), "ndarray"),
        (((1, object()), (2, object())), "tuple"),
        ((object, "a"), "type"),
    ],
)
def test_nested_cells_and_objects_are_refused(cells: tuple[Any, ...], type_name: str) -> None:
    assert _refusal(_frame(*cells), DataTypeError) == (
        f"Column 'bad' has nested cells or objects (a {type_name}); "
        "spread them over columns of their own, or turn them into text."
    )


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        (pa.list_(pa.int64()), ([1], [2])),
        (pa.struct([("a", pa.int64())]), ({"a": 1}, {"a": 2})),
        (pa.map_(pa.string(), pa.int64()), ([("a", 1)], [("b", 2)])),
    ],
)
def test_nested_arrow_cells_are_refused(kind: pa.DataType, cells: tuple[Any, ...]) -> None:
    assert _refusal(_frame(*cells, make=arrow(kind)), DataTypeError) == (
        f"Column 'bad' has nested cells ({kind}); spread them over columns of their own."
    )


@pytest.mark.parametrize("cells", [np.array([1 + 2j, 3]), objects([1 + 2j, None]), objects([np.complex64(1), "a"])])
def test_complex_numbers_are_refused(cells: Any) -> None:
    assert _refusal(pd.DataFrame({"bad": cells}), DataTypeError) == (
        "Complex data not supported: column 'bad' has complex numbers. Split it into its real and imaginary parts."
    )


@pytest.mark.parametrize(
    "series",
    [
        pd.Series([1.0, np.inf, -np.inf]),
        pd.Series([1.0, np.inf, -np.inf], dtype="Float64"),
        arrow(pa.float32())([1.0, np.inf, -np.inf]),
        objects([1.0, np.inf, -np.inf]),
        objects([decimal.Decimal(1), decimal.Decimal("inf"), decimal.Decimal("-inf")]),
        pd.Series(pd.arrays.SparseArray([0.0, np.inf, -np.inf])),
    ],
    ids=lambda s: str(s.dtype),
)
def test_infinite_numbers_are_refused(series: pd.Series) -> None:
    assert _refusal(pd.DataFrame({"bad": series}), InvalidDataError) == (
        "Column 'bad' has 2 infinite values (inf); replace them by a missing value or by a bound."
    )
    assert "1 infinite value (inf)" in _refusal(pd.DataFrame({"bad": series[:2]}), InvalidDataError)


def test_several_bad_columns_are_told_in_one_error() -> None:
    frame = pd.DataFrame({"a": [np.inf, 1], "ok": [1, 2], "b": objects([[1], [2]]), "c": ["x", "y"]})
    message = _refusal(frame, InvalidDataError, overrides={"c": "timedelta"})
    assert message.startswith("3 problems: (1) Column 'a' has 1 infinite value (inf)")
    assert "(2) Column 'b' has nested cells or objects (a list)" in message
    assert "(3) Column 'c' is declared 'timedelta'" in message
    nested = pd.DataFrame({"a": objects([{1}, {2}]), "b": objects([[1], [2]])})
    assert _refusal(nested, DataTypeError).startswith("2 problems: (1) Column 'a'")


def test_unknown_columns_are_told_with_the_nearest_name() -> None:
    frame = pd.DataFrame({"age": [1, 2], "sex": [1, 2]})
    assert _refusal(frame, InvalidParameterError, overrides={"agee": "integer"}) == (
        "The schema names column 'agee', which the data do not have. Did you mean 'age'?"
    )
    assert _refusal(frame, InvalidParameterError, categorical=["sax", 7]) == (
        "2 problems: (1) categorical_features names column 'sax', which the data do not have. Did you mean 'sex'? "
        "(2) categorical_features names column 7, which the data do not have."
    )
    assert _refusal(frame, InvalidParameterError, categorical=[True]) == (
        "categorical_features is a mask of 1 for 2 columns."
    )
    assert _refusal(frame, InvalidParameterError, categorical=2.5) == (
        "categorical_features names column 2.5, which the data do not have."
    )


@pytest.mark.parametrize(
    ("values", "declared", "message"),
    [
        (
            [1, 2],
            "categoricl",
            "schema['x'] asks for kind 'categoricl'; allowed are continuous, integer, categorical, boolean, "
            "datetime, timedelta, constant, missing, identifier. Did you mean 'categorical'?",
        ),
        (
            [1, 2],
            {"kin": "integer"},
            "schema['x'] has the unknown entry 'kin': allowed are 'kind' and 'datetime_format'.",
        ),
        (
            [1, 2],
            "timedelta",
            "Column 'x' is declared 'timedelta', but its values are stored as int (int64), 2 distinct and 0 "
            "missing; it can be integer, continuous, categorical, boolean, identifier.",
        ),
        (
            [1, 2],
            "constant",
            "Column 'x' is declared 'constant', but its values are stored as int (int64), 2 distinct and 0 "
            "missing; it can be integer, continuous, categorical, boolean, identifier.",
        ),
        (
            [1.0, np.nan],
            "missing",
            "Column 'x' is declared 'missing', but its values are stored as float (float64), 1 distinct "
            "and 1 missing; it can be continuous, integer, categorical, boolean, identifier.",
        ),
        (
            objects(["a", "b"]),
            "numerical",
            "Column 'x' is declared 'numerical', but its values are stored as text (object), 2 "
            "distinct and 0 missing; it can be categorical, boolean, datetime, identifier.",
        ),
        (
            [1, 2, 3],
            "boolean",
            "Column 'x' is declared 'boolean', but has 3 distinct values; declare it 'categorical'.",
        ),
        (
            ["a", "b"],
            "datetime",
            "Column 'x' is declared 'datetime', but its text does not parse in one format; give "
            "schema={'x': {'kind': 'datetime', 'datetime_format': '%d/%m/%Y'}} with the format it has.",
        ),
        (
            ["31.12.2024", "b"],
            {"datetime_format": "%d.%m.%Y"},
            "Column 'x' is declared 'datetime', but its text does not parse "
            "in one format '%d.%m.%Y'; give schema={'x': {'kind': 'datetime', 'datetime_format': '%d/%m/%Y'}} "
            "with the format it has.",
        ),
        ([1, 2], 3, "schema['x'] is a int; it can be a kind, or a dict with 'kind' and 'datetime_format'."),
    ],
)
def test_impossible_declarations_are_refused(values: Any, declared: Any, message: str) -> None:
    series = values.rename("x") if isinstance(values, pd.Series) else pd.Series(values, name="x")
    assert _refusal(series.to_frame(), InvalidParameterError, overrides={"x": declared}) == message


def test_a_schema_of_another_type_is_refused() -> None:
    assert _refusal(pd.DataFrame({"x": [1]}), InvalidParameterError, overrides=["x"]) == (
        "schema is a list; it can be a dict of kinds by column, a TableSchema, SDV metadata, "
        "or the path of a JSON file."
    )


@pytest.mark.parametrize(
    ("cells", "mixture"),
    [
        ((1, "a", "b"), "str x 2, int x 1"),
        ((True, 7, 8), "int x 2, bool x 1"),
        ((dt.date(2024, 1, 1), "soon", "late"), "str x 2, date x 1"),
        ((b"a", "a", "b", None), "str x 2, bytes x 1"),
    ],
)
def test_a_mixture_of_types_is_taken_as_categories_with_a_warning(cells: tuple[Any, ...], mixture: str) -> None:
    with pytest.warns(DataWarning) as caught:
        schema = infer_schema(_frame(*cells))
    (warning,) = caught
    assert str(warning.message) == (
        f"Column 'bad' mixes types ({mixture}); every distinct value is taken as a category."
    )
    assert schema["bad"].kind == "categorical"


def test_categories_of_mixed_types_warn_too() -> None:
    with pytest.warns(DataWarning, match=r"Column 'x' mixes types \(int x 2, str x 1\)"):
        infer_schema(pd.DataFrame({"x": pd.Categorical([1, "a", 2])}))


def test_a_frame_without_rows_has_a_schema() -> None:
    schema = infer_schema(pd.DataFrame({"x": pd.Series([], dtype=float), "y": pd.Series([], dtype=object)}))
    assert [c.kind for c in schema] == ["missing", "missing"]
    assert isinstance(schema, TableSchema)
