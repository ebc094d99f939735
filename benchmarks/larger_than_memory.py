"""Seconds and peak memory to learn and encode a folder of Parquet parts, in a process of its own.

usage: python benchmarks/larger_than_memory.py FOLDER [--rows 10000000] [--json FILE]

FOLDER gets the parts, made from a seed, where it does not have them; they take about 110 bytes a row.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

PART_ROWS = 500_000
SEED = 0


def make_part(number: int, rows: int) -> pd.DataFrame:
    """Return 20 mixed columns: categories, dates, integers, floats, gaps, a function and a sum among them."""
    rng = np.random.default_rng([SEED, number])
    city = (rng.zipf(1.2, rows) - 1) % 3000
    names, words = np.array([f"city {k}" for k in range(3000)]), np.array([f"word {k}" for k in range(50)])
    net = rng.lognormal(3, 1, rows).round(2)
    tax = (rng.choice([0.0, 0.07, 0.2], rows) * net).round(2)
    amount = np.where(rng.random(rows) < 0.3, 0.0, rng.gamma(2, 50, rows))
    moment = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 10**8, rows), "s")
    age = rng.integers(18, 90, rows)
    return pd.DataFrame(
        {
            "customer": [f"C-{number:04d}-{k:07d}" for k in range(rows)],
            "city": pd.Series(names[city], dtype="str"),
            "country": pd.Series(words[city % 30], dtype="str"),
            "product": pd.Series(words[rng.integers(0, 50, rows)], dtype="str"),
            "channel": pd.Categorical.from_codes(rng.integers(0, 4, rows), ["web", "shop", "phone", "mail"]),
            "member": rng.random(rows) < 0.4,
            "moment": moment,
            "net": net,
            "tax": tax,
            "gross": (net + tax).round(2),
            "amount": amount,
            "score": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
            "age": age,
            "children": rng.poisson(1.2, rows),
            "visits": rng.negative_binomial(2, 0.05, rows),
            "income": rng.lognormal(10, 0.7, rows) + 100 * age,
            "rating": rng.integers(1, 6, rows) / 2,
            "latitude": rng.uniform(-60, 70, rows),
            "distance": rng.exponential(12, rows).astype(np.float32),
            "returned": rng.random(rows) < 0.05,
        }
    )


def make_parts(folder: Path, rows: int) -> int:
    """Write the parts that are not there, each whole or not at all; return their bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, start in enumerate(range(0, rows, PART_ROWS)):
        path = folder / f"part-{number:05d}.parquet"
        if not path.exists():
            work = folder / f".{path.name}"
            make_part(number, min(PART_ROWS, rows - start)).to_parquet(work)
            work.replace(path)
    return sum(path.stat().st_size for path in folder.glob("*.parquet"))


def learn(folder: str, answer: Any) -> None:
    """Make both passes over the parts; send seconds, CPU seconds and the peak of resident memory."""
    from wgan_aug.encoding.table import TableEncoder
    from wgan_aug.schema.inference import infer_schema
    from wgan_aug.synthesizers.base import training_settings
    from wgan_aug.synthesizers.parts_reading import PartRows
    from wgan_aug.synthesizers.plan import Plan
    from wgan_aug.synthesizers.presets import PRESETS
    from wgan_aug.synthesizers.table import WGANGPSynthesizer

    preset, options = PRESETS["balanced"], WGANGPSynthesizer().get_params(deep=False)
    marks = [(time.perf_counter(), time.process_time())]
    with tempfile.TemporaryDirectory() as scratch:
        rows = PartRows(folder, Path(scratch))
        rows.read()
        marks.append((time.perf_counter(), time.process_time()))

        def plan() -> Plan:
            encoder = TableEncoder(rows.correct(infer_schema(rows.frame))).fit(rows.frame)
            settings = training_settings(preset, len(rows), encoder.layout.n_features, options)
            return Plan(len(rows), encoder, preset, settings, in_parts=True)

        first = plan()
        marks.append((time.perf_counter(), time.process_time()))
        done, codes = rows.encode(first, plan)
        encoder = done.encoder
        marks.append((time.perf_counter(), time.process_time()))
        size = codes.path.stat().st_size
    steps = zip(("sketch", "fit", "encode"), np.diff(np.array(marks), axis=0).round(2).tolist(), strict=True)
    answer.send(
        {
            "rows": len(rows),
            "columns": len(encoder.schema),
            "features": encoder.layout.n_features,
            "seconds": round(marks[-1][0] - marks[0][0], 1),
            "cpu_seconds": round(marks[-1][1] - marks[0][1], 1),
            "steps": {name: {"seconds": wall, "cpu_seconds": cpu} for name, (wall, cpu) in steps},
            "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "codes_mib": size // 2**20,
        }
    )


def main() -> None:
    """Make the parts, and learn them in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    size = make_parts(options.folder, options.rows)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=learn, args=(str(options.folder), theirs))
    process.start()
    theirs.close()
    report = ours.recv()
    process.join()
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load_before": os.getloadavg()[0]}
    report |= {"parts_mib": size // 2**20, "machine": machine}
    print(json.dumps(report, indent=1))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
