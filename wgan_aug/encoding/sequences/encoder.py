"""Sequences to arrays of states and numbers by step, and back: `TableEncoder` over all steps, and a clock."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.sequences.clock import Clock
from wgan_aug.encoding.sequences.frames import Sequences, column_of
from wgan_aug.encoding.sequences.paths import code_numbers, fill_paths
from wgan_aug.encoding.table import EncodedTable, TableEncoder
from wgan_aug.errors import DataWarning, InvalidDataError
from wgan_aug.schema.inference import Overrides, infer_schema
from wgan_aug.schema.layout import TableLayout
from wgan_aug.schema.values import JSON, dtype_from_json, dtype_to_json, value_from_json, value_to_json

__all__ = ["EncodedSequences", "SequenceEncoder"]

_START, _STEPS, _INCREMENT = "sequence start", "sequence steps", "time increment"


@dataclasses.dataclass
class EncodedSequences:
    """The codes of sequences, all filled up to the same number of steps by their last one.

    Args:
        states: the state of each block, int64, shape (sequences, steps, blocks).
        numbers: the middle of each number's interval, float64, shape (sequences, steps, scalars). Where a number is
            absent it is continuous in time all the same: the number of a repeated value, or the line between the
            neighbours.
        lengths: steps of each sequence, int64, shape (sequences,).
    """

    states: np.ndarray
    numbers: np.ndarray
    lengths: np.ndarray

    def __len__(self) -> int:
        return len(self.lengths)

    def take(self, index: np.ndarray) -> EncodedSequences:
        """Return some sequences, by number or by a mask."""
        return EncodedSequences(self.states[index], self.numbers[index], self.lengths[index])

    def put(self, places: np.ndarray, others: EncodedSequences) -> None:
        """Put other sequences in places, one in each."""
        self.states[places], self.numbers[places], self.lengths[places] = others.states, others.numbers, others.lengths

    @property
    def mask(self) -> np.ndarray:
        """Which steps are a sequence's own, bool, shape (sequences, steps)."""
        return np.arange(self.states.shape[1]) < self.lengths[:, None]


