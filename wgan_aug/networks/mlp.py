"""Multilayer perceptrons: the generator and the critic of tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from wgan_aug.errors import InvalidParameterError, did_you_mean
from wgan_aug.networks.draws import Draws
from wgan_aug.networks.heads import TableHead
from wgan_aug.networks.joining import cycled
from wgan_aug.schema.layout import TableLayout

__all__ = ["CRITIC_NORMS", "MLPCritic", "MLPGenerator", "constrained", "wrong_norm"]

CRITIC_NORMS: dict[str, Callable[[int], nn.Module]] = {
    "layer": nn.LayerNorm,
    "none": lambda width: nn.Identity(),
    "spectral": lambda width: nn.Identity(),  # acts on the weights, as the next one does: see `constrained`
    "weight": lambda width: nn.Identity(),
}
"""Normalisations of the critic, each of one row alone, by the name that `critic_norm=` takes."""


def wrong_norm(norm: object, *, by_rows: bool = True) -> list[str]:
    """Say what is wrong with a critic's normalisation, an empty list where it is known.

    Args:
        norm: what was asked for.
        by_rows: whether the objective penalises the gradient of each row's own score.
    """
    allowed = tuple(CRITIC_NORMS)
    if norm in allowed:
        return []
    reason = ""
    if by_rows and "batch" in str(norm):
        reason = " Batch normalisation makes a row's score depend on other rows, and voids a penalty taken row by row."
    return [
        f"critic_norm is {norm!r}; allowed are {', '.join(map(repr, allowed))}.{reason}{did_you_mean(norm, allowed)}"
    ]


class MLPGenerator(nn.Module):
    """Noise to rows, by layers that each see the noise and all layers before (concatenated skips).

    A generator with units can be told a part of each row: units of features that are revealed together come out as they
    were told, and the others are drawn to fit them. What it is told is one vector a row: the revealed features, 0 where
    they are not, then 1 for each revealed unit, and 0 for the others. Its weights stand last in every layer, and are
    left out where nothing is told.

    Args:
        layout: blocks and scalars of a row.
        noise_dim: width of the noise.
        hidden: width of each hidden layer.
        norm: layer-normalise the hidden layers.
        skip: concatenate each layer's input to its output.
        tau: temperature of the straight-through Gumbel head.
        units: the unit of each feature, numbered from 0, shape (features,); None for a generator that is told nothing.
    """

    units: Tensor

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
        super().__init__()
        self.noise_dim, self.skip = noise_dim, skip
        self.told = 0 if units is None else layout.n_features + int(units.max()) + 1
        self.register_buffer("units", torch.from_numpy(np.empty(0, int) if units is None else units), persistent=False)
        self.layers = nn.ModuleList()
        width = noise_dim + self.told
        for size in hidden:
            self.layers.append(
                nn.Sequential(nn.Linear(width, size), nn.LayerNorm(size) if norm else nn.Identity(), nn.ReLU())
            )
            width = width + size if skip else size
        self.output = nn.Linear(width, layout.n_features)
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

    def features(self, hidden: Tensor, which: Tensor | None = None) -> Tensor:
        """Return all, or some, of what `raw` does, from what the output layer sees, shape (batch, features)."""
        weight, bias = self.output.weight, self.output.bias
        return _leading(hidden, weight, bias) if which is None else _leading(hidden, weight[which], bias[which])

    def hidden(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return what the output layer sees; arguments as for `raw`."""
        rows = noise if condition is None else torch.cat([noise, condition], dim=1)
        for layer in self.layers:
            out = layer[1:](_leading(rows, layer[0].weight, layer[0].bias))  # type: ignore[index]
            rows = torch.cat([out, rows], dim=1) if self.skip else out
        return rows

    def forward(self, noise: Tensor, generator: Draws | None = None, condition: Tensor | None = None) -> Tensor:
        """Return differentiable rows as the critic sees them, shape (batch, features); what is told comes back."""
        rows = self.head(self.raw(noise, condition), generator)
        if condition is None:
            return rows
        features = rows.shape[1]
        revealed = condition[:, features:].index_select(1, self.units) > 0
        return torch.where(revealed, condition[:, :features], rows)

    def start_at(self, shares: np.ndarray) -> None:
        """Set the output's bias so that the untrained generator has these shares of states, shape (states,)."""
        frequencies = torch.from_numpy(shares)
        with torch.no_grad():
            self.output.bias.zero_()
            self.output.bias[: len(shares)] = frequencies.clamp_min(1e-6).log().to(self.output.bias.dtype)


class MLPCritic(nn.Module):
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
        super().__init__()
        for problem in wrong_norm(norm):
            raise InvalidParameterError(problem)
        self.units = units
        layers: list[nn.Module] = []
        width = n_features + units
        for size in hidden:
            layers += [constrained(nn.Linear(width, size), norm), CRITIC_NORMS[norm](size), nn.LeakyReLU(slope)]
            width = size
        self.layers = nn.Sequential(*layers, constrained(nn.Linear(width, 1), norm))

    def forward(self, rows: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return one score a row.

        Args:
            rows: shape (batch, n_features).
            condition: what the generator was told of each row, of which the last `units` say what was revealed; fewer
                rows are taken over and over, so that row i goes with i modulo their number. None: nothing was.

        Returns:
            shape (batch,).
        """
        if not self.units:
            return self.layers(rows).squeeze(1).to(rows.dtype)
        if condition is None:
            revealed = rows.new_zeros(len(rows), self.units)
        else:
            revealed = cycled(condition[:, -self.units :], len(rows))
        return self.layers(torch.cat([rows, revealed], dim=1)).squeeze(1).to(rows.dtype)


def _leading(rows: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return what a linear layer makes of its first inputs alone; where these are all, no slice is to be undone."""
    width = rows.shape[1]
    return nn.functional.linear(rows, weight if width == weight.shape[1] else weight[:, :width], bias)


def constrained(layer: nn.Module, norm: str) -> nn.Module:
    """Return a layer whose weight is normalised, where that is what a normalisation acts on.

    References:
        Miyato et al. 2018, Spectral Normalization for Generative Adversarial Networks, arXiv 1802.05957.
        Salimans and Kingma 2016, Weight Normalization, arXiv 1602.07868.
    """
    if norm == "weight":
        return parametrizations.weight_norm(layer)
    return parametrizations.spectral_norm(layer) if norm == "spectral" else layer
