"""A convolutional generator of sequences that upsamples, beside a dense path."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wgan_aug.networks.attention import SelfAttention
from wgan_aug.networks.dense import Trunk
from wgan_aug.networks.growing import Growing, repeated
from wgan_aug.networks.heads import TableHead
from wgan_aug.networks.sequences import SequenceGenerator, SequenceShape

__all__ = ["ConvGenerator", "UpBlock"]

_KERNEL = 5
_SLOPE = 0.2
_FRESH = 8  # noise channels that each block of the generator draws anew


class UpBlock(nn.Module):
    """Double the length: nearest neighbours, then two convolutions, with fresh noise or without, beside a skip.

    Args:
        n_in: channels that come in.
        n_out: channels that go out.
        noisy: whether it takes fresh noise.
    """

    def __init__(self, n_in: int, n_out: int, *, noisy: bool = True) -> None:
        super().__init__()
        fresh = _FRESH if noisy else 0
        self.first = nn.Conv1d(n_in + fresh, n_out, _KERNEL, padding=_KERNEL // 2)
        self.second = nn.Conv1d(n_out + fresh, n_out, _KERNEL, padding=_KERNEL // 2)
        self.skip = nn.Conv1d(n_in, n_out, 1)
        self.gains = nn.Parameter(torch.ones(2, fresh, 1)) if noisy else None

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        """Return (batch, n_out, 2 * time) from (batch, n_in, time) and noise, (batch, `noise_dim(time)`)."""
        x = x.repeat_interleave(2, dim=2)
        parts: Sequence[Tensor] = ()
        if noise is not None and self.gains is not None:
            parts = (noise.unflatten(1, (2, _FRESH, x.shape[2])) * self.gains).unbind(1)
        out = F.leaky_relu(self.first(torch.cat([x, *parts[:1]], dim=1)), _SLOPE)
        return F.leaky_relu(self.second(torch.cat([out, *parts[1:]], dim=1)) + self.skip(x), _SLOPE)

    @staticmethod
    def noise_dim(time: int) -> int:
        """Return how many numbers of noise the block takes for an input of so many steps."""
        return 2 * _FRESH * 2 * time


class ConvGenerator(SequenceGenerator, Growing):
    """Noise and a condition to sequences.

    A trunk of dense layers, each of which sees all before it, feeds a convolutional path (coarse to fine, doubling the
    length) and, where sequences are not too long, a dense path; their sum goes through the head, step by step. The
    convolutional path draws fresh noise at each resolution. While the generator grows, the finest resolution in use
    gives the steps, each for several; the dense path comes with the last one.

    Args:
        shape: of sequences and condition.
        noise_dim: width of the trunk's noise.
        hidden: width of each layer of the trunk.
        width: channels at the finest resolution; twice as many elsewhere.
        attention: let the steps of a middle resolution look at each other.
        ragged: whether the condition's last number is a sequence's length as a share of `shape.steps`; what is
            beyond it is 0 then.
        progressive: grow in training.

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
        progressive: bool = False,
    ) -> None:
        super().__init__(shape.halvings, progressive)
        self.shape, self.ragged = shape, ragged
        self.coarsest = math.ceil(shape.steps / 2**shape.halvings)
        self.noise_parts = [noise_dim, *(UpBlock.noise_dim(self.coarsest << n) for n in range(shape.halvings))]
        self.trunk = Trunk(noise_dim + shape.condition, hidden)
        self.seed = nn.Linear(self.trunk.width, 2 * width * self.coarsest)
        widths = [2 * width] * shape.halvings + [width]
        self.blocks = nn.ModuleList(UpBlock(n_in, n_out) for n_in, n_out in itertools.pairwise(widths))
        self.attention = SelfAttention(2 * width) if attention else None
        self.output = nn.Conv1d(width, shape.channels, _KERNEL, padding=_KERNEL // 2)
        early = widths[1:-1] if progressive else []
        self.early = nn.ModuleList(nn.Conv1d(n_in, shape.channels, 1) for n_in in early)
        self.dense = nn.Linear(self.trunk.width, shape.size) if shape.dense else None
        self.head = TableHead(shape.layout)

    @property
    def noise_dim(self) -> int:
        """Width of the noise: that of the trunk, then what each block takes."""
        return sum(self.noise_parts)

    def raw(self, noise: Tensor, condition: Tensor) -> Tensor:
        """Return logits and paths before the head, shape (batch, channels, steps)."""
        first, *fresh = noise.split(self.noise_parts, dim=1)
        rows = self.trunk(torch.cat([first, condition], dim=1))
        x = coarser = F.leaky_relu(self.seed(rows), _SLOPE).unflatten(1, (-1, self.coarsest))
        for number in range(self.finest + 1):
            coarser, x = x, self.blocks[number](x, fresh[number])
            if self.attention is not None and number == self.levels - 2:
                x = self.attention(x)
        out = self._steps(x, self.finest)
        if self.fade < 1:
            out = torch.lerp(self._steps(coarser, self.finest - 1), out, self.fade)
        if self.dense is None or self.unused:
            return out
        return out + self.fade * self.dense(rows).unflatten(1, out.shape[1:])

    def _steps(self, x: Tensor, level: int) -> Tensor:
        """Return what a level says of each step, shape (batch, channels, steps)."""
        output = self.output if level == self.levels - 1 else self.early[level]
        return repeated(output(x), self.levels - 1 - level)[..., : self.shape.steps]

    def start_at(self, shares: Tensor) -> None:
        """Set the biases so that the untrained generator has these shares of states at each step, shape (states,)."""
        logits = shares.clamp_min(1e-6).log()
        with torch.no_grad():
            for output in (self.output, *self.early):
                output.bias.zero_()  # type: ignore[operator]
                output.bias[: len(shares)] = logits  # type: ignore[index]
