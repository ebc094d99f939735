"""`augment`: verdicts on planted help, harm and nothing; what is added; no leak; what it writes; clear errors."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from tests.augmentation.stubs import Stub, draw
from wgan_aug import Augmentation, WGANGPSynthesizer, augment
from wgan_aug.augmentation.mixing import Source, find_mixtures
from wgan_aug.augmentation.strata import classes_of
from wgan_aug.errors import DataTypeError, InvalidDataError, InvalidParameterError

FOREST = ExtraTreesClassifier(20)
TREE = DecisionTreeClassifier(max_depth=3)


def quick(df: Any, draws: str = "copies", **options: Any) -> Augmentation:
    return augment(df, **{"target": "y", "synthesizer": Stub(draws), "estimator": TREE, "budget": 0.01, **options})


def uneven(n: int = 120) -> pd.DataFrame:
    return draw(n, 0).assign(y=lambda f: np.where(np.arange(n) % 6 == 0, "few", "many"))


# ---- the verdict


def test_rows_of_the_true_distribution_help_and_are_added() -> None:
    frame = draw(150, 1)
    found = augment(frame, target="y", synthesizer=Stub("truth"), estimator=FOREST, ratio=6.0, mix="natural")
    assert found.verdict == "helps"
    assert found.report.arms.set_index("arm").loc["natural x6", "low"] > 0
    assert found.rows == {"given": 150, "synthetic": 900}


def test_rows_that_help_are_found_without_a_ratio() -> None:
    """One row in twelve is of the class that counts; the best mixture brings it up to half of them."""
    frame = draw(400, 2, cut=2.0)
    found = augment(frame, target="y", synthesizer=Stub("truth", cut=2.0), estimator=FOREST)
    assert found.verdict == "helps"
    assert found.added is not None
    assert (found.added.mix, found.report.arm) == ("balanced", found.added.name)
    assert found.data["y"].value_counts().nunique() == 1
    assert len(found.report.scores) == 15


def test_rows_with_wrong_labels_hurt_and_are_not_added() -> None:
    frame = draw(400, 1)
    found = augment(frame, target="y", synthesizer=Stub("noise"), estimator=ExtraTreesClassifier(50))
    assert found.verdict == "hurts"
    assert found.added is None
    assert found.data.equals(frame)
    assert "The 400 rows given are returned alone" in found.summary()


def test_wrong_labels_are_added_where_that_is_asked_for() -> None:
    frame = draw(400, 1)
    found = augment(frame, target="y", synthesizer=Stub("noise"), estimator=FOREST, ratio=2.0)
    assert found.verdict == "hurts"
    assert found.data.iloc[:400].equals(frame)
    assert len(found.data) == 1200
    assert "800 synthetic rows (natural x2) follow the 400 given as asked for" in found.summary()


def test_copies_are_seldom_said_to_help() -> None:
    """Whichever of four mixtures is the best, no more than one table in twenty should get a wrong verdict."""
    wrong = [quick(uneven(), random_state=seed).verdict != "no effect" for seed in range(12)]
    assert sum(wrong) <= 2  # once in 50 or more often, were it one in twenty


# ---- leaks


def test_no_row_that_is_scored_has_been_learned() -> None:
    """Labels mean nothing: a model that knows rows by heart, and a synthesizer that repeats them, are at chance."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=list("abc")).assign(y=rng.permutation(["u", "v"] * 100))
    found = quick(frame, estimator=KNeighborsClassifier(1), budget="fast", random_state=4)
    assert found.report.arms["score"].between(0.4, 0.6).all()
    assert len(Stub.fits) == 15
    for repeat in range(3):
        splits = StratifiedKFold(5, shuffle=True, random_state=4 + repeat).split(frame, frame["y"])
        for rows, (train, test) in zip(Stub.fits[5 * repeat :], splits, strict=False):
            assert set(rows["a"]) == set(frame["a"].iloc[train])
            assert not set(rows["a"]) & set(frame["a"].iloc[test])


