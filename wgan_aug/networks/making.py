"""Modules that an architecture of a user's own makes."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from wgan_aug.errors import InvalidParameterError

__all__ = ["is_foreign", "make_module", "show_call"]

_SIZES = {
    ("generator", 2): "(inputs, outputs)",
    ("generator", 3): "(inputs, channels, steps)",
    ("critic", 1): "(inputs)",
    ("critic", 2): "(channels, steps)",
}


def is_foreign(network: nn.Module) -> bool:
    """Say whether a network has modules of a user's own, which may draw random numbers of their own."""
    body = getattr(network, "body", None)
    return body is not None and not type(body).__module__.startswith("wgan_aug.")


def show_call(architecture: object, function: str, sizes: tuple[int, ...]) -> str:
    """Return how a function was called, in short.

    Examples:
        >>> show_call(object(), "critic", (3, 24))
        'object.critic(3, 24)'
    """
    return f"{type(architecture).__name__}.{function}({', '.join(map(str, sizes))})"


def make_module(architecture: Any, function: str, *sizes: int) -> nn.Module:
    """Return a new module, with all its weights: those of lazy layers are made for rows of these sizes.

    Args:
        architecture: with the functions of `Architecture` or of `SequenceArchitecture`.
        function: "generator" or "critic".
        sizes: what it is called with.

    Raises:
        InvalidParameterError: if it fails, or what it gives is no module.
    """
    called = show_call(architecture, function, sizes)
    try:
        module = getattr(architecture, function)(*sizes)
        if isinstance(module, nn.Module) and any(map(is_lazy, module.parameters())):
            training = module.training
            with torch.no_grad():
                module.eval()(torch.zeros(2, *(sizes[:1] if function == "generator" else sizes)))
            module.train(training)
    except Exception as error:
        told = f"{type(error).__name__}: {error}".rstrip(".")
        raise InvalidParameterError(
            f"architecture: {called} fails: {told}. It is called with {_SIZES[function, len(sizes)]}."
        ) from error
    if not isinstance(module, nn.Module):
        what = f"the class {module.__name__}" if inspect.isclass(module) else f"a {type(module).__name__}"
        raise InvalidParameterError(f"architecture: {called} gives {what}; it must return a torch.nn.Module.")
    return module
