"""Encoded sequences that live on the device and hand out batches as the critic sees them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from wgan_aug.networks.draws import Draws
from wgan_aug.schema.layout import TableLayout

__all__ = ["DeviceSequences"]


class DeviceSequences:
    """Codes of all sequences on one device; one-hot states are made batch by batch.

    Args:
        states: the state of each block at each step, shape (sequences, steps, blocks).
        paths: whitened numbers, shape (sequences, paths, steps).
        condition: what is known of each sequence as a whole, shape (sequences, width).
        own: which steps are a sequence's own, bool, shape (sequences, steps); the others are 0 to the critic.
        layout: blocks of a step.
        device: where everything is kept and made.
    """

    def __init__(
        self,
        states: np.ndarray,
        paths: np.ndarray,
        condition: np.ndarray,
        own: np.ndarray,
        layout: TableLayout,
        device: torch.device,
    ) -> None:
        self.layout, self.device, self.resident = layout, device, True
        hot = np.moveaxis(states + layout.starts, 2, 1).astype(np.int32)
        self._hot = torch.from_numpy(hot).to(device)
        self._paths = torch.from_numpy(paths.astype(np.float32)).to(device)
        self._condition = torch.from_numpy(condition.astype(np.float32)).to(device)
        self._own = None if own.all() else torch.from_numpy(own[:, None].astype(np.float32)).to(device)

    def __len__(self) -> int:
        return len(self._paths)

    def batch(self, index: Tensor, generator: Draws) -> Tensor:
        """Return some sequences, float32, shape (batch, channels, steps): one-hot states, then paths."""
        return self._features(index)

    def condition(self, index: Tensor) -> Tensor:
        """Return what is known of some sequences, shape (batch, width)."""
        return self._condition[index]

    def largest(self, index: Tensor) -> Tensor:
        """Return the largest size of each channel among some sequences, shape (channels,)."""
        return self._features(index).abs().amax((0, 2))

    def generators(self) -> Sequence[torch.Generator]:
        """Return none: what is known of a sequence is always told."""
        return ()

    def _features(self, index: Tensor) -> Tensor:
        hot, paths = self._hot[index], self._paths[index]
        states = torch.zeros(len(hot), self.layout.n_states, hot.shape[2], device=self.device)
        features = torch.cat([states.scatter_(1, hot.long(), 1.0), paths], dim=1)
        return features if self._own is None else features * self._own[index]
