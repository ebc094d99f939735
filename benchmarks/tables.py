"""Fit, sample and judge prepared tables at defaults, peers beside; one JSON a run, skipped where it is there already.

usage: python benchmarks/tables.py PREPARED JUDGE [NAME ...] [--methods M ...] [--peers FOLDER] [--seeds 0 1 2]
           [--peer-seeds 0] [--target] [--import FILE] [--report] [--preset P] [--results DIR]

PREPARED and JUDGE: see prepared.py. Methods: see peers.py; each fits in a process of its own, peers with the Python of
FOLDER/NAME/bin/python, which environments.sh makes. Everybody is told the categorical columns; the target is told to
nobody, except to SMOTENC, which cannot do without, and to the methods that `--target` adds. CTGAN, the slowest, runs on
four tables unless tables are named. SMOTENC runs where the target is a class.

`--import FILE` writes runs that were measured earlier by the same judge on the same tables, where there is no run yet:
a JSON object of method, table and figures, whose `cpu_s` are of the whole process. A run that failed is kept with its
reason, and so not repeated; delete its file to try again. `--report` only writes the report.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from prepared import ONE_THREAD, Table, code_state, find_tables, judge, read, read_table, write_json

os.environ.update(ONE_THREAD)

from tables_figure import draw
from tables_report import report
from tables_runs import read_runs

from wgan_aug.evaluation.privacy import privacy

HERE = Path(__file__).parent
OURS = ("ours", "ours+target")  # each with a twin, "-raw": rows of the same model, not refined
ENVIRONMENTS = {"copula": "copula", "tvae": "ctgan", "ctgan": "ctgan", "arf": "arf", "mostlyai": "mostlyai"}
METHODS = (*OURS, *ENVIRONMENTS, "smotenc")
CTGAN_TABLES = ("adult", "california_housing", "insurance", "telco_churn")


def membership(table: Table, synthetic: Any) -> float | None:
    """Return the AUC of telling training from test rows by their nearness to synthetic ones."""
    return privacy(table.beside(synthetic), sensitive=()).membership_auc


def run(folder: Path, method: str, python: Path, script: str, seed: int, preset: str) -> dict[str, dict[str, Any]]:
    """Fit, sample and judge one table by one method with one seed; return the runs by method."""
    with tempfile.TemporaryDirectory() as scratch:
        made, raw, costs = (Path(scratch) / name for name in ("synthetic.csv", "raw.csv", "cost.json"))
        command = [python, HERE / "peers.py", method, folder, made, costs, "--seed", seed, "--preset", preset]
        command += ["--raw", raw] if method in OURS else []
        done = subprocess.run(
            [str(word) for word in command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | ONE_THREAD,
            check=False,
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
            if method.startswith("ours") or done.returncode < 0:
                raise SystemExit(f"{method} on {folder.name}: {done.stderr or reason}")
            return {method: {"failed": reason}}
        cost = json.loads(costs.read_text()) | {"code": code_state()}
        runs = {method: _judge(folder, made, script) | cost}
        if raw.exists():
            slow = cost.pop("raw_sample_cpu_s")
            runs[f"{method}-raw"] = _judge(folder, raw, script) | cost | {"sample_cpu_s": slow, "sample_s": None}
        return runs


def _judge(folder: Path, made: Path, script: str) -> dict[str, Any]:
    table, synthetic = read_table(folder), read(made)
    return judge(script, table, synthetic) | {"membership_auc": membership(table, synthetic)}


def applies(method: str, folder: Path, named: bool) -> bool:
    """Return whether a method runs on a table."""
    if method == "smotenc":
        return json.loads((folder / "meta.json").read_text())["task"] != "regression"
    return method != "ctgan" or named or folder.name in CTGAN_TABLES


def bring_in(file: Path, results: Path) -> None:
    """Write runs that were measured earlier where there is none yet."""
    for method, runs in json.loads(file.read_text()).items():
        for name, figures in runs.items() if method in ENVIRONMENTS else ():
            place = results / method / f"{name}-0.json"
            if not place.exists():
                figures = dict(figures)
                cost = {"process_cpu_s": figures.pop("cpu_s"), "fit_s": figures.pop("fit_s")}
                write_json(place, {"measured": "earlier", **figures, **cost})


def main() -> None:
    """Run what is missing, then write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("judge")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=["ours"])
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--peer-seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--target", action="store_true")
    parser.add_argument("--import", type=Path, dest="earlier")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--preset", default="balanced")
    parser.add_argument("--results", type=Path, default=HERE / "results" / "tables")
    options = parser.parse_args()
    if options.earlier:
        bring_in(options.earlier, options.results)
    methods: list[str] = [] if options.report else [*options.methods, *(["ours+target"] if options.target else [])]
    if options.peers is None and set(methods) & set(ENVIRONMENTS):
        parser.error("Peers run in environments of their own: give --peers FOLDER, made by environments.sh.")
    for method in methods:
        python = Path(sys.executable)
        if method in ENVIRONMENTS:
            python = Path(options.peers or ".") / ENVIRONMENTS[method] / "bin" / "python"
        for seed in options.seeds if method.startswith("ours") else options.peer_seeds:
            for folder in find_tables(options.prepared, options.names):
                file = options.results / method / f"{folder.name}-{seed}.json"
                if file.exists() or not applies(method, folder, bool(options.names)):
                    continue
                for name, found in run(folder, method, python, options.judge, seed, options.preset).items():
                    write_json(options.results / name / file.name, found)
                    told = ("failed", "utility_ratio", "c2st", "c2st_forest", "invalid", "fit_cpu_s")
                    print(name, folder.name, seed, {key: found[key] for key in told if key in found}, flush=True)
    runs = read_runs(options.results)
    (options.results / "README.md").write_text(report(runs))
    draw(runs, options.results / "figure.png")


if __name__ == "__main__":
    main()
