# %% [markdown]
# # The Adult census table, start to end
#
# 15 columns: numbers, categories, missing values, and two numeric columns that are mostly zero.
# `WGAN_AUG_EXAMPLE_ROWS` and `WGAN_AUG_EXAMPLE_EPOCHS` make it shorter.

# %%
import os

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from wgan_aug import WGANGPSynthesizer
from wgan_aug.datasets import load_adult

rows = int(os.environ.get("WGAN_AUG_EXAMPLE_ROWS", "10000"))
epochs = float(os.environ["WGAN_AUG_EXAMPLE_EPOCHS"]) if "WGAN_AUG_EXAMPLE_EPOCHS" in os.environ else None

adult = load_adult().sample(2 * rows, random_state=0).reset_index(drop=True)
train, test = adult[:rows], adult[rows:]

# %% [markdown]
# What will be done, before anything is done.

# %%
model = WGANGPSynthesizer(target="income", epochs=epochs, random_state=0)
plan = model.plan(train)
print(plan.to_frame().to_string(index=False))
print(plan.describe())

# %% [markdown]
# Learn, and look at the losses: the Wasserstein estimate falls as the generator catches up with the critic.

# %%
model.fit(train)
print(model.history_.iloc[:: max(1, len(model.history_) // 8)].round(3).to_string(index=False))

# %% [markdown]
# The zeros of `capital-gain` are zeros again, missing values are missing as often, and no value leaves the range seen.

# %%
synthetic = model.sample(rows)
frames = {"real": train, "synthetic": synthetic}
figures = {
    "capital-gain is 0": lambda frame: (frame["capital-gain"] == 0).mean(),
    "occupation is missing": lambda frame: frame["occupation"].isna().mean(),
    "income above 50K": lambda frame: (frame["income"] == ">50K").mean(),
    "oldest": lambda frame: frame["age"].max(),
}
print(
    pd.DataFrame(
        {"real": {k: f(train) for k, f in figures.items()}, "synthetic": {k: f(synthetic) for k, f in figures.items()}}
    )
)

# %% [markdown]
# Does it train a classifier? Area under the curve on real rows that neither model has seen.

# %%


def auc_on_test(frame: pd.DataFrame) -> float:
    """Train boosted trees on a frame; return their AUC on the real test rows."""
    features = frame.columns.drop("income")
    text = [name for name in features if not pd.api.types.is_numeric_dtype(frame[name])]
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    classifier = make_pipeline(
        make_column_transformer((ordinal, text), remainder="passthrough"),
        HistGradientBoostingClassifier(random_state=0),
    )
    classifier.fit(frame[features], frame["income"] == ">50K")
    return float(roc_auc_score(test["income"] == ">50K", classifier.predict_proba(test[features])[:, 1]))


print(f"trained on real rows: {auc_on_test(train):.3f}, on synthetic rows: {auc_on_test(synthetic):.3f}")
