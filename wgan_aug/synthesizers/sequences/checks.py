"""What a synthesizer of sequences asks of the options that it alone has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wgan_aug.encoding.sequences.encoder import SequenceEncoder
from wgan_aug.errors import InvalidParameterError, join_problems
from wgan_aug.networks.views import VIEWS
from wgan_aug.synthesizers.checks import not_a_number, not_a_switch, not_among

__all__ = ["check_steps", "wrong_options"]

_PROGRESSIVE_STEPS = 256  # what shorter sequences would grow from is hardly coarser than they are


def wrong_options(options: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with options, before there are data."""
    problems: list[str] = []
    for name in ("attention", "progressive", "window_scale", "refine"):
        problems += not_a_switch(name, options[name])
    sides = options["side_critics"]
    if isinstance(sides, (tuple, list, set, frozenset)):
        for name in sides:
            problems += not_among("side_critics", name, tuple(VIEWS))
    else:
        problems.append(f"side_critics is {sides!r}; it must be a tuple, of {' and '.join(map(repr, VIEWS))} or one.")
    return problems + not_a_number("window", options["window"], above=2, whole=True, equal=True)


def check_steps(encoder: SequenceEncoder, options: Mapping[str, Any]) -> None:
    """Refuse options that do not go with what the steps are.

    Args:
        encoder: fitted to the steps.
        options: the synthesizer's, by name.

    Raises:
        InvalidParameterError: for sequences that are too short to grow, and for views of numbers that are not there.
    """
    problems: list[str] = []
    if options["progressive"] and encoder.max_steps < _PROGRESSIVE_STEPS:
        problems.append(
            f"progressive=True is for sequences of {_PROGRESSIVE_STEPS} steps and more, and the longest one has "
            f"{encoder.max_steps}; leave it False, or take a longer window=."
        )
    if not encoder.layout.n_scalars:
        given = [name for name in ("side_critics", "window_scale") if options[name]]
        problems += [f"{name} is for numbers, and the steps have none: leave it out." for name in given]
    if problems:
        raise InvalidParameterError(join_problems(problems))
