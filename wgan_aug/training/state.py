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
    ) -> None:
        self.generator, self.critic, self.rng, self.ranks = generator, critic, rng, ranks
        self.draws = ranks.shared(rng)
        self.average = copy.deepcopy(generator).eval().requires_grad_(False)
        self._foreign = is_foreign(generator) or is_foreign(critic)
        self._statistics = _statistics(self.average, generator) if self._foreign else []
        self.generator_optimiser = _optimiser(generator, settings.learning_rate, settings)
        self.critic_optimiser = _optimiser(critic, settings.critic_learning_rate, settings)
        self.update = 0
        self.rate_scale = 1.0
        self.slices = 1

    @property
    def device(self) -> torch.device:
        """Where the state lives."""
        return self.rng.device

    def set_rates(self, settings: TrainingSettings, share: float) -> None:
        """Set both optimisers' rates for a share of the run in [0, 1]."""
        factor = self.rate_scale * (0.5 + 0.5 * math.cos(math.pi * share) if settings.decay == "cosine" else 1.0)
        _set_rate(self.generator_optimiser, settings.learning_rate * factor)
        _set_rate(self.critic_optimiser, settings.critic_learning_rate * factor)

    def grow(self, share: float) -> None:
        """Have networks that grow use the levels of a share of the run in [0, 1]; the average has all of them."""
        for network in (self.generator, self.critic):
            if isinstance(network, Growing):
                network.grow(share)

    def update_average(self, decay: float) -> None:
        """Move the average towards the generator; early on it forgets faster, so that it has no start to forget."""
        weight = 1 - min(decay, (1 + self.update) / (10 + self.update))
        with torch.no_grad():
            averages, current = list(self.average.parameters()), list(self.generator.parameters())
            torch._foreach_lerp_(averages, current, weight)  # pyright: ignore
            for average, own in self._statistics:
                average.copy_(own)
            self.ranks.average([average for average, _ in self._statistics if average.is_floating_point()])

    def drawing(self) -> AbstractContextManager[object]:
        """Return a block for an update, in which a user's own modules draw what seed and update say (dropout)."""
        if not self._foreign:
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
            optimiser: torch.optim.Optimizer = getattr(self, name)
            groups = optimiser.state_dict()["param_groups"]
            optimiser.load_state_dict(copy.deepcopy({"state": snapshot[name], "param_groups": groups}))
        self.update = snapshot["update"]


def _statistics(average: nn.Module, generator: nn.Module) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return what networks keep beside their weights, of batches that they saw: that of the average, and its source."""
    weights = dict(generator.named_parameters())
    theirs, ours = average.state_dict(), generator.state_dict()
    return [(theirs[name], tensor) for name, tensor in ours.items() if name not in weights]


def _optimiser(module: nn.Module, rate: float, settings: TrainingSettings) -> torch.optim.Optimizer:
    parameters = list(module.parameters())
    if settings.optimiser == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=rate)
    fused = parameters[0].device.type in ("cpu", "cuda")
    return torch.optim.Adam(parameters, lr=rate, betas=settings.betas, fused=fused)


def _set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate
