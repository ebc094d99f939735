"""Objectives and penalties: tensors in, tensors out. No modules, no pandas, no random draws of their own."""

from __future__ import annotations

from wgan_aug.losses.games import R3GAN, Hinge, LeastSquares, NonSaturating
from wgan_aug.losses.objectives import OBJECTIVES
from wgan_aug.losses.penalties import gradient_penalty
from wgan_aug.losses.protocol import Objective
from wgan_aug.losses.wasserstein import WassersteinDiv, WassersteinGP, WeightClipping

__all__ = [
    "OBJECTIVES",
    "R3GAN",
    "Hinge",
    "LeastSquares",
    "NonSaturating",
    "Objective",
    "WassersteinDiv",
    "WassersteinGP",
    "WeightClipping",
    "gradient_penalty",
]
