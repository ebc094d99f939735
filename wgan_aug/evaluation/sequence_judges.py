"""Strong judges of synthetic windows: random convolutions with a ridge, and boosted trees on summary features.

A classifier learns to tell real windows from synthetic ones and is tested on windows of other blocks; its AUC is
0.5 where it finds no difference and 1 where it always does. Beside it stands the same figure for real windows against
other real windows, since a finite set rarely gives exactly 0.5. A low AUC means that these judges found nothing:
it is no proof that there is nothing to find.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from wgan_aug.errors import InvalidDataError, InvalidParameterError, join_problems

__all__ = [
    "RandomConvolutions",
    "RidgeClassifier",
    "StrongJudges",
    "check_groups",
    "check_windows",
    "halves",
    "nearest",
    "strong_judges",
    "summary_features",
    "to_plain",
    "window_groups",
]

Array = np.ndarray

MIN_STEPS = 4
_BLUR = 0.002  # noise on both sides before the trees, as a share of a channel's spread
_LAMBDAS = np.logspace(-2, 5, 15)
_CHUNK = 4_000_000  # numbers in one convolution's input matrix, and in one block of distances


# ---- what windows are


def check_windows(arrays: Mapping[str, Any]) -> dict[str, Array]:
    """Check sets of windows against each other and return them as float64.

    Args:
        arrays: sets by the name to call them in errors, each of shape (n, time, channels); the first one gives the
            length and the number of channels that the others must have.

    Returns:
        The same sets as float64 arrays.

    Raises:
        InvalidDataError: for other shapes, fewer than 4 steps, no windows or channels, values that are not numbers,
            and missing or infinite values, with shapes and counts, all in one error.

    Examples:
        >>> check_windows({"real": np.zeros((3, 8, 2))})["real"].shape
        (3, 8, 2)
        >>> check_windows({"real": np.zeros((3, 8))})
        Traceback (most recent call last):
        wgan_aug.errors.InvalidDataError: real has shape (3, 8); windows have three axes (n, time, channels). One
        channel is written values[:, :, None].
    """
    out: dict[str, Array] = {}
    problems: list[str] = []
    for name, values in arrays.items():
        array, problem = _read_windows(name, values)
        if problem:
            problems.append(problem)
        elif out and array.shape[1:] != next(iter(out.values())).shape[1:]:
            first = next(iter(out))
            problems.append(
                f"{name} has shape {array.shape} and {first} {out[first].shape}; the number of steps and of channels "
                "(the last two) must be the same."
            )
        else:
            out[name] = array
    if problems:
        raise InvalidDataError(join_problems(problems))
    return out


def _read_windows(name: str, values: Any) -> tuple[Array, str]:
    """Return the array and what is wrong with it, or an empty text."""
    nothing = np.empty((0, 0, 0))
    try:
        array = np.asarray(values)
    except ValueError:
        lengths = pd.Series([np.shape(v)[0] if np.ndim(v) else 1 for v in _ragged_items(values)]).value_counts()
        told = ", ".join(f"{length} ({count} windows)" for length, count in lengths.items())
        return nothing, f"{name} has windows of different shapes, lengths {told}; they must be equally long."
    if array.dtype.kind not in "fiub":
        return nothing, f"{name} has dtype {array.dtype}; windows are numbers (float)."
    if array.ndim != 3:
        text = f"{name} has shape {array.shape}; windows have three axes (n, time, channels)."
        return nothing, text + (" One channel is written values[:, :, None]." if array.ndim == 2 else "")
    if array.shape[0] == 0 or array.shape[2] == 0 or array.shape[1] < MIN_STEPS:
        needed = f"at least one window of {MIN_STEPS} steps and one channel are needed"
        return nothing, f"{name} has shape {array.shape} (n, time, channels); {needed}."
    array = array.astype(np.float64)
    finite = np.isfinite(array)
    if not finite.all():
        where = np.flatnonzero(~finite.all(axis=(0, 1))).tolist()
        return nothing, (
            f"{name} has {int(np.isnan(array).sum())} missing and {int(np.isinf(array).sum())} infinite values in "
            f"{int((~finite.all(axis=(1, 2))).sum())} of {len(array)} windows (channels {where}); fill or drop them."
        )
    return array, ""


def _ragged_items(values: Any) -> list[Any]:
    return [np.asarray(v, dtype=object) for v in values]


def window_groups(starts: Any, length: int, *, span: int = 3) -> Array:
    """Return the block of each window of one long series, -1 for windows that lie in two blocks.

    Block b holds the rows b * span * length up to (b + 1) * span * length. Windows of different blocks share no row,
    so a judge that learns from some blocks and is tested on others has seen no row that it is tested on.

    Args:
        starts: row of each window's first step, shape (n,).
        length: steps in a window.
        span: a block's length in windows.

    Returns:
        Whole numbers, shape (n,), to be passed as `groups=`; judges leave out windows with -1.

    Raises:
        InvalidDataError: for starts that are not one-dimensional whole numbers from 0 on.
        InvalidParameterError: for a length or span below 1.

    Examples:
        >>> window_groups([0, 4, 5, 6, 10, 11], 2)
        array([ 0,  0, -1,  1,  1, -1])
    """
    array = np.asarray(starts)
    if array.ndim != 1 or array.dtype.kind not in "iu" or (array < 0).any():
        raise InvalidDataError(
            f"starts has shape {array.shape} and dtype {array.dtype}; row numbers are needed: (n,) whole numbers >= 0."
        )
    if length < 1 or span < 1:
        raise InvalidParameterError(f"length is {length} and span is {span}; both must be at least 1.")
    inside = array % (span * length) <= (span - 1) * length
    return np.where(inside, array // (span * length), -1)


def check_groups(groups: Any, n: int, name: str = "real") -> Array:
    """Return group numbers from 0 on, shape (n,); negative numbers come out as -1, no groups as 0, 1, 2 and so on.

    Raises:
        InvalidDataError: for groups that are not one per window, or of which all are negative.

    Examples:
        >>> check_groups(["b", "a", "b"], 3)
        array([1, 0, 1])
        >>> check_groups([7, -1, 7], 3)
        array([ 0, -1,  0])
    """
    if groups is None:
        return np.arange(n)
    array = np.asarray(groups)
    if array.shape != (n,):
        raise InvalidDataError(f"groups has shape {array.shape}; one group per window of {name} is needed: ({n},).")
    kept = array >= 0 if array.dtype.kind in "if" else np.ones(n, bool)
    if not kept.any():
        raise InvalidDataError(f"All {n} groups are negative, which means left out: give windows of whole blocks.")
    codes = np.full(n, -1)
    codes[kept] = np.unique(array[kept], return_inverse=True)[1]
    return codes


# ---- features


@dataclasses.dataclass(frozen=True)
class _Bank:
    """Kernels that share length, dilation and padding: weights of shape (length * channels, kernels)."""

    length: int
    dilation: int
    padding: int
    weights: Array
    bias: Array


class RandomConvolutions:
    """Features of windows by random dilated convolutions, after ROCKET and MiniRocket.

    For a kernel w of k steps over a random subset of channels, dilation d and bias b, with z the window standardised
    per channel by the reference, out_t = b + sum_j w_j . z_{t + j d}, and the two features are the share of positive
    out_t and the largest out_t. Lengths are 3, 5, 7, 9 for windows of fewer than 40 steps and 7, 9, 11 else; weights
    are normal, three in four kernels centred per channel; log2 d is uniform up to the window's length; half the
    kernels see zeros beyond the ends; -b is a random quantile of the outputs on the reference, as in MiniRocket.

    Args:
        reference: windows that give scale and biases, shape (n, time, channels).
        kernels: number of kernels; there are twice as many features.
        random_state: seed of the kernels.

    References:
        Dempster, Petitjean, Webb (2020), ROCKET, arXiv 1910.13051, and Dempster, Schmidt, Webb (2021), MiniRocket,
        arXiv 2012.08791. Channels are drawn as in the multivariate form of ROCKET.

    Examples:
        >>> x = np.random.default_rng(0).normal(size=(5, 16, 2))
        >>> RandomConvolutions(x, kernels=10).transform(x).shape
        (5, 20)
    """

    def __init__(self, reference: Array, *, kernels: int = 1000, random_state: int = 0) -> None:
        if kernels < 1:
            raise InvalidParameterError(f"kernels is {kernels}; at least 1 is needed.")
        rng = np.random.default_rng(random_state)
        _, steps, channels = reference.shape
        self.centre, spread = reference.mean((0, 1)), reference.std((0, 1))
        self.scale = np.where(spread > 1e-12 * (1 + np.abs(self.centre)), spread, 1.0)
        sample = self._standardise(reference[rng.permutation(len(reference))[:200]])
        drawn: dict[tuple[int, int, int], list[Array]] = {}
        for _ in range(kernels):
            length = min(int(rng.choice([3, 5, 7, 9] if steps < 40 else [7, 9, 11])), steps)
            dilation = int(2 ** rng.uniform(0, math.log2((steps - 1) / (length - 1))))
            padding = (length - 1) * dilation // 2 if rng.random() < 0.5 else 0
            drawn.setdefault((length, dilation, padding), []).append(_draw_kernel(length, channels, rng))
        self.banks = [_with_bias(shape, np.stack(weights, 1), sample, rng) for shape, weights in drawn.items()]

    def _standardise(self, x: Array) -> Array:
        return ((x - self.centre) / self.scale).astype(np.float32)

    def transform(self, x: Array) -> Array:
        """Return the features of windows (n, time, channels): shape (n, 2 * kernels), shares first."""
        z = self._standardise(x)
        shares, maxima = [], []
        for bank in self.banks:
            size = max(1, _CHUNK // (z.shape[1] * max(len(bank.weights), len(bank.bias))))
            outputs = (_convolve(z[i : i + size], bank) for i in range(0, len(z), size))
            parts = [((out > 0).mean(1), out.max(1)) for out in outputs]
            shares.append(np.concatenate([part[0] for part in parts]))
            maxima.append(np.concatenate([part[1] for part in parts]))
        return np.concatenate(shares + maxima, axis=1).astype(np.float64)


def _draw_kernel(length: int, channels: int, rng: np.random.Generator) -> Array:
    """Return weights (length * channels,), zero for the channels that the kernel does not see."""
    seen = min(int(2 ** rng.uniform(0, math.log2(min(channels, 9) + 1))), channels)
    weights = rng.standard_normal((length, seen))
    if rng.random() < 0.75:
        weights -= weights.mean(0)
    kernel = np.zeros((length, channels), np.float32)
    kernel[:, rng.permutation(channels)[:seen]] = weights
    return kernel.ravel()


def _with_bias(shape: tuple[int, int, int], weights: Array, sample: Array, rng: np.random.Generator) -> _Bank:
    bank = _Bank(*shape, weights, np.zeros(weights.shape[1], np.float32))
    out = _convolve(sample, bank).reshape(-1, weights.shape[1])[:4000]
    ranks = rng.random(weights.shape[1])
    bias = [-np.quantile(column, rank) for column, rank in zip(out.T, ranks, strict=True)]
    return dataclasses.replace(bank, bias=np.array(bias, np.float32))


def _convolve(z: Array, bank: _Bank) -> Array:
    """Return the outputs of a bank's kernels: (n, steps out, kernels)."""
    padded = np.pad(z, ((0, 0), (bank.padding, bank.padding), (0, 0)))
    steps = padded.shape[1] - (bank.length - 1) * bank.dilation
    taken = np.arange(steps)[:, None] + bank.dilation * np.arange(bank.length)
    return padded[:, taken].reshape(len(z), steps, -1) @ bank.weights + bank.bias


