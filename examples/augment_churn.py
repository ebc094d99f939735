# %% [markdown]
# # Churn: is it worth it?
#
# A table of some thousand rows, in which a quarter is of the class that counts: nothing is rare here, and a booster
# has learned what there is to learn. Given the path of a table of churn (`Churn` is the target, as in IBM's Telco
# table) the example takes that; without one, the Adult table.
# `WGAN_AUG_EXAMPLE_ROWS` and `WGAN_AUG_EXAMPLE_EPOCHS` make it shorter.

# %%
import os
import sys

import pandas as pd

from wgan_aug import WGANGPSynthesizer, augment
from wgan_aug.datasets import load_adult

rows = int(os.environ.get("WGAN_AUG_EXAMPLE_ROWS", "5000"))
epochs = float(os.environ["WGAN_AUG_EXAMPLE_EPOCHS"]) if "WGAN_AUG_EXAMPLE_EPOCHS" in os.environ else None

table, target = (pd.read_csv(sys.argv[1]), "Churn") if len(sys.argv) > 1 else (load_adult(), "income")
table = table.sample(min(rows, len(table)), random_state=0).reset_index(drop=True)

# %% [markdown]
# The verdict is "helps" only where the interval of the best mixture lies above 0. Otherwise the rows given come back
# alone: more rows are no gift if they teach nothing.

# %%
synthesizer = WGANGPSynthesizer(epochs=epochs)
budget = "fast" if epochs is None else 1.0
found = augment(table, target=target, synthesizer=synthesizer, budget=budget, progress=print)
print(found.summary())
found.to_html("augment_churn.html")
assert len(found.data) == len(table) + found.rows["synthetic"]
assert (found.verdict == "helps") == (found.rows["synthetic"] > 0)

# %% [markdown]
# A linear model is another user of the same rows, and may be told otherwise.

# %%
from sklearn.linear_model import LogisticRegression  # noqa: E402

linear = LogisticRegression(max_iter=1000)
found = augment(table, target=target, synthesizer=synthesizer, estimator=linear, budget=budget)
print(found.summary())
