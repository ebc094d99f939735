"""Generator and critic: gradients everywhere, unbounded scores, and rows that do not see each other."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from wgan_aug.errors import InvalidParameterError
from wgan_aug.networks import dense
from wgan_aug.networks.dense import CRITIC_NORMS
from wgan_aug.networks.mlp import MLPCritic, MLPGenerator
from wgan_aug.networks.tables import TableGenerator
from wgan_aug.schema.layout import Scalar, TableLayout

LAYOUT = TableLayout((3, 2), np.array([0.7, 0.2, 0.1, 0.75, 0.25]), (Scalar(1, (1,)), Scalar()))
NORMS = list(CRITIC_NORMS)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rows_of(n: int, seed: int = 0) -> Tensor:
    return torch.randn(n, LAYOUT.n_features, generator=rng(seed))


def critic_of(norm: str, hidden: tuple[int, ...] = (16, 16)) -> MLPCritic:
    torch.manual_seed(0)
    return MLPCritic(LAYOUT.n_features, hidden=hidden, norm=norm)


@pytest.fixture(autouse=True)
def _keep_global_generator() -> object:
    with torch.random.fork_rng(devices=[]):
        yield


# ---- what is told of a few rows

UNITS = np.array([0, 0, 0, 1, 1, 0, 1])


@pytest.mark.parametrize("told", [[], [3], [0, 2, 7], list(range(9))], ids=len)
@pytest.mark.parametrize("norm", [True, False])
def test_what_few_rows_are_told_counts_as_if_all_were_told(told: list[int], norm: bool) -> None:
    generator = MLPGenerator(LAYOUT, noise_dim=5, hidden=(8, 6, 4), norm=norm, units=UNITS).double()
    noise, condition = (torch.randn(9, width, generator=rng(), dtype=torch.float64) for width in (5, generator.told))
    condition[[row for row in range(9) if row not in told]] = 0
    pull = torch.randn(9, LAYOUT.n_features, generator=rng(1), dtype=torch.float64)
    made = generator.raw(noise, condition), TableGenerator.raw(generator, noise, condition)
    torch.testing.assert_close(made[0], made[1], rtol=0, atol=1e-12)
    gradients = [torch.autograd.grad((raw * pull).sum(), list(generator.parameters())) for raw in made]
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


# ---- the critic


@pytest.mark.parametrize("norm", ["none", "weight", "spectral"])
def test_no_graph_is_kept_of_slopes_that_do_not_change(norm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def penalise(critic: MLPCritic, rows: Tensor) -> tuple[list[Tensor], bool]:
        rows = rows.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(critic(rows).sum(), rows, create_graph=True)
        penalty = (gradient.norm(dim=1) - 1).square().mean()
        (again,) = torch.autograd.grad(penalty, rows, retain_graph=True, allow_unused=True)
        return list(torch.autograd.grad(penalty, list(critic.parameters()), materialize_grads=True)), again is None

    found, without = penalise(critic_of(norm), rows_of(40))
    monkeypatch.setattr(dense, "PiecewiseLinear", nn.LeakyReLU)
    usual, alike = penalise(critic_of(norm), rows_of(40))
    assert (without, alike) == (True, False)
    assert all(torch.equal(one, other) for one, other in zip(found, usual, strict=True))


@pytest.mark.parametrize("norm", NORMS)
def test_scores_are_one_a_row_unbounded_and_of_both_signs(norm: str) -> None:
    critic = critic_of(norm).eval()
    scores = critic(rows_of(500))
    assert scores.shape == (500,)
    assert not isinstance(list(critic.modules())[-1], (nn.ReLU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh))
    last = critic.layers[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        middle = critic(rows_of(500)).median()
        last.bias.sub_(middle)
        centred = critic(rows_of(500))
        assert (centred > 0).any()
        assert (centred < 0).any()
        last.bias.add_(1e4)  # an unsquashed output follows its bias wherever it goes
        torch.testing.assert_close(critic(rows_of(500)), centred + 1e4, rtol=0, atol=1e-2)


def isolated(critic: nn.Module) -> bool:
    """Say whether a row's score and input gradient are the same alone as beside other rows."""
    rows = rows_of(6).requires_grad_()
    together = copy.deepcopy(critic)(rows)
    (gradient,) = torch.autograd.grad(together[2], rows)
    others = torch.cat([rows[2:3], 100 * rows_of(5, seed=1)])
    moved = copy.deepcopy(critic)(others)
    alone = torch.allclose(together[2], moved[0], atol=1e-4)
    return alone and bool((gradient[[0, 1, 3, 4, 5]] == 0).all())


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("norm", NORMS)
def test_a_rows_score_does_not_depend_on_the_other_rows(norm: str, train: bool) -> None:
    assert isolated(critic_of(norm).train(train))


