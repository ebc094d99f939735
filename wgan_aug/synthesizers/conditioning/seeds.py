"""The random numbers of a sample's parts: one seed for all, and others for parts and turns."""

from __future__ import annotations

import numpy as np
import torch

from wgan_aug.training.devices import new_generator

__all__ = ["randomness", "seed_of"]


def seed_of(seed: int, part: int, turn: int) -> int:
    """Return the seed with which a part's rows are drawn in a turn."""
    return seed if turn == 0 else int(np.random.SeedSequence([seed, part, turn]).generate_state(1)[0])


def randomness(network: torch.nn.Module, seed: int, part: int) -> tuple[torch.Generator, np.random.Generator]:
    """Return what draws a part's noise, where a network is, and what takes its chances."""
    noise, chances = np.random.SeedSequence([seed, part]).generate_state(2, np.uint64)
    device = next(network.parameters()).device
    return new_generator(int(noise >> np.uint64(1)), device), np.random.default_rng(int(chances))
