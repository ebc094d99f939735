"""All figures of synthetic windows: against scipy and loops, and on windows whose answer is known."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import signal, stats
from scipy.spatial.distance import cdist

from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError
from wgan_aug.evaluation import sequences, timegan_scores
from wgan_aug.evaluation.sequence_judges import RandomConvolutions, RidgeClassifier, window_groups
from wgan_aug.evaluation.sequences import (
    autocorrelation,
    classwise_scores,
    cut_windows,
    nearest_windows,
    sequence_array,
    sequence_errors,
    sequence_scores,
)


def waves(n: int, seed: int, steps: int = 24) -> np.ndarray:
    """Return smooth windows of two channels, the second one following the first."""
    rng = np.random.default_rng(seed)
    phase, rate = rng.uniform(0, 6.28, (n, 1)), rng.uniform(0.2, 0.6, (n, 1))
    one = np.sin(rate * np.arange(steps) + phase)
    return np.stack([one, 0.5 * np.roll(one, 1, axis=1)], axis=2) + rng.normal(0, 0.1, (n, steps, 2))


def labelled(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return waves that are faster in class "b", and wilder in class "c"."""
    rng = np.random.default_rng(seed)
    y = rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2])
    rate = np.where(y == "b", 1.0, 0.4)[:, None] + rng.normal(0, 0.05, (n, 1))
    x = np.sin(rate * np.arange(16) + rng.uniform(0, 6.28, (n, 1)))
    return (x + rng.normal(0, 1, (n, 16)) * np.where(y == "c", 0.6, 0.2)[:, None])[:, :, None], y


# ---- from frames


