"""Fit, sample and judge prepared sequences, peers and baselines beside; one JSON a run, skipped where it is there.

usage: python benchmarks/sequences.py PREPARED JUDGE [SET ...] [--methods M ...] [--peers FOLDER] [--seeds 0 1 2]
           [--peer-seeds 0] [--peer-cpu-s 360] [--preset P] [--report] [--results DIR]

PREPARED and JUDGE: see sequences_sets.py. Methods: see sequences_peers.py; each fits in a process of its own, peers
with the Python of FOLDER/NAME/bin/python, which environments.sh makes. Peers are slow, and run on three sets unless
sets are named. tsgm trains for `--peer-cpu-s` CPU seconds. `tsgm-gan` and `tsgm-zoo` run on windows only: on labelled
sets, where tsgm has one conditional GAN, `tsgm` is that.

A peer's run that failed is kept with its reason, and so not repeated; delete its file to try again. `--report` only
writes the report.
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

from prepared import ONE_THREAD, code_state, write_json

os.environ.update(ONE_THREAD)

from sequences_figure import draw
from sequences_report import report
from sequences_runs import NAMES, read_runs
from sequences_sets import LABELLED, PEER_SETS, find_sets, judge

HERE = Path(__file__).parent
ENVIRONMENTS = {"tsgm": "tsgm", "tsgm-gan": "tsgm", "tsgm-zoo": "tsgm", "par": "deepecho"}
TOLD = ("failed", "strong_rocket", "strong_boost", "gru_disc", "ks", "copies", "labelled", "fit_cpu_s")


def run(name: str, method: str, python: Path, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Fit, sample and judge one set by one method with one seed."""
    with tempfile.TemporaryDirectory() as scratch:
        made, costs = Path(scratch) / "synthetic.npz", Path(scratch) / "cost.json"
        train = options.prepared / f"{name}_train.npz"
        command = [python, HERE / "sequences_peers.py", method, train, made, costs, "--seed", seed]
        command += ["--cpu-s", options.peer_cpu_s] if method in ENVIRONMENTS else []
        command += ["--preset", options.preset] if options.preset and method == "ours" else []
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
            if method not in ENVIRONMENTS or done.returncode < 0:
                raise SystemExit(f"{method} on {name}: {done.stderr or reason}")
            return {"failed": reason}
        cost = json.loads(costs.read_text()) | {"code": code_state()}
        return judge(options.judge, options.prepared, name, made) | cost


def applies(name: str, method: str, named: bool) -> bool:
    """Return whether a method runs on a set."""
    if method in ENVIRONMENTS and not named and name not in PEER_SETS:
        return False
    return name not in LABELLED or method not in ("tsgm-gan", "tsgm-zoo")


def main() -> None:
    """Run what is missing, then write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("judge")
    parser.add_argument("names", nargs="*", metavar="SET")
    parser.add_argument("--methods", nargs="+", choices=NAMES, default=["ours"])
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--peer-seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--peer-cpu-s", type=float, default=360.0)
    parser.add_argument("--preset")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--results", type=Path, default=HERE / "results" / "sequences")
    options = parser.parse_args()
    methods: list[str] = [] if options.report else options.methods
    if options.peers is None and set(methods) & set(ENVIRONMENTS):
        parser.error("Peers run in environments of their own: give --peers FOLDER, made by environments.sh.")
    for name in find_sets(options.prepared, options.names):
        for method in (method for method in methods if applies(name, method, bool(options.names))):
            python = Path(sys.executable)
            if method in ENVIRONMENTS:
                python = Path(options.peers or ".") / ENVIRONMENTS[method] / "bin" / "python"
            for seed in options.seeds if method == "ours" else options.peer_seeds:
                file = options.results / method / f"{name}-{seed}.json"
                if not file.exists():
                    found = run(name, method, python, seed, options)
                    write_json(file, found)
                    print(method, name, seed, {key: found[key] for key in TOLD if key in found}, flush=True)
    runs = read_runs(options.results)
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "README.md").write_text(report(runs))
    draw(runs, options.results / "figure.png")


if __name__ == "__main__":
    main()
