"""Dense layers that several networks are made of, and the normalisations of critics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from wgan_aug.errors import did_you_mean

__all__ = ["CRITIC_NORMS", "PiecewiseLinear", "Trunk", "constrained", "dense_scores", "rectifier", "wrong_norm"]

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


def constrained(layer: nn.Module, norm: str) -> nn.Module:
    """Return a layer whose weight is normalised, where that is what a normalisation acts on.

    References:
        Miyato et al. 2018, Spectral Normalization for Generative Adversarial Networks, arXiv 1802.05957.
        Salimans and Kingma 2016, Weight Normalization, arXiv 1602.07868.
    """
    if norm == "weight":
        return parametrizations.weight_norm(layer)
    return parametrizations.spectral_norm(layer) if norm == "spectral" else layer


class Trunk(nn.ModuleList):
    """Dense layers of a generator, each of which sees all before it.

    Args:
        n_in: numbers that come in.
        hidden: width of each layer.

    Attributes:
        width: numbers that come out: those of all layers, and those that came in.
    """

    def __init__(self, n_in: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.width = n_in
        for n_out in hidden:
            self.append(nn.Sequential(nn.Linear(self.width, n_out), nn.LayerNorm(n_out), nn.ReLU()))
            self.width += n_out

    def forward(self, rows: Tensor) -> Tensor:
        """Return all layers' outputs beside the input, shape (batch, width), from (batch, n_in)."""
        for layer in self:
            rows = torch.cat([layer(rows), rows], dim=1)
        return rows


class _LeakyReLU(torch.autograd.Function):
    """LeakyReLU whose slope counts as a number, not as a function of the rows."""

    @staticmethod
    def forward(rows: Tensor, slope: float) -> Tensor:
        return nn.functional.leaky_relu(rows, slope)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, float], output: Tensor) -> None:
        ctx.save_for_backward(inputs[0])
        ctx.slope = inputs[1]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return torch.ops.aten.leaky_relu_backward(grads[0], ctx.saved_tensors[0].detach(), ctx.slope, False), None


class PiecewiseLinear(nn.LeakyReLU):
    """LeakyReLU for critics in which nothing else bends; values and gradients are those of `nn.LeakyReLU`.

    The input gradient of such a critic hangs on its input by slopes alone, and these do not change with it.
    `nn.LeakyReLU` says that they change by 0, so that a penalty's gradient carries zeros through all layers below; this
    one says that there is no change, and nothing is computed.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return the rows, times the slope where they are below 0."""
        return _LeakyReLU.apply(input, self.negative_slope)  # type: ignore[no-any-return]


def rectifier(norm: str, slope: float) -> nn.LeakyReLU:
    """Return the LeakyReLU of a critic with this normalisation, a name of `CRITIC_NORMS`."""
    return nn.LeakyReLU(slope) if norm == "layer" else PiecewiseLinear(slope)


def dense_scores(n_in: int, hidden: Sequence[int], norm: str, slope: float = 0.2) -> nn.Sequential:
    """Return the layers of a critic, from (batch, n_in) to (batch, 1).

    Args:
        n_in: numbers that come in.
        hidden: width of each hidden layer.
        norm: a name of `CRITIC_NORMS`.
        slope: of the LeakyReLU below 0.
    """
    layers: list[nn.Module] = []
    for n_out in hidden:
        layers += [constrained(nn.Linear(n_in, n_out), norm), CRITIC_NORMS[norm](n_out), rectifier(norm, slope)]
        n_in = n_out
    return nn.Sequential(*layers, constrained(nn.Linear(n_in, 1), norm))
