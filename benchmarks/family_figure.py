"""The figure of family.py: what each method has more than `wgan-gp`, with intervals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from family_report import ROCKET, Family, clear
from family_runs import OF_OBJECTIVES, REFERENCE
from means import mean_of
from tables_runs import C2ST, UTILITY, Figure

__all__ = ["draw"]

AHEAD, BEHIND, LEVEL = "#2a7f3f", "#c1121f", "#6c757d"
PANELS = (
    (UTILITY, "tables: utility (right is better)"),
    (C2ST, "tables: c2st (left is better)"),
    (ROCKET, "series: rocket AUC (left is better)"),
)


def draw(family: Family, file: Path) -> None:
    """Draw a panel a figure, a line a method, objectives above networks."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    grid, axes = plt.subplots(1, len(PANELS), figsize=(12.5, 4.2), facecolor="white")
    for ax, (figure, title) in zip(axes, PANELS, strict=True):
        ax.set_title(title, fontsize=10)
        ax.set_xlabel(f"difference to {REFERENCE}", fontsize=9)
        ax.axvline(0, color="black", linewidth=0.8)
        ax.grid(axis="x", alpha=0.3)
        ax.locator_params(axis="x", nbins=5)
        _points(ax, family, figure)
    grid.tight_layout()
    grid.savefig(file, dpi=110)
    plt.close(grid)


def _points(ax: Any, family: Family, figure: Figure) -> None:
    sets = family.sets(figure)
    methods = [method for method in family.methods(sets) if method != REFERENCE]
    for place, method in enumerate(methods):
        gains = family.gains(method, sets, figure)
        mean, half = mean_of(gains)
        color = {1: AHEAD, -1: BEHIND, 0: LEVEL}[clear(gains, figure)]
        ax.errorbar(mean, place, xerr=half or 0.0, fmt="o", color=color, capsize=3)
    ax.set_yticks(range(len(methods)), methods, fontsize=9)
    ax.axhline(sum(method in OF_OBJECTIVES for method in methods) - 0.5, color="black", linewidth=0.6, linestyle=":")
    ax.invert_yaxis()
