"""Networks that are trained from a coarse resolution to the full one."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["Growing", "averaged", "repeated"]

_GROWN = 0.5  # the share of a run after which all levels are there


class Growing(nn.Module):
    """A network of several levels of resolution, of which the first ones can be trained before the others.

    All levels are in use but for training with `progressive`, where `grow` sets how many are. Each level but the first
    is faded in, and then trained for as long before the next one begins; what is not in use yet gets no gradient.

    Args:
        levels: how many there are.
        progressive: grow in training.

    References:
        Karras et al. 2017, Progressive Growing of GANs for Improved Quality, Stability, and Variation, arXiv
        1710.10196.
    """

    def __init__(self, levels: int, progressive: bool) -> None:
        super().__init__()
        self.levels, self.progressive = levels, progressive
        self.level = float(levels - 1)

    def grow(self, share: float) -> None:
        """Set the level for a share of the run in [0, 1]: from 0 to `levels - 1` over its first half.

        Examples:
            >>> network = Growing(levels=3, progressive=True)
            >>> for share in (0.0, 0.1, 0.1875, 0.3, 0.4375, 0.5, 1.0):
            ...     network.grow(share)
            ...     print(network.level, end=" ")
            0.0 0.0 0.5 1.0 1.5 2.0 2.0
        """
        if self.progressive:
            whole, part = divmod(share / _GROWN * (self.levels - 1), 1)
            self.level = min(whole + max(0.0, 2 * part - 1), self.levels - 1.0)

    @property
    def grown(self) -> bool:
        """Whether all levels are in use, none of them faded in in part."""
        return self.level == self.levels - 1

    @property
    def finest(self) -> int:
        """The number of the finest level in use."""
        return math.ceil(self.level)

    @property
    def fade(self) -> float:
        """How far the finest level in use is faded in, in (0, 1]."""
        return self.level - self.finest + 1

    @property
    def unused(self) -> int:
        """How many levels are not in use yet."""
        return self.levels - 1 - self.finest


def averaged(sequences: Tensor, halvings: int) -> Tensor:
    """Return means over 2, 4, 8 ... neighbours in time (fewer at the end), shape (..., time / 2 ** halvings)."""
    return F.avg_pool1d(sequences, 2**halvings, ceil_mode=True) if halvings else sequences


def repeated(sequences: Tensor, doublings: int) -> Tensor:
    """Return each step 2, 4, 8 ... times, shape (..., time * 2 ** doublings)."""
    return sequences.repeat_interleave(2**doublings, dim=-1) if doublings else sequences
