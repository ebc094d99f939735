"""Privacy: the definitions, chance where nothing leaks, and leaks that are planted."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score

from tests.evaluation.edges import EDGES, IDENTIFIERS, plain
from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError
from wgan_aug.evaluation.attributes import infer_attributes
from wgan_aug.evaluation.embedding import Embedding
from wgan_aug.evaluation.frames import Tables, align
from wgan_aug.evaluation.privacy import privacy

EXACT = 1e-6


def people(seed: int, rows: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(rows, 4)), columns=list("wxyz"))
    frame["town"] = rng.choice(list("abcde"), rows)
    frame["ill"] = np.where(frame["w"] + rng.normal(size=rows) > 0, "yes", "no")
    return frame


def embedded(tables: Tables) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    space = Embedding.fit(tables)
    assert tables.holdout is not None
    return space.transform(tables.real), space.transform(tables.synthetic), space.transform(tables.holdout)


# ---- the definitions


def test_distances_are_those_of_the_definitions() -> None:
    tables = align(people(0), people(1), holdout=people(2))
    real, synthetic, holdout = embedded(tables)
    got = privacy(tables)
    here, there = cdist(synthetic, real).min(axis=1), cdist(synthetic, holdout).min(axis=1)
    assert got.dcr_share == pytest.approx(np.mean(here < there) + np.mean(here == there) / 2, abs=EXACT)
    near = np.concatenate([cdist(real, synthetic).min(axis=1), cdist(holdout, synthetic).min(axis=1)])
    assert got.membership_auc == pytest.approx(roc_auc_score(np.repeat([1, 0], 400), -near), abs=EXACT)
    frame = got.nearest.set_index("rows")
    for side, points in (("synthetic", synthetic), ("holdout", holdout)):
        ordered = np.sort(cdist(points, real), axis=1)
        assert frame.loc[side, "dcr_50"] == pytest.approx(np.median(ordered[:, 0]), abs=EXACT)
        assert frame.loc[side, "ratio_5"] == pytest.approx(np.quantile(ordered[:, 0] / ordered[:, 1], 0.05), abs=EXACT)
    ratios = np.sort(cdist(synthetic, real), axis=1)
    assert got.nearest_ratio == pytest.approx(np.mean(ratios[:, 0] / ratios[:, 1]), abs=EXACT)


def test_copies_are_counted_over_all_rows_and_above_chance() -> None:
    real = pd.DataFrame({"x": [1.0, 2.0, -0.0, None], "c": ["a", "b", None, "d"]})
    synthetic = pd.DataFrame({"x": [1.0, 1.0, 0.0, None, None], "c": ["a", "b", None, "d", "a"]})
    holdout = pd.DataFrame({"x": [2.0, 7.0, 8.0, 9.0], "c": ["b", "a", "a", "a"]})
    with pytest.warns(DataWarning, match=r"1 of the 4 hold-out rows \(25.0%\) equal a training row"):
        got = privacy(align(real, synthetic, holdout=holdout), max_rows=1)
    assert (got.copied, got.copied_holdout, got.overlap) == (0.6, 0.25, 1)
    assert got.copies == pytest.approx(0.6 - 0.25)


def test_ties_count_half_and_twins_have_the_ratio_one() -> None:
    real = pd.DataFrame({"c": ["a", "a", "b", "b"]})
    got = privacy(align(real, pd.DataFrame({"c": ["a", "b", "b"]}), holdout=real.iloc[[0, 0, 0, 1]]))
    assert got.dcr_share == pytest.approx((0.5 + 1 + 1) / 3)  # "a" is a tie, "b" is nearer to the training rows
    assert (got.nearest_ratio, got.nearest_ratio_holdout) == (1, 1)


@pytest.mark.parametrize(("name", "measure"), [("ill", "accuracy"), ("z", "R2")])
def test_the_attacker_asks_the_five_nearest(name: str, measure: str) -> None:
    """The attack of the docstring, one row at a time."""
    tables = align(people(0, 150), people(1, 200), holdout=people(2, 200))
    others = [c for c in tables.real.columns if c != name]
    space, own = Embedding.fit(tables, others), Embedding.fit(tables, [name])
    as_value = (lambda f: f[name].to_numpy()) if measure == "accuracy" else (lambda f: own.transform(f)[:, 0])
    row = infer_attributes(tables, [name]).iloc[0]
    for label, known in (("attack", tables.synthetic), ("baseline", tables.holdout)):
        guesses = []
        for point in space.transform(tables.real):
            distances = np.linalg.norm(space.transform(known) - point, axis=1)
            five = np.argsort(distances)[:5]
            weights = pd.Series(1 / distances[five])
            values = as_value(known)[five]
            if measure == "accuracy":
                guesses.append(weights.groupby(values).sum().idxmax())
            else:
                guesses.append((weights * values).sum() / weights.sum())
        score = accuracy_score if measure == "accuracy" else r2_score
        assert row[label] == pytest.approx(score(as_value(tables.real), guesses), abs=EXACT)
    assert row["gain"] == pytest.approx(row["attack"] - row["baseline"])
    assert row["low"] < row["gain"] < row["high"]
    assert row["measure"] == measure


# ---- where the truth is known


def test_fresh_rows_tell_nothing_about_members() -> None:
    """The stated interval holds 0.5 in about 95 % of repetitions."""
    got = [
        privacy(align(people(3 * i, 250), people(3 * i + 1, 250), holdout=people(3 * i + 2, 250))) for i in range(60)
    ]
    intervals = [g.membership_interval for g in got]
    assert sum(i.low <= 0.5 <= i.high for i in intervals) >= 53  # type: ignore[operator,union-attr]
    assert np.mean([g.membership_auc for g in got]) == pytest.approx(0.5, abs=0.01)
    assert np.mean([g.dcr_share for g in got]) == pytest.approx(0.5, abs=0.01)
    assert all(g.copies == 0 for g in got)


def test_fresh_rows_tell_nothing_about_attributes() -> None:
    rows = []
    for i in range(60):
        tables = align(people(3 * i, 250), people(3 * i + 1, 250), holdout=people(3 * i + 2, 250), target="ill")
        rows.append(privacy(tables, sensitive=["ill", "z"]).attributes)
    frame = pd.concat(rows)
    held = (frame["low"] <= 0) & (frame["high"] >= 0)
    assert held.groupby(frame["column"]).sum().min() >= 50
    assert frame["gain"].abs().mean() < 0.15


def test_a_copy_of_the_training_rows_is_caught() -> None:
    real = people(0)
    got = privacy(align(real, real.sample(frac=1, random_state=0), holdout=people(1), target="ill"))
    assert (got.copies, got.dcr_share, got.membership_auc) == (1, 1, 1)
    assert got.nearest_ratio == 0
    assert got.attributes.loc[0, "attack"] == 1
    assert got.attributes.loc[0, "low"] > 0.2


@pytest.mark.parametrize(
    "leak",
    [
        lambda real, fresh: pd.concat([real[:120], fresh[120:]], ignore_index=True),
        lambda real, fresh: real.assign(**{c: real[c] + np.random.default_rng(5).normal(0, 0.2, 400) for c in "wxyz"}),
    ],
    ids=["three in ten are copies", "training rows with noise"],
)
def test_a_partial_leak_is_caught(leak: Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]) -> None:
    real = people(0)
    got = privacy(align(real, leak(real, people(1)), holdout=people(2)))
    assert got.membership_interval is not None
    assert got.membership_interval.low is not None
    assert got.membership_interval.low > 0.55
    assert got.dcr_share is not None
    assert got.dcr_share > 0.6
    assert got.nearest_ratio_holdout is not None
    assert got.nearest_ratio is not None
    assert got.nearest_ratio < got.nearest_ratio_holdout - 0.1
    near = got.nearest.set_index("rows")["dcr_50"]
    assert near["synthetic"] < near["holdout"]


def test_copies_of_the_hold_out_are_no_copies() -> None:
    real, holdout = people(0), people(1)
    got = privacy(align(real, holdout, holdout=holdout))
    assert (got.copies, got.dcr_share, got.membership_auc) == (0, 0, 0)


def test_natural_twins_are_no_overlap() -> None:
    """In a table of few distinct rows, hold-out rows equal training rows without having been learned from."""
    frames = [pd.DataFrame({c: np.random.default_rng(s).choice(list("abcd"), 500) for c in "xy"}) for s in range(9)]
    frames = [f.assign(y=f["y"] + f["x"] * (i % 2)) for i, f in enumerate(frames)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = privacy(align(frames[0], frames[2], holdout=frames[4]))
    assert got.overlap is not None
    assert got.overlap > 400


def test_a_hold_out_that_overlaps_is_counted() -> None:
    real = people(0)
    holdout = pd.concat([people(1), real[:7]], ignore_index=True)
    with pytest.warns(DataWarning, match=r"7 of the 407 hold-out rows \(1.7%\) equal a training row, where 0.0%"):
        got = privacy(align(real, people(2), holdout=holdout))
    assert got.overlap == 7


# ---- options and what cannot be computed


def test_without_a_hold_out_only_what_needs_none_is_there() -> None:
    got = privacy(align(people(0), people(1), target="ill"))
    needs = ["copies", "copied_holdout", "overlap", "dcr_share", "membership_auc", "membership_interval"]
    assert [getattr(got, name) for name in [*needs, "nearest_ratio_holdout"]] == [None] * 7
    assert (got.copied, len(got.nearest)) == (0, 1)
    row = got.to_json()["attributes"][0]
    assert (row["baseline"], row["gain"], row["low"]) == (None, None, None)
    assert 0 < row["attack"] < 1


def test_the_target_is_sensitive_unless_said_otherwise() -> None:
    tables = align(people(0), people(1), target="ill")
    assert privacy(tables).attributes["column"].tolist() == ["ill"]
    assert privacy(tables, sensitive=["town", "z"]).attributes["column"].tolist() == ["town", "z"]
    assert privacy(align(people(0), people(1))).attributes.empty


def test_the_seed_decides() -> None:
    tables = align(people(0), people(1), holdout=people(2), target="ill")
    once, again, other = (privacy(tables, max_rows=150, random_state=seed).to_json() for seed in (1, 1, 2))
    assert once == again
    assert once != other
    assert once["rows"] == 150


@pytest.mark.parametrize("name", EDGES)
@pytest.mark.parametrize("held", [True, False])
def test_hard_tables_have_figures(name: str, held: bool) -> None:
    real, synthetic, holdout = EDGES[name]
    tables = align(real, synthetic, holdout=holdout if held else None)
    got = privacy(tables, sensitive=tables.real.columns)
    assert 0 <= got.copied <= 1
    assert got.dcr_share is None or 0 <= got.dcr_share <= 1
    assert len(got.attributes) == tables.real.shape[1]
    json.dumps(got.to_json(), allow_nan=False)


def test_options_that_cannot_be_are_said() -> None:
    tables = align(plain(0), plain(1).assign(x=1.0))
    with pytest.raises(InvalidParameterError, match="max_rows is 0"):
        privacy(tables, max_rows=0)
    with pytest.raises(InvalidParameterError, match=r"sensitive names column 'xx', .* Did you mean 'x'"):
        privacy(tables, sensitive=["xx"])
    keyed = plain(0, 200).assign(key=IDENTIFIERS["key"])
    with pytest.raises(InvalidParameterError, match="'key', which is left out: an identifier"):
        privacy(align(keyed, keyed), sensitive=["key"])
    with pytest.raises(InvalidDataError, match="No column is left"):
        privacy(align(IDENTIFIERS, IDENTIFIERS))
