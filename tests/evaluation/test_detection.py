"""Detection: the protocol, chance where there is nothing to find, and the columns that give rows away."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from tests.evaluation.edges import EDGES, IDENTIFIERS, plain
from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError
from wgan_aug.evaluation.detection import classify, detection
from wgan_aug.evaluation.figures import auc_interval
from wgan_aug.evaluation.frames import align

FEW_TREES = 20


def related(seed: int, rows: int = 300, strength: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    c = np.where(strength * x + rng.normal(size=rows) > 0, "u", "v")
    return pd.DataFrame({"c": c, "x": x, "noise": rng.normal(size=rows)})


# ---- the protocol


@pytest.mark.parametrize("seed", [0, 3])
def test_c2st_is_the_pooled_auc_of_three_folds(seed: int) -> None:
    """Written out with scikit-learn's own pipeline, cross-validation and AUC."""
    tables = align(related(0), related(1, 400, -1), holdout=related(2, 200))
    got = detection(tables, random_state=seed, trees=FEW_TREES, max_rows=350)
    models = {
        "c2st": (pd.concat([tables.real, tables.holdout]), HistGradientBoostingClassifier(random_state=seed)),
        "c2st_forest": (
            tables.holdout,
            RandomForestClassifier(FEW_TREES, min_samples_leaf=3, random_state=seed),
        ),
    }
    for name, (real, model) in models.items():
        n = min(len(real), 350)
        both = pd.concat([f.sample(n, random_state=seed) for f in (real, tables.synthetic)], ignore_index=True)
        truth = np.repeat([0, 1], n)
        encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        columns = ColumnTransformer([("number", "passthrough", ["x", "noise"]), ("level", encode, ["c"])])
        folds = StratifiedKFold(3, shuffle=True, random_state=seed)
        p = cross_val_predict(make_pipeline(columns, model), both, truth, cv=folds, method="predict_proba")
        assert getattr(got, name) == pytest.approx(roc_auc_score(truth, p[:, 1]), abs=1e-6)
        assert 0.55 < getattr(got, name) < 0.95
    assert (got.rows, got.rows_forest) == (350, 200)


def test_levels_that_a_training_fold_lacks_do_not_tell() -> None:
    """A level of one row cannot be known to the model that scores this row."""
    unique = pd.DataFrame({"c": [f"l{i}" for i in range(60)]})
    found = classify(unique, unique + "!", lambda: HistGradientBoostingClassifier(min_samples_leaf=2))
    assert found.auc.value == pytest.approx(0.5)


def test_wrong_gaps_tell() -> None:
    real = related(0, 400)
    gaps = related(1, 400)
    gaps.loc[::3, "noise"] = np.nan
    found = detection(align(real, gaps))
    assert found.c2st > 0.6
    assert found.columns.loc[0, "column"] == "noise"


# ---- the interval


def reference_delong(positive: np.ndarray, negative: np.ndarray) -> tuple[float, float]:
    wins = np.array([[(p > n) + 0.5 * (p == n) for n in negative] for p in positive])
    variance = wins.mean(axis=1).var(ddof=1) / len(positive) + wins.mean(axis=0).var(ddof=1) / len(negative)
    return wins.mean(), variance


@pytest.mark.parametrize("folds", [1, 3])
def test_the_interval_is_delongs(folds: int) -> None:
    rng = np.random.default_rng(0)
    positive, negative = np.round(rng.normal(0.5, 1, 40), 1), np.round(rng.normal(0, 1, 70), 1)
    value, variance = reference_delong(positive, negative)
    got = auc_interval(np.repeat([True, False], [40, 70]), np.concatenate([positive, negative]), folds=folds)
    assert got.value == pytest.approx(value, abs=1e-9)
    reach = 1.959964 * np.sqrt(variance * (1 if folds == 1 else 5 / 3))
    assert (got.low, got.high) == pytest.approx((value - reach, value + reach), abs=1e-6)


def test_the_interval_holds_the_truth_in_95_of_100_draws() -> None:
    rng = np.random.default_rng(0)
    truth = 0.760250  # P(N(1, 1) > N(0, 1)) = Phi(1 / sqrt 2)
    labels = np.repeat([True, False], [80, 120])
    held = 0
    for _ in range(400):
        got = auc_interval(labels, rng.normal(labels.astype(float), 1))
        held += got.low <= truth <= got.high  # type: ignore[operator]
    assert 0.92 <= held / 400 <= 0.98


def test_the_ends_of_the_scale_have_an_interval() -> None:
    labels = np.repeat([True, False], [20, 30])
    told, missed = auc_interval(labels, labels * 1.0), auc_interval(labels, labels * -1.0)
    assert (told.value, told.high, missed.value, missed.low) == (1, 1, 0, 0)
    assert told.low == pytest.approx(0.025 ** (1 / 20))
    assert missed.high == pytest.approx(1 - 0.025 ** (1 / 20))


