"""Windows that several tests judge."""

from __future__ import annotations

import numpy as np

__all__ = ["labelled", "waves"]


def waves(n: int, seed: int, steps: int = 24) -> np.ndarray:
    """Return smooth windows of two channels, the second one following the first."""
    rng = np.random.default_rng(seed)
    phase, rate = rng.uniform(0, 6.28, (n, 1)), rng.uniform(0.2, 0.6, (n, 1))
    one = np.sin(rate * np.arange(steps) + phase)
    return np.stack([one, 0.5 * np.roll(one, 1, axis=1)], axis=2) + rng.normal(0, 0.1, (n, steps, 2))


def labelled(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return waves that are faster in class "b", and wilder in class "c"."""
    rng = np.random.default_rng(seed)
    y = rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2])
    rate = np.where(y == "b", 1.0, 0.4)[:, None] + rng.normal(0, 0.05, (n, 1))
    x = np.sin(rate * np.arange(16) + rng.uniform(0, 6.28, (n, 1)))
    return (x + rng.normal(0, 1, (n, 16)) * np.where(y == "c", 0.6, 0.2)[:, None])[:, :, None], y
