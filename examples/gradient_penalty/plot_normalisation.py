"""
Batch normalisation voids the penalty
=====================================

The penalty is on the slope of each row's own score. A critic with batch normalisation has no such thing: the score of a
row depends on all rows of its batch. Layer normalisation works on one row at a time, and may stay.

Gulrajani et al. 2017 (arXiv 1704.00028, section 4) leave batch normalisation out of the critic for this reason; here is
how much of the slope it takes from the row, and what becomes of training.
"""

# sphinx_gallery_thumbnail_path = "figures/plot_normalisation_1.png"

# %%
# The synthesizers refuse such a critic, and say why.

import os

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from wgan_aug import WGANGPSynthesizer
from wgan_aug.datasets import RING_SD, make_ring, ring_centres
from wgan_aug.errors import InvalidParameterError
from wgan_aug.losses import WassersteinGP
from wgan_aug.training.state import TrainingSettings, TrainingState
from wgan_aug.training.steps import critic_step, draw_generated, generator_step

ring = make_ring(50_000, random_state=0)
try:
    WGANGPSynthesizer(critic_norm="batch").fit(pd.DataFrame(ring[:100], columns=["x", "y"]))
except InvalidParameterError as error:
    print(error)

# %%
# .. literalinclude:: /figures/plot_normalisation.txt
#    :language: none
#    :lines: 1
#    :class: wrapped
#
# So the networks are built by hand, and trained with the steps that the synthesizers are made of: five of the critic,
# then one of the generator. ``WGAN_AUG_EXAMPLE_UPDATES`` makes it shorter.

updates = int(os.environ.get("WGAN_AUG_EXAMPLE_UPDATES", "1500"))
width, batch = 128, 256
points = torch.tensor(ring, dtype=torch.float32)
norms = {"no normalisation": nn.Identity, "layer normalisation": nn.LayerNorm, "batch normalisation": nn.BatchNorm1d}


class Generator(nn.Module):
    """Noise of two dimensions to points of the plane."""

    noise_dim = 2

    def __init__(self) -> None:
        super().__init__()
        hidden = [
            nn.Linear(2, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
        ]
        self.layers = nn.Sequential(*hidden, nn.Linear(width, 2))

    def forward(self, noise: Tensor, draws: object = None) -> Tensor:
        """Return points, shape (batch, 2)."""
        return self.layers(noise)


def make_critic(norm: type[nn.Module]) -> nn.Sequential:
    """Return a critic of three hidden layers, each normalised."""
    layers: list[nn.Module] = []
    for inputs in (2, width, width):
        layers += [nn.Linear(inputs, width), norm(width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 1), nn.Flatten(0))


def train(norm: type[nn.Module]) -> TrainingState:
    """Train a generator against a critic."""
    torch.manual_seed(0)
    settings = TrainingSettings(updates, batch, 5, 3e-4, 3e-4, (0.5, 0.9))
    state = TrainingState(Generator(), make_critic(norm), settings, torch.Generator().manual_seed(0))
    objective = WassersteinGP(gp_weight=0.1)
    for update in range(updates):
        state.prepare(settings, update / updates, (update + 1) / updates)
        for _ in range(5):
            real = points[torch.randint(len(points), (batch,), generator=state.rng)]
            critic_step(state, objective, real, draw_generated(state, batch, graph=False))
        generator_step(state, objective, [(real, draw_generated(state, batch), None)], batch)
    return state


# %%
# How much does the score of row i change with row j? For a batch of 32 rows, the norm of each of these 32 x 32
# gradients; and what share of their sum lies off the diagonal.


def influence(critic: nn.Module, rows: Tensor) -> np.ndarray:
    """Return the norm of the gradient of each row's score with respect to each row, shape (rows, rows)."""
    gradients = torch.autograd.functional.jacobian(critic, rows)
    return gradients.norm(dim=2).numpy()


figure, axes = plt.subplots(2, 3, figsize=(9.5, 6.4), layout="constrained")
chosen = points[:32]
for (name, norm), above, below in zip(norms.items(), axes[0], axes[1], strict=True):
    state = train(norm)
    matrix = influence(state.critic, chosen)
    elsewhere = 1 - np.trace(matrix) / matrix.sum()
    with torch.no_grad():
        drawn = draw_generated(state, 5000).numpy()
    distance = np.linalg.norm(drawn[:, None] - ring_centres(), axis=2)
    near = distance.min(axis=1) < 4 * RING_SD
    modes = len(np.unique(distance.argmin(axis=1)[near]))
    print(f"{name:<20} gradient off the diagonal {elsewhere:4.0%}, at a mode {near.mean():4.0%}, modes {modes} of 8")
    above.imshow(matrix / matrix.max(), cmap="viridis", vmin=0, vmax=1)
    above.set(title=name, xlabel="row j", ylabel="row i")
    below.plot(*drawn[:2000].T, ".", color="#0072B2", markersize=1.5)
    below.plot(*ring_centres().T, "+", color="#D55E00", markersize=9)
    below.set(aspect="equal", xlim=(-2, 2), ylim=(-2, 2), xlabel="first coordinate", ylabel="second coordinate")
plt.show()

# %%
# .. figure:: /figures/plot_normalisation_1.png
#    :alt: Above, how much each row's score depends on each row, for three critics; below, what the generators drew.
#
# .. literalinclude:: /figures/plot_normalisation.txt
#    :language: none
#    :lines: 2-
#
# Above: without normalisation, and with layer normalisation, only the diagonal has any weight. With batch normalisation
# each single entry beside it is faint, but there are 31 of them for each on it, and they hold most of the gradient.
# What the penalty then holds at 1 is the sum of a column: how the scores of all rows change when one of them moves. The
# slope of the critic at that row is a smaller part of it, and is not held.
#
# Below: the first two generators are at all eight modes after this short training, with points on the way between. The
# third draws a short stroke in the middle. It is so too where real and generated rows go through the critic one after
# the other, each with statistics of its own: then the critic no longer even sees a shift of all rows.
#
# So normalise by rows: ``critic_norm="layer"`` is the default of :class:`wgan_aug.WGANGPSynthesizer`.
