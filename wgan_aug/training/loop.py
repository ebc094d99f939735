"""The training loop: steps in blocks, figures fetched once a block, and a way back when they are not finite."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from wgan_aug.errors import InvalidParameterError, TrainingError
from wgan_aug.losses.objectives import Objective
from wgan_aug.training.data import DeviceRows
from wgan_aug.training.state import TrainingSettings, TrainingState

__all__ = ["History", "NonFiniteError", "Progress", "critic_step", "draw_generated", "generator_step", "train"]

_log = logging.getLogger(__name__)


class NonFiniteError(TrainingError):
    """Losses stay non-finite; `features` are the inputs with the largest values, worst first."""

    def __init__(self, message: str, features: list[int]) -> None:
        super().__init__(message)
        self.features = features


@dataclasses.dataclass(frozen=True)
class Progress:
    """What a listener hears before the first update and after each block.

    Args:
        update: updates done.
        updates: updates in all.
        figures: the block's mean of each figure, by name; empty before the first update.
    """

    update: int
    updates: int
    figures: dict[str, float]


@dataclasses.dataclass
class History:
    """One row an update: the mean of each figure over the update's steps.

    Args:
        names: the figures' names.
        rows: float64 arrays of shape (updates of a block, figures).
    """

    names: tuple[str, ...] = ()
    rows: list[np.ndarray] = dataclasses.field(default_factory=list[np.ndarray])

    def table(self) -> np.ndarray:
        """Return all rows, shape (updates, figures)."""
        return np.concatenate(self.rows) if self.rows else np.empty((0, len(self.names)))


def critic_step(
    state: TrainingState, objective: Objective, real: Tensor, generated: Tensor, condition: Tensor | None = None
) -> dict[str, Tensor]:
    """Move the critic one step.

    Args:
        state: networks and optimisers; only the critic changes.
        objective: its loss.
        real: features of real rows, shape (batch, ...).
        generated: as many generated rows; their graph is left alone.
        condition: what is known of each row, shape (batch, ...); None for critics that take no condition.

    Returns:
        the figures of the step, detached scalars on the device.
    """
    generated, eps = generated.detach(), _uniform(state, len(real))
    critic = _under(state.critic, condition)
    both = critic(torch.cat([real, generated]))
    scores = (both[: len(real)], both[len(real) :])
    loss, figures = objective.critic_loss(critic, real, generated, scores, eps)
    _descend(state.critic, state.critic_optimiser, loss)
    return {"critic_loss": loss.detach()} | {name: figure.detach() for name, figure in figures.items()}


def generator_step(
    state: TrainingState, objective: Objective, generated: Tensor, condition: Tensor | None = None
) -> dict[str, Tensor]:
    """Move the generator one step along the graph of its rows, shape (batch, ...); returns its loss, detached."""
    loss = objective.generator_loss(_under(state.critic, condition)(generated))
    _descend(state.generator, state.generator_optimiser, loss)
    return {"generator_loss": loss.detach()}


def draw_generated(
    state: TrainingState, batch_size: int, condition: Tensor | None = None, *, graph: bool = True
) -> Tensor:
    """Return generated rows, with or without the graph of the generator, shape (batch_size, ...)."""
    with torch.set_grad_enabled(graph):
        return _under(state.generator, condition)(_noise(state, batch_size), state.rng)


def train(
    state: TrainingState,
    data: DeviceRows,
    objective: Objective,
    settings: TrainingSettings,
    listeners: Sequence[Callable[[Progress], None]] = (),
    weights: Tensor | None = None,
) -> History:
    """Train until `settings.updates` updates are done.

    Args:
        state: networks and optimisers, changed in place.
        data: the rows.
        objective: the losses.
        settings: how long, how fast.
        listeners: hear of the start, with no figures, and of each finished block.
        weights: rows are drawn with probabilities proportional to these, positive, shape (rows,); None takes all rows
            equally often.

    Returns:
        the figures of every update.

    Raises:
        InvalidParameterError: if there are fewer rows than a batch takes.
        NonFiniteError: if a loss or a weight stays non-finite after `max_retries` returns to the last good state.
    """
    if settings.batch_size > len(data):
        raise InvalidParameterError(f"batch_size is {settings.batch_size}, but there are {len(data)} rows.")
    history = History()
    good, retries = state.snapshot(), 0
    if weights is None:
        rows = _shuffled(len(data), settings.batch_size, state.rng)
    else:
        rows = _weighted(weights, settings.batch_size, state.rng)
    _tell(listeners, Progress(state.update, settings.updates, {}))
    while state.update < settings.updates:
        block = min(settings.check_every, settings.updates - state.update)
        names, figures, sound = _run_block(state, data, objective, settings, rows, block)
        if sound:
            history.names = names
            history.rows.append(figures)
            good, retries = state.snapshot(), 0
            means = dict(zip(names, figures.mean(axis=0).tolist(), strict=True))
            _tell(listeners, Progress(state.update, settings.updates, means))
            continue
        retries += 1
        if retries > settings.max_retries:
            raise _non_finite(data, good["update"], settings.max_retries)
        state.restore(good)
        state.rate_scale /= 2
        _log.warning("Non-finite figures: back to update %d with half the learning rate.", state.update)
    return history


def _tell(listeners: Sequence[Callable[[Progress], None]], progress: Progress) -> None:
    for listener in listeners:
        listener(progress)


def _run_block(
    state: TrainingState,
    data: DeviceRows,
    objective: Objective,
    settings: TrainingSettings,
    rows: Iterator[Tensor],
    updates: int,
) -> tuple[tuple[str, ...], np.ndarray, bool]:
    """Do some updates, then wait for the device once; returns the figures by update, and whether all is finite."""
    names: tuple[str, ...] = ()
    figures: list[Tensor] = []
    for _ in range(updates):
        state.set_rates(settings, state.update / settings.updates)
        state.grow((state.update + 1) / settings.updates)
        figure = _update(state, data, objective, settings, rows)
        state.update += 1
        state.update_average(settings.ema_decay)
        names = tuple(figure)
        figures.append(torch.stack(list(figure.values())))
    table = torch.stack(figures)
    weights = [*state.generator.parameters(), *state.critic.parameters()]  # moved after their last figures were taken
    sound = torch.stack([part.isfinite().all() for part in (table, *weights)]).all()
    fetched = torch.cat([table.flatten(), sound.to(table.dtype)[None]]).cpu().to(torch.float64).numpy()
    return names, fetched[:-1].reshape(table.shape), bool(fetched[-1])


def _update(
    state: TrainingState, data: DeviceRows, objective: Objective, settings: TrainingSettings, rows: Iterator[Tensor]
) -> dict[str, Tensor]:
    """Do one update: `n_critic` critic steps, each on rows of its own, and a generator step; returns mean figures."""
    steps: list[dict[str, Tensor]] = []
    generated, condition = torch.empty(0), None
    for left in reversed(range(settings.n_critic)):
        index = next(rows)
        condition = data.condition(index)
        shared = settings.share_rows and not left
        generated = draw_generated(state, settings.batch_size, condition, graph=shared)
        steps.append(critic_step(state, objective, data.batch(index, state.rng), generated, condition))
    if not settings.share_rows:
        generated = draw_generated(state, settings.batch_size, condition)
    figure = {name: torch.stack([step[name] for step in steps]).mean() for name in steps[0]}
    return figure | generator_step(state, objective, generated, condition)


def _under(network: torch.nn.Module, condition: Tensor | None) -> Callable[..., Tensor]:
    return network if condition is None else partial(network, condition=condition)


def _shuffled(rows: int, batch_size: int, rng: torch.Generator) -> Iterator[Tensor]:
    """Yield row numbers, shape (batch_size,), epoch after epoch in a new order; an epoch's remainder is left out."""
    while True:
        order = torch.randperm(rows, generator=rng, device=rng.device)
        yield from order[: rows - rows % batch_size].split(batch_size)


