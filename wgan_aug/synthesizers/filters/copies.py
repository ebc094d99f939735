"""Rows that equal a training row, or come nearer to one than training rows come to each other."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from wgan_aug.encoding.curves import normal_scores
from wgan_aug.encoding.distinct import plain_values
from wgan_aug.encoding.table import EncodedTable, TableEncoder
from wgan_aug.errors import DataWarning
from wgan_aug.schema.layout import TableLayout
from wgan_aug.schema.values import JSON
from wgan_aug.synthesizers.refinement.codes import ABSENT, to_features

__all__ = ["Copies"]

SHARE = 0.01  # of training rows that are nearer to another one than the radius
PROBES = 2_000  # training rows that the radius is measured on, at most
CELLS = 20_000_000  # distances at once
FEWEST = 100  # training rows of their own, below which no radius is measured


@dataclasses.dataclass(frozen=True)
class Copies:
    """The training rows that are someone's own, and how near a row may come to them.

    A training row is of its own where no other one equals it; what two of them share, all columns but identifiers
    alike, is no one's secret and may be drawn. So a table of few distinct rows gives what it must. A row

    - equals a training row where all its cells do, identifiers aside;
    - is near one where it is less than `radius` away, Euclidean: numbers as normal scores, and 1 for each category,
      gap or recurring value that differs.

    The radius is the 1 % quantile of the distance from a training row of its own, left out, to the nearest of the
    others: of rows that were not learned from, 1 % would come so near. A row that keeps clear of it may still give
    away what it is near to; a proof of privacy needs differential privacy.

    It holds hashes and codes of the training rows, from which they can be read.

    Args:
        shared: hashes of rows that come twice or more, uint64, increasing.
        own: hashes of rows of their own, uint64, increasing.
        states: the states of these rows, int32, shape (own, blocks).
        points: their numbers, float32, shape (own, scalars).
        radius: see above; 0 where there are fewer than 100 rows of their own.
    """

    shared: np.ndarray
    own: np.ndarray
    states: np.ndarray
    points: np.ndarray
    radius: float

    @classmethod
    def learn(cls, frame: pd.DataFrame, codes: EncodedTable, encoder: TableEncoder, seed: int) -> Copies:
        """Remember training rows.

        Args:
            frame: the rows.
            codes: what the encoder makes of them.
            encoder: fitted on them.
            seed: draws the rows that the radius is measured on, where there are more.
        """
        hashes, first, counts = np.unique(_hash_rows(frame, encoder), return_index=True, return_counts=True)
        mine = counts == 1
        states, points = _place(codes.take(first[mine]), encoder.layout)
        copies = cls(hashes[~mine], hashes[mine], states, points, 0.0)
        if len(states) < FEWEST:
            return copies
        some = np.random.default_rng(seed).permutation(len(states))[:PROBES]
        for measure in (copies._among_alike, copies._among_all):
            distances = measure(states[some], points[some], 2)
            radius = float(np.quantile(distances, SHARE, method="lower"))
            if radius <= 1:  # so that what differs in a state is too far anyway
                break
        return dataclasses.replace(copies, radius=radius)

    def find(self, frame: pd.DataFrame, encoder: TableEncoder) -> tuple[np.ndarray, np.ndarray]:
        """Say which rows equal a training row of its own, and which others are near one, each bool, shape (rows,)."""
        hashes = _hash_rows(frame, encoder)
        equal = np.isin(hashes, self.own)
        ask = np.flatnonzero(~equal & ~np.isin(hashes, self.shared)) if self.radius > 0 else np.empty(0, dtype=np.int64)
        near = np.zeros(len(frame), dtype=bool)
        if len(ask):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DataWarning)  # a sum cut off at its bounds is no matter here
                codes = encoder.transform(frame.iloc[ask])
            measure = self._among_alike if self.radius <= 1 else self._among_all
            near[ask] = measure(*_place(codes, encoder.layout), 1) < self.radius
        return equal, near

    def _among_alike(self, states: np.ndarray, points: np.ndarray, neighbour: int) -> np.ndarray:
        """Return how far the first or second nearest row of the same states is, infinite where there is none."""
        names, tree, gap = self._tree
        groups = _hash_states(states)
        place = np.searchsorted(names, groups)
        known = names[np.minimum(place, len(names) - 1)] == groups
        out = np.full(len(groups), np.inf)
        if known.any():
            asked = np.column_stack([place[known] * gap, points[known]])
            out[known] = tree.query(asked, k=2, distance_upper_bound=gap / 2)[0][:, neighbour - 1]
        return out

    @functools.cached_property
    def _tree(self) -> tuple[np.ndarray, KDTree, float]:
        """Rows to search among, groups far apart: the groups' names, the tree, and how far groups are apart."""
        names, place = np.unique(_hash_states(self.states), return_inverse=True)
        gap = 1.0 + 4.0 * np.sqrt(self.points.shape[1]) * float(np.abs(self.points).max(initial=1.0))
        return names, KDTree(np.column_stack([place * gap, self.points])), gap

    def _among_all(self, states: np.ndarray, points: np.ndarray, neighbour: int) -> np.ndarray:
        """Return how far the first or second nearest row is."""
        widths = self.states.max(axis=0, initial=0) + 2  # the last for states that no row of its own has
        rows = _hot(self.states, self.points, widths)
        sizes = (rows**2).sum(axis=1)
        step = max(1, CELLS // len(rows))
        out = np.empty(len(states))
        for start in range(0, len(states), step):
            asked = _hot(states[start : start + step], points[start : start + step], widths)
            seen = (asked**2).sum(axis=1)
            squares = sizes - 2 * asked @ rows.T
            squares.partition(neighbour - 1, axis=1)
            out[start : start + step] = np.sqrt(np.maximum(0.0, squares[:, neighbour - 1] + seen))
        return out

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return a nested object of JSON and arrays that `from_json` reads back."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Copies:
        """Read what `to_json` wrote."""
        return cls(**data)


def _hash_rows(frame: pd.DataFrame, encoder: TableEncoder) -> np.ndarray:
    """Return one 64-bit hash a row, of all columns but identifiers, shape (rows,)."""
    cells = {p: plain_values(frame.iloc[:, p]) for p, c in enumerate(encoder.schema) if c.kind != "identifier"}
    plain = pd.DataFrame({p: v + 0.0 if getattr(v, "dtype", None) == np.float64 else v for p, v in cells.items()})
    return pd.util.hash_pandas_object(plain, index=False).to_numpy()


def _place(codes: EncodedTable, layout: TableLayout) -> tuple[np.ndarray, np.ndarray]:
    """Return each row's states, and its numbers as normal scores, 0 where its state leaves them out."""
    numbers = to_features(codes, layout)[:, layout.n_blocks :]
    normal = np.array([scalar.normal for scalar in layout.scalars], dtype=bool)
    scores = normal_scores(numbers, normal)
    return codes.states.astype(np.int32), np.where(numbers == ABSENT, 0.0, scores).astype(np.float32)


def _hash_states(states: np.ndarray) -> np.ndarray:
    """Return one 64-bit hash a row, shape (rows,)."""
    frame = pd.DataFrame(states) if states.shape[1] else pd.DataFrame({0: np.zeros(len(states))})
    return pd.util.hash_pandas_object(frame, index=False).to_numpy()


def _hot(states: np.ndarray, points: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Return rows as points, float32: one-hot states, of which two that differ are 1 apart, and numbers."""
    starts = np.cumsum([0, *widths])
    hot = np.zeros((len(states), int(starts[-1])), dtype=np.float32)
    for block, start in enumerate(starts[:-1]):
        hot[np.arange(len(states)), start + np.minimum(states[:, block], widths[block] - 1)] = np.sqrt(0.5)
    return np.concatenate([hot, points], axis=1)
