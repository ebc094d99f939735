# %% [markdown]
# # One long series: the energy use of a house
#
# Eight channels by the hour: numbers, whole numbers, and lights that are out most of the time. Learn windows of a day,
# and draw windows, or one long series.
# `WGAN_AUG_EXAMPLE_ROWS` (hours) and `WGAN_AUG_EXAMPLE_EPOCHS` make it shorter.

# %%
import os

import pandas as pd

from wgan_aug import WGANGPSequenceSynthesizer, evaluate
from wgan_aug.datasets import load_energy

rows = int(os.environ.get("WGAN_AUG_EXAMPLE_ROWS", "3289"))
epochs = float(os.environ["WGAN_AUG_EXAMPLE_EPOCHS"]) if "WGAN_AUG_EXAMPLE_EPOCHS" in os.environ else None

energy = load_energy().head(rows)
end = len(energy) * 4 // 5
train, holdout = energy[:end], energy[end:].reset_index(drop=True)

# %% [markdown]
# What will be done, before anything is done: every hour begins a window.

# %%
model = WGANGPSequenceSynthesizer(sequence_index="date", window=24, epochs=epochs, random_state=0)
print(model.plan(train).to_frame().to_string(index=False))
model.fit(train)

# %% [markdown]
# Windows come one after another, 24 rows each, with the columns and dtypes of the frame.

# %%
windows = model.sample(500)
assert windows.dtypes.equals(train.dtypes)
assert len(windows) == 500 * 24
print(windows.head(24).to_string(index=False))

# %% [markdown]
# How good are they? The hold-out is another time of the year, so that figures against it show the season too.

# %%
report = evaluate(train, windows, holdout=holdout, sequence_index="date", window=24)
print(report.summary())

# %% [markdown]
# One long series: each window goes on from the end of the one before, and the hours run on.

# %%
series = model.sample_series(len(train))
assert series["date"].diff().dropna().eq(pd.Timedelta("1h")).all()
channels = train.columns.drop("date")
print(
    pd.DataFrame(
        {
            "mean": train[channels].mean(),
            "mean, synthetic": series[channels].mean(),
            "spread": train[channels].std(),
            "spread, synthetic": series[channels].std(),
            "hour to hour": train[channels].diff().std(),
            "hour to hour, synthetic": series[channels].diff().std(),
        }
    ).round(2)
)
print(f"lights out: {(train['lights'] == 0).mean():.2f}, synthetic {(series['lights'] == 0).mean():.2f}")
