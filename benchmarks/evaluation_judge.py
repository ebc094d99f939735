"""Figures of `evaluate` beside those of an independent judge, for the same files.

usage: python benchmarks/evaluation_judge.py PREPARED JUDGE [NAME ...] [--seeds 0 1 2] [--json FILE]

PREPARED and JUDGE are those of tables.py (see prepared.py). Three synthetic tables are judged, each with as many rows
as there are training rows:

- `synthesizer`: a WGANGPSynthesizer of the preset "fast";
- `copies with errors`: training rows, one cell in eight drawn anew from its column (copies, and rows that cling);
- `shuffled columns`: training columns, each permuted on its own (full shape, ruined pairs).

The judge's draws of rows are those of seed 0, so the difference to `evaluate(budget="fast")` with the first seed is one
of definitions; how far ours lie apart by seed, `spread`, says what the draws do to either. One thread.
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
from evaluation_made import copy_with_errors, describe_machine, read, shuffle

from wgan_aug import WGANGPSynthesizer, evaluate

FIGURES = ("utility_ratio", "shape", "pair", "c2st", "c2st_forest", "copies", "dcr_share", "invalid")
WITHIN = 0.02


def make(train: pd.DataFrame, categorical: list[str]) -> dict[str, pd.DataFrame]:
    """Return the synthetic tables, by name."""
    model = WGANGPSynthesizer(categorical_features=categorical, preset="fast", random_state=0).fit(train)
    return {
        "synthesizer": model.sample(len(train)),
        "copies with errors": copy_with_errors(train, len(train), seed=0),
        "shuffled columns": shuffle(train, seed=0),
    }


def ask(judge: str, table: Path, synthetic: Path) -> tuple[dict[str, Any], float]:
    """Return the judge's figures and its CPU seconds."""
    answer = synthetic.with_suffix(".json")
    files = [str(table / "train.csv"), str(table / "test.csv"), str(synthetic)]
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, judge, *files, "--meta", str(table / "meta.json"), "--json", str(answer)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return json.loads(answer.read_text()), end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime


def compare(judge: str, table: Path, synthetic: Path, meta: dict[str, Any], seeds: list[int]) -> dict[str, Any]:
    """Return the judge's figures, ours by seed, the first one's difference and the spread, a line a figure."""
    theirs, judge_s = ask(judge, table, synthetic)
    train, test, made = read(table / "train.csv"), read(table / "test.csv"), read(synthetic)
    start = time.process_time()
    reports = [
        evaluate(
            train,
            made,
            target=meta["target"],
            holdout=test,
            categorical_features=meta["categorical"],
            budget="fast",
            random_state=seed,
        )
        for seed in seeds
    ]
    ours_s = (time.process_time() - start) / len(seeds)
    frames = [report.to_frame().set_index("figure")["value"] for report in reports]
    figures: dict[str, Any] = {}
    for name in FIGURES:
        ours = [float(frame[name]) for frame in frames]
        figures[name] = {
            "judge": round(theirs[name], 4),
            "ours": [round(value, 4) for value in ours],
            "difference": round(abs(ours[0] - theirs[name]), 4),
            "spread": round(max(ours) - min(ours), 4),
        }
    return {"judge_cpu_s": round(judge_s, 1), "ours_cpu_s": round(ours_s, 1), "figures": figures}


def main() -> None:
    """Compare every table, print and write the differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("judge")
    parser.add_argument("names", nargs="*", default=["adult", "california_housing"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    tables: dict[str, dict[str, Any]] = {}
    for name in options.names:
        folder: Path = options.prepared / name
        meta = json.loads((folder / "meta.json").read_text())
        tables[name] = {}
        with tempfile.TemporaryDirectory() as scratch:
            for kind, made in make(read(folder / "train.csv"), meta["categorical"]).items():
                file = Path(scratch) / "synthetic.csv"
                made.to_csv(file, index=False)
                tables[name][kind] = compare(options.judge, folder, file, meta, options.seeds)
                print(name, kind, json.dumps(tables[name][kind]["figures"], indent=1), flush=True)
    runs = [run["figures"] for kinds in tables.values() for run in kinds.values()]
    greatest = {
        figure: {key: max(run[figure][key] for run in runs) for key in ("difference", "spread")} for figure in FIGURES
    }
    report = {
        "machine": describe_machine("wgan-aug", "numpy", "pandas", "scipy", "scikit-learn", "torch"),
        "seeds": options.seeds,
        "within": WITHIN,
        "greatest": greatest,
        "beyond": sorted(figure for figure, found in greatest.items() if found["difference"] > WITHIN),
        "tables": tables,
    }
    print(json.dumps(greatest, indent=1))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
