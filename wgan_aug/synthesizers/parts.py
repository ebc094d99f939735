"""What a table synthesizer is made of: networks for a layout, rows on a device, a drawn part."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial

import numpy as np
import pandas as pd
import torch

from wgan_aug.encoding.dependents import DeterminedEncoder, MemberEncoder
from wgan_aug.encoding.streaming.mapped import MappedCodes
from wgan_aug.encoding.table import EncodedTable, TableEncoder
from wgan_aug.networks.mlp import MLPCritic, MLPGenerator
from wgan_aug.schema.layout import TableLayout
from wgan_aug.synthesizers.balance import Balance
from wgan_aug.synthesizers.conditioning.units import block_of, find_units
from wgan_aug.synthesizers.filters.filters import Filters
from wgan_aug.synthesizers.presets import Preset
from wgan_aug.synthesizers.refinement.refiner import Refiner, fit_refiner
from wgan_aug.synthesizers.seeds import noise_generator, part_seeds
from wgan_aug.training.data import DeviceTable, RevealingTable, ranks
from wgan_aug.training.devices import seeded
from wgan_aug.training.mapped import MappedTable
from wgan_aug.training.ranks import Ranks

__all__ = [
    "BATCH_ROWS",
    "build_networks",
    "class_block",
    "draw_codes",
    "draw_part",
    "learn_balance",
    "learn_refiner",
    "reveal",
    "to_device",
    "true_draws",
]

BATCH_ROWS = 1_024  # rows in one pass of a network outside training: what fits the caches
_REFINING, _REVEALING = 2**32, 2**32 + 1  # no part of a sample has these numbers


def build_networks(
    encoder: TableEncoder, preset: Preset, critic_norm: str, seed: int
) -> tuple[MLPGenerator, MLPCritic]:
    """Return the generator and the critic of a table, with weights from a seed."""
    units = find_units(encoder) if preset.reveal else None
    features = encoder.layout.n_features
    with seeded(seed):
        generator = MLPGenerator(
            encoder.layout,
            noise_dim=preset.noise_dim,
            hidden=preset.generator_layers,
            norm=preset.generator_norm,
            skip=preset.generator_skip,
            units=units,
        )
        told = 0 if units is None else int(units.max()) + 1
        return generator, MLPCritic(features, hidden=preset.critic_layers, norm=critic_norm, units=told)


def to_device(codes: EncodedTable | MappedCodes, layout: TableLayout, device: torch.device) -> DeviceTable:
    """Put encoded rows on a device, all of them or, where they are in a file, batch by batch."""
    if isinstance(codes, MappedCodes):
        return MappedTable(codes, device)
    return DeviceTable(codes.states, codes.low, codes.high, layout, device)


def reveal(table: DeviceTable, encoder: TableEncoder, share: float, seed: int, ranks: Ranks) -> DeviceTable:
    """Return a table of which a share of the rows is told in part; the table itself where the share is 0."""
    if not share:
        return table
    rng = noise_generator(part_seeds(seed, _REVEALING, 1)[0], table.device)
    return RevealingTable(table, find_units(encoder), share, ranks.shared(rng))


def class_block(encoder: TableEncoder, name: Hashable | None) -> int | None:
    """Return the block that tells a column's value, its own or that of one it follows from; None where none does."""
    if name is None:
        return None
    position = encoder.schema.names.index(name)
    own = encoder.encoders[position]
    while isinstance(own, DeterminedEncoder) or (isinstance(own, MemberEncoder) and not own.states):
        position = own.parent if isinstance(own, DeterminedEncoder) else own.members[0]
        own = encoder.encoders[position]
    return None if own.silent is not None else block_of(encoder, position)


@torch.inference_mode()
def draw_codes(generator: MLPGenerator, layout: TableLayout, rows: int, rng: torch.Generator) -> EncodedTable:
    """Return the codes of new rows; each number's interval is a point."""
    states: list[np.ndarray] = []
    codes: list[np.ndarray] = []
    for start in range(0, max(rows, 1), BATCH_ROWS):
        noise = torch.randn(min(BATCH_ROWS, rows - start), generator.noise_dim, generator=rng, device=rng.device)
        state, scalars = generator.head.choose(generator.raw(noise), rng)
        states.append(state.cpu().numpy())
        codes.append(ranks(scalars, layout).cpu().numpy().astype(np.float64))
    code = np.concatenate(codes)
    return EncodedTable(np.concatenate(states), code, code)


def true_draws(
    generator: MLPGenerator,
    layout: TableLayout,
    balance: Balance | None,
    rng: torch.Generator,
    keeping: np.random.Generator,
) -> Callable[[int], EncodedTable]:
    """Return what draws the codes of as many rows as it is asked for, at their true shares."""
    draw = partial(draw_codes, generator, layout, rng=rng)
    return draw if balance is None else partial(balance.thin, draw, rng=keeping)


def draw_part(
    generator: MLPGenerator,
    encoder: TableEncoder,
    balance: Balance | None,
    refiner: Refiner | None,
    seed: int,
    part: int,
    first_row: int,
    rows: int,
) -> pd.DataFrame:
    """Draw one part of a sample; a part's rows depend on the seed and its number alone.

    Args:
        generator: the network that samples.
        encoder: decodes what it gives.
        balance: gives rare states their true share back; None where training did not touch it.
        refiner: chooses among what it gives; None takes all.
        seed: of the whole sample.
        part: the part's number.
        first_row: the number of its first row.
        rows: how many.
    """
    noise, members, chances = part_seeds(seed, part, 3)
    rng, keeping = noise_generator(noise, generator), np.random.default_rng(chances)
    draw = true_draws(generator, encoder.layout, balance, rng, keeping)
    encoded = draw(rows) if refiner is None else refiner.draw(draw, rows, keeping)
    return encoder.inverse_transform(encoded, np.random.default_rng(members), first_row)


def learn_refiner(
    generator: MLPGenerator,
    encoder: TableEncoder,
    balance: Balance | None,
    real: EncodedTable,
    target: Hashable | None,
    seed: int,
    filters: Filters,
) -> Refiner | None:
    """Learn which of a trained generator's rows to keep that pass filters; `real` are codes of training rows."""
    noise, keeping, trees, cells = part_seeds(seed, _REFINING, 4)
    rng = noise_generator(noise, generator)
    draw = true_draws(generator, encoder.layout, balance, rng, np.random.default_rng(keeping))
    if filters.constraints:
        draw = partial(filters.draw_passing, draw, rng=np.random.default_rng(cells))
    block = class_block(encoder, target)
    return fit_refiner(real, draw, encoder.layout, target_block=block, seed=trees % 2**31)


def learn_balance(encoder: TableEncoder, target: Hashable | None, power: float) -> Balance | None:
    """Return the weights of training rows: by the target's classes where it has some, else by all blocks of states."""
    block = class_block(encoder, target)
    blocks = range(encoder.layout.n_blocks) if block is None else [block]
    return Balance.of(encoder.layout, blocks, power) if power and len(blocks) else None
