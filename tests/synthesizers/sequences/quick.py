"""Sequences that are learned quickly."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import pytest

from wgan_aug import WGANGPSequenceSynthesizer, WGANGPSynthesizer

__all__ = ["quick_statics"]


@contextmanager
def quick_statics() -> Generator[None]:
    """Train the table of statics for two epochs; else it is trained as long as any table, whatever `epochs` says."""
    build = WGANGPSequenceSynthesizer._new_table  # pyright: ignore[reportPrivateUsage]

    def quick(self: WGANGPSequenceSynthesizer) -> WGANGPSynthesizer:
        return build(self).set_params(epochs=2, refine=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WGANGPSequenceSynthesizer, "_new_table", quick)
        yield
