"""Trainings that end early, are kept and gone on with, are judged, or run short of memory."""

from __future__ import annotations

import copy
import dataclasses
import logging
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from wgan_aug.losses.objectives import WassersteinGP
from wgan_aug.training.callbacks import Callback, Progress, StopTraining
from wgan_aug.training.data import DeviceTable, RevealingTable
from wgan_aug.training.devices import new_generator
from wgan_aug.training.loop import History, train
from wgan_aug.training.rows import ShuffledRows, WeightedRows
from wgan_aug.training.state import TrainingSettings, TrainingState

NewState = Callable[..., TrainingState]
CPU = torch.device("cpu")


def weights(state: TrainingState) -> list[Tensor]:
    networks = (state.generator, state.critic, state.average)
    return [parameter.detach().clone() for network in networks for parameter in network.parameters()]


def same(a: TrainingState, b: TrainingState) -> bool:
    return all(torch.equal(x, y) for x, y in zip(weights(a), weights(b), strict=True))


class Cut(Exception):
    """What ends a training in the middle."""


class Shelf:
    """Keeps snapshots in memory.

    Args:
        kept: what to go on from.
        dues: after how many looks at the clock it is time to write, each time.
        cut: raise after so many writes.
    """

    def __init__(self, kept: Mapping[str, Any] | None = None, dues: int = 1000, cut: int = 1000) -> None:
        self.kept, self.dues, self.cut = kept, dues, cut
        self.looks = self.writes = 0

    def read(self) -> Mapping[str, Any] | None:
        """Return what is there."""
        return self.kept

    def due(self) -> bool:
        """Count."""
        self.looks += 1
        return self.looks % self.dues == 0

    def write(self, snapshot: Mapping[str, Any]) -> None:
        """Keep a snapshot."""
        self.kept = copy.deepcopy(snapshot)
        self.writes += 1
        if self.writes == self.cut:
            raise Cut


class Table:
    """A judge that scores by a list, in turn."""

    def __init__(self, scores: list[float], every: int, patience: int | None, rows: int = 60) -> None:
        self.scores, self.every, self.patience = iter(scores), every, patience
        self.rows = torch.arange(rows)
        self.seen: list[list[Tensor]] = []

    def __call__(self, generator: nn.Module) -> dict[str, float]:
        """Return the next score, and note the generator."""
        self.seen.append([p.detach().clone() for p in generator.parameters()])
        return {"score": next(self.scores), "other": 7.0}


# ---- rows


@pytest.mark.parametrize("taken", [0, 1, 5, 7, 12])
def test_row_draws_go_on_from_a_state(taken: int) -> None:
    rows = torch.arange(40) * 3
    for build in (
        lambda rng: ShuffledRows(40, 6, rng, rows),
        lambda rng: WeightedRows(torch.arange(1.0, 41.0), 6, rng, rows),
    ):
        rng = new_generator(1, CPU)
        draws = build(rng)
        for _ in range(taken):
            draws.draw()
        state, random = draws.state_dict(), rng.get_state()
        expected = [draws.draw() for _ in range(9)]
        other = new_generator(9, CPU)
        again = build(other)
        again.draw()
        again.load_state_dict(state)
        other.set_state(random)
        assert all(torch.equal(a, again.draw()) for a in expected)
        assert {int(row) % 3 for batch in expected for row in batch} == {0}


# ---- going on


@pytest.mark.parametrize("dues", [1, 3, 7])
@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("revealing", [False, True])
def test_a_training_that_was_cut_off_goes_on_as_if_it_had_not_been(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable, dues: int, balanced: bool, revealing: bool
) -> None:
    units = np.array([0, 0, 0, 1, 1, 2, 3])
    shown = torch.arange(1.0, 61.0) if balanced else None

    def run(keeper: Shelf | None) -> tuple[TrainingState, History]:
        sizes = {"units": units} if revealing else {}
        state = new_state(settings, **sizes)
        if revealing:
            state.critic = type(state.critic)(7, hidden=(8, 8), units=4)
            with torch.no_grad():
                for number, parameter in enumerate(state.critic.parameters()):
                    parameter.copy_(torch.linspace(-1, 1, parameter.numel()).view_as(parameter) / (number + 1))
            state = TrainingState(state.generator, state.critic, settings, new_generator(0, CPU))
        rows = RevealingTable(table, units, 0.5, new_generator(5, CPU)) if revealing else table
        return state, train(state, rows, WassersteinGP(), settings, weights=shown, keeper=keeper)

    whole, history = run(None)
    for cut in (1, 2):
        shelf = Shelf(dues=dues, cut=cut)
        with pytest.raises(Cut):
            run(shelf)
        state, resumed = run(Shelf(shelf.kept))
        assert same(whole, state)
        assert resumed.table().tobytes() == history.table().tobytes()
        assert resumed.names == history.names


