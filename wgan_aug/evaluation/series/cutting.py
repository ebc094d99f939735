"""Windows cut from aligned rows: which columns are channels, how cells become numbers, how long a window is."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

from wgan_aug.errors import InvalidDataError
from wgan_aug.evaluation.frames import MISSING, Tables
from wgan_aug.evaluation.series.reading import Order, Steps
from wgan_aug.evaluation.series.windows import MIN_STEPS, window_groups

__all__ = ["SequenceWindows", "cut_tables"]

Array = np.ndarray

_LEVELS = 8  # of a categorical column that become channels
_REACH = 1000.0  # real ranges beyond which a synthetic value counts as no further away
_LEAST = 0.1  # share of the real sequences that may be shorter than a window
_WORDS = {"real": "real", "synthetic": "synthetic", "holdout": "hold-out"}
_CELLS = 40_000_000  # in the windows of a side, at most


@dataclasses.dataclass(frozen=True)
class SequenceWindows:
    """Windows of all sides, in the columns' own units.

    Args:
        sets: windows of real, synthetic and, where there are any, hold-out rows, each (n, time, channels).
        channels: the channels' names.
        groups: block of each real window, (n,), where windows of one block share rows or a sequence.
        labels: the target of each window by side, None where missing; None where it is not one value per sequence.
        lengths: each sequence's steps, by side; None for one long series.
        low: the real windows' least value by channel.
        width: their range, 1 for a constant channel.
        text: how they were cut, in words.
    """

    sets: dict[str, Array]
    channels: list[str]
    groups: Array | None
    labels: dict[str, Array] | None
    lengths: dict[str, Array] | None
    low: Array
    width: Array
    text: str

    @property
    def length_ks(self) -> float | None:
        """The Kolmogorov-Smirnov statistic of the sequences' lengths, real against synthetic; None for one series."""
        if self.lengths is None:
            return None
        found: Any = ks_2samp(self.lengths["real"], self.lengths["synthetic"], method="asymp")
        return float(found.statistic)

    def scaled(self) -> dict[str, Array]:
        """Return the windows with each channel from 0 to 1 over the real ones, as TimeGAN's protocol has it.

        What lies further than 1000 real ranges away, infinite values among it, is taken to lie there.
        """
        return {
            side: np.clip((x / 2 - self.low / 2) / (self.width / 2), -_REACH, _REACH) for side, x in self.sets.items()
        }


