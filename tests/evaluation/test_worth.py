"""Augmentation value: planted help, harm and nothing; leaks; the interval; the baselines."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from wgan_aug.errors import InvalidDataError, InvalidParameterError, MissingExtraError
from wgan_aug.evaluation.baselines import NotApplicable, check_baselines, oversampled, smote_rows
from wgan_aug.evaluation.frames import align
from wgan_aug.evaluation.worth import AugmentationValue, augmentation_value, corrected_interval

FOREST = ExtraTreesClassifier(50)


def draw(n: int, seed: int) -> pd.DataFrame:
    """Rows whose target takes many of them to learn."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 6))
    frame = pd.DataFrame(x, columns=list("abcdef"))
    frame["k"] = rng.choice(["u", "v"], n)
    frame["y"] = np.where(x[:, 0] * x[:, 1] + x[:, 2] * x[:, 3] + 0.5 * x[:, 4] > 0, "yes", "no")
    return frame


def fresh(train: pd.DataFrame, n_rows: int, random_state: int) -> pd.DataFrame:
    return draw(n_rows, 10_000 + random_state)


def noise(train: pd.DataFrame, n_rows: int, random_state: int) -> pd.DataFrame:
    rng = np.random.default_rng(random_state)
    return draw(n_rows, 10_000 + random_state).assign(y=lambda f: rng.permutation(f["y"].to_numpy()))


def copies(train: pd.DataFrame, n_rows: int, random_state: int) -> pd.DataFrame:
    return train.sample(n_rows, replace=True, random_state=random_state)


def quick(frame: pd.DataFrame, make: Any = copies, **options: Any) -> AugmentationValue:
    options = {
        "ratios": (1.0,),
        "folds": 3,
        "estimator": DecisionTreeClassifier(max_depth=3),
        "baselines": (),
    } | options
    return augmentation_value(frame, "y", make, **options)


# ---- verdicts on planted rows


def test_more_rows_of_the_true_distribution_help_a_small_table() -> None:
    found = augmentation_value(draw(200, 1), "y", fresh, ratios=(2.0, 8.0), repeats=2, estimator=FOREST, baselines=())
    assert found.verdict == "helps"
    assert found.ratio == 8.0


def test_rows_with_wrong_labels_hurt() -> None:
    found = augmentation_value(draw(400, 1), "y", noise, ratios=(2.0, 4.0), repeats=2, estimator=FOREST, baselines=())
    assert found.verdict == "hurts"
    assert found.ratio == 2.0
    assert (found.arms["high"][1:] < 0).all()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_copies_have_no_effect(seed: int) -> None:
    found = augmentation_value(draw(200, seed), "y", copies, repeats=2, estimator=FOREST, baselines=())
    assert found.verdict == "no effect"


def test_copies_are_seldom_said_to_help() -> None:
    """No more than one table in twenty should get a wrong verdict, whichever of three ratios is the best."""
    wrong = [quick(draw(120, seed), ratios=(0.5, 1.0, 2.0), folds=5).verdict != "no effect" for seed in range(100, 140)]
    assert sum(wrong) <= 5  # once in 60 or more often, were it one in twenty


def test_harm_by_one_ratio_alone_is_not_a_verdict() -> None:
    found = augmentation_value(draw(400, 1), "y", noise, ratios=(0.01, 4.0), estimator=FOREST, baselines=())
    assert found.arms.set_index("arm").loc["synthetic x4", "high"] < 0
    assert found.verdict == "no effect"


# ---- figures


def test_the_interval_is_that_of_nadeau_and_bengio() -> None:
    d = np.array([0.03, 0.01, 0.05, -0.01, 0.02, 0.04])
    # the corrected resampled t-test of their equation 5, by way of its t statistic
    t = d.mean() / np.sqrt((1 / 6 + 40 / 120) * d.var(ddof=1))
    p = 2 * stats.t.sf(abs(t), 5)
    assert corrected_interval(d, 40 / 120, 1 - p)[0] == pytest.approx(0, abs=1e-12)
    assert sum(corrected_interval(d, 40 / 120)) / 2 == pytest.approx(d.mean())


