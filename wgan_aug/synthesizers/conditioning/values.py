"""The values that columns have, and how often: what conditions are drawn from where they leave a choice."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.codes import ColumnCodes
from wgan_aug.encoding.dependents import DeterminedEncoder, MemberEncoder
from wgan_aug.encoding.fixed import ConstantEncoder
from wgan_aug.encoding.levels import LevelEncoder
from wgan_aug.encoding.numeric import NumericEncoder
from wgan_aug.encoding.ruled import RuledEncoder, inner_of
from wgan_aug.encoding.table import TableEncoder
from wgan_aug.errors import InvalidDataError
from wgan_aug.synthesizers.conditions import holds, is_missing, members_of

__all__ = ["GRID", "Values", "find_values", "levels_of", "middles", "restrict", "root_of"]

GRID = 4096  # numbers that stand for all of a column, evenly by code
FINE = 2**18  # of those, where a range falls between two


@dataclasses.dataclass(frozen=True)
class Values:
    """Values of a column, and of those that follow from it.

    Args:
        cells: the cell of each value, by position of the column, shape (values,).
        weights: the share of training rows that each stands for, shape (values,).
        codes: the code of those that are numbers between others, nan elsewhere, shape (values,).
        states: the state of each, int64, shape (values,); 0 where the column has none.
        step: how far the codes of neighbouring numbers are apart.
    """

    cells: dict[int, pd.Series]
    weights: np.ndarray
    codes: np.ndarray
    states: np.ndarray
    step: float = 1 / GRID

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def mass(self) -> float:
        """The share of training rows that have one of the values."""
        return float(self.weights.sum())

    def take(self, index: np.ndarray) -> Values:
        """Return some values, by number or by a mask."""
        cells = {p: cells.iloc[index].reset_index(drop=True) for p, cells in self.cells.items()}
        return Values(cells, self.weights[index], self.codes[index], self.states[index], self.step)

    def draw(self, rows: int, rng: np.random.Generator) -> dict[int, pd.Series]:
        """Return cells by position, drawn by weight; all alike where nothing has any."""
        weights = self.weights if self.mass > 0 else np.ones(len(self))
        index = rng.choice(len(self), rows, p=weights / weights.sum())
        return {p: cells.iloc[index].reset_index(drop=True) for p, cells in self.cells.items()}


def root_of(encoder: TableEncoder, position: int) -> int:
    """Return the position of the column whose values say those of a column, itself where none does."""
    own = encoder.encoders[position]
    if isinstance(own, DeterminedEncoder):
        return root_of(encoder, own.parent)
    return own.members[0] if isinstance(own, MemberEncoder) else position


def find_values(encoder: TableEncoder, root: int, codes: np.ndarray) -> Values | None:
    """Return the values of a column by which others follow; None for sums, and where codes are no ranks.

    Args:
        encoder: of the table.
        root: the column's position, see `root_of`.
        codes: ranks of the numbers to take, increasing; each stands for as much as the others.
    """
    own = encoder.encoders[root]
    if isinstance(own, MemberEncoder):
        set_ = np.arange(len(own.members))
        pairs = enumerate(zip(own.members, own.keys, strict=True))
        cells = {member: keys.cells((set_ == i).astype(np.int64)) for i, (member, keys) in pairs}
        values = Values(cells, _shares(encoder, root), np.full(len(set_), np.nan), set_)
    else:
        plain = _plain_values(encoder, own, codes, _shares(encoder, root))
        if plain is None:
            return None
        values = Values({root: plain[0]}, *plain[1:], step=codes[1] - codes[0])
    _add_determined(encoder, values)
    return values


def levels_of(encoder: TableEncoder, name: Hashable) -> list[Any] | None:
    """Return the distinct values of a column, but for missing; None where there may be others between them."""
    position = encoder.schema.names.index(name)
    own = encoder.encoders[position]
    if isinstance(own, DeterminedEncoder):
        return own.own.cells(np.unique(own.table)).dropna().tolist()
    found = find_values(encoder, root_of(encoder, position), middles(GRID))
    if found is None or not np.isnan(found.codes).all():
        return None
    return found.cells[position].dropna().unique().tolist()


def _add_determined(encoder: TableEncoder, values: Values) -> None:
    """Write what follows from the cells beside them, children after parents."""
    for _ in encoder.encoders:
        new = {
            p: own.own.cells(own.said_by(values.cells[own.parent]))
            for p, own in enumerate(encoder.encoders)
            if isinstance(own, DeterminedEncoder) and own.parent in values.cells and p not in values.cells
        }
        if not new:
            return
        values.cells.update(new)


_Plain = tuple[pd.Series, np.ndarray, np.ndarray, np.ndarray]  # cells, weights, codes, states


def _shares(encoder: TableEncoder, position: int) -> np.ndarray:
    """Return the training share of each state of a column, shape (states,)."""
    before = sum(own.states for own in encoder.encoders[:position])
    return encoder.layout.frequencies[before : before + encoder.encoders[position].states]


def _plain_values(encoder: TableEncoder, own: Any, codes: np.ndarray, shares: np.ndarray) -> _Plain | None:
    """Return one column's values."""
    if isinstance(own, ConstantEncoder):
        cells = own.decode(ColumnCodes(), range(1), np.random.default_rng(0))
        return cells, np.ones(1), np.full(1, np.nan), np.zeros(1, dtype=np.int64)
    if isinstance(own, LevelEncoder):
        return _level_values(own, shares)
    if isinstance(own, NumericEncoder):
        return _numeric_values(own, codes, shares)
    return _ruled_values(encoder, own, codes, shares) if isinstance(own, RuledEncoder) else None


