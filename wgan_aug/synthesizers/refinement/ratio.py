"""The density ratio of real to generated rows, by a classifier that is checked on rows it has not seen."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Self

import numpy as np
from scipy.special import expit, log_expit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from wgan_aug.schema.values import JSON
from wgan_aug.synthesizers.refinement.trees import BoostedTrees

__all__ = ["HELD_OUT", "DensityRatio", "fit_ratio"]

BLOCK_TREES = 25
HELD_OUT = 0.15
SLOPES = np.linspace(0, 1, 21)
GROWTH = {"learning_rate": 0.2, "max_leaf_nodes": 31, "min_samples_leaf": 30, "l2_regularization": 100.0}


@dataclasses.dataclass(frozen=True)
class DensityRatio:
    r"""How much denser real rows are than generated ones, at a row.

    .. math:: \log r(x) = a (f(x) - \log(n_{real} / n_{generated}))

    where f are the log-odds of boosted trees and a in [0, 1] is what held-out rows bear out of them: 0 where the
    trees have learned nothing that holds for new rows.

    Args:
        trees: the log-odds of real against generated.
        offset: the log-odds before a row is seen.
        slope: a.
        auc: the area under the curve of the trees on held-out rows; 0.5 means that they tell nothing apart.
    """

    trees: BoostedTrees
    offset: float
    slope: float
    auc: float

    def log_ratio(self, features: np.ndarray) -> np.ndarray:
        """Return log r for rows of features, shape (rows,)."""
        if self.slope == 0:
            return np.zeros(len(features))
        return self.slope * (self.trees.predict(features) - self.offset)

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return a nested object of JSON and arrays that `from_json` reads back."""
        return vars(self) | {"trees": self.trees.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Self:
        """Read what `to_json` wrote."""
        return cls(BoostedTrees.from_json(data["trees"]), data["offset"], data["slope"], data["auc"])


def fit_ratio(
    real: np.ndarray, generated: np.ndarray, seed: int, most_trees: int = 200, held: np.ndarray | None = None
) -> DensityRatio:
    """Learn to tell real rows from generated ones.

    Trees are grown in blocks until the loss on held-out rows, a seventh of both kinds, has not fallen in the last
    block; the first trees up to the lowest loss stay, and are then shrunk by the slope with the lowest loss.

    Args:
        real: features, shape (rows, features); at least 8.
        generated: features, shape (other rows, features).
        seed: splits the rows, and grows the trees.
        most_trees: how many trees to grow at most.
        held: which real rows are held out, bool, shape (rows,); None draws them.
    """
    rng = np.random.default_rng(seed)
    ours = _held_out(len(real), rng) if held is None else held
    held = np.concatenate([ours, _held_out(len(generated), rng)])
    rows, labels = np.concatenate([real, generated]), np.repeat([1, 0], [len(real), len(generated)])
    trees, odds = _grow(rows[~held], labels[~held], rows[held], labels[held], seed, most_trees)
    offset = float(np.log(labels[~held].mean() / (1 - labels[~held].mean())))
    losses = [_loss(offset + slope * (odds - offset), labels[held]) for slope in SLOPES]
    auc = float(roc_auc_score(labels[held], expit(odds)))
    return DensityRatio(trees, offset, float(SLOPES[int(np.argmin(losses))]), auc)


def _grow(
    rows: np.ndarray, labels: np.ndarray, new_rows: np.ndarray, new_labels: np.ndarray, seed: int, most: int
) -> tuple[BoostedTrees, np.ndarray]:
    """Return the trees with the lowest loss on new rows, and their log-odds there."""
    # feature sampling and early stopping are off: nothing here draws but the binning of very many rows
    model = HistGradientBoostingClassifier(warm_start=True, early_stopping=False, random_state=seed, **GROWTH)  # type: ignore[arg-type]
    while True:
        model.set_params(max_iter=min(most, getattr(model, "n_iter_", 0) + BLOCK_TREES)).fit(rows, labels)
        trees = BoostedTrees.from_sklearn(model)
        stages = trees.stages(new_rows)
        best = int(np.argmin([_loss(stage, new_labels) for stage in stages]))
        if len(trees) == most or best < len(trees) - BLOCK_TREES:
            return trees.first(best + 1), stages[best]


def _loss(log_odds: np.ndarray, labels: np.ndarray) -> float:
    return -float(log_expit(np.where(labels == 1, log_odds, -log_odds)).mean())


def _held_out(rows: int, rng: np.random.Generator) -> np.ndarray:
    chosen = np.zeros(rows, dtype=bool)
    chosen[rng.permutation(rows)[: max(1, round(HELD_OUT * rows))]] = True
    return chosen
