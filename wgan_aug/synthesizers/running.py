"""How one call of `fit` runs: who hears of it, where it is kept, when it ends, which processes share it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from wgan_aug.errors import InvalidDataError, InvalidParameterError, TrainingError
from wgan_aug.networks.architectures import is_own, show_architecture
from wgan_aug.persistence import digest
from wgan_aug.synthesizers.checkpoints import Checkpoints, open_checkpoints
from wgan_aug.synthesizers.checks import find_seed, not_a_number
from wgan_aug.synthesizers.judging import HeldOutJudge
from wgan_aug.synthesizers.params import param_to_json
from wgan_aug.synthesizers.presets import Preset
from wgan_aug.training.callbacks import Callback
from wgan_aug.training.data import DeviceRows
from wgan_aug.training.loop import History, NonFiniteError, train
from wgan_aug.training.ranks import Ranks, join_ranks
from wgan_aug.training.state import TrainingSettings, TrainingState

__all__ = ["Running", "held_out", "seconds_of"]

_FREE = ("device", "verbose", "warm_start")  # options that may differ where a training is resumed
_FEWEST_HELD = 20  # held-out rows with which a score says something


@dataclasses.dataclass(frozen=True)
class Running:
    """One call of `fit`; see `open`.

    Args:
        callbacks: hear of training.
        checkpoints: where training is kept; None where it is not.
        ranks: the processes that train together.
    """

    callbacks: Sequence[Callback]
    checkpoints: Checkpoints | None
    ranks: Ranks

    @classmethod
    @contextmanager
    def open(
        cls,
        device: torch.device,
        callbacks: Sequence[Callback],
        checkpoint: str | Path | None,
        every: float,
        resume: bool,
    ) -> Generator[Running]:
        """Meet the other processes, and take the folder of checkpoints, until the block is left.

        Raises:
            InvalidParameterError: for callbacks that are none, a time that is no number above 0, or `resume` without
                a folder.
        """
        strange = [callback for callback in callbacks if not isinstance(callback, Callback)]
        if strange:
            raise InvalidParameterError(
                f"callbacks has {strange[0]!r}; each is an instance of a subclass of wgan_aug.Callback."
            )
        problems = not_a_number("every", every, above=0, optional=False)
        if problems:
            raise InvalidParameterError(problems[0])
        if resume and checkpoint is None:
            raise InvalidParameterError("resume is True, but there is no checkpoint to resume: give its folder.")
        ranks = join_ranks(device)
        if checkpoint is None:
            yield cls(callbacks, None, ranks)
            return
        with open_checkpoints(checkpoint, every, resume=resume, writes=ranks.first) as checkpoints:
            yield cls(callbacks, checkpoints, ranks)

    def seed(self, random_state: Any) -> int:
        """Return the seed of all random numbers: that of the training that is gone on with, else a new one."""
        kept = None if self.checkpoints is None else self.checkpoints.seed
        return self.ranks.agree(find_seed(random_state)) if kept is None else kept

    def inside(self, name: str) -> dict[str, Any]:
        """Return what `fit` of a model within this one is called with, for a checkpoint of its own by that name."""
        kept = self.checkpoints
        return {} if kept is None else {"checkpoint": kept.folder / name, "every": kept.every, "resume": True}

    def fingerprint(self, describe: Callable[[], Mapping[str, Any]]) -> str:
        """Return what tells a document of encoder and encoded data from others; empty where nothing is kept."""
        return "" if self.checkpoints is None else digest(describe())

    def train(
        self,
        model: Any,
        state: TrainingState,
        data: DeviceRows,
        preset: Preset,
        settings: TrainingSettings,
        *,
        fingerprint: str,
        owners: Sequence[Hashable],
        weights: Tensor | None,
        told: bool,
        draw: Callable[[nn.Module, int], Any],
    ) -> History:
        """Train a synthesizer's networks.

        Args:
            model: the synthesizer; its options and seed count here.
            state: networks and optimisers.
            data: the rows.
            preset: the objective's settings.
            settings: those of training.
            fingerprint: of what is trained on, see `fingerprint`.
            owners: the column of each feature.
            weights: of the rows, shape (rows,); None where all have the same.
            told: whether the networks are told what is known of a row when a judge asks.
            draw: draws rows from a generator, for callbacks.

        Raises:
            TrainingError: if the losses stay non-finite; names the columns with the largest values.
        """
        if self.checkpoints is not None:
            self.checkpoints.identify(_identity(model, len(data), len(owners), fingerprint))
        settings = _shared(settings, self.ranks.count)
        judge = _judge(model, data, settings, weights, told)
        try:
            return train(
                state,
                data,
                preset.objective(model.loss),
                settings,
                weights=weights,
                callbacks=self.callbacks,
                judge=judge,
                keeper=self.checkpoints,
                draw=draw,
                options=_told(model, preset, settings, len(data)),
            )
        except NonFiniteError as error:
            raise TrainingError(_explain(error, owners)) from error


def seconds_of(time: Any) -> float | None:
    """Return a duration in seconds: a number of them, or text such as `"10min"`, `"90 s"`, `"1h 30min"`.

    Raises:
        InvalidParameterError: for anything else.

    Examples:
        >>> seconds_of("10min"), seconds_of(90), seconds_of(None)
        (600.0, 90.0, None)
    """
    if time is None:
        return None
    try:
        seconds = pd.Timedelta(time).total_seconds() if isinstance(time, str) else float(time)
    except (TypeError, ValueError):
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds > 0):
        raise InvalidParameterError(f"max_time is {time!r}; give seconds above 0, or text such as '10min' or '2h'.")
    return seconds


def held_out(rows: int, options: Mapping[str, Any]) -> int:
    """Return how many of some rows early stopping holds out, by a synthesizer's options."""
    return round(options["validation_fraction"] * rows) if options["early_stopping"] else 0


