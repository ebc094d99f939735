"""Small networks and tables to train."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from wgan_aug.networks.draws import seeded
from wgan_aug.networks.mlp import MLPCritic, MLPGenerator
from wgan_aug.schema.layout import Scalar, TableLayout
from wgan_aug.training.data import DeviceTable
from wgan_aug.training.devices import new_generator
from wgan_aug.training.state import TrainingSettings, TrainingState

LAYOUT = TableLayout((3, 2), np.array([0.5, 0.3, 0.2, 0.6, 0.4]), (Scalar(1, (1,)), Scalar(normal=False)))
CPU = torch.device("cpu")


@pytest.fixture
def settings() -> TrainingSettings:
    """Ten updates in blocks of four."""
    return TrainingSettings(
        updates=10,
        batch_size=16,
        n_critic=3,
        learning_rate=1e-3,
        critic_learning_rate=2e-3,
        betas=(0.5, 0.9),
        check_every=4,
    )


@pytest.fixture
def table() -> DeviceTable:
    """Sixty rows of two blocks and two scalars."""
    rng = np.random.default_rng(0)
    states = np.column_stack([rng.choice(3, 60, p=[0.5, 0.3, 0.2]), rng.choice(2, 60, p=[0.6, 0.4])])
    low = np.column_stack([rng.uniform(0, 0.9, 60), rng.normal(size=60)])
    return DeviceTable(states, low, low + np.array([0.1, 0.0]), LAYOUT, CPU)


@pytest.fixture
def new_state() -> Callable[..., TrainingState]:
    """A function from settings (and a seed, a critic norm) to an untrained state."""

    def build(settings: TrainingSettings, seed: int = 0, norm: str = "layer", **sizes: Any) -> TrainingState:
        with seeded(seed):
            generator = MLPGenerator(LAYOUT, noise_dim=4, hidden=(8, 8), **sizes)
            critic = MLPCritic(LAYOUT.n_features, hidden=(8, 8), norm=norm)
        return TrainingState(generator, critic, settings, new_generator(seed, CPU))

    return build
