"""The searches behind rules: evidence, functions, groups and equations against plain counting."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wgan_aug.encoding.equations import find_equations, narrowness, values_of, width_of
from wgan_aug.encoding.rules import EVIDENCE, evidence, find_functions, find_group, is_function

PROVEN = settings(max_examples=60, deadline=None, derandomize=True)


@PROVEN
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_evidence_is_the_chance_that_each_key_has_one_other(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs).T
    chance = 1.0
    for key in np.unique(a):
        chance *= sum(np.mean(b == other) ** np.sum(a == key) for other in np.unique(b))
    assert evidence(a, b) == pytest.approx(-np.log(chance), abs=1e-9)


def test_evidence_agrees_with_shuffled_columns() -> None:
    rng = np.random.default_rng(0)
    a = np.repeat(np.arange(5), 2)
    b = np.arange(10) % 2
    drawn = [is_function(a, rng.choice(b, 10), 5) for _ in range(20_000)]
    assert np.mean(drawn) == pytest.approx(np.exp(-evidence(a, b)), rel=0.15)


def test_evidence_of_keys_seen_once_is_none() -> None:
    assert evidence(np.arange(1000), np.arange(1000) % 2) == 0


@PROVEN
@given(st.integers(0, 10**6))
def test_functions_are_found_as_by_looking_at_all_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(60, 3000))
    first = rng.integers(0, 8, n)
    codes = np.array([first, first // 2, rng.integers(0, 3, n), first % 2 * 3, rng.integers(0, 8, n)])
    sizes = codes.max(axis=1) + 1
    targets = [(t, -1) for t in range(5)] + [(t, int(key)) for t in range(5) for key in np.unique(codes[t])]
    told: set[tuple[int, tuple[int, int]]] = set()
    for source, (t, key) in itertools.product(range(5), targets):
        full = codes[t] if key < 0 else (codes[t] == key).astype(int)
        pairs = set(zip(codes[source].tolist(), full.tolist(), strict=True))
        if t != source and len(pairs) == len(np.unique(codes[source])) and evidence(codes[source], full) >= EVIDENCE:
            told.add((source, (t, key)))
    assert set(find_functions(codes, sizes, targets)) == told


@PROVEN
@given(st.integers(0, 10**6), st.integers(3, 12), st.integers(0, 6))
def test_a_group_is_found_among_others_that_exclude_its_columns(seed: int, members: int, others: int) -> None:
    rng = np.random.default_rng(seed)
    n = 500
    level = np.r_[np.arange(members), rng.integers(0, members, n - members)]
    inside = level[:, None] == np.arange(members)
    beside = [(level == rng.integers(members)) & (rng.random(n) < 0.3) for _ in range(others)]
    outside = np.column_stack([*beside, level > n])
    order = rng.permutation(members + outside.shape[1])
    is_set = np.column_stack([inside, outside])[:, order]
    is_set = is_set[:, is_set.any(axis=0)]
    kept = [k for k in order if k < members or outside[:, k - members].any()]
    first = kept.index(0)
    group = find_group(is_set, first)
    assert group is not None
    assert first in group
    assert (is_set[:, list(group)].sum(axis=1) == 1).all()


def test_no_group_where_a_row_has_none_or_two() -> None:
    level = np.arange(600) % 5
    is_set = level[:, None] == np.arange(5)
    assert find_group(is_set, 0) == (0, 1, 2, 3, 4)
    for value in (True, False):
        wrong = is_set.copy()
        wrong[7, [2, 3]] = value
        assert find_group(wrong, 0) is None
    assert find_group(is_set[:, :4], 0) is None


def test_values_and_width() -> None:
    assert values_of(np.full(9, 2.5)) == 1
    assert values_of(np.arange(40) % 8) == pytest.approx(8)
    assert width_of(np.linspace(0, 1, 101)) == pytest.approx(0.9)
    assert narrowness(np.arange(100.0), np.zeros(100)) == 0
    assert narrowness(np.arange(100.0), np.arange(100) % 5) == pytest.approx(4 / 89.1, rel=0.01)


def _equations(columns: np.ndarray) -> list[tuple[int, tuple[int, ...], tuple[int, ...]]]:
    def rest(whole: int, parts: object, signs: object) -> np.ndarray:
        out = columns[:, whole].copy()
        for part, sign in zip(parts, signs, strict=True):  # type: ignore[call-overload]
            out -= sign * columns[:, part]
        return np.round(out, 6)

    found = find_equations(columns, np.zeros(columns.shape, dtype=bool), rest)
    return [(e.whole, e.parts, e.signs) for e in found if e.score == 0]


@PROVEN
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_an_exact_sum_is_found_whatever_stands_beside_it(seed: int, n_parts: int) -> None:
    rng = np.random.default_rng(seed)
    parts = rng.gamma(2, 10.0 ** rng.integers(0, 3, n_parts), (800, n_parts)).round(2)
    signs = rng.choice([-1, 1], n_parts)
    noise = parts @ rng.normal(size=(n_parts, 3)) + rng.normal(size=(800, 3))
    columns = np.column_stack([(parts @ signs).round(2), parts, noise.round(3)])
    found = _equations(columns)
    assert (0, tuple(range(1, n_parts + 1)), tuple(signs.tolist())) in found
    assert all(set(parts) | {whole} == set(range(n_parts + 1)) for whole, parts, _ in found)


def test_two_sums_that_share_a_part_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    loan, paid, interest = rng.integers(1, 400, 900) * 100.0, rng.gamma(2, 300, 900), rng.gamma(2, 100, 900)
    columns = np.column_stack([loan, loan - paid, paid, interest, paid + interest])
    assert {frozenset((w, *p)) for w, p, _ in _equations(columns)} >= {frozenset((0, 1, 2)), frozenset((2, 3, 4))}
