"""
Gradients through twelve layers
===============================

Clipped weights make the gradients of a deep critic explode or vanish from layer to layer, and no bound on the weights
is right. Under the penalty they stay of one size.

This is figure 1b of Gulrajani et al. 2017 (arXiv 1704.00028): a critic of twelve layers with ReLU on the Swiss roll,
and the gradient of its loss with respect to what comes into each layer.
"""

# sphinx_gallery_thumbnail_path = "figures/plot_gradient_norms_1.png"

# %%
# The critic has to tell the Swiss roll from the same points with noise. Its weights begin at He's scale, at which
# gradients are of about the same size in all layers: what comes after is the objective's doing.
# ``WGAN_AUG_EXAMPLE_UPDATES`` makes it shorter.

import os

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor, nn

from wgan_aug.datasets import make_swiss_roll
from wgan_aug.losses import Objective, WassersteinGP, WeightClipping
from wgan_aug.losses.protocol import Projecting
from wgan_aug.networks.mlp import MLPCritic

steps = int(os.environ.get("WGAN_AUG_EXAMPLE_UPDATES", "600"))
batch, width, hidden_layers = 256, 128, 11
roll = torch.tensor(make_swiss_roll(50_000, random_state=0), dtype=torch.float32)


def draw_rows(count: int) -> tuple[Tensor, Tensor]:
    """Return real points, and as many others with noise."""
    real, other = roll[torch.randint(len(roll), (2, count))]
    return real, other + torch.randn_like(other)


def linear_layers(critic: nn.Module) -> list[nn.Linear]:
    """Return the layers that have weights, first to last."""
    return [module for module in critic.modules() if isinstance(module, nn.Linear)]


def train_critic(objective: Objective) -> MLPCritic:
    """Train a deep critic."""
    torch.manual_seed(0)
    critic = MLPCritic(2, hidden=(width,) * hidden_layers, norm="none", slope=0.0)
    for layer in linear_layers(critic):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    optimiser = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9), fused=True)
    for _ in range(steps):
        real, generated = draw_rows(batch)
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
# The gradient is that of the difference of mean scores, in double precision: single precision has no numbers as small
# as some of these.


def gradient_norms(critic: MLPCritic) -> np.ndarray:
    """Return the mean norm, over rows, of the gradient at the input of each layer, shape (layers,)."""
    rows = torch.cat(draw_rows(2048)).double().requires_grad_()
    inputs, values = [], rows
    for module in critic.double().layers:
        if isinstance(module, nn.Linear):
            inputs.append(values)
        values = module(values)
    real, generated = values.chunk(2)
    gradients = torch.autograd.grad(generated.sum() - real.sum(), inputs)
    return np.array([gradient.norm(dim=1).mean().item() for gradient in gradients])


# %%
# Three bounds, each ten times the next, and the penalty. For each: over how many decades the norms of the twelve layers
# spread, and which share of weights lies at its bound.

clipping = {f"clipping, c = {c:g}": WeightClipping(clip_value=c) for c in (0.1, 0.01, 0.001)}
norms, decades = {}, {}
for name, objective in {**clipping, "gradient penalty": WassersteinGP(gp_weight=10.0)}.items():
    critic = train_critic(objective)
    norms[name] = gradient_norms(critic)
    decades[name] = np.log10(norms[name].max() / norms[name].min())
    told = f"{name:<19} {decades[name]:5.1f} decades"
    if isinstance(objective, WeightClipping):
        weights = torch.cat([layer.weight.flatten() for layer in linear_layers(critic)])
        told += f", {(weights.abs() > 0.999 * objective.clip_value).double().mean():.0%} of the weights at -c or c"
    print(told)

figure, axis = plt.subplots(figsize=(8.5, 5), layout="constrained")
looks = zip(norms.items(), ("#D55E00", "#E69F00", "#CC79A7", "#0072B2"), ("o", "s", "^", "D"), strict=True)
for (name, values), colour, marker in looks:
    axis.semilogy(np.arange(1, len(values) + 1), values, color=colour, marker=marker, label=name)
axis.set(xlabel="layer, from the rows to the score", ylabel="mean norm of the gradient at its input")
axis.set_xticks(range(1, hidden_layers + 2))
axis.grid(alpha=0.3)
axis.legend()
plt.show()

# %%
# .. figure:: /figures/plot_gradient_norms_1.png
#    :alt: Gradient norms of twelve layers, logarithmic: three straight lines that rise or fall, one that is level.
#
# Read from right to left, as the gradient flows. Under clipping each layer multiplies it by about the same factor, so
# that it changes geometrically: with c = 0.1 it is multiplied by 7 or so in each layer, with c = 0.01 divided by some
# 14, with c = 0.001 by about 100. What reaches the rows, and behind them the generator, is off by more than eight
# decades in one case and by more than thirteen in the others. Under the penalty the norms of all twelve layers lie
# within one decade.
#
# .. literalinclude:: /figures/plot_gradient_norms.txt
#    :language: none
#
# Where more than half of the weights are at a bound, the bound is the only thing that sets a layer's scale, and it does
# so twelve times over. :doc:`/gallery/gradient_penalty/plot_weight_histograms` shows such weights.
