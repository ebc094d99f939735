"""How training went, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from wgan_aug.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_history"]

_ESTIMATE, _SCORE, _LINE = "#2f7fd1", "#d9730d", "#9a9a9a"
_LOSSES = {"generator_loss": ("generator", "#444444"), "critic_loss": ("critic", "#9a9a9a")}
_PARTS = 60  # the running mean is over this share of the training
_LOWER = "70%"  # height of the lower panels, as a share of the first one's


def draw_history(history: pd.DataFrame, evaluations: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw what training did over updates, in panels below each other.

    The Wasserstein estimate (for an objective without one, the critic's loss) and the losses are running means, each
    update's own estimate pale behind; the first 2 % of the updates, in which the critic knows nothing, do not stretch
    the axes. Where there are evaluations, the last panel has their scores, and a line through all panels marks the
    update whose model was kept.

    Args:
        history: one row an update, see `history_`.
        evaluations: one row an evaluation, see `evaluations_`; may be empty.
        ax: axes to divide into panels; those of a new figure where None.

    Returns:
        the first panel.

    Raises:
        MissingExtraError: without matplotlib.
    """
    first, below = _panels(ax, 2 if len(evaluations) else 1)
    updates, smooth = history["update"], history.rolling(max(1, len(history) // _PARTS), 1, center=True).mean()
    upper = "wasserstein" if "wasserstein" in history else "critic_loss"
    first.plot(updates, history[upper], color=_ESTIMATE, linewidth=0.6, alpha=0.3)
    first.plot(updates, smooth[upper], color=_ESTIMATE, linewidth=1.8)
    _frame(first, "Wasserstein\nestimate" if upper == "wasserstein" else "critic's loss", smooth[[upper]])
    for name, (label, colour) in _LOSSES.items():
        below[0].plot(updates, smooth[name], color=colour, linewidth=1.3, label=label)
    _frame(below[0], "losses", smooth[list(_LOSSES)])
    below[0].legend(frameon=False, fontsize=8, ncols=2, loc="best")
    if len(evaluations):
        _draw_scores(evaluations, below[1], [first, *below])
    for panel in (first, *below[:-1]):
        panel.tick_params(axis="x", labelbottom=False)
    first.set_xlim(0, float(updates.iloc[-1]) * 1.01)
    below[-1].set_xlabel("update")
    return first


def _draw_scores(evaluations: pd.DataFrame, panel: Axes, panels: list[Axes]) -> None:
    """Draw the scores, and mark the one whose model was kept in all panels."""
    panel.plot(evaluations["update"], evaluations["score"], "o-", color=_SCORE, markersize=4, linewidth=1.3)
    panel.set_ylim(0, 1.2 * float(evaluations["score"].max()) or 1.0)
    panel.set_ylabel("held-out score\n(0 is best)")
    panel.spines[["top", "right"]].set_visible(False)
    kept = evaluations[evaluations["chosen"]]
    for update, score in zip(kept["update"], kept["score"], strict=True):
        panel.plot([update], [score], "o", color=_SCORE, markersize=8, markerfacecolor="white", clip_on=False)
        for each in panels:
            each.axvline(update, color=_SCORE, linewidth=1.0, linestyle="--", zorder=0)
        panels[0].set_title(f"kept: update {update}", color=_SCORE, fontsize=9, loc="right")


def _frame(panel: Axes, label: str, lines: pd.DataFrame) -> None:
    """Name a panel, and fit its height to all but the first updates."""
    settled = lines.to_numpy()[len(lines) // 50 :]
    low, high = min(0.0, float(np.nanmin(settled))), max(0.0, float(np.nanmax(settled)))
    room = 0.08 * (high - low) or 1.0
    panel.set_ylim(low - room, high + room)
    panel.axhline(0.0, color=_LINE, linewidth=0.6, zorder=0)
    panel.set_ylabel(label)
    panel.spines[["top", "right"]].set_visible(False)


def _panels(ax: Axes | None, count: int) -> tuple[Any, list[Any]]:
    """Return the first panel, and those below it."""
    try:
        from matplotlib.figure import Figure
        from mpl_toolkits.axes_grid1 import make_axes_locatable
    except ImportError as error:
        raise MissingExtraError('plot_history needs matplotlib: pip install "wgan-aug[report]"') from error
    if ax is None:
        ax = Figure(figsize=(7, 2.2 + 1.5 * count), dpi=120, layout="tight").add_subplot()
    divider = make_axes_locatable(ax)
    return ax, [divider.append_axes("bottom", _LOWER, pad=0.15, sharex=ax) for _ in range(count)]
