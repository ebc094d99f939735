"""What all evaluators found about one synthetic table, and the list of figures it comes to."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Hashable
from typing import Any

from wgan_aug.evaluation.coverage import Coverage
from wgan_aug.evaluation.detection import Detection
from wgan_aug.evaluation.fidelity import Fidelity
from wgan_aug.evaluation.figures import Interval
from wgan_aug.evaluation.frames import Tables
from wgan_aug.evaluation.pictures import Scale
from wgan_aug.evaluation.privacy import Privacy
from wgan_aug.evaluation.series.cutting import SequenceWindows
from wgan_aug.evaluation.series.scores import SequenceScores
from wgan_aug.evaluation.utility import Utility

__all__ = ["SEQUENCE_FIGURES", "Figure", "Findings", "figures_of"]


@dataclasses.dataclass(frozen=True)
class Findings:
    """What the evaluators found; a part that could not be computed is None, and `failed` says why.

    Args:
        tables: the aligned frames.
        fidelity: likeness of columns and pairs.
        baseline: the same for hold-out rows in the place of the synthetic ones, what real rows get; None without
            a hold-out.
        utility: worth to downstream models; None too where the sequences' classifier tells it.
        coverage: likeness of rows.
        detection: whether classifiers tell synthetic rows from real ones.
        privacy: what the synthetic rows give away.
        sequences: figures of windows, where the rows make sequences.
        windows: the windows they are of.
        failed: part, and why it was not computed.
        notes: what the evaluators warned of.
        used: part, and the rows it used, in words.
        scales: how the ends of dates and durations are written.
        settings: the arguments of `evaluate`, as plain values.
        versions: of this package, Python and the libraries.
        command: what makes this report again.
    """

    tables: Tables
    fidelity: Fidelity
    baseline: Fidelity | None
    utility: Utility | None
    coverage: Coverage | None
    detection: Detection | None
    privacy: Privacy | None
    sequences: SequenceScores | None
    windows: SequenceWindows | None
    failed: dict[str, str]
    notes: list[str]
    used: dict[str, str]
    scales: dict[Hashable, Scale]
    settings: dict[str, Any]
    versions: dict[str, str]
    command: str

    @property
    def in_sequence(self) -> bool:
        """Whether figures of sequences were asked for."""
        return self.sequences is not None or "sequences" in self.failed

    @property
    def one_series(self) -> bool:
        """Whether the rows are one long series, whose hold-out rows are of another time."""
        return self.windows is not None and self.windows.lengths is None


@dataclasses.dataclass(frozen=True)
class Figure:
    """One figure of a report.

    Args:
        name: as in the JSON.
        value: None where it could not be computed.
        low: lower end of the 95 % interval; None where there is none.
        high: upper end, likewise.
        best: what is best, in words.
        part: the evaluator it comes from.
        why: why there is no value.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    best: str
    part: str
    why: str = ""


_NO_HOLDOUT = "needs hold-out rows, and none were given"

SEQUENCE_FIGURES = {
    "seq_rocket_auc": "0.5, or its floor",
    "seq_rocket_floor": "real against real",
    "seq_boost_auc": "0.5, or its floor",
    "seq_boost_floor": "real against real",
    "seq_copies": "about 0.01",
    "seq_exact": "as seq_exact_real",
    "seq_exact_real": "real against real",
    "seq_nearest_ratio": "about 1",
    "seq_spread": "about 1",
    "seq_ks": "0",
    "seq_autocorrelation": "0",
    "seq_cross_correlation": "0",
    "seq_spectrum": "0",
    "seq_length_ks": "0",
    "seq_tstr_ratio": "1",
    "seq_gain": "above 0",
    "seq_discriminative": "0",
    "seq_predictive": "as seq_predictive_real",
    "seq_predictive_real": "real on real",
}
"""The figures of sequences, and what is best; in the list of figures only where sequences were asked for."""


def figures_of(found: Findings) -> list[Figure]:
    """Return all figures, the ones of the JSON contract first.

    Args:
        found: what the evaluators found.
    """
    utility, fidelity, detection, privacy = found.utility, found.fidelity, found.detection, found.privacy
    alone = _NO_HOLDOUT if found.tables.holdout is None else "too few hold-out rows"
    no = found.failed
    return [
        _figure("utility_ratio", utility.ratio if utility else _worth(found), "1", "utility", no.get("utility", "")),
        _figure("shape", fidelity.shape, "1", "fidelity"),
        _figure("pair", fidelity.pair, "1, less by chance alone", "fidelity", "needs two columns that vary"),
        _figure("c2st", detection and detection.c2st_interval, "0.5", "detection", no.get("detection", "")),
        _figure("copies", _copies(found), "0", "privacy", no.get("privacy", alone)),
        _figure("membership_auc", privacy and privacy.membership_interval, "0.5", "privacy", no.get("privacy", alone)),
        _figure("dcr_share", privacy and privacy.dcr_share, "0.5", "privacy", no.get("privacy", alone)),
        *_further(found, alone),
        *(_of_sequences(found) if found.in_sequence else []),
    ]


