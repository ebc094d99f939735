# %% [markdown]
# # Fraud: a rare class
#
# Few rows are of the class that counts. Do synthetic ones help a classifier to find it, and do they help more than
# class weights, repeated rows or SMOTE? Given the path of `creditcard.csv` (Kaggle, target `Class`) the example takes
# that; without one, the Adult table with most of its high incomes left out.
# `WGAN_AUG_EXAMPLE_ROWS` and `WGAN_AUG_EXAMPLE_EPOCHS` make it shorter.

# %%
import os
import sys

import pandas as pd
from imblearn.pipeline import make_pipeline
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import OrdinalEncoder

from wgan_aug import WGANGPOverSampler, WGANGPSynthesizer, augment
from wgan_aug.datasets import load_adult

rows = int(os.environ.get("WGAN_AUG_EXAMPLE_ROWS", "8000"))
epochs = float(os.environ["WGAN_AUG_EXAMPLE_EPOCHS"]) if "WGAN_AUG_EXAMPLE_EPOCHS" in os.environ else None

if len(sys.argv) > 1:
    table, target = pd.read_csv(sys.argv[1]), "Class"
    rare = table[table[target] == 1]
    table = pd.concat([rare, table[table[target] == 0].sample(rows - len(rare), random_state=0)], ignore_index=True)
else:
    adult, target = load_adult(), "income"
    rich = adult[target] == ">50K"
    few = adult[rich].sample(rows // 20, random_state=0)
    table = pd.concat([adult[~rich].sample(rows - len(few), random_state=0), few], ignore_index=True)
print(table[target].value_counts().to_string())

# %% [markdown]
# `augment` compares mixtures on the folds of a cross-validation, and returns the rows given, followed by synthetic ones
# where these were shown to help. The page has a plot of what was compared.

# %%
synthesizer = WGANGPSynthesizer(epochs=epochs)
found = augment(table, target=target, synthesizer=synthesizer, budget="fast" if epochs is None else 1.0, progress=print)
print(found.summary())
found.to_html("augment_fraud.html")
assert found.data.head(len(table)).equals(table)

# %% [markdown]
# Who wants balanced classes whatever the verdict has a resampler for the pipeline of imbalanced-learn: in
# cross-validation it learns the training rows of each fold alone. A third of the common rows is a start; as many rare
# rows as common ones distort the predicted probabilities.

# %%
sampler = WGANGPOverSampler(sampling_strategy=1 / 3, synthesizer=synthesizer, random_state=0)
levels = make_column_selector(dtype_exclude="number")
codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
boosted = HistGradientBoostingClassifier(early_stopping=False, random_state=0)
X, y = table.drop(columns=target), table[target] == table[target].value_counts().index[-1]
for name, steps in {"real rows alone": [], "with the resampler": [sampler]}.items():
    pipeline = make_pipeline(*steps, make_column_transformer((codes, levels), remainder="passthrough"), boosted)
    scores = cross_val_score(pipeline, X, y, scoring="average_precision", cv=3)
    print(f"{name}: average precision {scores.mean():.3f}")
