"""How good a generator is while it trains, told on rows that training does not see."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from wgan_aug.networks.draws import normal
from wgan_aug.training.data import DeviceRows
from wgan_aug.training.devices import new_generator
from wgan_aug.training.figures import sliced_wasserstein

__all__ = ["HeldOutJudge"]

_MOST = 2_000  # rows of each side: what takes about a second


class HeldOutJudge:
    """Compare generated rows with held-out ones, as the critic sees both.

    The noise and the choice of rows are the same each time, so that scores differ by the generator alone. Figures:

    - `score`: how far the AUC of boosted trees that tell generated from held-out rows (half of them train the trees,
      half are told apart, and the other way round) is from 0.5.
    - `sliced_wasserstein`: the distance between the two, see `sliced_wasserstein`.
    - `dcr_share`: the share of generated rows that are nearer to a row that training sees than to a held-out one, of
      equally many; 0.5 where nothing is copied.

    Args:
        data: all rows.
        held_out: row numbers that training does not see, int64, shape (held,).
        told: whether the networks are told what is known of a row (a sequence), or nothing (a row of a table).
        every: updates between evaluations.
        patience: evaluations without a better score after which training ends; None never ends it.
        seed: of noise and choice.
        weights: how often a row is shown in training, shape (rows,); None for all alike.

    References:
        Lopez-Paz and Oquab 2017, Revisiting Classifier Two-Sample Tests, arXiv 1610.06545.
    """

    def __init__(
        self,
        data: DeviceRows,
        held_out: Tensor,
        *,
        told: bool,
        every: int,
        patience: int | None,
        seed: int,
        weights: Tensor | None = None,
    ) -> None:
        self.every, self.patience, self._seed = every, patience, seed
        chances = np.random.default_rng(seed)
        kept = np.setdiff1d(np.arange(len(data)), held_out.numpy())
        self.rows = torch.from_numpy(kept)
        size = min(_MOST, len(held_out), len(kept))
        self._index = torch.from_numpy(_choose(held_out.numpy(), size, weights, chances)).to(data.device)
        seen = torch.from_numpy(_choose(kept, size, weights, chances)).to(data.device)
        self._held = _flat(data.batch(self._index, new_generator(seed, data.device)))
        self._seen = _flat(data.batch(seen, new_generator(seed, data.device)))
        self._condition = data.condition(self._index) if told else None

    @torch.no_grad()
    def __call__(self, generator: nn.Module) -> dict[str, float]:
        """Return `score` (lower is better), `sliced_wasserstein` and `dcr_share`."""
        rng = new_generator(self._seed, self._held.device)
        width: int = generator.noise_dim  # type: ignore[assignment]
        noise = normal((len(self._held), width), rng, self._held.device)
        told = {} if self._condition is None else {"condition": self._condition}
        made = _flat(generator(noise, rng, **told))
        return {
            "score": abs(_told_apart(self._held.cpu().numpy(), made.cpu().numpy(), self._seed) - 0.5),
            "sliced_wasserstein": sliced_wasserstein(self._held, made, rng),
            "dcr_share": float((_nearest(made, self._seen) < _nearest(made, self._held)).double().mean()),
        }


def _choose(rows: np.ndarray, size: int, weights: Tensor | None, chances: np.random.Generator) -> np.ndarray:
    if weights is None:
        return chances.choice(rows, size, replace=False)
    shares = weights.numpy()[rows]
    return chances.choice(rows, size, p=shares / shares.sum())


def _flat(rows: Tensor) -> Tensor:
    return rows.flatten(1)


def _nearest(rows: Tensor, others: Tensor) -> Tensor:
    return torch.cdist(rows, others).amin(dim=1)


def _told_apart(real: np.ndarray, generated: np.ndarray, seed: int) -> float:
    """Return the mean AUC over two halves, each told by trees that the other one trained."""
    rows, truth = np.concatenate([real, generated]), np.repeat([0, 1], [len(real), len(generated)])
    half = np.arange(len(rows)) % 2 == 0
    areas: list[float] = []
    for train in (half, ~half):
        trees = HistGradientBoostingClassifier(max_iter=60, early_stopping=False, random_state=seed % 2**31)  # type: ignore[arg-type]
        trees.fit(rows[train], truth[train])
        areas.append(float(roc_auc_score(truth[~train], trees.predict_proba(rows[~train])[:, 1])))
    return float(np.mean(areas))
