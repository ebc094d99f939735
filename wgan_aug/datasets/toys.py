"""Three distributions of the plane whose truth is known: 8 Gaussians, 25 Gaussians and a Swiss roll.

All constants are those of the experiments in I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin and
A. Courville (2017), "Improved Training of Wasserstein GANs", arXiv:1704.00028. Each distribution is divided
by a fixed number that brings its coordinates near 1; everything public here, centres and standard deviations
included, is in that final scale.
"""

from __future__ import annotations

import math
from numbers import Integral
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wgan_aug.errors import InvalidParameterError, join_problems

__all__ = [
    "GRID_SD",
    "RING_SD",
    "RandomSource",
    "grid_centres",
    "make_grid",
    "make_ring",
    "make_swiss_roll",
    "ring_centres",
]

RandomSource: TypeAlias = int | np.random.Generator | np.random.RandomState | None
"""What the `make_*` functions accept as their source of chance."""

_RING_SCALE: Final = 1.414
_GRID_SCALE: Final = 2.828
_ROLL_SCALE: Final = 7.5
_ROLL_NOISE: Final = 0.25

RING_SD: Final = 0.02 / _RING_SCALE
"""Standard deviation, per coordinate, of each of the eight Gaussians of `make_ring`."""

GRID_SD: Final = 0.05 / _GRID_SCALE
"""Standard deviation, per coordinate, of each of the twenty-five Gaussians of `make_grid`."""


def ring_centres() -> NDArray[np.float64]:
    """Return the means of the eight Gaussians of `make_ring`.

    c_k = 2 (cos(k pi / 4), sin(k pi / 4)) / 1.414, where k = 0, ..., 7.

    Returns:
        A new array of shape (8, 2), anticlockwise from the positive first axis.

    References:
        I. Gulrajani et al. (2017), "Improved Training of Wasserstein GANs", arXiv:1704.00028.

    Examples:
        >>> ring_centres()[:3].round(3).tolist()
        [[1.414, 0.0], [1.0, 1.0], [0.0, 1.414]]
    """
    angles = np.arange(8) * (math.pi / 4)
    return 2.0 * np.column_stack([np.cos(angles), np.sin(angles)]) / _RING_SCALE


def grid_centres() -> NDArray[np.float64]:
    """Return the means of the twenty-five Gaussians of `make_grid`.

    c_ij = (i, j) / 2.828, where i and j run over -4, -2, 0, 2, 4.

    Returns:
        A new array of shape (25, 2), sorted by the first coordinate and then by the second.

    References:
        I. Gulrajani et al. (2017), "Improved Training of Wasserstein GANs", arXiv:1704.00028.

    Examples:
        >>> grid_centres()[:3].round(3).tolist()
        [[-1.414, -1.414], [-1.414, -0.707], [-1.414, 0.0]]
    """
    ticks = np.array([-4.0, -2.0, 0.0, 2.0, 4.0])
    first, second = np.meshgrid(ticks, ticks, indexing="ij")
    return np.column_stack([first.ravel(), second.ravel()]) / _GRID_SCALE


def make_ring(n: int, random_state: RandomSource = None) -> NDArray[np.float64]:
    """Draw points from eight equally likely Gaussians on a circle.

    x = (2 (cos(k pi / 4), sin(k pi / 4)) + 0.02 z) / 1.414, where k is uniform on 0, ..., 7 and z is standard
    normal in the plane.

    Args:
        n: how many points to draw; zero is allowed.
        random_state: a seed for the same points every time, a generator to draw from (which moves on), or
            None for fresh points.

    Returns:
        An array of shape (n, 2), one point a row, the modes in random order.

    Raises:
        InvalidParameterError: `n` is not an integer of at least zero, or `random_state` is none of the above.

    References:
        I. Gulrajani et al. (2017), "Improved Training of Wasserstein GANs", arXiv:1704.00028.

    Examples:
        >>> points = make_ring(1000, random_state=0)
        >>> points.shape
        (1000, 2)
        >>> distance = np.linalg.norm(points[:, None] - ring_centres(), axis=2)
        >>> np.unique(distance.argmin(axis=1)).tolist()
        [0, 1, 2, 3, 4, 5, 6, 7]
        >>> bool((distance.min(axis=1) < 6 * RING_SD).all())
        True
    """
    size, rng = _check(n, random_state)
    return _draw_mixture(ring_centres(), RING_SD, size, rng)