def _weighted(weights: Tensor, batch_size: int, rng: torch.Generator) -> Iterator[Tensor]:
    """Yield row numbers, shape (batch_size,), drawn with replacement in proportion to the weights."""
    ends = weights.to(rng.device, torch.float64 if rng.device.type != "mps" else torch.float32).cumsum(0)
    while True:
        draw = torch.rand(batch_size, generator=rng, device=rng.device, dtype=ends.dtype) * ends[-1]
        yield torch.searchsorted(ends, draw, right=True).clamp_max(len(ends) - 1)


def _noise(state: TrainingState, batch_size: int) -> Tensor:
    width: int = state.generator.noise_dim  # type: ignore[assignment]
    return torch.randn(batch_size, width, generator=state.rng, device=state.device)


def _uniform(state: TrainingState, batch_size: int) -> Tensor:
    return torch.rand(batch_size, generator=state.rng, device=state.device)


def _descend(module: torch.nn.Module, optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    """Step along the gradient of this module's parameters alone; those that a growing one does not use yet stay."""
    parameters = list(module.parameters())
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters, allow_unused=True), strict=True):
        parameter.grad = gradient
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)


def _non_finite(data: DeviceRows, update: int, retries: int) -> NonFiniteError:
    index = torch.arange(min(len(data), 10_000), device=data.device)
    features = data.largest(index).nan_to_num(nan=torch.inf).argsort(descending=True).tolist()
    return NonFiniteError(
        f"The losses are not finite after update {update}, and {retries} retries with ever lower learning rates did "
        "not help",
        features,
    )
