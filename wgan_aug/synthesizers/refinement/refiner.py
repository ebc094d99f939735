"""Keep generated rows by chance, likelier where real rows are denser: `fit_refiner`, and the `Refiner` it gives."""

from __future__ import annotations

import dataclasses
import math
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Self

import numpy as np

from wgan_aug.encoding.table import EncodedTable
from wgan_aug.errors import DataWarning
from wgan_aug.schema.layout import TableLayout
from wgan_aug.schema.values import JSON
from wgan_aug.synthesizers.refinement.codes import (
    ABSENT,
    draw_codes,
    to_features,
    to_strata,
)
from wgan_aug.synthesizers.refinement.raking import Factors, find_scale, marginal_error, rake
from wgan_aug.synthesizers.refinement.ratio import DensityRatio, fit_ratio

__all__ = ["Draw", "Refinement", "Refiner", "fit_refiner"]

Draw = Callable[[int], EncodedTable]  # rows to draw, to as many new candidates

MOST_REAL, MOST_GENERATED = 40_000, 80_000  # rows that the trees learn from
FEWEST_GENERATED = 10_000
FEWEST_REAL = 50  # below, nothing is learned
BINS = 20
OVERSAMPLING = 6.0  # candidates for each row of a sample, at most
FEWER = 3.0  # of a part of all rows, whose candidates take longer to find
CLASS_ROWS = 100  # a class of so many training rows gets half of what the trees say
CANDIDATES = 16_384  # at once
PATIENCE = 4  # times the candidates expected, until the nearest misses are taken


@dataclasses.dataclass(frozen=True)
class Refinement:
    """What refining does to a model's samples, measured on fresh candidates when it was fitted.

    The figures speak of training rows and of the judge that refines: they do not prove that rows are better for
    another judge, or for a task. Compare a refined and a raw sample with `evaluate`.

    Args:
        acceptance: share of candidates kept; a sample costs its inverse in candidates.
        effective_share: Kish's effective sample size of the candidates' chances, as a share of the candidates; 1
            where all are alike. No row is ever taken twice, so a sample of n has n rows of their own.
        capped_share: share of kept rows whose chance was cut to 1: what more oversampling would still change.
        detection_auc: of the trees on held-out training rows against generated ones, before refining.
        slope: how much of the trees' log-odds held-out rows bear out, in [0, 1].
        trees: how many there are.
        marginal_error_raw: mean over columns of the total variation distance to the training rows, before.
        marginal_error: the same for kept rows.
        seconds: wall-clock time that fitting took; None in a model that was loaded, since models of the same seed are
            the same byte for byte.
    """

    acceptance: float
    effective_share: float
    capped_share: float
    detection_auc: float
    slope: float
    trees: int
    marginal_error_raw: float
    marginal_error: float
    seconds: float | None = dataclasses.field(default=None, compare=False)

    @classmethod
    def of(
        cls, ratio: DensityRatio, chance: np.ndarray, real: list[np.ndarray], strata: list[np.ndarray], started: float
    ) -> Self:
        """Measure what refining does to fresh candidates.

        Args:
            ratio: of real to generated rows.
            chance: each candidate's chance of being kept, shape (candidates,).
            real: the stratum of each real row, one array a column.
            strata: the stratum of each candidate, one array a column.
            started: when fitting began, as `time.perf_counter` gives it.
        """
        return cls(
            acceptance=float(chance.mean()),
            effective_share=float(chance.sum() ** 2 / (chance**2).sum() / len(chance)),
            capped_share=float(chance[chance == 1].sum() / chance.sum()),
            detection_auc=ratio.auc,
            slope=ratio.slope,
            trees=len(ratio.trees),
            marginal_error_raw=marginal_error(real, strata, np.ones(len(chance))),
            marginal_error=marginal_error(real, strata, chance),
            seconds=time.perf_counter() - started,
        )

    def describe(self) -> str:
        """Return what refining costs and changes, in one line."""
        took = "" if self.seconds is None else f", learned in {self.seconds:.1f} s"
        return (
            f"refining keeps {self.acceptance:.0%} of candidates (effective size {self.effective_share:.0%}); mean "
            f"error of marginals {self.marginal_error_raw:.4f} -> {self.marginal_error:.4f}{took}"
        )

    def to_json(self) -> dict[str, JSON]:
        """Return the figures by name."""
        return vars(self).copy()


