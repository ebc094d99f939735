"""From a generator's raw outputs to the features of a row, all blocks of states in one operation."""

from __future__ import annotations

from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from wgan_aug.networks.draws import Draws, uniform
from wgan_aug.schema.layout import TableLayout

__all__ = ["TableHead"]

_FAR = 1e30  # times any difference of logits, more than there are states


class TableHead(nn.Module):
    """Turn raw outputs into a table row: a one-hot choice for each block, then the scalars.

    In training the choice is a straight-through Gumbel sample: forward the hard one-hot of the largest perturbed
    logit, backward the gradient of the softmax. In sampling, `choose` draws each block's state from its softmax.
    A scalar is 0 where its block's state is one in which it is absent (a repeated value, a missing one).

    Args:
        layout: blocks and scalars of a row.
        tau: the softmax's temperature, positive.

    References:
        Jang et al. 2016, Categorical Reparameterization with Gumbel-Softmax, arXiv 1611.01144.
    """

    block_of: Tensor
    silent: Tensor
    starts: Tensor
    ends: Tensor

    def __init__(self, layout: TableLayout, tau: float = 1.0) -> None:
        super().__init__()
        self.tau, self.widths = tau, list(layout.widths)
        self.n_blocks, self.n_states, self.n_scalars = layout.n_blocks, layout.n_states, layout.n_scalars
        starts = torch.from_numpy(layout.starts)
        widths = torch.tensor(layout.widths, dtype=torch.int64)
        silent = torch.zeros(layout.n_states, layout.n_scalars)
        for scalar, spec in enumerate(layout.scalars):
            if spec.block is not None:
                silent[[int(starts[spec.block]) + s for s in spec.silent], scalar] = 1.0
        self.register_buffer(
            "block_of", torch.repeat_interleave(torch.arange(layout.n_blocks), widths), persistent=False
        )
        self.register_buffer("silent", silent, persistent=False)
        self.register_buffer("starts", starts, persistent=False)
        self.register_buffer("ends", starts + widths - 1, persistent=False)

    def forward(self, raw: Tensor, generator: Draws | None = None) -> Tensor:
        """Return features of rows.

        Args:
            raw: logits of all blocks, then scalars, shape (batch, features).
            generator: draws the Gumbel noise.

        Returns:
            shape (batch, features): exact one-hot blocks and scalars, differentiable.
        """
        raw = raw.to(self.silent.dtype)  # bfloat16 where matrices are multiplied in it: too coarse for the noise
        if not self.n_states:
            return raw
        logits, scalars = raw.split([self.n_states, self.n_scalars], dim=1)
        draw = uniform(logits.shape, generator, raw.device, raw.dtype)
        gumbel = draw.clamp_(1e-10, 1 - 1e-7).log_().neg_().log_().neg_()
        states = cast(Tensor, _StraightThrough.apply(logits, gumbel, self.block_of, self.n_blocks, self.tau))
        if not self.n_scalars:
            return states
        return torch.cat([states, scalars * (1 - states @ self.silent)], dim=1)

    def choose(
        self, raw: Tensor, generator: torch.Generator | None = None, banned: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Draw rows without a gradient.

        Args:
            raw: shape (batch, features).
            generator: draws one uniform number a block.
            banned: states that are not to be drawn, bool, shape (batch, states); not all of a block's.

        Returns:
            the state of each block, int64, shape (batch, blocks), and the scalars as they are, shape (batch, scalars).
        """
        logits, scalars = raw.detach().split([self.n_states, self.n_scalars], dim=1)
        if banned is not None:
            logits = logits.masked_fill(banned, -torch.inf)
        if not self.n_states:
            return torch.zeros(len(raw), 0, dtype=torch.int64, device=raw.device), scalars
        # float64: over many blocks, the running sum must still tell a state of one in a million
        exact = torch.float64 if raw.device.type != "mps" else raw.dtype
        ends = self._below_top(logits).exp_().cumsum(1, dtype=exact)
        totals = ends[:, self.ends]
        before = torch.cat([torch.zeros_like(totals[:, :1]), totals[:, :-1]], dim=1)
        draw = torch.rand(totals.shape, generator=generator, device=raw.device, dtype=totals.dtype)
        index = torch.searchsorted(ends, before + draw * (totals - before), right=True)
        return torch.clamp(index, self.starts, self.ends) - self.starts, scalars

    def _below_top(self, logits: Tensor) -> Tensor:
        """Return logits minus the largest of their block, shape (batch, states)."""
        if logits.device.type != "cpu":
            top = _reduce(logits.t().contiguous(), self.block_of, self.n_blocks, "amax")
            return logits - _spread(top, self.block_of).t()
        below = torch.empty_like(logits)
        for block, out in zip(logits.split(self.widths, 1), below.split(self.widths, 1), strict=True):
            torch.sub(block, block.amax(1, keepdim=True), out=out)  # twice as fast, where a kernel costs nothing
        return below


def _reduce(values: Tensor, block_of: Tensor, n_blocks: int, how: Literal["amax", "amin", "sum"]) -> Tensor:
    """Return a number a block of a number a state, from shape (states, batch) to (blocks, batch).

    A batch in the last place is ten times as fast as in the first: rows of a state lie together.
    """
    start = {"amax": -torch.inf, "amin": torch.inf, "sum": 0.0}[how]
    out = values.new_full((n_blocks, values.shape[1]), start)
    return out.scatter_reduce_(0, block_of[:, None].expand_as(values), values, how)


def _spread(values: Tensor, block_of: Tensor) -> Tensor:
    """Give each state the number of its block, from shape (blocks, batch) to (states, batch)."""
    return values.index_select(0, block_of)


class _StraightThrough(torch.autograd.Function):
    """Forward: one-hot of the largest perturbed logit of each block. Backward: the softmax's gradient."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, noise: Tensor, block_of: Tensor, n_blocks: int, tau: float) -> Tensor:
        below = (logits + noise).t().contiguous()
        below -= _spread(_reduce(below, block_of, n_blocks, "amax"), block_of)
        # float32 noise can tie: the first of the largest is the one; logits that are not finite stay so
        place = torch.arange(len(below), device=below.device, dtype=below.dtype)[:, None]
        first = _reduce(torch.sub(place, below, alpha=_FAR), block_of, n_blocks, "amin")
        chosen = first.nan_to_num(nan=0.0).clamp_max(len(below) - 1).t().long()
        if ctx.needs_input_grad[0]:
            weights = below.div_(tau).exp_()
            soft = weights / _spread(_reduce(weights, block_of, n_blocks, "sum"), block_of)
            ctx.save_for_backward(soft, block_of)
            ctx.n_blocks, ctx.tau = n_blocks, tau
        return (0 * logits).scatter_add_(1, chosen, logits.new_ones(()).expand_as(chosen))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None, None]:
        soft, block_of = ctx.saved_tensors
        weighted = grads[0].t() * soft
        mean = _spread(_reduce(weighted, block_of, ctx.n_blocks, "sum"), block_of)
        return ((weighted - soft * mean) / ctx.tau).t(), None, None, None, None
