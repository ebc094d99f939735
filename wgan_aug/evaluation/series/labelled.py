"""What labelled synthetic windows are worth to a classifier."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.errors import InvalidDataError, InvalidParameterError, join_problems
from wgan_aug.evaluation.figures import to_plain
from wgan_aug.evaluation.series.features import RandomConvolutions
from wgan_aug.evaluation.series.ridge import RidgeClassifier
from wgan_aug.evaluation.series.windows import check_windows

__all__ = [
    "ClasswiseScores",
    "classwise_scores",
    "split_off",
]

Array = np.ndarray
_RESAMPLES = 1000


@dataclasses.dataclass(frozen=True)
class ClasswiseScores:
    """What labelled synthetic windows are worth to a classifier; see `classwise_scores`.

    `by_class` has one row per class: label, n_real, n_synthetic, n_holdout, recall_trtr, recall_tstr, recall_both.
    """

    trtr: float
    tstr: float
    both: float
    ratio: float
    gain: float
    ratio_interval: tuple[float, float]
    gain_interval: tuple[float, float]
    class_tv: float
    by_class: pd.DataFrame = dataclasses.field(compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return plain Python values, NaN as None."""
        return to_plain(self)


def classwise_scores(
    real: Array,
    synthetic: Array,
    holdout: Array,
    labels: Sequence[Any],
    *,
    seeds: int = 5,
    kernels: int = 1000,
    random_state: int = 0,
) -> ClasswiseScores:
    """Return how well a classifier does on held-out windows when it learns from real, synthetic, or both.

    trtr, tstr and both are accuracies on the hold-out of a `RidgeClassifier` on `RandomConvolutions` (scaled by the
    real windows), means over seeds of the kernels; ratio = tstr / trtr; gain = both - trtr; class_tv = half the sum
    over classes of |share in real - share in synthetic|. Intervals hold 95 % of resamples of the hold-out windows
    (percentile bootstrap, both models on the same resample); they tell nothing of another draw of training windows.

    Args:
        real: windows to learn from, (n, time, channels).
        synthetic: synthetic windows.
        holdout: windows to test on.
        labels: labels of the three sets, each of shape (n,).
        seeds: sets of kernels.
        kernels: random convolutions.
        random_state: seed of the first set.

    Raises:
        InvalidDataError: for bad windows or labels, labels of the synthetic windows that no real one has, or one class.
        InvalidParameterError: for fewer than one seed.

    References:
        Esteban, Hyland, Rätsch (2017), Real-valued time series generation with recurrent conditional GANs (TSTR),
        arXiv 1706.02633.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> y = np.repeat([0, 1], 20)
        >>> draw = lambda: rng.normal(size=(40, 8, 1)) + 3 * y[:, None, None]
        >>> scores = classwise_scores(draw(), draw(), draw(), (y, y, y), seeds=1, kernels=100)
        >>> scores.trtr > 0.9, scores.ratio > 0.9
        (True, True)
    """
    sets = check_windows({"real": real, "synthetic": synthetic, "holdout": holdout})
    if seeds < 1:
        raise InvalidParameterError(f"seeds is {seeds}; at least 1 is needed.")
    (yr, ys, yt), classes = _read_labels(labels, {name: len(x) for name, x in sets.items()})
    hits = np.zeros((3, len(yt)))
    for seed in range(random_state, random_state + seeds):
        convolutions = RandomConvolutions(sets["real"], kernels=kernels, random_state=seed)
        r, s, t = (convolutions.transform(x) for x in sets.values())
        for row, (x, y) in enumerate([(r, yr), (s, ys), (np.concatenate([r, s]), np.concatenate([yr, ys]))]):
            hits[row] += (RidgeClassifier(x, y).predict(t) == yt) / seeds
    trtr, tstr, both = (float(v) for v in hits.mean(1))
    ratios, gains = _resample(hits, np.random.default_rng(random_state))
    counts = [np.bincount(y, minlength=len(classes)) for y in (yr, ys, yt)]
    shares = [count / count.sum() for count in counts]
    table: dict[str, Any] = {"label": classes, **dict(zip(("n_real", "n_synthetic", "n_holdout"), counts, strict=True))}
    for name, row in zip(("recall_trtr", "recall_tstr", "recall_both"), hits, strict=True):
        table[name] = np.bincount(yt, row, len(classes)) / np.where(counts[2] > 0, counts[2], np.nan)
    tv = 0.5 * float(np.abs(shares[0] - shares[1]).sum())
    return ClasswiseScores(
        trtr,
        tstr,
        both,
        tstr / trtr if trtr else float("nan"),
        both - trtr,
        ratios,
        gains,
        tv,
        by_class=pd.DataFrame(table),
    )


