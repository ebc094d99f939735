"""What a table synthesizer is made of: networks for a layout, rows on a device, a drawn part."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from wgan_aug.encoding.table import EncodedTable, TableEncoder
from wgan_aug.networks.mlp import MLPCritic, MLPGenerator
from wgan_aug.schema.layout import TableLayout
from wgan_aug.synthesizers.presets import Preset
from wgan_aug.training.data import DeviceTable, ranks
from wgan_aug.training.devices import new_generator, seeded

__all__ = ["BATCH_ROWS", "build_networks", "draw_part", "to_device"]

BATCH_ROWS = 1_024  # rows in one pass of a network outside training: what fits the caches


def build_networks(layout: TableLayout, preset: Preset, critic_norm: str, seed: int) -> tuple[MLPGenerator, MLPCritic]:
    """Return the generator and the critic of a table, with weights from a seed."""
    with seeded(seed):
        generator = MLPGenerator(
            layout,
            noise_dim=preset.noise_dim,
            hidden=preset.generator_layers,
            norm=preset.generator_norm,
            skip=preset.generator_skip,
        )
        return generator, MLPCritic(layout.n_features, hidden=preset.critic_layers, norm=critic_norm)


def to_device(encoder: TableEncoder, frame: pd.DataFrame, device: torch.device) -> DeviceTable:
    """Encode rows and put them on a device."""
    codes = encoder.transform(frame)
    return DeviceTable(codes.states, codes.low, codes.high, encoder.layout, device)


@torch.inference_mode()
def draw_part(
    generator: MLPGenerator, encoder: TableEncoder, seed: int, part: int, first_row: int, rows: int
) -> pd.DataFrame:
    """Draw one part of a sample; a part's rows depend on the seed and its number alone.

    Args:
        generator: the network that samples.
        encoder: decodes what it gives.
        seed: of the whole sample.
        part: the part's number.
        first_row: the number of its first row.
        rows: how many.
    """
    words = np.random.SeedSequence([seed, part]).generate_state(2, np.uint64)
    device = next(generator.parameters()).device
    rng = new_generator(int(words[0] >> np.uint64(1)), device)
    states: list[np.ndarray] = []
    codes: list[np.ndarray] = []
    for start in range(0, max(rows, 1), BATCH_ROWS):
        noise = torch.randn(min(BATCH_ROWS, rows - start), generator.noise_dim, generator=rng, device=device)
        state, scalars = generator.head.choose(generator.raw(noise), rng)
        states.append(state.cpu().numpy())
        codes.append(ranks(scalars, encoder.layout).cpu().numpy().astype(np.float64))
    code = np.concatenate(codes)
    encoded = EncodedTable(np.concatenate(states), code, code)
    return encoder.inverse_transform(encoded, np.random.default_rng(int(words[1])), first_row)
