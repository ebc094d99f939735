"""Do synthetic rows give away the rows that were learned from. No figure here is a proof that they do not."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.errors import DataWarning, InvalidParameterError, did_you_mean, join_problems
from wgan_aug.evaluation.embedding import EMBEDDING, Embedding, nearest, normal_scores
from wgan_aug.evaluation.figures import Interval, auc_interval, check_columns, to_plain
from wgan_aug.evaluation.frames import Tables

__all__ = ["Privacy", "infer_attributes", "privacy"]

ATTACKER_ROWS = 4
"""How many times `max_rows` synthetic rows an attacker looks through."""

_VOTERS = 5
_NORMAL = 1.959964  # reach of a 95 % interval, in standard errors
_WITH_HOLDOUT = ("dcr_share", "nearest_ratio_holdout", "membership_auc", "membership_interval")


@dataclasses.dataclass(frozen=True)
class Privacy:
    """Figures of what synthetic rows give away; those that need a hold-out are None without one.

    A distance is not a proof of privacy: these attacks are simple ones, on a sample of the rows; a row may be given
    away that they do not find, and an average hides the few rows that stand out. A proof needs differential privacy.

    Args:
        copies: share of synthetic rows equal to a training row, minus that share of the hold-out rows; 0 is best.
        copied: share of synthetic rows equal to a training row.
        copied_holdout: share of hold-out rows equal to a training row.
        overlap: hold-out rows equal to a training row.
        dcr_share: share of synthetic rows nearer to the training rows than to as many hold-out rows, ties half; 0.5 is
            best, 1 says that they cling to the training rows.
        nearest: one row for each of `synthetic` and `holdout`: `dcr_5`, `dcr_50` (5 % and 50 % quantile of the distance
            to the nearest training row) and `ratio_5`, `ratio_50` (of it over the distance to the second nearest);
            figures of synthetic rows well below those of the hold-out rows say that they cling to the training rows.
        nearest_ratio: mean ratio of the nearest to the second nearest training row's distance, synthetic rows.
        nearest_ratio_holdout: the same for hold-out rows.
        membership_auc: AUC of telling training from hold-out rows by their nearness to synthetic ones; 0.5 is best.
        membership_interval: its interval.
        attributes: one row a sensitive column, see `infer_attributes`.
        rows: training rows, and hold-out rows, that distances were measured on.
        embedding: what distances are measured in.
    """

    copies: float | None
    copied: float
    copied_holdout: float | None
    overlap: int | None
    dcr_share: float | None
    nearest: pd.DataFrame
    nearest_ratio: float | None
    nearest_ratio_holdout: float | None
    membership_auc: float | None
    membership_interval: Interval | None
    attributes: pd.DataFrame
    rows: int
    embedding: str

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON."""
        return to_plain(vars(self))


def privacy(
    tables: Tables,
    *,
    sensitive: Iterable[Hashable] | None = None,
    max_rows: int = 3000,
    random_state: int = 0,
) -> Privacy:
    """Attack synthetic rows: look for copies, measure distances, tell members apart, infer attributes.

    - Copies are counted over all rows, on the aligned frames: equal in every column that is judged.
    - `dcr_share` = P(d(s, A) < d(s, B)) + P(equal) / 2 over synthetic rows s, where A are training rows and B as many
      hold-out rows, and d is the distance to the nearest of them.
    - The nearest-neighbour ratio of a row is d1 / d2, the distances to the nearest and second nearest of A; 1 where
      both are 0.
    - Membership: rows of A and B are ranked by their distance to the nearest synthetic row; the AUC's interval is
      DeLong's and holds for these synthetic rows.

    Distances are Euclidean between rows as points (numbers as normal scores, categories one-hot, see `EMBEDDING`). A, B
    and the synthetic rows are drawn without replacement, `max_rows` of each at most; the synthetic rows that an
    attacker searches are 4 x `max_rows` at most. A distance is not a proof of privacy: good figures say that these
    attacks failed.

    Args:
        tables: the aligned frames.
        sensitive: columns whose values an attacker would like to know; the target where None, if there is one.
        max_rows: rows of each side that distances are measured on, at most.
        random_state: the seed of the draws.

    Raises:
        InvalidDataError: where no column is left to judge.
        InvalidParameterError: for an unknown sensitive column, one that is left out of all figures, or no `max_rows`.

    Warns:
        DataWarning: where more hold-out rows equal a training row than training rows have a twin among themselves, so
            that the hold-out was not held out. The figures then say too little.

    Reference: Platzer and Reutterer 2021, arXiv 2104.00635 (share of nearer rows); Zhao et al. 2021, arXiv 2102.08369
        (ratio); Hilprecht et al. 2019, PoPETs 2019(4) (membership by distance); Giomi et al. 2023, arXiv 2211.10459
        (inference against a control).

    Examples:
        >>> from wgan_aug.evaluation.frames import align
        >>> rng = np.random.default_rng(0)
        >>> real, fresh = (pd.DataFrame(rng.normal(size=(500, 3)), columns=list("abc")) for _ in range(2))
        >>> leaky = privacy(align(real, real, holdout=fresh))
        >>> leaky.copies, leaky.dcr_share, leaky.membership_auc
        (1.0, 1.0, 1.0)
    """
    if max_rows < 1:
        raise InvalidParameterError(f"max_rows is {max_rows}; it can be 1 or more.")
    check_columns(tables)
    names = _sensitive(tables, sensitive)
    copies = _copies(tables)
    space = Embedding.fit(tables)
    points = {side: space.transform(frame) for side, frame in _draw(tables, max_rows, random_state).items()}
    attributes = infer_attributes(tables, names, max_rows=max_rows, random_state=random_state)
    distances = _distances(points, max_rows)
    return Privacy(**copies, **distances, attributes=attributes, rows=len(points["real"]), embedding=EMBEDDING)


