"""Networks by name, and what `architecture=` may be."""

from __future__ import annotations

import dataclasses
import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sized
from functools import partial
from typing import Any, ClassVar

import numpy as np

from wgan_aug.errors import did_you_mean
from wgan_aug.networks.conv1d import ConvGenerator
from wgan_aug.networks.conv1d_critic import ConvCritic
from wgan_aug.networks.conv1d_tables import RowCritic, RowGenerator
from wgan_aug.networks.making import make_module
from wgan_aug.networks.mlp import MLPCritic, MLPGenerator
from wgan_aug.networks.mlp_sequences import FlatCritic, FlatGenerator
from wgan_aug.networks.sequences import (
    PlainSequenceCritic,
    PlainSequenceGenerator,
    SequenceCritic,
    SequenceGenerator,
    SequenceShape,
)
from wgan_aug.networks.tables import PlainTableCritic, PlainTableGenerator, TableCritic, TableGenerator
from wgan_aug.networks.views import VIEWS
from wgan_aug.schema.layout import TableLayout

__all__ = [
    "ARCHITECTURES",
    "MLP",
    "Conv1d",
    "Networks",
    "OwnNetworks",
    "Sizes",
    "find_architecture",
    "is_own",
    "show_architecture",
    "wrong_architecture",
]


@dataclasses.dataclass(frozen=True)
class Sizes:
    """How large networks are.

    Args:
        noise_dim: width of the noise.
        generator_layers: widths of the generator's dense layers.
        critic_layers: widths of the critic's dense layers.
        channels: of convolutions over time, at the finest resolution; those over the features of a row have half.
        generator_norm: layer-normalise the generator of tables.
        generator_skip: concatenate inputs to outputs in the generator of tables.
    """

    noise_dim: int
    generator_layers: tuple[int, ...]
    critic_layers: tuple[int, ...]
    channels: int
    generator_norm: bool
    generator_skip: bool


class Networks(ABC):
    """What builds a generator and a critic, for tables and for sequences."""

    options: ClassVar[tuple[str, ...]] = ()
    """Options of `WGANGPSequenceSynthesizer` that these networks have, and others have not."""
    table_rate: ClassVar[float] = 1.0
    """What our presets' learning rates are multiplied with for tables."""

    @abstractmethod
    def for_table(
        self, layout: TableLayout, sizes: Sizes, norm: str, units: np.ndarray | None
    ) -> tuple[TableGenerator, TableCritic]:
        """Return new networks of a table.

        Args:
            layout: of a row.
            sizes: how large they are.
            norm: normalisation of the critic, a name of `CRITIC_NORMS`.
            units: the unit of each feature; None where nothing is told of rows.
        """

    @abstractmethod
    def for_sequences(
        self, shape: SequenceShape, sizes: Sizes, norm: str, ragged: bool, options: Mapping[str, Any]
    ) -> tuple[SequenceGenerator, SequenceCritic]:
        """Return new networks of sequences.

        Args:
            shape: of sequences and condition.
            sizes: how large they are.
            norm: normalisation of the critic.
            ragged: whether the condition ends with the sequence's length.
            options: of the synthesizer, by name; those in `Networks.options` count.
        """


class MLP(Networks):
    """`mlp`: dense layers of all features, or of all steps at once."""

    def for_table(
        self, layout: TableLayout, sizes: Sizes, norm: str, units: np.ndarray | None
    ) -> tuple[TableGenerator, TableCritic]:
        """Return new networks of a table."""
        generator = MLPGenerator(
            layout,
            noise_dim=sizes.noise_dim,
            hidden=sizes.generator_layers,
            norm=sizes.generator_norm,
            skip=sizes.generator_skip,
            units=units,
        )
        return generator, MLPCritic(layout.n_features, hidden=sizes.critic_layers, norm=norm, units=_count(units))

    def for_sequences(
        self, shape: SequenceShape, sizes: Sizes, norm: str, ragged: bool, options: Mapping[str, Any]
    ) -> tuple[SequenceGenerator, SequenceCritic]:
        """Return new networks of sequences."""
        build = partial(FlatGenerator, hidden=sizes.generator_layers)
        generator = PlainSequenceGenerator(build, shape, noise_dim=sizes.noise_dim, ragged=ragged)
        return generator, FlatCritic(shape, hidden=sizes.critic_layers, norm=norm, ragged=ragged)