def make_grid(n: int, random_state: RandomSource = None) -> NDArray[np.float64]:
    """Draw points from twenty-five equally likely Gaussians on a square grid.

    x = ((i, j) + 0.05 z) / 2.828, where i and j are uniform on -4, -2, 0, 2, 4 and z is standard normal in
    the plane.

    Args:
        n: how many points to draw; zero is allowed.
        random_state: a seed for the same points every time, a generator to draw from (which moves on), or
            None for fresh points.

    Returns:
        An array of shape (n, 2), one point a row, the modes in random order.

    Raises:
        InvalidParameterError: `n` is not an integer of at least zero, or `random_state` is none of the above.

    References:
        I. Gulrajani et al. (2017), "Improved Training of Wasserstein GANs", arXiv:1704.00028.

    Examples:
        >>> points = make_grid(1000, random_state=0)
        >>> points.shape
        (1000, 2)
        >>> distance = np.linalg.norm(points[:, None] - grid_centres(), axis=2)
        >>> len(np.unique(distance.argmin(axis=1)))
        25
        >>> bool((distance.min(axis=1) < 6 * GRID_SD).all())
        True
    """
    size, rng = _check(n, random_state)
    return _draw_mixture(grid_centres(), GRID_SD, size, rng)


def make_swiss_roll(n: int, random_state: RandomSource = None) -> NDArray[np.float64]:
    """Draw points from a noisy spiral, the Swiss roll seen from its end.

    x = (t (cos t, sin t) + 0.25 z) / 7.5, where t is uniform on [1.5 pi, 4.5 pi] and z is standard normal in
    the plane. These are columns 0 and 2 of scikit-learn's three-dimensional `make_swiss_roll` with noise
    0.25, divided by 7.5.

    Args:
        n: how many points to draw; zero is allowed.
        random_state: a seed for the same points every time, a generator to draw from (which moves on), or
            None for fresh points.

    Returns:
        An array of shape (n, 2), one point a row, in random order along the spiral.

    Raises:
        InvalidParameterError: `n` is not an integer of at least zero, or `random_state` is none of the above.

    References:
        I. Gulrajani et al. (2017), "Improved Training of Wasserstein GANs", arXiv:1704.00028.

    Examples:
        >>> points = make_swiss_roll(1000, random_state=0)
        >>> points.shape
        (1000, 2)
        >>> radius = np.linalg.norm(points, axis=1)
        >>> bool(radius.min() > 0.4 and radius.max() < 2.1)
        True
    """
    size, rng = _check(n, random_state)
    t = rng.uniform(1.5 * math.pi, 4.5 * math.pi, size)
    spiral = np.column_stack([t * np.cos(t), t * np.sin(t)])
    return (spiral + rng.normal(0.0, _ROLL_NOISE, (size, 2))) / _ROLL_SCALE


def _draw_mixture(centres: NDArray[np.float64], sd: float, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw n points, each around a centre that is chosen uniformly at random."""
    mode = rng.integers(len(centres), size=n)
    return centres[mode] + rng.normal(0.0, sd, (n, 2))


def _check(n: object, random_state: object) -> tuple[int, np.random.Generator]:
    """Check both arguments and tell every mistake at once; the generator is the caller's own or a new one."""
    problems: list[str] = []
    size = _as_count(n)
    if size is None:
        problems.append(f"n must be an integer of at least 0, but it is {n!r}.")
    rng = _as_generator(random_state)
    if rng is None:
        problems.append(
            "random_state must be an integer of at least 0, a numpy Generator, a numpy RandomState or None, "
            f"but it is {random_state!r}."
        )
    if size is None or rng is None:
        raise InvalidParameterError(join_problems(problems))
    return size, rng


def _as_count(value: object) -> int | None:
    """Return an integer of at least zero as an int, and None for anything else (True and False too)."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        return None
    return int(value) if int(value) >= 0 else None


def _as_generator(random_state: object) -> np.random.Generator | None:
    """Return the generator that is meant, or None where none is; numpy's global state is left alone."""
    if isinstance(random_state, np.random.Generator):
        return random_state
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(0, 2**32, size=4, dtype=np.uint32))
    if random_state is None:
        return np.random.default_rng()
    seed = _as_count(random_state)
    return None if seed is None else np.random.default_rng(seed)
