"""Conditions as the generator sees them: which states of a block, and which numbers, meet them."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from torch import Tensor

from wgan_aug.encoding.table import TableEncoder
from wgan_aug.schema.layout import TableLayout
from wgan_aug.synthesizers.conditioning.units import block_of
from wgan_aug.synthesizers.conditioning.values import GRID, Values, find_values, middles

__all__ = ["Region"]


@dataclasses.dataclass(frozen=True)
class Region:
    """The part of a column's codes that meets conditions.

    Args:
        block: the column's block; None where it has none.
        shares: the share of each state that meets them, shape (states,): between 0 and 1 where a state pools levels.
        scalar: the column's number; None where it has none.
        ends: the intervals of codes that meet them in state 0, shape (intervals, 2).
    """

    block: int | None
    shares: np.ndarray
    scalar: int | None
    ends: np.ndarray

    @classmethod
    def of(cls, encoder: TableEncoder, root: int, met: Values) -> Region | None:
        """Return the region of a column's values; None where they are points between which nothing is drawn."""
        own = encoder.encoders[root]
        everything = find_values(encoder, root, middles(GRID))
        if everything is None or not met.mass > 0 or (not own.states and own.silent is None):
            return None
        scalar = sum(e.silent is not None for e in encoder.encoders[:root]) if own.silent is not None else None
        size = max(1, own.states)
        all_, some = (np.bincount(v.states, v.weights, minlength=size) for v in (everything, met))
        shares = np.divide(some, all_, out=np.zeros(size), where=all_ > 0)
        codes = np.sort(met.codes[~np.isnan(met.codes)])
        if scalar is not None:
            shares[0] = float(len(codes) > 0)
        breaks = np.flatnonzero(np.diff(codes) > 1.5 * met.step) + 1
        runs = [run for run in np.split(codes, breaks) if len(run)]
        ends = np.array([[run[0] - met.step / 2, run[-1] + met.step / 2] for run in runs]).reshape(-1, 2)
        ends[ends < 1e-9], ends[ends > 1 - 1e-9] = -1.0, 2.0
        return cls(block_of(encoder, root), np.minimum(shares, 1.0), scalar, ends)

    def features(self, layout: TableLayout) -> list[int]:
        """Return the features that say whether a row is in the region."""
        start = 0 if self.block is None else int(layout.starts[self.block])
        states = [] if self.block is None else range(start, start + layout.widths[self.block])
        return [*states, *([] if self.scalar is None else [layout.n_states + self.scalar])]

    def impose(self, raw: Tensor, layout: TableLayout) -> Tensor:
        """Weigh the states by what meets the conditions, in place; return the chance that a row does, shape (rows,).

        Args:
            raw: logits and scalars, shape (rows, features).
            layout: blocks and scalars.
        """
        inside = torch.ones(len(raw), dtype=torch.bool, device=raw.device)
        if self.scalar is not None:
            code = torch.special.ndtr(raw[:, layout.n_states + self.scalar])
            within = [(code >= low) & (code <= high) for low, high in self.ends.tolist()]
            inside = torch.stack([~inside, *within]).any(0)
        if self.block is None:
            return inside.to(raw.dtype)
        start = int(layout.starts[self.block])
        logits = raw[:, start : start + layout.widths[self.block]]
        weights = torch.from_numpy(self.shares).to(raw).log().expand_as(logits).clone()
        if self.scalar is not None:
            weights[:, 0].masked_fill_(~inside, -torch.inf)
        total = logits.logsumexp(1)
        logits += weights
        return (logits.logsumexp(1) - total).exp()
