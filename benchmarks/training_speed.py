"""Updates a second beside CTGAN's, and how much training it takes to be as good as CTGAN and TabularARGN.

usage: python benchmarks/training_speed.py PREPARED JUDGE [--ctgan PYTHON] [--rounds N] [--lengths N ...]
           [--seeds N ...] [--json FILE]

PREPARED and JUDGE: see prepared.py; PYTHON has CTGAN (see environments.sh). Adult, one thread, CPU seconds.

Updates: one critic and one generator step at CTGAN's sizes (batches of 500; two layers of 256 in both networks). Each
tool trains in a process of its own and stops after every 100 updates; the processes go on in turn, a round each, and
ratios are medians over rounds. `layer` and `none` are our critic's normalisations, with the penalty on all rows and
rows of its own for the generator's step, as in CTGAN. `+ours` has what our presets do instead: the penalty on half of
the rows, and the critic's rows for the generator, too. CTGAN's critic sees ten rows as one.

Lengths: our preset "balanced" with so many updates, a whole training each (the rates fall to 0), judged on the test
rows, raw and refined. CTGAN's and TabularARGN's figures are those of results/tables.

Either part can be left out (no `--ctgan`; `--lengths` without numbers): what FILE has of it stays.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from prepared import ONE_THREAD, Table, code_state, judge, read_table, write_json

os.environ.update(ONE_THREAD)

HERE = Path(__file__).parent
UPDATES = 100  # a round
SIZES: dict[str, Any] = {"batch_size": 500, "generator_layers": (256, 256), "critic_layers": (256, 256)}
ALIKE: dict[str, Any] = {"penalty_share": 1.0, "share_rows": False}
OURS = {"none": ALIKE, "layer": ALIKE, "none+ours": {}, "layer+ours": {}}
CTGAN_UPDATES = 300 * (10_000 // 500)  # its default epochs
PEERS = ("ctgan", "mostlyai")


class Turns:
    """Answers a line with the CPU seconds that passed since the line before it, and waits for the next one."""

    def __init__(self) -> None:
        self.answer = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)  # what the tools print is no answer
        self.begun = 0.0

    def next(self, updates: int) -> bool:
        """Tell of so many updates; return whether there are more to do."""
        print(updates, time.process_time() - self.begun, file=self.answer, flush=True)
        more = bool(sys.stdin.readline())
        self.begun = time.process_time()
        return more


def train_ctgan(table: Table, turns: Turns) -> None:
    """Train CTGAN, whose progress bar goes from epoch to epoch: ours stops there."""
    from ctgan.synthesizers import ctgan  # type: ignore[import-not-found]
    from peers import fill

    epochs = UPDATES * 500 // len(table.train)

    def stopping(numbers: range, **_: Any) -> Any:
        for epoch in numbers:
            if epoch % epochs == 0 and not turns.next(UPDATES):
                raise SystemExit
            yield epoch

    ctgan.tqdm = stopping
    ctgan.CTGAN(enable_gpu=False).fit(fill(table), discrete_columns=table.categorical)


def train_ours(table: Table, turns: Turns, tool: str) -> None:
    """Train ours at CTGAN's sizes."""
    from wgan_aug import Callback, StopTraining

    class Stopping(Callback):
        def on_start(self, progress: Any) -> None:
            turns.next(UPDATES)

        def on_step(self, progress: Any) -> None:
            if progress.update % UPDATES == 0 and not turns.next(UPDATES):
                raise StopTraining

    model = build(table, 0, critic_norm=tool.removesuffix("+ours"), updates=CTGAN_UPDATES, **SIZES, **OURS[tool])
    model.set_params(refine=False).fit(table.train, callbacks=[Stopping()])


def build(table: Table, seed: int, *, critic_norm: str = "layer", **fields: Any) -> Any:
    """Return a synthesizer with the preset "balanced" and these fields of it in place of its own."""
    from wgan_aug import WGANGPSynthesizer
    from wgan_aug.synthesizers.presets import PRESETS

    PRESETS["variant"] = dataclasses.replace(PRESETS["balanced"], scaled=False, **fields)
    return WGANGPSynthesizer(
        categorical_features=table.categorical, preset="variant", critic_norm=critic_norm, random_state=seed
    )


def work(tool: str, table: Table) -> None:
    """Train a tool, in turns."""
    import torch

    torch.set_num_threads(1)
    turns = Turns()
    if tool == "ctgan":
        train_ctgan(table, turns)
    else:
        train_ours(table, turns, tool)


