"""The only writer and reader of model folders: nested JSON and arrays in, a folder out. Knows no class."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from wgan_aug.errors import DataTypeError, ModelFormatError, OutputExistsError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

__all__ = ["FORMAT_VERSION", "check_free", "digest", "exclusive", "read_folder", "replace_file", "write_folder"]

FORMAT_VERSION = 4
_FORMAT = "wgan-aug model"
_DOCUMENT, _ARRAYS = "model.json", "arrays.safetensors"
_CLUTTER = {".DS_Store", "Thumbs.db", "desktop.ini"}  # what file managers leave in any folder
_REFERENCE = "$array"  # keys of the document that begin with "$" are written with one "$" more


def write_folder(path: str | Path, document: Mapping[str, Any], files: Mapping[str, str] | None = None) -> None:
    """Write a nested document to a folder, all of it or nothing.

    Args:
        path: the folder; an empty folder or an earlier model there is replaced.
        document: JSON values, and numpy arrays of numbers or booleans at any depth; keys are strings, and
            tuples are read back as lists.
        files: further text files by name, for people to read.

    Raises:
        OutputExistsError: if something else is in the way, a file beside an earlier model included.
        DataTypeError: for an array of text or objects, and for a key that is no string.
        OSError: if the disk is full or the place cannot be written; what was there before is untouched.
    """
    target = Path(path).resolve()
    files = files or {}
    check_free(target, files)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = _beside(target, "new")
    try:
        work.mkdir()
        _write_files(work, document, files)
        _swap(work, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check_free(target: Path, files: Iterable[str] = ()) -> None:
    """Refuse a place where `write_folder` would not write; ask before long work.

    Raises:
        OutputExistsError: if something else is in the way, a file beside an earlier model included.
    """
    if not target.exists():
        return
    if not target.is_dir():
        raise OutputExistsError(f"{target} is a file; a model is a folder. Choose another name.")
    present = {entry.name for entry in target.iterdir()}
    if not present:
        return
    if not _is_model(target):
        raise OutputExistsError(f"{target} is a folder with files in it, and no model; it is left as it is.")
    strange = sorted(present - _CLUTTER - {_DOCUMENT, _ARRAYS, *files, *_listed_files(target)})
    if strange:
        raise OutputExistsError(
            f"{target} holds a model, and files that are no part of it ({', '.join(strange[:3])}); move them "
            "away, or choose another name."
        )


def _is_model(folder: Path) -> bool:
    """Say whether a folder holds a model of ours, even a damaged one."""
    try:
        with open(folder / _DOCUMENT, encoding="utf-8", errors="replace") as file:
            return f'"format": "{_FORMAT}"' in file.read(200)
    except OSError:
        return False


def _listed_files(folder: Path) -> list[str]:
    """Return the further files that a model says it has; none where its document is damaged."""
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError, RecursionError):
        return [str(name) for name in json.loads((folder / _DOCUMENT).read_text(encoding="utf-8"))["files"]]
    return []


def _write_files(work: Path, document: Mapping[str, Any], files: Mapping[str, str]) -> None:
    arrays: dict[str, np.ndarray] = {}
    body = _pull_arrays(document, "", arrays)
    packed = save(arrays)  # not save_file, which reports a full disk by an error of its own
    (work / _ARRAYS).write_bytes(packed)
    for name, text in files.items():
        (work / name).write_text(text, encoding="utf-8")
    header = {
        "format": _FORMAT,
        "format_version": FORMAT_VERSION,
        "files": list(files),
        "checksums": {"document": _digest(_canonical(body)), _ARRAYS: _digest(packed)},
    }
    (work / _DOCUMENT).write_text(json.dumps(header | {"document": body}, indent=1), encoding="utf-8")
    for name in os.listdir(work):
        with open(work / name, "rb") as file:
            os.fsync(file.fileno())


def _swap(work: Path, target: Path) -> None:
    """Put the finished folder in place; the old one goes only once the new one is there."""
    if not target.exists():
        os.rename(work, target)
        return
    old = _beside(target, "old")
    os.rename(target, old)
    try:
        os.rename(work, target)
    except BaseException:
        if not target.exists():
            os.rename(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _beside(target: Path, use: str) -> Path:
    """Return a hidden name in the target's own folder, so that a rename moves no data."""
    return target.parent / f".{target.name}.{use}.{secrets.token_hex(4)}"


