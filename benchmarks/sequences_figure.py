"""The figure of sequences.py: strong AUCs against the CPU seconds to fit, one point a method."""

from __future__ import annotations

from pathlib import Path

from sequences_runs import BOOST, NAMES, ROCKET, Runs
from sequences_sets import SETS

__all__ = ["draw"]

STYLES = {
    "ours": ("#c1121f", "*", 190),
    "tsgm": ("#1d3557", "o", 60),
    "tsgm-gan": ("#457b9d", "s", 60),
    "tsgm-zoo": ("#8fb8d4", "D", 55),
    "par": ("#2a9d8f", "^", 75),
    "copula": ("#777777", "P", 75),
    "pasted": ("#b0b0b0", "X", 75),
}
SOONEST = 0.01  # CPU seconds; the axis is logarithmic


def draw(runs: Runs, file: Path) -> None:
    """Draw a column for each set that most methods ran on, at most four; above rocket, below boost."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    sets = runs.common_sets(SETS)[:4]
    if not sets:
        return
    grid, axes = plt.subplots(2, len(sets), figsize=(2.2 + 3.4 * len(sets), 6.4), squeeze=False, facecolor="white")
    for panels, figure in zip(axes, (ROCKET, BOOST), strict=True):
        for ax, name in zip(panels, sets, strict=True):
            ax.set_title(f"{name}: {figure.title}", fontsize=10)
            for method in runs.methods([name]):
                color, marker, size = STYLES[method]
                seconds = max(runs.mean([name], method, "fit_cpu_s") or 0, SOONEST)
                auc = runs.mean([name], method, figure.key)
                ax.scatter(seconds, auc, s=size, color=color, marker=marker, label=NAMES[method], zorder=3)
            ax.set_xscale("log")
            ax.set_xlim(SOONEST / 2, 1500)
            ax.set_ylim(0.4, 1.03)
            ax.axhline(0.5, color="#2a2a2a", linewidth=0.8, linestyle=":")
            ax.grid(alpha=0.3)
    for ax in axes[1]:
        ax.set_xlabel("CPU seconds to fit", fontsize=9)
    for row in axes:
        row[0].set_ylabel("AUC (0.5 is best)", fontsize=9)
    handles = {text: handle for ax in axes.flat for handle, text in zip(*ax.get_legend_handles_labels(), strict=True)}
    known = [text for text in NAMES.values() if text in handles]
    grid.legend([handles[text] for text in known], known, loc="lower center", ncols=len(known), frameon=False)
    grid.tight_layout(rect=(0, 0.05, 1, 1))
    grid.savefig(file, dpi=110)
    plt.close(grid)
