"""Sequences on a device: what the critic sees, what it is told beside, and that both belong together."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.listening import Listening
from wgan_aug.losses.objectives import WassersteinGP
from wgan_aug.networks.conv1d import ConvGenerator
from wgan_aug.networks.conv1d_critic import ConvCritic
from wgan_aug.networks.draws import seeded
from wgan_aug.networks.sequences import SequenceShape
from wgan_aug.schema.layout import Scalar, TableLayout
from wgan_aug.training.callbacks import Progress
from wgan_aug.training.devices import new_generator
from wgan_aug.training.loop import NonFiniteError, train
from wgan_aug.training.sequences import DeviceSequences
from wgan_aug.training.state import TrainingSettings, TrainingState

LAYOUT = TableLayout((3, 2), np.array([0.5, 0.3, 0.2, 0.6, 0.4]), (Scalar(normal=False),) * 2)
CPU = torch.device("cpu")
N, STEPS = 40, 6


def parts(ragged: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """States, paths, conditions and own steps; the first path and the condition tell the number of the sequence."""
    rng = np.random.default_rng(0)
    states = np.stack([rng.integers(0, width, (N, STEPS)) for width in LAYOUT.widths], axis=2)
    paths = rng.normal(size=(N, 2, STEPS))
    paths[:, 0] = np.arange(N)[:, None]
    lengths = rng.integers(1, STEPS + 1, N) if ragged else np.full(N, STEPS)
    return states, paths, np.column_stack([np.arange(N), lengths / STEPS]), np.arange(STEPS) < lengths[:, None]


def sequences(ragged: bool = True) -> DeviceSequences:
    return DeviceSequences(*parts(ragged), LAYOUT, CPU)


@pytest.fixture
def long_run(settings: TrainingSettings) -> TrainingSettings:
    """Ten updates on batches of eight."""
    return dataclasses.replace(settings, batch_size=8, n_critic=2)


@pytest.mark.parametrize("ragged", [False, True])
def test_a_batch_is_one_hot_states_and_paths_and_nothing_past_the_end(ragged: bool) -> None:
    states, paths, condition, own = parts(ragged)
    data = sequences(ragged)
    index = torch.tensor([7, 0, 39, 7])
    batch = data.batch(index, torch.Generator())
    assert (batch.shape, batch.dtype) == ((4, 7, STEPS), torch.float32)
    for row, n in zip(batch, index.tolist(), strict=True):
        for step in range(STEPS):
            expected = np.zeros(7)
            if own[n, step]:
                expected[[states[n, step, 0], 3 + states[n, step, 1]]] = 1
                expected[5:] = paths[n, :, step]
            np.testing.assert_allclose(row[:, step], expected, rtol=1e-6)
    np.testing.assert_allclose(data.condition(index), condition[index], rtol=1e-6)
    assert len(data) == N


@pytest.mark.parametrize("blocks", [0, 2])
def test_the_largest_of_each_channel(blocks: int) -> None:
    states, paths, condition, own = parts()
    layout = LAYOUT if blocks else dataclasses.replace(LAYOUT, widths=(), frequencies=np.empty(0))
    data = DeviceSequences(states[..., :blocks], -paths, condition, own, layout, CPU)
    largest = data.largest(torch.arange(N))
    assert largest.shape == (layout.n_features,)
    inside = np.where(own[:, None], abs(paths), 0)
    np.testing.assert_allclose(largest[-2:], inside.max(axis=(0, 2)), rtol=1e-6)
    assert (largest[:-2] == 1).all()


def test_states_alone() -> None:
    states, _, condition, own = parts()
    layout = TableLayout(LAYOUT.widths, LAYOUT.frequencies, ())
    data = DeviceSequences(states, np.zeros((N, 0, STEPS)), condition, own, layout, CPU)
    assert data.batch(torch.arange(5), torch.Generator()).shape == (5, 5, STEPS)


# ---- training on them


class Heard(nn.Module):
    """A network that writes down what it hears, and passes it on."""

    def __init__(self, inner: nn.Module, heard: list[tuple[Tensor, Tensor]]) -> None:
        super().__init__()
        self.inner, self.heard = inner, heard

    @property
    def noise_dim(self) -> int:
        """Width of the noise."""
        return self.inner.noise_dim  # type: ignore[return-value]

    def forward(self, x: Tensor, *rest: Any, condition: Tensor) -> Tensor:
        """Write down, and do what the network does."""
        self.heard.append((x.detach().clone(), condition.clone()))
        return self.inner(x, *rest, condition=condition)


def networks(ragged: bool = True) -> tuple[ConvGenerator, ConvCritic]:
    shape = SequenceShape(LAYOUT, STEPS, 2)
    with seeded(0):
        generator = ConvGenerator(shape, noise_dim=4, hidden=(8,), width=4, ragged=ragged)
        return generator, ConvCritic(shape, hidden=(8,), width=4, ragged=ragged)


@pytest.mark.parametrize("share_rows", [False, True])
def test_every_sequence_goes_with_its_own_condition(long_run: TrainingSettings, share_rows: bool) -> None:
    generated: list[tuple[Tensor, Tensor]] = []
    seen: list[tuple[Tensor, Tensor]] = []
    generator, critic = networks()
    settings = dataclasses.replace(long_run, share_rows=share_rows, updates=2)
    state = TrainingState(Heard(generator, generated), Heard(critic, seen), settings, new_generator(0, CPU))
    train(state, sequences(), WassersteinGP(penalty_share=0.5), settings)
    both = [(x, known) for x, known in seen if len(x) == 16]
    assert len(both) == 4  # two critic steps in each of two updates
    for x, known in both:
        assert len(known) == 8
        own = (torch.arange(STEPS) + 0.5) < known[:, 1:] * STEPS
        assert torch.equal(x[:8, 5, 0], known[:, 0])  # the real ones are those whose numbers the condition tells
        assert torch.equal(x[:8].abs().sum(1) > 0, own)
        assert torch.equal(x[8:].abs().sum(1) > 0, own)  # the generated ones are as long
    penalised = [(x, known) for x, known in seen if len(x) == 4]
    assert len(penalised) == 4
    for (x, known), (real, _) in zip(penalised, both, strict=True):
        own = (torch.arange(STEPS) + 0.5) < known[:4, 1:] * STEPS
        assert torch.equal(x.abs().sum(1) > 0, own)
        assert torch.equal(real[:4, 5, 0], known[:4, 0])
    steps = [(x, known) for x, known in seen if len(x) == 8]
    assert len(steps) == 2  # the generator's
    for x, known in steps:
        own = (torch.arange(STEPS) + 0.5) < known[:, 1:] * STEPS
        assert torch.equal(x.abs().sum(1) > 0, own)
    assert len(generated) == (4 if share_rows else 6)


def test_training_moves_every_parameter(long_run: TrainingSettings) -> None:
    generator, critic = networks()
    state = TrainingState(generator, critic, long_run, new_generator(0, CPU))
    before = {name: p.detach().clone() for net in (generator, critic) for name, p in net.named_parameters()}
    history = train(state, sequences(), WassersteinGP(), long_run)
    assert history.table().shape[0] == 10
    still = [n for net in (generator, critic) for n, p in net.named_parameters() if torch.equal(p, before[n])]
    assert all(dict(critic.named_parameters())[name].numel() == 1 for name in still)  # biases of scores


def test_a_network_that_grows_is_trained_from_coarse_to_fine(long_run: TrainingSettings) -> None:
    shape = SequenceShape(LAYOUT, STEPS, 2)
    with seeded(0):
        generator = ConvGenerator(shape, noise_dim=4, hidden=(8,), width=4, ragged=True, progressive=True)
        critic = ConvCritic(shape, hidden=(8,), width=4, ragged=True, progressive=True)
    settings = dataclasses.replace(long_run, check_every=1)
    state = TrainingState(generator, critic, settings, new_generator(0, CPU))
    fresh = {net: {name: p.detach().clone() for name, p in net.named_parameters()} for net in (generator, critic)}
    fine = {generator: ("blocks.1", "output", "dense"), critic: ("stages.0", "dense")}
    levels: list[float] = []

    def listen(progress: Progress) -> None:
        levels.append(critic.level)
        assert generator.level == critic.level
        for net, names in fine.items():
            moved = {name for name, p in net.named_parameters() if not torch.equal(p, fresh[net][name])}
            begun = {n for n, p in fresh[net].items() if n.startswith(names) and p.numel() > 1}  # not a score's bias
            assert moved & begun == (set() if progress.update <= 2 else begun)
            assert any(name.startswith("early") for name in moved) is (progress.update > 0)

    train(state, sequences(), WassersteinGP(), settings, callbacks=[Listening(listen)])
    assert levels == pytest.approx([1, 0, 0, 0.2, 0.6, 1, 1, 1, 1, 1, 1])
    assert state.average.level == 1
    assert any(not torch.equal(p, fresh[generator][n]) for n, p in state.average.named_parameters())


def test_rows_are_drawn_by_their_weights(long_run: TrainingSettings) -> None:
    seen: list[tuple[Tensor, Tensor]] = []
    generator, critic = networks()
    settings = dataclasses.replace(long_run, updates=60)
    state = TrainingState(generator, Heard(critic, seen), settings, new_generator(0, CPU))
    weights = torch.ones(N)
    weights[:4] = 9.0
    train(state, sequences(), WassersteinGP(), settings, weights=weights)
    shown = torch.cat([known[:, 0] for x, known in seen if len(x) == 16])
    assert (shown < 4).float().mean().item() == pytest.approx(36 / 72, abs=0.05)
    assert set(shown.int().tolist()) == set(range(N))


@pytest.mark.parametrize("channel", [0, 1])
def test_the_channel_with_the_largest_values_is_named_where_losses_are_not_finite(
    long_run: TrainingSettings, channel: int
) -> None:
    states, paths, condition, own = parts(ragged=False)
    paths[:, channel] = 3e38
    generator, critic = networks(ragged=False)
    state = TrainingState(generator, critic, long_run, new_generator(0, CPU))
    with pytest.raises(NonFiniteError, match=r"losses are not finite after update 0") as caught:
        train(state, DeviceSequences(states, paths, condition, own, LAYOUT, CPU), WassersteinGP(), long_run)
    assert caught.value.features[0] == 5 + channel
