"""Convolutional networks for sequences: a generator that upsamples, a critic that strides, and a dense path in both."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wgan_aug.networks.attention import SelfAttention
from wgan_aug.networks.heads import TableHead
from wgan_aug.schema.layout import TableLayout

__all__ = ["ConvCritic", "ConvGenerator", "RowNorm", "SequenceShape", "UpBlock", "own_steps"]

_KERNEL = 5
_SLOPE = 0.2
_FRESH = 8  # noise channels that each block of the generator draws anew
_COARSEST = 8  # steps at the coarsest resolution, or fewer
_DENSE = 8_192  # numbers of a sequence beyond which there is no dense path
_COARSE = (2, 6)  # lowest cosine frequencies that each coarse critic sees
_COARSE_WIDTH = 128


class SequenceShape:
    """What a sequence looks like to the networks: `channels` x `steps`, and what it is conditioned on.

    Channels are the one-hot states of a step, then its paths.

    Args:
        layout: the blocks of states of a step; its scalars are the paths, and count at every step.
        steps: of the longest sequence.
        condition: width of the vector that says what is known of the whole sequence.
    """

    def __init__(self, layout: TableLayout, steps: int, condition: int) -> None:
        self.layout, self.steps, self.condition = layout, steps, condition

    @property
    def channels(self) -> int:
        """Features of a step."""
        return self.layout.n_features

    @property
    def size(self) -> int:
        """Features of a sequence."""
        return self.channels * self.steps

    @property
    def halvings(self) -> int:
        """How often the length is halved between the sequence and the coarsest resolution, at least twice."""
        return max(2, math.ceil(math.log2(self.steps / _COARSEST)))


class RowNorm(nn.Module):
    """Layer normalisation of each sequence alone, over channels and time, with a gain and a bias for each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(channels, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the same shape, (batch, channels, time)."""
        return F.layer_norm(x, x.shape[1:]) * self.gain + self.bias


class UpBlock(nn.Module):
    """Double the length: nearest neighbours, then two convolutions with fresh noise, beside a skip.

    Args:
        n_in: channels that come in.
        n_out: channels that go out.
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(n_in + _FRESH, n_out, _KERNEL, padding=_KERNEL // 2)
        self.second = nn.Conv1d(n_out + _FRESH, n_out, _KERNEL, padding=_KERNEL // 2)
        self.skip = nn.Conv1d(n_in, n_out, 1)
        self.gains = nn.Parameter(torch.ones(2, _FRESH, 1))

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        """Return (batch, n_out, 2 * time) from (batch, n_in, time) and noise, (batch, `noise_dim(time)`)."""
        x = x.repeat_interleave(2, dim=2)
        fresh = noise.unflatten(1, (2, _FRESH, x.shape[2])) * self.gains
        out = F.leaky_relu(self.first(torch.cat([x, fresh[:, 0]], dim=1)), _SLOPE)
        return F.leaky_relu(self.second(torch.cat([out, fresh[:, 1]], dim=1)) + self.skip(x), _SLOPE)

    @staticmethod
    def noise_dim(time: int) -> int:
        """Return how many numbers of noise the block takes for an input of so many steps."""
        return 2 * _FRESH * 2 * time


class ConvGenerator(nn.Module):
    """Noise and a condition to sequences.

    A trunk of dense layers, each of which sees all before it, feeds a convolutional path (coarse to fine, doubling the
    length) and, where sequences are not too long, a dense path; their sum goes through the head, step by step. The
    convolutional path draws fresh noise at each resolution.

    Args:
        shape: of sequences and condition.
        noise_dim: width of the trunk's noise.
        hidden: width of each layer of the trunk.
        width: channels at the finest resolution; twice as many elsewhere.
        attention: let the steps of a middle resolution look at each other.
        ragged: whether the condition's last number is a sequence's length as a share of `shape.steps`; what is
            beyond it is 0 then.

    References:
        Radford, Metz and Chintala 2015, Unsupervised Representation Learning with DCGAN, arXiv 1511.06434; with
        resizing in place of transposed convolution as in Odena, Dumoulin and Olah 2016, Deconvolution and
        Checkerboard Artifacts.
    """

    def __init__(
        self,
        shape: SequenceShape,
        *,
        noise_dim: int = 128,
        hidden: Sequence[int] = (256, 256),
        width: int = 32,
        attention: bool = False,
        ragged: bool = False,
    ) -> None:
        super().__init__()
        self.shape, self.ragged = shape, ragged
        self.coarsest = math.ceil(shape.steps / 2**shape.halvings)
        self.noise_parts = [noise_dim, *(UpBlock.noise_dim(self.coarsest << n) for n in range(shape.halvings))]
        self.trunk = nn.ModuleList()
        size = noise_dim + shape.condition
        for n_out in hidden:
            self.trunk.append(nn.Sequential(nn.Linear(size, n_out), nn.LayerNorm(n_out), nn.ReLU()))
            size += n_out
        self.seed = nn.Linear(size, 2 * width * self.coarsest)
        widths = [2 * width] * shape.halvings + [width]
        self.blocks = nn.ModuleList(UpBlock(n_in, n_out) for n_in, n_out in itertools.pairwise(widths))
        self.attention = SelfAttention(2 * width) if attention else None
        self.output = nn.Conv1d(width, shape.channels, _KERNEL, padding=_KERNEL // 2)
        self.dense = nn.Linear(size, shape.size) if shape.size <= _DENSE else None
        self.head = TableHead(shape.layout)

    @property
    def noise_dim(self) -> int:
        """Width of the noise: that of the trunk, then what each block takes."""
        return sum(self.noise_parts)

    def raw(self, noise: Tensor, condition: Tensor) -> Tensor:
        """Return logits and paths before the head, shape (batch, channels, steps).

        Args:
            noise: shape (batch, noise_dim).
            condition: shape (batch, condition).
        """
        first, *fresh = noise.split(self.noise_parts, dim=1)
        rows = torch.cat([first, condition], dim=1)
        for layer in self.trunk:
            rows = torch.cat([layer(rows), rows], dim=1)
        x = F.leaky_relu(self.seed(rows), _SLOPE).unflatten(1, (-1, self.coarsest))
        for number, (block, own) in enumerate(zip(self.blocks, fresh, strict=True), start=1):
            x = block(x, own)
            if self.attention is not None and number == len(self.blocks) - 1:
                x = self.attention(x)
        out = self.output(x)[..., : self.shape.steps]
        return out if self.dense is None else out + self.dense(rows).unflatten(1, out.shape[1:])

    def forward(self, noise: Tensor, generator: torch.Generator | None, condition: Tensor) -> Tensor:
        """Return differentiable sequences as the critic sees them, shape (batch, channels, steps)."""
        raw = self.raw(noise, condition)
        steps = raw.transpose(1, 2)
        out = self.head(steps.flatten(0, 1), generator).unflatten(0, steps.shape[:2]).transpose(1, 2)
        return out * own_steps(condition, self.shape.steps) if self.ragged else out

    def choose(self, noise: Tensor, generator: torch.Generator | None, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Draw sequences without a gradient.

        Returns:
            the state of each block, int64, shape (batch, steps, blocks), and paths, shape (batch, paths, steps).
        """
        steps = self.raw(noise, condition).transpose(1, 2)
        states, paths = self.head.choose(steps.flatten(0, 1), generator)
        return states.unflatten(0, steps.shape[:2]), paths.unflatten(0, steps.shape[:2]).transpose(1, 2)

    def start_at(self, shares: Tensor) -> None:
        """Set the biases so that the untrained generator has these shares of states at each step, shape (states,)."""
        bias = self.output.bias
        assert bias is not None  # a convolution has one unless told otherwise
        with torch.no_grad():
            bias.zero_()
            bias[: len(shares)] = shares.clamp_min(1e-6).log().to(bias.dtype)


def own_steps(condition: Tensor, steps: int) -> Tensor:
    """Return 1 for a sequence's own steps and 0 beyond, shape (batch, 1, steps), from the condition's last number."""
    place = torch.arange(steps, device=condition.device) + 0.5
    return (place < condition[:, -1:] * steps).to(condition.dtype)[:, None]


class ConvCritic(nn.Module):
    """Sequences under a condition to scores, without a bound on the score.

    The sum of several critics: a convolutional one (each layer halves the length); where sequences are not too long, a
    dense one that sees all steps at once; and dense ones that see the lowest cosine frequencies of each channel alone,
    where a few numbers say how channels move together, and fine structure cannot drown them. Every normalisation is of
    one sequence alone, over channels and time.

    Args:
        shape: of sequences and condition.
        hidden: width of each layer of the dense critic; the last one is also that of the convolutional critic's head.
        width: channels at the finest resolution; twice as many elsewhere.
        norm: "layer", "spectral" or "none".
        attention: let the steps of the first halved resolution look at each other.
        ragged: as for the generator: steps beyond a sequence's length have no influence, and no gradient.
    """

    cosines: Tensor

    def __init__(
        self,
        shape: SequenceShape,
        *,
        hidden: Sequence[int] = (256, 256),
        width: int = 32,
        norm: str = "layer",
        attention: bool = False,
        ragged: bool = False,
    ) -> None:
        super().__init__()
        self.shape, self.ragged = shape, ragged
        layers: list[nn.Module] = []
        n_in, length = shape.channels, shape.steps
        for number in range(shape.halvings):
            n_out = width if number == 0 else 2 * width
            conv = nn.Conv1d(n_in, n_out, _KERNEL, stride=2, padding=_KERNEL // 2)
            row_norm = RowNorm(n_out) if norm == "layer" else nn.Identity()
            layers += [_spectral(conv, norm), row_norm, nn.LeakyReLU(_SLOPE)]
            if attention and number == 0:
                layers.append(SelfAttention(n_out))
            n_in, length = n_out, math.ceil(length / 2)
        self.convolutions = nn.Sequential(*layers, nn.Flatten())
        self.head = _dense(n_in * length + shape.condition, hidden[-1:], norm)
        self.dense = _dense(shape.size + shape.condition, hidden, norm) if shape.size <= _DENSE else None
        widths = [min(frequencies, shape.steps) * shape.channels + shape.condition for frequencies in _COARSE]
        self.coarse = nn.ModuleList(_dense(n_in, (_COARSE_WIDTH, _COARSE_WIDTH), norm) for n_in in widths)
        self.register_buffer("cosines", _cosines(shape.steps)[: max(_COARSE)], persistent=False)

    def forward(self, sequences: Tensor, condition: Tensor) -> Tensor:
        """Return one score a sequence, shape (batch,).

        Args:
            sequences: shape (batch, channels, steps).
            condition: shape (batch, condition); fewer rows are taken over and over, so that row i goes with i modulo
                their number.
        """
        condition = _cycle(condition, len(sequences))
        if self.ragged:
            sequences = sequences * own_steps(condition, self.shape.steps)
        scores = self.head(torch.cat([self.convolutions(sequences), condition], dim=1))
        if self.dense is not None:
            scores = scores + self.dense(torch.cat([sequences.flatten(1), condition], dim=1))
        slow = sequences @ self.cosines.T
        for critic, frequencies in zip(self.coarse, _COARSE, strict=True):
            scores = scores + critic(torch.cat([slow[..., :frequencies].flatten(1), condition], dim=1))
        return scores.squeeze(1)


def _cosines(steps: int) -> Tensor:
    """Return the orthonormal cosine transform over time, slowest first, shape (steps, steps)."""
    place = torch.arange(steps, dtype=torch.float64)
    waves = torch.cos(math.pi / steps * (place + 0.5) * place[:, None]) * math.sqrt(2 / steps)
    waves[0] /= math.sqrt(2)
    return waves.float()


def _cycle(condition: Tensor, rows: int) -> Tensor:
    if len(condition) == rows:
        return condition
    return condition.repeat(-(-rows // max(1, len(condition))), 1)[:rows]


def _dense(size: int, hidden: Sequence[int], norm: str) -> nn.Sequential:
    layers: list[nn.Module] = []
    for n_out in hidden:
        normalised = nn.LayerNorm(n_out) if norm == "layer" else nn.Identity()
        layers += [_spectral(nn.Linear(size, n_out), norm), normalised, nn.LeakyReLU(_SLOPE)]
        size = n_out
    return nn.Sequential(*layers, _spectral(nn.Linear(size, 1), norm))


def _spectral(layer: nn.Module, norm: str) -> nn.Module:
    return nn.utils.parametrizations.spectral_norm(layer) if norm == "spectral" else layer
