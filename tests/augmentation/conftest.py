"""What the tests of augmentation share."""

from __future__ import annotations

import pytest

from tests.augmentation.stubs import Stub


@pytest.fixture(autouse=True)
def _forget_fits() -> None:
    """Begin every test without the fits of the one before."""
    Stub.fits.clear()
