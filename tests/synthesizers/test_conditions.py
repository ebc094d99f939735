"""Conditions on columns: what holds in which rows, what cannot be asked, what can never hold."""

from __future__ import annotations

import decimal
import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wgan_aug.encoding.table import TableEncoder
from wgan_aug.errors import InvalidDataError, InvalidParameterError
from wgan_aug.schema.inference import infer_schema
from wgan_aug.synthesizers.conditions import check_conditions, describe_conditions, which_hold
from wgan_aug.synthesizers.possible import why_impossible

FRAME = pd.DataFrame(
    {
        "n": [1, 2, 3, 4],
        "x": [0.5, np.nan, 2.5, 0.5],
        "s": ["a", "b", None, "a"],
        "b": [True, False, True, True],
        "d": pd.Series(["2024-01-01", None, "2024-03-01", "2024-06-01"], dtype="datetime64[s]"),
        "m": pd.array([1, None, 3, 3], dtype="Int64"),
        "c": pd.Categorical(["lo", "hi", None, "lo"], ["lo", "hi"], ordered=True),
    }
)

HOLD: list[tuple[str, Any, list[int]]] = [
    ("n", 2, [1]),
    ("n", 2.0, [1]),
    ("n", "2", []),
    ("n", (2, 3), [1, 2]),
    ("n", (None, 2), [0, 1]),
    ("n", (3, None), [2, 3]),
    ("n", (None, None), [0, 1, 2, 3]),
    ("n", (2.5, 9), [2, 3]),
    ("n", [1, 4], [0, 3]),
    ("n", {1, 4}, [0, 3]),
    ("n", frozenset([4]), [3]),
    ("n", np.array([1, 4]), [0, 3]),
    ("n", pd.Series([1, 4], index=[7, 8]), [0, 3]),
    ("n", pd.Index([4]), [3]),
    ("n", range(2, 4), [1, 2]),
    ("n", [(1, 2), 4], [0, 1, 3]),
    ("n", [], []),
    ("n", None, []),
    ("n", np.int8(3), [2]),
    ("x", 0.5, [0, 3]),
    ("x", None, [1]),
    ("x", np.nan, [1]),
    ("x", [None, 2.5], [1, 2]),
    ("x", (None, None), [0, 2, 3]),
    ("x", (1, None), [2]),
    ("s", "a", [0, 3]),
    ("s", ["b", None], [1, 2]),
    ("s", ("a", "a"), [0, 3]),
    ("s", 7, []),
    ("b", True, [0, 2, 3]),
    ("b", False, [1]),
    ("d", pd.Timestamp("2024-01-01"), [0]),
    ("d", "2024-01-01", [0]),
    ("d", ("2024-02-01", None), [2, 3]),
    ("d", pd.NaT, [1]),
    ("m", 3, [2, 3]),
    ("m", pd.NA, [1]),
    ("m", (None, 2), [0]),
    ("c", "lo", [0, 3]),
    ("c", ("hi", None), [1]),
    ("c", None, [2]),
]


@pytest.mark.parametrize(("name", "wanted", "rows"), HOLD, ids=lambda value: str(value)[:30])
def test_which_rows_hold(name: str, wanted: Any, rows: list[int]) -> None:
    for frame in (FRAME, FRAME.set_axis(list("wxyz")), FRAME.set_axis([0, 0, 0, 0])):
        assert np.flatnonzero(which_hold(frame, {name: wanted})).tolist() == rows


@pytest.mark.parametrize("name", ["n", "x", "s", "b"])
def test_arrow_columns(name: str) -> None:
    cells = pa.array(FRAME[name].tolist(), from_pandas=True)
    frame = pd.DataFrame({name: pd.array(cells, dtype=pd.ArrowDtype(cells.type))})
    strange = {"n": "2", "x": "z", "s": 7, "b": "z"}[name]
    for other, wanted, rows in HOLD:
        if other == name and type(wanted) is not type(strange):
            assert np.flatnonzero(which_hold(frame, {name: wanted})).tolist() == rows, wanted
    assert not which_hold(frame, {name: strange}).any()
    with pytest.raises(InvalidDataError, match=rf"The condition on '{name}' is .*, which cannot be compared"):
        which_hold(frame, {name: (strange, None)})


def test_all_conditions_must_hold() -> None:
    assert np.flatnonzero(which_hold(FRAME, {"n": (2, None), "s": "a"})).tolist() == [3]
    assert which_hold(FRAME, {}).all()
    assert which_hold(FRAME.head(0), {"n": 3, "s": None}).shape == (0,)


def test_column_names_of_any_kind() -> None:
    columns = pd.Index([None, ("a", 1), 3], tupleize_cols=False, dtype=object)
    frame = pd.DataFrame([[1, 2, 3], [4, 5, 6]]).set_axis(columns, axis=1)
    for name, value in ((None, 4), (("a", 1), 5), (3, 6)):
        assert which_hold(frame, {name: value}).tolist() == [False, True]


@pytest.mark.parametrize(
    ("name", "wanted"), [("n", ("a", None)), ("s", (1, None)), ("d", (3, None)), ("c", ("x", None))]
)
def test_what_cannot_be_compared_is_told(name: str, wanted: Any) -> None:
    with pytest.raises(InvalidDataError, match=rf"The condition on '{name}' is .*cannot be compared with its values"):
        which_hold(FRAME, {name: wanted})


