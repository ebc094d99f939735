"""What a table synthesizer is made of: networks for a layout, rows on a device, a drawn part."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch

from wgan_aug.encoding.dependents import DeterminedEncoder, MemberEncoder
from wgan_aug.encoding.streaming.mapped import MappedCodes
from wgan_aug.encoding.table import EncodedTable, TableEncoder
from wgan_aug.errors import InvalidParameterError
from wgan_aug.losses.objectives import penalises_rows, show_loss
from wgan_aug.networks.architectures import Sizes, find_architecture, is_own
from wgan_aug.networks.checking import check_architecture
from wgan_aug.networks.draws import seeded
from wgan_aug.networks.tables import TableCritic, TableGenerator
from wgan_aug.schema.layout import TableLayout
from wgan_aug.synthesizers.balance import Balance
from wgan_aug.synthesizers.conditioning.units import block_of, find_units, unit_positions
from wgan_aug.synthesizers.filters.filters import Filters
from wgan_aug.synthesizers.presets import Preset
from wgan_aug.synthesizers.refinement.refiner import Refiner, fit_refiner
from wgan_aug.synthesizers.seeds import noise_generator, part_seeds
from wgan_aug.training.data import DeviceTable, RevealingTable, ranks
from wgan_aug.training.devices import find_precision, multiplying, rows_at_once
from wgan_aug.training.mapped import MappedTable
from wgan_aug.training.ranks import Ranks

__all__ = [
    "build_networks",
    "check_networks",
    "class_block",
    "draw_codes",
    "draw_part",
    "drawing_precision",
    "learn_balance",
    "learn_refiner",
    "reveal",
    "sizes_of",
    "take_weights",
    "to_device",
    "true_draws",
    "try_architecture",
]

_REFINING, _REVEALING = 2**32, 2**32 + 1  # no part of a sample has these numbers


def sizes_of(preset: Preset) -> Sizes:
    """Return how large a preset's networks are."""
    return Sizes(**{field.name: getattr(preset, field.name) for field in dataclasses.fields(Sizes)})


def build_networks(
    encoder: TableEncoder, preset: Preset, options: Mapping[str, Any], seed: int
) -> tuple[TableGenerator, TableCritic]:
    """Return the generator and the critic of a table, with weights from a seed.

    Args:
        encoder: of the table.
        preset: their sizes.
        options: the synthesizer's, by name; `architecture` and `critic_norm` count here.
        seed: of the weights.
    """
    networks = find_architecture(options["architecture"])
    units = find_units(encoder) if preset.reveal else None
    with seeded(seed):
        return networks.for_table(encoder.layout, sizes_of(preset), options["critic_norm"], units)


def check_networks(encoder: TableEncoder, preset: Preset, options: Mapping[str, Any], device: torch.device) -> None:
    """Try the networks of a user's own on a few rows, before training.

    Raises:
        InvalidParameterError: for what is wrong with them.
    """
    features = encoder.layout.n_features
    units = len(unit_positions(encoder)) if preset.reveal else 0
    told = features + units if units else 0
    try_architecture(preset, options, preset.noise_dim + told, (features,), (features + units,), device)


def try_architecture(
    preset: Preset,
    options: Mapping[str, Any],
    inputs: int,
    made: tuple[int, ...],
    judged: tuple[int, ...],
    device: torch.device,
) -> None:
    """Try an architecture, where it is of a user's own, with the objective to train with; see `check_architecture`."""
    loss, architecture = options["loss"], options["architecture"]
    if is_own(architecture):
        check_architecture(
            architecture,
            inputs,
            made,
            judged,
            preset.objective(loss),
            loss=show_loss(loss),
            by_rows=penalises_rows(loss),
            device=device,
        )


