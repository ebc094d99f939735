"""What SIGTERM does, and how a save is kept from being cut in two."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Terminated", "held_signals", "raise_on_sigterm"]


class Terminated(BaseException):
    """SIGTERM came."""


def raise_on_sigterm() -> None:
    """Make SIGTERM unwind the program, so that scratch files go, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(signum: int, frame: FrameType | None) -> None:
    raise Terminated


@contextmanager
def held_signals() -> Generator[None]:
    """Let SIGINT and SIGTERM wait until the block is done, where the system can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
