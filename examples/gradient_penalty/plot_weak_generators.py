"""
Weak generators
===============

A GAN wants a generator that suits it. Under the gradient penalty nearly every kind of generator learns what it can:
here are five of them, with all else as it was.

.. figure:: /figures/plot_weak_generators_1.png
   :alt: Samples of five kinds of generators, trained as wgan-gp and as gan.
"""

# sphinx_gallery_thumbnail_path = "figures/plot_weak_generators_1.png"

# %%
# Gulrajani et al. 2017 (arXiv 1704.00028) show as much on images: without batch normalisation, with tanh in all layers,
# with few filters or as a plain MLP, WGAN-GP trains where the other objectives fail. On points of the plane the likes
# of these are quickly made: ``architecture=`` takes any object that makes a generator and a critic.
#
# ``gan`` has a rate of 1e-3, at which it does better here than at its usual 2e-4. ``WGAN_AUG_EXAMPLE_UPDATES`` makes it
# shorter.

import os
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from torch import nn

from wgan_aug import WGANGPSynthesizer
from wgan_aug.datasets import RING_SD, make_ring, ring_centres

rows, batch = 10_000, 256
updates = int(os.environ.get("WGAN_AUG_EXAMPLE_UPDATES", "2000"))
points, centres = make_ring(rows, random_state=0), ring_centres()


class Dense:
    """A generator of so many layers of a width, and always the same critic."""

    def __init__(self, width: int = 128, layers: int = 3, tanh: bool = False) -> None:
        self.width, self.layers, self.tanh = width, layers, tanh

    def generator(self, inputs: int, outputs: int) -> nn.Module:
        """Return a module from noise to points."""
        widths = [inputs, *[self.width] * self.layers]
        made: list[nn.Module] = []
        for before, after in pairwise(widths):
            made += [nn.Linear(before, after), nn.Tanh() if self.tanh else nn.ReLU()]
        return nn.Sequential(*made, nn.Linear(self.width, outputs))

    def critic(self, inputs: int) -> nn.Module:
        """Return a module from points to a score."""
        made: list[nn.Module] = []
        for before in (inputs, 128, 128):
            made += [nn.Linear(before, 128), nn.LayerNorm(128), nn.LeakyReLU(0.2)]
        return nn.Sequential(*made, nn.Linear(128, 1))


generators = {
    "3 layers of 128": Dense(),
    "tanh": Dense(tanh=True),
    "3 layers of 12": Dense(width=12),
    "1 layer": Dense(layers=1),
    "10 layers": Dense(layers=10),
}

# %%
# A sample is good within 4 standard deviations of a mode's middle, and a mode is covered that has at least a tenth of
# its fair share of samples, counting good ones.

figure, axes = plt.subplots(2, 5, figsize=(10, 4.8), sharex=True, sharey=True, layout="constrained")
methods = {"wgan-gp": ("#0072B2", {}), "gan": ("#D55E00", {"learning_rate": 1e-3})}
for row, (loss, (colour, options)) in zip(axes, methods.items(), strict=True):
    for axis, (name, architecture) in zip(row, generators.items(), strict=True):
        options |= {"architecture": architecture, "epochs": updates * batch / rows}
        model = WGANGPSynthesizer(loss=loss, preset="toy", random_state=0, **options)
        samples = np.asarray(model.fit(points).sample(rows, random_state=0))
        distances = np.linalg.norm(samples[:, None] - centres, axis=2)
        good = distances.min(axis=1) < 4 * RING_SD
        counts = np.bincount(distances.argmin(axis=1)[good], minlength=len(centres))
        told = f"{(counts >= 0.1 * rows / len(centres)).sum()} of 8, {good.mean():.0%} good"
        axis.plot(*centres.T, "o", color="#CCCCCC", markersize=9)
        axis.plot(*samples[:2000].T, ".", color=colour, markersize=2, alpha=0.5)
        axis.set(title=f"{loss}, {name}\n{told}", aspect="equal", xlim=(-2, 2), ylim=(-2, 2))
        axis.title.set_fontsize(9)
        print(f"{loss:<9}{name:<17}{told}")
figure.supxlabel("first coordinate")
figure.supylabel("second coordinate")
plt.show()

# %%
# .. literalinclude:: /figures/plot_weak_generators.txt
#    :language: none
#
# Under ``wgan-gp`` tanh is no worse than ReLU. Twelve units a layer, or one layer, are too few to leave the space
# between eight points empty: such a generator lies along the whole ring, and hardly any of its samples are good. The
# ``gan`` leaves out modes under each of these generators. Under the narrow one it has two of eight, and 93 % of its
# samples are good: that is collapse, as it looks in a figure that counts good samples alone.
#
# Ten layers are too many for both. Nothing normalises them, and what reaches the first of them is next to nothing; a
# penalty on the critic does not help a generator that does not move. Our other presets normalise each layer of the
# generator, and lead its input to all of them.
