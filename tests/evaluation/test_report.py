"""`evaluate` binds the evaluators together: its figures are theirs, and its words follow from them."""

from __future__ import annotations

import dataclasses
import json
import os
import stat
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeClassifier

import wgan_aug
from wgan_aug.errors import DataTypeError, DataWarning, InvalidDataError, InvalidParameterError, MissingExtraError
from wgan_aug.evaluation import page, report, stages
from wgan_aug.evaluation.detection import detection
from wgan_aug.evaluation.fidelity import fidelity
from wgan_aug.evaluation.frames import Tables, align
from wgan_aug.evaluation.privacy import privacy
from wgan_aug.evaluation.report import Report, evaluate
from wgan_aug.evaluation.utility import downstream_utility
from wgan_aug.evaluation.verdict import judge

CONTRACT = ("utility_ratio", "shape", "pair", "c2st", "copies", "membership_auc", "dcr_share")
SMALL = stages.Limits(60, 60, repeats=1, resamples=20, coverage=50, detection=40, trees=10, privacy=30)


def draw(rows: int, seed: int) -> pd.DataFrame:
    """Draw rows of one distribution: numbers, a date, levels, booleans, gaps, and a target that depends on them."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, rows)
    plan = rng.choice(["basic", "plus", "pro"], rows, p=[0.6, 0.3, 0.1])
    paid = np.round(age * 3 + 40 * (plan == "pro") + rng.normal(0, 15, rows), 1)
    return pd.DataFrame(
        {
            "age": age,
            "plan": plan,
            "paid": np.where(rng.random(rows) < 0.1, np.nan, paid),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="D"),
            "vip": rng.random(rows) < 0.2,
            "churn": np.where(age + rng.normal(0, 8, rows) > 50, "yes", "no"),
        }
    )


REAL, HOLDOUT, FRESH = draw(500, 0), draw(300, 1), draw(500, 2)


def swap(monkeypatch: pytest.MonkeyPatch, limits: stages.Limits = SMALL) -> None:
    """Make evaluations quick: few rows, few trees, one downstream model without halves."""
    model = {"tree": DecisionTreeClassifier(max_depth=4)}

    def quick(tables: Tables, **options: Any) -> Any:
        models = {"ridge": Ridge()} if tables.task == "regression" else model
        return downstream_utility(tables, estimators=models, halves=False, **options)

    monkeypatch.setitem(stages.BUDGETS, "fast", limits)
    monkeypatch.setattr(stages, "downstream_utility", quick)


@pytest.fixture(scope="module")
def whole() -> Report:
    """Fresh rows of the same distribution in the place of the synthetic ones."""
    return evaluate(REAL, FRESH, target="churn", holdout=HOLDOUT)


@pytest.fixture(scope="module")
def bare() -> Report:
    return evaluate(REAL, FRESH)


# ---- the figures


def test_the_figures_are_those_of_the_evaluators(whole: Report) -> None:
    tables = align(REAL, FRESH, holdout=HOLDOUT, target="churn")
    found = whole.to_json()
    likeness, leaks = fidelity(tables), privacy(tables)
    assert found["shape"] == pytest.approx(likeness.shape, abs=1e-12)
    assert found["pair"] == pytest.approx(likeness.pair, abs=1e-12)
    assert found["c2st"] == pytest.approx(detection(tables, trees=1).c2st, abs=1e-12)
    assert found["copies"] == leaks.copies
    assert found["membership_auc"] == pytest.approx(leaks.membership_auc, abs=1e-12)
    assert found["dcr_share"] == leaks.dcr_share
    assert found["utility_ratio"] == pytest.approx(downstream_utility(tables).ratio.value, abs=1e-12)


def test_what_fresh_real_rows_get(whole: Report) -> None:
    found = whole.to_json()
    assert found["utility_ratio"] == pytest.approx(1, abs=0.1)
    assert found["shape"] > 0.9
    assert abs(found["baseline"]["shape"] - found["shape"]) < 0.03
    for name in ("c2st", "membership_auc"):
        low, high = found["intervals"][name]
        assert low <= 0.5 <= high, name
        assert low < found[name] < high
    assert found["copies"] == 0


def test_json_is_json_and_has_the_contract(whole: Report, bare: Report) -> None:
    for made in (whole, bare):
        found = json.loads(json.dumps(made.to_json(), allow_nan=False))
        assert found == made.to_json()
        assert set(CONTRACT) <= set(found)
        assert found["versions"]["wgan-aug"] == wgan_aug.__version__
        assert found["settings"]["random_state"] == 0
    assert whole.to_json()["settings"]["rows"] == {"real": 500, "synthetic": 500, "holdout": 300}
    assert [record["column"] for record in whole.to_json()["columns"]] == whole.fidelity.columns["column"].tolist()


def test_what_needs_a_holdout_or_target_is_null_and_says_why(bare: Report) -> None:
    found = bare.to_json()
    assert {name for name in CONTRACT if found[name] is None} == {
        "utility_ratio",
        "copies",
        "membership_auc",
        "dcr_share",
    }
    assert found["not_computed"]["utility_ratio"] == "no target was given"
    assert "hold-out" in found["not_computed"]["copies"]
    assert found["copied"] == 0  # the raw share of copies needs no hold-out
    text = bare.summary()
    assert "Not computed: membership_auc: needs hold-out rows, and none were given." in text
    assert "Use: not measured. No target was given." in text
    assert "that takes hold-out rows" in text


def test_frame_json_and_summary_tell_the_same(whole: Report) -> None:
    frame, found, text = whole.to_frame(), whole.to_json(), whole.summary()
    assert frame.columns.tolist() == ["figure", "value", "low", "high", "best", "part", "why"]
    assert tuple(frame["figure"][: len(CONTRACT)]) == CONTRACT
    for row in frame.itertuples():
        assert found[row.figure] == (None if np.isnan(row.value) else row.value)
        if not np.isnan(row.low):
            assert row.low <= row.value <= row.high
            assert found["intervals"][row.figure] == [row.low, row.high]
            assert f"{row.value:.3f} ({row.low:.3f} to {row.high:.3f})" in text
    assert repr(whole) == text
    assert {"utility_ratio", "c2st", "membership_auc"} <= set(found["intervals"])


def test_the_same_seed_gives_the_same_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swap(monkeypatch)
    first, again = (evaluate(REAL, FRESH, holdout=HOLDOUT, target="churn", random_state=3) for _ in range(2))
    other = evaluate(REAL, FRESH, holdout=HOLDOUT, random_state=4)
    assert first.to_json() == again.to_json()
    for name in ("c2st", "dcr_share", "density"):
        assert first.to_json()[name] != other.to_json()[name], name
    first.to_html(tmp_path / "a.html")
    again.to_html(tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


# ---- budgets, progress, containers


def test_budgets_cap_the_rows_and_the_report_says_which_were_used(monkeypatch: pytest.MonkeyPatch) -> None:
    swap(monkeypatch)
    heard: list[str] = []
    made = evaluate(REAL, FRESH, holdout=HOLDOUT, target="churn", progress=heard.append)
    assert heard == ["columns and pairs", "coverage", "detection", "privacy", "utility"]
    assert made.detection is not None
    assert made.utility is not None
    assert (made.detection.rows, made.detection.rows_forest) == (40, 40)
    assert made.utility.rows == {"real": 60, "synthetic": 60, "holdout": 60}
    assert made.used["detection"].startswith("40 real rows, hold-out included, and as many synthetic rows")
    assert made.used["coverage"] == "50 real and as many synthetic rows, drawn at random"
    assert made.used["utility"] == "60 real and 60 synthetic to learn from, 60 hold-out rows to test on"
    assert "distances: 30 real rows, as many hold-out rows" in made.used["privacy"]
    for text in made.used.values():
        assert text in made.summary()


def test_full_allows_no_less_than_fast() -> None:
    fast, full = stages.BUDGETS["fast"], stages.BUDGETS["full"]
    for small, large in ((fast, full), (fast.sequences, full.sequences)):
        for field in dataclasses.fields(small):
            least, most = getattr(small, field.name), getattr(large, field.name)
            assert most is None or field.name == "sequences" or most >= least, field.name
    assert fast != full


def test_any_container_and_column_order(bare: Report) -> None:
    other = evaluate(pl.from_pandas(REAL), FRESH[FRESH.columns[::-1]])
    assert other.to_json()["shape"] == bare.to_json()["shape"]
    assert other.to_json()["c2st"] == bare.to_json()["c2st"]
    arrays = evaluate(REAL[["age"]].to_numpy(float), FRESH[["age"]].to_numpy(float))
    assert arrays.to_json()["pair"] is None
    assert arrays.to_json()["not_computed"]["pair"] == "needs two columns that vary"


def test_public_names() -> None:
    assert wgan_aug.evaluate is evaluate
    assert wgan_aug.Report is Report
    assert {"evaluate", "Report"} <= set(wgan_aug.__all__)


# ---- the words follow the figures


def grades(made: Report) -> dict[str, str]:
    return {judgement.aspect: judgement.grade for judgement in judge(made)}


def test_fresh_rows_are_good_in_all(whole: Report) -> None:
    assert set(grades(whole).values()) <= {"good", "fair"}  # the AUCs of 300 rows may stray
    assert grades(whole)["Columns"] == grades(whole)["Pairs of columns"] == "good"
    assert whole.summary().startswith("For training models, these rows are ")


def test_copies_leak() -> None:
    made = evaluate(REAL, REAL.sample(frac=1, random_state=0), holdout=HOLDOUT)
    assert made.to_json()["copies"] == 1
    assert grades(made)["Privacy"] == "poor"
    assert "do not share these rows as anonymous" in made.summary()
    assert "100.0% of the synthetic rows equal a training row" in made.summary()


def test_shuffled_columns_keep_shape_and_lose_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    swap(monkeypatch, dataclasses.replace(SMALL, utility=400, detection=400))
    rng = np.random.default_rng(0)
    apart = pd.DataFrame({name: rng.permutation(REAL[name]) for name in REAL}).astype(REAL.dtypes)
    made = evaluate(REAL, apart, holdout=HOLDOUT, target="churn")
    found = grades(made)
    assert found["Columns"] == "good"
    assert found["Pairs of columns"] != "good"
    assert found["Use"] == "poor"
    assert found["Detection"] != "good"
    assert "poor substitute" in made.summary()
    assert made.to_json()["utility_ratio"] < 0.5


def test_a_foreign_column_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    swap(monkeypatch, dataclasses.replace(SMALL, detection=400))
    made = evaluate(REAL, FRESH.assign(age=FRESH["age"] + 200))
    assert grades(made)["Columns"] != "good"
    assert grades(made)["Detection"] == "poor"
    assert "the least alike is 'age' with 0.000" in made.summary()
    assert "What gives them away most: 'age'" in made.summary()
    assert "100.0% of the synthetic rows hold a value" in made.summary()


# ---- what users have


def test_a_split_off_holdout_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    swap(monkeypatch)
    made = evaluate(REAL, FRESH, target="churn")
    assert "split off from the real rows to test on" in made.used["utility"]
    assert "split off from those that were learned from, which flatters them" in made.summary()
    assert made.to_json()["utility_ratio"] is not None
    assert made.to_json()["copies"] is None


def test_an_overlapping_holdout_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    swap(monkeypatch)
    mixed = pd.concat([HOLDOUT, REAL.head(120)])
    with pytest.warns(DataWarning, match=r"^120 of the 420 hold-out rows .* equal a training row") as caught:
        made = evaluate(REAL, FRESH, holdout=mixed)
    assert [str(w.message) for w in caught] == made.notes
    assert f"Note: {made.notes[0]}" in made.summary()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.assign(churn="no"), r"It is 'no' in all"),
        (lambda f: f.assign(churn=np.nan), r"cannot be predicted \(no values: all are missing\)"),
        (lambda f: f.assign(churn=[f"user {i:05d}" for i in range(len(f))]), r"cannot be predicted \(an identifier"),
        (lambda f: f.head(8), r"There are \d real training rows"),
    ],
    ids=["one class", "all missing", "identifier", "few rows"],
)
def test_a_target_that_cannot_be_judged_leaves_the_rest(
    monkeypatch: pytest.MonkeyPatch, change: Any, message: str
) -> None:
    swap(monkeypatch)
    with pytest.warns(DataWarning, match=message) as caught:
        made = evaluate(change(REAL), change(FRESH), target="churn")
    told = [str(w.message) for w in caught if "utility" in str(w.message)]
    assert len(told) == 1
    assert told[0].startswith("The utility could not be computed: ")
    found = made.to_json()
    assert found["utility_ratio"] is None
    assert found["not_computed"]["utility_ratio"] == made.failed["utility"]
    assert found["shape"] is not None
    assert made.failed["utility"] in made.summary()


def test_a_synthetic_target_of_one_class_scores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    swap(monkeypatch)
    made = evaluate(REAL, FRESH.assign(churn="no"), holdout=HOLDOUT, target="churn")
    assert made.to_json()["utility_ratio"] == 0
    assert grades(made)["Use"] == "poor"


def test_odd_tables_go_through(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    swap(monkeypatch)
    odd = {
        "constant": "x",
        "empty": np.nan,
        ("a", 1): 1e308,
        7: np.resize([1e300, -1e300, 0.0], 80),
        "once": [f"value {i}" if i % 2 else None for i in range(80)],
        "length": pd.to_timedelta(np.arange(80), unit="h"),
        "$x^2$": np.resize([np.nan, 1.0, 2.0, 3.0, 5.0], 80),
    }
    rng = np.random.default_rng(0)
    real = pd.DataFrame({**odd, "y": rng.normal(size=80)})
    made = evaluate(
        real,
        real.sample(60, random_state=1).assign(constant="z"),
        holdout=real.assign(y=rng.normal(size=80)),
        target="y",
    )
    json.dumps(made.to_json(), allow_nan=False)
    made.to_html(tmp_path / "odd.html")
    assert "'empty'" in made.summary()
    assert made.fidelity.violations["column"].tolist() == ["constant"]


def test_one_row_of_each() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made = evaluate(REAL.head(1), FRESH.head(1), target="churn", holdout=HOLDOUT.head(1))
    assert {w.category for w in caught} == {DataWarning}
    assert made.coverage is None
    assert made.detection is None
    assert made.to_json()["shape"] is not None
    assert "Detection: not measured." in made.summary()


def test_errors_name_what_is_wrong() -> None:
    with pytest.raises(InvalidDataError, match=r"lack columns of the real ones: 'age'.*have columns .* lack: 'agee'"):
        evaluate(REAL, FRESH.rename(columns={"age": "agee"}))
    with pytest.raises(InvalidDataError, match=r"'age' is integer \(int64\) in the real data, and .* in the synthetic"):
        evaluate(REAL, FRESH.assign(age="old"))
    with pytest.raises(InvalidParameterError, match=r"target is 'chrun'.*Did you mean 'churn'"):
        evaluate(REAL, FRESH, target="chrun")
    with pytest.raises(
        InvalidParameterError, match=r"budget is 'ful'; allowed are 'fast', 'full'.*Did you mean 'full'"
    ):
        evaluate(REAL, FRESH, budget="ful")  # type: ignore[arg-type]
    for seed in (-1, 1.5, None, True):
        with pytest.raises(InvalidParameterError, match=r"random_state is .*; it must be a whole number from 0"):
            evaluate(REAL, FRESH, random_state=seed)  # type: ignore[arg-type]
    with pytest.raises(DataTypeError):
        evaluate(REAL, "synthetic.csv")
    with pytest.raises(InvalidDataError, match=r"The synthetic data have no rows"):
        evaluate(REAL, FRESH.head(0))


# ---- the file


def test_html_replaces_a_file_whole_or_not_at_all(
    bare: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.html"
    path.write_text("old")
    monkeypatch.setattr(report, "render", lambda found: "x\ud800")  # cannot be written as UTF-8
    with pytest.raises(UnicodeEncodeError):
        bare.to_html(path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["r.html"]
    monkeypatch.setattr(report, "render", lambda found: "new\n")
    bare.to_html(str(path))
    assert path.read_bytes() == b"new\n"
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    assert [p.name for p in tmp_path.iterdir()] == ["r.html"]


def test_html_without_the_extra_says_how_to_get_it(
    bare: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "find_spec", lambda name: None if name == "matplotlib" else object())
    with pytest.raises(MissingExtraError, match=r'needs matplotlib: pip install "wgan-aug\[report\]"'):
        bare.to_html(tmp_path / "r.html")
    assert list(tmp_path.iterdir()) == []
