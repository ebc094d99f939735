"""Objectives and networks in the same CPU seconds: fit, sample and judge; one JSON a run, skipped where it is there.

usage: python benchmarks/family.py PREPARED SERIES [--methods M ...] [--tables NAME ...] [--series NAME ...]
           [--seeds 0 1 2] [--cpu-s 30] [--report] [--results DIR]

PREPARED: see prepared.py. SERIES: see sequences_sets.py; sets of windows without labels. A method is an objective with
the networks of the preset "balanced", or the objective `wgan-gp` with other networks; each has the recipe that the
preset has for its objective. Nobody refines, so that the generator alone is judged, on as many rows as were fitted,
with test rows that nothing was tuned on.

Training takes `--cpu-s` CPU seconds by count: 60 updates of each method are timed first, in turns, and the median turn
says how many fit; learning rates fall to nought within them. The count is kept in timing.json, so that all
seeds, and runs that come later, have the same. Each run says how many seconds its training took in fact.

Seed 0 of everything comes first. A training that failed is kept with its reason, and so not repeated; delete its file
to try again. `--report` only writes the report. One thread.
"""

from __future__ import annotations

import argparse
import json
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prepared import ONE_THREAD, code_state, find_tables, write_json

os.environ.update(ONE_THREAD)

import torch
from evaluation_made import describe_machine
from family_figure import draw
from family_report import Family, report
from family_runs import METHODS, Data, Rows, Series, count_updates
from sequences_sets import find_sets

from wgan_aug.errors import DataWarning, TrainingError

HERE = Path(__file__).parent
TABLES = ("adult", "california_housing", "covertype", "telco_churn")
WINDOWS = ("sines_24", "stock_24")
PACKAGES = ("wgan-aug", "torch", "numpy", "scikit-learn")


def datasets(options: argparse.Namespace) -> Iterator[Data]:
    """Yield the data sets, each read anew."""
    for folder in find_tables(options.prepared, options.tables) if options.tables else ():
        yield Rows(folder)
    for name in find_sets(options.sequences, options.series) if options.series else ():
        yield Series(options.sequences, name)


def times(data: Data, options: argparse.Namespace) -> dict[str, Any]:
    """Return what timing.json has on a data set, with the methods that it lacked."""
    file: Path = options.results / "timing.json"
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    known = found.setdefault("sets", {}).setdefault(data.name, {})
    lacking = [method for method in options.methods if method in data.methods and method not in known]
    if lacking:
        known |= count_updates(data, lacking, known, options.cpu_s)
        found |= {"cpu_s": options.cpu_s, "machine": describe_machine(*PACKAGES)}
        write_json(file, found)
        print(data.name, {method: known[method] for method in lacking}, flush=True)
    return known


def run(data: Data, method: str, updates: int, seed: int) -> dict[str, Any]:
    """Return the figures of one run, or why there are none."""
    try:
        found = data.run(method, updates, seed)
    except TrainingError as error:
        found = {"failed": str(error), "updates": updates}
    return found | {"code": code_state()}


def main() -> None:
    """Run what is missing, then write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("sequences", type=Path, metavar="series")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--series", nargs="*", default=WINDOWS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--cpu-s", type=float, default=30.0)
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--results", type=Path, default=HERE / "results" / "family")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", DataWarning)
    sets = [] if options.report else list(datasets(options))
    updates = {data.name: times(data, options) for data in sets}
    for seed in options.seeds:
        for method in options.methods:
            for data in (data for data in sets if method in data.methods):
                file = options.results / method / f"{data.name}-{seed}.json"
                if not file.exists():
                    found = run(data, method, updates[data.name][method]["updates"], seed)
                    write_json(file, found)
                    told = {k: round(v, 3) if isinstance(v, float) else v for k, v in found.items()}
                    print(method, data.name, seed, told, flush=True)
    family = Family(options.results)
    (options.results / "README.md").write_text(report(family))
    draw(family, options.results / "figure.png")


if __name__ == "__main__":
    main()
