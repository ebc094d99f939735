"""The time index of sequences: one pattern of times for all, or increments that are learned like any column."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd

from wgan_aug.encoding.sequences.ticks import Ticks
from wgan_aug.schema.values import JSON

__all__ = ["Clock"]

_ALIKE = 1e-6  # how far times in floats may be from the pattern, as a share of its shortest increment


@dataclasses.dataclass
class Clock:
    """How the time index runs.

    Where all sequences have the same times since their start (a regular step, or any other pattern), there is nothing
    to learn but the start, and not even that where it is the same for all. Else each step's increment is a column.

    Args:
        ticks: reads and writes the index.
        pattern: ticks since the start of each step, shape (most steps,); None where times are irregular.
        first: the start of all sequences; None where it varies.
        usual: the median increment, which the first step of a sequence has.
    """

    ticks: Ticks
    pattern: np.ndarray | None = None
    first: float | None = None
    usual: float = 1

    @classmethod
    def fit(cls, series: pd.Series, lengths: np.ndarray) -> Clock:
        """Learn from the index of sequences that stand one after another, each with increasing times.

        Args:
            series: the index's cells, shape (steps,).
            lengths: steps of each sequence, shape (sequences,).

        Raises:
            InvalidDataError: for cells that are no times.

        Examples:
            >>> clock = Clock.fit(pd.Series([3, 5, 7, 0, 2]), np.array([3, 2]))
            >>> clock.pattern.tolist(), clock.first is None
            ([0, 2, 4], True)
        """
        clock = cls(Ticks.fit(series))
        ticks = clock.ticks.read(series)
        starts = np.cumsum(lengths) - lengths
        if (ticks[starts] == ticks[starts[0]]).all():
            clock.first = ticks[starts[0]].item()
        gaps = _increments(ticks, lengths)
        if len(gaps):
            usual = float(np.median(gaps))
            clock.usual = max(1, round(usual)) if clock.ticks.whole else usual
        longest = int(lengths.argmax())
        pattern = ticks[starts[longest] :][: lengths[longest]] - ticks[starts[longest]]
        if clock._runs_as(pattern, ticks, lengths):
            clock.pattern = pattern
        return clock

    def _runs_as(self, pattern: np.ndarray, ticks: np.ndarray, lengths: np.ndarray) -> bool:
        """Say whether all sequences have the times of a pattern since their start."""
        starts = np.cumsum(lengths) - lengths
        since = ticks - np.repeat(ticks[starts], lengths)
        place = np.arange(len(ticks)) - np.repeat(starts, lengths)
        off = np.abs(since - pattern[np.minimum(place, len(pattern) - 1)])
        slack = 0.0
        if not self.ticks.whole:
            slack = _ALIKE * float(np.diff(pattern).min(initial=np.inf)) if len(pattern) > 1 else 0.0
            slack += 8 * float(np.finfo(np.float64).eps * np.abs(ticks).max())
        return bool((off <= slack).all())

    @property
    def irregular(self) -> bool:
        """Whether increments are learned."""
        return self.pattern is None

    @property
    def start_varies(self) -> bool:
        """Whether the start is learned."""
        return self.first is None

    def keeps(self, series: pd.Series, lengths: np.ndarray) -> bool:
        """Say whether other sequences, none longer than the longest fitted one, have the times that were learned."""
        ticks = self.ticks.read(series)
        same = self.first is None or bool((ticks[np.cumsum(lengths) - lengths] == self.first).all())
        return same and (self.pattern is None or self._runs_as(self.pattern, ticks, lengths))

    def increments(self, series: pd.Series, lengths: np.ndarray) -> np.ndarray:
        """Return each step's ticks since the step before, the median for first steps, shape (steps,)."""
        ticks = self.ticks.read(series)
        out = np.diff(ticks, prepend=ticks[:1])
        out[np.cumsum(lengths) - lengths] = self.usual
        return out

    def times(self, start: pd.Series | None, lengths: np.ndarray, increments: np.ndarray | None) -> pd.Series:
        """Return the index of sequences, increasing within each; one that the dtype cannot hold starts earlier.

        Args:
            start: the first cell of each sequence, where it varies.
            lengths: their steps, none 0, shape (sequences,).
            increments: of each step, where they are irregular, shape (steps,).

        Returns:
            cells of the index's dtype, shape (steps,).
        """
        mask = np.arange(lengths.max(initial=1)) < lengths[:, None]
        since = np.zeros(mask.shape, dtype=np.int64 if self.ticks.whole else np.float64)
        if self.pattern is not None:
            since[:] = self.pattern[: mask.shape[1]]
        elif increments is not None:
            since[mask] = increments
            since[:, 0] = 0
            since = np.cumsum(since, axis=1)
        begin = np.full(len(lengths), self.first) if start is None else self.ticks.read(start)
        ends = since[np.arange(len(lengths)), lengths - 1]
        room = self.ticks.last - ends
        begin = np.where(begin > room, np.maximum(room, 0), begin).astype(since.dtype)
        ticks = begin[:, None] + since
        return self.ticks.write(self.ticks.apart(ticks)[mask])

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return a nested object of JSON and arrays that `from_json` reads back."""
        return {"ticks": self.ticks.to_json(), "pattern": self.pattern, "first": self.first, "usual": self.usual}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Clock:
        """Read what `to_json` wrote."""
        return cls(Ticks.from_json(data["ticks"]), data["pattern"], data["first"], data["usual"])


def _increments(ticks: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the ticks between neighbours of one sequence."""
    inner = np.ones(max(0, len(ticks) - 1), dtype=bool)
    inner[np.cumsum(lengths)[:-1] - 1] = False
    return np.diff(ticks)[inner]
