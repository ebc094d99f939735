"""Networks of a user's own, as the documentation shows some."""

from __future__ import annotations

import re
from typing import Any

from torch import Tensor, nn

__all__ = ["Attending", "Changed", "Steps", "Wide", "told"]


def told(value: object) -> str:
    """Return what a test's name says of a parameter: no address, so that it is the same in every process."""
    return re.sub(r" object at 0x[0-9a-f]+", "", str(value))


class Wide:
    """Networks of tables: normalisation over the batch and dropout in the generator, a lazy layer in the critic."""

    def __init__(self, width: int = 24) -> None:
        self.width = width

    def generator(self, inputs: int, outputs: int) -> nn.Module:
        """Return a module from noise to features."""
        hidden = [nn.Linear(inputs, self.width), nn.BatchNorm1d(self.width), nn.ReLU(), nn.Dropout(0.1)]
        return nn.Sequential(*hidden, nn.Linear(self.width, outputs))

    def critic(self, inputs: int) -> nn.Module:
        """Return a module from rows to scores."""
        return nn.Sequential(nn.Linear(inputs, self.width), nn.LeakyReLU(0.2), nn.LazyLinear(1))


class Steps:
    """Networks of sequences."""

    def generator(self, inputs: int, channels: int, steps: int) -> nn.Module:
        """Return a module from noise to channels of all steps."""
        dense = nn.Sequential(nn.Linear(inputs, 24), nn.ReLU(), nn.Linear(24, channels * steps))
        return nn.Sequential(dense, nn.Unflatten(1, (channels, steps)))

    def critic(self, channels: int, steps: int) -> nn.Module:
        """Return a module from sequences to scores."""
        return nn.Sequential(nn.Conv1d(channels, 8, 3, 2, 1), nn.LeakyReLU(0.2), nn.Flatten(), nn.LazyLinear(1))


class Changed:
    """Networks of tables, or of sequences, with a function replaced."""

    def __init__(self, **functions: Any) -> None:
        vars(self).update(functions)

    def generator(self, inputs: int, *outputs: int) -> nn.Module:
        """Return those of `Wide` or `Steps`."""
        return Wide().generator(inputs, *outputs) if len(outputs) == 1 else Steps().generator(inputs, *outputs)

    def critic(self, *inputs: int) -> nn.Module:
        """Return those of `Wide` or `Steps`."""
        return Wide().critic(*inputs) if len(inputs) == 1 else Steps().critic(*inputs)


class Attending(nn.Module):
    """A critic whose gradient has no gradient: torch's fused attention."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.output = nn.Linear(1, 4), nn.Linear(4, 1)

    def forward(self, rows: Tensor) -> Tensor:
        """Return scores."""
        seen = self.inner(rows.flatten(1)[..., None])[:, None]
        return self.output(nn.functional.scaled_dot_product_attention(seen, seen, seen).mean((1, 2)))
