"""Seconds of `evaluate` on 50 000 rows of 15 columns, and SDMetrics' quality report beside it, in one run, in turn.

usage: python benchmarks/evaluation_speed.py [--sdmetrics PYTHON] [--rows 50000] [--rounds 5] [--json FILE]

The rows are Adult's: 10 000 are held out, the real rows are drawn with replacement from the others, and the synthetic
ones are others of these in which one cell in eight is drawn anew. Each tool runs in a process of its own, with the
Python of its own environment (see environments.sh), on one thread, and reads the same CSV files, which is not timed.
Every round asks for each task in turn; CPU seconds are those of the process (user and system). `budget="full"` is
asked for once, at the end. SDMetrics is told which columns are numbers by this package's schema.

The scores of both are then compared, column by column and pair by pair. Which of them are defined alike:

- Numeric columns (1 - Kolmogorov-Smirnov statistic), categorical columns without missing cells (1 - total variation),
  pairs of numbers (1 - half the difference of Pearson's correlations), pairs of categories (1 - total variation of the
  contingency tables): the same.
- Categorical columns with missing cells: SDMetrics leaves the missing ones out, here they are one more level.
- A number and a category: a contingency table in both, but SDMetrics cuts real and synthetic numbers each at ten equal
  steps of their own range, while here both are cut at the real deciles.
- The mean over pairs: by default SDMetrics leaves out pairs that are weakly associated among the real rows (correlation
  at most 0.5, Cramér's V at most 0.3); here all pairs count. "quality report, all pairs" has these thresholds at 0.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evaluation_made import copy_with_errors, describe_machine, read

TARGET = "income"
OURS, THEIRS = "columns and pairs", "quality report"
ALL_PAIRS = "quality report, all pairs"
Task = Callable[[], dict[str, Any]]


def write_tables(folder: Path, rows: int) -> dict[str, str]:
    """Write real.csv, synthetic.csv, holdout.csv and metadata.json; return the columns and what they are."""
    from wgan_aug.datasets import load_adult
    from wgan_aug.schema.inference import infer_schema

    people = load_adult().sample(frac=1, random_state=0, ignore_index=True)
    held, rest = people.head(10_000), people.iloc[10_000:].reset_index(drop=True)
    tables = {"holdout": held, "real": rest.sample(rows, replace=True, random_state=0)}
    tables["synthetic"] = copy_with_errors(rest, rows, seed=1)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    numeric = ("continuous", "integer")
    kinds = {str(c.name): "numerical" if c.kind in numeric else "categorical" for c in infer_schema(people)}
    columns = {name: {"sdtype": kind} for name, kind in kinds.items()}
    (folder / "metadata.json").write_text(json.dumps({"tables": {"table": {"columns": columns}}, "relationships": []}))
    return kinds


def our_tasks(folder: Path) -> dict[str, Task]:
    """Return what this package is asked for, by name."""
    from wgan_aug.evaluation.fidelity import fidelity
    from wgan_aug.evaluation.frames import align
    from wgan_aug.evaluation.report import evaluate

    real, synthetic, holdout = (read(folder / f"{name}.csv") for name in ("real", "synthetic", "holdout"))

    def compare() -> dict[str, Any]:
        found = fidelity(align(real, synthetic))
        pairs = found.pairs[["first", "second", "similarity"]].itertuples(index=False)
        return {
            "means": {"shape": found.shape, "pair": found.pair},
            "columns": dict(found.columns[["column", "shape"]].itertuples(index=False)),
            "pairs": {f"{first}, {second}": likeness for first, second, likeness in pairs},
        }

    def judge(budget: Any) -> dict[str, Any]:
        begun: list[tuple[str, float]] = []
        start = time.process_time()
        report = evaluate(
            real,
            synthetic,
            target=TARGET,
            holdout=holdout,
            budget=budget,
            progress=lambda stage: begun.append((stage, time.process_time())),
        )
        names, starts = zip(("preparing", start), *begun, strict=True)
        ends = [*starts[1:], time.process_time()]
        stages = {name: round(b - a, 2) for name, a, b in zip(names, starts, ends, strict=True)}
        figures = report.to_frame().set_index("figure")["value"].round(4)
        return {"stages_cpu_s": stages, "figures": {name: figures[name] for name in ("utility_ratio", "c2st")}}

    return {OURS: compare, "fast": lambda: judge("fast"), "full": lambda: judge("full")}


def their_tasks(folder: Path) -> dict[str, Task]:
    """Return what SDMetrics is asked for, by name."""
    from sdmetrics.reports import QualityReport  # type: ignore[import-not-found]

    real, synthetic = ({"table": read(folder / f"{name}.csv")} for name in ("real", "synthetic"))
    described = json.loads((folder / "metadata.json").read_text())

    def report(**thresholds: float) -> dict[str, Any]:
        made = QualityReport()
        for name, value in thresholds.items():
            setattr(made, name, value)
        made.generate(real, synthetic, described, verbose=False)
        means = dict(made.get_properties().itertuples(index=False))
        columns = made.get_details("Column Shapes")[["Column", "Score"]].itertuples(index=False)
        pairs = made.get_details("Column Pair Trends")[["Column 1", "Column 2", "Score"]].itertuples(index=False)
        return {
            "means": {"shape": means["Column Shapes"], "pair": means["Column Pair Trends"]},
            "columns": dict(columns),
            "pairs": {f"{first}, {second}": score for first, second, score in pairs},
        }

    return {
        THEIRS: report,
        ALL_PAIRS: lambda: report(real_correlation_threshold=0, real_association_threshold=0),
    }


def work(tool: str, folder: Path) -> None:
    """Serve: read a task's name, answer with the seconds that it took and what it found."""
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the tools print is no answer
    tasks = (our_tasks if tool == "wgan-aug" else their_tasks)(folder)
    packages = ("numpy", "pandas", "scipy", *(["scikit-learn", "wgan-aug"] if tool == "wgan-aug" else ["sdmetrics"]))
    print(json.dumps(describe_machine(*packages)), file=answer, flush=True)
    for line in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        found = tasks[line.strip()]()
        seconds = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
        print(json.dumps(seconds | {"found": found}), file=answer, flush=True)


