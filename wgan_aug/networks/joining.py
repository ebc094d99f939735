"""Batches of several parts, one after another, whose rows were told the same."""

from __future__ import annotations

from torch import Tensor

__all__ = ["cycled"]


def cycled(condition: Tensor, rows: int) -> Tensor:
    """Return what rows were told, over and over, so that row i goes with i modulo the number of conditions.

    Args:
        condition: shape (conditions, width).
        rows: how many are wanted.

    Returns:
        shape (rows, width); the condition itself where it has as many rows.

    Examples:
        >>> import torch
        >>> cycled(torch.tensor([[1], [2]]), 5).ravel().tolist()
        [1, 2, 1, 2, 1]
    """
    if len(condition) == rows:
        return condition
    return condition.repeat(-(-rows // max(1, len(condition))), 1)[:rows]
