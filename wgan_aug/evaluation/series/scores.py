"""How good synthetic windows are, all figures at once: marginals, dynamics, copies, judges, worth to a classifier."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from wgan_aug.errors import DataWarning, InvalidDataError
from wgan_aug.evaluation.figures import to_plain
from wgan_aug.evaluation.series.dynamics import SequenceErrors, sequence_errors
from wgan_aug.evaluation.series.judges import StrongJudges, strong_judges
from wgan_aug.evaluation.series.labelled import ClasswiseScores, classwise_scores, split_off
from wgan_aug.evaluation.series.nearness import NearestWindows, nearest_windows
from wgan_aug.evaluation.series.windows import check_groups, check_windows, halves

if TYPE_CHECKING:
    from wgan_aug.evaluation.series.timegan_scores import RepeatedScore

__all__ = ["PublishedScores", "SequenceLimits", "SequenceScores", "sequence_scores"]

Array = np.ndarray

_FOLDS = 3
_DISCRIMINATIVE_REPEATS = 3  # published: 10


@dataclasses.dataclass(frozen=True)
class SequenceLimits:
    """The windows of each side, at most, and the repeats that a budget allows.

    Args:
        windows: cut from the rows.
        errors: for marginals and dynamics.
        nearest: whose nearest real window is looked for.
        judged: told apart by the strong judges.
        kernels: random convolutions of the judge.
        floors: halvings of the real blocks that the judges' floor is the mean of.
        seeds: sets of kernels of the labelled scores.
        published: steps of a window up to which TimeGAN's scores are computed, in about two minutes of one core for
            32 steps.
    """

    windows: int = 20_000
    errors: int = 5000
    nearest: int = 600
    judged: int = 1000
    kernels: int = 400
    floors: int = 1
    seeds: int = 2
    published: int = 0


@dataclasses.dataclass(frozen=True)
class PublishedScores:
    """TimeGAN's scores; see `wgan_aug.evaluation.series.timegan_scores`. `predictive_real` has learned from real."""

    discriminative: RepeatedScore
    predictive: RepeatedScore
    predictive_real: RepeatedScore