def test_a_training_that_had_ended_is_not_trained_again(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable
) -> None:
    shelf = Shelf()
    whole = new_state(settings)
    history = train(whole, table, WassersteinGP(), settings, keeper=shelf)
    assert shelf.writes == 1
    again = new_state(settings, seed=5)
    resumed = train(again, table, WassersteinGP(), settings, keeper=shelf)
    assert same(whole, again)
    assert resumed.table().tobytes() == history.table().tobytes()


def test_an_interrupt_writes_the_last_sound_state(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable
) -> None:
    class Interrupt(WassersteinGP):
        """The objective, interrupted in the 20th critic step, which is in update 7."""

        calls = 0

        def critic_loss(self, *given: Any) -> Any:
            """Interrupt once."""
            Interrupt.calls += 1
            if Interrupt.calls == 20:
                raise KeyboardInterrupt
            return super().critic_loss(*given)

    whole = new_state(settings)
    train(whole, table, WassersteinGP(), settings)
    shelf = Shelf()
    heard: list[BaseException | None] = []

    class Ends(Callback):
        """Notes how it ended."""

        def on_end(self, progress: Progress) -> None:
            """Note it."""
            heard.append(progress.error)

    with pytest.raises(KeyboardInterrupt):
        train(new_state(settings), table, Interrupt(), settings, keeper=shelf, callbacks=[Ends()])
    assert shelf.kept is not None
    assert shelf.kept["state"]["update"] == 4
    assert [type(error) for error in heard] == [KeyboardInterrupt]
    state = new_state(settings)
    train(state, table, WassersteinGP(), settings, keeper=Shelf(shelf.kept), callbacks=[Ends()])
    assert same(whole, state)
    assert heard[1] is None


# ---- ending early


def test_a_callback_ends_training_and_keeps_the_model(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable
) -> None:
    class Stop(Callback):
        """Stops after the second block."""

        ends = 0

        def on_step(self, progress: Progress) -> None:
            """Stop there."""
            if progress.update >= 8:
                raise StopTraining

        def on_end(self, progress: Progress) -> None:
            """Count."""
            assert progress.error is None
            Stop.ends += 1

    state = new_state(settings)
    assert len(train(state, table, WassersteinGP(), settings, callbacks=[Stop()]).table()) == state.update == 8
    assert Stop.ends == 1


def test_any_other_error_of_a_callback_is_passed_on(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable
) -> None:
    class Broken(Callback):
        """Fails."""

        def on_step(self, progress: Progress) -> None:
            """Fail."""
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train(new_state(settings), table, WassersteinGP(), settings, callbacks=[Broken()])


