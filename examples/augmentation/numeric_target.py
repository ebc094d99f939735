"""
A number as the target
======================

Where the target is a number, what is rare are its ends. The over-sampler fills the bins that have few rows.

.. figure:: /figures/numeric_target_1.png
   :alt: Rows by target, real ones and with synthetic ones on top; body mass against the target
"""

# sphinx_gallery_thumbnail_path = "figures/numeric_target_1.png"

# %%
# Given the path of a table whose last column is the target (insurance charges, say) the script takes that; without
# one, the diabetes table of scikit-learn: 442 patients, and the course of their disease after a year.
# ``WGAN_AUG_EXAMPLE_ROWS`` and ``WGAN_AUG_EXAMPLE_EPOCHS`` make it shorter; the extras ``imblearn`` and ``report``
# bring what it needs.

import os
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes

from wgan_aug import WGANGPOverSampler, WGANGPSynthesizer

rows = int(os.environ.get("WGAN_AUG_EXAMPLE_ROWS", "5000"))
epochs = float(os.environ["WGAN_AUG_EXAMPLE_EPOCHS"]) if "WGAN_AUG_EXAMPLE_EPOCHS" in os.environ else None

table = pd.read_csv(sys.argv[1]) if len(sys.argv) > 1 else load_diabetes(as_frame=True, scaled=False).frame
table = table.sample(min(rows, len(table)), random_state=0).reset_index(drop=True)
target = table.columns[-1]
X, y = table.drop(columns=target), table[target]

# %%
# Five bins of equal width; those with fewer rows than the mean bin are brought up to it. The rows given come first,
# unchanged.

synthesizer = WGANGPSynthesizer(epochs=epochs, refine=epochs is None)
sampler = WGANGPOverSampler(task="regression", bins=5, synthesizer=synthesizer, random_state=0)
more_X, more_y = sampler.fit_resample(X, y)
assert more_X.head(len(X)).equals(X)
edges = np.linspace(y.min(), y.max(), 6)
counts = {name: np.histogram(values, edges)[0] for name, values in (("real", y), ("resampled", more_y))}
print(pd.DataFrame(counts, index=pd.IntervalIndex.from_breaks(edges.round(1), closed="left")))

# %%
# The figure at the top of this page: how many rows there are by target, and where the new ones lie, by the column that
# goes with the target most. The last bin has 23 patients, and gets 65 more; these have the high body mass that goes
# with such a target, as the real ones do. A target that several patients share, 310, comes often.

best = X.corrwith(y).abs().idxmax()
figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
axes[0].hist([y, more_y[len(y) :]], edges, stacked=True, label=["real", "synthetic"], color=["#bbbbbb", "#0072B2"])
axes[0].axhline(len(y) / 5, color="black", linewidth=0.8, linestyle=":")
axes[0].set(xlabel=target, ylabel="rows")
axes[0].legend(frameon=False)
axes[1].plot(y, X[best], ".", color="#999999")
axes[1].plot(more_y[len(y) :], more_X[best][len(y) :], ".", color="#0072B2", alpha=0.6)
axes[1].set(xlabel=target, ylabel=best)
plt.show()

# %%
# .. literalinclude:: /figures/numeric_target.txt
#    :language: none
#
# Evening the density out is one thing, a better model another. :func:`~wgan_aug.augment` tells, for numbers as for
# classes, whether rows help: :doc:`/gallery/augmentation/worth_it`.
