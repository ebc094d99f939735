"""A folder that one run fills with parts: each is there whole or not at all, and a run can go on with it."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from wgan_aug.errors import InvalidParameterError, OutputExistsError, join_problems
from wgan_aug.persistence import exclusive
from wgan_aug.synthesizers.streams.manifest import Manifest

__all__ = ["count_parts", "opened"]

_SHOWN = 3  # names that an error shows


@contextmanager
def opened(folder: Path, manifest: Manifest, *, resume: bool, force: bool) -> Generator[None]:
    """Hold a folder for a run, with its manifest in it.

    Args:
        folder: an absolute path; it is made where it does not exist.
        manifest: what the run was asked for.
        resume: go on with the run that the folder holds; with none, begin.
        force: remove the parts of another run first, and nothing else.

    Raises:
        OutputExistsError: if the folder is a file, holds a run and neither was set, holds files that belong to no run,
            or is being written to.
        InvalidParameterError: if the run that is to go on was asked for something else, in one error.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputExistsError(f"{folder} is a file; parts go into a folder: choose another name.")
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder, f"Another run is writing to {folder}; wait for it, or choose another folder."):
        earlier = Manifest.read(folder)
        if earlier is not None and not (resume or force):
            raise OutputExistsError(
                f"{folder} holds a sample of {earlier.n}, of which {count_parts(folder, earlier)} of {earlier.parts} "
                "parts are there: go on with it by resume=True (--resume), or replace it by force=True (--force)."
            )
        if earlier is not None and resume and (differences := manifest.differences(earlier)):
            raise InvalidParameterError(f"{folder} holds another sample: {join_problems(differences)}")
        _refuse_strangers(folder, earlier)
        if earlier is not None and force:
            for name in earlier.names():
                (folder / name).unlink(missing_ok=True)
        _sweep(folder)
        if earlier != manifest:
            manifest.write(folder)
        try:
            yield
        finally:
            _sweep(folder)


def count_parts(folder: Path, manifest: Manifest) -> int:
    """Return how many parts of a run are there."""
    present = set(os.listdir(folder))
    return sum(name in present for name in manifest.names())


def _refuse_strangers(folder: Path, earlier: Manifest | None) -> None:
    """Refuse a folder in which a reader would take other files for parts."""
    known = set() if earlier is None else set(earlier.names())
    others = sorted(name for name in os.listdir(folder) if not name.startswith((".", "_")) and name not in known)
    if others:
        more = "" if len(others) <= _SHOWN else f" and {len(others) - _SHOWN} more"
        raise OutputExistsError(
            f"{folder} holds what is no part of a sample ({', '.join(others[:_SHOWN])}{more}), which a reader of the "
            "folder would take for one; choose an empty folder."
        )


def _sweep(folder: Path) -> None:
    """Remove what was being written when a process was killed."""
    for left in folder.glob(".part-*"):
        left.unlink(missing_ok=True)
