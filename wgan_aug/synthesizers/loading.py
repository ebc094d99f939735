"""Load a saved model of any class."""

from __future__ import annotations

from pathlib import Path

import torch

from wgan_aug.synthesizers.table import WGANGPSynthesizer

__all__ = ["load"]


def load(path: str | Path, device: str | torch.device = "auto") -> WGANGPSynthesizer:
    """Load a model folder that `save` wrote, on any device.

    Raises:
        FileNotFoundError: if there is nothing.
        ModelFormatError: if the folder is no model, is damaged, was edited, or is from a newer version.
    """
    return WGANGPSynthesizer.load(path, device)
