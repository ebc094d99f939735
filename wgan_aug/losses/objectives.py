"""Adversarial objectives by name, and what `loss=` may be."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from wgan_aug.errors import InvalidParameterError, did_you_mean
from wgan_aug.losses.base import BuiltIn
from wgan_aug.losses.games import R3GAN, Hinge, LeastSquares, NonSaturating
from wgan_aug.losses.protocol import Objective
from wgan_aug.losses.wasserstein import WassersteinDiv, WassersteinGP, WeightClipping

__all__ = [
    "OBJECTIVES",
    "Loss",
    "NamedObjective",
    "Objective",
    "WassersteinGP",
    "find_objective",
    "kind_of",
    "option_names",
    "penalises_rows",
    "read_objective",
    "show_loss",
    "write_objective",
    "write_own",
]

OBJECTIVES: dict[str, type[Any]] = {
    "wgan-gp": WassersteinGP,
    "wgan": WeightClipping,
    "wgan-div": WassersteinDiv,
    "gan": NonSaturating,
    "lsgan": LeastSquares,
    "hinge": Hinge,
    "r3gan": R3GAN,
}
"""Objectives by the name that `loss=` takes."""


@dataclasses.dataclass(frozen=True)
class NamedObjective:
    """A user's own objective, of which a saved model knows the name alone: enough to sample, not to go on training.

    Args:
        name: module and class, with a colon between them.
        options: its attributes that are plain values.
    """

    name: str
    options: Mapping[str, Any]


Loss: TypeAlias = str | Objective | NamedObjective
"""What `loss=` may be."""


def find_objective(loss: object) -> Any:
    """Return an objective by its name; one that was made is taken as it is.

    Raises:
        InvalidParameterError: for an unknown name, with the known ones; for something that is no objective.

    Examples:
        >>> find_objective("wgan-gp")
        WassersteinGP(gp_weight=10.0, penalty_share=1.0, penalty_every=1, one_sided=False)
    """
    if isinstance(loss, NamedObjective):
        raise InvalidParameterError(
            f"loss is {loss.name!r}, an objective of your own, of which a saved model has the name alone: enough to "
            "sample. To train it, give the objective again by set_params(loss=...)."
        )
    known = ", ".join(map(repr, OBJECTIVES))
    if isinstance(loss, str):
        if loss not in OBJECTIVES:
            raise InvalidParameterError(f"loss is {loss!r}; allowed are {known}.{did_you_mean(loss, OBJECTIVES)}")
        return OBJECTIVES[loss]()
    if inspect.isclass(loss):
        raise InvalidParameterError(f"loss is the class {loss.__name__}; give an instance: loss={loss.__name__}().")
    lacking = [name for name in ("critic_loss", "generator_loss") if not callable(getattr(loss, name, None))]
    if lacking:
        raise InvalidParameterError(
            f"loss is {loss!r}, which has no {' and no '.join(lacking)}; allowed are {known}, or an objective of your "
            "own with both functions."
        )
    return loss


def kind_of(objective: object) -> str | None:
    """Return the name of an objective of this package; None for a user's own."""
    return next((name for name, known in OBJECTIVES.items() if known is type(objective)), None)


def option_names(objective: object) -> list[str]:
    """Return the options that an objective of this package has; none for others."""
    return [field.name for field in dataclasses.fields(objective)] if isinstance(objective, BuiltIn) else []


def penalises_rows(loss: object) -> bool:
    """Say whether `loss=` is an objective of this package that penalises the gradient of each row's own score."""
    made = OBJECTIVES[loss]() if isinstance(loss, str) and loss in OBJECTIVES else loss
    return isinstance(made, BuiltIn) and made.penalises_rows


def show_loss(loss: object) -> str:
    """Return how `loss=` was given, in short: a name, or a class.

    Examples:
        >>> show_loss("gan"), show_loss(WeightClipping(clip_value=0.1))
        ("loss='gan'", 'loss=WeightClipping(...)')
    """
    return f"loss={loss!r}" if isinstance(loss, str) else f"loss={type(loss).__name__}(...)"


def write_objective(objective: object) -> dict[str, Any]:
    """Return an objective as JSON: its name, and its options; of a user's own, the attributes that are plain values.

    Examples:
        >>> write_objective(WeightClipping(clip_value=0.1))
        {'name': 'wgan', 'options': {'clip_value': 0.1, 'bursts': True}}
    """
    if isinstance(objective, NamedObjective):
        return {"name": objective.name, "options": dict(objective.options)}
    kind, own = kind_of(objective), write_own(objective)
    return own if kind is None else own | {"name": kind}


def write_own(value: object) -> dict[str, Any]:
    """Return a user's own object as JSON: `name`, module and class, and `options`, its plain attributes."""
    options = {name: _as_plain(option) for name, option in getattr(value, "__dict__", {}).items()}
    plain = {name: option for name, option in options.items() if _is_plain(option)}
    return {"name": f"{type(value).__module__}:{type(value).__qualname__}", "options": plain}


def read_objective(data: Mapping[str, Any]) -> Any:
    """Read what `write_objective` wrote; nothing is imported, so that a model's folder runs no code.

    Examples:
        >>> read_objective({"name": "gan", "options": {"r1_weight": 1.0}})
        NonSaturating(r1_weight=1.0)
        >>> read_objective({"name": "mine:Own", "options": {}})
        NamedObjective(name='mine:Own', options={})
    """
    known = OBJECTIVES.get(data["name"])
    return NamedObjective(data["name"], data["options"]) if known is None else known(**data["options"])


def _as_plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value


def _is_plain(value: object) -> bool:
    finite = not isinstance(value, float) or math.isfinite(value)
    return finite and (value is None or isinstance(value, (bool, int, float, str)))
