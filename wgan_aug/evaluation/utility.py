"""Downstream utility: how well models trained on synthetic rows predict real ones."""

from __future__ import annotations

import dataclasses
import numbers
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.errors import InvalidParameterError, join_problems
from wgan_aug.evaluation.figures import Interval, to_plain
from wgan_aug.evaluation.frames import Tables, Task
from wgan_aug.evaluation.learners import find_estimators
from wgan_aug.evaluation.overlap import find_copies, warn_of_overlap
from wgan_aug.evaluation.trials import Arm, Trial, add_halves, add_scores, prepare_trial

__all__ = ["Utility", "downstream_utility", "utility_ratio"]

LEVEL = 0.95
_BEST_RATIO = 1.2
_FREEDOM = 2 / 3  # of a degree of freedom for each pair of halves, since models share them: chosen by simulation
_NOTHING = 1e-6  # a score of real rows that leaves nothing to lose


@dataclasses.dataclass(frozen=True)
class Utility:
    """What synthetic rows are worth to downstream models.

    Args:
        target: the column that is predicted.
        task: what predicting it is.
        metric: the score: `"gini"`, `"macro_f1"`, `"r2"`, or the name of the scorer that was given.
        ratio: mean over models of TSTR / TRTR, with its interval; 1 where synthetic rows serve as well as real ones.
        difference: mean over models of TSTR - TRTR, with its interval.
        models: one line a model: `model`, `trtr`, `tstr`, `tsts`, `ratio`, `ratio_low`, `ratio_high`, `difference`,
            `difference_low`, `difference_high`.
        recall: one line a model and class: `model`, `class`, `rows` (of the hold-out), `trtr`, `tstr`; None for
            regression.
        failures: models that could not be trained or scored (and so got the score 0), with the reason.
        split_off: True where no hold-out was given, and a part of the real rows was kept from the models instead.
        rows: rows used, as `real`, `synthetic` and `holdout`.
        without_target: rows left out because their target is missing or infinite, likewise.
        repeats: seeds over which scores are averaged.
    """

    target: Hashable
    task: Task
    metric: str
    ratio: Interval
    difference: Interval
    models: pd.DataFrame
    recall: pd.DataFrame | None
    failures: dict[str, str]
    split_off: bool
    rows: dict[str, int]
    without_target: dict[str, int]
    repeats: int

    @property
    def utility_ratio(self) -> float:
        """The ratio alone."""
        return self.ratio.value

    def to_frame(self) -> pd.DataFrame:
        """Return one line a model."""
        return self.models.copy()

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON, and the ratio alone as `utility_ratio`."""
        return to_plain({"utility_ratio": self.utility_ratio} | vars(self))


def downstream_utility(
    tables: Tables,
    *,
    estimators: Any = None,
    scorer: Any = None,
    repeats: int = 1,
    n_bootstrap: int = 200,
    max_rows: int | None = None,
    halves: bool = True,
    random_state: int = 0,
) -> Utility:
    """Train models on real and on synthetic rows, and score both on the same held-out real rows.

    ratio = mean over models of min(1.2, max(0, TSTR) / TRTR), where TRTR is the score of a model trained on real rows,
    TSTR of one trained on the synthetic rows, both tested on the hold-out; the score is Gini = 2 AUC - 1 for two
    classes (the positive one is the last in the order of text), macro F1 for more, R2 for numbers, each raised to 0
    where it is lower. Where TRTR is 0 there is nothing to lose, and the ratio is 1; it is NaN where a user's scorer
    gives a TRTR below 0: read the difference then. TSTS, for contrast, is trained on one half of the synthetic rows
    and tested on the other, both ways: high beside a low TSTR, it says that the synthetic rows are easy, not real.

    Intervals are 95 % percentile intervals over resampled hold-out rows, the same ones for TRTR and TSTR. Another draw
    of the training rows would move the scores, too. How much is read from models trained on the halves of each: phi is
    the mean of D^2 / v over models and both kinds of rows, where D is the difference of two halves' scores and v its
    variance over the resamples; what phi exceeds 1 by is due to training rows. Each resample draws
    phi' = max(1, phi nu / chi2_nu), nu being two thirds of the number of halved models (phi is a rough guess), and
    gives every TRTR and TSTR an error of variance (phi' - 1) v / 4. Over simulated tables whose synthetic rows were as
    good as real ones, such intervals held 1 in 95 to 99 % of cases, and those over the hold-out alone (`halves=False`)
    in 66 to 95 %. Rows must be independent: of repeated rows or rows in time, intervals are too narrow.

    A ratio near 1 says that these models, for this target, on rows like the hold-out, lose little. It says nothing on
    other targets, on privacy, or on adding synthetic rows to real ones. Without a hold-out, a stratified quarter of
    the real rows is kept from the models, but the synthesizer may have seen them, which flatters TSTR.

    Args:
        tables: aligned frames, with a target.
        estimators: scikit-learn models (one, a list, or a dict by name); None for boosted trees, a forest and a
            linear model. Their `random_state` is set.
        scorer: None, or a scikit-learn scorer, by name or as a callable that takes labels as text.
        repeats: seeds to train with; scores are averaged.
        n_bootstrap: resamples of the hold-out; 0 for no intervals.
        max_rows: rows of each table used, at most, drawn by class.
        halves: train on halves, for TSTS and for the spread over training rows: twice the time.
        random_state: the seed.

    Returns:
        The figures; a model that cannot be trained on the synthetic rows scores 0 (NaN by a user's scorer, of which 0
        may be the best score), and `failures` says why.

    Raises:
        InvalidParameterError: for options that are not allowed, and where there is no target.
        InvalidDataError: where the real or hold-out rows are too few, have one class or value of the target, or more
            than 100 classes, where no row has a target, and where there is no other column.

    Warns:
        DataWarning: where more hold-out rows equal a training row than chance explains: such rows flatter TRTR, and
            TSTR of synthetic rows that copy training rows.

    Reference: Esteban, Hyland and Raetsch 2017, arXiv 1706.02633 (TSTR); Efron and Tibshirani 1993 (bootstrap).

    Examples:
        >>> from wgan_aug.evaluation.frames import align
        >>> from sklearn.linear_model import Ridge
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=(3, 200))
        >>> real, fresh, rest = (pd.DataFrame({"x": v, "y": v + rng.normal(size=200)}) for v in x)
        >>> found = downstream_utility(align(real, fresh, holdout=rest, target="y"), estimators=Ridge())
        >>> found.metric, found.ratio.low < 1 < found.ratio.high
        ('r2', True)
    """
    _check_options(repeats, n_bootstrap, max_rows, random_state)
    trial = prepare_trial(tables, scorer, n_bootstrap, max_rows, random_state)
    warn_of_overlap(tables, find_copies(tables).overlap)
    named = find_estimators(estimators, trial.task, random_state)
    judged = {name: _judge(trial, name, model, repeats, halves, random_state) for name, model in named.items()}
    return _summarise(trial, judged, repeats, random_state)


def _check_options(repeats: Any, n_bootstrap: Any, max_rows: Any, random_state: Any) -> None:
    whole: Any = numbers.Integral
    problems = [
        f"{name} is {value!r}; it must be an integer of at least {least}."
        for name, value, least in (
            ("repeats", repeats, 1),
            ("n_bootstrap", n_bootstrap, 0),
            ("max_rows", max_rows, 10),
            ("random_state", random_state, 0),
        )
        if not (isinstance(value, whole) and value >= least) and not (name == "max_rows" and value is None)
    ]
    if problems:
        raise InvalidParameterError(join_problems(problems))


def _judge(trial: Trial, name: str, model: Any, repeats: int, halves: bool, seed: int) -> dict[str, Arm]:
    arms = {"real": Arm(), "synthetic": Arm()}
    for repeat in range(repeats):
        for kind, arm in arms.items():
            frame, y = trial.frames[kind], trial.targets[kind]
            add_scores(trial, arm, model, frame, y, seed + repeat)
            if kind == "real" and arm.failure:
                raise InvalidParameterError(
                    f"The model {name!r} cannot be trained on the {len(y)} real rows and scored by "
                    f"{trial.measure.name!r}: {arm.failure}"
                )
            if halves and not arm.failure:
                add_halves(trial, arm, model, frame, y, seed + repeat)
    return arms


# ---- the figures


def utility_ratio(trtr: np.ndarray, tstr: np.ndarray) -> np.ndarray:
    """Return min(1.2, max(0, TSTR) / TRTR); 1 where TRTR is 0 (there is nothing to lose), NaN where it is negative.

    Args:
        trtr: scores of models trained on real rows, any shape.
        tstr: scores of models trained on synthetic rows, of that shape.

    Examples:
        >>> utility_ratio(np.array([0.5, 0.5, 0.0]), np.array([0.4, 0.7, 0.3])).tolist()
        [0.8, 1.2, 1.0]
    """
    share = np.divide(np.maximum(tstr, 0), trtr, out=np.ones_like(trtr), where=trtr > _NOTHING)
    return np.where((trtr < 0) | np.isnan(trtr) | np.isnan(tstr), np.nan, np.minimum(share, _BEST_RATIO))


def _dispersion(judged: dict[str, dict[str, Arm]], resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Return what phi may be, one value a resample, shape (resamples,)."""
    spreads = [spread for arms in judged.values() for arm in arms.values() for spread in arm.spreads]
    factors = [s[0] ** 2 / v for s in spreads if np.isfinite(s[1:]).sum() > 1 and (v := float(np.nanvar(s[1:]))) > 0]
    if not factors:
        return np.ones(resamples)
    freedom = len(factors) * _FREEDOM
    return np.maximum(1.0, np.nanmean(factors) * freedom / rng.chisquare(freedom, resamples))


