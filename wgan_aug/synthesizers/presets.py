"""Settings that belong together, by name, and how the length of training follows from the table."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Literal

from wgan_aug.errors import InvalidParameterError, did_you_mean
from wgan_aug.losses.objectives import Loss, find_objective, kind_of, option_names

__all__ = ["PRESETS", "SEQUENCE_PRESETS", "Preset", "find_preset"]


@dataclasses.dataclass(frozen=True)
class Preset:
    """Settings of networks and training.

    Args:
        updates: generator updates for a table of 10 000 rows and at most 150 features.
        scaled: more updates for more rows (with their square root, a quarter to four times as many) and fewer
            for more features, which make each update longer.
        batch_size: rows of each step.
        n_critic: critic steps an update.
        gp_weight: weight of the gradient penalty; None for an objective that has none.
        penalty_share: the share of a batch's rows that the penalty is taken on, where there is one.
        clip_value: the largest size of a weight of the critic, for weight clipping.
        bursts: let the critic do 100 steps in some updates, for weight clipping.
        share_rows: let the generator's step use the rows of the critic's last step.
        optimiser: of both networks.
        learning_rate: of the generator's optimiser.
        critic_rate_factor: the critic's rate, as a multiple of the generator's.
        betas: Adam's decay rates.
        decay: how the rate falls.
        ema_decay: of the average that samples.
        noise_dim: width of the noise.
        generator_layers: widths of the generator's hidden layers.
        critic_layers: widths of the critic's hidden layers.
        channels: of sequences' convolutions, at the finest resolution.
        generator_norm: layer-normalise the generator.
        generator_skip: concatenate inputs to outputs in the generator.
        numeric_encoding: what "auto" means.
        balance: how much more often rare states are shown in training, from 0 (as they come) to 1 (all alike).
        relations: find rules between columns, and keep them exactly.
        refine: keep those generated rows, or sequences, that the training ones make likely.
        reveal: the share of a batch's rows of which the networks are told some columns.
    """

    updates: int = 2800
    scaled: bool = True
    batch_size: int = 250
    n_critic: int = 1
    gp_weight: float | None = 1.0
    penalty_share: float = 0.5
    clip_value: float = 0.01
    bursts: bool = False
    share_rows: bool = True
    optimiser: Literal["adam", "rmsprop"] = "adam"
    learning_rate: float = 4e-3
    critic_rate_factor: float = 1.0
    betas: tuple[float, float] = (0.0, 0.99)
    decay: Literal["cosine", "none"] = "cosine"
    ema_decay: float = 0.999
    noise_dim: int = 128
    generator_layers: tuple[int, ...] = (256, 256)
    critic_layers: tuple[int, ...] = (256, 256)
    channels: int = 32
    generator_norm: bool = True
    generator_skip: bool = True
    numeric_encoding: str = "auto"
    balance: float = 0.0
    relations: bool = True
    refine: bool = True
    reveal: float = 0.25

    def with_given(self, given: Mapping[str, Any]) -> Preset:
        """Return the preset with the options that were given, those that are not None, in place of its own."""
        return dataclasses.replace(self, **{name: value for name, value in given.items() if value is not None})

    def objective(self, loss: Loss) -> Any:
        """Return the objective that `loss=` asks for, with what the preset has of its options."""
        made = find_objective(loss)
        options = {name: getattr(self, name) for name in self._options_of(made)}
        return dataclasses.replace(made, **options) if options else made

    def under(self, name: str, loss: Loss) -> Preset:
        """Return what the preset of a name is under an objective; one that was made keeps its own options."""
        made = find_objective(loss)
        own = {option: getattr(made, option) for option in self._options_of(made)}
        kind = kind_of(made) or "gan"  # a user's own objective is trained with the same care
        if name == "paper":
            changes = vars(made.recipe) | own if kind_of(made) else {}
        else:
            changes = _UNDER.get(name, _UNDER["balanced"]).get(kind, {}) | ({} if isinstance(loss, str) else own)
        weight = self.gp_weight if "gp_weight" in own else None
        return dataclasses.replace(self, **({"gp_weight": weight} | changes))

    def _options_of(self, objective: object) -> list[str]:
        """Return the options of an objective that the preset has a value for."""
        return [name for name in option_names(objective) if hasattr(self, name)]

    def count_updates(self, rows: int, features: int, epochs: float | None) -> int:
        """Return the generator updates for a table.

        Args:
            rows: rows of the table.
            features: width of an encoded row.
            epochs: passes of the critic over the rows; None lets rows and features decide.
        """
        if epochs is not None:
            return max(1, math.ceil(epochs * rows / (self.n_critic * min(self.batch_size, rows))))
        if not self.scaled:
            return self.updates
        longer = min(4.0, max(0.25, math.sqrt(rows / 10_000)))
        shorter = min(1.0, math.sqrt(150 / features))
        return round(self.updates * longer * shorter)


_BALANCED = Preset()
PRESETS: dict[str, Preset] = {
    "fast": dataclasses.replace(_BALANCED, updates=400),
    "balanced": _BALANCED,
    "best": dataclasses.replace(_BALANCED, updates=28_000),
    "paper": Preset(
        updates=10_000,
        scaled=False,
        batch_size=64,
        n_critic=5,
        gp_weight=10.0,
        penalty_share=1.0,
        share_rows=False,
        learning_rate=1e-4,
        betas=(0.0, 0.9),
        decay="none",
        generator_layers=(512, 512, 512),
        critic_layers=(512, 512, 512),
        generator_norm=False,
        generator_skip=False,
        refine=False,
        reveal=0.0,
    ),
    "toy": Preset(
        updates=8000,
        scaled=False,
        batch_size=256,
        gp_weight=0.1,
        learning_rate=2e-3,
        noise_dim=2,
        generator_layers=(128, 128, 128),
        critic_layers=(128, 128, 128),
        generator_norm=False,
        generator_skip=False,
        numeric_encoding="affine",
        relations=False,
        refine=False,
        reveal=0.0,
    ),
}
"""`fast`, `balanced` and `best` are ours. `paper` has the settings of Gulrajani et al. 2017 for images, and under
another objective those of its own paper, see its `recipe`.

