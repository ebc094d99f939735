"""How good synthetic windows are: marginals, dynamics, copies, strong judges, published scores, worth to a classifier.

Windows are arrays of shape (n, time, channels), all equally long and without missing values; `sequence_array` makes
one of a long frame, and `cut_windows` of one long series. Beside the figures stands what real windows get.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError, did_you_mean, join_problems
from wgan_aug.evaluation.sequence_judges import (
    RandomConvolutions,
    RidgeClassifier,
    StrongJudges,
    check_groups,
    check_windows,
    halves,
    nearest,
    strong_judges,
    to_plain,
)

if TYPE_CHECKING:
    from wgan_aug.evaluation.timegan_scores import RepeatedScore

__all__ = [
    "ClasswiseScores",
    "NearestWindows",
    "PublishedScores",
    "SequenceArray",
    "SequenceErrors",
    "SequenceScores",
    "autocorrelation",
    "classwise_scores",
    "cut_windows",
    "nearest_windows",
    "sequence_array",
    "sequence_errors",
    "sequence_scores",
]

Array = np.ndarray
Budget = Literal["fast", "full"]


@dataclasses.dataclass(frozen=True)
class _Limits:
    """What a budget allows: windows per figure, kernels, and seeds of the labelled scores."""

    errors: int
    nearest: int
    cap: int
    kernels: int
    floor_repeats: int
    seeds: int


_BUDGETS = {"fast": _Limits(5000, 600, 1000, 400, 1, 2), "full": _Limits(20_000, 1500, 2000, 700, 3, 5)}
_FOLDS = 3
_DISCRIMINATIVE_REPEATS = 3  # published: 10
_RESAMPLES = 1000


# ---- from frames and long series


@dataclasses.dataclass(frozen=True)
class SequenceArray:
    """Sequences of a long frame: values (n, time, channels), each one's key, the channels' names, labels if any."""

    values: Array
    keys: list[Any]
    columns: list[Hashable]
    labels: Array | None = None


def sequence_array(
    frame: pd.DataFrame,
    *,
    sequence_key: Hashable,
    sequence_index: Hashable | None = None,
    value_columns: Sequence[Hashable] | None = None,
    label_column: Hashable | None = None,
) -> SequenceArray:
    """Return the sequences of a long frame as one array, in the order in which their keys first come.

    Args:
        frame: one row per sequence and step.
        sequence_key: column that says to which sequence a row belongs.
        sequence_index: column that orders a sequence's rows; None keeps them as they come.
        value_columns: the channels; None is every column that is not key, index or label.
        label_column: column with one value per sequence, returned as `labels`.

    Raises:
        InvalidParameterError: for columns that are not there.
        InvalidDataError: for columns that are not numbers, missing cells, steps that come more than once, labels that
            vary within a sequence, and sequences of different lengths, with counts.

    Examples:
        >>> frame = pd.DataFrame({"id": ["b", "a", "b", "a"], "t": [1, 0, 0, 1], "x": [4.0, 1.0, 3.0, 2.0]})
        >>> made = sequence_array(frame, sequence_key="id", sequence_index="t")
        >>> made.keys, made.values[:, :, 0].tolist()
        (['b', 'a'], [[3.0, 4.0], [1.0, 2.0]])
    """
    roles = [name for name in (sequence_key, sequence_index, label_column) if name is not None]
    columns: list[Hashable] = [c for c in frame if c not in roles] if value_columns is None else list(value_columns)
    _check_frame(frame, roles, columns)
    codes, keys = pd.factorize(frame[sequence_key])
    steps = np.arange(len(frame)) if sequence_index is None else pd.factorize(frame[sequence_index], sort=True)[0]
    doubled = pd.DataFrame({"key": codes, "step": steps}).duplicated()
    if doubled.any():
        raise InvalidDataError(
            f"{int(doubled.sum())} rows repeat a {sequence_index!r} of their sequence (column {sequence_key!r}), the "
            f"first in sequence {keys[codes[int(doubled.to_numpy().argmax())]]!r}; there must be one row per step."
        )
    length = _one_length(codes, keys, sequence_key)
    order = np.lexsort((steps, codes))
    values = np.stack([frame[c].to_numpy(dtype=np.float64)[order] for c in columns], axis=1)
    labels = None if label_column is None else _one_label(frame[label_column], codes, keys, label_column)
    return SequenceArray(values.reshape(len(keys), length, len(columns)), list(keys), columns, labels)


def _check_frame(frame: pd.DataFrame, roles: list[Hashable], columns: list[Hashable]) -> None:
    lacking = [c for c in [*roles, *columns] if c not in frame.columns]
    if lacking:
        told = ", ".join(f"{c!r}.{did_you_mean(c, frame.columns)}" for c in lacking)
        raise InvalidParameterError(f"The frame does not have the column {told}")
    problems: list[str] = []
    if not len(frame) or not columns:
        problems.append(f"The frame has {len(frame)} rows and {len(columns)} value columns; both are needed.")
    doubled = frame.columns[frame.columns.duplicated()].unique().tolist()
    if doubled:
        raise InvalidDataError(f"The frame has columns that come more than once: {', '.join(map(repr, doubled))}.")
    for column in columns:
        dtype = frame[column].dtype
        if not pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_complex_dtype(dtype):
            problems.append(f"Column {column!r} is {dtype}, not numbers; leave it out of value_columns or encode it.")
    for column in [*roles, *columns]:
        missing = int(frame[column].isna().sum())
        if missing:
            problems.append(f"Column {column!r} has {missing} missing cells in {len(frame)} rows; fill or drop them.")
    if problems:
        raise InvalidDataError(join_problems(problems))


def _one_length(codes: Array, keys: Any, sequence_key: Hashable) -> int:
    lengths = np.bincount(codes)
    distinct, counts = np.unique(lengths, return_counts=True)
    if len(distinct) > 1:
        order = np.argsort(-counts, kind="stable")[:5]
        told = "; ".join(
            f"{counts[i]} of {distinct[i]} steps (e.g. {keys[int((lengths == distinct[i]).argmax())]!r})" for i in order
        )
        further = f"; and {len(distinct) - 5} further lengths" if len(distinct) > 5 else ""
        raise InvalidDataError(
            f"The sequences by {sequence_key!r} have {len(distinct)} lengths: {told}{further}. They must be equally "
            "long: cut, fill or window them first."
        )
    return int(distinct[0])


def _one_label(labels: pd.Series, codes: Array, keys: Any, name: Hashable) -> Array:
    first = labels[~pd.Series(codes).duplicated().to_numpy()].to_numpy()
    varying = np.unique(codes[labels.to_numpy() != first[codes]])
    if len(varying):
        raise InvalidDataError(
            f"Column {name!r} has more than one value in {len(varying)} of {len(keys)} sequences, the first "
            f"{keys[varying[0]]!r}; a label is one value per sequence."
        )
    return first


def cut_windows(series: Any, length: int, *, stride: int = 1) -> tuple[Array, Array]:
    """Return all windows of one long series, and the row of each window's first step.

    Args:
        series: rows in order of time, shape (rows, channels).
        length: steps in a window.
        stride: steps from one window to the next.

    Returns:
        Windows (n, length, channels) and starts (n,), as `window_groups` takes them.

    Raises:
        InvalidDataError: for other shapes, or fewer rows than a window has.
        InvalidParameterError: for a length or stride below 1.

    Examples:
        >>> windows, starts = cut_windows([[1.0], [2.0], [3.0], [4.0]], 3)
        >>> windows[:, :, 0].tolist(), starts.tolist()
        ([[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]], [0, 1])
    """
    rows = np.asarray(series)
    if length < 1 or stride < 1:
        raise InvalidParameterError(f"length is {length} and stride is {stride}; both must be at least 1.")
    if rows.ndim != 2 or len(rows) < length:
        raise InvalidDataError(
            f"The series has shape {rows.shape}; windows of {length} steps need (rows, channels) with {length} rows."
        )
    starts = np.arange(0, len(rows) - length + 1, stride)
    return rows[starts[:, None] + np.arange(length)], starts


# ---- marginals and dynamics


@dataclasses.dataclass(frozen=True)
class SequenceErrors:
    """Errors of synthetic windows' marginals and dynamics, 0 is best; see `sequence_errors` for the formulas.

    `by_channel` has one row per channel: channel, ks, ks_diff, autocorrelation, autocorrelation_within,
    cross_correlation, cross_correlation_diff, spectrum. Cross-correlations are NaN where there is one channel.
    """

    ks: float
    ks_worst: float
    ks_diff: float
    autocorrelation: float
    autocorrelation_within: float
    cross_correlation: float
    cross_correlation_diff: float
    spectrum: float
    by_channel: pd.DataFrame = dataclasses.field(compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return plain Python values, NaN as None."""
        return to_plain(self)


