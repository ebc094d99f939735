"""Rows and targets in the container they came in, with new ones after them."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from wgan_aug.synthesizers.containers import Container

__all__ = ["append_labels", "append_rows", "append_values"]


def append_rows(rows: Any, further: pd.DataFrame, container: Container) -> Any:
    """Return rows, as they are, with further ones after them; an index of labels is numbered anew.

    Args:
        rows: a frame, an array or a list of rows.
        further: rows with the same columns, shape (further rows, columns).
        container: what `rows` came in, as `to_frame` says it.

    Examples:
        >>> append_rows([[1.0, 2.0]], pd.DataFrame({"x0": [3.0], "x1": [4.0]}), Container("numpy", dtype="<f8"))
        [[1.0, 2.0], [3.0, 4.0]]
    """
    if isinstance(rows, pd.DataFrame):
        alike = further.set_axis(rows.columns, axis=1).astype(rows.dtypes.to_dict())
        return pd.concat([rows, alike], ignore_index=True)
    if container.kind == "other":
        return nw.concat([nw.from_native(rows), nw.from_native(container.restore(further))]).to_native()
    array = np.asarray(rows)
    whole = np.concatenate([array, further.to_numpy(dtype=array.dtype)])
    return whole.tolist() if isinstance(rows, list) else whole


def append_labels(target: Any, positions: np.ndarray) -> Any:
    """Return a target, as it is, with that of some of its rows repeated after it; a single column is made flat.

    Args:
        target: a series, a frame of one column, an array or a list, shape (rows,).
        positions: rows whose target is repeated, shape (further rows,).

    Examples:
        >>> append_labels(["a", "b"], np.array([1, 1]))
        ['a', 'b', 'b', 'b']
    """
    if isinstance(target, (pd.Series, pd.DataFrame)):
        both: list[Any] = [target, target.iloc[positions]]
        return pd.concat(both, ignore_index=True)
    if isinstance(target, list):
        return [*target, *(target[i] for i in positions)]
    if isinstance(target, np.ndarray):
        flat = target.ravel() if target.ndim == 2 and target.shape[1] == 1 else target
        return np.concatenate([flat, flat[positions]])
    narrow = nw.from_native(target, series_only=True)
    return nw.concat([narrow.to_frame(), narrow[positions.tolist()].to_frame()])[narrow.name].to_native()


def append_values(target: Any, further: pd.Series) -> Any:
    """Return a target of numbers, as it is, with further ones after it; a single column is made flat.

    Args:
        target: a series, a frame of one column, an array or a list, shape (rows,).
        further: numbers, shape (further rows,).

    Examples:
        >>> append_values(np.array([1, 2]), pd.Series([3]))
        array([1, 2, 3])
    """
    if isinstance(target, pd.DataFrame):
        return append_rows(target, further.to_frame(), Container())
    if isinstance(target, pd.Series):
        name: Any = target.name
        return pd.concat([target, further.astype(target.dtype)], ignore_index=True).rename(name)
    if isinstance(target, list):
        return [*target, *further.tolist()]
    if isinstance(target, np.ndarray):
        return np.concatenate([target.ravel(), further.to_numpy(dtype=target.dtype)])
    narrow = nw.from_native(target, series_only=True)
    more = nw.new_series(narrow.name, further.tolist(), narrow.dtype, backend=narrow.implementation)
    return nw.concat([narrow.to_frame(), more.to_frame()])[narrow.name].to_native()
