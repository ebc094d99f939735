"""Series in commands: the options that make rows sequences, and samples of sequences as rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from wgan_aug.errors import InvalidParameterError, did_you_mean, join_problems

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from wgan_aug.synthesizers.sequences.containers import SequenceContainer

__all__ = ["Roles", "as_rows", "check_column"]


@dataclasses.dataclass(frozen=True)
class Roles:
    """The options that say which rows make a sequence; without any, rows are those of a table.

    Args:
        sequence_key: the column that says to which sequence a row belongs.
        sequence_index: the column that orders a sequence's rows.
        window: steps of a window.
        stride: steps between the beginnings of windows.
    """

    sequence_key: str | None = None
    sequence_index: str | None = None
    window: int | None = None
    stride: int | None = None

    @property
    def given(self) -> dict[str, Any]:
        """Those that were given, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}

    def check(self, refine: bool | None = None, filters: bool = False) -> None:
        """Refuse options that do not go together, before any work is done.

        Raises:
            InvalidParameterError: for all of them at once.
        """
        problems: list[str] = []
        if self.sequence_index is not None and self.sequence_key is None and self.window is None:
            problems.append(
                f"--sequence-index is {self.sequence_index!r}, without a --sequence-key or a --window: give "
                "--sequence-key for rows of many sequences, or --window for one long series."
            )
        if self.stride is not None and self.window is None:
            problems.append(f"--stride is {self.stride}, without a --window: it is the stride of windows.")
        if refine is not None and self.given:
            problems.append(f"--{'' if refine else 'no-'}refine is for tables: sequences are not refined.")
        if filters and self.given:
            problems.append("--constraint and --reject-copies are for tables: sequences are not filtered.")
        if problems:
            raise InvalidParameterError(join_problems(problems))

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return rows with key and index among the columns; in a parquet file they may be levels of the row index."""
        levels = [name for name in (self.sequence_key, self.sequence_index) if name in frame.index.names]
        return frame.reset_index() if any(name is not None and name not in frame for name in levels) else frame


def check_column(option: str, name: str | None, frame: pd.DataFrame) -> None:
    """Refuse the name of a column that is not there.

    Raises:
        InvalidParameterError: with the nearest name that is.
    """
    if name is not None and name not in frame:
        raise InvalidParameterError(
            f"{option} is {name!r}, which the data do not have.{did_you_mean(name, frame.columns)}"
        )


def as_rows(parts: Iterable[Any], container: SequenceContainer) -> Iterator[pd.DataFrame]:
    """Return parts of a sample of sequences as frames, one row a step, whatever the model was fitted on.

    Arrays get columns `sequence` and `step`, and labels that stood beside the sequences become a column.

    Args:
        parts: what `sample_parts` yields.
        container: what the model was fitted on.
    """
    import numpy as np

    first = 0
    for part in parts:
        data, labels = part if container.target is not None else (part, None)
        frame, owner = _read_frame(data) if container.kind == "frame" else _read_arrays(data, container, first)
        if labels is not None:
            frame[container.y] = np.asarray(labels)[owner - first]
        first += len(data) if container.kind != "frame" else 0
        yield frame


def _read_frame(data: Any) -> tuple[pd.DataFrame, np.ndarray]:
    """Return rows without a row index of their own, and the number of the sequence that its first level says."""
    import pandas as pd

    from wgan_aug.synthesizers.containers import to_frame

    frame = to_frame(data)[0]
    owner = pd.factorize(frame.index.get_level_values(0))[0]
    named = isinstance(frame.index, pd.MultiIndex) or frame.index.name is not None
    return (frame.reset_index() if named else frame), owner


def _read_arrays(data: Any, container: SequenceContainer, first: int) -> tuple[pd.DataFrame, np.ndarray]:
    import numpy as np
    import pandas as pd

    items = [item if container.layout == "ntc" else item.T for item in data]
    lengths = np.array([len(item) for item in items], dtype=np.int64)
    cells = np.concatenate(items) if items else np.empty((0, len(container.columns)))
    owner = first + np.repeat(np.arange(len(items)), lengths)
    step = np.arange(len(cells)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    frame = pd.DataFrame(cells, columns=pd.Index(container.columns))
    frame.insert(0, "sequence", owner)
    frame.insert(1, "step", step)
    return frame, owner
