"""Features that the judges of windows look at: random dilated convolutions, and a summary in figures."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from wgan_aug.errors import InvalidParameterError

__all__ = [
    "RandomConvolutions",
    "summary_features",
]

Array = np.ndarray
_CHUNK = 4_000_000  # numbers in one convolution's input matrix, and in one block of distances


@dataclasses.dataclass(frozen=True)
class _Bank:
    """Kernels that share length, dilation and padding: weights of shape (length * channels, kernels)."""

    length: int
    dilation: int
    padding: int
    weights: Array
    bias: Array


class RandomConvolutions:
    """Features of windows by random dilated convolutions, after ROCKET and MiniRocket.

    For a kernel w of k steps over a random subset of channels, dilation d and bias b, with z the window standardised
    per channel by the reference, out_t = b + sum_j w_j . z_{t + j d}, and the two features are the share of positive
    out_t and the largest out_t. Lengths are 3, 5, 7, 9 for windows of fewer than 40 steps and 7, 9, 11 else; weights
    are normal, three in four kernels centred per channel; log2 d is uniform up to the window's length; half the
    kernels see zeros beyond the ends; -b is a random quantile of the outputs on the reference, as in MiniRocket.

    Args:
        reference: windows that give scale and biases, shape (n, time, channels).
        kernels: number of kernels; there are twice as many features.
        random_state: seed of the kernels.

    References:
        Dempster, Petitjean, Webb (2020), ROCKET, arXiv 1910.13051, and Dempster, Schmidt, Webb (2021), MiniRocket,
        arXiv 2012.08791. Channels are drawn as in the multivariate form of ROCKET.

    Examples:
        >>> x = np.random.default_rng(0).normal(size=(5, 16, 2))
        >>> RandomConvolutions(x, kernels=10).transform(x).shape
        (5, 20)
    """

    def __init__(self, reference: Array, *, kernels: int = 1000, random_state: int = 0) -> None:
        if kernels < 1:
            raise InvalidParameterError(f"kernels is {kernels}; at least 1 is needed.")
        rng = np.random.default_rng(random_state)
        _, steps, channels = reference.shape
        self.centre, spread = reference.mean((0, 1)), reference.std((0, 1))
        self.scale = np.where(spread > 1e-12 * (1 + np.abs(self.centre)), spread, 1.0)
        sample = self._standardise(reference[rng.permutation(len(reference))[:200]])
        drawn: dict[tuple[int, int, int], list[Array]] = {}
        for _ in range(kernels):
            length = min(int(rng.choice([3, 5, 7, 9] if steps < 40 else [7, 9, 11])), steps)
            dilation = int(2 ** rng.uniform(0, math.log2((steps - 1) / (length - 1))))
            padding = (length - 1) * dilation // 2 if rng.random() < 0.5 else 0
            drawn.setdefault((length, dilation, padding), []).append(_draw_kernel(length, channels, rng))
        self.banks = [_with_bias(shape, np.stack(weights, 1), sample, rng) for shape, weights in drawn.items()]

    def _standardise(self, x: Array) -> Array:
        return ((x - self.centre) / self.scale).astype(np.float32)

    def transform(self, x: Array) -> Array:
        """Return the features of windows (n, time, channels): shape (n, 2 * kernels), shares first."""
        z = self._standardise(x)
        shares, maxima = [], []
        for bank in self.banks:
            size = max(1, _CHUNK // (z.shape[1] * max(len(bank.weights), len(bank.bias))))
            outputs = (_convolve(z[i : i + size], bank) for i in range(0, len(z), size))
            parts = [((out > 0).mean(1), out.max(1)) for out in outputs]
            shares.append(np.concatenate([part[0] for part in parts]))
            maxima.append(np.concatenate([part[1] for part in parts]))
        return np.concatenate(shares + maxima, axis=1).astype(np.float64)


def _draw_kernel(length: int, channels: int, rng: np.random.Generator) -> Array:
    """Return weights (length * channels,), zero for the channels that the kernel does not see."""
    seen = min(int(2 ** rng.uniform(0, math.log2(min(channels, 9) + 1))), channels)
    weights = rng.standard_normal((length, seen))
    if rng.random() < 0.75:
        weights -= weights.mean(0)
    kernel = np.zeros((length, channels), np.float32)
    kernel[:, rng.permutation(channels)[:seen]] = weights
    return kernel.ravel()


def _with_bias(shape: tuple[int, int, int], weights: Array, sample: Array, rng: np.random.Generator) -> _Bank:
    bank = _Bank(*shape, weights, np.zeros(weights.shape[1], np.float32))
    out = _convolve(sample, bank).reshape(-1, weights.shape[1])[:4000]
    ranks = rng.random(weights.shape[1])
    bias = [-np.quantile(column, rank) for column, rank in zip(out.T, ranks, strict=True)]
    return dataclasses.replace(bank, bias=np.array(bias, np.float32))


def _convolve(z: Array, bank: _Bank) -> Array:
    """Return the outputs of a bank's kernels: (n, steps out, kernels)."""
    padded = np.pad(z, ((0, 0), (bank.padding, bank.padding), (0, 0)))
    steps = padded.shape[1] - (bank.length - 1) * bank.dilation
    taken = np.arange(steps)[:, None] + bank.dilation * np.arange(bank.length)
    return padded[:, taken].reshape(len(z), steps, -1) @ bank.weights + bank.bias