def test_batch_normalisation_would_fail_that_test() -> None:
    width = LAYOUT.n_features
    torch.manual_seed(0)
    hidden = [nn.Linear(width, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1), nn.Flatten(0)]
    assert not isolated(nn.Sequential(*hidden))


@pytest.mark.parametrize("norm", NORMS)
def test_the_critic_has_no_dropout_and_no_batch_normalisation(norm: str) -> None:
    critic = critic_of(norm)
    names = [type(module).__name__ for module in critic.modules()]
    assert not [name for name in names if "Dropout" in name or "BatchNorm" in name]
    critic.eval()
    calm = critic(rows_of(9))
    assert torch.equal(calm, critic(rows_of(9)))
    if norm != "spectral":  # whose power iteration goes on in training
        assert torch.equal(calm, critic.train()(rows_of(9)))


@pytest.mark.parametrize("norm", ["batch", "batchnorm", "batch_norm"])
def test_batch_normalisation_is_refused_with_the_reason(norm: str) -> None:
    with pytest.raises(InvalidParameterError, match=rf"critic_norm is '{norm}'.*score depend on other rows"):
        MLPCritic(3, norm=norm)


def test_an_unknown_norm_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidParameterError, match=r"'layer', 'none', 'spectral'.*Did you mean 'layer'\?"):
        MLPCritic(3, norm="layers")


def test_spectral_normalisation_bounds_the_slope() -> None:
    critic = critic_of("spectral")
    for _ in range(50):
        critic(rows_of(1))  # the power iteration settles
    critic.eval()
    rows = rows_of(200).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(rows).sum(), rows)
    assert gradient.norm(dim=1).max() <= 1.01
    plain = critic_of("none")
    with torch.no_grad():
        for weight in plain.parameters():
            weight.mul_(4)
    (gradient,) = torch.autograd.grad(plain(rows).sum(), rows)
    assert gradient.norm(dim=1).max() > 1.01


# ---- gradients