def replace_file(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all; an earlier one is replaced.

    Raises:
        OSError: if the disk is full or the place cannot be written.
    """
    work = path.parent / f".{path.name}.{secrets.token_hex(4)}"
    try:
        with open(work, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(work, path)
    finally:
        work.unlink(missing_ok=True)


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
    except (ValueError, RecursionError) as error:
        raise ModelFormatError(f"{source / _DOCUMENT} is damaged: {error}.") from error
    version = whole.get("format_version") if isinstance(whole, dict) else None
    if version is None or whole.get("format") != _FORMAT or not isinstance(version, int):
        raise ModelFormatError(f"{source / _DOCUMENT} is not a model of wgan-aug.")
    if version > FORMAT_VERSION:
        raise ModelFormatError(
            f"{source} has format version {version}, this wgan-aug reads up to {FORMAT_VERSION}: "
            "pip install --upgrade wgan-aug."
        )
    if version < FORMAT_VERSION:
        raise ModelFormatError(
            f"{source} has format version {version}, of an earlier wgan-aug; this one reads {FORMAT_VERSION}: fit the "
            "model anew."
        )
    try:
        body, sums = whole["document"], whole["checksums"]
        intact = sums["document"] == _digest(_canonical(body))
        intact = intact and sums[_ARRAYS] == _digest((source / _ARRAYS).read_bytes())
        if intact:
            return _push_arrays(body, load_file(source / _ARRAYS))
    except (OSError, KeyError, TypeError, SafetensorError) as error:
        raise ModelFormatError(f"{source} is incomplete or damaged: {error!r}.") from error
    raise ModelFormatError(f"{source} was edited or damaged after it was saved: its checksums do not match.")


@contextlib.contextmanager
def exclusive(place: Path, told: str) -> Generator[None]:
    """Keep other processes out of a folder, or a file that is made for this, until the block is left.

    The lock goes with its process, however that ends. Systems and file systems without locks have none.

    Args:
        place: the folder or file.
        told: what the error says.

    Raises:
        OutputExistsError: if another process is in there.
    """
    if fcntl is None:
        yield
        return
    handle = os.open(place, os.O_RDONLY if place.is_dir() else os.O_RDWR | os.O_CREAT)
    try:
        with contextlib.suppress(OSError):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OutputExistsError(told) from None
        yield
    finally:
        os.close(handle)


def digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a nested document of JSON values and arrays, as hexadecimal digits.

    Examples:
        >>> digest({"a": np.arange(3)}) == digest({"a": np.arange(3)}) != digest({"a": np.arange(4)})
        True
    """
    arrays: dict[str, np.ndarray] = {}
    whole = hashlib.sha256(_canonical(_pull_arrays(document, "", arrays)))
    for name, array in arrays.items():
        whole.update(f"{name} {array.dtype.str} {array.shape}".encode())
        whole.update(array.data)
    return whole.hexdigest()


def _pull_arrays(value: Any, place: str, arrays: dict[str, np.ndarray]) -> Any:
    """Replace every array by a reference, collecting the arrays by their place in the document."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            raise DataTypeError(f"The array at {place} has dtype {value.dtype}; models hold numbers and booleans.")
        arrays[place] = np.asarray(value, order="C")
        return {_REFERENCE: place}
    if isinstance(value, Mapping):
        return {_escape(k, place): _pull_arrays(v, f"{place}/{_quote(k)}", arrays) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_pull_arrays(v, f"{place}/{i}", arrays) for i, v in enumerate(value)]
    return value


def _escape(key: Any, place: str) -> str:
    if not isinstance(key, str):
        raise DataTypeError(f"The key {key!r} at {place or '/'} is a {type(key).__name__}; keys are strings.")
    return f"${key}" if key.startswith("$") else key


def _quote(key: str) -> str:
    """Return a key without slashes, so that two places never have the same name."""
    return quote(key, safe=" ", errors="surrogatepass")


def _push_arrays(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        if set(value) == {_REFERENCE}:
            return arrays[value[_REFERENCE]]
        return {k.removeprefix("$"): _push_arrays(v, arrays) for k, v in value.items()}
    if isinstance(value, list):
        return [_push_arrays(v, arrays) for v in value]
    return value


def _canonical(body: Any) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
