"""Samples of a model while it trains."""

from __future__ import annotations

import re
from pathlib import Path

from wgan_aug.errors import InvalidParameterError, OutputExistsError, join_problems
from wgan_aug.persistence import replace_file
from wgan_aug.synthesizers.checks import not_a_number
from wgan_aug.synthesizers.streams.formats import FORMATS, check_format
from wgan_aug.training.callbacks import Callback, Progress

__all__ = ["SampleSnapshots"]

_NAME = re.compile(r"sample-(\d+)\.\w+")


class SampleSnapshots(Callback):
    """Write a sample every so many updates, and one of the finished model, as files named by their update.

    The rows are not refined, and always drawn with the same noise: what differs from one to the next is the model.
    Training is the same with and without. A resumed training goes on; another one replaces the samples in the folder.

    Args:
        folder: made where it is not there.
        every: updates from one sample to the next; each is written at the first block of updates that ends there or
            beyond.
        rows: of each sample; sequences where the model is one of these.
        format: `"csv"` or `"parquet"`.

    Raises:
        InvalidParameterError: for numbers or a format that are not allowed.
    """

    def __init__(self, folder: str | Path, *, every: int = 500, rows: int = 1000, format: str = "csv") -> None:
        problems = not_a_number("every", every, above=0, whole=True, optional=False)
        problems += not_a_number("rows", rows, above=0, whole=True, optional=False)
        if problems:
            raise InvalidParameterError(join_problems(problems))
        check_format(format)
        self.folder, self.every, self.rows, self.format = Path(folder), every, rows, format
        self._last = 0

    def on_start(self, progress: Progress) -> None:
        """Make the folder, and remove samples of updates that are to come."""
        if self.folder.exists() and not self.folder.is_dir():
            raise OutputExistsError(f"{self.folder} is a file; samples need a folder.")
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in self.folder.iterdir():
            found = _NAME.fullmatch(path.name)
            if found and int(found[1]) > progress.update:
                path.unlink()
        self._last = progress.update

    def on_step(self, progress: Progress) -> None:
        """Write a sample, where one is due."""
        if progress.update // self.every > self._last // self.every:
            self._write(progress)

    def on_end(self, progress: Progress) -> None:
        """Write a sample of the model that is kept, if there is one."""
        if progress.error is None:
            self._write(progress)

    def _write(self, progress: Progress) -> None:
        if progress.sample is None:
            return
        self._last = progress.update
        path = self.folder / f"sample-{progress.update:08d}.{self.format}"
        replace_file(path, FORMATS[self.format](progress.sample(self.rows), {}))
