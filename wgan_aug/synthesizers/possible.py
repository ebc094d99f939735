"""Which conditions no drawn row can meet: values that a column does not have, and ranges beyond its own."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.codes import ColumnCodes
from wgan_aug.encoding.fixed import ConstantEncoder
from wgan_aug.encoding.levels import LevelEncoder
from wgan_aug.encoding.numeric import NumericEncoder
from wgan_aug.encoding.table import TableEncoder
from wgan_aug.errors import InvalidDataError, did_you_mean
from wgan_aug.synthesizers.conditions import holds, is_missing, members_of

__all__ = ["why_impossible"]

_SHOWN = 8  # values that an error names
_BEYOND = 1e9  # a code above all


def why_impossible(encoder: TableEncoder, conditions: Mapping[Hashable, Any]) -> list[str]:
    """Say of each condition that a column's own values rule out what the column has.

    Columns that follow from others are not looked at.

    Args:
        encoder: of the columns.
        conditions: by column, see `which_hold`.

    Raises:
        InvalidDataError: for ranges that cannot be compared with the values of a column.

    Examples:
        >>> from wgan_aug.schema.inference import infer_schema
        >>> frame = pd.DataFrame({"label": ["a", "b"] * 9})
        >>> why_impossible(TableEncoder(infer_schema(frame)).fit(frame), {"label": "c"})
        ["conditions asks for 'label': 'c'; its values are 'a', 'b'."]
    """
    problems: list[str] = []
    names = encoder.schema.names
    for name, wanted in conditions.items():
        own = encoder.encoders[names.index(name)]
        if isinstance(own, NumericEncoder) and own.curve is not None:
            if own.column.storage == "text":
                continue  # dates that need not stand in order as text
            ends = _ends(own)
            if not any(_overlaps(ends, name, member, own.has_missing) for member in members_of(wanted)):
                has = " to ".join(repr(cell) for cell in ends.tolist())
                problems.append(f"conditions asks for {name!r}: {wanted!r}; its values are {has}{_or_missing(own)}.")
        elif isinstance(own, (NumericEncoder, LevelEncoder, ConstantEncoder)):
            cells = _cells(own)
            if not holds(cells, name, wanted).any():
                present = cells[~cells.isna()].tolist()
                more = f" and {len(present) - _SHOWN} more" if len(present) > _SHOWN else ""
                has = f"{', '.join(map(repr, present[:_SHOWN])) or 'missing'}{more}{_or_missing(own)}"
                hint = did_you_mean(wanted, present) if isinstance(wanted, str) else ""
                problems.append(f"conditions asks for {name!r}: {wanted!r}; its values are {has}.{hint}")
    return problems


def _or_missing(encoder: Any) -> str:
    return ", or missing" if getattr(encoder, "has_missing", False) else ""


def _cells(encoder: NumericEncoder | LevelEncoder | ConstantEncoder) -> pd.Series:
    """Return all values of a column, and a missing one where it has that."""
    if isinstance(encoder, LevelEncoder):  # states are not enough: pools are many levels in one
        return encoder.every_level()[0]
    states = np.arange(max(1, encoder.states))
    return encoder.decode(ColumnCodes(states), range(len(states)), np.random.default_rng(0))


def _ends(encoder: NumericEncoder) -> pd.Series:
    """Return the smallest and the largest cell."""
    states = np.arange(max(1, encoder.states - encoder.has_missing))
    codes = [ColumnCodes(states, np.full(len(states), code)) for code in (-_BEYOND, _BEYOND)]
    cells = pd.concat([encoder.decode(c, range(len(states)), np.random.default_rng(0)) for c in codes])
    return pd.Series([cells.min(), cells.max()]).astype(cells.dtype)


def _overlaps(ends: pd.Series, name: Hashable, wanted: Any, has_missing: bool) -> bool:
    """Say whether a value or range is, or reaches, between the ends."""
    if is_missing(wanted):
        return has_missing
    if isinstance(wanted, tuple):
        low, high = wanted
        return bool(holds(ends, name, (low, None))[1] and holds(ends, name, (None, high))[0])
    try:
        return _overlaps(ends, name, (wanted, wanted), has_missing)
    except InvalidDataError:  # text among numbers
        return False
