"""Errors of marginals and dynamics: against scipy and loops, and on windows whose answer is known."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import signal, stats

from tests.evaluation.series.builders import waves
from wgan_aug.errors import InvalidParameterError
from wgan_aug.evaluation.series.dynamics import autocorrelation, sequence_errors


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
