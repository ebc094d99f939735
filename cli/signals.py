"""What SIGINT and SIGTERM do, and how a save is kept from being cut in two."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Stopped", "held_signals", "stop_on_signals"]

_WORDS = {signal.SIGINT: "Interrupted", signal.SIGTERM: "Terminated"}


class Stopped(BaseException):
    """SIGINT or SIGTERM came.

    Args:
        number: the signal's number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"{_WORDS[signal.Signals(number)]}; an unfinished output is not kept.")
        self.exit_code = 128 + number


def stop_on_signals() -> None:
    """Make both signals unwind the program, so that scratch files go; those that are ignored stay so."""
    for number in _WORDS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped(number)


@contextmanager
def held_signals() -> Generator[None]:
    """Let both signals wait until the block is done, where the system can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WORDS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
