"""The whole loop: history, averages, rates, seeds, and the way back from figures that are not finite."""

from __future__ import annotations

import dataclasses
import logging
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import NotFittedError
from torch import Tensor

from tests.listening import Listening
from wgan_aug.errors import InvalidParameterError, TrainingError
from wgan_aug.losses.objectives import WassersteinGP
from wgan_aug.schema.layout import Scalar, TableLayout
from wgan_aug.synthesizers.table import WGANGPSynthesizer
from wgan_aug.training.callbacks import Progress
from wgan_aug.training.data import DeviceTable
from wgan_aug.training.loop import NonFiniteError, train
from wgan_aug.training.state import TrainingSettings, TrainingState

NewState = Callable[..., TrainingState]
Change = Callable[[int, Tensor], Tensor]


class Changed:
    """WGAN-GP whose critic's or generator's loss is changed by a function of the call's number, from 1."""

    def __init__(self, critic: Change | None = None, generator: Change | None = None) -> None:
        self.inner, self.critic, self.generator = WassersteinGP(), critic, generator
        self.critic_calls = self.generator_calls = 0

    def critic_loss(self, critic: Any, real: Tensor, generated: Tensor, scores: Any, eps: Tensor) -> Any:
        """Return the critic's changed loss; its number is a figure, too."""
        self.critic_calls += 1
        loss, figures = self.inner.critic_loss(critic, real, generated, scores, eps)
        number = torch.tensor(float(self.critic_calls))
        loss = self.critic(self.critic_calls, loss) if self.critic else loss
        return loss, {**figures, "number": number}

    def generator_loss(self, critic: Any, real: Tensor, generated: Tensor) -> Tensor:
        """Return the generator's changed loss."""
        self.generator_calls += 1
        loss = self.inner.generator_loss(critic, real, generated)
        return self.generator(self.generator_calls, loss) if self.generator else loss


def nan_in(*calls: int) -> Change:
    return lambda number, loss: loss * math.nan if number in calls else loss


def finite_with_nan_gradient_in(*calls: int) -> Change:
    """The loss keeps its value, but its gradient is not a number."""
    return lambda number, loss: loss + (loss * 0).abs().sqrt() if number in calls else loss


def weights(state: TrainingState) -> list[Tensor]:
    networks = (state.generator, state.critic, state.average)
    return [parameter.detach().clone() for network in networks for parameter in network.parameters()]


# ---- history and listeners


@pytest.mark.parametrize("updates", [1, 3, 4, 9])
def test_the_history_has_every_update_and_the_mean_of_its_steps(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable, updates: int
) -> None:
    settings = dataclasses.replace(settings, updates=updates)
    history = train(new_state(settings), table, Changed(), settings)
    assert history.table().shape == (updates, len(history.names))
    numbers = history.table()[:, history.names.index("number")]
    assert numbers.tolist() == [3 * k + 2 for k in range(updates)]  # the mean of 3 k + 1, 3 k + 2, 3 k + 3
    assert {"critic_loss", "wasserstein", "penalty", "gradient_norm", "generator_loss"} < set(history.names)


def test_listeners_hear_the_start_and_the_mean_of_each_block(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable
) -> None:
    heard: list[Progress] = []
    history = train(new_state(settings), table, WassersteinGP(), settings, callbacks=[Listening(heard.append)])
    assert [(p.update, p.updates) for p in heard] == [(0, 10), (4, 10), (8, 10), (10, 10)]
    assert heard[0].figures == {}
    for progress, rows in zip(heard[1:], (slice(0, 4), slice(4, 8), slice(8, 10)), strict=True):
        means = dict(zip(history.names, history.table()[rows].mean(axis=0), strict=True))
        assert progress.figures == pytest.approx(means)


def test_no_updates_give_an_empty_history(new_state: NewState, settings: TrainingSettings, table: DeviceTable) -> None:
    settings = dataclasses.replace(settings, updates=0)
    assert train(new_state(settings), table, WassersteinGP(), settings).table().shape == (0, 0)


