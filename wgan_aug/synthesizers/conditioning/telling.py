"""What networks are told of rows of which some cells are known: units, and states that these cells rule out."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.codes import ColumnCodes
from wgan_aug.encoding.dependents import DependentEncoder, DeterminedEncoder, MemberEncoder
from wgan_aug.encoding.levels import LevelEncoder
from wgan_aug.encoding.numeric import NumericEncoder
from wgan_aug.encoding.ruled import RuledEncoder
from wgan_aug.encoding.table import EncodedTable
from wgan_aug.synthesizers.conditioning.known import Known
from wgan_aug.synthesizers.conditioning.units import unit_positions

__all__ = ["Told", "tell"]


@dataclasses.dataclass
class Told:
    """What is told of rows, as codes.

    Args:
        codes: of the revealed units; anything elsewhere.
        revealed: which units are revealed, bool, shape (rows, units).
        banned: states that the other blocks must not take, bool, shape (rows, states).
    """

    codes: EncodedTable
    revealed: np.ndarray
    banned: np.ndarray


def tell(known: Known) -> Told:
    """Return what can be told: units of which all that their codes hang on is known."""
    rows, layout = known.rows, known.encoder.layout
    codes = EncodedTable(
        np.zeros((rows, layout.n_blocks), dtype=np.int64),
        np.full((rows, layout.n_scalars), 0.5),
        np.full((rows, layout.n_scalars), 0.5),
    )
    units = unit_positions(known.encoder)
    told = Told(codes, np.zeros((rows, len(units)), dtype=bool), np.zeros((rows, layout.n_states), dtype=bool))
    block = scalar = 0
    for unit, position in enumerate(units):
        own = known.encoder.encoders[position]
        said, found = _encode(known, position)
        told.revealed[:, unit] = said
        if own.states:
            if found.states is not None:
                codes.states[:, block] = np.where(said, found.states, 0)
            start = int(layout.starts[block])
            told.banned[:, start : start + own.states] = _banned(known, position) & ~said[:, None]
            block += 1
        if own.silent is not None:
            if found.low is not None and found.high is not None:
                codes.low[:, scalar] = np.where(said, found.low, 0.5)
                codes.high[:, scalar] = np.where(said, found.high, 0.5)
            scalar += 1
    return told


def _encode(known: Known, position: int) -> tuple[np.ndarray, ColumnCodes]:
    """Return where the codes of a unit are known, and the codes."""
    own = known.encoder.encoders[position]
    if isinstance(own, MemberEncoder):  # known where one member is set, or all others are not
        could = ~_unset(known, own)
        return could.sum(axis=1) == 1, ColumnCodes(could.argmax(axis=1).astype(np.int64))
    reads = {position}
    if isinstance(own, DependentEncoder) and not _says_itself(own):
        reads |= set(own.parents)
    if not reads <= set(known.cells):
        return np.zeros(known.rows, dtype=bool), ColumnCodes()
    said = np.logical_and.reduce([known.mask(p) for p in reads])
    if not said.any():
        return said, ColumnCodes()
    index = np.flatnonzero(said)
    cells = {p: known.cells[p].iloc[index].reset_index(drop=True) for p in reads}
    return said, _spread(_codes_of(known, position, cells), index, known.rows)


def _codes_of(known: Known, position: int, cells: dict[int, pd.Series]) -> ColumnCodes:
    """Return the codes of a column from the cells that it reads, by position."""
    own: Any = known.encoder.encoders[position]
    if not isinstance(own, DependentEncoder):
        return own.encode(cells[position])[0]
    if isinstance(own, RuledEncoder) and _says_itself(own):
        return own.encode_alone(cells[position])
    blank = pd.Series(np.zeros(len(cells[position])))
    columns = [cells.get(p, blank) for p in range(len(known.encoder.encoders))]
    return own.encode_rows(pd.concat(columns, axis=1, keys=range(len(columns))))[0]


def _says_itself(own: Any) -> bool:
    """Say whether a column that another one rules is encoded from its own cell alone."""
    return isinstance(own, RuledEncoder) and not isinstance(own.inner, DependentEncoder)


def _spread(codes: ColumnCodes, index: np.ndarray, rows: int) -> ColumnCodes:
    """Put codes of some rows among all rows."""

    def spread(values: np.ndarray | None) -> np.ndarray | None:
        if values is None:
            return None
        out = np.zeros(rows, dtype=values.dtype)
        out[index] = values
        return out

    return ColumnCodes(spread(codes.states), spread(codes.low), spread(codes.high))


# ---- states that known cells of other columns rule out


def _banned(known: Known, position: int) -> np.ndarray:
    """Say which states of a column contradict what is known of those that follow from it, (rows, states)."""
    own = known.encoder.encoders[position]
    if isinstance(own, MemberEncoder):
        return _unset(known, own)
    out = np.zeros((known.rows, own.states), dtype=bool)
    listed = _listed(own)
    if listed is None:
        return out
    cells, states = listed
    bad = np.zeros((known.rows, len(cells)), dtype=bool)
    _contradict(known, position, cells, bad)
    for state in np.unique(states):
        out[:, state] = bad[:, states == state].all(axis=1)
    return _unless_all(out)


def _unset(known: Known, own: MemberEncoder) -> np.ndarray:
    """Say which members of a group cannot be the one that is set, shape (rows, members)."""
    out = np.zeros((known.rows, len(own.members)), dtype=bool)
    for i, (member, keys) in enumerate(zip(own.members, own.keys, strict=True)):
        if member in known.cells:
            is_set = keys.codes(known.cells[member]) == 1
            out[:, i] |= known.mask(member) & ~is_set
            out[:, np.arange(len(own.members)) != i] |= (known.mask(member) & is_set)[:, None]
    return _unless_all(out)


def _unless_all(banned: np.ndarray) -> np.ndarray:
    """Return banned states, and none in rows where all are: these are found out once they are decoded."""
    return banned & ~banned.all(axis=1, keepdims=True)


def _contradict(known: Known, position: int, cells: pd.Series, bad: np.ndarray) -> None:
    """Mark, in place, the cells of a column that known cells of those that follow from it contradict."""
    for child, own in enumerate(known.encoder.encoders):
        if isinstance(own, DeterminedEncoder) and own.parent == position:
            said = own.said_by(cells)
            if child in known.cells:
                is_ = own.own.codes(known.cells[child])
                bad |= known.mask(child)[:, None] & (is_[:, None] != said[None, :])
            _contradict(known, child, own.own.cells(said), bad)
        if isinstance(own, RuledEncoder) and own.parent == position and child in known.cells:
            is_ = own.has_value(known.cells[child])
            bad |= known.mask(child)[:, None] & (is_[:, None] != own.ruled(cells)[None, :])


def _listed(own: Any) -> tuple[pd.Series, np.ndarray] | None:
    """Return cells that stand for the states of a column, and the state of each; None where states do not list them."""
    if isinstance(own, LevelEncoder):
        return own.every_level()
    if isinstance(own, NumericEncoder) and own.states:
        states = np.arange(own.curve is not None, own.states)
        codes = ColumnCodes(states, np.full(len(states), 0.5))
        return own.decode(codes, range(len(states)), np.random.default_rng(0)), states
    return None
