"""Attribute inference: what synthetic rows tell of the sensitive values of training rows, beyond what any rows do."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.evaluation.embedding import Embedding, nearest, normal_scores
from wgan_aug.evaluation.frames import Tables

__all__ = ["ATTACKER_ROWS", "infer_attributes"]

ATTACKER_ROWS = 4
"""How many times `max_rows` synthetic rows an attacker looks through."""

_VOTERS = 5
_NORMAL = 1.959964  # reach of a 95 % interval, in standard errors


def infer_attributes(
    tables: Tables, sensitive: Iterable[Hashable], *, max_rows: int = 3000, random_state: int = 0
) -> pd.DataFrame:
    """Guess the sensitive values of training rows from synthetic rows, and from hold-out rows for comparison.

    The attacker knows all other columns of a training row, finds the five synthetic rows that are nearest in these, and
    takes their vote (a category) or mean (a number, as normal score), weighted by 1 / distance. The same attacker given
    as many hold-out rows shows what can be guessed about anybody; `gain` is what synthetic rows give away beyond that.

    Args:
        tables: the aligned frames.
        sensitive: the columns to guess.
        max_rows: training rows to attack, at most; an attacker searches 4 x as many rows at most.
        random_state: the seed of the draws.

    Returns:
        One row a column: `column`, `measure` ("accuracy", or "R2" of normal scores), `attack`, `baseline`, `gain`, the
        95 % interval of the gain `low`, `high` (normal, paired over the rows attacked), and `rows`. Baseline, gain
        and interval are NaN without a hold-out; all figures are where no other column is known, or nothing varies.

    Reference: Giomi et al. 2023, arXiv 2211.10459 (inference against a control).
    """
    rows: list[dict[str, Any]] = []
    for name in sensitive:
        others: list[Hashable] = [c for c in tables.real.columns if c != name]
        figures = dict.fromkeys(["attack", "baseline", "gain", "low", "high"], np.nan)
        measure = "R2" if name in tables.numeric else "accuracy"
        losses, scale = _attack(tables, name, others, max_rows, random_state) if others else ({}, 0.0)
        if scale > 0:
            figures |= _gain(losses, scale)
        attacked = len(next(iter(losses.values()))) if losses else 0
        rows.append({"column": name, "measure": measure, **figures, "rows": attacked})
    return pd.DataFrame(rows, columns=["column", "measure", "attack", "baseline", "gain", "low", "high", "rows"])


def _attack(
    tables: Tables, name: Hashable, others: list[Hashable], max_rows: int, random_state: int
) -> tuple[dict[str, np.ndarray], float]:
    """Return the losses of each attacker over the rows attacked, and the mean loss that counts as knowing nothing."""
    sides = {"real": tables.real, "synthetic": tables.synthetic, "holdout": tables.holdout}
    frames = {side: frame[frame[name].notna()] for side, frame in sides.items() if frame is not None}
    n = min(ATTACKER_ROWS * max_rows, *(len(frame) for side, frame in frames.items() if side != "real"))
    if not n or not len(frames["real"]):
        return {}, 0.0
    space = Embedding.fit(tables, others)
    victims = frames.pop("real")
    victims = victims.sample(min(len(victims), max_rows), random_state=random_state)
    truth, points = victims[name].to_numpy(), space.transform(victims)
    reference = Embedding.fit(tables, [name]).sorted_values.get(name)
    if reference is not None:
        truth = normal_scores(truth, reference)
    losses: dict[str, np.ndarray] = {}
    for side, frame in frames.items():
        known = frame.sample(n, random_state=random_state)
        distances, found = nearest(points, space.transform(known), min(_VOTERS, n))
        weights = 1 / np.maximum(distances, 1e-6)
        values = known[name].to_numpy()[found]
        if reference is None:
            losses[side] = (_vote(values, weights) != truth).astype(float)
        else:
            guess = (normal_scores(values.ravel(), reference).reshape(values.shape) * weights).sum(1) / weights.sum(1)
            losses[side] = (guess - truth) ** 2
    return losses, 1.0 if reference is None else float(np.var(truth))


def _vote(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the value with the greatest weight in each row; the nearer one where two have the same."""
    support = ((values[:, :, None] == values[:, None, :]) * weights[:, None, :]).sum(axis=2)
    return values[np.arange(len(values)), support.argmax(axis=1)]


def _gain(losses: dict[str, np.ndarray], scale: float) -> dict[str, float]:
    """Return 1 - mean loss / scale of both attackers, their difference, and its interval."""
    attack = float(1 - losses["synthetic"].mean() / scale)
    if "holdout" not in losses:
        return {"attack": attack}
    saved = (losses["holdout"] - losses["synthetic"]) / scale
    reach = _NORMAL * float(saved.std(ddof=1)) / np.sqrt(len(saved)) if len(saved) > 1 else np.nan
    gain = float(saved.mean())
    baseline = float(1 - losses["holdout"].mean() / scale)
    return {"attack": attack, "baseline": baseline, "gain": gain, "low": gain - reach, "high": gain + reach}
