"""
Four distances between two sliding distributions
================================================

Where two distributions do not overlap, most distances say "different" and no more: they have no slope that a generator
could go down. The earth mover's distance does.

This is example 1 of Arjovsky et al. 2017 (arXiv 1701.07875), which has two parallel lines of the plane. Sliding one of
them sideways, only the coordinate along which it slides matters: there, a line is one point. Here it has some width as
well, so that what happens where the two do overlap can be seen.
"""

# sphinx_gallery_thumbnail_path = "figures/plot_distances_1.png"

# %%
# A distribution is a histogram over places on the line: all its mass in one cell, or a bell cut off at both ends.

import matplotlib.pyplot as plt
import numpy as np

step = 0.01
places = np.arange(-2, 2 + step / 2, step)


def point_at(shift: float) -> np.ndarray:
    """Return all mass in one cell."""
    return (np.abs(places - shift) < step / 2).astype(float)


def bell_at(shift: float) -> np.ndarray:
    """Return a bell that is 0 farther than 0.3 from its middle."""
    mass = np.clip(1 - ((places - shift) / 0.3) ** 2, 0, None) ** 2
    return mass / mass.sum()


# %%
# Four distances. The Kullback-Leibler divergence is infinite as soon as one distribution has mass where the other
# has none; the earth mover's distance is the area between the cumulated masses.


def kullback_leibler(p: np.ndarray, q: np.ndarray) -> float:
    """Return the sum of p log(p / q), in nats."""
    held = p > 0
    if (q[held] == 0).any():
        return np.inf
    return float((p[held] * np.log(p[held] / q[held])).sum())


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> float:
    """Return the mean divergence of both from their middle, in nats; at most log 2."""
    return (kullback_leibler(p, (p + q) / 2) + kullback_leibler(q, (p + q) / 2)) / 2


def total_variation(p: np.ndarray, q: np.ndarray) -> float:
    """Return the mass that is not shared."""
    return float(np.abs(p - q).sum() / 2)


def earth_mover(p: np.ndarray, q: np.ndarray) -> float:
    """Return the least work that turns one into the other."""
    return float(np.abs(np.cumsum(p - q)).sum() * step)


distances = {
    "total variation": (total_variation, "#E69F00", "--"),
    "Kullback-Leibler": (kullback_leibler, "#CC79A7", ":"),
    "Jensen-Shannon": (jensen_shannon, "#009E73", "-."),
    "earth mover's": (earth_mover, "#0072B2", "-"),
}

# %%
# One distribution stays at 0, the other slides from -1 to 1. Infinite values are left out; a divergence that is finite
# at one shift only is a dot.

shifts = np.round(np.arange(-1, 1 + step / 2, step), 2)
kinds = {"single points": point_at, "bells": bell_at}
figure, axes = plt.subplots(1, 2, figsize=(9.5, 4.2), sharey=True, layout="constrained")
for axis, (title, place) in zip(axes, kinds.items(), strict=True):
    for name, (distance, colour, line) in distances.items():
        values = np.array([distance(place(0.0), place(shift)) for shift in shifts])
        values[np.isinf(values)] = np.nan
        dot = "o" if np.isfinite(values).sum() == 1 else ""
        axis.plot(shifts, values, color=colour, linestyle=line, marker=dot, linewidth=2, label=name)
    axis.set(title=title, xlabel="shift", ylim=(-0.05, 1.1))
    axis.grid(alpha=0.3)
axes[0].set_ylabel("distance (divergences in nats)")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
plt.show()

# %%
# .. figure:: /figures/plot_distances_1.png
#    :alt: Four distances against the shift, for single points and for bells.
#
# On the left, two points: total variation and Jensen-Shannon are the same at every shift but 0, and Kullback-Leibler is
# infinite (its dot is at 0). Nobody learns from these which way to go. The earth mover's distance is the shift itself:
# it falls all the way, and is steepest nowhere.
#
# On the right, bells that share mass up to a shift of 0.6: where they do, total variation and Jensen-Shannon slope as
# well, and towards the end of the overlap less and less. Beyond 0.6 they are flat. That is where a generator is that
# has only begun to learn: in many dimensions, two distributions on thin sets hardly ever share any mass.
#
# What each says at three shifts:

for title, place in kinds.items():
    for name, (distance, *_) in distances.items():
        told = "".join(f"{distance(place(0.0), place(shift)):8.3f}" for shift in (0.1, 0.7, 0.9))
        print(f"{title:<15}{name:<18}{told}")

# %%
# .. literalinclude:: /figures/plot_distances.txt
#    :language: none
#
# What a critic of a Wasserstein objective estimates is the last of the four. How it has to be held so that it does is
# the subject of the other pages, :doc:`/gallery/gradient_penalty/plot_critic_surfaces` first.
