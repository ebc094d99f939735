"""Multilayer perceptrons: the generator and the critic of tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from wgan_aug.errors import InvalidParameterError
from wgan_aug.networks.dense import dense_scores, wrong_norm
from wgan_aug.networks.tables import TableCritic, TableGenerator
from wgan_aug.schema.layout import TableLayout

__all__ = ["MLPCritic", "MLPGenerator"]

_FINDING = ("cpu",)  # devices that can look which rows are told something without waiting for it


class MLPGenerator(TableGenerator):
    """Noise to rows, by layers that each see the noise and all layers before (concatenated skips).

    The weights of what it is told stand last in every layer, and are left out where nothing is told.

    Args:
        layout: blocks and scalars of a row.
        noise_dim: width of the noise.
        hidden: width of each hidden layer.
        norm: layer-normalise the hidden layers.
        skip: concatenate each layer's input to its output.
        tau: temperature of the straight-through Gumbel head.
        units: the unit of each feature, see `TableGenerator`.
    """

    keeps_digits: ClassVar[bool] = True

    def __init__(
        self,
        layout: TableLayout,
        *,
        noise_dim: int = 128,
        hidden: Sequence[int] = (256, 256),
        norm: bool = True,
        skip: bool = True,
        tau: float = 1.0,
        units: np.ndarray | None = None,
    ) -> None:
        super().__init__(layout, noise_dim=noise_dim, tau=tau, units=units)
        self.skip = skip
        self.layers = nn.ModuleList()
        width = noise_dim + self.told
        for size in hidden:
            self.layers.append(
                nn.Sequential(nn.Linear(width, size), nn.LayerNorm(size) if norm else nn.Identity(), nn.ReLU())
            )
            width = width + size if skip else size
        self.output = nn.Linear(width, layout.n_features)

    def raw(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return logits and scalars before the head, see `TableGenerator.raw`.

        What is told of a few rows is multiplied for these alone, and no gradient is taken for what is given.
        """
        device = noise.device.type
        if condition is None or not self.skip or device not in _FINDING or torch.is_autocast_enabled(device):
            return super().raw(noise, condition)
        told = condition.any(dim=1).nonzero().squeeze(1)
        given = noise, condition[told], told
        made = noise.new_empty(len(noise), 0)
        for layer in self.layers:
            made = torch.cat([layer[1:](_beside(made, *given, layer[0])), made], dim=1)  # type: ignore[index]
        return _beside(made, *given, self.output)

    def features(self, hidden: Tensor, which: Tensor | None = None) -> Tensor:
        """Return all, or some, of what `raw` does, from what the output layer sees, shape (batch, features)."""
        weight, bias = self.output.weight, self.output.bias
        if which is not None:
            return _leading(hidden, weight[which], bias[which])
        if not torch.is_autocast_enabled(hidden.device.type):
            return _leading(hidden, weight, bias)
        states = self.head.n_states
        logits = _leading(hidden, weight[:states], bias[:states])
        with torch.autocast(hidden.device.type, enabled=False):  # bfloat16 would leave few numbers to choose from
            scalars = _leading(hidden.to(weight.dtype), weight[states:], bias[states:])
        return torch.cat([logits.to(weight.dtype), scalars], dim=1)

    def hidden(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return what the output layer sees; arguments as for `raw`."""
        rows = noise if condition is None else torch.cat([noise, condition], dim=1)
        for layer in self.layers:
            out = layer[1:](_leading(rows, layer[0].weight, layer[0].bias))  # type: ignore[index]
            rows = torch.cat([out, rows], dim=1) if self.skip else out
        return rows

    def start_at(self, shares: np.ndarray) -> None:
        """Set the output's bias so that the untrained generator has these shares of states, shape (states,)."""
        frequencies = torch.from_numpy(shares)
        with torch.no_grad():
            self.output.bias.zero_()
            self.output.bias[: len(shares)] = frequencies.clamp_min(1e-6).log().to(self.output.bias.dtype)


class MLPCritic(TableCritic):
    """Rows to scores, without a bound on the score.

    Args:
        n_features: width of a row.
        hidden: width of each hidden layer.
        norm: "layer", "spectral", "weight" or "none"; never batch normalisation, which would make a row's score
            depend on the other rows and void a penalty taken row by row.
        slope: slope of the LeakyReLU below 0.
        units: how many units of a row may be revealed; 0 for a critic that is not told which are.

    Raises:
        InvalidParameterError: for another normalisation.
    """

    def __init__(
        self,
        n_features: int,
        *,
        hidden: Sequence[int] = (256, 256),
        norm: str = "layer",
        slope: float = 0.2,
        units: int = 0,
    ) -> None:
        super().__init__(units)
        for problem in wrong_norm(norm):
            raise InvalidParameterError(problem)
        self.layers = dense_scores(n_features + units, hidden, norm, slope)

    def score(self, rows: Tensor) -> Tensor:
        """Return scores, shape (batch, 1)."""
        return self.layers(rows)


def _beside(made: Tensor, noise: Tensor, condition: Tensor, told: Tensor, layer: nn.Linear) -> Tensor:
    """Return what a linear layer makes of its inputs, given apart.

    Args:
        made: what other layers made, shape (rows, width).
        noise: of all rows, shape (rows, noise_dim).
        condition: what is told of some rows, shape (some, told).
        told: which these are, shape (some,).
        layer: takes the three beside each other.
    """
    widths = [made.shape[1], noise.shape[1], condition.shape[1]]
    for_made, for_noise, for_condition = layer.weight.split(widths, dim=1)
    out = torch.addmm(nn.functional.linear(noise, for_noise, layer.bias), made, for_made.t())
    return out.index_add(0, told, nn.functional.linear(condition, for_condition))


def _leading(rows: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return what a linear layer makes of its first inputs alone; where these are all, no slice is to be undone."""
    width = rows.shape[1]
    return nn.functional.linear(rows, weight if width == weight.shape[1] else weight[:, :width], bias)
