"""The toy distributions, against constants written out again here and scikit-learn's Swiss roll."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from sklearn.datasets import make_swiss_roll as sklearn_roll

from wgan_aug.datasets import (
    GRID_SD,
    RING_SD,
    grid_centres,
    make_grid,
    make_ring,
    make_swiss_roll,
    ring_centres,
)
from wgan_aug.errors import InvalidParameterError, WganAugError

Points = NDArray[np.float64]
Make = Callable[..., Points]
Mixture = tuple[Make, Points, float]

MAKERS: list[Any] = [make_ring, make_grid, make_swiss_roll]
ROOT = 2 / math.sqrt(2)
RING = np.array(
    [(2, 0), (ROOT, ROOT), (0, 2), (-ROOT, ROOT), (-2, 0), (-ROOT, -ROOT), (0, -2), (ROOT, -ROOT)],
    dtype=float,
)
GRID = np.array([(i, j) for i in (-4, -2, 0, 2, 4) for j in (-4, -2, 0, 2, 4)], dtype=float)
MIXTURES: list[Any] = [
    pytest.param((make_ring, RING / 1.414, 0.02 / 1.414), id="ring"),
    pytest.param((make_grid, GRID / 2.828, 0.05 / 2.828), id="grid"),
]


@pytest.fixture(params=MAKERS, ids=lambda make: make.__name__)
def make(request: pytest.FixtureRequest) -> Make:
    return request.param


@pytest.fixture(params=MIXTURES)
def mixture(request: pytest.FixtureRequest) -> Mixture:
    return request.param


def nearest(points: Points, centres: Points) -> NDArray[np.intp]:
    return np.linalg.norm(points[:, None] - centres, axis=2).argmin(axis=1)


def test_ring_constants() -> None:
    np.testing.assert_allclose(ring_centres(), RING / 1.414, atol=1e-12)
    assert pytest.approx(0.0141443, abs=1e-7) == RING_SD


def test_grid_constants() -> None:
    np.testing.assert_allclose(grid_centres(), GRID / 2.828, atol=1e-12)
    assert pytest.approx(0.0176803, abs=1e-7) == GRID_SD


@pytest.mark.parametrize("centres", [ring_centres, grid_centres])
def test_centres_are_the_callers_own(centres: Callable[[], Points]) -> None:
    first = centres()
    first += 1
    assert not np.allclose(first, centres())


def test_every_mode_has_its_share(mixture: Mixture) -> None:
    sample, centres, _ = mixture
    counts = np.bincount(nearest(sample(20_000, random_state=3), centres), minlength=len(centres))
    assert (counts > 0).all()
    assert stats.chisquare(counts).pvalue > 0.001
    assert counts.std() > 0, "the modes are drawn at random, not dealt out evenly"


def test_modes_come_in_random_order(mixture: Mixture) -> None:
    sample, centres, _ = mixture
    mode = nearest(sample(20_000, random_state=4), centres)
    repeats = float((mode[1:] == mode[:-1]).mean())
    share = 1 / len(centres)
    assert abs(repeats - share) < 5 * math.sqrt(share * (1 - share) / 20_000)


def test_noise_around_the_centres_is_normal_with_the_stated_sd(mixture: Mixture) -> None:
    sample, centres, sd = mixture
    points = sample(20_000, random_state=5)
    noise = (points - centres[nearest(points, centres)]) / sd
    assert stats.kstest(noise[:, 0], "norm").pvalue > 0.001
    assert stats.kstest(noise[:, 1], "norm").pvalue > 0.001
    assert abs(np.corrcoef(noise.T)[0, 1]) < 5 / math.sqrt(20_000)


def test_swiss_roll_has_the_law_of_scikit_learns() -> None:
    ours = make_swiss_roll(20_000, random_state=6)
    theirs = sklearn_roll(20_000, noise=0.25, random_state=7)[0][:, [0, 2]] / 7.5
    for direction in np.array([(1, 0), (0, 1), (1, 1), (1, -1)], dtype=float):
        assert stats.ks_2samp(ours @ direction, theirs @ direction).pvalue > 0.001
    radii = [np.linalg.norm(p, axis=1) for p in (ours, theirs)]
    assert stats.ks_2samp(*radii).pvalue > 0.001


def test_swiss_roll_noise() -> None:
    """Without noise the roll is a curve; what is left across it has an sd of 0.25 before scaling."""
    points = make_swiss_roll(20_000, random_state=8) * 7.5
    angle, radius = np.arctan2(points[:, 1], points[:, 0]), np.linalg.norm(points, axis=1)
    turns = np.round((radius - angle) / (2 * math.pi))
    across = radius - (angle + 2 * math.pi * turns)
    inside = (radius > 6) & (radius < 13)
    assert across[inside].std() == pytest.approx(0.25, rel=0.05)


@pytest.mark.parametrize("n", [0, 1, 7, np.int32(5)])
def test_shape_and_dtype(make: Make, n: int) -> None:
    points = make(n, random_state=0)
    assert points.shape == (n, 2)
    assert points.dtype == np.float64
    assert np.isfinite(points).all()


def test_same_seed_same_rows(make: Make) -> None:
    np.testing.assert_array_equal(make(50, random_state=1), make(50, random_state=1))
    np.testing.assert_array_equal(make(50, random_state=np.int64(1)), make(50, 1))
    assert not np.array_equal(make(50, random_state=1), make(50, random_state=2))


def test_no_seed_gives_fresh_rows(make: Make) -> None:
    assert not np.array_equal(make(50), make(50))


@pytest.mark.parametrize("kind", [np.random.default_rng, np.random.RandomState])
def test_a_generator_is_drawn_from_and_moves_on(make: Make, kind: Callable[[int], Any]) -> None:
    source = kind(9)
    first, second = make(50, random_state=source), make(50, random_state=source)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, make(50, random_state=kind(9)))


def test_a_seed_means_numpys_generator_of_that_seed(make: Make) -> None:
    np.testing.assert_array_equal(make(50, random_state=9), make(50, random_state=np.random.default_rng(9)))


@pytest.mark.parametrize("random_state", [None, 0])
def test_global_state_is_neither_read_nor_moved(make: Make, random_state: int | None) -> None:
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state(legacy=False)  # noqa: NPY002
    first = make(50, random_state=random_state)
    after = np.random.get_state(legacy=False)  # noqa: NPY002
    np.testing.assert_equal(after, before)
    np.random.seed(0)  # noqa: NPY002
    assert np.array_equal(first, make(50, random_state=random_state)) == (random_state == 0)


@pytest.mark.parametrize("n", [-1, 2.0, 2.5, "10", None, True, math.nan, np.float64(3)])
def test_bad_n(make: Make, n: object) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        make(n, random_state=0)
    assert str(caught.value) == f"n must be an integer of at least 0, but it is {n!r}."
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, WganAugError)


@pytest.mark.parametrize("random_state", [-1, 1.5, "seed", False, np.random])
def test_bad_random_state(make: Make, random_state: object) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        make(3, random_state=random_state)
    assert str(caught.value).startswith("random_state must be an integer of at least 0, a numpy Generator")
    assert str(caught.value).endswith(f"but it is {random_state!r}.")


def test_both_mistakes_are_told_at_once(make: Make) -> None:
    with pytest.raises(
        InvalidParameterError, match=r"2 problems: \(1\) n must .* -5\. \(2\) random_state must .* 'x'\."
    ):
        make(-5, random_state="x")
