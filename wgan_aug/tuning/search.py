"""`tune`: options under which synthetic rows are worth more to a model than under the defaults."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Hashable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from wgan_aug.errors import InvalidParameterError, WganAugError, join_problems
from wgan_aug.evaluation.study import prepare_study
from wgan_aug.persistence import digest
from wgan_aug.schema.inference import resolve_columns
from wgan_aug.synthesizers.checks import check_frame, not_a_number
from wgan_aug.synthesizers.containers import to_frame
from wgan_aug.synthesizers.table import WGANGPSynthesizer
from wgan_aug.tuning.judged import Judged
from wgan_aug.tuning.result import Tuning
from wgan_aug.tuning.space import Space, find_space
from wgan_aug.tuning.studies import ERROR, check_optuna, find_done, give_back, open_study, opened_study, trial_of

if TYPE_CHECKING:
    from optuna import Study, Trial

__all__ = ["tune"]

_FRESH = 1000  # number of the first split that trials are not chosen on
_CONFIRMED = "confirmed"
_STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}


def tune(
    df: Any,
    *,
    target: Hashable,
    trials: int = 30,
    synthesizer: Any = None,
    study: str | Path | None = None,
    jobs: int = 1,
    task: Any = None,
    categorical_features: Any = None,
    random_state: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Tuning:
    """Search for options under which synthetic rows are worth more to a model than under the defaults.

    In each trial the synthesizer learns three quarters of the rows, and `downstream_utility` judges its rows on the
    others: once, or on two or three splits where there are at most 8000 or 2000 rows. Trial 0 has the defaults. Optuna
    chooses the options of the others by what was found so far (a tree-structured Parzen estimator), and prunes
    those that fall below the median: on looks at the rows of the unfinished training, and after each split. What is
    searched is said in `find_space`; options that the synthesizer was given stay as they are.

    The best of many trials looks better than it is. So it is compared with the defaults once more, on splits and seeds
    that no trial had; where it does not win there, the defaults are kept. A gain below 0.01 is seldom worth its time.

    Args:
        df: real rows, shape (rows, columns): a pandas, polars or pyarrow frame, or an array. Keep rows for a last test
            away from it: nothing here sees them.
        target: the column to predict; rows where it is missing are left out.
        trials: how many in all, those of an earlier search in `study` among them.
        synthesizer: an unfitted one of tables; None for `WGANGPSynthesizer()`. Its `preset` says how long each
            training is.
        study: an SQLite file to keep the trials in; a search that was interrupted goes on there. None keeps nothing.
        jobs: trials at once, each in a process of its own. With more than one, what comes out hangs on their order.
        task: `"binary"`, `"multiclass"` or `"regression"`; found from the target where None.
        categorical_features: columns to take as categories: names, positions, or a boolean mask.
        random_state: the seed.
        progress: called with a line after each trial.

    Returns:
        a `Tuning`; fit its `synthesizer`.

    Raises:
        MissingExtraError: without Optuna.
        InvalidParameterError: for options that are not allowed, a synthesizer of sequences, and a study of other rows
            or options.
        InvalidDataError: for rows that cannot be learned, and a target that cannot be judged.
        OutputExistsError: if `study` is another kind of file, or another search uses it.

    References:
        Akiba et al. 2019, Optuna, arXiv 1907.10902. Bergstra et al. 2011, Algorithms for Hyper-Parameter Optimization
        (the estimator).

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> df = pd.DataFrame({"x": rng.normal(size=60)})
        >>> df["y"] = df["x"] + rng.normal(size=60)
        >>> found = tune(df, target="y", trials=2, synthesizer=WGANGPSynthesizer(epochs=1))
        >>> found.trials["state"].tolist()
        ['complete', 'complete']
    """
    check_optuna()
    _check_options(trials, jobs, random_state, synthesizer)
    frame, _ = to_frame(df)
    check_frame(frame)
    judged = _judged(frame, target, task, categorical_features, synthesizer, random_state)
    plan = judged.model.plan(judged.frame)
    classes, numbers = judged.task != "regression", bool(plan.encoder.layout.n_scalars)
    space = find_space(plan.preset, judged.model.get_params(deep=False), numbers=numbers, classes=classes)
    if not space.defaults:
        raise InvalidParameterError("synthesizer has a value for each option that is searched: leave some as None.")
    with _place(study) as path, opened_study(path, _identity(judged), space.defaults) as found:
        say = progress or (lambda line: None)
        _search(found, path, judged, space, trials, jobs, say)
        return _conclude(found, judged, space, say)


def _check_options(trials: Any, jobs: Any, random_state: Any, synthesizer: Any) -> None:
    problems = not_a_number("trials", trials, above=0, whole=True, optional=False)
    problems += not_a_number("jobs", jobs, above=0, whole=True, optional=False)
    problems += not_a_number("random_state", random_state, above=0, whole=True, equal=True, optional=False)
    if synthesizer is not None and not isinstance(synthesizer, WGANGPSynthesizer):
        problems.append(f"synthesizer is {synthesizer!r}; tune takes an unfitted WGANGPSynthesizer, and no sequences.")
    if problems:
        raise InvalidParameterError(join_problems(problems))


def _judged(frame: pd.DataFrame, target: Hashable, task: Any, categorical: Any, synthesizer: Any, seed: int) -> Judged:
    """Return the rows that have a target, and the synthesizer that is told of it."""
    target = resolve_columns(frame, [target], "target")[0]
    model: Any = WGANGPSynthesizer() if synthesizer is None else clone(synthesizer)
    levels = resolve_columns(frame, model.categorical_features, "categorical_features")
    levels += resolve_columns(frame, categorical, "categorical_features")
    study = prepare_study(frame, target, None, task, tuple(levels), folds=2)
    levels = list(dict.fromkeys(levels if study.task == "regression" else [*levels, target]))
    model.set_params(target=target, categorical_features=levels or None, random_state=seed)
    return Judged(study.frame, study.y, target, study.task, tuple(levels), model, seed)


def _identity(judged: Judged) -> dict[str, Any]:
    """Return what a study remembers of its search, to tell another one from it."""
    rows = pd.util.hash_pandas_object(judged.frame.astype(str), index=False).to_numpy()
    given = judged.model.get_params(deep=False).items()
    options = {name: str(value) for name, value in given if name not in ("device", "verbose")}
    return options | {"rows": f"{len(judged.frame)} ({digest({'rows': rows})[:8]})", "task": judged.task}


@contextmanager
def _place(study: str | Path | None) -> Generator[Path]:
    """Give the study's file, a scratch one where none is to be kept."""
    if study is not None:
        yield Path(study)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "study.db"


