"""Scores over many resamples, against scikit-learn on each resample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, r2_score, roc_auc_score

from wgan_aug.evaluation import scoring
from wgan_aug.evaluation.scoring import draw_weights


def resampled(weights: np.ndarray) -> list[np.ndarray]:
    return [np.repeat(np.arange(len(counts)), counts) for counts in weights]


@settings(max_examples=40, deadline=None)
@given(st.integers(4, 40), st.integers(2, 6), st.integers(0, 10**6))
def test_scores_equal_scikit_learns_on_each_resample(n: int, distinct: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = draw_weights(n, 5, rng)
    truth, scores = rng.random(n) < 0.5, rng.integers(distinct, size=n) / 3
    auc, ap = (f(truth, scores, weights) for f in (scoring.roc_auc, scoring.average_precision))
    codes, said = rng.integers(4, size=(2, n))
    f1, y, p = scoring.macro_f1(codes, said, weights), rng.normal(5, 1, n), rng.normal(5, 1, n)
    r2 = scoring.r_squared(y, p, weights)
    for i, rows in enumerate(resampled(weights)):
        if 0 < truth[rows].sum() < n:
            assert auc[i] == pytest.approx(roc_auc_score(truth[rows], scores[rows]))
            assert ap[i] == pytest.approx(average_precision_score(truth[rows], scores[rows]))
        else:
            assert np.isnan(auc[i])
        assert f1[i] == pytest.approx(f1_score(codes[rows], said[rows], average="macro"))
        if len(set(rows)) > 1:
            assert r2[i] == pytest.approx(r2_score(y[rows], p[rows]))
        else:
            assert np.isnan(r2[i])


def test_resamples_are_those_of_a_bootstrap() -> None:
    weights = draw_weights(50, 2000, np.random.default_rng(0))
    assert (weights[0] == 1).all()
    assert (weights.sum(axis=1) == 50).all()
    assert (weights[1:] == 0).mean() == pytest.approx((1 - 1 / 50) ** 50, abs=0.005)
    assert weights[1:].var() == pytest.approx(1 - 1 / 50, abs=0.02)
