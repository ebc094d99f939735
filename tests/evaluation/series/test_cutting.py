"""Windows cut from aligned rows: channels, lengths, labels, missing cells, blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from wgan_aug.errors import DataWarning, InvalidDataError
from wgan_aug.evaluation.frames import align
from wgan_aug.evaluation.series.cutting import SequenceWindows, cut_tables
from wgan_aug.evaluation.series.reading import read_sides


def cut(
    real: Any, synthetic: Any = None, *, holdout: Any = None, target: Any = None, most: int = 1000, **roles: Any
) -> SequenceWindows:
    sides = {"real": real, "synthetic": real if synthetic is None else synthetic}
    sides |= {} if holdout is None else {"holdout": holdout}
    frames, steps = read_sides(sides, **{"key": None, "index": None, "window": None} | roles)
    assert steps is not None
    return cut_tables(align(**frames, target=target), steps, most=most)


def frame_of(lengths: list[int], seed: int = 0) -> pd.DataFrame:
    rng, rows = np.random.default_rng(seed), sum(lengths)
    key = np.repeat(np.arange(len(lengths)), lengths)
    return pd.DataFrame({"id": key, "x": np.arange(rows) + 0.5, "y": rng.normal(size=rows), "fixed": key % 3})


def test_equal_sequences_are_windows_and_what_never_varies_is_no_channel() -> None:
    frame = frame_of([6] * 8)
    made = cut(frame, key="id")
    assert made.channels == ["x", "y"]
    assert np.array_equal(made.sets["real"], frame[["x", "y"]].to_numpy().reshape(8, 6, 2))
    assert made.groups is made.labels is None
    assert made.length_ks == 0
    assert made.text == "windows: 8 real, 8 synthetic; 2 channels; 6 steps each"


def test_ragged_sequences_are_cut_at_a_length_that_nine_in_ten_have() -> None:
    lengths = [5, *[8] * 9, *[17] * 10]
    made = cut(frame_of(lengths), frame_of([8] * 6 + [7] * 2), holdout=frame_of([4, 9]), key="id")
    assert made.sets["real"].shape == (9 + 2 * 10, 8, 2)
    assert made.groups is not None
    assert np.bincount(made.groups).tolist() == [0, *[1] * 9, *[2] * 10]
    starts = np.cumsum([0, *lengths])
    firsts = [starts[i] for i in range(1, 10)] + [starts[i] + d for i in range(10, 20) for d in (0, 8)]
    assert np.array_equal(made.sets["real"][:, :, 0] - 0.5, np.array(firsts)[:, None] + np.arange(8))
    assert len(made.sets["synthetic"]) == 6
    assert len(made.sets["holdout"]) == 1
    assert made.length_ks == pytest.approx(stats.ks_2samp(lengths, [8] * 6 + [7] * 2).statistic)
    assert "the 20 real sequences have 5 to 17 steps, so that 15 of 247 rows are left out, and 1 sequences" in made.text


def test_a_window_cuts_each_sequence_and_no_side_may_be_without_one() -> None:
    made = cut(frame_of([10] * 4), key="id", window=5)
    assert made.sets["real"].shape == (8, 5, 2)
    with pytest.raises(
        InvalidDataError, match="window has 6 steps, and the longest synthetic sequence has 5; give a sh"
    ):
        cut(frame_of([9] * 4), frame_of([5] * 4), key="id", window=6)
    with pytest.raises(InvalidDataError, match="window has 4 steps, and the longest real sequence has 3; windows have"):
        cut(frame_of([3] * 4), key="id")
    with pytest.raises(InvalidDataError, match="No column varies within a real sequence"):
        cut(frame_of([1] * 4), key="id")


def test_a_long_series_gives_overlapping_real_windows_in_blocks_and_synthetic_ones_in_turn() -> None:
    rows = pd.DataFrame({"x": np.arange(40.0)})
    with pytest.warns(DataWarning, match="leave out the last 1"):
        made = cut(rows, rows.head(11), holdout=rows.tail(7), window=5)
    assert np.array_equal(made.sets["real"][:, 0, 0], np.arange(36))
    assert made.sets["synthetic"][:, 0, 0].tolist() == [0, 5]
    assert made.sets["holdout"][:, 0, 0].tolist() == [33, 34, 35]
    assert made.groups is not None
    assert (made.groups[:11] == 0).all()
    assert (made.groups[11:15] == -1).all()
    assert made.length_ks is None


def test_too_many_windows_are_drawn_with_their_blocks() -> None:
    made = cut(pd.DataFrame({"x": np.arange(400.0)}), window=5, most=50)
    assert made.groups is not None
    starts = made.sets["real"][:, 0, 0].astype(int)
    assert len(set(starts)) == 50
    assert (np.diff(starts) > 0).all()
    inside = made.groups >= 0
    assert np.array_equal(made.groups[inside], starts[inside] // 15)


def test_categories_are_channels_of_0_and_1() -> None:
    rng = np.random.default_rng(0)
    levels = [f"level {i}" for i in range(12)]
    frame = pd.DataFrame({"id": np.repeat(np.arange(50), 8), "many": np.resize(levels, 400)})
    frame["many"] = np.where(rng.random(400) < 0.5, "level 0", frame["many"])
    frame["two"] = np.where(rng.random(400) < 0.2, "rare", "common")
    made = cut(frame, key="id")
    assert len(made.channels) == 8 + 1
    assert (made.channels[0], made.channels[-1]) == ("many = level 0", "two = rare")
    flat = made.sets["real"].reshape(400, -1)
    assert np.array_equal(flat[:, 0], frame["many"] == "level 0")
    assert np.array_equal(flat[:, -1], frame["two"] == "rare")


def test_missing_cells_take_the_value_before_and_a_channel_of_their_own() -> None:
    frame = frame_of([4, 4, 4])[["id", "x"]]
    frame.loc[[1, 4, 8, 9, 10, 11], "x"] = np.nan
    other = frame_of([4, 4, 4])[["id", "x"]].assign(x=lambda f: f["x"].replace(5.5, np.nan).replace(7.5, np.inf))
    with pytest.warns(DataWarning, match="infinite"):
        made = cut(frame, other, key="id")
    assert made.channels == ["x", "x is missing"]
    middle = frame["x"].median()
    assert made.sets["real"][:, :, 0].tolist() == [[0.5, 0.5, 2.5, 3.5], [5.5, 5.5, 6.5, 7.5], [middle] * 4]
    assert made.sets["real"][:, :, 1].tolist() == [[0, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1]]
    assert made.sets["synthetic"][1].tolist() == [[4.5, 0], [4.5, 1], [6.5, 0], [np.inf, 0]]
    assert made.scaled()["synthetic"].max() == 1000


def test_a_target_that_never_varies_is_the_label() -> None:
    frame = frame_of([6] * 8).assign(label=lambda f: np.where(f["id"] % 2, "a", "b"))
    other = frame.copy()
    other.loc[[0, 1], "label"] = "a"  # 2 of 6 rows: the commonest stays
    other.loc[other["id"] == 1, "label"] = "new"
    other.loc[other["id"] == 2, "label"] = None
    made = cut(frame, other, key="id", target="label")
    assert made.labels is not None
    assert made.labels["real"].tolist() == ["b", "a"] * 4
    assert made.labels["synthetic"].tolist() == ["b", None, None, "a", "b", "a", "b", "a"]
    assert "label" not in " ".join(made.channels)
    assert cut(frame.assign(label="a"), key="id", target="label").labels is None
    within = frame.assign(label=np.resize(["a", "b", "b"], 48))
    varying = cut(within, key="id", target="label")
    assert varying.labels is None
    assert "label = a" in varying.channels
    assert cut(frame, key="id", target="y").labels is None


def test_scaling_is_by_the_real_windows_and_bounded() -> None:
    x = np.random.default_rng(0).normal(5, 3, (20, 6, 2))
    x[:, :, 1] = x[:, :, 0] * 1e300
    made = cut(x, x * 2)
    scaled = made.scaled()
    assert scaled["real"].min((0, 1)) == pytest.approx([0, 0])
    assert scaled["real"].max((0, 1)) == pytest.approx([1, 1])
    low, high = x[:, :, 0].min(), x[:, :, 0].max()
    np.testing.assert_allclose(scaled["synthetic"][:, :, 0], (2 * x[:, :, 0] - low) / (high - low))
    far = cut(x, np.full_like(x, 1e308)).scaled()["synthetic"]
    assert far.max() == 1000
