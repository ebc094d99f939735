"""Tables that do not fit together, or that leave a figure without a value: one clear message each, no library's own."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tests.evaluation.edges import INFINITE, plain
from wgan_aug.errors import DataWarning, InvalidDataError
from wgan_aug.evaluation.coverage import coverage
from wgan_aug.evaluation.detection import detection
from wgan_aug.evaluation.fidelity import fidelity
from wgan_aug.evaluation.frames import MISSING, Tables, align
from wgan_aug.evaluation.privacy import privacy
from wgan_aug.evaluation.utility import downstream_utility
from wgan_aug.evaluation.worth import augmentation_value


def draw(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    days = pd.to_timedelta(rng.integers(0, 900, rows), unit="D")
    return pd.DataFrame(
        {
            "x": x,
            "c": rng.choice(list("uvw"), rows),
            "d": pd.Timestamp("2020-01-01") + days,
            "t": days,
            "b": rng.random(rows) < 0.5,
            "y": np.where(x + rng.normal(size=rows) > 0, "yes", "no"),
        }
    )


REAL, FRESH, HOLDOUT = (draw(60, seed) for seed in range(3))


def worth(tables: Tables, **options: Any) -> Any:
    model = DecisionTreeRegressor(max_depth=3) if tables.task == "regression" else DecisionTreeClassifier(max_depth=3)
    return downstream_utility(tables, estimators=model, n_bootstrap=5, **options)


def parrot(train: pd.DataFrame, n_rows: int, random_state: int) -> pd.DataFrame:
    return train.sample(n_rows, replace=True, random_state=random_state)


# ---- cells of another sort


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": "abc"}, r"Column 'x' is continuous \(float64\) in the real data, and str in the synthetic data, which"),
        ({"x": HOLDOUT["d"]}, r"Column 'x' is continuous .* datetime64.* in the synthetic data, which cannot be read"),
        ({"c": 3}, r"Column 'c' is categorical \(str\) in the real data, and int64 in the synthetic data, which"),
        ({"c": HOLDOUT["d"]}, r"Column 'c' is categorical .* and datetime64.* in the synthetic data, which cannot"),
        ({"d": 3.5}, r"Column 'd' is datetime .* and float64 in the synthetic data, which cannot be read as such"),
        ({"d": True}, r"Column 'd' is datetime .* and bool in the synthetic data, which cannot be read as such"),
        ({"d": "soon"}, r"Column 'd' is datetime .* and str in the synthetic data, which cannot be read as such"),
        ({"d": HOLDOUT["d"].dt.tz_localize("UTC")}, r"Column 'd' is datetime .*, UTC\] in the synthetic data, which"),
        ({"t": 3}, r"Column 't' is timedelta .* and int64 in the synthetic data, which cannot be read as such"),
        ({"b": "maybe"}, r"Column 'b' is boolean \(bool\) in the real data, and str in the synthetic data, which"),
        ({"x": "abc", "d": 1}, r"2 problems: \(1\) Column 'x' .* \(2\) Column 'd' "),
    ],
)
def test_synthetic_cells_of_another_sort_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        align(REAL, FRESH.assign(**change), holdout=HOLDOUT)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"x": "abc"},
            "Column 'x' is float64 in the real data, and str in the holdout data, which cannot be read as such",
        ),
        ({"d": "2020-01-05"}, r"Column 'd' is datetime64\[.*\] in the real data, and str in the holdout data, which"),
        ({"b": 1}, r"Column 'b' is bool in the real data, and int64 in the holdout data, which cannot be read as such"),
    ],
)
def test_hold_out_cells_of_another_sort_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        align(REAL, FRESH, holdout=HOLDOUT.assign(**change))


@pytest.mark.parametrize(
    "change",
    [
        {"b": FRESH["b"].astype(int)},
        {"b": FRESH["b"].astype(float)},
        {"b": FRESH["b"].map({True: "True", False: "False"})},
        {"b": FRESH["b"].astype("boolean")},
        {"x": FRESH["x"].astype(object)},
        {"x": FRESH["x"].map(repr)},
        {"d": FRESH["d"].dt.strftime("%Y-%m-%d")},
        {"d": FRESH["d"].astype("M8[s]")},
        {"c": FRESH["c"].astype("category")},
    ],
)
def test_the_same_cells_stored_otherwise_are_the_same(change: dict[str, Any]) -> None:
    expected = align(REAL, FRESH).synthetic
    pd.testing.assert_frame_equal(align(REAL, FRESH.assign(**change)).synthetic, expected)


def test_codes_are_codes_though_a_file_may_have_none_with_a_leading_zero() -> None:
    """So a reader of files types each: "01234" is text, and 94103 a number."""
    text, numbers = np.resize(["01234", "94103"], 60), np.resize([94103, 2139], 60)
    for real, holdout in ((text, numbers), (numbers, text), (text, text)):
        tables = align(REAL.assign(zip=real), FRESH.assign(zip=11111), holdout=HOLDOUT.assign(zip=holdout))
        assert "zip" in tables.categorical
        assert tables.holdout is not None
        assert {"01234", "94103"} <= set(tables.real["zip"]) | set(tables.holdout["zip"])
        assert set(tables.real["zip"]) & set(tables.holdout["zip"]) >= {"94103"}
        assert set(tables.synthetic["zip"]) == {"11111"}
    mixed = np.resize(["94103", "?"], 60)
    with pytest.raises(InvalidDataError, match=r"Column 'zip' is int64 in the real data, and .* in the holdout data"):
        align(REAL.assign(zip=numbers), FRESH.assign(zip=numbers), holdout=HOLDOUT.assign(zip=mixed))


def test_new_levels_and_missing_columns_are_no_clash() -> None:
    tables = align(REAL, FRESH.assign(c="new", b=None, d=pd.NaT, x=np.nan))
    assert set(tables.synthetic["c"]) == {"new"}
    assert set(tables.synthetic["b"]) == {MISSING}
    assert fidelity(tables).invalid == 1


def test_a_level_that_looks_like_a_gap_is_a_level() -> None:
    real = REAL.assign(y=np.where(REAL["x"] > 0, MISSING, None))
    tables = align(real, real, target="y")
    assert sorted(tables.real["y"].unique()) == ["'<nan>'", MISSING]


# ---- constant columns that were declared


@pytest.mark.parametrize("value", [0, 0.0, pd.Timestamp("2020-01-01"), "w", True])
def test_a_constant_column_that_is_declared_a_category_is_one(value: Any) -> None:
    real = REAL.assign(soil=value)
    tables = align(real, FRESH.assign(soil=value), holdout=HOLDOUT.assign(soil=value), categorical_features=["soil"])
    assert "soil" in tables.categorical
    assert "soil" not in tables.numeric
    assert tables.synthetic["soil"].dtype == object
    assert tables.real["soil"][0] == tables.synthetic["soil"][0]


def test_a_word_among_codes_is_a_level_that_no_real_row_has() -> None:
    real = pd.DataFrame({"code": [1, 2, 3] * 20, "x": np.arange(60.0)})
    synthetic = real.assign(code=real["code"].astype(str).where(real["x"] > 5, "_RARE_"))
    tables = align(real, synthetic, categorical_features=["code"])
    assert tables.synthetic["code"].value_counts().to_dict() == {"1": 18, "2": 18, "3": 18, "_RARE_": 6}
    assert fidelity(tables).invalid == pytest.approx(0.1)


def test_a_new_level_of_a_constant_declared_column_is_unseen() -> None:
    real = REAL.assign(soil=0)
    found = fidelity(align(real, FRESH.assign(soil=1), categorical_features=["soil"]))
    assert found.violations.set_index("column").loc["soil", "rule"] == "a category no real row has"


def test_declared_categories_may_be_named_by_an_iterator() -> None:
    real = REAL.assign(k=np.arange(60) % 3, soil=0)
    tables = align(real, real, target="k", categorical_features=iter(["soil"]))
    assert {"soil", "k"} <= set(tables.categorical)


# ---- infinities


@pytest.mark.parametrize(("name", "count"), [("a few", 5), ("both ends", 60), ("all", 60)])
def test_infinite_synthetic_numbers_are_told_and_counted_as_invalid(name: str, count: int) -> None:
    real, synthetic, holdout = INFINITE[name]
    with pytest.warns(DataWarning, match=rf"synthetic data have infinite values: 'x' \({count}\)\. They count as"):
        tables = align(real, synthetic, holdout=holdout)
    likeness = fidelity(tables)
    share = likeness.columns.set_index("column").loc["x", "violations"]
    assert share >= count / 60
    for found in (likeness, coverage(tables), detection(tables, trees=10), privacy(tables, sensitive=["x", "c"])):
        json.dumps(found.to_json(), allow_nan=False)


def test_infinite_synthetic_numbers_hide_no_other_column_from_detection() -> None:
    """The scale of a column is that of its finite numbers."""
    real, synthetic = plain(0, 300), plain(1, 300)
    synthetic["x"] += 3
    synthetic.loc[0, "x"] = np.inf
    with pytest.warns(DataWarning, match=r"'x' \(1\)"):
        tables = align(real, synthetic, holdout=plain(2, 300))
    found = detection(tables, trees=20)
    assert found.c2st_forest is not None
    assert found.c2st_forest > 0.95


def test_rows_whose_synthetic_target_is_infinite_are_left_out_and_counted() -> None:
    real, fresh, rest = (f.assign(y=f["x"] * 2) for f in (REAL, FRESH, HOLDOUT))
    with pytest.warns(DataWarning, match=r"'y' \(9\)"):
        tables = align(real, fresh.assign(y=fresh["y"].where(fresh.index >= 9, -np.inf)), holdout=rest, target="y")
    found = worth(tables)
    assert found.without_target == {"real": 0, "synthetic": 9, "holdout": 0}
    assert found.failures == {}
    assert found.utility_ratio > 0.9


@pytest.mark.parametrize("dtype", ["float64", "Float64", "float32", object])
def test_infinite_real_numbers_are_refused(dtype: Any) -> None:
    broken = REAL["x"].where(REAL.index >= 5, np.inf).astype(dtype)
    if broken.dtype.kind == "O":
        with pytest.raises(InvalidDataError, match="Column 'x' has 5 infinite values"):
            align(REAL.assign(x=broken), FRESH)
        return
    with pytest.raises(InvalidDataError, match=r"^The real data have infinite values: 'x' \(5\)\. Replace them by"):
        align(REAL.assign(x=broken), FRESH)
    with pytest.raises(InvalidDataError, match=r"^The holdout data have infinite values: 'x' \(5\)\. Replace them by"):
        align(REAL, FRESH, holdout=REAL.assign(x=broken))


# ---- targets


@pytest.mark.parametrize("size", [1e307, 1e-300])
def test_a_target_too_large_or_small_to_square_scores_as_in_other_units(size: float) -> None:
    models = {"linear": Ridge(), "boost": HistGradientBoostingRegressor(max_iter=10)}
    found = []
    for scale in (1.0, size):
        frames = [f.assign(y=(f["x"] + 0.1) * scale) for f in (REAL, FRESH, HOLDOUT)]
        tables = align(frames[0], frames[1], holdout=frames[2], target="y")
        found.append(downstream_utility(tables, estimators=models, n_bootstrap=5).models)
    assert np.allclose(found[0]["tstr"], found[1]["tstr"], atol=0.05)
    frame = pd.concat([REAL, FRESH]).assign(y=lambda f: (f["x"] + 0.1) * size)
    value = augmentation_value(frame, "y", parrot, ratios=[1.0], folds=3, estimator=Ridge())
    assert value.arms["score"].min() > 0.8


def test_a_target_alone_has_nothing_to_be_predicted_from() -> None:
    with pytest.raises(InvalidDataError, match=r"^A downstream model needs a column to predict from; there is none"):
        worth(align(REAL[["y"]], FRESH[["y"]], target="y"))
    with pytest.raises(InvalidDataError, match=r"^A downstream model needs a column to predict from; there is none"):
        augmentation_value(REAL[["y"]], "y", parrot)


@pytest.mark.parametrize(
    ("change", "task", "metric"),
    [
        (lambda f: f.assign(y=f["x"] > 0), "binary", "gini"),
        (lambda f: f.assign(y=(f["x"] > 0).astype("boolean").mask(f["x"] > 1)), "binary", "gini"),
        (lambda f: f.assign(y=np.digitize(f["x"], [-0.5, 0.5])), "multiclass", "macro_f1"),
        (lambda f: f.assign(y=np.digitize(f["x"], [-0.5, 0.5]) * 1.0), "multiclass", "macro_f1"),
        (lambda f: f.assign(y=(f["x"] * 1000).astype(int)), "regression", "r2"),
        (lambda f: f.assign(y=np.where(f["x"] > 0, 1.5, 2.5)), "regression", "r2"),
        (lambda f: f.assign(y=f["d"]), "regression", "r2"),
        (lambda f: f.assign(y=f["t"]), "regression", "r2"),
        (lambda f: f.assign(y=pd.Categorical(f["y"], ["yes", "no", "never"])), "binary", "gini"),
        (lambda f: f.assign(y=f["y"].where(f["x"] > -1)), "binary", "gini"),
    ],
)
def test_any_kind_of_target_is_predicted(change: Callable[..., pd.DataFrame], task: str, metric: str) -> None:
    tables = align(change(REAL), change(FRESH), holdout=change(HOLDOUT), target="y")
    found = worth(tables)
    assert (found.task, found.metric, found.failures) == (task, metric, {})
    assert np.isfinite(found.utility_ratio)
    missing = {
        side: int(change(f)["y"].isna().sum())
        for side, f in (("real", REAL), ("synthetic", FRESH), ("holdout", HOLDOUT))
    }
    assert found.without_target == missing
    value = augmentation_value(change(REAL), "y", parrot, ratios=[1.0], folds=2, baselines=())
    assert value.task == task


def test_a_hold_out_that_overlaps_is_counted_by_the_utility_too() -> None:
    with pytest.warns(DataWarning, match=r"^20 of the 60 hold-out rows \(33.3%\) equal a training row, where 0.0%"):
        worth(align(REAL, FRESH, holdout=pd.concat([HOLDOUT[:40], REAL[:20]]), target="y"))


def test_few_rows_of_a_numeric_target_that_differ_may_be_left_out_by_the_draw() -> None:
    frames = [f.assign(y=np.where(f.index < 1, 1.5, 0.0)) for f in (REAL, FRESH, HOLDOUT)]
    with pytest.raises(InvalidDataError, match=r"'y' cannot be judged.* It is 0\.0 in all 10 hold-out rows"):
        worth(align(frames[0], frames[1], holdout=frames[2], target="y"), max_rows=10, random_state=1)


def test_added_rows_without_any_target_are_refused() -> None:
    def blank(train: pd.DataFrame, n_rows: int, random_state: int) -> pd.DataFrame:
        return parrot(train, n_rows, random_state).assign(y=None)

    with pytest.raises(InvalidDataError, match="None of the 40 synthetic rows has a value of the target 'y'"):
        augmentation_value(REAL, "y", blank, ratios=[1.0], folds=3)


def test_folds_without_a_score_are_left_out_or_told() -> None:
    """R2 is no number where the target is the same in all test rows of a fold."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=60)}).assign(y=lambda f: np.where(f.index < 4, f["x"] + 0.5, 0.0))
    options: dict[str, Any] = {"ratios": [1.0], "estimator": Ridge(), "baselines": ()}
    found = augmentation_value(frame, "y", parrot, folds=10, **options)
    scored = int(found.scores["real"].notna().sum())
    assert 2 <= scored < 10
    assert found.arms["folds"].tolist() == [scored] * 2
    assert np.isfinite(found.arms["difference"]).all()
    lone = frame.assign(y=lambda f: np.where(f.index < 1, 1.5, 0.0))
    with pytest.raises(InvalidDataError, match=r"The score 'r2' of the arm 'real' is a number in 1 of 10 folds"):
        augmentation_value(lone, "y", parrot, folds=10, **options)