@dataclasses.dataclass(frozen=True)
class Refiner:
    r"""Keeps each candidate row with a chance of its own.

    .. math:: p(x) = \min(1, s \, r(x)^{\lambda_{y(x)}} \prod_c a_c[x_c])

    where r is the density ratio of real to generated rows, lambda the share of it that a class's training rows can
    bear, n_y / (n_y + 100) where a target is known and 1 where not, a_c the raking factors of column c, and s
    the scale that keeps about one candidate in `oversampling`.

    Args:
        layout: blocks and scalars of the rows.
        ratio: r.
        target_block: the block of the target; None where there is none.
        trust: lambda of each state of the target, shape (states,); empty without a target.
        edges: where a new bin begins, one array a scalar.
        factors: a_c.
        scale: s.
        report: what refining does.
    """

    layout: TableLayout
    ratio: DensityRatio
    target_block: int | None
    trust: np.ndarray
    edges: list[np.ndarray]
    factors: Factors
    scale: float
    report: Refinement

    def chances(self, candidates: EncodedTable, known: np.ndarray | None = None) -> np.ndarray:
        """Return each candidate's chance of being kept, in (0, 1], shape (rows,).

        Args:
            candidates: the rows.
            known: blocks and scalars that were given, not drawn, whose raking factors do not count, bool, shape (rows,
                blocks + scalars); None for none.
        """
        return np.minimum(1.0, self.scale * self._weights(candidates, known))

    def _weights(self, candidates: EncodedTable, known: np.ndarray | None = None) -> np.ndarray:
        features = to_features(candidates, self.layout)
        strata = to_strata(features, self.layout, self.edges)
        log_ratio = _log_ratio(self.ratio, features, self.target_block, self.trust)
        return np.exp(log_ratio + self.factors.log_weights(strata, known))

    def for_part(self, candidates: EncodedTable) -> Self:
        """Return the refiner for a part of all rows, from candidates of it, of which it keeps a third at least."""
        weights = self._weights(candidates)
        scale = find_scale(weights, 1 / FEWER)
        report = dataclasses.replace(self.report, acceptance=float(np.minimum(1.0, scale * weights).mean()))
        return dataclasses.replace(self, scale=scale, report=report)

    def draw(self, draw_candidates: Draw, rows: int, rng: np.random.Generator) -> EncodedTable:
        """Return exactly as many kept rows as asked for, each a candidate of its own.

        Candidates come in rounds. Where four times the expected number has not given enough (under conditions that
        are rare among training rows, say), the nearest misses fill up, and a `DataWarning` says how many.

        Args:
            draw_candidates: gives as many new candidates as it is asked for.
            rows: how many to return.
            rng: decides who is kept.
        """
        kept = [draw_candidates(0)]
        missed = _Misses(kept[0])
        found, budget = 0, PATIENCE * math.ceil(rows / self.report.acceptance) + 100
        while found < rows and budget > 0:
            wanted = math.ceil(1.1 * (rows - found) / self.report.acceptance) + 16
            candidates = draw_candidates(min(wanted, budget, CANDIDATES))
            budget -= len(candidates)
            distance = rng.random(len(candidates)) / self.chances(candidates)  # below 1: kept
            kept.append(candidates.take(distance < 1))
            found += len(kept[-1])
            missed.add(candidates, distance, rows - found)
        if found < rows:
            kept.append(missed.rows)
            warnings.warn(
                f"Refining kept {found} of {rows} rows after {PATIENCE} times the expected candidates; the other "
                f"{rows - found} are the nearest misses. Use refine=False to take rows as the generator draws them.",
                DataWarning,
                stacklevel=2,
            )
        return EncodedTable.join(kept).take(np.arange(rows))

    def to_json(self) -> dict[str, JSON | np.ndarray]:
        """Return a nested object of JSON and arrays that `from_json` reads back; the layout is not in it."""
        return {
            "ratio": self.ratio.to_json(),
            "target_block": self.target_block,
            "trust": self.trust,
            "edges": list(self.edges),
            "factors": self.factors.to_json(),
            "scale": self.scale,
            "report": self.report.to_json() | {"seconds": None},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], layout: TableLayout) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            layout=layout,
            ratio=DensityRatio.from_json(data["ratio"]),
            target_block=data["target_block"],
            trust=data["trust"],
            edges=list(data["edges"]),
            factors=Factors.from_json(data["factors"]),
            scale=data["scale"],
            report=Refinement(**data["report"]),
        )