@dataclasses.dataclass(frozen=True)
class SequenceScores:
    """All figures of a set of synthetic windows.

    Args:
        errors: marginals and dynamics, all windows against all.
        errors_floor: the same for one random half of the real blocks against the other; None with a single block. In a
            drifting series blocks differ by themselves, so that errors can lie below it; it is no target.
        nearest: copies and distances.
        judges: AUCs of strong judges with their floors; None where there are too few blocks.
        published: TimeGAN's scores, where the limits allow them.
        labelled: worth to a classifier, where labels were given.
        shape: real windows, steps and channels.
        n_synthetic: synthetic windows given.
        n_holdout: hold-out windows given.
        random_state: the seed.
        notes: what was left out or subsampled, in words.
    """

    errors: SequenceErrors
    errors_floor: SequenceErrors | None
    nearest: NearestWindows
    judges: StrongJudges | None
    published: PublishedScores | None
    labelled: ClasswiseScores | None
    shape: tuple[int, int, int]
    n_synthetic: int
    n_holdout: int
    random_state: int
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain Python values, NaN as None."""
        return to_plain(self)


def sequence_scores(
    real: Array,
    synthetic: Array,
    *,
    holdout: Array | None = None,
    labels: Sequence[Any] | None = None,
    groups: Any = None,
    limits: SequenceLimits | None = None,
    random_state: int = 0,
    channels: Sequence[Hashable] | None = None,
) -> SequenceScores:
    """Return all figures of synthetic windows: `sequence_errors`, `nearest_windows`, `strong_judges`, and further ones.

    The formulas are in those functions, in `classwise_scores` and in `timegan_scores`. Decide by the strong judges
    against their floor, and by copies beside them: windows copied from the real ones pass every other figure here.
    Without groups the hold-out counts as real for the judges, as its windows are independent of the others.

    Args:
        real: windows that were learned from, (n, time, channels).
        synthetic: windows to judge, with the same length and channels.
        holdout: real windows that were not learned from.
        labels: labels of real, synthetic and hold-out, each of shape (n,). Without a hold-out, the labels of real and
            synthetic; a quarter of the real blocks is then held out from the classifiers, though the synthesizer has
            seen it, and a note says so. Windows whose label is missing are left out of these scores.
        groups: block of each real window, (n,); needed for windows that overlap, see `window_groups`.
        limits: windows and repeats, by default those of the fast budget.
        random_state: seed of everything.
        channels: names for the figures by channel.

    Returns:
        The figures; the same for the same seed.

    Raises:
        InvalidDataError: for bad windows, groups or labels.

    Warns:
        DataWarning: where real windows follow each other with shared steps and no groups are given.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> scores = sequence_scores(rng.normal(size=(60, 8, 1)), rng.normal(size=(60, 8, 1)) + 2)
        >>> scores.errors.ks > 0.6, scores.judges.strong > 0.8
        (True, True)
    """
    limits = limits or SequenceLimits()
    sets = check_windows({"real": real, "synthetic": synthetic} | ({} if holdout is None else {"holdout": holdout}))
    x, s, h = sets["real"], sets["synthetic"], sets.get("holdout")
    codes, notes = check_groups(groups, len(x)), list[str]()
    if groups is None:
        _warn_of_overlap(x)
    labelled = None if labels is None else _labelled(sets, labels, codes, limits, random_state, notes)
    rng = np.random.default_rng(random_state)
    return SequenceScores(
        errors=sequence_errors(_some(x, limits.errors, rng), _some(s, limits.errors, rng), channels=channels),
        errors_floor=_errors_floor(x, codes, limits, channels, rng),
        nearest=nearest_windows(x, s, holdout=h, groups=groups, cap=limits.nearest, random_state=random_state),
        judges=_judges(x, s, h, groups, limits, random_state, notes),
        published=_published(x, s, limits.published, random_state, notes),
        labelled=labelled,
        shape=(x.shape[0], x.shape[1], x.shape[2]),
        n_synthetic=len(s),
        n_holdout=0 if h is None else len(h),
        random_state=random_state,
        notes=tuple(notes),
    )


def _some(x: Array, cap: int, rng: np.random.Generator) -> Array:
    return x if len(x) <= cap else x[rng.permutation(len(x))[:cap]]


def _warn_of_overlap(x: Array) -> None:
    """Warn where each window repeats the end of the one before: then windows of one block would judge each other."""
    head, after = x[:200], x[1:201]
    head = head[: len(after)]
    if np.ptp(x, axis=(0, 1)).max() == 0:
        return
    for step in range(1, x.shape[1] - 1 if len(after) > 1 else 1):
        begin = (head[:, step] == after[:, 0]).all(1).mean()
        if begin > 0.5 and (head[:, step:] == after[:, :-step]).all((1, 2)).mean() > 0.5:
            warnings.warn(
                f"Real windows overlap: most repeat all but {step} of the steps of the one before. Without groups the "
                "judges learn from and are tested on the same rows; pass groups=window_groups(starts, length).",
                DataWarning,
                stacklevel=3,
            )
            return


def _errors_floor(
    x: Array, codes: Array, limits: SequenceLimits, channels: Sequence[Hashable] | None, rng: np.random.Generator
) -> SequenceErrors | None:
    x, codes = x[codes >= 0], codes[codes >= 0]
    one = halves(codes, rng)
    if not one.any():
        return None
    return sequence_errors(_some(x[one], limits.errors, rng), _some(x[~one], limits.errors, rng), channels=channels)


def _judges(
    x: Array, s: Array, h: Array | None, groups: Any, limits: SequenceLimits, random_state: int, notes: list[str]
) -> StrongJudges | None:
    if groups is None and h is not None:
        x = np.concatenate([x, h])
    codes = check_groups(groups, len(x))
    blocks = len(np.unique(codes[codes >= 0]))
    if min(blocks, len(s)) < _FOLDS:
        notes.append(f"No judges: {blocks} real blocks and {len(s)} synthetic windows, {_FOLDS} of each are needed.")
        return None
    if blocks < 2 * _FOLDS:
        notes.append(f"No floor for the judges: {blocks} real blocks, {2 * _FOLDS} are needed.")
    return strong_judges(
        x,
        s,
        groups=groups,
        folds=_FOLDS,
        cap=limits.judged,
        kernels=limits.kernels,
        floor_repeats=limits.floors,
        random_state=random_state,
    )


def _labelled(
    sets: dict[str, Array],
    labels: Sequence[Any],
    codes: Array,
    limits: SequenceLimits,
    random_state: int,
    notes: list[str],
) -> ClasswiseScores:
    """Score windows that have a label."""
    given = [y for y in labels if y is not None]
    if len(given) != len(sets):
        raise InvalidDataError(f"labels has {len(given)} entries; one is needed for each of {', '.join(sets)}.")
    kept: dict[str, tuple[Array, Array]] = {}
    for (name, x), y in zip(sets.items(), given, strict=True):
        if np.shape(y) != (len(x),):
            raise InvalidDataError(f"The labels of {name} have shape {np.shape(y)}; it has {len(x)} windows.")
        there = ~np.asarray(pd.isna(np.asarray(y)))
        if not there.all():
            notes.append(f"{int((~there).sum())} {name} windows have no label; the labelled scores leave them out.")
        kept[name] = (x[there], np.asarray(y)[there])
        codes = codes[there] if name == "real" else codes
    if "holdout" not in kept or not len(kept["holdout"][0]):
        kept["real"], kept["holdout"], note = split_off(*kept["real"], codes, random_state)
        notes.append(note)
    (r, yr), (s, ys), (h, yh) = (kept[side] for side in ("real", "synthetic", "holdout"))
    return classwise_scores(r, s, h, (yr, ys, yh), seeds=limits.seeds, random_state=random_state)


def _published(x: Array, s: Array, steps: int, random_state: int, notes: list[str]) -> PublishedScores | None:
    if not steps:
        return None
    if x.shape[1] > steps:
        notes.append(f"No published scores: windows of {x.shape[1]} steps would take long; {steps} are allowed.")
        return None
    from wgan_aug.evaluation.series.timegan_scores import (  # only these need torch
        MIN_WINDOWS,
        discriminative_score,
        predictive_score,
    )

    if min(len(x), len(s)) < MIN_WINDOWS:
        notes.append(f"No published scores: {len(x)} real and {len(s)} synthetic windows, {MIN_WINDOWS} are needed.")
        return None
    notes.append(f"The discriminative score is a mean of {_DISCRIMINATIVE_REPEATS} repeats; published ones are of 10.")
    return PublishedScores(
        discriminative_score(x, s, repeats=_DISCRIMINATIVE_REPEATS, random_state=random_state),
        predictive_score(x, s, random_state=random_state),
        predictive_score(x, x, random_state=random_state),
    )
