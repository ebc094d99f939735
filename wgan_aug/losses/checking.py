"""A user's own objective is tried on a few rows before there is anything to lose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor

from wgan_aug.errors import InvalidParameterError

__all__ = ["check_objective"]

T = TypeVar("T")

_ROWS = 4


def check_objective(objective: Any, shape: tuple[int, ...]) -> None:
    """Refuse an objective whose losses are no scalars, or do not reach what they shall move.

    Args:
        objective: with the two functions of `Objective`.
        shape: of a row: (features,) of a table, (channels, steps) of a sequence.

    Raises:
        InvalidParameterError: for the first thing that is wrong.

    Examples:
        >>> class Vague:
        ...     def critic_loss(self, critic, real, generated, scores, eps):
        ...         return scores[1] - scores[0], {}
        ...     def generator_loss(self, critic, real, generated):
        ...         return -critic(generated).mean()
        >>> check_objective(Vague(), (3,))
        Traceback (most recent call last):
        wgan_aug.errors.InvalidParameterError: The loss that Vague.critic_loss returns has shape (4,), tried on 4 rows \
of shape (3,); it must be a scalar: take the mean.
    """
    rng = torch.Generator().manual_seed(0)
    real, generated = torch.randn(2, _ROWS, *shape, generator=rng).unbind()
    weights = [torch.randn(real[0].numel(), 5, generator=rng), torch.randn(5, generator=rng)]
    for tensor in (generated, *weights):
        tensor.requires_grad_()

    def critic(rows: Tensor) -> Tensor:
        return torch.tanh(rows.flatten(1) @ weights[0]) @ weights[1]

    scores, eps = (critic(real), critic(generated.detach())), torch.rand(_ROWS, generator=rng)
    trial = _Trial(type(objective).__name__, shape)
    told = trial.call("critic_loss", lambda: objective.critic_loss(critic, real, generated.detach(), scores, eps))
    if not (isinstance(told, tuple) and len(told) == 2 and isinstance(told[1], Mapping)):
        trial.refuse(
            "critic_loss", f"gives a {type(told).__name__}", "return the loss and a dict of figures, {} for none"
        )
    loss, figures = told
    trial.check("critic_loss", loss, weights, "the critic's weights: make it of the scores, or of critic(...)")
    for name, figure in figures.items():
        if not (isinstance(figure, Tensor) and figure.shape == ()):
            trial.refuse("critic_loss", f"gives a figure {name!r} that is no scalar tensor", "take the mean")
    loss = trial.call("generator_loss", lambda: objective.generator_loss(critic, real, generated))
    trial.check("generator_loss", loss, [generated], "the generated rows: make it of critic(generated)")


class _Trial:
    """Says what an objective did wrong, on which rows."""

    def __init__(self, name: str, shape: tuple[int, ...]) -> None:
        self.name, self.where = name, f"tried on {_ROWS} rows of shape {shape}"

    def call(self, function: str, trial: Callable[[], T]) -> T:
        """Call a function of the objective; whatever it raises is told with its name."""
        try:
            return trial()
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            raise InvalidParameterError(f"loss: {self.name}.{function} fails, {self.where}: {told}") from error

    def refuse(self, function: str, what: str, remedy: str) -> None:
        """Raise with what a function does, and what to do about it."""
        raise InvalidParameterError(f"loss: {self.name}.{function} {what}, {self.where}; {remedy}.")

    def check(self, function: str, loss: object, targets: list[Tensor], reached: str) -> None:
        """Refuse what is no scalar, is not finite, or has no gradient."""
        if not isinstance(loss, Tensor):
            self.refuse(function, f"gives a {type(loss).__name__} as its loss", "it must be a tensor")
            return
        if loss.shape != ():
            raise InvalidParameterError(
                f"The loss that {self.name}.{function} returns has shape {tuple(loss.shape)}, {self.where}; it must be "
                "a scalar: take the mean."
            )
        if not loss.isfinite():
            self.refuse(function, f"gives {loss.item()}", "it must be finite for ordinary rows")
        gradients = torch.autograd.grad(loss, targets, allow_unused=True) if loss.requires_grad else [None]
        if not any(gradient is not None and gradient.any() for gradient in gradients):
            self.refuse(function, "gives a loss without a gradient", f"it must depend on {reached}")
