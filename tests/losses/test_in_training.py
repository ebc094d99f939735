"""Objectives in training: clipping, the schedule, optimisers, penalties now and then, presets, options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from tests.listening import Listening
from wgan_aug import WGANGPSynthesizer, load
from wgan_aug.errors import InvalidParameterError
from wgan_aug.losses import OBJECTIVES, R3GAN, NonSaturating, WassersteinGP, WeightClipping
from wgan_aug.synthesizers.presets import PRESETS, SEQUENCE_PRESETS, find_preset
from wgan_aug.training import steps as module
from wgan_aug.tuning.space import find_space


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({"x": rng.normal(size=60), "k": rng.choice(["a", "b"], 60)})


def small(**options: Any) -> WGANGPSynthesizer:
    usual: dict[str, Any] = {"epochs": 4, "batch_size": 20, "random_state": 0, "device": "cpu"}
    return WGANGPSynthesizer(**usual | options)


@pytest.mark.parametrize("norm", ["layer", "none", "weight"])
@pytest.mark.parametrize("clip", [0.01, 0.1])
def test_every_weight_stays_in_the_box(
    norm: str, clip: float, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []
    real = module.critic_step

    def watched(state: Any, *rest: Any) -> Any:
        figures = real(state, *rest)
        seen.append(max(weight.detach().abs().max().item() for weight in state.critic.parameters()))
        return figures

    monkeypatch.setattr(module, "critic_step", watched)
    model = small(loss=WeightClipping(clip_value=clip, bursts=False), critic_norm=norm).fit(table)
    assert len(seen) == model.updates_ * model.plan_.settings.n_critic
    assert max(seen) <= np.float32(clip)
    assert seen[-1] == np.float32(clip)  # the box is felt


def test_the_critic_does_a_hundred_steps_at_first(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    real = module.critic_step

    def counted(state: Any, *rest: Any) -> Any:
        counts.append(state.update)
        return real(state, *rest)

    monkeypatch.setattr(module, "critic_step", counted)
    model = small(loss=WeightClipping(), epochs=27, n_critic=3, batch_size=60).fit(table)
    assert model.updates_ == 9
    assert np.bincount(counts).tolist() == [100] * 9
    counts.clear()
    small(loss="wgan", epochs=9, n_critic=3, batch_size=60).fit(table)
    assert np.bincount(counts).tolist() == [3] * 3


def test_penalties_now_and_then(table: pd.DataFrame) -> None:
    model = small(loss=WassersteinGP(penalty_every=3), n_critic=1).fit(table)
    assert (model.history_["penalty"].to_numpy() > 0).tolist() == [update % 3 == 0 for update in range(model.updates_)]


def test_pairs_are_rows_of_the_same_condition(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[Tensor, Tensor, Any]] = []
    real = module.generator_step

    def watched(state: Any, objective: Any, parts: Any, size: int) -> Any:
        parts = list(parts)
        told.extend(parts)
        return real(state, objective, parts, size)

    monkeypatch.setattr(module, "generator_step", watched)
    small(loss="r3gan").fit(table)
    for rows, generated, condition in told:
        shown = condition[:, : rows.shape[1]]
        known = shown != 0
        assert torch.equal(generated[known], shown[known])
        assert torch.equal(rows[:, :2][known[:, :2]], shown[:, :2][known[:, :2]])  # numbers are drawn from intervals


@pytest.mark.parametrize(("name", "kind"), [("adam", torch.optim.Adam), ("rmsprop", torch.optim.RMSprop)])
def test_the_optimiser_is_the_recipes(name: str, kind: type, table: pd.DataFrame, monkeypatch: Any) -> None:
    used: list[torch.optim.Optimizer] = []
    real = module.critic_step

    def watched(state: Any, *rest: Any) -> Any:
        used.extend([state.critic_optimiser, state.generator_optimiser])
        return real(state, *rest)

    monkeypatch.setattr(module, "critic_step", watched)
    loss = "wgan" if name == "rmsprop" else "wgan-gp"
    assert small(loss=loss).fit(table).plan_.settings.optimiser == name
    assert {type(optimiser) for optimiser in used} == {kind}


@pytest.mark.parametrize("loss", ["wgan", "hinge"])
def test_a_training_goes_on_as_if_there_had_been_no_break(loss: str, table: pd.DataFrame, tmp_path: Path) -> None:
    whole = small(loss=loss, epochs=40).fit(table)

    class Stop(Exception):
        """Ends a training."""

    def cut(progress: Any) -> None:
        if progress.update >= 50:
            raise Stop

    with pytest.raises(Stop):
        small(loss=loss, epochs=40, n_critic=1).fit(
            table, callbacks=[Listening(cut)], checkpoint=tmp_path / "kept", every=0.001
        )
    resumed = small(loss=loss, epochs=40, n_critic=1).fit(table, checkpoint=tmp_path / "kept", resume=True)
    expected = small(loss=loss, epochs=40, n_critic=1).fit(table)
    pd.testing.assert_frame_equal(resumed.sample(20), expected.sample(20), check_exact=True)
    assert not whole.sample(20).equals(expected.sample(20)) or loss == "hinge"


# ---- presets and options


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("presets", [PRESETS, SEQUENCE_PRESETS], ids=["tables", "sequences"])
def test_paper_is_the_objectives_own_paper(name: str, presets: Any) -> None:
    kind = OBJECTIVES[name]
    preset = find_preset("paper", presets, name)
    assert {option: getattr(preset, option) for option in vars(kind.recipe)} == vars(kind.recipe)
    assert preset.objective(name) == kind()
    assert preset.decay == "none"


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("preset", PRESETS)
def test_a_weight_that_is_not_there_is_none(name: str, preset: str) -> None:
    has = hasattr(OBJECTIVES[name](), "gp_weight")
    assert (find_preset(preset, loss=name).gp_weight is None) is not has


def test_presets_of_the_default_objective_are_as_they_stand() -> None:
    assert all(find_preset(name) == preset for name, preset in PRESETS.items())


def test_an_objective_that_was_made_keeps_its_options_and_gp_weight_wins(table: pd.DataFrame) -> None:
    made = R3GAN(gp_weight=0.3, penalty_share=0.9)
    assert small(loss=made).plan(table).preset.objective(made) == made
    preset = small(loss=made, gp_weight=0.7).plan(table).preset
    assert preset.objective(made) == R3GAN(gp_weight=0.7, penalty_share=0.9)
    model = small(loss=made, gp_weight=0.7).fit(table)
    assert model.get_params()["loss"] is made


def test_an_objective_with_options_is_saved(table: pd.DataFrame, tmp_path: Path) -> None:
    model = small(loss=WeightClipping(clip_value=0.07, bursts=False)).fit(table)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model", device="cpu")
    assert isinstance(again, WGANGPSynthesizer)
    assert again.get_params() == model.get_params()
    pd.testing.assert_frame_equal(again.partial_fit(table).history_, model.partial_fit(table).history_)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "gan", "gp_weight": 5}, r"gp_weight is 5, an option that loss='gan' does not have; .* are r1_weight"),
        ({"loss": "hinge", "gp_weight": 0}, r"an option that loss='hinge' does not have; it has none"),
        (
            {"loss": WeightClipping(), "gp_weight": 1.0},
            r"loss=WeightClipping\(\.\.\.\) does not have; .*WeightClipping\(\.\.\.\), are clip_value, bursts",
        ),
        ({"loss": WeightClipping}, r"loss is the class WeightClipping; give an instance"),
        ({"loss": "r3gann"}, r"loss is 'r3gann'; .*Did you mean 'r3gan'\?"),
        ({"loss": ["gan"]}, r"loss is \['gan'\], which has no critic_loss"),
        ({"critic_norm": "batch", "loss": "r3gan"}, r"critic_norm is 'batch'; .*makes a row's score depend on other"),
        ({"critic_norm": "batch", "loss": NonSaturating(r1_weight=1.0)}, r"makes a row's score depend on other"),
        (
            {"critic_norm": "batch", "loss": "gan"},
            r"critic_norm is 'batch'; allowed are 'layer', 'none', .*'weight'\.$",
        ),
    ],
    ids=str,
)
def test_bad_options(options: dict[str, Any], message: str, table: pd.DataFrame) -> None:
    for call in (small(**options).fit, small(**options).plan):
        with pytest.raises(InvalidParameterError, match=message):
            call(table)


@pytest.mark.parametrize(("loss", "label"), [("wgan", "Wasserstein\nestimate"), ("gan", "critic's loss")])
def test_a_history_is_drawn_with_what_the_objective_estimates(loss: str, label: str, table: pd.DataFrame) -> None:
    assert small(loss=loss).fit(table).plot_history().get_ylabel() == label


@pytest.mark.parametrize("name", OBJECTIVES)
def test_tuning_searches_a_weight_where_there_is_one(name: str) -> None:
    preset = find_preset("balanced", loss=name)
    space = find_space(preset, WGANGPSynthesizer().get_params(), numbers=True, classes=True)
    assert ("gp_weight" in space.ranges) is (preset.gp_weight is not None)


@pytest.mark.parametrize("option", ["attention", "progressive"])
def test_convolutions_are_refused_for_tables(option: str) -> None:
    options: dict[str, Any] = {option: True}
    with pytest.raises(TypeError, match=rf"no option '{option}'\. It is for convolutions over time, .* and no MLP"):
        WGANGPSynthesizer(**options)
