"""Captured updates: they go the way of those that are not, and what cannot be captured is done as it is."""

from __future__ import annotations

import dataclasses
import logging
import re
import sys
from collections.abc import Callable, Iterator
from functools import partialmethod
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from tests.listening import Listening
from tests.networks.own import Wide
from tests.synthesizers.sequences.quick import quick_statics
from tests.training.conftest import CPU
from tests.training.tape import Tape
from wgan_aug import WGANGPSequenceSynthesizer, WGANGPSynthesizer
from wgan_aug.losses import OBJECTIVES, WassersteinGP, WeightClipping
from wgan_aug.networks import mlp
from wgan_aug.training import capture
from wgan_aug.training.callbacks import Progress
from wgan_aug.training.data import DeviceTable
from wgan_aug.training.loop import History, train
from wgan_aug.training.state import TrainingSettings, TrainingState

RNG = np.random.default_rng(0)
TABLE = pd.DataFrame({"x": RNG.normal(size=60), "k": RNG.choice(["a", "b"], 60), "n": RNG.integers(0, 4, 60)})
WINDOWS = RNG.normal(size=(40, 8, 2)).cumsum(1)


@pytest.fixture
def tapes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Tape]]:
    """Have updates captured on the CPU too, by tapes."""
    made: list[Tape] = []

    def make(*args: Any) -> Tape:
        made.append(Tape(*args))
        return made[-1]

    monkeypatch.setattr(TrainingState, "__init__", partialmethod(TrainingState.__init__, replayed=True))
    monkeypatch.setattr(capture, "CudaGraph", make)
    monkeypatch.setattr(mlp, "_FINDING", ())  # as on a GPU: what rows are told is not looked for
    rmsprop = sys.modules["torch.optim.rmsprop"]  # torch hides it behind a function
    monkeypatch.setattr(rmsprop, "_get_capturable_supported_devices", lambda: ["cpu"])
    with quick_statics():
        yield made


def fit(**options: Any) -> WGANGPSynthesizer:
    usual: dict[str, Any] = {"epochs": 12, "batch_size": 20, "target": "k", "device": "cpu"}
    return WGANGPSynthesizer(random_state=0, refine=False, **usual | options).fit(TABLE)


def fit_windows(**options: Any) -> WGANGPSequenceSynthesizer:
    usual: dict[str, Any] = {"epochs": 12, "batch_size": 20, "layout": "ntc", "device": "cpu"}
    return WGANGPSequenceSynthesizer(random_state=0, refine=False, **usual | options).fit(WINDOWS)


def weights(model: Any) -> list[Tensor]:
    return [*model.generator_.parameters(), *model.critic_.parameters()]


def name(value: object) -> str:
    """Return what a test's name says of a parameter."""
    return getattr(value, "__name__", str(value))


def same(one: Any, other: Any) -> bool:
    equal = all(torch.equal(a, b) for a, b in zip(weights(one), weights(other), strict=True))
    return equal and one.history_.equals(other.history_)


def piecemeal(monkeypatch: pytest.MonkeyPatch, fit: Callable[..., Any], **options: Any) -> Any:
    """Fit without capturing; all else is as it is with capturing."""
    with monkeypatch.context() as patch:
        patch.setattr(capture, "_WARM", 10**9)
        return fit(**options)


CASES: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    *[(fit, {"loss": name}) for name in OBJECTIVES if name != "wgan"],
    (fit, {"loss": WeightClipping(bursts=False)}),
    (fit, {"loss": WassersteinGP(penalty_every=2)}),
    (fit, {"architecture": "conv1d"}),
    *[(fit, {"critic_norm": norm}) for norm in ("none", "spectral", "weight")],
    (fit_windows, {}),
    (fit_windows, {"attention": True}),
    (fit_windows, {"architecture": "mlp"}),
]