def test_one_class_is_said() -> None:
    with pytest.raises(InvalidDataError, match="3 positive and 0 negative"):
        auc_interval(np.array([True] * 3), np.zeros(3))


# ---- where the truth is known


@pytest.mark.parametrize("family", ["boosted", "forest"])
def test_fresh_real_rows_are_not_told_apart(family: str) -> None:
    """The stated interval holds 0.5 in about 95 % of repetitions; 25 of 30 or fewer would come once in 60."""
    make = {
        "boosted": lambda: HistGradientBoostingClassifier(max_iter=30, random_state=0),
        "forest": lambda: RandomForestClassifier(FEW_TREES, min_samples_leaf=3, random_state=0),
    }[family]
    found = [classify(related(i), related(1000 + i), make, random_state=i).auc for i in range(30)]
    assert sum(f.low <= 0.5 <= f.high for f in found) >= 26  # type: ignore[operator]
    assert np.mean([f.value for f in found]) == pytest.approx(0.5, abs=0.02)


def test_a_constant_shift_is_told_and_its_column_named() -> None:
    real = related(0)
    found = detection(align(real, related(1).assign(noise=lambda f: f["noise"] + 4)))
    assert found.c2st > 0.98
    assert found.columns["column"].tolist()[0] == "noise"
    assert found.columns["auc_lost"].is_monotonic_decreasing
    assert found.columns["auc_lost"].iloc[0] > 0.3
    assert found.columns["auc_lost"].iloc[1:].abs().max() < 0.1


def test_a_broken_relation_is_told_by_both_its_columns() -> None:
    real, synthetic = related(0, 800, 5), related(1, 800, 5)
    synthetic["c"] = np.random.default_rng(0).permutation(synthetic["c"].to_numpy())
    found = detection(align(real, synthetic))
    assert found.c2st > 0.65
    assert set(found.columns["column"][:2]) == {"c", "x"}


def test_columns_without_a_difference_give_chance() -> None:
    one = pd.DataFrame({"one": [1.0] * 30, "word": ["w"] * 30})
    found = detection(align(one, one, holdout=one), trees=FEW_TREES)
    assert (found.c2st, found.c2st_forest) == (0.5, 0.5)


def test_the_seed_decides() -> None:
    tables = align(related(0), related(1), holdout=related(2))
    once, again, other = (detection(tables, trees=FEW_TREES, random_state=seed).to_json() for seed in (1, 1, 2))
    assert once == again
    assert once != other


def test_no_hold_out_no_forest() -> None:
    found = detection(align(plain(0), plain(1)))
    assert (found.c2st_forest, found.c2st_forest_interval, found.rows_forest) == (None, None, 0)


# ---- never at a loss


@pytest.mark.parametrize("name", [name for name in EDGES if not name.startswith("one ") or "row" not in name])
def test_hard_tables_have_figures(name: str) -> None:
    real, synthetic, holdout = EDGES[name]
    found = detection(align(real, synthetic, holdout=holdout), trees=FEW_TREES, max_rows=500)
    assert 0 <= found.c2st <= 1
    assert found.c2st_forest is not None
    json.dumps(found.to_json(), allow_nan=False)


def test_unseen_categories_are_told_at_once() -> None:
    assert detection(align(*EDGES["unseen categories"][:2])).c2st == 1.0


@pytest.mark.parametrize(("name", "came"), [("one synthetic row", "120 real and 1"), ("one row each", "2 real and 1")])
def test_fewer_rows_than_folds_are_said(name: str, came: str) -> None:
    real, synthetic, holdout = EDGES[name]
    with pytest.raises(InvalidDataError, match=f"in 3 folds needs at least 3 rows of each; it got {came} synthetic"):
        detection(align(real, synthetic, holdout=holdout))


def test_a_hold_out_with_fewer_rows_than_folds_leaves_the_forest_out() -> None:
    with pytest.warns(DataWarning, match=r"too few rows \(2\)"):
        found = detection(align(plain(0), plain(1), holdout=plain(2, 2)))
    assert found.c2st_forest is None


def test_options_that_cannot_be_are_said() -> None:
    tables = align(plain(0), plain(1))
    with pytest.raises(InvalidParameterError, match="max_rows is 2"):
        detection(tables, max_rows=2)
    with pytest.raises(InvalidParameterError, match="trees is 0"):
        detection(tables, trees=0)
    with pytest.raises(InvalidDataError, match="No column is left"):
        detection(align(IDENTIFIERS, IDENTIFIERS))
