"""Encoders of columns by name: those of one column, and those of columns that others decide."""

from __future__ import annotations

from typing import Any

from wgan_aug.encoding.dependents import DeterminedEncoder, MemberEncoder
from wgan_aug.encoding.fixed import ConstantEncoder, IdentifierEncoder
from wgan_aug.encoding.levels import LevelEncoder
from wgan_aug.encoding.numeric import NumericEncoder
from wgan_aug.encoding.ruled import RuledEncoder
from wgan_aug.encoding.sums import SumEncoder

__all__ = ["ENCODERS"]

_COLUMNS: tuple[type[Any], ...] = (NumericEncoder, LevelEncoder, ConstantEncoder, IdentifierEncoder)
_DEPENDENTS: tuple[type[Any], ...] = (DeterminedEncoder, MemberEncoder, RuledEncoder, SumEncoder)
ENCODERS: dict[str, type[Any]] = {encoder.name: encoder for encoder in (*_COLUMNS, *_DEPENDENTS)}
"""Encoders by the name under which they are saved."""
