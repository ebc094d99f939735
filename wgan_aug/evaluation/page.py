"""The report as one HTML file: findings in, sections of texts, tables and pictures out. The template escapes all of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from importlib import resources
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.errors import MissingExtraError
from wgan_aug.evaluation.embedding import EMBEDDING, Embedding
from wgan_aug.evaluation.figures import Interval
from wgan_aug.evaluation.findings import Findings, figures_of
from wgan_aug.evaluation.frames import MISSING
from wgan_aug.evaluation.pictures import (
    REAL,
    SYNTHETIC,
    draw_heat_map,
    draw_intervals,
    draw_levels,
    draw_numbers,
    draw_points,
)
from wgan_aug.evaluation.verdict import THRESHOLDS, headline_of, judge, number

__all__ = ["check_extra", "render"]

_COLUMNS, _PAIRS, _CULPRITS, _FAULTS = 15, 15, 12, 30  # rows of a table
_ALL, _WORST = 16, 12  # pictures of columns: all of them, or so many
_HEAT = 40  # columns in a heat map
_POINTS = 1000  # of each side in the projection
_CARDS = {
    "utility_ratio": "Use: synthetic over real",
    "shape": "Columns",
    "pair": "Pairs of columns",
    "c2st": "Detection (AUC)",
    "copies": "Copies, beyond hold-out",
    "membership_auc": "Membership (AUC)",
    "dcr_share": "Nearer to training rows",
}


@dataclasses.dataclass(frozen=True)
class _Table:
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[int]


@dataclasses.dataclass(frozen=True)
class _Picture:
    svg: Any
    caption: str = ""


@dataclasses.dataclass(frozen=True)
class _Block:
    heading: str = ""
    texts: Sequence[str] = ()
    pictures: Sequence[_Picture] = ()
    table: _Table | None = None
    key: bool = False
    large: bool = False


@dataclasses.dataclass(frozen=True)
class _Section:
    id: str
    title: str
    texts: Sequence[str]
    blocks: Sequence[_Block]
    sources: Sequence[tuple[str, str]] = ()


def check_extra() -> None:
    """Say so where jinja2 or matplotlib is not installed.

    Raises:
        MissingExtraError: with the `pip install` that mends it.
    """
    lacking = [name for name in ("jinja2", "matplotlib") if find_spec(name) is None]
    if lacking:
        raise MissingExtraError(f'The HTML report needs {" and ".join(lacking)}: pip install "wgan-aug[report]"')


def render(found: Findings) -> str:
    """Return the report as one HTML page, without scripts and without anything to load.

    Args:
        found: what the evaluators found.

    Raises:
        MissingExtraError: without jinja2 and matplotlib.
    """
    check_extra()
    from jinja2 import Environment, StrictUndefined

    source = resources.files("wgan_aug.evaluation").joinpath("templates", "report.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    judgements = judge(found)
    target = found.tables.target
    return environment.from_string(source).render(
        title="How good are these synthetic rows?",
        subtitle=_rows(found) + (f" Target: {_name(target)} ({found.tables.task})." if target is not None else ""),
        version=found.versions["wgan-aug"],
        real=REAL,
        synthetic=SYNTHETIC,
        headline=headline_of(judgements),
        cards=_cards(found),
        verdict=judgements,
        notes=[_clean(note) for note in found.notes],
        thresholds=THRESHOLDS,
        sections=[
            _utility(found),
            _columns(found),
            _pairs(found),
            _together(found),
            _detection(found),
            _privacy(found),
            _not_learned(found),
            _made(found),
        ],
    )


def _cards(found: Findings) -> list[dict[str, str]]:
    cards: list[dict[str, str]] = []
    for figure in figures_of(found):
        if figure.name in _CARDS:
            span = "" if figure.low is None else f"{number(figure.low)} to {number(figure.high)}"
            best = f"best: {figure.best}" if figure.value is not None else _clean(figure.why)
            cards.append({"label": _CARDS[figure.name], "value": number(figure.value), "range": span, "best": best})
    return cards


def _rows(found: Findings) -> str:
    rows = found.settings["rows"]
    held = f", {rows['holdout']} hold-out" if rows["holdout"] is not None else ", no hold-out"
    return f"{rows['real']} real{held} and {rows['synthetic']} synthetic rows, {len(found.tables.schema)} columns."


# ---- sections


_METRICS = {"gini": "Gini = 2 AUC - 1", "macro_f1": "macro F1", "r2": "R2"}


def _utility(found: Findings) -> _Section:
    title, utility = "Worth to a model", found.utility
    if utility is None:
        return _Section("utility", title, [f"Not measured: {_clean(found.failed.get('utility', ''))}"], [])
    metric = _METRICS.get(utility.metric, utility.metric)
    texts = [
        f"Models learn to predict {_name(utility.target)}, once from real rows and once from synthetic ones, and both are "
        f"tested on the same {utility.rows['holdout']} real rows, which neither has seen. The score is {metric}; the ratio "
        "is synthetic over real, between 0 and 1.2, and its interval tells of the test rows and of the training rows."
    ]
    if utility.split_off:
        texts.append(
            "No hold-out was given: the test rows were split off from the real rows. The synthesizer has seen them, "
            "so that these figures flatter it."
        )
    left = [f"{n} {side}" for side, n in utility.without_target.items() if n]
    texts += [f"Left out for want of a target: {', '.join(left)} rows."] if left else []
    texts += [f"{_name(name)} could not be used and scores 0: {_clean(why)}" for name, why in utility.failures.items()]
    models = list(utility.models.itertuples())
    dots = [(str(m.model), m.ratio, _none(m.ratio_low), _none(m.ratio_high), SYNTHETIC) for m in models]
    mean = utility.ratio
    picture = draw_intervals(
        [*dots, ("mean", mean.value, mean.low, mean.high, REAL)], 1.0, "synthetic over real", "utility"
    )
    rows = [
        [
            _name(m.model),
            number(m.trtr),
            number(m.tstr),
            number(m.tsts),
            _maybe(Interval(m.ratio, _none(m.ratio_low), _none(m.ratio_high))),
        ]
        for m in models
    ]
    head = ["model", "real rows", "synthetic rows", "within synthetic", "ratio"]
    caption = (
        f"{metric} of models by what they learned from. Within synthetic: learned from one half, tested on the other."
    )
    blocks = [_Block(pictures=[_picture(picture)], large=True, table=_Table(caption, head, rows, range(1, 5)))]
    if utility.recall is not None:
        blocks.append(_recall(utility.recall))
    sources = [("Esteban et al. 2017, train on synthetic, test on real", "https://arxiv.org/abs/1706.02633")]
    return _Section("utility", title, texts, blocks, sources)


def _recall(recall: pd.DataFrame) -> _Block:
    """Return the share of each class's rows that are found, mean over models; the greatest loss first."""
    means = recall.groupby("class", sort=False)[["rows", "trtr", "tstr"]].mean()
    means = means.iloc[np.argsort((means["tstr"] - means["trtr"]).fillna(0).to_numpy(), kind="stable")]
    rows = [
        [_name(label), str(int(r.rows)), _share(r.trtr), _share(r.tstr)]
        for label, r in zip(means.index[:_COLUMNS], means.head(_COLUMNS).itertuples(), strict=True)
    ]
    caption = "Share of each class's test rows that the models find, mean over models, the greatest loss first."
    caption += f" {len(rows)} of {len(means)} classes." if len(rows) < len(means) else ""
    return _Block(
        "Classes", table=_Table(caption, ["class", "test rows", "real rows", "synthetic rows"], rows, (1, 2, 3))
    )


