"""Synthesizers as augmentation takes them."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from wgan_aug.errors import InvalidParameterError
from wgan_aug.synthesizers.table import WGANGPSynthesizer

__all__ = ["copy_synthesizer"]

_BALANCE = 0.5


def copy_synthesizer(synthesizer: Any, classes: bool, default: type = WGANGPSynthesizer) -> Any:
    """Return an unfitted copy of a synthesizer.

    Where the target is a class, one whose `balance` is None gets 0.5, to show rare classes more often in training: a
    class of two rows among hundreds is not learned at all otherwise. What is sampled has the true frequencies, or
    those asked for, all the same.

    Args:
        synthesizer: anything with the face of one; None for the default.
        classes: whether the target is a class, and not a number.
        default: its class.

    Raises:
        InvalidParameterError: for what has no such face, and classes themselves.

    Examples:
        >>> copy_synthesizer(None, True).balance, copy_synthesizer(WGANGPSynthesizer(balance=0), True).balance
        (0.5, 0)
    """
    model: Any = default() if synthesizer is None else synthesizer
    if not all(hasattr(model, name) for name in ("fit", "sample", "get_params")) or isinstance(model, type):
        raise InvalidParameterError(f"synthesizer is {model!r}; give an unfitted instance of {default.__name__}.")
    model = clone(model)
    unset = "balance" in model.get_params(deep=False) and model.balance is None
    return model.set_params(balance=_BALANCE) if unset and classes else model