def long_frame(n: int = 5, steps: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    keys = np.repeat([f"s{i}" for i in range(n)], steps)
    return pd.DataFrame(
        {
            "id": keys,
            "when": np.tile(pd.date_range("2024-01-01", periods=steps), n),
            "x": rng.normal(size=n * steps),
            "count": pd.array(rng.integers(0, 9, n * steps), dtype="Int64"),
            "kind": np.repeat([f"k{i % 2}" for i in range(n)], steps),
        }
    )


def test_a_long_frame_becomes_an_array_whatever_the_order_of_its_rows() -> None:
    frame = long_frame()
    shuffled = frame.sample(frac=1, random_state=3, ignore_index=True)
    made = sequence_array(shuffled, sequence_key="id", sequence_index="when", label_column="kind")
    assert made.keys == list(dict.fromkeys(shuffled["id"]))
    assert made.columns == ["x", "count"]
    assert made.values.shape == (5, 4, 2)
    assert made.labels is not None
    for i, key in enumerate(made.keys):
        rows = frame[frame["id"] == key].sort_values("when")
        np.testing.assert_array_equal(made.values[i], rows[["x", "count"]].to_numpy(float))
        assert made.labels[i] == rows["kind"].iloc[0]


def test_without_an_index_rows_stay_as_they_come() -> None:
    frame = pd.DataFrame({"id": [2, 1, 2, 1], "x": [5, 6, 7, 8], "z": [0, 0, 0, 0]})
    made = sequence_array(frame, sequence_key="id", value_columns=["x"])
    assert (made.keys, made.values[:, :, 0].tolist(), made.labels) == ([2, 1], [[5, 7], [6, 8]], None)


def test_ragged_sequences_are_refused_with_counts() -> None:
    frame = long_frame().drop(index=[0, 5, 6])
    told = r"by 'id' have 3 lengths: 3 of 4 steps \(e.g. 's2'\); 1 of 2 steps \(e.g. 's1'\); 1 of 3 steps \(e.g. 's0'\)"
    with pytest.raises(InvalidDataError, match=told):
        sequence_array(frame, sequence_key="id", sequence_index="when", value_columns=["x"])
    many = pd.DataFrame({"id": np.repeat(np.arange(8), np.arange(1, 9)), "x": 0.0})
    with pytest.raises(InvalidDataError, match=r"8 lengths: .*; and 3 further lengths"):
        sequence_array(many, sequence_key="id")


def test_bad_frames_are_told() -> None:
    frame = long_frame()
    make = functools.partial(sequence_array, sequence_key="id", sequence_index="when", value_columns=["x"])
    with pytest.raises(InvalidParameterError, match=r"does not have the column 'wehn'. Did you mean 'when'"):
        make(frame, sequence_index="wehn")
    with pytest.raises(InvalidDataError, match=r"Column 'kind' is str.* not numbers"):
        make(frame, value_columns=["x", "kind"])
    with pytest.raises(InvalidDataError, match="0 rows and 1 value columns"):
        make(frame.iloc[:0])
    with pytest.raises(InvalidDataError, match="come more than once: 'x'"):
        make(pd.concat([frame, frame[["x"]]], axis=1))
    with pytest.raises(InvalidDataError, match=r"2 rows repeat a 'when' of their sequence .* first in sequence 's1'"):
        make(pd.concat([frame, frame.iloc[[4, 9]]]))
    holes = frame.copy()
    holes.loc[[1, 2], "x"] = np.nan
    holes.loc[3, "id"] = None
    with pytest.raises(InvalidDataError, match=r"2 problems: .*'id' has 1 missing .*'x' has 2 missing cells in 20"):
        make(holes)
    varying = frame.copy()
    varying.loc[6, "kind"] = "other"
    with pytest.raises(InvalidDataError, match=r"Column 'kind' has more than one value in 1 of 5 sequences.* 's1'"):
        make(varying, label_column="kind")


def test_windows_of_a_long_series() -> None:
    rows = np.arange(20.0).reshape(10, 2)
    windows, starts = cut_windows(rows, 4, stride=3)
    assert starts.tolist() == [0, 3, 6]
    for window, start in zip(windows, starts, strict=True):
        assert np.array_equal(window, rows[start : start + 4])
    with pytest.raises(InvalidDataError, match=r"shape \(10, 2\); windows of 11 steps"):
        cut_windows(rows, 11)
    with pytest.raises(InvalidParameterError, match="stride is 0"):
        cut_windows(rows, 4, stride=0)


# ---- errors


def test_errors_equal_scipy_and_loops() -> None:
    rng = np.random.default_rng(0)
    r = rng.normal(size=(60, 15, 3)).cumsum(1)
    s = np.round(rng.normal(0.2, 1.3, size=(45, 15, 3)).cumsum(1), 1)
    found = sequence_errors(r, s, channels=["a", "b", "c"])
    table = found.by_channel.set_index("channel")
    pairs, pairs_diff = np.zeros((3, 3)), np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            for out, f in ((pairs, lambda v: v), (pairs_diff, lambda v: np.diff(v, axis=1))):
                a, b = (np.corrcoef(f(v)[:, :, i].ravel(), f(v)[:, :, j].ravel())[0, 1] for v in (r, s))
                out[i, j] = abs(a - b)
    for c, name in enumerate("abc"):
        a, b = r[:, :, c], s[:, :, c]
        row = table.loc[name]
        assert row["ks"] == pytest.approx(stats.ks_2samp(a.ravel(), b.ravel()).statistic)
        assert row["ks_diff"] == pytest.approx(
            stats.ks_2samp(np.diff(a, axis=1).ravel(), np.diff(b, axis=1).ravel()).statistic
        )
        p, q = (  # scipy's density is one-sided: the plain power is half of it, but for the last line of even lengths
            signal.periodogram(v / a.std(), detrend="constant", scaling="spectrum", return_onesided=False)[1]
            .mean(0)[1 : 15 // 2 + 1] * 15
            for v in (a, b)
        )  # fmt: skip
        assert row["spectrum"] == pytest.approx(np.abs(np.log10(p + 1e-8) - np.log10(q + 1e-8)).mean())
        others = [j for j in range(3) if j != c]
        assert row["cross_correlation"] == pytest.approx(pairs[c, others].mean())
        assert row["cross_correlation_diff"] == pytest.approx(pairs_diff[c, others].mean())
    assert found.ks == pytest.approx(table["ks"].mean())
    assert found.ks_worst == pytest.approx(table["ks"].max())
    assert found.cross_correlation == pytest.approx((pairs[0, 1] + pairs[0, 2] + pairs[1, 2]) / 3)
    gaps = np.abs(autocorrelation(r, within=True) - autocorrelation(s, within=True))
    assert found.autocorrelation_within == pytest.approx(gaps.mean())


@pytest.mark.parametrize("within", [False, True])
def test_autocorrelation_equals_a_loop(within: bool) -> None:
    x = np.random.default_rng(0).normal(3, 1, size=(7, 9, 2)).cumsum(1)
    found = autocorrelation(x, within=within)
    assert found.shape == (4, 2)
    for c in range(2):
        u = [[v - (np.mean(w) if within else x[:, :, c].mean()) for v in w] for w in x[:, :, c]]
        variance = np.mean([v * v for w in u for v in w])
        for lag in range(1, 5):
            products = [w[t] * w[t + lag] for w in u for t in range(9 - lag)]
            assert found[lag - 1, c] == pytest.approx(np.mean(products) / variance)


def test_fresh_windows_have_errors_near_the_floor() -> None:
    scores = sequence_scores(waves(600, 0), waves(600, 1))
    assert scores.errors_floor is not None
    for name in ("ks", "ks_diff", "autocorrelation", "autocorrelation_within", "cross_correlation", "spectrum"):
        assert getattr(scores.errors, name) < 1.5 * getattr(scores.errors_floor, name) + 0.005
    assert scores.errors.ks < 0.03
    assert scores.nearest.ratio == pytest.approx(1, abs=0.08)
    assert scores.nearest.spread == pytest.approx(1, abs=0.1)
    assert scores.nearest.copies < 0.03
    assert scores.judges is not None
    assert scores.judges.strong < 0.15


def test_windows_shuffled_in_time_keep_marginals_and_lose_the_rest() -> None:
    x = waves(300, 0)
    order = np.random.default_rng(0).permuted(np.tile(np.arange(24), (300, 1)), axis=1)
    shuffled = np.take_along_axis(x, order[:, :, None], axis=1)
    scores = sequence_scores(x, shuffled)
    assert scores.errors.ks == 0
    assert scores.errors.cross_correlation < 1e-12
    assert scores.errors.autocorrelation > 0.3
    assert scores.errors.ks_diff > 0.2
    assert scores.errors.spectrum > 0.3
    assert scores.judges is not None
    assert scores.judges.rocket_auc > 0.99


def test_shifted_phases_keep_the_spectrum_and_break_the_cross_correlation() -> None:
    rng = np.random.default_rng(0)
    t, k = np.arange(24), rng.integers(1, 8, (200, 1))
    one = np.sin(2 * np.pi * k * t / 24 + rng.uniform(0, 6.28, (200, 1)))
    real, turned = np.stack([one, one], 2), np.stack([one, -one], 2)
    found = sequence_errors(real, turned)
    assert found.spectrum < 1e-9
    assert found.autocorrelation < 1e-9
    assert found.cross_correlation == pytest.approx(2)
    assert found.cross_correlation_diff == pytest.approx(2)


def test_one_channel_has_no_cross_correlation_and_constants_no_error() -> None:
    x = waves(30, 0)[:, :, :1]
    alone = sequence_errors(x, waves(30, 1)[:, :, :1])
    assert np.isnan(alone.cross_correlation)
    assert alone.to_json()["cross_correlation"] is None
    flat = np.concatenate([x, np.full_like(x, 0.1)], axis=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        row = sequence_errors(flat, flat[::-1]).by_channel.iloc[1]
    assert (row[1:].abs() < 1e-9).all()
    with pytest.raises(InvalidParameterError, match="channels has 1 names; the windows have 2 channels"):
        sequence_errors(flat, flat, channels=["a"])


# ---- copies


def test_nearest_windows_equal_a_table_of_all_distances() -> None:
    r, s, h = waves(50, 0), waves(40, 1), waves(30, 2)
    groups = np.repeat(np.arange(10), 5)
    groups[45:] = -1
    found = nearest_windows(r, s, holdout=h, groups=groups)
    flat = [v.reshape(len(v), -1) for v in (r, s, h)]
    own = cdist(flat[0][:45], flat[0][:45])
    own[groups[:45, None] == groups[:45]] = np.inf
    base, far, fresh = own.min(1), cdist(flat[1], flat[0]).min(1), cdist(flat[2], flat[0]).min(1)
    inner = cdist(flat[1], flat[1]) + np.diag(np.full(40, np.inf))
    assert found.ratio == pytest.approx(np.median(far) / np.median(base))
    assert found.copies == np.mean(far < np.quantile(base, 0.01))
    assert found.ratio_holdout == pytest.approx(np.median(far) / np.median(fresh))
    assert found.copies_holdout == np.mean(far < np.quantile(fresh, 0.01))
    assert found.n_queries == 40
    rows = np.random.default_rng(0).permutation(45)[:40]  # the real windows that the spread is compared with
    assert found.spread == pytest.approx(np.median(inner.min(1)) / np.median(own[np.ix_(rows, rows)].min(1)))


def test_copies_are_caught_where_everything_else_is_fooled() -> None:
    real, hold = waves(300, 0), waves(100, 1)
    copied = real[np.random.default_rng(0).integers(0, 300, 300)]
    scores = sequence_scores(real, copied, holdout=hold)
    near = scores.nearest
    assert (near.exact, near.copies, near.copies_holdout, near.ratio, near.ratio_holdout) == (1, 1, 1, 0, 0)
    assert scores.judges is not None
    assert scores.judges.strong < 0.25
    jittered = nearest_windows(real, copied + 1e-4, holdout=hold)
    assert (jittered.exact, jittered.copies) == (0, 1)
    clean = nearest_windows(real, waves(300, 3), holdout=hold)
    assert clean.exact == 0
    assert clean.ratio_holdout == pytest.approx(1, abs=0.1)
    assert clean.copies_holdout < 0.06


def test_collapsed_and_far_off_windows_show_in_spread_and_ratio() -> None:
    real = waves(200, 0)
    rng = np.random.default_rng(0)
    assert nearest_windows(real, waves(1, 1) + rng.normal(0, 0.01, (200, 24, 2))).spread < 0.2
    assert nearest_windows(real, waves(200, 1) + 5).ratio > 3


def test_windows_sharing_steps_are_not_each_others_nearest() -> None:
    series = np.random.default_rng(0).normal(size=(400, 1)).cumsum(0)
    windows, starts = cut_windows(series, 12)
    groups = window_groups(starts, 12)
    shared, apart = (nearest_windows(windows, waves(50, 0, 12)[:, :, :1], groups=g) for g in (None, groups))
    assert apart.ratio < 0.8 * shared.ratio  # the distance between overlapping windows is far too small a base


def test_a_single_block_has_no_distance_to_others() -> None:
    x = waves(20, 0)
    found = nearest_windows(x, waves(20, 1), groups=np.zeros(20, int)).to_json()
    assert found["ratio"] is found["copies"] is found["spread"] is found["ratio_holdout"] is None
    assert found["exact"] == 0


# ---- worth to a classifier


def test_fresh_labelled_windows_are_worth_as_much_as_real_ones() -> None:
    (r, yr), (s, ys), (t, yt) = labelled(150, 0), labelled(150, 1), labelled(200, 2)
    found = classwise_scores(r, s, t, (yr, ys, yt), seeds=2, kernels=200)
    assert found.trtr > 0.85
    assert found.ratio == pytest.approx(1, abs=0.06)
    assert found.ratio_interval[0] < found.ratio < found.ratio_interval[1]
    assert found.gain_interval[0] <= found.gain <= found.gain_interval[1]
    assert found.gain == pytest.approx(found.both - found.trtr)
    table = found.by_class.set_index("label")
    assert list(table.index) == ["a", "b", "c"]
    for name, y in (("n_real", yr), ("n_synthetic", ys), ("n_holdout", yt)):
        assert table[name].to_dict() == pd.Series(y).value_counts().to_dict()
    for name in ("trtr", "tstr", "both"):
        assert (table["n_holdout"] * table[f"recall_{name}"]).sum() / 200 == pytest.approx(getattr(found, name))
    tv = 0.5 * sum(abs(np.mean(yr == c) - np.mean(ys == c)) for c in "abc")
    assert found.class_tv == pytest.approx(tv)


def test_labelled_scores_are_accuracies_of_the_ridge_on_convolutions() -> None:
    (r, yr), (s, ys), (t, yt) = labelled(60, 0), labelled(50, 1), labelled(70, 2)
    found = classwise_scores(r, s, t, (yr, ys, yt), seeds=2, kernels=60, random_state=4)
    expected = []
    for seed in (4, 5):
        f = RandomConvolutions(r, kernels=60, random_state=seed).transform
        expected.append(
            [
                np.mean(RidgeClassifier(f(x), y).predict(f(t)) == yt)
                for x, y in ((r, yr), (s, ys), (np.concatenate([r, s]), np.concatenate([yr, ys])))
            ]
        )
    np.testing.assert_allclose([found.trtr, found.tstr, found.both], np.mean(expected, 0))


def test_wrong_labels_are_worth_nothing_and_a_lost_class_is_named() -> None:
    (r, yr), (s, ys), (t, yt) = labelled(150, 0), labelled(150, 1), labelled(200, 2)
    wrong = classwise_scores(r, s, t, (yr, np.random.default_rng(0).permutation(ys), yt), seeds=1, kernels=200)
    assert wrong.tstr < 0.6
    assert wrong.ratio_interval[1] < 0.8
    kept = ys != "b"
    lost = classwise_scores(r, s[kept], t, (yr, ys[kept], yt), seeds=1, kernels=200)
    table = lost.by_class.set_index("label")
    assert table.loc["b", "recall_tstr"] == 0
    assert table.loc["b", "recall_trtr"] > 0.9
    assert lost.class_tv >= np.mean(yr == "b") - 1e-12


def test_intervals_are_those_of_paired_means() -> None:
    hits = (np.random.default_rng(0).random((3, 800)) < [[0.8], [0.6], [0.9]]).astype(float)
    hits[2] = np.maximum(hits[2], hits[0])  # the pairing makes the interval of the gain a narrow one
    ratios, gains = sequences._resample(hits, np.random.default_rng(1))
    d = hits[2] - hits[0]
    half = 1.96 * d.std() / np.sqrt(800)
    np.testing.assert_allclose(gains, [d.mean() - half, d.mean() + half], atol=0.15 * half)
    a, b = hits[0].mean(), hits[1].mean()
    half = 1.96 * (hits[1] / b - hits[0] / a).std() * b / a / np.sqrt(800)  # the delta method
    np.testing.assert_allclose(ratios, [b / a - half, b / a + half], atol=0.15 * half)


def test_synthetic_windows_help_where_real_ones_are_few() -> None:
    (r, yr), (s, ys), (t, yt) = labelled(12, 0), labelled(300, 1), labelled(400, 2)
    found = classwise_scores(r, s, t, (yr, ys, yt), seeds=2, kernels=200)
    assert found.gain_interval[0] > 0


def test_bad_labels_are_told() -> None:
    (r, yr), (s, ys), (t, yt) = labelled(20, 0), labelled(20, 1), labelled(20, 2)
    score = functools.partial(classwise_scores, r, s, t, seeds=1, kernels=10)
    with pytest.raises(InvalidDataError, match="labels has 2 entries; one is needed for each of real, synthetic, hold"):
        score((yr, ys))
    with pytest.raises(InvalidDataError, match=r"2 problems: .*real have shape \(19,\); it has 20.*holdout have shape"):
        score((yr[1:], ys, yt[:, None]))
    with pytest.raises(InvalidDataError, match="labels of synthetic have 20 missing"):
        score((yr, np.full(20, np.nan), yt))
    with pytest.raises(InvalidDataError, match="Labels of synthetic that no real window has: 'z'"):
        score((yr, np.where(ys == "a", "z", ys), yt))
    with pytest.raises(InvalidDataError, match="All real windows have the label 'a'"):
        score((["a"] * 20, ["a"] * 20, ["a"] * 20))
    with pytest.raises(InvalidParameterError, match="seeds is 0"):
        classwise_scores(r, s, t, (yr, ys, yt), seeds=0)
    new = score((yr, ys, np.where(yt == "a", "new", yt))).by_class.set_index("label")
    assert new.loc["new", ["n_real", "recall_trtr"]].tolist() == [0, 0]  # a class that nobody could have learned
    numbers = {"a": 3, "b": 1, "c": 2}
    coded = score([[numbers[v] for v in y] for y in (yr, ys, yt)])
    assert coded.by_class["label"].tolist() == [1, 2, 3]


# ---- all of it


def test_all_figures_are_json_and_the_seed_decides() -> None:
    r, s, h = waves(60, 0), waves(50, 1), waves(20, 2)
    one, same, other = (sequence_scores(r, s, holdout=h, channels=["u", "v"], random_state=k) for k in (0, 0, 1))
    plain = json.loads(json.dumps(one.to_json(), allow_nan=False))
    assert plain == same.to_json() | {"shape": [60, 24, 2]}
    assert plain != other.to_json()
    assert (one.shape, one.n_synthetic, one.n_holdout, one.budget, one.notes) == ((60, 24, 2), 50, 20, "fast", ())
    assert [row["channel"] for row in plain["errors"]["by_channel"]] == ["u", "v"]
    assert plain["published"] is plain["labelled"] is None
    assert plain["judges"]["n_real"] == 80  # the hold-out counts as real


def test_the_full_budget_adds_the_published_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("discriminative_score", "predictive_score"):
        short = functools.partial(getattr(timegan_scores, name), iterations=20)
        monkeypatch.setattr(timegan_scores, name, short)
    monkeypatch.setitem(sequences._BUDGETS, "full", sequences._BUDGETS["fast"])
    r, s = waves(40, 0), waves(40, 1) + 1
    found = sequence_scores(r, s, budget="full", random_state=3)
    assert found.published is not None
    assert len(found.published.discriminative.values) == 3
    expected = timegan_scores.predictive_score(r, s, random_state=3).mean
    assert found.published.predictive.mean == expected
    assert found.published.predictive_real.mean == timegan_scores.predictive_score(r, r, random_state=3).mean
    assert any("mean of 3 repeats" in note for note in found.notes)
    assert found.to_json()["published"]["predictive"]["mean"] == expected


def test_labels_without_a_hold_out_split_one_off_and_say_so() -> None:
    (r, yr), (s, ys) = labelled(80, 0), labelled(60, 1)
    for labels in ((yr, ys), (yr, ys, None)):
        found = sequence_scores(r, s, labels=labels)
        assert found.labelled is not None
        assert found.labelled.by_class["n_holdout"].sum() == 20
        assert found.labelled.by_class["n_real"].sum() == 60
        assert "20 of 80 real windows were held out from the classifiers" in found.notes[0]


def test_overlapping_windows_without_groups_are_warned_of() -> None:
    windows, starts = cut_windows(np.random.default_rng(0).normal(size=(200, 2)).cumsum(0), 12, stride=2)
    with pytest.warns(DataWarning, match="overlap: most repeat all but 2 of the steps .* groups=window_groups"):
        sequence_scores(windows, waves(40, 0, 12))
    grouped = sequence_scores(windows, waves(40, 0, 12), groups=window_groups(starts, 12))
    assert grouped.judges is not None
    assert grouped.judges.n_groups == 6


def test_few_blocks_leave_the_judges_out_with_a_note() -> None:
    x, s = waves(20, 0), waves(20, 1)
    two = sequence_scores(x, s, groups=np.repeat([0, 1], 10))
    assert two.judges is None
    assert "No judges: 2 real blocks and 20 synthetic windows" in two.notes[0]
    four = sequence_scores(x, s, groups=np.repeat([0, 1, 2, 3], 5))
    assert four.judges is not None
    assert four.judges.strong_floor is None
    assert "No floor for the judges: 4 real blocks" in four.notes[0]
    one = sequence_scores(x[:1], s)
    assert one.errors_floor is None


def test_bad_input_is_told() -> None:
    x = waves(20, 0)
    with pytest.raises(
        InvalidParameterError, match=r"budget is 'ful'; allowed are 'fast' and 'full'. Did you mean 'full'"
    ):
        sequence_scores(x, x, budget="ful")  # type: ignore[arg-type]
    hole = x.copy()
    hole[0, 0, 0] = np.nan
    with pytest.raises(
        InvalidDataError, match=r"2 problems: .*synthetic has shape \(20, 23, 2\).*holdout has 1 missing"
    ):
        sequence_scores(x, x[:, 1:], holdout=hole)
    with pytest.raises(InvalidDataError, match=r"groups has shape \(3,\); .* \(20,\)"):
        sequence_scores(x, x, groups=[0, 1, 2])


def test_only_the_published_scores_need_torch() -> None:
    code = "import sys, wgan_aug.evaluation.sequences; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
