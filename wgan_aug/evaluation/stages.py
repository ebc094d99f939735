"""Running the evaluators one after the other, within a budget."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from wgan_aug.errors import WganAugError
from wgan_aug.evaluation.coverage import coverage
from wgan_aug.evaluation.detection import detection
from wgan_aug.evaluation.fidelity import fidelity
from wgan_aug.evaluation.frames import Tables
from wgan_aug.evaluation.pictures import Scale
from wgan_aug.evaluation.privacy import privacy
from wgan_aug.evaluation.series.cutting import SequenceWindows, cut_tables
from wgan_aug.evaluation.series.reading import Steps
from wgan_aug.evaluation.series.scores import SequenceLimits, SequenceScores, sequence_scores
from wgan_aug.evaluation.utility import downstream_utility

__all__ = ["BUDGETS", "Limits", "run_parts", "write_scales"]

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Limits:
    """The rows of each side, at most, and the repeats that a budget allows.

    Args:
        utility: rows that downstream models learn from, and are tested on, to tell two classes; None is all of them.
        utility_slow: the same to tell more classes or to predict numbers, which takes longer.
        repeats: seeds of downstream models.
        resamples: bootstrap resamples of the test rows.
        coverage: rows compared as points.
        detection: rows told apart.
        trees: of the forest that tells them apart.
        privacy: rows that distances are measured on.
        sequences: windows and repeats of the figures of sequences.
    """

    utility: int | None
    utility_slow: int | None
    repeats: int
    resamples: int
    coverage: int
    detection: int
    trees: int
    privacy: int
    sequences: SequenceLimits = dataclasses.field(default_factory=SequenceLimits)


BUDGETS = {
    "fast": Limits(20_000, 12_000, repeats=1, resamples=200, coverage=5000, detection=8000, trees=100, privacy=3000),
    "full": Limits(
        None,
        30_000,
        repeats=2,
        resamples=1000,
        coverage=10_000,
        detection=20_000,
        trees=200,
        privacy=10_000,
        sequences=SequenceLimits(
            50_000, errors=20_000, nearest=1500, judged=2000, kernels=700, floors=3, seeds=5, published=32
        ),
    ),
}
"""What each budget allows; a table with fewer rows is used whole."""


def run_parts(
    tables: Tables, steps: Steps | None, limits: Limits, seed: int, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Return the parts, why others are missing, and which rows they used.

    Args:
        tables: the aligned rows.
        steps: how they make sequences; None where they do not.
        limits: what the budget allows.
        seed: of all draws.
        progress: called with the name of each part before it begins.
    """
    failed: dict[str, str] = {}

    def part(name: str, compute: Callable[[], T]) -> T | None:
        progress(name)
        try:
            return compute()
        except WganAugError as error:
            failed[name] = " ".join(str(error).split())
            return None

    progress("columns and pairs")
    held = tables.holdout
    parts: dict[str, Any] = {
        "fidelity": fidelity(tables),
        "baseline": None if held is None else fidelity(dataclasses.replace(tables, synthetic=held, holdout=None)),
        "coverage": part("coverage", lambda: coverage(tables, max_rows=limits.coverage, random_state=seed)),
        "detection": part(
            "detection", lambda: detection(tables, max_rows=limits.detection, trees=limits.trees, random_state=seed)
        ),
        "privacy": part("privacy", lambda: privacy(tables, max_rows=limits.privacy, random_state=seed)),
    }
    scored = None if steps is None else part("sequences", lambda: _score_windows(tables, steps, limits, seed))
    parts["windows"], parts["sequences"] = (None, None) if scored is None else scored
    parts["utility"] = None
    if tables.target is None:
        failed["utility"] = "no target was given"
    elif parts["sequences"] is None or parts["sequences"].labelled is None:  # else the sequences' classifier tells it
        rows = limits.utility if tables.task == "binary" else limits.utility_slow
        options: dict[str, Any] = {"repeats": limits.repeats, "n_bootstrap": limits.resamples, "max_rows": rows}
        parts["utility"] = part("utility", lambda: downstream_utility(tables, **options, random_state=seed))
    return {**parts, "failed": failed, "used": _used(tables, parts)}


def _score_windows(tables: Tables, steps: Steps, limits: Limits, seed: int) -> tuple[SequenceWindows, SequenceScores]:
    windows = cut_tables(tables, steps, most=limits.sequences.windows, random_state=seed)
    labels = windows.labels
    scores = sequence_scores(
        **windows.scaled(),
        labels=None if labels is None else [labels[side] for side in windows.sets],
        groups=windows.groups,
        limits=limits.sequences,
        random_state=seed,
        channels=windows.channels,
    )
    return windows, scores


def _used(tables: Tables, parts: dict[str, Any]) -> dict[str, str]:
    real, synthetic = len(tables.real), len(tables.synthetic)
    used = {"columns and pairs": f"all {real} real and {synthetic} synthetic rows"}
    if parts["coverage"] is not None:
        used["coverage"] = f"{parts['coverage'].rows} real and as many synthetic rows, drawn at random"
    told = parts["detection"]
    if told is not None:
        known = "real rows, hold-out included," if tables.holdout is not None else "real rows"
        used["detection"] = f"{told.rows} {known} and as many synthetic rows, drawn at random"
        if told.rows_forest:
            used["detection"] += f"; the forest: {told.rows_forest} hold-out rows and as many synthetic ones"
    worth = parts["utility"]
    if worth is not None:
        rows = worth.rows
        used["utility"] = f"{rows['real']} real and {rows['synthetic']} synthetic to learn from, {rows['holdout']} "
        used["utility"] += "split off from the real rows to test on" if worth.split_off else "hold-out rows to test on"
    if parts["windows"] is not None:
        used["sequences"] = " ".join([f"{parts['windows'].text}.", *parts["sequences"].notes]).rstrip(".")
    if parts["privacy"] is not None:
        n = parts["privacy"].rows
        beside = ", as many hold-out rows" if tables.holdout is not None else ""
        used["privacy"] = f"copies: all rows; distances: {n} real rows{beside}, drawn at random"
    return used


def write_scales(tables: Tables, real: pd.DataFrame) -> dict[Hashable, Scale]:
    """Return how the ends of dates and durations are written, by the real cells they come from."""
    scales: dict[Hashable, Scale] = {}
    for name in tables.numeric:
        values = tables.real[name].to_numpy()
        if tables.schema[name].storage in ("float", "int", "decimal", "bool") or np.isnan(values).all():
            continue
        ends = [int(np.nanargmin(values)), int(np.nanargmax(values))]
        texts = [str(real[name].iloc[at]).removesuffix(" 00:00:00") for at in ends]
        scales[name] = Scale(float(values[ends[0]]), float(values[ends[1]]), *texts)
    return scales
