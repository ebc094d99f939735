"""Cells of a pandas column as plain arrays, whatever its dtype."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

__all__ = ["dense", "float_values", "missing_cells"]


def dense(series: pd.Series) -> pd.Series:
    """Return a sparse column as a dense one, any other as it is."""
    return series.sparse.to_dense() if isinstance(series.dtype, pd.SparseDtype) else series


def missing_cells(series: pd.Series) -> np.ndarray:
    """Return the mask of missing cells, shape (rows,): null, and not a number where a dtype keeps the two apart.

    Examples:
        >>> missing_cells(pd.Series([1.5, None, 2.0], dtype="Float64"))
        array([False,  True, False])
    """
    absent = np.array(series.isna(), dtype=bool)
    if pd.api.types.is_float_dtype(series.dtype) and pd.api.types.is_extension_array_dtype(series.dtype):
        absent |= np.isnan(float_values(series))
    return absent


def float_values(series: pd.Series) -> np.ndarray:
    """Return the numbers of a column of floats, integers or decimals, NaN where missing: float64, shape (rows,).

    Examples:
        >>> float_values(pd.Series([1, None], dtype="Int64"))
        array([ 1., nan])
    """
    series = dense(series)
    if isinstance(series.dtype, pd.ArrowDtype):
        return pa.chunked_array(pa.array(series)).cast(pa.float64()).to_numpy()  # type: ignore[arg-type]
    if series.dtype == np.dtype(object):
        series = series.where(series.notna(), np.nan)
    return series.to_numpy(dtype=np.float64, na_value=np.nan)
