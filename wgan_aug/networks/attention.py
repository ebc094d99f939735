"""Self-attention over time."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["SelfAttention"]


class SelfAttention(nn.Module):
    r"""Let each step look at all others: $x + \gamma V \mathrm{softmax}(Q^T K)$, where $\gamma$ is 0 at first.

    Args:
        channels: channels in and out; queries and keys have an eighth as many.

    References:
        Zhang et al. 2018, Self-Attention Generative Adversarial Networks, arXiv 1805.08318.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = max(1, channels // 8)
        self.query = nn.Conv1d(channels, narrow, 1)
        self.key = nn.Conv1d(channels, narrow, 1)
        self.value = nn.Conv1d(channels, channels, 1)
        self.gain = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the same shape, (batch, channels, time)."""
        weights = torch.softmax(self.query(x).transpose(1, 2) @ self.key(x), dim=2)
        return x + self.gain * (self.value(x) @ weights.transpose(1, 2))
