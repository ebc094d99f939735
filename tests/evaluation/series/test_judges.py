"""The strong judges of windows, on cases whose answer is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.evaluation.series.builders import waves
from wgan_aug.errors import InvalidDataError, InvalidParameterError
from wgan_aug.evaluation.series.judges import strong_judges


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
