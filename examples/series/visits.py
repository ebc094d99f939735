"""
Entities: visits to a shop
==========================

Some columns are said once a visit, others at each step, and visits have 2 to 30 steps at irregular times. How long one
is hangs together with what it is.

.. figure:: /figures/visits_1.png
   :alt: Visits by number of steps and by seconds a page, real and synthetic, for phones and desktops
"""

# sphinx_gallery_thumbnail_path = "figures/visits_1.png"

# %%
# Phones look at few pages, desktops at many; whoever buys looks longer at each. One stay in twenty is not known.
# ``WGAN_AUG_EXAMPLE_ROWS`` (visits) and ``WGAN_AUG_EXAMPLE_EPOCHS`` make it shorter; the figure needs matplotlib, which
# the extra ``report`` brings.

import os

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from wgan_aug import WGANGPSequenceSynthesizer

visits = int(os.environ.get("WGAN_AUG_EXAMPLE_ROWS", "1500"))
epochs = float(os.environ["WGAN_AUG_EXAMPLE_EPOCHS"]) if "WGAN_AUG_EXAMPLE_EPOCHS" in os.environ else None


def make_visits(n: int, seed: int) -> pd.DataFrame:
    """Draw visits, a row a step."""
    rng = np.random.default_rng(seed)
    device = rng.choice(["phone", "desktop"], n)
    bought = rng.random(n) < np.where(device == "phone", 0.15, 0.35)
    lengths = np.clip(rng.poisson(np.where(device == "phone", 5, 12) * np.where(bought, 1.4, 1.0)), 2, 30)
    visit = np.repeat(np.arange(n), lengths)
    seconds = rng.gamma(2.0, np.where(bought, 25.0, 12.0)[visit]).round()
    begin = pd.Timestamp("2024-03-01") + pd.to_timedelta(rng.integers(0, 30 * 86_400, n), unit="s")
    before = pd.Series(seconds).groupby(visit).cumsum() - seconds
    return pd.DataFrame(
        {
            "visit": visit,
            "device": device[visit],
            "bought": bought[visit],
            "time": begin[visit] + pd.to_timedelta(before + pd.Series(visit).groupby(visit).cumcount(), unit="s"),
            "page": rng.choice(["list", "item", "search"], len(visit), p=[0.3, 0.5, 0.2]),
            "seconds": np.where(rng.random(len(visit)) < 0.05, np.nan, seconds),
        }
    )


real = make_visits(visits, 0)
print(real.head(4).to_string(index=False))

# %%
# Who is who need not be said: what never varies within a visit is static, and learned as a table, with the visit's
# length and when it begins. Steps are generated under these, and what is beyond a visit's end counts for nothing.

model = WGANGPSequenceSynthesizer(
    sequence_key="visit", sequence_index="time", target="bought", epochs=epochs, random_state=0
).fit(real)
print(model.plan_.to_frame()[["column", "static", "kind", "encoding"]].to_string(index=False))

# %%
# New visits have numbers of their own, and times that increase. Conditions are on static columns, and hold exactly.

synthetic = model.sample(visits)
assert synthetic.dtypes.equals(real.dtypes)
assert not set(synthetic["visit"]) & set(real["visit"])
assert synthetic.groupby("visit")["time"].is_monotonic_increasing.all()
buyers = model.sample(50, conditions={"device": "phone", "bought": True})
assert (buyers["device"] == "phone").all()


def describe(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a row a visit."""
    return frame.groupby("visit").agg(
        device=("device", "first"), bought=("bought", "first"), steps=("page", "size"), seconds=("seconds", "mean")
    )


# %%
# The figure at the top of this page: visits by their length, and by how long they look at a page. Phones come with few
# steps and desktops with many, and buyers stay twice as long. What is not right: the longest visits are lacking, and
# too many desktops leave after two steps.

each = {"real": describe(real), "synthetic": describe(synthetic)}
colours = {"real": "#999999", "synthetic": "#0072B2"}
panels = {
    "phone": ("device", "phone", "steps", np.arange(1.5, 31)),
    "desktop": ("device", "desktop", "steps", np.arange(1.5, 31)),
    "not bought": ("bought", False, "seconds", np.linspace(0, 120, 31)),
    "bought": ("bought", True, "seconds", np.linspace(0, 120, 31)),
}
figure, axes = plt.subplots(1, 4, figsize=(10, 3), layout="constrained")
for axis, (title, (column, value, what, edges)) in zip(axes, panels.items(), strict=True):
    for name, table in each.items():
        values = table.loc[table[column] == value, what].dropna()
        axis.stairs(
            np.histogram(values, edges)[0] / len(values), edges, fill=name == "real", color=colours[name], label=name
        )
    axis.set(title=title, xlabel="steps" if what == "steps" else "seconds a page")
axes[0].set_ylabel("share of visits")
axes[0].legend(frameon=False)
plt.show()

figures = {
    "longest, steps": lambda table: table["steps"].max(),
    "shortest, steps": lambda table: table["steps"].min(),
    "share that buys, phone": lambda table: table.loc[table["device"] == "phone", "bought"].mean(),
    "share that buys, desktop": lambda table: table.loc[table["device"] == "desktop", "bought"].mean(),
}
print(
    pd.DataFrame({name: {figure: f(table) for figure, f in figures.items()} for name, table in each.items()}).round(2)
)

# %%
# .. literalinclude:: /figures/visits.txt
#    :language: none
#
# "sequence start", "sequence steps" and "time increment" are made of the data: where a visit begins, how many steps it
# has, and what passes from one to the next.
#
# Without a frame, a list of arrays (time, channels) goes in, and a list comes out; see :doc:`/guide/series`.
