"""`sample` under conditions: they hold in every row, and the other columns are distributed as they are beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from wgan_aug.encoding.table import EncodedTable
from wgan_aug.errors import InvalidDataError, InvalidParameterError
from wgan_aug.synthesizers.conditioning import latent
from wgan_aug.synthesizers.conditioning.latent import LatentDraws
from wgan_aug.synthesizers.conditioning.regions import Region
from wgan_aug.synthesizers.conditioning.values import restrict, root_of
from wgan_aug.synthesizers.conditions import which_hold
from wgan_aug.synthesizers.parts import draw_codes
from wgan_aug.synthesizers.table import WGANGPSynthesizer

CONDITIONS: list[dict[Any, Any]] = [
    {"joint": True},
    {"note": None},
    {"note": ["b", None]},
    {"size": "m"},
    {"size": ("m", None)},
    {"price": (30, 40)},
    {"price": [(None, 8), (60, None)]},
    {"price": 17.25},
    {"tip": (1.0, 1.02)},
    {"country": "south"},
    {"country": "south", "town": ["t1", "t6"]},
    {"coin": 1},
    {"cash": 0, "card": 0},
    {"total": (50, None)},
    {"total": (20, 30), "coin": 1},
    {"partner": None},
    {"partner": (40, 50)},
    {"partner": 33.0, "size": "l"},
    {"day": ("2024-03-01", pd.Timestamp("2024-03-20"))},
    {"day": pd.Timestamp("2024-05-05")},
    {"name": "n7"},
    {"name": ["n7", "n9", "n300"], "joint": False},
]


def keeps_rules(rows: pd.DataFrame) -> None:
    assert (rows["country"] == np.where(rows["town"].str[1:].astype(int) < 4, "north", "south")).all()
    assert (rows[["card", "cash", "coin"]].sum(axis=1) == 1).all()
    np.testing.assert_allclose(rows["total"], rows["price"] + rows["tip"])
    assert (rows["partner"].notna() == rows["joint"]).all()


@pytest.mark.parametrize(
    ("conditions", "refine"), [*((c, None) for c in CONDITIONS), *((c, False) for c in CONDITIONS[::7])], ids=str
)
def test_conditions_and_rules_hold_in_exactly_as_many_rows(
    model: WGANGPSynthesizer, orders: pd.DataFrame, conditions: dict[Any, Any], refine: bool | None
) -> None:
    rows = model.sample(60, conditions=conditions, refine=refine)
    assert len(rows) == 60
    assert which_hold(rows, conditions).all()
    keeps_rules(rows)
    assert rows.dtypes.equals(orders.dtypes)
    assert list(rows.index) == list(range(60))


def test_the_same_seed_gives_the_same_rows_and_another_one_others(model: WGANGPSynthesizer) -> None:
    wanted = {"coin": 1, "price": (10, None)}
    first, again, other = (model.sample(30, conditions=wanted, random_state=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
    assert model.sample(0, conditions=wanted).shape == (0, first.shape[1])


def test_rows_are_not_repeated(model: WGANGPSynthesizer) -> None:
    rows = model.sample(2000, conditions={"coin": 1})
    assert rows[["price", "tip", "day"]].duplicated().mean() < 0.01


def test_the_acceptance_says_how_often_conditions_hold_by_themselves(model: WGANGPSynthesizer) -> None:
    share = (model.sample(20_000, refine=False)["joint"]).mean()
    model.sample(10, conditions={"joint": True})
    assert model.acceptance_ == pytest.approx(share, abs=0.02)


# ---- the distribution


def distance(one: Any, other: Any) -> float:
    result: Any = stats.ks_2samp(one, other)
    return result.statistic


def region_of(model: WGANGPSynthesizer, name: str, wanted: Any) -> Region:
    encoder = model.encoder_
    root = root_of(encoder, encoder.schema.names.index(name))
    values = restrict(encoder, root, {name: wanted})
    assert values is not None
    region = Region.of(encoder, root, values)
    assert region is not None
    return region


@pytest.mark.parametrize(
    "wanted", [{"coin": 1}, {"price": (30, 34)}, {"town": ["t1", "t2"], "partner": (40, 60), "note": "a"}], ids=str
)
def test_walking_gives_what_keeping_gives(
    model: WGANGPSynthesizer, wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of walks have the distribution of the generator's rows in which the conditions hold."""
    monkeypatch.setattr(latent, "FREQUENT", 1.0)
    layout = model.encoder_.layout
    rng = torch.Generator().manual_seed(5)
    regions = [region_of(model, name, value) for name, value in wanted.items()]
    draws = LatentDraws(model.generator_, layout, regions, rng)
    draws(latent.ENOUGH)
    for _ in range(4):  # far from where the walks began
        draws(3000)
    walked = draws(4000)
    plain = draw_codes(model.generator_, layout, 400_000, rng)
    kept = plain.take(inside(plain, regions))
    assert len(kept) > 300
    assert inside(walked, regions).all()
    for block in range(layout.n_blocks):
        counts = [np.bincount(t.states[:, block], minlength=layout.widths[block]) for t in (kept, walked)]
        seen = np.sum(counts, axis=0) > 20
        if seen.sum() > 1:
            shares = [c[seen] / c[seen].sum() for c in counts]
            assert np.abs(shares[0] - shares[1]).max() < 0.09
    for scalar in range(layout.n_scalars):
        assert distance(kept.low[:, scalar], walked.low[:, scalar]) < 0.1


