# %% [markdown]
# # Entities with static columns: machines and their months
#
# A long frame: some columns are said once a machine (its type, its site, its age when bought), others each month. Who
# is who need not be said: what never varies within a machine is static.
# `WGAN_AUG_EXAMPLE_ROWS` (machines) and `WGAN_AUG_EXAMPLE_EPOCHS` make it shorter.

# %%
import os

import numpy as np
import pandas as pd

from wgan_aug import WGANGPSequenceSynthesizer, evaluate

machines = int(os.environ.get("WGAN_AUG_EXAMPLE_ROWS", "500"))
epochs = float(os.environ["WGAN_AUG_EXAMPLE_EPOCHS"]) if "WGAN_AUG_EXAMPLE_EPOCHS" in os.environ else None
months = 18


def make_machines(n: int, seed: int) -> pd.DataFrame:
    """Draw machines: presses run hot, pumps wobble with the season, and old ones have more faults."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(["press", "pump"], n, p=[0.4, 0.6])
    age = rng.integers(0, 20, n)
    first = rng.integers(0, 12, n)
    time = first[:, None] + np.arange(months)
    season = np.where(kind == "pump", 8.0, 1.0)[:, None] * np.sin(2 * np.pi * time / 12)
    drift = rng.normal(0, 0.4, (n, months)).cumsum(axis=1)
    heat = np.where(kind == "press", 75.0, 50.0)[:, None] + season + drift + 0.3 * age[:, None]
    faults = rng.poisson(0.05 * age[:, None] + 0.3 * (heat > 80))
    heat = np.where(rng.random(heat.shape) < 0.05, np.nan, heat.round(1))  # a sensor that fails at times
    begin = pd.Timestamp("2022-01-01").to_period("M")
    return pd.DataFrame(
        {
            "machine": np.repeat([f"M{1000 + seed * n + i}" for i in range(n)], months),
            "kind": np.repeat(kind, months),
            "age": np.repeat(age, months),
            "month": [(begin + int(m)).to_timestamp() for m in time.ravel()],
            "heat": heat.ravel(),
            "faults": faults.ravel(),
            "state": np.where(faults.ravel() > 1, "repair", "runs"),
        }
    )


train, holdout = make_machines(machines, 0), make_machines(machines // 2, 1)
print(train.head(3).to_string(index=False))

# %%
model = WGANGPSequenceSynthesizer(
    sequence_key="machine", sequence_index="month", target="kind", epochs=epochs, random_state=0
).fit(train)
print("said once a machine:", model.static_schema_, sep="\n")
print("said each month:", model.schema_, sep="\n")

# %% [markdown]
# New machines have names of their own, and months that run on from where they begin.

# %%
synthetic = model.sample(machines)
assert not set(synthetic["machine"]) & set(train["machine"])
assert synthetic.groupby("machine")["month"].is_monotonic_increasing.all()
print(synthetic.head(months).to_string(index=False))

# %% [markdown]
# Conditions are on static columns, and hold exactly: old presses.

# %%
old = model.sample(50, conditions={"kind": "press", "age": (15, None)})
assert (old["kind"] == "press").all()
assert (old["age"] >= 15).all()
print(f"faults a month: {train['faults'].mean():.2f} of all, {old['faults'].mean():.2f} of old presses (synthetic)")

# %% [markdown]
# `kind` is a label of whole sequences: its worth is measured on machines that nothing has seen.

# %%
report = evaluate(
    train, synthetic, target="kind", holdout=holdout, sequence_key="machine", sequence_index="month", budget="fast"
)
print(report.summary())
