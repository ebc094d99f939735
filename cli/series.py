"""Series in commands: the options that make rows sequences, and samples of sequences as rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from wgan_aug.errors import InvalidParameterError, did_you_mean, join_problems

if TYPE_CHECKING:
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

    def check(self, filters: bool = False) -> None:
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
    from wgan_aug.synthesizers.sequences.flat import to_rows

    first = 0
    for part in parts:
        frame = to_rows(part, container, first)
        first += 0 if container.kind == "frame" else len(part if container.target is None else part[0])
        yield frame
