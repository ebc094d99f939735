# %% [markdown]
# # Ragged lengths: visits to a shop
#
# Visits have 2 to 30 steps, and how long one is hangs together with what it is. Lengths are learned with what is said
# once a visit, so that they come out as they should, and steps beyond a visit's end count for nothing in training.
# `WGAN_AUG_EXAMPLE_ROWS` (visits) and `WGAN_AUG_EXAMPLE_EPOCHS` make it shorter.

# %%
import os

import numpy as np
import pandas as pd

from wgan_aug import WGANGPSequenceSynthesizer

visits = int(os.environ.get("WGAN_AUG_EXAMPLE_ROWS", "1500"))
epochs = float(os.environ["WGAN_AUG_EXAMPLE_EPOCHS"]) if "WGAN_AUG_EXAMPLE_EPOCHS" in os.environ else None


def make_visits(n: int, seed: int) -> pd.DataFrame:
    """Draw visits: phones look at few pages, desktops at many; whoever buys, looks longer at each."""
    rng = np.random.default_rng(seed)
    device = rng.choice(["phone", "desktop"], n)
    bought = rng.random(n) < np.where(device == "phone", 0.15, 0.35)
    lengths = np.clip(rng.poisson(np.where(device == "phone", 5, 12) * np.where(bought, 1.4, 1.0)), 2, 30)
    visit = np.repeat(np.arange(n), lengths)
    seconds = rng.gamma(2.0, np.where(bought, 25.0, 12.0)[visit]).round()
    page = rng.choice(["list", "item", "search"], len(visit), p=[0.3, 0.5, 0.2])
    begin = pd.Timestamp("2024-03-01") + pd.to_timedelta(rng.integers(0, 30 * 86_400, n), unit="s")
    before = pd.Series(seconds).groupby(visit).cumsum() - seconds
    return pd.DataFrame(
        {
            "visit": visit,
            "device": device[visit],
            "bought": bought[visit],
            "time": begin[visit] + pd.to_timedelta(before + pd.Series(visit).groupby(visit).cumcount(), unit="s"),
            "page": page,
            "seconds": seconds.astype(int),
        }
    )


real = make_visits(visits, 0)

# %% [markdown]
# Times are irregular: what passes from one step to the next is learned, and times come back increasing.

# %%
model = WGANGPSequenceSynthesizer(
    sequence_key="visit", sequence_index="time", target="bought", epochs=epochs, random_state=0
).fit(real)
print(model.plan_.describe())
synthetic = model.sample(visits)
assert synthetic.dtypes.equals(real.dtypes)
assert synthetic.groupby("visit")["time"].is_monotonic_increasing.all()


# %%
def describe(frame: pd.DataFrame) -> pd.Series:
    """Return figures of visits."""
    each = frame.groupby("visit").agg(
        device=("device", "first"), bought=("bought", "first"), steps=("page", "size"), seconds=("seconds", "mean")
    )
    return pd.Series(
        {
            "steps, shortest": each["steps"].min(),
            "steps, longest": each["steps"].max(),
            "steps on phones": each.loc[each["device"] == "phone", "steps"].mean(),
            "steps on desktops": each.loc[each["device"] == "desktop", "steps"].mean(),
            "share that buys": each["bought"].mean(),
            "seconds a page, bought": each.loc[each["bought"], "seconds"].mean(),
            "seconds a page, not bought": each.loc[~each["bought"], "seconds"].mean(),
        }
    ).round(2)


print(pd.DataFrame({"real": describe(real), "synthetic": describe(synthetic)}))

# %% [markdown]
# Without a frame: a list of arrays (time, channels) goes in, and a list comes out.

# %%
items = [group[["seconds"]].to_numpy(dtype=float) for _, group in real.groupby("visit")]
drawn = WGANGPSequenceSynthesizer(layout="ntc", epochs=epochs or 5, random_state=0).fit(items).sample(5)
print([item.shape for item in drawn])