def test_arms_scores_and_levels() -> None:
    frame = draw(90, 0)
    found = quick(frame, ratios=(0.5, 2.0), repeats=2, baselines=("oversample",))
    assert list(found.scores.columns) == ["repeat", "fold", "real", "synthetic x0.5", "synthetic x2", "oversample"]
    assert len(found.scores) == 6
    arms = found.to_frame().set_index("arm")
    assert np.allclose(arms["score"], found.scores[arms.index].mean())
    for arm, level in (("synthetic x0.5", 0.975), ("synthetic x2", 0.975), ("oversample", 0.95)):
        d = (found.scores[arm] - found.scores["real"]).to_numpy()
        assert arms.loc[arm, "level"] == pytest.approx(level)
        assert arms.loc[arm, "difference"] == pytest.approx(d.mean())
        assert (arms.loc[arm, "low"], arms.loc[arm, "high"]) == pytest.approx(corrected_interval(d, 0.5, level))
    assert arms["folds"].tolist() == [6] * 4
    data = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert data["arms"][0]["low"] is None
    assert data["verdict"] == found.verdict


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_score_is_that_of_a_model_trained_by_hand(share: float) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=200)})
    frame["y"] = np.where(frame["a"] + rng.normal(size=200) < np.quantile(frame["a"], share), "a rare one", "often")
    found = quick(frame, folds=4, estimator=LogisticRegression(), random_state=5)
    rare = frame["y"] == "a rare one"
    score = average_precision_score if rare.mean() < 0.2 else roc_auc_score
    expected: list[float] = []
    for train, test in StratifiedKFold(4, shuffle=True, random_state=5).split(frame, frame["y"]):
        model = LogisticRegression().fit(frame[["a"]].iloc[train], rare[train])
        expected.append(score(rare[test], model.decision_function(frame[["a"]].iloc[test])))
    assert found.metric == score.__name__.removesuffix("_score")
    assert found.positive == ("a rare one" if share == 0.1 else None)
    assert np.allclose(found.scores["real"], expected, atol=0.03)  # the column is made normal before


def test_the_score_by_task() -> None:
    frame = draw(90, 0)
    assert quick(frame.assign(y=frame["y"] + frame["k"])).metric == "macro_f1"
    numbers = frame.assign(y=frame["a"] * 2)
    found = quick(numbers, estimator=DecisionTreeRegressor(), baselines=("oversample", "smote", "class_weight"))
    assert found.metric == "r2"
    assert set(found.skipped) == {"oversample", "smote", "class_weight"}
    assert found.skipped["smote"] == "balances classes, and the target is a number"
    assert list(found.scores.columns[2:]) == ["real", "synthetic x1"]
    assert quick(frame, scorer="f1").metric == "f1"


def test_the_same_seed_gives_the_same_figures() -> None:
    once, again, other = (quick(draw(90, 0), estimator=FOREST, random_state=s).to_json() for s in (0, 0, 1))
    assert once == again
    assert once != other


# ---- what make_synthetic sees, and is asked for


def test_synthetic_rows_are_made_of_training_rows_alone() -> None:
    frame = draw(60, 0).assign(a=np.arange(60.0))
    calls: list[tuple[set[float], int, int]] = []

    def record(train: pd.DataFrame, n_rows: int, random_state: int) -> pd.DataFrame:
        calls.append((set(train["a"]), n_rows, random_state))
        made = copies(train, n_rows, random_state)
        train.loc[:, "y"] = "spoilt"  # what it does to its rows is its own affair
        return made

    untouched = frame.copy()
    found = quick(frame, record, ratios=(0.5, 1.5), repeats=2, random_state=7)
    assert frame.equals(untouched)
    assert len(calls) == 6  # once a split, not once a ratio
    assert [n for _, n, _ in calls] == [60] * 6
    assert len({seed for *_, seed in calls}) == 6
    for repeat in (0, 1):
        y = frame["y"].to_numpy()
        splits = StratifiedKFold(3, shuffle=True, random_state=7 + repeat).split(frame, y)
        for (seen, *_), (train, test) in zip(calls[3 * repeat :], splits, strict=False):
            assert seen == set(frame["a"].iloc[train])
            assert not seen & set(frame["a"].iloc[test])
    assert found.rows == 60


def test_each_arm_trains_on_its_rows_and_is_tested_on_the_same() -> None:
    frame = draw(60, 0).assign(a=np.arange(60.0))
    fits: list[set[float]] = []
    sizes: list[int] = []

    class Spy(DecisionTreeClassifier):
        def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
            fits.append(set(X[:, 0]))
            sizes.append(len(X))
            return super().fit(X, y, sample_weight)

        def predict_proba(self, X: Any) -> Any:
            assert not fits[-1] & set(X[:, 0])
            return super().predict_proba(X)

    def marked(train: pd.DataFrame, n_rows: int, random_state: int) -> pd.DataFrame:
        return draw(n_rows, random_state).assign(a=-1.0)

    quick(frame, marked, estimator=Spy(), ratios=(0.5, 2.0), baselines=("class_weight", "oversample"))
    assert sizes[:3] == [40, 60, 120]
    assert fits[1] == fits[0] | {-1.0}
    assert fits[3] == fits[4] == fits[0]