def _columns(found: Findings) -> _Section:
    columns = found.fidelity.columns
    few = len(columns) <= _ALL
    floors = (
        {}
        if found.baseline is None
        else dict(zip(*(found.baseline.columns[c] for c in ("column", "shape")), strict=True))
    )
    head = [
        "column",
        "kind",
        "shape",
        *(["hold-out"] if floors else []),
        "Wasserstein",
        "missing real",
        "missing synthetic",
    ]
    rows = [
        [
            _name(row.column),
            str(row.kind),
            number(row.shape),
            *([number(floors.get(row.column))] if floors else []),
            number(row.wasserstein),
            _share(row.missing_real),
            _share(row.missing_synthetic),
        ]
        for row in columns.head(_COLUMNS).itertuples()
    ]
    caption = "Columns, the least alike first. " + (
        f"{len(rows)} of {len(columns)}." if len(rows) < len(columns) else ""
    )
    shown = columns["column"] if few else columns["column"].head(_WORST)
    pictures = [picture for i, name in enumerate(shown) if (picture := _distribution(found, name, f"column{i}"))]
    return _Section(
        "columns",
        "Columns one by one",
        [
            "Shape is 1 where both distributions are the same: 1 less the Kolmogorov-Smirnov statistic for numbers, 1 less "
            "total variation for categories. The Wasserstein distance is in standard deviations of the real column; 0 "
            "is best.",
        ],
        [
            _Block(table=_Table(caption.strip(), head, rows, range(2, len(head)))),
            _Block(
                f"All {len(columns)} columns, the least alike first"
                if few
                else f"The {len(shown)} columns least alike",
                ["Numbers: bars over the middle 99 % of the values; what lies outside counts in the end bars."],
                pictures,
                key=True,
            ),
        ],
    )


