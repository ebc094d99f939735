"""The training loop: updates in blocks, figures fetched once a block, and a way back when something goes wrong."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from wgan_aug.errors import InvalidParameterError, TrainingError
from wgan_aug.losses.objectives import Objective
from wgan_aug.training.callbacks import Callback, Progress, StopTraining
from wgan_aug.training.capture import Updates
from wgan_aug.training.data import DeviceRows
from wgan_aug.training.devices import find_precision, multiplying
from wgan_aug.training.rows import draw_rows
from wgan_aug.training.state import TrainingSettings, TrainingState

__all__ = ["History", "Judge", "Keeper", "NonFiniteError", "train"]

_log = logging.getLogger(__name__)
_OUT_OF_MEMORY = ("out of memory", "not enough memory", "can't allocate memory")  # as CUDA, MPS and the CPU say it


class NonFiniteError(TrainingError):
    """Losses stay non-finite; `features` are the inputs with the largest values, worst first."""

    def __init__(self, message: str, features: list[int]) -> None:
        super().__init__(message)
        self.features = features


@dataclasses.dataclass
class History:
    """One row an update: the mean of each figure over the update's steps; and one an evaluation.

    Args:
        names: the figures' names.
        rows: float64 arrays of shape (updates of a block, figures).
        evaluations: figures of each evaluation by name, with its `update`.
        chosen: the update whose model was kept; None where all evaluations are for information.
    """

    names: tuple[str, ...] = ()
    rows: list[np.ndarray] = dataclasses.field(default_factory=list[np.ndarray])
    evaluations: list[dict[str, float]] = dataclasses.field(default_factory=list[dict[str, float]])
    chosen: int | None = None

    def table(self) -> np.ndarray:
        """Return all rows, shape (updates, figures)."""
        return np.concatenate(self.rows) if self.rows else np.empty((0, len(self.names)))


class Judge(Protocol):
    """Says how good a generator is on rows that training does not see.

    Attributes:
        rows: the row numbers that training sees, int64, shape (rows,).
        every: updates between evaluations.
        patience: evaluations without a better score after which training ends; None never ends it.
    """

    rows: Tensor
    every: int
    patience: int | None

    def __call__(self, generator: nn.Module) -> dict[str, float]:
        """Return figures by name; `score` is the one that counts, and lower is better."""
        ...


class Keeper(Protocol):
    """Keeps a training on disk."""

    def read(self) -> Mapping[str, Any] | None:
        """Return what was written last, to go on from; None for a training that begins."""
        ...

    def due(self) -> bool:
        """Say whether it is time to write."""
        ...

    def write(self, snapshot: Mapping[str, Any]) -> None:
        """Write a training: nested dicts of tensors, arrays and JSON values."""
        ...


def train(
    state: TrainingState,
    data: DeviceRows,
    objective: Objective,
    settings: TrainingSettings,
    *,
    weights: Tensor | None = None,
    callbacks: Sequence[Callback] = (),
    judge: Judge | None = None,
    keeper: Keeper | None = None,
    draw: Callable[[nn.Module, int], Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> History:
    """Train until `settings.updates` updates are done, the time is over, or the judge's patience is.

    Args:
        state: networks and optimisers, changed in place.
        data: the rows.
        objective: the losses.
        settings: how long, how fast.
        weights: rows are drawn with probabilities proportional to these, positive, shape (rows,); None takes all rows
            equally often.
        callbacks: hear of the start, of each finished block, of each evaluation and of the end.
        judge: evaluates the running average, of which the best is kept.
        keeper: keeps the training, to go on from where it was cut off; its random numbers too, so that what comes out
            is the same (but for a training that is limited in time).
        draw: draws so many rows from a generator, for callbacks.
        options: what callbacks are told of what is trained.

    Returns:
        the figures of every update and evaluation.

    Raises:
        InvalidParameterError: if there are fewer rows than a batch takes.
        NonFiniteError: if a loss or a weight stays non-finite after `max_retries` returns to the last good state.
    """
    if settings.batch_size > len(data):
        raise InvalidParameterError(f"batch_size is {settings.batch_size}, but there are {len(data)} rows.")
    run = _Run(state, data, objective, settings, weights, judge)
    kept = None if keeper is None else keeper.read()
    if kept is not None:
        run.resume(kept)
    heard = _Listeners(callbacks, run, None if draw is None else partial(draw, state.average), options or {})
    try:
        heard.tell("on_start")
        run.go(heard, keeper)
        run.choose()
        if keeper is not None:
            keeper.write(run.snapshot())
    except BaseException as error:
        with contextlib.suppress(Exception):  # the first error is the one to tell
            if keeper is not None:
                keeper.write(run.good)
        heard.tell("on_end", error)
        raise
    heard.tell("on_end")
    return run.history


class _Run:
    """A training under way; `good` is a snapshot of its last sound state."""

    def __init__(
        self,
        state: TrainingState,
        data: DeviceRows,
        objective: Objective,
        settings: TrainingSettings,
        weights: Tensor | None,
        judge: Judge | None,
    ) -> None:
        self.state, self.data, self.settings, self.judge = state, data, settings, judge
        numbers = None if judge is None else judge.rows.to(state.device)
        self.rows = draw_rows(len(data), numbers, weights, settings.batch_size, state.rng)
        self.updates = Updates(state, data, objective, settings, self.rows)
        self.precision = find_precision(settings.precision, state.device)
        self.history = History()
        self.seconds = 0.0
        self.best: dict[str, Tensor] = {}
        self.ended = False
        self.good = self.snapshot()

    def go(self, heard: _Listeners, keeper: Keeper | None) -> None:
        """Do blocks of updates until the end."""
        retries = 0
        while not self.over():
            begun = time.perf_counter()
            try:
                with multiplying(self.precision, self.state.device):
                    names, figures, sound = self._block(keeper)
            except (RuntimeError, MemoryError) as error:
                self._halve(error)
                continue
            self.seconds = self.state.ranks.agree(self.seconds + time.perf_counter() - begun)
            if not sound:
                retries += 1
                self._heal(retries)
                continue
            retries = 0
            self.history.names = names
            self.history.rows.append(figures)
            evaluated = self.judge is not None and (self.state.update % self.judge.every == 0 or self.over())
            if evaluated:
                self._evaluate()
            self.good = self.snapshot()
            if keeper is not None and keeper.due():
                keeper.write(self.good)
            heard.tell("on_step")
            if evaluated:
                heard.tell("on_evaluate")
            self.ended = self.ended or bool(self.state.ranks.agree(int(heard.stopped)))

    def over(self) -> bool:
        """Say whether training has come to its end."""
        limit = self.settings.max_seconds
        late = limit is not None and self.seconds >= limit
        return self.ended or late or self.state.update >= self.settings.updates

    def choose(self) -> None:
        """Take the best average, where there are evaluations; no later one counts any more."""
        self.ended = True
        if self.best:
            self.state.average.load_state_dict(self.best)

    def share(self, update: int) -> float:
        """Return how much of the run is done after some updates, in [0, 1]: of the time, where that is more."""
        limit = self.settings.max_seconds
        late = 0.0 if limit is None else min(1.0, self.seconds / limit)
        return max(update / max(1, self.settings.updates), late)

    # ---- a block

    def _block(self, keeper: Keeper | None) -> tuple[tuple[str, ...], np.ndarray, bool]:
        """Do some updates, then wait for the device once; returns the figures by update, and whether all is finite."""
        state, settings = self.state, self.settings
        names: tuple[str, ...] = ()
        figures: list[Tensor] = []
        for _ in range(self._length()):
            state.prepare(settings, self.share(state.update), self.share(state.update + 1))
            figure = self.updates.do()
            names = tuple(figure)
            figures.append(torch.stack(list(figure.values())))
            if keeper is not None and state.ranks.count == 1 and keeper.due():
                break
        table = torch.stack(figures)
        state.ranks.average([table])
        weights = [*state.generator.parameters(), *state.critic.parameters()]  # moved after their last figures
        sound = torch.stack([part.isfinite().all() for part in (table, *weights)]).all()
        fetched = torch.cat([table.flatten(), sound.to(table.dtype)[None]]).cpu().to(torch.float64).numpy()
        return names, fetched[:-1].reshape(table.shape), bool(fetched[-1])

    def _length(self) -> int:
        """Return how many updates a block has: blocks end where evaluations are, and at fixed updates."""
        stops = [self.settings.check_every] + ([] if self.judge is None else [self.judge.every])
        ends = [self.state.update - self.state.update % every + every for every in stops]
        return min(*ends, self.settings.updates) - self.state.update

    def _heal(self, retries: int) -> None:
        """Go back to the last sound state with half the learning rates."""
        if retries > self.settings.max_retries:
            raise _non_finite(self.data, self.good["state"]["update"], self.settings.max_retries)
        self._back()
        self.state.rate_scale /= 2
        _log.warning("Non-finite figures: back to update %d with half the learning rate.", self.state.update)

    def _halve(self, error: RuntimeError | MemoryError) -> None:
        """Go back to the last sound state, and take each batch in twice as many parts, where memory was short."""
        state = self.state
        told = isinstance(error, MemoryError) or any(word in str(error).lower() for word in _OUT_OF_MEMORY)
        if not told or state.ranks.count > 1 or state.slices >= self.settings.batch_size:
            raise error
        self._back()
        state.slices *= 2
        size = math.ceil(self.settings.batch_size / state.slices)
        _log.warning("Out of memory: back to update %d, with batches in parts of %d rows.", state.update, size)

    def _back(self) -> None:
        """Go back to the last sound state."""
        self.updates.forget()
        self.state.restore(self.good["state"])

    def _evaluate(self) -> None:
        """Judge the average, keep the best, and end where patience is over."""
        assert self.judge is not None
        history = self.history
        history.evaluations.append({"update": self.state.update} | self.judge(self.state.average))
        scores = [evaluation["score"] for evaluation in history.evaluations]
        best = int(np.argmin(scores))
        if best == len(scores) - 1:
            self.best = copy.deepcopy(self.state.average.state_dict())
            history.chosen = self.state.update
        self.ended = self.judge.patience is not None and len(scores) - 1 - best >= self.judge.patience

    # ---- what is kept

    def snapshot(self) -> dict[str, Any]:
        """Return all that `resume` needs."""
        state, history = self.state, self.history
        return {
            "state": state.snapshot(),
            "rate_scale": state.rate_scale,
            "slices": state.slices,
            "random": [rng.get_state() for rng in self._generators()],
            "rows": copy.copy(self.rows.state_dict()),
            "history": dataclasses.replace(history, rows=[*history.rows], evaluations=[*history.evaluations]),
            "seconds": self.seconds,
            "best": self.best,
            "ended": self.ended,
        }

    def resume(self, kept: Mapping[str, Any]) -> None:
        """Go on from a snapshot."""
        self.state.restore(kept["state"])
        self.state.rate_scale, self.state.slices = kept["rate_scale"], kept["slices"]
        for rng, state in zip(self._generators(), kept["random"], strict=True):
            rng.set_state(state)
        self.rows.load_state_dict(kept["rows"])
        self.history, self.seconds = kept["history"], kept["seconds"]
        self.best, self.ended = kept["best"], kept["ended"]
        self.good = self.snapshot()

    def _generators(self) -> list[torch.Generator]:
        return [self.state.rng, *self.data.generators()]


class _Listeners:
    """Tells callbacks how a run goes, on the process that speaks."""

    def __init__(
        self,
        callbacks: Sequence[Callback],
        run: _Run,
        sample: Callable[[int], Any] | None,
        options: Mapping[str, Any],
    ) -> None:
        self.callbacks = callbacks if run.state.ranks.first else ()
        self.run, self.sample, self.options, self.stopped = run, sample, options, False

    def tell(self, event: str, error: BaseException | None = None) -> None:
        """Have every callback hear of an event."""
        history, state = self.run.history, self.run.state
        means = history.rows[-1].mean(axis=0).tolist() if history.rows and event != "on_start" else []
        progress = Progress(
            state.update,
            self.run.settings.updates,
            dict(zip(history.names, means, strict=False)),
            history.evaluations[-1] if history.evaluations else {},
            self.sample,
            error,
            self.run.share(state.update),
            self.options,
        )
        for callback in self.callbacks:
            try:
                getattr(callback, event)(progress)
            except StopTraining:
                self.stopped = True


def _non_finite(data: DeviceRows, update: int, retries: int) -> NonFiniteError:
    index = torch.arange(min(len(data), 10_000), device=data.device)
    features = data.largest(index).nan_to_num(nan=torch.inf).argsort(descending=True).tolist()
    return NonFiniteError(
        f"The losses are not finite after update {update}, and {retries} retries with ever lower learning rates did "
        "not help",
        features,
    )