@pytest.mark.parametrize(("fit", "options"), CASES, ids=name)
def test_captured_updates_go_the_same_way(
    fit: Callable[..., Any],
    options: dict[str, Any],
    tapes: list[Tape],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    captured = fit(**options)
    assert not [record for record in caplog.records if record.name.startswith("wgan_aug")]
    replays = sum(tape.replays for tape in tapes)
    kinds = len(tapes)
    assert 1 <= kinds <= 2
    assert replays == captured.updates_ - 3 * kinds > 0
    assert captured.plan_.settings.optimiser == "rmsprop" or not any(tape.moves for tape in tapes)
    assert same(captured, piecemeal(monkeypatch, fit, **options))
    assert len(tapes) == kinds


def test_networks_that_grow_are_captured_when_they_have_grown(
    tapes: list[Tape], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wgan_aug.synthesizers.sequences.checks._PROGRESSIVE_STEPS", 8)
    captured = fit_windows(progressive=True)
    assert [tape.replays for tape in tapes] == [captured.updates_ // 2 + 1 - 3]  # the level is that after an update
    assert same(captured, piecemeal(monkeypatch, fit_windows, progressive=True))


class Own(WassersteinGP):
    """An objective of a user's own."""


@pytest.mark.parametrize(
    ("options", "why"),
    [({"loss": Own()}, "the objective"), ({"architecture": Wide()}, "a network")],
    ids=["objective", "network"],
)
def test_what_is_not_ours_is_not_captured(
    options: dict[str, Any], why: str, tapes: list[Tape], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        fit(**options)
    assert not tapes
    (told,) = [record.message for record in caplog.records if "captured" in record.message]
    assert told.startswith(f"Updates are not captured: {why}")


def test_rows_of_the_hosts_memory_are_not_captured(
    tapes: list[Tape], table: DeviceTable, settings: TrainingSettings, new_state: Callable[..., TrainingState]
) -> None:
    table.resident = False
    train(new_state(settings), table, WassersteinGP(), settings)
    assert not tapes


class Unseen(DeviceTable):
    """Rows that are looked up behind the back of whatever captures."""

    def batch(self, index: Tensor, generator: Any) -> Tensor:
        """Return rows."""
        return super().batch(torch.from_numpy(index.numpy().copy()), generator)


def test_an_update_that_does_not_heed_its_rows_is_found_out(
    tapes: list[Tape],
    table: DeviceTable,
    settings: TrainingSettings,
    new_state: Callable[..., TrainingState],
    caplog: pytest.LogCaptureFixture,
) -> None:
    table.__class__ = Unseen
    train(new_state(settings), table, WassersteinGP(), settings)
    (told,) = [record.message for record in caplog.records]
    assert re.match(r"Updates are not captured: a captured update goes \d+% another way", told)
    assert [tape.replays for tape in tapes] == [1]


def test_on_a_cpu_nothing_is_captured_and_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        fit()
    assert not [record for record in caplog.records if "captured" in record.message]


class Broken(Tape):
    """A graph that is refused."""

    def record(self, work: Any) -> Any:
        """Record something, and refuse the rest."""
        super().record(work)
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing")


class Stale(Tape):
    """A graph that does half of what was recorded."""

    def replay(self) -> None:
        """Do it."""
        self.calls = self.calls[: len(self.calls) // 2]
        super().replay()


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (Broken, "RuntimeError: CUDA error: op"),
        (Stale, "a captured update goes"),
    ],
)
def test_where_capturing_fails_training_goes_on_as_if_it_had_not_been_tried(
    kind: type[Tape],
    why: str,
    tapes: list[Tape],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(capture, "CudaGraph", kind)
    model = fit()
    (told,) = [record.message for record in caplog.records]
    assert told.startswith(f"Updates are not captured: {why}")
    assert told.endswith("Training goes on without, and slower.")
    assert same(model, piecemeal(monkeypatch, fit))


@pytest.mark.parametrize("every", [3, 6])  # the first bad update is the one to be captured, or a replayed one
def test_after_a_return_to_a_sound_state_updates_are_captured_anew(
    every: int,
    tapes: list[Tape],
    table: DeviceTable,
    settings: TrainingSettings,
    new_state: Callable[..., TrainingState],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = dataclasses.replace(settings, updates=18, check_every=every)

    def spoiled() -> tuple[TrainingState, History]:
        state = new_state(settings)

        def spoil(progress: Progress) -> None:
            if progress.update == every and state.rate_scale == 1:
                with torch.no_grad():
                    next(state.generator.parameters()).fill_(torch.nan)

        return state, train(state, table, WassersteinGP(), settings, callbacks=[Listening(spoil)])

    state, history = spoiled()
    assert state.rate_scale == 0.5
    assert tapes[-1].replays == 18 - every - 3  # by the last one
    plain, unbroken = piecemeal(monkeypatch, spoiled)
    assert np.array_equal(history.table(), unbroken.table())
    assert all(torch.equal(a, b) for a, b in zip(state.average.parameters(), plain.average.parameters(), strict=True))


@pytest.mark.parametrize(("most", "replays"), [(8, [30 - 3, 10 - 3]), (1, [30 - 3])])
def test_one_graph_stands_for_each_kind_of_update_up_to_some(
    most: int,
    replays: list[int],
    tapes: list[Tape],
    table: DeviceTable,
    settings: TrainingSettings,
    new_state: Callable[..., TrainingState],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capture, "_KINDS", most)
    settings = dataclasses.replace(settings, updates=40, n_critic=1)
    train(new_state(settings), table, WassersteinGP(penalty_every=4), settings)
    assert [tape.replays for tape in tapes] == replays


def test_what_waits_for_the_device_is_not_recorded() -> None:
    with pytest.raises(RuntimeError, match=r"_local_scalar_dense.* cannot be captured"):
        Tape(CPU, []).record(lambda: {"x": torch.zeros(3) * float(torch.ones(()))})


needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@needs_gpu
def test_after_a_capture_that_fails_random_numbers_go_on() -> None:
    device = torch.device("cuda")
    rng = torch.Generator(device).manual_seed(0)
    expected = torch.rand(3, generator=rng, device=device)
    rng.manual_seed(0)

    def waits() -> dict[str, Tensor]:
        return {"x": torch.zeros(3, device=device) * torch.rand((), generator=rng, device=device).item()}

    with pytest.raises(RuntimeError):
        capture.CudaGraph(device, [rng]).record(waits)
    assert torch.equal(torch.rand(3, generator=rng, device=device), expected)
    assert torch.rand(3, device=device).shape == (3,)


@needs_gpu
@pytest.mark.parametrize(("fit", "options"), CASES, ids=name)
def test_on_a_gpu_captured_updates_go_the_same_way(
    fit: Callable[..., Any],
    options: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    captured = fit(**options, device="cuda")
    assert not [record for record in caplog.records if "captured" in record.message]
    plain = piecemeal(monkeypatch, fit, **options, device="cuda")
    for ours, theirs in zip(weights(captured), weights(plain), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-2, atol=1e-4)
