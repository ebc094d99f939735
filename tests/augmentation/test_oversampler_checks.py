"""The checks that imbalanced-learn has for every sampler: those that `parametrize_with_checks` runs."""

from __future__ import annotations

from typing import Any

import pytest
from imblearn.utils.estimator_checks import estimator_checks_generator

from wgan_aug import WGANGPOverSampler, WGANGPSynthesizer

SAMPLER = WGANGPOverSampler(
    synthesizer=WGANGPSynthesizer(epochs=1, refine=False, relations=False, device="cpu"), random_state=0
)
CHECKS = list(estimator_checks_generator(SAMPLER))


@pytest.mark.parametrize(("estimator", "check"), CHECKS, ids=[check.func.__name__ for _, check in CHECKS])
def test_the_checks_of_imbalanced_learn(estimator: Any, check: Any) -> None:
    check(estimator)


def test_there_are_checks() -> None:
    assert len(CHECKS) > 12