`toy` is for points of the plane, and starts from that paper's settings for them: three plain layers, a generator with
ReLU, noise of 2 numbers, batches of 256, a weight of 0.1, coordinates as they are. It departs from them so that a fit
takes less than two minutes of one core, in which they get nowhere near: layers of 128 for 512; one critic step for 5; a
rate of 2e-3 that falls to 0 for one of 1e-4 that stays; Adam's betas 0 and 0.99 for 0.5 and 0.9, with which that rate
does not converge; the penalty on half of a batch; the critic's last rows for the generator's step, too; samples from a
running average; and a critic with LeakyReLU that is layer-normalised, unless `critic_norm="none"` is asked for."""

_DCGAN: dict[str, Any] = {"learning_rate": 2e-4, "betas": (0.5, 0.999)}

_UNDER: dict[str, dict[str, dict[str, Any]]] = {
    "balanced": {
        "wgan": {"optimiser": "rmsprop", "learning_rate": 5e-4, "clip_value": 0.1, "n_critic": 3},
        "wgan-div": {"gp_weight": 2.0},
        "gan": {"learning_rate": 2e-3},
        "lsgan": {"learning_rate": 2e-3},
        "hinge": {"learning_rate": 2e-3},
        "r3gan": {"gp_weight": 0.1},
    },
    "toy": {
        "wgan": {"optimiser": "rmsprop", "learning_rate": 5e-4, "clip_value": 0.1, "n_critic": 5, "updates": 4000},
        "wgan-div": {"gp_weight": 2.0},
        "gan": _DCGAN,
        "lsgan": _DCGAN,
        "hinge": {"learning_rate": 1e-4, "critic_rate_factor": 4.0, "betas": (0.0, 0.9)},
        "r3gan": {"gp_weight": 0.01},
    },
}
"""What else changes under an objective; that of `balanced` goes for `fast` and `best` too. Under `toy`, `gan`, `lsgan`
and `hinge` have their papers' optimisers, and `r3gan` a weight that fits modes this narrow."""


_SEQUENCES = dataclasses.replace(
    _BALANCED,
    updates=5000,
    batch_size=128,
    learning_rate=2e-3,
    channels=16,
    numeric_encoding="affine",
)
SEQUENCE_PRESETS: dict[str, Preset] = {
    "fast": dataclasses.replace(_SEQUENCES, updates=700),
    "balanced": _SEQUENCES,
    "best": dataclasses.replace(_SEQUENCES, updates=25_000),
    "paper": dataclasses.replace(PRESETS["paper"], channels=32, numeric_encoding="affine"),
}
"""The presets of sequences: an update takes longer than for tables, and numbers are scaled before they are whitened."""


def find_preset(name: str, presets: Mapping[str, Preset] = PRESETS, loss: Loss = "wgan-gp") -> Preset:
    """Return a preset by its name.

    Args:
        name: its name.
        presets: those that there are.
        loss: the objective that it is for.

    Raises:
        InvalidParameterError: for an unknown name, with the known ones; for what is no objective.

    Examples:
        >>> find_preset("paper").n_critic, find_preset("paper", loss="wgan").optimiser
        (5, 'rmsprop')
    """
    if name not in presets:
        raise InvalidParameterError(
            f"preset is {name!r}; allowed are {', '.join(map(repr, presets))}.{did_you_mean(name, presets)}"
        )
    return presets[name].under(name, loss)