# ---- classes of one row, beyond the rows where boosted trees stop early


def many(seed: int, rare: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=10_200)
    y = np.where(x + rng.normal(size=len(x)) > 0, "a", "b").astype(object)
    y[:rare] = "rare"
    return pd.DataFrame({"x": x, "y": y})


BOOST = HistGradientBoostingClassifier(max_iter=15, max_leaf_nodes=5)


@pytest.mark.parametrize("side", ["real", "synthetic"])
def test_a_class_of_one_row_fails_no_model(side: str) -> None:
    real, fresh = many(0, rare=side == "real"), many(1, rare=side == "synthetic")
    found = downstream_utility(
        align(
            real,
            fresh,
            holdout=draw(300, 2)[["x"]].assign(y=lambda f: np.where(f["x"] > 0, "a", "b")),
            target="y",
            task="multiclass",
        ),
        estimators=BOOST,
        n_bootstrap=5,
    )
    assert found.failures == {}
    assert found.utility_ratio > 0.6
    assert found.models["tsts"].notna().all()


def test_a_class_of_one_row_in_a_training_fold_fails_no_model() -> None:
    frame = pd.concat([many(0, rare=2), many(1)], ignore_index=True)
    found = augmentation_value(frame, "y", parrot, ratios=[0.1], folds=2, estimator=BOOST, baselines=["class_weight"])
    assert found.arms["score"].notna().all()
    assert found.skipped == {}


# ---- no library speaks


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.assign(x=f["x"] * 3e307),
        lambda f: f.assign(x=f["x"] * 1e-320),
        lambda f: f.assign(c="u", b=True, d=pd.Timestamp("2020-01-01")),
        lambda f: f.assign(x=np.nan, c=None),
        lambda f: f.assign(y=[f"c{i % 25}" for i in range(len(f))]),
    ],
    ids=["huge", "tiny", "constant", "missing", "many classes"],
)
def test_hard_tables_raise_no_warning(change: Callable[..., pd.DataFrame]) -> None:
    models = {
        "boost": HistGradientBoostingClassifier(max_iter=5),
        "forest": RandomForestClassifier(5),
        "linear": LogisticRegression(),
    }
    tables = align(change(REAL), change(FRESH), holdout=change(HOLDOUT), target="y")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = downstream_utility(tables, estimators=models, n_bootstrap=3)
        value = augmentation_value(change(REAL), "y", parrot, ratios=[1.0], folds=2, estimator=models["boost"])
    assert found.failures == {}
    assert np.isfinite(value.arms["score"]).all()
