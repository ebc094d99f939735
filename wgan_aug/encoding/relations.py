"""Find exact rules between the columns of a table, and put encoders in place that keep them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.dependents import DependentEncoder, DeterminedEncoder, MemberEncoder
from wgan_aug.encoding.equations import Equation
from wgan_aug.encoding.keys import Keys
from wgan_aug.encoding.levels import LevelEncoder
from wgan_aug.encoding.numeric import NumericEncoder
from wgan_aug.encoding.ruled import RuledEncoder, inner_of
from wgan_aug.encoding.rules import find_functions, find_group
from wgan_aug.encoding.sum_search import SumSearch
from wgan_aug.encoding.sums import SumEncoder

__all__ = ["find_relations"]

MIN_ROWS = 50
MAX_COLUMNS = 256  # rules are looked for among the first so many columns of each kind
MAX_EVENTS = 4  # values of one column that another may say: missing and the most frequent ones


def find_relations(frame: pd.DataFrame, encoders: Sequence[Any], narrow: bool = True) -> dict[int, DependentEncoder]:
    """Find the columns that others decide, wholly or in part.

    Looked for, in this order: functions of one column; groups of which exactly one is set; sums and differences;
    values that a column has just where another one says so.

    Args:
        frame: the training rows, in the encoders' order.
        encoders: fitted ones, one a column.
        narrow: take sums with a narrow rest, too; else only those whose rest is a constant.

    Returns:
        fitted encoders by position, to take the place of the columns' own; no chain of parents is a circle.
    """
    return _Search(frame, encoders, narrow).run() if len(frame) >= MIN_ROWS else {}


_Function = tuple[int, tuple[int, int]]  # a column, and what it explains: a column, or (not -1) one key of it


class _Search:
    """The state of one search.

    Columns with levels or numbers are `used`; keys, codes and sizes are theirs, in that order. `found` are the
    encoders by position, `parents` the graph that must stay without circles.
    """

    def __init__(self, frame: pd.DataFrame, encoders: Sequence[Any], narrow: bool) -> None:
        self.frame, self.encoders, self.narrow = frame, encoders, narrow
        plain = [p for p, e in enumerate(encoders) if isinstance(e, (LevelEncoder, NumericEncoder))]
        self.used = plain[:MAX_COLUMNS]
        self.keys = [Keys.of(self._plain(p), frame.iloc[:, p]) for p in self.used]
        codes = [keys.codes(frame.iloc[:, p]) for keys, p in zip(self.keys, self.used, strict=True)]
        self.codes = np.array(codes, dtype=np.int32).reshape(len(codes), len(frame))
        merged = [keys.coarse(self._plain(p)) for keys, p in zip(self.keys, self.used, strict=True)]
        self.coarse = [keys for keys, _ in merged]
        self.states = np.array(self.codes)
        for i, (keys, table) in enumerate(merged):
            if keys is not self.keys[i]:
                self.states[i] = table[self.codes[i]]
        self.found: dict[int, Any] = {}
        self.parents: dict[int, tuple[int, ...]] = {}

    def _plain(self, position: int) -> LevelEncoder | NumericEncoder:
        encoder = self.encoders[position]
        assert isinstance(encoder, (LevelEncoder, NumericEncoder))
        return encoder

    def run(self) -> dict[int, DependentEncoder]:
        """Look for each kind of rule in turn."""
        sums = SumSearch(self.frame, [self._plain(p) for p in self.used], self.used)
        equations = [e for e in sums.find() if self.narrow or e.score == 0]
        whole = [(i, -1) for i, keys in enumerate(self.keys) if keys.exact]
        events = [(i, key) for i in range(len(self.used)) for key in self._events(i)]
        sizes = [np.array([k.size for k in keys], dtype=np.int64) for keys in (self.keys, self.coarse)]
        self._add_determined(find_functions(self.codes, sizes[0], whole), sums.pairs(equations))
        self._add_groups()
        self._add_sums(sums, equations)
        self._add_ruled(find_functions(self.states, sizes[1], events))
        self._hide_numbers()
        self._choose_givers()
        return self.found

    def _events(self, column: int) -> list[int]:
        """Return missing and the most frequent values; none of a column of two, which is explained whole."""
        keys = self.coarse[column]
        if keys.exact and keys.size < 3:
            return []
        counts = np.bincount(self.states[column], minlength=keys.size)
        counts[0] *= keys.exact
        counts[-1] += keys.has_missing * len(self.frame)
        order = np.argsort(-counts, kind="stable")[:MAX_EVENTS]
        return [int(key) for key in order if counts[key]]

    def _is_free(self, position: int, parents: Sequence[int]) -> bool:
        """Say whether a column is still its own, and would not come to depend on itself."""
        return position not in self.found and not self._reaches(parents, position)

    def _reaches(self, positions: Sequence[int], wanted: int) -> bool:
        ahead, seen = list(positions), set[int]()
        while ahead:
            position = ahead.pop()
            if position == wanted:
                return True
            if position not in seen:
                seen.add(position)
                ahead += self.parents.get(position, ())
        return False

    def _add(self, encoder: Any) -> None:
        self.found[encoder.position] = encoder
        self.parents[encoder.position] = encoder.parents

    def _add_determined(self, functions: Sequence[_Function], equal: set[frozenset[int]]) -> None:
        """Of columns that decide each other the first stays; a column follows the one with the fewest keys.

        Numbers that are `equal` up to a constant are left to the sums, which know what numbers never seen become.
        """
        rank = {i: (-int(keys.size), i) for i, keys in enumerate(self.keys)}
        for target in sorted({t for _, (t, _) in functions}, key=rank.__getitem__):
            asked = [a for a, (t, _) in functions if t == target and not self._mirrors(a, t)]
            asked = [a for a in asked if not self.keys[a].exact or rank[a] < rank[target]]
            for source in sorted(asked, key=lambda a: (self.keys[a].size, a)):
                parent, position = self.used[source], self.used[target]
                if frozenset((parent, position)) not in equal and self._is_free(position, [parent]):
                    table = np.zeros(self.keys[source].size, dtype=np.int64)
                    table[self.codes[source]] = self.codes[target]
                    column = self.encoders[position].column
                    keys, own = self.keys[source], self.keys[target]
                    self._add(DeterminedEncoder(column, position, parent, keys, own, table))
                    break

    def _mirrors(self, source: int, target: int) -> bool:
        """Say whether a column of two values tells just where numbers are missing, or one repeated number.

        The numbers are ruled by the column then, which is less than that the column follows from each number.
        """
        if self.coarse[source].exact or self.keys[target].size > 2:
            return False
        said = self.codes[target] == self.codes[target, 0]
        alike = [int(((self.states[source] == key) == said).sum()) for key in range(self.coarse[source].size)]
        return not {0, len(said)}.isdisjoint(alike)

    def _add_groups(self) -> None:
        """Find groups among columns of two values and none missing; the later value is the one that is set."""
        left = [
            i
            for i, keys in enumerate(self.keys)
            if keys.exact and keys.size == 2 and not keys.has_missing and self.used[i] not in self.found
        ]
        while len(left) > 2:
            group = find_group(self.codes[left].T == 1, 0)
            members = [] if group is None else [left[place] for place in group]
            if members:
                self._add_group(members)
            left = [i for i in left[1:] if i not in members]

    def _add_group(self, members: list[int]) -> None:
        positions = tuple(self.used[i] for i in members)
        shares = (self.codes[members] == 1).mean(axis=1)
        for i, position in zip(members, positions, strict=True):
            first = i == members[0]
            keys = tuple(self.keys[j] for j in members) if first else (self.keys[i],)
            own = shares if first else np.empty(0)
            self._add(MemberEncoder(self.encoders[position].column, position, positions, keys, own))

    def _add_sums(self, sums: SumSearch, equations: Sequence[Equation]) -> None:
        """Take the equations with the fewest parts first, and each set of columns once."""
        done: set[frozenset[int]] = {frozenset((e.position, *e.parents)) for e in self.found.values()}
        for equation in sorted(equations, key=lambda e: (e.score > 0, len(e.parts), e.score)):
            for encoder in sums.encoders(equation):
                columns = frozenset((encoder.position, *encoder.parents))
                members = any(isinstance(self.found.get(p), MemberEncoder) for p in columns)
                if columns not in done and not members and self._is_free(encoder.position, encoder.parents):
                    done.add(columns)
                    self._add(encoder.fit(self.frame))
                    break

    def _add_ruled(self, functions: Sequence[_Function]) -> None:
        """Rule numbers before levels, gaps before values, columns of few states first; by levels before numbers."""
        missing = [k.size - 1 if k.has_missing else None for k in self.coarse]
        gaps = {t for _, (t, key) in functions if key == missing[t]}
        targets = {t for _, (t, _) in functions}
        for target in sorted(targets, key=lambda t: (self.coarse[t].exact, t not in gaps, self.coarse[t].size, -t)):
            position, earlier = self.used[target], self.found.get(self.used[target])
            asked = [(a, key) for a, (t, key) in functions if t == target]
            for source, key in sorted(asked, key=lambda r: (not self.coarse[r[0]].exact, self.coarse[r[0]].size, r)):
                if self._reaches([self.used[source]], position):
                    continue
                if earlier is None or (isinstance(earlier, SumEncoder) and key == missing[target]):
                    self._add(self._ruled(source, target, key))
                    break

    def _ruled(self, source: int, target: int, key: int) -> RuledEncoder:
        position, parent = self.used[target], self.used[source]
        said = self.states[target] == key
        table = np.zeros(self.coarse[source].size, dtype=bool)
        table[self.states[source, said]] = True
        plain, inner = self._plain(position), self.found.get(position)
        if not isinstance(inner, SumEncoder):
            level = isinstance(plain, LevelEncoder)
            inner = LevelEncoder(plain.column) if level else NumericEncoder(plain.column, plain.encoding)
        own, keys = self.coarse[target], self.coarse[source]
        return RuledEncoder(plain.column, position, parent, keys, table, own, key, inner).fit(self.frame)

    def _hide_numbers(self) -> None:
        """Let the states of a ruling column that is learned itself say where the ruled numbers are absent."""
        for encoder in self.found.values():
            if isinstance(encoder, RuledEncoder) and encoder.parent not in self.found:
                parent = self.frame.iloc[:, encoder.parent]
                states, ruled = self._plain(encoder.parent).encode(parent)[0].states, encoder.ruled(parent)
                if states is not None:
                    encoder.hidden = tuple(s for s in np.unique(states).tolist() if ruled[states == s].all())

    def _choose_givers(self) -> None:
        """Let the parts of a sum give way that are learned themselves and that nothing else depends on."""
        for encoder in self.found.values():
            inner = inner_of(encoder)
            if isinstance(inner, SumEncoder):
                others = {p for q, e in self.found.items() if q != encoder.position for p in e.parents}
                others |= {encoder.parent} if isinstance(encoder, RuledEncoder) else set()
                free = [i for i, p in enumerate(inner.parents) if p not in self.found and p not in others]
                inner.givers = tuple(sorted(free, key=lambda i: -abs(inner.parts[i].scale) * inner.parts[i].line.high))
