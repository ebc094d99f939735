"""`sample --where`: words become conditions, and hold in the rows that come out."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from wgan_aug_cli.where import parse_where

from wgan_aug.encoding.table import TableEncoder
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
ENCODER = TableEncoder(infer_schema(FRAME, {"born": "datetime", "age": "integer", "paid": "continuous"}, [])).fit(FRAME)

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
    (["job!=cook"], {"job": ["a=b", "smith"]}),
    (["job != a=b", "in debt!=no"], {"job": ["cook", "smith"], "in debt": True}),
    (["age!=30"], {"age": [(None, 29), (31, None)]}),
]


@pytest.mark.parametrize(("texts", "wanted"), READ, ids=str)
def test_words_become_conditions(texts: list[str], wanted: dict[str, Any]) -> None:
    assert parse_where(texts, ENCODER) == wanted


def test_an_end_that_does_not_count_is_left_out() -> None:
    assert parse_where(["paid>1.5"], ENCODER)["paid"][0] > 1.5
    (_, below), (above, _) = parse_where(["day!=2024-02-01"], ENCODER)["day"]
    assert below < pd.Timestamp("2024-02-01") < above
    assert parse_where(["day<2024-02-01"], ENCODER)["day"][1] < pd.Timestamp("2024-02-01")


WRONG: list[tuple[list[str], str]] = [
    (["age"], "--where is 'age', which is no condition. Give such as"),
    (["agee>=3"], "names column 'agee', which the model does not have. Did you mean 'age'"),
    (["age>=old"], "'old' is no value of a column of int64"),
    (["in debt=maybe"], "'maybe' is no value of a column of bool"),
    (["job<cook"], "columns of text take <= only"),
    (["job!=cok"], "'cok' is no value of column 'job'. Did you mean 'cook'"),
    (["born!=1991-02-01"], "columns of datetimes in text take = and in, and no !="),
    (["age>=3", "age>=4"], "there is a condition on that column already"),
    (["x=1", "y"], "2 problems"),
]


@pytest.mark.parametrize(("texts", "text"), WRONG, ids=str)
def test_words_that_are_no_condition_are_told(texts: list[str], text: str) -> None:
    with pytest.raises(InvalidParameterError, match=text):
        parse_where(texts, ENCODER)


def test_all_values_but_one_are_known_of_any_kind_of_column() -> None:
    rng = np.random.default_rng(0)
    town, way, bond = rng.integers(0, 6, 600), rng.integers(0, 3, 600), rng.choice(["single", "wed", "other"], 600)
    frame = pd.DataFrame({"land": np.where(town < 4, "n", "s"), "town": [f"t{t}" for t in town], "one": "x"})
    for state, name in enumerate(["card", "cash", "coin"]):
        frame[name] = np.where(way == state, "yes", "no")
    frame["bond"], frame["mate"] = bond, np.where(bond == "single", "none", rng.choice(list("pqr"), 600))
    frame["note"] = rng.choice(np.array(["a", "b", None], dtype=object), 600)
    encoder = TableEncoder(infer_schema(frame)).fit(frame)
    assert {own.name for own in encoder.encoders} == {"level", "determined", "member", "ruled", "constant"}
    for name in frame.columns.drop("one"):
        for value in frame[name].dropna().unique():
            others = parse_where([f"{name}!={value}"], encoder)[name]
            assert set(others) == set(frame[name].dropna()) - {value}
    with pytest.raises(InvalidParameterError, match="column 'one' has no other value"):
        parse_where(["one!=x"], encoder)


def test_conditions_hold_in_the_rows(run: Run, model: Path) -> None:
    words = ["--where", "zip=02139", "--where", "plan!=basic", "--where", "age>=30", "--where", "joined>=2021-06-01"]
    done = run("sample", model, "-n", 25, "--seed", 3, *words)
    assert done.returncode == 0, done.stderr
    assert "The conditions hold in" in done.stderr
    rows = pd.read_csv(io.StringIO(done.stdout), dtype={"zip": str})
    assert len(rows) == 25
    assert (rows["zip"] == "02139").all()
    assert (rows["plan"] != "basic").all()
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
