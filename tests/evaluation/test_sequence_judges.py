"""The strong judges of windows: their parts against slow references, and cases whose answer is known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import cdist
from sklearn.linear_model import Ridge

from wgan_aug.errors import InvalidDataError, InvalidParameterError
from wgan_aug.evaluation.sequence_judges import (
    RandomConvolutions,
    RidgeClassifier,
    check_groups,
    check_windows,
    halves,
    nearest,
    strong_judges,
    summary_features,
    to_plain,
    window_groups,
)


def waves(n: int, seed: int, steps: int = 24) -> np.ndarray:
    """Return smooth windows of two channels, the second one following the first."""
    rng = np.random.default_rng(seed)
    phase, rate = rng.uniform(0, 6.28, (n, 1)), rng.uniform(0.2, 0.6, (n, 1))
    one = np.sin(rate * np.arange(steps) + phase)
    return np.stack([one, 0.5 * np.roll(one, 1, axis=1)], axis=2) + rng.normal(0, 0.1, (n, steps, 2))


# ---- what windows are


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (np.zeros((3, 8)), r"real has shape \(3, 8\); windows have three axes .* values\[:, :, None\]"),
        (np.zeros((3, 8, 2, 1)), r"shape \(3, 8, 2, 1\); windows have three axes"),
        (np.zeros((0, 8, 2)), r"shape \(0, 8, 2\) .* at least one window of 4 steps and one channel"),
        (np.zeros((3, 3, 2)), r"shape \(3, 3, 2\) .* at least one window of 4 steps"),
        (np.zeros((3, 8, 0)), r"shape \(3, 8, 0\) .* one channel"),
        (np.full((3, 8, 2), "a"), r"real has dtype <U1; windows are numbers"),
        (np.zeros((3, 8, 2), complex), r"real has dtype complex128"),
        (
            [np.zeros((8, 1)), np.zeros((7, 1)), np.zeros((8, 1))],
            r"different shapes, lengths 8 \(2 windows\), 7 \(1 windows\)",
        ),
    ],
)
def test_bad_windows_are_told_with_their_shape(bad: object, told: str) -> None:
    with pytest.raises(InvalidDataError, match=told):
        check_windows({"real": bad})


def test_missing_and_infinite_values_are_counted_and_all_mistakes_told_at_once() -> None:
    bad = np.zeros((5, 8, 3))
    bad[1, 2, 0] = bad[1, 3, 0] = np.nan
    bad[4, 0, 2] = np.inf
    with pytest.raises(InvalidDataError, match="2 problems") as caught:
        check_windows({"real": np.zeros((2, 8, 3)), "synthetic": bad, "holdout": np.zeros((2, 9, 3))})
    told = str(caught.value)
    assert "synthetic has 2 missing and 1 infinite values in 2 of 5 windows (channels [0, 2])" in told
    assert "holdout has shape (2, 9, 3) and real (2, 8, 3)" in told


def test_windows_of_whole_numbers_and_lists_are_taken() -> None:
    taken = check_windows({"real": np.ones((2, 4, 1), np.int8), "synthetic": [[[1.0]] * 4]})
    assert [x.dtype for x in taken.values()] == [np.float64, np.float64]
    assert taken["synthetic"].shape == (1, 4, 1)


@pytest.mark.parametrize(("length", "span"), [(1, 1), (4, 3), (7, 2), (5, 1)])
def test_windows_of_different_blocks_share_no_row(length: int, span: int) -> None:
    starts = np.random.default_rng(0).integers(0, 90, 60)
    groups = window_groups(starts, length, span=span)
    rows = {g: {s + i for s in starts[groups == g] for i in range(length)} for g in np.unique(groups[groups >= 0])}
    for a in rows:
        for b in rows:
            assert a == b or not rows[a] & rows[b]
    block = {s: {(s + i) // (span * length) for i in range(length)} for s in starts.tolist()}
    assert [g >= 0 for g in groups] == [len(block[s]) == 1 for s in starts.tolist()]  # only straddlers are left out


def test_bad_starts_and_groups() -> None:
    with pytest.raises(InvalidDataError, match=r"starts has shape \(2,\) and dtype float64"):
        window_groups([0.0, 1.0], 3)
    with pytest.raises(InvalidDataError, match="whole numbers >= 0"):
        window_groups([-1, 1], 3)
    with pytest.raises(InvalidParameterError, match="length is 0 and span is 3"):
        window_groups([1], 0)
    with pytest.raises(InvalidDataError, match=r"groups has shape \(2,\); .* \(3,\)"):
        check_groups([1, 2], 3)
    with pytest.raises(InvalidDataError, match="All 2 groups are negative"):
        check_groups([-1, -1], 2)


def test_groups_become_codes() -> None:
    assert check_groups(None, 3).tolist() == [0, 1, 2]
    assert check_groups([9, -3, 4, 9], 4).tolist() == [1, -1, 0, 1]
    assert check_groups(["x", "x", "a"], 3).tolist() == [1, 1, 0]


def test_halves_keep_groups_whole() -> None:
    codes = np.repeat(np.arange(9), [1, 2, 3, 4, 5, 6, 7, 8, 9])
    one = halves(codes, np.random.default_rng(0))
    assert len(np.unique(codes[one])) == 4
    assert not set(codes[one]) & set(codes[~one])


# ---- features


@pytest.mark.parametrize(("steps", "channels"), [(4, 1), (11, 3), (24, 2), (50, 12)])
def test_convolutions_equal_a_loop(steps: int, channels: int) -> None:
    x = np.random.default_rng(1).normal(3, 2, (7, steps, channels))
    made = RandomConvolutions(x, kernels=40, random_state=2)
    z = (x - x.mean((0, 1))) / x.std((0, 1))
    shares, maxima = [], []
    for bank in made.banks:
        assert (bank.length - 1) * bank.dilation <= steps - 1
        for kernel, bias in zip(bank.weights.T, bank.bias, strict=True):
            w = kernel.reshape(bank.length, channels)
            outs = np.full((7, steps + 2 * bank.padding - (bank.length - 1) * bank.dilation), float(bias))
            for t in range(outs.shape[1]):
                for j in range(bank.length):
                    at = t + j * bank.dilation - bank.padding
                    if 0 <= at < steps:
                        outs[:, t] += z[:, at] @ w[j]
            shares.append((outs > 0).mean(1))
            maxima.append(outs.max(1))
    found = made.transform(x)
    assert found.shape == (7, 80)
    np.testing.assert_allclose(found[:, 40:], np.stack(maxima, 1), atol=2e-5)
    assert np.abs(found[:, :40] - np.stack(shares, 1)).mean() < 1e-3  # an output at the bias may round either way


def test_kernels_are_drawn_as_documented() -> None:
    x = np.random.default_rng(0).normal(size=(50, 24, 5))
    made = RandomConvolutions(x, kernels=1500)
    kernels = [(b.length, b.padding, k.reshape(b.length, 5)) for b in made.banks for k in b.weights.T]
    assert len(kernels) == 1500
    lengths = np.bincount([length for length, *_ in kernels], minlength=10)[[3, 5, 7, 9]]
    assert stats.chisquare(lengths).pvalue > 1e-4
    assert 0.45 < np.mean([padding > 0 for _, padding, _ in kernels]) < 0.55
    assert 0.70 < np.mean([np.abs(w.sum(0)).max() < 1e-5 for *_, w in kernels]) < 0.80
    seen = np.array([(w != 0).any(0).sum() for *_, w in kernels])
    assert set(seen) == {1, 2, 3, 4, 5}
    shares = made.transform(x)[:, :1500].mean(0)
    assert stats.kstest(shares, "uniform").statistic < 0.06  # biases are uniform quantiles of the outputs


def test_convolutions_ignore_scale_and_survive_a_constant_channel() -> None:
    x = np.random.default_rng(0).normal(size=(20, 16, 2))
    other = x * [1000.0, 0.001] + [5.0, -3.0]
    one, two = (RandomConvolutions(v, kernels=60).transform(v) for v in (x, other))
    np.testing.assert_allclose(one[:, 60:], two[:, 60:], atol=1e-4)
    x[:, :, 1] = 0.1
    assert np.isfinite(RandomConvolutions(x, kernels=60).transform(x)).all()


def test_convolutions_are_seeded_and_leave_the_global_generator_alone() -> None:
    x = np.random.default_rng(0).normal(size=(20, 16, 2))
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one, same, other = (RandomConvolutions(x, kernels=20, random_state=s).transform(x) for s in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
    with pytest.raises(InvalidParameterError, match="kernels is 0"):
        RandomConvolutions(x, kernels=0)


def test_summary_features_equal_loops() -> None:
    x = np.random.default_rng(3).normal(size=(6, 20, 2)).cumsum(1)
    found = summary_features(x)
    assert found.shape == (6, 2 * (12 + 5 + 5) + 5)
    spread = x.std((0, 1))
    for i, window in enumerate(x):
        row = found[i]
        for c in range(2):
            v = window[:, c]
            d = np.diff(v)
            level = [v.mean(), v.std(), v.min(), v.max(), np.median(v), v[0], v[-1]]
            rough = [d.std(), np.abs(d).max(), np.abs(d).min(), np.abs(np.diff(d)).mean()]
            still = np.mean([abs(step) < 0.01 * spread[c] for step in d])
            u = v - v.mean()
            correlations = [np.mean(u[lag:] * u[:-lag]) / np.mean(u**2) for lag in (1, 2, 3, 5, 10)]
            t = np.arange(20)
            power = [np.log10(np.abs(np.sum(u * np.exp(-2j * np.pi * k * t / 20))) ** 2 + 1e-10) for k in range(1, 11)]
            bands = [np.mean(power[k : k + 2]) for k in range(0, 10, 2)]
            expected = [*level, *rough, still, *correlations, *bands]
            np.testing.assert_allclose(row[c : 2 * len(expected) : 2], expected, atol=1e-8)
        gap = window[:, 1] - window[:, 0]
        r = stats.pearsonr(window[:, 0], window[:, 1]).statistic
        np.testing.assert_allclose(row[-5:], [gap.mean(), gap.std(), gap.min(), gap.max(), r], atol=1e-7)


def test_summary_features_bound_the_number_of_pairs() -> None:
    x = np.random.default_rng(0).normal(size=(3, 8, 12))
    per_channel = summary_features(x[:, :, :1]).shape[1]
    assert summary_features(x).shape[1] == 12 * per_channel + 30 * 5
    assert summary_features(x, max_pairs=4).shape[1] == 12 * per_channel + 4 * 5


# ---- the ridge


@pytest.mark.parametrize(("n", "p", "classes"), [(80, 6, 2), (30, 50, 2), (60, 10, 3), (25, 25, 4)])
def test_ridge_equals_brute_force(n: int, p: int, classes: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.normal(2, 3, (n, p)), rng.integers(0, classes, n)
    x[:, 0] += y
    x[:, 1] = 7.0  # a constant feature counts for nothing
    model = RidgeClassifier(x, y)
    spread = x.std(0)
    z = np.where(spread > 1e-9, (x - x.mean(0)) / np.where(spread > 1e-9, spread, 1), 0.0)
    codes = np.where(y[:, None] == np.arange(classes), 1.0, -1.0)
    figures = []
    for strength in np.logspace(-2, 5, 15):
        hat = z @ np.linalg.solve(z.T @ z + strength * np.eye(p), z.T)
        residual = (codes - codes.mean(0)) - hat @ (codes - codes.mean(0))
        figures.append((residual**2).mean() / (1 - (np.trace(hat) + 1) / n) ** 2)
    assert model.strength == pytest.approx(np.logspace(-2, 5, 15)[int(np.argmin(figures))])
    reference = Ridge(alpha=model.strength).fit(z, codes)
    np.testing.assert_allclose(model.decide(x), reference.predict(z), atol=1e-7)
    assert np.array_equal(model.predict(x), reference.predict(z).argmax(1))


def test_ridge_of_one_class_says_that_class() -> None:
    model = RidgeClassifier(np.random.default_rng(0).normal(size=(9, 3)), np.array(["a"] * 9))
    assert model.predict(np.ones((2, 3))).tolist() == ["a", "a"]


# ---- distances


def test_nearest_equals_all_distances() -> None:
    rng = np.random.default_rng(0)
    q, r = rng.normal(1e4, 1, (40, 6, 2)), rng.normal(1e4, 1, (70, 6, 2))
    a, b = rng.integers(0, 5, 40), rng.integers(0, 5, 70)
    d = cdist(q.reshape(40, -1), r.reshape(70, -1))
    distances, rows = nearest(q, r)
    np.testing.assert_allclose(distances, d.min(1), rtol=1e-9)
    assert np.array_equal(rows, d.argmin(1))
    d[a[:, None] == b] = np.inf
    np.testing.assert_allclose(nearest(q, r, query_codes=a, reference_codes=b)[0], d.min(1), rtol=1e-9)
    alone = nearest(q, r, query_codes=np.zeros(40, int), reference_codes=np.zeros(70, int))[0]
    assert np.isinf(alone).all()
    assert (nearest(r, r)[0] == 0).all()  # a copy is at distance 0 in spite of rounding


# ---- the judges


def test_fresh_windows_of_the_same_kind_are_not_told_apart() -> None:
    found = [
        strong_judges(waves(300, s), waves(300, s + 50), kernels=100, random_state=s, floor_repeats=2) for s in range(3)
    ]
    for name in ("rocket_auc", "boost_auc", "rocket_floor", "boost_floor"):
        assert abs(np.mean([getattr(f, name) for f in found]) - 0.5) < 0.05  # sd of one AUC about 0.025
    for f in found:
        assert f.strong < 0.15
        assert f.rocket_auc == pytest.approx(np.mean(f.rocket_folds))
        assert f.strong == pytest.approx(max(0, 2 * max(f.rocket_auc, f.boost_auc) - 1))


@pytest.mark.parametrize("kind", ["shuffled in time", "reversed pairs", "smoothed", "shifted"])
def test_wrong_windows_are_told_apart(kind: str) -> None:
    real, other = waves(200, 0), waves(200, 1)
    rng = np.random.default_rng(2)
    if kind == "shuffled in time":
        other = other[:, rng.permutation(24)]
    elif kind == "reversed pairs":
        other = np.stack([other[:, :, 0], rng.permutation(other[:, :, 1])], 2)
    elif kind == "smoothed":
        other = (other + np.roll(other, 1, axis=1)) / 2
    else:
        other = other + 0.7
    found = strong_judges(real, other, kernels=150, floor_repeats=0)
    assert found.strong > 0.9
    assert found.rocket_floor is found.boost_floor is found.strong_floor is None


def test_copies_do_not_fool_the_judges_into_less_than_chance() -> None:
    x = waves(200, 0)
    found = strong_judges(x, x + np.random.default_rng(0).normal(0, 1e-3, x.shape), kernels=100, floor_repeats=0)
    assert 0.44 < found.rocket_auc < 0.62
    assert 0.44 < found.boost_auc < 0.62


def test_windows_of_one_group_are_never_on_both_sides() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(24), 12)
    real = rng.normal(size=(24, 16, 1))[groups] + rng.normal(0, 0.01, (288, 16, 1))
    synthetic = rng.normal(size=(288, 16, 1))  # the same kind of shapes, but each one its own
    grouped = strong_judges(real, synthetic, groups=groups, kernels=100, floor_repeats=0)
    leaky = strong_judges(real, synthetic, kernels=100, floor_repeats=0)
    assert leaky.boost_auc > 0.9  # a judge that has seen the groups knows them again
    assert grouped.boost_auc < 0.68
    assert (grouped.n_groups, leaky.n_groups) == (24, 288)


def test_windows_with_a_negative_group_are_left_out() -> None:
    x, s = waves(90, 0), waves(60, 1)
    groups = np.arange(90)
    groups[60:] = -1
    spoilt = x.copy()
    spoilt[60:] = 99.0
    one, two = (strong_judges(v, s, groups=groups, kernels=40) for v in (x, spoilt))
    assert one == two
    assert (one.n_real, one.n_synthetic, one.n_groups) == (60, 60, 60)


def test_windows_crowding_around_one_real_one_are_told_apart() -> None:
    found = strong_judges(waves(60, 0), np.repeat(waves(1, 5), 40, axis=0), kernels=40, floor_repeats=0)
    assert found.rocket_folds == (1.0, 1.0, 1.0)


def test_rounding_and_doubled_channels_do_not_decide_for_the_trees() -> None:
    real, other = np.round(waves(250, 0), 3), waves(250, 1)
    assert strong_judges(real, other, kernels=60, floor_repeats=0).strong < 0.25
    doubled, almost = real[:, :, [0, 0]], other[:, :, [0, 0]] + np.array([0.0, 1e-6])
    assert strong_judges(doubled, almost, kernels=60, floor_repeats=0).boost_auc < 0.62


def test_the_cap_bounds_both_sides_and_the_seed_decides() -> None:
    x, s = waves(80, 0), waves(120, 1)
    one, same, other = (strong_judges(x, s, cap=50, kernels=30, random_state=r) for r in (0, 0, 1))
    assert (one.n_real, one.n_synthetic) == (50, 50)
    assert one == same
    assert one != other
    assert len(json.loads(json.dumps(one.to_json(), allow_nan=False))["rocket_folds"]) == 3


def test_too_few_windows_and_bad_settings_are_told() -> None:
    x = waves(20, 0)
    with pytest.raises(InvalidDataError, match="2 blocks of real windows and 20 synthetic windows; 3 folds need"):
        strong_judges(x, x, groups=np.repeat([0, 1], 10))
    with pytest.raises(InvalidParameterError, match="folds is 1 and cap is 2000"):
        strong_judges(x, x, folds=1)
    few = strong_judges(x, waves(20, 1), groups=np.repeat(np.arange(5), 4), kernels=20)
    assert few.strong_floor is None  # two halves of five blocks cannot be cut into three folds each


def test_plain_values() -> None:
    assert to_plain({1: np.array([1.0, np.inf]), "b": (np.bool_(True), None, "x")}) == {
        "1": [1.0, None],
        "b": [True, None, "x"],
    }
