"""The runs of tables.py: who ran on what, and which figures they have."""

from __future__ import annotations

import dataclasses
import json
import statistics
from pathlib import Path
from typing import Any

__all__ = ["C2ST", "FIGURES", "NAMES", "UTILITY", "Figure", "Runs", "read_runs"]

NAMES = {
    "ours": "ours",
    "ours-raw": "ours, not refined",
    "ours+target": "ours, target named",
    "ours+target-raw": "ours, target named, not refined",
    "ctgan": "CTGAN",
    "tvae": "TVAE",
    "copula": "Gaussian copula",
    "arf": "ARF",
    "mostlyai": "TabularARGN",
    "smotenc": "SMOTENC",
}


@dataclasses.dataclass(frozen=True)
class Figure:
    """A figure of a run: its key, its title, its digits, and the value that would be best, where one is."""

    key: str
    title: str
    digits: int = 3
    best: float | None = None

    def loss(self, value: float) -> float:
        """Return how far a value, as it is shown, is from the best."""
        return 0.0 if self.best is None else round(abs(round(value, self.digits) - self.best), self.digits)


UTILITY = Figure("utility_ratio", "utility", best=1.2)  # where the judge caps it
C2ST = Figure("c2st", "c2st", best=0.5)
FIGURES = (
    UTILITY,
    Figure("shape", "shape", best=1.0),
    Figure("pair", "pair", best=1.0),
    C2ST,
    Figure("c2st_forest", "c2st forest", best=0.5),
    Figure("dcr_share", "DCR share"),
    Figure("copies", "copies"),
    Figure("membership_auc", "membership AUC"),
    Figure("invalid", "invalid"),
    Figure("fit_cpu_s", "fit CPU s", 1),
    Figure("sample_cpu_s", "sample CPU s", 2),
    Figure("peak_rss_mb", "peak MB", 0),
)


class Runs:
    """Runs by table and method."""

    def __init__(self, runs: dict[tuple[str, str], list[dict[str, Any]]]) -> None:
        self.by_place = {place: some for place, some in runs.items() if not any("failed" in run for run in some)}
        self.failures = [(*place, run["failed"]) for place, some in runs.items() for run in some if "failed" in run]

    @property
    def tables(self) -> list[str]:
        """Return the tables that somebody ran on."""
        return sorted({table for table, _ in self.by_place})

    def methods(self, tables: list[str]) -> list[str]:
        """Return the methods that ran on all of some tables."""
        return [method for method in NAMES if all((table, method) in self.by_place for table in tables)]

    def values(self, table: str, method: str, key: str) -> list[float]:
        """Return a figure of a method's runs on a table, those that have it."""
        return [run[key] for run in self.by_place[table, method] if run.get(key) is not None]

    def mean(self, tables: list[str], method: str, key: str) -> float | None:
        """Return the mean over tables of a figure's mean over seeds; None where a table has none."""
        each = [self.values(table, method, key) for table in tables]
        return statistics.fmean(map(statistics.fmean, each)) if all(each) else None

    def fit_seconds(self, tables: list[str], method: str) -> tuple[float | None, bool]:
        """Return the mean CPU seconds to fit, and whether some were measured for the whole process only."""
        each = [self.values(table, method, "fit_cpu_s") for table in tables]
        whole = [self.values(table, method, "process_cpu_s") for table in tables]
        seconds = [mine or rough for mine, rough in zip(each, whole, strict=True)]
        return (statistics.fmean(map(statistics.fmean, seconds)) if all(seconds) else None), not all(each)

    def earlier(self, tables: list[str], method: str) -> bool:
        """Return whether some of a method's runs were measured earlier."""
        return any(run.get("measured") == "earlier" for table in tables for run in self.by_place[table, method])

    def common_sets(self) -> list[tuple[list[str], list[str]]]:
        """Return the sets of tables, of two or more, that a method ran on, largest first, each with all who did."""
        done = {tuple(t for t in self.tables if (t, method) in self.by_place) for method in NAMES}
        wide = sorted((s for s in done if len(s) > 1), key=lambda s: (-len(s), s))
        found = [(list(tables), self.methods(list(tables))) for tables in wide]
        return [(tables, methods) for tables, methods in found if len(methods) > 1]


def read_runs(results: Path) -> Runs:
    """Read the runs below a folder, METHOD/TABLE-SEED.json."""
    runs: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for method in NAMES:
        for file in sorted((results / method).glob("*.json")):
            table = file.stem.rpartition("-")[0]
            runs.setdefault((table, method), []).append(json.loads(file.read_text()))
    return Runs(runs)
