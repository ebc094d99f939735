"""`sample --where`: words become conditions, and hold in the rows that come out."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from wgan_aug_cli.where import parse_where

from wgan_aug.errors import InvalidParameterError
from wgan_aug.schema.inference import infer_schema

Run = Callable[..., Any]

FRAME = pd.DataFrame(
    {
        "age": [20, 30, 40],
        "paid": [0.5, 1.5, 2.25],
        "job": ["cook", "smith", "a=b"],
        "in debt": [True, False, True],
        "day": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"]),
        "born": ["1990-01-01", "1991-02-01", "1992-03-01"],
    }
)
SCHEMA = infer_schema(FRAME, {"born": "datetime", "age": "integer", "paid": "continuous"}, [])

READ: list[tuple[list[str], dict[str, Any]]] = [
    (["age>=30"], {"age": (30, None)}),
    (["age > 30"], {"age": (31, None)}),
    (["age<30"], {"age": (None, 29)}),
    (["age>=20", "age<=30"], {"age": (20, 30)}),
    (["paid<=1.5"], {"paid": (None, 1.5)}),
    (["paid=2"], {"paid": 2}),
    (["job=cook"], {"job": "cook"}),
    (["job = a=b"], {"job": "a=b"}),
    (["job in (cook| smith)"], {"job": ["cook", "smith"]}),
    (["age in(20|40)"], {"age": [20, 40]}),
    (["job is missing", "in debt=no"], {"job": None, "in debt": False}),
    (["day>=2024-02-01"], {"day": (pd.Timestamp("2024-02-01"), None)}),
    (["born<=1991-02-01"], {"born": (None, "1991-02-01")}),
]


@pytest.mark.parametrize(("texts", "wanted"), READ, ids=str)
def test_words_become_conditions(texts: list[str], wanted: dict[str, Any]) -> None:
    assert parse_where(texts, SCHEMA) == wanted


def test_an_end_that_does_not_count_is_left_out() -> None:
    assert parse_where(["paid>1.5"], SCHEMA)["paid"][0] > 1.5
    assert parse_where(["day<2024-02-01"], SCHEMA)["day"][1] < pd.Timestamp("2024-02-01")


WRONG: list[tuple[list[str], str]] = [
    (["age"], "--where is 'age', which is no condition. Give such as"),
    (["agee>=3"], "names column 'agee', which the model does not have. Did you mean 'age'"),
    (["age>=old"], "'old' is no value of a column of int64"),
    (["in debt=maybe"], "'maybe' is no value of a column of bool"),
    (["job<cook"], "columns of text take <= only"),
    (["age>=3", "age>=4"], "there is a condition on that column already"),
    (["x=1", "y"], "2 problems"),
]


@pytest.mark.parametrize(("texts", "text"), WRONG, ids=str)
def test_words_that_are_no_condition_are_told(texts: list[str], text: str) -> None:
    with pytest.raises(InvalidParameterError, match=text):
        parse_where(texts, SCHEMA)


def test_conditions_hold_in_the_rows(run: Run, model: Path) -> None:
    words = ["--where", "zip=02139", "--where", "age>=30", "--where", "joined>=2021-06-01"]
    done = run("sample", model, "-n", 25, "--seed", 3, *words)
    assert done.returncode == 0, done.stderr
    assert "The conditions hold in" in done.stderr
    rows = pd.read_csv(io.StringIO(done.stdout), dtype={"zip": str})
    assert len(rows) == 25
    assert (rows["zip"] == "02139").all()
    assert (rows["age"] >= 30).all()
    assert (rows["joined"] >= "2021-06-01").all()


@pytest.mark.parametrize(
    ("where", "text"),
    [("zpi=02139", "Did you mean 'zip'?"), ("plan=pluss", "its values are 'basic'"), ("age>=900", "its values are")],
)
def test_a_condition_that_cannot_be_met_is_one_line(run: Run, model: Path, where: str, text: str) -> None:
    done = run("sample", model, "-n", 5, "--where", where)
    assert done.returncode == 2
    assert done.stdout == ""
    assert text in done.stderr
    assert done.stderr.count("\n") == 1
