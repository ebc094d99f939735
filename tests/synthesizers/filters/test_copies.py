"""Copies: rows that equal, or come near, what is one training row's own."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from scipy.special import ndtri

from wgan_aug.encoding.table import TableEncoder
from wgan_aug.schema.inference import infer_schema
from wgan_aug.synthesizers.filters.copies import Copies


def learn(frame: pd.DataFrame) -> tuple[Copies, TableEncoder]:
    encoder = TableEncoder(infer_schema(frame)).fit(frame)
    return Copies.learn(frame, encoder.transform(frame), encoder, 0), encoder


def numbers(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(rows, 3)), columns=list("abc")).assign(way=rng.choice(["x", "y"], rows))


def test_training_rows_are_found_and_fresh_ones_are_not() -> None:
    frame = numbers(1000, 0)
    copies, encoder = learn(frame)
    equal, near = copies.find(frame, encoder)
    assert equal.all()
    assert not near.any()
    equal, near = copies.find(numbers(4000, 1), encoder)
    assert not equal.any()
    assert 0.004 < near.mean() < 0.02  # 1 % by definition
    moved = frame.assign(a=frame["a"] + 1e-7)
    equal, near = copies.find(moved, encoder)
    assert not equal.any()
    assert near.mean() > 0.99
    other = moved.assign(way=np.where(frame["way"] == "x", "y", "x"))
    assert copies.find(other, encoder)[1].mean() < 0.03


def test_the_radius_is_the_quantile_of_distances_by_hand() -> None:
    frame = numbers(900, 0)
    copies, _ = learn(frame)
    scores = ndtri((frame[["a", "b", "c"]].rank().to_numpy() - 0.5) / len(frame))
    distances = cdist(scores, scores)
    distances[np.equal.outer(frame["way"].to_numpy(), frame["way"].to_numpy()) == 0] = np.inf
    np.fill_diagonal(distances, np.inf)
    assert np.isclose(copies.radius, np.quantile(distances.min(axis=1), 0.01, method="lower"), rtol=1e-3)


def test_where_no_rows_have_the_same_categories_differences_count() -> None:
    rng = np.random.default_rng(0)

    def wide(rows: int) -> pd.DataFrame:
        levels = pd.DataFrame(rng.integers(0, 6, (rows, 12)).astype(str), columns=list("abcdefghijkl"))
        return levels.assign(x=rng.normal(size=rows), y=rng.normal(size=rows))

    frame = wide(600)
    copies, encoder = learn(frame)
    scores = ndtri((frame[["x", "y"]].rank().to_numpy() - 0.5) / len(frame))
    differ = sum(np.not_equal.outer(frame[c].to_numpy(), frame[c].to_numpy()).astype(int) for c in "abcdefghijkl")
    distances = np.sqrt(cdist(scores, scores) ** 2 + differ)
    np.fill_diagonal(distances, np.inf)
    assert np.isclose(copies.radius, np.quantile(distances.min(axis=1), 0.01, method="lower"), rtol=1e-3)
    assert copies.radius > 1
    assert copies.find(wide(2000), encoder)[1].mean() < 0.025
    one_off = frame.assign(a=[str((int(a) + 1) % 6) for a in frame["a"]])
    assert copies.find(one_off, encoder)[1].all()
    assert copies.find(frame, encoder)[0].all()


def test_what_two_training_rows_share_may_be_drawn() -> None:
    frame = numbers(300, 0)
    twice = pd.concat([frame, frame.head(20)], ignore_index=True)
    copies, encoder = learn(twice)
    equal, near = copies.find(frame, encoder)
    assert not equal[:20].any()
    assert not near[:20].any()
    assert equal[20:].all()


def test_identifiers_and_the_sign_of_zero_do_not_hide_a_copy() -> None:
    frame = numbers(200, 0).assign(a=lambda f: f["a"].where(f.index % 2 == 0, 0.0))
    frame["name"] = [f"N-{k:04d}" for k in range(200)]
    copies, encoder = learn(frame)
    assert encoder.schema["name"].kind == "identifier"
    fresh = frame.assign(name=[f"N-{k:04d}" for k in range(500, 700)], a=frame["a"].where(frame["a"] != 0, -0.0))
    assert copies.find(fresh, encoder)[0].all()


def test_tables_of_categories_alone() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.integers(0, 3, (400, 3)).astype(str), columns=list("abc"))
    copies, encoder = learn(frame)  # 27 rows that differ, all of them shared
    assert not np.any(copies.find(frame, encoder))
    wide = pd.DataFrame(rng.integers(0, 4, (400, 8)).astype(str), columns=list("abcdefgh"))
    copies, encoder = learn(wide)
    equal, near = copies.find(wide, encoder)
    assert equal.mean() > 0.95
    assert not near.any()


def test_few_rows_have_no_radius() -> None:
    copies, encoder = learn(numbers(60, 0))
    assert copies.radius == 0.0
    assert not np.any(copies.find(numbers(60, 1), encoder))


def test_cells_of_every_kind(people: pd.DataFrame) -> None:
    copies, encoder = learn(people)
    twin = Copies.from_json(copies.to_json())
    decoded = encoder.inverse_transform(encoder.transform(people))
    assert decoded.equals(people)
    for each in (copies, twin):
        assert each.find(decoded, encoder)[0].all()
