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
_ROOM = 10**9  # possible identifiers for each real one
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
        """Learn the pattern of the commonest length, wide enough that no real identifier comes back.

        A pattern with a thousand million times more identifiers than the real ones stays as it is: a million new
        ones meet a real one once in a thousand times. A narrower one gets further digits, until it has a length
        that no real identifier has. Identifiers without a common length get `ID` and digits.

        Args:
            identifiers: the real ones, at least one.
        """
        lengths = Counter(map(len, identifiers))
        length, rows = lengths.most_common(1)[0]
        alphabets = list(_FALLBACK)
        common = rows >= max(_ENOUGH, len(identifiers) / 2)
        if common:
            alphabets = _alphabets_of([i for i in identifiers if len(i) == length])
        if not common or math.prod(map(len, alphabets)) < _ROOM * len(identifiers):
            last = max((k for k, a in enumerate(alphabets) if len(a) > 1), default=len(alphabets) - 1)
            while math.prod(map(len, alphabets)) < 1000 * len(identifiers) ** 2 or len(alphabets) in lengths:
                alphabets.insert(last + 1, string.digits)
        return cls(tuple(alphabets))

    def generate(self, rows: range) -> np.ndarray:
        """Return one identifier a row number, all different for row numbers that differ.

        Row numbers past the pattern's own capacity get a number behind.

        Args:
            rows: row numbers from 0 up.

        Returns:
            object array of strings, shape (rows,).
        """
        index = np.arange(rows.start, rows.stop, dtype=np.uint64)
        counting, capacity = self._counting_positions()
        turn = index // np.uint64(capacity)
        count = (index % np.uint64(capacity)) * np.uint64(_MULTIPLIER) % np.uint64(capacity)
        noise = index
        letters = np.empty((len(index), len(self.alphabets)), dtype=np.uint32)
        for position in reversed(range(len(self.alphabets))):
            alphabet = np.array([ord(character) for character in self.alphabets[position]], dtype=np.uint32)
            size = np.uint64(len(alphabet))
            if position in counting:
                count, digit = count // size, count % size
            else:
                noise = _scramble(noise)
                digit = noise % size
            letters[:, position] = alphabet[digit.astype(np.int64)]
        identifiers = letters.view(f"U{letters.shape[1]}").ravel().astype(object)
        again = turn > 0
        identifiers[again] += turn[again].astype(str).astype(object)
        return identifiers

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


def _alphabets_of(identifiers: list[str]) -> list[str]:
    """Return the characters at each position of identifiers of one length."""
    letters = np.array(identifiers, dtype=str).view(np.uint32).reshape(len(identifiers), -1)
    return [_alphabet({chr(code) for code in np.unique(letters[:, k])}) for k in range(letters.shape[1])]


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
