"""What a CUDA graph does to a function's work, done on a CPU: every operation again, on the same memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

aten = torch.ops.aten
WAITING = {aten._local_scalar_dense, aten.is_nonzero, aten.nonzero, aten.masked_select, aten.equal, aten.unique_dim}
MOVING = {aten.lift_fresh, aten.lift_fresh_copy}  # torch.tensor(...): from the host's memory to the device's


class Tape(TorchDispatchMode):
    """Records operations below autograd, with what they worked on, and does them again in the same memory.

    As in a CUDA graph, numbers of Python are what they were, random generators go on, and an operation for which the
    host waits for the device cannot be recorded.

    Attributes:
        replays: how often all was done again.
        moves: tensors that were made of numbers of Python, which takes a copy from the host to the device.
    """

    def __init__(self, device: torch.device, generators: Iterable[torch.Generator]) -> None:
        super().__init__()
        self.calls: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = []
        self.replays = self.moves = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        """Do an operation, and record it."""
        if func.overloadpacket in WAITING:
            raise RuntimeError(f"{func} cannot be captured")
        self.moves += func.overloadpacket in MOVING
        out = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, out))
        return out

    def record(self, work: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
        """Record what a function does, and do it."""
        with self:
            return work()

    @torch.no_grad()
    def replay(self) -> None:
        """Do all operations again."""
        self.replays += 1
        for func, args, kwargs, out in self.calls:
            for memory, new in zip(tree_leaves(out), tree_leaves(func(*args, **kwargs)), strict=True):
                if (
                    isinstance(memory, Tensor)
                    and memory.untyped_storage().data_ptr() != new.untyped_storage().data_ptr()
                ):
                    memory.copy_(new)