def inside(table: EncodedTable, regions: list[Region]) -> np.ndarray:
    fine = np.ones(len(table), dtype=bool)
    for region in regions:
        states = np.zeros(len(table), dtype=np.int64) if region.block is None else table.states[:, region.block]
        met = region.shares[states] > 0
        if region.scalar is not None:
            code = table.low[:, region.scalar]
            met &= (states > 0) | ((code[:, None] >= region.ends[:, 0]) & (code[:, None] <= region.ends[:, 1])).any(1)
        fine &= met
    return fine


def test_other_columns_follow_the_real_conditional_distribution() -> None:
    """A known joint: a rare class with its own mean and its own companion."""
    rng = np.random.default_rng(1)
    kind = rng.choice(["x", "y", "z"], 4000, p=[0.6, 0.36, 0.04])
    mean = pd.Series(kind).map({"x": 0.0, "y": 4.0, "z": -5.0}).to_numpy()
    likely = pd.Series(kind).map({"x": 0.1, "y": 0.5, "z": 0.9}).to_numpy()
    frame = pd.DataFrame({"kind": kind, "value": rng.normal(mean, 1), "flag": rng.random(4000) < likely})
    model = WGANGPSynthesizer(preset="fast", epochs=80, random_state=1, device="cpu").fit(frame)
    for name, share in (("x", 0.1), ("y", 0.5), ("z", 0.9)):
        rows = model.sample(1500, conditions={"kind": name})
        own = frame[frame["kind"] == name]
        assert rows["flag"].mean() == pytest.approx(share, abs=0.1)
        assert distance(rows["value"], own["value"]) < 0.25  # of all rows: 0.34 and more
    rows = model.sample(1500, conditions={"value": (None, -3), "flag": True})
    assert (rows["kind"] == "z").mean() > 0.85


def test_values_the_generator_never_draws_are_told_to_it(model: WGANGPSynthesizer) -> None:
    rows = model.sample(50, conditions={"price": 23.456, "joint": True})
    assert (rows["price"] == 23.456).all()
    assert model.acceptance_ == 0


# ---- what cannot be met


BAD: list[tuple[Any, type[Exception], str]] = [
    ({"prise": 3}, InvalidParameterError, "names column 'prise', which the model does not have. Did you mean 'price'"),
    ({"size": "xl"}, InvalidParameterError, "asks for 'size': 'xl'; its values are 's', 'm', 'l'"),
    ({"price": (9, 3)}, InvalidParameterError, r"range for 'price' is \(9, 3\)"),
    ({"price": (5000, None)}, InvalidParameterError, r"asks for 'price': \(5000, None\); its values are"),
    ({"price": "dear"}, InvalidParameterError, "asks for 'price': 'dear'"),
    ({"price": ("a", "b")}, InvalidDataError, "cannot be compared with its values"),
    ({"country": "west"}, InvalidParameterError, "No value meets the conditions 'country': 'west'"),
    ({"country": "north", "town": "t7"}, InvalidParameterError, "No value meets the conditions"),
    ({"card": 1, "cash": 1}, InvalidParameterError, "No value meets the conditions"),
    ({"joint": False, "partner": 30.0}, InvalidParameterError, "hold in 0 .*of the training rows, each holds alone"),
    ({"total": (None, 0.01)}, InvalidParameterError, "hold in"),
    (["joint"], InvalidParameterError, "conditions is a list; give a dict"),
]


@pytest.mark.parametrize(("conditions", "error", "text"), BAD, ids=lambda value: str(value)[:40])
def test_what_cannot_be_met_is_told(
    model: WGANGPSynthesizer, conditions: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=f"(?i){text}"):
        model.sample(20, conditions=conditions)


def test_identifiers_take_no_condition() -> None:
    frame = pd.DataFrame({"id": [f"A{i:05d}" for i in range(80)], "n": np.arange(80) % 7})
    with pytest.warns(UserWarning, match="identifiers"):
        model = WGANGPSynthesizer(epochs=1, random_state=0, device="cpu", schema={"id": "identifier"}).fit(frame)
    with pytest.raises(InvalidParameterError, match="'id', which is an identifier"):
        model.sample(2, conditions={"id": "A00001"})
    rows = model.sample(30, conditions={"n": 3})
    assert rows["id"].is_unique
    assert (rows["n"] == 3).all()


def test_models_that_are_told_nothing_meet_conditions_by_themselves(orders: pd.DataFrame) -> None:
    model = WGANGPSynthesizer(preset="paper", epochs=2, random_state=0, device="cpu").fit(orders)
    assert (model.sample(40, conditions={"coin": 1})["coin"] == 1).all()
    with pytest.raises(InvalidParameterError, match="hold in 0"):
        model.sample(4, conditions={"price": 23.456})
    with pytest.raises(InvalidParameterError, match="preset='paper' and has not learned to complete rows"):
        model.impute(orders)
