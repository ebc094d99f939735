"""Strong judges of synthetic windows: random convolutions with a ridge, and boosted trees on summary features.

A classifier learns to tell real windows from synthetic ones and is tested on windows of other blocks; its AUC is
0.5 where it finds no difference and 1 where it always does. Beside it stands the same figure for real windows against
other real windows, since a finite set rarely gives exactly 0.5. A low AUC means that these judges found nothing:
it is no proof that there is nothing to find.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from wgan_aug.errors import InvalidDataError, InvalidParameterError
from wgan_aug.evaluation.figures import to_plain
from wgan_aug.evaluation.series.features import RandomConvolutions, summary_features
from wgan_aug.evaluation.series.nearness import nearest
from wgan_aug.evaluation.series.ridge import RidgeClassifier
from wgan_aug.evaluation.series.windows import check_groups, check_windows, halves

__all__ = [
    "StrongJudges",
    "strong_judges",
]

Array = np.ndarray
_BLUR = 0.002  # noise on both sides before the trees, as a share of a channel's spread


@dataclasses.dataclass(frozen=True)
class StrongJudges:
    """What two strong judges find; `strong` is 2 * (larger AUC - 0.5), at least 0: 0 is best, 1 is always told apart.

    `*_floor` is the same for real blocks against other real blocks, None where there are too few blocks for it; it
    rests on half as many windows. `*_folds` are the AUCs of the folds, whose mean is the figure.
    """

    rocket_auc: float
    boost_auc: float
    strong: float
    rocket_floor: float | None
    boost_floor: float | None
    strong_floor: float | None
    rocket_folds: tuple[float, ...]
    boost_folds: tuple[float, ...]
    n_real: int
    n_synthetic: int
    n_groups: int

    def to_json(self) -> dict[str, Any]:
        """Return plain Python values, NaN as None."""
        return to_plain(self)


def strong_judges(
    real: Array,
    synthetic: Array,
    *,
    groups: Any = None,
    folds: int = 3,
    cap: int = 2000,
    kernels: int = 700,
    floor_repeats: int = 1,
    random_state: int = 0,
) -> StrongJudges:
    """Return how well two strong judges tell synthetic windows from real ones on blocks that they have not seen.

    AUC = P(score of a synthetic window > score of a real one), ties counted half, averaged over folds of blocks. Judge
    one is a ridge on `RandomConvolutions`; judge two is boosted trees on `summary_features`, after noise of 0.2 % of
    each channel's spread on both sides, so that rounding, ties and doubled channels do not decide. A synthetic window
    goes to the fold of its nearest real window: else near-copies on the learning side would teach a judge that the
    real windows of the testing side are synthetic (AUC below 0.5). A fold that leaves a side empty, because the
    synthetic windows crowd around few blocks, counts as 1.

    Args:
        real: windows (n, time, channels).
        synthetic: windows of the same length and channels.
        groups: block of each real window, (n,); windows of one group are never on both sides, windows with a negative
            number are left out. For windows of one long series see `window_groups`. None: every window is a block.
        folds: parts that the blocks are cut into.
        cap: windows at most, on either side.
        kernels: random convolutions.
        floor_repeats: random halvings of the blocks whose mean is the floor; 0 leaves the floor out.
        random_state: seed of all draws.

    Raises:
        InvalidDataError: for bad windows, fewer blocks than folds, or fewer synthetic windows than folds.
        InvalidParameterError: for fewer than 2 folds, or a cap below the folds.

    References:
        Lopez-Paz, Oquab (2017), Revisiting classifier two-sample tests, arXiv 1610.06545; Dempster et al. (2020),
        arXiv 1910.13051.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> found = strong_judges(rng.normal(size=(60, 8, 1)), 1 + rng.normal(size=(60, 8, 1)), kernels=50)
        >>> found.boost_auc > 0.9, found.n_groups
        (True, 60)
    """
    sets = check_windows({"real": real, "synthetic": synthetic})
    codes = check_groups(groups, len(sets["real"]))
    x, codes, s = sets["real"][codes >= 0], codes[codes >= 0], sets["synthetic"]
    n_groups = len(np.unique(codes))
    _check_counts(n_groups, len(s), folds, cap)
    rng = np.random.default_rng(random_state)
    found = _judge(x, codes, s, None, folds, cap, kernels, rng)
    floors: list[dict[str, list[float]]] = []
    for _ in range(floor_repeats if n_groups >= 2 * folds else 0):
        one = halves(codes, rng)
        floors.append(_judge(x[one], codes[one], x[~one], codes[~one], folds, cap, kernels, rng))
    rocket, boost = float(np.mean(found["rocket"])), float(np.mean(found["boost"]))
    low = {name: float(np.mean([floor[name] for floor in floors])) if floors else None for name in found}
    return StrongJudges(
        rocket,
        boost,
        _strong(rocket, boost),
        low["rocket"],
        low["boost"],
        None if low["rocket"] is None or low["boost"] is None else _strong(low["rocket"], low["boost"]),
        tuple(found["rocket"]),
        tuple(found["boost"]),
        min(len(x), cap),
        min(len(x), len(s), cap),
        n_groups,
    )


def _check_counts(n_groups: int, n_synthetic: int, folds: int, cap: int) -> None:
    if folds < 2 or cap < folds:
        raise InvalidParameterError(f"folds is {folds} and cap is {cap}; folds must be at least 2, cap at least folds.")
    if n_groups < folds or n_synthetic < folds:
        raise InvalidDataError(
            f"There are {n_groups} blocks of real windows and {n_synthetic} synthetic windows; {folds} folds need at "
            f"least {folds} of each. Give more windows, or fewer folds."
        )


def _strong(rocket: float, boost: float) -> float:
    return max(0.0, 2 * (max(rocket, boost) - 0.5))


def _judge(
    a: Array,
    a_codes: Array,
    b: Array,
    b_codes: Array | None,
    folds: int,
    cap: int,
    kernels: int,
    rng: np.random.Generator,
) -> dict[str, list[float]]:
    """Return the AUCs of the folds by judge; without codes, windows of `b` follow their nearest window of `a`."""
    kept = np.sort(rng.permutation(len(a))[:cap])
    a, a_codes = a[kept], a_codes[kept]
    kept = rng.permutation(len(b))[: min(len(a), cap)]
    b, b_codes = b[kept], None if b_codes is None else b_codes[kept]
    both, y = np.concatenate([a, b]), np.repeat([0, 1], [len(a), len(b)])
    blurred = both + rng.standard_normal(both.shape) * _BLUR * a.std((0, 1))
    convolutions = RandomConvolutions(a, kernels=kernels, random_state=int(rng.integers(2**31)))
    fold_a = _deal(a_codes, folds, rng)
    fold_b = fold_a[nearest(b, a)[1]] if b_codes is None else _deal(b_codes, folds, rng)
    fold = np.concatenate([fold_a, fold_b])
    out: dict[str, list[float]] = {}
    for name, features in (("rocket", convolutions.transform(both)), ("boost", summary_features(blurred))):
        out[name] = [_fold_auc(name, features, y, fold == f) for f in range(folds)]
    return out


def _deal(codes: Array, folds: int, rng: np.random.Generator) -> Array:
    """Return the fold of each window: groups are dealt out in turn, in random order."""
    distinct, at = np.unique(codes, return_inverse=True)
    return (rng.permutation(len(distinct)) % folds)[at]


def _fold_auc(name: str, x: Array, y: Array, test: Array) -> float:
    if len(np.unique(y[test])) < 2 or len(np.unique(y[~test])) < 2:
        return 1.0
    if name == "rocket":
        scores = RidgeClassifier(x[~test], y[~test]).decide(x[test])[:, 1]
    else:
        settings: dict[str, Any] = {"max_iter": 150, "learning_rate": 0.08, "max_leaf_nodes": 15}
        trees = HistGradientBoostingClassifier(**settings, early_stopping=False, random_state=0)  # type: ignore[arg-type]
        scores = trees.fit(x[~test], y[~test]).predict_proba(x[test])[:, 1]
    return float(roc_auc_score(y[test], scores))
