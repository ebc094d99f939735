"""Convolutions over the features of a row, in their encoded order: modules for the generator and the critic of tables.

Features that stand beside each other belong together: the states of a column, then those of the next, then numbers.
But no two places mean the same, so that each has weights of its own beside those that all places share.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wgan_aug.networks.conv1d import UpBlock
from wgan_aug.networks.conv1d_critic import halving
from wgan_aug.networks.dense import Trunk, dense_scores
from wgan_aug.networks.sequences import count_halvings

__all__ = ["RowCritic", "RowGenerator"]

_SLOPE = 0.2
_MARKS = 4  # channels that say where a place is


class RowGenerator(nn.Module):
    """Numbers to a number for each feature: dense layers, then residual blocks that double the length.

    The last layer has weights of its own for each place.

    Args:
        inputs: numbers that come in.
        outputs: features of a row.
        hidden: width of each dense layer.
        width: channels at the finest resolution; twice as many elsewhere.

    References:
        Odena, Dumoulin and Olah 2016, Deconvolution and Checkerboard Artifacts: why blocks resize.
    """

    def __init__(self, inputs: int, outputs: int, *, hidden: Sequence[int], width: int) -> None:
        super().__init__()
        halvings = count_halvings(outputs)
        self.coarsest = math.ceil(outputs / 2**halvings)
        self.trunk = Trunk(inputs, hidden)
        self.seed = nn.Linear(self.trunk.width, 2 * width * self.coarsest)
        widths = [2 * width] * halvings + [width]
        self.blocks = nn.ModuleList(UpBlock(n_in, n_out, noisy=False) for n_in, n_out in itertools.pairwise(widths))
        self.weight = nn.Parameter(torch.randn(width, outputs) / math.sqrt(width))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, rows: Tensor) -> Tensor:
        """Return shape (batch, outputs) from (batch, inputs)."""
        x = F.leaky_relu(self.seed(self.trunk(rows)), _SLOPE).unflatten(1, (-1, self.coarsest))
        for block in self.blocks:
            x = block(x)
        return (x[..., : len(self.bias)] * self.weight).sum(dim=1) + self.bias


class RowCritic(nn.Module):
    """Rows to scores: layers that halve the length, then a dense one; normalised over channels and places of a row.

    Beside the row the first layer sees channels that are the same for all rows, and say where a place is.

    Args:
        inputs: numbers that come in: features, and which units are revealed.
        hidden: width of each dense layer, of which the last one counts.
        width: channels at the finest resolution; twice as many elsewhere.
        norm: a name of `CRITIC_NORMS`.
    """

    def __init__(self, inputs: int, *, hidden: Sequence[int], width: int, norm: str) -> None:
        super().__init__()
        halvings = count_halvings(inputs)
        widths = [1 + _MARKS, width] + [2 * width] * (halvings - 1)
        self.marks = nn.Parameter(torch.randn(_MARKS, inputs))
        self.stages = nn.Sequential(*(halving(n_in, n_out, norm) for n_in, n_out in itertools.pairwise(widths)))
        length = math.ceil(inputs / 2**halvings)
        self.head = dense_scores(widths[-1] * length, hidden[-1:], norm)

    def forward(self, rows: Tensor) -> Tensor:
        """Return shape (batch, 1) from (batch, inputs)."""
        marks = self.marks.expand(len(rows), -1, -1)
        return self.head(self.stages(torch.cat([rows[:, None], marks], dim=1)).flatten(1))
