"""What is heard of a training while it goes on, and how to end it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Callback", "Progress", "StopTraining"]


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far training is.

    Args:
        update: updates done.
        updates: updates in all; training may end earlier.
        figures: means since the last step that was heard of, by name; empty before the first update.
        scores: the last evaluation's figures by name; empty where there was none yet.
        sample: draws so many rows, or sequences, of the model as it is now, as a frame; None where training knows of
            no rows.
        error: what ended training; None while it goes on, and where it ended well.
        share: how much of the training is done, from 0 to 1: of its updates, or of `max_time` where that is more.
        options: what is trained and how, by name: the synthesizer's options, with what it found where one was None.
    """

    update: int
    updates: int
    figures: Mapping[str, float] = dataclasses.field(default_factory=dict[str, float])
    scores: Mapping[str, float] = dataclasses.field(default_factory=dict[str, float])
    sample: Callable[[int], Any] | None = None
    error: BaseException | None = None
    share: float = 0.0
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict[str, Any])


class Callback:
    """Hears how training goes; a subclass overrides what it needs. An exception ends training, and is passed on.

    Examples:
        >>> class Steps(Callback):
        ...     def on_step(self, progress):
        ...         if progress.update >= 100:
        ...             raise StopTraining
    """

    def on_start(self, progress: Progress) -> None:
        """Hear of the beginning; the synthesizer has its `plan_`. A resumed training begins at a later update."""

    def on_step(self, progress: Progress) -> None:
        """Hear of some finished updates: the device is waited for once for all of them."""

    def on_evaluate(self, progress: Progress) -> None:
        """Hear of an evaluation; there are none unless they are asked for."""

    def on_end(self, progress: Progress) -> None:
        """Hear of the end, whatever it was."""


class StopTraining(Exception):
    """Raised by a callback: end training now, and keep the model as it is."""
