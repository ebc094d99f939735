"""What goes in comes out: columns, order, dtypes and values, for frames as users have them."""

from __future__ import annotations

import datetime as dt
import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import FLAVOURS, QUICK, frames, through_json
from wgan_aug.encoding.table import TableEncoder
from wgan_aug.errors import DataWarning, InvalidDataError
from wgan_aug.schema.inference import infer_schema

ISO_FORMATS = [
    f"%Y{dash}%m{dash}%d{clock}{zone}"
    for dash, (clock, zone) in itertools.product(
        "-/",
        [("", "")]
        + [
            (f"{sep}%H:%M{rest}", zone)
            for sep, rest, zone in itertools.product(
                " T", ["", ":%S", ":%S.%1f", ":%S.%3f", ":%S.%6f"], ["", "Z", "+02:00", "-0530"]
            )
        ],
    )
]


def _encoder(frame: pd.DataFrame) -> TableEncoder:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # objects that mix types
        return TableEncoder(infer_schema(frame)).fit(frame)


def _assert_comes_back(frame: pd.DataFrame) -> None:
    encoder = _encoder(frame)
    encoded = encoder.transform(frame)
    assert ((encoded.low >= 0) & (encoded.low <= encoded.high) & (encoded.high <= 1)).all()
    out = encoder.inverse_transform(encoded)
    pd.testing.assert_index_equal(out.columns, frame.columns, exact="equiv")
    assert list(out.dtypes) == list(frame.dtypes)
    for position in range(frame.shape[1]):
        _assert_same(out.iloc[:, position], frame.iloc[:, position])
    again = TableEncoder.from_json(through_json(encoder.to_json()))
    assert again.schema == encoder.schema
    pd.testing.assert_frame_equal(again.inverse_transform(again.transform(frame)), out)


def _assert_same(out: pd.Series, column: pd.Series) -> None:
    np.testing.assert_array_equal(out.isna(), column.isna())
    present = column.notna()
    if pd.api.types.is_integer_dtype(column.dtype) and _range(column) > 2**53:
        got, asked = ([int(v) for v in s[present]] for s in (out, column))
        assert max(abs(a - b) for a, b in zip(got, asked, strict=True)) <= _range(column) * 2**-51
        return
    got, asked = out[present].tolist(), column[present].tolist()
    assert got == asked
    if column.dtype == object:
        missing = {type(v) for v in column[~present]}
        assert {type(v) for v in out[~present]} == missing


def _range(column: pd.Series) -> int:
    present = column.dropna()
    return int(present.max()) - int(present.min()) if len(present) else 0


@pytest.mark.parametrize("flavour", sorted(FLAVOURS))
def test_every_dtype_comes_back(flavour: str) -> None:
    @QUICK
    @given(FLAVOURS[flavour].series())
    def check(column: pd.Series) -> None:
        _assert_comes_back(column.rename("x").to_frame())

    check()


@settings(max_examples=80, deadline=None, derandomize=True)
@given(frames())
def test_frames_of_all_dtypes_under_any_names_come_back(frame: pd.DataFrame) -> None:
    _assert_comes_back(frame)


@pytest.mark.parametrize(
    "columns",
    [
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["upper", None]),
        pd.MultiIndex.from_tuples([("a",), ("b",), ("c",)]),
        pd.Index([("a", 1), ("a", 2), ("b", 1)], tupleize_cols=False),
        pd.Index(["a", None, 3], name="label"),
        pd.RangeIndex(3),
        pd.DatetimeIndex(["2024-01-01", "2024-01-05", "2025-01-01"]),
        pd.Index(["a", "b", "c"], dtype=object),
        pd.Index(["a", "b", "c"], dtype="string"),
    ],
    ids=repr,
)
def test_any_column_index_comes_back(columns: pd.Index) -> None:
    frame = pd.DataFrame({0: [1, 2, 3], 1: ["x", "y", "x"], 2: [0.5, None, 0.25]})
    frame.columns = columns
    encoder = TableEncoder.from_json(through_json(_encoder(frame).to_json()))
    out = encoder.inverse_transform(encoder.transform(frame))
    pd.testing.assert_index_equal(out.columns, columns, exact="equiv")
    assert type(out.columns) is type(columns) or isinstance(columns, pd.RangeIndex)


