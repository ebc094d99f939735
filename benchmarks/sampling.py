"""Rows a second to a DataFrame beside peers, in one run on one thread, in turn.

usage: python benchmarks/sampling.py TABLE [--ctgan PYTHON] [--mostlyai PYTHON] [--rows N] [--rounds N] [--json FILE]

TABLE holds train.csv and meta.json (`categorical`). Each tool runs in a process of its own, with the Python of its own
environment (see environments.sh), and is fitted briefly: the time to sample depends on the size of its networks, not on
how long they were trained. Ours comes twice, raw and refined; refining looks at more candidates the worse the model is,
and gets the preset "fast". Then every round asks each process for one sample, one after the other; medians and ratios
are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def fit(tool: str, table: Path) -> Any:
    """Fit a tool briefly; return a function of a number of rows."""
    import pandas as pd
    import torch

    torch.set_num_threads(1)
    meta = json.loads((table / "meta.json").read_text())
    train = pd.read_csv(table / "train.csv", keep_default_na=False, na_values=[""])
    if tool.startswith("wgan-aug"):
        from wgan_aug import WGANGPSynthesizer

        refine = tool.endswith("refined")
        length: dict[str, Any] = {"preset": "fast"} if refine else {"epochs": 2}
        model = WGANGPSynthesizer(categorical_features=meta["categorical"], refine=refine, random_state=0, **length)
        model.fit(train)
        return lambda rows: model.sample(rows)
    for name in meta["categorical"]:
        train[name] = train[name].astype(object).where(train[name].notna(), "<nan>").astype(str)
    if tool == "ctgan":
        from ctgan import CTGAN  # type: ignore[import-not-found]

        peer = CTGAN(epochs=1, enable_gpu=False)
        peer.fit(train.fillna(train.median(numeric_only=True)), discrete_columns=meta["categorical"])
        return lambda rows: peer.sample(rows)
    from mostlyai.engine import TabularARGN  # type: ignore[import-not-found]

    argn = TabularARGN(max_training_time=0.5, verbose=0)
    argn.fit(X=train)
    return lambda rows: argn.sample(n_samples=rows)


def work(tool: str, table: Path) -> None:
    """Serve: read a number of rows, answer with the seconds that a sample took."""
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the tools print is no answer
    sample = fit(tool, table)
    print("ready", file=answer, flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        rows = len(sample(int(line)))
        print(time.perf_counter() - start, rows, file=answer, flush=True)


def main() -> None:
    """Start the workers, ask them in turn, print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--ctgan")
    parser.add_argument("--mostlyai")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work, options.table)
        return
    ours = {"wgan-aug": sys.executable, "wgan-aug refined": sys.executable}
    pythons = {**ours, "ctgan": options.ctgan, "mostlyai": options.mostlyai}
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    workers = {
        tool: subprocess.Popen(
            [python, __file__, str(options.table), "--work", tool],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        for tool, python in pythons.items()
        if python
    }
    for worker in workers.values():
        assert worker.stdout is not None
        assert worker.stdout.readline().strip() == "ready", f"{worker.args} did not start"
    seconds: dict[str, list[float]] = {tool: [] for tool in workers}
    for round_ in range(options.rounds + 1):
        for tool, worker in workers.items():
            assert worker.stdin is not None
            assert worker.stdout is not None
            worker.stdin.write(f"{options.rows}\n")
            worker.stdin.flush()
            taken, rows = worker.stdout.readline().split()
            assert int(rows) == options.rows
            if round_:  # the first round warms up
                seconds[tool].append(float(taken))
    for worker in workers.values():
        worker.communicate("")
    report: dict[str, Any] = {"table": options.table.name, "rows": options.rows, "rounds": options.rounds}
    for tool, times in seconds.items():
        ratios = [theirs / ours for theirs, ours in zip(times, seconds["wgan-aug"], strict=True)]
        report[tool] = {
            "median_s": round(statistics.median(times), 4),
            "rows_per_s": round(options.rows / statistics.median(times)),
            "seconds_over_ours": round(statistics.median(ratios), 2),
        }
    print(json.dumps(report, indent=1))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
