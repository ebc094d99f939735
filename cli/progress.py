"""How training shows itself: a bar on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wgan_aug.training.loop import Progress

__all__ = ["say", "training_progress"]


def say(text: str, quiet: bool = False) -> None:
    """Write a line on stderr, unless quiet."""
    if not quiet:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


@contextmanager
def training_progress(quiet: bool, describe: Callable[[], str]) -> Generator[Callable[[Progress], None] | None]:
    """Give a listener for `fit`: the plan, then steps a second, time left and the Wasserstein estimate."""
    if quiet:
        yield None
        return
    with _bar() if sys.stderr.isatty() else nullcontext(_write_line) as show:
        yield _Listener(describe, show)


class _Listener:
    """Hears of blocks, times them, and shows them.

    Args:
        describe: gives the plan, which is shown first.
        show: takes updates done, updates in all, and a text; a line a tenth where it is `_write_line`.
    """

    def __init__(self, describe: Callable[[], str], show: Callable[[int, int, str], None]) -> None:
        self.describe, self.show = describe, show
        self.start = time.perf_counter()
        self.tenths = 0

    def __call__(self, progress: Progress) -> None:
        done, total = progress.update, progress.updates
        if done == 0:
            self.start = time.perf_counter()
            say(self.describe())
            return
        tenths = 10 * done // total
        if self.show is _write_line and tenths == self.tenths:
            return
        self.tenths = tenths
        passed = time.perf_counter() - self.start
        left = passed * (total / done - 1)
        distance = progress.figures["wasserstein"]
        text = f"{done / passed:.1f} updates/s, {left:.0f} s left, Wasserstein estimate {distance:.3f}"
        self.show(done, total, text)


def _write_line(done: int, total: int, text: str) -> None:
    say(f"update {done}/{total}, {text}")


@contextmanager
def _bar() -> Generator[Callable[[int, int, str], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[text]}"))
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("training", total=None, text="")
        yield lambda done, total, text: bar.update(task, completed=done, total=total, text=text)