def test_time_ends_training_and_the_rates_fall_with_it(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that takes a second a block: blocks of one update, five seconds."""
    clock = iter(np.arange(0, 1000, 1.0))
    monkeypatch.setattr("wgan_aug.training.loop.time.perf_counter", lambda: next(clock))
    limited = dataclasses.replace(settings, updates=1000, check_every=1, max_seconds=5.0)
    state, rates = new_state(limited), []
    real = state.generator_optimiser.step

    def step() -> None:
        rates.append(state.generator_optimiser.param_groups[0]["lr"])
        real()

    monkeypatch.setattr(state.generator_optimiser, "step", step)
    history = train(state, table, WassersteinGP(), limited)
    assert len(history.table()) == 5
    expected = [1e-3 * (1 + np.cos(np.pi * k / 5)) / 2 for k in range(5)]
    assert rates == pytest.approx(expected, rel=1e-3)


# ---- judging


def test_the_best_average_is_kept_and_patience_ends_training(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable
) -> None:
    long = dataclasses.replace(settings, updates=100)
    judge = Table([5, 3, 4, 3.5, 2, 9, 8, 7, 6], every=6, patience=3)
    state, told = new_state(long), []

    class Scores(Callback):
        """Notes the scores."""

        def on_evaluate(self, progress: Progress) -> None:
            """Note them."""
            told.append((progress.update, progress.scores["score"], progress.scores["other"]))

    history = train(state, table, WassersteinGP(), long, judge=judge, callbacks=[Scores()])
    assert state.update == 48
    assert told == [(6 * k + 6, score, 7.0) for k, score in enumerate([5, 3, 4, 3.5, 2, 9, 8, 7])]
    assert history.chosen == 30
    assert [e["update"] for e in history.evaluations] == list(range(6, 49, 6))
    kept = [p.detach() for p in state.average.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(kept, judge.seen[4], strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(kept, judge.seen[-1], strict=True))


def test_judging_changes_no_training_but_for_the_rows(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable
) -> None:
    plain, judged = new_state(settings), new_state(settings)
    train(plain, table, WassersteinGP(), settings)
    history = train(judged, table, WassersteinGP(), settings, judge=Table([3, 2, 1], every=5, patience=None))
    assert same(plain, judged)
    assert history.chosen == 10


def test_rows_that_are_held_out_are_never_seen(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[int] = set()
    real = DeviceTable.batch

    def batch(self: DeviceTable, index: Tensor, generator: torch.Generator) -> Tensor:
        seen.update(index.tolist())
        return real(self, index, generator)

    monkeypatch.setattr(DeviceTable, "batch", batch)
    train(new_state(settings), table, WassersteinGP(), settings, judge=Table([1] * 9, 5, None, rows=40))
    assert seen == set(range(40))


def test_judging_goes_on_from_where_it_was_cut_off(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable
) -> None:
    scores = [5.0, 3.0, 4.0, 3.5, 6.0]
    whole = new_state(settings)
    expected = train(whole, table, WassersteinGP(), settings, judge=Table(scores, 2, 3))
    shelf = Shelf(dues=9, cut=1)
    with pytest.raises(Cut):
        train(new_state(settings), table, WassersteinGP(), settings, judge=Table(scores, 2, 3), keeper=shelf)
    assert shelf.kept is not None
    done = len(shelf.kept["history"].evaluations)
    assert 0 < done < 5
    state = new_state(settings)
    rest = Table(scores[done:], 2, 3)
    history = train(state, table, WassersteinGP(), settings, judge=rest, keeper=Shelf(shelf.kept))
    assert same(whole, state)
    assert history.evaluations == expected.evaluations
    assert history.chosen == expected.chosen == 4


# ---- memory


class Hungry(WassersteinGP):
    """The objective, for which memory is short where a batch has too many rows."""

    most = 5

    def critic_loss(self, critic: Any, real: Tensor, *rest: Any) -> Any:
        """Run out of memory, as torch says it."""
        if len(real) > self.most:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 TB")
        return super().critic_loss(critic, real, *rest)


def test_out_of_memory_halves_the_parts_of_a_batch_until_they_fit(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable, caplog: pytest.LogCaptureFixture
) -> None:
    state = new_state(settings)
    with caplog.at_level(logging.WARNING, logger="wgan_aug"):
        history = train(state, table, Hungry(), settings)
    assert state.slices == 4
    assert len(history.table()) == settings.updates
    assert np.isfinite(history.table()).all()
    assert [record.getMessage() for record in caplog.records] == [
        "Out of memory: back to update 0, with batches in parts of 8 rows.",
        "Out of memory: back to update 0, with batches in parts of 4 rows.",
    ]


def test_memory_that_holds_not_one_row_is_an_error(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable
) -> None:
    hungry = Hungry()
    hungry.__class__.most, before = 0, Hungry.most
    try:
        with pytest.raises(RuntimeError, match="allocate 1 TB"):
            train(new_state(settings), table, hungry, settings)
    finally:
        Hungry.most = before


def test_other_errors_of_torch_are_passed_on(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable
) -> None:
    class Wrong(WassersteinGP):
        """Adds shapes that do not fit."""

        def generator_loss(self, critic: Any, real: Tensor, generated: Tensor) -> Tensor:
            """Fail."""
            return (critic(generated) + torch.ones(len(generated) + 1)).mean()

    with pytest.raises(RuntimeError, match="must match the size"):
        train(new_state(settings), table, Wrong(), settings)


def test_a_batch_in_parts_has_the_gradient_of_the_whole(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable
) -> None:
    """One critic step, in parts of different sizes or whole, in float64: the same weights afterwards."""
    from wgan_aug.training.steps import critic_step

    moved: list[list[Tensor]] = []
    for slices in (1, 3, 16):
        state = new_state(settings)
        state.critic.double()
        state = TrainingState(state.generator, state.critic, settings, new_generator(0, CPU))
        state.slices = slices
        rows = torch.linspace(-1, 1, 32 * 7, dtype=torch.float64).view(32, 7).sin()
        figures = critic_step(state, WassersteinGP(), rows[:16], rows[16:])
        moved.append([*state.critic.parameters(), *figures.values()])
    for parts in moved[1:]:
        for ours, whole in zip(parts, moved[0], strict=True):
            torch.testing.assert_close(ours, whole, rtol=1e-6, atol=1e-9)
