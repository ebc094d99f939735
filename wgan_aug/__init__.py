"""wgan-aug: learn a small table or time series with a Wasserstein GAN with gradient penalty, and augment it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wgan_aug.augmentation.augment import Augmentation, augment
    from wgan_aug.augmentation.oversampler import WGANGPOverSampler
    from wgan_aug.evaluation.report import Report, evaluate
    from wgan_aug.synthesizers.loading import load
    from wgan_aug.synthesizers.sequences.synthesizer import WGANGPSequenceSynthesizer
    from wgan_aug.synthesizers.table import WGANGPSynthesizer

__version__ = "0.1.0"
__all__ = [
    "Augmentation",
    "Report",
    "WGANGPOverSampler",
    "WGANGPSequenceSynthesizer",
    "WGANGPSynthesizer",
    "__version__",
    "augment",
    "evaluate",
    "load",
]

_HOMES = {
    "Augmentation": "wgan_aug.augmentation.augment",
    "Report": "wgan_aug.evaluation.report",
    "augment": "wgan_aug.augmentation.augment",
    "evaluate": "wgan_aug.evaluation.report",
    "WGANGPOverSampler": "wgan_aug.augmentation.oversampler",
    "WGANGPSequenceSynthesizer": "wgan_aug.synthesizers.sequences.synthesizer",
    "WGANGPSynthesizer": "wgan_aug.synthesizers.table",
    "load": "wgan_aug.synthesizers.loading",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that importing the package costs nothing."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'wgan_aug' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
