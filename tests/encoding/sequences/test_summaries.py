"""Figures of sequences: right by a slow reference, blind to padding, to other sequences and to what is too fine."""

from __future__ import annotations

import json

import numpy as np
import pytest

from wgan_aug.encoding.sequences.encoder import EncodedSequences
from wgan_aug.encoding.sequences.scaling import WindowScale
from wgan_aug.encoding.sequences.summaries import Summary
from wgan_aug.schema.layout import Scalar, TableLayout

LAYOUT = TableLayout((3, 2), np.array([0.2, 0.5, 0.3, 0.9, 0.1]), (Scalar(), Scalar()))


def make(n: int = 60, steps: int = 16, ragged: bool = True, seed: int = 0) -> EncodedSequences:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, steps + 1, n) if ragged else np.full(n, steps)
    states = np.stack([rng.integers(0, width, (n, steps)) for width in LAYOUT.widths], axis=2)
    return EncodedSequences(states, rng.normal(size=(n, steps, 2)).cumsum(axis=1) * [1, 50], lengths)


@pytest.mark.parametrize("scaled", [False, True], ids=["plain", "own scales"])
def test_padding_and_other_sequences_do_not_count(scaled: bool) -> None:
    encoded = make()
    scale = WindowScale.fit(encoded.numbers, encoded.mask) if scaled else None
    summary = Summary.fit(encoded, LAYOUT, scale)
    whole = summary.figures(encoded)
    assert np.isfinite(whole).all()
    padded = EncodedSequences(encoded.states.copy(), encoded.numbers.copy(), encoded.lengths)
    padded.states[~encoded.mask], padded.numbers[~encoded.mask] = 1, 1e3
    np.testing.assert_array_equal(summary.figures(padded), whole)
    for rows in (slice(0, 1), slice(7, 20)):
        np.testing.assert_allclose(
            summary.figures(encoded.take(np.arange(60)[rows])), whole[rows], rtol=1e-4, atol=1e-4
        )


def test_marginal_figures_are_shares_means_and_deviations() -> None:
    encoded = make()
    summary = Summary.fit(encoded, LAYOUT, None)
    figures = summary.figures(encoded)
    assert summary.marginal == 3 + 2 + 4
    for row, length in enumerate(encoded.lengths):
        states, numbers = encoded.states[row, :length], encoded.numbers[row, :length] / summary.grain
        shares = [(states[:, 0] == 1).mean(), (states[:, 0] == 2).mean(), (np.diff(states[:, 0]) != 0).sum() / length]
        shares += [(states[:, 1] == 0).mean(), (np.diff(states[:, 1]) != 0).sum() / length]
        levels = [*numbers.mean(axis=0), *np.sqrt(numbers.var(axis=0) + 1)]
        np.testing.assert_allclose(figures[row, :9], shares + levels, rtol=0.02, atol=0.6)


def test_rhythm_and_company_are_seen() -> None:
    t, rng = np.arange(32), np.random.default_rng(0)
    slow = np.sin(t / 5 + rng.uniform(0, 6, (200, 1)))
    fast = np.sin(t * 2 + rng.uniform(0, 6, (200, 1)))
    states, lengths = np.empty((400, 32, 0), dtype=int), np.full(400, 32)
    both = EncodedSequences(states, np.concatenate([slow, fast])[..., None], lengths)
    figures = Summary.fit(both, TableLayout((), np.empty(0), (Scalar(),)), None).figures(both)
    apart = (figures[:200].max(axis=0) < figures[200:].min(axis=0)) | (
        figures[:200].min(axis=0) > figures[200:].max(axis=0)
    )
    assert apart.sum() >= 5
    pair = EncodedSequences(states[:200], np.stack([slow, -slow], axis=2), lengths[:200])
    summary = Summary.fit(pair, TableLayout((), np.empty(0), LAYOUT.scalars), None)
    assert (summary.figures(pair)[:, -2:] < -0.95).all()  # correlations of the only pair


def test_what_is_finer_than_the_grain_is_not_seen() -> None:
    encoded = make(ragged=False)
    encoded.numbers[..., 1] = encoded.numbers[..., 0]
    summary = Summary.fit(encoded, TableLayout((), np.empty(0), LAYOUT.scalars), None)
    encoded.numbers = np.rint(encoded.numbers / summary.grain) * summary.grain
    noise = np.random.default_rng(1).uniform(-0.4, 0.4, encoded.numbers.shape) * summary.grain
    fuzzy = EncodedSequences(encoded.states, encoded.numbers + noise, encoded.lengths)
    np.testing.assert_allclose(summary.figures(fuzzy), summary.figures(encoded), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_short_sequences_have_figures(steps: int) -> None:
    encoded = make(steps=steps)
    summary = Summary.fit(encoded, LAYOUT, None)
    figures = summary.figures(encoded)
    assert np.isfinite(figures).all()
    back = Summary.from_json(json.loads(json.dumps(summary.to_json(), default=np.ndarray.tolist)), LAYOUT, None)
    np.testing.assert_array_equal(back.figures(encoded), figures)
    assert summary.figures(encoded.take(np.arange(0))).shape == (0, figures.shape[1])
