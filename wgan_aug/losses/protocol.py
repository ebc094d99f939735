"""What training asks of an objective: two functions, and up to three more that it may have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

from torch import Tensor

from wgan_aug.losses.penalties import Critic

__all__ = ["Lazy", "Objective", "Projecting", "Scheduled"]


class Objective(Protocol):
    """What the critic and the generator minimise: two functions of tensors."""

    def critic_loss(
        self, critic: Critic, real: Tensor, generated: Tensor, scores: tuple[Tensor, Tensor], eps: Tensor
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return what the critic minimises.

        Args:
            critic: the critic, for penalties on its gradient.
            real: real rows, shape (batch, ...): (batch, features) of a table, (batch, channels, steps) of sequences.
            generated: as many generated rows, without the generator's graph.
            scores: the critic's scores of real and of generated rows, each of shape (batch,).
            eps: a random number in [0, 1] a row, shape (batch,).

        Returns:
            a scalar, and figures for the history by name, each a scalar tensor; always the same names.
        """
        ...

    def generator_loss(self, critic: Critic, real: Tensor, generated: Tensor) -> Tensor:
        """Return what the generator minimises, a scalar.

        Args:
            critic: the critic.
            real: real rows, shape (batch, ...), for objectives that compare scores in pairs.
            generated: as many generated rows, with the generator's graph; row i was told what is known of real row i.
        """
        ...


@runtime_checkable
class Projecting(Protocol):
    """An objective that holds the critic's weights in a set."""

    def project(self, weights: Iterable[Tensor]) -> None:
        """Put weights back into the set, in place; called after each step of the critic, without gradients."""
        ...


@runtime_checkable
class Scheduled(Protocol):
    """An objective that asks for more steps of the critic at times."""

    def critic_steps(self, update: int, n_critic: int) -> int:
        """Return how many steps the critic does in an update, counted from 0; usually `n_critic`."""
        ...


@runtime_checkable
class Lazy(Protocol):
    """An objective that is not the same at every step of the critic."""

    def at_step(self, step: int) -> Objective:
        """Return the objective of a step of the critic, counted from 0."""
        ...
