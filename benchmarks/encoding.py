"""Seconds a million rows and column to learn, encode and decode, by kind of column, on one core.

usage: python benchmarks/encoding.py [--rows 1000000] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd

from wgan_aug.encoding.table import TableEncoder
from wgan_aug.schema.inference import infer_schema


def columns(rows: int) -> pd.DataFrame:
    """Return one column of each kind that large tables have."""
    rng = np.random.default_rng(0)
    price = rng.lognormal(3, 1, rows).round(2)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 10**8, rows), "s")
    names = np.array([f"level-{k}" for k in range(10_000)])
    return pd.DataFrame(
        {
            "float": rng.normal(size=rows),
            "price, zero-inflated": np.where(rng.random(rows) < 0.3, 0.0, price),
            "float, missing": np.where(rng.random(rows) < 0.1, np.nan, price),
            "integer": rng.integers(0, 100_000, rows),
            "integer, 10 values": rng.integers(0, 10, rows),
            "datetime": days,
            "boolean": rng.random(rows) < 0.3,
            "text, 20 levels": pd.Series(names[rng.integers(0, 20, rows)], dtype="str"),
            "text, 10 000 levels": pd.Series(names[rng.zipf(1.3, rows) % 10_000], dtype="str"),
            "category": pd.Categorical.from_codes(rng.integers(0, 20, rows), [f"c{k}" for k in range(20)]),
            "text dates": pd.Series(days.strftime("%Y-%m-%d %H:%M:%S"), dtype="str"),
        }
    )


def main() -> None:
    """Time each column on its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    table = columns(options.rows)
    report: dict[str, dict[str, float]] = {}
    for name in table:
        frame = table[[name]]
        marks = [time.perf_counter()]
        schema = infer_schema(frame)
        marks.append(time.perf_counter())
        encoder = TableEncoder(schema).fit(frame)
        marks.append(time.perf_counter())
        codes = encoder.transform(frame)
        marks.append(time.perf_counter())
        encoder.inverse_transform(codes)
        marks.append(time.perf_counter())
        steps = np.diff(marks) * 1e6 / options.rows
        report[str(name)] = dict(
            zip(("infer_s", "fit_s", "encode_s", "decode_s"), steps.round(3).tolist(), strict=True)
        )
        print(f"{name:24}", report[str(name)], flush=True)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
