"""What several test modules share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
import torch

ROWS = 120


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Small networks are fastest on one thread, and the machine is shared."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def people() -> pd.DataFrame:
    """A small mixed table; treat it as read-only."""
    rng = np.random.default_rng(0)
    age = rng.integers(18, 90, ROWS)
    return pd.DataFrame(
        {
            "age": age,
            "income": np.round(age * 100 + rng.normal(0, 300, ROWS), 2),
            "sex": rng.choice(["f", "m"], ROWS),
            "smoker": rng.random(ROWS) < 0.3,
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, ROWS), unit="D"),
            "visits": pd.array(rng.choice([0, 1, 2, None], ROWS), dtype="Int64"),  # type: ignore[call-overload]
        }
    )
