"""A convolutional critic of sequences that strides, and dense ones beside it that look at all steps at once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wgan_aug.networks.attention import SelfAttention
from wgan_aug.networks.dense import constrained, dense_scores, rectifier
from wgan_aug.networks.growing import Growing, averaged
from wgan_aug.networks.sequences import SequenceCritic, SequenceShape
from wgan_aug.networks.views import VIEWS

__all__ = ["ConvCritic", "RowNorm", "halving"]

_KERNEL = 5
_SLOPE = 0.2
_COARSE = 16  # most cosine frequencies that a coarse critic sees
_SMALL = 128  # width of each layer of the coarse critics, and of those on the side


class RowNorm(nn.Module):
    """Layer normalisation of each sequence alone, over channels and time, with a gain and a bias for each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(channels, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the same shape, (batch, channels, time)."""
        return F.layer_norm(x, x.shape[1:]) * self.gain + self.bias


def halving(n_in: int, n_out: int, norm: str, *, attention: bool = False) -> nn.Sequential:
    """Return layers of a critic that halve the length, from (batch, n_in, time) to (batch, n_out, time / 2).

    Args:
        n_in: channels that come in.
        n_out: channels that go out.
        norm: a name of `CRITIC_NORMS`; "layer" is of each row alone.
        attention: let the steps that come out look at each other.
    """
    conv = nn.Conv1d(n_in, n_out, _KERNEL, stride=2, padding=_KERNEL // 2)
    row_norm = RowNorm(n_out) if norm == "layer" else nn.Identity()
    looks = [SelfAttention(n_out)] if attention else []
    return nn.Sequential(constrained(conv, norm), row_norm, rectifier(norm, _SLOPE), *looks)


class ConvCritic(SequenceCritic, Growing):
    """Sequences under a condition to scores, without a bound on the score.

    The sum of several critics: a convolutional one (each layer halves the length); where sequences are not too long, a
    dense one that sees all steps at once; dense ones that see the lowest cosine frequencies of each channel alone,
    where a few numbers say how channels move together, and fine structure cannot drown them (one critic for 1, 2, 4 …
    frequencies, at most 16 and half of the steps); and dense ones on other views of the paths, where they are asked
    for. Every normalisation is of one sequence alone, over channels and time. While the critic grows, the convolutional
    one sees means over several steps, and all but it and those of the lowest frequencies come with the last resolution.

    Args:
        shape: of sequences and condition.
        hidden: width of each layer of the dense critic; the last one is also that of the convolutional critic's head.
        width: channels at the finest resolution; twice as many elsewhere.
        norm: "layer", "spectral", "weight" or "none".
        attention: let the steps of the first halved resolution look at each other.
        ragged: as for the generator: steps beyond a sequence's length have no influence, and no gradient.
        progressive: grow in training.
        side_critics: names among `VIEWS`.
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
        progressive: bool = False,
        side_critics: Sequence[str] = (),
    ) -> None:
        super().__init__(shape.halvings, progressive)
        self.shape, self.ragged = shape, ragged
        widths = [shape.channels, width] + [2 * width] * (shape.halvings - 1)
        self.stages = nn.ModuleList()
        for number, (n_in, n_out) in enumerate(itertools.pairwise(widths)):
            self.stages.append(halving(n_in, n_out, norm, attention=attention and number == 0))
        length = math.ceil(shape.steps / 2**shape.halvings)
        self.head = dense_scores(widths[-1] * length + shape.condition, hidden[-1:], norm)
        self.dense = dense_scores(shape.size + shape.condition, hidden, norm) if shape.dense else None
        self.frequencies = [1 << n for n in range(_COARSE.bit_length()) if 1 << n <= max(1, shape.steps // 2)]
        sizes = [frequencies * shape.channels + shape.condition for frequencies in self.frequencies]
        self.coarse = nn.ModuleList(dense_scores(size, (_SMALL, _SMALL), norm) for size in sizes)
        self.register_buffer("cosines", _cosines(shape.steps, self.frequencies[-1]), persistent=False)
        self.early = nn.ModuleList(_stand_in(shape.channels, n_out, norm) for n_out in widths[1:-1] if progressive)
        paths = torch.zeros(1, shape.layout.n_scalars, shape.steps)
        views = {name: VIEWS[name](paths, None).numel() + shape.condition for name in side_critics}
        self.sides = nn.ModuleDict({name: dense_scores(size, (_SMALL, _SMALL), norm) for name, size in views.items()})

    def score(self, sequences: Tensor, condition: Tensor, own: Tensor | None) -> Tensor:
        """Return the sum of all critics' scores, shape (batch,)."""

        def score(critic: nn.Module, view: Tensor) -> Tensor:
            return critic(torch.cat([view.flatten(1), condition], dim=1)).squeeze(1)

        scores = score(self.head, self._convolved(sequences))
        if self.dense is not None and not self.unused:
            scores = scores + self.fade * score(self.dense, sequences)
        slow = sequences @ self.cosines.T
        for critic, frequencies in zip(self.coarse, self.frequencies, strict=True):
            scores = scores + score(critic, slow[..., :frequencies])
        for name, critic in self.sides.items():
            if not self.unused:
                paths = sequences[:, self.shape.layout.n_states :]
                scores = scores + self.fade * score(critic, VIEWS[name](paths, own))
        return scores

    def _convolved(self, sequences: Tensor) -> Tensor:
        """Return the output of the last stage, from means over as many steps as one of the finest level in use has."""
        means, first = averaged(sequences, self.unused), self.unused
        x = self.stages[first](self.early[first - 1](means) if first else means)
        if self.fade < 1:
            x = torch.lerp(self.early[first](averaged(means, 1)), x, self.fade)
        for stage in self.stages[first + 1 :]:
            x = stage(x)
        return x


def _cosines(steps: int, frequencies: int) -> Tensor:
    """Return the slowest rows of the orthonormal cosine transform over time, shape (frequencies, steps)."""
    place = torch.arange(steps, dtype=torch.float64)
    waves = torch.cos(math.pi / steps * (place + 0.5) * place[:frequencies, None]) * math.sqrt(2 / steps)
    waves[0] /= math.sqrt(2)
    return waves.to(torch.get_default_dtype())


def _stand_in(channels: int, n_out: int, norm: str) -> nn.Sequential:
    """Return what takes the place of the stages that are not in use yet."""
    return nn.Sequential(constrained(nn.Conv1d(channels, n_out, 1), norm), rectifier(norm, _SLOPE))
