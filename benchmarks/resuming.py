"""Kill a training at random moments, go on with it, and compare the model's bytes; one JSON.

usage: python benchmarks/resuming.py [--kills 20] [--rows 2000] [--results DIR]

A process learns rows of the Adult table, with a checkpoint every 0.1 s; it is killed (SIGKILL) at a random moment of
the four seconds after its first checkpoint; another process goes on to the end. The model's folder is compared byte by
byte with that of a process that nobody killed.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from prepared import code_state, write_json

from wgan_aug.datasets import load_adult

HERE = Path(__file__).parent
CHILD = """
import sys
import pandas as pd
from wgan_aug import WGANGPSynthesizer
model = WGANGPSynthesizer(preset="fast", random_state=0)
model.fit(pd.read_csv(sys.argv[1]), checkpoint=sys.argv[3], every=0.1, resume=True).save(sys.argv[2])
"""


def fit(data: Path, model: Path, folder: Path) -> list[str]:
    """Return the command of a process that learns."""
    return [sys.executable, "-c", CHILD, str(data), str(model), str(folder)]


def killed_once(command: list[str], folder: Path, after: float) -> int | None:
    """Start a command, kill it some seconds after its first new checkpoint; return its exit code where it was first."""
    known = {path.name for path in folder.glob("checkpoint-*")}
    process = subprocess.Popen(command)
    while process.poll() is None and not {path.name for path in folder.glob("checkpoint-*")} - known:
        time.sleep(0.01)
    try:
        return process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


def run(kills: int, rows: int) -> dict[str, object]:
    """Kill and resume so often; return what came of it."""
    chances = np.random.default_rng(0)
    same, interrupted = 0, 0
    with tempfile.TemporaryDirectory() as work:
        place = Path(work)
        data = place / "adult.csv"
        load_adult().sample(rows, random_state=0).to_csv(data, index=False)
        subprocess.run(fit(data, place / "whole", place / "unbroken"), check=True)
        names = sorted(path.name for path in (place / "whole").iterdir())
        for number in range(kills):
            folder, model = place / "kept", place / "model"
            command = fit(data, model, folder)
            interrupted += killed_once(command, folder, chances.uniform(0, 4)) is None
            subprocess.run(command, check=True)
            equal = filecmp.cmpfiles(place / "whole", model, names, shallow=False)[0]
            same += sorted(equal) == names
            print(f"{number + 1} of {kills}: {same} with the same bytes, {interrupted} killed", flush=True)
            shutil.rmtree(folder)
            shutil.rmtree(model)
    return {"kills": kills, "killed": interrupted, "same_bytes": same, "rows": rows, "code": code_state()}


def main() -> None:
    """Run, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--results", type=Path, default=HERE / "results")
    given = parser.parse_args()
    found = run(given.kills, given.rows)
    print(json.dumps(found))
    write_json(given.results / "resuming.json", found)


if __name__ == "__main__":
    main()
