"""What a folder of parts was asked for: a small file, written before any part is."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Hashable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from wgan_aug.errors import OutputExistsError, WganAugError
from wgan_aug.persistence import digest, replace_file
from wgan_aug.schema.values import JSON, value_to_json
from wgan_aug.synthesizers.conditions import is_missing, members_of

__all__ = ["FILE", "Manifest", "conditions_to_json", "fingerprint"]

FILE = "_manifest.json"  # readers of a folder of Parquet files pass over names that begin with "_"
_FORMAT, _FORMAT_VERSION = "wgan-aug sample", 1
_NOT_ROWS = ("params", "history")  # of a model's document, at any depth: what no row depends on


@dataclasses.dataclass(frozen=True)
class Manifest:
    """All that decides the bytes of a sample's parts.

    Args:
        n: how many rows, or sequences, in all.
        seed: of the sample.
        rows_a_part: rows, or sequences, of each part but the last.
        format: `"parquet"` or `"csv"`.
        model: the model's fingerprint.
        device: the kind of device that the networks are on.
        conditions: as `conditions_to_json` writes them.
        refine: whether rows are refined.
        version: of this library.

    Examples:
        >>> manifest = Manifest(100, 0, 64, "csv", "5f", "cpu", [], False)
        >>> list(manifest.names())
        ['part-00000000.csv', 'part-00000001.csv']
        >>> dataclasses.replace(manifest, n=7).differences(manifest)
        ['n is 7, and was 100.']
    """

    n: int
    seed: int
    rows_a_part: int
    format: str
    model: str
    device: str
    conditions: JSON
    refine: bool
    version: str = dataclasses.field(default_factory=lambda: version("wgan-aug"))

    @property
    def parts(self) -> int:
        """How many parts there are; at least one."""
        return max(1, -(-self.n // self.rows_a_part))

    def name_of(self, part: int) -> str:
        """Return the file name of a part."""
        return f"part-{part:08d}.{self.format}"

    def names(self) -> Iterator[str]:
        """Yield the file names of all parts."""
        return map(self.name_of, range(self.parts))

    def differences(self, was: Manifest) -> list[str]:
        """Say in what this differs from an earlier one, a sentence for each."""
        pairs = ((name, value, getattr(was, name)) for name, value in vars(self).items())
        return [f"{_WORDS.get(name, name)} is {own!r}, and was {old!r}." for name, own, old in pairs if own != old]

    def write(self, folder: Path) -> None:
        """Write it into a folder, whole or not at all."""
        entries = {"format": _FORMAT, "format_version": _FORMAT_VERSION, "parts": self.parts, "asked": vars(self)}
        replace_file(folder / FILE, (json.dumps(entries, indent=1) + "\n").encode())

    @classmethod
    def read(cls, folder: Path) -> Manifest | None:
        """Return what `write` wrote; None where there is nothing.

        Raises:
            OutputExistsError: if the file is something else, or from a newer version.
        """
        try:
            whole: Any = json.loads((folder / FILE).read_text(encoding="utf-8"))
            if whole["format"] == _FORMAT and whole["format_version"] == _FORMAT_VERSION:
                return cls(**whole["asked"])
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, TypeError, LookupError):
            pass
        raise OutputExistsError(f"{folder / FILE} is no manifest that this version knows; choose another folder.")


_WORDS = {"model": "the model's fingerprint", "rows_a_part": "rows a part", "version": "the version of wgan-aug"}


def fingerprint(document: Mapping[str, Any]) -> str:
    """Return a digest of what a model's rows depend on, the same before it is saved and after it is loaded."""
    return digest(_rows_alone(document))


def _rows_alone(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _rows_alone(inner) for key, inner in value.items() if key not in _NOT_ROWS}
    return [_rows_alone(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def conditions_to_json(conditions: Mapping[Hashable, Any]) -> JSON:
    """Write conditions so that equal ones are the same text, whatever order they were given in.

    Examples:
        >>> conditions_to_json({"sex": {"m", "f"}, "age": (30, None)})
        [['age', [{'type': 'tuple', 'value': [30, None]}]], ['sex', ['f', 'm']]]
    """
    return sorted(([value_to_json(name), _members(wanted)] for name, wanted in conditions.items()), key=repr)


def _members(wanted: Any) -> list[JSON]:
    return sorted(map(_member_to_json, members_of(wanted)), key=repr)


def _member_to_json(member: Any) -> JSON:
    try:
        return value_to_json(None if is_missing(member) else member)
    except WganAugError:  # an object of a user's own: told apart by what it says of itself
        return repr(member)
