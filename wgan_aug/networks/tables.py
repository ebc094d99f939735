"""What generators and critics of tables have in common: a head, what is told of a row; and both around any module."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from wgan_aug.networks.draws import Draws
from wgan_aug.networks.heads import TableHead
from wgan_aug.networks.joining import cycled
from wgan_aug.schema.layout import TableLayout

__all__ = ["PlainTableCritic", "PlainTableGenerator", "TableCritic", "TableGenerator"]


class TableGenerator(nn.Module, ABC):
    """Noise to rows: a subclass says what comes before the head.

    A generator with units can be told a part of each row: units of features that are revealed together come out as they
    were told, and the others are drawn to fit them. What it is told is one vector a row: the revealed features, 0 where
    they are not, then 1 for each revealed unit, and 0 for the others.

    Args:
        layout: blocks and scalars of a row.
        noise_dim: width of the noise.
        tau: temperature of the straight-through Gumbel head.
        units: the unit of each feature, numbered from 0, shape (features,); None for a generator that is told nothing.

    Attributes:
        keeps_digits: whether `raw` makes scalars in float32 where matrices are multiplied in a shorter precision.
    """

    units: Tensor
    keeps_digits: ClassVar[bool] = False

    def __init__(
        self, layout: TableLayout, *, noise_dim: int = 128, tau: float = 1.0, units: np.ndarray | None = None
    ) -> None:
        super().__init__()
        self.noise_dim = noise_dim
        self.told = 0 if units is None else layout.n_features + int(units.max()) + 1
        self.register_buffer("units", torch.from_numpy(np.empty(0, int) if units is None else units), persistent=False)
        self.head = TableHead(layout, tau)

    def raw(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return logits and scalars before the head.

        Args:
            noise: shape (batch, noise_dim).
            condition: what is told of each row, shape (batch, told); None where nothing is.

        Returns:
            shape (batch, features).
        """
        return self.features(self.hidden(noise, condition))

    @abstractmethod
    def hidden(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return what `features` are made of; arguments as for `raw`."""

    def features(self, hidden: Tensor, which: Tensor | None = None) -> Tensor:
        """Return all, or some, of what `raw` does, shape (batch, features), from what `hidden` does."""
        return hidden if which is None else hidden[:, which]

    @abstractmethod
    def start_at(self, shares: np.ndarray) -> None:
        """Have the untrained generator give about these shares of states, shape (states,)."""

    def forward(self, noise: Tensor, generator: Draws | None = None, condition: Tensor | None = None) -> Tensor:
        """Return differentiable rows as the critic sees them, shape (batch, features); what is told comes back."""
        rows = self.head(self.raw(noise, condition), generator)
        if condition is None:
            return rows
        features = rows.shape[1]
        revealed = condition[:, features:].index_select(1, self.units) > 0
        return torch.where(revealed, condition[:, :features], rows)


class TableCritic(nn.Module, ABC):
    """Rows to scores: a subclass says how, once what was revealed stands beside the row.

    Args:
        units: how many units of a row may be revealed; 0 for a critic that is not told which are.
    """

    def __init__(self, units: int = 0) -> None:
        super().__init__()
        self.units = units

    @abstractmethod
    def score(self, rows: Tensor) -> Tensor:
        """Return scores, shape (batch,) or (batch, 1), of rows with their units, shape (batch, features + units)."""

    def forward(self, rows: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return one score a row.

        Args:
            rows: shape (batch, features).
            condition: what the generator was told of each row, of which the last `units` say what was revealed; fewer
                rows are taken over and over, so that row i goes with i modulo their number. None: nothing was.

        Returns:
            shape (batch,).
        """
        whole = rows
        if self.units and condition is None:
            whole = torch.cat([rows, rows.new_zeros(len(rows), self.units)], dim=1)
        elif self.units and condition is not None:
            whole = torch.cat([rows, cycled(condition[:, -self.units :], len(rows))], dim=1)
        return self.score(whole).reshape(len(rows)).to(rows.dtype)


class PlainTableGenerator(TableGenerator):
    """A generator around any module that makes a number for each feature from noise and what is told.

    Args:
        build: makes the module for so many inputs and outputs.
        layout: blocks and scalars of a row.
        noise_dim: width of the noise.
        units: the unit of each feature, see `TableGenerator`.
    """

    start: Tensor

    def __init__(
        self,
        build: Callable[[int, int], nn.Module],
        layout: TableLayout,
        *,
        noise_dim: int = 128,
        units: np.ndarray | None = None,
    ) -> None:
        super().__init__(layout, noise_dim=noise_dim, units=units)
        self.body = build(noise_dim + self.told, layout.n_features)
        self.register_buffer("start", torch.zeros(layout.n_features))

    def hidden(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return the features themselves."""
        if not len(noise):  # of which not every module makes anything
            return noise.new_zeros(0, len(self.start))
        if self.told and condition is None:
            condition = noise.new_zeros(len(noise), self.told)
        inputs = noise if condition is None else torch.cat([noise, condition], dim=1)
        return self.body(inputs).reshape(len(noise), -1) + self.start

    def start_at(self, shares: np.ndarray) -> None:
        """Add the logarithms of these shares to whatever the module makes, shape (states,)."""
        self.start[: len(shares)] = torch.from_numpy(shares).clamp_min(1e-6).log().to(self.start)


class PlainTableCritic(TableCritic):
    """A critic around any module that makes a score of a row, and of which units are revealed.

    Args:
        build: makes the module for so many inputs.
        n_features: width of a row.
        units: how many units of a row may be revealed.
    """

    def __init__(self, build: Callable[[int], nn.Module], n_features: int, *, units: int = 0) -> None:
        super().__init__(units)
        self.body = build(n_features + units)

    def score(self, rows: Tensor) -> Tensor:
        """Return the module's scores."""
        return self.body(rows) if len(rows) else rows.sum(dim=1)
