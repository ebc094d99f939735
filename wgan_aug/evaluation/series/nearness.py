"""How near synthetic windows lie to real ones: copies, distances, variety."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from wgan_aug.evaluation.figures import to_plain
from wgan_aug.evaluation.series.windows import check_groups, check_windows

__all__ = [
    "NearestWindows",
    "nearest",
    "nearest_windows",
]

Array = np.ndarray
_CHUNK = 4_000_000  # numbers in one convolution's input matrix, and in one block of distances


@dataclasses.dataclass(frozen=True)
class NearestWindows:
    """How near synthetic windows are to real ones; see `nearest_windows`. NaN where it cannot be computed."""

    ratio: float
    copies: float
    exact: float
    exact_real: float
    spread: float
    ratio_holdout: float
    copies_holdout: float
    n_queries: int

    def to_json(self) -> dict[str, Any]:
        """Return plain Python values, NaN as None."""
        return to_plain(self)


def nearest_windows(
    real: Array,
    synthetic: Array,
    *,
    holdout: Array | None = None,
    groups: Any = None,
    cap: int = 1500,
    random_state: int = 0,
) -> NearestWindows:
    """Return how near synthetic windows lie to the real ones, against how near other real windows do.

    With d(x) the Euclidean distance to the nearest real window (of another block, for a real x):

    - ratio: median d(synthetic) / median d(real); about 1 is healthy, well below 1 means copies, well above means
      windows off the data. It leans down a little where there are groups, as a real window's neighbours in its own
      block do not count. ratio_holdout: median d(synthetic) / median d(hold-out). If the hold-out is a later time of
      a drifting series, it is far away by itself and this ratio is small without any copying.
    - copies: share of synthetic windows with d below the 1 % quantile of d(real), about 0.01 for fresh real windows;
      copies_holdout: the same by the quantile of d(hold-out). exact: share with d = 0, up to rounding; exact_real:
      the same share of the real windows, which is above 0 where windows repeat (a flat line, say).
    - spread: the median distance of a synthetic window to the nearest other one, over the same for equally many real
      windows; well below 1 means that few different windows are made.

    A distance is no proof: a window can be far from all real ones and still give a person away.

    Args:
        real: windows that were learned from, (n, time, channels).
        synthetic: windows to judge.
        holdout: real windows that were not learned from.
        groups: block of each real window, (n,), see `window_groups`; synthetic windows are compared with all of them.
        cap: windows at most for which the nearest one is looked for.
        random_state: seed of the subsamples.

    Raises:
        InvalidDataError: for bad windows or groups.

    Examples:
        >>> x = np.random.default_rng(0).normal(size=(80, 8, 1))
        >>> nearest_windows(x[:40], x[:40]).exact, nearest_windows(x[:40], x[40:]).exact
        (1.0, 0.0)
    """
    given = {"real": real, "synthetic": synthetic} | ({} if holdout is None else {"holdout": holdout})
    sets = check_windows(given)
    x, codes, rng = sets["real"], check_groups(groups, len(real)), np.random.default_rng(random_state)
    whole = np.flatnonzero(codes >= 0)  # others share steps with two blocks
    rows = rng.permutation(whole)[:cap]
    s = sets["synthetic"][rng.permutation(len(synthetic))[: min(cap, len(rows))]]
    base = nearest(x[rows], x[whole], query_codes=codes[rows], reference_codes=codes[whole])[0]
    far, tiny = nearest(s, x)[0], 1e-7 * np.sqrt((x**2).sum((1, 2)).mean())
    inner = nearest(s, s, query_codes=np.arange(len(s)), reference_codes=np.arange(len(s)))[0]
    some = rows[: len(s)]
    outer = nearest(x[some], x[some], query_codes=codes[some], reference_codes=codes[some])[0]
    fresh = np.array([np.nan])
    if holdout is not None:
        fresh = nearest(sets["holdout"][rng.permutation(len(holdout))[:cap]], x)[0]
    return NearestWindows(
        *_against(far, base),
        float((far <= tiny).mean()),
        float((base <= tiny).mean()),
        _ratio(float(np.median(inner)), float(np.median(outer))),
        *_against(far, fresh),
        len(s),
    )


def _against(far: Array, base: Array) -> tuple[float, float]:
    """Return the ratio of medians and the share of copies; NaN where the base has nothing to compare with."""
    base = base[np.isfinite(base)]
    if not len(base):
        return float("nan"), float("nan")
    return _ratio(float(np.median(far)), float(np.median(base))), float((far < np.quantile(base, 0.01)).mean())


def _ratio(a: float, b: float) -> float:
    return a / b if b > 0 and np.isfinite(a) and np.isfinite(b) else float("nan")


def nearest(
    query: Array, reference: Array, *, query_codes: Array | None = None, reference_codes: Array | None = None
) -> tuple[Array, Array]:
    """Return the Euclidean distance to, and the number of, the nearest reference window of each query window.

    d(a, b) = sqrt(sum over steps and channels of (a - b)^2). With codes, reference windows of the query's own group do
    not count; a query for which none is left has distance infinity.

    Args:
        query: windows (m, time, channels).
        reference: windows (n, time, channels).
        query_codes: group numbers (m,).
        reference_codes: group numbers (n,).

    Returns:
        Distances and row numbers, shapes (m,).

    Examples:
        >>> nearest(np.zeros((1, 4, 1)), np.ones((2, 4, 1)))
        (array([2.]), array([0]))
    """
    centre = reference.mean(0)  # less is lost to rounding near the origin
    q, r = ((v - centre).reshape(len(v), -1) for v in (query, reference))
    squares, size = (r**2).sum(1), max(1, _CHUNK // len(r))
    distances, rows = np.empty(len(q)), np.empty(len(q), np.int64)
    for i in range(0, len(q), size):
        part = slice(i, i + size)
        d = squares - 2 * q[part] @ r.T
        if query_codes is not None and reference_codes is not None:
            d[query_codes[part, None] == reference_codes] = np.inf
        rows[part] = d.argmin(1)
        exact = np.sqrt(((q[part] - r[rows[part]]) ** 2).sum(1))
        distances[part] = np.where(np.isfinite(d.min(1)), exact, np.inf)
    return distances, rows
