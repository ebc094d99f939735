"""Fit, sample and judge prepared tables at defaults; one JSON a run, skipped where it is there already.

usage: python benchmarks/tables.py PREPARED JUDGE [NAME ...] [--seeds 0 1 2] [--results DIR] [--preset P]

PREPARED/NAME holds train.csv, test.csv and meta.json (`target`, `task`, `categorical`). JUDGE is a script, called as
`JUDGE train.csv test.csv synthetic.csv --meta meta.json --json out.json` and knows nothing of this project. The
categorical columns are told to the synthesizer; the target is not. One thread.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import pandas as pd
import torch

from wgan_aug import WGANGPSynthesizer, __version__


def run(table: Path, judge: str, preset: str, seed: int) -> dict[str, Any]:
    """Fit, sample and judge one table with one seed."""
    meta = json.loads((table / "meta.json").read_text())
    train = pd.read_csv(table / "train.csv", keep_default_na=False, na_values=[""])
    model = WGANGPSynthesizer(categorical_features=meta["categorical"], preset=preset, random_state=seed)
    wall, cpu = time.perf_counter(), time.process_time()
    model.fit(train)
    fit_s, fit_cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    wall = time.perf_counter()
    synthetic = model.sample(len(train))
    sample_s = time.perf_counter() - wall
    with tempfile.TemporaryDirectory() as folder:
        synthetic.to_csv(f"{folder}/synthetic.csv", index=False)
        files = [str(table / "train.csv"), str(table / "test.csv"), f"{folder}/synthetic.csv"]
        command = [
            sys.executable,
            judge,
            *files,
            "--meta",
            str(table / "meta.json"),
            "--json",
            f"{folder}/score.json",
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        score = json.loads(Path(f"{folder}/score.json").read_text())
    return score | {
        "dtypes_equal": bool(synthetic.dtypes.equals(train.dtypes)),
        "updates": model.updates_,
        "features": model.encoder_.layout.n_features,
        "fit_s": round(fit_s, 1),
        "fit_cpu_s": round(fit_cpu_s, 1),
        "sample_s": round(sample_s, 3),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "version": __version__,
        "torch": torch.__version__,
    }


def table_of(results: Path) -> str:
    """Return all results as a Markdown table, one row a run."""
    keys = [
        "utility_ratio",
        "shape",
        "pair",
        "c2st",
        "c2st_forest",
        "dcr_share",
        "copies",
        "invalid",
        "fit_cpu_s",
    ]
    lines = ["| table | seed | " + " | ".join(keys) + " |", "|---|---|" + "---|" * len(keys)]
    for file in sorted(results.glob("*.json")):
        score = json.loads(file.read_text())
        name, seed = file.stem.rsplit("-", 1)
        lines.append(f"| {name} | {seed} | " + " | ".join(f"{score[k]:.3f}" for k in keys) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("judge")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--preset", default="balanced")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results" / "tables")
    options = parser.parse_args()
    torch.set_num_threads(1)
    results: Path = options.results
    results.mkdir(parents=True, exist_ok=True)
    names = options.names or sorted(p.name for p in options.prepared.iterdir() if (p / "meta.json").exists())
    for seed in options.seeds:
        for name in names:
            file = results / f"{name}-{seed}.json"
            if not file.exists():
                score = run(options.prepared / name, options.judge, options.preset, seed)
                file.write_text(json.dumps(score, indent=1) + "\n")
                print(
                    name,
                    seed,
                    {k: score[k] for k in ("utility_ratio", "c2st", "invalid", "fit_cpu_s")},
                    flush=True,
                )
    (results / "README.md").write_text(table_of(results))


if __name__ == "__main__":
    main()
