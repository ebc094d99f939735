"""Categories: pooled where rare, restored by frequency, missing as a code of its own."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import FLAVOURS, frames, through_json
from wgan_aug.encoding.codes import ColumnCodes
from wgan_aug.encoding.levels import ALWAYS_KEPT, MAX_STATES, RARE_ROWS, LevelEncoder
from wgan_aug.encoding.table import TableEncoder
from wgan_aug.errors import DataWarning
from wgan_aug.schema.inference import infer_column, infer_schema


def _fit(values: object) -> LevelEncoder:
    series = pd.Series(values, name="x")
    return LevelEncoder(infer_column(series, "categorical")).fit(series)


def _trip(encoder: LevelEncoder, values: pd.Series, seed: int = 0) -> pd.Series:
    codes, unseen = encoder.encode(values)
    assert unseen == 0
    return encoder.decode(codes, range(len(values)), np.random.default_rng(seed))


def _zipf(levels: int, rows: int) -> pd.Series:
    share = 1 / np.arange(1, levels + 1)
    drawn = np.random.default_rng(0).choice(levels, rows, p=share / share.sum())
    return pd.Series([f"level {i}" for i in drawn], name="x")


def test_few_levels_are_all_kept_however_rare() -> None:
    values = pd.Series(["common"] * 500 + [f"rare {i}" for i in range(ALWAYS_KEPT - 1)])
    encoder = _fit(values)
    assert encoder.states == ALWAYS_KEPT
    pd.testing.assert_series_equal(_trip(encoder, values), values, check_names=False)


def test_past_thirty_levels_the_rare_ones_share_states() -> None:
    common = np.repeat([f"common {i}" for i in range(10)], 50)
    rare = np.repeat([f"rare {i:02}" for i in range(30)], RARE_ROWS - 1)
    values = pd.Series(np.r_[common, rare])
    encoder = _fit(values)
    assert 11 <= encoder.states < 40
    masses = np.bincount(encoder.state_of, weights=encoder.counts)
    assert masses.min() >= RARE_ROWS - 1
    out = _trip(encoder, values)
    assert (out[:500] == values[:500]).all()
    assert out[500:].str.startswith("rare").all()


def test_levels_in_a_pool_are_neighbours() -> None:
    values = pd.Series(pd.Categorical.from_codes(np.repeat(np.arange(100), 2), [f"c{99 - i}" for i in range(100)]))
    encoder = _fit(values)
    order = values.cat.categories.get_indexer(list(encoder.levels))
    for state in range(encoder.states):
        members = np.sort(order[encoder.state_of == state])
        assert (np.diff(members) == 1).all()


@pytest.mark.parametrize("dtype", ["object", "str", "category", "string[pyarrow]"])
def test_ten_thousand_levels_need_few_states_and_all_come_back(dtype: str) -> None:
    levels = np.array([f"v{i:05d}" for i in range(10_000)], dtype=object)
    values = pd.Series(np.tile(levels, 10), dtype=dtype)
    encoder = _fit(values)
    assert MAX_STATES / 2 <= encoder.states <= MAX_STATES
    out = _trip(encoder, values)
    assert out.dtype == values.dtype
    counts = out.value_counts().reindex(levels, fill_value=0).to_numpy()
    assert (counts > 0).mean() > 0.99  # ten draws of each: all but exp(-10) of them
    assert abs(((counts - 10) ** 2 / 10).mean() - 1) < 0.1  # as a Poisson count varies, and no more


def test_frequent_levels_stand_alone_and_rare_ones_come_back_by_frequency() -> None:
    values = _zipf(3000, 60_000)
    encoder = _fit(values)
    assert encoder.states <= MAX_STATES
    real = values.value_counts()
    out = _trip(encoder, values).value_counts().reindex(real.index, fill_value=0)
    alone = np.bincount(encoder.state_of)[encoder.state_of] == 1
    kept = [level for level, one in zip(encoder.levels, alone, strict=True) if one]
    assert set(real.index[:100]) <= set(kept)
    pd.testing.assert_series_equal(out[kept], real[kept])
    scores = ((out - real) / np.sqrt(real)).drop(kept)
    assert abs(scores.mean()) < 0.1
    assert scores.abs().max() < 6


def test_missing_is_the_last_state() -> None:
    values = pd.Series(["b", None, "a", "b"])
    encoder = _fit(values)
    codes, _ = encoder.encode(values)
    assert codes.states is not None
    assert codes.states.tolist() == [1, 2, 0, 1]


def test_levels_stand_in_their_natural_order() -> None:
    ordered = pd.Categorical(["mid", "lo", "hi"], ["lo", "mid", "hi"], ordered=True)
    assert list(_fit(ordered).levels) == ["lo", "mid", "hi"]
    assert list(_fit([10, 9, 2]).levels) == [2, 9, 10]
    with pytest.warns(DataWarning, match=r"'x' mixes types \(int x 2, str x 1\)"):
        assert list(_fit(pd.Series([10, "a", 9], dtype=object)).levels) == [10, 9, "a"]


def test_a_level_never_seen_goes_to_the_rarest_state() -> None:
    encoder = _fit(["a"] * 3 + ["b"] + ["c"] * 2)
    codes, unseen = encoder.encode(pd.Series(["z", "a", None]))
    assert unseen == 2
    assert codes.states is not None
    assert codes.states.tolist() == [1, 0, 1]


def test_pools_draw_by_the_given_generator() -> None:
    values = _zipf(400, 5000)
    encoder = _fit(values)
    pd.testing.assert_series_equal(_trip(encoder, values, 1), _trip(encoder, values, 1))
    assert not _trip(encoder, values, 1).equals(_trip(encoder, values, 2))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(frames())
def test_frequencies_are_the_shares_of_each_state_and_sum_to_one(frame: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        encoder = TableEncoder(infer_schema(frame)).fit(frame)
    layout, states = encoder.layout, encoder.transform(frame).states
    assert len(layout.frequencies) == layout.n_states
    blocks = np.split(layout.frequencies, layout.starts[1:]) if layout.n_blocks else []
    for width, block, chosen in zip(layout.widths, blocks, states.T, strict=True):
        np.testing.assert_allclose(block, np.bincount(chosen, minlength=width) / len(frame))
        assert (block >= 0).all()
        assert block.sum() == pytest.approx(1)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.data())
def test_any_state_decodes_to_a_level_it_has(data: st.DataObject) -> None:
    flavour = data.draw(
        st.sampled_from([f for f in sorted(FLAVOURS) if f.startswith(("category", "string", "object text"))])
    )
    series = data.draw(FLAVOURS[flavour].series()).rename("x")
    if series.isna().all():
        return
    encoder = LevelEncoder(infer_column(series, "categorical")).fit(series)
    states = np.arange(encoder.states)
    out = encoder.decode(ColumnCodes(states), range(len(states)), np.random.default_rng(0))
    assert out.dtype == series.dtype
    assert set(out.dropna()) == set(series.dropna())
    assert out.isna().sum() == encoder.has_missing


def test_every_level_is_listed_with_its_state() -> None:
    values = pd.concat([_zipf(200, 2000), pd.Series([None] * 3)], ignore_index=True)
    encoder = _fit(values)
    cells, states = encoder.every_level()
    assert encoder.states < len(cells) == len(states)
    assert set(cells.dropna()) == set(values.dropna())
    assert cells.isna().tolist() == [False] * (len(cells) - 1) + [True]
    assert states.tolist() == np.asarray(encoder.encode(cells)[0].states).tolist()


def test_json_keeps_pools_and_order() -> None:
    values = _zipf(400, 5000)
    encoder = _fit(values)
    again = LevelEncoder.from_json(through_json(encoder.to_json()), encoder.column)
    pd.testing.assert_series_equal(_trip(again, values, 3), _trip(encoder, values, 3))


@pytest.mark.parametrize("values", [[10, 2, 2, 500], [0.5, np.nan, 2.5], [True, False, True]])
def test_numbers_declared_as_categories_keep_their_dtype_and_only_seen_values(values: list[object]) -> None:
    series = pd.Series(values, name="x")
    out = _trip(_fit(series), series)
    pd.testing.assert_series_equal(out, series, check_names=False)
