"""The page's sections on what rows are worth and what they give away: utility, detection, privacy, gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd

from wgan_aug.evaluation.figures import Interval
from wgan_aug.evaluation.findings import Findings
from wgan_aug.evaluation.frames import MISSING
from wgan_aug.evaluation.page_parts import (
    Block,
    Section,
    Table,
    clean,
    lines_of,
    name_of,
    none_of,
    picture_of,
    share,
    span,
    value_of,
)
from wgan_aug.evaluation.pictures import draw_intervals
from wgan_aug.evaluation.series.labelled import ClasswiseScores
from wgan_aug.evaluation.svg import REAL, SYNTHETIC
from wgan_aug.evaluation.verdict import number

__all__ = ["detection_section", "gaps_section", "privacy_section", "utility_section"]

_SIDES = {"synthetic": "synthetic", "holdout": "hold-out"}
_CLASSES, _CULPRITS, _FAULTS = 15, 12, 30  # rows of a table


_TSTR = ("Esteban et al. 2017, train on synthetic, test on real", "https://arxiv.org/abs/1706.02633")
_METRICS = {"gini": "Gini = 2 AUC - 1", "macro_f1": "macro F1", "r2": "R2"}


def utility_section(found: Findings) -> Section:
    """What rows are worth to downstream models, by model and by class."""
    title, utility = "Worth to a model", found.utility
    labelled = found.sequences and found.sequences.labelled
    if labelled is not None:
        return Section("utility", title, *_sequence_worth(found, labelled), [_TSTR])
    if utility is None:
        return Section("utility", title, [f"Not measured: {clean(found.failed.get('utility', ''))}"], [])
    metric = _METRICS.get(utility.metric, utility.metric)
    texts = [
        f"Models learn to predict {name_of(utility.target)}, once from real rows and once from synthetic ones, and "
        f"both are tested on the same {utility.rows['holdout']} real rows, which neither has seen. The score is "
        f"{metric}; the ratio is synthetic over real, between 0 and 1.2, and its interval tells of the test rows and "
        "of the training rows."
    ]
    if utility.split_off:
        texts.append(
            "No hold-out was given: the test rows were split off from the real rows. The synthesizer has seen them, "
            "so that these figures flatter it."
        )
    if found.in_sequence:
        texts.append("Rows of one sequence hang together: the interval is narrower than it should be.")
    left = [f"{n} {side}" for side, n in utility.without_target.items() if n]
    texts += [f"Left out for want of a target: {', '.join(left)} rows."] if left else []
    texts += [f"{name_of(name)} could not be used and scores 0: {clean(why)}" for name, why in utility.failures.items()]
    models = lines_of(utility.models)
    dots = [(str(m.model), m.ratio, none_of(m.ratio_low), none_of(m.ratio_high), SYNTHETIC) for m in models]
    mean = utility.ratio
    picture = draw_intervals(
        [*dots, ("mean", mean.value, mean.low, mean.high, REAL)], 1.0, "synthetic over real", "utility"
    )
    rows = [
        [
            name_of(m.model),
            number(m.trtr),
            number(m.tstr),
            number(m.tsts),
            value_of(Interval(m.ratio, none_of(m.ratio_low), none_of(m.ratio_high))),
        ]
        for m in models
    ]
    head = ["model", "real rows", "synthetic rows", "within synthetic", "ratio"]
    caption = (
        f"{metric} of models by what they learned from. Within synthetic: learned from one half, tested on the other."
    )
    blocks = [Block(pictures=[picture_of(picture)], large=True, table=Table(caption, head, rows, range(1, 5)))]
    if utility.recall is not None:
        blocks.append(_recall(utility.recall))
    return Section("utility", title, texts, blocks, [_TSTR])


def _sequence_worth(found: Findings, labelled: ClasswiseScores) -> tuple[list[str], list[Block]]:
    """What sequences are worth to a classifier that is given whole windows."""
    table = labelled.by_class
    texts = [
        f"Every sequence has one value of {name_of(found.tables.target)}. A classifier (random convolutions and a "
        f"ridge) learns it from real and from synthetic windows, and is tested on {int(table['n_holdout'].sum())} real "
        "ones. Intervals tell of the test windows alone."
    ]
    if found.tables.holdout is None:
        texts.append(
            "No hold-out was given: the test windows were held out from the classifier, but the synthesizer has seen "
            "them, so that these figures flatter it."
        )
    ratio, gain = Interval(labelled.ratio, *labelled.ratio_interval), Interval(labelled.gain, *labelled.gain_interval)
    rows = [
        ["accuracy, learned from real windows", number(labelled.trtr)],
        ["accuracy, learned from synthetic windows", number(labelled.tstr)],
        ["accuracy, learned from both", number(labelled.both)],
        ["synthetic over real", value_of(ratio)],
        ["gain of both over real alone", value_of(gain)],
        ["shares of the classes, total variation", number(labelled.class_tv)],
    ]
    classes = [
        [
            name_of(r.label),
            str(int(r.n_real)),
            str(int(r.n_synthetic)),
            share(r.recall_trtr),
            share(r.recall_tstr),
            share(r.recall_both),
        ]
        for r in lines_of(table.head(_CLASSES))
    ]
    head = ["class", "real", "synthetic", "found by real", "found by synthetic", "found by both"]
    caption = "Windows to learn from, and the share of each class's test windows that is found."
    caption += f" {len(classes)} of {len(table)} classes." if len(classes) < len(table) else ""
    return texts, [
        Block(table=Table("A classifier of windows.", ["figure", "value"], rows, (1,))),
        Block("Classes", table=Table(caption, head, classes, range(1, 6))),
    ]


def _recall(recall: pd.DataFrame) -> Block:
    """Return the share of each class's rows that are found, mean over models; the greatest loss first."""
    means = recall.groupby("class", sort=False)[["rows", "trtr", "tstr"]].mean()
    means = means.iloc[np.argsort((means["tstr"] - means["trtr"]).fillna(0).to_numpy(), kind="stable")]
    rows = [
        [name_of(label), str(int(r.rows)), share(r.trtr), share(r.tstr)]
        for label, r in zip(means.index[:_CLASSES], lines_of(means.head(_CLASSES)), strict=True)
    ]
    caption = "Share of each class's test rows that the models find, mean over models, the greatest loss first."
    caption += f" {len(rows)} of {len(means)} classes." if len(rows) < len(means) else ""
    return Block(
        "Classes", table=Table(caption, ["class", "test rows", "real rows", "synthetic rows"], rows, (1, 2, 3))
    )


