"""The only writer and reader of model folders: nested JSON and arrays in, a folder out. Knows no class of the package."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from wgan_aug.errors import ModelFormatError, OutputExistsError

__all__ = ["FORMAT_VERSION", "read_folder", "write_folder"]

FORMAT = "wgan-aug model"
FORMAT_VERSION = 1
_DOCUMENT, _ARRAYS = "model.json", "arrays.safetensors"


def write_folder(path: str | Path, document: Mapping[str, Any], files: Mapping[str, str] | None = None) -> None:
    """Write a nested document to a folder, all of it or nothing.

    Args:
        path: the folder; an empty folder or an earlier model there is replaced.
        document: JSON values, and numpy arrays at any depth.
        files: further text files by name, for people to read.

    Raises:
        OutputExistsError: if something else is in the way.
        OSError: if the disk is full or the place cannot be written; what was there before is untouched.
    """
    target = Path(path)
    _check_free(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        _write_files(work, document, files or {})
        _swap(work, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _check_free(target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise OutputExistsError(f"{target} is a file; a model is a folder. Choose another name.")
    if any(target.iterdir()) and not (target / _DOCUMENT).is_file():
        raise OutputExistsError(f"{target} is a folder with other files in it, and no model; it is left as it is.")


def _write_files(work: Path, document: Mapping[str, Any], files: Mapping[str, str]) -> None:
    arrays: dict[str, np.ndarray] = {}
    body = _pull_arrays(document, "", arrays)
    save_file(arrays, work / _ARRAYS)
    for name, text in files.items():
        (work / name).write_text(text, encoding="utf-8")
    header = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "checksums": {"document": _digest(_canonical(body)), _ARRAYS: _digest((work / _ARRAYS).read_bytes())},
    }
    (work / _DOCUMENT).write_text(json.dumps(header | {"document": body}, indent=1), encoding="utf-8")
    for name in os.listdir(work):
        with open(work / name, "rb") as file:
            os.fsync(file.fileno())


def _swap(work: Path, target: Path) -> None:
    """Put the finished folder in place; the old one goes only once the new one is there."""
    os.chmod(work, 0o755)
    if not target.exists():
        os.rename(work, target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
    os.rename(target, old)  # over an empty folder
    try:
        os.rename(work, target)
    except OSError:
        os.rename(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def read_folder(path: str | Path) -> dict[str, Any]:
    """Read what `write_folder` wrote.

    Raises:
        ModelFormatError: if the folder is no model, is damaged, was edited, or is from a newer version.
        FileNotFoundError: if there is nothing.
    """
    source = Path(path)
    if not source.exists():
        raise FileNotFoundError(f"{source} does not exist.")
    if not (source / _DOCUMENT).is_file():
        raise ModelFormatError(f"{source} is not a model folder: it has no {_DOCUMENT}.")
    try:
        whole: Any = json.loads((source / _DOCUMENT).read_text(encoding="utf-8"))
        version, body, sums = whole["format_version"], whole.get("document"), whole.get("checksums")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFormatError(f"{source / _DOCUMENT} is damaged: {error}.") from error
    if whole.get("format") != FORMAT or not isinstance(version, int):
        raise ModelFormatError(f"{source / _DOCUMENT} is not a model of wgan-aug.")
    if version > FORMAT_VERSION:
        raise ModelFormatError(
            f"{source} has format version {version}, this wgan-aug reads up to {FORMAT_VERSION}: "
            "pip install --upgrade wgan-aug."
        )
    try:
        intact = sums["document"] == _digest(_canonical(body))
        intact = intact and sums[_ARRAYS] == _digest((source / _ARRAYS).read_bytes())
        arrays = load_file(source / _ARRAYS) if intact else {}
    except (OSError, KeyError, TypeError, SafetensorError) as error:
        raise ModelFormatError(f"{source} is incomplete or damaged: {error!r}.") from error
    if not intact:
        raise ModelFormatError(f"{source} was edited or damaged after it was saved: its checksums do not match.")
    return _push_arrays(body, arrays)


def _pull_arrays(value: Any, place: str, arrays: dict[str, np.ndarray]) -> Any:
    """Replace every array by a reference, collecting the arrays by their place in the document."""
    if isinstance(value, np.ndarray):
        arrays[place] = np.ascontiguousarray(value)
        return {"$array": place}
    if isinstance(value, Mapping):
        return {str(k): _pull_arrays(v, f"{place}/{k}".strip("/"), arrays) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_pull_arrays(v, f"{place}/{i}".strip("/"), arrays) for i, v in enumerate(value)]
    return value


def _push_arrays(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"$array"}:
            return arrays[value["$array"]]
        return {k: _push_arrays(v, arrays) for k, v in value.items()}
    if isinstance(value, list):
        return [_push_arrays(v, arrays) for v in value]
    return value


def _canonical(body: Any) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
