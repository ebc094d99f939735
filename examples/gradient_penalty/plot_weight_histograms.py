"""
Where the weights go
====================

Under clipping nearly all weights of a critic end up at one of the two bounds. Under the penalty they keep the shape of
a bell, and take all values between.

This is the other half of figure 1b of Gulrajani et al. 2017 (arXiv 1704.00028).
"""

# sphinx_gallery_thumbnail_path = "figures/plot_weight_histograms_1.png"

# %%
# Two critics learn to tell the Swiss roll from the same points with noise. Both begin with normal weights: the one
# under the penalty at He's scale, the one to be clipped at a third of its bound, so that nothing is at the bound before
# it has learned anything. ``WGAN_AUG_EXAMPLE_UPDATES`` makes it shorter.

import os

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

from wgan_aug.datasets import make_swiss_roll
from wgan_aug.losses import Objective, WassersteinGP, WeightClipping
from wgan_aug.losses.protocol import Projecting
from wgan_aug.networks.mlp import MLPCritic

steps = int(os.environ.get("WGAN_AUG_EXAMPLE_UPDATES", "800"))
batch, width, bound = 256, 128, 0.01
roll = torch.tensor(make_swiss_roll(20_000, random_state=0), dtype=torch.float32)


def make_critic(scale: float) -> MLPCritic:
    """Return a critic with normal weights of a scale."""
    torch.manual_seed(0)
    critic = MLPCritic(2, hidden=(width, width, width), norm="none")
    for module in critic.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=scale)
    return critic


def hidden_weights(critic: MLPCritic) -> Tensor:
    """Return the weights from one hidden layer to the next, all in one row."""
    weights = [module.weight.detach().flatten() for module in critic.modules() if isinstance(module, nn.Linear)]
    return torch.cat(weights[1:-1])


def train(critic: MLPCritic, objective: Objective) -> None:
    """Train a critic."""
    optimiser = torch.optim.Adam(critic.parameters(), lr=3e-4, betas=(0.5, 0.9), fused=True)
    for _ in range(steps):
        real, other = roll[torch.randint(len(roll), (2, batch))]
        generated = other + torch.randn_like(other)
        scores = critic(torch.cat([real, generated])).chunk(2)
        loss, _ = objective.critic_loss(critic, real, generated, scores, torch.rand(batch))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if isinstance(objective, Projecting):
            with torch.no_grad():
                objective.project(critic.parameters())


# %%
# The weights between hidden layers, before and after.

methods = {
    "clipping, c = 0.01": (WeightClipping(clip_value=bound), bound / 3, "#D55E00"),
    "gradient penalty": (WassersteinGP(gp_weight=10.0), (2 / width) ** 0.5, "#0072B2"),
}
figure, axes = plt.subplots(2, 2, figsize=(9.5, 5.6), sharex="row", layout="constrained")
for (name, (objective, scale, colour)), (before, after) in zip(methods.items(), axes, strict=True):
    critic = make_critic(scale)
    before.hist(hidden_weights(critic).numpy(), bins=61, density=True, color="#777777")
    train(critic, objective)
    weights = hidden_weights(critic)
    after.hist(weights.numpy(), bins=61, density=True, color=colour)
    before.set(title=f"{name}: before", xlabel="weight", ylabel="density")
    after.set(title=f"{name}: after", xlabel="weight")
    at_bound = ((weights.abs() - bound).abs() < bound / 100).double().mean()
    peaked = (weights / weights.std()).pow(4).mean()
    print(f"{name:<18} {at_bound:6.1%} of the weights within a hundredth of -0.01 or 0.01, kurtosis {peaked:.2f}")
plt.show()

# %%
# .. figure:: /figures/plot_weight_histograms_1.png
#    :alt: Histograms of weights before and after training; clipped ones are two spikes, penalised ones a bell.
#
# .. literalinclude:: /figures/plot_weight_histograms.txt
#    :language: none
#
# (A bell has a kurtosis of 3, two spikes have 1.) Nothing pulls a weight to a bound but the loss itself: the objective
# is the larger the steeper the critic, and with a bound on each weight the steepest critic is the one whose weights are
# all at theirs. What is left to learn is a sign for each weight, and such a critic is a simple function:
# :doc:`/gallery/gradient_penalty/plot_critic_surfaces` shows how simple.
#
# The share depends on the activation. With ReLU in place of the LeakyReLU that our critics have, units that never fire
# have no gradient, and their weights stay where they began: about a third of the weights of this critic then reach the
# bound.
