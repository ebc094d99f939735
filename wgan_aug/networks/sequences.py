"""What generators and critics of sequences have in common: shape, head, length; and both around any module."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn

from wgan_aug.networks.draws import Draws, by_steps
from wgan_aug.networks.heads import TableHead
from wgan_aug.networks.joining import cycled
from wgan_aug.schema.layout import TableLayout

__all__ = [
    "PlainSequenceCritic",
    "PlainSequenceGenerator",
    "SequenceCritic",
    "SequenceGenerator",
    "SequenceShape",
    "count_halvings",
    "own_steps",
]

_COARSEST = 8  # steps at the coarsest resolution, or fewer
_DENSE = 8_192  # numbers of a sequence beyond which convolutions have no dense layers of all of them beside them


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
    def dense(self) -> bool:
        """Whether a sequence is short enough for layers that see all its steps at once, beside convolutions."""
        return self.size <= _DENSE

    @property
    def halvings(self) -> int:
        """How often the length is halved between the sequence and the coarsest resolution, at least twice."""
        return count_halvings(self.steps)


def count_halvings(length: int) -> int:
    """Return how often a length is halved until 8 or fewer are left, at least twice."""
    return max(2, math.ceil(math.log2(length / _COARSEST)))


class SequenceGenerator(nn.Module, ABC):
    """Noise and a condition to sequences: a subclass says what comes before the head.

    Attributes:
        shape: of sequences and condition.
        ragged: whether the condition's last number is a sequence's length as a share of `shape.steps`; what is beyond
            it is 0 then.
        head: makes a step of what is said of it.
    """

    shape: SequenceShape
    ragged: bool
    head: TableHead

    @property
    @abstractmethod
    def noise_dim(self) -> int:
        """Width of the noise."""

    @abstractmethod
    def raw(self, noise: Tensor, condition: Tensor) -> Tensor:
        """Return logits and paths before the head, shape (batch, channels, steps).

        Args:
            noise: shape (batch, noise_dim).
            condition: shape (batch, condition).
        """

    @abstractmethod
    def start_at(self, shares: Tensor) -> None:
        """Have the untrained generator give about these shares of states at each step, shape (states,)."""

    def forward(self, noise: Tensor, generator: Draws | None, condition: Tensor) -> Tensor:
        """Return differentiable sequences as the critic sees them, shape (batch, channels, steps)."""
        raw = self.raw(noise, condition)
        steps = raw.transpose(1, 2)
        rows = self.head(steps.flatten(0, 1), by_steps(generator, self.shape.steps))
        out = rows.unflatten(0, steps.shape[:2]).transpose(1, 2)
        return out * own_steps(condition, self.shape.steps) if self.ragged else out

    def choose(self, noise: Tensor, generator: torch.Generator | None, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Draw sequences without a gradient.

        Returns:
            the state of each block, int64, shape (batch, steps, blocks), and paths, shape (batch, paths, steps).
        """
        steps = self.raw(noise, condition).transpose(1, 2)
        states, paths = self.head.choose(steps.flatten(0, 1), generator)
        return states.unflatten(0, steps.shape[:2]), paths.unflatten(0, steps.shape[:2]).transpose(1, 2)


class SequenceCritic(nn.Module, ABC):
    """Sequences under a condition to scores: a subclass says how.

    Attributes:
        shape: of sequences and condition.
        ragged: as for the generator: steps beyond a sequence's length have no influence, and no gradient.
    """

    shape: SequenceShape
    ragged: bool

    @abstractmethod
    def score(self, sequences: Tensor, condition: Tensor, own: Tensor | None) -> Tensor:
        """Return scores, shape (batch,) or (batch, 1).

        Args:
            sequences: shape (batch, channels, steps), 0 beyond a sequence's end.
            condition: shape (batch, condition).
            own: 1 for a sequence's own steps and 0 beyond, shape (batch, 1, steps); None where all are.
        """

    def forward(self, sequences: Tensor, condition: Tensor) -> Tensor:
        """Return one score a sequence, shape (batch,).

        Args:
            sequences: shape (batch, channels, steps).
            condition: shape (batch, condition); fewer rows are taken over and over, so that row i goes with i modulo
                their number.
        """
        condition = cycled(condition, len(sequences))
        own = own_steps(condition, self.shape.steps) if self.ragged else None
        if own is not None:
            sequences = sequences * own
        return self.score(sequences, condition, own).reshape(len(sequences)).to(sequences.dtype)


class PlainSequenceGenerator(SequenceGenerator):
    """A generator around any module that makes the channels of all steps from noise and a condition.

    Args:
        build: makes the module for so many inputs, channels and steps.
        shape: of sequences and condition.
        noise_dim: width of the noise.
        ragged: see `SequenceGenerator`.
    """

    start: Tensor

    def __init__(
        self, build: Callable[[int, int, int], nn.Module], shape: SequenceShape, *, noise_dim: int, ragged: bool
    ) -> None:
        super().__init__()
        self.shape, self.ragged, self._noise_dim = shape, ragged, noise_dim
        self.body = build(noise_dim + shape.condition, shape.channels, shape.steps)
        self.register_buffer("start", torch.zeros(shape.channels, 1))
        self.head = TableHead(shape.layout)

    @property
    def noise_dim(self) -> int:
        """Width of the noise."""
        return self._noise_dim

    def raw(self, noise: Tensor, condition: Tensor) -> Tensor:
        """Return what the module makes, shape (batch, channels, steps)."""
        shape = (len(noise), self.shape.channels, self.shape.steps)
        if not len(noise):  # of which not every module makes anything
            return noise.new_zeros(shape)
        return self.body(torch.cat([noise, condition], dim=1)).reshape(shape) + self.start

    def start_at(self, shares: Tensor) -> None:
        """Add the logarithms of these shares to whatever the module makes, shape (states,)."""
        self.start[: len(shares), 0] = shares.clamp_min(1e-6).log().to(self.start)


class PlainSequenceCritic(SequenceCritic):
    """A critic around any module that makes a score of a sequence, with its condition as further channels.

    Args:
        build: makes the module for so many channels and steps.
        shape: of sequences and condition.
        ragged: see `SequenceCritic`.
    """

    def __init__(self, build: Callable[[int, int], nn.Module], shape: SequenceShape, *, ragged: bool) -> None:
        super().__init__()
        self.shape, self.ragged = shape, ragged
        self.body = build(shape.channels + shape.condition, shape.steps)

    def score(self, sequences: Tensor, condition: Tensor, own: Tensor | None) -> Tensor:
        """Return the module's scores of sequences beside what is known of them, the same at every step."""
        if not len(sequences):
            return sequences.sum(dim=(1, 2))
        known = condition[:, :, None].expand(-1, -1, self.shape.steps)
        return self.body(torch.cat([sequences, known.to(sequences.dtype)], dim=1))


def own_steps(condition: Tensor, steps: int) -> Tensor:
    """Return 1 for a sequence's own steps and 0 beyond, shape (batch, 1, steps), from the condition's last number."""
    place = torch.arange(steps, device=condition.device) + 0.5
    return (place < condition[:, -1:] * steps).to(condition.dtype)[:, None]