def _distribution(found: Findings, name: Hashable, key: str) -> _Picture | None:
    real, synthetic = found.tables.real[name], found.tables.synthetic[name]
    if name in found.tables.numeric:
        svg = draw_numbers(name, real.to_numpy(), synthetic.to_numpy(), key, found.scales.get(name))
        return None if svg is None else _picture(svg)
    return _picture(draw_levels(name, real.tolist(), synthetic.tolist(), key))


def _pairs(found: Findings) -> _Section:
    fidelity = found.fidelity
    if fidelity.pair is None:
        return _Section("pairs", "Pairs of columns", ["There is no pair of columns that vary."], [])
    rows = [
        [_name(r.first), _name(r.second), str(r.measure), number(r.similarity), number(r.real), number(r.synthetic)]
        for r in fidelity.pairs.dropna(subset="similarity").head(_PAIRS).itertuples()
    ]
    head = ["first", "second", "measure", "similarity", "real association", "synthetic association"]
    caption = f"Pairs of columns, the least alike first. {len(rows)} of {len(fidelity.pairs)}."
    real, synthetic = fidelity.associations_real, fidelity.associations_synthetic
    texts = [
        "Associations are correlations of two numbers, correlation ratios of a category and a number, and Cramér's V "
        "(bias-corrected) of two categories. Columns across have the numbers that stand behind the names down the side."
    ]
    if len(real) > _HEAT:
        chosen = _in_worst_pairs(fidelity.pairs, real.columns)
        real, synthetic = real.loc[chosen, chosen], synthetic.loc[chosen, chosen]
        texts.append(
            f"Shown are the {len(chosen)} of {len(fidelity.columns)} columns that are in the least alike pairs."
        )
    maps = {"Real": real, "Synthetic": synthetic, "Synthetic less real": synthetic - real}
    pictures = [_picture(draw_heat_map(matrix, title, f"heat{i}")) for i, (title, matrix) in enumerate(maps.items())]
    return _Section(
        "pairs",
        "Pairs of columns",
        [
            "Similarity is 1 less half the difference of the correlations of two numbers, else 1 less the total variation "
            "between the two-way tables (numbers cut at the real deciles). Tables of many levels differ by chance alone, "
            "so that fresh real rows do not get 1."
        ],
        [_Block(table=_Table(caption, head, rows, (3, 4, 5))), _Block("Associations", texts, pictures, large=True)],
    )


def _in_worst_pairs(pairs: pd.DataFrame, names: pd.Index) -> list[Hashable]:
    """Return columns of the least alike pairs, in the table's order."""
    chosen: set[Hashable] = set()
    for first, second in zip(pairs["first"], pairs["second"], strict=True):
        if len(chosen | {first, second}) > _HEAT:
            break
        chosen |= {first, second}
    return [name for name in names if name in chosen]