class SequenceEncoder:
    """Encode the steps of sequences; what never varies within one is left to the table of statics.

    Args:
        index: the column of times among the steps, None for none.
        schema: kinds of columns of the steps, as for a table.
        categorical: columns of the steps to take as categories.
        numeric_encoding: the curve of all numeric columns, or a dict by column; `"auto"` and what a dict leaves out are
            `"affine"`, which keeps smooth paths smooth.
        relations: find exact rules between the columns of a step and keep them. Not sums with a narrow rest: the axes
            of `Whitening` tell nearly equal columns apart as well, and keep their paths.

    Examples:
        >>> steps = pd.DataFrame({"t": [0, 1, 2, 4, 5], "x": [0.1, 0.7, 0.2, 0.5, 0.4]})
        >>> sequences = Sequences(pd.DataFrame({"label": ["a", "b"]}), steps, np.array([3, 2]))
        >>> encoder = SequenceEncoder(index="t").fit(sequences)
        >>> statics = encoder.statics(sequences)
        >>> list(statics), encoder.layout.n_scalars, encoder.max_steps
        (['label', 'sequence start', 'sequence steps'], 1, 3)
        >>> back = encoder.inverse_transform(encoder.transform(sequences), statics)
        >>> back.steps.equals(steps), back.statics.equals(sequences.statics)
        (True, True)
    """

    table: TableEncoder
    clock: Clock | None
    max_steps: int
    ragged: bool
    means: np.ndarray
    _columns: pd.Index
    _names: dict[str, str]

    def __init__(
        self,
        *,
        index: Hashable | None = None,
        schema: Overrides | None = None,
        categorical: Iterable[Hashable] = (),
        numeric_encoding: str | Mapping[Hashable, str] = "affine",
        relations: bool = True,
    ) -> None:
        self.index = index
        self.schema, self.categorical = schema, categorical
        self.numeric_encoding, self.relations = numeric_encoding, relations

    def fit(self, sequences: Sequences) -> SequenceEncoder:
        """Learn the clock, the columns of a step, and how long sequences are.

        Where windows share steps, each step is learned from once.

        Raises:
            InvalidDataError: for times that are none, or steps with nothing to learn.
        """
        self.max_steps = int(sequences.lengths.max())
        self.ragged = bool((sequences.lengths != self.max_steps).any())
        self._columns = sequences.steps.columns
        self._names = _free_names([*sequences.statics.columns, *self._columns])
        self.clock = (
            None if self.index is None else Clock.fit(column_of(sequences.steps, self.index), sequences.lengths)
        )
        frame, _ = self.rows(sequences)
        schema = infer_schema(frame, self.schema, self.categorical)
        self.table = TableEncoder(schema, self._curves(frame), relations=self.relations, narrow_sums=False).fit(frame)
        if self.layout.n_features == 0:
            kinds = ", ".join(f"{c.name!r}: {c.kind}" for c in schema)
            raise InvalidDataError(
                f"There is nothing to learn in the steps of the sequences: every column is constant, missing or an "
                f"identifier ({kinds or 'there is none'})."
            )
        numbers = code_numbers(self.table, frame, self.table.transform(frame))
        known = ~np.isnan(numbers)
        self.means = np.where(known, numbers, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        return self

    @property
    def layout(self) -> TableLayout:
        """The layout of one step."""
        return self.table.layout

    @property
    def columns(self) -> list[Hashable]:
        """The columns of a step that were fitted, in order; the index is one of them."""
        return list(self._columns)

    def _curves(self, frame: pd.DataFrame) -> dict[Hashable, str]:
        given = self.numeric_encoding
        named = given if isinstance(given, Mapping) else dict.fromkeys(frame.columns, given)
        choices = {name: named.get(name, "auto") for name in frame.columns}
        return {name: "affine" if choice == "auto" else choice for name, choice in choices.items()}

    def rows(self, sequences: Sequences) -> tuple[pd.DataFrame, np.ndarray]:
        """Return the steps as the table encoder sees them, each once, and which row is each step's."""
        frame = _without(sequences.steps, self.index)
        if self.clock is not None and self.clock.irregular:
            times = column_of(sequences.steps, self.index)
            frame = frame.assign(**{self._names[_INCREMENT]: self.clock.increments(times, sequences.lengths)})
        if sequences.source is None:
            return frame, np.arange(len(frame))
        _, first, row = np.unique(sequences.source, return_index=True, return_inverse=True)
        return frame.iloc[first].reset_index(drop=True), row

    def statics(self, sequences: Sequences) -> pd.DataFrame:
        """Return the statics with columns for what else is said once a sequence.

        Returns:
            the user's columns; then the first time, where it varies; then the number of steps, where it varies. Names
            of these two are free among the fitted columns.
        """
        frame = sequences.statics.copy()
        if self.clock is not None and self.clock.start_varies:
            start = column_of(sequences.steps, self.index).iloc[sequences.starts]
            frame[self._names[_START]] = start.reset_index(drop=True)
        if self.ragged:
            frame[self._names[_STEPS]] = sequences.lengths
        return frame

    @property
    def internal(self) -> list[str]:
        """The names of the columns that `statics` adds."""
        start = [_START] if self.clock is not None and self.clock.start_varies else []
        return [self._names[name] for name in start + [_STEPS] * self.ragged]

    def lengths(self, statics: pd.DataFrame) -> np.ndarray:
        """Return how many steps each row of `statics` asks for, int64, from 1 to the most that were fitted."""
        if not self.ragged:
            return np.full(len(statics), self.max_steps, dtype=np.int64)
        return column_of(statics, self._names[_STEPS]).to_numpy(dtype=np.int64).clip(1, self.max_steps)

    def transform(self, sequences: Sequences) -> EncodedSequences:
        """Encode sequences.

        Returns:
            The codes, filled up to `max_steps`; a `DataWarning` names columns with values never seen, as for tables,
            and times that do not run as the fitted ones.

        Raises:
            InvalidDataError: for a sequence that is longer than the longest fitted one, or cells of another type.
        """
        most = int(sequences.lengths.max(initial=0))
        if most > self.max_steps:
            raise InvalidDataError(
                f"A sequence has {most} steps, and the longest fitted one has {self.max_steps}; cut it into shorter "
                "ones."
            )
        if self.clock is not None and not self.clock.keeps(column_of(sequences.steps, self.index), sequences.lengths):
            warnings.warn(
                f"The times in {self.index!r} do not run as the fitted ones, and are taken as if they did.",
                DataWarning,
                stacklevel=2,
            )
        frame, row = self.rows(sequences)
        encoded = self.table.transform(frame)
        numbers = code_numbers(self.table, frame, encoded)
        place = np.minimum(np.arange(self.max_steps), sequences.lengths[:, None] - 1) + sequences.starts[:, None]
        steps = row[place]
        return EncodedSequences(encoded.states[steps], fill_paths(numbers[steps], self.means), sequences.lengths)

    def inverse_transform(
        self,
        encoded: EncodedSequences,
        statics: pd.DataFrame,
        rng: np.random.Generator | None = None,
        first_row: int = 0,
    ) -> Sequences:
        """Decode sequences.

        Args:
            encoded: the codes; steps beyond a sequence's length are left out.
            statics: a row for each, with the columns that `statics` gives.
            rng: draws the members of pooled levels; a fixed one where None.
            first_row: the number of the first step, for identifiers that stay unique over several calls.

        Returns:
            sequences with the fitted columns, order and dtypes; the times of each increase.
        """
        mask = encoded.mask
        numbers = encoded.numbers[mask]
        steps = self.table.inverse_transform(EncodedTable(encoded.states[mask], numbers, numbers), rng, first_row)
        if self.clock is not None:
            steps = self._with_times(steps, statics, encoded.lengths)
        internal = self.internal
        own = [name not in internal for name in statics.columns]
        return Sequences(statics.loc[:, own].reset_index(drop=True), steps, encoded.lengths)

    def _with_times(self, steps: pd.DataFrame, statics: pd.DataFrame, lengths: np.ndarray) -> pd.DataFrame:
        """Return steps with the index in its place, and without the increments."""
        assert self.clock is not None
        increments = None
        if self.clock.irregular:
            increments = column_of(steps, self._names[_INCREMENT]).to_numpy()
        start = column_of(statics, self._names[_START]) if self.clock.start_varies else None
        times = self.clock.times(start, lengths, increments)
        rest = iter([steps.iloc[:, place] for place in range(steps.shape[1])])
        cells = [times if name == self.index else next(rest) for name in self._columns]
        out = pd.concat(cells, axis=1, keys=range(len(cells)))
        out.columns = self._columns
        return out

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return a nested object of JSON and arrays that `from_json` reads back."""
        return {
            "index": value_to_json(self.index),
            "table": self.table.to_json(),
            "clock": None if self.clock is None else self.clock.to_json(),
            "max_steps": self.max_steps,
            "ragged": self.ragged,
            "means": self.means,
            "columns": [value_to_json(name) for name in self._columns],
            "label": [dtype_to_json(self._columns.dtype), value_to_json(self._columns.name)],
            "names": self._names,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> SequenceEncoder:
        """Read what `to_json` wrote."""
        encoder = cls(index=value_from_json(data["index"]))
        encoder.table = TableEncoder.from_json(data["table"])
        encoder.relations = encoder.table.relations
        encoder.clock = None if data["clock"] is None else Clock.from_json(data["clock"])
        encoder.max_steps, encoder.ragged, encoder.means = data["max_steps"], data["ragged"], data["means"]
        names: list[Any] = [value_from_json(name) for name in data["columns"]]
        dtype, name = data["label"]
        encoder._columns = pd.Index(
            names, dtype=dtype_from_json(dtype), name=value_from_json(name), tupleize_cols=False
        )
        encoder._names = dict(data["names"])
        return encoder


def _without(frame: pd.DataFrame, name: Hashable | None) -> pd.DataFrame:
    return frame if name is None else frame.loc[:, [column != name for column in frame.columns]]


def _free_names(taken: list[Hashable]) -> dict[str, str]:
    """Return a name that no column has for each internal one."""
    names: dict[str, str] = {}
    for name in (_START, _STEPS, _INCREMENT):
        names[name] = name
        while names[name] in taken:
            names[name] += "_"
    return names
