"""Features of windows: against loops, and drawn as documented."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from wgan_aug.errors import InvalidParameterError
from wgan_aug.evaluation.series.features import RandomConvolutions, summary_features


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