class Watched(DeviceTable):
    """A table that notes which rows it hands out."""

    def batch(self, index: Tensor, generator: torch.Generator) -> Tensor:
        """Note the rows, then go on."""
        self.__dict__.setdefault("asked", []).append(index.clone())
        return super().batch(index, generator)


@pytest.mark.parametrize("batch_size", [1, 16, 20, 60])
def test_an_epoch_hands_out_each_row_at_most_once(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable, batch_size: int
) -> None:
    settings = dataclasses.replace(settings, batch_size=batch_size)
    table.__class__ = Watched
    train(new_state(settings), table, WassersteinGP(), settings)
    asked: list[Tensor] = table.__dict__["asked"]
    assert [len(index) for index in asked] == [batch_size] * (settings.updates * settings.n_critic)
    steps = 60 // batch_size
    epochs = [torch.cat(asked[k : k + steps]) for k in range(0, len(asked) - steps + 1, steps)]
    for epoch in epochs:
        assert len(epoch.unique()) == len(epoch) == steps * batch_size
    if len(epochs) > 1:
        assert not torch.equal(epochs[0], epochs[1])


def test_a_batch_above_the_rows_is_refused(new_state: NewState, settings: TrainingSettings, table: DeviceTable) -> None:
    settings = dataclasses.replace(settings, batch_size=61)
    with pytest.raises(InvalidParameterError, match="batch_size is 61, but there are 60 rows"):
        train(new_state(settings), table, WassersteinGP(), settings)


# ---- averages and rates


def test_the_average_follows_its_formula(new_state: NewState, settings: TrainingSettings, table: DeviceTable) -> None:
    settings = dataclasses.replace(settings, check_every=1, updates=20, ema_decay=0.6)
    state = new_state(settings)
    expected = [p.detach().double() for p in state.generator.parameters()]

    def follow(progress: Progress) -> None:
        if progress.update:
            decay = min(0.6, (1 + progress.update) / (10 + progress.update))
            for i, parameter in enumerate(state.generator.parameters()):
                expected[i] = decay * expected[i] + (1 - decay) * parameter.detach().double()

    train(state, table, WassersteinGP(), settings, callbacks=[Listening(follow)])
    for ours, reference in zip(state.average.parameters(), expected, strict=True):
        torch.testing.assert_close(ours.double(), reference, rtol=1e-5, atol=1e-7)
        assert not ours.requires_grad
    assert not state.average.training


@pytest.mark.parametrize("decay", ["cosine", "none"])
def test_the_rates_fall_as_they_should(
    new_state: NewState,
    settings: TrainingSettings,
    table: DeviceTable,
    monkeypatch: pytest.MonkeyPatch,
    decay: Any,
) -> None:
    settings = dataclasses.replace(settings, decay=decay)
    state = new_state(settings)
    seen: dict[str, list[float]] = {"critic": [], "generator": []}
    for name in seen:
        optimiser = getattr(state, f"{name}_optimiser")

        def step(name: str = name, optimiser: Any = optimiser, real: Any = optimiser.step) -> None:
            seen[name].append(optimiser.param_groups[0]["lr"])
            real()

        monkeypatch.setattr(optimiser, "step", step)
    train(state, table, WassersteinGP(), settings)
    falls = [(1 + math.cos(math.pi * k / 10)) / 2 if decay == "cosine" else 1.0 for k in range(10)]
    assert seen["generator"] == pytest.approx([1e-3 * fall for fall in falls])
    assert seen["critic"] == pytest.approx([2e-3 * fall for fall in falls for _ in range(3)])


# ---- seeds


@pytest.mark.parametrize("norm", ["layer", "none", "spectral"])
def test_the_same_seed_gives_the_same_weights_and_history(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable, norm: str
) -> None:
    states = [new_state(settings, seed=seed, norm=norm) for seed in (1, 1, 2)]
    tables = [train(state, table, WassersteinGP(), settings).table() for state in states]
    assert tables[0].tobytes() == tables[1].tobytes() != tables[2].tobytes()
    assert all(torch.equal(a, b) for a, b in zip(weights(states[0]), weights(states[1]), strict=True))


