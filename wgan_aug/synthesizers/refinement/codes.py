"""What the judge of rows looks at: the codes of encoded rows, as features and as strata."""

from __future__ import annotations

import numpy as np

from wgan_aug.encoding.table import EncodedTable
from wgan_aug.schema.layout import TableLayout

__all__ = ["draw_codes", "to_features", "to_strata"]

ABSENT = -1e9  # stands for a number that its state leaves out, far below any code


def draw_codes(table: EncodedTable, rng: np.random.Generator) -> EncodedTable:
    """Return rows with each number drawn from its interval, as a generator gives numbers: spread, not in the middle."""
    number = table.low + rng.random(table.low.shape) * (table.high - table.low)
    return EncodedTable(table.states, number, number)


def to_features(table: EncodedTable, layout: TableLayout) -> np.ndarray:
    """Return one feature a block and one a number, float64, shape (rows, blocks + scalars), without missing values.

    A block's feature is its state's number, since states stand in their natural order; an absent number is one that no
    code is near to.
    """
    numbers = (table.low + table.high) / 2
    for scalar in range(layout.n_scalars):
        numbers[_absent(table, layout, scalar), scalar] = ABSENT
    return np.concatenate([table.states.astype(np.float64), numbers], axis=1)


def to_strata(features: np.ndarray, layout: TableLayout, edges: list[np.ndarray]) -> list[np.ndarray]:
    """Return the stratum of each row in each column of features: the state, or the bin of the number.

    Args:
        features: as `to_features` gives them.
        layout: blocks and scalars.
        edges: where a new bin begins, increasing, one array a scalar.

    Returns:
        int64 arrays of shape (rows,), blocks first.
    """
    blocks = [features[:, block].astype(np.int64) for block in range(layout.n_blocks)]
    numbers = features[:, layout.n_blocks :]
    return blocks + [np.searchsorted(edge, numbers[:, i], side="right") for i, edge in enumerate(edges)]


def _absent(table: EncodedTable, layout: TableLayout, scalar: int) -> np.ndarray:
    spec = layout.scalars[scalar]
    if spec.block is None or not spec.silent:
        return np.zeros(len(table), dtype=bool)
    return np.isin(table.states[:, spec.block], spec.silent)
