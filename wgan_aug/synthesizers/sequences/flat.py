"""Sequences of any container as plain rows, one a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.synthesizers.containers import to_frame
from wgan_aug.synthesizers.sequences.containers import SequenceContainer

__all__ = ["to_rows"]


def to_rows(part: Any, container: SequenceContainer, first: int = 0) -> pd.DataFrame:
    """Return a sample of sequences as a frame, one row a step, whatever the model was fitted on.

    Arrays get columns `sequence` and `step`, and labels that stood beside the sequences become a column.

    Args:
        part: what `sample` returns.
        container: what the model was fitted on.
        first: the number of the first sequence, for arrays.
    """
    data, labels = part if container.target is not None else (part, None)
    frame, owner = _read_frame(data) if container.kind == "frame" else _read_arrays(data, container)
    if labels is not None:
        frame[container.y] = np.asarray(labels)[owner]
    if container.kind != "frame":
        frame.insert(0, "sequence", owner + first)
    return frame


def _read_frame(data: Any) -> tuple[pd.DataFrame, np.ndarray]:
    """Return rows without a row index of their own, and the place of the sequence that its first level says."""
    frame = to_frame(data)[0]
    owner = pd.factorize(frame.index.get_level_values(0))[0]
    named = isinstance(frame.index, pd.MultiIndex) or frame.index.name is not None
    return (frame.reset_index() if named else frame), owner


def _read_arrays(data: Any, container: SequenceContainer) -> tuple[pd.DataFrame, np.ndarray]:
    """Return steps with their numbers, and the place of the sequence that each belongs to."""
    items = [item if container.layout == "ntc" else item.T for item in data]
    lengths = np.array([len(item) for item in items], dtype=np.int64)
    cells = np.concatenate(items) if items else np.empty((0, len(container.columns)))
    step = np.arange(len(cells)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    frame = pd.DataFrame(cells, columns=pd.Index(container.columns))
    frame.insert(0, "step", step)
    return frame, np.repeat(np.arange(len(items)), lengths)
