"""Balanced training: what weights are, and that sampling undoes them."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from wgan_aug import WGANGPSynthesizer, load
from wgan_aug.encoding.table import EncodedTable
from wgan_aug.errors import InvalidParameterError
from wgan_aug.schema.layout import TableLayout
from wgan_aug.synthesizers.balance import Balance

SHARES = np.array([0.7, 0.25, 0.05, 0.9, 0.1])
LAYOUT = TableLayout((3, 2), SHARES, ())


def rows_of(n: int, seed: int, shares: np.ndarray = SHARES) -> EncodedTable:
    rng = np.random.default_rng(seed)
    states = np.column_stack([rng.choice(3, n, p=shares[:3]), rng.choice(2, n, p=shares[3:])])
    return EncodedTable(states, np.empty((n, 0)), np.empty((n, 0)))


@given(power=st.floats(0, 1), blocks=st.sampled_from([[0], [1], [0, 1]]))
@settings(max_examples=40, deadline=None)
def test_weights_are_the_formula(power: float, blocks: list[int]) -> None:
    states = rows_of(50, 0).states
    expected = np.zeros(50)
    for block in blocks:
        shares = [SHARES[:3], SHARES[3:]][block]
        expected += shares[states[:, block]] ** -power / (shares ** (1 - power)).sum() / len(blocks)
    balance = Balance.of(LAYOUT, blocks, power)
    np.testing.assert_allclose(balance.weights(states), expected)
    every = np.array([[a, b] for a in range(3) for b in range(2)])
    assert balance.weights(every).min() == pytest.approx(balance.floor)


def test_a_single_blocks_states_are_shown_by_the_power_of_their_share() -> None:
    states = rows_of(200_000, 1).states
    shares = Balance.of(LAYOUT, [0], 0.5).shares(states)
    wanted = np.sqrt(SHARES[:3]) / np.sqrt(SHARES[:3]).sum()
    np.testing.assert_allclose(shares[:3], wanted, atol=0.005)
    np.testing.assert_allclose(shares[3:], SHARES[3:], atol=0.005)


def test_a_state_of_no_row_is_no_trouble() -> None:
    layout = TableLayout((3,), np.array([0.75, 0.25, 0.0]), ())
    balance = Balance.of(layout, [0], 1.0)
    assert np.isfinite(balance.state_weights).all()
    assert balance.state_weights[2] == balance.state_weights[1]


@pytest.mark.parametrize("blocks", [[0], [0, 1]])
def test_thinning_gives_the_true_shares_back(blocks: list[int]) -> None:
    balance = Balance.of(LAYOUT, blocks, 0.7)
    pool = rows_of(200_000, 2)
    weights = balance.weights(pool.states)
    source = np.random.default_rng(3)
    asked: list[int] = []

    def draw(rows: int) -> EncodedTable:  # a generator that has learned the weighted rows perfectly
        asked.append(rows)
        some = source.choice(len(pool), rows, p=weights / weights.sum())
        return EncodedTable(pool.states[some], pool.low[some], pool.high[some])

    kept = balance.thin(draw, 20_000, np.random.default_rng(4))
    assert len(kept) == 20_000
    assert len(asked) > 1
    joint = np.bincount(kept.states[:, 0] * 2 + kept.states[:, 1], minlength=6)
    truth = np.bincount(pool.states[:, 0] * 2 + pool.states[:, 1], minlength=6) / len(pool)
    assert stats.chisquare(joint, truth * 20_000).pvalue > 1e-3


def test_no_rows_are_no_rows() -> None:
    balance = Balance.of(LAYOUT, [0], 0.5)
    assert len(balance.thin(lambda n: rows_of(n, 0), 0, np.random.default_rng(0))) == 0


def test_a_balanced_model_samples_true_shares_and_is_saved(tmp_path: object) -> None:
    rng = np.random.default_rng(0)
    y = rng.choice(["common", "rare"], 600, p=[0.9, 0.1])
    frame = pd.DataFrame({"x": rng.normal(size=600) + 3 * (y == "rare"), "y": y})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = WGANGPSynthesizer(target="y", balance=1.0, refine=False, epochs=40, random_state=0).fit(frame)
    sample = model.sample(4000)
    assert (sample["y"] == "rare").mean() == pytest.approx((y == "rare").mean(), abs=0.05)
    model.save(f"{tmp_path}/model")
    pd.testing.assert_frame_equal(load(f"{tmp_path}/model").sample(4000), sample)


@pytest.mark.parametrize("balance", [-0.1, 1.5, "yes", float("nan")])
def test_a_balance_that_is_none_is_refused(balance: object) -> None:
    with pytest.raises(InvalidParameterError, match="balance"):
        WGANGPSynthesizer(balance=balance).fit(pd.DataFrame({"a": [1, 2, 3]}))  # type: ignore[arg-type]
