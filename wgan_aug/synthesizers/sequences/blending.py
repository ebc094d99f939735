"""Windows blended into one long series: each goes on from the end of the one before, and is cross-faded with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable

import numpy as np
import pandas as pd

from wgan_aug.encoding.sequences.encoder import EncodedSequences, SequenceEncoder
from wgan_aug.encoding.sequences.frames import Sequences, column_of
from wgan_aug.encoding.table import EncodedTable
from wgan_aug.errors import InvalidParameterError

__all__ = ["blend", "count_windows"]

_POOL = 512  # windows that each next one is chosen from
_FRESH = 8  # new ones among them each time
_MOST = 40_000  # new ones in all, where the series is very long
_PERIOD = 0.1  # of all beginnings in time: a window so far from the time that it is put at costs as much as a variance
_STILL = 1e-9  # a spread so small beside the numbers is rounding


def count_windows(n_steps: int, window: int) -> int:
    """Return how many windows `blend` takes for a series of some steps.

    Examples:
        >>> count_windows(24, 24), count_windows(60, 24)
        (512, 528)
    """
    links = _count_links(n_steps, window)
    return _POOL + links * _count_fresh(links)


def _count_links(n_steps: int, window: int) -> int:
    return max(0, -(-(n_steps - window) // (window - _overlap(window))))


def _count_fresh(links: int) -> int:
    return max(1, min(_FRESH, _MOST // max(1, links)))


def _overlap(window: int) -> int:
    return max(1, window // 4)


def blend(windows: Sequences, encoder: SequenceEncoder, n_steps: int, rng: np.random.Generator) -> Sequences:
    """Chain windows into one series.

    A window overlaps the one before it by a quarter. The next one is the one of 512, none used twice, of the least cost
    d(h, t) - min d(h, t') + w^2. Here d is the mean square difference of numbers, in units of their variance, plus the
    share of states (categories, missing cells, repeated values) that differ; h is the window's beginning, t the end of
    the series so far; t' are the ends of 512 windows, so that windows that go with everything come no more often than
    they should. Where there is a time index, w is how far the window's own time is from the time it is put at, in
    tenths of all times, so that a trend stays in its place.

    In the overlap numbers are m + (u a + (1 - u) b - m) / sqrt(u^2 + (1 - u)^2 + 2 u (1 - u) r), where a is the window,
    b the one before it, u rises from 0 to 1, m is the mean and r the correlation of a and b over all overlaps: a
    cross-fade that keeps the variance, if not all of the noise between steps. States switch in its middle. All is done
    before decoding, so that rules between columns, bounds and rounding hold.

    Args:
        windows: as many as `count_windows` says, of the same length.
        encoder: encodes them.
        n_steps: steps of the series.
        rng: draws the members of pooled levels.

    Returns:
        one sequence of `n_steps`, whose times run on from the earliest beginning in the first 512 windows.

    Raises:
        InvalidParameterError: for more steps than the dtype of the time index can count.

    References:
        Conneau et al. 2018, Word Translation Without Parallel Data, arXiv 1710.04087: nearest neighbours without hubs.

    Examples:
        >>> waves = np.sin(np.random.default_rng(0).uniform(0, 6.3, (count_windows(20, 8), 1)) + np.arange(8))
        >>> frame = pd.DataFrame({"x": waves.ravel()})
        >>> windows = Sequences(pd.DataFrame(index=range(len(waves))), frame, np.full(len(waves), 8))
        >>> series = blend(windows, SequenceEncoder().fit(windows), 20, np.random.default_rng(0)).steps["x"].to_numpy()
        >>> bool(np.abs(series[2:] - 2 * np.cos(1) * series[1:-1] + series[:-2]).max() < 0.1)  # as in every sine
        True
    """
    encoded = encoder.transform(windows)
    window = encoder.max_steps
    starts = _start_ticks(windows, encoder)
    heads, tails = _ends(encoded, encoder.layout.widths)
    chain = _choose(heads, tails, starts, _count_links(n_steps, window), _hop_ticks(encoder))
    numbers = _fade(encoded.numbers[chain])[:n_steps]
    piece, place = _pieces(len(chain), window, n_steps)
    table = EncodedTable(encoded.states[chain[piece], place], numbers, numbers)
    frame = encoder.table.inverse_transform(table, rng)
    names: list[Hashable] = list(windows.steps.columns)
    cells = [column_of(frame, name) for name in names if name != encoder.index]
    if encoder.clock is not None and encoder.index is not None:
        first = column_of(windows.steps, encoder.index).iloc[windows.starts[chain[:1]]]
        cells.insert(names.index(encoder.index), _times(encoder, frame, names, first, place))
    steps = pd.concat(cells, axis=1, keys=range(len(cells)))
    steps.columns = windows.steps.columns
    statics = windows.statics.iloc[chain[:1]].reset_index(drop=True)
    return Sequences(statics, steps, np.array([n_steps]))


# ---- which windows


def _start_ticks(windows: Sequences, encoder: SequenceEncoder) -> np.ndarray | None:
    if encoder.clock is None:
        return None
    cells = column_of(windows.steps, encoder.index).iloc[windows.starts]
    return encoder.clock.ticks.read(cells.reset_index(drop=True)).astype(np.float64)


def _hop_ticks(encoder: SequenceEncoder) -> float:
    """Return how much time usually passes from the beginning of a window to that of the next one."""
    if encoder.clock is None:
        return 0.0
    return encoder.clock.usual * (encoder.max_steps - _overlap(encoder.max_steps))


def _choose(heads: np.ndarray, tails: np.ndarray, starts: np.ndarray | None, links: int, hop: float) -> np.ndarray:
    """Return the windows of the series, in order: the earliest first, then the one that fits best, again and again.

    Args:
        heads: the beginning of each window as a point, shape (windows, features).
        tails: the end of each.
        starts: the time at which each begins.
        links: how many follow the first one.
        hop: time from the beginning of a window to that of the next one.
    """
    fresh = _count_fresh(links)
    cost = -_distances(heads, tails[:_POOL]).min(axis=1)
    free = np.ones(len(heads), dtype=bool)
    reach = 1.0 if starts is None else _PERIOD * float(np.ptp(starts)) or 1.0
    chain = [0 if starts is None else int(starts[:_POOL].argmin())]
    for link in range(links):
        last = chain[-1]
        free[last] = False
        pool = np.flatnonzero(free[fresh * link :][:_POOL]) + fresh * link
        total = cost[pool] + _distances(heads[pool], tails[last : last + 1])[:, 0]
        if starts is not None:
            wanted = min(starts[chain[0]] + hop * (link + 1), starts.max())
            total += ((starts[pool] - wanted) / reach) ** 2
        chain.append(int(pool[total.argmin()]))
    return np.array(chain)


def _ends(encoded: EncodedSequences, widths: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the beginning and the end of each window as points whose squared distance is the cost of a link.

    It is the mean square difference of numbers, in units of their variance, and the share of states that differ.
    """
    overlap = _overlap(encoded.states.shape[1])
    spread = encoded.numbers.std(axis=(0, 1))
    varies = spread > _STILL * np.abs(encoded.numbers).max(axis=(0, 1), initial=0.0)
    moving = np.flatnonzero(encoded.states.min(axis=(0, 1)) < encoded.states.max(axis=(0, 1)))

    def point(part: slice) -> np.ndarray:
        features = [encoded.numbers[:, part, varies] / (spread[varies] * np.sqrt(overlap * max(1, varies.sum())))]
        for block in moving:
            one_hot = np.eye(widths[block], dtype=np.float32)[encoded.states[:, part, block]]
            features.append(one_hot / np.sqrt(2 * overlap * len(moving)))
        return np.concatenate([f.reshape(len(encoded), -1).astype(np.float32) for f in features], axis=1)

    return point(slice(None, overlap)), point(slice(-overlap, None))


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the squared distance of each point to each of some others, shape (len(a), len(b))."""
    return (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T


# ---- put together


def _fade(numbers: np.ndarray) -> np.ndarray:
    """Return the numbers of a chain of windows as one series.

    Args:
        numbers: shape (windows, steps, scalars).

    Returns:
        shape (steps of the series, scalars).
    """
    links, window, scalars = numbers.shape
    overlap = _overlap(window)
    hop = window - overlap
    out = np.empty((hop * links + overlap, scalars))
    for place in range(overlap, window):
        out[place : hop * links + overlap : hop] = numbers[:, place]
    out[:overlap] = numbers[0, :overlap]
    if links == 1:
        return out
    after, before = numbers[1:, :overlap], numbers[:-1, hop:]
    rise = (np.arange(1, overlap + 1) / (overlap + 1))[:, None]
    middle = (after.mean(axis=(0, 1)) + before.mean(axis=(0, 1))) / 2
    mixed = rise * after + (1 - rise) * before
    swing = np.sqrt(rise**2 + (1 - rise) ** 2 + 2 * rise * (1 - rise) * _correlation(after, before))
    rows = hop * np.arange(1, links)[:, None] + np.arange(overlap)
    out[rows] = middle + (mixed - middle) / swing
    return out


def _correlation(after: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return the correlation of two sides of all overlaps for each scalar, from 0 to 1; 1 for constant ones."""
    a, b = (side - side.mean(axis=(0, 1)) for side in (after, before))
    scale = np.sqrt((a**2).sum(axis=(0, 1)) * (b**2).sum(axis=(0, 1)))
    return np.where(scale > 0, (a * b).sum(axis=(0, 1)) / np.where(scale > 0, scale, 1.0), 1.0).clip(0.0, 1.0)


def _pieces(links: int, window: int, n_steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which window of the chain, and which step of it, has the states of each step of the series."""
    overlap = _overlap(window)
    hop, kept = window - overlap, (overlap + 1) // 2
    step = np.arange(n_steps)
    piece = ((step - kept) // hop).clip(0, links - 1)
    return piece, step - hop * piece


def _times(
    encoder: SequenceEncoder, frame: pd.DataFrame, names: list[Hashable], first: pd.Series, place: np.ndarray
) -> pd.Series:
    """Return the time index: from one step to the next passes what passes in the window that the step is of."""
    clock = encoder.clock
    assert clock is not None
    if clock.pattern is None:
        own = next(name for name in frame.columns.tolist() if name not in names)
        increments = column_of(frame, own).to_numpy()
    else:
        increments = np.diff(clock.pattern, prepend=clock.pattern[:1])[place]
    if increments[1:].sum() > clock.ticks.last:
        raise InvalidParameterError(
            f"n_steps is {len(place)}, and the sequence_index {encoder.index!r} ({clock.ticks.column.dtype}) cannot "
            "count so many."
        )
    runs = dataclasses.replace(clock, pattern=None, first=None)
    return runs.times(first.reset_index(drop=True), np.array([len(place)]), increments)
