"""Random numbers of a batch, alone or as one's share with other processes; and those that modules draw themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import torch
from torch import Tensor

__all__ = ["Draws", "SharedGenerator", "by_steps", "normal", "plain_generator", "seeded", "uniform"]


@dataclasses.dataclass(frozen=True)
class SharedGenerator:
    """A random generator that several processes have in the same state: each draws for all, and takes its share.

    Of a batch's rows the process of rank r takes r, r + ranks, r + 2 ranks and so on. So the shares of all processes
    are together what a single one would have drawn.

    Args:
        generator: in the same state everywhere.
        rank: of this process, from 0.
        ranks: how many there are.
        steps: numbers of rows that belong together and follow each other: the steps of a sequence.
    """

    generator: torch.Generator
    rank: int
    ranks: int
    steps: int = 1

    @property
    def device(self) -> torch.device:
        """Where numbers are drawn."""
        return self.generator.device

    def share(self, whole: Tensor) -> Tensor:
        """Return this process's rows of a whole batch."""
        return whole.unflatten(0, (-1, self.steps))[self.rank :: self.ranks].flatten(0, 1)


Draws: TypeAlias = torch.Generator | SharedGenerator
"""What draws the numbers of a batch."""


def plain_generator(rng: Draws) -> torch.Generator:
    """Return the generator that is behind a share, or the generator itself."""
    return rng.generator if isinstance(rng, SharedGenerator) else rng


def by_steps(rng: Draws | None, steps: int) -> Draws | None:
    """Return what draws for rows of which so many are a sequence."""
    return dataclasses.replace(rng, steps=steps) if isinstance(rng, SharedGenerator) else rng


def uniform(shape: Sequence[int], rng: Draws | None, device: torch.device, dtype: torch.dtype | None = None) -> Tensor:
    """Return numbers uniform on [0, 1); the shape begins with the rows of this process's batch."""
    if not isinstance(rng, SharedGenerator):
        return torch.rand(*shape, generator=rng, device=device, dtype=dtype)
    whole = (shape[0] * rng.ranks, *shape[1:])
    return rng.share(torch.rand(*whole, generator=rng.generator, device=device, dtype=dtype))


def normal(shape: Sequence[int], rng: Draws, device: torch.device) -> Tensor:
    """Return standard normal numbers; the shape begins with the rows of this process's batch."""
    if not isinstance(rng, SharedGenerator):
        return torch.randn(*shape, generator=rng, device=device)
    whole = (shape[0] * rng.ranks, *shape[1:])
    return rng.share(torch.randn(*whole, generator=rng.generator, device=device))


@contextmanager
def seeded(seed: int, device: torch.device | None = None) -> Generator[None]:
    """Run what draws from torch's own generators from a seed, and put them back as they were.

    Args:
        seed: of the CPU's generator, and of the device's.
        device: a GPU; None, and the CPU, for the CPU's alone.
    """
    gpu = [device] if device is not None and device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpu):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed every GPU, too
        if gpu:
            with torch.cuda.device(gpu[0]):
                torch.cuda.manual_seed(seed)
        yield
