"""Sketches of tables: the same however rows are split and merged, exact where they say so."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wgan_aug.encoding.streaming import columns, sketch
from wgan_aug.encoding.streaming.rows import PART_ROWS, RowStore
from wgan_aug.encoding.streaming.sketch import TableSketch

Cut = tuple[int, int, int]  # part, first row, rows


def make(rows: int, seed: int = 0) -> pa.Table:
    """Return columns of every family of cells, with gaps."""
    rng = np.random.default_rng(seed)
    gap = rng.random(rows) < 0.2
    frame = pd.DataFrame(
        {
            "float": np.where(gap, np.nan, rng.normal(size=rows)),
            "few": rng.integers(0, 4, rows) / 2,
            "int": pd.array(np.where(gap, 0, rng.integers(-5, 40, rows)), dtype="Int64"),
            "word": pd.Series([None if g else f"w{k}" for g, k in zip(gap, rng.integers(0, 30, rows), strict=True)]),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 9, rows), "D"),
            "yes": rng.random(rows) < 0.5,
            "kind": pd.Categorical.from_codes(rng.integers(0, 3, rows), ["a", "b", "c"]),
        }
    )
    frame.loc[gap, "int"] = pd.NA
    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = table.append_column("price", table.column("few").cast(pa.decimal128(6, 2)))
    return table.append_column("nothing", pa.nulls(rows))


def sketch_of(
    table: pa.Table, size: int, cuts: list[Cut] | None = None, starts: list[int] | None = None
) -> TableSketch:
    made = TableSketch(size)
    for part, first, rows in cuts or [(0, 0, len(table))]:
        made = made.add(table.slice((starts or [0])[part] + first, rows), part, first)
    return made


def assert_same(one: TableSketch, other: TableSketch) -> None:
    assert one.parts == other.parts
    assert np.array_equal(np.sort(one.sample), np.sort(other.sample))
    for a, b in zip(one.columns, other.columns, strict=True):
        for name, value in vars(a).items():
            assert np.array_equal(value, getattr(b, name)), name
    drawn, again = one.draw(), other.draw()
    assert np.array_equal(drawn.numbers, again.numbers)
    assert drawn.rows.equals(again.rows)


@st.composite
def splits(draw: st.DrawFn) -> tuple[list[int], list[list[int]]]:
    """Draw rows by part, and lengths of batches by part."""
    batches = draw(st.lists(st.lists(st.integers(1, 40), min_size=1, max_size=4), min_size=1, max_size=4))
    return [sum(lengths) for lengths in batches], batches


@settings(max_examples=40, deadline=None)
@given(splits(), st.sampled_from([5, 50, 1000]), st.randoms(use_true_random=False))
def test_any_split_and_order_gives_the_same_sketch(
    split: tuple[list[int], list[list[int]]], size: int, random: object
) -> None:
    sizes, batches = split
    table, starts = make(sum(sizes)), np.cumsum([0, *sizes]).tolist()
    whole = [(part, 0, rows) for part, rows in enumerate(sizes)]
    cuts = [
        (part, int(first), length)
        for part, lengths in enumerate(batches)
        for first, length in zip(np.cumsum([0, *lengths[:-1]]), lengths, strict=True)
    ]
    with patch.object(columns, "LEVELS", 16):
        expected = sketch_of(table, size, whole, starts)
        assert_same(expected, sketch_of(table, size, cuts, starts))
        random.shuffle(cuts)  # type: ignore[attr-defined]
        assert_same(expected, sketch_of(table, size, cuts, starts))
        left = [sketch_of(table, size, [cut], starts) for cut in cuts]
        while len(left) > 1:
            left.append(left.pop(0).merge(left.pop(0)))
        assert_same(expected, left[0])
        assert_same(expected, left[0].merge(TableSketch(size)))


def test_a_small_table_is_its_own_sample() -> None:
    table = make(300)
    drawn = sketch_of(table, 300, [(0, 0, 100), (0, 100, 200)]).draw()
    assert drawn.rows.to_pandas().equals(table.to_pandas())
    assert drawn.sampled == 300


def test_counts_are_those_of_the_table() -> None:
    table = make(5000)
    frame, known = table.to_pandas(), sketch_of(table, 100)
    for name, own in zip(frame, known.columns, strict=True):
        counts = frame[name].value_counts()
        assert own.missing == frame[name].isna().sum()
        if len(counts) <= columns.LEVELS:
            assert not own.full
            assert own.distinct == len(counts)
            assert sorted(own.counts) == sorted(counts)
    assert known.columns[0].low is not None
    assert known.columns[0].low[0] == frame["float"].min()


def test_the_number_of_many_values_is_estimated() -> None:
    numbers = np.random.default_rng(0).permutation(np.repeat(np.arange(50_000), 3))
    table = pa.table({"n": numbers, "t": numbers.astype(str)})
    cuts = [(0, first, 15_000) for first in range(0, len(numbers), 15_000)]
    for own in sketch_of(table, 100, cuts).columns:
        assert own.full
        assert own.distinct == pytest.approx(50_000, rel=0.06)
        assert (own.counts == 3).all()  # exact for those that are kept


def test_each_row_is_as_likely_sampled_as_any_other() -> None:
    table = pa.table({"n": np.arange(20_000)})
    cuts = [(part, 0, 5000) for part in range(4)]
    sample = sketch_of(table, 4000, cuts, [0, 5000, 10_000, 15_000]).sample
    shares = np.bincount(sample // PART_ROWS, minlength=4) / len(sample)
    assert abs(shares - 0.25).max() < 4 * np.sqrt(0.25 * 0.75 / 4000)
    assert abs((sample % PART_ROWS).mean() - 2500) < 4 * 1443 / np.sqrt(4000)
    other = TableSketch(4000, seed=1).add(table, 0, 0).sample
    assert len(np.intersect1d(other, TableSketch(4000).add(table, 0, 0).sample)) < 1200


def test_rare_values_extremes_and_gaps_have_witnesses() -> None:
    rows = 20_000
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "word": rng.choice(["a", "b"], rows),
            "number": rng.normal(size=rows),
            "whole": np.arange(rows) % 7000 + 0.0,
            "gaps": rng.integers(0, 9000, rows).astype(float),
        }
    )
    table.loc[11_111, "word"] = "rare"
    table.loc[[5, 6], "number"] = -99.0, 99.0
    table.loc[7, "whole"] = 0.5
    table.loc[12_345, "gaps"] = np.nan
    drawn = sketch_of(pa.Table.from_pandas(table), 1000).draw()
    assert drawn.sampled == 1000
    assert len(drawn.rows) <= 1000 + 10 + 4 * len(table.columns)
    assert {5, 6, 7, 11_111, 12_345} <= set(drawn.numbers.tolist())
    assert drawn.rows.to_pandas().equals(table.iloc[drawn.numbers].reset_index(drop=True))


def test_witnesses_are_few_and_the_commonest_values_come_first() -> None:
    counts = np.repeat(np.arange(1, 200), np.arange(1, 200))
    words = np.random.default_rng(0).permutation([f"w{k}" for k in counts] + ["common"] * 100_000)
    with patch.object(sketch, "WITNESSES", 10):
        drawn = sketch_of(pa.table({"word": words}), 1000).draw()
    seen = {int(word[1:]) for word in drawn.rows.column("word").to_pylist() if word != "common"}
    sampled = {int(w[1:]) for w in drawn.rows.column("word")[:1000].to_pylist() if w != "common"}
    missed = sorted(set(range(1, 200)) - sampled)
    assert sorted(seen - sampled) == missed[-10:]


def test_a_store_gives_rows_in_any_order_and_each_once() -> None:
    table = pa.table({"n": np.arange(10)})
    store = RowStore(((np.arange(10), table),)).join(RowStore(((np.arange(3, 6), table.slice(3, 3)),)))
    assert store.table([5, 1, 9]).column("n").to_pylist() == [5, 1, 9]
    assert len(store.only(np.array([4, 4, 8]))) == 2
