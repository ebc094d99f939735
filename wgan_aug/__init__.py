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
    from wgan_aug.tracking.files import CSVTracker, JSONLTracker
    from wgan_aug.tracking.pruning import OptunaPruning
    from wgan_aug.tracking.services import MLflowTracker, TensorBoardTracker, WandbTracker
    from wgan_aug.tracking.snapshots import SampleSnapshots
    from wgan_aug.training.callbacks import Callback, Progress, StopTraining
    from wgan_aug.tuning.result import Tuning
    from wgan_aug.tuning.search import tune

__version__ = "0.1.0"
__all__ = [
    "Augmentation",
    "CSVTracker",
    "Callback",
    "JSONLTracker",
    "MLflowTracker",
    "OptunaPruning",
    "Progress",
    "Report",
    "SampleSnapshots",
    "StopTraining",
    "TensorBoardTracker",
    "Tuning",
    "WGANGPOverSampler",
    "WGANGPSequenceSynthesizer",
    "WGANGPSynthesizer",
    "WandbTracker",
    "__version__",
    "augment",
    "evaluate",
    "load",
    "tune",
]

_HOMES = {
    "Augmentation": "wgan_aug.augmentation.augment",
    "Callback": "wgan_aug.training.callbacks",
    "Progress": "wgan_aug.training.callbacks",
    "StopTraining": "wgan_aug.training.callbacks",
    "Report": "wgan_aug.evaluation.report",
    "augment": "wgan_aug.augmentation.augment",
    "evaluate": "wgan_aug.evaluation.report",
    "WGANGPOverSampler": "wgan_aug.augmentation.oversampler",
    "WGANGPSequenceSynthesizer": "wgan_aug.synthesizers.sequences.synthesizer",
    "WGANGPSynthesizer": "wgan_aug.synthesizers.table",
    "load": "wgan_aug.synthesizers.loading",
    "CSVTracker": "wgan_aug.tracking.files",
    "JSONLTracker": "wgan_aug.tracking.files",
    "MLflowTracker": "wgan_aug.tracking.services",
    "OptunaPruning": "wgan_aug.tracking.pruning",
    "SampleSnapshots": "wgan_aug.tracking.snapshots",
    "TensorBoardTracker": "wgan_aug.tracking.services",
    "Tuning": "wgan_aug.tuning.result",
    "WandbTracker": "wgan_aug.tracking.services",
    "tune": "wgan_aug.tuning.search",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that importing the package costs nothing."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'wgan_aug' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