def _together(found: Findings) -> _Section:
    coverage, blocks = found.coverage, [_projection(found)]
    texts = [f"Rows as points. {EMBEDDING}"]
    if coverage is None:
        texts.append(_clean(found.failed.get("coverage", "")))
    else:
        names = {
            "density": "about 1",
            "coverage": f"about {1 - 2.0**-coverage.neighbours:.2f}",
            "alpha_precision": "1",
            "beta_recall": "about 0.5",
        }
        held = coverage.holdout
        rows = [
            [
                name.replace("_", "-"),
                number(getattr(coverage, name)),
                number(getattr(held, name)) if held is not None else "–",
                best,
            ]
            for name, best in names.items()
        ]
        texts.append(
            "Coverage falls where kinds of real rows are lacking; density and alpha-precision fall where synthetic rows lie "
            "where no real ones do. All four move with the number of rows and the embedding: compare them with what "
            "hold-out rows get."
        )
        caption = f"Rows compared as points, {coverage.rows} of each side, {coverage.neighbours} neighbours."
        blocks.append(
            _Block(table=_Table(caption, ["figure", "synthetic", "hold-out", "fresh real rows"], rows, (1, 2)))
        )
    sources = [
        ("Naeem et al. 2020, density and coverage", "https://arxiv.org/abs/2002.09797"),
        ("Alaa et al. 2022, alpha-precision and beta-recall", "https://arxiv.org/abs/2102.08921"),
    ]
    return _Section("together", "Whole rows", texts, blocks, sources)


def _projection(found: Findings) -> _Block:
    """Return the first two principal components of the real rows, with both sides' rows on them."""
    tables, seed = found.tables, found.settings["random_state"]
    space = Embedding.fit(tables)
    real, synthetic = (
        space.transform(frame.sample(min(len(frame), _POINTS), random_state=seed))
        for frame in (tables.real, tables.synthetic)
    )
    middle = real.mean(axis=0)
    _, spread, axes = np.linalg.svd(real - middle, full_matrices=False)
    if len(spread) < 2 or spread[0] <= 0:
        return _Block("Projection", ["The rows do not spread in two directions, so that there is no plane to show."])
    for i in range(2):  # a sign of its own, so that the picture is the same everywhere
        axes[i] *= np.sign(axes[i][np.abs(axes[i]).argmax()])
    shares = spread**2 / (spread**2).sum()
    plane = axes[:2].T
    svg = draw_points((real - middle) @ plane, (synthetic - middle) @ plane, (shares[0], shares[1]), "plane")
    caption = (
        f"{len(real)} real and {len(synthetic)} synthetic rows on the first two principal components of the real ones."
    )
    return _Block("Projection", [], [_picture(svg, caption)], large=True)


def _detection(found: Findings) -> _Section:
    detection = found.detection
    if detection is None:
        return _Section("detection", "Detection", [_clean(found.failed.get("detection", ""))], [])
    dots = [("boosted trees", detection.c2st_interval, detection.rows)]
    if detection.c2st_forest_interval is not None:
        dots.append(("forest, hold-out alone", detection.c2st_forest_interval, detection.rows_forest))
    picture = draw_intervals(
        [(label, i.value, i.low, i.high, SYNTHETIC) for label, i, _ in dots], 0.5, "AUC, 0.5 is chance", "detection"
    )
    told = [[label, number(i.value), _span(i), str(rows)] for label, i, rows in dots]
    culprits = [[_name(r.column), number(r.auc_lost)] for r in detection.columns.head(_CULPRITS).itertuples()]
    return _Section(
        "detection",
        "Detection",
        [
            "Classifiers learn to tell synthetic rows from real ones and are scored on rows they have not seen. An AUC of 0.5 "
            "says that they found no difference, not that there is none; one near 1 may come from a trifle, such as a "
            "habit of rounding, which the table of columns names."
        ],
        [
            _Block(
                pictures=[_picture(picture)],
                large=True,
                table=_Table(
                    "AUC of 3-fold cross-validation.", ["judge", "AUC", "95 %", "rows of each side"], told, (1, 2, 3)
                ),
            ),
            _Block(
                "What gives them away",
                [
                    "How much the boosted trees' AUC falls when a column is shuffled. Columns that say the same hide each other."
                ],
                table=_Table("Columns, the most telling first.", ["column", "AUC lost"], culprits, (1,)),
            ),
        ],
        [("Lopez-Paz and Oquab 2017, classifier two-sample tests", "https://arxiv.org/abs/1610.06545")],
    )