def _sensitive(tables: Tables, names: Iterable[Hashable] | None) -> list[Hashable]:
    known = list(tables.real.columns)
    if names is None:
        return [tables.target] if tables.target in known else []
    problems: list[str] = []
    names = list(names)
    for name in names:
        if name in tables.excluded:
            problems.append(f"sensitive names column {name!r}, which is left out: {tables.excluded[name]}.")
        elif name not in known:
            problems.append(f"sensitive names column {name!r}, which the data do not have.{did_you_mean(name, known)}")
    if problems:
        raise InvalidParameterError(join_problems(problems))
    return names


# ---- copies


def _copies(tables: Tables) -> dict[str, Any]:
    """Count, by 64-bit hashes of whole rows, synthetic and hold-out rows that equal a training row."""
    real = pd.Index(_keys(tables, tables.real))
    copied = float(np.isin(_keys(tables, tables.synthetic), real).mean())
    if tables.holdout is None:
        return {"copies": None, "copied": copied, "copied_holdout": None, "overlap": None}
    held = np.isin(_keys(tables, tables.holdout), real)
    overlap, twins = int(held.sum()), float(real.duplicated(keep=False).mean())
    expected = twins * len(held)
    if overlap > expected + 3 * np.sqrt(expected):
        warnings.warn(
            f"{overlap} of the {len(held)} hold-out rows ({overlap / len(held):.1%}) equal a training row, where "
            f"{twins:.1%} of the training rows have a twin among themselves: the hold-out overlaps the training rows. "
            "Give rows that were not learned from; until then the figures that use the hold-out say too little.",
            DataWarning,
            stacklevel=3,
        )
    share = float(held.mean())
    return {"copies": copied - share, "copied": copied, "copied_holdout": share, "overlap": overlap}


def _keys(tables: Tables, frame: pd.DataFrame) -> np.ndarray:
    """Return one 64-bit hash a row, shape (rows,); 0 and -0 are the same, in older versions of pandas too."""
    numbers = {i: frame[name] + 0.0 for i, name in enumerate(tables.numeric)}
    levels = {i + len(numbers): frame[name] for i, name in enumerate(tables.categorical)}
    return pd.util.hash_pandas_object(pd.DataFrame(numbers | levels), index=False).to_numpy()


# ---- distances


def _draw(tables: Tables, max_rows: int, random_state: int) -> dict[str, pd.DataFrame]:
    """Return the rows that distances are measured on, as many of the hold-out as of the training rows."""
    n = min(len(tables.real), max_rows, *([] if tables.holdout is None else [len(tables.holdout)]))
    sizes = {"real": n, "synthetic": min(len(tables.synthetic), ATTACKER_ROWS * max_rows), "holdout": n}
    return {side: frame.sample(sizes[side], random_state=random_state) for side, frame in _frames(tables).items()}


def _frames(tables: Tables) -> dict[str, pd.DataFrame]:
    frames = {"real": tables.real, "synthetic": tables.synthetic}
    return frames if tables.holdout is None else frames | {"holdout": tables.holdout}


def _distances(points: dict[str, np.ndarray], max_rows: int) -> dict[str, Any]:
    real, synthetic = points["real"], points["synthetic"]
    few = synthetic[:max_rows]
    k = min(2, len(real))
    to_real = {"synthetic": nearest(few, real, k)[0]}
    figures: dict[str, Any] = dict.fromkeys(_WITH_HOLDOUT)
    if "holdout" in points:
        holdout = points["holdout"]
        to_real["holdout"] = nearest(holdout, real, k)[0]
        here, there = to_real["synthetic"][:, 0], nearest(few, holdout)[0][:, 0]
        figures["dcr_share"] = float((here < there).mean() + 0.5 * (here == there).mean())
        nearness = -nearest(np.concatenate([real, holdout]), synthetic)[0][:, 0]
        figures["membership_interval"] = auc_interval(np.repeat([True, False], [len(real), len(holdout)]), nearness)
        figures["membership_auc"] = figures["membership_interval"].value
        figures["nearest_ratio_holdout"] = _mean_ratio(to_real["holdout"])
    rows = [{"rows": side, **_quantiles(d)} for side, d in to_real.items()]
    return figures | {"nearest": pd.DataFrame(rows), "nearest_ratio": _mean_ratio(to_real["synthetic"])}


def _ratios(distances: np.ndarray) -> np.ndarray:
    """Return nearest over second nearest, 1 where both are 0; empty where there is no second."""
    if distances.shape[1] < 2:
        return np.empty(0)
    first, second = distances.T
    return np.divide(first, second, out=np.ones(len(first)), where=second > 0)


def _mean_ratio(distances: np.ndarray) -> float | None:
    ratios = _ratios(distances)
    return float(ratios.mean()) if len(ratios) else None


def _quantiles(distances: np.ndarray) -> dict[str, float]:
    ratios = _ratios(distances)
    ends = np.quantile(ratios, [0.05, 0.5]) if len(ratios) else (np.nan, np.nan)
    near = np.quantile(distances[:, 0], [0.05, 0.5])
    return {"dcr_5": float(near[0]), "dcr_50": float(near[1]), "ratio_5": float(ends[0]), "ratio_50": float(ends[1])}


# ---- attributes


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
    frames = {side: frame[frame[name].notna()] for side, frame in _frames(tables).items()}
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
