"""Single steps: who moves, in which order, on which noise, and how often the device is waited for."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from scipy import stats
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from wgan_aug.losses.objectives import WassersteinGP
from wgan_aug.training.data import DeviceTable
from wgan_aug.training.loop import train
from wgan_aug.training.state import TrainingSettings, TrainingState
from wgan_aug.training.steps import critic_step, draw_generated, generator_step

NewState = Callable[..., TrainingState]
NORMS = ["layer", "none", "spectral"]


def copies(module: nn.Module) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in module.parameters()]


def unchanged(module: nn.Module, before: list[Tensor]) -> bool:
    return all(torch.equal(p, b) for p, b in zip(module.parameters(), before, strict=True))


def no_gradients(state: TrainingState) -> bool:
    networks = (state.generator, state.critic, state.average)
    return all(parameter.grad is None for network in networks for parameter in network.parameters())


@pytest.fixture
def real(table: DeviceTable, settings: TrainingSettings) -> Tensor:
    """A batch of real rows."""
    return table.middle(torch.arange(settings.batch_size))


# ---- each step moves its own network alone


@pytest.mark.parametrize("norm", NORMS)
def test_a_critic_step_moves_the_critic_alone(
    new_state: NewState, settings: TrainingSettings, real: Tensor, norm: str
) -> None:
    state = new_state(settings, norm=norm)
    generator, average, critic = copies(state.generator), copies(state.average), copies(state.critic)
    figures = critic_step(state, WassersteinGP(), real, draw_generated(state, len(real)))
    assert unchanged(state.generator, generator)
    assert unchanged(state.average, average)
    moved = {name: not torch.equal(p, b) for (name, p), b in zip(state.critic.named_parameters(), critic, strict=True)}
    moved.pop(f"layers.{len(state.critic.layers) - 1}.bias")  # type: ignore[arg-type]  # has no gradient
    assert all(moved.values()), moved
    assert no_gradients(state)
    assert not state.generator_optimiser.state
    assert len(state.critic_optimiser.state) == len(critic)
    assert set(figures) == {"critic_loss", "wasserstein", "penalty", "gradient_norm"}
    assert not any(figure.requires_grad for figure in figures.values())


@pytest.mark.parametrize("norm", NORMS)
def test_a_generator_step_moves_the_generator_alone(new_state: NewState, settings: TrainingSettings, norm: str) -> None:
    state = new_state(settings, norm=norm)
    generator, average, critic = copies(state.generator), copies(state.average), copies(state.critic)
    rows = draw_generated(state, settings.batch_size)
    figures = generator_step(state, WassersteinGP(), [(rows.detach(), rows, None)], settings.batch_size)
    assert unchanged(state.critic, critic)
    assert unchanged(state.average, average)
    assert not unchanged(state.generator, generator)
    assert no_gradients(state)
    assert not state.critic_optimiser.state
    assert len(state.generator_optimiser.state) == len(generator)
    assert set(figures) == {"generator_loss"}
    assert not figures["generator_loss"].requires_grad


@dataclasses.dataclass
class Recorder:
    """Notes every call of a state's networks and optimisers."""

    events: list[str] = dataclasses.field(default_factory=list)
    noise: list[Tensor] = dataclasses.field(default_factory=list)
    with_graph: list[bool] = dataclasses.field(default_factory=list)

    def attach(self, state: TrainingState, monkeypatch: pytest.MonkeyPatch) -> None:
        """Listen to a state."""
        for name in ("critic", "generator"):
            optimiser = getattr(state, f"{name}_optimiser")
            monkeypatch.setattr(optimiser, "step", self._noting(name, optimiser.step))
        state.generator.register_forward_hook(self._generated)

    def _noting(self, name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.events.append(name)
            return step(*args, **kwargs)

        return call

    def _generated(self, module: nn.Module, given: tuple[Tensor, ...], rows: Tensor) -> None:
        self.noise.append(given[0])
        self.with_graph.append(rows.requires_grad)


@pytest.fixture
def recorded(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable, monkeypatch: pytest.MonkeyPatch
) -> Recorder:
    """A whole training, noted."""
    recorder, state = Recorder(), new_state(settings)
    recorder.attach(state, monkeypatch)
    train(state, table, WassersteinGP(), settings)
    return recorder


def test_the_critic_is_trained_before_the_generator_in_each_update(
    recorded: Recorder, settings: TrainingSettings
) -> None:
    assert recorded.events == (["critic"] * 3 + ["generator"]) * settings.updates


def test_each_step_has_noise_of_its_own(recorded: Recorder, settings: TrainingSettings) -> None:
    assert len(recorded.noise) == (settings.n_critic + 1) * settings.updates
    drawn = torch.stack(recorded.noise)
    assert drawn.shape[1:] == (settings.batch_size, 4)
    assert len(drawn.reshape(-1).unique()) > 0.999 * drawn.numel()
    assert stats.kstest(drawn.reshape(-1).numpy(), "norm").pvalue > 1e-3


def test_the_generators_graph_is_built_in_its_own_step_alone(recorded: Recorder, settings: TrainingSettings) -> None:
    assert recorded.with_graph == ([False] * 3 + [True]) * settings.updates


class Listening(WassersteinGP):
    """The objective, noting what it is given."""

    def critic_loss(self, critic: Any, real: Tensor, generated: Tensor, scores: Any, eps: Tensor) -> Any:
        """Note the shares and rows, then go on."""
        self.__dict__.setdefault("heard", []).append((real, generated, scores, eps))
        return super().critic_loss(critic, real, generated, scores, eps)


def test_eps_is_one_uniform_number_a_row_drawn_anew_each_step(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable
) -> None:
    objective = Listening()
    train(new_state(settings), table, objective, settings)
    shares = torch.stack([eps for *_, eps in objective.__dict__["heard"]])
    assert shares.shape == (settings.updates * settings.n_critic, settings.batch_size)
    assert len(shares.reshape(-1).unique()) > 0.99 * shares.numel()
    assert stats.kstest(shares.reshape(-1).numpy(), "uniform").pvalue > 1e-3


def test_the_objective_gets_the_scores_of_its_rows(
    new_state: NewState, settings: TrainingSettings, real: Tensor
) -> None:
    state, objective = new_state(settings), Listening()
    with torch.no_grad():
        expected = state.critic(real)
    critic_step(state, objective, real, draw_generated(state, len(real)))
    given, generated, scores, _ = objective.__dict__["heard"][0]
    assert torch.equal(given, real)
    assert not generated.requires_grad
    torch.testing.assert_close(scores[0].detach(), expected)


@pytest.mark.parametrize(("share", "draws"), [(False, 4), (True, 3)])
def test_shared_rows_are_those_of_the_critics_last_step(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable, share: bool, draws: int
) -> None:
    once = dataclasses.replace(settings, updates=1, n_critic=3, share_rows=share)
    state, objective = new_state(once), Listening()
    drawn: list[Tensor] = []
    state.generator.register_forward_hook(lambda module, given, rows: drawn.append(rows.detach().clone()))
    train(state, table, objective, once)
    seen = [generated for _, generated, *_ in objective.__dict__["heard"]]
    assert len(drawn) == draws
    assert all(torch.equal(a, b) for a, b in zip(seen, drawn, strict=False))
    assert not torch.equal(drawn[0], drawn[1])


def test_a_step_of_the_critic_is_one_of_adam_on_the_objectives_gradient(
    new_state: NewState, settings: TrainingSettings, real: Tensor
) -> None:
    """Replay the step by hand, with draws of the same seed."""
    state, twin = new_state(settings), new_state(settings)
    critic_step(state, WassersteinGP(), real, draw_generated(state, len(real)))
    rng = twin.rng
    with torch.no_grad():
        fake = twin.generator(torch.randn(len(real), 4, generator=rng), rng)
    eps = torch.rand(len(real), generator=rng)
    scores = twin.critic(torch.cat([real, fake])).split(len(real))
    loss, _ = WassersteinGP().critic_loss(twin.critic, real, fake, scores, eps)
    optimiser = torch.optim.Adam(twin.critic.parameters(), lr=settings.critic_learning_rate, betas=settings.betas)
    loss.backward()
    optimiser.step()
    for ours, reference in zip(state.critic.parameters(), twin.critic.parameters(), strict=True):
        assert reference.grad is not None
        firm = reference.grad.abs() > 1e-5  # Adam makes full steps of rounding errors, too
        torch.testing.assert_close(ours[firm], reference[firm], rtol=1e-4, atol=1e-6)


# ---- waiting for the device

WAITING = ("item", "cpu", "tolist", "numpy", "__bool__", "__float__", "__int__", "__index__", "__array__")


class Waits(TorchDispatchMode):
    """Counts the operations whose result, or whose result's size, the host must wait for."""

    OPERATIONS = ("_local_scalar_dense", "nonzero", "equal", "is_nonzero", "masked_select", "_unique2")

    def __init__(self, counts: Counter[str]) -> None:
        super().__init__()
        self.counts = counts

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Count, then go on."""
        name = func.overloadpacket.__name__
        masks = [m for m in (args[1] if name in ("index", "index_put", "index_put_") else ()) if isinstance(m, Tensor)]
        if name in self.OPERATIONS or any(mask.dtype == torch.bool for mask in masks):
            self.counts[name] += 1
        return func(*args, **(kwargs or {}))


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Count what makes the host wait, in Python and below it."""
    counts: Counter[str] = Counter()

    def counting(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            counts[name] += 1
            return method(*args, **kwargs)

        return call

    for name in WAITING:
        monkeypatch.setattr(Tensor, name, counting(name, getattr(Tensor, name)))
    with Waits(counts):
        yield counts


def test_the_counter_of_waits_counts(waits: Counter[str]) -> None:
    bool(torch.ones(1) > 0)
    torch.ones(1).item()
    torch.ones(3)[torch.ones(3) > 0].tolist()
    assert waits["_local_scalar_dense"] >= 2
    assert waits["index"] == 1
    assert waits["tolist"] == 1


@pytest.mark.parametrize("norm", NORMS)
def test_the_device_is_waited_for_once_a_block_however_long(
    new_state: NewState, settings: TrainingSettings, table: DeviceTable, waits: Counter[str], norm: str
) -> None:
    seen: list[Counter[str]] = []
    for updates in (2, 12):
        waits.clear()
        one_block = dataclasses.replace(settings, updates=updates, check_every=updates)
        train(new_state(one_block, norm=norm), table, WassersteinGP(), one_block)
        seen.append(Counter(waits))
    assert seen[0] == seen[1]
    assert seen[0]["cpu"] == 1
