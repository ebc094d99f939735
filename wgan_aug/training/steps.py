"""An update: some steps of the critic and one of the generator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from wgan_aug.losses.protocol import Lazy, Objective, Projecting, Scheduled
from wgan_aug.networks.draws import normal, uniform
from wgan_aug.training.data import DeviceRows
from wgan_aug.training.ranks import Ranks
from wgan_aug.training.state import TrainingSettings, TrainingState

__all__ = ["critic_objectives", "critic_step", "do_update", "draw_generated", "generator_step"]


def critic_objectives(objective: Objective, update: int, n_critic: int) -> tuple[Objective, ...]:
    """Return the objective of each step that the critic does in an update, counted from 0."""
    first, count = update * n_critic, n_critic
    if isinstance(objective, Scheduled):
        count = objective.critic_steps(update, n_critic)
    steps = range(first, first + count)
    return tuple(objective.at_step(step) if isinstance(objective, Lazy) else objective for step in steps)


def do_update(
    state: TrainingState,
    data: DeviceRows,
    objective: Objective,
    settings: TrainingSettings,
    steps: Sequence[Objective],
    batches: Iterable[Tensor],
) -> dict[str, Tensor]:
    """Do one update: some critic steps, each on rows of its own, and a generator step.

    Args:
        state: networks and optimisers, changed in place.
        data: the rows.
        objective: of the generator's step.
        settings: how to train.
        steps: the objective of each critic step, see `critic_objectives`.
        batches: the row numbers of each critic step, int64, shape (batch_size,).

    Returns:
        the mean of each figure over the steps, scalars on the device.
    """
    done: list[dict[str, Tensor]] = []
    real, generated, condition = torch.empty(0), torch.empty(0), None
    sharing = settings.share_rows and state.slices == 1
    for staged, batch in zip(steps, batches, strict=True):
        index = state.ranks.share(batch)
        condition = data.condition(index)
        last = len(done) == len(steps) - 1
        generated = draw_generated(state, len(index), condition, graph=sharing and last)
        real = data.batch(index, state.draws)
        done.append(critic_step(state, staged, real, generated, condition))
    figure = {name: torch.stack([step[name] for step in done]).mean() for name in done[0]}
    parts = [(real, generated, condition)] if sharing else _draw_slices(state, real, condition)
    return figure | generator_step(state, objective, parts, len(generated))


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
    generated, eps = generated.detach(), uniform((len(real),), state.draws, state.device)
    descent = _Descent(state.critic)
    for some in _slices(len(real), state.slices):
        critic = _under(state.critic, None if condition is None else condition[some])
        rows = real[some], generated[some]
        both = critic(torch.cat(rows))
        scores = both[: len(rows[0])], both[len(rows[0]) :]
        loss, figures = objective.critic_loss(critic, *rows, scores, eps[some])
        descent.add(loss, len(rows[0]) / len(real), {"critic_loss": loss} | dict(figures))
    figures = descent.step(state.critic_optimiser, state.ranks)
    if isinstance(objective, Projecting):
        with torch.no_grad():
            objective.project(state.critic.parameters())
    return figures


def generator_step(
    state: TrainingState, objective: Objective, parts: Iterable[tuple[Tensor, Tensor, Tensor | None]], batch_size: int
) -> dict[str, Tensor]:
    """Move the generator one step.

    Args:
        state: networks and optimisers; only the generator changes.
        objective: its loss.
        parts: of a batch: real rows, shape (rows, ...), as many generated ones with their graph, and what is known of
            both.
        batch_size: rows of all parts.

    Returns:
        its loss, detached, by name.
    """
    descent = _Descent(state.generator)
    for real, generated, condition in parts:
        loss = objective.generator_loss(_under(state.critic, condition), real, generated)
        descent.add(loss, len(generated) / batch_size, {"generator_loss": loss})
    return descent.step(state.generator_optimiser, state.ranks)


def draw_generated(
    state: TrainingState, batch_size: int, condition: Tensor | None = None, *, graph: bool = True
) -> Tensor:
    """Return generated rows, with or without the graph of the generator, shape (batch_size, ...)."""
    width: int = state.generator.noise_dim  # type: ignore[assignment]
    with torch.set_grad_enabled(graph):
        noise = normal((batch_size, width), state.draws, state.device)
        return _under(state.generator, condition)(noise, state.draws)


def _draw_slices(
    state: TrainingState, real: Tensor, condition: Tensor | None
) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
    """Draw a generated row for each real one, with its graph, a slice at a time: each when the one before is done."""
    for some in _slices(len(real), state.slices):
        told = None if condition is None else condition[some]
        yield real[some], draw_generated(state, len(real[some]), told), told


def _slices(rows: int, count: int) -> list[slice]:
    """Return which rows each of some slices has; none is empty."""
    return [slice(number, None, count) for number in range(min(rows, count))]


def _under(network: torch.nn.Module, condition: Tensor | None) -> Callable[..., Tensor]:
    return network if condition is None else partial(network, condition=condition)


class _Descent:
    """A step along the gradient of one module's parameters alone; those that a growing one does not use yet stay."""

    def __init__(self, module: torch.nn.Module) -> None:
        self._parameters = list(module.parameters())
        self._figures: dict[str, Tensor] = {}

    def add(self, loss: Tensor, share: float, figures: dict[str, Tensor]) -> None:
        """Add the gradient of a loss, and figures, each with the share of the batch that it was taken on."""
        gradients = torch.autograd.grad(loss * share, self._parameters, allow_unused=True)
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            before = parameter.grad
            parameter.grad = gradient if before is None else before + gradient
        for name, figure in figures.items():
            self._figures[name] = figure.detach() * share + self._figures.get(name, 0.0)

    def step(self, optimiser: torch.optim.Optimizer, ranks: Ranks) -> dict[str, Tensor]:
        """Move along the mean gradient of all processes; return the figures."""
        ranks.average([parameter.grad for parameter in self._parameters if parameter.grad is not None])
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        return self._figures
