"""Find exact rules between the keys of columns: functions, values in common, one-hot groups. Arrays only, no pandas.

A rule counts only where no training row breaks it and where it cannot have come by chance: the chance that columns
without any relation agree so well is below e^-30 (about 1e-13). A table of 1000 columns has some 1e7 pairs of a
column and a column or value to explain, so a table of independent columns shows a rule once in a million times.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["EVIDENCE", "evidence", "find_functions", "find_group", "is_function"]

EVIDENCE = 30.0
FIRST_ROWS, MORE_ROWS = 400, 2000  # rows on which most wrong rules fail
EDGE_ROWS = 8  # rows of the rarer cells of each target among those
EDGE_REACH = 20_000  # looked for among so many rows
MAX_NODES = 400  # steps of the search for one group


def evidence(codes: np.ndarray, target: np.ndarray) -> float:
    """Return how improbable it is by chance that one column is a function of another.

    It is `-sum over keys a of log(sum over keys b of p_b ^ n_a)`, where `n_a` counts the rows of each key of the first
    column and `p_b` is the share of each key of the second: minus the logarithm of the chance that, for each `a`,
    `n_a` independent rows all have the same `b`. It is 0 where each row has a key of its own.

    Args:
        codes: keys of the first column, shape (rows,).
        target: keys of the second, shape (rows,).

    Examples:
        >>> one = np.arange(100) % 4
        >>> round(evidence(one, one % 2), 2), round(float(4 * 24 * np.log(2)), 2)
        (66.54, 66.54)
    """
    with np.errstate(divide="ignore"):
        log_share = np.log(np.bincount(target) / len(target))
    sizes, times = np.unique(np.bincount(codes), return_counts=True)
    sizes, times = sizes[sizes > 1], times[sizes > 1]  # a single row agrees with itself
    log_share = log_share[np.isfinite(log_share)]
    powers = sizes[:, None] * log_share
    top = powers.max(axis=1, initial=-np.inf)
    return float(-(times * (top + np.log(np.exp(powers - top[:, None]).sum(axis=1)))).sum())


def is_function(codes: np.ndarray, target: np.ndarray, size: int) -> bool:
    """Say whether rows with one key of a column, of `size` keys, all have one key of another."""
    said = np.zeros(size, dtype=target.dtype)
    said[codes] = target
    return bool((said[codes] == target).all())


def find_functions(
    codes: np.ndarray, sizes: np.ndarray, targets: Sequence[tuple[int, int]]
) -> list[tuple[int, tuple[int, int]]]:
    """Return which targets are a function of which columns, not by chance.

    A target is a column, or whether a column has one key. A column that explains others has at least four rows a key
    on average.

    Args:
        codes: keys of the columns, int, shape (columns, rows).
        sizes: how many keys each column has, shape (columns,).
        targets: (column, key) of each target; key -1 for the column as a whole.

    Returns:
        pairs (column, target), of two columns each.
    """
    rows = codes.shape[1]
    counts = [np.bincount(column) for column in codes]
    targets = [(t, key) for t, key in targets if _can_tell(counts[t], key)]
    sample = _sample_rows(codes, counts, targets)
    small = codes[:, sample]
    wide = np.array([_target(small, target) for target in targets]).reshape(-1, len(sample))
    owner = np.array([t for t, _ in targets], dtype=np.int64)
    pairs: list[tuple[int, tuple[int, int]]] = []
    for source in np.flatnonzero((sizes >= 2) & (sizes <= rows / 4)).tolist():
        left = np.flatnonzero(owner != source)
        for part in (slice(FIRST_ROWS), slice(None)):
            key, told = small[source, part], wide[left, part]
            last = np.zeros(sizes[source], dtype=np.int64)
            last[key] = np.arange(len(key))
            left = left[(told[:, last[key]] == told).all(axis=1)]
        for target in (targets[place] for place in left):
            full = _target(codes, target)
            if is_function(codes[source], full, sizes[source]) and evidence(codes[source], full) >= EVIDENCE:
                pairs.append((source, target))
    return pairs


def _can_tell(counts: np.ndarray, key: int) -> bool:
    """Say whether a target has enough rows outside its commonest value to be evidence at all."""
    rows = counts.sum()
    commonest = counts.max() if key < 0 else max(counts[key], rows - counts[key])
    return bool(-rows * np.log(commonest / rows) >= EVIDENCE)


def _target(codes: np.ndarray, target: tuple[int, int]) -> np.ndarray:
    column, key = target
    return codes[column] if key < 0 else (codes[column] == key).astype(codes.dtype)


def _sample_rows(codes: np.ndarray, counts: Sequence[np.ndarray], targets: Sequence[tuple[int, int]]) -> np.ndarray:
    """Return row numbers spread over the table, the first many at random, with some of each target's rarer keys."""
    order = np.random.default_rng(0).permutation(codes.shape[1])[: FIRST_ROWS + MORE_ROWS]
    rare = (
        codes[t] != counts[t].argmax() if key < 0 else (codes[t] == key) == (2 * counts[t][key] < codes.shape[1])
        for t, key in targets
    )
    return np.concatenate([order, *(np.flatnonzero(edge[:EDGE_REACH])[:EDGE_ROWS] for edge in rare)]).astype(np.int64)


def find_group(is_set: np.ndarray, first: int) -> tuple[int, ...] | None:
    """Return columns, `first` among them, of which exactly one is set in every row; None where there are none.

    A search by the row that has the fewest columns left to be set by (Knuth's algorithm X), cut off after some steps.

    Args:
        is_set: bool, shape (rows, columns), each column set in some rows but not in all.
        first: the column that the group has.

    Returns:
        increasing columns, at least three.

    References:
        Knuth 2000, Dancing Links, arXiv cs/0011047.
    """
    counts = is_set.sum(axis=0)
    set_rows = is_set.astype(np.float32)
    apart = (set_rows.T @ set_rows) == 0
    sample = is_set[np.random.default_rng(0).permutation(len(is_set))[:1000]]
    stack = [((first,), apart[first].copy())]
    for _ in range(MAX_NODES):
        if not stack:
            return None
        chosen, allowed = stack.pop()
        if counts[list(chosen)].sum() == len(is_set):
            told = -len(is_set) * np.log(_chance(counts[list(chosen)] / len(is_set)))
            needed = EVIDENCE + is_set.shape[1] * np.log(2)  # there are so many groups to find
            return tuple(sorted(chosen)) if len(chosen) > 2 and told >= needed else None
        left = sample[~sample[:, chosen].any(axis=1)]
        if not len(left):
            left = is_set[~is_set[:, chosen].any(axis=1)]
        choices = left & allowed
        options = np.flatnonzero(choices[choices.sum(axis=1).argmin()])
        stack += [((*chosen, int(option)), allowed & apart[option]) for option in options[::-1]]
    return None


def _chance(shares: np.ndarray) -> float:
    """Return the probability that exactly one of independent columns is set."""
    return float((shares / (1 - shares)).sum() * np.prod(1 - shares))
