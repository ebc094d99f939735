"""An Optuna study in a file: opened by one search at a time, and gone on with where it was cut off."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wgan_aug.errors import InvalidParameterError, MissingExtraError, OutputExistsError
from wgan_aug.persistence import exclusive

if TYPE_CHECKING:
    from optuna import Study, Trial

__all__ = ["check_optuna", "find_done", "give_back", "open_study", "opened_study", "trial_of"]

NAME = "wgan-aug"
_IDENTITY = "identity"
ERROR = "error"
"""The attribute of a trial that failed by itself, and so counts; one that was interrupted has none."""


def check_optuna() -> None:
    """Say so where Optuna is not installed.

    Raises:
        MissingExtraError: with the `pip install` that mends it.
    """
    try:
        import optuna  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError as error:
        raise MissingExtraError('tune needs optuna: pip install "wgan-aug[tune]"') from error


@contextmanager
def opened_study(path: Path, identity: Mapping[str, Any], defaults: Mapping[str, Any]) -> Generator[Study]:
    """Hold a study for a search: its first trial is that of the defaults, and trials that were cut off come again.

    Args:
        path: of its SQLite file; made where it is not there.
        identity: what is searched on what, by name.
        defaults: the values of the first trial.

    Raises:
        OutputExistsError: if the file is something else, or another search uses it.
        InvalidParameterError: if its study is of something else, with all that differs.
    """
    import optuna
    from optuna.trial import TrialState

    _refuse_strangers(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    before = optuna.logging.get_verbosity()
    lock = path.with_name(f".{path.name}.lock")
    with exclusive(lock, f"Another search is writing to {path}; wait for it, or choose another file."):
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = _storage(path)
        try:
            study = optuna.create_study(storage=storage, study_name=NAME, direction="maximize", load_if_exists=True)
            known = study.user_attrs.get(_IDENTITY)
            if known is None:
                study.set_user_attr(_IDENTITY, dict(identity))
                study.enqueue_trial(dict(defaults))
            elif known != dict(identity):
                raise InvalidParameterError(_tell_differences(path, known, identity))
            for trial in study.get_trials(states=(TrialState.RUNNING,)):  # of a process that was killed
                give_back(study, trial.number)
            yield study
        finally:
            storage.remove_session()
            storage.engine.dispose()
            optuna.logging.set_verbosity(before)
            lock.unlink(missing_ok=True)


@contextmanager
def open_study(path: Path) -> Generator[Study]:
    """Open the study of a search that another process does."""
    import optuna

    storage = _storage(path)
    try:
        yield optuna.load_study(study_name=NAME, storage=storage)
    finally:
        storage.remove_session()
        storage.engine.dispose()


def find_done(study: Study) -> list[Any]:
    """Return the trials that count: those that ended by themselves."""
    return [trial for trial in study.trials if trial.state.is_finished() and not _is_cut_off(trial)]


def give_back(study: Study, number: int) -> None:
    """End a trial that was cut off, and have its values come again."""
    from optuna.trial import TrialState

    values = study.trials[number].params
    study.tell(number, state=TrialState.FAIL)
    if values:
        study.enqueue_trial(values)


def trial_of(study: Study, number: int) -> Trial:
    """Return a trial by its number, to report to."""
    from optuna import Trial

    return Trial(study, study.trials[number]._trial_id)  # pyright: ignore[reportPrivateUsage]


def _is_cut_off(trial: Any) -> bool:
    return trial.state.name == "FAIL" and ERROR not in trial.user_attrs


def _storage(path: Path) -> Any:
    from optuna.storages import RDBStorage

    return RDBStorage(f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": 60}})


def _refuse_strangers(path: Path) -> None:
    """Refuse a file that holds no study."""
    if not path.exists():
        return
    names: set[str] = set()
    if path.is_file():
        try:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
                names = {name for (name,) in database.execute("select name from sqlite_master")}
        except sqlite3.DatabaseError:
            pass
    if "studies" not in names:
        raise OutputExistsError(f"{path} exists and holds no study; choose another file for it.")


def _tell_differences(path: Path, known: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    told = [
        f"{name} was {known.get(name)!r} and is {given.get(name)!r}"
        for name in sorted({*known, *given})
        if known.get(name) != given.get(name)
    ]
    return f"{path} holds another study: {'; '.join(told)}. Go on with what it was begun with, or choose another file."