# ---- trials


def _splits(rows: int) -> int:
    return 1 if rows > 8000 else 2 if rows > 2000 else 3


def _search(
    study: Study, path: Path, judged: Judged, space: Space, trials: int, jobs: int, say: Callable[[str], None]
) -> None:
    """Do trials until there are as many as asked for."""
    running: dict[int, Future[list[float]]] = {}
    asked: set[int] = set()
    with _workers(jobs) as submit:
        try:
            while (done := len(find_done(study))) < trials:
                while done + len(running) < trials and len(running) < jobs:
                    trial = _ask(study, judged.seed + done + len(running))
                    asked.add(trial.number)
                    running[trial.number] = submit(_try, judged, space.suggest(trial), path, trial.number)
                wait(running.values(), return_when=FIRST_COMPLETED)
                for number in [number for number, future in running.items() if future.done()]:
                    _finish(study, number, running[number], space)
                    del running[number]
                    say(_tell(study, number))
        except BaseException:
            for number in sorted(asked - {trial.number for trial in study.trials if trial.state.is_finished()}):
                give_back(study, number)
            raise


def _ask(study: Study, seed: int) -> Trial:
    """Return the next trial; what it tries follows from the trials before and a seed, whenever it is asked."""
    from optuna.samplers import TPESampler

    study.sampler = TPESampler(seed=seed)
    return study.ask()