def sequence_errors(real: Array, synthetic: Array, *, channels: Sequence[Hashable] | None = None) -> SequenceErrors:
    """Return how far marginals and dynamics of synthetic windows are from those of real ones.

    With x of shape (n, T, C), every figure the mean over channels (or pairs of them) of:

    - ks: sup_v |F_real(v) - F_synthetic(v)| over all values of a channel (ks_worst: the largest); ks_diff: the same
      for the first differences x_{t+1} - x_t.
    - autocorrelation: mean over lags l = 1 .. T/2 of |a_real(l) - a_synthetic(l)|, see `autocorrelation`;
      autocorrelation_within: after subtracting each window's own mean.
    - cross_correlation: |r_real(i, j) - r_synthetic(i, j)| over pairs i < j, r Pearson's correlation over all windows
      and steps (0 with a constant channel); cross_correlation_diff: the same for the first differences.
    - spectrum: mean over frequencies k = 1 .. T/2 of |log10 P_real(k) - log10 P_synthetic(k)|, P(k) = 1e-8 + mean over
      windows of |sum_t u_t exp(-2 pi i k t / T)|^2 / T, u the window less its mean, over the real channel's spread.

    These see one channel or one pair at a time, and only averages over windows: all can be 0 for windows that the
    strong judges always tell apart.

    Args:
        real: windows (n, time, channels).
        synthetic: windows of the same length and channels.
        channels: names for `by_channel`; None numbers them.

    Raises:
        InvalidDataError: for bad windows.
        InvalidParameterError: for another number of names than channels.

    Examples:
        >>> x = np.random.default_rng(0).normal(size=(50, 8, 2))
        >>> sequence_errors(x, x[:, ::-1]).ks
        0.0
        >>> sequence_errors(x, x + 1).ks > 0.3
        True
    """
    sets = check_windows({"real": real, "synthetic": synthetic})
    r, s = sets["real"], sets["synthetic"]
    names = list(range(r.shape[2])) if channels is None else list(channels)
    if len(names) != r.shape[2]:
        raise InvalidParameterError(f"channels has {len(names)} names; the windows have {r.shape[2]} channels.")
    spread = r.std((0, 1))
    spread = np.where(spread > 1e-9 * np.abs(r).max((0, 1)), spread, 1.0)
    dr, ds = np.diff(r, axis=1), np.diff(s, axis=1)
    figures = {
        "ks": _ks(r, s),
        "ks_diff": _ks(dr, ds),
        "autocorrelation": np.abs(autocorrelation(r) - autocorrelation(s)).mean(0),
        "autocorrelation_within": np.abs(autocorrelation(r, within=True) - autocorrelation(s, within=True)).mean(0),
        "cross_correlation": _pair_error(r, s),
        "cross_correlation_diff": _pair_error(dr, ds),
        "spectrum": np.abs(_log_power(r, spread) - _log_power(s, spread)).mean(0),
    }
    means = {name: float(values.mean()) for name, values in figures.items()}
    return SequenceErrors(
        **means, ks_worst=float(figures["ks"].max()), by_channel=pd.DataFrame({"channel": names, **figures})
    )


