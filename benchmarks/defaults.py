"""The experiment that decides defaults: variants of the settings, judged on a held-back fifth of the training rows.

usage: python benchmarks/defaults.py PREPARED JUDGE [--variant NAME [FIELD=VALUE ...]] [--tables NAME ...]
           [--seeds 0 1 2] [--results DIR]

PREPARED and JUDGE: see prepared.py. The test rows take no part. FIELD is a field of `Preset`, by which the preset's own
value is replaced, or else an argument of the synthesizer's constructor (`preset=best`, `critic_norm=none`,
`refine=True`); VALUE is Python's (`betas=(0, 0.9)`), and text where it is none; the word TARGET stands for the table's
own target. The variant without changes is called `base`. Without `--variant`, only the report is written.

    python benchmarks/defaults.py PREPARED JUDGE --variant base
    python benchmarks/defaults.py PREPARED JUDGE --variant batch-500 batch_size=500

Every run is one JSON, VARIANT/TABLE-SEED.json, and is skipped where it is there; a variant keeps the settings that it
first had. The report compares each variant with `base` on the same tables and seeds. One thread.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import inspect
import json
import math
import os
import time
import typing
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from prepared import ONE_THREAD, Table, code_state, find_tables, judge, read_table, write_json

os.environ.update(ONE_THREAD)

import torch
from means import markdown, shown

from wgan_aug import WGANGPSynthesizer, __version__
from wgan_aug.errors import did_you_mean
from wgan_aug.synthesizers.presets import PRESETS, Preset, find_preset

BASE = "base"
FIGURES = ("utility_ratio", "c2st", "c2st_forest")
FIELDS = typing.get_type_hints(Preset)
OPTIONS = list(inspect.signature(WGANGPSynthesizer).parameters)


def parse(setting: str) -> tuple[str, Any]:
    """Return the name and value of FIELD=VALUE."""
    name, equals, text = setting.partition("=")
    known = [*FIELDS, *OPTIONS]
    if not equals or name not in known:
        raise SystemExit(f"{setting!r} sets no known field.{did_you_mean(name, known)} Fields: {', '.join(known)}.")
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = text
    return name, _fitting(FIELDS.get(name), value)


def _fitting(kind: Any, value: Any) -> Any:
    """Return a value as a field of this kind takes it: floats where they are due, tuples of one."""
    if kind is float and isinstance(value, int):
        return float(value)
    if typing.get_origin(kind) is tuple:
        parts: tuple[Any, ...] = value if isinstance(value, tuple) else (value,)
        return tuple(_fitting(typing.get_args(kind)[0], part) for part in parts)
    return value


def build(settings: dict[str, Any], table: Table, seed: int) -> WGANGPSynthesizer:
    """Return a synthesizer with these settings."""
    fields = {name: value for name, value in settings.items() if name in FIELDS}
    options = {name: table.target if value == "TARGET" else value for name, value in settings.items()}
    for name in fields:
        del options[name]
    preset = find_preset(options.pop("preset", "balanced"))
    PRESETS["variant"] = dataclasses.replace(preset, **fields)
    known: dict[str, Any] = {"categorical_features": table.categorical, "random_state": seed, "preset": "variant"}
    known.update(options)
    return WGANGPSynthesizer(**known)


def run(table: Table, script: str, settings: dict[str, Any], seed: int) -> dict[str, Any]:
    """Fit, sample as many rows as were fitted, and judge on the held-back rows."""
    table = table.hold_back()
    model = build(settings, table, seed)
    start = time.process_time()
    model.fit(table.train)
    fitted = time.process_time()
    synthetic = model.sample(len(table.train))
    cost = {"fit_cpu_s": round(fitted - start, 2), "sample_cpu_s": round(time.process_time() - fitted, 3)}
    facts = {"updates": model.updates_, "features": model.encoder_.layout.n_features}
    versions = {"version": __version__, "torch": torch.__version__, "code": code_state()}
    return {"settings": settings} | judge(script, table, synthetic) | cost | facts | versions


Pair = tuple[str, int]


def read_variant(folder: Path) -> dict[Pair, dict[str, Any]]:
    """Return a variant's runs by table and seed."""
    runs: dict[Pair, dict[str, Any]] = {}
    for file in sorted(folder.glob("*.json")):
        table, _, seed = file.stem.rpartition("-")
        runs[table, int(seed)] = json.loads(file.read_text())
    return runs


def _differences(runs: dict[Pair, Any], base: dict[Pair, Any], key: str, pairs: Iterable[Pair]) -> list[float]:
    return [runs[pair][key] - base[pair][key] for pair in pairs]


