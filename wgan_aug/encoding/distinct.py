"""Distinct values of a column of any dtype: finding them, and finding cells among them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.schema.cells import dense, float_values

__all__ = ["find_levels", "level_index", "plain_values", "series_of"]


def series_of(values: list[Any], dtype: Any) -> pd.Series:
    """Return values read from JSON as a series of a dtype, whatever they are."""
    cells = np.empty(len(values), dtype=object)
    cells[:] = values
    return pd.Series(cells, dtype=object).astype(dtype)


def plain_values(series: pd.Series) -> Any:
    """Return the values that pandas factorizes without a surprise."""
    series = dense(series)
    if pd.api.types.is_float_dtype(series.dtype) and getattr(series.dtype, "itemsize", 8) == 2:
        return float_values(series).astype(np.float32)  # pandas has no index of half precision
    if isinstance(series.dtype, pd.ArrowDtype) and series.dtype.kind == "O":
        return series.astype(object).where(series.notna(), None).to_numpy()
    return series.to_numpy() if isinstance(series.dtype, np.dtype) and series.dtype.kind not in "mM" else series.array


def level_index(levels: Any) -> pd.Index:
    """Return levels as an index of just their dtype: tuples and dates in an object array stay what they are."""
    return pd.Index(levels, dtype=levels.dtype, tupleize_cols=False)


def find_levels(levels: Any, series: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return where each cell stands among the levels (-1 if nowhere), and the mask of missing cells."""
    codes, distinct = pd.factorize(plain_values(series))
    found = level_index(levels).get_indexer(level_index(distinct)) if len(distinct) else np.empty(0, dtype=np.int64)
    return np.append(found, -1)[codes], codes < 0
