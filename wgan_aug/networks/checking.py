"""A user's own networks are tried on a few rows before there is anything to lose."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import torch
from torch import Tensor

from wgan_aug.errors import InvalidParameterError
from wgan_aug.losses.objectives import Objective
from wgan_aug.networks.draws import seeded
from wgan_aug.networks.making import make_module, show_call

__all__ = ["check_architecture"]

T = TypeVar("T")

_ROWS = 4
_NUDGE = 0.01  # to weights, so that a layer that begins with zeros hides nothing
_MOVED = 1e-4  # of the largest score: what no rounding does


def check_architecture(
    architecture: Any,
    inputs: int,
    made: tuple[int, ...],
    judged: tuple[int, ...],
    objective: Objective,
    *,
    loss: str,
    by_rows: bool,
    device: torch.device,
) -> None:
    """Refuse networks that cannot be trained: wrong shapes, no gradient, scores of rows that hang on each other.

    Args:
        architecture: with the functions of `Architecture` or of `SequenceArchitecture`.
        inputs: numbers that the generator takes.
        made: the shape that it makes of a row: (outputs,), or (channels, steps).
        judged: the shape of a row that the critic takes.
        objective: to train with.
        loss: how that was given, for messages.
        by_rows: whether it penalises the gradient of each row's own score.
        device: to train on.

    Raises:
        InvalidParameterError: for the first thing that is wrong.

    Examples:
        >>> from torch import nn
        >>> from wgan_aug.losses.games import Hinge
        >>> class Short:
        ...     def generator(self, inputs, outputs):
        ...         return nn.Linear(inputs, outputs - 1)
        ...     def critic(self, inputs):
        ...         return nn.Linear(inputs, 1)
        >>> check_architecture(Short(), 8, (5,), (5,), Hinge(), loss="", by_rows=False, device=torch.device("cpu"))
        Traceback (most recent call last):
        wgan_aug.errors.InvalidParameterError: architecture: what Short.generator(8, 5) makes of 4 rows of shape (8,) \
