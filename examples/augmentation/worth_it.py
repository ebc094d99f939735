"""
Is it worth it? Ask first
=========================

More rows are no gift if they teach nothing. :func:`~wgan_aug.augment` compares mixtures of real and synthetic rows in a
cross-validation, and adds rows only where they are shown to help.

.. figure:: /figures/worth_it_1.png
   :alt: Differences of scores from those of real rows alone, split by split
"""

# sphinx_gallery_thumbnail_path = "figures/worth_it_1.png"

# %%
# Given the path of a table (its last column is the target: the Titanic's passengers, say, or customers that left) the
# script takes that; without one, 300 rows of the Adult table. That is little, so that scores swing from split to
# split. ``WGAN_AUG_EXAMPLE_ROWS`` and ``WGAN_AUG_EXAMPLE_EPOCHS`` make it shorter. The figure needs matplotlib,
# which the extra ``report`` brings.

import os
import sys

import matplotlib.pyplot as plt
import pandas as pd

from wgan_aug import WGANGPSynthesizer, augment
from wgan_aug.datasets import load_adult

rows = int(os.environ.get("WGAN_AUG_EXAMPLE_ROWS", "300"))
epochs = float(os.environ["WGAN_AUG_EXAMPLE_EPOCHS"]) if "WGAN_AUG_EXAMPLE_EPOCHS" in os.environ else None

table = pd.read_csv(sys.argv[1]) if len(sys.argv) > 1 else load_adult()
target = table.columns[-1]
table = table.sample(min(rows, len(table)), random_state=0).reset_index(drop=True)

# %%
# In each split a synthesizer learns the training rows, and models are trained with its rows beside them, and without.
# Each mixture is a line below; real rows that nothing has seen give the scores. Class weights, repeated rows and SMOTE
# are there to compare with.

synthesizer = WGANGPSynthesizer(epochs=epochs, preset="fast", refine=epochs is None)
found = augment(table, target=target, synthesizer=synthesizer, budget="fast" if epochs is None else 1.0)
print(found.summary())
assert len(found.data) == len(table) + found.rows["synthetic"]
assert (found.verdict == "helps") == (found.rows["synthetic"] > 0)

# %%
# .. literalinclude:: /figures/worth_it.txt
#    :language: none
#
# The best mixture is .012 better on average, and its interval reaches from .08 worse to .10 better: no effect was
# shown, and the rows come back alone. Copies and SMOTE did more for these boosted trees, though that was not shown
# either. More rows make intervals narrower; more splits do so only a little.
#
# What the verdict rests on is the figure at the top of this page: a point is a split, and 0 is the score of real rows
# alone in that split. The swings from split to split are many times the mean, a bar.

scores = found.report.scores.drop(columns=["repeat", "fold"])
differences = scores.sub(scores["real"], axis=0).drop(columns="real").dropna(axis=1, how="all")
figure, axis = plt.subplots(figsize=(8, 3.6), layout="constrained")
for place, name in enumerate(differences):
    axis.plot(differences[name], [place] * len(differences), "o", color="#0072B2", alpha=0.4, markeredgewidth=0)
    axis.plot(differences[name].mean(), place, "|", color="black", markersize=16, markeredgewidth=2)
axis.axvline(0, color="#bbbbbb", linewidth=0.8, zorder=0)
axis.set_yticks(range(len(differences.columns)), differences.columns)
axis.invert_yaxis()
axis.set_xlabel(f"{found.report.metric}, difference from real rows alone; a bar is the mean")
plt.show()