def _further(found: Findings, alone: str) -> list[Figure]:
    fidelity, coverage, detection, privacy = found.fidelity, found.coverage, found.detection, found.privacy
    no = found.failed
    forest = _figure(
        "c2st_forest", detection and detection.c2st_forest_interval, "0.5", "detection", no.get("detection", alone)
    )
    copied = _figure("copied", privacy and privacy.copied, "as hold-out rows", "privacy", no.get("privacy", ""))
    rows = {
        "density": "about 1",
        "coverage": "as hold-out rows",
        "alpha_precision": "1",
        "beta_recall": "about 0.5",
    }
    return [
        forest,
        copied,
        _figure("missingness", fidelity.missingness, "1", "fidelity"),
        _figure("category_coverage", fidelity.category_coverage, "1", "fidelity", "there is no categorical column"),
        _figure("range_coverage", fidelity.range_coverage, "1", "fidelity", "there is no numeric column"),
        _figure("invalid", fidelity.invalid, "0", "fidelity"),
        *(
            _figure(name, coverage and getattr(coverage, name), best, "coverage", no.get("coverage", ""))
            for name, best in rows.items()
        ),
    ]


def _worth(found: Findings) -> Interval | None:
    """Return the ratio of the sequences' classifier, cut at 1.2 as that of downstream models is."""
    scores = found.sequences and found.sequences.labelled
    if scores is None or scores.ratio != scores.ratio:
        return None
    return Interval(*(min(1.2, value) for value in (scores.ratio, *scores.ratio_interval)))


def _of_sequences(found: Findings) -> list[Figure]:
    scores, why = found.sequences, found.failed.get("sequences", "")
    values: dict[str, tuple[Interval | float | None, str]] = dict.fromkeys(SEQUENCE_FIGURES, (None, why))
    if scores is not None and found.windows is not None:
        near, errors, judges, labelled = scores.nearest, scores.errors, scores.judges, scores.labelled
        few, apart = "too few real blocks or synthetic windows", "needs real windows of two blocks"
        for name in ("rocket_auc", "boost_auc", "rocket_floor", "boost_floor"):
            values[f"seq_{name}"] = (judges and getattr(judges, name), few)
        for name in ("copies", "exact", "exact_real", "spread"):
            values[f"seq_{name}"] = (getattr(near, name), apart)
        values["seq_nearest_ratio"] = (near.ratio, apart)
        for name in ("ks", "autocorrelation", "cross_correlation", "spectrum"):
            values[f"seq_{name}"] = (getattr(errors, name), "there is one channel")
        values["seq_length_ks"] = (found.windows.length_ks, "one long series")
        unlabelled = "takes a target of classes, one a sequence"
        values["seq_tstr_ratio"] = (labelled and Interval(labelled.ratio, *labelled.ratio_interval), unlabelled)
        values["seq_gain"] = (labelled and Interval(labelled.gain, *labelled.gain_interval), unlabelled)
        for name in ("discriminative", "predictive", "predictive_real"):
            score = scores.published and getattr(scores.published, name).mean
            values[f"seq_{name}"] = (score, "only in the full budget, for short windows")
    return [
        _figure(name, value, SEQUENCE_FIGURES[name], "sequences", reason) for name, (value, reason) in values.items()
    ]


def _copies(found: Findings) -> Interval | None:
    """Return the copies beyond those of the hold-out rows, with Newcombe's interval of a difference of two shares."""
    privacy, held = found.privacy, found.tables.holdout
    if privacy is None or privacy.copies is None or privacy.copied_holdout is None or held is None:
        return None
    p, q = privacy.copied, privacy.copied_holdout
    (p_low, p_high), (q_low, q_high) = _wilson(p, len(found.tables.synthetic)), _wilson(q, len(held))
    down, up = math.hypot(p - p_low, q_high - q), math.hypot(p_high - p, q - q_low)
    return Interval(privacy.copies, privacy.copies - down, privacy.copies + up)


def _wilson(share: float, rows: int, z: float = 1.96) -> tuple[float, float]:
    """Return Wilson's interval of a share.

    Examples:
        >>> [round(end, 4) for end in _wilson(0.0, 100)]
        [0.0, 0.037]
    """
    middle = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
    reach = z / (1 + z**2 / rows) * math.sqrt(share * (1 - share) / rows + (z / (2 * rows)) ** 2)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _figure(name: str, value: Interval | float | None, best: str, part: str, why: str = "") -> Figure:
    ends = (value.low, value.high) if isinstance(value, Interval) else (None, None)
    plain = value.value if isinstance(value, Interval) else value
    if plain is None or plain != plain:
        return Figure(name, None, None, None, best, part, why)
    return Figure(name, plain, *ends, best, part)
