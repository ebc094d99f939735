"""`Sequences`: taking and joining, against loops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from wgan_aug.encoding.sequences.frames import Sequences, column_of, steps_of


def ragged(lengths: list[int], first: int = 0) -> Sequences:
    """Sequences whose steps are numbered, with the row each was taken from."""
    steps = pd.DataFrame({"x": np.arange(first, first + sum(lengths))})
    statics = pd.DataFrame({"name": [f"s{first}-{i}" for i in range(len(lengths))]})
    return Sequences(statics, steps, np.array(lengths), 100 + np.arange(sum(lengths)))


@pytest.mark.parametrize("index", [[2, 0, 2], [False, True, True], []])
def test_take_gives_the_same_sequences_as_a_loop(index: list[int]) -> None:
    sequences = ragged([3, 1, 4])
    taken = sequences.take(np.array(index, dtype=bool if index and isinstance(index[0], bool) else int))
    parts = np.split(np.arange(8), [3, 4])
    wanted = [parts[i] for i in np.arange(3)[np.array(index, dtype=taken_dtype(index))]]
    assert taken.lengths.tolist() == [len(part) for part in wanted]
    assert taken.steps["x"].tolist() == [x for part in wanted for x in part]
    assert taken.source is not None
    assert taken.source.tolist() == [100 + x for part in wanted for x in part]
    assert taken.steps.index.equals(pd.RangeIndex(len(taken.steps)))


def taken_dtype(index: list[int]) -> type:
    return bool if index and isinstance(index[0], bool) else int


def test_owner_and_positions() -> None:
    sequences = ragged([2, 1, 3])
    assert sequences.owner.tolist() == [0, 0, 1, 2, 2, 2]
    assert sequences.positions.tolist() == [0, 1, 0, 0, 1, 2]
    assert sequences.starts.tolist() == [0, 2, 3]


def test_join_and_take_are_inverse() -> None:
    one, two = ragged([2, 1]), ragged([3], first=3)
    whole = Sequences.join([one, two])
    assert whole.lengths.tolist() == [2, 1, 3]
    back = whole.take(np.array([2]))
    pd.testing.assert_frame_equal(back.steps, two.steps)
    pd.testing.assert_frame_equal(back.statics, two.statics)
    assert Sequences.join([one]) is one


def test_runs_of_rows() -> None:
    assert steps_of(np.array([7, 7, 0]), np.array([1, 2, 0])).tolist() == [7, 7, 8]
    assert steps_of(np.empty(0, dtype=int), np.empty(0, dtype=int)).tolist() == []


@pytest.mark.parametrize("name", [None, 3, ("a", 1), "x"])
def test_a_column_under_any_name(name: object) -> None:
    frame = pd.DataFrame([[1, 2]])
    frame.columns = pd.Index(["other", name], dtype=object, tupleize_cols=False)
    assert column_of(frame, name).tolist() == [2]
