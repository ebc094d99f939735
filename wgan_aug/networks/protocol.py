"""What an architecture of a user's own is asked for: two functions that make modules of torch."""

from __future__ import annotations

from typing import Protocol

from torch import nn

__all__ = ["Architecture", "SequenceArchitecture"]


class Architecture(Protocol):
    """Networks of tables: plain modules of torch, around which heads, and what is told of a row, are put.

    Each call makes a new module, whose weights may come from torch's own random numbers: these are seeded.

    Examples:
        >>> class Small:
        ...     def generator(self, inputs, outputs):
        ...         return nn.Sequential(nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, outputs))
        ...
        ...     def critic(self, inputs):
        ...         return nn.Sequential(nn.Linear(inputs, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
    """

    def generator(self, inputs: int, outputs: int, /) -> nn.Module:
        """Return a module from (batch, inputs) to (batch, outputs).

        Args:
            inputs: numbers that come in: noise, then what is told of a row, 0 where nothing is.
            outputs: features of a row: a logit for each state of each column, then numbers. No activation belongs
                there: softmax, draws and so on are ours. They begin at the states' shares in the data.
        """
        ...

    def critic(self, inputs: int, /) -> nn.Module:
        """Return a module from (batch, inputs) to a score a row, (batch,) or (batch, 1).

        Args:
            inputs: features of a row, one-hot states and numbers, then which columns the generator was told. Under a
                penalty that is taken row by row, as that of `"wgan-gp"`, a row's score depends on that row alone.
        """
        ...


class SequenceArchitecture(Protocol):
    """Networks of sequences: plain modules of torch, as `Architecture` has them for tables."""

    def generator(self, inputs: int, channels: int, steps: int, /) -> nn.Module:
        """Return a module from (batch, inputs) to (batch, channels, steps).

        Args:
            inputs: numbers that come in: noise, then what is known of the sequence as a whole.
            channels: a logit for each state of a step, then numbers, without an activation.
            steps: of the longest sequence; what a shorter one has beyond its end is set to 0.
        """
        ...

    def critic(self, channels: int, steps: int, /) -> nn.Module:
        """Return a module from (batch, channels, steps) to a score a sequence, (batch,) or (batch, 1).

        Args:
            channels: those of the sequence, then what is known of it as a whole, the same at every step.
            steps: of the longest sequence; what a shorter one has beyond its end is 0.
        """
        ...