# ---- mixtures


def test_balanced_rows_bring_the_rarest_classes_up() -> None:
    target = pd.Series(np.repeat(["a", "b", "c"], [60, 30, 10]))
    mixtures = find_mixtures(target, False, None, None)
    assert [m.name for m in mixtures] == ["natural x0.5", "natural x1", "balanced x0.4", "balanced x0.8"]
    rows = pd.DataFrame({"y": target, "x": np.arange(100.0)})
    made = Source(Stub(), rows, "y", False, 0).draw(mixtures)
    whole = {name: pd.concat([rows, part])["y"].value_counts().to_dict() for name, part in made.items()}
    assert whole["balanced x0.8"] == {"a": 60, "b": 60, "c": 60}
    assert whole["balanced x0.4"] == {"a": 60, "b": 40, "c": 40}
    assert [len(part) for part in made.values()] == [50, 100, 40, 80]


def test_even_classes_have_no_balanced_mixture() -> None:
    target = pd.Series(["a", "b"] * 20)
    assert {m.mix for m in find_mixtures(target, False, None, None)} == {"natural"}
    with pytest.raises(InvalidParameterError, match="mix is 'balanced', and the target None has nothing to balance"):
        find_mixtures(target, False, "balanced", None)


def test_numbers_are_balanced_by_bins() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=200)}).assign(y=lambda f: np.exp(f["x"] + rng.normal(size=200)))
    found = quick(frame, estimator=None, mix="balanced", ratio=0.5)
    assert found.report.metric == "r2"
    new = found.data["y"].iloc[200:]
    assert len(new) == 100
    assert new.mean() > 2 * frame["y"].mean()


def test_a_class_that_cannot_be_drawn_is_told() -> None:
    class Blind(Stub):
        def sample(self, n: int, *, conditions: Any = None, random_state: int = 0) -> pd.DataFrame:
            if conditions == {"y": "few"}:
                raise InvalidParameterError("none came up")
            return super().sample(n, conditions=conditions, random_state=random_state)

    found = quick(uneven(), synthesizer=Blind(), mix="balanced", ratio=1.0)
    assert found.notes == ["No row could be drawn where 'y' is 'few'."]
    assert (found.data["y"].iloc[120:] == "many").all()


# ---- what comes back


def test_originals_stay_as_they_are_in_every_container() -> None:
    frame = draw(60, 0).set_index(pd.Index(np.arange(60) * 2))
    frame.iloc[::5, 0] = np.nan
    for df in (frame, pl.from_pandas(frame.reset_index(drop=True))):
        found = quick(df, ratio=0.5)
        assert type(found.data) is type(df)
        head = found.data.head(60)
        assert head.equals(frame.reset_index(drop=True) if isinstance(df, pd.DataFrame) else df)
        assert len(found.data) == 90
    found = quick(np.column_stack([np.arange(60.0), np.arange(60) % 2]), target=-1, ratio=0.5)
    assert (found.data[:60, 0] == np.arange(60)).all()
    assert set(found.data[60:, 1]) == {0.0, 1.0}


def test_rows_without_a_target_stay_and_nothing_is_learned_from_them() -> None:
    frame = draw(90, 0).assign(y=lambda f: f["y"].where(np.arange(90) % 3 > 0, None))
    found = quick(frame, ratio=1.0)
    assert all(rows["y"].notna().all() for rows in Stub.fits)
    assert found.data.iloc[:90].equals(frame)
    assert found.rows == {"given": 90, "synthetic": 60}
    assert "30 rows have no target: they stay" in found.summary()


def test_a_class_of_two_rows_has_two_folds() -> None:
    frame = draw(60, 0).assign(y=np.where(np.arange(60) < 2, "few", "many"))
    assert quick(frame).report.folds == 2
    with pytest.raises(InvalidDataError, match=r"fewer rows than there are folds \(2\): 'few' \(1\). Merge them"):
        quick(frame.iloc[1:])


