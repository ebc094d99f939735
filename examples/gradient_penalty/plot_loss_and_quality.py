"""
A loss that says how far training is
====================================

What a critic under the gradient penalty estimates falls as samples get better, and can be read as a figure of quality.
The loss of a GAN's discriminator says nothing of the kind.

.. figure:: /figures/plot_loss_and_quality_1.png
   :alt: Losses of both critics, and distances of their samples to the data, over updates.
"""

# sphinx_gallery_thumbnail_path = "figures/plot_loss_and_quality_1.png"

# %%
# Both objectives learn the grid of 25 Gaussians. Every 100 updates a callback draws samples of the model as it is, and
# takes their sliced Wasserstein distance to the data: the mean distance of sorted shadows on 16 lines.
# ``WGAN_AUG_EXAMPLE_UPDATES`` makes it shorter.

import os

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import spearmanr

from wgan_aug import Callback, Progress, WGANGPSynthesizer
from wgan_aug.datasets import make_grid

rows, batch = 10_000, 256
updates = int(os.environ.get("WGAN_AUG_EXAMPLE_UPDATES", "3000"))
points, fresh = make_grid(2 * rows, random_state=0).reshape(2, rows, 2)
angles = np.arange(16) * np.pi / 16
lines = np.stack([np.cos(angles), np.sin(angles)])


def distance(samples: np.ndarray) -> float:
    """Return the sliced Wasserstein distance to fresh points."""
    others = fresh[: len(samples)]
    return float(np.abs(np.sort(samples @ lines, axis=0) - np.sort(others @ lines, axis=0)).mean())


class Watch(Callback):
    """Keeps the distance of samples, and the losses since the last look, at every 100th update."""

    def __init__(self) -> None:
        self.updates, self.losses, self.distances = [], [], []

    def on_step(self, progress: Progress) -> None:
        """Measure now and then, and at the end."""
        if progress.update % 100 == 0 or progress.update == progress.updates:
            self.updates.append(progress.update)
            self.losses.append(progress.figures["critic_loss"])
            self.distances.append(distance(np.asarray(progress.sample(4000))))


# %%
# The critic of ``wgan-gp`` does five steps in each update, as in its paper, and so stays near its best.
#
# For ``wgan-gp`` the negative loss of the critic is drawn, which is its estimate of the distance less the penalty. How
# well losses go with distances is told by their rank correlation, over the looks after the first fifth of training.

watches = {}
for name, steps in {"wgan-gp": 5, "gan": 1}.items():
    watches[name] = Watch()
    epochs = updates * steps * batch / rows
    model = WGANGPSynthesizer(loss=name, preset="toy", n_critic=steps, epochs=epochs, random_state=0)
    model.fit(points, callbacks=[watches[name]])

labels = {"wgan-gp": "wgan-gp: negative critic loss", "gan": "gan: discriminator's loss"}
figure, axes = plt.subplots(2, 2, figsize=(9.5, 5.6), sharex=True, layout="constrained")
for column, (name, watch) in zip(axes.T, watches.items(), strict=True):
    losses = -np.array(watch.losses) if name == "wgan-gp" else np.array(watch.losses)
    late = len(losses) // 5
    rank = spearmanr(losses[late:], watch.distances[late:]).statistic if len(losses) > late + 1 else np.nan
    column[0].plot(watch.updates, losses, color="#D55E00", marker="o", markersize=3)
    column[1].plot(watch.updates, watch.distances, color="#0072B2", marker="o", markersize=3)
    column[0].set(title=labels[name], ylabel="loss")
    column[1].set(title=f"{name}: samples", xlabel="update", ylabel="sliced Wasserstein distance", ylim=(0, None))
    for axis in column:
        axis.grid(alpha=0.3)
    print(f"{name:<8} last distance {watch.distances[-1]:.3f}, rank correlation of loss and distance {rank:.2f}")
plt.show()

# %%
# .. literalinclude:: /figures/plot_loss_and_quality.txt
#    :language: none
#
# On the left the two curves are one story. While the critic still learns how far samples are from the data (the first
# 700 updates) its negative loss rises; from there on it falls with each step that brings samples nearer, and levels out
# where they do. Nobody has to look at samples to know when training is over.
#
# On the right the loss of the discriminator falls as nicely, and samples get worse all the way: the generator collapses
# on the corners of the grid (see :doc:`/gallery/gradient_penalty/plot_mode_collapse`), and the discriminator is ever
# surer of itself. Where a GAN does well, the same loss rises or stays. It says who is winning, not how good the samples
# are.
