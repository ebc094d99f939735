"""What an augmentation found as one HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

import pandas as pd

from wgan_aug.augmentation.mixing import Mixture
from wgan_aug.augmentation.telling import METRICS, explain, headline_of, signed, told_arm
from wgan_aug.evaluation.page import check_extra, render_page
from wgan_aug.evaluation.page_parts import Block, Section, Table, clean, name_of, picture_of
from wgan_aug.evaluation.pictures import draw_intervals
from wgan_aug.evaluation.svg import REAL, SYNTHETIC
from wgan_aug.evaluation.verdict import number
from wgan_aug.evaluation.worth import AugmentationValue, Verdict

__all__ = ["render"]

_GRADES = {"helps": "good", "no effect": "fair", "hurts": "poor"}
_THRESHOLDS = (
    "It helps where the interval of the best mixture lies above 0, it hurts where those of all mixtures lie below 0. "
    "Intervals allow for splits that share training rows, and those of mixtures for the choice among them. No effect "
    "means that none was shown on so many rows and splits. The verdict is about this model, score and target."
)
_SOURCES = [
    ("Nadeau and Bengio 2003 (the intervals)", "https://doi.org/10.1023/A:1024068626366"),
    ("Chawla et al. 2002 (SMOTE)", "https://arxiv.org/abs/1106.1813"),
]


def render(
    verdict: Verdict,
    report: AugmentationValue,
    added: Mixture | None,
    rows: Mapping[str, int],
    notes: Sequence[str],
    settings: Mapping[str, Any],
) -> str:
    """Return the page; arguments as in `Augmentation`.

    Raises:
        MissingExtraError: without jinja2 and matplotlib.
    """
    check_extra()
    task = f"{name_of(report.target)} ({report.task})"
    best: Any = report.arms.set_index("arm").loc[report.arm]
    return render_page(
        title="Do synthetic rows help?",
        subtitle=f"{rows['given']} rows given, {rows['synthetic']} synthetic ones added. Target: {task}.",
        version=metadata.version("wgan-aug"),
        headline=clean(headline_of(verdict, added, dict(rows))),
        cards=[
            _card(
                "Real rows alone",
                number(float(report.arms["score"].iloc[0])),
                METRICS.get(report.metric, report.metric),
            ),
            _card(f"With {report.arm}", number(best["score"]), "the best mixture on the mean"),
            _card("Difference", signed(best["difference"]), f"{signed(best['low'])} to {signed(best['high'])}"),
        ],
        verdict=[{"grade": _GRADES[verdict], "aspect": "Verdict", "word": verdict, "text": clean(explain(report))}],
        notes=[clean(note) for note in notes],
        thresholds=_THRESHOLDS,
        sections=[_arms_section(report), _splits_section(report), _made_section(settings)],
    )


def _card(label: str, value: str, below: str) -> dict[str, str]:
    return {"label": clean(label), "value": value, "range": "", "best": clean(below)}


def _arms_section(report: AugmentationValue) -> Section:
    others = report.arms[report.arms["arm"] != "real"]
    picture = draw_intervals(
        [
            (told_arm(a), d, low, high, REAL if pd.isna(ratio) else SYNTHETIC)
            for a, ratio, d, low, high in others[["arm", "ratio", "difference", "low", "high"]].itertuples(index=False)
        ],
        0.0,
        f"difference in {METRICS.get(report.metric, report.metric)}",
        "arms",
    )
    lines = [
        [
            told_arm(arm),
            number(score),
            *(["–", "–"] if arm == "real" else [signed(d), f"{signed(low)} to {signed(high)}"]),
        ]
        for arm, score, d, low, high in report.arms[["arm", "score", "difference", "low", "high"]].itertuples(
            index=False
        )
    ]
    table = Table("Means over splits.", ["trained on", "score", "difference", "interval"], lines, (1, 2, 3))
    texts = [f"Not compared: {told_arm(name)}: {clean(why)}." for name, why in report.skipped.items()]
    caption = "Right of the line is better than real rows alone. Blue: without synthetic rows. Orange: with them."
    return Section(
        "arms",
        "What was compared",
        texts,
        [Block(pictures=[picture_of(picture, caption)], table=table, large=True)],
        _SOURCES,
    )


def _splits_section(report: AugmentationValue) -> Section:
    names = list(report.scores.columns.drop(["repeat", "fold"]))
    rows = [
        [f"{int(line['repeat']) + 1}, {int(line['fold']) + 1}", *(number(line[name]) for name in names)]
        for line in report.scores.to_dict("records")
    ]
    head = ["repeat, fold", *map(told_arm, names)]
    table = Table("Scores on the rows left out.", head, rows, tuple(range(1, len(head))))
    return Section("splits", "Split by split", [], [Block(table=table)])


def _made_section(settings: Mapping[str, Any]) -> Section:
    rows = [[name, "–" if value is None else clean(value)] for name, value in settings.items()]
    versions = [[name, metadata.version(name)] for name in ("wgan-aug", "torch", "scikit-learn", "pandas", "numpy")]
    return Section(
        "made",
        "How this was made",
        [],
        [
            Block(table=Table("Settings.", ["setting", "value"], rows, ())),
            Block(table=Table("Versions.", ["what", "version"], versions, ())),
        ],
    )
