"""`evaluate`: all evaluators in one call, and the `Report` that tells what they found in words, JSON and HTML."""

from __future__ import annotations

import dataclasses
import os
import platform
import warnings
from collections.abc import Callable, Hashable, Iterable
from importlib import metadata
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from wgan_aug.errors import DataWarning, InvalidParameterError, did_you_mean
from wgan_aug.evaluation.figures import to_plain
from wgan_aug.evaluation.findings import SEQUENCE_FIGURES, Findings, figures_of
from wgan_aug.evaluation.frames import align
from wgan_aug.evaluation.page import render, write_page
from wgan_aug.evaluation.series.reading import read_sides
from wgan_aug.evaluation.stages import BUDGETS, run_parts, write_scales
from wgan_aug.evaluation.verdict import headline_of, judge, summarise

__all__ = ["Budget", "Report", "evaluate"]

Budget = Literal["fast", "full"]

_WORST = 20  # columns and pairs in the JSON


@dataclasses.dataclass(frozen=True)
class Report(Findings):
    """What `evaluate` found; the parts are attributes: `utility`, `fidelity`, `coverage`, `detection`, `privacy`,
    `sequences`.

    Made by `evaluate`, not by hand; the arguments are those of `Findings`.
    """

    def __repr__(self) -> str:
        return self.summary()

    def summary(self) -> str:
        """Return a page of plain text: the verdict, all figures with intervals, the worst columns, what is missing."""
        return summarise(self)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a figure: `figure`, `value`, `low` and `high` (95 %), `best`, `part`, `why` (not computed)."""
        frame = pd.DataFrame([vars(figure) for figure in figures_of(self)]).rename(columns={"name": "figure"})
        return frame.astype({"value": float, "low": float, "high": float})

    def to_json(self) -> dict[str, Any]:
        """Return all findings as plain JSON.

        The figures stand by name at the top (None where they cannot be computed), their intervals in `intervals`, the
        reasons of those that are None in `not_computed`; further `verdict`, `columns` and `pairs` (the worst 20), the
        evaluators' own findings, `excluded`, `notes`, `used`, `settings`, `versions`, `command`.
        """
        figures = figures_of(self)
        parts = {name: getattr(self, name) for name in ("utility", "coverage", "detection", "privacy", "sequences")}
        out = dict.fromkeys(SEQUENCE_FIGURES) | {figure.name: figure.value for figure in figures}
        out |= {
            "intervals": {f.name: [f.low, f.high] for f in figures if f.low is not None},
            "not_computed": {f.name: f.why for f in figures if f.value is None} | self.failed,
            "verdict": headline_of(judge(self)),
            "judgements": [vars(judgement) for judgement in judge(self)],
            "columns": self.fidelity.columns.head(_WORST),
            "pairs": self.fidelity.pairs.head(_WORST),
            "violations": self.fidelity.violations,
            "baseline": None if self.baseline is None else {n: getattr(self.baseline, n) for n in ("shape", "pair")},
            "parts": {name: None if part is None else part.to_json() for name, part in parts.items()},
            "target": self.tables.target,
            "task": self.tables.task,
            "excluded": self.tables.excluded,
        }
        rest = {name: getattr(self, name) for name in ("notes", "used", "settings", "versions", "command")}
        return to_plain(out | rest)

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write the report as one HTML file that needs no network; an old file is replaced, whole or not at all.

        Args:
            path: of the file.

        Raises:
            MissingExtraError: without jinja2 and matplotlib.
        """
        write_page(render(self), path)


