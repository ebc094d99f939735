"""Balanced training: show the networks rare states more often, and give them back their true share in sampling."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Self

import numpy as np

from wgan_aug.encoding.table import EncodedTable
from wgan_aug.schema.layout import TableLayout
from wgan_aug.schema.values import JSON

__all__ = ["Balance"]

_ROUND = 16_384  # candidates at once
_BLOCK = 262_144  # training rows at once


@dataclasses.dataclass(frozen=True)
class Balance:
    r"""A weight for each row, by the states of some blocks.

    .. math:: w(x) = \frac1{|B|} \sum_{b \in B} \frac{f_{x_b}^{-p}}{\sum_s f_s^{1 - p}}

    where f are the training shares of the states of block b, and p is the power. Training draws row x with a
    probability proportional to w(x), so that a state's share in the batches of a single block is proportional to
    f^(1 - p). The generator then learns w(x) times the density of the data; sampling keeps a generated row with
    probability min w / w(x), which undoes the weights exactly.

    Args:
        state_weights: what each state adds to a row's weight, shape (states,).
        starts: the first state of each block, shape (blocks,).
        floor: the smallest weight that a row can have.
    """

    state_weights: np.ndarray
    starts: np.ndarray
    floor: float

    @classmethod
    def of(cls, layout: TableLayout, blocks: Sequence[int], power: float) -> Self:
        """Weigh rows by the states of some blocks, at least one.

        Args:
            layout: blocks and shares.
            blocks: which blocks count.
            power: p in [0, 1]; 0 weighs all rows alike, 1 shows all states of a single block equally often.
        """
        weights, floor = np.zeros(layout.n_states), 0.0
        for block in blocks:
            states = slice(int(layout.starts[block]), int(layout.starts[block]) + layout.widths[block])
            shares = layout.frequencies[states]
            seen = np.maximum(shares, shares[shares > 0].min())
            weights[states] = seen**-power / (seen ** (1 - power)).sum() / len(blocks)
            floor += weights[states].min()
        return cls(weights, layout.starts, float(floor))

    def weights(self, states: np.ndarray) -> np.ndarray:
        """Return the weight of each row from its states, shape (rows, blocks)."""
        weights = np.empty(len(states))
        for rows in _blocks(len(states)):
            weights[rows] = self.state_weights[states[rows] + self.starts].sum(axis=1)
        return weights

    def shares(self, states: np.ndarray) -> np.ndarray:
        """Return the share of each state in weighted training rows, shape (states,)."""
        weights, counts = self.weights(states), np.zeros(len(self.state_weights))
        for rows in _blocks(len(states)):
            each = np.repeat(weights[rows], states.shape[1])
            counts += np.bincount((states[rows] + self.starts).ravel(), each, minlength=len(counts))
        return counts / weights.sum()

    def thin(self, draw: Callable[[int], EncodedTable], rows: int, rng: np.random.Generator) -> EncodedTable:
        """Return rows at their true shares.

        Args:
            draw: gives as many new rows of the generator as it is asked for.
            rows: how many to return.
            rng: decides who is kept.
        """
        kept = [draw(0)]
        found, drawn = 0, 0
        while found < rows:
            rate = max(found, 1) / drawn if drawn else 0.5
            candidates = draw(min(_ROUND, int(1.1 * (rows - found) / rate) + 16))
            fine = rng.random(len(candidates)) < self.floor / self.weights(candidates.states)
            kept.append(candidates.take(fine))
            found, drawn = found + int(fine.sum()), drawn + len(candidates)
        return EncodedTable.join(kept).take(np.arange(rows))

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return what `from_json` reads back."""
        return {"state_weights": self.state_weights, "starts": self.starts, "floor": self.floor}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Self:
        """Read what `to_json` wrote."""
        return cls(np.asarray(data["state_weights"]), np.asarray(data["starts"]), data["floor"])


def _blocks(rows: int) -> Iterator[slice]:
    """Yield the rows in blocks, so that states may lie in a file."""
    return (slice(start, start + _BLOCK) for start in range(0, rows, _BLOCK))
