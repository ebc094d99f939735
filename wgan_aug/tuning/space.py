"""Which options are searched, and between which values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wgan_aug.synthesizers.presets import Preset

if TYPE_CHECKING:
    from optuna import Trial

__all__ = ["Space", "find_space"]

_FACTORS = {"learning_rate": (0.25, 2.0), "gp_weight": (0.1, 10.0)}
"""The least and the largest value, as shares of the preset's."""


@dataclasses.dataclass(frozen=True)
class Space:
    """Options, their values, and those of the defaults.

    Args:
        ranges: the ends of numbers that are searched on a logarithmic scale.
        choices: the values of the others.
        defaults: what each option is where none is given.
    """

    ranges: Mapping[str, tuple[float, float]]
    choices: Mapping[str, tuple[Any, ...]]
    defaults: Mapping[str, Any]

    def suggest(self, trial: Trial) -> dict[str, Any]:
        """Return a trial's options: those that differ from the defaults."""
        values: dict[str, Any] = {
            name: trial.suggest_float(name, low, high, log=True) for name, (low, high) in self.ranges.items()
        }
        values |= {name: trial.suggest_categorical(name, some) for name, some in self.choices.items()}
        return self.differing(values)

    def differing(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options that differ from the defaults, numbers with four digits."""
        return {
            name: float(f"{value:.4g}") if name in self.ranges else value
            for name, value in values.items()
            if value != self.defaults[name]
        }


def find_space(preset: Preset, given: Mapping[str, Any], *, numbers: bool, classes: bool) -> Space:
    """Return what to search: how fast and how hard the critic is trained, how rows are shown, how numbers are seen.

    What costs likeness for usefulness (refining) or time (updates) is left out: the objective sees usefulness alone,
    and a preset says how long to train.

    Args:
        preset: whose values are the defaults.
        given: the synthesizer's options; those that are not None are kept as they are.
        numbers: whether the table has numeric columns.
        classes: whether the target is a class.
    """
    ranges = {
        name: (low * getattr(preset, name), high * getattr(preset, name))
        for name, (low, high) in _FACTORS.items()
        if getattr(preset, name) is not None
    }
    size, steps = preset.batch_size, preset.n_critic
    choices: dict[str, tuple[Any, ...]] = {
        "batch_size": (size // 2, size, 2 * size),
        "n_critic": (steps, steps + 1, steps + 2),
        "critic_norm": ("layer", "none"),
    }
    if classes:
        choices["balance"] = (0.0, 0.25, 0.5)
    if numbers:
        choices["numeric_encoding"] = ("auto", "affine")
    defaults = {name: getattr(preset, name, None) for name in (*ranges, *choices)}
    defaults |= {"critic_norm": "layer", "numeric_encoding": "auto"}
    free = [name for name in (*ranges, *choices) if given[name] is None or given[name] == defaults[name]]
    return Space(
        {name: ends for name, ends in ranges.items() if name in free},
        {name: values for name, values in choices.items() if name in free},
        {name: defaults[name] for name in free},
    )
