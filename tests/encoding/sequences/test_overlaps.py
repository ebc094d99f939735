"""Shared steps: windows of one series are told from sequences that only look alike, and blocks do not touch."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wgan_aug.encoding.sequences.encoder import EncodedSequences
from wgan_aug.encoding.sequences.overlaps import Overlaps


def windows(steps: int, window: int, stride: int, rng: np.random.Generator) -> tuple[EncodedSequences, np.ndarray]:
    """Windows of one series of noise, in any order, and the row of each of their steps."""
    starts = rng.permutation(np.arange(0, steps - window + 1, stride))
    rows = starts[:, None] + np.arange(window)
    states, numbers = rng.integers(0, 3, (steps, 1)), rng.normal(size=(steps, 2))
    return EncodedSequences(states[rows], numbers[rows], np.full(len(rows), window)), rows


@given(st.integers(150, 400), st.integers(2, 12), st.integers(1, 5), st.booleans(), st.integers(0, 9))
def test_no_step_stands_on_both_sides(steps: int, window: int, stride: int, told: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    encoded, rows = windows(steps, window, stride, rng)
    overlaps = Overlaps.find(encoded, rows.ravel() if told else None)
    held, near = overlaps.hold_out(0.15, rng)
    assert held.any()
    assert not (held & near).any()
    assert not set(rows[held].ravel()) & set(rows[~held & ~near].ravel())
    assert all(set(row) & set(rows[held].ravel()) for row in rows[near])
    # blocks hang together, so that few more have to go than are held out
    assert near.sum() <= 2 * held.sum() + 2 * window
    if steps > 20 * window and stride < window:
        assert (~held & ~near).mean() > 0.5


def test_shuffled_windows_count_for_as_many_as_lie_apart() -> None:
    encoded, rows = windows(1000, 10, 1, np.random.default_rng(0))
    for source in (None, rows.ravel()):
        assert abs(Overlaps.find(encoded, source).apart - 100) < 5


def test_sequences_that_share_nothing_are_blocks_of_their_own() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 7, 200)
    encoded = EncodedSequences(np.zeros((200, 6, 1), dtype=int), rng.normal(size=(200, 6, 1)), lengths)
    overlaps = Overlaps.find(encoded)
    held, near = overlaps.hold_out(0.15, rng)
    assert (overlaps.apart, int(held.sum()), int(near.sum())) == (200, 30, 0)


def test_what_is_common_is_no_sign() -> None:
    states = np.random.default_rng(0).integers(0, 3, (300, 8, 1))
    encoded = EncodedSequences(states, np.empty((300, 8, 0)), np.full(300, 8))
    assert Overlaps.find(encoded).apart == 300