@pytest.mark.parametrize("dtype", [object, "string[python]", "string[pyarrow]", "category"])
@pytest.mark.parametrize("value", ["", " ", "nan", "None"])
def test_text_that_looks_empty_is_text(dtype: str, value: str) -> None:
    frame = pd.DataFrame({"x": pd.Series([value, "b", None, value], dtype=dtype)})
    _assert_comes_back(frame)
    assert _encoder(frame).layout.widths == (3,)


@pytest.mark.parametrize("fmt", ISO_FORMATS)
def test_text_dates_come_back_to_the_letter(fmt: str) -> None:
    moments = np.array(
        ["0001-01-01", "1969-12-31T23:59:59.9", "2024-02-29T12:34:56.7", "9999-12-31T23:59"], dtype="M8[us]"
    )
    frame = pd.DataFrame({"x": pd.Series([*_written(moments, fmt), None], dtype=object)})
    schema = infer_schema(frame)
    assert (schema["x"].kind, schema["x"].datetime_format) == ("datetime", fmt)
    _assert_comes_back(frame)


def _written(moments: np.ndarray, fmt: str) -> list[str]:
    """Write moments with Python's own `strftime`, as a judge."""
    texts = []
    for moment in moments.tolist():
        year, fraction = f"{moment.year:04d}", f"{moment.microsecond:06d}"
        text = moment.strftime(
            fmt.replace("%Y", year).replace("%1f", fraction[:1]).replace("%3f", fraction[:3]).replace("%6f", fraction)
        )
        texts.append(text)
    return texts


@settings(max_examples=40, deadline=None, derandomize=True)
@given(frames(), st.integers(0, 3))
def test_rows_that_were_not_fitted_decode_to_the_dtypes(frame: pd.DataFrame, rows: int) -> None:
    encoder = _encoder(frame)
    some = frame.iloc[[0] * rows].reset_index(drop=True)
    out = encoder.inverse_transform(encoder.transform(some))
    assert out.shape == some.shape
    assert list(out.dtypes) == list(frame.dtypes)


def test_a_frame_without_rows_cannot_be_fitted() -> None:
    frame = pd.DataFrame({"x": pd.Series([], dtype=float)})
    with pytest.raises(InvalidDataError, match="There are no rows to learn from"):
        TableEncoder(infer_schema(frame)).fit(frame)


def test_the_index_of_the_rows_does_not_matter() -> None:
    frame = pd.DataFrame({"x": [1.5, 2.5, 2.5], "y": ["a", "b", "a"]}, index=[7, 7, -1])
    out = _encoder(frame).inverse_transform(_encoder(frame).transform(frame))
    pd.testing.assert_frame_equal(out, frame.reset_index(drop=True))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(FLAVOURS)), st.data())
def test_values_never_seen_warn_and_do_not_crash(flavour: str, data: st.DataObject) -> None:
    seen = data.draw(FLAVOURS[flavour].series(max_rows=4)).rename("x").to_frame()
    new = data.draw(FLAVOURS[flavour].series()).rename("x").to_frame()
    encoder = _encoder(seen)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        out = encoder.inverse_transform(encoder.transform(new))
    assert out["x"].dtype == seen["x"].dtype
    present = out["x"].dropna().tolist()
    known = seen["x"].dropna().tolist()
    if encoder.schema["x"].kind in ("categorical", "boolean", "constant"):
        assert all(value in known for value in present)


