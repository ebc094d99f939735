"""All that training changes: networks, averages, optimisers, random numbers, the count of updates."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

import torch
from torch import nn

from wgan_aug.networks.draws import seeded
from wgan_aug.networks.growing import Growing
from wgan_aug.networks.making import is_foreign
from wgan_aug.training.ranks import ALONE, Ranks

__all__ = ["TrainingSettings", "TrainingState"]

_NETWORKS = ("generator", "critic", "average")
_OPTIMISERS = ("generator_optimiser", "critic_optimiser")


@dataclasses.dataclass(frozen=True)
class TrainingSettings:
    """How to train. Training counts updates: one update is `n_critic` critic steps and one generator step.

    Args:
        updates: how many updates.
        batch_size: rows of each step.
        n_critic: critic steps an update.
        learning_rate: of the generator's optimiser.
        critic_learning_rate: of the critic's optimiser.
        betas: Adam's decay rates.
        optimiser: Adam, or RMSProp without momentum.
        decay: how the rates fall to 0 over the run, or that they do not.
        ema_decay: of the generator's running average, which is what samples; it ramps up from 0.1.
        share_rows: let the generator's step use the rows of the critic's last step, which saves drawing others.
        check_every: updates between looks at the figures, which is when the device is waited for.
        max_retries: times in a row that a non-finite figure is healed by going back and halving the rates.
        max_seconds: how long at most; rates then fall with the time as well. None for as long as it takes.
        precision: what matrices are multiplied in, see `multiplying`.
    """

    updates: int
    batch_size: int
    n_critic: int
    learning_rate: float
    critic_learning_rate: float
    betas: tuple[float, float]
    optimiser: Literal["adam", "rmsprop"] = "adam"
    decay: Literal["cosine", "none"] = "cosine"
    ema_decay: float = 0.999
    share_rows: bool = False
    check_every: int = 50
    max_retries: int = 5
    max_seconds: float | None = None
    precision: str = "float32"


class TrainingState:
    """Networks with their optimisers and average.

    Args:
        generator: with `noise_dim`; called with noise and a random generator.
        critic: rows to scores.
        settings: rates and decay.
        rng: the source of rows, noise and eps, on the networks' device.
        ranks: the processes that train together, each with a state of its own that stays like the others'.
        replayed: keep in memory of the device what changes from update to update, so that a captured update that is
            replayed heeds it; None where this is a GPU.

    Attributes:
        draws: this process's share of what `rng` draws.
        update: updates done.
        rate_scale: what the learning rates are multiplied with, halved where figures were not finite.
        slices: how many parts a batch goes through the networks in, doubled where memory did not hold it.
    """

    def __init__(
        self,
        generator: nn.Module,
        critic: nn.Module,
        settings: TrainingSettings,
        rng: torch.Generator,
        ranks: Ranks = ALONE,
        *,
        replayed: bool | None = None,
    ) -> None:
        self.generator, self.critic, self.rng, self.ranks = generator, critic, rng, ranks
        self.replayed = self.device.type == "cuda" if replayed is None else replayed
        self.draws = ranks.shared(rng)
        self.average = copy.deepcopy(generator).eval().requires_grad_(False)
        self.foreign = is_foreign(generator) or is_foreign(critic)
        self._statistics = _statistics(self.average, generator) if self.foreign else []
        self._pace: float | torch.Tensor = self._number(0.0)  # how far the average moves
        self.generator_optimiser = _optimiser(generator, self._number(settings.learning_rate), settings)
        self.critic_optimiser = _optimiser(critic, self._number(settings.critic_learning_rate), settings)
        self.update = 0
        self.rate_scale = 1.0
        self.slices = 1

    @property
    def device(self) -> torch.device:
        """Where the state lives."""
        return self.rng.device

    @property
    def grown(self) -> bool:
        """Whether networks that grow have all their levels."""
        return all(network.grown for network in self._growing())

    def prepare(self, settings: TrainingSettings, before: float, after: float) -> None:
        """Set what the next update goes by: rates, the levels of networks that grow, the average's pace.

        Args:
            settings: rates and decays.
            before: the share of the run that is done before the update, in [0, 1].
            after: the share that is done after it.
        """
        factor = self.rate_scale * (0.5 + 0.5 * math.cos(math.pi * before) if settings.decay == "cosine" else 1.0)
        _set_rate(self.generator_optimiser, settings.learning_rate * factor)
        _set_rate(self.critic_optimiser, settings.critic_learning_rate * factor)
        for network in self._growing():
            network.grow(after)
        done = self.update + 1  # early on the average forgets faster, so that it has no start to forget
        self._pace = _put(self._pace, 1 - min(settings.ema_decay, (1 + done) / (10 + done)))

    def move_average(self) -> None:
        """Move the average towards the generator."""
        averages, current = list(self.average.parameters()), list(self.generator.parameters())
        with torch.no_grad():
            if isinstance(self._pace, torch.Tensor):
                ways = torch._foreach_sub(current, averages)  # pyright: ignore
                torch._foreach_mul_(ways, self._pace)  # pyright: ignore
                torch._foreach_add_(averages, ways)  # pyright: ignore
            else:
                torch._foreach_lerp_(averages, current, self._pace)  # pyright: ignore
            for average, own in self._statistics:
                average.copy_(own)
            self.ranks.average([average for average, _ in self._statistics if average.is_floating_point()])

    def drawing(self) -> AbstractContextManager[object]:
        """Return a block for an update, in which a user's own modules draw what seed and update say (dropout)."""
        if not self.foreign:
            return nullcontext()
        place = self.update * self.ranks.count + self.ranks.rank
        return seeded((self.rng.initial_seed() * 1_000_003 + place) % 2**63, self.device)

    def snapshot(self) -> dict[str, Any]:
        """Return a copy of all but the random generator, for `restore`."""
        networks = {name: getattr(self, name).state_dict() for name in _NETWORKS}
        moments = {name: getattr(self, name).state_dict()["state"] for name in _OPTIMISERS}
        return copy.deepcopy(networks | moments | {"update": self.update})

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go back to a snapshot."""
        for name in _NETWORKS:
            getattr(self, name).load_state_dict(snapshot[name])
        for name in _OPTIMISERS:
            _restore_moments(getattr(self, name), snapshot[name])
        self.update = snapshot["update"]

    def _growing(self) -> list[Growing]:
        return [network for network in (self.generator, self.critic) if isinstance(network, Growing)]

    def _number(self, value: float) -> float | torch.Tensor:
        return torch.tensor(value, device=self.device) if self.replayed else value


def _statistics(average: nn.Module, generator: nn.Module) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return what networks keep beside their weights, of batches that they saw: that of the average, and its source."""
    weights = dict(generator.named_parameters())
    theirs, ours = average.state_dict(), generator.state_dict()
    return [(theirs[name], tensor) for name, tensor in ours.items() if name not in weights]