def _draws(
    trial: Trial, judged: dict[str, dict[str, Arm]], kind: str, phi: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return scores of each model, shape (models, 1 + resamples): as measured, and as they may have come out."""
    shuffled = rng.permutation(len(phi)) + 1
    lines: list[np.ndarray] = []
    for arms in judged.values():
        arm = arms[kind]
        line = np.maximum(np.array(arm.curves), trial.measure.floor).mean(axis=0)
        if arm.spreads and np.isfinite(arm.spreads[0][1:]).any():
            spread = arm.spreads[0][shuffled]
            error = np.sqrt(phi - 1) / 2 * (spread - np.nanmean(spread))
            line[1:] = np.maximum(np.mean(arm.curves, axis=0)[1:] + error, trial.measure.floor)
        lines.append(line)
    return np.array(lines)


def _interval(draws: np.ndarray) -> Interval:
    found = draws[1:][np.isfinite(draws[1:])]
    if len(found) < 2 or not np.isfinite(draws[0]):
        return Interval(float(draws[0]), None, None, LEVEL)
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(draws[0]), float(low), float(high), LEVEL)


def _summarise(trial: Trial, judged: dict[str, dict[str, Arm]], repeats: int, seed: int) -> Utility:
    rng = np.random.default_rng(seed)
    phi = _dispersion(judged, len(trial.weights) - 1, rng)
    trtr, tstr = (_draws(trial, judged, kind, phi, rng) for kind in ("real", "synthetic"))
    ratios, differences = utility_ratio(trtr, tstr), tstr - trtr
    lines: list[dict[str, Any]] = []
    for i, (name, arms) in enumerate(judged.items()):
        crossed = np.maximum(arms["synthetic"].crossed, trial.measure.floor)
        line = {"model": name, "trtr": trtr[i, 0], "tstr": tstr[i, 0]}
        line["tsts"] = float(crossed.mean()) if len(crossed) else np.nan
        for label, values in (("ratio", ratios[i]), ("difference", differences[i])):
            found = _interval(values)
            line |= {label: found.value, f"{label}_low": found.low, f"{label}_high": found.high}
        lines.append(line)
    kinds = {name: "object" if name == "model" else "float64" for name in lines[0]}
    return Utility(
        trial.tables.target,
        trial.task,
        trial.measure.name,
        _interval(ratios.mean(axis=0)),
        _interval(differences.mean(axis=0)),
        pd.DataFrame(lines).astype(kinds),
        _recall(trial, judged),
        {name: arms["synthetic"].failure for name, arms in judged.items() if arms["synthetic"].failure},
        trial.split_off,
        {name: len(y) for name, y in trial.targets.items()},
        trial.without_target,
        repeats,
    )


def _recall(trial: Trial, judged: dict[str, dict[str, Arm]]) -> pd.DataFrame | None:
    if trial.task == "regression":
        return None
    labels = list(trial.measure.labels)
    rows = [int((trial.targets["holdout"] == label).sum()) for label in labels]
    blocks = [
        pd.DataFrame(
            {"model": name, "class": pd.Series(labels, dtype=object), "rows": rows}
            | {key: np.mean(arms[kind].recalls, axis=0) for key, kind in (("trtr", "real"), ("tstr", "synthetic"))}
        )
        for name, arms in judged.items()
    ]
    return pd.concat(blocks, ignore_index=True)
