"""Does augmentation help? Boosted trees on real rows and further ones, by several remedies; one JSON a run.

usage: python benchmarks/augmentation.py PREPARED [NAME ...] [--methods M ...] [--seeds 0 1 2] [--folds 0 1 2 3 4]
           [--budget fast] [--results DIR] [--report]

PREPARED: see prepared.py; of each table, train.csv is cross-validated in 5 folds, anew for each seed. Boosted trees
that do not stop early are trained on a fold's training rows, with a remedy, and scored on the rows left out: average
precision of the rarer class, and its recall at a precision of at least 0.5, 0.7 and 0.9. Remedies:

    real           none
    class_weight   classes weigh the same
    oversample     rows of the smaller class repeated at random
    smote          SMOTENC, or SMOTE where no column is categorical
    oversampler    `WGANGPOverSampler()`: the smaller class brought up to the larger
    natural        as many rows of `WGANGPSynthesizer()` as there are real ones
    augment        what `augment` returns at its defaults, which cross-validates within the training rows

A run that is there already is skipped; delete its file to repeat it. Afterwards, or with `--report` alone, the report
is written: differences from real rows alone, paired by seed and fold, with intervals that allow for shared training
rows (Nadeau and Bengio 2003).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

from prepared import ONE_THREAD, Table, code_state, find_tables, read_table, write_json

os.environ.update(ONE_THREAD)

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, precision_recall_curve

from wgan_aug import WGANGPOverSampler, WGANGPSynthesizer, augment
from wgan_aug.evaluation.learners import make_learner, seed_learner
from wgan_aug.evaluation.measures import positive_scores
from wgan_aug.evaluation.study import Study, make_arms, prepare_study, split_study
from wgan_aug.evaluation.worth import corrected_interval

HERE = Path(__file__).parent
TABLES = ("adult", "bank_marketing", "creditcard_fraud", "telco_churn", "titanic")
BASELINES = ("class_weight", "oversample", "smote")
METHODS = ("real", *BASELINES, "oversampler", "natural", "augment")
NAMES = {
    "real": "real rows alone",
    "class_weight": "class weights",
    "oversample": "random oversampling",
    "smote": "SMOTE(NC)",
    "oversampler": "ours: WGANGPOverSampler",
    "natural": "ours: natural x1",
    "augment": "ours: augment, with its verdict",
}
PRECISIONS = (0.5, 0.7, 0.9)
FOLDS = 5


def further(
    method: str, table: Table, train: pd.DataFrame, seed: int, budget: str
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the synthetic rows that a method adds to training rows, and what is worth keeping of how."""
    target, levels = table.target, table.categorical
    if method == "augment":
        found = augment(train, target=target, categorical_features=levels, budget=budget, random_state=seed)
        return found.data.iloc[len(train) :], {"verdict": found.verdict, "arm": found.report.arm}
    if method == "natural":
        model = WGANGPSynthesizer(target=target, categorical_features=levels, random_state=seed).fit(train)
        return model.sample(len(train)), {}
    X, y = train.drop(columns=target), train[target]
    columns = [name for name in levels if name != target]
    more_X, more_y = WGANGPOverSampler(categorical_features=columns, random_state=seed).fit_resample(X, y)
    return more_X.assign(**{target: more_y})[list(train)].iloc[len(train) :], {}


def run(study: Study, table: Table, method: str, seed: int, fold: int, budget: str) -> dict[str, Any]:
    """Train with one remedy on one fold's training rows, and score on the others."""
    train, test = list(split_study(study, FOLDS, seed))[fold]
    begun, told = time.process_time(), {}

    def add(rows: pd.DataFrame, seed: int) -> dict[str, pd.DataFrame]:
        if method in ("real", *BASELINES):
            return {}
        made, more = further(method, table, rows, seed, budget)
        told.update(more | {"synthetic": len(made)})
        return {method: made} if len(made) else {}

    baselines = [method] if method in BASELINES else []
    skipped: dict[str, str] = {}
    *_, (_, rows, y, weights) = make_arms(study, add, train, seed * FOLDS + fold, baselines, skipped)
    if skipped:
        return {"failed": skipped[method]}
    seconds = time.process_time() - begun
    model = HistGradientBoostingClassifier(early_stopping=False)
    learner = seed_learner(make_learner(model, study.tables, table.target), seed)
    learner.fit(rows, y, **({} if weights is None else {"model__sample_weight": weights}))
    rare = pd.Series(study.y).value_counts().index[-1]
    truth, scores = study.y[test] == rare, positive_scores(learner, study.rows.iloc[test], rare)
    precision, recall, _ = precision_recall_curve(truth, scores)
    return {
        "average_precision": float(average_precision_score(truth, scores)),
        "recall": {f"{least:g}": float(recall[precision >= least].max()) for least in PRECISIONS},
        "rows": len(rows),
        "cpu_s": round(seconds, 2),
        "code": code_state(),
        **told,
    }


