"""What `fit` is going to do with a table, before the first step."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pandas as pd

from wgan_aug.encoding.codes import ColumnEncoder
from wgan_aug.encoding.dependents import DependentEncoder, DeterminedEncoder, MemberEncoder
from wgan_aug.encoding.fixed import IdentifierEncoder
from wgan_aug.encoding.levels import LevelEncoder
from wgan_aug.encoding.numeric import NumericEncoder
from wgan_aug.encoding.ruled import RuledEncoder
from wgan_aug.encoding.streaming.mapped import record_of
from wgan_aug.encoding.sums import SumEncoder
from wgan_aug.encoding.table import TableEncoder
from wgan_aug.schema.values import JSON
from wgan_aug.synthesizers.presets import Preset
from wgan_aug.training.state import TrainingSettings

__all__ = ["Plan", "columns_frame", "columns_json", "describe_encoding"]


@dataclasses.dataclass(frozen=True)
class Plan:
    """Columns, widths, updates and memory.

    Args:
        rows: rows to learn from.
        encoder: the fitted encoder.
        preset: sizes of the networks.
        settings: length of the training.
        in_parts: whether codes are in a file, from which batches come to the device.
    """

    rows: int
    encoder: TableEncoder
    preset: Preset
    settings: TrainingSettings
    in_parts: bool = False

    def to_frame(self) -> pd.DataFrame:
        """Return one row a column: kind, dtype, encoding, width, missing cells, distinct values."""
        return columns_frame(self.encoder)

    @property
    def memory_bytes(self) -> int:
        """Estimate the memory that training takes, of codes or numbers of rows, networks with optimisers, a batch."""
        layout = self.encoder.layout
        codes = self.rows * (24 if self.in_parts else 4 * layout.n_blocks + 8 * layout.n_scalars)
        generator = _mlp_weights(self.preset.noise_dim, self.preset.generator_layers, layout.n_features, True)
        critic = _mlp_weights(layout.n_features, self.preset.critic_layers, 1, False)
        activations = 12 * self.settings.batch_size * (layout.n_features + sum(self.preset.critic_layers))
        return codes + 4 * (5 * generator + 4 * critic + activations)

    @property
    def disk_bytes(self) -> int:
        """The size of the file of codes; 0 where they are in memory."""
        return self.rows * record_of(self.encoder.layout).itemsize if self.in_parts else 0

    def describe(self) -> str:
        """Return the plan in one line."""
        s = self.settings
        disk = f", and {self.disk_bytes / 2**20:.0f} MiB on disk" if self.in_parts else ""
        return (
            f"{self.rows} rows, {len(self.encoder.schema)} columns -> {self.encoder.layout.n_features} features; "
            f"{s.updates} updates of {s.n_critic} critic and 1 generator steps, batch {s.batch_size}; "
            f"about {self.memory_bytes / 2**20:.0f} MiB{disk}"
        )

    def to_json(self) -> dict[str, JSON]:
        """Return the plan as JSON: `columns`, `rows`, `features`, `updates`, `memory_bytes` and more."""
        return {
            "rows": self.rows,
            "columns": columns_json(self.encoder),
            "features": self.encoder.layout.n_features,
            "updates": self.settings.updates,
            "n_critic": self.settings.n_critic,
            "batch_size": self.settings.batch_size,
            "memory_bytes": self.memory_bytes,
            "disk_bytes": self.disk_bytes,
        }


def columns_frame(encoder: TableEncoder) -> pd.DataFrame:
    """Return one row a column: kind, dtype, encoding, width, missing cells, distinct values."""
    frame = encoder.schema.to_frame()
    frame.insert(3, "encoding", _encodings(encoder))
    frame.insert(4, "width", [_width(e) for e in encoder.encoders])
    return frame


def columns_json(encoder: TableEncoder) -> list[dict[str, JSON]]:
    """Return what each column is, and how it is encoded, as JSON."""
    return [
        {
            "name": column.name,
            "kind": column.kind,
            "dtype": str(column.dtype),
            "encoding": encoding,
            "width": _width(own),
            "missing": column.n_missing,
            "distinct": column.n_distinct,
            "declared": column.declared,
        }
        for column, own, encoding in zip(encoder.schema, encoder.encoders, _encodings(encoder), strict=True)
    ]


def _mlp_weights(n_in: int, hidden: tuple[int, ...], n_out: int, skip: bool) -> int:
    total, width = 0, n_in
    for size in hidden:
        total += width * size
        width = width + size if skip else size
    return total + width * n_out


def _width(encoder: ColumnEncoder | DependentEncoder) -> int:
    return encoder.states + (encoder.silent is not None)


def _encodings(encoder: TableEncoder) -> list[str]:
    names = list(map(repr, encoder.schema.names))
    return [describe_encoding(own, names) for own in encoder.encoders]


def describe_encoding(encoder: Any, names: Sequence[str], *, cells: bool = True) -> str:
    """Say in a few words how a column is encoded, and from which others.

    Args:
        encoder: of the column.
        names: the columns' names as they are to be shown, in order.
        cells: whether a value that a rule gives is shown, or just that there is one.
    """
    if isinstance(encoder, DeterminedEncoder):
        return f"from {names[encoder.parent]}"
    if isinstance(encoder, MemberEncoder):
        other = encoder.members[encoder.first]
        return f"one of {len(encoder.members)} (with {names[other]} ...)"
    if isinstance(encoder, RuledEncoder):
        value = encoder.placeholder(1)
        what = "missing" if value.isna().all() else repr(value.tolist()[0]) if cells else "one value"
        return f"{describe_encoding(encoder.inner, names, cells=cells)}; {what} by {names[encoder.parent]}"
    if isinstance(encoder, SumEncoder):
        return _describe_sum(encoder, names)
    missing = " + missing" if getattr(encoder, "has_missing", False) else ""
    if isinstance(encoder, NumericEncoder):
        atoms = f"{len(encoder.atoms)} values" if len(encoder.atoms) else ""
        curve = encoder.encoding if encoder.curve is not None else ""
        return " + ".join(part for part in (curve, atoms) if part) + missing
    if isinstance(encoder, LevelEncoder):
        kept = encoder.states - encoder.has_missing
        pooled = f" in {kept} states" if kept < len(encoder.levels) else ""
        return f"{len(encoder.levels)} levels{pooled}{missing}"
    return "fresh identifiers" if isinstance(encoder, IdentifierEncoder) else "constant"


def _describe_sum(encoder: SumEncoder, names: Sequence[str]) -> str:
    signs = ["-" if (term.scale < 0) != (encoder.whole.scale < 0) else "+" for term in encoder.parts]
    parts = [f"{sign} {names[parent]}" for sign, parent in zip(signs, encoder.parents, strict=True)]
    parts.sort(key=lambda part: part[0] == "-")
    more = encoder.rest.states > 1 or encoder.rest.curve is not None
    rest = f" + {describe_encoding(encoder.rest, names)}" if more else ""
    return " ".join(parts).removeprefix("+ ") + (rest or " + constant" * bool(encoder.rest.atoms[0] != 0))
