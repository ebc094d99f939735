"""Penalties on the critic's input gradient."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["Critic", "gradient_norms", "gradient_penalty", "interpolate", "lipschitz_penalty"]

Critic = Callable[[Tensor], Tensor]
"""A map from rows, shape (batch, ...), to one score a row, shape (batch,) or (batch, 1)."""

_TINY = 1e-12  # under the root: the gradient of sqrt at 0 is infinite


def interpolate(real: Tensor, generated: Tensor, eps: Tensor) -> Tensor:
    r"""Return points between real and generated rows, $\hat x = \epsilon x + (1 - \epsilon) \tilde x$.

    Args:
        real: shape (batch, ...).
        generated: the same shape.
        eps: one number in [0, 1] **a row**, shape (batch,) or (batch, 1, ...).

    Returns:
        shape (batch, ...), detached from both inputs.

    Raises:
        ValueError: if the shapes do not fit.

    Examples:
        >>> interpolate(torch.ones(2, 3), torch.zeros(2, 3), torch.tensor([0.25, 1.0]))
        tensor([[0.2500, 0.2500, 0.2500],
                [1.0000, 1.0000, 1.0000]])
    """
    if real.shape != generated.shape:
        shapes = f"real has shape {tuple(real.shape)}, generated {tuple(generated.shape)}"
        raise ValueError(f"{shapes}; they must be equal.")
    if eps.numel() != real.shape[0]:
        raise ValueError(f"eps has {eps.numel()} numbers for {real.shape[0]} rows; it takes one a row.")
    share = eps.reshape(-1, *[1] * (real.dim() - 1)).to(real.dtype)
    return torch.lerp(generated.detach(), real.detach(), share)


def gradient_norms(critic: Critic, points: Tensor) -> Tensor:
    r"""Return $\lVert \nabla D(x_i) \rVert_2$ for each row, over all its features, channels and time steps.

    Args:
        critic: the critic; each row's score may depend on that row alone.
        points: where to take the gradient, shape (batch, ...).

    Returns:
        shape (batch,); it can be differentiated with respect to the critic's parameters.

    Examples:
        >>> gradient_norms(lambda x: 3 * x[:, 0] + 4 * x[:, 1], torch.zeros(2, 2))
        tensor([5., 5.])
    """
    if points.shape[0] == 0:
        return points.new_zeros(0)
    points = points.detach().requires_grad_()
    with torch.enable_grad():
        scores = critic(points)
        (gradient,) = torch.autograd.grad(scores.sum(), points, create_graph=True)
    return torch.sqrt(gradient.flatten(1).square().sum(1) + _TINY)


def lipschitz_penalty(norms: Tensor, *, one_sided: bool = False) -> Tensor:
    r"""Return the mean of $(\lVert \nabla D \rVert_2 - 1)^2$; one-sided, only norms above 1 count.

    Args:
        norms: shape (batch,).
        one_sided: penalise norms above 1 only (Gulrajani et al. 2017, section 4, "two-sided penalty").

    Returns:
        a scalar; 0 for an empty batch.

    Examples:
        >>> lipschitz_penalty(torch.tensor([1.0, 3.0]))
        tensor(2.)
    """
    excess = norms - 1
    if one_sided:
        excess = excess.clamp_min(0)
    return excess.square().sum() / max(1, norms.shape[0])


def gradient_penalty(
    critic: Critic, real: Tensor, generated: Tensor, eps: Tensor, *, one_sided: bool = False
) -> Tensor:
    r"""Return the gradient penalty of WGAN-GP, without its weight.

    $$\frac1n \sum_i (\lVert \nabla D(\hat x_i) \rVert_2 - 1)^2, \quad
    \hat x_i = \epsilon_i x_i + (1 - \epsilon_i) \tilde x_i$$

    Args:
        critic: the critic, without batch normalisation: each row's score may depend on that row alone.
        real: shape (batch, ...).
        generated: the same shape; its graph is left alone.
        eps: one number in [0, 1] a row, shape (batch,).
        one_sided: penalise norms above 1 only.

    Returns:
        a scalar, differentiable with respect to the critic's parameters.

    References:
        Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv 1704.00028.

    Examples:
        A linear critic's penalty is $(\lVert w \rVert - 1)^2$:

        >>> w = torch.tensor([3.0, 4.0])
        >>> gradient_penalty(lambda x: x @ w, torch.ones(5, 2), torch.zeros(5, 2), torch.rand(5))
        tensor(16.)
    """
    return lipschitz_penalty(gradient_norms(critic, interpolate(real, generated, eps)), one_sided=one_sided)