class Conv1d(Networks):
    """`conv1d`: convolutions over time, or over the features of a row in their encoded order."""

    options: ClassVar[tuple[str, ...]] = ("attention", "progressive", "side_critics")
    table_rate: ClassVar[float] = 0.125  # on three tables, a quarter was worse and a sixteenth no better

    def for_table(
        self, layout: TableLayout, sizes: Sizes, norm: str, units: np.ndarray | None
    ) -> tuple[TableGenerator, TableCritic]:
        """Return new networks of a table."""
        width = max(1, sizes.channels // 2)
        make = partial(RowGenerator, hidden=sizes.generator_layers, width=width)
        generator = PlainTableGenerator(make, layout, noise_dim=sizes.noise_dim, units=units)
        judge = partial(RowCritic, hidden=sizes.critic_layers, width=width, norm=norm)
        return generator, PlainTableCritic(judge, layout.n_features, units=_count(units))

    def for_sequences(
        self, shape: SequenceShape, sizes: Sizes, norm: str, ragged: bool, options: Mapping[str, Any]
    ) -> tuple[SequenceGenerator, SequenceCritic]:
        """Return new networks of sequences."""
        both = {name: bool(options[name]) for name in ("attention", "progressive")}
        generator = ConvGenerator(
            shape,
            noise_dim=sizes.noise_dim,
            hidden=sizes.generator_layers,
            width=sizes.channels,
            ragged=ragged,
            **both,
        )
        critic = ConvCritic(
            shape,
            hidden=sizes.critic_layers,
            width=sizes.channels,
            norm=norm,
            side_critics=[name for name in VIEWS if name in options["side_critics"]],
            ragged=ragged,
            **both,
        )
        return generator, critic


class OwnNetworks(Networks):
    """The modules of a user's own architecture, with our heads.

    Args:
        architecture: with the two functions of `Architecture`, or of `SequenceArchitecture`.
    """

    def __init__(self, architecture: Any) -> None:
        self._generator = partial(make_module, architecture, "generator")
        self._critic = partial(make_module, architecture, "critic")

    def for_table(
        self, layout: TableLayout, sizes: Sizes, norm: str, units: np.ndarray | None
    ) -> tuple[TableGenerator, TableCritic]:
        """Return new networks of a table."""
        generator = PlainTableGenerator(self._generator, layout, noise_dim=sizes.noise_dim, units=units)
        return generator, PlainTableCritic(self._critic, layout.n_features, units=_count(units))

    def for_sequences(
        self, shape: SequenceShape, sizes: Sizes, norm: str, ragged: bool, options: Mapping[str, Any]
    ) -> tuple[SequenceGenerator, SequenceCritic]:
        """Return new networks of sequences."""
        generator = PlainSequenceGenerator(self._generator, shape, noise_dim=sizes.noise_dim, ragged=ragged)
        return generator, PlainSequenceCritic(self._critic, shape, ragged=ragged)


ARCHITECTURES: dict[str, Networks] = {"mlp": MLP(), "conv1d": Conv1d()}
"""Networks by the name that `architecture=` takes, for tables and for sequences."""


def find_architecture(architecture: Any) -> Networks:
    """Return what builds the networks of a name, or of a user's own architecture; see `wrong_architecture`."""
    return ARCHITECTURES[architecture] if isinstance(architecture, str) else OwnNetworks(architecture)


def is_own(architecture: object) -> bool:
    """Say whether `architecture=` is an object of the user's own."""
    return not isinstance(architecture, str)


def show_architecture(architecture: object) -> str:
    """Return how `architecture=` was given, in short: a name, or a class."""
    return f"{type(architecture).__name__}(...)" if is_own(architecture) else repr(architecture)


def wrong_architecture(architecture: object, options: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with `architecture=`, and with options that the networks do not have.

    Args:
        architecture: as given.
        options: the synthesizer's, by name.

    Examples:
        >>> wrong_architecture("conv1", {"critic_norm": "layer"})
        ["architecture is 'conv1'; allowed are 'mlp', 'conv1d', or an object of your own with the functions generator \
and critic. Did you mean 'conv1d'?"]
    """
    allowed = f"allowed are {', '.join(map(repr, ARCHITECTURES))}, or an object of your own with the functions "
    allowed += "generator and critic."
    if isinstance(architecture, str):
        having = [name for name, networks in ARCHITECTURES.items() if architecture in networks.options]
        if having:
            told = f" {architecture!r} is an option of {_all(having)} for sequences: {architecture}=True."
            return [f"architecture is {architecture!r}; {allowed}{told}"]
        if architecture not in ARCHITECTURES:
            return [f"architecture is {architecture!r}; {allowed}{did_you_mean(architecture, ARCHITECTURES)}"]
    elif inspect.isclass(architecture):
        name = architecture.__name__
        return [f"architecture is the class {name}; give an instance: architecture={name}()."]
    else:
        lacking = [name for name in ("generator", "critic") if not callable(getattr(architecture, name, None))]
        if lacking:
            return [f"architecture is {architecture!r}, which has no {' and no '.join(lacking)}; {allowed}"]
    return _wrong_options(architecture, options)


def _wrong_options(architecture: object, options: Mapping[str, Any]) -> list[str]:
    """Say which options were given that the networks do not have."""
    shown = show_architecture(architecture)
    own = ARCHITECTURES[architecture].options if isinstance(architecture, str) else ()
    problems: list[str] = []
    for name in sorted({name for networks in ARCHITECTURES.values() for name in networks.options} - {*own}):
        value = options.get(name)
        if len(value) if isinstance(value, Sized) else value:
            having = [other for other, networks in ARCHITECTURES.items() if name in networks.options]
            problems.append(
                f"{name} is {value!r}, an option of architecture={_all(having)}, and architecture is {shown}."
            )
    norm = options["critic_norm"]
    if not isinstance(architecture, str) and norm != "layer":
        problems.append(
            f"critic_norm is {norm!r}, an option of architecture={_all(list(ARCHITECTURES))}; {shown} builds a critic "
            "with what normalisation it wants: leave critic_norm out."
        )
    return problems


def _all(names: list[str]) -> str:
    return " and ".join(map(repr, names))


def _count(units: np.ndarray | None) -> int:
    return 0 if units is None else int(units.max()) + 1
