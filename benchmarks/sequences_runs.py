"""The runs of sequences.py: who ran on what, and which figures they have."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from tables_runs import Figure

__all__ = ["BOOST", "CLASSES", "FIGURES", "NAMES", "ROCKET", "Runs", "read_runs"]

NAMES = {
    "ours": "ours",
    "tsgm": "tsgm WGAN-GP",
    "tsgm-gan": "tsgm GAN",
    "tsgm-zoo": "tsgm WGAN-GP, networks as they are",
    "par": "DeepEcho PAR",
    "copula": "Gaussian copula",
    "pasted": "pasted halves",
}


class Auc(Figure):
    """An AUC of telling synthetic from real: below .5 it is as good as .5."""

    def loss(self, value: float) -> float:
        """Return how far a value, as it is shown, is above the best."""
        return max(round(value, self.digits) - 0.5, 0.0)


ROCKET = Auc("strong_rocket", "rocket AUC", best=0.5)
BOOST = Auc("strong_boost", "boost AUC", best=0.5)
FIGURES = (
    ROCKET,
    BOOST,
    Figure("gru_disc", "GRU disc.", best=0.0),
    Figure("predictive", "predictive", 4),
    Figure("ks", "KS", best=0.0),
    Figure("acf_within", "ACF", best=0.0),
    Figure("xcorr", "channels", best=0.0),
    Figure("spectrum", "spectrum", best=0.0),
    Figure("nn_ratio", "NN ratio", 2),
    Figure("copies", "copies"),
    Figure("spread", "spread", 2),
    Figure("invalid", "invalid"),
    Figure("fit_cpu_s", "fit CPU s", 1),
    Figure("sample_cpu_s_per_1000", "sample CPU s / 1000", 2),
    Figure("peak_rss_mb", "peak MB", 0),
)
CLASSES = (
    Figure("trtr", "TRTR"),
    Figure("tstr", "TSTR"),
    Figure("tstr_ratio", "TSTR / TRTR"),
    Figure("aug_gain", "gain of real + synthetic"),
    Figure("class_tv", "class TV"),
)


class Runs:
    """Runs by set and method."""

    def __init__(self, runs: dict[tuple[str, str], list[dict[str, Any]]]) -> None:
        self.by_place = {place: some for place, some in runs.items() if not any("failed" in run for run in some)}
        self.failures = [(*place, run["failed"]) for place, some in runs.items() for run in some if "failed" in run]

    def sets(self, order: tuple[str, ...]) -> list[str]:
        """Return the sets that somebody ran on, those of an order first."""
        there = {name for name, _ in self.by_place}
        return [name for name in order if name in there] + sorted(there - set(order))

    def methods(self, sets: list[str]) -> list[str]:
        """Return the methods that ran on all of some sets."""
        return [method for method in NAMES if all((name, method) in self.by_place for name in sets)]

    def values(self, name: str, method: str, key: str) -> list[float]:
        """Return a figure of a method's runs on a set, those that have it."""
        runs = self.by_place.get((name, method), [])
        found = [run[key] if key in run else run.get("labelled", {}).get(key) for run in runs]
        return [value for value in found if value is not None]

    def mean(self, sets: list[str], method: str, key: str) -> float | None:
        """Return the mean over sets of a figure's mean over seeds; None where a set has none."""
        each = [self.values(name, method, key) for name in sets]
        return statistics.fmean(map(statistics.fmean, each)) if all(each) else None

    def common_sets(self, order: tuple[str, ...]) -> list[str]:
        """Return the sets that most methods ran on, as many sets as have them all."""
        sets = self.sets(order)
        most = max((len(self.methods([name])) for name in sets), default=0)
        fullest = [name for name in sets if len(self.methods([name])) == most]
        everybody = set(self.methods(fullest[:1]))
        return [name for name in sets if everybody <= set(self.methods([name]))]


def read_runs(results: Path) -> Runs:
    """Read the runs below a folder, METHOD/SET-SEED.json."""
    runs: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for method in NAMES:
        for file in sorted((results / method).glob("*.json")):
            name = file.stem.rpartition("-")[0]
            runs.setdefault((name, method), []).append(json.loads(file.read_text()))
    return Runs(runs)
