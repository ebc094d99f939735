"""Generators, critics and output heads: modules only. No training, no pandas."""

from __future__ import annotations

from wgan_aug.networks.architectures import ARCHITECTURES
from wgan_aug.networks.protocol import Architecture, SequenceArchitecture

__all__ = ["ARCHITECTURES", "Architecture", "SequenceArchitecture"]
