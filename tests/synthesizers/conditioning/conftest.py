"""A table with every kind of rule and cell, and a model of it; treat both as read-only."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from wgan_aug.synthesizers.table import WGANGPSynthesizer


@pytest.fixture(scope="session")
def orders() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 1200
    town, way = rng.integers(0, 8, n), rng.choice(["card", "cash", "coin"], n, p=[0.7, 0.27, 0.03])
    price, tip = rng.gamma(2, 10, n).round(2) + 10 * (way == "card"), rng.exponential(2, n).round(2)
    frame = pd.DataFrame({"country": np.where(town < 4, "north", "south"), "town": [f"t{t}" for t in town]})
    for kind in ("card", "cash", "coin"):
        frame[kind] = (way == kind).astype(int)
    frame["price"], frame["tip"], frame["total"] = price.round(2), tip, (price + tip).round(2)
    frame["joint"] = rng.random(n) < 0.3
    frame["partner"] = np.where(frame["joint"], rng.integers(18, 90, n), np.nan)
    frame["size"] = pd.Categorical(rng.choice(["s", "m", "l"], n), ["s", "m", "l"], ordered=True)
    frame["note"] = pd.Series(rng.choice(np.array(["a", "b", None], dtype=object), n), dtype="string")
    frame["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D")
    frame["name"] = rng.choice([f"n{i}" for i in range(400)], n)  # levels that are pooled
    return frame


@pytest.fixture(scope="session")
def model(orders: pd.DataFrame) -> WGANGPSynthesizer:
    return WGANGPSynthesizer(
        epochs=12, random_state=0, device="cpu", schema={"name": "categorical"}, batch_size=100
    ).fit(orders)
