"""Keep generated sequences by chance, likelier where real ones are denser: `fit_refiner`, `SequenceRefiner`."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np

from wgan_aug.encoding.sequences.encoder import EncodedSequences
from wgan_aug.encoding.sequences.overlaps import Overlaps
from wgan_aug.encoding.sequences.scaling import WindowScale
from wgan_aug.encoding.sequences.summaries import Summary
from wgan_aug.schema.layout import TableLayout
from wgan_aug.synthesizers.refinement.raking import Factors, rake
from wgan_aug.synthesizers.refinement.ratio import HELD_OUT, DensityRatio, fit_ratio
from wgan_aug.synthesizers.refinement.refiner import BINS, OVERSAMPLING, PATIENCE, Refinement

__all__ = ["FEWEST_REAL", "Draw", "SequenceRefiner", "fit_refiner"]

Draw = Callable[[np.ndarray], EncodedSequences]  # numbers of statics, to a new candidate under each

FEWEST_REAL = 100  # sequences without a step in common; below, nothing is learned
MOST_REAL, MOST_GENERATED = 20_000, 40_000  # sequences that the trees learn from
FEWEST_GENERATED = 4_000
MOST_STEPS, FEWEST_LONG = 1_000_000, 2_000  # steps that are generated, but so many sequences at least
TOGETHER = 512  # candidates in one pass, where few sequences are still without one
CANDIDATE_STEPS = 131_072  # at once, in learning


@dataclasses.dataclass(frozen=True)
class SequenceRefiner:
    r"""Draws candidates under the statics of each sequence until one is kept.

    .. math:: p(x) = \min(1, s \, r(x) \prod_c a_c[x_c])

    is a candidate's chance of being kept, where r is the density ratio of real to generated sequences, from their
    figures and statics, a_c are the raking factors of the figures that say which values there are, and s is the scale
    that keeps one candidate in `OVERSAMPLING` or more. Statics stay as they were drawn.

    Args:
        summary: makes figures of sequences.
        ratio: r.
        edges: where a new bin begins, one array a figure.
        factors: a_c.
        scale: s.
        report: what refining does.
    """

    summary: Summary
    ratio: DensityRatio
    edges: list[np.ndarray]
    factors: Factors
    scale: float
    report: Refinement

    def chances(self, candidates: EncodedSequences, condition: np.ndarray) -> np.ndarray:
        """Return each candidate's chance of being kept, in (0, 1], shape (sequences,).

        Args:
            candidates: the sequences.
            condition: their statics as numbers, shape (sequences, width).
        """
        features = _features(self.summary, candidates, condition)
        log_weights = self.ratio.log_ratio(features) + self.factors.log_weights(_strata(features, self.edges))
        return np.minimum(1.0, self.scale * np.exp(log_weights))

    def draw(self, draw_candidates: Draw, condition: np.ndarray, rng: np.random.Generator) -> EncodedSequences:
        """Return one sequence for each row of statics: the first candidate that is kept.

        Where four times the expected candidates have not given one, it is the nearest miss among them.

        Args:
            draw_candidates: gives a new candidate under each row of statics that it is asked for.
            condition: the statics as numbers, shape (sequences, width).
            rng: decides who is kept.
        """
        waiting = np.arange(len(condition))
        distance = np.full(len(condition), np.inf)  # of the best candidate so far; 0 for a kept one
        left = math.ceil(PATIENCE / self.report.acceptance)
        out: EncodedSequences | None = None
        while out is None or (len(waiting) and left):
            turns = min(left, max(1, TOGETHER // max(1, len(waiting))))
            rows = np.tile(waiting, turns)
            candidates = draw_candidates(rows)
            missed = rng.random(len(rows)) / self.chances(candidates, condition[rows])
            missed = np.where(missed < 1, 0.0, missed).reshape(turns, len(waiting))
            best = missed.argmin(axis=0)  # the first one kept, if there is one
            place = np.arange(len(waiting))
            found, chosen = missed[best, place], candidates.take(best * len(waiting) + place)
            better = found < distance[waiting]
            if out is None:
                out = chosen
            else:
                out.put(waiting[better], chosen.take(better))
            distance[waiting[better]] = found[better]
            waiting, left = waiting[distance[waiting] > 0], left - turns
        return out

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads back."""
        return {
            "summary": self.summary.to_json(),
            "ratio": self.ratio.to_json(),
            "edges": list(self.edges),
            "factors": self.factors.to_json(),
            "scale": self.scale,
            "report": self.report.to_json() | {"seconds": None},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], layout: TableLayout, scale: WindowScale | None) -> Self:
        """Read what `to_json` wrote.

        Args:
            data: what it wrote.
            layout: of a step.
            scale: takes each sequence's numbers to a scale of its own, where there is one.
        """
        return cls(
            summary=Summary.from_json(data["summary"], layout, scale),
            ratio=DensityRatio.from_json(data["ratio"]),
            edges=list(data["edges"]),
            factors=Factors.from_json(data["factors"]),
            scale=data["scale"],
            report=Refinement(**data["report"]),
        )