def split_off(
    real: Array, labels: Array, codes: Array, random_state: int
) -> tuple[tuple[Array, Array], tuple[Array, Array], str]:
    """Hold a quarter of the blocks out from the classifiers, where there is no hold-out.

    Args:
        real: windows (n, time, channels).
        labels: their labels, (n,).
        codes: their blocks, (n,); windows with a negative one are left out.
        random_state: seed of the draw.

    Returns:
        Windows and labels to learn from, windows and labels to test on, and what was done, in words.

    Raises:
        InvalidDataError: for fewer than two blocks.
    """
    blocks = np.random.default_rng(random_state).permutation(np.unique(codes[codes >= 0]))
    if len(blocks) < 2:
        raise InvalidDataError("The labelled windows are of one block; a hold-out takes at least two.")
    test = np.isin(codes, blocks[: max(1, len(blocks) // 4)])
    learn = ~test & (codes >= 0)
    note = (
        f"No hold-out: {int(test.sum())} of {len(real)} real windows were held out from the classifiers, but not from "
        "the synthesizer, so the labelled scores flatter it."
    )
    return (real[learn], labels[learn]), (real[test], labels[test]), note


def _resample(hits: Array, rng: np.random.Generator) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return 95 % intervals of tstr / trtr and of both - trtr."""
    n = hits.shape[1]
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=_RESAMPLES) @ hits.T / n
    ratios = drawn[:, 1] / np.where(drawn[:, 0] > 0, drawn[:, 0], np.nan)
    low, high = np.nanquantile(ratios, [0.025, 0.975]) if np.isfinite(ratios).any() else (np.nan, np.nan)
    least, most = np.quantile(drawn[:, 2] - drawn[:, 0], [0.025, 0.975])
    return (float(low), float(high)), (float(least), float(most))


def _read_labels(labels: Sequence[Any], sizes: dict[str, int]) -> tuple[list[Array], pd.Index]:
    """Return class numbers of each set, and the classes; those that only the hold-out has come last."""
    if len(labels) != len(sizes):
        raise InvalidDataError(f"labels has {len(labels)} entries; one is needed for each of {', '.join(sizes)}.")
    series = {
        name: pd.Series(np.asarray(y)) if np.ndim(y) == 1 else None for name, y in zip(sizes, labels, strict=True)
    }
    problems: list[str] = []
    for (name, y), given in zip(series.items(), labels, strict=True):
        if y is None or len(y) != sizes[name]:
            problems.append(f"The labels of {name} have shape {np.shape(given)}; it has {sizes[name]} windows.")
        elif y.isna().any():
            problems.append(f"The labels of {name} have {int(y.isna().sum())} missing values.")
    if problems:
        raise InvalidDataError(join_problems(problems))
    real, *others = (y for y in series.values() if y is not None)
    classes = pd.Index(real.unique()).sort_values()
    strange = sorted(map(repr, set(others[0].unique()) - set(classes)))
    if strange:
        raise InvalidDataError(f"Labels of synthetic that no real window has: {', '.join(strange)}.")
    if len(classes) < 2:
        raise InvalidDataError(f"All real windows have the label {classes[0]!r}; a classifier needs two classes.")
    for y in others[1:]:
        classes = classes.append(pd.Index(y.unique()).difference(classes, sort=False))
    return [classes.get_indexer(pd.Index(y)) for y in (real, *others)], classes
