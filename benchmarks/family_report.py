"""The report of family.py as Markdown: gains on `wgan-gp` over all sets, and set by set."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from defaults import read_variant
from family_runs import METHODS, OF_OBJECTIVES, REFERENCE
from means import markdown, mean_of, shown
from sequences_runs import Auc
from tables_runs import C2ST, UTILITY, Figure

__all__ = ["ROCKET", "Family", "clear", "report"]

ROCKET = Auc("rocket", "rocket AUC", best=0.5)
OF_ROWS = (
    UTILITY,
    C2ST,
    Figure("shape", "shape", best=1.0),
    Figure("pair", "pair", best=1.0),
    Figure("coverage", "coverage", best=1.0),
    Figure("copies", "copies", 4),
    Figure("invalid", "invalid", 4),
)
OF_WINDOWS = (
    ROCKET,
    Auc("boost", "boost AUC", best=0.5),
    Figure("ks", "KS", best=0.0),
    Figure("acf", "ACF", best=0.0),
    Figure("xcorr", "channels", best=0.0),
    Figure("spectrum", "spectrum", best=0.0),
    Figure("copies", "copies"),
    Figure("spread", "spread", 2),
)
COST = (Figure("updates", "updates", 0), Figure("train_cpu_s", "training CPU s", 1))


class Family:
    """The runs below a folder, METHOD/SET-SEED.json, and how many updates each method was given.

    Args:
        results: the folder.
    """

    def __init__(self, results: Path) -> None:
        found = {method: read_variant(results / method) for method in METHODS}
        self.runs = {m: {p: run for p, run in runs.items() if "failed" not in run} for m, runs in found.items()}
        self.failures = [
            (method, *pair, run["failed"])
            for method, runs in found.items()
            for pair, run in runs.items()
            if "failed" in run
        ]
        file = results / "timing.json"
        self.timing: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}

    def sets(self, figure: Figure) -> list[str]:
        """Return the sets that have a figure."""
        return sorted({name for (name, _), run in self.runs[REFERENCE].items() if figure.key in run})

    def methods(self, sets: Iterable[str]) -> list[str]:
        """Return the methods that ran on some of these sets."""
        return [method for method in METHODS if any(name in sets for name, _ in self.runs[method])]

    def seeds(self, method: str, name: str) -> set[int]:
        """Return the seeds of a method's runs on a set."""
        return {seed for there, seed in self.runs[method] if there == name}

    def values(self, method: str, name: str, figure: Figure, seeds: Iterable[int] | None = None) -> list[float]:
        """Return a figure of a method's runs on a set, of some seeds or all."""
        wanted = sorted(self.seeds(method, name) if seeds is None else seeds)
        return [self.runs[method][name, seed][figure.key] for seed in wanted]

    def gains(self, method: str, sets: Iterable[str], figure: Figure) -> list[float]:
        """Return a method's figures less the reference's on the same set and seed."""
        mine, base = self.runs[method], self.runs[REFERENCE]
        pairs = sorted(pair for pair in set(mine) & set(base) if pair[0] in sets)
        return [mine[pair][figure.key] - base[pair][figure.key] for pair in pairs]

    def updates(self, figure: Figure) -> str:
        """Return the fewest and the most updates of the reference on the sets that have a figure."""
        counts = [self.timing["sets"][name][REFERENCE]["updates"] for name in self.sets(figure)]
        return " to ".join(dict.fromkeys([str(min(counts)), str(max(counts))]))

    def seconds(self) -> list[float]:
        """Return what the trainings took, least first."""
        return sorted(run["train_cpu_s"] for runs in self.runs.values() for run in runs.values())

    def states(self) -> list[str]:
        """Return the states of the code that the runs are of."""
        return sorted({run["code"] for runs in self.runs.values() for run in runs.values()})


def clear(gains: Sequence[float], figure: Figure) -> int:
    """Return 1 where a gain is one and its interval leaves out 0, -1 where a loss does, and else 0; 0 of two pairs."""
    if len(gains) < 3 or figure.best is None:
        return 0
    mean, half = mean_of(gains)
    better = mean > 0 if figure.best >= 1 else mean < 0
    return 0 if half is None or abs(mean) <= half else 1 if better else -1