@pytest.mark.parametrize(
    ("seen", "new", "told"),
    [
        (["a", "b"], ["a", "z", "y"], "'x' (2 rows)"),
        (pd.Categorical(["a", "b"]), pd.Categorical(["b", "z", None]), "'x' (2 rows)"),
        ([1, 2], [3, 1, 1], "'x' (1 rows)"),
        ([True, False], [None, True, True], "'x' (1 rows)"),
        ([1.5, 1.5], [1.5, 2.5, None], "'x' (2 rows)"),
        ([1.0, np.nan], [np.nan, 7.0, 1.0], "'x' (1 rows)"),
        ([None, None], [None, "a", "b"], "'x' (2 rows)"),
        (["2024-01-01", "2024-01-02"], ["soon", "2024-01-01", "2024-01-01"], "'x' (1 rows)"),
    ],
)
def test_the_warning_counts_values_never_seen(seen: object, new: object, told: str) -> None:
    encoder = _encoder(pd.DataFrame({"x": seen, "y": [0, 1]}))
    with pytest.warns(DataWarning) as caught:
        encoder.transform(pd.DataFrame({"x": new, "y": [0, 1, 1]}))
    (warning,) = caught
    assert str(warning.message) == (
        f"Values that the fitted table did not have, taken as the nearest known ones: {told}."
    )


def test_numbers_never_seen_are_the_nearest_known_ones() -> None:
    encoder = _encoder(pd.DataFrame({"x": [1, 5, 20]}))
    with pytest.warns(DataWarning, match=r"'x' \(3 rows\)"):
        out = encoder.inverse_transform(encoder.transform(pd.DataFrame({"x": [-100, 12, 13]})))
    assert out["x"].tolist() == [1, 5, 20]


def test_dates_off_the_bounds_and_the_lattice_decode_on_them() -> None:
    encoder = _encoder(pd.DataFrame({"x": pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-09"])}))
    new = pd.to_datetime([f"{t}:00" for t in ("1999-01-01 00", "2024-01-03 11", "2024-01-04 01", "2025-01-01 00")])
    out = encoder.inverse_transform(encoder.transform(pd.DataFrame({"x": new})))
    assert out["x"].dt.day.tolist() == [1, 3, 5, 9]


@pytest.mark.parametrize(
    ("fitted", "same"),
    [
        (pd.Series([1, 2, 7]), pd.Series([1.0, 2.0, 7.0])),
        (pd.Series([1, 2, 7]), pd.Series([1, 2, 7], dtype="Int8")),
        (pd.Series([1, 2, 7]), pd.Series([1, 2, 7], dtype=object)),
        (pd.Series([1.5, 2, 7]), pd.Series([1.5, 2, 7], dtype="float32")),
        (pd.Series(["a", "b"]), pd.Series(["a", "b"], dtype="category")),
        (pd.Series(["a", "b"], dtype="category"), pd.Series(["a", "b"], dtype=object)),
        (pd.Series(["a", "a"]), pd.Series(["a", "a"], dtype="category")),
        (pd.Series(np.array(["2024-01-01", "2024-05-01"], dtype="M8[s]")), None),
        (pd.Series(np.array([5, 10**6], dtype="m8[s]")), None),
        (pd.Series([dt.date(2024, 1, 1), dt.date(2024, 1, 2)], dtype=object), None),
        (pd.Series([dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 2)], dtype=object), None),
    ],
    ids=lambda s: None if s is None else str(s.dtype),
)
def test_the_same_values_in_another_dtype_have_the_same_codes(fitted: pd.Series, same: pd.Series | None) -> None:
    encoder = _encoder(fitted.rename("x").to_frame())
    kind = "m8[ns]" if fitted.dtype.kind == "m" else "M8[ns]"
    other = fitted.astype(kind) if same is None else same
    assert other.dtype != fitted.dtype
    one, two = encoder.transform(fitted.to_frame()), encoder.transform(other.to_frame())
    np.testing.assert_array_equal(one.states, two.states)
    np.testing.assert_allclose(one.low, two.low)


def test_columns_that_cannot_be_read_as_fitted_are_told_in_one_error() -> None:
    encoder = _encoder(pd.DataFrame({"n": [1, 2], "when": pd.to_datetime(["2024-01-01", "2024-01-02"]), "ok": [1, 2]}))
    with pytest.raises(InvalidDataError) as caught:
        encoder.transform(pd.DataFrame({"n": ["a", "b"], "when": ["soon", "later"], "ok": [1, 2]}))
    message = str(caught.value)
    assert message.startswith("2 problems: (1) Column 'n' was fitted as int64, but is ")
    assert "(2) Column 'when' was fitted as datetime64" in message
    assert ": Unknown datetime string format" in message
    assert "'ok'" not in message
