"""Cells of rows that are known before the others are drawn, and what the networks are told of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.codes import ColumnCodes
from wgan_aug.encoding.dependents import DependentEncoder, DeterminedEncoder, MemberEncoder
from wgan_aug.encoding.fixed import ConstantEncoder, IdentifierEncoder
from wgan_aug.encoding.levels import LevelEncoder
from wgan_aug.encoding.numeric import NumericEncoder
from wgan_aug.encoding.ruled import RuledEncoder
from wgan_aug.encoding.sums import SumEncoder
from wgan_aug.encoding.table import EncodedTable, TableEncoder
from wgan_aug.schema.cells import missing_cells
from wgan_aug.synthesizers.conditioning.units import unit_positions

__all__ = ["Known", "Told"]


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


class Known:
    """Known cells of some rows.

    Args:
        encoder: of the table.
        rows: how many rows.
        cells: cells by position of the column, in the fitted dtype, shape (rows,); anything where they are not known.
        masks: which of them are known, bool, by position, shape (rows,).
    """

    def __init__(
        self, encoder: TableEncoder, rows: int, cells: Mapping[int, pd.Series], masks: Mapping[int, np.ndarray]
    ) -> None:
        self.encoder, self.rows, self.cells, self.masks = encoder, rows, dict(cells), dict(masks)
        self.wrong = np.zeros(rows, dtype=bool)

    @classmethod
    def whole(cls, encoder: TableEncoder, rows: int, cells: Mapping[int, pd.Series]) -> Known:
        """Know some columns in all rows."""
        return cls(encoder, rows, cells, {p: np.ones(rows, dtype=bool) for p in cells})

    def mask(self, position: int) -> np.ndarray:
        """Say in which rows a column's cell is known."""
        return self.masks.get(position, np.zeros(self.rows, dtype=bool))

    def take(self, index: np.ndarray) -> Known:
        """Return some rows, by number."""
        cells = {p: cells.iloc[index].reset_index(drop=True) for p, cells in self.cells.items()}
        return Known(self.encoder, len(index), cells, {p: mask[index] for p, mask in self.masks.items()})

    def decode(self, encoded: EncodedTable, rng: np.random.Generator, first_row: int = 0) -> pd.DataFrame:
        """Decode rows; known cells come out as they are, and columns that follow from them follow.

        `wrong` says afterwards in which rows a known cell is not what others make of it.
        """
        self.wrong = np.zeros(self.rows, dtype=bool)
        sums: dict[int, pd.Series] = {}

        def put(position: int, drawn: pd.Series) -> pd.Series:
            if position not in self.cells:
                return drawn
            cells, differs = self._over(position, drawn)
            if _sum_of(self.encoder.encoders[position]) is not None:
                sums[position] = drawn
            elif isinstance(self.encoder.encoders[position], DependentEncoder):
                self.wrong |= differs
            return cells

        frame = self.encoder.inverse_transform(encoded, rng, first_row, put)
        for position in self.cells:
            cells, differs = self._over(position, frame.iloc[:, position])  # a part of a sum may have given way
            frame.isetitem(position, cells.array)
            self.wrong |= differs
        for position, drawn in sums.items():
            self._settle(frame, position, drawn)
        return frame

    def _settle(self, frame: pd.DataFrame, position: int, drawn: pd.Series) -> None:
        """Move drawn parts of a sum, in place, so that they add up to what is known of it, within their bounds."""
        own = _sum_of(self.encoder.encoders[position])
        assert own is not None
        line, known = own.whole.line, self.mask(position) & ~missing_cells(self.cells[position])
        wanted, (found, absent) = line.codec.numbers(self.cells[position])[0], line.codec.numbers(drawn)
        gap = np.where(known & ~absent, wanted - found, 0.0)
        for part in own.parts:
            place = part.line.position
            numbers, missing = part.line.codec.numbers(frame.iloc[:, place])
            free = ~self.mask(place) & ~missing & self._is_free(place, position)
            share = part.scale / own.whole.scale
            moved = np.where(free, np.clip(numbers + gap / share, part.line.low, part.line.high), numbers)
            both = pd.concat([frame.iloc[:, place], part.line.codec.cells(moved, missing)], ignore_index=True)
            cells = both.iloc[np.arange(self.rows) + self.rows * free].reset_index(drop=True)
            frame.isetitem(place, cells.array)
            gap = gap - (part.line.codec.numbers(cells)[0] - numbers) * share
        self.wrong |= np.abs(gap) > max(0.5 * line.step, 1e-9 * line.reach)
        self.wrong |= self.mask(position) & (missing_cells(self.cells[position]) != missing_cells(drawn))

    def _is_free(self, place: int, whole: int) -> bool:
        """Say whether a part of a sum is learned itself, and nothing else depends on it."""
        own = self.encoder.encoders
        others = [e for p, e in enumerate(own) if p != whole and place in getattr(e, "parents", ())]
        return not others and not isinstance(own[place], DependentEncoder)

    def _over(self, position: int, drawn: pd.Series) -> tuple[pd.Series, np.ndarray]:
        """Return drawn cells with the known ones in their place, and where these differ."""
        own, known = self.cells[position], self.mask(position)
        both = pd.concat([drawn, own], ignore_index=True)
        cells = both.iloc[np.arange(self.rows) + self.rows * known].reset_index(drop=True)
        same = np.asarray((drawn == own).fillna(False), dtype=bool) | np.asarray(drawn.isna() & own.isna())
        return cells, known & ~same

    # ---- what the networks are told

    def tell(self) -> Told:
        """Return what can be told: units of which all that their codes hang on is known."""
        layout, encoder = self.encoder.layout, self.encoder
        codes = EncodedTable(
            np.zeros((self.rows, layout.n_blocks), dtype=np.int64),
            np.full((self.rows, layout.n_scalars), 0.5),
            np.full((self.rows, layout.n_scalars), 0.5),
        )
        units = unit_positions(encoder)
        told = Told(codes, np.zeros((self.rows, len(units)), dtype=bool), np.zeros((self.rows, layout.n_states), bool))
        block = scalar = 0
        for unit, position in enumerate(units):
            own = encoder.encoders[position]
            known, found = self._encode(position)
            told.revealed[:, unit] = known
            if own.states:
                if found.states is not None:
                    told.codes.states[:, block] = np.where(known, found.states, 0)
                start = int(layout.starts[block])
                told.banned[:, start : start + own.states] = self._banned(position) & ~known[:, None]
                block += 1
            if own.silent is not None:
                if found.low is not None and found.high is not None:
                    codes.low[:, scalar] = np.where(known, found.low, 0.5)
                    codes.high[:, scalar] = np.where(known, found.high, 0.5)
                scalar += 1
        return told

    def _encode(self, position: int) -> tuple[np.ndarray, ColumnCodes]:
        """Return where the codes of a unit are known, and the codes."""
        own = self.encoder.encoders[position]
        if isinstance(own, MemberEncoder):
            return self._encode_group(own)
        reads = {position}
        if isinstance(own, DependentEncoder) and not _is_simple(own):
            reads |= set(own.parents)
        if not reads <= set(self.cells):
            return np.zeros(self.rows, dtype=bool), ColumnCodes()
        known = np.logical_and.reduce([self.mask(p) for p in reads])
        if not known.any():
            return known, ColumnCodes()
        index = np.flatnonzero(known)
        cells = {p: self.cells[p].iloc[index].reset_index(drop=True) for p in reads}
        return known, _spread(self._codes_of(own, position, cells), index, self.rows)

    def _codes_of(self, own: Any, position: int, cells: dict[int, pd.Series]) -> ColumnCodes:
        if not isinstance(own, DependentEncoder):
            return own.encode(cells[position])[0]
        rows = len(cells[position])
        if _is_simple(own):  # its own cell says whether it is ruled
            assert isinstance(own, RuledEncoder)
            codes = own.inner.encode(cells[position])[0]
            ruled = own.own.codes(cells[position]) == own.key
            return _as_ruled(own, codes, ruled)
        columns = [cells[p] if p in cells else pd.Series(np.zeros(rows)) for p in range(len(self.encoder.encoders))]
        return own.encode_rows(pd.concat(columns, axis=1, keys=range(len(columns))))[0]

    def _encode_group(self, own: MemberEncoder) -> tuple[np.ndarray, ColumnCodes]:
        """Return which member is set, where one is known to be, or all others not to be."""
        could = ~self._unset(own)
        known = could.sum(axis=1) == 1
        return known, ColumnCodes(could.argmax(axis=1).astype(np.int64))

    def _unset(self, own: MemberEncoder) -> np.ndarray:
        """Say which members cannot be the one that is set, shape (rows, members)."""
        out = np.zeros((self.rows, len(own.members)), dtype=bool)
        for i, (member, keys) in enumerate(zip(own.members, own.keys, strict=True)):
            if member in self.cells:
                is_set = keys.codes(self.cells[member]) == 1
                out[:, i] |= self.mask(member) & ~is_set
                out[:, np.arange(len(own.members)) != i] |= (self.mask(member) & is_set)[:, None]
        return out & ~out.all(axis=1, keepdims=True)

    # ---- states that known cells of other columns rule out

    def _banned(self, position: int) -> np.ndarray:
        """Say which states of a column contradict what is known of those that follow from it, (rows, states)."""
        own = self.encoder.encoders[position]
        if isinstance(own, MemberEncoder):
            return self._unset(own)
        out = np.zeros((self.rows, own.states), dtype=bool)
        listed = _listed(own)
        if listed is None:
            return out
        cells, states = listed
        bad = np.zeros((self.rows, len(cells)), dtype=bool)
        self._contradict(position, cells, bad)
        for state in np.unique(states):
            out[:, state] = bad[:, states == state].all(axis=1)
        return out & ~out.all(axis=1, keepdims=True)

    def _contradict(self, position: int, cells: pd.Series, bad: np.ndarray) -> None:
        """Mark the cells of a column that known cells of those that follow from it contradict."""
        for child, own in enumerate(self.encoder.encoders):
            if isinstance(own, DeterminedEncoder) and own.parent == position:
                said = own.table[np.maximum(own.keys.codes(cells), 0)]
                if child in self.cells:
                    is_ = own.own.codes(self.cells[child])
                    bad |= self.mask(child)[:, None] & (is_[:, None] != said[None, :])
                self._contradict(child, own.own.cells(said), bad)
            if isinstance(own, RuledEncoder) and own.parent == position and child in self.cells:
                is_ = own.own.codes(self.cells[child]) == own.key
                bad |= self.mask(child)[:, None] & (is_[:, None] != own.ruled(cells)[None, :])


