"""Boosted trees as plain arrays: no pickle in a model folder, and the same figures as scikit-learn's."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Self

import numpy as np

from wgan_aug.schema.values import JSON

__all__ = ["BoostedTrees"]

MOST_LEAVES = 32  # of a tree: as many as a mask has bits
ALL_LEAVES = np.uint32(0xFFFFFFFF)
CHUNK_ROWS = 1_024  # rows that are looked up together: what fits the caches


@dataclasses.dataclass(frozen=True)
class BoostedTrees:
    r"""A sum of binary decision trees over numbers without missing values.

    .. math:: f(x) = b + \sum_t v_{leaf_t(x)}

    where a row goes right at a node if its feature is above the node's threshold. The nodes of all trees stand in one
    list, the two children of a node beside one another; a leaf is its own child. A tree has 32 leaves at most.

    Args:
        base: the sum over no trees.
        roots: the first node of each tree, int64, shape (trees,).
        feature: which feature a node asks, int64, shape (nodes,).
        threshold: rows above it go right, float64, shape (nodes,).
        child: the left child, the right one being next, int64, shape (nodes,).
        value: what a leaf adds, float64, shape (nodes,).
    """

    base: float
    roots: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    child: np.ndarray
    value: np.ndarray

    @classmethod
    def from_sklearn(cls, model: Any) -> Self:
        """Copy the trees of a fitted `HistGradientBoostingClassifier` of two classes.

        Args:
            model: fitted on numbers alone: no missing values, no categorical features; with 32 leaves a tree at most.
        """
        parts = [_lay_out(predictors[0].nodes) for predictors in model._predictors]
        sizes = np.array([len(part["value"]) for part in parts], dtype=np.int64)
        roots = np.cumsum(sizes) - sizes

        def join(name: str, dtype: type) -> np.ndarray:
            return np.concatenate([part[name] for part in parts]).astype(dtype)

        return cls(
            base=float(np.ravel(model._baseline_prediction)[0]),
            roots=roots,
            feature=join("feature", np.int64),
            threshold=join("threshold", np.float64),
            child=join("child", np.int64) + np.repeat(roots, sizes),
            value=join("value", np.float64),
        )

    def __len__(self) -> int:
        return len(self.roots)

    def first(self, trees: int) -> BoostedTrees:
        """Return the sum of the first trees alone."""
        nodes = int(self.roots[trees]) if trees < len(self) else len(self.value)
        cut = {name: getattr(self, name)[:nodes] for name in ("feature", "threshold", "child", "value")}
        return dataclasses.replace(self, roots=self.roots[:trees], **cut)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Return the sum for each row: the log-odds of scikit-learn's `decision_function`.

        Args:
            features: float64, shape (rows, features).

        Returns:
            float64, shape (rows,).
        """
        # tree after tree, as in `stages`: `sum(1)` adds in another order
        chunks = [np.ascontiguousarray(self._terms.of(chunk).T).sum(0) for chunk in _chunks(features)]
        return self.base + np.concatenate([np.empty(0), *chunks])

    def stages(self, features: np.ndarray) -> np.ndarray:
        """Return the sums after each tree, shape (trees, rows)."""
        chunks = [self._terms.of(chunk) for chunk in _chunks(features)]
        return self.base + np.concatenate([np.empty((0, len(self))), *chunks]).cumsum(1).T

    @cached_property
    def _terms(self) -> _Terms:
        return _Terms.of_trees(self)

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return a nested object of JSON and arrays that `from_json` reads back."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{field.name: data[field.name] for field in dataclasses.fields(cls)})


