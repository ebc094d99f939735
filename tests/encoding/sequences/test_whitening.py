"""Whitened paths: exact both ways, alike noise to a critic, and nothing of what never varies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dct

from tests.strategies import through_json
from wgan_aug.encoding.sequences.whitening import Whitening


def fit(numbers: np.ndarray, lengths: np.ndarray | None = None, normal: tuple[int, ...] = ()) -> Whitening:
    ranks = np.isin(np.arange(numbers.shape[2]), normal)
    every = np.full(len(numbers), numbers.shape[1])
    return Whitening.fit(numbers, every if lengths is None else lengths, normal=ranks, ragged=lengths is not None)


def walks(n: int, steps: int, channels: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, steps, channels)).cumsum(axis=1)


def white(whitening: Whitening, numbers: np.ndarray, seed: int = 0) -> np.ndarray:
    return whitening.transform(numbers, np.random.default_rng(seed))


def rough(n: int, steps: int, seed: int = 0) -> np.ndarray:
    """Paths of three channels that hang together, with a spectrum that falls."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(n, steps + 20, 3))
    smooth = np.apply_along_axis(lambda x: np.convolve(x, 0.8 ** np.arange(20), "valid"), 1, noise)[:, :steps]
    return smooth @ np.array([[1.0, 0.9, 0.2], [0.0, 0.1, 0.5], [0.3, 0.0, 2.0]])


@st.composite
def sequences(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray | None, tuple[int, ...]]:
    n, steps, channels = draw(st.integers(2, 20)), draw(st.integers(1, 9)), draw(st.integers(0, 4))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    kinds = draw(st.lists(st.sampled_from("nrci"), min_size=channels, max_size=channels))
    made = {
        "n": lambda: rng.normal(size=(n, steps)).cumsum(axis=1),
        "r": lambda: rng.random((n, steps)),
        "c": lambda: np.full((n, steps), 0.3),
        "i": lambda: rng.integers(0, 3, (n, steps)).astype(float),
    }
    numbers = np.stack([made[kind]() for kind in kinds], axis=2) if kinds else np.zeros((n, steps, 0))
    ragged = draw(st.booleans())
    lengths = rng.integers(1, steps + 1, n) if ragged else None
    ranks = tuple(i for i, kind in enumerate(kinds) if kind == "r" and draw(st.booleans()))
    return numbers, lengths, ranks


@settings(max_examples=120, deadline=None, derandomize=True)
@given(sequences())
def test_training_sequences_come_back(drawn: tuple[np.ndarray, np.ndarray | None, tuple[int, ...]]) -> None:
    numbers, lengths, ranks = drawn
    whitening = fit(numbers, lengths, ranks)
    paths = white(whitening, numbers)
    assert paths.shape == (len(numbers), numbers.shape[2], numbers.shape[1])
    assert paths.dtype == np.float32
    assert np.isfinite(paths).all()
    every = np.full(len(numbers), numbers.shape[1])
    own = np.arange(numbers.shape[1]) < (every if lengths is None else lengths)[:, None]
    back = whitening.inverse_transform(paths)
    np.testing.assert_allclose(back[own], numbers[own], atol=2e-2)  # what hardly varies is left out
    again = Whitening.from_json(through_json(whitening.to_json()))
    np.testing.assert_array_equal(again.inverse_transform(paths), back)
    np.testing.assert_array_equal(white(again, numbers), paths)
    assert (again.ragged, again.n_axes) == (whitening.ragged, whitening.n_axes)


@pytest.mark.parametrize("ragged", [False, True])
def test_it_is_exact_where_everything_varies(ragged: bool) -> None:
    numbers = walks(300, 12, 3)
    lengths = np.random.default_rng(1).integers(1, 13, 300) if ragged else None
    whitening = fit(numbers, lengths)
    assert whitening.alive.all()
    own = np.arange(12) < (np.full(300, 12) if lengths is None else lengths)[:, None]
    back = whitening.inverse_transform(white(whitening, numbers))
    np.testing.assert_allclose(back[own], numbers[own], atol=1e-5)


def test_paths_have_the_second_moments_of_noise() -> None:
    numbers = rough(3000, 12)
    paths = white(fit(numbers), numbers).reshape(3000, -1)
    assert abs(paths.mean(axis=0)).max() < 0.05
    assert abs(np.cov(paths.T) - np.eye(36)).max() < 0.35
    assert np.sqrt(((np.cov(paths.T) - np.eye(36)) ** 2).mean()) < 0.07
    before = np.corrcoef(numbers.reshape(3000, -1).T)
    assert abs(before - np.eye(len(before))).max() > 0.9  # which is what was whitened


def test_each_frequency_is_normal_whatever_the_data_are() -> None:
    whitening = fit(np.exp(rough(3000, 12) / 2))
    paths = white(whitening, np.exp(rough(3000, 12, seed=1) / 2))
    scores = np.asarray(dct(paths, norm="ortho", axis=2))
    levels = np.quantile(scores, [0.025, 0.16, 0.5, 0.84, 0.975], axis=0)
    want = np.array([-1.96, -0.994, 0, 0.994, 1.96])[:, None, None]
    assert abs(levels - want).max() < 0.2
    assert abs(levels - want).mean() < 0.05


