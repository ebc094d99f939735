"""What the gallery says of gradients through twelve layers holds in a short training as well."""

from __future__ import annotations

import runpy

import pytest
from matplotlib import pyplot as plt

from docs.render_figures import SCRIPTS


def test_gradients_change_geometrically_under_clipping_and_hardly_under_the_penalty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WGAN_AUG_EXAMPLE_UPDATES", "60")
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))
    decades = runpy.run_path(str(SCRIPTS["plot_gradient_norms"]))["decades"]
    assert len(decades) == 4
    assert decades.pop("gradient penalty") < 1
    assert min(decades.values()) > 3