_SIDES = {"ahead": 1, "behind": -1}
_NOTES = """\
Every objective with the networks of the preset "balanced" and the recipe that the preset has for it, and `wgan-gp` with
other networks; each run trains for the same CPU seconds, {cpu_s:g}, learning rates falling to nought within them. How
many updates that is was timed for each method and set (60 updates, in turns with the others, the median turn), so that
what is cheap does more of them: for `wgan-gp` {rows} on the tables, where "balanced" takes 2800 for 10 000 rows,
and {windows} on the windows, where it takes 5000 for 10 000. Who is ahead in so short a training need not be in a long
one. Raw samples, not refined, as many as were fitted; at most 10 000 training rows; judged with test rows, on which
nothing was tuned.

- Utility: boosted trees trained on synthetic over trained on real rows, tested on real ones, 1.2 at most; c2st: AUC of
  boosted trees telling synthetic from real rows, 0.5 is best; shape, pair: likeness of columns and pairs; coverage:
  share of the real rows that have a synthetic one among their neighbours. Copies: beyond the held-out rows' own.
- Rocket AUC, boost AUC: of a ridge on random convolutions, and of boosted trees on summary features, telling synthetic
  from real windows of blocks they have not seen; 0.5 is best. KS, ACF, channels, spectrum: errors of values, of
  autocorrelations within a window, of correlations of channels, of log10 power; 0 is best. Copies: windows nearer to
  a training window than 99 % of these are to each other, .01 by chance. Spread well below 1 is mode collapse.
- Differences are to `wgan-gp` on the same set and seed: mean ± half-width of a 95 % t interval over these pairs, sets
  times seeds; bold where the interval of three pairs or more leaves out 0. The seeds of one set are not independent of
  each other as sets are: intervals are somewhat too narrow, and of many differences that are 0 in truth one in twenty
  is bold by chance.
- "First on" counts the sets where a method is better than all others in the table, on the mean of the seeds that all of
  them have. The best of a set's column is bold by the same mean; its intervals are t intervals over seeds.
"""


def report(family: Family) -> str:
    """Return the whole report."""
    parts = ["# Objectives and networks\n", "![Differences to wgan-gp](figure.png)\n"]
    done = {"rows": family.updates(OF_ROWS[0]), "windows": family.updates(OF_WINDOWS[0])}
    parts += [_NOTES.format(cpu_s=family.timing["cpu_s"], **done), _machine(family)]
    networks = [REFERENCE, *(method for method in METHODS if method not in OF_OBJECTIVES)]
    for kind, figures, own in (("tables", OF_ROWS, "mlp"), ("series", OF_WINDOWS, "conv1d")):
        sets = family.sets(figures[0])
        there = family.methods(sets)
        for title, wanted in ((f"Objectives, {kind}", OF_OBJECTIVES), (f"Networks, {kind}", networks)):
            methods = [method for method in wanted if method in there]
            if len(methods) > 1:
                names = {REFERENCE: f"{REFERENCE}, {own}"} if wanted is networks else {}
                parts += [f"## {title}\n", f"{', '.join(sets)}.\n", _overall(family, sets, methods, figures, names)]
                parts += [_told(family, sets, methods, figures)]
        for name in sets:
            parts += [f"### {name}\n", _one_set(family, name, there, figures)]
    lines = [f"- {method} on {name}, seed {seed}: {why}\n" for method, name, seed, why in family.failures]
    parts += ["## Failed\n", "".join(lines)] if lines else []
    return "\n".join(parts)