def test_seconds_end_the_splits_after_three() -> None:
    assert len(quick(draw(60, 0), budget=1e-9).report.scores) == 3
    lines: list[str] = []
    quick(draw(60, 0), budget=1e-9, ratio=1.0, progress=lines.append)
    assert lines == [*(f"Split {i}: learning, mixing and scoring" for i in (1, 2, 3)), "Learning all 60 rows"]
    assert len(quick(draw(60, 0), budget="fast").report.scores) == 15


def test_the_same_seed_gives_the_same_rows() -> None:
    once, again, other = (quick(uneven(), ratio=0.5, random_state=s) for s in (0, 0, 1))
    assert once.data.equals(again.data)
    assert once.to_json() == again.to_json()
    assert not once.data.equals(other.data)


def test_the_real_synthesizer_from_end_to_end() -> None:
    frame = uneven().assign(y=lambda f: (f["y"] == "few").astype(int))
    found = quick(frame, synthesizer=WGANGPSynthesizer(epochs=2, device="cpu"), mix="balanced", ratio=0.5)
    assert found.data.dtypes.equals(frame.dtypes)
    assert (found.data["y"].iloc[120:] == 1).all()
    assert found.synthesizer.schema_["y"].kind == "categorical"
    counts = dict(zip([0, 1], classes_of(found.data["y"]).counts[::-1], strict=True))
    assert counts == {0: 100, 1: 80}


# ---- what it writes


def test_json_and_page(tmp_path: Any) -> None:
    found = quick(uneven().assign(**{"<b>": 1.0}), ratio=0.5, mix="balanced")
    data = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert data["verdict"] == "no effect"
    assert (data["mix"], data["ratio"], data["rows"]) == ("balanced", 0.5, {"given": 120, "synthetic": 60})
    assert data["report"]["arms"][0]["arm"] == "real"
    found.to_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    best = found.report.arms.set_index("arm").loc["balanced x0.5"]
    assert "Do synthetic rows help?" in page
    assert f"{best['score']:.3f}" in page
    assert f"{best['low']:+.3f} to {best['high']:+.3f}" in page
    assert "<svg" in page
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_the_summary_names_what_did_better() -> None:
    text = quick(uneven(), "copies").summary()
    assert text.startswith("no effect: No effect was shown. The 120 rows given are returned alone.\n")
    assert "trained on the real rows alone, scores" in text
    assert "interval" in text
    for arm in ("real rows alone", "class weights", "SMOTE", "natural x0.5", "balanced x0.667"):
        assert f"\n{arm} " in text


# ---- bad input


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        ({}, {"target": "yy"}, InvalidParameterError, "target names column 'yy', which the data do not have. Did you"),
        ({"y": "no"}, {}, InvalidDataError, "one class in all 120 rows"),
        ({"y": None}, {}, InvalidDataError, "target 'y' cannot be predicted"),
        ({}, {"ratio": 0}, InvalidParameterError, "ratio is 0; it must be a number above 0"),
        (
            {},
            {"ratio": -1, "mix": "even", "budget": "quick", "random_state": 0.5},
            InvalidParameterError,
            "4 problems: .*ratio is -1.*mix is 'even'; allowed are 'natural', 'balanced'.*random_state.*budget is 'qui",
        ),
        ({}, {"budget": True}, InvalidParameterError, "budget is True; allowed are 'fast', 'full' and a number"),
        ({}, {"budget": "ful"}, InvalidParameterError, r"Did you mean 'full'\?"),
        (
            {},
            {"synthesizer": WGANGPSynthesizer},
            InvalidParameterError,
            "give an unfitted instance of WGANGPSynthesizer",
        ),
        ({}, {"categorical_features": ["z"]}, InvalidParameterError, "categorical_features names column 'z'"),
    ],
)
def test_what_cannot_be_augmented(change: Any, options: dict[str, Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        quick(uneven().assign(**change), **options)


def test_what_is_no_table() -> None:
    with pytest.raises(DataTypeError, match="give a DataFrame"):
        quick("people.csv")
