"""What is put right after decoding: the distribution of each number, and constants of every sequence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import through_json
from wgan_aug.encoding.sequences.corrections import Calibration, Curves, Standards


def quantiles(numbers: np.ndarray) -> np.ndarray:
    return np.quantile(numbers, np.linspace(0.02, 0.98, 25), axis=0)


# ---- curves


def test_the_distribution_becomes_the_real_one() -> None:
    rng = np.random.default_rng(0)
    real = np.column_stack([rng.exponential(size=6000), rng.normal(3, 2, 6000), rng.beta(0.5, 0.5, 6000)])
    generated = np.column_stack([rng.normal(1, 0.5, 6000), rng.normal(size=6000), rng.random(6000)])
    curves = Curves.fit(generated[:3000], real[:3000])
    out = curves.apply(generated[3000:])
    spread = real.std(axis=0)
    assert (abs(quantiles(generated) - quantiles(real)).max(axis=0) / spread > 0.2).all()
    assert (abs(quantiles(out) - quantiles(real)).max(axis=0) / spread < 0.2).all()
    assert (out >= real[:3000].min(axis=0)).all()
    assert (out <= real[:3000].max(axis=0)).all()


def test_numbers_that_are_right_stay() -> None:
    rng = np.random.default_rng(0)
    real, generated = rng.normal(size=(20_000, 1)), rng.normal(size=(20_000, 1))
    out = Curves.fit(generated, real).apply(generated)
    inner = abs(generated) < 2
    assert abs(out - generated)[inner].max() < 0.12


samples = st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 3)), min_size=2, max_size=60)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(samples, samples, samples)
def test_a_curve_never_turns_an_order_round(generated: list[float], real: list[float], new: list[float]) -> None:
    one, two, three = (np.array(x)[:, None] for x in (generated, real, sorted(new)))
    curves = Curves.fit(one, two)
    out = curves.apply(three)
    slack = 1e-9 * (1 + abs(two).max())
    assert np.isfinite(out).all()
    assert (np.diff(out[:, 0]) >= -slack).all()
    assert out.min() >= two.min() - slack
    assert out.max() <= two.max() + slack
    again = Curves.from_json(through_json(curves.to_json()))
    np.testing.assert_array_equal(again.apply(three), out)


def test_generated_numbers_that_are_all_alike() -> None:
    real = np.random.default_rng(0).normal(size=(500, 2))
    out = Curves.fit(np.full((500, 2), 0.7), real).apply(np.full((9, 2), 0.7))
    assert np.isfinite(out).all()
    assert (out >= real.min(axis=0)).all()


def test_real_numbers_that_are_all_alike() -> None:
    curves = Curves.fit(np.random.default_rng(0).normal(size=(500, 1)), np.full((500, 1), 0.7))
    np.testing.assert_allclose(curves.apply(np.linspace(-9, 9, 50)[:, None]), 0.7)


# ---- calibration


def every(numbers: np.ndarray) -> np.ndarray:
    return np.ones(numbers.shape[:2], dtype=bool)


def levelled(n: int, steps: int, seed: int, level: float = 1.0, size: float = 1.0) -> np.ndarray:
    """Rough paths, each about a level of its own, with a size of its own."""
    rng = np.random.default_rng(seed)
    levels, sizes = rng.normal(0, level, (n, 1, 1)), size * rng.uniform(0.5, 1.5, (n, 1, 1))
    return levels + sizes * rng.normal(size=(n, steps, 1))


@pytest.mark.parametrize("ragged", [False, True])
def test_means_deviations_and_numbers_become_the_real_ones(ragged: bool) -> None:
    real, generated = levelled(3000, 12, 0, level=3.0, size=0.5) ** 3, levelled(3000, 12, 1, level=0.5, size=2.0)
    rng = np.random.default_rng(2)
    own = np.arange(12) < (rng.integers(4, 13, 3000) if ragged else np.full(3000, 12))[:, None]
    for numbers in (real, generated):
        numbers[~own] = 1e9  # which nobody may look at
    out = Calibration.fit(generated, real, own).apply(generated, own)
    spread = real[own].std()

    def apart(numbers: np.ndarray) -> tuple[float, float]:
        means = [np.array([path[steps].mean() for path, steps in zip(x, own, strict=True)]) for x in (numbers, real)]
        return (
            abs(np.subtract(*map(quantiles, means))).max() / spread,
            abs(quantiles(numbers[own]) - quantiles(real[own])).max() / spread,
        )

    assert min(apart(generated)) > 0.5
    assert max(apart(out)) < 0.35


def test_a_path_within_keeps_its_shape_where_real_paths_are_smooth() -> None:
    rng = np.random.default_rng(0)
    time = np.linspace(0, 6, 60)

    def waves(n: int, scale: float) -> np.ndarray:
        phase, size = rng.uniform(0, 6, (n, 1)), rng.uniform(0.5, 1, (n, 1))
        return (scale * size * np.sin(time + phase) + rng.normal(0, 0.3, (n, 1)))[..., None]

    real, generated = waves(40, 1.0), waves(40, 1.6)
    out = Calibration.fit(generated, real, every(real)).apply(generated, every(real))
    for new, old in zip(out[..., 0], generated[..., 0], strict=True):
        assert np.corrcoef(new, old)[0, 1] == pytest.approx(1)
    assert abs(out.std() / real.std() - 1) < 0.1 < generated.std() / real.std() - 1


def test_steps_beyond_the_ends_are_not_looked_at() -> None:
    real, generated = levelled(60, 9, 0), levelled(60, 9, 1)
    own = np.arange(9) < np.random.default_rng(0).integers(1, 10, 60)[:, None]
    one = Calibration.fit(generated, real, own)
    far = [np.where(own[..., None], numbers, 1e6) for numbers in (generated, real)]
    two = Calibration.fit(far[0], far[1], own)
    np.testing.assert_allclose(two.apply(far[0], own)[own], one.apply(generated, own)[own])


@pytest.mark.parametrize("steps", [1, 2, 3, 8])
def test_a_sequence_is_calibrated_by_itself_and_comes_back_from_json(steps: int) -> None:
    real, generated = levelled(80, steps, 0), levelled(80, steps, 1, level=2.0)
    calibration = Calibration.fit(generated, real, every(real))
    out = calibration.apply(generated, every(generated))
    assert np.isfinite(out).all()
    alone = [calibration.apply(path[None], every(path[None])) for path in generated]
    np.testing.assert_allclose(np.concatenate(alone), out)
    again = Calibration.from_json(through_json(calibration.to_json()))
    np.testing.assert_array_equal(again.apply(generated, every(generated)), out)


def test_flat_sequences_are_finite() -> None:
    flat, real = np.full((50, 6, 2), 0.7), levelled(50, 6, 0).repeat(2, axis=2)
    for generated, other in ((flat, real), (real, flat), (flat, flat)):
        calibration = Calibration.fit(generated, other, every(flat))
        for numbers in (flat, real):
            assert np.isfinite(calibration.apply(numbers, every(flat))).all()


@pytest.mark.parametrize("shape", [(0, 8, 2), (4, 8, 2), (4, 8, 0)])
def test_any_number_of_sequences(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    real, generated = (rng.normal(size=(30, 8, shape[2])) for _ in range(2))
    calibration = Calibration.fit(generated, real, every(real))
    numbers = rng.normal(size=shape)
    before = numbers.copy()
    assert calibration.apply(numbers, every(numbers)).shape == shape
    np.testing.assert_array_equal(numbers, before)


# ---- standards


def paths_and_own(
    n: int = 40, steps: int = 12, channels: int = 3, ragged: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    lengths = rng.integers(4, steps + 1, n) if ragged else np.full(n, steps)
    return rng.normal(size=(n, steps, channels)), np.arange(steps) < lengths[:, None]


def standardised(paths: np.ndarray, own: np.ndarray, mean: float = 0.0, deviation: float = 1.0) -> np.ndarray:
    out = paths.copy()
    for path, steps in zip(out, own, strict=True):
        mine = path[steps]
        path[steps] = mean + deviation * (mine - mine.mean(axis=0)) / mine.std(axis=0)
        path[~steps] = 1e6  # which nobody may look at
    return out


@pytest.mark.parametrize("ragged", [False, True])
def test_standards_are_found_only_where_they_hold(ragged: bool) -> None:
    paths, own = paths_and_own(channels=5, ragged=ragged)
    paths[..., 0] = standardised(paths[..., :1], own, 3.0, 0.5)[..., 0]
    same = standardised(paths[..., 1:2], own)[..., 0]
    paths[..., 1] = same + np.linspace(0, 1, len(paths))[:, None]  # the deviation is constant, the mean is not
    paths[..., 2] = same * np.linspace(1, 2, len(paths))[:, None]  # the mean is constant, the deviation is not
    paths[..., 4] = 0.3  # a constant needs no standard
    standards = Standards.fit(paths, own)
    assert standards.known.tolist() == [True, False, False, False, False]
    assert standards.means[0] == pytest.approx(3)
    assert standards.deviations[0] == pytest.approx(0.5)


@pytest.mark.parametrize("ragged", [False, True])
def test_other_sequences_are_made_to_keep_them(ragged: bool) -> None:
    paths, own = paths_and_own(channels=2, ragged=ragged)
    paths[..., 0] = standardised(paths[..., :1], own, 3.0, 0.5)[..., 0]
    standards = Standards.from_json(through_json(Standards.fit(paths, own).to_json()))
    other = 7 + 2 * np.random.default_rng(1).normal(size=paths.shape)
    out = standards.apply(other, own)
    for new, old, steps in zip(out, other, own, strict=True):
        assert new[steps, 0].mean() == pytest.approx(3)
        assert new[steps, 0].std() == pytest.approx(0.5)
        assert np.corrcoef(new[steps, 0], old[steps, 0])[0, 1] == pytest.approx(1)
        np.testing.assert_array_equal(new[~steps], old[~steps])
    np.testing.assert_array_equal(out[..., 1], other[..., 1])
    np.testing.assert_allclose(standards.apply(paths, own), paths, atol=1e-9)


def test_flat_sequences_are_put_at_the_mean() -> None:
    paths, own = paths_and_own(channels=1, ragged=False)
    standards = Standards.fit(standardised(paths, own, 2.0), own)
    np.testing.assert_allclose(standards.apply(np.full_like(paths, 9.0), own), 2.0)


def test_two_sequences_are_too_few_to_tell() -> None:
    paths, own = paths_and_own(n=2, ragged=False)
    assert not Standards.fit(standardised(paths, own), own).known.any()


def test_nothing_to_standardise() -> None:
    own = np.ones((4, 5), dtype=bool)
    standards = Standards.fit(np.zeros((4, 5, 0)), own)
    assert standards.apply(np.zeros((4, 5, 0)), own).shape == (4, 5, 0)