def evaluate(
    real: Any,
    synthetic: Any,
    *,
    target: Hashable | None = None,
    holdout: Any = None,
    sequence_key: Hashable | None = None,
    sequence_index: Hashable | None = None,
    window: int | None = None,
    categorical_features: Iterable[Hashable] | None = None,
    budget: Budget = "fast",
    random_state: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Judge synthetic rows, or sequences of rows: worth to a model, likeness, detection, privacy.

    The figures are those of `downstream_utility`, `fidelity`, `coverage`, `detection` and `privacy`, whose docstrings
    have the formulas; `utility_ratio` is the mean over the default models of min(1.2, max(0, s) / r), where s and r are
    the scores on real hold-out rows of a model trained on synthetic, and on real, rows. A part that cannot be computed
    is None, `failed` says why, and a warning tells of it where it was asked for.

    Without a hold-out, the utility splits one off from the real rows: the synthesizer has seen those rows, so that the
    ratio flatters it. `copies`, `membership_auc` and `dcr_share` are then None, since they compare with rows that
    the synthesizer has not seen. Larger tables are subsampled (`BUDGETS`), and `used` says which rows a figure used.

    Sequences are rows of one `sequence_key`, or, with a `window` and no key, one long series, whose synthetic rows are
    read as windows that follow each other; or arrays (n, time, channels). The figures above then take the rows, without
    key and index, one by one; `sequences` has those of windows: `sequence_scores` of `cut_tables`, which tell how
    cells, lengths and missing values are dealt with. A target of classes that never varies within a sequence is its
    label: `utility_ratio` is then min(1.2, TSTR / TRTR) of `classwise_scores`, accuracies on whole hold-out sequences,
    since rows alone cannot tell it. Any other target is predicted from the rest of its row; rows of one sequence hang
    together, so that the interval is then too narrow, and without a hold-out both scores flatter the models. The
    hold-out of one long series is another time of it: where the series drifts, figures against the hold-out show that.

    Args:
        real: the rows that were learned from, shape (rows, columns): a pandas, polars or pyarrow frame, or an array;
            or sequences (n, time, channels).
        synthetic: the rows to judge, with the same columns in any order.
        target: the column that downstream models predict; without it there is no utility.
        holdout: real rows that were not learned from.
        sequence_key: the column that says to which sequence a row belongs.
        sequence_index: the column that orders the rows of a sequence; without it they stand in order.
        window: steps of the windows that are judged, at least 4; needed for one long series. Without it, windows are
            as long as the sequences.
        categorical_features: columns to take as categories whatever their values.
        budget: "fast" takes less than a minute, "full" less than six, for 50 000 rows of 15 columns on one core. For
            sequences "full" adds TimeGAN's scores of windows up to 32 steps, in some two minutes more.
        random_state: the seed of all draws, folds, models and resamples.
        progress: called with the name of each part before it begins.

    Returns:
        a `Report`.

    Raises:
        InvalidDataError: for empty frames, columns that differ, values that cannot be compared, no column to judge,
            real rows without a key or with a time stamp that comes twice, a series shorter than the window.
        InvalidParameterError: for an unknown target, key, index, categorical column or budget, a seed or window that
            is none.
        DataTypeError: for containers that are no table.

    Warns:
        DataWarning: for a hold-out that overlaps the training rows, and for parts that could not be computed.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> draw = lambda: pd.DataFrame(rng.normal(size=(300, 3)), columns=list("abc"))
        >>> report = evaluate(draw(), draw(), holdout=draw())
        >>> report.fidelity.shape > 0.9, report.to_json()["utility_ratio"]
        (True, None)
    """
    _check(budget, random_state)
    sides = {"real": real, "synthetic": synthetic} | ({} if holdout is None else {"holdout": holdout})
    categorical: list[Hashable] = []
    if categorical_features is not None:
        categorical += [categorical_features] if isinstance(categorical_features, str) else categorical_features
    roles: dict[str, Any] = {"sequence_key": sequence_key, "sequence_index": sequence_index, "window": window}
    _check_target(target, roles)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frames, steps = read_sides(sides, key=sequence_key, index=sequence_index, window=window)
        tables = align(
            frames["real"],
            frames["synthetic"],
            holdout=frames.get("holdout"),
            target=target,
            categorical_features=categorical,
        )
        parts = run_parts(tables, steps, BUDGETS[budget], random_state, progress or (lambda stage: None))
    report = Report(
        tables=tables,
        **parts,
        notes=list(dict.fromkeys(str(w.message) for w in caught if issubclass(w.category, DataWarning))),
        scales=write_scales(tables, frames["real"]),
        settings={
            "target": target,
            **(roles if steps is not None else {}),
            "categorical_features": categorical,
            "budget": budget,
            "random_state": random_state,
            "rows": {side: len(frames[side]) if side in frames else None for side in ("real", "synthetic", "holdout")},
        },
        versions=_versions(),
        command=_command(target, holdout is not None, roles, categorical, budget, random_state),
    )
    _warn_again(report.notes, report.failed if target is not None else {**report.failed, "utility": ""})
    return report


def _check(budget: Any, random_state: Any) -> None:
    if budget not in BUDGETS:
        allowed = ", ".join(map(repr, get_args(Budget)))
        raise InvalidParameterError(f"budget is {budget!r}; allowed are {allowed}.{did_you_mean(budget, BUDGETS)}")
    whole = isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool)
    if not whole or not 0 <= random_state < 2**32:
        raise InvalidParameterError(f"random_state is {random_state!r}; it must be a whole number from 0 to 2**32 - 1.")


def _check_target(target: Hashable | None, roles: dict[str, Any]) -> None:
    for name in ("sequence_key", "sequence_index"):
        if target is not None and target == roles[name]:
            raise InvalidParameterError(f"target is {target!r}, which is the {name}; it cannot be both.")


def _versions() -> dict[str, str]:
    libraries = ("wgan-aug", "numpy", "pandas", "scipy", "scikit-learn")
    return {name: metadata.version(name) for name in libraries} | {"python": platform.python_version()}


def _command(
    target: Any, held: bool, roles: dict[str, Any], categorical: list[Hashable], budget: str, seed: int
) -> str:
    words = ["real", "synthetic"]
    words += [f"target={target!r}"] if target is not None else []
    words += ["holdout=holdout"] if held else []
    words += [f"{name}={value!r}" for name, value in roles.items() if value is not None]
    words += [f"categorical_features={categorical!r}"] if categorical else []
    return f"wgan_aug.evaluate({', '.join(words)}, budget={budget!r}, random_state={seed})"


def _warn_again(notes: list[str], failed: dict[str, str]) -> None:
    """Give on what the evaluators warned of, and tell of parts that are missing though they were asked for.

    What libraries say of single steps (an overflow among huge numbers, say) is not given on: no user can act on it.
    """
    for note in notes:
        warnings.warn(note, DataWarning, stacklevel=3)
    for part, why in failed.items():
        if why:
            warnings.warn(f"The {part} could not be computed: {why}", DataWarning, stacklevel=3)