# ---- what may be asked


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ("label", r"conditions is a str; give a dict of columns to values, such as \{'label': 2\}"),
        ([("label", 2)], r"conditions is a list; give a dict"),
        ({"labl": 2}, r"names column 'labl', which the model does not have\. Did you mean 'label'\?"),
        ({"x": 2}, r"names column 'x', which varies within sequences"),
        ({"age": (1, 2, 3)}, r"The range for 'age' is \(1, 2, 3\); give \(low, high\)"),
        ({"age": (50, 40)}, r"The range for 'age' is \(50, 40\); give \(low, high\)"),
        ({"age": [4, (1,)]}, r"The range for 'age' is \(1,\); give \(low, high\)"),
        ({"x": 1, "zzz": 2}, r"2 problems: \(1\) conditions names column 'x'.*\(2\) conditions names column 'zzz'"),
    ],
    ids=str,
)
def test_what_cannot_be_asked(conditions: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        check_conditions(conditions, ["label", "age"], {"x": "varies within sequences"})


def test_what_can_be_asked() -> None:
    assert check_conditions(None, ["a"], {}) == {}
    given = {"a": (1, None), "b": None}
    assert check_conditions(given, ["a", "b"], {}) == given
    assert check_conditions(given, ["a", "b"], {}) is not given
    assert describe_conditions({"a": (1, None), "b": "x"}) == "'a': (1, None), 'b': 'x'"


# ---- what can never hold

N = 60
rng = np.random.default_rng(0)
SEEN = pd.DataFrame(
    {
        "label": rng.choice(["up", "down"], N),
        "maybe": rng.choice(np.array(["yes", "no", None], dtype=object), N),
        "class": rng.integers(0, 3, N),
        "age": rng.integers(20, 90, N),
        "size": np.where(rng.random(N) < 0.2, np.nan, rng.normal(10, 2, N)),
        "zero": np.where(rng.random(N) < 0.5, 0.0, rng.uniform(5, 9, N)),
        "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.permutation(N), unit="D"),
        "flag": rng.random(N) < 0.5,
        "one": "same",
        "none": pd.array([pd.NA] * N, dtype="Int64"),
        "price": [decimal.Decimal(int(k)) / 100 for k in rng.permutation(N)],
        "many": pd.Categorical([f"m{k:02d}" for k in rng.permutation(N)]),
        "text day": [f"{1 + k % 28:02d}/{1 + k // 28:02d}/2024" for k in range(N)],
    }
)
ENCODER = TableEncoder(infer_schema(SEEN), relations=False).fit(SEEN)

POSSIBLE: list[dict[Any, Any]] = [
    {},
    {"label": "up", "age": 40, "flag": False},
    {"label": ["sideways", "down"]},
    {"maybe": None},
    {"class": 2},
    {"class": (2, 7)},
    {"age": (None, 30)},
    {"age": (88, None)},
    {"age": [5, 50]},
    {"size": None},
    {"size": (9.99, 10.01)},
    {"zero": 0},
    {"zero": (6.1, 6.2)},
    {"since": "2024-02-01"},
    {"since": (pd.Timestamp("2024-02-10"), None)},
    {"one": "same"},
    {"none": None},
    {"price": decimal.Decimal("0.31")},
    {"many": "m17"},
    {"text day": "05/02/2024"},
]
IMPOSSIBLE: list[tuple[dict[Any, Any], str]] = [
    ({"label": "upp"}, r"asks for 'label': 'upp'; its values are 'down', 'up'\. Did you mean 'up'\?"),
    ({"label": None}, r"asks for 'label': None; its values are 'down', 'up'\."),
    ({"label": 1}, r"asks for 'label': 1;"),
    ({"label": []}, r"asks for 'label': \[\];"),
    ({"maybe": "perhaps"}, r"its values are 'no', 'yes', or missing"),
    ({"class": 3}, r"asks for 'class': 3; its values are 0, 1, 2"),
    ({"class": (4, None)}, r"asks for 'class': \(4, None\)"),
    ({"age": 12}, r"asks for 'age': 12; its values are \d+ to \d+\."),
    ({"age": "old"}, r"asks for 'age': 'old'; its values are \d+ to \d+\."),
    ({"age": (None, 3)}, r"asks for 'age': \(None, 3\)"),
    ({"age": None}, r"asks for 'age': None"),
    ({"size": (100, None)}, r"asks for 'size'.*, or missing\."),
    ({"zero": (20, 30)}, r"asks for 'zero'"),
    ({"since": "2019-02-01"}, r"asks for 'since': '2019-02-01'; its values are Timestamp\('2024-01-01"),
    ({"flag": None}, r"asks for 'flag': None; its values are False, True"),
    ({"one": "other"}, r"asks for 'one': 'other'; its values are 'same'"),
    ({"none": 3}, r"asks for 'none': 3; its values are missing"),
    ({"many": "m77"}, r"its values are 'm00', .*'m07' and 52 more"),
    ({"price": 7}, r"asks for 'price': 7"),
]


@pytest.mark.parametrize("conditions", POSSIBLE, ids=str)
def test_what_may_hold(conditions: dict[Any, Any]) -> None:
    assert why_impossible(ENCODER, conditions) == []


@pytest.mark.parametrize(("conditions", "message"), IMPOSSIBLE, ids=lambda value: str(value)[:40])
def test_what_can_never_hold(conditions: dict[Any, Any], message: str) -> None:
    (problem,) = why_impossible(ENCODER, conditions)
    assert re.search(message, problem), problem


def test_everything_seen_is_possible() -> None:
    for name in SEEN:
        for value in SEEN[name].tolist():
            assert why_impossible(ENCODER, {name: value}) == [], (name, value)


def test_several_at_once() -> None:
    assert len(why_impossible(ENCODER, {"label": "x", "age": 40, "class": 9})) == 2


def test_values_that_cannot_be_compared() -> None:
    with pytest.raises(InvalidDataError, match=r"The condition on 'age' is .*'x'.*cannot be compared"):
        why_impossible(ENCODER, {"age": ("x", None)})
