"""What a search found."""

from __future__ import annotations

import dataclasses
from typing import Any

import pandas as pd

from wgan_aug.evaluation.figures import to_plain

__all__ = ["Tuning"]


@dataclasses.dataclass(frozen=True)
class Tuning:
    """The options to take, and what they gain.

    Args:
        params: options of the synthesizer that differ from the defaults; empty where these are best.
        score: mean utility ratio under them, over splits that the search did not choose on; the trial's own where
            the defaults were the best trial.
        default_score: that of the defaults, over the same splits.
        best_trial: number of the best trial, whose options are `params` unless the defaults did better afterwards; None
            where it is that of the defaults.
        trials: one row a trial: `number`, `state` (`complete`, `pruned` or `failed`), `value`, `seconds`, and its
            options.
        synthesizer: unfitted, with the options.
    """

    params: dict[str, Any]
    score: float
    default_score: float
    best_trial: int | None
    trials: pd.DataFrame
    synthesizer: Any

    @property
    def gain(self) -> float:
        """What the options gain over the defaults; 0 where these are taken."""
        return self.score - self.default_score

    @property
    def call(self) -> str:
        """The synthesizer's constructor, with the options."""
        plain = type(self.synthesizer)().get_params(deep=False)
        given = self.synthesizer.get_params(deep=False)
        shown = ", ".join(f"{name}={value!r}" for name, value in given.items() if value != plain[name])
        return f"{type(self.synthesizer).__name__}({shown})"

    def __repr__(self) -> str:
        return self.summary()

    def summary(self) -> str:
        """Return what was found as plain text."""
        counts = self.trials["state"].value_counts()
        told = ", ".join(f"{counts[state]} {state}" for state in ("complete", "pruned", "failed") if state in counts)
        if self.params:
            verdict = (
                f"Trial {self.best_trial} is best. On splits that it was not chosen on, its utility ratio is "
                f"{self.score:.3f}, and {self.default_score:.3f} with the defaults: {self.gain:+.3f}."
            )
        elif self.best_trial is not None:
            verdict = (
                f"Keep the defaults: trial {self.best_trial} was best in the search, and no better than they are on "
                f"other splits, where their utility ratio is {self.default_score:.3f}."
            )
        else:
            verdict = f"Keep the defaults: no trial was better than their utility ratio of {self.default_score:.3f}."
        return f"{len(self.trials)} trials: {told}.\n{verdict}\n{self.call}"

    def to_json(self) -> dict[str, Any]:
        """Return all but the synthesizer as plain JSON, its constructor as `call`."""
        return to_plain(
            {
                "params": self.params,
                "call": self.call,
                "score": self.score,
                "default_score": self.default_score,
                "gain": self.gain,
                "best_trial": self.best_trial,
                "trials": self.trials,
            }
        )
