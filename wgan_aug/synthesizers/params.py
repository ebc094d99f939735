"""A constructor's parameters as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.losses.objectives import read_objective, write_objective
from wgan_aug.schema.columns import TableSchema
from wgan_aug.schema.values import value_from_json, value_to_json

__all__ = ["param_from_json", "param_to_json", "tuples"]


def tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    """Undo what JSON does to tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def param_to_json(name: str, value: Any) -> Any:
    """Write a constructor's parameter; what cannot be written (a generator, a device) is not needed again."""
    if isinstance(value, TableSchema):
        return {"schema": value.to_json()}
    if name == "loss" and not isinstance(value, str):
        return {"objective": write_objective(value)}
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
    if "pairs" in data:
        return {value_from_json(k): param_from_json(v) for k, v in data["pairs"]}
    return value_from_json(data["value"])