def test_ragged_sequences_are_white_within_a_step() -> None:
    numbers, lengths = rough(2000, 12), np.random.default_rng(1).integers(1, 13, 2000)
    own = np.arange(12) < lengths[:, None]
    steps = np.moveaxis(white(fit(numbers, lengths), numbers), 1, 2)[own]
    np.testing.assert_allclose(np.cov(steps.T), np.eye(3), atol=0.05)
    skewed = np.exp(numbers / 2)
    steps = np.moveaxis(white(fit(skewed, lengths), skewed), 1, 2)[own]
    np.testing.assert_allclose(np.quantile(steps, [0.16, 0.5, 0.84], axis=0).T, [[-0.994, 0, 0.994]] * 3, atol=0.02)


def test_steps_beyond_the_ends_are_not_learned_from() -> None:
    numbers, lengths = walks(50, 9, 2), np.random.default_rng(1).integers(1, 10, 50)
    lengths[0] = 9
    other = np.where((np.arange(9) < lengths[:, None])[..., None], numbers, 1e6)
    one, two = fit(numbers, lengths).to_json(), fit(other, lengths).to_json()
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])


def test_noise_decodes_within_the_range_of_each_axis() -> None:
    numbers = walks(200, 10, 2)
    whitening = fit(numbers)
    noise = np.random.default_rng(0).normal(size=(5000, 2, 10)).astype(np.float32)
    drawn = whitening.inverse_transform(10 * noise)
    assert np.isfinite(drawn).all()
    energy = (numbers - whitening.means) ** 2
    assert ((drawn - whitening.means) ** 2).sum(axis=(1, 2)).max() <= 20 * energy.sum(axis=(1, 2)).max()


def test_noise_decodes_to_the_second_moments_of_the_data() -> None:
    numbers = rough(3000, 12)
    noise = np.random.default_rng(0).normal(size=(3000, 3, 12)).astype(np.float32)
    drawn = fit(numbers).inverse_transform(noise)
    real, made = (np.corrcoef(x[..., :2].reshape(3000, -1).T) for x in (numbers, drawn))
    assert abs(real - made).max() < 0.15
    np.testing.assert_allclose(drawn.std(axis=(0, 1)), numbers.std(axis=(0, 1)), rtol=0.1)


# ---- coefficients that never vary


def test_what_never_varies_is_noise_to_the_networks_and_its_mean_to_the_user() -> None:
    numbers = walks(400, 8, 3)
    numbers[..., 2] = numbers[..., 0] + numbers[..., 1]  # one axis too many
    whitening = fit(numbers)
    assert whitening.alive.sum(axis=0).tolist() == [8, 8, 0]
    one, two = white(whitening, numbers, seed=0), white(whitening, numbers, seed=1)
    assert abs(one[:, 2].std() - 1) < 0.05
    assert (one[:, 2] != two[:, 2]).all()
    np.testing.assert_allclose(one[:, :2], two[:, :2], atol=1e-6)
    drawn = whitening.inverse_transform(np.random.default_rng(2).normal(size=(50, 3, 8)).astype(np.float32))
    np.testing.assert_allclose(drawn[..., 2], drawn[..., 0] + drawn[..., 1], atol=1e-6)


def test_a_fixed_shape_in_time_is_kept() -> None:
    """Sequences of a level and one common shape: only the level is learned."""
    level = np.random.default_rng(0).normal(size=(300, 1))
    numbers = (level + np.sin(np.arange(20)))[..., None]
    whitening = fit(numbers)
    assert whitening.alive.sum() == 1
    drawn = whitening.inverse_transform(np.random.default_rng(1).normal(size=(9, 1, 20)).astype(np.float32))[..., 0]
    shape = np.sin(np.arange(20)) - np.sin(np.arange(20)).mean()
    np.testing.assert_allclose(drawn - drawn.mean(axis=1, keepdims=True), np.tile(shape, (9, 1)), atol=1e-6)


def test_numbers_that_are_all_constant() -> None:
    numbers = np.full((20, 5, 2), 0.3)
    whitening = fit(numbers)
    noise = np.random.default_rng(0).normal(size=(4, 2, 5)).astype(np.float32)
    np.testing.assert_allclose(whitening.inverse_transform(noise), 0.3, atol=1e-9)


@pytest.mark.parametrize("ragged", [False, True])
def test_steps_without_numbers(ragged: bool) -> None:
    numbers = np.zeros((6, 4, 0))
    whitening = fit(numbers, np.array([4, 2, 3, 4, 1, 2]) if ragged else None)
    assert white(whitening, numbers).shape == (6, 0, 4)
    assert whitening.inverse_transform(np.zeros((3, 0, 4))).shape == (3, 4, 0)


def test_no_sequences() -> None:
    whitening = fit(walks(9, 4, 2))
    assert white(whitening, np.zeros((0, 4, 2))).shape == (0, 2, 4)
    assert whitening.inverse_transform(np.zeros((0, 2, 4))).shape == (0, 4, 2)


def test_ranks_come_back_as_ranks() -> None:
    numbers = np.random.default_rng(0).random((300, 6, 2))
    whitening = fit(numbers, normal=(0,))
    noise = 5 * np.random.default_rng(0).normal(size=(500, 2, 6)).astype(np.float32)
    drawn = whitening.inverse_transform(noise)[..., 0]
    assert drawn.min() >= 0
    assert drawn.max() <= 1


def test_parts_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = walks(50, 8, 2)
    whitening = fit(numbers)
    paths = white(whitening, numbers)
    back = whitening.inverse_transform(paths)
    monkeypatch.setattr("wgan_aug.encoding.sequences.whitening._CHUNK", 100)
    np.testing.assert_array_equal(white(whitening, numbers), paths)
    np.testing.assert_array_equal(whitening.inverse_transform(paths), back)
