"""
What a critic sees
==================

Critics trained against a generator that stands still, so that all there is to see is what each kind of critic can
say: one with clipped weights draws a slope and little more, one with a gradient penalty traces the data.

This is figure 1a of Gulrajani et al. 2017 (arXiv 1704.00028). The "generator" is the data with noise: each real point,
moved by a standard normal draw. It is right on average, and wrong in all that makes the data what they are.
"""

# sphinx_gallery_thumbnail_path = "figures/plot_critic_surfaces_1.png"

# %%
# Three distributions of the plane, and for each of them two critics that have the same layers and as many steps.
# ``WGAN_AUG_EXAMPLE_UPDATES`` makes it shorter.

import os

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from wgan_aug.datasets import make_grid, make_ring, make_swiss_roll
from wgan_aug.losses import Objective, WassersteinGP, WeightClipping
from wgan_aug.losses.protocol import Projecting
from wgan_aug.networks.mlp import MLPCritic

steps = int(os.environ.get("WGAN_AUG_EXAMPLE_UPDATES", "2000"))
batch = 256

distributions = {"8 Gaussians": make_ring, "25 Gaussians": make_grid, "Swiss roll": make_swiss_roll}
objectives = {
    "weights clipped at 0.01": WeightClipping(clip_value=0.01),
    "gradient penalty, weight 0.1": WassersteinGP(gp_weight=0.1),
}

# %%
# Training is a loop of a few lines. An objective says what the critic minimises; one that holds weights in a set puts
# them back after each step.


def train_critic(objective: Objective, points: Tensor) -> MLPCritic:
    """Train a critic to tell points from themselves with noise."""
    torch.manual_seed(0)
    critic = MLPCritic(2, hidden=(256, 256, 256), norm="none", slope=0.0)
    optimiser = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9), fused=True)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = 2e-3 * (1 - step / steps)
        real, other = points[torch.randint(len(points), (2, batch))]
        generated = other + torch.randn_like(other)
        scores = critic(torch.cat([real, generated])).chunk(2)
        loss, _ = objective.critic_loss(critic, real, generated, scores, torch.rand(batch))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if isinstance(objective, Projecting):
            with torch.no_grad():
                objective.project(critic.parameters())
    return critic


# %%
# What a critic says on a square around the data: bright is what it takes for real. Lines of equal score are drawn for
# the upper three quarters of the square.

ticks = torch.linspace(-2.1, 2.1, 121)
square = torch.cartesian_prod(ticks, ticks)
figure, axes = plt.subplots(2, 3, figsize=(9.5, 6.6), sharex=True, sharey=True, layout="constrained")
for column, (distribution, make) in enumerate(distributions.items()):
    points = torch.tensor(make(20_000, random_state=0), dtype=torch.float32)
    for axis, (method, objective) in zip(axes[:, column], objectives.items(), strict=True):
        critic = train_critic(objective, points)
        with torch.no_grad():
            surface = critic(square).reshape(len(ticks), len(ticks)).T
            noisy = points + torch.randn_like(points)
            estimate = critic(points).mean() - critic(noisy).mean()
        levels = torch.linspace(surface.quantile(0.25), surface.max(), 17)
        axis.contourf(ticks, ticks, surface, levels=levels, cmap="viridis", extend="min")
        axis.contour(ticks, ticks, surface, levels=levels, colors="black", linewidths=0.4, linestyles="solid")
        axis.plot(*points[:400].T, ".", color="#D55E00", markersize=2.5)
        axis.set(aspect="equal", title=f"{distribution}\n{method}")
        print(f"{distribution:<13} {method:<29} estimate {estimate:6.3f}")
figure.supxlabel("first coordinate")
figure.supylabel("second coordinate")
plt.show()

# %%
# .. figure:: /figures/plot_critic_surfaces_1.png
#    :alt: Scores of six critics over the plane; clipped ones are plateaus, penalised ones follow the data.
#
# The clipped critics (above) know where the data are on the whole, and no more: a plateau with corners over the whole
# ring, its empty middle included; a pyramid over the grid; and for the Swiss roll nearly the same plateau as for the
# ring. A generator that climbs these comes to the plateau, where there is nothing left to climb.
#
# The penalised critics (below) have a summit at each of the eight Gaussians and a hollow in the ring's middle; one at
# each of the nine inner Gaussians of the 25, while those at the edge are no more than shoulders after so many steps;
# and for the Swiss roll a ridge that follows the inner half of the spiral.
#
# .. literalinclude:: /figures/plot_critic_surfaces.txt
#    :language: none
#
# The estimate is the mean score of real rows less that of generated ones. Scores of clipped critics are hundreds of
# times smaller, as are their slopes: how steep such a critic can be is decided by its bound and its depth, see
# :doc:`/gallery/gradient_penalty/plot_gradient_norms`.
