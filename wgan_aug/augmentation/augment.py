"""`augment`: real rows with the synthetic ones that were shown to help, or alone."""

from __future__ import annotations

import dataclasses
import numbers
import os
import time
from collections.abc import Callable, Hashable
from importlib.util import find_spec
from typing import Any

import pandas as pd

from wgan_aug.augmentation.mixing import Mix, Mixture, Source, find_mixtures
from wgan_aug.augmentation.models import copy_synthesizer
from wgan_aug.augmentation.page import render
from wgan_aug.augmentation.rows import append_rows
from wgan_aug.augmentation.telling import summarise
from wgan_aug.errors import InvalidParameterError, did_you_mean, join_problems
from wgan_aug.evaluation.baselines import BASELINES
from wgan_aug.evaluation.figures import to_plain
from wgan_aug.evaluation.page import write_page
from wgan_aug.evaluation.study import Study, prepare_study
from wgan_aug.evaluation.worth import AugmentationValue, Verdict, compare_arms
from wgan_aug.schema.inference import resolve_columns
from wgan_aug.synthesizers.checks import check_frame, not_a_number, not_among
from wgan_aug.synthesizers.containers import to_frame

__all__ = ["Augmentation", "augment"]

BUDGETS = {"fast": 1, "full": 3}
"""How many times as many cross-validations as "fast" has."""

_FOLDS = 5
_LEAST_SPLITS = 3  # that seconds cut off to
_MOST_REPEATS = 20


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Rows to train on, and why they are these.

    Args:
        data: the rows given, unchanged and in their order, then the synthetic ones, in the container that came in.
        verdict: what synthetic rows do to a model: `"helps"`, `"no effect"` or `"hurts"`.
        report: the scores behind it; its first arm is the real rows alone.
        added: the mixture whose rows stand in `data`; None where it has the rows given alone.
        rows: how many `given` and `synthetic` rows `data` has.
        synthesizer: the one that drew them, fitted on all rows that have a target; None likewise.
        notes: what users should know of.
        settings: what was asked for.
    """

    data: Any
    verdict: Verdict
    report: AugmentationValue
    added: Mixture | None
    rows: dict[str, int]
    synthesizer: Any
    notes: list[str]
    settings: dict[str, Any]

    def __repr__(self) -> str:
        return self.summary()

    def summary(self) -> str:
        """Return the verdict, what was added, and a line for each arm, as plain text."""
        return summarise(self.verdict, self.report, self.added, self.rows, self.notes)

    def to_json(self) -> dict[str, Any]:
        """Return all but the rows and the synthesizer as plain JSON; `mix` and `ratio` are of the rows added."""
        return to_plain(
            {
                "verdict": self.verdict,
                "mix": None if self.added is None else self.added.mix,
                "ratio": None if self.added is None else self.added.ratio,
                "rows": self.rows,
                "report": self.report.to_json(),
                "notes": self.notes,
                "settings": self.settings,
            }
        )

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write verdict and figures as one HTML file that needs no network; an old file is replaced.

        Args:
            path: of the file.

        Raises:
            MissingExtraError: without jinja2 and matplotlib.
        """
        write_page(render(self.verdict, self.report, self.added, self.rows, self.notes, self.settings), path)


