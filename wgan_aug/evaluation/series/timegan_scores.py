"""The discriminative and the predictive score of TimeGAN, by the published protocol.

They are here so that figures can be set beside published ones, and they are weak: the classifier has half as many
units as there are channels, overlapping windows of one series lie on both sides of its split, and a Gaussian copula on
flattened windows can reach a discriminative score near 0. Decide by `wgan_aug.evaluation.series.judges`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from wgan_aug.errors import InvalidDataError, InvalidParameterError
from wgan_aug.evaluation.figures import to_plain
from wgan_aug.evaluation.series.windows import check_windows

__all__ = ["RepeatedScore", "discriminative_score", "predictive_score"]

MIN_WINDOWS = 5  # one window in five tests


@dataclasses.dataclass(frozen=True)
class RepeatedScore:
    """A score's mean and standard deviation over repeats with other seeds, and the single values."""

    mean: float
    sd: float
    values: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain Python values."""
        return to_plain(self)


def discriminative_score(
    real: np.ndarray,
    synthetic: np.ndarray,
    *,
    repeats: int = 10,
    iterations: int = 2000,
    batch_size: int = 128,
    hidden: int | None = None,
    random_state: int = 0,
) -> RepeatedScore:
    """Return TimeGAN's discriminative score: 0 is best, 0.5 is always told apart.

    |accuracy - 0.5| on the held-out fifth of equally many real and synthetic windows, drawn at random, of one layer of
    gated recurrent units whose last state gives the logit; trained by Adam (0.001) on the sum of the mean
    cross-entropies of a real and a synthetic batch. All windows are scaled per channel to the real ones' [0, 1].

    The sets are cut to the size of the smaller one. Initial values are those of TensorFlow 1, which the original used
    (Glorot uniform on the joint kernels, gates' bias 1); the recurrent unit is PyTorch's, which applies the reset gate
    after the matrix product and not before it. A low score proves little: see the module's first lines.

    Args:
        real: windows (n, time, channels).
        synthetic: windows of the same length and channels.
        repeats: runs with other seeds; the original reports the mean of 10.
        iterations: steps of Adam.
        batch_size: windows of either kind per step, drawn with replacement.
        hidden: units; None is half the number of channels, at least 1, as published.
        random_state: seed of the first repeat.

    Raises:
        InvalidDataError: for bad windows, or fewer than 5 on one side.
        InvalidParameterError: for counts below 1.

    References:
        Yoon, Jarrett, van der Schaar (2019), Time-series Generative Adversarial Networks, NeurIPS 32.

    Examples:
        >>> x = np.random.default_rng(0).random((40, 6, 2))
        >>> score = discriminative_score(x, 0.1 * x, repeats=1, iterations=80, hidden=4)
        >>> 0.3 < score.mean <= 0.5
        True
    """
    _check_positive(repeats=repeats, iterations=iterations, batch_size=batch_size, hidden=hidden)
    r, s = _scaled(real, synthetic)
    n = min(len(r), len(s))
    if n < MIN_WINDOWS:
        raise InvalidDataError(
            f"There are {len(r)} real and {len(s)} synthetic windows; the discriminative score needs at least "
            f"{MIN_WINDOWS} of each, since it tests on a fifth of them."
        )
    units = hidden or max(r.shape[2] // 2, 1)
    return _repeat(repeats, random_state, lambda g: _discriminate(r, s, n, units, iterations, batch_size, g))


def predictive_score(
    real: np.ndarray,
    synthetic: np.ndarray,
    *,
    repeats: int = 1,
    iterations: int = 5000,
    batch_size: int = 128,
    hidden: int | None = None,
    random_state: int = 0,
) -> RepeatedScore:
    """Return TimeGAN's predictive score: one-step-ahead error on real windows of a network trained on synthetic ones.

    Mean over real windows and steps t of |f(x_1 .. x_t) - y_{t+1}|, where y is the last channel, x are the others (the
    channel itself where there is only one), all scaled per channel to the real ones' [0, 1], and f is one layer of
    gated recurrent units with a sigmoid output, trained by Adam (0.001) on the same error over synthetic windows.

    Quote it beside `predictive_score(real, real)`: it says little alone, and most generators reach the same value.

    Args:
        real: windows (n, time, channels) to test on.
        synthetic: windows to train on.
        repeats: runs with other seeds.
        iterations: steps of Adam.
        batch_size: synthetic windows per step, drawn with replacement.
        hidden: units; None is half the number of channels, at least 1, as published.
        random_state: seed of the first repeat.

    Raises:
        InvalidDataError: for bad windows.
        InvalidParameterError: for counts below 1.

    References:
        Yoon, Jarrett, van der Schaar (2019), Time-series Generative Adversarial Networks, NeurIPS 32.

    Examples:
        >>> x = np.random.default_rng(0).random((40, 6, 2))
        >>> 0.2 < predictive_score(x, x, iterations=100).mean < 0.3  # the best guess at noise is its median
        True
    """
    _check_positive(repeats=repeats, iterations=iterations, batch_size=batch_size, hidden=hidden)
    r, s = _scaled(real, synthetic)
    units = hidden or max(r.shape[2] // 2, 1)
    return _repeat(repeats, random_state, lambda g: _predict(r, s, units, iterations, batch_size, g))


def _check_positive(**counts: int | None) -> None:
    for name, value in counts.items():
        if value is not None and value < 1:
            raise InvalidParameterError(f"{name} is {value}; at least 1 is needed.")


def _scaled(real: np.ndarray, synthetic: np.ndarray) -> tuple[Tensor, Tensor]:
    sets = check_windows({"real": real, "synthetic": synthetic})
    low = sets["real"].min((0, 1))
    width = sets["real"].max((0, 1)) - low
    width = np.where(width > 0, width, 1.0)
    r, s = (torch.from_numpy(((x - low) / width).astype(np.float32)) for x in sets.values())
    return r, s


def _repeat(repeats: int, random_state: int, run: Callable[[torch.Generator], float]) -> RepeatedScore:
    values = tuple(run(torch.Generator().manual_seed(random_state + i)) for i in range(repeats))
    return RepeatedScore(float(np.mean(values)), float(np.std(values)), values)


class _Recurrent(nn.Module):
    """One layer of gated recurrent units and a linear output, at every step or at the last one."""

    def __init__(self, inputs: int, hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        self.units = nn.GRU(inputs, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)
        gates = math.sqrt(6 / (inputs + 3 * hidden))  # one kernel of inputs + hidden by 2 hidden
        candidate = math.sqrt(6 / (inputs + 2 * hidden))
        last = math.sqrt(6 / (hidden + 1))
        with torch.no_grad():
            for name, values in self.units.named_parameters():  # rows: reset gate, update gate, candidate
                if name.startswith("weight"):
                    values[: 2 * hidden].uniform_(-gates, gates, generator=generator)
                    values[2 * hidden :].uniform_(-candidate, candidate, generator=generator)
                else:
                    values.zero_()
                    values[: 2 * hidden] = 1.0 if name.startswith("bias_ih") else 0.0
            self.out.weight.uniform_(-last, last, generator=generator)
            self.out.bias.zero_()

    def forward(self, x: Tensor, *, every: bool) -> Tensor:
        """Return outputs (n, time, 1) at every step, or (n,) at the last one."""
        states, last = self.units(x)
        return self.out(states) if every else self.out(last[0])[:, 0]


def _network(inputs: int, hidden: int, generator: torch.Generator) -> tuple[_Recurrent, torch.optim.Adam]:
    with torch.random.fork_rng(devices=[]):  # modules draw from the global generator before we set their values
        network = _Recurrent(inputs, hidden, generator)
    return network, torch.optim.Adam(network.parameters(), lr=1e-3)


def _draw(x: Tensor, size: int, generator: torch.Generator) -> Tensor:
    return x[torch.randint(len(x), (size,), generator=generator)]


def _discriminate(
    r: Tensor, s: Tensor, n: int, hidden: int, iterations: int, batch_size: int, generator: torch.Generator
) -> float:
    r, s = (x[torch.randperm(len(x), generator=generator)[:n]] for x in (r, s))
    cut = int(0.8 * n)
    network, adam = _network(r.shape[2], hidden, generator)
    truth = torch.cat([torch.ones(batch_size), torch.zeros(batch_size)])
    for _ in range(iterations):
        batch = torch.cat([_draw(r[:cut], batch_size, generator), _draw(s[:cut], batch_size, generator)])
        loss = 2 * functional.binary_cross_entropy_with_logits(network(batch, every=False), truth)
        adam.zero_grad()
        loss.backward()
        adam.step()
    with torch.no_grad():
        right = torch.cat([network(r[cut:], every=False) > 0, network(s[cut:], every=False) <= 0])
    return abs(float(right.double().mean()) - 0.5)


def _predict(r: Tensor, s: Tensor, hidden: int, iterations: int, batch_size: int, generator: torch.Generator) -> float:
    network, adam = _network(max(r.shape[2] - 1, 1), hidden, generator)

    def error(windows: Tensor) -> Tensor:
        known = windows[:, :-1, :-1] if windows.shape[2] > 1 else windows[:, :-1]
        return (torch.sigmoid(network(known, every=True)) - windows[:, 1:, -1:]).abs().mean((1, 2))

    for _ in range(iterations):
        loss = error(_draw(s, batch_size, generator)).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    with torch.no_grad():
        return float(torch.cat([error(part) for part in r.split(2000)]).double().mean())
