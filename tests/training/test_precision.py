"""Shorter numbers in training: what they change, and that torch's settings come back."""

from __future__ import annotations

import copy
import dataclasses
import logging
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from tests.listening import Listening
from wgan_aug.errors import InvalidParameterError
from wgan_aug.losses.objectives import WassersteinGP
from wgan_aug.networks.dense import CRITIC_NORMS
from wgan_aug.synthesizers.sequences.synthesizer import WGANGPSequenceSynthesizer
from wgan_aug.synthesizers.table import WGANGPSynthesizer
from wgan_aug.training.data import DeviceTable
from wgan_aug.training.devices import multiplying
from wgan_aug.training.loop import History, train
from wgan_aug.training.state import TrainingSettings, TrainingState

NewState = Callable[..., TrainingState]
CUDA = torch.device("cuda")


@pytest.fixture
def able(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor with bfloat16; torch makes do where it has none."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)


def shorter() -> bool:
    return torch.is_autocast_enabled("cpu")


Seen = list[tuple[bool, set[torch.dtype]]]


def watching(seen: Seen, fails_at: int = 0) -> WassersteinGP:
    """Return WGAN-GP that notes in which precision it is asked and what it is given, and can fail."""

    class Watching(WassersteinGP):
        def critic_loss(
            self, critic: Any, real: Tensor, generated: Tensor, scores: tuple[Tensor, Tensor], eps: Tensor
        ) -> tuple[Tensor, Mapping[str, Tensor]]:
            seen.append((shorter(), {tensor.dtype for tensor in (real, generated, *scores)}))
            if len(seen) == fails_at:
                raise ValueError("planted")
            return super().critic_loss(critic, real, generated, scores, eps)

    return Watching()


def run(
    state: TrainingState, table: DeviceTable, settings: TrainingSettings, precision: str, objective: Any = None
) -> History:
    settings = dataclasses.replace(settings, precision=precision)
    return train(state, table, objective or WassersteinGP(), settings)


@pytest.mark.usefixtures("able")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_only_steps_see_the_precision_and_losses_stay_in_float32(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable, precision: str
) -> None:
    seen: Seen = []
    outside: list[bool] = []
    settings = dataclasses.replace(settings, precision=precision)
    callbacks = [Listening(lambda progress: outside.append(shorter()))]
    train(new_state(settings), table, watching(seen), settings, callbacks=callbacks)
    assert seen == [(precision == "bfloat16", {torch.float32})] * 30
    assert len(outside) > 2
    assert not any(outside)
    assert not shorter()


@pytest.mark.usefixtures("able")
def test_a_training_that_fails_leaves_the_precision_as_it_was(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable
) -> None:
    seen: Seen = []
    with pytest.raises(ValueError, match="planted"):
        run(new_state(settings), table, settings, "bfloat16", watching(seen, fails_at=2))
    assert [inside for inside, _ in seen] == [True, True]
    assert not shorter()


@pytest.mark.parametrize("before", ["none", "ieee", "tf32"])
def test_cuda_multiplies_in_tf32_inside_the_block_only(before: str) -> None:
    matmul, seen = torch.backends.cuda.matmul, []
    was = matmul.fp32_precision

    def fail(precision: str) -> None:
        with multiplying(precision, CUDA):
            seen.append(matmul.fp32_precision)
            raise ValueError("planted")

    matmul.fp32_precision = before
    try:
        for precision in ("float32", "bfloat16"):
            with pytest.raises(ValueError, match="planted"):
                fail(precision)
            seen.append(matmul.fp32_precision)
    finally:
        matmul.fp32_precision = was
    assert seen == [before, before, "tf32", before]


@pytest.mark.usefixtures("able")
@pytest.mark.parametrize("norm", CRITIC_NORMS)
def test_the_figures_are_close_and_the_same_again(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable, norm: str
) -> None:
    exact = run(new_state(settings, norm=norm), table, settings, "float32").table()
    short = run(new_state(settings, norm=norm), table, settings, "bfloat16").table()
    again = run(new_state(settings, norm=norm), table, settings, "bfloat16").table()
    assert not np.array_equal(short, exact)
    assert np.array_equal(short, again)
    assert np.abs(short - exact).max() < 0.05 * np.abs(exact).max()


def test_a_processor_without_it_stays_with_float32_and_says_so_once(
    new_state: NewState,
    settings: TrainingSettings,
    table: DeviceTable,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True, "avx512_bf16": False}, raising=False)
    with caplog.at_level(logging.WARNING):
        short = run(new_state(settings), table, settings, "bfloat16").table()
    assert [record.message for record in caplog.records] == [
        "precision is 'bfloat16', but this cpu has no bfloat16: it stays with float32."
    ]
    assert np.array_equal(short, run(new_state(settings), table, settings, "float32").table())


