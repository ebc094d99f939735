"""Cells of a pandas column as plain arrays, whatever its dtype."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa

__all__ = ["dense", "float_values", "missing_cells", "put_rows"]

T = TypeVar("T", pd.Series, pd.DataFrame)


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


def put_rows(rows: T, places: np.ndarray, others: T, chosen: np.ndarray | None = None) -> T:
    """Return rows, or cells, with others in some places, numbered anew.

    Args:
        rows: what is kept elsewhere.
        places: where others come in, a mask of shape (rows,) or numbers.
        others: of the same columns.
        chosen: which of them, in the order of the places; those that stand in the same places where None.

    Examples:
        >>> put_rows(pd.Series(list("abc")), np.array([True, False, True]), pd.Series(list("xyz"))).tolist()
        ['x', 'b', 'z']
    """
    take = np.arange(len(rows))
    take[places] = len(rows) + (take[places] if chosen is None else chosen)
    both: list[Any] = [rows, others]
    return pd.concat(both, ignore_index=True).iloc[take].reset_index(drop=True)
