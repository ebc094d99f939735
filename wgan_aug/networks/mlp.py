"""Multilayer perceptrons: the generator and the critic of tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from wgan_aug.errors import InvalidParameterError, did_you_mean
from wgan_aug.networks.heads import TableHead
from wgan_aug.schema.layout import TableLayout

__all__ = ["CRITIC_NORMS", "MLPCritic", "MLPGenerator", "wrong_norm"]

CRITIC_NORMS: dict[str, Callable[[int], nn.Module]] = {
    "layer": nn.LayerNorm,
    "none": lambda width: nn.Identity(),
    "spectral": lambda width: nn.Identity(),  # acts on the weights, see _linear
}
"""Normalisations of the critic, each of one row alone, by the name that `critic_norm=` takes."""


def wrong_norm(norm: object) -> list[str]:
    """Say what is wrong with a critic's normalisation, an empty list where it is known."""
    allowed = tuple(CRITIC_NORMS)
    if norm in allowed:
        return []
    reason = ""
    if "batch" in str(norm):
        reason = " Batch normalisation makes a row's score depend on other rows, and voids a penalty taken row by row."
    return [
        f"critic_norm is {norm!r}; allowed are {', '.join(map(repr, allowed))}.{reason}{did_you_mean(norm, allowed)}"
    ]


class MLPGenerator(nn.Module):
    """Noise to rows, by layers that each see the noise and all layers before (concatenated skips).

    Args:
        layout: blocks and scalars of a row.
        noise_dim: width of the noise.
        hidden: width of each hidden layer.
        norm: layer-normalise the hidden layers.
        skip: concatenate each layer's input to its output.
        tau: temperature of the straight-through Gumbel head.
    """

    def __init__(
        self,
        layout: TableLayout,
        *,
        noise_dim: int = 128,
        hidden: Sequence[int] = (256, 256),
        norm: bool = True,
        skip: bool = True,
        tau: float = 1.0,
    ) -> None:
        super().__init__()
        self.noise_dim, self.skip = noise_dim, skip
        self.layers = nn.ModuleList()
        width = noise_dim
        for size in hidden:
            self.layers.append(
                nn.Sequential(nn.Linear(width, size), nn.LayerNorm(size) if norm else nn.Identity(), nn.ReLU())
            )
            width = width + size if skip else size
        self.output = nn.Linear(width, layout.n_features)
        self.head = TableHead(layout, tau)

    def raw(self, noise: Tensor) -> Tensor:
        """Return logits and scalars before the head, shape (batch, features), from noise, shape (batch, noise_dim)."""
        rows = noise
        for layer in self.layers:
            out = layer(rows)
            rows = torch.cat([out, rows], dim=1) if self.skip else out
        return self.output(rows)

    def forward(self, noise: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Return differentiable rows as the critic sees them, shape (batch, features)."""
        return self.head(self.raw(noise), generator)

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
        norm: "layer", "spectral" or "none"; never batch normalisation, which would make a row's score depend on
            the other rows and void a penalty taken row by row.
        slope: slope of the LeakyReLU below 0.

    Raises:
        InvalidParameterError: for another normalisation.
    """

    def __init__(
        self, n_features: int, *, hidden: Sequence[int] = (256, 256), norm: str = "layer", slope: float = 0.2
    ) -> None:
        super().__init__()
        for problem in wrong_norm(norm):
            raise InvalidParameterError(problem)
        layers: list[nn.Module] = []
        width = n_features
        for size in hidden:
            layers += [_linear(width, size, norm), CRITIC_NORMS[norm](size), nn.LeakyReLU(slope)]
            width = size
        self.layers = nn.Sequential(*layers, _linear(width, 1, norm))

    def forward(self, rows: Tensor) -> Tensor:
        """Return one score a row, shape (batch,)."""
        return self.layers(rows).squeeze(1)


def _linear(n_in: int, n_out: int, norm: str) -> nn.Module:
    linear = nn.Linear(n_in, n_out)
    return parametrizations.spectral_norm(linear) if norm == "spectral" else linear
