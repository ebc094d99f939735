"""Scales of single sequences: exact both ways, safe where nothing varies, and blind to what is past an end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import through_json
from wgan_aug.encoding.sequences.scaling import WindowScale
from wgan_aug.encoding.sequences.whitening import Whitening


def owned(n: int, steps: int, seed: int | None) -> np.ndarray:
    """Say which steps are a sequence's own; all of them without a seed."""
    lengths = np.full(n, steps) if seed is None else np.random.default_rng(seed).integers(1, steps + 1, n)
    return np.arange(steps) < lengths[:, None]


def wide(n: int, steps: int, channels: int = 2, seed: int = 0) -> np.ndarray:
    """Walks whose ranges and levels differ by orders of magnitude."""
    rng = np.random.default_rng(seed)
    size = np.exp(3 * rng.normal(size=(n, 1, channels)))
    numbers = size * (rng.normal(size=(n, steps, channels)).cumsum(axis=1) + 9 * rng.normal(size=(n, 1, channels)))
    return numbers / (numbers.std(axis=(0, 1)) + 1e-9)


def reach(numbers: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return least and largest number of each sequence, one by one."""
    rows = [row[mask] for row, mask in zip(numbers, own, strict=True)]
    return np.array([row.min(axis=0) for row in rows]), np.array([row.max(axis=0) for row in rows])


@st.composite
def sequences(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    n, steps, channels = draw(st.integers(1, 12)), draw(st.integers(1, 9)), draw(st.integers(0, 3))
    seed = draw(st.integers(0, 10**6))
    numbers = wide(n, steps, channels, seed)
    constant = np.random.default_rng(seed).random((n, channels)) < draw(st.sampled_from([0.0, 0.4, 1.0]))
    numbers = np.where(constant[:, None], numbers[:, :1], numbers)
    return numbers, owned(n, steps, draw(st.one_of(st.none(), st.integers(0, 99))))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(sequences())
def test_numbers_come_back(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    numbers, own = drawn
    scale = WindowScale.fit(numbers, own)
    scaled = scale.transform(numbers, own)
    assert scaled.shape == (*numbers.shape[:2], 3 * numbers.shape[2])
    assert np.isfinite(scaled).all()
    shapes, constant = np.split(scaled, [numbers.shape[2]], axis=2)
    assert abs(shapes[own]).max(initial=0) <= 1 + 1e-12
    assert (constant == constant[:, :1]).all()
    for one in (scale, WindowScale.from_json(through_json(scale.to_json()))):
        np.testing.assert_allclose(one.inverse_transform(scaled, own)[own], numbers[own], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", [None, 3])
def test_what_is_drawn_has_the_centre_and_the_range_that_were_drawn(seed: int | None) -> None:
    own = owned(50, 8, seed)
    scale = WindowScale.fit(wide(50, 8), own)
    rng = np.random.default_rng(1)
    scaled = rng.normal(size=(50, 8, 6))  # shapes that reach anywhere, and constants that are none
    scaled[::3, :, 4:] -= 40  # ranges below the least one
    low, high = reach(scale.inverse_transform(scaled, own), own)
    means = np.array([row[mask].mean(axis=0) for row, mask in zip(scaled, own, strict=True)])
    single = own.sum(axis=1) == 1
    np.testing.assert_allclose((low + high) / 2, means[:, 2:4], atol=1e-9)
    half = np.exp(means[:, 4:])
    constant = scale.constant & (half < scale.least / np.sqrt(2))
    half = np.where(constant, 0, np.maximum(half, scale.least))
    assert scale.constant.all() == (seed is not None)  # there, some have a single step
    np.testing.assert_allclose(((high - low) / 2)[~single], half[~single], rtol=1e-6, atol=1e-12)
    assert (low == high)[single].all()


def test_constants_stay_constants() -> None:
    numbers = wide(40, 8)
    numbers[:10, :, 0] = numbers[:10, :1, 0]
    numbers[..., 1] = 5.0
    own = owned(40, 8, None)
    scale = WindowScale.fit(numbers, own)
    scaled = scale.transform(numbers, own)
    scaled[..., :2] = np.random.default_rng(0).normal(size=(40, 8, 2))  # whatever their shapes are drawn as
    scaled[..., 4:] += np.random.default_rng(1).uniform(-0.3, 0.3, size=(40, 1, 2))
    low, high = reach(scale.inverse_transform(scaled, own), own)
    assert ((high - low)[:, 0] == 0).tolist() == [True] * 10 + [False] * 30
    np.testing.assert_allclose([low[:, 1], high[:, 1]], 5.0)


def test_steps_beyond_the_ends_change_nothing() -> None:
    own = owned(30, 9, 2)
    numbers = wide(30, 9)
    other = np.where(own[..., None], numbers, 1e9)
    scales = [WindowScale.fit(x, own) for x in (numbers, other)]
    np.testing.assert_array_equal(scales[0].least, scales[1].least)
    one, two = (scale.transform(x, own) for scale, x in zip(scales, (numbers, other), strict=True))
    np.testing.assert_array_equal(one[own], two[own])
    two = np.where(own[..., None], two, -1e9)
    clean, padded = (scales[0].inverse_transform(x, own)[own] for x in (one, two))
    np.testing.assert_array_equal(padded, clean)


# ---- whitened


@pytest.mark.parametrize("seed", [None, 3])
def test_noise_has_the_ranges_of_the_data(seed: int | None) -> None:
    """The decades over which ranges go come back from paths of noise; whitened as they are, they do not."""
    numbers, own = wide(2000, 12), owned(2000, 12, seed)
    own[:, :3] = True
    lengths = own.sum(axis=1)
    scale = WindowScale.fit(numbers, own)
    scaled = scale.transform(numbers, own)
    nothing = np.zeros(6, dtype=bool)
    whitening = Whitening.fit(scaled, lengths, normal=nothing, ragged=seed is not None, apart=4)
    noise = np.random.default_rng(5).normal(size=(2000, 6, 12))
    if seed is not None:  # there, what is constant in time is said at each step
        noise[:, 2:] = noise[:, 2:, :1]
    low, high = reach(scale.inverse_transform(whitening.inverse_transform(noise), own), own)
    real_low, real_high = reach(numbers, own)
    ranks = [0.05, 0.25, 0.5, 0.75, 0.95]
    ours, theirs = (np.quantile(np.log(ranges), ranks, axis=0) for ranges in (high - low, real_high - real_low))
    np.testing.assert_allclose(ours, theirs, atol=0.7)
    plain = Whitening.fit(numbers, lengths, normal=nothing[:2], ragged=seed is not None)
    low, high = reach(plain.inverse_transform(noise[:, :2]), own)
    assert abs(np.quantile(np.log(high - low), ranks, axis=0) - theirs).max() > 2


def test_what_is_constant_in_time_has_one_coefficient_and_an_axis_of_its_own() -> None:
    numbers, own = wide(500, 10), owned(500, 10, None)
    scaled = WindowScale.fit(numbers, own).transform(numbers, own)
    whitening = Whitening.fit(scaled, own.sum(axis=1), normal=np.zeros(6, dtype=bool), ragged=False, apart=4)
    assert (whitening.axes[2:, 2:] == np.eye(4)).all()
    assert (whitening.axes[:2, 2:] == 0).all()
    assert (whitening.axes[2:, :2] == 0).all()
    np.testing.assert_allclose(whitening.axes.T @ whitening.axes, np.eye(6), atol=1e-12)
    assert whitening.alive[:, :2].all()
    assert whitening.alive[0, 2:].all()
    assert not whitening.alive[1:, 2:].any()