def summary_features(x: Array, *, max_pairs: int = 30) -> Array:
    """Return figures that people would look at, per window and channel, and per pair of channels.

    Level and spread (mean, standard deviation, least, largest, median, first, last value); roughness (standard
    deviation, largest and smallest size of the steps, mean size of the second differences, share of steps below 1 % of
    the channel's spread); autocorrelation at lags 1, 2, 3, T/4, T/2 after removing the window's mean; mean log10 power
    in up to 5 bands of frequency; per pair of channels the gap's mean, spread, least and largest value, and the
    correlation.

    Args:
        x: windows (n, time, channels).
        max_pairs: pairs of channels at most, drawn with a fixed seed where there are more.

    Returns:
        Shape (n, features).

    Examples:
        >>> summary_features(np.random.default_rng(0).normal(size=(4, 12, 2))).shape
        (4, 49)
    """
    _, steps, channels = x.shape
    d, u = np.diff(x, axis=1), x - x.mean(1, keepdims=True)
    size, v = np.abs(d), (u**2).mean(1) + 1e-9
    out = [x.mean(1), x.std(1), x.min(1), x.max(1), np.median(x, 1), x[:, 0], x[:, -1]]
    out += [d.std(1), size.max(1), size.min(1), np.abs(np.diff(d, axis=1)).mean(1)]
    out.append((size < 0.01 * x.std((0, 1))).mean(1))
    lags = (1, 2, 3, max(1, steps // 4), max(1, steps // 2))
    out += [(u[:, lag:] * u[:, :-lag]).mean(1) / v for lag in lags]
    power = np.log10(np.abs(np.fft.rfft(u, axis=1)[:, 1:]) ** 2 + 1e-10)
    out += [band.mean(1) for band in np.array_split(power, min(5, power.shape[1]), axis=1)]
    i, j = np.tril_indices(channels, -1)
    if len(i) > max_pairs:
        chosen = np.random.default_rng(0).permutation(len(i))[:max_pairs]
        i, j = i[chosen], j[chosen]
    gap = x[:, :, i] - x[:, :, j]
    if len(i):
        out += [gap.mean(1), gap.std(1), gap.min(1), gap.max(1)]
        out.append((u[:, :, i] * u[:, :, j]).mean(1) / np.sqrt(v[:, i] * v[:, j]))
    return np.concatenate(out, axis=1)
