"""What it costs to start: `import wgan_aug` on top of its dependencies, `wgan-aug --help`; memory of a large sample.

usage: python benchmarks/startup.py [--rounds 7] [--rows 1000000] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

BASE = "import torch, pandas, sklearn.base, time; start = time.perf_counter(); "
IMPORT = BASE + "import wgan_aug; print(time.perf_counter() - start)"
USE = BASE + "from wgan_aug import WGANGPSynthesizer; print(time.perf_counter() - start)"
MEMORY = """
import resource, torch
torch.set_num_threads(1)
from wgan_aug import WGANGPSynthesizer
from wgan_aug.datasets import load_adult
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
model = WGANGPSynthesizer(epochs=1, random_state=0).fit(load_adult().head(10_000))
fitted = peak()
assert len(model.sample({rows})) == {rows}
print(fitted, peak())
"""


def ask(code: str) -> list[float]:
    """Run Python code in a new process; return the numbers it prints."""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return [float(word) for word in done.stdout.split()]


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    command = str(Path(sys.executable).parent / "wgan-aug")
    help_s: list[float] = []
    for _ in range(options.rounds):
        start = time.perf_counter()
        subprocess.run([command, "--help"], check=True, capture_output=True)
        help_s.append(time.perf_counter() - start)
    fitted, sampled = ask(MEMORY.format(rows=options.rows))
    report = {
        "import_wgan_aug_s": round(statistics.median(ask(IMPORT)[0] for _ in range(options.rounds)), 4),
        "import_synthesizer_s": round(statistics.median(ask(USE)[0] for _ in range(options.rounds)), 4),
        "help_s": round(statistics.median(help_s), 3),
        "peak_gib_after_fit": round(fitted, 3),
        f"peak_gib_after_sampling_{options.rows}": round(sampled, 3),
    }
    print(json.dumps(report, indent=1))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
