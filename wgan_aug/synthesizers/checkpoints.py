"""A training on disk: written whole every few seconds, and gone on with where it was cut off."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from wgan_aug.errors import ModelFormatError, OutputExistsError
from wgan_aug.persistence import exclusive, read_folder, write_folder
from wgan_aug.training.loop import History

__all__ = ["Checkpoints", "has_ended", "open_checkpoints"]

_CLASS = "training"
_PREFIX = "checkpoint-"


class Checkpoints:
    """The folder that keeps one training: its last checkpoint, whole, under a number that counts up.

    Args:
        folder: where they are.
        every: seconds from one to the next.
        kept: what the last one holds; None where a training begins.
        number: of the last one, 0 for none.
        writes: whether this process is the one that writes.
    """

    def __init__(self, folder: Path, every: float, kept: dict[str, Any] | None, number: int, writes: bool) -> None:
        self.folder, self.every, self._kept, self._number, self._writes = folder, every, kept, number, writes
        self._identity: dict[str, Any] = {}
        self._written = time.monotonic()

    @property
    def seed(self) -> int | None:
        """The seed of the training that is gone on with; None for one that begins."""
        return None if self._kept is None else self._kept["identity"]["seed"]

    def identify(self, identity: Mapping[str, Any]) -> None:
        """Say what is trained, on what: `options`, `data`, `seed` and `version`, each as JSON values.

        Raises:
            ModelFormatError: if the kept training is another one, with all that differs.
        """
        self._identity = dict(identity)
        if self._kept is not None:
            differences = _differences(self._kept["identity"], identity)
            if differences:
                raise ModelFormatError(
                    f"{self.folder} keeps another training: {'; '.join(differences)}. Resume with what it was begun "
                    "with, or choose another folder."
                )

    # ---- what the loop asks of its keeper

    def read(self) -> Mapping[str, Any] | None:
        """Return the snapshot to go on from; None where training begins."""
        return None if self._kept is None else _from_plain(self._kept["snapshot"])

    def due(self) -> bool:
        """Say whether it is time to write."""
        return time.monotonic() - self._written >= self.every

    def write(self, snapshot: Mapping[str, Any]) -> None:
        """Write a checkpoint, then delete the one before."""
        self._written = time.monotonic()
        if not self._writes:
            return
        document = {"class": _CLASS, "identity": self._identity, "snapshot": _to_plain(snapshot)}
        write_folder(self.folder / f"{_PREFIX}{self._number + 1:08d}", document)
        self._number += 1
        for number, path in _listed(self.folder).items():
            if number < self._number:
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def open_checkpoints(folder: str | Path, every: float, *, resume: bool, writes: bool = True) -> Generator[Checkpoints]:
    """Take a folder for one training; no second one may use it until the block is left.

    Args:
        folder: made where it is not there.
        every: seconds from one checkpoint to the next.
        resume: go on with the training in it, if there is one.
        writes: whether this process is the one that writes.

    Raises:
        OutputExistsError: if another training uses it, or it has a training that is not to be resumed, or other files.
        ModelFormatError: if its checkpoint is damaged.
        OSError: if the place cannot be written.
    """
    place = Path(folder).resolve()
    if place.exists() and not place.is_dir():
        raise OutputExistsError(f"{place} is a file; checkpoints need a folder.")
    place.mkdir(parents=True, exist_ok=True)
    strange = sorted(p.name for p in place.iterdir() if not p.name.startswith((".", _PREFIX)) and p.name not in _OWN)
    if strange:
        raise OutputExistsError(
            f"{place} has files that are no checkpoints ({', '.join(strange[:3])}); choose a folder of its own."
        )
    told = f"Another training is writing to {place}; choose another folder."
    with exclusive(place, told) if writes else contextlib.nullcontext():
        if writes:
            for leftover in place.glob(f".{_PREFIX}*"):  # of a process that was killed while it wrote
                shutil.rmtree(leftover, ignore_errors=True)
        number = max(_listed(place), default=0)
        if number and not resume:
            raise OutputExistsError(
                f"{place} keeps a training already: go on with it by resume=True (--resume), or choose another folder."
            )
        yield Checkpoints(place, every, _read(place, number) if number else None, number, writes)


def has_ended(folder: str | Path) -> bool:
    """Say whether a folder keeps a training that came to its end."""
    number = max(_listed(Path(folder)), default=0)
    return number > 0 and _read(Path(folder), number)["snapshot"]["ended"]


_OWN = ("statics",)
"""What else may be in the folder: the training of sequences' static columns."""


def _listed(place: Path) -> dict[int, Path]:
    """Return the folder's checkpoints by number."""
    found = {path.name.removeprefix(_PREFIX): path for path in place.glob(f"{_PREFIX}*")}
    return {int(number): path for number, path in found.items() if number.isdigit()}


def _read(place: Path, number: int) -> dict[str, Any]:
    source = place / f"{_PREFIX}{number:08d}"
    document = read_folder(source)
    if document.get("class") != _CLASS:
        raise ModelFormatError(f"{source} is no checkpoint, but holds a {document.get('class')!r}.")
    return document


def _differences(kept: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """Return what differs between two identities, in words."""
    found = [
        f"{name} was {_show(kept['options'].get(name))} and is {_show(given['options'].get(name))}"
        for name in sorted({*kept["options"], *given["options"]})
        if kept["options"].get(name) != given["options"].get(name)
    ]
    if kept["version"] != given["version"]:
        found.append(f"it was begun with wgan-aug {kept['version']}, and this is {given['version']}")
    if kept["data"] != given["data"] and not found:
        found.append(f"its data were {_tell(kept['data'])}, and these are {_tell(given['data'])}")
    return found


def _show(option: Any) -> str:
    plain = option.get("value", option) if isinstance(option, dict) else option
    return repr(plain)


def _tell(data: Mapping[str, Any]) -> str:
    return f"{data['rows']} rows of {data['width']} features ({data['fingerprint'][:8]})"


def _to_plain(value: Any) -> Any:
    """Return nested tensors as arrays, and a history as a dict."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, History):
        parts = {"names": list(value.names), "evaluations": value.evaluations, "chosen": value.chosen}
        return parts | {"rows": value.table()}
    if isinstance(value, Mapping):
        return {str(name): _to_plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_to_plain(part) for part in value]
    return value


def _from_plain(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """Undo `_to_plain`."""
    history = snapshot["history"]
    rows = [history["rows"]] if len(history["rows"]) else []
    read: dict[str, Any] = _tensors({name: part for name, part in snapshot.items() if name != "history"})
    for name in ("generator_optimiser", "critic_optimiser"):
        read["state"][name] = {int(number): moments for number, moments in read["state"][name].items()}
    known = History(tuple(history["names"]), rows, list(history["evaluations"]), history["chosen"])
    return read | {"history": known}


def _tensors(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.copy())
    if isinstance(value, dict):
        return {name: _tensors(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_tensors(part) for part in value]
    return value
