"""What an encoded table looks like to a network: blocks of states, and scalars beside them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from wgan_aug.schema.values import JSON

__all__ = ["Scalar", "TableLayout"]


@dataclasses.dataclass(frozen=True)
class Scalar:
    """One number of an encoded row.

    Args:
        block: the block whose state says whether the number counts; None where it always does.
        silent: the states of that block (an atom, a missing value) in which the number is absent: it is 0 there.
        normal: True where the code is a rank in [0, 1], which the networks see as a standard normal score.
    """

    block: int | None = None
    silent: tuple[int, ...] = ()
    normal: bool = True


@dataclasses.dataclass(frozen=True)
class TableLayout:
    """Blocks and scalars of an encoded row, in order: features = one-hot blocks, then scalars.

    Args:
        widths: the number of states of each block.
        frequencies: the training share of each state, shape (sum of widths,), float64.
        scalars: one entry a scalar.
    """

    widths: tuple[int, ...]
    frequencies: np.ndarray
    scalars: tuple[Scalar, ...]

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return len(self.widths)

    @property
    def n_states(self) -> int:
        """Number of one-hot features."""
        return sum(self.widths)

    @property
    def n_scalars(self) -> int:
        """Number of scalars."""
        return len(self.scalars)

    @property
    def n_features(self) -> int:
        """Width of a row as the critic sees it."""
        return self.n_states + self.n_scalars

    @property
    def starts(self) -> np.ndarray:
        """The first one-hot feature of each block, shape (n_blocks,), int64."""
        return np.cumsum([0, *self.widths[:-1]]).astype(np.int64)[: self.n_blocks]

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return a nested object of JSON and arrays that `from_json` reads back."""
        scalars = [[s.block, list(s.silent), s.normal] for s in self.scalars]
        return {"widths": list(self.widths), "frequencies": self.frequencies, "scalars": scalars}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> TableLayout:
        """Read what `to_json` wrote."""
        scalars = tuple(Scalar(block, tuple(silent), normal) for block, silent, normal in data["scalars"])
        return cls(tuple(data["widths"]), np.asarray(data["frequencies"]), scalars)
