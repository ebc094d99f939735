"""The exception tree. Every error of this package is a `WganAugError` and also the built-in error a caller expects."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

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
    "did_you_mean",
    "join_problems",
]


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
