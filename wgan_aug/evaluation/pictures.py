"""The report's pictures: small inline SVG elements that take the page's ink, for light, dark and paper."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from wgan_aug.evaluation.frames import MISSING
from wgan_aug.evaluation.svg import LINE, REAL, SYNTHETIC, render_axes, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "Scale",
    "draw_heat_map",
    "draw_intervals",
    "draw_levels",
    "draw_lines",
    "draw_numbers",
    "draw_points",
]

_BINS = 30
_LARGEST = 1e306  # matplotlib's ticks overflow beyond
_SHOWN_LEVELS = 8


@dataclasses.dataclass(frozen=True)
class Scale:
    """How the ends of a numeric column are written, where its numbers are not what users know (dates, durations).

    Args:
        low: the least number.
        high: the greatest one.
        low_text: what the least one stands for.
        high_text: what the greatest one stands for.
    """

    low: float
    high: float
    low_text: str
    high_text: str


def draw_numbers(
    name: Hashable, real: np.ndarray, synthetic: np.ndarray, key: str, scale: Scale | None = None
) -> str | None:
    """Return two histograms over each other: shares of the present values, on one set of bars.

    The bars span the middle 99 % of both sides' values; what lies outside counts in the end bars.

    Args:
        name: the column.
        real: values, NaN where missing, shape (rows,).
        synthetic: likewise.
        key: what makes the picture's ids its own.
        scale: how the column's ends are written.

    Returns:
        an `<svg>` element; None where there is nothing to draw.
    """
    sides = [values[np.isfinite(values)] for values in (real, synthetic)]
    edges = _edges(np.concatenate(sides)) if all(len(side) for side in sides) else None
    if edges is None:
        return None
    shares = [np.histogram(np.clip(side, edges[0], edges[-1]), edges)[0] / len(side) for side in sides]

    def draw(axes: Axes) -> None:
        axes.stairs(shares[0], edges, fill=True, color=REAL, alpha=0.35)
        axes.stairs(shares[0], edges, color=REAL, label="real")
        axes.stairs(shares[1], edges, color=SYNTHETIC, linewidth=1.6, label="synthetic")
        axes.set_title(shorten(name, 44))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}" if value >= 0.1 else f"{100 * value:.2g}%")
        axes.locator_params(nbins=5)
        if scale is not None:
            axes.set_xticks([scale.low, scale.high], [shorten(scale.low_text, 22), shorten(scale.high_text, 22)])
            axes.get_xticklabels()[0].set_horizontalalignment("left")
            axes.get_xticklabels()[1].set_horizontalalignment("right")

    alt = f"Histograms of {shorten(name, 44)}: real rows filled, synthetic rows as a line."
    return render_axes(draw, key, alt, (3.5, 2.1))


def _edges(values: np.ndarray) -> np.ndarray | None:
    """Return the bars' edges; None where the values are larger than axes can show."""
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = (float(value) for value in np.quantile(values, [0.005, 0.995]))
    if not max(abs(low), abs(high)) < _LARGEST:
        return None
    whole = high - low <= 2 * _BINS and bool((values == np.round(values)).all())
    if whole:
        return np.arange(np.floor(low), np.ceil(high) + 2) - 0.5
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        low, high = low - max(abs(low), 1.0) / 2, high + max(abs(high), 1.0) / 2
    return np.linspace(low, high, _BINS + 1)


def draw_levels(name: Hashable, real: Sequence[str], synthetic: Sequence[str], key: str) -> str:
    """Return two bars a level: shares of the rows, the levels with most rows on either side first.

    Args:
        name: the column.
        real: levels as text, shape (rows,).
        synthetic: likewise.
        key: what makes the picture's ids its own.

    Returns:
        an `<svg>` element.
    """
    shares = pd.DataFrame(
        {side: pd.Series(levels).value_counts(normalize=True) for side, levels in enumerate((real, synthetic))}
    ).fillna(0.0)
    shares = shares.iloc[np.argsort(-shares.max(axis=1).to_numpy(), kind="stable")]
    labels = ["(missing)" if level == MISSING else shorten(level, 24) for level in shares.index[:_SHOWN_LEVELS]]
    bars = shares.to_numpy()[:_SHOWN_LEVELS]
    if len(shares) > _SHOWN_LEVELS:
        labels.append(f"{len(shares) - _SHOWN_LEVELS} other" + "s" * (len(shares) > _SHOWN_LEVELS + 1))
        bars = np.vstack([bars, shares.to_numpy()[_SHOWN_LEVELS:].sum(axis=0)])

    def draw(axes: Axes) -> None:
        at = np.arange(len(bars))
        axes.barh(at - 0.2, bars[:, 0], 0.38, color=REAL, label="real")
        axes.barh(at + 0.2, bars[:, 1], 0.38, color=SYNTHETIC, label="synthetic")
        axes.set_yticks(at, labels)
        axes.invert_yaxis()
        axes.set_title(shorten(name, 44))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}" if value >= 0.1 else f"{100 * value:.2g}%")
        axes.locator_params(axis="x", nbins=5)

    alt = f"Bars of {shorten(name, 44)}: the share of each level among real and synthetic rows."
    return render_axes(draw, key, alt, (3.5, 0.75 + 0.27 * max(len(bars), 3)))