def fit_refiner(
    real: EncodedSequences,
    condition: np.ndarray,
    source: np.ndarray | None,
    draw_candidates: Draw,
    layout: TableLayout,
    scale: WindowScale | None,
    seed: int,
) -> SequenceRefiner | None:
    """Learn which generated sequences to keep.

    As for rows of tables (see `wgan_aug.synthesizers.refinement`), trees learn to tell real from generated sequences,
    by their figures and statics. They are checked on blocks of real sequences that share no step with those that they
    learn from, since windows of one long series are hardly different from their neighbours. Raking then matches the
    figures that say which values there are, in 20 bins each.

    Args:
        real: the training sequences' codes.
        condition: their statics as numbers, shape (sequences, width).
        source: the row of the data that each step was taken from; None where that is not known.
        draw_candidates: gives a new sequence under each row of statics that it is asked for.
        layout: of a step.
        scale: takes each sequence's numbers to a scale of its own; None where they have none.
        seed: of everything drawn here.

    Returns:
        the refiner; None where there are fewer than 100 training sequences without a step in common.
    """
    started = time.perf_counter()
    rng = np.random.default_rng(seed)
    overlaps = Overlaps.find(real, source)
    if overlaps.apart < FEWEST_REAL:
        return None
    summary = Summary.fit(real, layout, scale)
    held, near = overlaps.hold_out(HELD_OUT, rng)
    most = max(FEWEST_LONG, MOST_STEPS // real.states.shape[1])
    size = min(max(4 * len(real), FEWEST_GENERATED), MOST_GENERATED, most)
    at_once = max(1, CANDIDATE_STEPS // real.states.shape[1])

    def gather(rows: np.ndarray, take: Draw) -> np.ndarray:
        parts = [rows[start : start + at_once] for start in range(0, len(rows), at_once)]
        return np.concatenate([_features(summary, take(part), condition[part]) for part in parts])

    own = rng.permutation(len(real))[:MOST_REAL]
    ours, held, near = gather(own, real.take), held[own], near[own]
    generated = gather(rng.choice(len(real), size), draw_candidates)
    ratio = fit_ratio(ours[~near], generated, int(rng.integers(2**31)), held=held[~near])
    fresh = gather(rng.choice(len(real), size), draw_candidates)
    ranks = np.linspace(0, 1, BINS + 1)[1:-1]
    edges = [np.unique(np.quantile(column, ranks)) for column in ours[:, : summary.marginal].T]
    wanted, found = _strata(ours, edges), _strata(fresh, edges)
    log_ratio = ratio.log_ratio(fresh)
    factors, least = rake(log_ratio, wanted, found, [len(edge) + 1 for edge in edges], 1 / OVERSAMPLING)
    chance = np.minimum(1.0, least * np.exp(log_ratio + factors.log_weights(found)))
    report = Refinement.of(ratio, chance, wanted, found, started)
    return SequenceRefiner(summary, ratio, edges, factors, least, report)


def _features(summary: Summary, sequences: EncodedSequences, condition: np.ndarray) -> np.ndarray:
    return np.concatenate([summary.figures(sequences), condition], axis=1)


def _strata(features: np.ndarray, edges: list[np.ndarray]) -> list[np.ndarray]:
    """Return the bin of each figure that has edges, int64 arrays of shape (sequences,)."""
    return [np.searchsorted(edge, features[:, place], side="right") for place, edge in enumerate(edges)]
