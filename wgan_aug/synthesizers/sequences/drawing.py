"""The parts of a sample of sequences: statics are drawn block by block, and under them each part by itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterator, Mapping
from itertools import chain
from typing import Any

import pandas as pd

from wgan_aug.encoding.sequences.frames import Sequences
from wgan_aug.networks.sequences import SequenceGenerator
from wgan_aug.schema.columns import Storage
from wgan_aug.synthesizers.seeds import seed_of
from wgan_aug.synthesizers.sequences.containers import SequenceContainer
from wgan_aug.synthesizers.sequences.flat import to_rows
from wgan_aug.synthesizers.sequences.parts import SequenceCodec, draw_part
from wgan_aug.synthesizers.sequences.refining import SequenceRefiner
from wgan_aug.synthesizers.sequences.statics import Statics

__all__ = ["SequenceDrawing", "SequencePart", "SequenceSource"]

PART_STEPS = 262_144  # steps drawn with one seed and decoded at once
BLOCK = 65_536  # sequences, about, whose statics are drawn at once


@dataclasses.dataclass(frozen=True)
class SequencePart:
    """What a part is drawn from.

    Args:
        number: of the part.
        statics: one row a sequence.
        first: the number of its first sequence.
        first_step: the number of its first step.
    """

    number: int
    statics: pd.DataFrame
    first: int
    first_step: int


@dataclasses.dataclass(frozen=True)
class SequenceDrawing:
    """Draws the parts of one sample.

    Args:
        generator: of steps.
        codec: decodes what it gives.
        refiner: chooses among what it gives; None takes all.
        statics: draws what is said once of a sequence.
        seed: of the whole sample.
        conditions: on statics, see `which_hold`; may be none.
    """

    generator: SequenceGenerator
    codec: SequenceCodec
    refiner: SequenceRefiner | None
    statics: Statics
    seed: int
    conditions: Mapping[Hashable, Any]

    @property
    def sequences_a_part(self) -> int:
        """How many sequences a part has."""
        return max(1, PART_STEPS // self.codec.encoder.max_steps)

    def parts(self, sequences: int) -> Iterator[SequencePart]:
        """Yield what the parts of so many sequences are drawn from; at least one.

        Raises:
            InvalidParameterError: at once, if the conditions cannot be met.
        """
        size = self.sequences_a_part
        block = size * -(-BLOCK // size)

        def draw(turn: int) -> pd.DataFrame:
            start = turn * block
            rows = min(block, sequences - start)
            return self.statics.sample(rows, seed_of(self.seed, 0, turn), self.conditions, first=start)

        return self._cut(chain([draw(0)], map(draw, range(1, -(-sequences // block)))))

    def _cut(self, blocks: Iterator[pd.DataFrame]) -> Iterator[SequencePart]:
        number = first = first_step = 0
        for statics in blocks:
            for start in range(0, max(1, len(statics)), self.sequences_a_part):
                own = statics.iloc[start : start + self.sequences_a_part].reset_index(drop=True)
                yield SequencePart(number, own, first, first_step)
                number, first = number + 1, first + len(own)
                first_step += int(self.codec.encoder.lengths(own).sum())

    def draw(self, part: SequencePart) -> Sequences:
        """Return the sequences of a part."""
        features = self.statics.features(part.statics)
        return draw_part(
            self.generator,
            self.codec,
            self.refiner,
            part.statics,
            features,
            self.seed,
            part.number,
            part.first_step,
        )


@dataclasses.dataclass(frozen=True)
class SequenceSource:
    """Draws the parts of a sample as rows, one a step, for a run into a folder.

    Args:
        drawing: of the whole sample.
        container: what the sequences came in.
        sequences: how many in all.
    """

    drawing: SequenceDrawing
    container: SequenceContainer
    sequences: int

    @property
    def size(self) -> tuple[int, int]:
        """How many sequences in all, and in each part but the last."""
        return self.sequences, self.drawing.sequences_a_part

    def parts(self) -> Iterator[tuple[int, SequencePart]]:
        """Yield the number of each part, and what it is drawn from."""
        return ((part.number, part) for part in self.drawing.parts(self.sequences))

    def draw(self, number: int, part: SequencePart, /) -> tuple[pd.DataFrame, None]:
        """Return the rows of a part; there are no figures."""
        return to_rows(self.container.restore(self.drawing.draw(part)), self.container, part.first), None

    @property
    def storages(self) -> Mapping[Hashable, Storage]:
        """How the cells of each column are stored."""
        statics = self.drawing.statics
        schemas = [statics.encoder.schema, self.drawing.codec.encoder.table.schema]
        schemas += [] if statics.keys is None else [statics.keys.schema]
        return {column.name: column.storage for schema in schemas for column in schema}