def augment(
    df: Any,
    *,
    target: Hashable,
    ratio: float | None = None,
    mix: Mix | None = None,
    budget: str | float = "fast",
    synthesizer: Any = None,
    estimator: Any = None,
    scorer: Any = None,
    task: Any = None,
    categorical_features: Any = None,
    random_state: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Augmentation:
    """Add synthetic rows to real ones where a model is shown to predict better with them.

    In each split of a cross-validation the synthesizer learns that split's training rows, a model is trained on them
    with its rows in several mixtures beside them, and scored on the rows left out, which neither has seen. The
    verdict is that of `augmentation_value` on the mixtures: the best one is chosen and judged on the same splits, for
    which its interval is widened (Bonferroni). Where it lies above 0, a synthesizer learns all rows, and rows of that
    mixture are added; otherwise the rows given are returned alone. The synthesizer and its training are the same in
    the splits and at the end, but for its rows: a fifth more at the end.

    `"no effect"` says that no effect was shown on so many rows and splits, not that there is none. Boosted trees
    seldom gain from synthetic rows where there are thousands of real ones; a verdict is about one model and score.

    Args:
        df: real rows, shape (rows, columns): a pandas, polars or pyarrow frame, or an array.
        target: the column to predict; rows where it is missing stay, but nothing is learned from them.
        ratio: synthetic rows for each real one, which are then added whatever the verdict; None for the best of some.
        mix: `"natural"` rows, as the synthesizer draws them, or `"balanced"` ones, by which the rarest classes grow
            to the same size (of numbers: ten bins of equal width); None tries both.
        budget: `"fast"` is one cross-validation of 5 folds, and two or three where there are at most 8000 or 2000 rows:
            less than ten minutes for 10 000 rows on one core. `"full"` is three times as many. A number is of seconds:
            splits are done while they last, three at least, so that the result hangs on the machine.
        synthesizer: an unfitted synthesizer of tables, which is cloned; None for `WGANGPSynthesizer()`. Where the
            target is a class and its `balance` is None, that is 0.5.
        estimator: the model, of scikit-learn; None for boosted trees that do not stop early.
        scorer: as in `augmentation_value`: None for average precision of the rarer of two classes (under 20 %), the
            area under the ROC curve, macro F1, or R2.
        task: `"binary"`, `"multiclass"` or `"regression"`; found from the target where None.
        categorical_features: columns to take as categories: names, positions, or a boolean mask.
        random_state: the seed.
        progress: called with a line before each split, and before the last training.

    Returns:
        an `Augmentation`.

    Raises:
        InvalidParameterError: for options that are not allowed, and an unknown column.
        InvalidDataError: for rows that cannot be learned, and a target that cannot be cross-validated: one class, or a
            class of one row.
        DataTypeError: for containers that are no table.

    Reference: Nadeau and Bengio 2003, Machine Learning 52, 239-281 (the intervals).

    Examples:
        >>> import numpy as np
        >>> from wgan_aug import WGANGPSynthesizer
        >>> rng = np.random.default_rng(0)
        >>> df = pd.DataFrame({"x": rng.normal(size=60)})
        >>> df["y"] = np.where(df["x"] + rng.normal(size=60) > 0, "yes", "no")
        >>> result = augment(df, target="y", synthesizer=WGANGPSynthesizer(epochs=2), budget=1)
        >>> result.verdict, result.data.equals(df)
        ('no effect', True)
    """
    _check_options(ratio, mix, budget, random_state)
    frame, container = to_frame(df)
    check_frame(frame)
    target = resolve_columns(frame, [target], "target")[0]
    levels = resolve_columns(frame, categorical_features, "categorical_features")
    study = prepare_study(frame, target, scorer, task, tuple(levels), folds=2)
    as_numbers = study.task == "regression"
    mixtures = find_mixtures(study.frame[target], as_numbers, mix, ratio)
    model = copy_synthesizer(synthesizer, not as_numbers)
    levels = resolve_columns(frame, model.categorical_features, "categorical_features") + levels
    levels = list(dict.fromkeys(levels if as_numbers else [*levels, target]))
    model.set_params(target=target, categorical_features=levels or None)
    say = progress or (lambda line: None)
    unmet: list[Any] = []

    def add(train: pd.DataFrame, seed: int) -> dict[str, pd.DataFrame]:
        source = Source(model, train, target, as_numbers, seed)
        made = source.draw(mixtures)
        unmet.extend(source.unmet)
        return made

    report = _compare(study, add, mixtures, budget, estimator, random_state, say)
    best = next(mixture for mixture in mixtures if mixture.name == report.arm)
    added = best if ratio is not None or report.verdict == "helps" else None
    further, source = frame.iloc[:0], None
    if added is not None:
        say(f"Learning all {len(study.frame)} rows")
        source = Source(model, study.frame, target, as_numbers, random_state)
        further = source.draw([added])[added.name]
        unmet.extend(source.unmet)
    notes = [f"No row could be drawn where {target!r} is {c}." for c in dict.fromkeys(map(repr, unmet))]
    return Augmentation(
        append_rows(df, further, container),
        report.verdict,
        report,
        added,
        {"given": len(frame), "synthetic": len(further)},
        None if source is None else source.model,
        notes,
        {"target": target, "ratio": ratio, "mix": mix, "budget": budget, "random_state": random_state},
    )


def _check_options(ratio: Any, mix: Any, budget: Any, random_state: Any) -> None:
    problems = not_a_number("ratio", ratio, above=0)
    problems += [] if mix is None else not_among("mix", mix, ("natural", "balanced"))
    problems += not_a_number("random_state", random_state, above=0, whole=True, equal=True, optional=False)
    if budget not in BUDGETS and (isinstance(budget, str) or not_a_number("budget", budget, above=0, optional=False)):
        problems.append(
            f"budget is {budget!r}; allowed are {', '.join(map(repr, BUDGETS))} and a number of seconds above 0."
            f"{did_you_mean(budget, BUDGETS)}"
        )
    if problems:
        raise InvalidParameterError(join_problems(problems))


def _compare(
    study: Study,
    add: Callable[[pd.DataFrame, int], dict[str, pd.DataFrame]],
    mixtures: list[Mixture],
    budget: str | float,
    estimator: Any,
    random_state: int,
    say: Callable[[str], None],
) -> AugmentationValue:
    rows = len(study.rows)
    fewest = rows if study.task == "regression" else int(pd.Series(study.y).value_counts().min())
    folds = min(_FOLDS, fewest if study.task != "regression" else rows // 2)
    small = 1 if rows > 8000 else 2 if rows > 2000 else 3
    repeats = small * BUDGETS[budget] if isinstance(budget, str) else _MOST_REPEATS
    begun = time.monotonic()

    def go_on(done: int) -> bool:
        passed = time.monotonic() - begun
        if isinstance(budget, numbers.Real) and done >= _LEAST_SPLITS and passed * (done + 2) / done > float(budget):
            return False
        of = f" of {folds * repeats}" if isinstance(budget, str) else ""
        say(f"Split {done + 1}{of}: learning, mixing and scoring")
        return True

    return compare_arms(
        study,
        add,
        {mixture.name: mixture.ratio for mixture in mixtures},
        folds=folds,
        repeats=repeats,
        estimator=estimator,
        baselines=[name for name in BASELINES if name != "smote" or find_spec("imblearn")],
        random_state=random_state,
        go_on=go_on,
    )