def draw_heat_map(matrix: pd.DataFrame, title: str, key: str, *, reach: float = 1.0) -> str:
    """Return a square of associations, blue below 0 and red above, blank where there is none.

    Args:
        matrix: the associations, with columns' names on both sides.
        title: what is shown.
        key: what makes the picture's ids its own.
        reach: the strongest colour, on either side of 0.
    """
    size = len(matrix)
    labels = [
        f"{shorten(name, 16)} {i}" for i, name in enumerate(matrix.columns, 1)
    ]  # across there is room for i alone

    def draw(axes: Axes) -> None:
        image = axes.imshow(matrix.to_numpy(dtype=float), cmap="RdBu_r", vmin=-reach, vmax=reach, interpolation="none")
        axes.set_title(title)
        down, across = (max(1, -(-size // room)) for room in (24, 12))
        axes.set_yticks(range(0, size, down), labels[::down], fontsize=8)
        axes.set_xticks(range(0, size, across), [str(i + 1) for i in range(0, size, across)], fontsize=8)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        bar = axes.figure.colorbar(image, ax=axes, shrink=0.7, aspect=18, ticks=[-reach, 0, reach])
        bar.outline.set_visible(False)  # type: ignore[operator]
        bar.ax.tick_params(length=0, labelsize=8)

    alt = f"{title}: heat map of the associations of {size} columns with each other; figures are in the table of pairs."
    return render_axes(draw, key, alt, (3.9, 3.1))


def draw_points(
    real: np.ndarray, synthetic: np.ndarray, shares: tuple[float, float], key: str, *, what: str = "rows"
) -> str:
    """Return real and synthetic rows, or windows, as points in a plane.

    Args:
        real: shape (rows, 2).
        synthetic: likewise.
        shares: of the variance, by axis.
        key: what makes the picture's ids its own.
        what: what a point is.
    """

    def draw(axes: Axes) -> None:
        order = np.random.default_rng(0).permutation(len(real) + len(synthetic))
        points = np.concatenate([real, synthetic])[order]
        colours = np.repeat([REAL, SYNTHETIC], [len(real), len(synthetic)])[order]
        axes.scatter(points[:, 0], points[:, 1], s=5, c=colours, alpha=0.5, linewidths=0, rasterized=True)
        for label, colour in (("real", REAL), ("synthetic", SYNTHETIC)):
            axes.scatter([], [], s=18, c=colour, label=label)
        axes.set_xlabel(f"first component ({shares[0]:.0%} of the variance)")
        axes.set_ylabel(f"second component ({shares[1]:.0%})")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.1), ncols=2)

    alt = f"{len(real)} real and {len(synthetic)} synthetic {what} as points, on the first two principal components."
    return render_axes(draw, key, alt, (4.6, 4.2))


def draw_lines(
    name: Hashable,
    real: np.ndarray,
    synthetic: np.ndarray,
    key: str,
    *,
    label: str,
    first: int = 0,
    zero: bool = False,
) -> str:
    """Return lines of both sides over each other, thin ones where there are many.

    Args:
        name: what is drawn.
        real: one line a row, shape (lines, points).
        synthetic: likewise.
        key: what makes the picture's ids its own.
        label: what the points are, by number.
        first: number of the first point.
        zero: whether to draw a line at 0.

    Returns:
        an `<svg>` element.
    """
    single = len(real) == 1

    def draw(axes: Axes) -> None:
        if zero:
            axes.axhline(0.0, color=LINE, linewidth=0.8, linestyle="--")
        for lines, colour in ((real, REAL), (synthetic, SYNTHETIC)):
            at = np.arange(first, first + lines.shape[1])
            width = (2.8 if colour == REAL else 1.6) if single else 1.0
            axes.plot(at, lines.T, color=colour, linewidth=width, alpha=1.0 if single else 0.6)
        axes.set_title(shorten(name, 44))
        axes.set_xlabel(label)
        axes.locator_params(nbins=5)

    alt = f"{shorten(name, 44)} by {label}: {len(real)} real and {len(synthetic)} synthetic lines."
    return render_axes(draw, key, alt, (3.5, 2.1))


def draw_intervals(
    rows: Sequence[tuple[str, float, float | None, float | None, str]], reference: float | None, label: str, key: str
) -> str:
    """Return a dot with its interval a row, and a dashed line at the best value.

    Args:
        rows: label, value, low and high end (None without an interval), colour.
        reference: the best value; None draws no line.
        label: what the axis shows.
        key: what makes the picture's ids its own.
    """
    rows = [row for row in rows if np.isfinite(row[1])]

    def draw(axes: Axes) -> None:
        if reference is not None:
            axes.axvline(reference, color=LINE, linestyle="--", linewidth=1)
        for at, (_, value, low, high, colour) in enumerate(rows):
            if low is not None and high is not None:
                axes.plot([low, high], [at, at], color=colour, linewidth=2.5, alpha=0.6, solid_capstyle="round")
            axes.plot([value], [at], "o", color=colour, markersize=5)
        axes.set_yticks(range(len(rows)), [shorten(row[0], 30) for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlabel(label)
        axes.locator_params(axis="x", nbins=6)

    told = "; ".join(f"{row[0]} {row[1]:.3f}" for row in rows)
    return render_axes(draw, key, f"{label}: {told}.", (4.6, 0.7 + 0.3 * max(len(rows), 2)))
