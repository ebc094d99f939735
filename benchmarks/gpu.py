"""What a GPU does: captured updates against those that are not, a whole table trained, rows a second.

usage: python benchmarks/gpu.py ADULT.csv [--device cuda] [--rounds N] [--updates N] [--rows N] [--json FILE]

ADULT.csv: all rows of Adult with the column `income`, gzipped or not. Seconds are those of a clock: the device is
waited for at the end of each.

Updates: milliseconds of one, of the preset "balanced" for tables and for windows of 24 x 6, captured and piece by piece
in turns; the first blocks of a training, in which graphs are captured, do not count. Medians over rounds.

Adult: four fifths of the rows are fitted with the defaults, and judged on the others by `evaluate`.

Sampling: rows a second that the network draws and leaves on the device, at 2^20 rows a pass, and rows a second to a
folder of Parquet, which one core decodes and writes; not refined.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from evaluation_made import describe_machine
from prepared import code_state, write_json

from wgan_aug import Callback, StopTraining, WGANGPSequenceSynthesizer, WGANGPSynthesizer, evaluate
from wgan_aug.training import capture
from wgan_aug.training.callbacks import Progress

RESULT = Path(__file__).parent / "results" / "gpu.json"
TARGET, WARM, PASS = "income", 100, 2**20


class Clock(Callback):
    """Seconds from the end of the first blocks of updates to the end of the last one, with which training ends.

    Args:
        updates: how many.
    """

    def __init__(self, updates: int) -> None:
        self.updates, self.at = updates, dict[int, float]()

    def on_step(self, progress: Progress) -> None:
        """Look at the clock; the block's figures were fetched, so that the device has done it."""
        self.at[progress.update] = time.perf_counter()
        if progress.update >= self.updates:
            raise StopTraining

    def milliseconds(self) -> float:
        """Return those of an update."""
        first, last = min(update for update in self.at if update >= WARM), max(self.at)
        return 1000 * (self.at[last] - self.at[first]) / (last - first)


@contextmanager
def piecemeal() -> Iterator[None]:
    """Have no update captured."""
    warm = capture._WARM  # pyright: ignore
    capture._WARM = 10**9  # pyright: ignore
    try:
        yield
    finally:
        capture._WARM = warm  # pyright: ignore


def compare(model: Any, data: Any, count: int, rounds: int) -> dict[str, Any]:
    """Return the milliseconds of an update both ways, and their ratio in the same round."""
    found: dict[str, list[float]] = {"captured": [], "piecemeal": []}
    for _ in range(rounds):
        for kind, times in found.items():
            clock = Clock(count)
            with piecemeal() if kind == "piecemeal" else nullcontext():
                model.fit(data, callbacks=[clock])
            times.append(clock.milliseconds())
    ratios = [slow / fast for slow, fast in zip(found["piecemeal"], found["captured"], strict=True)]
    medians = {f"{kind}_ms": round(statistics.median(times), 3) for kind, times in found.items()}
    return medians | {"times_as_fast": round(statistics.median(ratios), 2), "rounds": rounds}


def updates(train: pd.DataFrame, device: str, count: int, rounds: int) -> dict[str, Any]:
    """Return the figures of updates."""
    windows = np.random.default_rng(0).normal(size=(4_000, 24, 6)).cumsum(1)
    kinds = {
        "table": (WGANGPSynthesizer(device=device, refine=False), train),
        "windows": (WGANGPSequenceSynthesizer(device=device, refine=False, layout="ntc"), windows),
    }
    return {name: compare(model, data, count, rounds) for name, (model, data) in kinds.items()}


def train_adult(train: pd.DataFrame, test: pd.DataFrame, device: str) -> tuple[WGANGPSynthesizer, dict[str, Any]]:
    """Return the model fitted with the defaults, and how long it took and how good its rows are."""
    begun = time.perf_counter()
    model = WGANGPSynthesizer(device=device, target=TARGET, random_state=0).fit(train)
    seconds = time.perf_counter() - begun
    report = evaluate(train, model.sample(len(train)), holdout=test, target=TARGET).to_json()
    judged = {name: report[name] for name in ("utility_ratio", "c2st", "shape", "pair", "copies")}
    return model, {"rows": len(train), "updates": model.updates_, "fit_seconds": round(seconds, 1)} | judged


@torch.inference_mode()
def sampling(model: WGANGPSynthesizer, rows: int) -> dict[str, Any]:
    """Return rows a second on the device, and to Parquet."""
    generator: Any = model.generator_
    rng = torch.Generator(next(generator.parameters()).device).manual_seed(0)
    size = min(PASS, rows)

    def draw() -> float:
        noise = torch.randn(size, generator.noise_dim, generator=rng, device=rng.device)
        states, scalars = generator.head.choose(generator.raw(noise), rng)
        return float(states.sum() + scalars.sum())  # waits for the device

    draw()
    begun = time.perf_counter()
    passes = max(1, rows // size)
    for _ in range(passes):
        draw()
    drawn = passes * size / (time.perf_counter() - begun)
    folder = Path(tempfile.mkdtemp())
    try:
        begun = time.perf_counter()
        model.sample(rows, refine=False, output=folder / "rows")
        written = rows / (time.perf_counter() - begun)
    finally:
        shutil.rmtree(folder)
    return {"rows": rows, "device_rows_per_second": round(drawn), "parquet_rows_per_second": round(written)}


def main() -> None:
    """Measure, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adult", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=600)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--json", type=Path, default=RESULT)
    options = parser.parse_args()
    frame = pd.read_csv(options.adult)
    test = frame.sample(frac=0.2, random_state=1)
    train = frame.drop(test.index)
    named = torch.cuda.get_device_name() if options.device.startswith("cuda") else options.device
    found: dict[str, Any] = {"code": code_state(), "device": named, "machine": describe_machine("torch", "numpy")}
    found["updates"] = updates(train, options.device, options.updates, options.rounds)
    model, found["adult"] = train_adult(train, test, options.device)
    found["sampling"] = sampling(model, options.rows)
    print(json.dumps(found, indent=1))
    write_json(options.json, found)


if __name__ == "__main__":
    main()
