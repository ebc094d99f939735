"""What labelled windows are worth to a classifier."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.series.builders import labelled
from wgan_aug.errors import InvalidDataError, InvalidParameterError
from wgan_aug.evaluation.series import labelled as module
from wgan_aug.evaluation.series.features import RandomConvolutions
from wgan_aug.evaluation.series.labelled import classwise_scores
from wgan_aug.evaluation.series.ridge import RidgeClassifier


def test_fresh_labelled_windows_are_worth_as_much_as_real_ones() -> None:
    (r, yr), (s, ys), (t, yt) = labelled(150, 0), labelled(150, 1), labelled(200, 2)
    found = classwise_scores(r, s, t, (yr, ys, yt), seeds=2, kernels=200)
    assert found.trtr > 0.85
    assert found.ratio == pytest.approx(1, abs=0.06)
    assert found.ratio_interval[0] < found.ratio < found.ratio_interval[1]
    assert found.gain_interval[0] <= found.gain <= found.gain_interval[1]
    assert found.gain == pytest.approx(found.both - found.trtr)
    table = found.by_class.set_index("label")
    assert list(table.index) == ["a", "b", "c"]
    for name, y in (("n_real", yr), ("n_synthetic", ys), ("n_holdout", yt)):
        assert table[name].to_dict() == pd.Series(y).value_counts().to_dict()
    for name in ("trtr", "tstr", "both"):
        assert (table["n_holdout"] * table[f"recall_{name}"]).sum() / 200 == pytest.approx(getattr(found, name))
    tv = 0.5 * sum(abs(np.mean(yr == c) - np.mean(ys == c)) for c in "abc")
    assert found.class_tv == pytest.approx(tv)


def test_labelled_scores_are_accuracies_of_the_ridge_on_convolutions() -> None:
    (r, yr), (s, ys), (t, yt) = labelled(60, 0), labelled(50, 1), labelled(70, 2)
    found = classwise_scores(r, s, t, (yr, ys, yt), seeds=2, kernels=60, random_state=4)
    expected = []
    for seed in (4, 5):
        f = RandomConvolutions(r, kernels=60, random_state=seed).transform
        expected.append(
            [
                np.mean(RidgeClassifier(f(x), y).predict(f(t)) == yt)
                for x, y in ((r, yr), (s, ys), (np.concatenate([r, s]), np.concatenate([yr, ys])))
            ]
        )
    np.testing.assert_allclose([found.trtr, found.tstr, found.both], np.mean(expected, 0))


def test_wrong_labels_are_worth_nothing_and_a_lost_class_is_named() -> None:
    (r, yr), (s, ys), (t, yt) = labelled(150, 0), labelled(150, 1), labelled(200, 2)
    wrong = classwise_scores(r, s, t, (yr, np.random.default_rng(0).permutation(ys), yt), seeds=1, kernels=200)
    assert wrong.tstr < 0.6
    assert wrong.ratio_interval[1] < 0.8
    kept = ys != "b"
    lost = classwise_scores(r, s[kept], t, (yr, ys[kept], yt), seeds=1, kernels=200)
    table = lost.by_class.set_index("label")
    assert table.loc["b", "recall_tstr"] == 0
    assert table.loc["b", "recall_trtr"] > 0.9
    assert lost.class_tv >= np.mean(yr == "b") - 1e-12


def test_intervals_are_those_of_paired_means() -> None:
    hits = (np.random.default_rng(0).random((3, 800)) < [[0.8], [0.6], [0.9]]).astype(float)
    hits[2] = np.maximum(hits[2], hits[0])  # the pairing makes the interval of the gain a narrow one
    ratios, gains = module._resample(hits, np.random.default_rng(1))
    d = hits[2] - hits[0]
    half = 1.96 * d.std() / np.sqrt(800)
    np.testing.assert_allclose(gains, [d.mean() - half, d.mean() + half], atol=0.15 * half)
    a, b = hits[0].mean(), hits[1].mean()
    half = 1.96 * (hits[1] / b - hits[0] / a).std() * b / a / np.sqrt(800)  # the delta method
    np.testing.assert_allclose(ratios, [b / a - half, b / a + half], atol=0.15 * half)


def test_synthetic_windows_help_where_real_ones_are_few() -> None:
    (r, yr), (s, ys), (t, yt) = labelled(12, 0), labelled(300, 1), labelled(400, 2)
    found = classwise_scores(r, s, t, (yr, ys, yt), seeds=2, kernels=200)
    assert found.gain_interval[0] > 0


def test_bad_labels_are_told() -> None:
    (r, yr), (s, ys), (t, yt) = labelled(20, 0), labelled(20, 1), labelled(20, 2)
    score = functools.partial(classwise_scores, r, s, t, seeds=1, kernels=10)
    with pytest.raises(InvalidDataError, match="labels has 2 entries; one is needed for each of real, synthetic, hold"):
        score((yr, ys))
    with pytest.raises(InvalidDataError, match=r"2 problems: .*real have shape \(19,\); it has 20.*holdout have shape"):
        score((yr[1:], ys, yt[:, None]))
    with pytest.raises(InvalidDataError, match="labels of synthetic have 20 missing"):
        score((yr, np.full(20, np.nan), yt))
    with pytest.raises(InvalidDataError, match="Labels of synthetic that no real window has: 'z'"):
        score((yr, np.where(ys == "a", "z", ys), yt))
    with pytest.raises(InvalidDataError, match="All real windows have the label 'a'"):
        score((["a"] * 20, ["a"] * 20, ["a"] * 20))
    with pytest.raises(InvalidParameterError, match="seeds is 0"):
        classwise_scores(r, s, t, (yr, ys, yt), seeds=0)
    new = score((yr, ys, np.where(yt == "a", "new", yt))).by_class.set_index("label")
    assert new.loc["new", ["n_real", "recall_trtr"]].tolist() == [0, 0]  # a class that nobody could have learned
    numbers = {"a": 3, "b": 1, "c": 2}
    coded = score([[numbers[v] for v in y] for y in (yr, ys, yt)])
    assert coded.by_class["label"].tolist() == [1, 2, 3]