def compare_updates(folder: Path, python: str, rounds: int) -> dict[str, Any]:
    """Return the CPU milliseconds of an update and the updates a second over CTGAN's, by tool."""
    pythons = {"ctgan": python} | dict.fromkeys(OURS, sys.executable)
    workers = {
        tool: subprocess.Popen(
            [python, __file__, str(folder.parent), "-", "--work", tool],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | ONE_THREAD,
        )
        for tool, python in pythons.items()
    }
    seconds: dict[str, list[float]] = {tool: [] for tool in workers}
    for round_ in range(rounds + 2):  # the first answer says that a tool is ready; the first round warms up
        for tool, worker in workers.items():
            assert worker.stdout is not None
            assert worker.stdin is not None
            if round_:
                worker.stdin.write("\n")
                worker.stdin.flush()
            words = worker.stdout.readline().split()
            if not words:
                raise SystemExit(f"{tool} ended: {worker.args}")
            if round_ > 1:
                seconds[tool].append(float(words[1]) / int(words[0]))
    for worker in workers.values():
        worker.communicate()
    found: dict[str, Any] = {}
    for tool, times in seconds.items():
        ratios = [theirs / own for theirs, own in zip(seconds["ctgan"], times, strict=True)]
        found[tool] = {
            "cpu_ms_an_update": round(1000 * statistics.median(times), 3),
            "updates_per_s_over_ctgan": round(statistics.median(ratios), 2),
        }
    return found


def fit_length(table: Table, script: str, updates: int, seed: int) -> dict[str, Any]:
    """Return what a training of so many updates costs and gives, raw and refined."""
    from wgan_aug import Callback

    class Clock(Callback):
        trained = 0.0

        def on_end(self, progress: Any) -> None:
            self.trained = time.process_time()

    model, clock = build(table, seed, updates=updates), Clock()
    begun = time.process_time()
    model.fit(table.train, callbacks=[clock])
    costs = {"raw": clock.trained - begun, "refined": time.process_time() - begun}
    found: dict[str, Any] = {"updates": updates, "seed": seed}
    for way, cost in costs.items():
        scores = judge(script, table, model.sample(len(table.train), refine=way == "refined"))
        kept = {key: round(scores[key], 4) for key in ("utility_ratio", "c2st", "c2st_forest")}
        found[way] = {"fit_cpu_s": round(cost, 1)} | kept
    return found


def reach(runs: list[dict[str, Any]], peer: dict[str, Any]) -> dict[str, Any]:
    """Return what the shortest training costs whose means over seeds are as good as a peer's, by way."""
    reached: dict[str, Any] = {}
    for way in ("raw", "refined"):
        for updates in sorted({run["updates"] for run in runs}):
            same = [run[way] for run in runs if run["updates"] == updates]
            mean = {key: statistics.fmean(run[key] for run in same) for key in same[0]}
            if mean["utility_ratio"] >= peer["utility_ratio"] and mean["c2st"] <= peer["c2st"]:
                means = {key: round(value, 4) for key, value in mean.items()}
                share = round(mean["fit_cpu_s"] / peer["cpu_s"], 3)
                reached[way] = {"updates": updates} | means | {"share_of_its_cpu_s": share}
                break
    return reached


def main() -> None:
    """Compare updates, then train for each length and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("judge")
    parser.add_argument("--ctgan")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lengths", type=int, nargs="*", default=[100, 400, 1400, 1900])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = options.prepared / "adult"
    table = read_table(folder)
    if options.work:
        work(options.work, table)
        return
    report: dict[str, Any] = {"table": "adult", "rows": len(table.train)}
    if options.json and options.json.exists():
        report = json.loads(options.json.read_text())
    if options.ctgan:
        found = compare_updates(folder, options.ctgan, options.rounds)
        report["updates"] = {"code": code_state(), "rounds": options.rounds} | found
        print(json.dumps(report["updates"], indent=1), flush=True)
        if options.json:
            write_json(options.json, report)
    if not options.lengths:
        return
    runs: list[dict[str, Any]] = []
    for updates in options.lengths:
        for seed in options.seeds:
            runs.append(fit_length(table, options.judge, updates, seed))
            print(json.dumps(runs[-1]), flush=True)
    report |= {"code": code_state(), "runs": runs}
    for peer in PEERS:
        figures = json.loads((HERE / "results" / "tables" / peer / "adult-0.json").read_text())
        told = {key: figures[key] for key in ("utility_ratio", "c2st")} | {"cpu_s": figures["process_cpu_s"]}
        report[peer] = told | {"reached": reach(runs, told)}
    print(json.dumps(report, indent=1))
    if options.json:
        write_json(options.json, report)


if __name__ == "__main__":
    main()
