"""Find columns that are a sum or difference of others, up to a constant or a much narrower rest. No pandas."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

__all__ = ["NARROW", "SAMPLE_ROWS", "Equation", "find_equations", "narrowness", "values_of", "width_of"]

MAX_PARTS = 6
SAMPLE_ROWS = 2000
NARROW = 0.1  # the rest is so much narrower, or has so many fewer values, than the whole
NEAR_ONE = 0.25  # how far a regression's weight may be from +1 or -1
PAYS = 0.25  # one more part makes the rest so much narrower again
SOME = 0.9  # or has fewer values and is narrower by so much
SAME = 1.05  # and no wider than this
TELLING_ROWS = 30  # rows outside the commonest value of the whole


@dataclasses.dataclass(frozen=True)
class Equation:
    """`whole = rest + sum of sign * part`.

    Args:
        whole: the column's number.
        parts: the others, increasing.
        signs: +1 or -1 for each part.
        score: how narrow the rest is against the whole, see `narrowness`; 0 where it is a constant.
        values: the effective number of values of the rest.
        spread: the standard deviation of the rest as a share of the whole's.
    """

    whole: int
    parts: tuple[int, ...]
    signs: tuple[int, ...]
    score: float
    values: float
    spread: float

    @property
    def columns(self) -> frozenset[int]:
        """All columns of the equation."""
        return frozenset((self.whole, *self.parts))


Rest = Callable[[int, Sequence[int], Sequence[int]], "np.ndarray | None"]
"""Gives the exact rest of a whole and signed parts on the sampled rows, without rows where the whole is missing."""


def values_of(numbers: np.ndarray) -> float:
    """Return the effective number of distinct values: e to the entropy, 1 for a constant.

    Examples:
        >>> values_of(np.array([1.0, 1.0, 2.0, 2.0]))
        2.0
    """
    share = np.unique(numbers, return_counts=True)[1] / max(1, len(numbers))
    return float(np.round(np.exp(-(share * np.log(share)).sum()), 9))


def width_of(numbers: np.ndarray) -> float:
    """Return the distance of the 5 % and the 95 % quantile."""
    low, high = np.quantile(numbers, [0.05, 0.95])
    return float(high - low)


def narrowness(whole: np.ndarray, rest: np.ndarray) -> float:
    """Return the share of the whole's effective values, or of its width, that the rest has; 0 for a constant."""
    values, width = values_of(rest), width_of(whole)
    if values == 1:
        return 0.0
    share = values / values_of(whole)
    return max(min(share, width_of(rest) / width) if width > 0 else share, 1e-12)


def find_equations(numbers: np.ndarray, absent: np.ndarray, rest: Rest) -> list[Equation]:
    """Find, for each column, the sum of others that comes nearest to it.

    Orthogonal matching pursuit adds the part that explains most of what is left, until weights of all parts are near
    +1, -1 or 0 and the rest is a constant, or has a tenth of the whole's values or width.

    Args:
        numbers: float64, shape (rows, columns), 0 where missing; large offsets taken off before.
        absent: where numbers are missing, shape (rows, columns); a column with any is no part.
        rest: the exact rest, see `Rest`.

    Returns:
        at most one equation a column.

    References:
        Pati, Rezaiifar and Krishnaprasad 1993, Orthogonal Matching Pursuit.
    """
    partial: np.ndarray = absent.sum(axis=0) > 0
    scaled, spread = _standard(numbers)
    gram = scaled.T @ scaled / len(scaled)
    found: list[Equation] = []
    for whole in range(numbers.shape[1]):
        inner, spreads = gram, spread
        if partial[whole]:
            there = ~absent[:, whole]
            if there.sum() < TELLING_ROWS:
                continue
            part_scaled, spreads = _standard(numbers[there])
            inner = part_scaled.T @ part_scaled / int(there.sum())
        allowed = ~partial & (spreads > 0)
        allowed[whole] = False
        base = rest(whole, (), ())
        if base is None or spreads[whole] == 0 or not _tells(base):
            continue
        equation = _pursue(whole, inner, spreads, allowed, base, rest)
        if equation is not None:
            found.append(equation)
    return found


def _standard(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return columns with mean 0 and deviation 1, and the deviations; 0 for constants."""
    centred = numbers - numbers.mean(axis=0)
    largest = np.abs(centred).max(axis=0, initial=0.0)
    centred /= np.where(largest > 0, largest, 1.0)
    spread = np.sqrt((centred**2).mean(axis=0))
    return centred / np.where(spread > 0, spread, 1.0), spread * largest


def _tells(whole: np.ndarray) -> bool:
    return len(whole) - int(np.unique(whole, return_counts=True)[1].max()) >= TELLING_ROWS


def _pursue(
    whole: int, gram: np.ndarray, spread: np.ndarray, allowed: np.ndarray, base: np.ndarray, rest: Rest
) -> Equation | None:
    best: Equation | None = None
    chosen: list[int] = []
    against = gram[:, whole]
    left = against.copy()
    scorer = _Scorer(whole, base, rest)
    for _ in range(min(MAX_PARTS, int(allowed.sum()))):
        chosen.append(int(np.argmax(np.where(allowed, np.abs(left), -1.0))))
        allowed = allowed.copy()
        allowed[chosen[-1]] = False
        weights = np.linalg.lstsq(gram[np.ix_(chosen, chosen)], against[chosen], rcond=1e-14)[0]
        left = against - gram[:, chosen] @ weights
        real = weights * spread[whole] / spread[chosen]
        candidate = scorer.score(chosen, real)
        if candidate and (best is None or _pays(candidate, best)):
            best = scorer.without_idle_parts(candidate)
        if (best and best.score == 0) or 1 - against[chosen] @ weights < 1e-12:
            break
    return best if best and best.score <= NARROW else None


def _pays(more: Equation, fewer: Equation) -> bool:
    """Say whether a further part is worth its place: by much in one respect, or by some in all."""
    if more.score < PAYS * fewer.score:
        return True
    if more.spread < PAYS * fewer.spread:
        return more.score <= SAME * fewer.score
    return more.values < SOME * fewer.values and more.spread < SOME * fewer.spread


@dataclasses.dataclass(frozen=True)
class _Scorer:
    whole: int
    base: np.ndarray
    rest: Rest

    def score(self, parts: Sequence[int], weights: np.ndarray) -> Equation | None:
        """Return the equation of rounded weights; None where they are not near -1, 0 or 1, or nothing is left."""
        signs = np.rint(weights)
        if np.abs(signs).max() > 1 or np.abs(weights - signs).max() > NEAR_ONE or not signs.any():
            return None
        kept = sorted((p, int(s)) for p, s in zip(parts, signs, strict=True) if s)
        return self._equation([p for p, _ in kept], [s for _, s in kept])

    def _equation(self, parts: list[int], signs: list[int]) -> Equation | None:
        rest = self.rest(self.whole, parts, signs)
        if rest is None:
            return None
        scale = np.abs(self.base).max()  # keeps the squares of tiny and huge numbers what they are
        spread = float((rest / scale).std() / (self.base / scale).std())
        return Equation(self.whole, tuple(parts), tuple(signs), narrowness(self.base, rest), values_of(rest), spread)

    def without_idle_parts(self, equation: Equation) -> Equation:
        """Leave out parts without which the rest is as narrow."""
        for part in equation.parts:
            kept = [(p, s) for p, s in zip(equation.parts, equation.signs, strict=True) if p != part]
            less = self._equation([p for p, _ in kept], [s for _, s in kept]) if kept else None
            if less is not None and less.score <= equation.score and less.spread <= SAME * equation.spread:
                equation = less
        return equation
