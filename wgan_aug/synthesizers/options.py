"""Options by name: a name that does not exist is answered with the nearest one that does."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Concatenate, ParamSpec, TypeVar

from wgan_aug.errors import UnknownOptionError, did_you_mean, join_problems

__all__ = ["check_option_names", "explains_names"]

P = ParamSpec("P")
T = TypeVar("T")


def check_option_names(owner: str, names: Iterable[str], allowed: Iterable[str]) -> None:
    """Refuse names that are not allowed, all of them in one error.

    Args:
        owner: whose options they are.
        names: what was given.
        allowed: what exists.

    Raises:
        UnknownOptionError: with the nearest name, or all names where none is near.

    Examples:
        >>> check_option_names("Model", ["epoch"], ["epochs", "device"])
        Traceback (most recent call last):
        wgan_aug.errors.UnknownOptionError: Model has no option 'epoch'. Did you mean 'epochs'?
    """
    known = list(allowed)
    problems = [
        f"{owner} has no option {name!r}." + (did_you_mean(name, known) or f" Options are: {', '.join(known)}.")
        for name in names
        if name not in known
    ]
    if problems:
        raise UnknownOptionError(join_problems(problems))


def explains_names(init: Callable[Concatenate[T, P], None]) -> Callable[Concatenate[T, P], None]:
    """Make a constructor answer unknown keywords as `check_option_names` does; its signature stays."""
    allowed = list(inspect.signature(init).parameters)[1:]

    @functools.wraps(init)
    def checked(self: T, *args: P.args, **options: P.kwargs) -> None:
        check_option_names(type(self).__name__, options, allowed)
        init(self, *args, **options)

    return checked
