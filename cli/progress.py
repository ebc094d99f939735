"""How training shows itself: a bar on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext

from wgan_aug.training.callbacks import Callback, Progress

__all__ = ["say", "training_progress"]


def say(text: str, quiet: bool = False) -> None:
    """Write a line on stderr, unless quiet."""
    if not quiet:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


@contextmanager
def training_progress(quiet: bool, describe: Callable[[], str]) -> Generator[list[Callback]]:
    """Give callbacks for `fit`: the plan, then steps a second, time left and the Wasserstein estimate."""
    if quiet:
        yield []
        return
    with _bar() if sys.stderr.isatty() else nullcontext(_write_line) as show:
        yield [_Listener(describe, show)]


class _Listener(Callback):
    """Hears of blocks, times them, and shows them.

    Args:
        describe: gives the plan, which is shown first.
        show: takes updates done, updates in all, and a text; a line a tenth where it is `_write_line`.
    """

    def __init__(self, describe: Callable[[], str], show: Callable[[int, int, str], None]) -> None:
        self.describe, self.show = describe, show
        self.begun, self.first, self.share, self.tenths = time.perf_counter(), 0, 0.0, 0

    def on_start(self, progress: Progress) -> None:
        """Show the plan, and from where training goes on."""
        self.begun, self.first, self.share = time.perf_counter(), progress.update, progress.share
        say(self.describe())
        if progress.update:
            say(f"Resumed at update {progress.update}")

    def on_step(self, progress: Progress) -> None:
        """Show how far it is."""
        done, total = progress.update, progress.updates
        tenths = int(10 * progress.share)
        if self.show is _write_line and tenths == self.tenths:
            return
        self.tenths = tenths
        passed = time.perf_counter() - self.begun
        left = passed * (1 - progress.share) / (progress.share - self.share)
        distance = progress.figures["wasserstein"]
        text = f"{(done - self.first) / passed:.1f} updates/s, {left:.0f} s left, Wasserstein estimate {distance:.3f}"
        self.show(done, total, text)


def _write_line(done: int, total: int, text: str) -> None:
    say(f"update {done}/{total}, {text}")


@contextmanager
def _bar() -> Generator[Callable[[int, int, str], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[text]}"))
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("training", total=None, text="")
        yield lambda done, total, text: bar.update(task, completed=done, total=total, text=text)