def _identity(model: Any, rows: int, width: int, fingerprint: str) -> dict[str, Any]:
    """Return what a checkpoint remembers of its training, to tell another one from it."""
    options = {name: param_to_json(name, value) for name, value in model.get_params(deep=False).items()}
    return {
        "options": {name: value for name, value in options.items() if name not in _FREE},
        "data": {"rows": rows, "width": width, "fingerprint": fingerprint},
        "seed": model.seed_,
        "version": metadata.version("wgan-aug"),
    }


def _shared(settings: TrainingSettings, count: int) -> TrainingSettings:
    """Return settings whose batches can be shared among so many processes."""
    if settings.batch_size < count:
        raise InvalidParameterError(
            f"{count} processes share each batch, but batches have {settings.batch_size} rows: start fewer processes, "
            "or give a larger batch_size."
        )
    return dataclasses.replace(settings, batch_size=settings.batch_size - settings.batch_size % count)


def _told(model: Any, preset: Preset, settings: TrainingSettings, rows: int) -> dict[str, Any]:
    """Return what callbacks are told: the options, with what preset and rows decided where one is None."""
    options = model.get_params(deep=False)
    found = {"rows": rows, "updates": settings.updates, "batch_size": settings.batch_size, "seed": model.seed_}
    filled = {name: getattr(preset, name, None) if value is None else value for name, value in options.items()}
    found["loss"] = model.loss if isinstance(model.loss, str) else repr(model.loss)
    found["architecture"] = show_architecture(model.architecture) if is_own(model.architecture) else model.architecture
    return {"synthesizer": type(model).__name__} | filled | found


def _judge(
    model: Any, data: DeviceRows, settings: TrainingSettings, weights: Tensor | None, told: bool
) -> HeldOutJudge | None:
    """Return what evaluates a training that may end early; None for one that does not."""
    if not model.early_stopping:
        return None
    held = held_out(len(data), vars(model))
    if held < _FEWEST_HELD or len(data) - held < settings.batch_size:
        raise InvalidDataError(
            f"early_stopping holds out {held} of {len(data)} rows (validation_fraction={model.validation_fraction:g}); "
            f"at least {_FEWEST_HELD} are needed, and {settings.batch_size} must be left to fill a batch."
        )
    rows = np.random.default_rng([model.seed_, 0]).permutation(len(data))[:held]
    every = model.evaluate_every or max(1, settings.updates // 10)
    return HeldOutJudge(
        data,
        torch.from_numpy(np.sort(rows)),
        told=told,
        every=every,
        patience=model.patience,
        seed=model.seed_,
        weights=weights,
    )


def _explain(error: NonFiniteError, owners: Sequence[Hashable]) -> str:
    """Say which columns the features with the largest values belong to."""
    suspects = list(dict.fromkeys(repr(owners[feature]) for feature in error.features))[:3]
    return (
        f"{error}. The columns with the largest encoded values are {', '.join(suspects)}: look for extreme values "
        "there, use numeric_encoding='quantile', or lower learning_rate."
    )
