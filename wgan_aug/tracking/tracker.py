"""What all trackers share: when they speak, what they say of options and ends, and what they do when they cannot."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from wgan_aug.errors import DataWarning
from wgan_aug.training.callbacks import Callback, Progress

__all__ = ["Status", "Tracker", "plain_options"]

Status: TypeAlias = Literal["finished", "failed", "stopped"]
"""How a training ended: well, by an error, or by a signal."""


class Tracker(Callback):
    """Keeps options, figures and scores somewhere; a subclass says where.

    What fails at the start is an error, since nothing is lost yet. What fails later is one `DataWarning`, after which
    the training goes on untracked.
    """

    _open = False

    def on_start(self, progress: Progress) -> None:
        """Begin, or go on with what was tracked of a training that is resumed."""
        self._open = False
        self._begin(progress)
        self._open = True

    def on_step(self, progress: Progress) -> None:
        """Keep the figures."""
        self._attempt("_log", progress.update, progress.figures, "step")

    def on_evaluate(self, progress: Progress) -> None:
        """Keep the scores."""
        scores = {name: value for name, value in progress.scores.items() if name != "update"}
        self._attempt("_log", progress.update, scores, "evaluation")

    def on_end(self, progress: Progress) -> None:
        """Say how it ended."""
        self._attempt("_finish", progress.update, _status_of(progress.error), progress.error)
        self._open = False

    def _attempt(self, method: str, *arguments: Any) -> None:
        """Call one of the methods below, and stop tracking where it fails."""
        if not self._open:
            return
        try:
            getattr(self, method)(*arguments)
        except Exception as error:  # a day of training is worth more than its curves
            self._open = False
            warnings.warn(
                f"{type(self).__name__} stopped tracking at update {arguments[0]}, and the training goes on without: "
                f"{type(error).__name__}: {' '.join(str(error).split())}",
                DataWarning,
                stacklevel=4,
            )

    def _begin(self, progress: Progress) -> None:
        """Get ready, and keep the options."""
        raise NotImplementedError

    def _log(self, update: int, figures: Mapping[str, float], event: Literal["step", "evaluation"]) -> None:
        """Keep some figures of an update."""
        raise NotImplementedError

    def _finish(self, update: int, status: Status, error: BaseException | None) -> None:
        """Close what is open."""
        raise NotImplementedError


def plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as JSON scalars: what is no number, text, truth value or None becomes its text.

    Examples:
        >>> plain_options({"epochs": 2, "constraints": ["a <= b"]})
        {'epochs': 2, 'constraints': "['a <= b']"}
    """
    scalars = (bool, int, float, str, type(None))
    return {name: value if isinstance(value, scalars) else str(value) for name, value in options.items()}


def _status_of(error: BaseException | None) -> Status:
    return "finished" if error is None else "failed" if isinstance(error, Exception) else "stopped"
