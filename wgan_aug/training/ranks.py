"""Several processes that train one model: which of them this one is, and how they agree."""

from __future__ import annotations

import atexit
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from wgan_aug.networks.draws import Draws, SharedGenerator

Number = TypeVar("Number", int, float)

__all__ = ["ALONE", "Ranks", "join_ranks", "launched"]


@dataclass(frozen=True)
class Ranks:
    """One process among those that train together; see `join_ranks`.

    Args:
        rank: of this process, from 0.
        count: of processes.
    """

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes and speaks."""
        return self.rank == 0

    def shared(self, generator: torch.Generator) -> Draws:
        """Return what draws this process's share of a batch."""
        return generator if self.count == 1 else SharedGenerator(generator, self.rank, self.count)

    def share(self, batch: Tensor) -> Tensor:
        """Return this process's rows of a batch, shape (rows / count, ...)."""
        return batch[self.rank :: self.count]

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Put the mean over all processes in place of each tensor, in one message."""
        if self.count == 1 or not tensors:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(flat)
        flat /= self.count
        for tensor, mean in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(mean.view_as(tensor))

    def agree(self, number: Number) -> Number:
        """Return the first process's number everywhere: clocks and seeds differ, and all must do the same."""
        told = [number]
        if self.count > 1:
            dist.broadcast_object_list(told, 0)
        return told[0]


ALONE = Ranks()
"""A single process."""


def launched() -> bool:
    """Say whether `torchrun` started this process, with others."""
    return "RANK" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1


def join_ranks(device: torch.device) -> Ranks:
    """Meet the other processes that `torchrun` started, by gloo on CPUs and NCCL on GPUs; alone where there are none.

    They stay together until the process ends: those that part cannot meet again.
    """
    if not launched():
        return ALONE
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        atexit.register(dist.destroy_process_group)
    return Ranks(dist.get_rank(), dist.get_world_size())