def summary_features(x: Array, *, max_pairs: int = 30) -> Array:
    """Return figures that people would look at, per window and channel, and per pair of channels.

    Level and spread (mean, standard deviation, least, largest, median, first, last value); roughness (standard
    deviation, largest and smallest size of the steps, mean size of the second differences, share of steps below 1 % of
    the channel's spread); autocorrelation at lags 1, 2, 3, T/4, T/2 after removing the window's mean; mean log10 power
    in up to 5 bands of frequency; per pair of channels the gap's mean, spread, least and largest value, and the
    correlation.

    Args:
        x: windows (n, time, channels).
        max_pairs: pairs of channels at most, drawn with a fixed seed where there are more.

    Returns:
        Shape (n, features).

    Examples:
        >>> summary_features(np.random.default_rng(0).normal(size=(4, 12, 2))).shape
        (4, 49)
    """
    _, steps, channels = x.shape
    d, u = np.diff(x, axis=1), x - x.mean(1, keepdims=True)
    size, v = np.abs(d), (u**2).mean(1) + 1e-9
    out = [x.mean(1), x.std(1), x.min(1), x.max(1), np.median(x, 1), x[:, 0], x[:, -1]]
    out += [d.std(1), size.max(1), size.min(1), np.abs(np.diff(d, axis=1)).mean(1)]
    out.append((size < 0.01 * x.std((0, 1))).mean(1))
    lags = (1, 2, 3, max(1, steps // 4), max(1, steps // 2))
    out += [(u[:, lag:] * u[:, :-lag]).mean(1) / v for lag in lags]
    power = np.log10(np.abs(np.fft.rfft(u, axis=1)[:, 1:]) ** 2 + 1e-10)
    out += [band.mean(1) for band in np.array_split(power, min(5, power.shape[1]), axis=1)]
    i, j = np.tril_indices(channels, -1)
    if len(i) > max_pairs:
        chosen = np.random.default_rng(0).permutation(len(i))[:max_pairs]
        i, j = i[chosen], j[chosen]
    gap = x[:, :, i] - x[:, :, j]
    if len(i):
        out += [gap.mean(1), gap.std(1), gap.min(1), gap.max(1)]
        out.append((u[:, :, i] * u[:, :, j]).mean(1) / np.sqrt(v[:, i] * v[:, j]))
    return np.concatenate(out, axis=1)


# ---- a ridge classifier


class RidgeClassifier:
    """Least squares on class codes -1 and 1 with a ridge, its strength chosen by generalised cross-validation.

    W = (Z'Z + lambda I)^-1 Z'Y, where Z are the standardised features and Y the centred codes, one column per class;
    lambda is the one of 15 values from 0.01 to 100 000 with the least mean((Y - ZW)^2) / (1 - (df + 1) / n)^2, where
    df = sum_i e_i / (e_i + lambda) over the eigenvalues e of Z'Z.

    Args:
        x: features (n, p).
        y: labels (n,), of any type that numpy sorts; with a single class every prediction is that class.

    References:
        Golub, Heath, Wahba (1979), Generalized cross-validation as a method for choosing a good ridge parameter.

    Examples:
        >>> x = np.array([[-2.0], [-1.0], [1.0], [2.0]])
        >>> RidgeClassifier(x, np.array(["down", "down", "up", "up"])).predict(x).tolist()
        ['down', 'down', 'up', 'up']
    """

    def __init__(self, x: Array, y: Array) -> None:
        self.classes = np.unique(y)
        self.mean, self.scale = x.mean(0), x.std(0)
        self.scale = np.where(self.scale > 1e-9, self.scale, np.inf)
        codes = np.where(y[:, None] == self.classes, 1.0, -1.0)
        self.offset = codes.mean(0)
        self.strength, self.weights = _ridge((x - self.mean) / self.scale, codes - self.offset)

    def decide(self, x: Array) -> Array:
        """Return one score per class, shape (n, classes)."""
        return ((x - self.mean) / self.scale) @ self.weights + self.offset

    def predict(self, x: Array) -> Array:
        """Return the class with the largest score, shape (n,)."""
        return self.classes[self.decide(x).argmax(1)]


def _ridge(z: Array, y: Array) -> tuple[float, Array]:
    """Return the chosen strength and the weights; works in the smaller of the two spaces, rows or features."""
    n, p = z.shape
    wide = n <= p
    e, vectors = np.linalg.eigh(z @ z.T if wide else z.T @ z)
    e = np.maximum(e, 0.0)[:, None]
    r = vectors.T @ (y if wide else z.T @ y)
    filters = 1.0 / (e[None] + _LAMBDAS[:, None, None])  # (strengths, eigenvalues, 1)
    if wide:
        residual = ((_LAMBDAS[:, None, None] * filters * r) ** 2).sum((1, 2))
    else:
        residual = (y**2).sum() - (r**2 * filters * (2 - e * filters)).sum((1, 2))
    freedom = 1 - ((e * filters).sum((1, 2)) + 1) / n
    best = int(np.argmin(np.maximum(residual, 0.0) / np.maximum(freedom, 1e-4) ** 2))
    weights = vectors @ (r * filters[best])
    return float(_LAMBDAS[best]), z.T @ weights if wide else weights


# ---- the judges


@dataclasses.dataclass(frozen=True)
class StrongJudges:
    """What two strong judges find; `strong` is 2 * (larger AUC - 0.5), at least 0: 0 is best, 1 is always told apart.

    `*_floor` is the same for real blocks against other real blocks, None where there are too few blocks for it; it
    rests on half as many windows. `*_folds` are the AUCs of the folds, whose mean is the figure.
    """

    rocket_auc: float
    boost_auc: float
    strong: float
    rocket_floor: float | None
    boost_floor: float | None
    strong_floor: float | None
    rocket_folds: tuple[float, ...]
    boost_folds: tuple[float, ...]
    n_real: int
    n_synthetic: int
    n_groups: int

    def to_json(self) -> dict[str, Any]:
        """Return plain Python values, NaN as None."""
        return to_plain(self)


def strong_judges(
    real: Array,
    synthetic: Array,
    *,
    groups: Any = None,
    folds: int = 3,
    cap: int = 2000,
    kernels: int = 700,
    floor_repeats: int = 1,
    random_state: int = 0,
) -> StrongJudges:
    """Return how well two strong judges tell synthetic windows from real ones on blocks that they have not seen.

    AUC = P(score of a synthetic window > score of a real one), ties counted half, averaged over folds of blocks. Judge
    one is a ridge on `RandomConvolutions`; judge two is boosted trees on `summary_features`, after noise of 0.2 % of
    each channel's spread on both sides, so that rounding, ties and doubled channels do not decide. A synthetic window
    goes to the fold of its nearest real window: else near-copies on the learning side would teach a judge that the
    real windows of the testing side are synthetic (AUC below 0.5). A fold that leaves a side empty, because the
    synthetic windows crowd around few blocks, counts as 1.

    Args:
        real: windows (n, time, channels).
        synthetic: windows of the same length and channels.
        groups: block of each real window, (n,); windows of one group are never on both sides, windows with a negative
            number are left out. For windows of one long series see `window_groups`. None: every window is a block.
        folds: parts that the blocks are cut into.
        cap: windows at most, on either side.
        kernels: random convolutions.
        floor_repeats: random halvings of the blocks whose mean is the floor; 0 leaves the floor out.
        random_state: seed of all draws.

    Raises:
        InvalidDataError: for bad windows, fewer blocks than folds, or fewer synthetic windows than folds.
        InvalidParameterError: for fewer than 2 folds, or a cap below the folds.

    References:
        Lopez-Paz, Oquab (2017), Revisiting classifier two-sample tests, arXiv 1610.06545; Dempster et al. (2020),
        arXiv 1910.13051.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> found = strong_judges(rng.normal(size=(60, 8, 1)), 1 + rng.normal(size=(60, 8, 1)), kernels=50)
        >>> found.boost_auc > 0.9, found.n_groups
        (True, 60)
    """
    sets = check_windows({"real": real, "synthetic": synthetic})
    codes = check_groups(groups, len(sets["real"]))
    x, codes, s = sets["real"][codes >= 0], codes[codes >= 0], sets["synthetic"]
    n_groups = len(np.unique(codes))
    _check_counts(n_groups, len(s), folds, cap)
    rng = np.random.default_rng(random_state)
    found = _judge(x, codes, s, None, folds, cap, kernels, rng)
    floors: list[dict[str, list[float]]] = []
    for _ in range(floor_repeats if n_groups >= 2 * folds else 0):
        one = halves(codes, rng)
        floors.append(_judge(x[one], codes[one], x[~one], codes[~one], folds, cap, kernels, rng))
    rocket, boost = float(np.mean(found["rocket"])), float(np.mean(found["boost"]))
    low = {name: float(np.mean([floor[name] for floor in floors])) if floors else None for name in found}
    return StrongJudges(
        rocket,
        boost,
        _strong(rocket, boost),
        low["rocket"],
        low["boost"],
        None if low["rocket"] is None or low["boost"] is None else _strong(low["rocket"], low["boost"]),
        tuple(found["rocket"]),
        tuple(found["boost"]),
        min(len(x), cap),
        min(len(x), len(s), cap),
        n_groups,
    )


def _check_counts(n_groups: int, n_synthetic: int, folds: int, cap: int) -> None:
    if folds < 2 or cap < folds:
        raise InvalidParameterError(f"folds is {folds} and cap is {cap}; folds must be at least 2, cap at least folds.")
    if n_groups < folds or n_synthetic < folds:
        raise InvalidDataError(
            f"There are {n_groups} blocks of real windows and {n_synthetic} synthetic windows; {folds} folds need at "
            f"least {folds} of each. Give more windows, or fewer folds."
        )


def _strong(rocket: float, boost: float) -> float:
    return max(0.0, 2 * (max(rocket, boost) - 0.5))


def halves(codes: Array, rng: np.random.Generator) -> Array:
    """Return True for the windows of a random half of the groups, shape (n,)."""
    distinct = np.unique(codes)
    return np.isin(codes, rng.permutation(distinct)[: len(distinct) // 2])


def _judge(
    a: Array,
    a_codes: Array,
    b: Array,
    b_codes: Array | None,
    folds: int,
    cap: int,
    kernels: int,
    rng: np.random.Generator,
) -> dict[str, list[float]]:
    """Return the AUCs of the folds by judge; without codes, windows of `b` follow their nearest window of `a`."""
    kept = np.sort(rng.permutation(len(a))[:cap])
    a, a_codes = a[kept], a_codes[kept]
    kept = rng.permutation(len(b))[: min(len(a), cap)]
    b, b_codes = b[kept], None if b_codes is None else b_codes[kept]
    both, y = np.concatenate([a, b]), np.repeat([0, 1], [len(a), len(b)])
    blurred = both + rng.standard_normal(both.shape) * _BLUR * a.std((0, 1))
    convolutions = RandomConvolutions(a, kernels=kernels, random_state=int(rng.integers(2**31)))
    fold_a = _deal(a_codes, folds, rng)
    fold_b = fold_a[nearest(b, a)[1]] if b_codes is None else _deal(b_codes, folds, rng)
    fold = np.concatenate([fold_a, fold_b])
    out: dict[str, list[float]] = {}
    for name, features in (("rocket", convolutions.transform(both)), ("boost", summary_features(blurred))):
        out[name] = [_fold_auc(name, features, y, fold == f) for f in range(folds)]
    return out


def _deal(codes: Array, folds: int, rng: np.random.Generator) -> Array:
    """Return the fold of each window: groups are dealt out in turn, in random order."""
    distinct, at = np.unique(codes, return_inverse=True)
    return (rng.permutation(len(distinct)) % folds)[at]


def _fold_auc(name: str, x: Array, y: Array, test: Array) -> float:
    if len(np.unique(y[test])) < 2 or len(np.unique(y[~test])) < 2:
        return 1.0
    if name == "rocket":
        scores = RidgeClassifier(x[~test], y[~test]).decide(x[test])[:, 1]
    else:
        settings: dict[str, Any] = {"max_iter": 150, "learning_rate": 0.08, "max_leaf_nodes": 15}
        trees = HistGradientBoostingClassifier(**settings, early_stopping=False, random_state=0)  # type: ignore[arg-type]
        scores = trees.fit(x[~test], y[~test]).predict_proba(x[test])[:, 1]
    return float(roc_auc_score(y[test], scores))


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


# ---- results as plain values


def to_plain(value: Any) -> Any:
    """Return a result as values that JSON knows: dataclasses as dicts, frames as lists of rows, NaN and inf as None.

    Examples:
        >>> to_plain({"a": (np.float64("nan"), np.int64(2))})
        {'a': [None, 2]}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, pd.DataFrame):
        return [to_plain(dict(row)) for row in value.to_dict("records")]
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return to_plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [to_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)