def _cost_ratio(runs: dict[Pair, Any], base: dict[Pair, Any], pairs: list[Pair]) -> str:
    """Return the geometric mean of the ratios of CPU seconds."""
    logs = [math.log(max(runs[p]["fit_cpu_s"], 0.01) / max(base[p]["fit_cpu_s"], 0.01)) for p in pairs]
    return f"{math.exp(sum(logs) / len(logs)):.2f}"


_NOTES = """\
Differences to `base` on the same tables and seeds (pairs), mean ± half-width of a 95 % t interval over the pairs.
Judged on a fifth of the training rows that was held back; the test rows took no part. Higher utility and lower c2st are
better. Cost is the geometric mean of the ratios of CPU seconds to fit. The seeds of one table are not independent of
each other as tables are: an interval over few tables says less than it seems to. All variants tried are listed. ²: run
with another state of the code than some of `base`.
"""


def report(results: Path) -> str:
    """Return what each variant gains and costs, over all pairs and table by table."""
    variants = {f.name: runs for f in sorted(results.iterdir()) if f.is_dir() and (runs := read_variant(f))}
    base = variants.pop(BASE, {})
    parts = ["# Defaults\n", _NOTES]
    rows: list[list[str]] = []
    per_table: list[list[str]] = []
    tables = sorted({table for table, _ in base})
    for name, runs in variants.items():
        pairs = sorted(set(runs) & set(base))
        if not pairs:
            continue
        states = {some[pair].get("code") for some in (runs, base) for pair in pairs}
        settings = next(iter(runs.values()))["settings"]
        told = ", ".join(f"`{field}={value}`" for field, value in settings.items()) or "–"
        gains = [shown(_differences(runs, base, key, pairs), sign=True) for key in FIGURES]
        counts = [str(len({table for table, _ in pairs})), str(len(pairs))]
        rows.append([name + (" ²" if len(states) > 1 else ""), told, *counts, *gains, _cost_ratio(runs, base, pairs)])
        cells: list[str] = []
        for table in tables:
            here = [pair for pair in pairs if pair[0] == table]
            both = [shown(_differences(runs, base, key, here), sign=True).partition(" ±")[0] for key in FIGURES[:2]]
            cells.append(" / ".join(both) if here else "–")
        per_table.append([name, *cells])
    figures = ["utility", "c2st", "c2st forest"]
    parts += [markdown(["variant", "settings", "tables", "pairs", *figures, "cost"], rows)]
    parts += ["## Table by table: mean difference in utility / c2st\n", markdown(["variant", *tables], per_table)]
    parts += ["## Base itself\n", _base_table(base, tables)]
    return "\n".join(parts)


def _base_table(base: dict[Pair, Any], tables: list[str]) -> str:
    keys = [*FIGURES, "dcr_share", "fit_cpu_s"]
    rows: list[list[str]] = []
    for table in tables:
        runs = [run for (name, _), run in base.items() if name == table]
        cells = [shown([run[key] for run in runs], 1 if key == "fit_cpu_s" else 3) for key in keys]
        rows.append([table, str(len(runs)), *cells])
    return markdown(["table", "seeds", "utility", "c2st", "c2st forest", "DCR share", "fit CPU s"], rows)


def main() -> None:
    """Run what is missing of a variant, then write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("judge")
    parser.add_argument("--variant", nargs="+", metavar=("NAME", "FIELD=VALUE"), default=[])
    parser.add_argument("--tables", nargs="+")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results" / "defaults")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.variant:
        name, *changes = options.variant
        settings = dict(map(parse, changes))
        if (name == BASE) != (not settings):
            parser.error(f"The variant without changes is {BASE!r}, and no other has that name.")
        earlier = read_variant(options.results / name)
        plain = json.loads(json.dumps(settings))
        if any(run["settings"] != plain for run in earlier.values()):
            parser.error(f"{name!r} has runs with other settings; give this variant another name.")
        for folder in find_tables(options.prepared, options.tables):
            for seed in options.seeds:
                file = options.results / name / f"{folder.name}-{seed}.json"
                if not file.exists():
                    found = run(read_table(folder), options.judge, settings, seed)
                    write_json(file, found)
                    print(
                        name,
                        folder.name,
                        seed,
                        {key: round(found[key], 4) for key in (*FIGURES, "fit_cpu_s")},
                        flush=True,
                    )
    (options.results / "README.md").write_text(report(options.results))


if __name__ == "__main__":
    main()