def test_listening_in_shorter_blocks_changes_nothing(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable
) -> None:
    runs = []
    for every in (1, 10):
        cut = dataclasses.replace(settings, check_every=every)
        runs.append(train(new_state(cut), table, WassersteinGP(), cut).table())
    assert runs[0].tobytes() == runs[1].tobytes()


def test_fit_and_sample_leave_the_global_generators_alone() -> None:
    frame = pd.DataFrame({"a": np.arange(40.0) ** 2, "b": list("xyxx") * 10})
    before = (torch.get_rng_state(), np.random.get_state(), random.getstate())  # noqa: NPY002
    model = WGANGPSynthesizer(epochs=2, batch_size=16).fit(frame)  # no seed given: nor is one taken from them
    model.sample(5)
    model.score(frame)
    after = (torch.get_rng_state(), np.random.get_state(), random.getstate())  # noqa: NPY002
    assert torch.equal(before[0], after[0])
    assert all(np.array_equal(a, b) for a, b in zip(before[1], after[1], strict=True))
    assert before[2] == after[2]


# ---- figures that are not finite


@pytest.mark.parametrize("call", [1, 5, 14, 30])
def test_one_bad_loss_is_healed_with_half_the_rates(
    new_state: NewState,
    settings: TrainingSettings,
    table: DeviceTable,
    caplog: pytest.LogCaptureFixture,
    call: int,
) -> None:
    heard: list[Progress] = []
    state = new_state(settings)
    with caplog.at_level(logging.WARNING, logger="wgan_aug"):
        history = train(state, table, Changed(critic=nan_in(call)), settings, callbacks=[Listening(heard.append)])
    assert state.update == settings.updates
    assert history.table().shape[0] == settings.updates
    assert np.isfinite(history.table()).all()
    assert all(torch.isfinite(weight).all() for weight in weights(state))
    assert state.rate_scale == 0.5
    assert [p.update for p in heard] == [0, 4, 8, 10]
    last_good = 4 * ((call - 1) // 12)
    assert [record.getMessage() for record in caplog.records] == [
        f"Non-finite figures: back to update {last_good} with half the learning rate."
    ]


def test_going_back_restores_networks_average_and_optimisers(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable
) -> None:
    """With rates of almost nothing, a healed state is where its last good block left it."""
    state = new_state(settings)
    kept: list[Any] = []

    def keep(progress: Progress) -> None:
        if progress.update == 4:
            kept.append((weights(state), state.snapshot()))
            for optimiser in (state.generator_optimiser, state.critic_optimiser):
                assert len(optimiser.state) > 0

    with pytest.raises(NonFiniteError, match=r"after update 4, and 0 retries"):
        train(
            state,
            table,
            Changed(critic=nan_in(13)),
            dataclasses.replace(settings, max_retries=0),
            callbacks=[Listening(keep)],
        )
    assert not all(torch.equal(a, b) for a, b in zip(weights(state), kept[0][0], strict=True))
    state.restore(kept[0][1])
    assert state.update == 4
    assert all(torch.equal(a, b) for a, b in zip(weights(state), kept[0][0], strict=True))
    again = state.snapshot()
    for name in ("generator_optimiser", "critic_optimiser"):
        for ours, reference in zip(again[name].values(), kept[0][1][name].values(), strict=True):
            assert all(torch.equal(ours[k], reference[k]) for k in ("step", "exp_avg", "exp_avg_sq"))


@pytest.mark.parametrize("network", ["critic", "generator"])
def test_weights_broken_by_the_last_step_of_a_block_are_healed(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable, network: str
) -> None:
    """The figures of a step are taken before it moves: they are finite though its outcome is not."""
    call = 12 if network == "critic" else 4
    state = new_state(settings)
    history = train(state, table, Changed(**{network: finite_with_nan_gradient_in(call)}), settings)
    assert np.isfinite(history.table()).all()
    assert all(torch.isfinite(weight).all() for weight in weights(state))


@pytest.mark.parametrize("network", ["critic", "generator"])
def test_weights_broken_by_the_very_last_step_are_healed(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable, network: str
) -> None:
    call = 30 if network == "critic" else 10
    state = new_state(settings)
    train(state, table, Changed(**{network: finite_with_nan_gradient_in(call)}), settings)
    assert all(torch.isfinite(weight).all() for weight in weights(state))


def test_retries_are_counted_anew_after_a_good_block(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable
) -> None:
    settings = dataclasses.replace(settings, check_every=1, max_retries=2)
    state = new_state(settings)
    bad = (1, 4, 10, 13, 19, 22)  # the first step of the first two tries of three updates
    history = train(state, table, Changed(critic=nan_in(*bad)), settings)
    assert history.table().shape[0] == settings.updates
    assert state.rate_scale == 2.0**-6


def test_lasting_trouble_is_an_error_that_names_the_largest_features(
    new_state: NewState, settings: TrainingSettings
) -> None:
    layout = TableLayout((2,), np.array([0.5, 0.5]), tuple(Scalar(normal=False) for _ in range(5)))
    codes = np.random.default_rng(0).normal(size=(60, 5))
    codes[7, 3] = -1e6  # features: two states, then the scalars 2 to 6
    codes[9, 1] = 1e4
    wide = DeviceTable(np.zeros((60, 1), dtype=np.int64), codes, codes, layout, torch.device("cpu"))
    objective = Changed(critic=lambda number, loss: loss * math.inf)
    state = new_state(settings)
    state.critic.layers[0] = torch.nn.Linear(7, 8)  # type: ignore[index]
    state.generator.output = torch.nn.Linear(20, 7)
    state.generator.head = type(state.generator.head)(layout)  # type: ignore[operator]
    fresh = TrainingState(state.generator, state.critic, settings, state.rng)
    with pytest.raises(NonFiniteError, match=r"not finite after update 0, and 5 retries") as error:
        train(fresh, wide, objective, settings)
    assert error.value.features[:2] == [5, 3]
    assert isinstance(error.value, TrainingError)
    assert fresh.rate_scale == 2.0**-5
    assert objective.critic_calls == 6 * 4 * 3  # a first try and five retries of a block


def outliers() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    income = rng.normal(size=200)
    income[3] = 1e15
    return pd.DataFrame({"age": rng.normal(40, 9, 200), "income": income, "sex": rng.choice(["f", "m"], 200)})


HOPELESS: dict[str, Any] = {"numeric_encoding": "affine", "learning_rate": 1e30, "epochs": 4, "batch_size": 50}


def test_the_synthesizer_names_the_column_with_the_outlier() -> None:
    model = WGANGPSynthesizer(**HOPELESS, random_state=0)
    with pytest.raises(TrainingError, match=r"largest encoded values are 'income', .*numeric_encoding='quantile'"):
        model.fit(outliers())
    with pytest.raises(NotFittedError):
        model.sample(1)


def test_a_fit_that_fails_leaves_the_earlier_model(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": np.arange(40.0) ** 2, "b": list("xyxx") * 10})
    model = WGANGPSynthesizer(epochs=2, batch_size=16, random_state=0).fit(frame)
    before = model.sample(7)
    with pytest.raises(TrainingError):
        model.set_params(**HOPELESS, random_state=1).fit(outliers())
    pd.testing.assert_frame_equal(model.sample(7, random_state=0), before)
    assert model.n_features_in_ == 2
    assert list(vars(model)["feature_names_in_"]) == ["a", "b"]
    assert (model.plan_.rows, model.seed_) == (40, 0)
    model.save(tmp_path / "model")
    again = WGANGPSynthesizer.load(tmp_path / "model", device="cpu")
    pd.testing.assert_frame_equal(again.sample(7, random_state=0), before)
