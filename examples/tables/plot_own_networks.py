"""
Networks of your own
====================

``architecture=`` takes any object with two functions that make modules of torch: one for the generator, one for the
critic. Here are residual ones, in twenty lines, beside the dense layers of the default.

.. figure:: /figures/plot_own_networks_1.png
   :alt: Wasserstein estimate and generator loss over updates, with both kinds of networks
"""

# sphinx_gallery_thumbnail_path = "figures/plot_own_networks_1.png"

# %%
# A module takes and gives plain numbers. What is done with them is the same for all networks: softmax and draws of
# states, what is told of a row, the penalty, refining. :class:`~wgan_aug.networks.Architecture` says what comes in and
# goes out. ``WGAN_AUG_EXAMPLE_ROWS`` and ``WGAN_AUG_EXAMPLE_EPOCHS`` make it shorter; the figure needs matplotlib,
# which the extra ``report`` brings.

import os

import matplotlib.pyplot as plt
import pandas as pd
from torch import Tensor, nn

from wgan_aug import WGANGPSynthesizer, evaluate, load
from wgan_aug.datasets import load_adult


class Block(nn.Module):
    """Adds to what comes in what two layers make of it; normalised row by row, never over the batch."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, x: Tensor) -> Tensor:
        """Return rows of the same width."""
        return x + self.layers(x)


class Residual:
    """Residual networks for tables."""

    def __init__(self, width: int = 192, blocks: int = 3) -> None:
        self.width, self.blocks = width, blocks

    def generator(self, inputs: int, outputs: int) -> nn.Module:
        """Return a module from noise to features."""
        blocks = [Block(self.width) for _ in range(self.blocks)]
        return nn.Sequential(nn.Linear(inputs, self.width), *blocks, nn.Linear(self.width, outputs))

    def critic(self, inputs: int) -> nn.Module:
        """Return a module from features to a score."""
        return self.generator(inputs, 1)


# %%
# Both learn the same rows from the same seed, with the same settings.

rows = int(os.environ.get("WGAN_AUG_EXAMPLE_ROWS", "2000"))
epochs = float(os.environ["WGAN_AUG_EXAMPLE_EPOCHS"]) if "WGAN_AUG_EXAMPLE_EPOCHS" in os.environ else None

adult = load_adult().sample(2 * rows, random_state=0).reset_index(drop=True)
train, holdout = adult[:rows], adult[rows:].reset_index(drop=True)
models = {
    name: WGANGPSynthesizer(architecture=architecture, epochs=epochs, refine=False, random_state=0).fit(train)
    for name, architecture in {"mlp": "mlp", "residual": Residual()}.items()
}

figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
for (name, model), colour in zip(models.items(), ("#444444", "#0072B2"), strict=True):
    smooth = model.history_.rolling(max(1, model.updates_ // 40), min_periods=1).mean()
    for axis, column in zip(axes, ("wasserstein", "generator_loss"), strict=True):
        axis.plot(model.history_["update"], smooth[column], color=colour, label=name)
        axis.set(xlabel="update", title=column.replace("_", " "))
axes[0].legend(frameon=False)
plt.show()

# %%
# The figure at the top of this page: both critics come to estimates of a like size, and losses say nothing of whose
# rows are better. So look at the rows. They are not refined here, so that all differences are the networks':
# ``c2st`` is the area under the curve of boosted trees, ``c2st_forest`` of a forest, that tell synthetic rows from
# real ones; 0.5 is best.

found = {name: evaluate(train, model.sample(rows), holdout=holdout) for name, model in models.items()}
figures = {name: report.to_frame().set_index("figure")["value"] for name, report in found.items()}
weights = {name: sum(w.numel() for w in model.generator_.parameters()) for name, model in models.items()}
print(pd.DataFrame(figures).loc[["shape", "pair", "c2st", "c2st_forest"]].round(3))
print("weights of the generators:", weights)

# %%
# .. literalinclude:: /figures/plot_own_networks.txt
#    :language: none
#
# On these 2000 rows, with this seed, the residual networks are a little ahead. That is one table:
# :doc:`/benchmarks/family` compares networks on several. :doc:`/guide/own-networks` says what else they may be.
#
# A saved model has the weights of such networks, and not their code: whoever loads it brings the architecture.

models["residual"].save("residual-model")
again = load("residual-model", architecture=Residual())
assert again.sample(10).equals(models["residual"].sample(10))
