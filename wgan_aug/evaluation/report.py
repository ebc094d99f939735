"""`evaluate`: all evaluators in one call, and the `Report` that tells what they found in words, JSON and HTML."""

from __future__ import annotations

import dataclasses
import os
import platform
import tempfile
import warnings
from collections.abc import Callable, Generator, Hashable, Iterable
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from wgan_aug.errors import DataWarning, InvalidParameterError, did_you_mean
from wgan_aug.evaluation.figures import to_plain
from wgan_aug.evaluation.findings import Findings, figures_of
from wgan_aug.evaluation.frames import align
from wgan_aug.evaluation.page import render
from wgan_aug.evaluation.stages import BUDGETS, run_parts, write_scales
from wgan_aug.evaluation.verdict import headline_of, judge, summarise
from wgan_aug.synthesizers.containers import to_frame

__all__ = ["Budget", "Report", "evaluate"]

Budget = Literal["fast", "full"]

_WORST = 20  # columns and pairs in the JSON


@dataclasses.dataclass(frozen=True)
class Report(Findings):
    """What `evaluate` found; the parts are attributes: `utility`, `fidelity`, `coverage`, `detection`, `privacy`.

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
        parts = {name: getattr(self, name) for name in ("utility", "coverage", "detection", "privacy")}
        out = {figure.name: figure.value for figure in figures}
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
        text = render(self)
        with _replacing(Path(path).resolve()) as work:
            work.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def _replacing(path: Path) -> Generator[Path]:
    """Give a scratch file beside `path`, and put it in its place when all went well."""
    mask = os.umask(0)
    os.umask(mask)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    try:
        yield Path(name)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def evaluate(
    real: Any,
    synthetic: Any,
    *,
    target: Hashable | None = None,
    holdout: Any = None,
    categorical_features: Iterable[Hashable] | None = None,
    budget: Budget = "fast",
    random_state: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Judge synthetic rows: worth to a model, likeness, detection, privacy.

    The figures are those of `downstream_utility`, `fidelity`, `coverage`, `detection` and `privacy`, whose docstrings
    have the formulas; `utility_ratio` is the mean over the default models of min(1.2, max(0, s) / r), where s and r are
    the scores on real hold-out rows of a model trained on synthetic, and on real, rows. A part that cannot be computed
    is None, `failed` says why, and a warning tells of it where it was asked for.

    Without a hold-out, the utility splits one off from the real rows: the synthesizer has seen those rows, so that the
    ratio flatters it. `copies`, `membership_auc` and `dcr_share` are then None, since they compare with rows that
    the synthesizer has not seen. Larger tables are subsampled (`BUDGETS`), and `used` says which rows a figure used.

    Args:
        real: the rows that were learned from, shape (rows, columns): a pandas, polars or pyarrow frame, or an array.
        synthetic: the rows to judge, with the same columns in any order.
        target: the column that downstream models predict; without it there is no utility.
        holdout: real rows that were not learned from.
        categorical_features: columns to take as categories whatever their values.
        budget: "fast" takes less than a minute, "full" less than six, for 50 000 rows of 15 columns on one core.
        random_state: the seed of all draws, folds, models and resamples.
        progress: called with the name of each part before it begins.

    Returns:
        a `Report`.

    Raises:
        InvalidDataError: for empty frames, columns that differ, values that cannot be compared, no column to judge.
        InvalidParameterError: for an unknown target, categorical column or budget, or a seed that is none.
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
    frames = {"real": real, "synthetic": synthetic, "holdout": holdout}
    frames = {side: None if data is None and side == "holdout" else to_frame(data)[0] for side, data in frames.items()}
    categorical: list[Hashable] = []
    if categorical_features is not None:
        categorical += [categorical_features] if isinstance(categorical_features, str) else categorical_features
    tables = align(**frames, target=target, categorical_features=categorical)  # type: ignore[arg-type]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        parts = run_parts(tables, BUDGETS[budget], random_state, progress or (lambda stage: None))
    rows = {side: None if frame is None else len(frame) for side, frame in frames.items()}
    report = Report(
        tables=tables,
        **parts,
        notes=list(dict.fromkeys(str(w.message) for w in caught if issubclass(w.category, DataWarning))),
        scales=write_scales(tables, frames["real"]),  # type: ignore[arg-type]
        settings={
            "target": target,
            "categorical_features": categorical,
            "budget": budget,
            "random_state": random_state,
            "rows": rows,
        },
        versions=_versions(),
        command=_command(target, holdout is not None, categorical, budget, random_state),
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


def _versions() -> dict[str, str]:
    libraries = ("wgan-aug", "numpy", "pandas", "scipy", "scikit-learn")
    return {name: metadata.version(name) for name in libraries} | {"python": platform.python_version()}


def _command(target: Any, held: bool, categorical: list[Hashable], budget: str, seed: int) -> str:
    words = ["real", "synthetic"]
    words += [f"target={target!r}"] if target is not None else []
    words += ["holdout=holdout"] if held else []
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
