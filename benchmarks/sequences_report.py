"""The report of sequences.py as Markdown: means over sets, and set by set, with the settings of each method."""

from __future__ import annotations

from means import markdown, shown
from sequences_runs import CLASSES, FIGURES, NAMES, Runs
from sequences_sets import LABELLED, SETS
from tables_runs import Figure

__all__ = ["report"]

_FLOORS = {"strong_rocket": 0, "strong_boost": 1}  # where the judge's figures of real against real stand
MOST_COPIES = 0.02  # of a method whose figures can be the best
_NOTES = """\
One thread, no GPU, one judge for all; the judge knows nothing of this project. Means over seeds, ± half-widths of
95 % t intervals where there are two seeds or more. The best of the figures that say how good the sequences are is bold,
of the methods with at most .02 copies.

- Rocket AUC: of random convolutions and a ridge classifier telling synthetic from real windows; boost AUC: of boosted
  trees on summary features. Train and test share no time step. 0.5 or less is best; "real" is real against other real
  blocks.
- GRU disc., predictive: TimeGAN's two scores, as papers quote them. Both are weak: a copula reaches good ones. For the
  predictive score see the row "real".
- KS, ACF, channels, spectrum: mean differences of the values' distributions, of autocorrelations within a window, of
  the channels' correlations, and of log10 power. 0 is best.
- NN ratio: median distance to the nearest training window, over that between real windows without a common step; well
  above 1 is off the data, well below is memorising, as are copies above .01: sequences nearer to a training window than
  99 % of the real ones are to each other. Spread: the same among the synthetic ones; well below 1 is mode collapse.
- Labelled sets: TRTR, TSTR: accuracy on real test series after training on real and on synthetic ones; the gain is of
  training on both, in points of accuracy. Class TV: distance of the label shares.
- The baselines learn nothing of time. The Gaussian copula has marginals and correlations of the flattened window.
  Pasted halves copy: the first half of one real window, and the second half of another that is near it in the middle.
"""
_TSGM = """\
- tsgm: the convolutional GAN of its zoo, trained for a number of CPU seconds; on labelled sets its conditional GAN,
  which has no WGAN-GP. Left out are the generator's LSTM, with which an update takes nine times as long, and the
  sigmoid that ends the WGAN's critic; "networks as they are" has both. The WGAN-GP learns at 1e-3, since at the 2e-4
  of tsgm's guide it is still far from the data when the time is over; the others learn at 2e-4.
- DeepEcho PAR: all sequences in one batch with Python loops over them, so it has a random part of the larger sets, at
  its default number of epochs. At most 2000 windows are sampled, since it draws them one by one.
"""


def report(runs: Runs) -> str:
    """Return the whole report."""
    parts = ["# Sequences at defaults\n", "![AUC against CPU seconds to fit](figure.png)\n", _NOTES + _TSGM]
    sets = runs.sets(SETS)
    groups = {f"windows of {steps}": [s for s in sets if s.endswith(f"_{steps}")] for steps in (24, 64)}
    groups["labelled sets"] = [name for name in sets if name in LABELLED]
    for title, names in groups.items():
        methods = runs.methods(names)
        if len(names) > 1 and methods:
            parts += [f"## Means over {title}\n", ", ".join(names) + ".\n", _table(runs, names, methods)]
    parts.append(_failures(runs))
    for name in sets:
        methods = runs.methods([name])
        parts += [f"## {name}\n", _table(runs, [name], methods), _settings(runs, name, methods)]
    return "\n".join(part for part in parts if part)


def _table(runs: Runs, sets: list[str], methods: list[str]) -> str:
    """Return a row a method, a column a figure, over some sets; first what real sequences reach."""
    labelled = all(name in LABELLED for name in sets)
    figures = (*CLASSES, *FIGURES) if labelled else FIGURES
    rows = [["real", "–", *(_of_real(runs, sets, methods, figure) for figure in figures)]]
    columns = [_column(runs, sets, methods, figure) for figure in figures]
    for i, method in enumerate(methods):
        counts = sorted({len(runs.by_place[name, method]) for name in sets})
        seeds = " to ".join(dict.fromkeys([str(counts[0]), str(counts[-1])]))
        rows.append([NAMES[method], seeds, *(column[i] for column in columns)])
    return markdown(["method", "seeds", *(figure.title for figure in figures)], rows)


def _of_real(runs: Runs, sets: list[str], methods: list[str], figure: Figure) -> str:
    """Return the mean of what the judge says of real against real, over sets and methods."""
    found: list[float] = []
    for name in sets:
        for run in (run for method in methods for run in runs.by_place[name, method]):
            if figure.key in _FLOORS and "strong_floor_auc" in run:
                found.append(run["strong_floor_auc"][_FLOORS[figure.key]])
            elif figure.key == "predictive" and "predictive_real" in run:
                found.append(run["predictive_real"])
    return f"{sum(found) / len(found):.{figure.digits}f}" if found else "–"


def _column(runs: Runs, sets: list[str], methods: list[str], figure: Figure) -> list[str]:
    """Return a figure of each method as text, the best in bold."""
    means = {method: runs.mean(sets, method, figure.key) for method in methods}
    honest = {method for method in methods if (runs.mean(sets, method, "copies") or 0.0) <= MOST_COPIES}
    losses = {method: figure.loss(mean) for method, mean in means.items() if mean is not None and method in honest}
    best = min(losses.values()) if figure.best is not None and len(losses) > 1 else None
    cells: list[str] = []
    for method, mean in means.items():
        values = runs.values(sets[0], method, figure.key) if len(sets) == 1 else [] if mean is None else [mean]
        text = shown(values, figure.digits, sign=figure.key == "aug_gain")
        cells.append(f"**{text}**" if best is not None and losses.get(method) == best else text)
    return cells


def _settings(runs: Runs, name: str, methods: list[str]) -> str:
    """Return how each method was trained on a set, where there is something to say."""
    lines: list[str] = []
    for method in methods:
        run = runs.by_place[name, method][0]
        said = [run["setting"]] if "setting" in run else []
        said += [f"{run['updates']} updates"] if method == "ours" else []
        said += [f"{run['n_synth']} sampled"] if run["n_synth"] != run["n_real"] else []
        package, version = next(iter(run["versions"].items()))
        if said:
            lines.append(f"- {NAMES[method]} ({package} {version}): {', '.join(said)}.\n")
    return "".join(lines)


def _failures(runs: Runs) -> str:
    lines = [f"- {NAMES[method]} failed on {name}: {reason}\n" for name, method, reason in runs.failures]
    return "## Failed\n\n" + "".join(lines) if lines else ""
