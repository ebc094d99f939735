"""Declared constraints: read as pandas reads them, refused where they make no sense, worked out where they can be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wgan_aug.encoding.table import TableEncoder
from wgan_aug.errors import InvalidDataError, InvalidParameterError
from wgan_aug.schema.inference import infer_schema
from wgan_aug.synthesizers.filters.constraints import Constraint, learn_constraints, not_constraints
from wgan_aug.synthesizers.filters.expressions import Comparison

NUMBERS = pd.DataFrame(np.random.default_rng(0).integers(-9, 9, (200, 3)).astype(float), columns=["a", "b", "c d"])


def holds(text: str, frame: pd.DataFrame) -> list[bool]:
    return Comparison.parse(text, infer_schema(frame)).holds(frame).tolist()


# ---- reading


_TERMS = st.recursive(
    st.sampled_from(["a", "b", "`c d`", "2", "0.5"]),
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(_TERMS, st.sampled_from(["<=", "<", ">=", ">", "==", "!="]), _TERMS)
def test_a_comparison_is_what_pandas_makes_of_it(left: str, sign: str, right: str) -> None:
    text = f"{left} {sign} -{right} + a"
    assert holds(text, NUMBERS) == NUMBERS.eval(text).tolist()


def test_kinds_of_cells() -> None:
    day = pd.Timestamp("2024-03-01")
    frame = pd.DataFrame(
        {
            "start": [day, day, pd.NaT],
            "end": [day + pd.Timedelta("2h"), day - pd.Timedelta("1s"), day],
            "text": ["2024-02-29", "2024-03-02", "2024-03-01"],
            "town": ["x", "y", None],
            "twin": ["x", "x", "x"],
            "flag": pd.array([True, False, None], dtype="boolean"),
            "size": pd.Categorical([1, 2, 2]),
            "many": pd.array([5, None, 2**40], dtype="Int64"),
            "zone": pd.to_datetime([day, day, day]).tz_localize("Europe/Berlin"),
        }
    )
    assert holds("start <= end", frame) == [True, False, True]
    assert holds("end - start <= '90min'", frame) == [False, True, True]
    assert holds("end <= start + 2 * (end - start)", frame) == [True, False, True]
    assert holds("text < start", frame) == [True, False, True]
    assert holds("start == '2024-03-01'", frame) == [True, True, True]
    assert holds("town == twin", frame) == [True, False, True]
    assert holds("town != 'y'", frame) == [True, False, True]
    assert holds("flag <= 0", frame) == [False, True, True]
    assert holds("size == 2", frame) == [False, True, True]
    assert holds("4 < many < 100", frame) == [True, True, False]
    assert holds("zone == '2024-02-29 23:00'", frame) == [True, True, True]  # UTC


def test_ordered_categories_compare_by_their_order() -> None:
    sizes = pd.CategoricalDtype(["s", "m", "l"], ordered=True)
    frame = pd.DataFrame({"worn": ["s", "m", "l", None], "bought": ["m", "m", "s", "s"]}, dtype=sizes)
    frame["stars"] = pd.Categorical([1, 3, 2, 3], [3, 2, 1], ordered=True)
    frame["other"] = pd.Categorical(["s", "m", "l", "s"], ["l", "m", "s"], ordered=True)
    frame["none"] = pd.Categorical(["s", "m", "l", "s"])
    assert holds("worn <= bought", frame) == [True, True, False, True]
    assert holds("worn < bought", frame) == [True, False, False, True]
    assert holds("worn >= 'm'", frame) == [False, True, True, True]
    assert holds("'s' < bought <= 'l'", frame) == [True, True, False, False]
    assert holds("stars > 3", frame) == [True, False, True, False]
    for text in ("worn <= other", "worn <= none", "worn > price", "'s' < 'm' < worn", "worn <= bought + worn"):
        with pytest.raises(InvalidParameterError, match=r"Ordered categories take|which is nothing"):
            holds(text, frame.assign(price=1.5))
    with pytest.raises(InvalidParameterError, match=r"'xl', which is none of the ordered categories: 's', 'm', 'l'\."):
        holds("worn < 'xl'", frame)


def test_missing_and_undefined_cells_break_nothing() -> None:
    frame = pd.DataFrame({"a": [1.0, None, 3.0, 0.0], "b": [0.5, 1.0, None, 0.0]})
    assert holds("a < b", frame) == [False, True, True, False]
    assert holds("a / b < 1", frame) == [False, True, True, True]


def test_sums_of_floats_may_miss_each_other_and_columns_may_not() -> None:
    frame = pd.DataFrame({"a": [0.1, 0.1], "b": [0.2, 0.2], "c": [0.3, 0.3 + 1e-6]})
    assert (frame["a"] + frame["b"] != frame["c"]).all()
    assert holds("c == a + b", frame) == [True, False]
    assert holds("a + b <= c", frame) == [True, True]
    assert holds("a + b < c", frame) == [False, True]
    tiny = pd.DataFrame({"a": [1.0, 1.0], "b": [1.0, np.nextafter(1.0, 0)]})
    assert holds("a <= b", tiny) == [True, False]
    assert holds("a - b == 0", tiny) == [True, True]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("prize <= low", "'prize', which the data do not have. Did you mean 'price'"),
        ("list price > 0", "cannot be read.*backticks|`unit price` > 0"),
        ("low = high", "To compare, write =="),
        ("low + high", "compares nothing"),
        ("1 < 2", "names no column"),
        ("low < high ** 2", "has a Pow"),
        ("low < abs(high)", "has a Call"),
        ("low < __import__('os').name", "has a"),
        ("low < (high < 3)", "has a Compare"),
        ("low < 1j", "has a Constant"),
        ("low < start", "compares a number with a date"),
        ("start < end + 3", "a date \\+ a number"),
        ("end - start < 3", "Write a duration such as '2h'"),
        ("start < 'soon'", "'soon', which is not a date"),
        ("way < 'd'", "text takes == and !="),
        ("way == 3 * price", "text takes == and !="),
        ("price == 'x'", "text takes == and !="),
        ("low < -way", "a sign before text"),
        ("code != 'C-1'", "is an identifier"),
        ("(" * 500 + "low" + ")" * 500 + " < 1", "cannot be read"),
    ],
)
def test_what_is_no_constraint_is_refused(text: str, match: str, orders: pd.DataFrame, encoder: TableEncoder) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        learn_constraints([text], orders, encoder)


def test_the_option_is_a_list_of_texts() -> None:
    assert not_constraints(None) == not_constraints(["a <= b"]) == []
    for wrong in ("a <= b", [1], {"a": 1}):
        assert "give a list of texts" in not_constraints(wrong)[0]


# ---- training rows


def test_training_rows_that_break_a_constraint_are_told(orders: pd.DataFrame, encoder: TableEncoder) -> None:
    dirty = orders.copy()
    dirty.loc[[7, 9], "low"] = 1e6
    dirty.loc[[7, 9], "high"] = 1.0
    with pytest.raises(
        InvalidDataError, match=r"'low <= high' does not hold in 2 of 600 rows, the first is row 7 \(low: 1"
    ):
        learn_constraints(["low <= high"], dirty, encoder)
    with pytest.raises(InvalidParameterError, match=r"2 problems: \(1\) .*does not hold.*\(2\) .*Did you mean 'low'"):
        learn_constraints(["low <= high", "lo <= high"], dirty, encoder)


def test_rounded_results_hold_to_half_a_unit(orders: pd.DataFrame, encoder: TableEncoder) -> None:
    exact = Constraint.learn("total == price * count", orders, encoder)
    assert exact.slack == 0.0
    taxed = orders.assign(total=(orders["price"] * 1.19).round(2))
    rounded = Constraint.learn("total == price * 1.19", taxed, TableEncoder(infer_schema(taxed)).fit(taxed))
    assert rounded.slack == 0.005
    assert rounded.holds(taxed).all()
    assert not rounded.holds(taxed.assign(total=taxed["total"] + 0.02)).any()
    with pytest.raises(InvalidDataError):
        Constraint.learn("total == price * 1.19", taxed.assign(total=taxed["total"] + 0.02), encoder)


# ---- columns that are worked out


def test_a_column_is_worked_out_in_broken_rows_within_its_range(orders: pd.DataFrame, encoder: TableEncoder) -> None:
    rule = Constraint.learn("total == price * count", orders, encoder)
    broken = orders.assign(total=orders["total"].sample(frac=1, random_state=0).to_numpy())
    broken.loc[0, ["price", "count"]] = 1e5, 39
    mended = rule.mend(broken, {})
    assert not rule.holds(mended)[0]
    assert mended.loc[0, "total"] == broken.loc[0, "total"]
    assert rule.holds(mended)[1:].all()
    assert mended.drop(columns="total").equals(broken.drop(columns="total"))
    assert mended["total"].iloc[1:].equals(orders["total"].iloc[1:])
    known = np.arange(len(orders)) < 100
    kept = rule.mend(broken, {orders.columns.get_loc("total"): known})
    assert kept["total"][known].equals(broken["total"][known])


@pytest.mark.parametrize("dtype", ["int64", "Int32", "float32", "timedelta64[s]"])
def test_results_have_the_dtype_of_their_column(dtype: str) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.integers(0, 900, 300), "b": rng.integers(0, 900, 300)})
    if dtype.startswith("time"):
        frame = frame.apply(lambda column: pd.to_timedelta(column, unit="s"))
    frame["c"] = frame["a"] + frame["b"]
    frame = frame.astype(dtype)
    rule = Constraint.learn("c == a + b", frame, TableEncoder(infer_schema(frame), relations=False).fit(frame))
    twin = Constraint.from_json(rule.to_json(), infer_schema(frame))
    shuffled = frame.assign(c=frame["c"].to_numpy()[::-1])
    for each in (rule, twin):
        pd.testing.assert_frame_equal(each.mend(shuffled, {}), frame)


def test_a_column_that_others_follow_from_is_left_alone(orders: pd.DataFrame) -> None:
    frame = orders.assign(sum=(orders["total"] + orders["price"]).round(2))
    encoder = TableEncoder(infer_schema(frame)).fit(frame)
    assert any(frame.columns.get_loc("total") in getattr(e, "parents", ()) for e in encoder.encoders)
    assert Constraint.learn("total == price * count", frame, encoder).result is None
