"""Errors of marginals and dynamics: distributions, autocorrelation, cross-correlation, spectrum."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.errors import InvalidParameterError
from wgan_aug.evaluation.figures import to_plain
from wgan_aug.evaluation.series.windows import check_windows

__all__ = [
    "SequenceErrors",
    "autocorrelation",
    "log_power",
    "sequence_errors",
    "spread_of",
]

Array = np.ndarray


@dataclasses.dataclass(frozen=True)
class SequenceErrors:
    """Errors of synthetic windows' marginals and dynamics, 0 is best; see `sequence_errors` for the formulas.

    `by_channel` has one row per channel: channel, ks, ks_diff, autocorrelation, autocorrelation_within,
    cross_correlation, cross_correlation_diff, spectrum. Cross-correlations are NaN where there is one channel.
    """

    ks: float
    ks_worst: float
    ks_diff: float
    autocorrelation: float
    autocorrelation_within: float
    cross_correlation: float
    cross_correlation_diff: float
    spectrum: float
    by_channel: pd.DataFrame = dataclasses.field(compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return plain Python values, NaN as None."""
        return to_plain(self)


def sequence_errors(real: Array, synthetic: Array, *, channels: Sequence[Hashable] | None = None) -> SequenceErrors:
    """Return how far marginals and dynamics of synthetic windows are from those of real ones.

    With x of shape (n, T, C), every figure the mean over channels (or pairs of them) of:

    - ks: sup_v |F_real(v) - F_synthetic(v)| over all values of a channel (ks_worst: the largest); ks_diff: the same
      for the first differences x_{t+1} - x_t.
    - autocorrelation: mean over lags l = 1 .. T/2 of |a_real(l) - a_synthetic(l)|, see `autocorrelation`;
      autocorrelation_within: after subtracting each window's own mean.
    - cross_correlation: |r_real(i, j) - r_synthetic(i, j)| over pairs i < j, r Pearson's correlation over all windows
      and steps (0 with a constant channel); cross_correlation_diff: the same for the first differences.
    - spectrum: mean over frequencies k = 1 .. T/2 of |log10 P_real(k) - log10 P_synthetic(k)|, P(k) = 1e-8 + mean over
      windows of |sum_t u_t exp(-2 pi i k t / T)|^2 / T, u the window less its mean, over the real channel's spread.

    These see one channel or one pair at a time, and only averages over windows: all can be 0 for windows that the
    strong judges always tell apart.

    Args:
        real: windows (n, time, channels).
        synthetic: windows of the same length and channels.
        channels: names for `by_channel`; None numbers them.

    Raises:
        InvalidDataError: for bad windows.
        InvalidParameterError: for another number of names than channels.

    Examples:
        >>> x = np.random.default_rng(0).normal(size=(50, 8, 2))
        >>> sequence_errors(x, x[:, ::-1]).ks
        0.0
        >>> sequence_errors(x, x + 1).ks > 0.3
        True
    """
    sets = check_windows({"real": real, "synthetic": synthetic})
    r, s = sets["real"], sets["synthetic"]
    names = list(range(r.shape[2])) if channels is None else list(channels)
    if len(names) != r.shape[2]:
        raise InvalidParameterError(f"channels has {len(names)} names; the windows have {r.shape[2]} channels.")
    spread = spread_of(r)
    dr, ds = np.diff(r, axis=1), np.diff(s, axis=1)
    figures = {
        "ks": _ks(r, s),
        "ks_diff": _ks(dr, ds),
        "autocorrelation": np.abs(autocorrelation(r) - autocorrelation(s)).mean(0),
        "autocorrelation_within": np.abs(autocorrelation(r, within=True) - autocorrelation(s, within=True)).mean(0),
        "cross_correlation": _pair_error(r, s),
        "cross_correlation_diff": _pair_error(dr, ds),
        "spectrum": np.abs(log_power(r, spread) - log_power(s, spread)).mean(0),
    }
    means = {name: float(values.mean()) for name, values in figures.items()}
    return SequenceErrors(
        **means, ks_worst=float(figures["ks"].max()), by_channel=pd.DataFrame({"channel": names, **figures})
    )


def autocorrelation(x: Array, *, within: bool = False) -> Array:
    """Return the autocorrelation of windows by lag and channel.

    a(l) = mean over windows and t of u_t u_{t+l} / mean over windows and t of u_t^2, where u = x - mean over windows
    and steps, or, within windows, x - mean over the window's steps; 0 for a constant channel.

    Args:
        x: windows (n, time, channels).
        within: take each window's own mean off.

    Returns:
        Shape (time // 2, channels), lags 1, 2, 3 and so on.

    Examples:
        >>> autocorrelation(np.array([[[1.0], [-1.0], [1.0], [-1.0]]]))[:, 0].tolist()
        [-1.0, 1.0]
    """
    u = x - (x.mean(1, keepdims=True) if within else x.mean((0, 1)))
    variance = (u**2).mean((0, 1))
    moving = variance > 1e-18 * (x**2).mean((0, 1))
    sums = np.stack([(u[:, lag:] * u[:, :-lag]).mean((0, 1)) for lag in range(1, x.shape[1] // 2 + 1)])
    return np.where(moving, sums / np.where(moving, variance, 1.0), 0.0)


def _ks(a: Array, b: Array) -> Array:
    out: list[float] = []
    for c in range(a.shape[2]):
        p, q = np.sort(a[:, :, c], axis=None), np.sort(b[:, :, c], axis=None)
        at = np.concatenate([p, q])
        gaps = np.searchsorted(p, at, side="right") / len(p) - np.searchsorted(q, at, side="right") / len(q)
        out.append(float(np.abs(gaps).max()))
    return np.array(out)


def _correlation(x: Array) -> Array:
    flat = x.reshape(-1, x.shape[2])
    u = flat - flat.mean(0)
    spread = np.sqrt((u**2).mean(0))
    moving = spread > 1e-9 * np.sqrt((flat**2).mean(0))
    u = np.where(moving, u / np.where(moving, spread, 1.0), 0.0)
    return u.T @ u / len(u)


def _pair_error(a: Array, b: Array) -> Array:
    """Return each channel's mean error over the pairs it is in; their mean is the mean over all pairs."""
    channels = a.shape[2]
    if channels == 1:
        return np.array([np.nan])
    gaps = np.abs(_correlation(a) - _correlation(b))
    np.fill_diagonal(gaps, 0.0)
    return gaps.sum(0) / (channels - 1)


def spread_of(x: Array) -> Array:
    """Return each channel's standard deviation over windows and steps, 1 for a constant channel, shape (channels,).

    Examples:
        >>> spread_of(np.array([[[0.0, 3.0], [2.0, 3.0]]])).tolist()
        [1.0, 1.0]
    """
    spread = x.std((0, 1))
    return np.where(spread > 1e-9 * np.abs(x).max((0, 1)), spread, 1.0)


def log_power(x: Array, spread: Array) -> Array:
    """Return log10 of the mean power of windows by frequency and channel.

    Args:
        x: windows (n, time, channels).
        spread: what each channel is divided by, (channels,).

    Returns:
        Shape (time // 2, channels): log10 P(k) of `sequence_errors` for k = 1, 2, 3 and so on.

    Examples:
        >>> log_power(np.array([[[1.0], [-1.0], [1.0], [-1.0]]]), np.ones(1))[:, 0].round(3).tolist()
        [-8.0, 0.602]
    """
    u = (x - x.mean(1, keepdims=True)) / spread
    return np.log10((np.abs(np.fft.rfft(u, axis=1)[:, 1:]) ** 2).mean(0) / x.shape[1] + 1e-8)
