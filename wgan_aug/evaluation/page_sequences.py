"""The page's section on sequences: judges, paths, autocorrelations, spectra, a projection of windows."""

from __future__ import annotations

import numpy as np

from wgan_aug.evaluation.findings import Findings
from wgan_aug.evaluation.page_parts import Block, Section, Table, clean, name_of, picture_of
from wgan_aug.evaluation.pictures import draw_intervals, draw_lines, draw_points
from wgan_aug.evaluation.series.cutting import SequenceWindows
from wgan_aug.evaluation.series.dynamics import autocorrelation, log_power, spread_of
from wgan_aug.evaluation.series.scores import SequenceScores
from wgan_aug.evaluation.svg import REAL, SYNTHETIC
from wgan_aug.evaluation.verdict import number

__all__ = ["sequences_section"]

Array = np.ndarray

_CHANNELS = 6  # drawn, the least alike first
_ROWS = 15  # channels in the table
_PATHS = 8  # of each side
_POINTS = 600  # of each side in the projection
_DRAWN = 2000  # windows of each side behind a line
_SOURCES = [
    ("Dempster et al. 2020, random convolutions", "https://arxiv.org/abs/1910.13051"),
    ("Lopez-Paz and Oquab 2017, classifier two-sample tests", "https://arxiv.org/abs/1610.06545"),
]


def sequences_section(found: Findings) -> Section:
    """How alike windows of sequences are, with paths, autocorrelations, spectra and a projection."""
    scores, windows = found.sequences, found.windows
    if scores is None or windows is None:
        return Section("sequences", "Sequences", [f"Not measured: {clean(found.failed.get('sequences', ''))}"], [])
    rng = np.random.default_rng(found.settings["random_state"])
    some = {side: rng.permutation(len(x))[:_DRAWN] for side, x in windows.sets.items()}
    channels = scores.errors.by_channel.sort_values("ks", ascending=False, kind="stable").index[:_CHANNELS].to_numpy()
    texts = [
        "Windows are judged as a whole: by how their values are distributed, how they move, and whether strong "
        "classifiers tell them from real ones. Real windows against other real ones give each classifier's floor.",
        f"{clean(found.used['sequences'][:1].upper() + found.used['sequences'][1:], 2000)}.",
    ]
    blocks = [_judged(scores), _paths(windows, some, channels), *_moves(windows, some, channels)]
    blocks += [_errors(scores), _plane(windows, some), _near(found, scores)]
    return Section("sequences", "Sequences", texts, blocks, _SOURCES)


def _judged(scores: SequenceScores) -> Block:
    judges = scores.judges
    if judges is None:
        return Block("Judges", ["There were too few real blocks or synthetic windows for the judges."])
    names = {"rocket": "random convolutions", "boost": "boosted trees"}
    dots: list[tuple[str, float, float | None, float | None, str]] = []
    for name, words in names.items():
        folds, floor = getattr(judges, f"{name}_folds"), getattr(judges, f"{name}_floor")
        dots.append((words, getattr(judges, f"{name}_auc"), min(folds), max(folds), SYNTHETIC))
        dots += [] if floor is None else [("real against real", floor, None, None, REAL)]
    rows = [
        [words, number(getattr(judges, f"{name}_auc")), number(getattr(judges, f"{name}_floor"))]
        for name, words in names.items()
    ]
    caption = (
        f"AUC of {judges.n_real} real against {judges.n_synthetic} synthetic windows in {judges.n_groups} blocks; 0.5 "
        "is chance. Bars in the picture: the folds."
    )
    return Block(
        "Judges",
        pictures=[picture_of(draw_intervals(dots, 0.5, "AUC, 0.5 is chance", "judges"))],
        large=True,
        table=Table(caption, ["judge", "synthetic", "real against real"], rows, (1, 2)),
    )


def _paths(windows: SequenceWindows, some: dict[str, Array], channels: Array) -> Block:
    """Return windows of both sides, spread evenly over the levels that each side has."""
    chosen: list[Array] = []
    for side in ("real", "synthetic"):
        rows = some[side][np.argsort(windows.scaled()[side][some[side]].mean((1, 2)), kind="stable")]
        drawn = min(_PATHS, len(rows))
        chosen.append(windows.sets[side][rows[((np.arange(drawn) + 0.5) * len(rows) / drawn).astype(int)]])
    real, synthetic = chosen
    pictures = [
        picture_of(draw_lines(windows.channels[c], real[:, :, c], synthetic[:, :, c], f"path{c}", label="step"))
        for c in channels
    ]
    told = f"{len(real)} real and {len(synthetic)} synthetic windows, spread evenly over each side's mean levels."
    return Block("Sample paths", [told + _shown(windows, channels)], pictures, key=True)


