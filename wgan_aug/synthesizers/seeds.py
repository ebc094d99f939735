"""The random numbers of a sample's parts: one seed for all, and others for parts, turns and purposes."""

from __future__ import annotations

import numpy as np
import torch

from wgan_aug.training.devices import new_generator

__all__ = ["noise_generator", "part_seeds", "randomness", "seed_of"]


def seed_of(seed: int, part: int, turn: int) -> int:
    """Return the seed with which a part's rows are drawn in a turn."""
    return seed if turn == 0 else int(np.random.SeedSequence([seed, part, turn]).generate_state(1)[0])


def part_seeds(seed: int, part: int, count: int) -> list[int]:
    """Return so many seeds of a part's own, of 64 bits; the first ones are the same for any count.

    Examples:
        >>> part_seeds(0, 7, 3)[:2] == part_seeds(0, 7, 2)
        True
    """
    return np.random.SeedSequence([seed, part]).generate_state(count, np.uint64).tolist()


def noise_generator(seed: int, where: torch.nn.Module | torch.device) -> torch.Generator:
    """Return what draws noise from a seed of 64 bits, where a network is, or on a device."""
    device = where if isinstance(where, torch.device) else next(where.parameters()).device
    return new_generator(seed >> 1, device)  # torch takes 63 bits


def randomness(network: torch.nn.Module, seed: int, part: int) -> tuple[torch.Generator, np.random.Generator]:
    """Return what draws a part's noise, where a network is, and what takes its chances."""
    noise, chances = part_seeds(seed, part, 2)
    return noise_generator(noise, network), np.random.default_rng(chances)
