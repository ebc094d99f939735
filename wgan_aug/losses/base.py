"""What the objectives of this package have in common: options that are checked, a recipe, a penalty on rows."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal, Self, TypeVar, dataclass_transform

from torch import Tensor

from wgan_aug.errors import InvalidParameterError, explains_names, join_problems, not_a_number
from wgan_aug.losses.penalties import Critic

__all__ = ["BuiltIn", "Penalised", "Recipe", "with_options"]

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How an objective's paper trains it.

    Args:
        optimiser: of both networks; RMSProp without momentum.
        learning_rate: of the generator.
        critic_rate_factor: the critic's learning rate, as a multiple of the generator's.
        betas: Adam's decay rates.
        n_critic: critic steps for each generator step.
    """

    optimiser: Literal["adam", "rmsprop"] = "adam"
    learning_rate: float = 1e-4
    critic_rate_factor: float = 1.0
    betas: tuple[float, float] = (0.0, 0.9)
    n_critic: int = 1


@dataclass_transform(frozen_default=True)
def with_options(cls: type[T]) -> type[T]:
    """Make a class of its annotated options, frozen; an unknown one is answered with those that there are."""
    made = dataclasses.dataclass(frozen=True)(cls)
    setattr(made, "__init__", explains_names(made.__init__))  # noqa: B010
    return made


@with_options
class BuiltIn:
    """An objective with checked options; a subclass has the two functions of `Objective`."""

    recipe: ClassVar[Recipe]
    """The settings of its paper."""

    def __post_init__(self) -> None:
        """Refuse options that make no sense, all in one error."""
        problems = self.wrong_options()
        if problems:
            raise InvalidParameterError(join_problems(problems))

    @property
    def penalises_rows(self) -> bool:
        """Whether the gradient of each row's own score is penalised."""
        return False

    def wrong_options(self) -> list[str]:
        """Say what is wrong with the options."""
        return []


@with_options
class Penalised(BuiltIn, ABC):
    """An objective of scores, with a penalty on the critic's input gradient.

    Args:
        gp_weight: weight of the penalty, at least 0; 0 is none, and costs nothing.
        penalty_share: the share of a batch's rows, in (0, 1], whose gradient is taken: an estimate of the same mean
            from fewer rows. Papers take all.
        penalty_every: take the penalty in every so many-th step of the critic, with as many times the weight (lazy
            regularisation, Karras et al. 2019, arXiv 1912.04958). Figures of steps without one are 0.
    """

    gp_weight: float = 10.0
    penalty_share: float = 1.0
    penalty_every: int = 1

    @property
    def penalises_rows(self) -> bool:
        """Always."""
        return True

    def wrong_options(self) -> list[str]:
        """Say what is wrong with the options."""
        problems = not_a_number("gp_weight", self.gp_weight, above=0, equal=True, optional=False)
        problems += not_a_number("penalty_share", self.penalty_share, above=0, most=1, optional=False)
        return problems + not_a_number("penalty_every", self.penalty_every, above=0, whole=True, optional=False)

    def at_step(self, step: int) -> Self:
        """Return the objective with or without its penalty."""
        if self.penalty_every == 1:
            return self
        weight = 0.0 if step % self.penalty_every else self.gp_weight * self.penalty_every
        return dataclasses.replace(self, gp_weight=weight, penalty_every=1)

    def critic_loss(
        self, critic: Critic, real: Tensor, generated: Tensor, scores: tuple[Tensor, Tensor], eps: Tensor
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the loss with what it has of scores, the penalty without its weight, and the mean gradient norm."""
        loss, figures = self.compare(*scores)
        if not self.gp_weight:
            nothing = loss.new_zeros(())
            return loss, {**figures, "penalty": nothing, "gradient_norm": nothing}
        some = slice(math.ceil(self.penalty_share * len(real)))
        penalty, norms = self.penalise(critic, real[some], generated[some], eps[some])
        return loss + self.gp_weight * penalty, {**figures, "penalty": penalty, "gradient_norm": norms.mean()}

    @abstractmethod
    def compare(self, real: Tensor, generated: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the critic's loss without the penalty, and figures, from scores of shape (batch,)."""

    @abstractmethod
    def penalise(self, critic: Critic, real: Tensor, generated: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
        """Return the penalty without its weight, and the gradient norms of the points that it was taken at."""