def _ruled_values(encoder: TableEncoder, own: RuledEncoder, codes: np.ndarray, shares: np.ndarray) -> _Plain | None:
    """Return the values of rows that are not ruled, and the one of those that are."""
    ruling = find_values(encoder, root_of(encoder, own.parent), middles(GRID))
    if ruling is None or own.parent not in ruling.cells:
        return None
    share = float(ruling.weights[own.ruled(ruling.cells[own.parent])].sum() / ruling.mass)
    free = shares[:-1] / shares[:-1].sum() if own.states else np.ones(own.inner.states)
    inner = _plain_values(encoder, own.inner, codes, free)
    if inner is None:
        return None
    cells = pd.concat([inner[0], own.own.cells(np.array([own.key]))], ignore_index=True)
    weights, codes = np.append(inner[1] * (1 - share), share), np.append(inner[2], np.nan)
    return cells, weights, codes, np.append(inner[3], max(0, own.states - 1))


def _level_values(own: LevelEncoder, shares: np.ndarray) -> _Plain:
    """Return every level: pools are taken apart."""
    cells, states = own.every_level()
    missing = shares[own.states - 1 :] if own.has_missing else np.empty(0)
    weights = np.append(own.counts / own.counts.sum() * (1 - missing.sum()), missing)
    return cells, weights, np.full(len(weights), np.nan), states


def _numeric_values(own: NumericEncoder, codes: np.ndarray, shares: np.ndarray) -> _Plain | None:
    """Return atoms, missing, and the numbers with some codes."""
    if own.curve is not None and not own.normal:
        return None
    curved = own.curve is not None
    shares = shares if len(shares) else np.ones(1)
    others = np.arange(curved, len(shares))
    numbers = codes if curved else codes[:0]
    states = np.concatenate([others, np.zeros(len(numbers), dtype=np.int64)])
    low = np.concatenate([np.full(len(others), 0.5), numbers])
    cells = own.decode(ColumnCodes(states, low), range(len(states)), np.random.default_rng(0))
    weights = np.concatenate([shares[others], np.full(len(numbers), shares[0] / max(1, len(numbers)))])
    return cells, weights, np.concatenate([np.full(len(others), np.nan), numbers]), states


def middles(parts: int, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """Return codes in the middle of so many equal parts between two."""
    return low + (np.arange(parts) + 0.5) / parts * (high - low)


def restrict(encoder: TableEncoder, root: int, conditions: Mapping[Hashable, Any]) -> Values | None:
    """Return the values of a column in which conditions on it, and on those that follow from it, hold.

    Args:
        encoder: of the table.
        root: the column's position.
        conditions: by name of the column, see `which_hold`.

    Returns:
        the values, none where there are none; None where conditions cannot be looked up, as on sums.
    """
    found = _holding(encoder, root, conditions, middles(GRID))
    if found is None:
        return _named(encoder, root, conditions)
    inside = found.codes[~np.isnan(found.codes)]
    if not len(found) and isinstance(encoder.encoders[root], (NumericEncoder, RuledEncoder)):
        found = _holding(encoder, root, conditions, middles(FINE))
    elif 0 < len(inside) < GRID:
        step = 1 / GRID
        low, high = max(0.0, inside.min() - step), min(1.0, inside.max() + step)
        fine = _holding(encoder, root, conditions, middles(GRID, low, high))
        assert fine is not None
        between = ~np.isnan(fine.codes)
        weights = np.where(between, fine.weights * (high - low), fine.weights)
        found = dataclasses.replace(fine, weights=weights)
    assert found is not None
    return found if len(found) else _named(encoder, root, conditions) or found


def _holding(encoder: TableEncoder, root: int, conditions: Mapping[Hashable, Any], codes: np.ndarray) -> Values | None:
    values = find_values(encoder, root, codes)
    return None if values is None else values.take(_meets(encoder, values, conditions))


def _meets(encoder: TableEncoder, values: Values, conditions: Mapping[Hashable, Any]) -> np.ndarray:
    names = encoder.schema.names
    fine = np.ones(len(values), dtype=bool)
    for name, wanted in conditions.items():
        fine &= holds(values.cells[names.index(name)], name, wanted)
    return fine


def _named(encoder: TableEncoder, root: int, conditions: Mapping[Hashable, Any]) -> Values | None:
    """Return the numbers that a condition names, which may lie between those seen; None where it names ranges."""
    own, name = encoder.encoders[root], encoder.schema.names[root]
    inner = inner_of(own)
    asked = [_point(member) for member in members_of(conditions.get(name, (None, None)))]
    if not isinstance(inner, NumericEncoder) or inner.curve is None or any(isinstance(m, tuple) for m in asked):
        return None
    try:
        cells = pd.Series([m for m in asked if not is_missing(m)]).astype(own.column.dtype)
    except (TypeError, ValueError) as error:
        raise InvalidDataError(f"The condition on {name!r} is {conditions[name]!r}: {error}.") from error
    nothing = np.zeros(len(cells))
    values = Values({root: cells}, nothing, nothing + np.nan, nothing.astype(np.int64))
    _add_determined(encoder, values)
    return values.take(_meets(encoder, values, conditions))


def _point(member: Any) -> Any:
    """Return the value of a range that is a single one."""
    return member[0] if isinstance(member, tuple) and member[0] == member[1] and member[0] is not None else member
