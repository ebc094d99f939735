"""What several test modules of sequences share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.synthesizers.sequences.quick import quick_statics


@pytest.fixture(autouse=True, scope="package")
def _quick_statics() -> Iterator[None]:
    with quick_statics():
        yield
