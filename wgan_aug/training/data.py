"""An encoded table that lives on the device and hands out batches as the critic sees them."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from wgan_aug.schema.layout import TableLayout

__all__ = ["DeviceRows", "DeviceTable", "ranks"]

_EDGE = 1e-6  # ranks 0 and 1 would be infinite as normal scores


class DeviceRows(Protocol):
    """What training asks of its data: rows of a table, or sequences."""

    device: torch.device

    def __len__(self) -> int: ...

    def batch(self, index: Tensor, generator: torch.Generator) -> Tensor:
        """Return some rows as the critic sees them, shape (batch, ...)."""
        ...

    def condition(self, index: Tensor) -> Tensor | None:
        """Return what the networks are told of these rows, shape (batch, ...); None where they are told nothing."""
        ...

    def largest(self, index: Tensor) -> Tensor:
        """Return the largest size of each feature among some rows, shape (features,)."""
        ...


class DeviceTable:
    """Codes of all rows on one device; features are made batch by batch.

    Args:
        states: the state of each block, shape (rows, blocks).
        low: where the interval of each number begins, shape (rows, scalars).
        high: where it ends, shape (rows, scalars).
        layout: blocks and scalars.
        device: where everything is kept and made.
    """

    def __init__(
        self, states: np.ndarray, low: np.ndarray, high: np.ndarray, layout: TableLayout, device: torch.device
    ) -> None:
        self.layout, self.device = layout, device
        self._hot = torch.from_numpy((states + layout.starts).astype(np.int32)).to(device)
        self._low = torch.from_numpy(low.astype(np.float32)).to(device)
        self._width = torch.from_numpy((high - low).astype(np.float32)).to(device)
        self._normal = torch.tensor([s.normal for s in layout.scalars], dtype=torch.bool, device=device)

    def __len__(self) -> int:
        return len(self._hot)

    def batch(self, index: Tensor, generator: torch.Generator) -> Tensor:
        """Return features of some rows; each number is drawn anew from its interval.

        Args:
            index: row numbers, int64, shape (batch,).
            generator: draws the numbers.

        Returns:
            float32, shape (batch, features).
        """
        hot = self._one_hot(index)
        if not self.layout.n_scalars:
            return hot
        share = torch.rand(len(index), self.layout.n_scalars, generator=generator, device=self.device)
        return torch.cat([hot, self._score(self._low[index] + share * self._width[index])], dim=1)

    def condition(self, index: Tensor) -> None:
        """Return nothing: rows of a table are all that there is to know."""

    def largest(self, index: Tensor) -> Tensor:
        """Return the largest size of each feature among some rows, shape (features,)."""
        return self.middle(index).abs().amax(0)

    def middle(self, index: Tensor) -> Tensor:
        """Return features with each number in the middle of its interval, shape (batch, features)."""
        return torch.cat([self._one_hot(index), self._score(self._low[index] + 0.5 * self._width[index])], dim=1)

    def _one_hot(self, index: Tensor) -> Tensor:
        hot = torch.zeros(len(index), self.layout.n_states, device=self.device)
        return hot.scatter_(1, self._hot[index].long(), 1.0)

    def _score(self, codes: Tensor) -> Tensor:
        return torch.where(self._normal, torch.special.ndtri(codes.clamp(_EDGE, 1 - _EDGE)), codes)


def ranks(scalars: Tensor, layout: TableLayout) -> Tensor:
    """Undo the normal scores: return the codes of generated scalars, shape (batch, scalars)."""
    normal = torch.tensor([s.normal for s in layout.scalars], dtype=torch.bool, device=scalars.device)
    return torch.where(normal, torch.special.ndtr(scalars), scalars)
