"""Which rows come next: by turns in a random order, or at random by weight."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

__all__ = ["RowDraws", "ShuffledRows", "WeightedRows", "draw_rows"]


class RowDraws(Protocol):
    """An endless source of row numbers whose state can be kept."""

    def draw(self) -> Tensor:
        """Return the next batch's row numbers, int64, shape (batch_size,)."""
        ...

    def state_dict(self) -> dict[str, Tensor]:
        """Return what `load_state_dict` needs to go on from here, beside the random generator's state."""
        ...

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from a state."""
        ...


class ShuffledRows:
    """Row numbers epoch after epoch, each in a new order; an epoch's remainder is left out.

    Args:
        rows: the row numbers, int64, shape (rows,).
        batch_size: how many at a time, at most as many as there are.
        rng: shuffles them.
    """

    def __init__(self, rows: Tensor, batch_size: int, rng: torch.Generator) -> None:
        self._rows, self._batch_size, self._rng = rows, batch_size, rng
        self._order, self._next = rows[:0], 0

    def draw(self) -> Tensor:
        """Return the next batch's row numbers."""
        if self._next + self._batch_size > len(self._order):
            shuffled = torch.randperm(len(self._rows), generator=self._rng, device=self._rng.device)
            self._order, self._next = self._rows[shuffled], 0
        self._next += self._batch_size
        return self._order[self._next - self._batch_size : self._next]

    def state_dict(self) -> dict[str, Tensor]:
        """Return what is left of the epoch."""
        return {"left": self._order[self._next :]}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on with what was left of an epoch."""
        self._order, self._next = state["left"].to(self._rows.device), 0


class WeightedRows:
    """Row numbers drawn with replacement in proportion to weights.

    Args:
        rows: the row numbers, int64, shape (rows,).
        weights: positive, shape (rows,).
        batch_size: how many at a time.
        rng: draws them.
    """

    def __init__(self, rows: Tensor, weights: Tensor, batch_size: int, rng: torch.Generator) -> None:
        self._rows, self._batch_size, self._rng = rows, batch_size, rng
        self._ends = weights.to(rng.device, torch.float64 if rng.device.type != "mps" else torch.float32).cumsum(0)

    def draw(self) -> Tensor:
        """Return the next batch's row numbers."""
        ends = self._ends
        draw = torch.rand(self._batch_size, generator=self._rng, device=ends.device, dtype=ends.dtype) * ends[-1]
        return self._rows[torch.searchsorted(ends, draw, right=True).clamp_max(len(ends) - 1)]

    def state_dict(self) -> dict[str, Tensor]:
        """Return nothing: the random generator is all."""
        return {}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Do nothing."""


def draw_rows(rows: Tensor, weights: Tensor | None, batch_size: int, rng: torch.Generator) -> RowDraws:
    """Return the source of some rows' numbers, by turns or, where there are weights, by these."""
    if weights is None:
        return ShuffledRows(rows, batch_size, rng)
    return WeightedRows(rows, weights.to(rows.device)[rows], batch_size, rng)
