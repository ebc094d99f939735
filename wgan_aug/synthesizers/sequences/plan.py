"""What `fit` is going to do with sequences, before the first step."""

from __future__ import annotations

import dataclasses

import pandas as pd

from wgan_aug.encoding.table import TableEncoder
from wgan_aug.schema.values import JSON
from wgan_aug.synthesizers.plan import columns_frame, columns_json
from wgan_aug.synthesizers.presets import Preset
from wgan_aug.training.state import TrainingSettings

__all__ = ["SequencePlan"]


@dataclasses.dataclass(frozen=True)
class SequencePlan:
    """Columns, lengths, updates and memory.

    Args:
        sequences: sequences, or windows, to learn from.
        shortest: the fewest steps that one has.
        steps: the most steps that one has.
        statics: encodes what is said once a sequence.
        encoder: encodes a step.
        channels: of a step as the networks see it.
        preset: sizes of the networks.
        settings: length of the training.
    """

    sequences: int
    shortest: int
    steps: int
    statics: TableEncoder
    encoder: TableEncoder
    channels: int
    preset: Preset
    settings: TrainingSettings

    def to_frame(self) -> pd.DataFrame:
        """Return one row a column: whether it is static, and what a table's plan says of it."""
        parts = [columns_frame(encoder) for encoder in (self.statics, self.encoder)]
        for part, static in zip(parts, (True, False), strict=True):
            part.insert(1, "static", static)
        return pd.concat([part for part in parts if len(part)], ignore_index=True)

    @property
    def memory_bytes(self) -> int:
        """Estimate the memory that training takes on its device, of paths, states, activations of one batch."""
        kept = 4 * self.sequences * self.steps * (self.channels + self.encoder.layout.n_blocks)
        activations = 4 * 40 * self.settings.batch_size * self.steps * (self.channels + 2 * self.preset.channels)
        return kept + activations

    def describe(self) -> str:
        """Return the plan in one line."""
        s = self.settings
        lengths = f"{self.steps}" if self.shortest == self.steps else f"{self.shortest} to {self.steps}"
        return (
            f"{self.sequences} sequences of {lengths} steps, {len(self.statics.schema)} static and "
            f"{len(self.encoder.schema)} other columns -> {self.channels} channels; {s.updates} updates of "
            f"{s.n_critic} critic and 1 generator steps, batch {s.batch_size}; "
            f"about {self.memory_bytes / 2**20:.0f} MiB"
        )

    def to_json(self) -> dict[str, JSON]:
        """Return the plan as JSON: the keys of a table's plan, and `sequences`, `steps`, `channels`."""
        columns = [
            {**column, "static": static}
            for encoder, static in ((self.statics, True), (self.encoder, False))
            for column in columns_json(encoder)
        ]
        return {
            "sequences": self.sequences,
            "steps": [self.shortest, self.steps],
            "columns": columns,
            "channels": self.channels,
            "features": self.channels * self.steps,
            "updates": self.settings.updates,
            "n_critic": self.settings.n_critic,
            "batch_size": self.settings.batch_size,
            "memory_bytes": self.memory_bytes,
        }
