"""Rows a second into a folder of Parquet parts, and the peak of resident memory, on one thread.

usage: python benchmarks/streaming.py FOLDER [--rows N] [--refined-rows N] [--json FILE]

In a process of its own, a model is fitted shortly on the first 50 000 rows of the table of 20 mixed columns that
`larger_than_memory.py` makes: sampling takes as long whatever a network has learned. Then a fresh process draws N rows
as the generator gives them into FOLDER/raw, and another one fewer rows, refined, into FOLDER/refined; both folders are
removed afterwards. Two more do so with `precision="bfloat16"`, which a processor has to have. Memory is looked at after
every part; where it does not grow, the peak is the same after a tenth of the parts and at the end.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from evaluation_made import describe_machine
from prepared import ONE_THREAD, code_state, write_json

RESULT = Path(__file__).parent / "results" / "streaming" / "sampling.json"


def fit(folder: Path) -> None:
    """Fit the model, where it is not there."""
    from larger_than_memory import make_part

    from wgan_aug import WGANGPSynthesizer

    if not (folder / "model").exists():
        table = make_part(0, 50_000)
        WGANGPSynthesizer(preset="fast", epochs=2, random_state=0).fit(table).save(folder / "model")


def peak_mib() -> int:
    """Return the most memory that this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def draw(folder: Path, rows: int, refine: bool, precision: str) -> dict[str, Any]:
    """Draw rows into a folder and return the figures."""
    import torch

    from wgan_aug import load

    torch.set_num_threads(1)
    model: Any = load(folder / "model", device="cpu").set_params(precision=precision)
    peaks: list[int] = []
    wall, cpu = time.perf_counter(), time.process_time()
    output = folder / ("refined" if refine else "raw")
    model.sample(rows, refine=refine, output=output, force=True, on_part=lambda done: peaks.append(peak_mib()))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    size = sum(path.stat().st_size for path in output.iterdir())
    shutil.rmtree(output)
    return {
        "rows": rows,
        "columns": len(model.schema_),
        "features": model.encoder_.layout.n_features,
        "refine": refine,
        "precision": precision,
        "seconds": round(wall, 1),
        "cpu_seconds": round(cpu, 1),
        "rows_per_second": round(rows / wall),
        "rows_per_cpu_second": round(rows / cpu),
        "peak_rss_mib_after_a_tenth": peaks[-(-len(peaks) // 10)],
        "peak_rss_mib": peaks[-1],
        "bytes_a_row": round(size / rows, 1),
    }


def main() -> None:
    """Fit, draw four times in processes of their own, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--refined-rows", type=int, default=500_000)
    parser.add_argument("--json", type=Path, default=RESULT)
    parser.add_argument("--step", choices=["fit", "raw", "refined"], help=argparse.SUPPRESS)
    parser.add_argument("--precision", default="float32", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step == "fit":
        fit(options.folder)
        return
    if options.step:
        refine = options.step == "refined"
        rows = options.refined_rows if refine else options.rows
        print(json.dumps(draw(options.folder, rows, refine, options.precision)))
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, __file__, str(options.folder)]
    words += ["--rows", str(options.rows), "--refined-rows", str(options.refined_rows), "--step"]
    subprocess.run([*words, "fit"], env=os.environ | ONE_THREAD, check=True)  # apart: peaks are handed down
    report: dict[str, Any] = {"code": code_state(), "machine": describe_machine("torch", "numpy", "pandas", "pyarrow")}
    for kind, precision in itertools.product(("raw", "refined"), ("float32", "bfloat16")):
        load = os.getloadavg()[0]
        answer = subprocess.run(
            [*words, kind, "--precision", precision],
            env=os.environ | ONE_THREAD,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        name = kind if precision == "float32" else f"{kind}_{precision}"
        report[name] = json.loads(answer.stdout) | {"load_before": load}
    print(json.dumps(report, indent=1))
    write_json(options.json, report)


if __name__ == "__main__":
    main()
