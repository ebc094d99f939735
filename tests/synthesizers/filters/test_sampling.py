"""Filters in `sample` and `impute`: every row passes, rows differ by the seed alone, and what cannot pass is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from wgan_aug.errors import InvalidDataError, InvalidParameterError
from wgan_aug.synthesizers.conditioning import drawing
from wgan_aug.synthesizers.filters import filters
from wgan_aug.synthesizers.filters.filters import CONDITIONS, EQUAL, NEAR, Filters
from wgan_aug.synthesizers.table import WGANGPSynthesizer


def check(rows: pd.DataFrame, orders: pd.DataFrame) -> None:
    """Assert by pandas alone that rows keep all constraints and are no copies."""
    assert (rows["low"] <= rows["high"])[rows["high"].notna()].all()
    assert np.allclose(rows["total"], rows["price"] * rows["count"], rtol=1e-9)
    assert (rows["start"] < rows["end"]).all()
    assert (rows["list price"] >= rows["price"]).all()
    assert rows.dtypes.equals(orders.dtypes)
    assert not len(rows.drop(columns="code").merge(orders.drop(columns="code")))


def test_every_row_passes_and_the_counts_are_right(model: WGANGPSynthesizer, orders: pd.DataFrame) -> None:
    rows = model.sample(1500)
    assert len(rows) == 1500
    check(rows, orders)
    assert rows["code"].is_unique
    assert not rows["code"].isin(orders["code"]).any()
    counts = model.filtering_
    assert list(counts.rejected) == [*model.get_params()["constraints"], EQUAL, NEAR]
    assert 1500 <= counts.kept < counts.drawn
    assert counts.rejected["low <= high"] > 0
    assert counts.drawn - counts.kept <= sum(counts.rejected.values())
    assert counts.to_json()["acceptance"] == counts.kept / counts.drawn


def test_without_filters_rows_break_them(model: WGANGPSynthesizer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = model.sample(300)
    monkeypatch.setattr(model, "filters_", Filters(model.encoder_))
    plain = model.sample(300)
    assert (plain["low"] > plain["high"]).any()
    assert not np.allclose(plain["total"], plain["price"] * plain["count"])
    common = plain.drop(columns=["code", "total"]).merge(asked.drop(columns=["code", "total"]))
    assert len(common) > 100  # rows that pass are those that come without filters


@pytest.mark.parametrize(
    "conditions", [{"way": "card"}, {"total": (20, 60), "high": (0, None)}, {"high": None}], ids=["level", "sum", "gap"]
)
@pytest.mark.parametrize("refine", [None, False], ids=["refined", "raw"])
def test_filters_and_conditions(
    model: WGANGPSynthesizer, orders: pd.DataFrame, conditions: dict[str, Any], refine: bool | None
) -> None:
    rows = model.sample(200, conditions=conditions, refine=refine)
    assert len(rows) == 200
    assert rows["code"].is_unique
    check(rows, orders)
    if "total" in conditions:
        assert rows["total"].between(20, 60).all()
        assert model.filtering_.rejected[CONDITIONS] > 0
        assert (rows["high"] >= 0).all()
    elif "high" in conditions:
        assert rows["high"].isna().all()
    else:
        assert (rows["way"] == "card").all()


def test_partial_rows_keep_their_cells(model: WGANGPSynthesizer, orders: pd.DataFrame) -> None:
    few = orders[["low", "way"]].iloc[:60].reset_index(drop=True)
    rows = model.sample(conditions=few)
    assert rows[["low", "way"]].equals(few)
    assert rows["code"].is_unique
    check(rows, orders)
    kinds = model.sample(conditions=orders[["way"]].iloc[:200])
    assert kinds["way"].tolist() == orders["way"].iloc[:200].tolist()
    assert model.filtering_.kept >= 200
    assert kinds["code"].is_unique
    check(kinds, orders)


def test_partial_rows_that_no_filter_passes_are_told(model: WGANGPSynthesizer) -> None:
    rows = pd.DataFrame({"low": np.linspace(1.0, 2.0, 5), "high": np.linspace(0.0, 1.0, 5)})
    with pytest.raises(InvalidDataError, match=r"5 rows of conditions break a rule .*or pass no filter"):
        model.sample(conditions=rows)


def test_impute_keeps_constraints_and_may_give_the_rows_back(model: WGANGPSynthesizer, orders: pd.DataFrame) -> None:
    holes = orders.head(120).copy()
    holes.loc[:50, "total"] = np.nan
    holes.loc[30:80, ["low", "high"]] = np.nan
    full = model.impute(holes)
    assert np.allclose(full["total"], full["price"] * full["count"], rtol=1e-9)
    assert (full["low"] <= full["high"]).all()
    assert np.allclose(full["total"][:51], orders["total"][:51])
    assert model.impute(orders.head(20)).drop(columns="high").equals(orders.head(20).drop(columns="high"))


def test_the_seed_and_the_part_decide_the_rows(model: WGANGPSynthesizer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert model.sample(300).equals(model.sample(300))
    assert not model.sample(300, random_state=1).equals(model.sample(300))
    monkeypatch.setattr(drawing, "PART_ROWS", 128)
    parts = list(model.sample_parts(300))
    assert [len(part) for part in parts] == [128, 128, 44]
    assert pd.concat(parts)["code"].is_unique
    assert parts[0].equals(next(iter(model.sample_parts(200))))
    assert len(model.sample(0)) == 0
    assert len(model.sample(1)) == 1


def test_a_saved_model_filters_too(model: WGANGPSynthesizer, orders: pd.DataFrame, tmp_path: Path) -> None:
    model.save(tmp_path / "m")
    twin = WGANGPSynthesizer.load(tmp_path / "m", device="cpu")
    assert twin.get_params() == model.get_params() | {"device": "cpu"}
    rows = twin.sample(400)
    assert rows.equals(model.sample(400))
    assert twin.filtering_ == model.filtering_
    check(rows, orders)


def test_copies_of_a_generator_that_copies_are_all_rejected(model: WGANGPSynthesizer, orders: pd.DataFrame) -> None:
    fresh = orders.assign(low=orders["low"] - 0.7, high=orders["high"] + 0.7)
    both = pd.concat([orders, fresh], ignore_index=True)
    rows, counts = model.filters_.draw(lambda turn, n: both.sample(n, replace=True, random_state=turn), 500)
    assert rows["low"].isin(fresh["low"]).all()
    assert counts.rejected[EQUAL] > 0.4 * counts.drawn


def test_what_hardly_passes_ends_in_an_error(model: WGANGPSynthesizer, orders: pd.DataFrame) -> None:
    turns: list[int] = []

    def copy(turn: int, rows: int) -> pd.DataFrame:
        turns.append(rows)
        return orders.sample(rows, replace=True, random_state=turn)

    with pytest.raises(InvalidParameterError, match=re.escape("Only 0 of")) as error:
        model.filters_.draw(copy, 3)
    assert "(0.00%), and 3 were asked for" in str(error.value)
    assert f"{EQUAL}: 100.00%" in str(error.value)
    assert sum(turns) < 4 * filters.LEAST_ROWS
    assert len(turns) < 20


def test_an_equality_that_nothing_works_out_ends_in_an_error() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 300))
    c = rng.normal(size=300)
    frame = pd.DataFrame({"a": a, "b": b, "c": c, "d": np.cbrt(a * b) * np.cbrt(c)})
    frame["e"] = frame["a"] * frame["b"] * frame["c"] / frame["d"] / frame["d"]
    model = WGANGPSynthesizer(epochs=1, random_state=0, constraints=["e * d * d == a * b * c"]).fit(frame)
    with pytest.raises(InvalidParameterError, match=r"pass the filters .*column == what it equals"):
        model.sample(10)


def test_errors_come_before_training(orders: pd.DataFrame) -> None:
    with pytest.raises(InvalidDataError, match=r"'high <= low' does not hold in .* of 600 rows"):
        WGANGPSynthesizer(constraints=["high <= low"]).plan(orders.drop(columns="code"))
    wrong = WGANGPSynthesizer(constraints="a <= b", reject_copies="yes")  # type: ignore[arg-type]
    with pytest.raises(InvalidParameterError, match=r"2 problems: .*reject_copies is 'yes'.*give a list of texts"):
        wrong.fit(orders)


def test_arrays_and_columns_by_number() -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(size=200)
    rows = np.column_stack([first, first + rng.exponential(1, 200)])
    options: dict[str, Any] = {"epochs": 2, "random_state": 0, "device": "cpu"}
    sample = WGANGPSynthesizer(**options, constraints=["x0 <= x1"]).fit(rows).sample(500)
    assert (sample[:, 0] <= sample[:, 1]).all()
    sample = WGANGPSynthesizer(**options, constraints=["`0` <= `1`"]).fit(pd.DataFrame(rows)).sample(500)
    assert (sample[0] <= sample[1]).all()
