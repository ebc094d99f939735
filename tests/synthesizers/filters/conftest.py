"""A table of orders in which rules hold that no search finds, and a model that shall keep them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from wgan_aug.encoding.table import TableEncoder
from wgan_aug.errors import DataWarning
from wgan_aug.schema.inference import infer_schema
from wgan_aug.synthesizers.table import WGANGPSynthesizer

CONSTRAINTS = ["low <= high", "total == price * count", "start < end", "`list price` >= price"]


@pytest.fixture(scope="session")
def orders() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 600
    frame = pd.DataFrame({"code": [f"C-{k:05d}" for k in rng.permutation(90_000)[:n]]})
    frame["price"], frame["count"] = (rng.gamma(2, 3, n) + 0.01).round(2), rng.integers(1, 40, n)
    frame["total"] = (frame["price"] * frame["count"]).round(2)
    frame["low"] = rng.normal(0, 3, n)
    frame["high"] = frame["low"] + rng.exponential(3, n) * rng.gamma(1, 1, n)
    frame["list price"] = (frame["price"] + rng.choice([0, 1, 5], n)).round(2)
    frame["start"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**6, n), unit="s")
    frame["end"] = frame["start"] + pd.to_timedelta(rng.integers(60, 10**5, n), unit="s")
    frame["way"] = rng.choice(["card", "cash"], n)
    frame.loc[rng.random(n) < 0.1, "high"] = np.nan
    return frame


@pytest.fixture(scope="session")
def encoder(orders: pd.DataFrame) -> TableEncoder:
    return TableEncoder(infer_schema(orders), relations=False).fit(orders)


@pytest.fixture(scope="session")
def model(orders: pd.DataFrame) -> WGANGPSynthesizer:
    model = WGANGPSynthesizer(
        epochs=30,
        batch_size=100,
        relations=False,
        constraints=CONSTRAINTS,
        reject_copies=True,
        device="cpu",
        random_state=0,
    )
    with pytest.warns(DataWarning, match="identifiers"):
        return model.fit(orders)
