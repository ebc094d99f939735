"""Models as commands make, fit and save them; what several commands share."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from .progress import say, training_progress
from .series import Roles
from .signals import held_signals

if TYPE_CHECKING:  # torch takes seconds to import: what is wrong with the input is said before
    from wgan_aug import Callback, WGANGPSequenceSynthesizer, WGANGPSynthesizer

    Model: TypeAlias = WGANGPSynthesizer | WGANGPSequenceSynthesizer

__all__ = ["fit_model", "new_model", "quietly", "save_model", "split_names"]


def split_names(text: str) -> list[str]:
    """Split names at commas; a name with a comma stands in double quotes.

    Examples:
        >>> split_names('a, "b, c"')
        ['a', 'b, c']
    """
    return [name.strip() for name in next(csv.reader([text], skipinitialspace=True), []) if name.strip()]


def new_model(
    roles: Roles,
    *,
    target: str | None,
    categorical: str | None,
    preset: str,
    refine: bool | None = None,
    constraints: list[str] | None = None,
    reject_copies: bool = False,
    seed: int | None = None,
    **options: Any,
) -> Model:
    """Make a synthesizer of tables, or of sequences where there are roles."""
    from wgan_aug import WGANGPSequenceSynthesizer, WGANGPSynthesizer

    names = None if categorical is None else split_names(categorical)
    options |= {"target": target, "categorical_features": names, "preset": preset, "random_state": seed}
    options |= {"refine": refine}
    if roles.given:
        return WGANGPSequenceSynthesizer(**roles.given, **options)
    return WGANGPSynthesizer(constraints=constraints, reject_copies=reject_copies, **options)


def fit_model(model: Model, rows: Any, quiet: bool, trackers: Sequence[Callback] = (), **kept: Any) -> None:
    """Fit a model to a frame, or the parts of one, and show how it goes; `kept` says where its training is."""
    with training_progress(quiet, lambda: model.plan_.describe()) as callbacks:
        model.fit(rows, callbacks=[*callbacks, *trackers], **kept)
    refinement = getattr(model, "refinement_", None)
    if refinement is not None:
        say(refinement.describe(), quiet)


def save_model(model: Model, path: Path) -> None:
    """Save a model whole: a signal that comes meanwhile waits until it is there."""
    with held_signals():
        model.save(path)


@contextmanager
def quietly(quiet: bool) -> Generator[None]:
    """Silence warnings where a command is to be quiet."""
    with warnings.catch_warnings():
        if quiet:
            warnings.simplefilter("ignore")
        yield