@pytest.mark.usefixtures("able")
def test_both_synthesizers_take_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=80), "g": rng.choice(["a", "b"], 80)})
    paths = rng.normal(size=(40, 12, 2)).cumsum(1)
    for precision, inside in (("float32", False), ("bfloat16", True)):
        seen: list[bool] = []
        inner = WassersteinGP.critic_loss

        def watched(
            *arguments: Any, seen: list[bool] = seen, inner: Any = inner
        ) -> tuple[Tensor, Mapping[str, Tensor]]:
            seen.append(shorter())
            return inner(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(WassersteinGP, "critic_loss", watched)
            table = WGANGPSynthesizer(epochs=2, precision=precision, random_state=0).fit(frame)
            series = WGANGPSequenceSynthesizer(layout="ntc", epochs=2, precision=precision, random_state=0).fit(paths)
        assert set(seen) == {inside}
        assert table.sample(7).notna().all(axis=None)
        assert np.isfinite(series.sample(3)).all()


@pytest.fixture(scope="module")
def fitted() -> WGANGPSynthesizer:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=300), "g": rng.choice(["a", "b"], 300)})
    return WGANGPSynthesizer(epochs=20, random_state=0).fit(frame)


def in_shorter(model: WGANGPSynthesizer) -> WGANGPSynthesizer:
    return copy.deepcopy(model).set_params(precision="bfloat16")


@pytest.mark.usefixtures("able")
@pytest.mark.parametrize("refine", [False, True])
def test_rows_are_drawn_in_the_precision_of_the_model(fitted: WGANGPSynthesizer, refine: bool) -> None:
    exact, short = (model.sample(4000, refine=refine) for model in (fitted, in_shorter(fitted)))
    assert not exact.equals(short)
    pd.testing.assert_frame_equal(short, in_shorter(fitted).sample(4000, refine=refine))
    assert not shorter()
    assert abs(exact["g"].eq("a").mean() - short["g"].eq("a").mean()) < 0.03
    assert abs(exact["x"].mean() - short["x"].mean()) < 0.1
    if not refine:  # row by row: few draws fall the other way
        assert exact["g"].eq(short["g"]).mean() > 0.98
        assert np.median(np.abs(exact["x"] - short["x"])) < 0.02


@pytest.mark.usefixtures("able")
def test_numbers_keep_their_digits(fitted: WGANGPSynthesizer) -> None:
    generator = fitted.generator_
    noise = torch.randn(500, generator.noise_dim, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode(), multiplying("bfloat16", torch.device("cpu")):
        raw = generator.raw(noise)
    states, scalars = raw.split([generator.head.n_states, generator.head.n_scalars], dim=1)
    assert raw.dtype == torch.float32
    assert torch.equal(states, states.bfloat16().float())
    assert scalars.unique().numel() > 0.99 * scalars.numel() > scalars.bfloat16().unique().numel()


@pytest.mark.usefixtures("able")
def test_rows_under_conditions_stay_in_float32(fitted: WGANGPSynthesizer) -> None:
    exact, short = (model.sample(50, conditions={"g": "a"}) for model in (fitted, in_shorter(fitted)))
    pd.testing.assert_frame_equal(exact, short)


def test_a_processor_without_it_draws_in_float32(
    fitted: WGANGPSynthesizer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True}, raising=False)
    with caplog.at_level(logging.WARNING):
        pd.testing.assert_frame_equal(fitted.sample(50), in_shorter(fitted).sample(50))
    assert not caplog.records


@pytest.mark.usefixtures("able")
def test_networks_without_numbers_of_their_own_draw_in_float32() -> None:
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(size=80)})
    model = WGANGPSynthesizer(epochs=1, architecture="conv1d", random_state=0).fit(frame)
    pd.testing.assert_frame_equal(model.sample(50), in_shorter(model).sample(50))


@pytest.mark.parametrize("kind", [WGANGPSynthesizer, WGANGPSequenceSynthesizer])
def test_another_precision_is_refused(kind: Any) -> None:
    with pytest.raises(InvalidParameterError, match=r"precision is 'bfloat61'; allowed are .*Did you mean 'bfloat16'"):
        kind(precision="bfloat61").fit(np.zeros((4, 3)))