def take_weights(module: torch.nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """Give a network weights by name.

    Raises:
        InvalidParameterError: if they are not those of such a network; with the first that differs in name or shape.
    """
    own = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    given = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    for name in [*own, *given]:
        if own.get(name) != given.get(name):
            here, there = (f"shape {shapes[name]}" if name in shapes else "no such weight" for shapes in (own, given))
            raise InvalidParameterError(
                f"The networks are not those that were fitted: {name!r} has {here} here, and {there} in the model; "
                "give the architecture, and the options, that it was fitted with."
            )
    module.load_state_dict(weights)


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


def drawing_precision(generator: TableGenerator, name: str) -> str:
    """Return the precision that rows are drawn in, see `multiplying`.

    It is float32 for networks whose numbers would lose digits: eight bits are too few for a number.
    """
    if not generator.keeps_digits:
        return "float32"
    return find_precision(name, next(generator.parameters()).device, quiet=True)


@torch.inference_mode()
def draw_codes(
    generator: TableGenerator, layout: TableLayout, rows: int, rng: torch.Generator, precision: str = "float32"
) -> EncodedTable:
    """Return the codes of new rows, each number's interval a point; `precision` as for `multiplying`."""
    states: list[np.ndarray] = []
    codes: list[np.ndarray] = []
    batch = rows_at_once(rng.device)
    for start in range(0, max(rows, 1), batch):
        noise = torch.randn(min(batch, rows - start), generator.noise_dim, generator=rng, device=rng.device)
        with multiplying(precision, rng.device):
            raw = generator.raw(noise)
        state, scalars = generator.head.choose(raw, rng)
        states.append(state.cpu().numpy())
        codes.append(ranks(scalars, layout).cpu().numpy().astype(np.float64))
    code = np.concatenate(codes)
    return EncodedTable(np.concatenate(states), code, code)


def true_draws(
    generator: TableGenerator,
    layout: TableLayout,
    balance: Balance | None,
    rng: torch.Generator,
    keeping: np.random.Generator,
    precision: str,
) -> Callable[[int], EncodedTable]:
    """Return what draws the codes of as many rows as it is asked for, at their true shares."""
    draw = partial(draw_codes, generator, layout, rng=rng, precision=precision)
    return draw if balance is None else partial(balance.thin, draw, rng=keeping)


def draw_part(
    generator: TableGenerator,
    encoder: TableEncoder,
    balance: Balance | None,
    refiner: Refiner | None,
    seed: int,
    part: int,
    first_row: int,
    rows: int,
    precision: str = "float32",
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
        precision: what the generator multiplies in, see `drawing_precision`.
    """
    noise, members, chances = part_seeds(seed, part, 3)
    rng, keeping = noise_generator(noise, generator), np.random.default_rng(chances)
    draw = true_draws(generator, encoder.layout, balance, rng, keeping, precision)
    encoded = draw(rows) if refiner is None else refiner.draw(draw, rows, keeping)
    return encoder.inverse_transform(encoded, np.random.default_rng(members), first_row)


def learn_refiner(
    generator: TableGenerator,
    encoder: TableEncoder,
    balance: Balance | None,
    real: EncodedTable,
    target: Hashable | None,
    seed: int,
    filters: Filters,
    precision: str,
) -> Refiner | None:
    """Learn which of a trained generator's rows to keep that pass filters; `real` are codes of training rows."""
    noise, keeping, trees, cells = part_seeds(seed, _REFINING, 4)
    rng = noise_generator(noise, generator)
    draw = true_draws(generator, encoder.layout, balance, rng, np.random.default_rng(keeping), precision)
    if filters.constraints:
        draw = partial(filters.draw_passing, draw, rng=np.random.default_rng(cells))
    block = class_block(encoder, target)
    return fit_refiner(real, draw, encoder.layout, target_block=block, seed=trees % 2**31)


def learn_balance(encoder: TableEncoder, target: Hashable | None, power: float) -> Balance | None:
    """Return the weights of training rows: by the target's classes where it has some, else by all blocks of states."""
    block = class_block(encoder, target)
    blocks = range(encoder.layout.n_blocks) if block is None else [block]
    return Balance.of(encoder.layout, blocks, power) if power and len(blocks) else None
