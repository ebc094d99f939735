"""Objectives in which the critic tells real from generated rows: classifiers, regressions, margins, pairs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from wgan_aug.errors import not_a_number
from wgan_aug.losses.base import BuiltIn, Penalised, Recipe, with_options
from wgan_aug.losses.penalties import Critic, gradient_norms

__all__ = ["R3GAN", "Hinge", "LeastSquares", "NonSaturating"]


@with_options
class NonSaturating(BuiltIn):
    r"""`gan`: the critic's score is the log-odds that a row is real.

    The critic minimises $E\, s(-D(x)) + E\, s(D(\tilde x))$, the binary cross-entropy, with $s(t) = \log(1 + e^t)$; the
    generator $E\, s(-D(\tilde x))$, which does not saturate where the critic is sure. The recipe is that of DCGAN: Adam
    with rate 2e-4 and betas 0.5 and 0.999, one critic step.

    Args:
        r1_weight: $\gamma$ of $\frac \gamma 2 E \lVert \nabla D(x) \rVert_2^2$, a penalty at real rows (R1, Mescheder
            et al. 2018, arXiv 1801.04406); 0 is none, as in the paper.

    References:
        Goodfellow et al. 2014, Generative Adversarial Nets, arXiv 1406.2661.
        Radford et al. 2015, Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
        Networks, arXiv 1511.06434.
    """

    recipe: ClassVar[Recipe] = Recipe(learning_rate=2e-4, betas=(0.5, 0.999))

    r1_weight: float = 0.0

    @property
    def penalises_rows(self) -> bool:
        """Where there is R1."""
        return self.r1_weight > 0

    def wrong_options(self) -> list[str]:
        """Say what is wrong with the options."""
        return not_a_number("r1_weight", self.r1_weight, above=0, equal=True, optional=False)

    def critic_loss(
        self, critic: Critic, real: Tensor, generated: Tensor, scores: tuple[Tensor, Tensor], eps: Tensor
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the cross-entropy, and the mean scores."""
        loss = softplus(-scores[0]).mean() + softplus(scores[1]).mean()
        if self.r1_weight:
            loss = loss + self.r1_weight / 2 * gradient_norms(critic, real).square().mean()
        return loss, _means(*scores)

    def generator_loss(self, critic: Critic, real: Tensor, generated: Tensor) -> Tensor:
        """Return the cross-entropy of generated rows that pass for real."""
        return softplus(-critic(generated)).mean()


@with_options
class LeastSquares(BuiltIn):
    r"""`lsgan`: the critic's score is a regression on 1 for real and 0 for generated rows.

    The critic minimises $\frac12 E (D(x) - 1)^2 + \frac12 E D(\tilde x)^2$, the generator $\frac12 E (D(\tilde x) -
    1)^2$. The recipe is that of DCGAN, as for `gan`: Adam with rate 2e-4 and betas 0.5 and 0.999, one critic step.

    References:
        Mao et al. 2016, Least Squares Generative Adversarial Networks, arXiv 1611.04076.
    """

    recipe: ClassVar[Recipe] = Recipe(learning_rate=2e-4, betas=(0.5, 0.999))

    def critic_loss(
        self, critic: Critic, real: Tensor, generated: Tensor, scores: tuple[Tensor, Tensor], eps: Tensor
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return half the squared errors, and the mean scores."""
        loss = ((scores[0] - 1).square().mean() + scores[1].square().mean()) / 2
        return loss, _means(*scores)

    def generator_loss(self, critic: Critic, real: Tensor, generated: Tensor) -> Tensor:
        """Return half the squared error of generated rows that pass for real."""
        return (critic(generated) - 1).square().mean() / 2


@with_options
class Hinge(BuiltIn):
    r"""`hinge`: the critic pushes real rows above 1 and generated ones below -1, and leaves those that are there.

    The critic minimises $E \max(0, 1 - D(x)) + E \max(0, 1 + D(\tilde x))$, the generator $-E D(\tilde x)$. The recipe
    is that of SAGAN: Adam with betas 0 and 0.9, rate 1e-4, and 4e-4 for the critic, one critic step; a spectrally
    normalised critic (`critic_norm="spectral"`) goes with it.

    References:
        Lim and Ye 2017, Geometric GAN, arXiv 1705.02894.
        Zhang et al. 2018, Self-Attention Generative Adversarial Networks, arXiv 1805.08318.
    """

    recipe: ClassVar[Recipe] = Recipe(critic_rate_factor=4.0)

    def critic_loss(
        self, critic: Critic, real: Tensor, generated: Tensor, scores: tuple[Tensor, Tensor], eps: Tensor
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return by how much the margins are missed, and the mean scores."""
        return relu(1 - scores[0]).mean() + relu(1 + scores[1]).mean(), _means(*scores)

    def generator_loss(self, critic: Critic, real: Tensor, generated: Tensor) -> Tensor:
        """Return the negative mean score."""
        return -critic(generated).mean()


@with_options
class R3GAN(Penalised):
    r"""`r3gan`: the critic scores a real row above the generated one beside it, with flat slopes at both.

    The critic minimises $E\, s(D(\tilde x) - D(x)) + \frac \gamma 2 (E \lVert \nabla D(x) \rVert_2^2 + E \lVert \nabla
    D(\tilde x) \rVert_2^2)$ with $s(t) = \log(1 + e^t)$ (a relativistic pairing, R1 and R2), the generator
    $E\, s(D(x) - D(\tilde x))$. Each row is paired with one that was drawn under the same condition. The recipe: Adam
    with rate 2e-4 and betas 0 and 0.99, one critic step. The authors' code lets the rate fall to 5e-5 and the second
    beta rise from 0.9; here both stay.

    Args:
        gp_weight: $\gamma$, at least 0. The authors set it by data set, from 0.05 (CIFAR-10) to 150 (faces of 256
            pixels), and let it fall to a tenth; here it is 1 and stays. It is in units of the data: the narrower what
            is to be told apart, the smaller it has to be.
        penalty_share: the share of a batch's rows, in (0, 1], whose gradient is taken; the paper takes all.
        penalty_every: take the penalty in every so many-th step, with as many times the weight (Karras et al. 2019,
            arXiv 1912.04958); the paper takes it in all.

    References:
        Huang et al. 2024, The GAN is dead; long live the GAN! A Modern Baseline GAN, arXiv 2501.05441;
        github.com/brownvc/R3GAN, `train.py`.
        Jolicoeur-Martineau 2018, The relativistic discriminator, arXiv 1807.00734.
    """

    recipe: ClassVar[Recipe] = Recipe(learning_rate=2e-4, betas=(0.0, 0.99))

    gp_weight: float = 1.0

    def compare(self, real: Tensor, generated: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the cross-entropy of pairs, and the mean scores."""
        return softplus(generated - real).mean(), _means(real, generated)

    def penalise(self, critic: Critic, real: Tensor, generated: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
        """Return half the sum of R1 and R2."""
        norms = gradient_norms(critic, torch.cat([real, generated]))
        return norms.square().mean(), norms

    def generator_loss(self, critic: Critic, real: Tensor, generated: Tensor) -> Tensor:
        """Return the cross-entropy of pairs, the other way round."""
        scores = critic(torch.cat([real, generated]))
        return softplus(scores[: len(real)] - scores[len(real) :]).mean()


def _means(real: Tensor, generated: Tensor) -> Mapping[str, Tensor]:
    return {"real_score": real.mean(), "generated_score": generated.mean()}
