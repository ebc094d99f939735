"""The toy distributions of WGAN-GP under every objective, with `preset="toy"` and nothing else given.

usage: python benchmarks/toys.py [--objectives wgan-gp ...] [--distributions ring grid roll] [--seeds 0 1 2]
           [--critic-norm layer] [--results DIR]

10 000 training rows and 10 000 samples, of seeds that the model's own seed gives. Coordinates are as they are, nothing
is refined. Without `--objectives`, only the report is written.

- ring, grid: 8 and 25 Gaussians. A sample is good within 4 standard deviations of a mode's middle; a mode is covered
  that has a tenth or more of its fair share of the samples, counting good ones.
- roll: the Swiss roll. `distance` is the sliced Wasserstein distance of the samples to fresh rows, `floor` that of
  other fresh rows; a sample is good that is nearer to a fresh row than 99 % of other fresh rows are.

Every run is one JSON, OBJECTIVE/DISTRIBUTION-SEED.json (OBJECTIVE+NORM/ with another normalisation than layer), and is
skipped where it is there. CPU seconds of one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prepared import ONE_THREAD, code_state, write_json

os.environ.update(ONE_THREAD)

import numpy as np
import torch
from means import markdown
from scipy.spatial import KDTree
from scipy.stats import wasserstein_distance

from wgan_aug import WGANGPSynthesizer, __version__
from wgan_aug.datasets import GRID_SD, RING_SD, grid_centres, make_grid, make_ring, make_swiss_roll, ring_centres
from wgan_aug.losses import OBJECTIVES

ROWS = 10_000
MODES = {"ring": (ring_centres(), RING_SD), "grid": (grid_centres(), GRID_SD)}
MAKERS: dict[str, Callable[..., np.ndarray]] = {"ring": make_ring, "grid": make_grid, "roll": make_swiss_roll}
FRESH = 1_000_000  # a seed that no training rows have


def judge_modes(samples: np.ndarray, centres: np.ndarray, sd: float) -> dict[str, Any]:
    """Return how many modes are covered, the share of good samples, and the distance of their shares to equal ones."""
    distances = np.linalg.norm(samples[:, None] - centres, axis=2)
    good = distances.min(axis=1) < 4 * sd
    counts = np.bincount(distances.argmin(axis=1)[good], minlength=len(centres))
    shares = counts / max(1, counts.sum())
    return {
        "covered": int((counts >= 0.1 * len(samples) / len(centres)).sum()),
        "modes": len(centres),
        "good": float(good.mean()),
        "unevenness": float(np.abs(shares - 1 / len(centres)).sum() / 2),
        "inner_sd": float(np.sqrt((distances.min(axis=1)[good] ** 2).mean() / 2) / sd) if good.any() else None,
    }


def judge_roll(samples: np.ndarray, seed: int) -> dict[str, Any]:
    """Return the sliced Wasserstein distance to fresh rows, that of other fresh rows, and the share of good samples."""
    fresh, other = make_swiss_roll(2 * ROWS, random_state=FRESH + seed).reshape(2, ROWS, 2)
    angles = np.arange(32) * np.pi / 32
    slices = np.stack([np.cos(angles), np.sin(angles)])

    def sliced(rows: np.ndarray) -> float:
        pairs = zip((rows @ slices).T, (fresh @ slices).T, strict=True)
        return float(np.mean([wasserstein_distance(*pair) for pair in pairs]))

    tree = KDTree(fresh)
    near = np.quantile(tree.query(other)[0], 0.99)
    good = float((tree.query(samples)[0] <= near).mean())
    return {"good": good, "distance": sliced(samples), "floor": sliced(other)}


def run(objective: str, distribution: str, seed: int, norm: str) -> dict[str, Any]:
    """Fit, sample and judge."""
    rows = MAKERS[distribution](ROWS, random_state=seed)
    model = WGANGPSynthesizer(loss=objective, preset="toy", critic_norm=norm, random_state=seed, device="cpu")
    start = time.process_time()
    model.fit(rows)
    cost = round(time.process_time() - start, 1)
    samples = np.asarray(model.sample(ROWS, random_state=seed))
    found = judge_modes(samples, *MODES[distribution]) if distribution in MODES else judge_roll(samples, seed)
    versions = {"version": __version__, "torch": torch.__version__, "code": code_state()}
    return found | {"updates": model.updates_, "fit_cpu_s": cost} | versions


_NOTES = """\
`preset="toy"` and nothing else given; 10 000 training rows, 10 000 samples, no refining, one thread. Each cell has one
figure a seed. A sample is good within 4 standard deviations of a mode's middle; a mode is covered that has a tenth or
more of its fair share of the samples, counting good ones. On the Swiss roll a sample is good that is nearer to a fresh
row than 99 % of other fresh rows are, and `distance` is the sliced Wasserstein distance to 10 000 fresh rows, over that
of as many other fresh rows: 1 is as good as the data.
"""


def report(results: Path) -> str:
    """Return the table of all runs."""
    runs: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for file in sorted(results.glob("*/*-*.json")):
        distribution = file.stem.partition("-")[0]
        runs.setdefault(file.parent.name, {}).setdefault(distribution, []).append(json.loads(file.read_text()))

    def cell(some: list[dict[str, Any]], show: Callable[[dict[str, Any]], str]) -> str:
        return ", ".join(map(show, some)) or "–"

    order = [*OBJECTIVES]
    names = sorted(runs, key=lambda name: ("+" in name, order.index(name.partition("+")[0])))
    rows: list[list[str]] = []
    for name in names:
        cells = [name.replace("+", ", critic_norm ")]
        for distribution in MODES:
            some = runs[name].get(distribution, [])
            cells += [cell(some, lambda r: str(r["covered"])), cell(some, lambda r: f"{100 * r['good']:.1f}")]
        rolls = runs[name].get("roll", [])
        cells += [cell(rolls, lambda r: f"{r['distance'] / r['floor']:.1f}")]
        cells += [cell(rolls, lambda r: f"{100 * r['good']:.1f}")]
        seconds = [run["fit_cpu_s"] for some in runs[name].values() for run in some]
        rows.append([*cells, f"{min(seconds):.0f} to {max(seconds):.0f}"])
    header = ["objective", "of 8 modes", "good, %", "of 25 modes", "good, %", "roll: distance", "good, %", "fit CPU s"]
    return "\n".join(["# Toy distributions\n", _NOTES, markdown(header, rows)])


def main() -> None:
    """Run what is missing, then write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objectives", nargs="+", choices=[*OBJECTIVES], default=[])
    parser.add_argument("--distributions", nargs="+", choices=[*MAKERS], default=["ring", "grid"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--critic-norm", default="layer")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results" / "toys")
    options = parser.parse_args()
    torch.set_num_threads(1)
    suffix = "" if options.critic_norm == "layer" else f"+{options.critic_norm}"
    for seed in options.seeds:
        for distribution in options.distributions:
            for objective in options.objectives:
                file = options.results / (objective + suffix) / f"{distribution}-{seed}.json"
                if not file.exists():
                    found = run(objective, distribution, seed, options.critic_norm)
                    write_json(file, found)
                    print(file.parent.name, file.stem, json.dumps(found), flush=True)
    (options.results / "README.md").write_text(report(options.results))


if __name__ == "__main__":
    main()
