"""Fresh identifiers in the pattern of the real ones. Nothing of a real identifier is kept but what all share."""

from __future__ import annotations

import dataclasses
import math
import string
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from wgan_aug.schema.values import JSON

__all__ = ["IdPattern"]

_ALPHABETS = (
    string.digits,
    string.ascii_uppercase,
    string.ascii_lowercase,
    string.digits + "abcdef",
    string.digits + "ABCDEF",
    string.digits + string.ascii_uppercase,
    string.digits + string.ascii_lowercase,
    string.ascii_letters,
    string.digits + string.ascii_letters,
)
_ENOUGH = 20  # identifiers of one length, before a position that never changes is taken as part of the pattern
_FALLBACK = ("I", "D", *[string.digits] * 12)
_MULTIPLIER = 2_654_435_761  # a prime, so that multiplying by it permutes any range without that factor (Knuth)
_MASK = 2**32


@dataclasses.dataclass(frozen=True)
class IdPattern:
    """The characters allowed at each position of an identifier.

    Args:
        alphabets: one string a position; a single character is fixed.

    Examples:
        >>> pattern = IdPattern.fit([f"C-{i:04d}" for i in range(200)])
        >>> ids = pattern.generate(range(3))
        >>> len(set(ids)), all(i.startswith("C-") for i in ids)
        (3, True)
    """

    alphabets: tuple[str, ...]

    @classmethod
    def fit(cls, identifiers: Sequence[str]) -> IdPattern:
        """Learn the pattern of the commonest length, wide enough that a real identifier hardly ever comes back.

        The number of possible identifiers is at least 1000 times the square of the real ones: positions are added
        where the pattern has too few. Identifiers without a common length get `ID` and digits.
        """
        lengths = Counter(map(len, identifiers))
        length, rows = lengths.most_common(1)[0] if lengths else (0, 0)
        alphabets = list(_FALLBACK)
        if rows >= max(_ENOUGH, len(identifiers) / 2):
            same = [i for i in identifiers if len(i) == length]
            alphabets = [_alphabet(set(characters)) for characters in zip(*same, strict=True)]
        last = max((k for k, a in enumerate(alphabets) if len(a) > 1), default=len(alphabets) - 1)
        while math.prod(map(len, alphabets)) < 1000 * len(identifiers) ** 2:
            alphabets.insert(last + 1, string.digits)
        return cls(tuple(alphabets))

    def generate(self, rows: range) -> np.ndarray:
        """Return one identifier a row number, all different for row numbers that differ.

        Returns:
            object array of strings, shape (rows,).
        """
        index = np.arange(rows.start, rows.stop, dtype=np.uint64)
        counting, capacity = self._counting_positions()
        count = (index * np.uint64(_MULTIPLIER)) % np.uint64(capacity)
        noise = index
        columns: list[np.ndarray] = [np.empty(0)] * len(self.alphabets)
        for position in reversed(range(len(columns))):
            alphabet = np.array(list(self.alphabets[position]))
            size = np.uint64(len(alphabet))
            if position in counting:
                count, digit = count // size, count % size
            else:
                noise = _scramble(noise)
                digit = noise % size
            columns[position] = alphabet[digit.astype(np.int64)]
        joined = columns[0]
        for column in columns[1:]:
            joined = np.char.add(joined, column)
        return joined.astype(object)

    def _counting_positions(self) -> tuple[set[int], int]:
        """Choose the last positions, up to 2^32 combinations: they number the rows; the others are noise."""
        chosen: set[int] = set()
        capacity = 1
        for position in reversed(range(len(self.alphabets))):
            if capacity * len(self.alphabets[position]) > _MASK:
                break
            capacity *= len(self.alphabets[position])
            chosen.add(position)
        return chosen, capacity

    def to_json(self) -> JSON:
        """Return what `from_json` reads back."""
        return {"alphabets": list(self.alphabets)}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> IdPattern:
        """Read what `to_json` wrote."""
        return cls(tuple(data["alphabets"]))


def _alphabet(characters: set[str]) -> str:
    if len(characters) == 1:
        return characters.pop()
    for alphabet in _ALPHABETS:
        if characters <= set(alphabet):
            return alphabet
    return "".join(sorted(characters))


def _scramble(values: np.ndarray) -> np.ndarray:
    """SplitMix64 (Steele, Lea and Flood 2014): a good mixer of 64 bits."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