def test_smaller_ratios_take_a_random_part() -> None:
    """A generator that gives one class first, then the other, must not leave one out."""

    def ordered(train: pd.DataFrame, n_rows: int, random_state: int) -> pd.DataFrame:
        return copies(train, n_rows, random_state).sort_values("y")

    seen: list[float] = []

    class Spy(DecisionTreeClassifier):
        def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
            seen.append((np.asarray(y)[60:] == "yes").mean() if len(y) > 60 else np.nan)
            return super().fit(X, y, sample_weight)

    quick(draw(90, 0), ordered, estimator=Spy(), ratios=(0.5, 2.0))
    assert 0.3 < seen[1] < 0.7


def test_rows_without_a_target_are_left_out() -> None:
    frame = draw(90, 0).assign(y=lambda f: f["y"].where(np.arange(90) % 3 > 0, None))
    shown: list[bool] = []

    def make(train: pd.DataFrame, n_rows: int, random_state: int) -> pd.DataFrame:
        shown.append(bool(train["y"].isna().any()))
        return copies(train, n_rows, random_state).assign(y=lambda f: f["y"].where(np.arange(n_rows) > 3, None))

    found = quick(frame, make)
    assert (found.rows, found.without_target, shown) == (60, 30, [False] * 3)


# ---- baselines


def unbalanced(n: int = 90) -> pd.DataFrame:
    return draw(n, 0).assign(y=np.where(np.arange(n) % 9 == 0, "few", "many"))


def test_oversampling_repeats_rows_of_smaller_classes() -> None:
    y = np.array(["a"] * 10 + ["b"] * 3 + ["c"])
    chosen = oversampled(y, np.random.default_rng(0))
    assert chosen[:14].tolist() == list(range(14))
    assert pd.Series(y[chosen]).value_counts().to_dict() == {"a": 10, "b": 10, "c": 10}


def test_class_weights_are_those_of_balanced() -> None:
    frame = unbalanced(180)
    found = quick(frame, estimator=DecisionTreeClassifier(max_depth=3), baselines=("class_weight",))
    balanced = quick(frame, estimator=DecisionTreeClassifier(max_depth=3, class_weight="balanced"))
    assert np.allclose(found.scores["class_weight"], balanced.scores["real"])
    assert not np.allclose(found.scores["class_weight"], found.scores["real"])


@pytest.mark.parametrize("columns", [["a", "b"], ["k", "l"], ["a", "k"]])
def test_smote_interpolates_within_a_class(columns: list[str]) -> None:
    pytest.importorskip("imblearn")
    rng = np.random.default_rng(0)
    frame = unbalanced().assign(l=rng.choice(["p", "q", "r"], 90))[[*columns, "y"]]
    frame.loc[frame["y"] == "few", "k" if "k" in columns else "y"] = "v" if "k" in columns else "few"
    if "a" in columns:
        frame["a"] = np.where(frame["y"] == "few", frame["a"].abs() + 3, frame["a"]) * 1000
        frame.loc[5:8, "a"] = np.nan
    tables = align(frame, frame, target="y")
    y = frame["y"].to_numpy(object)
    made, labels = smote_rows(tables.real, y, tables, 0)
    again, _ = smote_rows(tables.real, y, tables, 0)
    few = frame[frame["y"] == "few"]
    assert made.equals(again)
    assert set(labels) == {"few"}
    assert len(made) == 80 - 10
    assert set(made.columns) == set(columns)
    for name in columns:
        if name in ("k", "l"):
            assert set(made[name]) <= set(few[name])
        else:
            assert made[name].between(few[name].min(), few[name].max()).all()
            assert made[name].nunique() > 10


