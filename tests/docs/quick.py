"""Blocks of the documentation as they stand there, on small data and with short trainings.

Run as a program it is the command `wgan-aug` under the same conditions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import wgan_aug
from wgan_aug import datasets
from wgan_aug.synthesizers.presets import PRESETS, SEQUENCE_PRESETS

ROWS = 240
HOURS = 24 * 10
UPDATES = 8


def few_rows(load: Callable[[], Any], rows: int) -> Callable[[], Any]:
    """Return what loads the first rows of a table."""
    return lambda: load().head(rows)


def with_options(function: Callable[..., Any], fixed: dict[str, Any]) -> Callable[..., Any]:
    """Return a function of which some options are fixed, whatever is asked for."""
    return lambda *arguments, **options: function(*arguments, **options | fixed)


def shorten(set_attribute: Callable[[Any, str, Any], object], set_item: Callable[[Any, str, Any], object]) -> None:
    """Make trainings short, searches and cross-validations shorter, and the bundled data small.

    Args:
        set_attribute: as `setattr`.
        set_item: as `dict.__setitem__`.
    """
    for presets in (PRESETS, SEQUENCE_PRESETS):
        for name in ("fast", "balanced", "best"):
            set_item(presets, name, dataclasses.replace(presets[name], updates=UPDATES, scaled=False, refine=False))
    set_attribute(datasets, "load_adult", few_rows(datasets.load_adult, ROWS))
    set_attribute(datasets, "load_energy", few_rows(datasets.load_energy, HOURS))
    for name, fixed in (("augment", {"budget": 0.1}), ("tune", {"trials": 2})):
        set_attribute(wgan_aug, name, with_options(getattr(wgan_aug, name), fixed))


if __name__ == "__main__":
    from wgan_aug_cli.main import main

    shorten(setattr, dict.__setitem__)
    main()
