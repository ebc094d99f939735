"""The picture of a training."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from wgan_aug import WGANGPSynthesizer, load
from wgan_aug.errors import MissingExtraError
from wgan_aug.synthesizers.history import draw_history

figure = pytest.importorskip("matplotlib.figure")


def history(updates: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    losses = {name: rng.normal(size=updates) for name in ("wasserstein", "generator_loss", "critic_loss")}
    losses["wasserstein"][0] = 1e6
    return pd.DataFrame({"update": np.arange(1, updates + 1), **losses})


def evaluations(chosen: int) -> pd.DataFrame:
    updates = np.array([100, 200, 300])
    return pd.DataFrame({"update": updates, "score": [0.3, 0.1, 0.2], "chosen": updates == chosen})


def test_panels_show_estimate_losses_and_scores_and_mark_what_was_kept() -> None:
    first = draw_history(history(300), evaluations(200))
    panels = first.figure.axes
    assert [panel.get_ylabel().split("\n")[0] for panel in panels] == ["Wasserstein", "losses", "held-out score"]
    assert panels[2].lines[0].get_xydata().tolist() == [[100, 0.3], [200, 0.1], [300, 0.2]]
    assert first.get_title(loc="right") == "kept: update 200"
    assert all([200, 200] in [list(line.get_xdata()) for line in panel.lines] for panel in panels)
    assert [text.get_text() for text in panels[1].get_legend().get_texts()] == ["generator", "critic"]


def test_the_first_updates_do_not_stretch_the_axes() -> None:
    first = draw_history(history(300), evaluations(200).iloc[:0])
    assert len(first.figure.axes) == 2
    assert first.get_ylim()[1] < 10


@pytest.mark.parametrize("updates", [1, 2])
def test_a_very_short_training_can_be_drawn(tmp_path: Path, updates: int) -> None:
    draw_history(history(updates), evaluations(200).iloc[:0]).figure.savefig(tmp_path / "short.png")
    assert (tmp_path / "short.png").stat().st_size > 5_000


def test_a_model_draws_into_given_axes_also_after_loading(tmp_path: Path, people: pd.DataFrame) -> None:
    model = WGANGPSynthesizer(epochs=3, batch_size=20, early_stopping=True, validation_fraction=0.25, random_state=0)
    with pytest.raises(NotFittedError):
        model.plot_history()
    model.fit(people).save(tmp_path / "model")
    for each in (model, load(tmp_path / "model")):
        ax = figure.Figure().add_subplot()
        assert each.plot_history(ax) is ax
        assert len(ax.figure.axes) == 3


def test_a_missing_matplotlib_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r'pip install "wgan-aug\[report\]"'):
        draw_history(history(10), evaluations(200))
