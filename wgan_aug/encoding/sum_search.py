"""Look for sums and differences among the numeric columns of a table, and offer the encoders that keep them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from wgan_aug.encoding.equations import NARROW, SAMPLE_ROWS, Equation, find_equations, narrowness
from wgan_aug.encoding.levels import LevelEncoder
from wgan_aug.encoding.numeric import NumericEncoder
from wgan_aug.encoding.sums import Line, SumEncoder, make_terms

__all__ = ["SumSearch"]

MANY_VALUES = 20  # numbers with more distinct values follow from each other by a sum, not by a table
MAX_REACH = 1e100  # larger numbers are in no sum: their squares are not finite


class SumSearch:
    """The numeric columns of a table as lines, and the sums among them."""

    def __init__(
        self, frame: pd.DataFrame, encoders: Sequence[LevelEncoder | NumericEncoder], positions: Sequence[int]
    ) -> None:
        self.frame = frame
        self.lines: list[Line] = []
        self.spreads: list[float] = []
        self.encodings: list[str] = []
        sample = np.sort(np.random.default_rng(0).permutation(len(frame))[:SAMPLE_ROWS])
        self.sample = frame.iloc[sample]
        for encoder, position in zip(encoders, positions, strict=True):
            if isinstance(encoder, NumericEncoder) and encoder.column.storage != "period":
                numbers, absent = encoder.codec.numbers(frame.iloc[:, position])
                there = numbers[~absent]
                line = Line(position, encoder.codec, float(there.min()), float(there.max()))
                if line.reach * line.unit > MAX_REACH:
                    continue
                self.lines.append(line)
                self.spreads.append(float((there / (np.abs(there).max() or 1.0)).std()) * line.reach * line.unit or 1.0)
                self.encodings.append(encoder.encoding)

    def find(self) -> list[Equation]:
        """Return equations between lines of one family, by their place among the lines."""
        found: list[Equation] = []
        for family in ("number", "time"):
            places = [i for i, line in enumerate(self.lines) if line.family == family]
            if len(places) > 1:
                found += self._find_among(places)
        return found

    def _find_among(self, places: list[int]) -> list[Equation]:
        read = [self.lines[i].codec.numbers(self.sample.iloc[:, self.lines[i].position]) for i in places]
        columns = [numbers for numbers, _ in read]
        absent = np.column_stack([mask for _, mask in read])

        def rest(whole: int, parts: Sequence[int], signs: Sequence[int]) -> np.ndarray | None:
            encoder = self._encoder(places[whole], [places[p] for p in parts], signs)
            return None if encoder is None else encoder.rests([columns[i] for i in (whole, *parts)])[~absent[:, whole]]

        scaled = np.column_stack([n * self.lines[i].unit for n, i in zip(columns, places, strict=True)])
        return [
            dataclasses.replace(e, whole=places[e.whole], parts=tuple(places[p] for p in e.parts))
            for e in find_equations(scaled, absent, rest)
        ]

    def pairs(self, equations: Sequence[Equation]) -> set[frozenset[int]]:
        """Return the positions of two columns with a constant sum or difference, each with many values."""
        pairs = [e.columns for e in equations if e.score == 0 and len(e.parts) == 1]
        lines = [[self.lines[i] for i in pair] for pair in pairs]
        return {frozenset(n.position for n in two) for two in lines if two[0].codec.column.n_distinct > MANY_VALUES}

    def _encoder(self, whole: int, parts: Sequence[int], signs: Sequence[int]) -> SumEncoder | None:
        made = make_terms(self.lines[whole], [self.lines[p] for p in parts], signs)
        if made is None:
            return None
        (first, *others), offset, fine = made
        column = self.lines[whole].codec.column
        return SumEncoder(column, first, tuple(others), offset, self.encodings[whole], fine)

    def encoders(self, equation: Equation) -> Iterator[SumEncoder]:
        """Yield the encoders that hold on all rows, each for another column of the equation; the best one first.

        The best has a lattice that holds every sum; then it varies most, as errors of the others weigh least in it;
        then it has the most values.
        """
        signs = {equation.whole: -1} | dict(zip(equation.parts, equation.signs, strict=True))
        for whole in sorted(signs, key=lambda i: self._rank(i, list(signs))):
            parts = [p for p in signs if p != whole]
            encoder = self._encoder(whole, parts, [-signs[whole] * signs[p] for p in parts])
            if encoder is not None and self._holds(encoder):
                yield encoder

    def _rank(self, place: int, places: Sequence[int]) -> tuple[float, ...]:
        """Return what sorts a column among those of its equation."""
        line = self.lines[place]
        made = make_terms(line, [self.lines[i] for i in places if i != place], [1] * (len(places) - 1))
        width, values = round(math.log(self.spreads[place], 1.1)), round(math.log(line.codec.column.n_distinct, 1.5))
        return (made is None or not made[2], -width, -values, -line.position)

    def _holds(self, encoder: SumEncoder) -> bool:
        """Say whether the equation holds on all rows, as well as it does on the sampled ones."""
        terms = (encoder.whole, *encoder.parts)
        read = [t.line.codec.numbers(self.frame.iloc[:, t.line.position]) for t in terms]
        there = ~read[0][1]
        if any(absent.any() for _, absent in read[1:]) or not there.any():
            return False
        rest = encoder.rests([numbers for numbers, _ in read])[there]
        return narrowness(read[0][0][there] * encoder.whole.scale, rest) <= NARROW
