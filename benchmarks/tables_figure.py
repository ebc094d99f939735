"""The figure of tables.py: utility and c2st against the CPU seconds to fit, one point a method."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tables_runs import C2ST, NAMES, UTILITY, Figure, Runs

__all__ = ["draw"]

OURS, PEER = "#c1121f", "#1d3557"
PLACES = ((9, -3, "left"), (-9, -3, "right"), (0, 8, "center"), (0, -14, "center"), (9, -14, "left"), (9, 8, "left"))
HOLLOW = " (hollow: whole process, measured earlier)"
BETTER = {UTILITY.key: "higher is better", C2ST.key: "lower is better, 0.5 is best"}


def draw(runs: Runs, file: Path) -> None:
    """Draw a row of panels for the set of tables with most runs, and one for the set that most methods ran on."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    sets = [(tables, some) for tables, some in runs.common_sets() if not all(m.startswith("ours") for m in some)]
    if not sets:
        return
    largest = max(sets, key=lambda s: len(s[0]) * len(s[1]))
    fullest = max(sets, key=lambda s: (len(s[1]), len(s[0])))
    rows = [largest] if largest == fullest else [largest, fullest]
    grid, axes = plt.subplots(len(rows), 2, figsize=(11, 4.4 * len(rows)), squeeze=False, facecolor="white")
    any_rough = any(runs.fit_seconds(tables, method)[1] for tables, methods in rows for method in methods)
    drawn: list[tuple[Any, dict[str, Any]]] = []
    for panels, (tables, methods) in zip(axes, rows, strict=True):
        for ax, figure in zip(panels, (UTILITY, C2ST), strict=True):
            ax.set_title(f"{figure.title}, mean over {len(tables)} tables ({BETTER[figure.key]})", fontsize=11)
            ax.set_xlabel("CPU seconds to fit a table, mean" + (HOLLOW if any_rough else ""), fontsize=9)
            ax.grid(alpha=0.3)
            ax.margins(0.2, 0.15)
            drawn.append((ax, _scatter(ax, runs, tables, methods, figure)))
            _scale(ax)
    grid.tight_layout()
    grid.canvas.draw()
    for ax, points in drawn:
        _label(ax, points)
    grid.savefig(file, dpi=110)
    plt.close(grid)


def _scatter(ax: Any, runs: Runs, tables: list[str], methods: list[str], figure: Figure) -> dict[str, Any]:
    """Draw the points; return them by method."""
    points: dict[str, Any] = {}
    for method in methods:
        seconds, rough = runs.fit_seconds(tables, method)
        value = runs.mean(tables, method, figure.key)
        if seconds is not None and value is not None:
            color = OURS if method.startswith("ours") else PEER
            points[method] = (max(seconds, 0.01), value)
            ax.scatter(*points[method], s=60, facecolor="white" if rough else color, edgecolor=color, linewidth=1.6)
    return points


def _scale(ax: Any) -> None:
    """Make seconds logarithmic, with few plain numbers beneath."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    ax.set_xscale("log")
    low, high = ax.get_xlim()
    ax.xaxis.set_major_locator(LogLocator(subs=(1,) if high > 1000 * low else (1, 2, 5)))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())


def _label(ax: Any, points: dict[str, Any]) -> None:
    """Write names beside points, each in the first place where it covers no other name or point."""
    from matplotlib.transforms import Bbox

    frame = ax.get_window_extent()
    pixels = {method: ax.transData.transform(point) for method, point in points.items()}
    taken = [Bbox.from_bounds(x - 6, y - 6, 12, 12) for x, y in pixels.values()]
    for method, point in points.items():
        color = OURS if method.startswith("ours") else PEER
        style: dict[str, Any] = {"textcoords": "offset points", "color": color, "fontsize": 9}
        for dx, dy, side in PLACES:
            text = ax.annotate(NAMES[method], point, xytext=(dx, dy), ha=side, **style)
            box = text.get_window_extent()
            inside = frame.x0 < box.x0 and box.x1 < frame.x1 and frame.y0 < box.y0 and box.y1 < frame.y1
            if (inside and not box.count_overlaps(taken)) or (dx, dy, side) == PLACES[-1]:
                taken.append(box)
                break
            text.remove()
