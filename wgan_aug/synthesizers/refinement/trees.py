"""Boosted trees as plain arrays: no pickle in a model folder, and the same figures as scikit-learn's."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from wgan_aug.schema.values import JSON

__all__ = ["BoostedTrees"]

CHUNK_ROWS = 8_192  # rows that walk down a tree together: what fits the caches


@dataclasses.dataclass(frozen=True)
class BoostedTrees:
    r"""A sum of binary decision trees over numbers without missing values.

    .. math:: f(x) = b + \sum_t v_{leaf_t(x)}

    where a row goes right at a node if its feature is above the node's threshold. The nodes of all trees stand in one
    list, the two children of a node beside one another; a leaf is its own child, behind an infinite threshold.

    Args:
        base: the sum over no trees.
        roots: the first node of each tree, int64, shape (trees,).
        depths: steps from each root to its lowest leaf, int64, shape (trees,).
        feature: which feature a node asks, int64, shape (nodes,).
        threshold: rows above it go right, float64, shape (nodes,).
        child: the left child, the right one being next, int64, shape (nodes,).
        value: what a leaf adds, float64, shape (nodes,).
    """

    base: float
    roots: np.ndarray
    depths: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    child: np.ndarray
    value: np.ndarray

    @classmethod
    def from_sklearn(cls, model: Any) -> Self:
        """Copy the trees of a fitted `HistGradientBoostingClassifier` of two classes.

        Args:
            model: fitted on numbers alone: no missing values, no categorical features.
        """
        parts = [_lay_out(predictors[0].nodes) for predictors in model._predictors]
        sizes = np.array([len(part["value"]) for part in parts], dtype=np.int64)
        roots = np.cumsum(sizes) - sizes

        def join(name: str, dtype: type) -> np.ndarray:
            return np.concatenate([part[name] for part in parts]).astype(dtype)

        return cls(
            base=float(np.ravel(model._baseline_prediction)[0]),
            roots=roots,
            depths=np.array([part["depth"] for part in parts], dtype=np.int64),
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
        return dataclasses.replace(self, roots=self.roots[:trees], depths=self.depths[:trees], **cut)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Return the sum for each row: the log-odds of scikit-learn's `decision_function`.

        Args:
            features: float64, shape (rows, features).

        Returns:
            float64, shape (rows,).
        """
        chunks = [self._walk(chunk).sum(0) for chunk in _chunks(features)]
        return self.base + np.concatenate([np.empty(0), *chunks])

    def stages(self, features: np.ndarray) -> np.ndarray:
        """Return the sums after each tree, shape (trees, rows)."""
        chunks = [self._walk(chunk) for chunk in _chunks(features)]
        return self.base + np.concatenate([np.empty((len(self), 0)), *chunks], axis=1).cumsum(0)

    def _walk(self, features: np.ndarray) -> np.ndarray:
        """Return what each tree adds to each row, shape (trees, rows)."""
        cells = np.ascontiguousarray(features, dtype=np.float64).ravel()
        row = np.arange(len(features)) * features.shape[1]
        out = np.empty((len(self), len(features)))
        for tree, (root, depth) in enumerate(zip(self.roots, self.depths, strict=True)):
            node = np.full(len(features), root)
            for _ in range(depth):
                above = cells.take(row + self.feature.take(node)) > self.threshold.take(node)
                node = self.child.take(node) + above
            self.value.take(node, out=out[tree])
        return out

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return a nested object of JSON and arrays that `from_json` reads back."""
        return vars(self).copy()

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{field.name: data[field.name] for field in dataclasses.fields(cls)})


def _chunks(features: np.ndarray) -> Sequence[np.ndarray]:
    return [features[start : start + CHUNK_ROWS] for start in range(0, len(features), CHUNK_ROWS)]


def _lay_out(nodes: np.ndarray) -> dict[str, Any]:
    """Return one tree of scikit-learn's level by level, so that the children of a node are neighbours."""
    leaf = nodes["is_leaf"].astype(bool)
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
        "depth": int(nodes["depth"].max()),
    }