class _Misses:
    """The candidates that came nearest to being kept, in the order in which they came."""

    def __init__(self, none: EncodedTable) -> None:
        self.rows = none
        self._distance = np.empty(0)

    def add(self, candidates: EncodedTable, distance: np.ndarray, most: int) -> None:
        """Look at new candidates, and remember as many of all as are still lacking."""
        missed = distance >= 1
        rows = EncodedTable.join([self.rows, candidates.take(missed)])
        distances = np.concatenate([self._distance, distance[missed]])
        nearest = np.sort(np.argsort(distances, kind="stable")[: max(0, most)])
        self.rows, self._distance = rows.take(nearest), distances[nearest]


def fit_refiner(
    real: EncodedTable,
    draw_candidates: Draw,
    layout: TableLayout,
    *,
    target_block: int | None = None,
    oversampling: float = OVERSAMPLING,
    most_trees: int = 200,
    seed: int = 0,
) -> Refiner | None:
    """Learn which generated rows to keep.

    A classifier learns to tell real rows from generated ones; its odds, as far as rows held out from it bear them out,
    are the density ratio. Raking then matches the marginals of all blocks, and of all numbers in 20 bins.

    Args:
        real: the training rows' codes.
        draw_candidates: gives as many generated rows as it is asked for, new ones each time.
        layout: blocks and scalars of the rows.
        target_block: the block of the column that users predict, where it has one.
        oversampling: candidates for each row of a sample, at most; at least 1.
        most_trees: of the classifier; time grows with them, in fitting and in sampling.
        seed: of everything drawn here.

    Returns:
        the refiner; None where there are fewer than 50 training rows.

    References:
        Azadi et al. 2018, Discriminator Rejection Sampling, arXiv 1810.06758.
        Grover et al. 2019, Bias Correction of Learned Generative Models, arXiv 1906.09531.
    """
    started = time.perf_counter()
    if len(real) < FEWEST_REAL:
        return None
    rng = np.random.default_rng(seed)
    rows = to_features(draw_codes(real, rng), layout)
    learned = rows[rng.permutation(len(rows))[:MOST_REAL]]
    generated = _gather(draw_candidates, _between(4 * len(real), FEWEST_GENERATED, MOST_GENERATED), layout)
    ratio = fit_ratio(learned, generated, int(rng.integers(2**31)), most_trees)
    trust = _trust(real, layout, target_block)
    edges = _edges(rows, layout)
    fresh = _gather(draw_candidates, _between(6 * len(real), 2 * FEWEST_GENERATED, MOST_GENERATED), layout)
    ours, theirs = to_strata(rows, layout, edges), to_strata(fresh, layout, edges)
    log_ratio = _log_ratio(ratio, fresh, target_block, trust)
    sizes = [*layout.widths, *(len(edge) + 1 for edge in edges)]
    factors, scale = rake(log_ratio, ours, theirs, sizes, 1 / oversampling)
    chance = np.minimum(1.0, scale * np.exp(log_ratio + factors.log_weights(theirs)))
    report = Refinement.of(ratio, chance, ours, theirs, started)
    return Refiner(layout, ratio, target_block, trust, edges, factors, scale, report)


def _between(rows: int, least: int, most: int) -> int:
    return min(max(rows, least), most)


def _gather(draw_candidates: Draw, rows: int, layout: TableLayout) -> np.ndarray:
    """Return the features of candidates, drawn in the parts that sampling draws."""
    sizes = [min(CANDIDATES, rows - start) for start in range(0, rows, CANDIDATES)]
    return np.concatenate([to_features(draw_candidates(size), layout) for size in sizes])


def _trust(real: EncodedTable, layout: TableLayout, target_block: int | None) -> np.ndarray:
    """Return how much of the density ratio the training rows of each class can bear."""
    if target_block is None:
        return np.empty(0)
    counts = np.bincount(real.states[:, target_block], minlength=layout.widths[target_block])
    return counts / (counts + CLASS_ROWS)


def _log_ratio(ratio: DensityRatio, features: np.ndarray, target_block: int | None, trust: np.ndarray) -> np.ndarray:
    log_ratio = ratio.log_ratio(features)
    if target_block is None:
        return log_ratio
    return log_ratio * trust[features[:, target_block].astype(np.int64)]


def _edges(rows: np.ndarray, layout: TableLayout) -> list[np.ndarray]:
    """Return bins of about as many rows each, and one for absent numbers."""
    edges: list[np.ndarray] = []
    for column in rows[:, layout.n_blocks :].T:
        present = column[column != ABSENT]
        inner = np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1]) if len(present) else np.empty(0)
        first = [ABSENT / 2] if len(present) < len(column) else []
        edges.append(np.unique(np.concatenate([first, inner])))
    return edges