@pytest.mark.parametrize("norm", NORMS)
def test_every_parameter_of_the_critic_gets_a_gradient(norm: str) -> None:
    critic = critic_of(norm)
    critic(rows_of(64)).square().mean().backward()
    silent = [n for n, p in critic.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []


@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("skip", [True, False])
def test_every_parameter_of_the_generator_gets_a_gradient(norm: bool, skip: bool) -> None:
    torch.manual_seed(0)
    generator = MLPGenerator(LAYOUT, noise_dim=4, hidden=(8, 8), norm=norm, skip=skip)
    rows = generator(torch.randn(200, 4, generator=rng()), rng(1))
    (rows * rows_of(200, seed=2)).sum().backward()
    silent = [n for n, p in generator.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []


# ---- the generator


@pytest.mark.parametrize("hidden", [(), (8,), (8, 4, 6)])
@pytest.mark.parametrize("skip", [True, False])
def test_shapes(hidden: tuple[int, ...], skip: bool) -> None:
    generator = MLPGenerator(LAYOUT, noise_dim=5, hidden=hidden, skip=skip)
    for batch in (0, 1, 7):
        noise = torch.randn(batch, 5)
        assert generator.raw(noise).shape == (batch, 7)
        assert generator(noise, rng()).shape == (batch, 7)
    assert MLPCritic(7, hidden=hidden)(torch.zeros(3, 7)).shape == (3,)


@pytest.mark.parametrize("skip", [True, False])
def test_skips_carry_the_noise_to_the_output(skip: bool) -> None:
    """Without its hidden layers, only a generator with skips still listens to the noise."""
    generator = MLPGenerator(LAYOUT, noise_dim=5, hidden=(8, 8), norm=False, skip=skip)
    with torch.no_grad():
        for layer in generator.layers:
            for parameter in layer.parameters():
                parameter.zero_()
    moved = (generator.raw(torch.ones(1, 5)) != generator.raw(torch.zeros(1, 5))).any()
    assert bool(moved) is skip


def test_start_at_sets_the_marginals() -> None:
    generator = MLPGenerator(LAYOUT, noise_dim=4, hidden=(8,))
    generator.start_at(LAYOUT.frequencies)
    bias = generator.output.bias.detach().double()
    shares = [torch.softmax(block, 0) for block in bias[:5].split(LAYOUT.widths)]
    np.testing.assert_allclose(torch.cat(shares).numpy(), LAYOUT.frequencies, atol=1e-6)
    assert (bias[5:] == 0).all()
    with torch.no_grad():
        generator.output.weight.zero_()
    states = generator.head.choose(generator.raw(torch.randn(20_000, 4, generator=rng())), rng(1))[0]
    assert (states[:, 0] == 0).float().mean().item() == pytest.approx(0.7, abs=0.02)
    assert (states[:, 1] == 0).float().mean().item() == pytest.approx(0.75, abs=0.02)


def test_start_at_keeps_states_of_no_row_possible() -> None:
    layout = TableLayout((2,), np.array([1.0, 0.0]), ())
    generator = MLPGenerator(layout, noise_dim=4, hidden=(8,))
    generator.start_at(layout.frequencies)
    assert torch.isfinite(generator.output.bias).all()


def test_the_same_seed_gives_the_same_rows() -> None:
    generator = MLPGenerator(LAYOUT, noise_dim=4, hidden=(8,))
    noise = torch.randn(30, 4, generator=rng())
    assert torch.equal(generator(noise, rng(1)), generator(noise, rng(1)))
    assert not torch.equal(generator(noise, rng(1)), generator(noise, rng(2)))


# ---- what is told

UNITS = np.array([0, 0, 0, 1, 1, 1, 2])


def told_of(rows: Tensor, revealed: Tensor) -> Tensor:
    return torch.cat([rows * revealed[:, UNITS], revealed], dim=1)


def test_what_is_told_comes_back_and_the_rest_follows_it() -> None:
    torch.manual_seed(0)
    generator = MLPGenerator(LAYOUT, noise_dim=4, hidden=(16, 16), units=UNITS)
    noise, real = torch.randn(50, 4, generator=rng(1)), rows_of(50)
    revealed = (torch.rand(50, 3, generator=rng(2)) < 0.5).float()
    rows = generator(noise, rng(3), told_of(real, revealed))
    mask = revealed[:, UNITS] > 0
    assert torch.equal(rows[mask], real[mask])
    other = generator(noise, rng(3), told_of(real + 1, revealed))
    assert not torch.equal(rows[~mask], other[~mask])
    (gradient,) = torch.autograd.grad(rows[mask].sum() + 0 * rows.sum(), generator.output.weight)
    assert (gradient == 0).all()


def test_nothing_told_is_the_same_as_no_condition() -> None:
    torch.manual_seed(0)
    generator = MLPGenerator(LAYOUT, noise_dim=4, hidden=(16, 16), units=UNITS)
    critic = MLPCritic(LAYOUT.n_features, hidden=(16,), units=3)
    noise, nothing = torch.randn(9, 4, generator=rng(1)), torch.zeros(9, generator.told)
    torch.testing.assert_close(generator(noise, rng(3), nothing), generator(noise, rng(3)))
    torch.testing.assert_close(critic(rows_of(9), nothing), critic(rows_of(9)))


def test_a_critic_takes_fewer_conditions_over_and_over() -> None:
    torch.manual_seed(0)
    critic = MLPCritic(LAYOUT.n_features, hidden=(16,), units=3)
    condition = torch.rand(4, LAYOUT.n_features + 3, generator=rng(1))
    rows = rows_of(10)
    each = torch.cat([critic(rows[i : i + 1], condition[i % 4 : i % 4 + 1]) for i in range(10)])
    torch.testing.assert_close(critic(rows, condition), each)
    assert not torch.equal(critic(rows, condition), critic(rows))
