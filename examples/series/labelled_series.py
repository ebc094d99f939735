"""
Labelled series: more of a rare kind
====================================

Gestures of three kinds, 40 steps of two channels each; of one kind there are few. Learn all, draw more of the rare
kind, and see whether a classifier gains.

.. figure:: /figures/labelled_series_1.png
   :alt: Gestures of three kinds as paths in the plane, real ones above and generated ones below
"""

# sphinx_gallery_thumbnail_path = "figures/labelled_series_1.png"

# %%
# Circles, eights, and circles with a halt, each at a speed, a size and a start of its own, with noise. Arrays say by
# ``layout`` what their axes are; the labels go to ``fit`` as ``y``. ``WGAN_AUG_EXAMPLE_ROWS`` (gestures) and
# ``WGAN_AUG_EXAMPLE_EPOCHS`` make it shorter; the figure needs matplotlib, which the extra ``report`` brings.

import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import f1_score

from wgan_aug import WGANGPSequenceSynthesizer

rows = int(os.environ.get("WGAN_AUG_EXAMPLE_ROWS", "600"))
epochs = float(os.environ["WGAN_AUG_EXAMPLE_EPOCHS"]) if "WGAN_AUG_EXAMPLE_EPOCHS" in os.environ else None
kinds = ("circle", "eight", "halt")


def make_gestures(n: int, seed: int, shares: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Draw gestures, shape (n, time, channels), and their kinds."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(kinds, n, p=shares)
    time = np.linspace(0, 1, 40) ** rng.uniform(0.7, 1.4, (n, 1))
    halt = 0.5 + (time - 0.5) * np.abs(time - 0.5) * 2
    time = np.where((kind == "halt")[:, None], halt, time)
    phase = 2 * np.pi * (time + rng.uniform(0, 0.15, (n, 1)))
    height = np.where((kind == "eight")[:, None], np.sin(2 * phase), np.sin(phase))
    size = rng.lognormal(0, 0.2, (n, 1, 1))
    return size * np.stack([np.cos(phase), height], axis=2) + rng.normal(0, 0.15, (n, 40, 2)), kind


x, y = make_gestures(rows, 0, (0.55, 0.4, 0.05))
x_test, y_test = make_gestures(1000, 1, (1 / 3, 1 / 3, 1 / 3))

model = WGANGPSequenceSynthesizer(layout="ntc", epochs=epochs, random_state=0).fit(x, y)
print(model.plan_.describe())

# %%
# ``sample`` gives back what ``fit`` took, a pair of gestures and kinds. A condition holds in every sequence that comes
# out. The figure at the top of this page has three of each kind: a dot is a step, so that a halt is where dots are
# dense, at the left end. Noise is generated too, since it belongs to the gestures.

figure, axes = plt.subplots(2, 3, figsize=(9, 6), sharex=True, sharey=True, layout="constrained")
for column, kind in enumerate(kinds):
    made, labels = model.sample(3, conditions={"y": kind})
    assert set(labels) == {kind}
    for row, some in enumerate((x[y == kind][:3], made)):
        for gesture in some:
            axes[row, column].plot(*gesture.T, ".-", linewidth=0.6, markersize=4, alpha=0.8)
        axes[row, column].set(aspect="equal", title="" if row else f"{kind} ({(y == kind).sum()} of {rows})")
axes[0, 0].set_ylabel("real")
axes[1, 0].set_ylabel("generated")
plt.show()

# %%
# Bring the rare kind up to the commonest: by copies, and by new ones.

counts = {kind: int((y == kind).sum()) for kind in kinds}
wanted = max(counts.values()) - counts["halt"]
more_x, more_y = model.sample(wanted, conditions={"y": "halt"})
again = np.random.default_rng(0).choice(np.flatnonzero(y == "halt"), wanted)


def score(x_train: np.ndarray, y_train: np.ndarray) -> float:
    """Train a forest; return its macro F1 on the test gestures, whose kinds are equally many."""
    forest = RandomForestClassifier(300, random_state=0).fit(x_train.reshape(len(x_train), -1), y_train)
    return float(f1_score(y_test, forest.predict(x_test.reshape(len(x_test), -1)), average="macro"))


print(f"gestures as they are:             {score(x, y):.3f}")
print(f"with copies of the rare kind:     {score(np.concatenate([x, x[again]]), np.append(y, y[again])):.3f}")
print(f"with new ones of the rare kind:   {score(np.concatenate([x, more_x]), np.append(y, more_y)):.3f}")

# %%
# .. literalinclude:: /figures/labelled_series.txt
#    :language: none
#
# Copies help, since they give the rare kind its weight, and new gestures help more: the forest then knows halts of
# sizes and speeds that none of the 34 has. The test gestures have as many of each kind, unlike the ones to learn from.
