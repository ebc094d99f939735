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
from wgan_aug.evaluation.utility import Utility

__all__ = ["Figure", "Findings", "figures_of"]


@dataclasses.dataclass(frozen=True)
class Findings:
    """What the evaluators found; a part that could not be computed is None, and `failed` says why.

    Args:
        tables: the aligned frames.
        fidelity: likeness of columns and pairs.
        baseline: the same for hold-out rows in the place of the synthetic ones, what real rows get; None without
            a hold-out.
        utility: worth to downstream models.
        coverage: likeness of rows.
        detection: whether classifiers tell synthetic rows from real ones.
        privacy: what the synthetic rows give away.
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
    failed: dict[str, str]
    notes: list[str]
    used: dict[str, str]
    scales: dict[Hashable, Scale]
    settings: dict[str, Any]
    versions: dict[str, str]
    command: str


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


def figures_of(found: Findings) -> list[Figure]:
    """Return all figures, the ones of the JSON contract first.

    Args:
        found: what the evaluators found.
    """
    utility, fidelity, detection, privacy = found.utility, found.fidelity, found.detection, found.privacy
    alone = _NO_HOLDOUT if found.tables.holdout is None else "too few hold-out rows"
    no = found.failed
    return [
        _figure("utility_ratio", utility and utility.ratio, "1", "utility", no.get("utility", "")),
        _figure("shape", fidelity.shape, "1", "fidelity"),
        _figure("pair", fidelity.pair, "1, less by chance alone", "fidelity", "needs two columns that vary"),
        _figure("c2st", detection and detection.c2st_interval, "0.5", "detection", no.get("detection", "")),
        _figure("copies", _copies(found), "0", "privacy", no.get("privacy", alone)),
        _figure("membership_auc", privacy and privacy.membership_interval, "0.5", "privacy", no.get("privacy", alone)),
        _figure("dcr_share", privacy and privacy.dcr_share, "0.5", "privacy", no.get("privacy", alone)),
        *_further(found, alone),
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
    if isinstance(value, Interval):
        return Figure(name, value.value, value.low, value.high, best, part)
    return Figure(name, value, None, None, best, part, why if value is None else "")
