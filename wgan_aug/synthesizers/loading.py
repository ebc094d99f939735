"""Load a saved model of any class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from wgan_aug.errors import ModelFormatError
from wgan_aug.persistence import read_folder
from wgan_aug.synthesizers.base import GANSynthesizer
from wgan_aug.synthesizers.sequences.synthesizer import WGANGPSequenceSynthesizer
from wgan_aug.synthesizers.table import WGANGPSynthesizer

__all__ = ["load"]

_CLASSES: dict[str, type[GANSynthesizer]] = {
    cls.__name__: cls for cls in (WGANGPSynthesizer, WGANGPSequenceSynthesizer)
}


def load(
    path: str | Path, device: str | torch.device = "auto", *, architecture: Any = None
) -> WGANGPSynthesizer | WGANGPSequenceSynthesizer:
    """Load a model folder that `save` wrote, of tables or of sequences, on any device.

    Args:
        path: the folder.
        device: `"auto"` (CUDA, then MPS, then CPU), or a torch device.
        architecture: the networks of a model that was fitted with some of your own: a folder has their weights, and
            runs no code.

    Raises:
        FileNotFoundError: if there is nothing.
        InvalidParameterError: for an architecture that is lacking, not needed, or not that of the model.
        ModelFormatError: if the folder is no model, is damaged, was edited, or is from a newer version.
    """
    name = read_folder(path).get("class")
    if name not in _CLASSES:
        raise ModelFormatError(f"{path} holds a {name!r}; known are {', '.join(_CLASSES)}.")
    return _CLASSES[name].load(path, device, architecture=architecture)  # type: ignore[return-value]
