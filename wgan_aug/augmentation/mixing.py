"""Mixtures: how many synthetic rows stand beside the real ones, and of which classes."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.base import clone

from wgan_aug.augmentation.strata import Strata, bins_of, classes_of, fill
from wgan_aug.errors import InvalidParameterError

__all__ = ["Mix", "Mixture", "Source", "find_mixtures"]

Mix = Literal["natural", "balanced"]
_RATIOS = (0.5, 1.0)
_UNEVEN = 0.1  # rows to add for balance, to real ones, below which classes count as balanced


@dataclasses.dataclass(frozen=True)
class Mixture:
    """Synthetic rows beside real ones.

    Args:
        mix: `"natural"`, as the model draws rows; `"balanced"`, such that the classes with fewest rows grow to the same
            size (of numbers: bins of equal width).
        ratio: synthetic rows for each real one.
    """

    mix: Mix
    ratio: float

    @property
    def name(self) -> str:
        """What its arm is called."""
        return f"{self.mix} x{self.ratio:.3g}"


def find_mixtures(target: pd.Series, numbers: bool, mix: Mix | None, ratio: float | None) -> list[Mixture]:
    """Return the mixtures to try.

    Without a ratio: as many natural rows as half of the real ones and as all of them, and those that take the classes
    half the way, and all the way, to the size of the largest one; bins of numbers to the size of the mean one.

    Args:
        target: of the real rows.
        numbers: whether it is a number, and not a class.
        mix: the only one to try; None for both, balanced ones where classes are uneven.
        ratio: the only one to try.
    """
    counts = _strata(target, numbers).counts if mix != "natural" and _has_strata(target, numbers) else np.ones(1)
    height = counts.mean() if numbers else counts.max()
    balance = float(np.maximum(height - counts, 0).sum() / counts.sum())
    ratios: dict[Mix, Sequence[float]] = {
        "natural": _RATIOS if ratio is None else [ratio],
        "balanced": [balance / 2, balance] if ratio is None else [ratio],
    }
    if mix is None and balance < _UNEVEN:
        mix = "natural"
    if mix == "balanced" and balance == 0:
        raise InvalidParameterError(
            f"mix is 'balanced', and the target {target.name!r} has nothing to balance: its classes, or bins of "
            "numbers, have as many rows each, or it is a date. Take mix='natural'."
        )
    return [Mixture(kind, r) for kind, those in ratios.items() for r in those if mix in (None, kind)]


def _has_strata(target: pd.Series, numbers: bool) -> bool:
    return not numbers or pd.api.types.is_numeric_dtype(target.dtype)


def _strata(target: pd.Series, numbers: bool) -> Strata:
    return bins_of(target) if numbers else classes_of(target)


class Source:
    """A synthesizer that has learned some rows, and draws mixtures for them.

    Args:
        synthesizer: unfitted; it is cloned.
        rows: what to learn, the target among the columns.
        target: the column that is predicted.
        numbers: whether it is a number, and not a class.
        seed: of training and sampling.
    """

    def __init__(self, synthesizer: Any, rows: pd.DataFrame, target: Hashable, numbers: bool, seed: int) -> None:
        self.rows, self.target, self.numbers, self.seed = rows, target, numbers, seed
        copied: Any = clone(synthesizer)
        self.model = copied.set_params(random_state=seed).fit(rows)
        self.unmet: list[Any] = []
        """Classes, or ranges, of which no row could be drawn."""

    def draw(self, mixtures: Sequence[Mixture]) -> dict[str, pd.DataFrame]:
        """Return the synthetic rows of each mixture, by its name; smaller ones of a kind are parts of larger ones."""
        out: dict[str, pd.DataFrame] = {}
        for mix, make in (("natural", self._natural), ("balanced", self._balanced)):
            sizes = {m.name: round(m.ratio * len(self.rows)) for m in mixtures if m.mix == mix}
            out |= make(sizes) if sizes else {}
        return {mixture.name: out[mixture.name] for mixture in mixtures}

    def _natural(self, sizes: dict[str, int]) -> dict[str, pd.DataFrame]:
        drawn = self.model.sample(max(sizes.values()), random_state=self.seed)
        return {name: drawn.iloc[:n] for name, n in sizes.items()}

    def _balanced(self, sizes: dict[str, int]) -> dict[str, pd.DataFrame]:
        strata = _strata(self.rows[self.target], self.numbers)
        wanted = {name: fill(strata.counts, n) for name, n in sizes.items()}
        most = np.max(list(wanted.values()), axis=0)
        drawn = [self._meeting(i, c, int(n)) for i, (c, n) in enumerate(zip(strata.conditions, most, strict=True))]
        return {
            name: pd.concat([part.iloc[:n] for part, n in zip(drawn, counts, strict=True)], ignore_index=True)
            for name, counts in wanted.items()
        }

    def _meeting(self, number: int, condition: Any, n: int) -> pd.DataFrame:
        try:
            return self.model.sample(n, conditions={self.target: condition}, random_state=self.seed + 1 + number)
        except InvalidParameterError:  # too rare for the model to draw: the other classes have their rows all the same
            self.unmet.append(condition)
            return self.rows.iloc[:0]
