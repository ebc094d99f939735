"""A fitted table synthesizer as a document of JSON and arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch

from wgan_aug.encoding.table import TableEncoder
from wgan_aug.schema.values import value_from_json, value_to_json
from wgan_aug.synthesizers.balance import Balance
from wgan_aug.synthesizers.containers import Container
from wgan_aug.synthesizers.filters.filters import Filters
from wgan_aug.synthesizers.params import param_to_json, read_params, tuples
from wgan_aug.synthesizers.parts import build_networks, take_weights
from wgan_aug.synthesizers.plan import Plan
from wgan_aug.synthesizers.presets import Preset
from wgan_aug.synthesizers.refinement.refiner import Refiner
from wgan_aug.training.state import TrainingSettings

__all__ = ["from_document", "read_history", "read_network", "to_document", "write_history", "write_network"]

T = TypeVar("T", bound=torch.nn.Module)


def to_document(model: Any) -> dict[str, Any]:
    """Return a fitted synthesizer as nested JSON and arrays."""
    params = {name: param_to_json(name, value) for name, value in model.get_params(deep=False).items()}
    return {
        "class": type(model).__name__,
        "params": params,
        "seed": model.seed_,
        "y_name": value_to_json(model.y_name_),
        "target_name": value_to_json(model.target_name_),
        "n_features_in": model.n_features_in_,
        "feature_names_in": list(getattr(model, "feature_names_in_", [])),
        "container": model.container_.to_json(),
        "encoder": model.encoder_.to_json(),
        "preset": vars(model.plan_.preset),
        "settings": vars(model.plan_.settings),
        "rows": model.plan_.rows,
        "updates": model.updates_,
        "generator": write_network(model.generator_),
        "critic": write_network(model.critic_),
        "balance": None if model.balance_ is None else model.balance_.to_json(),
        "refiner": None if model.refiner_ is None else model.refiner_.to_json(),
        "filters": model.filters_.to_json(),
        "history": write_history(model.history_),
        "evaluations": write_history(model.evaluations_),
    }


def from_document(
    cls: type[Any],
    document: Mapping[str, Any],
    place: torch.device,
    device: str | torch.device,
    architecture: Any = None,
) -> Any:
    """Read what `to_document` wrote.

    Args:
        cls: the synthesizer's class.
        document: nested JSON and arrays.
        place: where the networks are put.
        device: the constructor's parameter.
        architecture: the constructor's parameter, where it is an object of the user's own.
    """
    model = cls(**read_params(document, device, architecture))
    model.seed_, model.updates_ = document["seed"], document["updates"]
    model.y_name_, model.target_name_ = (value_from_json(document[name]) for name in ("y_name", "target_name"))
    model.n_features_in_ = document["n_features_in"]
    if document["feature_names_in"]:
        model.feature_names_in_ = np.array(document["feature_names_in"], dtype=object)
    model.container_ = Container.from_json(document["container"])
    model.encoder_ = TableEncoder.from_json(document["encoder"])
    model.schema_ = model.encoder_.schema
    preset = Preset(**tuples(document["preset"]))
    settings = TrainingSettings(**tuples(document["settings"]))
    model.plan_ = Plan(document["rows"], model.encoder_, preset, settings)
    generator, critic = build_networks(model.encoder_, preset, model.get_params(deep=False), 0)
    model.generator_ = read_network(generator, document["generator"], place)
    model.critic_ = read_network(critic, document["critic"], place)
    balance, refiner = document["balance"], document["refiner"]
    model.balance_ = None if balance is None else Balance.from_json(balance)
    model.refiner_ = None if refiner is None else Refiner.from_json(refiner, model.encoder_.layout)
    model.filters_ = Filters.from_json(document["filters"], model.encoder_)
    model.history_ = read_history(document["history"])
    model.evaluations_ = read_history(document["evaluations"]).astype({"chosen": bool})
    return model


def write_network(module: torch.nn.Module) -> dict[str, np.ndarray]:
    """Return a network's weights by name."""
    return {name: tensor.detach().cpu().numpy() for name, tensor in module.state_dict().items()}


def read_network(module: T, weights: Mapping[str, np.ndarray], place: torch.device) -> T:
    """Give a network the weights that `write_network` wrote, for sampling only."""
    take_weights(module, {name: torch.from_numpy(np.array(values)) for name, values in weights.items()})
    return module.to(place).eval().requires_grad_(False)


def write_history(history: pd.DataFrame) -> dict[str, Any]:
    """Return a history as names and an array."""
    return {"names": list(history.columns), "rows": history.to_numpy(dtype=np.float64)}


def read_history(data: Mapping[str, Any]) -> pd.DataFrame:
    """Read what `write_history` wrote."""
    return pd.DataFrame(data["rows"], columns=pd.Index(data["names"])).astype({"update": np.int64})
