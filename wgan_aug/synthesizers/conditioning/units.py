"""Where columns stand in an encoded row: their blocks, and units, features that are revealed together."""

from __future__ import annotations

import numpy as np

from wgan_aug.encoding.table import TableEncoder

__all__ = ["block_of", "find_units", "unit_positions"]


def block_of(encoder: TableEncoder, position: int) -> int | None:
    """Return the number of a column's block; None where it has no states."""
    own = encoder.encoders
    return sum(e.states > 0 for e in own[:position]) if own[position].states else None


def unit_positions(encoder: TableEncoder) -> list[int]:
    """Return the position of the column that has each unit's features, in the order of the columns."""
    return [p for p, own in enumerate(encoder.encoders) if own.states or own.silent is not None]


def find_units(encoder: TableEncoder) -> np.ndarray:
    """Return the unit of each feature, int64, shape (features,).

    A column's block and its number are one unit; a one-hot group is one; columns without features have none.
    """
    number = {position: unit for unit, position in enumerate(unit_positions(encoder))}
    states = [number[p] for p, own in enumerate(encoder.encoders) for _ in range(own.states)]
    scalars = [number[p] for p, own in enumerate(encoder.encoders) if own.silent is not None]
    return np.array([*states, *scalars], dtype=np.int64)
