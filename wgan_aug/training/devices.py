"""Devices, their precision, and random generators on them."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from wgan_aug.errors import InvalidParameterError

__all__ = ["PRECISIONS", "find_device", "find_precision", "multiplying", "new_generator", "rows_at_once"]

PRECISIONS = ("float32", "bfloat16")
"""Numbers that matrices are multiplied in, by the name that `precision=` takes."""

_log = logging.getLogger(__name__)


def find_device(name: str | torch.device = "auto") -> torch.device:
    """Return the device of a name; "auto" takes CUDA, then MPS, then the CPU.

    Raises:
        InvalidParameterError: for an unknown device, or one that this machine lacks.

    Examples:
        >>> find_device("cpu")
        device(type='cpu')
    """
    if isinstance(name, str) and name == "auto":
        if torch.cuda.is_available():
            return _own_gpu()
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError, ValueError):
        raise InvalidParameterError(f"device is {name!r}; use 'auto', 'cpu', 'cuda', 'cuda:N' or 'mps'.") from None
    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device.type not in present:
        raise InvalidParameterError(f"device is {name!r}; use 'auto', 'cpu', 'cuda', 'cuda:N' or 'mps'.")
    if not present[device.type]:
        raise InvalidParameterError(
            f"device is {str(name)!r}, but torch {torch.__version__} finds none here; use device='auto' or 'cpu'."
        )
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InvalidParameterError(f"device is {str(name)!r}, but there are {torch.cuda.device_count()} CUDA devices.")
    return _own_gpu() if device == torch.device("cuda") else device


def _own_gpu() -> torch.device:
    """Return the GPU of this process: the one that `torchrun` counts for it, else torch's own choice."""
    number = os.environ.get("LOCAL_RANK")
    return torch.device("cuda") if number is None else torch.device("cuda", int(number))


def new_generator(seed: int, device: torch.device) -> torch.Generator:
    """Return a private random generator on a device."""
    return torch.Generator(device=device).manual_seed(seed)


def rows_at_once(device: torch.device) -> int:
    """Return how many rows of a table go through a network at once, outside training.

    On a CPU these are what fits its caches. For a GPU, a pass of few rows takes as long as one of many.
    """
    return 1_024 if device.type == "cpu" else 65_536


def find_precision(name: str, device: torch.device, *, quiet: bool = False) -> str:
    """Return the precision of a name where a device computes with it; else float32, and the log says so.

    Args:
        name: one of `PRECISIONS`. On CUDA, `"bfloat16"` means TF32, which every GPU takes.
        device: where.
        quiet: the log does not say so.
    """
    if name == "float32" or device.type == "cuda":
        return name
    found = getattr(torch.cpu, "get_capabilities", dict)() if device.type == "cpu" else {}
    if any(has for kind, has in found.items() if "bf16" in kind):
        return name
    if not quiet:
        _log.warning("precision is %r, but this %s has no bfloat16: it stays with float32.", name, device.type)
    return "float32"


def multiplying(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """Return a block in which matrices are multiplied in a precision; torch's settings are as before it afterwards.

    Weights, sums and normalisations are float32 all the same.

    Args:
        precision: one of `PRECISIONS`, see `find_precision`.
        device: where.
    """
    if precision == "float32":
        return nullcontext()
    if device.type == "cuda":
        return _tf32()
    # a copy of a weight, if it were kept, would not see the optimiser's step
    return torch.autocast(device.type, torch.bfloat16, cache_enabled=False)


@contextmanager
def _tf32() -> Generator[None]:
    matmul = torch.backends.cuda.matmul
    name, value = ("fp32_precision", "tf32") if hasattr(matmul, "fp32_precision") else ("allow_tf32", True)
    before = getattr(matmul, name)
    setattr(matmul, name, value)
    try:
        yield
    finally:
        setattr(matmul, name, before)
