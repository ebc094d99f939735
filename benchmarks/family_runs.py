"""The runs of family.py: which methods there are, and how one is timed, fitted and judged on a table or a series."""

from __future__ import annotations

import abc
import statistics
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
from prepared import Table, read_table
from sequences_sets import Sequences, read_sequences
from sklearn.ensemble import HistGradientBoostingClassifier

from wgan_aug import WGANGPSequenceSynthesizer, WGANGPSynthesizer
from wgan_aug.evaluation.coverage import coverage
from wgan_aug.evaluation.detection import classify
from wgan_aug.evaluation.fidelity import fidelity
from wgan_aug.evaluation.learners import default_estimators
from wgan_aug.evaluation.privacy import privacy
from wgan_aug.evaluation.series.scores import SequenceLimits, sequence_scores
from wgan_aug.evaluation.series.windows import window_groups
from wgan_aug.evaluation.utility import downstream_utility
from wgan_aug.losses.objectives import OBJECTIVES
from wgan_aug.synthesizers.presets import find_preset
from wgan_aug.training.callbacks import Callback, Progress

__all__ = ["METHODS", "OF_OBJECTIVES", "REFERENCE", "Data", "Rows", "Series", "count_updates"]

REFERENCE = "wgan-gp"
OF_OBJECTIVES: dict[str, dict[str, Any]] = {name: {"loss": name} for name in OBJECTIVES}
OF_TABLES: dict[str, dict[str, Any]] = {
    "no-norm": {"critic_norm": "none"},
    "spectral-norm": {"critic_norm": "spectral"},
    "weight-norm": {"critic_norm": "weight"},
    "conv1d": {"architecture": "conv1d"},
}
OF_SERIES: dict[str, dict[str, Any]] = {
    "attention": {"attention": True},
    "mlp": {"architecture": "mlp"},
}
METHODS = (*OF_OBJECTIVES, *OF_TABLES, *OF_SERIES)
TIMED, ROUNDS = 60, 5


class Clock(Callback):
    """CPU seconds of training alone, without the encoders."""

    seconds = 0.0

    def on_start(self, progress: Progress) -> None:
        """Begin to count."""
        self.seconds = -time.process_time()

    def on_end(self, progress: Progress) -> None:
        """Count no further."""
        self.seconds += time.process_time()


class Data(abc.ABC):
    """A data set, with the networks that it can have."""

    kind: ClassVar[Any]  # the synthesizer
    options: dict[str, Any]
    methods: ClassVar[dict[str, dict[str, Any]]]

    def __init__(self, name: str, train: Any) -> None:
        self.name, self.train = name, train

    def fit(self, method: str, updates: int, seed: int) -> tuple[Any, float]:
        """Return a synthesizer trained for so many updates, which does not refine, and its CPU seconds of training."""
        chosen = self.methods[method]
        preset = find_preset("balanced", self.kind.presets, chosen.get("loss", REFERENCE))
        rows = len(self.train)
        epochs = (updates - 0.5) * preset.n_critic * min(preset.batch_size, rows) / rows  # passes are rounded up
        clock = Clock()
        model = self.kind(**self.options, **chosen, epochs=epochs, refine=False, random_state=seed)
        model.fit(self.train, callbacks=[clock])
        return model, clock.seconds

    def run(self, method: str, updates: int, seed: int) -> dict[str, Any]:
        """Fit, sample as many as were fitted, and judge."""
        model, seconds = self.fit(method, updates, seed)
        fitted = time.process_time()
        synthetic = model.sample(len(self.train))
        sampled = time.process_time()
        figures = self.judge(synthetic)
        cost = {
            "updates": model.updates_,
            "train_cpu_s": round(seconds, 2),
            "sample_cpu_s": round(sampled - fitted, 3),
            "judge_cpu_s": round(time.process_time() - sampled, 2),
        }
        return figures | cost

    @abc.abstractmethod
    def judge(self, synthetic: Any) -> dict[str, Any]:
        """Return the figures of what was sampled."""