class Worker:
    """A tool in a process of its own."""

    def __init__(self, tool: str, python: str, folder: Path) -> None:
        self.process = subprocess.Popen(
            [python, __file__, "--work", tool, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        )
        self.machine = self._read()

    def ask(self, task: str) -> dict[str, Any]:
        """Return what a task took and found."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{task}\n")
        self.process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"{self.process.args} ended"
        return json.loads(line)


def summarise(answers: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Return medians a task, and how many times SDMetrics' seconds it took, round by round."""
    out: dict[str, dict[str, Any]] = {}
    for task, rounds in answers.items():
        out[task] = {key: round(statistics.median(a[key] for a in rounds), 3) for key in ("cpu_s", "wall_s")}
        out[task]["rounds"] = len(rounds)
        if THEIRS in answers and task != THEIRS:
            pairs = zip(rounds, answers[THEIRS][-len(rounds) :], strict=True)
            ratios = [ours["cpu_s"] / theirs["cpu_s"] for ours, theirs in pairs]
            out[task]["cpu_over_sdmetrics"] = round(statistics.median(ratios), 3)
        out[task] |= {
            key: rounds[-1]["found"][key] for key in ("stages_cpu_s", "figures") if key in rounds[-1]["found"]
        }
    return out


def compare(ours: dict[str, Any], theirs: dict[str, Any], kinds: dict[str, str], gaps: set[str]) -> dict[str, Any]:
    """Return the mean of both and the greatest difference, for each sort of column and of pair."""

    def sort(name: str) -> str:
        names = name.split(", ")
        numbers = sum(kinds[part] == "numerical" for part in names)
        if len(names) == 2:
            return ("pairs of categories", "a number and a category", "pairs of numbers")[numbers]
        if numbers:
            return "numeric columns"
        return "categorical columns, some missing" if name in gaps else "categorical columns, none missing"

    out: dict[str, list[tuple[float, float]]] = {}
    for part in ("columns", "pairs"):
        for name, score in ours[part].items():
            out.setdefault(sort(name), []).append((score, theirs[part][name]))
    return {
        name: {
            "number": len(scores),
            "ours": round(statistics.mean(a for a, _ in scores), 6),
            "sdmetrics": round(statistics.mean(b for _, b in scores), 6),
            "greatest_difference": float(f"{max(abs(a - b) for a, b in scores):.2g}"),
        }
        for name, scores in sorted(out.items())
    }


def ask_in_turn(us: Worker, them: Worker | None, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Return the answers by task, in the order of the rounds; each tool has been warmed up."""
    turn = [(us, OURS), *([(them, THEIRS), (them, ALL_PAIRS)] if them else [])]
    for worker, task in turn:
        worker.ask(task)
    answers: dict[str, list[dict[str, Any]]] = {}
    for worker, task in [*turn, (us, "fast")] * rounds + [(us, "full")]:
        answers.setdefault(task, []).append(worker.ask(task))
    return answers


def main() -> None:
    """Ask both tools in turn, print and write medians, ratios and what they found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sdmetrics")
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work[0], Path(options.work[1]))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        kinds = write_tables(folder, options.rows)
        gaps = {str(name) for name, missing in read(folder / "real.csv").isna().any().items() if missing}
        us = Worker("wgan-aug", sys.executable, folder)
        them = Worker("sdmetrics", options.sdmetrics, folder) if options.sdmetrics else None
        answers = ask_in_turn(us, them, options.rounds)
        for worker in (us, them):
            if worker:
                worker.process.communicate("")
    report: dict[str, Any] = {"rows": options.rows, "columns": len(kinds), "machine": us.machine}
    report["seconds"] = summarise(answers)
    if them:
        found = {task: rounds[-1]["found"] for task, rounds in answers.items()}
        report["sdmetrics_versions"] = them.machine["versions"]
        report["means"] = {task: found[task]["means"] for task in (OURS, THEIRS, ALL_PAIRS)}
        report["scores"] = compare(found[OURS], found[ALL_PAIRS], kinds, gaps)
    print(json.dumps(report, indent=1))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
