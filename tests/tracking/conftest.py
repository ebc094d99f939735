"""A table and a training that take a moment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from wgan_aug import WGANGPSynthesizer

UPDATES = 130  # heard of at 50, 100 and 130


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({"x": rng.normal(size=80), "kind": rng.choice(["a", "b"], 80)})


@pytest.fixture
def model() -> WGANGPSynthesizer:
    """80 rows in batches of 40: two updates an epoch."""
    return quick()


def quick(**options: Any) -> WGANGPSynthesizer:
    return WGANGPSynthesizer(
        epochs=UPDATES / 2, batch_size=40, refine=False, relations=False, random_state=0, device="cpu", **options
    )


@pytest.fixture
def judged() -> WGANGPSynthesizer:
    """Evaluated at updates 50, 100 and at the end, on 20 of the rows; never ends early."""
    return WGANGPSynthesizer(
        epochs=UPDATES * 20 / 60,
        batch_size=20,
        refine=False,
        relations=False,
        random_state=0,
        device="cpu",
        early_stopping=True,
        patience=9,
        evaluate_every=50,
        validation_fraction=0.25,
    )
