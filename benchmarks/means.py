"""Means with the half-width of their 95 % t interval, and Markdown tables."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence

from scipy import stats

__all__ = ["markdown", "mean_of", "shown"]


def mean_of(values: Sequence[float]) -> tuple[float, float | None]:
    """Return the mean and the half-width of its interval; None for one value."""
    n = len(values)
    mean = statistics.fmean(values)
    if n < 2:
        return mean, None
    return mean, float(stats.t.ppf(0.975, n - 1)) * statistics.stdev(values) / math.sqrt(n)


def shown(values: Sequence[float], digits: int = 3, *, sign: bool = False) -> str:
    """Return mean and half-width as text, a dash where there is no value."""
    if not values:
        return "–"
    mean, half = mean_of(values)
    text = f"{mean:{'+' if sign else ''}.{digits}f}"
    if float(text) == 0:
        text = text.replace("-", "").replace("+", "")
    return text if half is None else f"{text} ± {half:.{digits}f}"


def markdown(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    names = list(header)
    lines = [names, ["---"] * len(names), *(list(row) for row in rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
