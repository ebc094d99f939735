"""A callback for tests."""

from __future__ import annotations

from collections.abc import Callable

from wgan_aug.training.callbacks import Callback, Progress

__all__ = ["Listening"]


class Listening(Callback):
    """Passes on what it hears at the start and of each block."""

    def __init__(self, hear: Callable[[Progress], object]) -> None:
        self.hear = hear

    def on_start(self, progress: Progress) -> None:
        """Pass it on."""
        self.hear(progress)

    def on_step(self, progress: Progress) -> None:
        """Pass it on."""
        self.hear(progress)