def cut_tables(tables: Tables, steps: Steps, *, most: int, random_state: int = 0) -> SequenceWindows:
    """Cut the rows into windows.

    Channels are the columns that vary within a real sequence. Numbers, dates and durations are one channel each; a
    missing cell (or an infinite real one) takes the last value before it in its sequence, else the first one after it,
    else the real median, and a further channel, 0 or 1, says where cells are missing, if any are. A category is one
    channel of 0 and 1 for each of its 8 commonest real levels, or one for the rarer of two. A target of classes that
    never varies within a real sequence is the label; a synthetic sequence with several has its commonest, and one that
    no real sequence has counts as missing.

    A window has `steps.window` steps, or as many as the real sequences; where these differ, as many as nine in ten
    of them have. Sequences are cut from their first row on, window after window, so that the rest of each, and
    sequences shorter than a window, are left out. One long series gives all its windows, which overlap, in blocks of
    3 windows' length; synthetic ones follow each other. Where there are more than `most`, or more than 40 million
    cells, they are drawn at random.

    Args:
        tables: the aligned rows.
        steps: how they make sequences.
        most: windows of a side.
        random_state: the seed of the draw.

    Raises:
        InvalidDataError: where no column varies within a sequence, or a side has no sequence as long as a window.

    Examples:
        >>> from wgan_aug.evaluation.frames import align
        >>> from wgan_aug.evaluation.series.reading import read_sides
        >>> x = np.arange(48.0).reshape(4, 6, 2)
        >>> frames, steps = read_sides({"real": x, "synthetic": x}, key=None, index=None, window=None)
        >>> cut = cut_tables(align(**frames), steps, most=10)
        >>> cut.channels, np.array_equal(cut.sets["real"], x)
        (['x0', 'x1'], True)
    """
    frames = {"real": tables.real, "synthetic": tables.synthetic, "holdout": tables.holdout}
    sides = {side: (frame, steps.sides[side]) for side, frame in frames.items() if frame is not None}
    moving = _moving(tables, steps.sides["real"])
    if not moving:
        raise InvalidDataError("No column varies within a real sequence, so that there is no sequence to judge.")
    values, channels = _encode(
        {side: frame.iloc[at.order] for side, (frame, at) in sides.items()}, moving, tables, sides
    )
    codes = {side: at.codes[at.order] for side, (_, at) in sides.items()}
    if steps.layout == "series" and steps.window is not None:
        cut, texts = (
            _cut_series(values, steps.window, most, random_state),
            [f"{steps.window} steps each, the real ones overlapping"],
        )
        lengths, labels, owner = None, None, {"real": cut["real"][1]}
        groups: Array | None = window_groups(owner["real"], steps.window)
    else:
        lengths = {side: np.bincount(code) for side, code in codes.items()}
        cut, texts = _cut_sequences(values, codes, lengths, steps.window, most, random_state)
        owner = {side: codes[side][starts] for side, (_, starts) in cut.items()}
        groups = owner["real"] if len(np.unique(owner["real"])) < len(owner["real"]) else None
        labels = _labels(tables, sides, owner, moving)
    sets = {side: windows for side, (windows, _) in cut.items() if len(windows)}
    low, high = sets["real"].min((0, 1)), sets["real"].max((0, 1))
    width = np.where(high > low, 2 * np.minimum(high / 2 - low / 2, 8e307), 1.0)
    counts = ", ".join(f"{len(x)} {_WORDS[side]}" for side, x in sets.items())
    text = f"windows: {counts}; {len(channels)} channel{'s' * (len(channels) > 1)}; {'; '.join(texts)}"
    return SequenceWindows(sets, channels, groups, labels, lengths, low, width, text)


def _moving(tables: Tables, at: Order) -> list[Hashable]:
    """Return the columns that vary within a real sequence."""
    same = np.diff(at.codes[at.order]) == 0
    out: list[Hashable] = []
    for name in tables.real.columns:
        values = pd.factorize(tables.real[name].iloc[at.order])[0]
        if (np.diff(values)[same] != 0).any():
            out.append(name)
    return out


# ---- cells as numbers


def _encode(
    frames: dict[str, pd.DataFrame], names: list[Hashable], tables: Tables, sides: dict[str, tuple[pd.DataFrame, Order]]
) -> tuple[dict[str, Array], list[str]]:
    """Return each side's rows in order of time as numbers (rows, channels), and the channels' names."""
    columns: dict[str, list[Array]] = {side: [] for side in frames}
    channels: list[str] = []
    for name in names:
        if name in tables.numeric:
            made, titles = _numbers({s: f[name] for s, f in frames.items()}, sides, name)
        else:
            made, titles = _levels({s: f[name] for s, f in frames.items()}, name)
        channels += titles
        for side, new in made.items():
            columns[side] += new
    return {side: np.stack(parts, axis=1) for side, parts in columns.items()}, channels


def _numbers(
    series: dict[str, pd.Series], sides: dict[str, tuple[pd.DataFrame, Order]], name: Hashable
) -> tuple[dict[str, list[Array]], list[str]]:
    absent = {side: np.isnan(column.to_numpy()) for side, column in series.items()}
    absent |= {side: ~np.isfinite(series[side].to_numpy()) for side in series if side != "synthetic"}
    known = series["real"].to_numpy()[~absent["real"]]
    middle = float(np.median(known)) if len(known) else 0.0
    out: dict[str, list[Array]] = {}
    for side, column in series.items():
        at = sides[side][1]
        owner = at.codes[at.order]
        cells = column.reset_index(drop=True).mask(absent[side])
        filled = cells.groupby(owner).ffill()
        filled = filled.groupby(owner).bfill().fillna(middle)
        out[side] = [filled.to_numpy(dtype=np.float64)]
    if not any(gaps.any() for gaps in absent.values()):
        return out, [str(name)]
    for side, gaps in absent.items():
        out[side].append(gaps.astype(np.float64))
    return out, [str(name), f"{name} is missing"]