def _shown(windows: SequenceWindows, channels: Array) -> str:
    whole = len(channels) == len(windows.channels)
    return "" if whole else f" The {len(channels)} of {len(windows.channels)} channels least alike."


def _moves(windows: SequenceWindows, some: dict[str, Array], channels: Array) -> list[Block]:
    """Return autocorrelations and spectra, real and synthetic over each other."""
    sides = windows.scaled()
    real, synthetic = (sides[side][some[side]] for side in ("real", "synthetic"))
    spread = spread_of(real)
    kinds = {
        "Autocorrelation by lag": (autocorrelation(real), autocorrelation(synthetic), "lag"),
        "Spectrum, log10 power": (log_power(real, spread), log_power(synthetic, spread), "cycles in a window"),
    }
    blocks: list[Block] = []
    for i, (kind, (one, other, label)) in enumerate(kinds.items()):
        lines = [(windows.channels[c], one[None, :, c], other[None, :, c], f"move{i}-{c}") for c in channels]
        pictures = [picture_of(draw_lines(*line, label=label, first=1, zero=i == 0)) for line in lines]
        blocks.append(Block(kind, [], pictures, key=True))
    return blocks


def _errors(scores: SequenceScores) -> Block:
    table, floor = scores.errors.by_channel, scores.errors_floor
    head = ["channel", "distribution (KS)", "of the steps", "autocorrelation", "cross-correlation", "spectrum (log10)"]
    names = ["ks", "ks_diff", "autocorrelation", "cross_correlation", "spectrum"]
    worst = table.sort_values("ks", ascending=False, kind="stable").head(_ROWS)
    rows = [[name_of(row["channel"]), *(number(row[name]) for name in names)] for row in worst.to_dict("records")]
    rows.append(["mean", *(number(getattr(scores.errors, name)) for name in names)])
    if floor is not None:
        rows.append(["mean, real against real", *(number(getattr(floor, name)) for name in names)])
    caption = "Errors by channel, 0 is best." + (f" {_ROWS} of {len(table)} channels." if len(table) > _ROWS else "")
    return Block("Errors", table=Table(caption, head, rows, range(1, 6)))


def _plane(windows: SequenceWindows, some: dict[str, Array]) -> Block:
    """Return the first two principal components of the real windows, with both sides' windows on them."""
    sides = windows.scaled()
    real, synthetic = (
        sides[s][some[s][:_POINTS]].reshape(-1, windows.sets["real"][0].size) for s in ("real", "synthetic")
    )
    middle = real.mean(axis=0)
    _, spread, axes = np.linalg.svd(real - middle, full_matrices=False)
    if len(spread) < 2 or spread[1] <= 0:
        return Block("Projection", ["The windows do not spread in two directions, so that there is no plane to show."])
    for i in range(2):  # a sign of its own, so that the picture is the same everywhere
        axes[i] *= np.sign(axes[i][np.abs(axes[i]).argmax()])
    shares = spread**2 / (spread**2).sum()
    plane = axes[:2].T
    ends = (float(shares[0]), float(shares[1]))
    svg = draw_points((real - middle) @ plane, (synthetic - middle) @ plane, ends, "windows", what="windows")
    caption = f"{len(real)} real and {len(synthetic)} synthetic windows on the first two components of the real ones."
    return Block("Projection", [], [picture_of(svg, caption)], large=True)


def _near(found: Findings, scores: SequenceScores) -> Block:
    near, published = scores.nearest, scores.published
    rows = [
        [
            "synthetic windows that equal a real one",
            number(near.exact),
            f"as among real ones: {number(near.exact_real)}",
        ],
        ["nearer to a real one than 1% of real windows", number(near.copies), "about 0.01"],
        ["median distance, over that of real windows", number(near.ratio), "about 1; less means copies"],
        ["distance between synthetic windows, likewise", number(near.spread), "about 1; less means little variety"],
    ]
    if found.tables.holdout is not None:
        rows.append(["median distance, over that of hold-out windows", number(near.ratio_holdout), "about 1"])
    length = found.windows and found.windows.length_ks
    rows += [] if length is None else [["lengths of the sequences (KS)", number(length), "0"]]
    if published is not None:
        rows += [
            ["discriminative score (TimeGAN)", number(published.discriminative.mean), "0"],
            ["predictive score (TimeGAN)", number(published.predictive.mean), number(published.predictive_real.mean)],
        ]
    texts = ["Windows copied from the real ones pass every other figure. A distance is not a proof of privacy."]
    return Block("Copies and variety", texts, table=Table("Distances.", ["figure", "value", "best"], rows, (1,)))
