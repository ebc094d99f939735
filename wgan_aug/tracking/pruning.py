"""Optuna's pruning of trainings that a study of the user's own finds hopeless."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wgan_aug.training.callbacks import Callback, Progress

if TYPE_CHECKING:
    from optuna import Trial

__all__ = ["OptunaPruning"]


class OptunaPruning(Callback):
    """End a training by `optuna.TrialPruned`, where the study's pruner finds its held-out scores hopeless.

    The trial hears the score of each evaluation, of which lower is better, by the evaluation's number; its sign is
    turned where the study maximises. There are evaluations with `early_stopping=True` alone.

    Args:
        trial: of the study.

    Examples:
        >>> def objective(trial):
        ...     rate = trial.suggest_float("learning_rate", 1e-3, 1e-2, log=True)
        ...     model = WGANGPSynthesizer(learning_rate=rate, early_stopping=True)
        ...     model.fit(frame, callbacks=[OptunaPruning(trial)])
        ...     return model.evaluations_["score"].min()
    """

    def __init__(self, trial: Trial) -> None:
        self.trial, self._heard = trial, 0

    def on_start(self, progress: Progress) -> None:
        """Count evaluations anew."""
        self._heard = 0

    def on_evaluate(self, progress: Progress) -> None:
        """Tell the trial, and ask whether to go on."""
        from optuna import TrialPruned
        from optuna.study import StudyDirection

        self._heard += 1
        sign = -1 if self.trial.study.direction == StudyDirection.MAXIMIZE else 1
        self.trial.report(sign * progress.scores["score"], self._heard)
        if self.trial.should_prune():
            raise TrialPruned(f"pruned at update {progress.update} of {progress.updates}")