def test_smote_joins_the_arms_and_is_skipped_where_a_class_has_one_row() -> None:
    pytest.importorskip("imblearn")
    found = quick(unbalanced(), baselines=("smote",))
    assert found.skipped == {}
    assert "smote" in found.scores
    lonely = unbalanced().assign(y=np.where(np.arange(90) < 2, "few", "many"))
    found = quick(lonely, folds=2, baselines=("smote",))
    assert "a class has a single row in a training fold" in found.skipped["smote"]
    assert "smote" not in found.scores
    with pytest.raises(NotApplicable):
        smote_rows(lonely.iloc[1:], lonely["y"].to_numpy(object)[1:], align(lonely, lonely, target="y"), 0)


def test_a_model_without_weights_has_no_class_weight_arm() -> None:
    found = quick(unbalanced(), estimator=KNeighborsClassifier(), baselines=("class_weight",))
    assert found.skipped == {"class_weight": "KNeighborsClassifier takes no sample_weight"}


def test_a_missing_extra_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imblearn", None)
    with pytest.raises(MissingExtraError, match=r'"smote" needs imbalanced-learn: pip install "wgan-aug\[imblearn\]"'):
        quick(unbalanced(), baselines=("oversample", "smote"))
    assert check_baselines(("smote",), "regression", Ridge())[0] == []
    assert quick(unbalanced(), baselines=("oversample",)).skipped == {}


def test_the_defaults_run_on_missing_values_and_new_levels() -> None:
    pytest.importorskip("imblearn")
    frame = unbalanced()
    frame.loc[::7, "a"] = np.nan
    frame.loc[::11, "k"] = None

    def odd(train: pd.DataFrame, n_rows: int, random_state: int) -> pd.DataFrame:
        return copies(train, n_rows, random_state).assign(b=np.nan, k="never seen")

    found = augmentation_value(frame, "y", odd, ratios=[0.5], folds=2)
    assert found.arms["arm"].tolist() == ["real", "synthetic x0.5", "class_weight", "oversample", "smote"]
    assert found.estimator == HistGradientBoostingClassifier.__name__


# ---- errors


def test_a_class_with_fewer_rows_than_folds_is_an_error() -> None:
    frame = unbalanced().assign(y=np.where(np.arange(90) < 4, "few", "many"))
    with pytest.raises(
        InvalidDataError, match=r"fewer rows than there are folds \(5\): 'few' \(4\). Ask for at most 4"
    ):
        quick(frame, folds=5)
    assert quick(frame, folds=4).folds == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": "no"}, "one class in all 30 rows; at least two"),
        ({"y": [f"c{i % 15}" for i in range(30)], "task": "binary"}, "It has 15 classes; for the task 'binary', 2 at"),
        ({"y": np.r_[np.ones(26), np.full(4, np.nan)] * 0.5}, "different values: 1 in 26 rows"),
        (
            {"y": np.r_[np.arange(5), np.full(25, np.nan)] * 1.1},
            "different values: 5 in 5 rows; 3 folds need two, and 6 rows",
        ),
        ({"y": None}, "target 'y' cannot be predicted"),
    ],
)
def test_what_cannot_be_cross_validated_is_one_clear_error(change: dict[str, Any], message: str) -> None:
    task = change.pop("task", None)
    with pytest.raises(InvalidDataError, match=message):
        quick(draw(30, 0).assign(**change), task=task)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda train, n, seed: train.to_numpy(), "returned a ndarray; it must return a pandas DataFrame"),
        (lambda train, n, seed: train.iloc[:5], "asked for 40 rows and returned 5"),
        (lambda train, n, seed: train.drop(columns="a"), "lack columns of the real ones: 'a'"),
    ],
)
def test_synthetic_rows_that_are_none_are_refused(make: Any, message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        quick(draw(60, 0), make)


def test_wrong_options_are_told_together() -> None:
    message = (
        r"6 problems: .1. make_synthetic is 3; .* ratios is \(1, -1\); .* folds is 1; .* repeats is 0; "
        r".* random_state is -1; .* baselines has 'smoke'; allowed are .* Did you mean 'smote'\?"
    )
    with pytest.raises(InvalidParameterError, match=message):
        quick(draw(30, 0), 3, ratios=(1, -1), folds=1, repeats=0, random_state=-1, baselines=["smoke"])


def test_a_target_that_is_not_there_and_a_model_that_fails() -> None:
    with pytest.raises(InvalidParameterError, match="target is 'z', which the data do not have"):
        augmentation_value(draw(30, 0), "z", copies)
    with pytest.raises(
        InvalidParameterError, match=r"LogisticRegression cannot be trained on the 20 rows of the arm 're"
    ):
        quick(draw(30, 0), estimator=LogisticRegression(max_iter=-1))