def _optimiser(module: nn.Module, rate: float | torch.Tensor, settings: TrainingSettings) -> torch.optim.Optimizer:
    parameters, replayed = list(module.parameters()), isinstance(rate, torch.Tensor)
    if settings.optimiser == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=rate, foreach=replayed or None, capturable=replayed)
    fused = parameters[0].device.type in ("cpu", "cuda")
    return torch.optim.Adam(parameters, lr=rate, betas=settings.betas, fused=fused, capturable=replayed)


def _set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = _put(group["lr"], rate)


def _put(number: float | torch.Tensor, value: float) -> float | torch.Tensor:
    """Return a value; in the memory of a number that has some."""
    return number.fill_(value) if isinstance(number, torch.Tensor) else value


def _restore_moments(optimiser: torch.optim.Optimizer, kept: Mapping[int, Mapping[str, torch.Tensor]]) -> None:
    """Put moments back into the memory that they were in, where a captured update finds them, if there is any."""
    own, groups = (optimiser.state_dict()[name] for name in ("state", "param_groups"))
    if own.keys() != kept.keys():
        optimiser.load_state_dict(copy.deepcopy({"state": kept, "param_groups": groups}))
        return
    for number, moments in kept.items():
        for name, moment in moments.items():
            own[number][name].copy_(moment)
