"""Optuna's pruning of a user's own study."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from wgan_aug import OptunaPruning, WGANGPSynthesizer

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.mark.parametrize(("direction", "sign"), [("minimize", 1), ("maximize", -1)])
def test_a_trial_hears_of_each_evaluation(
    frame: pd.DataFrame, judged: WGANGPSynthesizer, direction: str, sign: int
) -> None:
    study = optuna.create_study(direction=direction)
    trial = study.ask()
    judged.fit(frame, callbacks=[OptunaPruning(trial)])
    study.tell(trial, 0.0)
    scores = {i: sign * score for i, score in enumerate(judged.evaluations_["score"], 1)}
    assert study.trials[0].intermediate_values == scores


def test_a_hopeless_training_ends_and_leaves_the_model_as_it_was(
    frame: pd.DataFrame, judged: WGANGPSynthesizer
) -> None:
    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=-1.0))

    def objective(trial: Any) -> float:
        judged.fit(frame, callbacks=[OptunaPruning(trial)])
        return 0.0

    study.optimize(objective, n_trials=1)
    assert study.trials[0].state.name == "PRUNED"
    assert list(study.trials[0].intermediate_values) == [1]
    assert not hasattr(judged, "generator_")
