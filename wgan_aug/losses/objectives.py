"""Adversarial objectives by name: what the critic minimises, and what the generator minimises."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Protocol

from torch import Tensor

from wgan_aug.errors import InvalidParameterError, did_you_mean
from wgan_aug.losses.penalties import Critic, gradient_norms, interpolate, lipschitz_penalty

__all__ = ["OBJECTIVES", "Objective", "WassersteinGP", "find_objective"]


class Objective(Protocol):
    """Two functions. `critic_loss` also returns figures for the history, each a scalar tensor by name."""

    def critic_loss(
        self, critic: Critic, real: Tensor, generated: Tensor, scores: tuple[Tensor, Tensor], eps: Tensor
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return what the critic minimises, from its scores of real and generated rows, shape (batch,)."""
        ...

    def generator_loss(self, scores: Tensor) -> Tensor:
        """Return what the generator minimises, from the critic's scores of generated rows, shape (batch,)."""
        ...


@dataclasses.dataclass(frozen=True)
class WassersteinGP:
    r"""WGAN-GP: the Wasserstein critic, held to a gradient of norm 1 between real and generated rows.

    The critic minimises $E D(\tilde x) - E D(x) + \lambda E (\lVert \nabla D(\hat x) \rVert_2 - 1)^2$, the
    generator $-E D(\tilde x)$.

    Args:
        gp_weight: $\lambda$, at least 0; the paper has 10.
        one_sided: penalise gradient norms above 1 only.
        penalty_share: the share of a batch's rows, in (0, 1], whose gradient is taken: an estimate of the same mean
            from fewer rows. The paper takes all.

    References:
        Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv 1704.00028.
    """

    gp_weight: float = 10.0
    one_sided: bool = False
    penalty_share: float = 1.0

    def critic_loss(
        self, critic: Critic, real: Tensor, generated: Tensor, scores: tuple[Tensor, Tensor], eps: Tensor
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the critic's loss with the Wasserstein estimate, the penalty and the mean gradient norm."""
        wasserstein = scores[0].mean() - scores[1].mean()
        some = slice(math.ceil(self.penalty_share * len(real)))
        norms = gradient_norms(critic, interpolate(real[some], generated[some], eps[some]))
        penalty = lipschitz_penalty(norms, one_sided=self.one_sided)
        loss = self.gp_weight * penalty - wasserstein
        return loss, {"wasserstein": wasserstein, "penalty": penalty, "gradient_norm": norms.mean()}

    def generator_loss(self, scores: Tensor) -> Tensor:
        """Return the negative mean score."""
        return -scores.mean()


OBJECTIVES: dict[str, type[WassersteinGP]] = {"wgan-gp": WassersteinGP}
"""Objectives by the name that `loss=` takes."""


def find_objective(name: str) -> type[WassersteinGP]:
    """Return an objective by its name.

    Raises:
        InvalidParameterError: for an unknown name, with the known ones.

    Examples:
        >>> find_objective("wgan-gp")(gp_weight=1.0).gp_weight
        1.0
    """
    if name not in OBJECTIVES:
        known = ", ".join(map(repr, OBJECTIVES))
        raise InvalidParameterError(f"loss is {name!r}; allowed are {known}.{did_you_mean(name, OBJECTIVES)}")
    return OBJECTIVES[name]