def detection_section(found: Findings) -> Section:
    """Whether classifiers tell the rows apart, and by which columns."""
    detection = found.detection
    if detection is None:
        return Section("detection", "Detection", [clean(found.failed.get("detection", ""))], [])
    dots = [("boosted trees", detection.c2st_interval, detection.rows)]
    if detection.c2st_forest_interval is not None:
        dots.append(("forest, hold-out alone", detection.c2st_forest_interval, detection.rows_forest))
    picture = draw_intervals(
        [(label, i.value, i.low, i.high, SYNTHETIC) for label, i, _ in dots], 0.5, "AUC, 0.5 is chance", "detection"
    )
    told = [[label, number(i.value), span(i), str(rows)] for label, i, rows in dots]
    culprits = [[name_of(r.column), number(r.auc_lost)] for r in lines_of(detection.columns.head(_CULPRITS))]
    return Section(
        "detection",
        "Detection",
        [
            "Classifiers learn to tell synthetic rows from real ones and are scored on rows they have not seen. An "
            "AUC of 0.5 says that they found no difference, not that there is none; one near 1 may come from a "
            "trifle, such as a habit of rounding, which the table of columns names."
        ],
        [
            Block(
                pictures=[picture_of(picture)],
                large=True,
                table=Table(
                    "AUC of 3-fold cross-validation.", ["judge", "AUC", "95%", "rows of each side"], told, (1, 2, 3)
                ),
            ),
            Block(
                "What gives them away",
                [
                    "How much the boosted trees' AUC falls when a column is shuffled. Columns that say the same hide "
                    "each other."
                ],
                table=Table("Columns, the most telling first.", ["column", "AUC lost"], culprits, (1,)),
            ),
        ],
        [("Lopez-Paz and Oquab 2017, classifier two-sample tests", "https://arxiv.org/abs/1610.06545")],
    )