has shape (4, 4); it must have shape (4, 5).
    """
    with seeded(0, device):
        generator = _Trial(architecture, "generator", (inputs, *made), device)
        generator.check_output(generator.rows(inputs), (_ROWS, *made))
        critic = _Trial(architecture, "critic", judged, device)
        critic.check_scores(critic.rows(*judged))
        if by_rows:
            critic.check_alone(critic.rows(*judged), loss)
        critic.check_objective(objective, critic.rows(*judged), critic.rows(*judged), loss)


class _Trial:
    """One of the modules, and what is wrong with it."""

    def __init__(self, architecture: Any, function: str, sizes: tuple[int, ...], device: torch.device) -> None:
        self.called, self._device = show_call(architecture, function, sizes), device
        self._rng = torch.Generator().manual_seed(0)
        module = make_module(architecture, function, *sizes)
        if make_module(architecture, function, *sizes) is module:
            self._refuse("gives the same module each time; make a new one, so that each training begins anew")
        if not any(parameter.numel() for parameter in module.parameters()):
            self._refuse("gives a module without parameters: there is nothing to train")
        fixed = [name for name, weights in module.named_parameters() if not weights.requires_grad]
        if fixed:
            self._refuse(f"gives a module whose parameter {fixed[0]!r} takes no gradient; make it a buffer")
        self._module = module.to(device)
        with torch.no_grad():
            for weights in self._module.parameters():
                weights.add_(_NUDGE * torch.randn(weights.shape, generator=self._rng).to(weights))

    def rows(self, *shape: int) -> Tensor:
        """Return some rows."""
        return torch.randn(_ROWS, *shape, generator=self._rng).to(self._device)

    def check_output(self, rows: Tensor, expected: tuple[int, ...]) -> None:
        """Refuse a generator's wrong shapes, of several rows in training and of one in sampling, and no gradient."""
        made, weights = self._made_of(rows)
        self._check_shape(made, rows, [expected])
        self._check_gradient(made, weights, "its weights")
        with torch.no_grad():
            alone = self._made_of(rows[:1], training=False)[0]
        if alone.numel() != math.prod(expected[1:]):
            self._check_shape(alone, rows[:1], [(1, *expected[1:])])

    def check_scores(self, rows: Tensor) -> None:
        """Refuse a critic's wrong shapes, and no gradient by its weights or by the rows."""
        rows.requires_grad_()
        scores, weights = self._made_of(rows)
        self._check_shape(scores, rows, [(_ROWS,), (_ROWS, 1)])
        self._check_gradient(scores, weights, "its weights")
        self._check_gradient(scores, [rows], "the rows, from which the generator learns")

    def check_alone(self, rows: Tensor, loss: str) -> None:
        """Refuse a critic whose scores of rows hang on each other."""
        remedy = (
            f"so that a row's score depends on the other rows, which voids the penalty that {loss} takes row by row; "
            "normalise each row alone (LayerNorm), or take an objective without a penalty"
        )
        kinds = (type(module).__mro__ for module in self._module.modules())
        batch = next((kind[0].__name__ for kind in kinds if any("BatchNorm" in base.__name__ for base in kind)), None)
        if batch is not None:
            self._refuse(f"has {batch}, {remedy}")
        with torch.no_grad():
            before = self._made_of(rows)[0].reshape(_ROWS)
            others = torch.cat([rows[:1], 10 * self.rows(*rows.shape[1:])[1:]])
            after = self._made_of(others)[0].reshape(_ROWS)
        if (after[0] - before[0]).abs() > _MOVED * torch.cat([before, after]).abs().max():
            self._refuse(f"gives a row another score when other rows change, {remedy}")

    def check_objective(self, objective: Objective, real: Tensor, generated: Tensor, loss: str) -> None:
        """Refuse a critic that an objective cannot train."""
        critic = copy.deepcopy(self._module).train()

        def score(rows: Tensor) -> Tensor:
            return critic(rows).reshape(len(rows))

        eps = torch.rand(_ROWS, generator=self._rng).to(self._device)
        weights = list(critic.parameters())
        try:
            scores = score(torch.cat([real, generated]))
            told = objective.critic_loss(score, real, generated, (scores[:_ROWS], scores[_ROWS:]), eps)
            torch.autograd.grad(told[0], weights, allow_unused=True)
        except Exception as error:
            raise InvalidParameterError(
                f"architecture: the module of {self.called} cannot be trained with {loss}: {_tell(error)}. A penalty "
                "takes the gradient of a gradient, which not every operation of torch has."
            ) from error

    def _made_of(self, rows: Tensor, *, training: bool = True) -> tuple[Tensor, list[Tensor]]:
        """Return what a copy of the module makes of rows, and the copy's weights; the random numbers are the same."""
        with seeded(0, self._device):
            module = self._call(lambda: copy.deepcopy(self._module).train(training))
            made = self._call(lambda: module(rows))
        if not isinstance(made, Tensor):
            self._refuse(f"gives a module that returns a {type(made).__name__}; it must return a tensor")
        if not made.isfinite().all():
            self._refuse("gives a module whose output is not finite for ordinary rows")
        return made, list(module.parameters())

    def _call(self, function: Callable[[], T]) -> T:
        try:
            return function()
        except Exception as error:
            raise InvalidParameterError(
                f"architecture: the module of {self.called} fails, tried on {_ROWS} rows: {_tell(error)}."
            ) from error

    def _check_shape(self, made: Tensor, rows: Tensor, allowed: list[tuple[int, ...]]) -> None:
        if tuple(made.shape) not in allowed:
            raise InvalidParameterError(
                f"architecture: what {self.called} makes of {len(rows)} rows of shape {tuple(rows.shape[1:])} has "
                f"shape {tuple(made.shape)}; it must have shape {' or '.join(map(str, allowed))}."
            )

    def _check_gradient(self, made: Tensor, targets: list[Tensor], what: str) -> None:
        """Refuse what has no gradient by any of some tensors."""
        weighted = (made * torch.randn(made.shape, generator=self._rng).to(made)).sum()
        gradients: list[Tensor | None] = []
        if made.requires_grad:
            gradients += torch.autograd.grad(weighted, targets, retain_graph=True, allow_unused=True)
        if not any(gradient is not None and gradient.any() for gradient in gradients):
            self._refuse(f"gives a module whose output has no gradient by {what}")

    def _refuse(self, what: str) -> NoReturn:
        raise InvalidParameterError(f"architecture: {self.called} {what}.")


def _tell(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(".")
