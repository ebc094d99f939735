"""What several test modules of sequences share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from wgan_aug import WGANGPSequenceSynthesizer, WGANGPSynthesizer


@pytest.fixture(autouse=True, scope="package")
def _quick_statics() -> Iterator[None]:
    """The table of statics is trained as long as any table, whatever `epochs` says; here for two epochs."""
    build = WGANGPSequenceSynthesizer._new_table  # pyright: ignore[reportPrivateUsage]

    def quick(self: WGANGPSequenceSynthesizer) -> WGANGPSynthesizer:
        return build(self).set_params(epochs=2, refine=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WGANGPSequenceSynthesizer, "_new_table", quick)
        yield