def _try(judged: Judged, options: Mapping[str, Any], path: Path, number: int) -> list[float]:
    """Do a trial, in whatever process; return its scores by split."""
    from optuna import TrialPruned

    with open_study(path) as study:
        trial = trial_of(study, number)

        def report(step: int, value: float) -> None:
            trial.report(value, step)
            if trial.should_prune():
                raise TrialPruned

        return judged.scores(options, range(_splits(len(judged.frame))), report)


def _finish(study: Study, number: int, future: Future[list[float]], space: Space) -> None:
    """Tell the study how a trial ended; that of the defaults must not fail."""
    from optuna import TrialPruned
    from optuna.trial import TrialState

    try:
        study.tell(number, float(np.mean(future.result())))
    except TrialPruned:
        study.tell(number, state=TrialState.PRUNED)
    except (WganAugError, MemoryError) as error:
        trial = trial_of(study, number)
        if not space.differing(trial.params):
            raise
        trial.set_user_attr(ERROR, f"{type(error).__name__}: {error}")
        study.tell(number, state=TrialState.FAIL)


def _tell(study: Study, number: int) -> str:
    trial = study.trials[number]
    if trial.state.name != "COMPLETE":
        return f"Trial {number}: {_STATES[trial.state.name]}"
    return f"Trial {number}: utility ratio {trial.value:.3f}, best {study.best_value:.3f}"


@contextmanager
def _workers(jobs: int) -> Generator[Callable[..., Future[list[float]]]]:
    """Give what runs a function: here and now, or in other processes."""
    if jobs == 1:
        yield _run_here
        return
    from joblib.externals.loky import ProcessPoolExecutor  # unlike that of Python, it needs no guarded main module

    executor: Any = ProcessPoolExecutor(jobs)
    try:
        yield executor.submit
    finally:
        executor.shutdown(wait=True, kill_workers=True)


def _run_here(function: Callable[..., list[float]], *arguments: Any) -> Future[list[float]]:
    future: Future[list[float]] = Future()
    try:
        future.set_result(function(*arguments))
    except Exception as error:
        future.set_exception(error)
    return future


# ---- what was found


def _conclude(study: Study, judged: Judged, space: Space, say: Callable[[str], None]) -> Tuning:
    """Compare the best trial with the defaults once more, and keep what is better."""
    best = study.best_trial
    params = space.differing(best.params)
    score = default = float(study.best_value)
    if params:
        known = study.user_attrs.get(_CONFIRMED, {})
        if known.get("trial") != best.number:
            say(f"Comparing trial {best.number} with the defaults, on splits that no trial had")
            fresh = range(_FRESH, _FRESH + _splits(len(judged.frame)) + 1)
            arms = {"best": judged.scores(params, fresh), "defaults": judged.scores({}, fresh)}
            known = {"trial": best.number} | {name: float(np.mean(scores)) for name, scores in arms.items()}
            study.set_user_attr(_CONFIRMED, known)
        score, default = known["best"], known["defaults"]
    if score <= default:
        params, score = {}, default
    model: Any = clone(judged.model)
    model.set_params(**params)
    number = best.number if space.differing(best.params) else None
    return Tuning(params, score, default, number, _to_frame(study), model)


def _to_frame(study: Study) -> pd.DataFrame:
    lines = [
        {
            "number": trial.number,
            "state": _STATES[trial.state.name],
            "value": trial.value if trial.state.name == "COMPLETE" else np.nan,
            "seconds": trial.duration.total_seconds(),
            **trial.params,
        }
        for trial in find_done(study)
    ]
    return pd.DataFrame(lines)