class Rows(Data):
    """A prepared table."""

    kind = WGANGPSynthesizer
    methods: ClassVar = OF_OBJECTIVES | OF_TABLES

    def __init__(self, folder: Path) -> None:
        self.table: Table = read_table(folder)
        self.options = {"categorical_features": self.table.categorical}
        super().__init__(folder.name, self.table.train)

    def judge(self, synthetic: pd.DataFrame) -> dict[str, Any]:
        """Return worth to boosted trees, likeness, how well such trees tell the rows, and copies."""
        table = self.table
        tables = table.beside(synthetic)
        boost = default_estimators(table.meta["task"])["boost"]
        assert tables.holdout is not None
        known = pd.concat([tables.real, tables.holdout], ignore_index=True)
        like, private = fidelity(tables), privacy(tables, sensitive=())
        told = classify(known, tables.synthetic, lambda: HistGradientBoostingClassifier(random_state=0))
        return {
            "utility_ratio": downstream_utility(tables, estimators=boost, n_bootstrap=0, halves=False).utility_ratio,
            "c2st": told.auc.value,
            "shape": like.shape,
            "pair": like.pair,
            "coverage": coverage(tables).coverage,
            "copies": private.copies,
            "dcr_share": private.dcr_share,
            "invalid": like.invalid,
        }


class Series(Data):
    """A prepared set of windows without labels."""

    kind = WGANGPSequenceSynthesizer
    methods: ClassVar = OF_OBJECTIVES | OF_SERIES

    def __init__(self, prepared: Path, name: str) -> None:
        self.known, self.held = (read_sequences(prepared / f"{name}_{part}.npz") for part in ("train", "test"))
        self.options = {"layout": "ntc"}
        super().__init__(name, self.known.x)

    def judge(self, synthetic: Any) -> dict[str, Any]:
        """Return how well two judges tell the windows, errors of values and of dynamics, and copies."""
        known: Sequences = self.known
        scores = sequence_scores(
            known.x,
            synthetic,
            holdout=self.held.x,
            groups=None if known.start is None else window_groups(known.start, known.x.shape[1]),
            limits=SequenceLimits(floors=0),
        )
        assert scores.judges is not None
        return {
            "rocket": scores.judges.rocket_auc,
            "boost": scores.judges.boost_auc,
            "ks": scores.errors.ks,
            "acf": scores.errors.autocorrelation_within,
            "xcorr": scores.errors.cross_correlation,
            "spectrum": scores.errors.spectrum,
            "nn_ratio": scores.nearest.ratio,
            "spread": scores.nearest.spread,
            "copies": scores.nearest.copies,
        }


def count_updates(data: Data, methods: Iterable[str], known: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """Return how many updates of each method take so many CPU seconds: milliseconds each, and their number.

    The methods take turns, and the reference runs beside them. What counts is the ratio to the reference in the same
    turn, since other work makes a machine slower now and faster then; and those that are timed later get what the
    reference got, in this ratio.

    Args:
        data: what to train on.
        methods: those to time.
        known: what was found earlier, by method; the reference is timed first where it is not there.
        seconds: CPU seconds of training.
    """
    names = [REFERENCE, *(method for method in methods if method != REFERENCE)]
    data.fit(REFERENCE, 5, seed=0)  # what a process does once is not counted
    turns = [{name: data.fit(name, TIMED, seed=0)[1] / TIMED for name in names} for _ in range(ROUNDS)]
    own = statistics.median(turn[REFERENCE] for turn in turns)
    ratios = {name: statistics.median(turn[name] / turn[REFERENCE] for turn in turns) for name in names}
    first = known[REFERENCE]["updates"] if REFERENCE in known else seconds / own
    return {
        name: {"ms": round(1000 * own * ratio, 2), "updates": round(first / ratio)}
        for name, ratio in ratios.items()
        if name not in known
    }