def _privacy(found: Findings) -> _Section:
    privacy = found.privacy
    sources = [
        ("Platzer and Reutterer 2021, nearer rows", "https://arxiv.org/abs/2104.00635"),
        ("Giomi et al. 2023, inference against a control", "https://arxiv.org/abs/2211.10459"),
    ]
    warning = (
        "A distance is not a proof of privacy: these attacks are simple ones, on a sample of the rows, and an average hides "
        "the few rows that stand out. A proof takes a method such as differential privacy."
    )
    if privacy is None:
        return _Section("privacy", "Privacy", [warning, _clean(found.failed.get("privacy", ""))], [], sources)
    rows = [
        ["synthetic rows equal to a training row", _share(privacy.copied), "as hold-out rows"],
        ["hold-out rows equal to a training row", _share(privacy.copied_holdout), ""],
        ["copies beyond those of the hold-out rows", _share(privacy.copies), "0 %"],
        ["synthetic rows nearer to training than to hold-out rows", _share(privacy.dcr_share), "50 %"],
        ["AUC of telling training from hold-out rows", _maybe(privacy.membership_interval), "0.5"],
    ]
    blocks = [
        _Block(
            table=_Table(f"Distances on {privacy.rows} rows of each side.", ["figure", "value", "best"], rows, (1, 2))
        )
    ]
    near = [
        [f"{r.rows} rows", number(r.dcr_5), number(r.dcr_50), number(r.ratio_5), number(r.ratio_50)]
        for r in privacy.nearest.itertuples()
    ]
    head = ["from", "distance, 5 %", "distance, median", "ratio, 5 %", "ratio, median"]
    caption = "Distance to the nearest training row, and its ratio to that of the second nearest."
    texts = ["Synthetic rows well below the hold-out rows cling to the training rows."]
    blocks.append(_Block("Nearest rows", texts, table=_Table(caption, head, near, (1, 2, 3, 4))))
    if len(privacy.attributes):
        blocks.append(_attributes(privacy.attributes))
    texts = [warning]
    if found.tables.holdout is None:
        texts.append("No hold-out rows were given, so that most of these figures could not be computed.")
    return _Section("privacy", "Privacy", texts, blocks, sources)


def _attributes(attributes: pd.DataFrame) -> _Block:
    rows = [
        [
            _name(r.column),
            str(r.measure),
            number(r.attack),
            number(r.baseline),
            "–" if pd.isna(r.gain) else f"{number(r.gain)} ({number(r.low)} to {number(r.high)})",
        ]
        for r in attributes.itertuples()
    ]
    texts = [
        "An attacker who knows all other columns of a training row guesses this one, from the synthetic rows and, for "
        "comparison, from hold-out rows. The gain is what the synthetic rows give away beyond what is true of anybody."
    ]
    head = ["column", "measure", "from synthetic", "from hold-out", "gain"]
    return _Block("Guessing an attribute", texts, table=_Table("Attribute inference.", head, rows, (2, 3, 4)))