def privacy_section(found: Findings) -> Section:
    """Copies, distances, membership and attributes, with what they do not prove."""
    privacy = found.privacy
    sources = [
        ("Platzer and Reutterer 2021, nearer rows", "https://arxiv.org/abs/2104.00635"),
        ("Giomi et al. 2023, inference against a control", "https://arxiv.org/abs/2211.10459"),
    ]
    warning = (
        "A distance is not a proof of privacy: these attacks are simple ones, on a sample of the rows, and an "
        "average hides the few rows that stand out. A proof takes a method such as differential privacy."
    )
    if privacy is None:
        return Section("privacy", "Privacy", [warning, clean(found.failed.get("privacy", ""))], [], sources)
    rows = [
        ["synthetic rows equal to a training row", share(privacy.copied), "as hold-out rows"],
        ["hold-out rows equal to a training row", share(privacy.copied_holdout), ""],
        ["copies beyond those of the hold-out rows", share(privacy.copies), "0%"],
        ["synthetic rows nearer to training than to hold-out rows", share(privacy.dcr_share), "50%"],
        ["AUC of telling training from hold-out rows", value_of(privacy.membership_interval), "0.5"],
    ]
    blocks = [
        Block(table=Table(f"Distances on {privacy.rows} rows of each side.", ["figure", "value", "best"], rows, (1,)))
    ]
    near = [
        [f"{_SIDES[r.rows]} rows", number(r.dcr_5), number(r.dcr_50), number(r.ratio_5), number(r.ratio_50)]
        for r in lines_of(privacy.nearest)
    ]
    head = ["from", "distance, 5%", "distance, median", "ratio, 5%", "ratio, median"]
    caption = "Distance to the nearest training row, and its ratio to that of the second nearest."
    texts = ["Synthetic rows well below the hold-out rows cling to the training rows."]
    blocks.append(Block("Nearest rows", texts, table=Table(caption, head, near, (1, 2, 3, 4))))
    if len(privacy.attributes):
        blocks.append(_attributes(privacy.attributes))
    texts = [warning]
    if found.tables.holdout is None:
        texts.append("No hold-out rows were given, so that most of these figures could not be computed.")
    return Section("privacy", "Privacy", texts, blocks, sources)


def _attributes(attributes: pd.DataFrame) -> Block:
    rows = [
        [
            name_of(r.column),
            str(r.measure),
            number(r.attack),
            number(r.baseline),
            "–" if pd.isna(r.gain) else f"{number(r.gain)} ({number(r.low)} to {number(r.high)})",
        ]
        for r in lines_of(attributes)
    ]
    texts = [
        "An attacker who knows all other columns of a training row guesses this one, from the synthetic rows and, for "
        "comparison, from hold-out rows. The gain is what the synthetic rows give away beyond what is true of anybody."
    ]
    head = ["column", "measure", "from synthetic", "from hold-out", "gain"]
    return Block("Guessing an attribute", texts, table=Table("Attribute inference.", head, rows, (2, 3, 4)))


def gaps_section(found: Findings) -> Section:
    """What was left out, is lacking, breaks a rule, or could not be computed."""
    rows = [[name_of(name), "left out of all figures", clean(why)] for name, why in found.tables.excluded.items()]
    rows += _lost_levels(found)
    rows += [
        [name_of(r.column), "a broken rule", f"{clean(r.rule)}: {share(r.share)} of the synthetic rows"]
        for r in lines_of(found.fidelity.violations)
    ]
    rows += _lost_variety(found)
    rows += [[part, "not computed", clean(why)] for part, why in found.failed.items()]
    texts = ["What the figures leave out, and what the synthetic rows lack or should not have."]
    if not rows:
        return Section("not-learned", "What could not be learned", [*texts, "Nothing was found here."], [])
    cut = f" {_FAULTS} of {len(rows)}." if len(rows) > _FAULTS else ""
    table = Table(f"Gaps and faults.{cut}", ["column or part", "what", "details"], rows[:_FAULTS], ())
    return Section("not-learned", "What could not be learned", texts, [Block(table=table)])


def _lost_levels(found: Findings) -> list[list[str]]:
    rows: list[tuple[float, list[str]]] = []
    for name in found.tables.categorical:
        shares = found.tables.real[name].value_counts(normalize=True).drop(MISSING, errors="ignore")
        lost = shares[~shares.index.isin(found.tables.synthetic[name].unique())]
        if len(lost):
            told = ", ".join(name_of(level, 24) for level in lost.index[:5]) + (", …" if len(lost) > 5 else "")
            details = f"{len(lost)} of {len(shares)} ({lost.sum():.2%} of the real rows): {told}"
            rows.append((-float(lost.sum()), [name_of(name), "categories that never appear", details]))
    return [row for _, row in sorted(rows, key=lambda item: item[0])]


def _lost_variety(found: Findings) -> list[list[str]]:
    """Return columns that vary among real rows and not among synthetic ones."""
    rows: list[list[str]] = []
    for name in found.tables.real.columns:
        real, synthetic = found.tables.real[name].nunique(), found.tables.synthetic[name].nunique()
        if real > 1 and synthetic <= 1:
            rows.append(
                [name_of(name), "no variety", f"{real} different values in the real rows, {synthetic} in the synthetic"]
            )
    return rows
