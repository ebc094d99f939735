"""The exception tree, and what is said of options. Each error is a `WganAugError`, and the built-in one one expects."""

from __future__ import annotations

import difflib
import functools
import inspect
import math
import numbers
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

__all__ = [
    "ClusterError",
    "DataTypeError",
    "DataWarning",
    "InvalidDataError",
    "InvalidParameterError",
    "MissingExtraError",
    "ModelFormatError",
    "OutputExistsError",
    "TrackerError",
    "TrainingError",
    "UnknownOptionError",
    "WganAugError",
    "check_option_names",
    "did_you_mean",
    "explains_names",
    "join_problems",
    "not_a_number",
]

P = ParamSpec("P")
T = TypeVar("T")


class WganAugError(Exception):
    """Base of every error that this package raises on purpose."""


class InvalidDataError(WganAugError, ValueError):
    """The data cannot be learned or scored as they are."""


class DataTypeError(WganAugError, TypeError):
    """The container or a cell has a type that is not supported."""


class InvalidParameterError(WganAugError, ValueError):
    """An option has a value, or a name, that is not allowed."""


class UnknownOptionError(InvalidParameterError, TypeError):
    """An option has a name that does not exist."""


class ModelFormatError(WganAugError, ValueError):
    """A folder is not a model, is damaged, or was written by a newer version."""


class OutputExistsError(WganAugError, RuntimeError):
    """An output is in the way and was not to be overwritten."""


class TrainingError(WganAugError, RuntimeError):
    """Training could not go on."""


class ClusterError(WganAugError, RuntimeError):
    """A cluster could not go on with its work."""


class TrackerError(WganAugError, RuntimeError):
    """What tracks a training cannot begin to."""


class MissingExtraError(WganAugError, RuntimeError):
    """A name needs an optional dependency; the message has its `pip install`."""


class DataWarning(UserWarning):
    """Something in the data was handled in a way the user should know of."""


def did_you_mean(name: object, allowed: Iterable[object]) -> str:
    """Return `" Did you mean 'x'?"` for the closest allowed name, or an empty string.

    Args:
        name: what was asked for.
        allowed: the names that exist.

    Returns:
        A sentence that starts with a blank, ready to append to a message.

    Examples:
        >>> did_you_mean("epoch", ["epochs", "batch_size"])
        " Did you mean 'epochs'?"
        >>> did_you_mean("zzz", ["epochs"])
        ''
    """
    close = difflib.get_close_matches(str(name), [str(a) for a in allowed], n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""


def join_problems(problems: Sequence[str]) -> str:
    """Join several mistakes into the text of one error.

    Examples:
        >>> join_problems(["a is wrong.", "b is wrong."])
        '2 problems: (1) a is wrong. (2) b is wrong.'
    """
    if len(problems) == 1:
        return problems[0]
    return f"{len(problems)} problems: " + " ".join(f"({i}) {p}" for i, p in enumerate(problems, 1))


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
        f"{owner} has no option {name!r}."
        + (did_you_mean(name, known) or _ELSEWHERE.get(name) or f" Options are: {', '.join(known) or 'none'}.")
        for name in names
        if name not in known
    ]
    if problems:
        raise UnknownOptionError(join_problems(problems))


_OF_CONVOLUTIONS = " It is for convolutions over time, which WGANGPSequenceSynthesizer has, and no MLP."
_ELSEWHERE: dict[str, str] = {"attention": _OF_CONVOLUTIONS, "progressive": _OF_CONVOLUTIONS}


def explains_names(init: Callable[Concatenate[T, P], None]) -> Callable[Concatenate[T, P], None]:
    """Make a constructor answer unknown keywords as `check_option_names` does; its signature stays."""
    allowed = list(inspect.signature(init).parameters)[1:]

    @functools.wraps(init)
    def checked(self: T, *args: P.args, **options: P.kwargs) -> None:
        check_option_names(type(self).__name__, options, allowed)
        init(self, *args, **options)

    return checked


def not_a_number(
    option: str,
    value: Any,
    *,
    above: float,
    most: float = math.inf,
    whole: bool = False,
    equal: bool = False,
    optional: bool = True,
) -> list[str]:
    """Say what is wrong with a numeric option.

    Args:
        option: its name.
        value: what was given.
        above: the bound.
        most: the largest that is allowed.
        whole: it must be an integer.
        equal: the bound itself is allowed.
        optional: None is allowed.
    """
    if value is None and optional:
        return []
    kind = numbers.Integral if whole else numbers.Real
    number = float(value) if isinstance(value, kind) and not isinstance(value, bool) else math.nan
    fine = math.isfinite(number) and (number >= above if equal else number > above) and number <= most
    wanted = f"{'an integer' if whole else 'a number'} {'of at least' if equal else 'above'} {above:g}"
    wanted += "" if most == math.inf else f" and at most {most:g}"
    return [] if fine else [f"{option} is {value!r}; it must be {wanted}."]