def _not_learned(found: Findings) -> _Section:
    rows = [[_name(name), "left out of all figures", _clean(why)] for name, why in found.tables.excluded.items()]
    rows += _lost_levels(found)
    rows += [
        [_name(r.column), "a broken rule", f"{_clean(r.rule)}: {_share(r.share)} of the synthetic rows"]
        for r in found.fidelity.violations.itertuples()
    ]
    rows += _lost_variety(found)
    rows += [[part, "not computed", _clean(why)] for part, why in found.failed.items()]
    texts = ["What the figures leave out, and what the synthetic rows lack or should not have."]
    if not rows:
        return _Section("not-learned", "What could not be learned", [*texts, "Nothing was found here."], [])
    cut = f" {_FAULTS} of {len(rows)}." if len(rows) > _FAULTS else ""
    table = _Table(f"Gaps and faults.{cut}", ["column or part", "what", "details"], rows[:_FAULTS], ())
    return _Section("not-learned", "What could not be learned", texts, [_Block(table=table)])


def _lost_levels(found: Findings) -> list[list[str]]:
    rows: list[tuple[float, list[str]]] = []
    for name in found.tables.categorical:
        shares = found.tables.real[name].value_counts(normalize=True).drop(MISSING, errors="ignore")
        lost = shares[~shares.index.isin(found.tables.synthetic[name].unique())]
        if len(lost):
            told = ", ".join(_name(level, 24) for level in lost.index[:5]) + (", …" if len(lost) > 5 else "")
            details = f"{len(lost)} of {len(shares)} ({lost.sum():.2%} of the real rows): {told}"
            rows.append((-float(lost.sum()), [_name(name), "categories that never appear", details]))
    return [row for _, row in sorted(rows, key=lambda item: item[0])]


def _lost_variety(found: Findings) -> list[list[str]]:
    """Return columns that vary among real rows and not among synthetic ones."""
    rows: list[list[str]] = []
    for name in found.tables.real.columns:
        real, synthetic = found.tables.real[name].nunique(), found.tables.synthetic[name].nunique()
        if real > 1 and synthetic <= 1:
            rows.append(
                [_name(name), "no variety", f"{real} different values in the real rows, {synthetic} in the synthetic"]
            )
    return rows


def _made(found: Findings) -> _Section:
    settings = [[key, _clean(value)] for key, value in found.settings.items() if key != "rows"]
    rows = [[f"{side} rows", "–" if n is None else str(n)] for side, n in found.settings["rows"].items()]
    used = [[part, text] for part, text in found.used.items()]
    figures = [
        [
            f.name,
            number(f.value, 4),
            "–" if f.low is None else f"{number(f.low, 4)} to {number(f.high, 4)}",
            f.best,
            _clean(f.why),
        ]
        for f in figures_of(found)
    ]
    return _Section(
        "made",
        "How this report was made",
        [f"Command: {_clean(found.command, 1000)}"],
        [
            _Block(table=_Table("All figures.", ["figure", "value", "95 %", "best", "why not"], figures, (1, 2))),
            _Block(table=_Table("Rows used.", ["figures", "rows"], used, ())),
            _Block(table=_Table("Settings and rows.", ["setting", "value"], settings + rows, ())),
            _Block(table=_Table("Versions.", ["what", "version"], [list(item) for item in found.versions.items()], ())),
        ],
    )


# ---- texts


def _picture(svg: str, caption: str = "") -> _Picture:
    from markupsafe import Markup

    return _Picture(Markup(svg), caption)  # noqa: S704 - drawn here; names in it are escaped


def _name(value: Any, length: int = 60) -> str:
    return _clean("(missing)" if value == MISSING else value, length)


def _clean(value: Any, length: int = 400) -> str:
    """Return text without control characters, cut where it is too long.

    Examples:
        >>> _clean("a\\x00b\\u202ec", 4)
        'a b…'
    """
    text = "".join(c if c.isprintable() else " " for c in str(value))
    return text if len(text) <= length else text[: length - 1] + "…"


def _share(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:.1%}"


def _span(interval: Interval) -> str:
    return "–" if interval.low is None else f"{number(interval.low)} to {number(interval.high)}"


def _none(value: float) -> float | None:
    return None if value != value else float(value)


def _maybe(interval: Interval | None) -> str:
    return "–" if interval is None else f"{number(interval.value)} ({_span(interval)})"
