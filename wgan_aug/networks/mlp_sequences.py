"""Dense layers that see all steps of a sequence at once: the plainest networks of sequences."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from wgan_aug.networks.dense import Trunk, dense_scores
from wgan_aug.networks.sequences import SequenceCritic, SequenceShape

__all__ = ["FlatCritic", "FlatGenerator"]


class FlatGenerator(nn.Module):
    """Numbers to the channels of all steps, by dense layers, each of which sees all before it.

    Args:
        inputs: numbers that come in.
        channels: of a step.
        steps: of a sequence.
        hidden: width of each layer.
    """

    def __init__(self, inputs: int, channels: int, steps: int, *, hidden: Sequence[int]) -> None:
        super().__init__()
        self.trunk = Trunk(inputs, hidden)
        self.output = nn.Linear(self.trunk.width, channels * steps)
        self.channels = channels

    def forward(self, rows: Tensor) -> Tensor:
        """Return shape (batch, channels, steps) from (batch, inputs)."""
        return self.output(self.trunk(rows)).unflatten(1, (self.channels, -1))


class FlatCritic(SequenceCritic):
    """Sequences under a condition to scores, by dense layers of all steps beside the condition.

    Args:
        shape: of sequences and condition.
        hidden: width of each layer.
        norm: a name of `CRITIC_NORMS`.
        ragged: see `SequenceCritic`.
    """

    def __init__(self, shape: SequenceShape, *, hidden: Sequence[int], norm: str, ragged: bool) -> None:
        super().__init__()
        self.shape, self.ragged = shape, ragged
        self.layers = dense_scores(shape.size + shape.condition, hidden, norm)

    def score(self, sequences: Tensor, condition: Tensor, own: Tensor | None) -> Tensor:
        """Return scores, shape (batch, 1)."""
        return self.layers(torch.cat([sequences.flatten(1), condition], dim=1))
