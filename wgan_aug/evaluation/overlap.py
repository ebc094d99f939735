"""Rows that are exact copies of training rows: synthetic ones, and hold-out ones, which then were not held out."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pandas as pd

from wgan_aug.errors import DataWarning
from wgan_aug.evaluation.frames import Tables

__all__ = ["Copies", "find_copies", "warn_of_overlap"]


@dataclasses.dataclass(frozen=True)
class Copies:
    """How many rows equal a training row in every column that is judged.

    Args:
        copies: share of synthetic rows that do, minus that share of the hold-out rows; None without a hold-out.
        copied: share of synthetic rows.
        copied_holdout: share of hold-out rows; None without a hold-out.
        overlap: number of hold-out rows; None without a hold-out.
    """

    copies: float | None
    copied: float
    copied_holdout: float | None
    overlap: int | None


def find_copies(tables: Tables) -> Copies:
    """Count, by 64-bit hashes of whole rows, synthetic and hold-out rows that equal a training row.

    Args:
        tables: the aligned frames, of which all rows are looked at.

    Examples:
        >>> from wgan_aug.evaluation.frames import align
        >>> real, rest = pd.DataFrame({"x": [1.0, 2.0]}), pd.DataFrame({"x": [3.0, 1.0]})
        >>> find_copies(align(real, real, holdout=rest))
        Copies(copies=0.5, copied=1.0, copied_holdout=0.5, overlap=1)
    """
    real = _hashes(tables, tables.real)
    copied = float(np.isin(_hashes(tables, tables.synthetic), real).mean())
    if tables.holdout is None:
        return Copies(None, copied, None, None)
    held = np.isin(_hashes(tables, tables.holdout), real)
    return Copies(copied - float(held.mean()), copied, float(held.mean()), int(held.sum()))


def warn_of_overlap(tables: Tables, overlap: int | None) -> None:
    """Warn where a hold-out has more training rows than tables of few distinct rows have by chance.

    Args:
        tables: the aligned frames.
        overlap: hold-out rows that equal a training row; None without a hold-out.

    Warns:
        DataWarning: where it exceeds, by three standard deviations, what the share of training rows that have a twin
            among themselves leads to expect.
    """
    if not overlap or tables.holdout is None:
        return
    rows = len(tables.holdout)
    twins = float(pd.Index(_hashes(tables, tables.real)).duplicated(keep=False).mean())
    expected = twins * rows
    if overlap > expected + 3 * np.sqrt(expected):
        warnings.warn(
            f"{overlap} of the {rows} hold-out rows ({overlap / rows:.1%}) equal a training row, where "
            f"{twins:.1%} of the training rows have a twin among themselves: the hold-out overlaps the training rows. "
            "Give rows that were not learned from; until then the figures that use the hold-out say too little.",
            DataWarning,
            stacklevel=3,
        )


def _hashes(tables: Tables, frame: pd.DataFrame) -> np.ndarray:
    """Return one 64-bit hash a row, shape (rows,); 0 and -0 are the same, in older versions of pandas too."""
    numbers = {i: frame[name] + 0.0 for i, name in enumerate(tables.numeric)}
    levels = {i + len(numbers): frame[name] for i, name in enumerate(tables.categorical)}
    return pd.util.hash_pandas_object(pd.DataFrame(numbers | levels), index=False).to_numpy()
