"""Tables that are hard to judge: real, synthetic and hold-out rows, by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

__all__ = ["EDGES", "IDENTIFIERS", "INFINITE", "plain"]

ROWS = 60

Frames = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def plain(seed: int, rows: int = ROWS) -> pd.DataFrame:
    """Make a number and a category that have nothing to do with each other."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"x": rng.normal(size=rows), "c": rng.choice(["a", "b"], rows)})


def _each(make: Callable[[int, pd.DataFrame], pd.DataFrame]) -> Frames:
    real, synthetic, holdout = (make(seed, plain(seed)) for seed in range(3))
    return real, synthetic, holdout


def _synthetic(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Frames:
    return plain(0), change(plain(1)), plain(2)


def _levels(seed: int, _: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 1000, (1500, 2)).astype(str)
    return pd.DataFrame({"x": rng.normal(size=1500), "c": codes[:, 0], "d": codes[:, 1]})


def _days(seed: int, frame: pd.DataFrame) -> pd.DataFrame:
    days = np.random.default_rng(seed).integers(0, 900, len(frame))
    return frame.assign(d=pd.Timestamp("2020-01-01") + pd.to_timedelta(days, unit="D"))


def _whole(seed: int, frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(i=np.random.default_rng(seed).integers(-(2**62), 2**62, len(frame)))


EDGES: dict[str, Frames] = {
    "constant columns": _each(lambda _, f: f.assign(one=1.0, word="w")),
    "constant synthetic columns": _synthetic(lambda f: f.assign(x=0.5, c="a")),
    "a constant real column": (plain(0).assign(x=0.1), plain(1), plain(2).assign(x=0.1)),
    "an all-missing column": _each(lambda _, f: f.assign(none=np.nan)),
    "all-missing synthetic columns": _synthetic(lambda f: f.assign(x=np.nan, c=None)),
    "an all-missing real column": (plain(0).assign(x=np.nan), plain(1), plain(2)),
    "gaps": _each(lambda _, f: f.assign(x=f["x"].where(f["x"] > 0), c=f["c"].where(f["x"] > -1))),
    "one number": _each(lambda _, f: f[["x"]]),
    "one category": _each(lambda _, f: f[["c"]]),
    "unseen categories": _synthetic(lambda f: f.assign(c="new", x=99.0)),
    "1000 levels": _each(_levels),
    "huge numbers": _each(lambda _, f: f.assign(h=f["x"] * 3e307)),
    "huge integers": _each(_whole),
    "tiny numbers": _each(lambda _, f: f.assign(h=f["x"] * 1e-320)),
    "dates": _each(_days),
    "odd names": _each(lambda _, f: f.rename(columns={"x": 3, "c": ("t", 1)})),
    "booleans and nullable integers": _each(
        lambda _, f: f.assign(f=f["x"] > 0, i=pd.array([1, None] * (len(f) // 2), dtype="Int64"))
    ),
    "one real row": (plain(0, 1), plain(1), plain(2)),
    "one synthetic row": (plain(0), plain(1, 1), plain(2)),
    "one row each": (plain(0, 1), plain(1, 1), plain(2, 1)),
}

IDENTIFIERS = pd.DataFrame({"key": [f"u-{i}" for i in range(200)]})
"""Rows that leave nothing to judge."""

INFINITE: dict[str, Frames] = {
    "a few": _synthetic(lambda f: f.assign(x=f["x"].where(f.index >= 5, np.inf))),
    "both ends": _synthetic(lambda f: f.assign(x=np.where(f["x"] > 0, np.inf, -np.inf))),
    "all": _synthetic(lambda f: f.assign(x=-np.inf)),
}
"""Tables whose synthetic numbers are infinite, of which `align` warns."""
