"""A constructor's parameters as JSON; networks of a user's own have a name there, and are given again to load them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from wgan_aug.errors import InvalidParameterError
from wgan_aug.losses.objectives import read_objective, write_objective, write_own
from wgan_aug.networks.architectures import is_own, show_architecture, wrong_architecture
from wgan_aug.schema.columns import TableSchema
from wgan_aug.schema.values import value_from_json, value_to_json

__all__ = ["check_given", "param_from_json", "param_to_json", "read_params", "tuples"]


def tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    """Undo what JSON does to tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def param_to_json(name: str, value: Any) -> Any:
    """Write a constructor's parameter; what cannot be written (a generator, a device) is not needed again."""
    if isinstance(value, TableSchema):
        return {"schema": value.to_json()}
    if name == "loss" and not isinstance(value, str):
        return {"objective": write_objective(value)}
    if name == "architecture" and is_own(value):
        return {"architecture": write_own(value)}
    if isinstance(value, Mapping):
        return {"pairs": [[value_to_json(k), param_to_json(name, v)] for k, v in value.items()]}
    if name == "device" or isinstance(value, (np.random.Generator, np.random.RandomState)):
        return {"value": None if name != "device" else str(value)}
    if isinstance(value, (set, frozenset, np.ndarray, pd.Index)):
        value = list(value)
    return {"value": value_to_json(value)}


def param_from_json(data: Mapping[str, Any]) -> Any:
    """Read what `param_to_json` wrote."""
    if "schema" in data:
        return TableSchema.from_json(data["schema"])
    if "objective" in data:
        return read_objective(data["objective"])
    if "architecture" in data:
        return data["architecture"]["name"]
    if "pairs" in data:
        return {value_from_json(k): param_from_json(v) for k, v in data["pairs"]}
    return value_from_json(data["value"])


def read_params(document: Mapping[str, Any], device: str | torch.device, architecture: Any = None) -> dict[str, Any]:
    """Return a constructor's parameters from a model's document, with what is not kept in it.

    Args:
        document: of a model.
        device: the parameter of that name.
        architecture: that of a model with networks of a user's own; None for others.
    """
    params = {name: param_from_json(value) for name, value in document["params"].items()}
    return params | {"device": device} | ({} if architecture is None else {"architecture": architecture})


def check_given(path: object, document: Mapping[str, Any], architecture: Any) -> None:
    """Refuse to load a model with an architecture that is not the one it was fitted with.

    Args:
        path: where the model is, for messages.
        document: of the model.
        architecture: as given; None for none.

    Raises:
        InvalidParameterError: if one is given and none is needed, or the other way round, or it has another class.
    """
    kept = document.get("params", {}).get("architecture", {})
    name: str | None = kept["architecture"]["name"] if "architecture" in kept else None
    if name is None:
        if architecture is not None:
            raise InvalidParameterError(
                f"architecture is {show_architecture(architecture)}, but {path} was fitted with {kept.get('value')!r}, "
                "which its folder says: leave architecture out."
            )
        return
    own = name.rpartition(":")[2]
    if architecture is None:
        options = ", ".join(f"{option}={value!r}" for option, value in kept["architecture"]["options"].items())
        raise InvalidParameterError(
            f"{path} was fitted with networks of your own, {name}{f' ({options})' if options else ''}, of which its "
            f"folder has the weights, and no code: load it with load(path, architecture={own}(...))."
        )
    problems = wrong_architecture(architecture, {"critic_norm": "layer"}) if is_own(architecture) else []
    given = type(architecture).__qualname__
    if not problems and given != own:
        shown = show_architecture(architecture)
        problems = [f"architecture is {shown}, but {path} was fitted with one of the class {name}: give that."]
    if problems:
        raise InvalidParameterError(problems[0])
