"""The page's sections on likeness: columns, pairs of columns, whole rows."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd

from wgan_aug.evaluation.embedding import EMBEDDING, Embedding
from wgan_aug.evaluation.findings import Findings
from wgan_aug.evaluation.page_parts import (
    Block,
    Picture,
    Section,
    Table,
    clean,
    lines_of,
    name_of,
    picture_of,
    share,
)
from wgan_aug.evaluation.pictures import draw_heat_map, draw_levels, draw_numbers, draw_points
from wgan_aug.evaluation.verdict import number

__all__ = ["columns_section", "pairs_section", "rows_section"]

_COLUMNS, _PAIRS = 15, 15  # rows of a table
_ALL, _WORST = 16, 12  # pictures of columns: all of them, or so many
_HEAT = 40  # columns in a heat map
_POINTS = 1000  # of each side in the projection


def columns_section(found: Findings) -> Section:
    """How alike each column is, with distributions over each other."""
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
            name_of(row.column),
            str(row.kind),
            number(row.shape),
            *([number(floors.get(row.column))] if floors else []),
            number(row.wasserstein),
            share(row.missing_real),
            share(row.missing_synthetic),
        ]
        for row in lines_of(columns.head(_COLUMNS))
    ]
    caption = "Columns, the least alike first. " + (
        f"{len(rows)} of {len(columns)}." if len(rows) < len(columns) else ""
    )
    shown = columns["column"] if few else columns["column"].head(_WORST)
    pictures = [picture for i, name in enumerate(shown) if (picture := _distribution(found, name, f"column{i}"))]
    return Section(
        "columns",
        "Columns one by one",
        [
            "Shape is 1 where both distributions are the same: 1 less the Kolmogorov-Smirnov statistic for numbers, "
            "1 less total variation for categories. The Wasserstein distance is in standard deviations of the real "
            "column; 0 is best.",
        ],
        [
            Block(table=Table(caption.strip(), head, rows, range(2, len(head)))),
            Block(
                f"All {len(columns)} columns, the least alike first"
                if few
                else f"The {len(shown)} columns least alike",
                ["Numbers: bars over the middle 99% of the values; what lies outside counts in the end bars."],
                pictures,
                key=True,
            ),
        ],
    )


def _distribution(found: Findings, name: Hashable, key: str) -> Picture | None:
    real, synthetic = found.tables.real[name], found.tables.synthetic[name]
    if name in found.tables.numeric:
        svg = draw_numbers(name, real.to_numpy(), synthetic.to_numpy(), key, found.scales.get(name))
        return None if svg is None else picture_of(svg)
    return picture_of(draw_levels(name, real.tolist(), synthetic.tolist(), key))


def pairs_section(found: Findings) -> Section:
    """How alike pairs of columns are, with heat maps of the associations."""
    fidelity = found.fidelity
    if fidelity.pair is None:
        return Section("pairs", "Pairs of columns", ["There is no pair of columns that vary."], [])
    rows = [
        [name_of(r.first), name_of(r.second), str(r.measure), number(r.similarity), number(r.real), number(r.synthetic)]
        for r in lines_of(fidelity.pairs.dropna(subset="similarity").head(_PAIRS))
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
    gap = synthetic - real
    reach = float(np.ceil(10 * max(0.05, np.nanmax(np.abs(gap.to_numpy()), initial=0.0))) / 10)
    maps = {"Real": (real, 1.0), "Synthetic": (synthetic, 1.0), "Synthetic less real": (gap, reach)}
    pictures = [
        picture_of(draw_heat_map(matrix, title, f"heat{i}", reach=end))
        for i, (title, (matrix, end)) in enumerate(maps.items())
    ]
    return Section(
        "pairs",
        "Pairs of columns",
        [
            "Similarity is 1 less half the difference of the correlations of two numbers, else 1 less the total "
            "variation between the two-way tables (numbers cut at the real deciles). Tables of many levels differ by "
            "chance alone, so that fresh real rows do not get 1."
        ],
        [Block(table=Table(caption, head, rows, (3, 4, 5))), Block("Associations", texts, pictures, large=True)],
    )


def _in_worst_pairs(pairs: pd.DataFrame, names: pd.Index) -> list[Hashable]:
    """Return columns of the least alike pairs, in the table's order."""
    chosen: set[Hashable] = set()
    for first, second in zip(pairs["first"], pairs["second"], strict=True):
        if len(chosen | {first, second}) > _HEAT:
            break
        chosen |= {first, second}
    return [name for name in names if name in chosen]


def rows_section(found: Findings) -> Section:
    """Whether whole rows lie where real ones do, with a projection."""
    coverage, blocks = found.coverage, [_projection(found)]
    texts = [f"Rows as points. {EMBEDDING}"]
    if coverage is None:
        texts.append(clean(found.failed.get("coverage", "")))
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
            "Coverage falls where kinds of real rows are lacking; density and alpha-precision fall where synthetic "
            "rows lie where no real ones do. All four move with the number of rows and the embedding: compare them "
            "with what hold-out rows get."
        )
        caption = f"Rows compared as points, {coverage.rows} of each side, {coverage.neighbours} neighbours."
        blocks.append(Block(table=Table(caption, ["figure", "synthetic", "hold-out", "fresh real rows"], rows, (1, 2))))
    sources = [
        ("Naeem et al. 2020, density and coverage", "https://arxiv.org/abs/2002.09797"),
        ("Alaa et al. 2022, alpha-precision and beta-recall", "https://arxiv.org/abs/2102.08921"),
    ]
    return Section("together", "Whole rows", texts, blocks, sources)


def _projection(found: Findings) -> Block:
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
        return Block("Projection", ["The rows do not spread in two directions, so that there is no plane to show."])
    for i in range(2):  # a sign of its own, so that the picture is the same everywhere
        axes[i] *= np.sign(axes[i][np.abs(axes[i]).argmax()])
    shares = spread**2 / (spread**2).sum()
    plane = axes[:2].T
    svg = draw_points((real - middle) @ plane, (synthetic - middle) @ plane, (shares[0], shares[1]), "plane")
    caption = (
        f"{len(real)} real and {len(synthetic)} synthetic rows on the first two principal components of the real ones."
    )
    return Block("Projection", [], [picture_of(svg, caption)], large=True)
