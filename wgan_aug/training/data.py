"""An encoded table that lives on the device and hands out batches as the critic sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from wgan_aug.networks.draws import Draws, plain_generator, uniform
from wgan_aug.schema.layout import TableLayout

__all__ = ["DeviceRows", "DeviceTable", "RevealingTable", "ranks"]

_EDGE = 1e-6  # ranks 0 and 1 would be infinite as normal scores


class DeviceRows(Protocol):
    """What training asks of its data: rows of a table, or sequences.

    Attributes:
        device: where batches are made.
        resident: whether all that they are made of is there.
    """

    device: torch.device
    resident: bool

    def __len__(self) -> int: ...

    def batch(self, index: Tensor, generator: Draws) -> Tensor:
        """Return some rows as the critic sees them, shape (batch, ...)."""
        ...

    def condition(self, index: Tensor) -> Tensor | None:
        """Return what the networks are told of these rows, shape (batch, ...); None where they are told nothing."""
        ...

    def largest(self, index: Tensor) -> Tensor:
        """Return the largest size of each feature among some rows, shape (features,)."""
        ...

    def generators(self) -> Sequence[torch.Generator]:
        """Return the random generators that `condition` draws from, for checkpoints."""
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
        self.layout, self.device, self.resident = layout, device, True
        self._hot = torch.from_numpy((states + layout.starts).astype(np.int32)).to(device)
        self._low = torch.from_numpy(low.astype(np.float32)).to(device)
        self._width = torch.from_numpy((high - low).astype(np.float32)).to(device)
        self._normal = torch.tensor([s.normal for s in layout.scalars], dtype=torch.bool, device=device)

    def __len__(self) -> int:
        return len(self._hot)

    def batch(self, index: Tensor, generator: Draws) -> Tensor:
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
        share = uniform((len(index), self.layout.n_scalars), generator, self.device)
        return torch.cat([hot, self._score(self._low[index] + share * self._width[index])], dim=1)

    def condition(self, index: Tensor) -> Tensor | None:
        """Return nothing: rows of a table are all that there is to know."""

    def largest(self, index: Tensor) -> Tensor:
        """Return the largest size of each feature among some rows, shape (features,)."""
        return self.middle(index).abs().amax(0)

    def generators(self) -> Sequence[torch.Generator]:
        """Return none: nothing is told of rows."""
        return ()

    def middle(self, index: Tensor) -> Tensor:
        """Return features with each number in the middle of its interval, shape (batch, features)."""
        return torch.cat([self._one_hot(index), self._score(self._low[index] + 0.5 * self._width[index])], dim=1)

    def _one_hot(self, index: Tensor) -> Tensor:
        hot = torch.zeros(len(index), self.layout.n_states, device=self.device)
        return hot.scatter_(1, self._hot[index].long(), 1.0)

    def _score(self, codes: Tensor) -> Tensor:
        return torch.where(self._normal, torch.special.ndtri(codes.clamp(_EDGE, 1 - _EDGE)), codes)


class RevealingTable(DeviceTable):
    """A table of which the networks are told some cells, so that they learn to draw the others.

    A share of the rows is told in part: for each of them a chance is drawn between 0 and 1, and each unit of features
    is revealed with that chance. So every number of revealed units comes up alike, none and all of them too.

    Args:
        table: the rows.
        units: the unit of each feature, numbered from 0, shape (features,).
        share: of the rows that are told in part, in [0, 1].
        generator: draws what is told, on the table's device.
    """

    def __init__(self, table: DeviceTable, units: np.ndarray, share: float, generator: Draws) -> None:
        vars(self).update(vars(table))
        self._units = torch.from_numpy(units).to(self.device)
        self._n_units, self._share, self._generator = int(units.max()) + 1, share, generator

    def condition(self, index: Tensor) -> Tensor:
        """Return what is told of some rows, shape (batch, features + units): revealed features, and which units are."""
        draw = uniform((len(index), 2 + self._n_units), self._generator, self.device)
        revealed = (draw[:, :1] < self._share) & (draw[:, 2:] < draw[:, 1:2])
        features = self.batch(index, self._generator) * revealed[:, self._units]
        return torch.cat([features, revealed.to(features.dtype)], dim=1)

    def generators(self) -> Sequence[torch.Generator]:
        """Return the one that draws what is told."""
        return (plain_generator(self._generator),)


def ranks(scalars: Tensor, layout: TableLayout) -> Tensor:
    """Undo the normal scores: return the codes of generated scalars, shape (batch, scalars)."""
    normal = torch.tensor([s.normal for s in layout.scalars], dtype=torch.bool, device=scalars.device)
    return torch.where(normal, torch.special.ndtr(scalars), scalars)
