# %% [markdown]
# # Labelled sequences: augment a classifier
#
# Gestures of three kinds, 40 steps of two channels each; of one kind there are few. Learn them, draw more of the rare
# kind, and see whether a classifier gains on gestures that it has not seen.
# `WGAN_AUG_EXAMPLE_ROWS` (gestures) and `WGAN_AUG_EXAMPLE_EPOCHS` make it shorter.

# %%
import os

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import f1_score

from wgan_aug import WGANGPSequenceSynthesizer

rows = int(os.environ.get("WGAN_AUG_EXAMPLE_ROWS", "600"))
epochs = float(os.environ["WGAN_AUG_EXAMPLE_EPOCHS"]) if "WGAN_AUG_EXAMPLE_EPOCHS" in os.environ else None


def make_gestures(n: int, seed: int, shares: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Draw gestures, shape (n, time, channels), and their kinds: circles, eights, and circles with a halt."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(["circle", "eight", "halt"], n, p=shares)
    time = np.linspace(0, 1, 40) ** rng.uniform(0.7, 1.4, (n, 1))
    halt = 0.5 + (time - 0.5) * np.abs(time - 0.5) * 2
    time = np.where((kind == "halt")[:, None], halt, time)
    phase = 2 * np.pi * (time + rng.uniform(0, 0.15, (n, 1)))
    height = np.where((kind == "eight")[:, None], np.sin(2 * phase), np.sin(phase))
    size = rng.lognormal(0, 0.2, (n, 1, 1))
    return size * np.stack([np.cos(phase), height], axis=2) + rng.normal(0, 0.15, (n, 40, 2)), kind


# %% [markdown]
# Arrays say by `layout` what their axes are; the labels go to `fit` as `y`.

# %%
x, y = make_gestures(rows, 0, (0.55, 0.4, 0.05))
x_test, y_test = make_gestures(1000, 1, (1 / 3, 1 / 3, 1 / 3))

model = WGANGPSequenceSynthesizer(layout="ntc", epochs=epochs, random_state=0).fit(x, y)
print(model.plan_.describe())
print(model.static_schema_)

# %% [markdown]
# `sample` gives back what `fit` took, a pair of gestures and kinds. A condition holds in every sequence that comes out.

# %%
counts = dict(zip(*np.unique(y, return_counts=True), strict=True))
wanted = max(counts.values()) - counts["halt"]
more_x, more_y = model.sample(wanted, conditions={"y": "halt"})
assert more_x.shape == (wanted, 40, 2)
assert set(more_y) == {"halt"}


# %%
def score(x_train: np.ndarray, y_train: np.ndarray) -> float:
    """Train a forest; return its macro F1 on the test gestures, whose kinds are equally many."""
    forest = RandomForestClassifier(300, random_state=0).fit(x_train.reshape(len(x_train), -1), y_train)
    return float(f1_score(y_test, forest.predict(x_test.reshape(len(x_test), -1)), average="macro"))


again = np.random.default_rng(0).choice(np.flatnonzero(y == "halt"), wanted)
print(f"gestures as they are:             {score(x, y):.3f}")
print(f"with copies of the rare kind:     {score(np.concatenate([x, x[again]]), np.append(y, y[again])):.3f}")
print(f"with new ones of the rare kind:   {score(np.concatenate([x, more_x]), np.append(y, more_y)):.3f}")