def autocorrelation(x: Array, *, within: bool = False) -> Array:
    """Return the autocorrelation of windows by lag and channel.

    a(l) = mean over windows and t of u_t u_{t+l} / mean over windows and t of u_t^2, where u = x - mean over windows
    and steps, or, within windows, x - mean over the window's steps; 0 for a constant channel.

    Args:
        x: windows (n, time, channels).
        within: take each window's own mean off.

    Returns:
        Shape (time // 2, channels), lags 1, 2, 3 and so on.

    Examples:
        >>> autocorrelation(np.array([[[1.0], [-1.0], [1.0], [-1.0]]]))[:, 0].tolist()
        [-1.0, 1.0]
    """
    u = x - (x.mean(1, keepdims=True) if within else x.mean((0, 1)))
    variance = (u**2).mean((0, 1))
    moving = variance > 1e-18 * (x**2).mean((0, 1))
    sums = np.stack([(u[:, lag:] * u[:, :-lag]).mean((0, 1)) for lag in range(1, x.shape[1] // 2 + 1)])
    return np.where(moving, sums / np.where(moving, variance, 1.0), 0.0)


def _ks(a: Array, b: Array) -> Array:
    out: list[float] = []
    for c in range(a.shape[2]):
        p, q = np.sort(a[:, :, c], axis=None), np.sort(b[:, :, c], axis=None)
        at = np.concatenate([p, q])
        gaps = np.searchsorted(p, at, side="right") / len(p) - np.searchsorted(q, at, side="right") / len(q)
        out.append(float(np.abs(gaps).max()))
    return np.array(out)


def _correlation(x: Array) -> Array:
    flat = x.reshape(-1, x.shape[2])
    u = flat - flat.mean(0)
    spread = np.sqrt((u**2).mean(0))
    moving = spread > 1e-9 * np.sqrt((flat**2).mean(0))
    u = np.where(moving, u / np.where(moving, spread, 1.0), 0.0)
    return u.T @ u / len(u)


def _pair_error(a: Array, b: Array) -> Array:
    """Return each channel's mean error over the pairs it is in; their mean is the mean over all pairs."""
    channels = a.shape[2]
    if channels == 1:
        return np.array([np.nan])
    gaps = np.abs(_correlation(a) - _correlation(b))
    np.fill_diagonal(gaps, 0.0)
    return gaps.sum(0) / (channels - 1)


def _log_power(x: Array, spread: Array) -> Array:
    u = (x - x.mean(1, keepdims=True)) / spread
    return np.log10((np.abs(np.fft.rfft(u, axis=1)[:, 1:]) ** 2).mean(0) / x.shape[1] + 1e-8)


# ---- copies


@dataclasses.dataclass(frozen=True)
class NearestWindows:
    """How near synthetic windows are to real ones; see `nearest_windows`. NaN where it cannot be computed."""

    ratio: float
    copies: float
    exact: float
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
      copies_holdout: the same by the quantile of d(hold-out). exact: share with d = 0, up to rounding.
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


# ---- worth to a classifier


@dataclasses.dataclass(frozen=True)
class ClasswiseScores:
    """What labelled synthetic windows are worth to a classifier; see `classwise_scores`.

    `by_class` has one row per class: label, n_real, n_synthetic, n_holdout, recall_trtr, recall_tstr, recall_both.
    """

    trtr: float
    tstr: float
    both: float
    ratio: float
    gain: float
    ratio_interval: tuple[float, float]
    gain_interval: tuple[float, float]
    class_tv: float
    by_class: pd.DataFrame = dataclasses.field(compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return plain Python values, NaN as None."""
        return to_plain(self)


def classwise_scores(
    real: Array,
    synthetic: Array,
    holdout: Array,
    labels: Sequence[Any],
    *,
    seeds: int = 5,
    kernels: int = 1000,
    random_state: int = 0,
) -> ClasswiseScores:
    """Return how well a classifier does on held-out windows when it learns from real, synthetic, or both.

    trtr, tstr and both are accuracies on the hold-out of a `RidgeClassifier` on `RandomConvolutions` (scaled by the
    real windows), means over seeds of the kernels; ratio = tstr / trtr; gain = both - trtr; class_tv = half the sum
    over classes of |share in real - share in synthetic|. Intervals hold 95 % of resamples of the hold-out windows
    (percentile bootstrap, both models on the same resample); they tell nothing of another draw of training windows.

    Args:
        real: windows to learn from, (n, time, channels).
        synthetic: synthetic windows.
        holdout: windows to test on.
        labels: labels of the three sets, each of shape (n,).
        seeds: sets of kernels.
        kernels: random convolutions.
        random_state: seed of the first set.

    Raises:
        InvalidDataError: for bad windows or labels, labels of the synthetic windows that no real one has, or one class.
        InvalidParameterError: for fewer than one seed.

    References:
        Esteban, Hyland, Rätsch (2017), Real-valued time series generation with recurrent conditional GANs (TSTR),
        arXiv 1706.02633.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> y = np.repeat([0, 1], 20)
        >>> draw = lambda: rng.normal(size=(40, 8, 1)) + 3 * y[:, None, None]
        >>> scores = classwise_scores(draw(), draw(), draw(), (y, y, y), seeds=1, kernels=100)
        >>> scores.trtr > 0.9, scores.ratio > 0.9
        (True, True)
    """
    sets = check_windows({"real": real, "synthetic": synthetic, "holdout": holdout})
    if seeds < 1:
        raise InvalidParameterError(f"seeds is {seeds}; at least 1 is needed.")
    (yr, ys, yt), classes = _read_labels(labels, {name: len(x) for name, x in sets.items()})
    hits = np.zeros((3, len(yt)))
    for seed in range(random_state, random_state + seeds):
        convolutions = RandomConvolutions(sets["real"], kernels=kernels, random_state=seed)
        r, s, t = (convolutions.transform(x) for x in sets.values())
        for row, (x, y) in enumerate([(r, yr), (s, ys), (np.concatenate([r, s]), np.concatenate([yr, ys]))]):
            hits[row] += (RidgeClassifier(x, y).predict(t) == yt) / seeds
    trtr, tstr, both = (float(v) for v in hits.mean(1))
    ratios, gains = _resample(hits, np.random.default_rng(random_state))
    counts = [np.bincount(y, minlength=len(classes)) for y in (yr, ys, yt)]
    shares = [count / count.sum() for count in counts]
    table: dict[str, Any] = {"label": classes, **dict(zip(("n_real", "n_synthetic", "n_holdout"), counts, strict=True))}
    for name, row in zip(("recall_trtr", "recall_tstr", "recall_both"), hits, strict=True):
        table[name] = np.bincount(yt, row, len(classes)) / np.where(counts[2] > 0, counts[2], np.nan)
    tv = 0.5 * float(np.abs(shares[0] - shares[1]).sum())
    return ClasswiseScores(
        trtr, tstr, both, _ratio(tstr, trtr), both - trtr, ratios, gains, tv, by_class=pd.DataFrame(table)
    )


def _resample(hits: Array, rng: np.random.Generator) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return 95 % intervals of tstr / trtr and of both - trtr."""
    n = hits.shape[1]
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=_RESAMPLES) @ hits.T / n
    ratios = drawn[:, 1] / np.where(drawn[:, 0] > 0, drawn[:, 0], np.nan)
    low, high = np.nanquantile(ratios, [0.025, 0.975]) if np.isfinite(ratios).any() else (np.nan, np.nan)
    least, most = np.quantile(drawn[:, 2] - drawn[:, 0], [0.025, 0.975])
    return (float(low), float(high)), (float(least), float(most))


def _read_labels(labels: Sequence[Any], sizes: dict[str, int]) -> tuple[list[Array], pd.Index]:
    """Return class numbers of each set, and the classes; those that only the hold-out has come last."""
    if len(labels) != len(sizes):
        raise InvalidDataError(f"labels has {len(labels)} entries; one is needed for each of {', '.join(sizes)}.")
    series = {
        name: pd.Series(np.asarray(y)) if np.ndim(y) == 1 else None for name, y in zip(sizes, labels, strict=True)
    }
    problems: list[str] = []
    for (name, y), given in zip(series.items(), labels, strict=True):
        if y is None or len(y) != sizes[name]:
            problems.append(f"The labels of {name} have shape {np.shape(given)}; it has {sizes[name]} windows.")
        elif y.isna().any():
            problems.append(f"The labels of {name} have {int(y.isna().sum())} missing values.")
    if problems:
        raise InvalidDataError(join_problems(problems))
    real, *others = (y for y in series.values() if y is not None)
    classes = pd.Index(real.unique()).sort_values()
    strange = sorted(map(repr, set(others[0].unique()) - set(classes)))
    if strange:
        raise InvalidDataError(f"Labels of synthetic that no real window has: {', '.join(strange)}.")
    if len(classes) < 2:
        raise InvalidDataError(f"All real windows have the label {classes[0]!r}; a classifier needs two classes.")
    for y in others[1:]:
        classes = classes.append(pd.Index(y.unique()).difference(classes, sort=False))
    return [classes.get_indexer(pd.Index(y)) for y in (real, *others)], classes


# ---- all of it


@dataclasses.dataclass(frozen=True)
class PublishedScores:
    """TimeGAN's scores; see `wgan_aug.evaluation.timegan_scores`. `predictive_real` is the network trained on real."""

    discriminative: RepeatedScore
    predictive: RepeatedScore
    predictive_real: RepeatedScore


@dataclasses.dataclass(frozen=True)
class SequenceScores:
    """All figures of a set of synthetic windows.

    Args:
        errors: marginals and dynamics, all windows against all.
        errors_floor: the same for one random half of the real blocks against the other; None with a single block. In a
            drifting series blocks differ by themselves, so that errors can lie below it; it is no target.
        nearest: copies and distances.
        judges: AUCs of strong judges with their floors; None where there are too few blocks.
        published: TimeGAN's scores, in the full budget.
        labelled: worth to a classifier, where labels were given.
        shape: real windows, steps and channels.
        n_synthetic: synthetic windows given.
        n_holdout: hold-out windows given.
        budget: the budget.
        random_state: the seed.
        notes: what was left out or subsampled, in words.
    """

    errors: SequenceErrors
    errors_floor: SequenceErrors | None
    nearest: NearestWindows
    judges: StrongJudges | None
    published: PublishedScores | None
    labelled: ClasswiseScores | None
    shape: tuple[int, int, int]
    n_synthetic: int
    n_holdout: int
    budget: Budget
    random_state: int
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain Python values, NaN as None."""
        return to_plain(self)


def sequence_scores(
    real: Array,
    synthetic: Array,
    *,
    holdout: Array | None = None,
    labels: Sequence[Any] | None = None,
    groups: Any = None,
    budget: Budget = "fast",
    random_state: int = 0,
    channels: Sequence[Hashable] | None = None,
) -> SequenceScores:
    """Return all figures of synthetic windows: `sequence_errors`, `nearest_windows`, `strong_judges`, and further ones.

    The formulas are in those functions, in `classwise_scores` and in `timegan_scores`. Decide by the strong judges
    against their floor, and by copies beside them: windows copied from the real ones pass every other figure here.
    Without groups the hold-out counts as real for the judges, as its windows are independent of the others.

    Args:
        real: windows that were learned from, (n, time, channels).
        synthetic: windows to judge, with the same length and channels.
        holdout: real windows that were not learned from.
        labels: labels of real, synthetic and hold-out, each of shape (n,). Without a hold-out, the labels of real and
            synthetic; a quarter of the real blocks is then held out from the classifiers, though the synthesizer has
            seen it, and a note says so.
        groups: block of each real window, (n,); needed for windows that overlap, see `window_groups`.
        budget: "fast" takes at most 5 000 windows for the errors, 600 for the distances, and 1 000 a side and 400
            kernels for the judges; "full" 20 000, 1 500, 2 000 and 700, a floor from 3 halvings, and TimeGAN's scores.
        random_state: seed of everything.
        channels: names for the figures by channel.

    Returns:
        The figures; the same for the same seed.

    Raises:
        InvalidDataError: for bad windows, groups or labels.
        InvalidParameterError: for an unknown budget.

    Warns:
        DataWarning: where real windows follow each other with shared steps and no groups are given.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> scores = sequence_scores(rng.normal(size=(60, 8, 1)), rng.normal(size=(60, 8, 1)) + 2)
        >>> scores.errors.ks > 0.6, scores.judges.strong > 0.8
        (True, True)
    """
    if budget not in _BUDGETS:
        close = did_you_mean(budget, _BUDGETS)
        raise InvalidParameterError(f"budget is {budget!r}; allowed are 'fast' and 'full'.{close}")
    sets = check_windows({"real": real, "synthetic": synthetic} | ({} if holdout is None else {"holdout": holdout}))
    x, s, h = sets["real"], sets["synthetic"], sets.get("holdout")
    codes, limits, notes = check_groups(groups, len(x)), _BUDGETS[budget], list[str]()
    if groups is None:
        _warn_of_overlap(x)
    labelled = None if labels is None else _labelled(x, s, h, labels, codes, limits, random_state, notes)
    rng = np.random.default_rng(random_state)
    return SequenceScores(
        errors=sequence_errors(_some(x, limits.errors, rng), _some(s, limits.errors, rng), channels=channels),
        errors_floor=_errors_floor(x, codes, limits, channels, rng),
        nearest=nearest_windows(x, s, holdout=h, groups=groups, cap=limits.nearest, random_state=random_state),
        judges=_judges(x, s, h, groups, limits, random_state, notes),
        published=_published(x, s, random_state, notes) if budget == "full" else None,
        labelled=labelled,
        shape=(x.shape[0], x.shape[1], x.shape[2]),
        n_synthetic=len(s),
        n_holdout=0 if h is None else len(h),
        budget=budget,
        random_state=random_state,
        notes=tuple(notes),
    )


def _some(x: Array, cap: int, rng: np.random.Generator) -> Array:
    return x if len(x) <= cap else x[rng.permutation(len(x))[:cap]]


def _warn_of_overlap(x: Array) -> None:
    """Warn where each window repeats the end of the one before: then windows of one block would judge each other."""
    head, after = x[:200], x[1:201]
    head = head[: len(after)]
    if np.ptp(x, axis=(0, 1)).max() == 0:
        return
    for step in range(1, x.shape[1] - 1 if len(after) > 1 else 1):
        begin = (head[:, step] == after[:, 0]).all(1).mean()
        if begin > 0.5 and (head[:, step:] == after[:, :-step]).all((1, 2)).mean() > 0.5:
            warnings.warn(
                f"Real windows overlap: most repeat all but {step} of the steps of the one before. Without groups the "
                "judges learn from and are tested on the same rows; pass groups=window_groups(starts, length).",
                DataWarning,
                stacklevel=3,
            )
            return


def _errors_floor(
    x: Array, codes: Array, limits: _Limits, channels: Sequence[Hashable] | None, rng: np.random.Generator
) -> SequenceErrors | None:
    x, codes = x[codes >= 0], codes[codes >= 0]
    one = halves(codes, rng)
    if not one.any():
        return None
    return sequence_errors(_some(x[one], limits.errors, rng), _some(x[~one], limits.errors, rng), channels=channels)


def _judges(
    x: Array, s: Array, h: Array | None, groups: Any, limits: _Limits, random_state: int, notes: list[str]
) -> StrongJudges | None:
    if groups is None and h is not None:
        x = np.concatenate([x, h])
    codes = check_groups(groups, len(x))
    blocks = len(np.unique(codes[codes >= 0]))
    if min(blocks, len(s)) < _FOLDS:
        notes.append(f"No judges: {blocks} real blocks and {len(s)} synthetic windows, {_FOLDS} of each are needed.")
        return None
    if blocks < 2 * _FOLDS:
        notes.append(f"No floor for the judges: {blocks} real blocks, {2 * _FOLDS} are needed.")
    return strong_judges(
        x,
        s,
        groups=groups,
        folds=_FOLDS,
        cap=limits.cap,
        kernels=limits.kernels,
        floor_repeats=limits.floor_repeats,
        random_state=random_state,
    )


def _labelled(
    x: Array,
    s: Array,
    h: Array | None,
    labels: Sequence[Any],
    codes: Array,
    limits: _Limits,
    random_state: int,
    notes: list[str],
) -> ClasswiseScores:
    if h is None:
        names = {"real": len(x), "synthetic": len(s)}
        labels = [y for y in labels if y is not None]
        (yr, ys), classes = _read_labels(labels, names)
        rng = np.random.default_rng(random_state)
        blocks = rng.permutation(np.unique(codes[codes >= 0]))
        test = np.isin(codes, blocks[: max(1, len(blocks) // 4)])
        learn = ~test & (codes >= 0)
        notes.append(
            f"No hold-out: {int(test.sum())} of {len(x)} real windows were held out from the classifiers, but not from "
            "the synthesizer, so the labelled scores flatter it."
        )
        x, h, labels = x[learn], x[test], [np.asarray(classes)[y] for y in (yr[learn], ys, yr[test])]
    return classwise_scores(x, s, h, labels, seeds=limits.seeds, random_state=random_state)


def _published(x: Array, s: Array, random_state: int, notes: list[str]) -> PublishedScores:
    from wgan_aug.evaluation.timegan_scores import discriminative_score, predictive_score  # only these need torch

    notes.append(f"The discriminative score is a mean of {_DISCRIMINATIVE_REPEATS} repeats; published ones are of 10.")
    return PublishedScores(
        discriminative_score(x, s, repeats=_DISCRIMINATIVE_REPEATS, random_state=random_state),
        predictive_score(x, s, random_state=random_state),
        predictive_score(x, x, random_state=random_state),
    )
