"""Synthesizers that learn nothing: they answer as one would that draws from the truth, from noise, or by heart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from wgan_aug.synthesizers.conditions import which_hold


def draw(n: int, seed: int, cut: float = 0.0) -> pd.DataFrame:
    """Rows whose target takes many of them to learn; the higher the cut, the rarer is "yes"."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 6))
    frame = pd.DataFrame(x, columns=list("abcdef"))
    frame["k"] = rng.choice(["u", "v"], n)
    frame["y"] = np.where(x[:, 0] * x[:, 1] + x[:, 2] * x[:, 3] + 0.5 * x[:, 4] > cut, "yes", "no")
    return frame


class Stub(BaseEstimator):
    """The face of a synthesizer; `draws` says what a sample is made of."""

    fits: list[pd.DataFrame] = []  # noqa: RUF012

    def __init__(
        self,
        draws: str = "copies",
        *,
        cut: float = 0.0,
        target: Any = None,
        categorical_features: Any = None,
        random_state: Any = None,
    ) -> None:
        self.draws = draws
        self.cut = cut
        self.target = target
        self.categorical_features = categorical_features
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: pd.Series | None = None) -> Stub:
        self.rows_ = X.reset_index(drop=True) if y is None else pd.concat([X.reset_index(drop=True), y], axis=1)
        Stub.fits.append(self.rows_)
        return self

    def sample(self, n: int, *, conditions: Any = None, random_state: int = 0) -> pd.DataFrame:
        pool = self.rows_ if self.draws == "copies" else draw(20 * n + 1000, 10_000 + random_state, self.cut)
        if self.draws == "noise":
            pool["y"] = np.random.default_rng(random_state).permutation(pool["y"].to_numpy())
        pool = pool[which_hold(pool, conditions or {})]
        return pool.sample(n, replace=self.draws == "copies", random_state=random_state).reset_index(drop=True)
