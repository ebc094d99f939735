"""Containers of sequences: what came in is remembered, and what goes out is made like it."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping
from typing import Any, Literal

import narwhals as nw
import numpy as np
import pandas as pd

from wgan_aug.encoding.sequences.frames import Sequences, column_of
from wgan_aug.schema.values import JSON, dtype_from_json, dtype_to_json, value_from_json, value_to_json
from wgan_aug.synthesizers.containers import Container
from wgan_aug.synthesizers.sequences.keys import KeyCodec

__all__ = ["Labels", "SequenceContainer"]


@dataclasses.dataclass(frozen=True)
class Labels:
    """A column index, or the names of one.

    Args:
        names: the labels, in order.
        level_names: the name of each level; a plain index has one.
        dtype: of a plain index; None for a `MultiIndex`.
    """

    names: tuple[Hashable, ...]
    level_names: tuple[Hashable, ...]
    dtype: Any

    @classmethod
    def of(cls, index: pd.Index) -> Labels:
        """Remember an index."""
        return cls(tuple(index), tuple(index.names), None if isinstance(index, pd.MultiIndex) else index.dtype)

    @property
    def index(self) -> pd.Index:
        """The index."""
        if self.dtype is None:
            return pd.MultiIndex.from_tuples(self.names, names=self.level_names)  # type: ignore[arg-type]
        return pd.Index(self.names, dtype=self.dtype, name=self.level_names[0], tupleize_cols=False)

    def to_json(self) -> dict[str, JSON]:
        """Return what `from_json` reads back."""
        return {
            "names": [value_to_json(name) for name in self.names],
            "level_names": [value_to_json(name) for name in self.level_names],
            "dtype": None if self.dtype is None else dtype_to_json(self.dtype),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Labels:
        """Read what `to_json` wrote."""
        names, levels = ([value_from_json(name) for name in data[part]] for part in ("names", "level_names"))
        return cls(tuple(names), tuple(levels), None if data["dtype"] is None else dtype_from_json(data["dtype"]))


@dataclasses.dataclass(frozen=True)
class SequenceContainer:
    """What sequences came in.

    Args:
        kind: a long frame (or one long series), a 3-D array, or a list of 2-D arrays.
        rows: the container of the rows of all sequences.
        columns: the columns of the rows under the names that `Sequences` has, in order.
        labels: the same columns as they were labelled; None for arrays.
        key: the name of the sequence key, first among the statics; None where there is none.
        index: the name of the time index among the steps; None where there is none.
        y: the name of y, last among the statics; None where it was not given.
        levels: the columns that were levels of the row index, and the levels' names.
        keys: reads and writes keys.
        target: the container of y where it stands beside the sequences.
        y_label: the name that y came under.
        layout: the axes of arrays: `"nct"` for (n, channels, time), `"ntc"` for (n, time, channels).
        steps: steps of a sequence where all have the same number.
    """

    kind: Literal["frame", "array", "list"]
    rows: Container
    columns: tuple[Hashable, ...]
    labels: Labels | None = None
    key: Hashable | None = None
    index: Hashable | None = None
    y: Hashable | None = None
    levels: tuple[tuple[Hashable, Hashable], ...] = ()
    keys: KeyCodec = dataclasses.field(default_factory=KeyCodec)
    target: Container | None = None
    y_label: Hashable | None = None
    layout: str = "nct"
    steps: int | None = None

    def restore(self, sequences: Sequences) -> Any:
        """Turn sequences into the container that came in.

        Returns:
            a long frame with the columns, order and dtypes that came, sequence after sequence; or arrays of the layout
            that came. Where y stands beside them (arrays, and frames whose row index says the sequence), a pair of
            them and y, one a sequence.
        """
        frame = self._rows(sequences)
        whole = self._frame(frame) if self.kind == "frame" else self._arrays(frame, sequences.lengths)
        return whole if self.target is None else (whole, self._y(sequences.statics))

    def _rows(self, sequences: Sequences) -> pd.DataFrame:
        """Return the rows of all sequences, with the statics repeated."""
        statics, owner = sequences.statics, sequences.owner
        cells: dict[Hashable, pd.Series] = {
            name: sequences.steps.iloc[:, place] for place, name in enumerate(sequences.steps.columns)
        }
        for place, name in enumerate(statics.columns):
            if name in self.columns:
                column = statics.iloc[:, place]
                column = self.keys.write(column) if name == self.key else column
                cells[name] = column.iloc[owner].reset_index(drop=True)
        frame = pd.concat([cells[name] for name in self.columns], axis=1, keys=range(len(self.columns)))
        frame.columns = pd.Index(self.columns, dtype=object, tupleize_cols=False)
        return frame

    def _frame(self, frame: pd.DataFrame) -> Any:
        names = [name for name, _ in self.levels]
        levels = [frame.iloc[:, self.columns.index(name)] for name in names]
        frame = frame.loc[:, [name not in names for name in self.columns]]
        assert self.labels is not None
        frame.columns = self.labels.index
        if len(levels) == 1:
            frame.index = pd.Index(levels[0], name=self.levels[0][1])
        elif levels:
            frame.index = pd.MultiIndex.from_arrays(levels, names=[name for _, name in self.levels])
        return self.rows.restore(frame)

    def _arrays(self, frame: pd.DataFrame, lengths: np.ndarray) -> Any:
        flat: np.ndarray = self.rows.restore(frame)
        if self.kind == "array":
            cube = flat.reshape(len(lengths), self.steps or 0, flat.shape[1])
            return cube if self.layout == "ntc" else np.ascontiguousarray(cube.transpose(0, 2, 1))
        items = np.split(flat, np.cumsum(lengths)[:-1]) if len(lengths) else []
        return items if self.layout == "ntc" else [np.ascontiguousarray(item.T) for item in items]

    def _y(self, statics: pd.DataFrame) -> Any:
        assert self.target is not None
        column = column_of(statics, self.y)
        if self.target.kind == "numpy":
            return column.to_numpy(dtype=np.dtype(self.target.dtype))
        if self.target.kind == "pandas":
            return column.rename(self.y_label)  # type: ignore[arg-type]
        narrow = nw.from_native(self.target.restore(column.to_frame()), eager_only=True)
        return narrow.get_column(narrow.columns[0]).to_native()

    def to_json(self) -> dict[str, JSON]:
        """Return what `from_json` reads back."""
        return {
            "kind": self.kind,
            "rows": self.rows.to_json(),
            "columns": [value_to_json(name) for name in self.columns],
            "labels": None if self.labels is None else self.labels.to_json(),
            "roles": [value_to_json(name) for name in (self.key, self.index, self.y, self.y_label)],
            "levels": [[value_to_json(name) for name in pair] for pair in self.levels],
            "keys": self.keys.to_json(),
            "target": None if self.target is None else self.target.to_json(),
            "layout": self.layout,
            "steps": self.steps,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> SequenceContainer:
        """Read what `to_json` wrote."""
        key, index, y, y_label = (value_from_json(name) for name in data["roles"])
        return cls(
            data["kind"],
            Container.from_json(data["rows"]),
            tuple(value_from_json(name) for name in data["columns"]),
            None if data["labels"] is None else Labels.from_json(data["labels"]),
            key,
            index,
            y,
            tuple((value_from_json(name), value_from_json(level)) for name, level in data["levels"]),
            KeyCodec.from_json(data["keys"]),
            None if data["target"] is None else Container.from_json(data["target"]),
            y_label,
            data["layout"],
            data["steps"],
        )
