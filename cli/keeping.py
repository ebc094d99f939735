"""Trainings that are kept on disk and gone on with, and several processes that share one, as `fit` sees them."""

from __future__ import annotations

import filecmp
import os
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wgan_aug.errors import OutputExistsError

from .models import save_model
from .progress import say
from .signals import Stopped

if TYPE_CHECKING:
    from .models import Model

__all__ = ["is_first", "is_there_already", "resumable", "save_again"]


def is_first() -> bool:
    """Say whether this process is the one, of those that `torchrun` started, that speaks and writes."""
    return os.environ.get("RANK", "0") == "0"


def is_there_already(path: Path, kept: Mapping[str, Any]) -> bool:
    """Say whether a model is where a training that has ended, and is resumed, would write one."""
    if not (path.is_dir() and any(path.iterdir()) and kept.get("resume") and kept["checkpoint"] is not None):
        return False
    from wgan_aug.synthesizers.checkpoints import has_ended

    return has_ended(kept["checkpoint"])


@contextmanager
def resumable(kept: Mapping[str, Any]) -> Generator[None]:
    """Say how to go on where a signal ends a training that is kept."""
    try:
        yield
    except Stopped:
        if kept.get("checkpoint") is not None:
            say(f"The training is kept in {kept['checkpoint']}; the same command with --resume goes on with it")
        raise


def save_again(model: Model, path: Path) -> None:
    """Leave a model as it is that equals this one.

    Raises:
        OutputExistsError: if it does not.
    """
    with tempfile.TemporaryDirectory(dir=path.resolve().parent, prefix=f".{path.name}.") as work:
        again = Path(work) / "model"
        save_model(model, again)
        names = sorted(file.name for file in again.iterdir())
        same = filecmp.cmpfiles(path, again, names, shallow=False)[0]
    if sorted(same) != names:
        raise OutputExistsError(
            f"{path} exists and is not the model of this training; give --force to overwrite it, or another -o MODEL."
        )
