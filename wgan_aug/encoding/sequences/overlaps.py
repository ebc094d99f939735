"""Which sequences share steps: windows of one long series do, however they came and in whatever order."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import reverse_cuthill_mckee

from wgan_aug.encoding.sequences.encoder import EncodedSequences

__all__ = ["Overlaps"]

_BLOCK = 3  # times the windows that share a step: what a block has at least


@dataclasses.dataclass(frozen=True)
class Overlaps:
    """The steps that several sequences share.

    A step is known by the row of the data that it was taken from, or else by its codes: a step that stands in some
    sequences, but in no more than a sequence has steps, is taken for one and the same. What is more common is no sign.

    Args:
        sequences: how many there are.
        owner: a sequence that has a shared step, int64, shape (pairs,).
        step: the number of the step that it has, int64, shape (pairs,).

    Examples:
        >>> series = np.random.default_rng(0).normal(size=(99, 1))
        >>> windows = series[np.arange(90)[:, None] + np.arange(10)]
        >>> overlaps = Overlaps.find(EncodedSequences(np.empty((90, 10, 0), dtype=int), windows, np.full(90, 10)))
        >>> held, near = overlaps.hold_out(0.2, np.random.default_rng(0))
        >>> set(windows[held].ravel()) & set(windows[~held & ~near].ravel())
        set()
    """

    sequences: int
    owner: np.ndarray
    step: np.ndarray

    @classmethod
    def find(cls, encoded: EncodedSequences, source: np.ndarray | None = None) -> Overlaps:
        """Find shared steps.

        Args:
            encoded: the sequences.
            source: the row of the data that each own step was taken from, shape (own steps,); None where unknown.
        """
        own = encoded.mask
        names = pd.factorize(_hashes(encoded, own) if source is None else source)[0]
        owner = np.repeat(np.arange(len(encoded)), encoded.lengths)
        pairs = np.unique(owner * (names.max() + 1) + names)  # a step may stand twice in a sequence
        owner, names = np.divmod(pairs, names.max() + 1)
        counts = np.bincount(names)
        signs = (counts > 1) & (counts <= own.shape[1])
        shared = signs[names]
        return cls(len(encoded), owner[shared], (np.cumsum(signs) - 1)[names[shared]])

    @property
    def steps(self) -> int:
        """How many steps are shared."""
        return int(self.step.max(initial=-1)) + 1

    @property
    def turns(self) -> float:
        """In how many sequences a shared step stands, on average; 1 where there is none."""
        return len(self.step) / self.steps if self.steps else 1.0

    @property
    def apart(self) -> float:
        """How many sequences there would be if none shared steps."""
        return self.sequences / self.turns

    def hold_out(self, share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Hold out a share of the sequences, in blocks of such as lie next to one another.

        Args:
            share: of the blocks, but one at least.
            rng: draws them.

        Returns:
            which ones are held out, and which others share a step with them, bool, shape (sequences,).
        """
        block = np.empty(self.sequences, dtype=np.int64)
        size = math.ceil(_BLOCK * self.turns) if self.steps else 1
        block[self._order()] = np.arange(self.sequences) // size
        blocks = int(block.max()) + 1
        held = np.isin(block, rng.permutation(blocks)[: max(1, round(share * blocks))])
        touched = np.isin(np.arange(self.steps), self.step[held[self.owner]])
        near = np.isin(np.arange(self.sequences), self.owner[touched[self.step]])
        return held, near & ~held

    def _order(self) -> np.ndarray:
        """Return the sequences in an order in which those that share steps stand near one another."""
        if not self.steps:
            return np.arange(self.sequences)
        nodes, place = self.sequences + self.steps, self.sequences + self.step
        ends = np.concatenate([self.owner, place]), np.concatenate([place, self.owner])
        graph = csr_array((np.ones(len(ends[0])), ends), shape=(nodes, nodes))
        order = reverse_cuthill_mckee(graph, symmetric_mode=True)
        return order[order < self.sequences]


def _hashes(encoded: EncodedSequences, own: np.ndarray) -> np.ndarray:
    """Return a number for each own step, the same for the same codes, uint64, shape (own steps,)."""
    cells = np.concatenate([encoded.states[own].astype(np.float64), encoded.numbers[own]], axis=1)
    return pd.util.hash_pandas_object(pd.DataFrame(cells), index=False).to_numpy()
