"""Wasserstein objectives: the critic's scores estimate a distance, as long as its slope is bounded in some way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

import torch
from torch import Tensor

from wgan_aug.errors import not_a_number
from wgan_aug.losses.base import BuiltIn, Penalised, Recipe, with_options
from wgan_aug.losses.penalties import Critic, gradient_norms, interpolate, lipschitz_penalty

__all__ = ["WassersteinDiv", "WassersteinGP", "WeightClipping"]

_BURST = 100  # critic steps of an update that has more of them


@with_options
class WassersteinGP(Penalised):
    r"""`wgan-gp`: the Wasserstein critic, held to a gradient of norm 1 between real and generated rows.

    The critic minimises $E D(\tilde x) - E D(x) + \lambda E (\lVert \nabla D(\hat x) \rVert_2 - 1)^2$, the generator
    $-E D(\tilde x)$. The paper: Adam with rate 1e-4 and betas 0 and 0.9, 5 critic steps.

    Args:
        gp_weight: $\lambda$, at least 0; the paper has 10, and 0.1 for points of the plane.
        penalty_share: the share of a batch's rows, in (0, 1], whose gradient is taken; the paper takes all.
        penalty_every: take the penalty in every so many-th step, with as many times the weight (Karras et al. 2019,
            arXiv 1912.04958); the paper takes it in all.
        one_sided: penalise gradient norms above 1 only (section 4 of the paper, "two-sided penalty").

    References:
        Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv 1704.00028.

    Examples:
        >>> WassersteinGP(gp_weight=1.0, one_sided=True).gp_weight
        1.0
    """

    recipe: ClassVar[Recipe] = Recipe(n_critic=5)

    one_sided: bool = False

    def compare(self, real: Tensor, generated: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return minus the Wasserstein estimate, and the estimate."""
        return _estimate(real, generated)

    def penalise(self, critic: Critic, real: Tensor, generated: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
        """Return how far norms between real and generated rows are from 1."""
        norms = gradient_norms(critic, interpolate(real, generated, eps))
        return lipschitz_penalty(norms, one_sided=self.one_sided), norms

    def generator_loss(self, critic: Critic, real: Tensor, generated: Tensor) -> Tensor:
        """Return the negative mean score."""
        return -critic(generated).mean()


@with_options
class WeightClipping(BuiltIn):
    r"""`wgan`: the Wasserstein critic, each of whose weights is clamped to $[-c, c]$ after every step.

    The critic minimises $E D(\tilde x) - E D(x)$, the generator $-E D(\tilde x)$. The paper: RMSProp with rate 5e-5,
    5 critic steps.

    Args:
        clip_value: $c$, above 0; the paper has 0.01.
        bursts: let the critic do 100 steps in each of the first 25 updates and in every 500th, so that it is near its
            best, as the paper's code does; these steps come on top of the epochs.

    References:
        Arjovsky et al. 2017, Wasserstein GAN, arXiv 1701.07875.

    Examples:
        >>> objective = WeightClipping(clip_value=0.05)
        >>> [objective.critic_steps(update, 5) for update in (0, 24, 25, 499, 500)]
        [100, 100, 5, 5, 100]
    """

    recipe: ClassVar[Recipe] = Recipe("rmsprop", learning_rate=5e-5, n_critic=5)

    clip_value: float = 0.01
    bursts: bool = True

    def wrong_options(self) -> list[str]:
        """Say what is wrong with the options."""
        return not_a_number("clip_value", self.clip_value, above=0, optional=False)

    def critic_loss(
        self, critic: Critic, real: Tensor, generated: Tensor, scores: tuple[Tensor, Tensor], eps: Tensor
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return minus the Wasserstein estimate, and the estimate."""
        return _estimate(*scores)

    def generator_loss(self, critic: Critic, real: Tensor, generated: Tensor) -> Tensor:
        """Return the negative mean score."""
        return -critic(generated).mean()

    def project(self, weights: Iterable[Tensor]) -> None:
        """Clamp each weight, in place."""
        for weight in weights:
            weight.clamp_(-self.clip_value, self.clip_value)

    def critic_steps(self, update: int, n_critic: int) -> int:
        """Return 100 for the first 25 updates and every 500th; else, and where there are no bursts, `n_critic`."""
        return max(_BURST, n_critic) if self.bursts and (update < 25 or update % 500 == 0) else n_critic


@with_options
class WassersteinDiv(Penalised):
    r"""`wgan-div`: the Wasserstein critic with a cost for steep slopes, without a slope that it should have.

    The critic minimises $E D(\tilde x) - E D(x) + \frac k2 (E \lVert \nabla D(x) \rVert_2^p + E \lVert \nabla D(\tilde
    x) \rVert_2^p)$, the generator $-E D(\tilde x)$. The paper has $k = 2$ and $p = 6$; the recipe is that of its
    authors' code: Adam with rate 2e-4 and betas 0 and 0.9, 4 critic steps. That code takes the gradient between real
    and generated rows; here it is taken at both.

    Args:
        gp_weight: $k$, at least 0; the paper has 2.
        penalty_share: the share of a batch's rows, in (0, 1], whose gradient is taken; the paper takes all.
        penalty_every: take the penalty in every so many-th step, with as many times the weight (Karras et al. 2019,
            arXiv 1912.04958); the paper takes it in all.
        power: $p$, above 1; the paper has 6.

    References:
        Wu et al. 2018, Wasserstein Divergence for GANs, arXiv 1712.01026; github.com/musikisomorphie/wgan-div.
    """

    recipe: ClassVar[Recipe] = Recipe(learning_rate=2e-4, n_critic=4)

    gp_weight: float = 2.0
    power: float = 6.0

    def wrong_options(self) -> list[str]:
        """Say what is wrong with the options."""
        return super().wrong_options() + not_a_number("power", self.power, above=1, optional=False)

    def compare(self, real: Tensor, generated: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return minus the Wasserstein estimate, and the estimate."""
        return _estimate(real, generated)

    def penalise(self, critic: Critic, real: Tensor, generated: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean power of norms at real and generated rows."""
        norms = gradient_norms(critic, torch.cat([real, generated]))
        return norms.pow(self.power).mean(), norms

    def generator_loss(self, critic: Critic, real: Tensor, generated: Tensor) -> Tensor:
        """Return the negative mean score."""
        return -critic(generated).mean()


def _estimate(real: Tensor, generated: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
    """Return minus the Wasserstein estimate from scores, and the estimate as a figure."""
    wasserstein = real.mean() - generated.mean()
    return -wasserstein, {"wasserstein": wasserstein}