@dataclasses.dataclass(frozen=True)
class _Terms:
    """What each tree adds to each row, found for all trees at once, by looking up instead of walking.

    The leaves of a tree are bits, the leftmost the lowest. A row that goes right at a node can end in none of the
    leaves to the left below it. One table a feature says, for each place of a number among the thresholds, which leaves
    of every tree are left; over all features, the lowest bit that is left in all of them is the row's leaf.

    Args:
        values: what leaf l of tree t adds, at 32 t + l, float64.
        lookups: a feature, its thresholds in rising order, and the leaves that are left of each tree, uint32, shape
            (thresholds + 1, trees).

    References:
        Lucchese et al. 2015, QuickScorer: a Fast Algorithm to Rank Documents with Additive Ensembles of Regression
        Trees, SIGIR.
    """

    values: np.ndarray
    lookups: list[tuple[int, np.ndarray, np.ndarray]]

    @classmethod
    def of_trees(cls, trees: BoostedTrees) -> Self:
        values = np.zeros((len(trees), MOST_LEAVES))
        asked: list[tuple[int, int, float, int]] = []  # tree, feature, threshold, leaves left below
        for tree, root in enumerate(trees.roots):
            leaves: list[int] = []
            for node, below in _splits(trees.child, int(root), leaves):
                asked.append((tree, trees.feature[node], trees.threshold[node], below))
            values[tree, : len(leaves)] = trees.value[leaves]
        splits = np.array(asked, dtype="i8, i8, f8, u4")
        lookups: list[tuple[int, np.ndarray, np.ndarray]] = []
        for feature in np.unique(splits["f1"]):
            tree, _, threshold, below = (splits[splits["f1"] == feature][name] for name in splits.dtype.names or ())
            thresholds, place = np.unique(threshold, return_inverse=True)
            left = np.full((len(thresholds) + 1, len(trees)), ALL_LEAVES)
            np.bitwise_and.at(left, (place + 1, tree), ~below)
            lookups.append((int(feature), thresholds, np.bitwise_and.accumulate(left)))
        return cls(values.ravel(), lookups)

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Return what each tree adds to each row, shape (rows, trees)."""
        trees = len(self.values) // MOST_LEAVES
        left = np.full((len(rows), trees), ALL_LEAVES)
        buffer = np.empty_like(left)
        for feature, thresholds, table in self.lookups:
            left &= table.take(np.searchsorted(thresholds, rows[:, feature]), axis=0, out=buffer, mode="clip")
        left &= np.negative(left, out=buffer)  # the lowest bit alone; as a float, its number is the exponent
        leaf = (left.astype(np.float32).view(np.int32) >> 23) - 127
        return self.values.take(leaf + MOST_LEAVES * np.arange(trees))


def _splits(child: np.ndarray, node: int, leaves: list[int]) -> Iterator[tuple[int, int]]:
    """Add a node's leaves to a list, from left to right; return each split, and the leaves left below it as bits."""
    if child[node] == node:
        leaves.append(node)
        return
    first = len(leaves)
    yield from _splits(child, int(child[node]), leaves)
    yield node, (1 << len(leaves)) - (1 << first)
    yield from _splits(child, int(child[node]) + 1, leaves)


def _chunks(features: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(features), CHUNK_ROWS):
        yield features[start : start + CHUNK_ROWS]


def _lay_out(nodes: np.ndarray) -> dict[str, Any]:
    """Return one tree of scikit-learn's level by level, so that the children of a node are neighbours."""
    leaf = nodes["is_leaf"].astype(bool)
    if leaf.sum() > MOST_LEAVES:
        raise ValueError(f"A tree has {leaf.sum()} leaves, {MOST_LEAVES} are the most.")
    order, child = [0], []
    for place in order:  # grows as it is walked
        node = nodes[place]
        child.append(len(child) if leaf[place] else len(order))
        if not leaf[place]:
            order += [int(node["left"]), int(node["right"])]
    end = leaf[order]
    return {
        "feature": np.where(end, 0, nodes["feature_idx"][order]),
        "threshold": np.where(end, np.inf, nodes["num_threshold"][order]),
        "child": np.array(child),
        "value": nodes["value"][order],
    }