def _sum_of(own: Any) -> SumEncoder | None:
    inner = own.inner if isinstance(own, RuledEncoder) else own
    return inner if isinstance(inner, SumEncoder) else None


def _is_simple(own: Any) -> bool:
    """Say whether a column's own cell is enough to encode it."""
    return isinstance(own, RuledEncoder) and not isinstance(own.inner, DependentEncoder)


def _as_ruled(own: RuledEncoder, codes: ColumnCodes, ruled: np.ndarray) -> ColumnCodes:
    states = np.where(ruled, own.states - 1, codes.states) if own.states and codes.states is not None else None
    if codes.low is None or codes.high is None:
        return ColumnCodes(states)
    rest = 0.5 if own.normal else 0.0
    return ColumnCodes(states, np.where(ruled, rest, codes.low), np.where(ruled, rest, codes.high))


def _spread(codes: ColumnCodes, index: np.ndarray, rows: int) -> ColumnCodes:
    """Put codes of some rows among all rows."""

    def spread(values: np.ndarray | None) -> np.ndarray | None:
        if values is None:
            return None
        out = np.zeros(rows, dtype=values.dtype)
        out[index] = values
        return out

    return ColumnCodes(spread(codes.states), spread(codes.low), spread(codes.high))


def _listed(own: Any) -> tuple[pd.Series, np.ndarray] | None:
    """Return cells that stand for the states of a column, and the state of each; None where states do not list them."""
    rng = np.random.default_rng(0)
    if isinstance(own, LevelEncoder):
        alone = LevelEncoder(own.column, own.levels, own.counts, np.arange(len(own.counts)), own.has_missing)
        cells = alone.decode(ColumnCodes(np.arange(alone.states)), range(alone.states), rng)
        return cells, np.append(own.state_of, [own.states - 1] * own.has_missing).astype(np.int64)
    if isinstance(own, NumericEncoder) and own.states and not isinstance(own, (ConstantEncoder, IdentifierEncoder)):
        states = np.arange(own.curve is not None, own.states)
        return own.decode(ColumnCodes(states, np.full(len(states), 0.5)), range(len(states)), rng), states
    return None