# ---- the report


def read_runs(results: Path) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """Return runs by table and method, and by seed and fold."""
    runs: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for method in METHODS:
        for file in sorted((results / method).glob("*.json")):
            table, seed, fold = file.stem.rsplit("-", 2)
            content = json.loads(file.read_text())
            if "failed" not in content:
                runs.setdefault((table, method), {})[f"{seed}-{fold}"] = content
    return runs


def value(found: dict[str, Any], figure: str) -> float:
    """Return a figure of a run."""
    return found["recall"][figure] if figure in found["recall"] else found[figure]


def told_difference(mine: dict[str, dict[str, Any]], real: dict[str, dict[str, Any]], figure: str) -> str:
    """Return a mean difference from real rows alone, with its interval, bold where that lacks 0."""
    shared = sorted(set(mine) & set(real))
    d = np.array([value(mine[key], figure) - value(real[key], figure) for key in shared])
    if len(d) < 2:
        return f"{d.mean():+.3f}" if len(d) else "–"
    low, high = corrected_interval(d, 1 / (FOLDS - 1))
    text = f"{d.mean():+.3f} ({low:+.3f} to {high:+.3f})"
    return f"**{text}**" if low > 0 or high < 0 else text


def report(results: Path) -> str:
    """Return the report as Markdown."""
    runs = read_runs(results)
    lines = [
        "# Does augmentation help?",
        "",
        "Boosted trees that do not stop early, trained on a fold's training rows with a remedy, and scored on the rows",
        "left out, of the rarer class. Five folds, anew for each seed; how many runs there are stands at the end.",
        "",
    ]
    figures = {"average_precision": "Average precision", "0.7": "Recall at a precision of at least 0.7"}
    tables = sorted({table for table, _ in runs})
    for figure, title in figures.items():
        lines += [
            f"## {title}",
            "",
            "Means; in brackets the difference from real rows alone, with its 95 % interval.",
            "",
        ]
        lines += ["| remedy | " + " | ".join(tables) + " | mean |", "| --- " * (len(tables) + 2) + "|"]
        for method in METHODS:
            cells, means = [], []
            for table in tables:
                mine, real = runs.get((table, method), {}), runs.get((table, "real"), {})
                if not mine:
                    cells.append("–")
                    continue
                means.append(statistics.fmean(value(one, figure) for one in mine.values()))
                further = "" if method == "real" else f", {told_difference(mine, real, figure)}"
                cells.append(f"{means[-1]:.3f}{further}")
            mean = f"{statistics.fmean(means):.4f}" if len(means) == len(tables) else "–"
            lines.append(f"| {NAMES[method]} | {' | '.join(cells)} | {mean} |")
        lines.append("")
    lines += ["## Verdicts of augment, and runs", "", "| table | verdicts | runs by remedy | mean CPU s of augment |"]
    lines.append("| --- " * 4 + "|")
    for table in tables:
        mine = list(runs.get((table, "augment"), {}).values())
        verdicts = pd.Series([one["verdict"] for one in mine], dtype=object).value_counts().to_dict()
        counts = ", ".join(f"{m} {len(runs[table, m])}" for m in METHODS if (table, m) in runs)
        seconds = f"{statistics.fmean(one['cpu_s'] for one in mine):.0f}" if mine else "–"
        told = ", ".join(f"{k}: {v}" for k, v in verdicts.items()) or "–"
        lines.append(f"| {table} | {told} | {counts} | {seconds} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run what is missing, then write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--folds", type=int, nargs="+", default=list(range(FOLDS)))
    parser.add_argument("--budget", default="fast")
    parser.add_argument("--results", type=Path, default=HERE / "results" / "augmentation")
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    folders = [] if options.report else find_tables(options.prepared, options.names or list(TABLES))
    for seed in options.seeds:
        for folder in folders:
            table = read_table(folder)
            study = prepare_study(table.train, table.target, None, None, tuple(table.categorical), FOLDS)
            for fold in options.folds:
                for method in options.methods:
                    file = options.results / method / f"{folder.name}-{seed}-{fold}.json"
                    if not file.exists():
                        write_json(file, found := run(study, table, method, seed, fold, options.budget))
                        print(folder.name, seed, fold, method, found, flush=True)
    (options.results / "README.md").write_text(report(options.results))


if __name__ == "__main__":
    main()
