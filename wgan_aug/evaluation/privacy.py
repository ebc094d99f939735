"""Do synthetic rows give away the rows that were learned from. No figure here is a proof that they do not."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.errors import InvalidParameterError, did_you_mean, join_problems
from wgan_aug.evaluation.attributes import ATTACKER_ROWS, infer_attributes
from wgan_aug.evaluation.embedding import EMBEDDING, Embedding, nearest
from wgan_aug.evaluation.figures import Interval, auc_interval, check_columns, to_plain
from wgan_aug.evaluation.frames import Tables
from wgan_aug.evaluation.overlap import find_copies, warn_of_overlap

__all__ = ["Privacy", "privacy"]

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
    copies = find_copies(tables)
    warn_of_overlap(tables, copies.overlap)
    space = Embedding.fit(tables)
    points = {side: space.transform(frame) for side, frame in _draw(tables, max_rows, random_state).items()}
    attributes = infer_attributes(tables, names, max_rows=max_rows, random_state=random_state)
    distances = _distances(points, max_rows)
    return Privacy(**vars(copies), **distances, attributes=attributes, rows=len(points["real"]), embedding=EMBEDDING)


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


# ---- distances


def _draw(tables: Tables, max_rows: int, random_state: int) -> dict[str, pd.DataFrame]:
    """Return the rows that distances are measured on, as many of the hold-out as of the training rows."""
    frames = {"real": tables.real, "synthetic": tables.synthetic, "holdout": tables.holdout}
    there = {side: frame for side, frame in frames.items() if frame is not None}
    n = min(max_rows, *(len(frame) for side, frame in there.items() if side != "synthetic"))
    sizes = {"real": n, "synthetic": min(len(tables.synthetic), ATTACKER_ROWS * max_rows), "holdout": n}
    return {side: frame.sample(sizes[side], random_state=random_state) for side, frame in there.items()}


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
