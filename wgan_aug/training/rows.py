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
        n_rows: how many there are.
        batch_size: how many at a time, at most as many as there are.
        rng: shuffles them.
        rows: other numbers than 0 to `n_rows` - 1, int64, shape (n_rows,).
    """

    def __init__(self, n_rows: int, batch_size: int, rng: torch.Generator, rows: Tensor | None = None) -> None:
        self._n_rows, self._batch_size, self._rng, self._rows = n_rows, batch_size, rng, rows
        self._order, self._next = torch.empty(0, dtype=torch.int64, device=rng.device), 0

    def draw(self) -> Tensor:
        """Return the next batch's row numbers."""
        if self._next + self._batch_size > len(self._order):
            self._order = self._order[:0]  # two orders of very many rows at once are memory wasted
            shuffled = torch.randperm(self._n_rows, generator=self._rng, device=self._rng.device)
            self._order, self._next = shuffled if self._rows is None else self._rows[shuffled], 0
        self._next += self._batch_size
        return self._order[self._next - self._batch_size : self._next]

    def state_dict(self) -> dict[str, Tensor]:
        """Return what is left of the epoch."""
        return {"left": self._order[self._next :]}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on with what was left of an epoch."""
        self._order, self._next = state["left"].to(self._rng.device), 0


class WeightedRows:
    """Row numbers drawn with replacement in proportion to weights.

    Args:
        weights: positive, shape (rows,).
        batch_size: how many at a time.
        rng: draws them.
        rows: other numbers than 0 to rows - 1, int64, shape (rows,).
    """

    def __init__(self, weights: Tensor, batch_size: int, rng: torch.Generator, rows: Tensor | None = None) -> None:
        self._rows, self._batch_size, self._rng = rows, batch_size, rng
        self._ends = weights.to(rng.device, torch.float64 if rng.device.type != "mps" else torch.float32).cumsum(0)

    def draw(self) -> Tensor:
        """Return the next batch's row numbers."""
        ends = self._ends
        draw = torch.rand(self._batch_size, generator=self._rng, device=ends.device, dtype=ends.dtype) * ends[-1]
        drawn = torch.searchsorted(ends, draw, right=True).clamp_max(len(ends) - 1)
        return drawn if self._rows is None else self._rows[drawn]

    def state_dict(self) -> dict[str, Tensor]:
        """Return nothing: the random generator is all."""
        return {}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Do nothing."""


def draw_rows(
    n_rows: int, rows: Tensor | None, weights: Tensor | None, batch_size: int, rng: torch.Generator
) -> RowDraws:
    """Return the source of row numbers, by turns or, where there are weights, by these.

    Args:
        n_rows: how many rows there are.
        rows: the numbers of those to draw from, int64; None for all.
        weights: of all rows, positive, shape (n_rows,); None takes all equally often.
        batch_size: how many at a time.
        rng: shuffles or draws them.
    """
    if weights is None:
        return ShuffledRows(n_rows if rows is None else len(rows), batch_size, rng, rows)
    return WeightedRows(weights if rows is None else weights.to(rows.device)[rows], batch_size, rng, rows)
