"""A fitted synthesizer of sequences as a document of JSON and arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from wgan_aug.schema.values import value_from_json, value_to_json
from wgan_aug.synthesizers.document import read_history, read_network, write_history, write_network
from wgan_aug.synthesizers.params import param_to_json, read_params, tuples
from wgan_aug.synthesizers.presets import Preset
from wgan_aug.synthesizers.sequences.containers import SequenceContainer
from wgan_aug.synthesizers.sequences.parts import SequenceCodec, build_networks
from wgan_aug.synthesizers.sequences.plan import SequencePlan
from wgan_aug.synthesizers.sequences.refining import SequenceRefiner
from wgan_aug.synthesizers.sequences.statics import Statics
from wgan_aug.training.state import TrainingSettings

__all__ = ["from_document", "to_document"]


def to_document(model: Any) -> dict[str, Any]:
    """Return a fitted synthesizer as nested JSON and arrays."""
    plan: SequencePlan = model.plan_
    return {
        "class": type(model).__name__,
        "params": {name: param_to_json(name, value) for name, value in model.get_params(deep=False).items()},
        "seed": model.seed_,
        "target": value_to_json(model.target_name_),
        "container": model.container_.to_json(),
        "statics": model.statics_.to_json(),
        "codec": model.codec_.to_json(),
        "refiner": None if model.refiner_ is None else model.refiner_.to_json(),
        "preset": vars(plan.preset),
        "settings": vars(plan.settings),
        "sequences": plan.sequences,
        "shortest": plan.shortest,
        "updates": model.updates_,
        "generator": write_network(model.generator_),
        "critic": write_network(model.critic_),
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
    model.target_name_ = value_from_json(document["target"])
    model.container_ = SequenceContainer.from_json(document["container"])
    model.statics_ = Statics.from_json(document["statics"], place, device)
    codec = model.codec_ = SequenceCodec.from_json(document["codec"])
    preset = Preset(**tuples(document["preset"]))
    encoder, refiner = codec.encoder, document["refiner"]
    model.refiner_ = None if refiner is None else SequenceRefiner.from_json(refiner, encoder.layout, codec.scale)
    width = model.statics_.width + encoder.ragged
    shape = codec.shape(width)
    generator, critic = build_networks(shape, preset, model.get_params(deep=False), encoder.ragged, 0)
    model.generator_ = read_network(generator, document["generator"], place)
    model.critic_ = read_network(critic, document["critic"], place)
    model.plan_ = SequencePlan(
        document["sequences"],
        document["shortest"],
        encoder.max_steps,
        model.statics_.encoder,
        encoder.table,
        shape.channels,
        preset,
        TrainingSettings(**tuples(document["settings"])),
    )
    model.history_ = read_history(document["history"])
    model.evaluations_ = read_history(document["evaluations"]).astype({"chosen": bool})
    return model
