# %% [markdown]
# # A small table
#
# With some hundred rows, scores swing from split to split, and more splits are needed to tell help from luck:
# `budget="full"`. Given the path of a table with the target `survived` (the Titanic's passengers), the example takes
# that; without one, the breast cancer table of scikit-learn.
# `WGAN_AUG_EXAMPLE_ROWS` and `WGAN_AUG_EXAMPLE_EPOCHS` make it shorter.

# %%
import os
import sys

import pandas as pd
from sklearn.datasets import load_breast_cancer

from wgan_aug import WGANGPSynthesizer, augment

rows = int(os.environ.get("WGAN_AUG_EXAMPLE_ROWS", "1000"))
epochs = float(os.environ["WGAN_AUG_EXAMPLE_EPOCHS"]) if "WGAN_AUG_EXAMPLE_EPOCHS" in os.environ else None

if len(sys.argv) > 1:
    table, target = pd.read_csv(sys.argv[1]), "survived"
else:
    table, target = load_breast_cancer(as_frame=True).frame, "target"
table = table.sample(min(rows, len(table)), random_state=0).reset_index(drop=True)

# %%
found = augment(
    table,
    target=target,
    synthesizer=WGANGPSynthesizer(epochs=epochs),
    budget="full" if epochs is None else 1.0,
    progress=print,
)
print(found.summary())
found.to_html("augment_titanic.html")

# %% [markdown]
# What the verdict rests on: the score of every split. A difference that is smaller than its own swing is no effect.

# %%
scores = found.report.scores.drop(columns=["repeat", "fold"])
differences = scores.sub(scores["real"], axis=0).drop(columns="real")
print(differences.agg(["mean", "std"]).T.round(3))