def _machine(family: Family) -> str:
    machine = family.timing["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    took, n = family.seconds(), len(family.seconds())
    return (
        f"Machine: {machine['processor']}, {machine['cores']} cores that other work shared, one thread; {versions}; "
        f"code {', '.join(family.states())}. The {n} trainings took {took[0]:.0f} to {took[-1]:.0f} CPU seconds, "
        f"half of them {took[n // 4]:.0f} to {took[-1 - n // 4]:.0f}: the same work takes longer on a busy "
        "machine. Command: `python benchmarks/family.py PREPARED SERIES`.\n"
    )


def _overall(
    family: Family, sets: list[str], methods: list[str], figures: tuple[Figure, ...], names: dict[str, str]
) -> str:
    """Return a row a method: the reference's own means, and what the others have more."""
    header = ["method", "pairs", "updates", *(figure.title for figure in figures), "first on"]
    firsts = _firsts(family, sets, methods, figures[:2])
    rows: list[list[str]] = []
    for method in methods:
        cells: list[str] = []
        for figure in figures:
            if method == REFERENCE:
                means = [mean_of(family.values(method, name, figure))[0] for name in sets]
                cells.append(shown([sum(means) / len(means)], figure.digits))
                continue
            gains = family.gains(method, sets, figure)
            text = shown(gains, figure.digits, sign=True)
            cells.append(f"**{text}**" if clear(gains, figure) else text)
        pairs = len(family.gains(method, sets, figures[0]))
        count = f"{pairs} runs" if method == REFERENCE else str(pairs)
        rows.append([names.get(method, method), count, _share(family, method, sets), *cells, firsts[method]])
    return markdown(header, rows)


def _share(family: Family, method: str, sets: list[str]) -> str:
    """Return the updates as a multiple of the reference's, mean over sets."""
    given = family.timing["sets"]
    ratios = [
        given[name][method]["updates"] / given[name][REFERENCE]["updates"] for name in sets if method in given[name]
    ]
    return f"x {sum(ratios) / len(ratios):.2f}"


def _firsts(family: Family, sets: list[str], methods: list[str], figures: tuple[Figure, ...]) -> dict[str, str]:
    """Return on how many sets a method is the best by each figure."""
    counts = {method: [0] * len(figures) for method in methods}
    for i, figure in enumerate(figures):
        for name in sets:
            best = _best(family, name, methods, figure)
            if len(best) == 1:
                counts[best[0]][i] += 1
    titles = [figure.title for figure in figures]
    return {
        m: ", ".join(f"{n} {t}" for n, t in zip(found, titles, strict=True) if n) or "–" for m, found in counts.items()
    }


def _best(family: Family, name: str, methods: list[str], figure: Figure) -> list[str]:
    """Return the methods whose mean over the seeds that all have is nearest to the best, as it is shown."""
    there = [method for method in methods if family.values(method, name, figure)]
    seeds = set.intersection(*(family.seeds(method, name) for method in there))
    losses = {m: figure.loss(mean_of(family.values(m, name, figure, seeds))[0]) for m in there} if seeds else {}
    return [method for method, loss in losses.items() if loss == min(losses.values())] if len(losses) > 1 else []


def _told(family: Family, sets: list[str], methods: list[str], figures: tuple[Figure, ...]) -> str:
    """Say who is ahead of the reference, and who behind, beyond the interval."""
    lines: list[str] = []
    for figure in (figure for figure in figures if figure.best is not None):
        verdicts = {m: clear(family.gains(m, sets, figure), figure) for m in methods if m != REFERENCE}
        sides = {word: [m for m, found in verdicts.items() if found == side] for word, side in _SIDES.items()}
        told = "; ".join(f"{word} {', '.join(some)}" for word, some in sides.items() if some)
        lines.append(f"- {figure.title}: {told or f'nobody is told apart from {REFERENCE}'}.\n")
    return "".join(lines)


def _one_set(family: Family, name: str, methods: list[str], figures: tuple[Figure, ...]) -> str:
    """Return a row a method with its means over seeds."""
    rows: list[list[str]] = []
    for method in methods:
        cells: list[str] = []
        for figure in (*figures, *COST):
            values = family.values(method, name, figure)
            best = figure.best is not None and method in _best(family, name, methods, figure)
            text = shown(values[:1] if figure.key == "updates" else values, figure.digits)
            cells.append(f"**{text}**" if best else text)
        seeds = len(family.values(method, name, figures[0]))
        rows += [[method, str(seeds), *cells]] if seeds else []
    return markdown(["method", "seeds", *(figure.title for figure in (*figures, *COST))], rows)
