"""Encoders of columns by name: which one a kind of column gets."""

from __future__ import annotations

from typing import Any

from wgan_aug.encoding.fixed import ConstantEncoder, IdentifierEncoder
from wgan_aug.encoding.levels import LevelEncoder
from wgan_aug.encoding.numeric import NumericEncoder

__all__ = ["ENCODERS"]

ENCODERS: dict[str, type[Any]] = {
    encoder.name: encoder for encoder in (NumericEncoder, LevelEncoder, ConstantEncoder, IdentifierEncoder)
}
"""Encoders by the name under which they are saved."""
