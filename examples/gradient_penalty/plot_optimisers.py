"""
Adam or RMSProp
===============

With weight clipping, a momentum keeps a generator from learning anything. Under the gradient penalty it costs some
quality, and RMSProp and Adam without momentum are equally good.

.. figure:: /figures/plot_optimisers_1.png
   :alt: Distance of samples to the data over updates, for both objectives and three optimisers.
"""

# sphinx_gallery_thumbnail_path = "figures/plot_optimisers_1.png"

# %%
# Arjovsky et al. 2017 (arXiv 1701.07875) found their critic unstable with Adam, and blamed its momentum: between two
# steps of the generator the loss of the critic is another one, and an average over past gradients points anywhere.
# Gulrajani et al. 2017 (arXiv 1704.00028) train with Adam and betas of 0 and 0.9, the first of which is the momentum.
#
# Here are both objectives on the ring of 8 Gaussians, with three optimisers at the same rate of 5e-4.
# ``WGAN_AUG_EXAMPLE_UPDATES`` makes it shorter.

import os
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor, nn

from wgan_aug.datasets import make_ring
from wgan_aug.losses import Objective, WassersteinGP, WeightClipping
from wgan_aug.losses.protocol import Projecting
from wgan_aug.networks.mlp import MLPCritic

updates = int(os.environ.get("WGAN_AUG_EXAMPLE_UPDATES", "1200"))
batch, critic_steps = 256, 5
points, fresh = torch.tensor(make_ring(20_000, random_state=0), dtype=torch.float32).chunk(2)
angles = torch.arange(16) * torch.pi / 16
lines = torch.stack([angles.cos(), angles.sin()])

objectives = {
    "gradient penalty, weight 0.1": WassersteinGP(gp_weight=0.1),
    "weights clipped at 0.1": WeightClipping(clip_value=0.1, bursts=False),
}
optimisers = {
    "RMSProp": (torch.optim.RMSprop, "#0072B2", "-"),
    "Adam, betas 0 and 0.9": (partial(torch.optim.Adam, betas=(0.0, 0.9), fused=True), "#009E73", "--"),
    "Adam, betas 0.9 and 0.999": (partial(torch.optim.Adam, betas=(0.9, 0.999), fused=True), "#D55E00", "-."),
}


def distance(samples: Tensor) -> float:
    """Return the sliced Wasserstein distance to fresh points: the mean distance of sorted shadows on 16 lines."""
    others = fresh[: len(samples)]
    return ((samples @ lines).sort(dim=0).values - (others @ lines).sort(dim=0).values).abs().mean().item()


def train(objective: Objective, optimiser: partial[torch.optim.Optimizer]) -> list[float]:
    """Train a generator and a critic; return the distance of samples after every 25 updates."""
    torch.manual_seed(0)
    hidden = [nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU()]
    generator, critic = nn.Sequential(*hidden, nn.Linear(128, 2)), MLPCritic(2, hidden=(128, 128, 128), norm="none")
    of_generator, of_critic = (optimiser(network.parameters(), lr=5e-4) for network in (generator, critic))
    distances = []
    for update in range(1, updates + 1):
        for _ in range(critic_steps):
            real, generated = points[torch.randint(len(points), (batch,))], generator(torch.randn(batch, 2)).detach()
            scores = critic(torch.cat([real, generated])).chunk(2)
            loss, _ = objective.critic_loss(critic, real, generated, scores, torch.rand(batch))
            of_critic.zero_grad()
            loss.backward()
            of_critic.step()
            if isinstance(objective, Projecting):
                with torch.no_grad():
                    objective.project(critic.parameters())
        of_generator.zero_grad()
        objective.generator_loss(critic, real, generator(torch.randn(batch, 2))).backward()
        of_generator.step()
        if update % 25 == 0 or update == updates:
            with torch.no_grad():
                distances.append(distance(generator(torch.randn(4000, 2))))
    return distances


# %%
# The distance of samples to the data, and its mean over the last third of the updates:

figure, axes = plt.subplots(1, 2, figsize=(9.5, 4.2), sharey=True, layout="constrained")
for axis, (title, objective) in zip(axes, objectives.items(), strict=True):
    for name, (optimiser, colour, line) in optimisers.items():
        distances = train(objective, optimiser)
        looks = np.linspace(updates / len(distances), updates, len(distances))
        axis.plot(looks, distances, color=colour, linestyle=line, label=name)
        late = np.mean(distances[2 * len(distances) // 3 :])
        print(f"{title:<30}{name:<27}{late:.3f}")
    axis.set(title=title, xlabel="update", yscale="log")
    axis.grid(alpha=0.3)
axes[0].set_ylabel("sliced Wasserstein distance")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
plt.show()

# %%
# .. literalinclude:: /figures/plot_optimisers.txt
#    :language: none
#
# On the left all three get near the data, the one with momentum a little less. On the right the same momentum keeps
# samples as far away as they began, and farther in the end: clipping throws away what the optimiser wanted to do beyond
# the bounds, and the momentum goes on wanting it.
#
# That it is the momentum, and not Adam, shows in the third line: with a first beta of 0 Adam does better than RMSProp,
# whose average of squared gradients has a longer memory (0.99 for 0.9) and begins at 0. This is one seed of one small
# problem, and tells large differences only.
