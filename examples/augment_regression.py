# %% [markdown]
# # A number as the target
#
# Where the target is a number, what is rare are its ends. Given the path of a table whose last column is the target,
# the example takes that (the insurance table, say: what is rare are high charges); without one, the diabetes table of
# scikit-learn. `WGAN_AUG_EXAMPLE_ROWS` and `WGAN_AUG_EXAMPLE_EPOCHS` make it shorter.

# %%
import os
import sys

import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes

from wgan_aug import WGANGPOverSampler, WGANGPSynthesizer, augment

rows = int(os.environ.get("WGAN_AUG_EXAMPLE_ROWS", "5000"))
epochs = float(os.environ["WGAN_AUG_EXAMPLE_EPOCHS"]) if "WGAN_AUG_EXAMPLE_EPOCHS" in os.environ else None

table = pd.read_csv(sys.argv[1]) if len(sys.argv) > 1 else load_diabetes(as_frame=True, scaled=False).frame
table = table.sample(min(rows, len(table)), random_state=0).reset_index(drop=True)
target = table.columns[-1]

# %% [markdown]
# Does it help? "balanced" mixtures fill bins of the target that have few rows.

# %%
synthesizer = WGANGPSynthesizer(epochs=epochs)
budget = "fast" if epochs is None else 1.0
found = augment(table, target=target, synthesizer=synthesizer, budget=budget, progress=print)
print(found.summary())
found.to_html("augment_regression.html")

# %% [markdown]
# The resampler evens the density of the target out, whatever the verdict: bins of equal width that have fewer rows than
# the mean bin are brought up to it.

# %%
X, y = table.drop(columns=target), table[target]
sampler = WGANGPOverSampler(task="regression", bins=5, synthesizer=WGANGPSynthesizer(epochs=epochs), random_state=0)
more_X, more_y = sampler.fit_resample(X, y)
edges = np.linspace(y.min(), y.max(), 6)
counts = {name: np.histogram(values, edges)[0] for name, values in (("real", y), ("resampled", more_y))}
print(pd.DataFrame(counts, index=pd.IntervalIndex.from_breaks(edges.round(1), closed="left")))
assert more_X.head(len(X)).equals(X)