def _levels(series: dict[str, pd.Series], name: Hashable) -> tuple[dict[str, list[Array]], list[str]]:
    levels = series["real"].value_counts().index[:_LEVELS]
    levels = levels[1:] if len(levels) == 2 else levels
    made = {side: [(column == level).to_numpy(dtype=np.float64) for level in levels] for side, column in series.items()}
    return made, [f"{name} = {'(missing)' if level == MISSING else level}" for level in levels]


def _labels(
    tables: Tables, sides: dict[str, tuple[pd.DataFrame, Order]], owner: dict[str, Array], moving: list[Hashable]
) -> dict[str, Array] | None:
    target = tables.target
    if target is None or target in moving or target not in tables.categorical:
        return None
    out: dict[str, Array] = {}
    known = set[Any]()
    for side, windows in owner.items():
        frame, at = sides[side]
        counts = pd.DataFrame({"sequence": at.codes, "label": frame[target].to_numpy()}).value_counts()
        first = counts.reset_index().drop_duplicates("sequence").set_index("sequence")["label"]
        labels = pd.Series(first.loc[windows].to_numpy(dtype=object), dtype=object)
        if side == "real":
            known = set(labels) - {MISSING}
        out[side] = labels.where(labels.isin(known), None).to_numpy(dtype=object)
    if len(known) < 2 or all(label is None for label in out["synthetic"]):
        return None
    return out


# ---- windows


def _draw(starts: Array, most: int, rng: np.random.Generator) -> Array:
    return starts if len(starts) <= most else np.sort(rng.choice(starts, most, replace=False))


def _room(rows: Array, length: int) -> int:
    return max(100, _CELLS // (length * rows.shape[1]))


def _cut_series(values: dict[str, Array], length: int, most: int, seed: int) -> dict[str, tuple[Array, Array]]:
    rng = np.random.default_rng(seed)
    out: dict[str, tuple[Array, Array]] = {}
    for side, rows in values.items():
        starts = np.arange(0, len(rows) - length + 1, length if side == "synthetic" else 1)
        starts = _draw(starts, min(most, _room(rows, length)), rng)
        out[side] = (rows[starts[:, None] + np.arange(length)], starts)
    return out


def _cut_sequences(
    values: dict[str, Array],
    codes: dict[str, Array],
    lengths: dict[str, Array],
    window: int | None,
    most: int,
    seed: int,
) -> tuple[dict[str, tuple[Array, Array]], list[str]]:
    """Return windows and their first rows by side, and how they were cut."""
    rng, real = np.random.default_rng(seed), lengths["real"]
    length = window or max(MIN_STEPS, int(np.quantile(real, _LEAST, method="lower")))
    out: dict[str, tuple[Array, Array]] = {}
    texts = [f"{length} steps each"]
    for side, rows in values.items():
        counts = lengths[side] // length
        if not counts.any() and side != "holdout":
            raise InvalidDataError(
                f"A window has {length} steps, and the longest {side} sequence has {lengths[side].max()}; "
                + (f"windows have at least {MIN_STEPS}." if window is None else "give a shorter window.")
            )
        firsts = np.cumsum(lengths[side]) - lengths[side]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        starts = _draw(np.repeat(firsts, counts) + length * within, min(most, _room(rows, length)), rng)
        out[side] = (rows[starts[:, None] + np.arange(length)], starts)
        if (lengths[side] != length).any():
            short, rest = int((counts == 0).sum()), int((lengths[side] - counts * length).sum())
            texts.append(
                f"the {len(counts)} {_WORDS[side]} sequences have {lengths[side].min()} to {lengths[side].max()} "
                f"steps, so that {rest} of {len(rows)} rows are left out, and {short} sequences with all theirs"
            )
    return out, texts
