"""Distances between windows, and copies: against tables of all distances."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tests.evaluation.series.builders import waves
from wgan_aug.evaluation.series.nearness import nearest, nearest_windows
from wgan_aug.evaluation.series.windows import cut_windows, window_groups


def test_nearest_equals_all_distances() -> None:
    rng = np.random.default_rng(0)
    q, r = rng.normal(1e4, 1, (40, 6, 2)), rng.normal(1e4, 1, (70, 6, 2))
    a, b = rng.integers(0, 5, 40), rng.integers(0, 5, 70)
    d = cdist(q.reshape(40, -1), r.reshape(70, -1))
    distances, rows = nearest(q, r)
    np.testing.assert_allclose(distances, d.min(1), rtol=1e-9)
    assert np.array_equal(rows, d.argmin(1))
    d[a[:, None] == b] = np.inf
    np.testing.assert_allclose(nearest(q, r, query_codes=a, reference_codes=b)[0], d.min(1), rtol=1e-9)
    alone = nearest(q, r, query_codes=np.zeros(40, int), reference_codes=np.zeros(70, int))[0]
    assert np.isinf(alone).all()
    assert (nearest(r, r)[0] == 0).all()  # a copy is at distance 0 in spite of rounding


def test_nearest_windows_equal_a_table_of_all_distances() -> None:
    r, s, h = waves(50, 0), waves(40, 1), waves(30, 2)
    groups = np.repeat(np.arange(10), 5)
    groups[45:] = -1
    found = nearest_windows(r, s, holdout=h, groups=groups)
    flat = [v.reshape(len(v), -1) for v in (r, s, h)]
    own = cdist(flat[0][:45], flat[0][:45])
    own[groups[:45, None] == groups[:45]] = np.inf
    base, far, fresh = own.min(1), cdist(flat[1], flat[0]).min(1), cdist(flat[2], flat[0]).min(1)
    inner = cdist(flat[1], flat[1]) + np.diag(np.full(40, np.inf))
    assert found.ratio == pytest.approx(np.median(far) / np.median(base))
    assert found.copies == np.mean(far < np.quantile(base, 0.01))
    assert found.ratio_holdout == pytest.approx(np.median(far) / np.median(fresh))
    assert found.copies_holdout == np.mean(far < np.quantile(fresh, 0.01))
    assert found.n_queries == 40
    rows = np.random.default_rng(0).permutation(45)[:40]  # the real windows that the spread is compared with
    assert found.spread == pytest.approx(np.median(inner.min(1)) / np.median(own[np.ix_(rows, rows)].min(1)))


def test_collapsed_and_far_off_windows_show_in_spread_and_ratio() -> None:
    real = waves(200, 0)
    rng = np.random.default_rng(0)
    assert nearest_windows(real, waves(1, 1) + rng.normal(0, 0.01, (200, 24, 2))).spread < 0.2
    assert nearest_windows(real, waves(200, 1) + 5).ratio > 3


def test_windows_sharing_steps_are_not_each_others_nearest() -> None:
    series = np.random.default_rng(0).normal(size=(400, 1)).cumsum(0)
    windows, starts = cut_windows(series, 12)
    groups = window_groups(starts, 12)
    shared, apart = (nearest_windows(windows, waves(50, 0, 12)[:, :, :1], groups=g) for g in (None, groups))
    assert apart.ratio < 0.8 * shared.ratio  # the distance between overlapping windows is far too small a base


def test_a_single_block_has_no_distance_to_others() -> None:
    x = waves(20, 0)
    found = nearest_windows(x, waves(20, 1), groups=np.zeros(20, int)).to_json()
    assert found["ratio"] is found["copies"] is found["spread"] is found["ratio_holdout"] is None
    assert found["exact"] == 0


def test_windows_that_repeat_by_themselves_are_told_beside_the_copies() -> None:
    real = waves(60, 0)
    real[40:] = 0.0  # a flat line, twenty times
    synthetic = np.concatenate([waves(30, 1), np.zeros((30, 24, 2))])
    found = nearest_windows(real, synthetic)
    assert found.exact == pytest.approx(0.5)
    assert found.exact_real == pytest.approx(20 / 60)
    assert found.copies == 0
