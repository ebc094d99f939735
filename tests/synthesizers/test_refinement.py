"""Refining: known density ratios come out, marginals match, rows are exact in number, and nothing is kept twice."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.neighbors import NearestNeighbors

from wgan_aug import WGANGPSynthesizer
from wgan_aug.encoding.table import EncodedTable
from wgan_aug.errors import DataWarning
from wgan_aug.persistence import read_folder, write_folder
from wgan_aug.schema.layout import Scalar, TableLayout
from wgan_aug.synthesizers.refinement import refiner as refiner_module
from wgan_aug.synthesizers.refinement.codes import draw_codes, to_features
from wgan_aug.synthesizers.refinement.raking import Factors, find_scale, marginal_error, rake
from wgan_aug.synthesizers.refinement.ratio import fit_ratio
from wgan_aug.synthesizers.refinement.refiner import Refinement, Refiner, fit_refiner
from wgan_aug.synthesizers.refinement.trees import BoostedTrees

LAYOUT = TableLayout((3, 2), np.array([0.5, 0.3, 0.2, 0.9, 0.1]), (Scalar(), Scalar(1, (1,))))


def table(states: np.ndarray, numbers: np.ndarray) -> EncodedTable:
    return EncodedTable(states.astype(np.int64), numbers.astype(np.float64), numbers.astype(np.float64))


def make(rows: int, rng: np.random.Generator, shares: list[float], bound: bool) -> EncodedTable:
    """Rows whose first number rises with the first state, or does not hang on it."""
    first = rng.choice(3, rows, p=shares)
    second = (rng.random(rows) < 0.1).astype(np.int64)
    score = rng.normal(size=rows) + (first - 1) * 0.8 * bound
    numbers = np.stack([norm.cdf(score), rng.random(rows)], axis=1)
    numbers[second == 1, 1] = 0.0
    return table(np.stack([first, second], axis=1), numbers)


def source(seed: int, shares: list[float] | None = None, bound: bool = False) -> Callable[[int], EncodedTable]:
    rng = np.random.default_rng(seed)
    return lambda rows: make(rows, rng, shares or [0.35, 0.35, 0.3], bound)


REAL = make(3000, np.random.default_rng(0), [0.5, 0.3, 0.2], True)


@pytest.fixture(scope="module")
def refiner() -> Refiner:
    found = fit_refiner(REAL, source(1), LAYOUT, seed=0)
    assert found is not None
    return found


# ---- trees as arrays


def classifier(**options: Any) -> tuple[HistGradientBoostingClassifier, np.ndarray]:
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=(500, 3)), rng.integers(0, 3, (500, 2)), np.full((500, 1), -1e9)], axis=1)
    labels = (rows[:, 0] * rows[:, 3] + rng.normal(size=500) > 0.3).astype(int)
    settings: dict[str, Any] = {"early_stopping": False, "random_state": 0} | options
    return HistGradientBoostingClassifier(**settings).fit(rows, labels), rows


@pytest.mark.parametrize(
    "options",
    [
        {"max_iter": 40},
        {"max_iter": 7, "max_leaf_nodes": 32, "min_samples_leaf": 1},
        {"max_leaf_nodes": 2},
        {"max_iter": 3, "min_samples_leaf": 400},
    ],
    ids=["usual", "deep", "stumps", "single leaves"],
)
def test_trees_are_those_of_scikit_learn(options: dict[str, Any]) -> None:
    model, rows = classifier(**options)
    trees = BoostedTrees.from_sklearn(model)
    thresholds = trees.threshold[np.isfinite(trees.threshold)]
    ties = np.tile(thresholds[:200, None], (1, rows.shape[1]))  # a row on a threshold goes left
    for new in (rows, rows[:1], ties, np.tile(rows, (17, 1))):  # more rows than one chunk
        if len(new):
            np.testing.assert_allclose(trees.predict(new), model.decision_function(new), rtol=0, atol=1e-12)
    assert trees.predict(rows[:0]).shape == (0,)


def test_stages_and_first_trees() -> None:
    model, rows = classifier(max_iter=12)
    trees = BoostedTrees.from_sklearn(model)
    stages = trees.stages(rows)
    wanted = np.stack([stage.ravel() for stage in model.staged_decision_function(rows)])
    np.testing.assert_allclose(stages, wanted, rtol=0, atol=1e-12)
    for count in (1, 5, 12):
        cut = trees.first(count)
        assert (len(cut), cut.child.max() < len(cut.value)) == (count, True)
        np.testing.assert_allclose(cut.predict(rows), stages[count - 1], rtol=0, atol=1e-12)


def test_a_tree_has_as_many_leaves_as_a_mask_has_bits() -> None:
    model, _ = classifier(max_iter=3, max_leaf_nodes=33, min_samples_leaf=1)
    with pytest.raises(ValueError, match="33 leaves, 32 are the most"):
        BoostedTrees.from_sklearn(model)


# ---- rows as features


def test_absent_numbers_do_not_tell() -> None:
    states, numbers = np.array([[0, 0], [0, 1], [0, 1]]), np.array([[0.2, 0.3], [0.2, 0.3], [0.2, 0.9]])
    rows = table(states, numbers)
    features = to_features(rows, LAYOUT)
    assert (features[1] == features[2]).all()
    assert features[0].tolist() == [0, 0, 0.2, 0.3]
    assert (rows.low == numbers).all()


def test_real_numbers_are_spread_over_their_interval() -> None:
    rows = EncodedTable(np.zeros((4000, 0), np.int64), np.full((4000, 1), 0.2), np.full((4000, 1), 0.6))
    drawn = draw_codes(rows, np.random.default_rng(0))
    assert drawn.low is drawn.high
    assert 0.2 <= drawn.low.min() < 0.201 < 0.599 < drawn.low.max() <= 0.6
    assert abs(drawn.low.mean() - 0.4) < 4 * 0.4 / np.sqrt(12 * 4000)


# ---- raking


@hypothesis.settings(max_examples=200, deadline=None, derandomize=True)
@given(
    weights=st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=40),
    least=st.floats(0.05, 1.0),
)
def test_the_scale_keeps_enough_and_no_more_than_the_cap_wastes(weights: list[float], least: float) -> None:
    found = find_scale(np.array(weights), least)
    kept = np.minimum(1, found * np.array(weights))
    assert kept.mean() >= least - 1e-9
    lost = (found * np.array(weights) - kept).sum() / (found * sum(weights))
    assert lost <= 0.005 + 1e-9 or kept.mean() <= least + 1e-9


def test_equal_weights_keep_all_rows() -> None:
    assert find_scale(np.full(50, 3.0), 1 / 6) == pytest.approx(1 / 3)


def test_the_scale_of_weights_that_fall_steeply() -> None:
    weights = np.exp(-np.linspace(0, 600, 1000))
    scale = find_scale(weights, 0.5)
    assert np.minimum(1, scale * weights).mean() == pytest.approx(0.5, abs=1e-3)


def test_raking_is_iterative_proportional_fitting() -> None:
    rng = np.random.default_rng(0)
    real = [rng.choice(3, 4000, p=[0.5, 0.3, 0.2]), rng.choice(2, 4000, p=[0.7, 0.3])]
    first = rng.choice(3, 9000)
    theirs = [first, (rng.random(9000) < 0.3 + 0.2 * first).astype(int)]
    factors, scale = rake(np.zeros(9000), real, theirs, [3, 2], 0.05)
    joint = np.zeros((3, 2))
    np.add.at(joint, tuple(theirs), 1.0)
    for _ in range(200):  # the textbook's
        joint *= (np.bincount(real[0]) / joint.sum(1))[:, None]
        joint *= np.bincount(real[1]) / joint.sum(0)
    chance = np.minimum(1, scale * np.exp(factors.log_weights(theirs)))
    found = np.zeros((3, 2))
    np.add.at(found, tuple(theirs), chance)
    np.testing.assert_allclose(found / found.sum(), joint / joint.sum(), atol=2e-3)
    assert marginal_error(real, theirs, chance) < 2e-3 < 0.05 < marginal_error(real, theirs, np.ones(9000))


def test_raking_holds_under_the_cap() -> None:
    rng = np.random.default_rng(0)
    real, theirs = [rng.choice(2, 5000, p=[0.4, 0.6])], [rng.choice(2, 8000, p=[0.6, 0.4])]
    log_weights = rng.normal(size=8000)
    factors, scale = rake(log_weights, real, theirs, [2], 0.5)
    chance = np.minimum(1, scale * np.exp(log_weights + factors.log_weights(theirs)))
    assert (chance == 1).mean() > 0.1
    assert chance.mean() == pytest.approx(0.5, abs=1e-9)
    assert marginal_error(real, theirs, chance) < 2e-3


def test_raking_leaves_rare_levels_and_bounds_factors() -> None:
    real = [np.repeat([0, 1, 2, 3], [900, 4, 96, 0])]
    theirs = [np.repeat([0, 1, 2, 3], [900, 60, 2, 20])]
    factors, _ = rake(np.zeros(982), real, theirs, [4], 0.2)
    assert factors.values[0][1] == factors.values[0][3] == 1
    assert factors.values[0].max() == 4
    assert factors.values[0].min() >= 0.25


def test_factors_come_back() -> None:
    for factors in (Factors([np.array([1.0, 2.0]), np.array([0.5])]), Factors([])):
        twin = Factors.from_json(factors.to_json())
        assert [value.tolist() for value in twin.values] == [value.tolist() for value in factors.values]


# ---- the density ratio


def test_a_known_density_ratio_is_found() -> None:
    rng = np.random.default_rng(0)
    ratio = fit_ratio(rng.normal(0.5, 1, (8000, 1)), rng.normal(0, 1, (24_000, 1)), 0)
    x = np.linspace(-1.5, 2, 60)[:, None]
    assert np.abs(ratio.log_ratio(x) - (0.5 * x[:, 0] - 0.125)).mean() < 0.16
    assert ratio.auc == pytest.approx(norm.cdf(0.5 / np.sqrt(2)), abs=0.03)


def test_nothing_is_learned_where_there_is_nothing_to_learn() -> None:
    rng = np.random.default_rng(0)
    real, other = rng.normal(size=(400, 8)), rng.normal(size=(4000, 8))
    assert np.abs(fit_ratio(real, other, 0).log_ratio(other)).mean() < 0.05


# ---- the refiner


def test_refined_rows_have_marginals_and_dependence_of_the_real_ones(refiner: Refiner) -> None:
    raw, kept = source(2)(6000), refiner.draw(source(3), 6000, np.random.default_rng(0))
    dependence = {
        name: np.corrcoef(rows.states[:, 0], rows.low[:, 0])[0, 1]
        for name, rows in {"real": REAL, "raw": raw, "kept": kept}.items()
    }
    assert abs(dependence["raw"]) < 0.05 < 0.45 < dependence["real"]
    assert dependence["kept"] > dependence["real"] - 0.1
    for block in range(2):
        wanted = np.bincount(REAL.states[:, block]) / len(REAL)
        found = np.bincount(kept.states[:, block], minlength=len(wanted)) / len(kept)
        assert np.abs(wanted - found).max() < 0.02


def test_refining_does_not_lean_on_training_rows() -> None:
    """Training rows and candidates of one distribution: kept rows are no nearer to training rows than to others."""
    rng = np.random.default_rng(5)
    layout = TableLayout((), np.empty(0), tuple(Scalar() for _ in range(4)))
    cloud = lambda rows: table(np.zeros((rows, 0)), norm.cdf(rng.normal(size=(rows, 4))))  # noqa: E731
    real, other = cloud(1500), cloud(1500)
    refiner = fit_refiner(real, lambda n: table(np.zeros((n, 0)), norm.cdf(rng.normal(size=(n, 4)) * 1.3)), layout)
    assert refiner is not None
    kept = refiner.draw(lambda n: table(np.zeros((n, 0)), norm.cdf(rng.normal(size=(n, 4)) * 1.3)), 6000, rng)
    near, far = (NearestNeighbors(n_neighbors=1).fit(t.low).kneighbors(kept.low)[0][:, 0] for t in (real, other))
    assert 0.47 < (near < far).mean() < 0.53
    assert refiner.report.detection_auc > 0.55


def test_good_candidates_are_not_thrown_away() -> None:
    same = source(1, [0.5, 0.3, 0.2], True)
    refiner = fit_refiner(REAL, same, LAYOUT, seed=0)
    assert refiner is not None
    assert refiner.report.acceptance > 0.6
    assert refiner.report.effective_share > 0.9
    assert abs(refiner.report.detection_auc - 0.5) < 0.05


@pytest.mark.parametrize("rows", [0, 1, 7, 5000])
def test_rows_are_exact_in_number_and_each_is_a_candidate_of_its_own(refiner: Refiner, rows: int) -> None:
    draw, seen = source(4), []

    def spy(count: int) -> EncodedTable:
        seen.append(draw(count))
        return seen[-1]

    kept = refiner.draw(spy, rows, np.random.default_rng(0))
    assert (len(kept), kept.states.shape, kept.low.shape) == (rows, (rows, 2), (rows, 2))
    offered = {(*row.states[i], row.low[i, 0]) for row in seen for i in range(len(row))}
    taken = [(*kept.states[i], kept.low[i, 0]) for i in range(rows)]
    assert len(set(taken)) == rows
    assert set(taken) <= offered
    assert max(map(len, seen)) <= 16_384


def test_the_same_seed_keeps_the_same_rows(refiner: Refiner) -> None:
    first, second, other = (refiner.draw(source(4), 50, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.low, second.low)
    assert not np.array_equal(first.low, other.low)


def test_the_same_seed_fits_the_same_refiner(refiner: Refiner) -> None:
    twin = fit_refiner(REAL, source(1), LAYOUT, seed=0)
    assert twin is not None
    assert twin.report == refiner.report
    assert np.array_equal(twin.chances(source(9)(500)), refiner.chances(source(9)(500)))


def test_too_few_candidates_end_in_the_nearest_misses(refiner: Refiner) -> None:
    hopeless, drawn = dataclasses.replace(refiner, scale=refiner.scale * 1e-9), [0]
    draw, offered = source(4), []

    def spy(count: int) -> EncodedTable:
        drawn[0] += count
        offered.append(draw(count))
        return offered[-1]

    with pytest.warns(DataWarning, match=r"Refining kept 0 of 40 rows .* the other 40 are the nearest misses"):
        kept = hopeless.draw(spy, 40, np.random.default_rng(0))
    assert len(kept) == 40
    assert 40 < drawn[0] <= 4 * np.ceil(40 / refiner.report.acceptance) + 100
    rng = np.random.default_rng(0)  # the same again
    distance = np.concatenate([rng.random(len(rows)) / hopeless.chances(rows) for rows in offered])
    nearest = np.concatenate([rows.low for rows in offered])[np.sort(np.argsort(distance)[:40])]
    assert np.array_equal(kept.low, nearest)
    assert len(np.unique(kept.low[:, 0])) == 40


def test_conditions_that_reject_most_rows_still_give_rows(refiner: Refiner) -> None:
    narrow = dataclasses.replace(refiner, scale=refiner.scale / 3)
    assert len(narrow.draw(source(4), 300, np.random.default_rng(0))) == 300


def test_rare_classes_are_trusted_less() -> None:
    rare = make(2000, np.random.default_rng(0), [0.75, 0.23, 0.02], True)
    with_target = fit_refiner(rare, source(1), LAYOUT, target_block=0)
    without = fit_refiner(rare, source(1), LAYOUT)
    assert with_target is not None
    assert without is not None
    counts = np.bincount(rare.states[:, 0])
    np.testing.assert_allclose(with_target.trust, counts / (counts + 100))
    plain = dataclasses.replace(
        with_target, target_block=None, factors=Factors([np.ones(len(f)) for f in with_target.factors.values])
    )
    tempered = dataclasses.replace(plain, target_block=0)
    candidates = source(2)(3000)
    full, less = plain.chances(candidates), tempered.chances(candidates)
    ratio = with_target.ratio.log_ratio(to_features(candidates, LAYOUT))
    free = (full < 1) & (less < 1)
    shift = np.log(less[free] / full[free])
    wanted = (with_target.trust[candidates.states[free, 0]] - 1) * ratio[free]
    np.testing.assert_allclose(shift, wanted, atol=1e-9)
    kept = with_target.draw(source(3), 6000, np.random.default_rng(0))
    assert np.abs(np.bincount(kept.states[:, 0]) / 6000 - counts / 2000).max() < 0.02


def test_tables_without_blocks_or_without_numbers() -> None:
    rng = np.random.default_rng(0)
    numbers = TableLayout((), np.empty(0), (Scalar(normal=False),))
    states = TableLayout((4,), np.full(4, 0.25), ())
    for layout, draw in (
        (numbers, lambda n: table(np.zeros((n, 0)), rng.normal(size=(n, 1)))),
        (states, lambda n: table(rng.integers(0, 4, (n, 1)), np.zeros((n, 0)))),
    ):
        refiner = fit_refiner(draw(200), draw, layout)
        assert refiner is not None
        assert len(refiner.draw(draw, 100, rng)) == 100


def test_little_tables_are_left_alone() -> None:
    assert fit_refiner(make(49, np.random.default_rng(0), [0.5, 0.3, 0.2], True), source(1), LAYOUT) is None


def test_the_report_is_what_happens(refiner: Refiner) -> None:
    chance, report = refiner.chances(source(8)(20_000)), refiner.report
    assert report.acceptance == pytest.approx(chance.mean(), abs=0.01)
    assert report.effective_share == pytest.approx(chance.mean() ** 2 / (chance**2).mean(), abs=0.02)
    assert report.capped_share == pytest.approx(chance[chance == 1].sum() / chance.sum(), abs=0.02)
    assert report.marginal_error < 0.02 < report.marginal_error_raw
    assert report.trees == len(refiner.ratio.trees)
    assert 1 / 6 - 1e-9 <= report.acceptance < 1
    assert json.loads(json.dumps(report.to_json())) == report.to_json()
    assert Refinement(**report.to_json()) == report


def test_oversampling_bounds_the_cost(refiner: Refiner) -> None:
    cheap = fit_refiner(REAL, source(1), LAYOUT, oversampling=1.2)
    assert cheap is not None
    assert cheap.report.acceptance >= 1 / 1.2 - 1e-9
    assert cheap.report.acceptance > refiner.report.acceptance


def test_too_few_rows_to_refine_are_told_of() -> None:
    frame = pd.DataFrame({"x": np.arange(30.0)})
    with pytest.warns(DataWarning, match=r"refine is True, but there are 30 rows, and refining takes at least 50"):
        model = WGANGPSynthesizer(epochs=1, refine=True, random_state=0).fit(frame)
    assert model.refinement_ is None
    assert WGANGPSynthesizer(epochs=1, random_state=0).fit(frame).refinement_ is None


def test_a_refinement_in_words(refiner: Refiner) -> None:
    text = refiner.report.describe()
    assert text.startswith(f"refining keeps {refiner.report.acceptance:.0%} of candidates")
    assert text.endswith(" s")
    assert "learned" not in dataclasses.replace(refiner.report, seconds=None).describe()


def test_a_refiner_on_disk(refiner: Refiner, tmp_path: Path) -> None:
    with_target = fit_refiner(REAL, source(1), LAYOUT, target_block=0)
    for found in (refiner, with_target):
        assert found is not None
        write_folder(tmp_path / "m", {"refiner": found.to_json()})
        twin = Refiner.from_json(read_folder(tmp_path / "m")["refiner"], LAYOUT)
        candidates = source(9)(2000)
        assert np.array_equal(twin.chances(candidates), found.chances(candidates))
        assert (twin.report, twin.report.seconds) == (found.report, None)
        ours, theirs = (r.draw(source(4), 30, np.random.default_rng(0)) for r in (twin, found))
        assert np.array_equal(ours.low, theirs.low)


def test_few_candidates_at_once_change_nothing_but_the_draw(refiner: Refiner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample larger than one round: its shares are those of a sample from one round."""
    monkeypatch.setattr(refiner_module, "CANDIDATES", 500)
    kept = refiner.draw(source(4), 4000, np.random.default_rng(0))
    wanted = np.bincount(REAL.states[:, 0]) / len(REAL)
    assert np.abs(np.bincount(kept.states[:, 0]) / 4000 - wanted).max() < 0.03
