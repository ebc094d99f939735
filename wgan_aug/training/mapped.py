"""Batches of a table that memory cannot hold: rows are gathered from a memory map when they are asked for."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from wgan_aug.encoding.streaming.mapped import MappedCodes
from wgan_aug.training.data import DeviceTable

__all__ = ["MappedTable"]


class MappedTable(DeviceTable):
    """A table of which only the rows of a batch are on the device; its batches are those of a `DeviceTable`.

    Args:
        codes: of all rows, in a file.
        device: where batches are made.
    """

    def __init__(self, codes: MappedCodes, device: torch.device) -> None:
        none = np.zeros((0, codes.layout.n_scalars))
        super().__init__(np.zeros((0, codes.layout.n_blocks), dtype=np.int64), none, none, codes.layout, device)
        records, starts = codes.records, codes.layout.starts.astype(np.int32)
        hot: Any = _Gathered(records["states"], device, starts)
        low, width = (cast(Any, _Gathered(records[name], device)) for name in ("low", "width"))
        self._hot, self._low, self._width, self.resident = hot, low, width, False


class _Gathered:
    """Rows of an array in a file, which come to the device when a tensor of row numbers asks for them."""

    def __init__(self, cells: np.ndarray, device: torch.device, shift: np.ndarray | None = None) -> None:
        self._cells, self._device, self._shift = cells, device, shift

    def __len__(self) -> int:
        return len(self._cells)

    def __getitem__(self, index: Tensor) -> Tensor:
        rows = self._cells[index.cpu().numpy()]
        return torch.from_numpy(rows if self._shift is None else rows + self._shift).to(self._device)
