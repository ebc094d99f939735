"""Devices, and random numbers that leave the global ones alone."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

import torch

from wgan_aug.errors import InvalidParameterError

__all__ = ["find_device", "new_generator", "seeded"]


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


@contextmanager
def seeded(seed: int) -> Generator[None]:
    """Run torch's own initialisers from a seed, and put the global generator back as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed every GPU, too
        yield
