"""Data to try things on: the bundled Adult table and energy series, and three toy distributions of the plane.

The toy sets are the ones on which the gradient penalty was introduced (Gulrajani et al. 2017), with the same
constants, so that a count of covered modes can be compared with published pictures. Nothing here is
downloaded, and no global random state is used.
"""

from __future__ import annotations

from wgan_aug.datasets.adult import load_adult
from wgan_aug.datasets.energy import load_energy
from wgan_aug.datasets.toys import (
    GRID_SD,
    RING_SD,
    grid_centres,
    make_grid,
    make_ring,
    make_swiss_roll,
    ring_centres,
)

__all__ = [
    "GRID_SD",
    "RING_SD",
    "grid_centres",
    "load_adult",
    "load_energy",
    "make_grid",
    "make_ring",
    "make_swiss_roll",
    "ring_centres",
]
