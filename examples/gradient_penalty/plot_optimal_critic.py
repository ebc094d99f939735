"""
Training the critic to its best
===============================

The better a GAN's discriminator, the less it teaches: its gradient vanishes, or points anywhere. A Wasserstein critic
may be trained as long as one likes, and what it tells the generator only gets better.

This is figure 2 of Arjovsky et al. 2017 (arXiv 1701.07875), in the plane and with numbers: here it is known which way
each generated point has to go.
"""

# sphinx_gallery_thumbnail_path = "figures/plot_optimal_critic_1.png"

# %%
# The "generator" stands still. It draws the 8 Gaussians, all of them off by the same short way; the cheapest way to put
# it right is to move every point back by that way, so the true direction is the same everywhere. No real Gaussian
# overlaps with a generated one. ``WGAN_AUG_EXAMPLE_UPDATES`` makes it shorter.

import os

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, softplus

from wgan_aug.datasets import make_ring
from wgan_aug.losses import NonSaturating, WassersteinGP
from wgan_aug.networks.mlp import MLPCritic

steps = int(os.environ.get("WGAN_AUG_EXAMPLE_UPDATES", "2000"))
batch = 256
points = torch.tensor(make_ring(20_000, random_state=0), dtype=torch.float32)
way = torch.tensor([0.3, 0.15])


class Saturating(NonSaturating):
    """The first GAN, whose generator minimises the mean of log(1 - p), p being how surely a row is taken for real."""

    def generator_loss(self, critic: MLPCritic, real: Tensor, generated: Tensor) -> Tensor:
        """Return the mean of log(1 - p)."""
        return -softplus(critic(generated)).mean()


objectives = {
    "WGAN-GP": (WassersteinGP(gp_weight=10.0), "#0072B2", "-"),
    "GAN": (Saturating(), "#D55E00", "--"),
    "GAN, non-saturating": (NonSaturating(), "#CC79A7", "-."),
}
looks = np.unique(np.geomspace(1, steps, 40).round().astype(int))


# %%
# At forty moments of the critic's training: what would a generated point be told? The gradient of the generator's loss
# with respect to the point says how far and where to; its cosine with the true direction is 1 where it is right.


def advice(objective: NonSaturating | WassersteinGP, critic: MLPCritic) -> tuple[float, float]:
    """Return the mean size of a point's gradient, and its mean cosine with the true direction."""
    generated = (points[:2000] + way).requires_grad_()
    loss = objective.generator_loss(critic, points[2000:4000], generated) * len(generated)
    (gradient,) = torch.autograd.grad(loss, generated)
    return gradient.norm(dim=1).mean().item(), cosine_similarity(-gradient, -way.expand_as(gradient)).mean().item()


figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4), layout="constrained")
for name, (objective, colour, line) in objectives.items():
    torch.manual_seed(0)
    critic = MLPCritic(2, hidden=(128, 128, 128), norm="none")
    optimiser = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9), fused=True)
    told = []
    for step in range(1, steps + 1):
        real, other = points[torch.randint(len(points), (2, batch))]
        generated = other + way
        scores = critic(torch.cat([real, generated])).chunk(2)
        loss, _ = objective.critic_loss(critic, real, generated, scores, torch.rand(batch))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step in looks:
            told.append(advice(objective, critic))
    sizes, cosines = np.transpose(told)
    left.loglog(looks, sizes, color=colour, linestyle=line, linewidth=2, label=name)
    right.semilogx(looks, cosines, color=colour, linestyle=line, linewidth=2)
    for moment in (len(looks) // 2, -1):
        print(f"{name:<20} {looks[moment]:5} steps: size {sizes[moment]:8.2g}, cosine {cosines[moment]:5.2f}")
left.set(xlabel="steps of the critic", ylabel="size of a generated point's gradient")
right.set(xlabel="steps of the critic", ylabel="cosine with the true direction", ylim=(-1.05, 1.05))
for axis in (left, right):
    axis.grid(alpha=0.3)
left.legend()
plt.show()

# %%
# .. figure:: /figures/plot_optimal_critic_1.png
#    :alt: Size and direction of gradients against the critic's steps, for WGAN-GP and two GANs.
#
# .. literalinclude:: /figures/plot_optimal_critic.txt
#    :language: none
#
# A GAN's discriminator is right about the direction at once, and worse later: once it tells all points apart, it has no
# reason to be smooth between them. The size of what the generator is told falls by four decades in the loss of the
# first GAN. The non-saturating loss, which is what ``loss="gan"`` has, keeps the gradient from vanishing, but not at
# any size either: it grows a hundredfold, in the same poor direction (both have the same discriminator, so that their
# cosines are the same but for rounding).
#
# The Wasserstein critic is the other way round. Its first steps say little, and in the wrong direction; after a hundred
# it points straight back, with a gradient of size 1, and stays there however long it is trained. Hence ``n_critic``:
# five steps of the critic for each of the generator, where a GAN can only afford one.
