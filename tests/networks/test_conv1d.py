"""Convolutional networks: gradients everywhere, sequences that do not see each other, ends that nothing passes."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from wgan_aug.losses.objectives import WassersteinGP
from wgan_aug.losses.penalties import gradient_norms, gradient_penalty
from wgan_aug.networks.attention import SelfAttention
from wgan_aug.networks.conv1d import ConvCritic, ConvGenerator, RowNorm, SequenceShape, own_steps
from wgan_aug.schema.layout import Scalar, TableLayout

LAYOUT = TableLayout((3, 2), np.array([0.7, 0.2, 0.1, 0.75, 0.25]), (Scalar(normal=False),) * 2)
PATHS = TableLayout((), np.empty(0), (Scalar(normal=False),) * 3)
STATES = TableLayout((4,), np.array([0.4, 0.3, 0.2, 0.1]), ())


@dataclasses.dataclass(frozen=True)
class Member:
    """One kind of network."""

    layout: TableLayout = LAYOUT
    steps: int = 11
    condition: int = 3
    attention: bool = False
    ragged: bool = False
    norm: str = "layer"

    @property
    def shape(self) -> SequenceShape:
        """What sequences look like."""
        return SequenceShape(self.layout, self.steps, self.condition)

    def generator(self) -> ConvGenerator:
        """Return a small generator with weights from a seed."""
        torch.manual_seed(0)
        sizes: dict[str, Any] = {"noise_dim": 5, "hidden": (16, 16), "width": 8}
        return ConvGenerator(self.shape, **sizes, attention=self.attention, ragged=self.ragged)

    def critic(self) -> ConvCritic:
        """Return a small critic with weights from a seed."""
        torch.manual_seed(0)
        sizes: dict[str, Any] = {"hidden": (16, 16), "width": 8}
        return ConvCritic(self.shape, **sizes, norm=self.norm, attention=self.attention, ragged=self.ragged)

    def conditions(self, n: int, seed: int = 0) -> Tensor:
        """Return what is known of sequences; the last number is the length's share where lengths differ."""
        known = torch.randn(n, self.condition, generator=rng(seed))
        if self.ragged:
            known[:, -1] = self.lengths(n, seed) / self.steps
        return known

    def lengths(self, n: int, seed: int = 0) -> Tensor:
        """Return lengths from 1 to all steps."""
        return torch.randint(1, self.steps + 1, (n,), generator=rng(seed + 50))

    def sequences(self, n: int, seed: int = 0) -> Tensor:
        """Return sequences that fill all steps."""
        return torch.randn(n, self.shape.channels, self.steps, generator=rng(seed))

    def __str__(self) -> str:
        usual = vars(Member())
        return "-".join(f"{k}={'' if k == 'layout' else v}" for k, v in vars(self).items() if v is not usual[k])


MEMBERS = [
    Member(),
    Member(PATHS),
    Member(STATES, condition=0),
    Member(attention=True),
    Member(ragged=True),
    Member(ragged=True, condition=1, attention=True),
    Member(norm="none"),
    Member(norm="spectral"),
    Member(steps=2),
    Member(steps=3, condition=0),
    Member(steps=24, attention=True),
    Member(steps=300, condition=1, ragged=True),
    Member(PATHS, steps=3000, condition=0),  # without a dense path
]
every_member = pytest.mark.parametrize("member", MEMBERS, ids=str)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(autouse=True)
def _keep_global_generator() -> object:
    with torch.random.fork_rng(devices=[]):
        yield


def noise_of(generator: ConvGenerator, n: int, seed: int = 0) -> Tensor:
    return torch.randn(n, generator.noise_dim, generator=rng(seed))


def own_of(member: Member, n: int, seed: int = 0) -> Tensor:
    """Say which steps are a sequence's own, shape (n, 1, steps)."""
    return (torch.arange(member.steps) < member.lengths(n, seed)[:, None])[:, None]


# ---- shapes


@every_member
def test_shapes(member: Member) -> None:
    generator, critic = member.generator(), member.critic()
    for n in (0, 1, 4):
        noise, known = noise_of(generator, n), member.conditions(n)
        made = generator(noise, rng(), known)
        assert made.shape == generator.raw(noise, known).shape == (n, member.shape.channels, member.steps)
        states, paths = generator.choose(noise, rng(), known)
        assert states.shape == (n, member.steps, member.layout.n_blocks)
        assert paths.shape == (n, member.layout.n_scalars, member.steps)
        assert critic(made, known).shape == (n,)


@every_member
def test_generated_states_are_one_hot_at_each_step(member: Member) -> None:
    generator = member.generator()
    made = generator(noise_of(generator, 6), rng(), member.conditions(6))
    own = own_of(member, 6).float() if member.ragged else torch.ones(6, 1, member.steps)
    start = 0
    for width in member.layout.widths:
        block = made[:, start : start + width]
        assert set(block.unique().tolist()) <= {0.0, 1.0}
        assert torch.equal(block.sum(1, keepdim=True), own)
        start += width


@every_member
def test_the_same_seed_gives_the_same_sequences(member: Member) -> None:
    generator, known = member.generator(), member.conditions(5)
    noise = noise_of(generator, 5)
    first = generator(noise, rng(1), known)
    assert torch.equal(first, generator(noise, rng(1), known))
    assert not torch.equal(first, generator(noise_of(generator, 5, seed=1), rng(1), known))


@every_member
def test_a_condition_changes_what_comes_out(member: Member) -> None:
    if not member.condition:
        return
    generator, critic = member.generator(), member.critic()
    noise, known, sequences = noise_of(generator, 4), member.conditions(4), member.sequences(4)
    other = known.clone()
    other[:, 0] += 0.07
    assert (generator.raw(noise, known) != generator.raw(noise, other)).any((1, 2)).all()
    assert (critic(sequences, known) != critic(sequences, other)).any()


# ---- rows alone


@every_member
def test_a_generated_sequence_does_not_depend_on_the_batch(member: Member) -> None:
    generator, known = member.generator(), member.conditions(7)
    noise = noise_of(generator, 7)
    for train in (True, False):
        together = generator.train(train).raw(noise, known)
        alone = torch.cat([generator.raw(noise[i : i + 1], known[i : i + 1]) for i in range(7)])
        torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-5)


@every_member
def test_paths_that_are_drawn_are_the_raw_ones(member: Member) -> None:
    generator, known = member.generator(), member.conditions(7)
    noise = noise_of(generator, 7)
    _, paths = generator.choose(noise, rng(), known)
    assert torch.equal(paths, generator.raw(noise, known)[:, member.layout.n_states :])


def isolated(critic: nn.Module, member: Member) -> bool:
    """Say whether a sequence's score and input gradient are the same alone as beside other sequences."""
    sequences, known = member.sequences(6).requires_grad_(), member.conditions(6)
    together = copy.deepcopy(critic)(sequences, known)
    (gradient,) = torch.autograd.grad(together[2], sequences)
    others = torch.cat([sequences[2:3], 100 * member.sequences(5, seed=1)])
    moved = copy.deepcopy(critic)(others, torch.cat([known[2:3], member.conditions(5, seed=1)]))
    alone = torch.allclose(together[2], moved[0], atol=1e-4)
    return alone and bool((gradient[[0, 1, 3, 4, 5]] == 0).all()) and bool((gradient[2] != 0).any())


@every_member
@pytest.mark.parametrize("train", [True, False])
def test_a_score_does_not_depend_on_the_other_sequences(member: Member, train: bool) -> None:
    assert isolated(member.critic().train(train), member)


def test_batch_normalisation_would_fail_that_test() -> None:
    class Normalised(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.critic = nn.BatchNorm1d(Member().shape.channels), Member().critic()

        def forward(self, x: Tensor, condition: Tensor) -> Tensor:
            return self.critic(self.norm(x), condition)

    assert not isolated(Normalised(), Member())


@every_member
def test_there_is_no_dropout_and_no_batch_normalisation(member: Member) -> None:
    for network in (member.generator(), member.critic()):
        names = [type(module).__name__ for module in network.modules()]
        assert not [name for name in names if "Dropout" in name or "BatchNorm" in name or "InstanceNorm" in name]


def test_the_layer_norm_is_over_channels_and_time() -> None:
    """A sequence that is scaled and moved as a whole looks the same behind a first norm without bias and padding."""
    x = torch.randn(4, 3, 8, generator=rng()) * torch.tensor([1.0, 5.0, 0.1])[:, None]
    norm = RowNorm(3)
    out = norm(x)
    torch.testing.assert_close(out.mean((1, 2)), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(out.var((1, 2), unbiased=False), torch.ones(4), atol=1e-3, rtol=0)
    torch.testing.assert_close(norm(9 * x + 2), out, atol=1e-3, rtol=0)
    assert out.std(2).max() > 5 * out.std(2).min()  # not each channel by itself


# ---- gradients


def silent(network: nn.Module, loss: Tensor) -> set[str]:
    """Return the parameters that a loss does not move."""
    names, parameters = zip(*network.named_parameters(), strict=True)
    gradients = torch.autograd.grad(loss, parameters)
    assert all(torch.isfinite(gradient).all() for gradient in gradients)
    return {name for name, gradient in zip(names, gradients, strict=True) if not gradient.abs().sum() > 0}


def attention_alone(network: nn.Module) -> set[str]:
    """Return the parameters of attention but for its gain, which is 0 at first and holds the others still."""
    places = [place for place, module in network.named_modules() if isinstance(module, SelfAttention)]
    names = [name for name, _ in network.named_parameters() if not name.endswith(".gain")]
    return {name for name in names if any(name.startswith(f"{place}.") for place in places)}


def open_attention(network: nn.Module) -> None:
    """Do what a step of the optimiser does to the gains."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, SelfAttention):
                module.gain.add_(0.1)


@every_member
def test_every_parameter_of_the_generator_gets_a_gradient(member: Member) -> None:
    generator, known = member.generator(), member.conditions(32)
    weights = member.sequences(32, seed=2)

    def loss() -> Tensor:
        return (generator(noise_of(generator, 32), rng(1), known) * weights).sum()

    assert silent(generator, loss()) == attention_alone(generator)
    assert bool(attention_alone(generator)) is member.attention
    open_attention(generator)
    assert silent(generator, loss()) == set()


@every_member
def test_every_parameter_of_the_critic_gets_a_gradient(member: Member) -> None:
    critic = member.critic()
    sequences, known = member.sequences(32), member.conditions(32)

    def loss() -> Tensor:
        return critic(sequences, known).square().mean()

    assert silent(critic, loss()) == attention_alone(critic)
    assert bool(attention_alone(critic)) is member.attention
    open_attention(critic)
    assert silent(critic, loss()) == set()


@every_member
def test_every_parameter_gets_one_from_the_objective(member: Member) -> None:
    generator, critic = member.generator(), member.critic()
    open_attention(generator)
    open_attention(critic)
    known = member.conditions(16)
    real, made = member.sequences(16), generator(noise_of(generator, 16), rng(1), known)

    def score(x: Tensor) -> Tensor:
        return critic(x, known)

    objective = WassersteinGP(penalty_share=0.5)
    eps = torch.rand(16, generator=rng(2))
    both = critic(torch.cat([real, made.detach()]), known)
    loss, figures = objective.critic_loss(score, real, made.detach(), (both[:16], both[16:]), eps)
    shift = {name for name, p in critic.named_parameters() if name.endswith("bias") and p.numel() == 1}
    assert silent(critic, loss) <= shift  # which move all scores alike
    assert all(figure.shape == () and torch.isfinite(figure) for figure in figures.values())
    assert silent(generator, objective.generator_loss(score(made))) == set()


# ---- the penalty on (batch, channels, time)


def slow_norm(critic: ConvCritic, point: Tensor, known: Tensor) -> float:
    """The gradient of one sequence's score by itself, number after number."""
    point = point[None].clone().requires_grad_()
    (slope,) = torch.autograd.grad(critic(point, known[None]).sum(), point)
    return float(sum(value * value for value in slope.flatten().tolist()) ** 0.5)


@pytest.mark.parametrize("member", [m for m in MEMBERS if m.norm != "spectral"], ids=str)
def test_there_is_one_norm_a_sequence_over_channels_and_time(member: Member) -> None:
    critic = member.critic().double()
    real, made = member.sequences(5).double(), member.sequences(5, seed=1).double()
    known, eps = member.conditions(5).double(), torch.rand(5, generator=rng(2), dtype=torch.float64)
    points = [eps[i] * real[i] + (1 - eps[i]) * made[i] for i in range(5)]
    norms = [slow_norm(critic, point, condition) for point, condition in zip(points, known, strict=True)]
    fast = gradient_norms(lambda x: critic(x, known), torch.stack(points))
    np.testing.assert_allclose(fast.detach(), norms, rtol=1e-6, atol=1e-6)
    penalty = gradient_penalty(lambda x: critic(x, known), real, made, eps)
    assert penalty.item() == pytest.approx(float(np.mean([(norm - 1) ** 2 for norm in norms])), rel=1e-6)
    scores = (critic(real, known), critic(made, known))
    loss, figures = WassersteinGP(3.0).critic_loss(lambda x: critic(x, known), real, made, scores, eps)
    wasserstein = float((scores[0].mean() - scores[1].mean()).detach())
    assert loss.item() == pytest.approx(3 * penalty.item() - wasserstein, rel=1e-6)
    assert figures["gradient_norm"].item() == pytest.approx(float(np.mean(norms)), rel=1e-6)


# ---- the condition of each row


@every_member
def test_fewer_conditions_are_taken_over_and_over(member: Member) -> None:
    critic = member.critic().eval()
    known, sequences = member.conditions(4), member.sequences(10)
    whole = critic(sequences, known[torch.arange(10) % 4])
    torch.testing.assert_close(critic(sequences, known), whole)
    torch.testing.assert_close(critic(sequences[:3], known), critic(sequences[:3], known[:3]))
    if member.condition:
        assert not torch.allclose(critic(sequences, known.roll(1, 0)), whole)


# ---- ragged is padded and masked

RAGGED = [member for member in MEMBERS if member.ragged]


@pytest.mark.parametrize("member", RAGGED, ids=str)
@pytest.mark.parametrize("padding", [0.0, 1.0, 1e3, "noise"])
def test_steps_beyond_the_ends_change_nothing(member: Member, padding: float | str) -> None:
    critic = member.critic()
    known, own = member.conditions(8), own_of(member, 8)
    assert (own.sum((1, 2)) < member.steps).any()
    filling = 9 * member.sequences(8, seed=5) if padding == "noise" else torch.tensor(float(padding))
    eps = torch.rand(8, generator=rng(2))
    results: list[list[Tensor]] = []
    for beyond in (torch.tensor(0.0), filling):
        real, made = (torch.where(own, member.sequences(8, seed=seed), beyond) for seed in (0, 1))
        scores = critic(real, known)
        penalty = gradient_penalty(lambda x: critic(x, known), real, made, eps)
        gradients = torch.autograd.grad(scores.mean() + penalty, list(critic.parameters()))
        results.append([scores, penalty, *gradients])
    for clean, other in zip(*results, strict=True):
        torch.testing.assert_close(other, clean, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("member", RAGGED, ids=str)
def test_steps_beyond_the_ends_get_no_gradient(member: Member) -> None:
    critic, own = member.critic(), own_of(member, 8)
    sequences = member.sequences(8).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(sequences, member.conditions(8)).sum(), sequences)
    assert (gradient[~own.expand_as(gradient)] == 0).all()
    assert (gradient[own.expand_as(gradient)] != 0).float().mean() > 0.9


@pytest.mark.parametrize("member", RAGGED, ids=str)
def test_generated_sequences_end_where_they_shall(member: Member) -> None:
    generator, own = member.generator(), own_of(member, 20)
    made = generator(noise_of(generator, 20), rng(), member.conditions(20))
    assert (made[~own.expand_as(made)] == 0).all()
    assert (made.abs().sum(1, keepdim=True)[own] > 0).all()


@pytest.mark.parametrize("steps", [2, 3, 7, 24, 100, 365, 1000])
def test_every_length_is_told_from_its_share(steps: int) -> None:
    """float32 shares do not lose a step, nor gain one."""
    lengths = np.arange(1, steps + 1)
    shares = torch.from_numpy((lengths / steps).astype(np.float32))[:, None]
    assert own_steps(shares, steps).sum((1, 2)).int().tolist() == lengths.tolist()


# ---- beginnings


def test_start_at_sets_the_marginals_of_each_step() -> None:
    member = Member()
    generator = member.generator()
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.zero_()
    generator.start_at(torch.from_numpy(LAYOUT.frequencies))
    states, _ = generator.choose(noise_of(generator, 3000), rng(1), member.conditions(3000))
    np.testing.assert_allclose((states[..., 0] == 0).float().mean(0), 0.7, atol=0.04)
    np.testing.assert_allclose((states[..., 1] == 0).float().mean(0), 0.75, atol=0.04)


def test_attention_is_nothing_at_first_and_then_looks_at_all_steps() -> None:
    torch.manual_seed(0)
    attention = SelfAttention(8)
    x = torch.randn(3, 8, 6, generator=rng())
    assert torch.equal(attention(x), x)
    with torch.no_grad():
        attention.gain.fill_(1.0)
    weights = torch.softmax(torch.einsum("bct,bcs->bts", attention.query(x), attention.key(x)), dim=2)
    by_hand = x + torch.einsum("bts,bcs->bct", weights, attention.value(x))
    torch.testing.assert_close(attention(x), by_hand)
    order = torch.tensor([3, 1, 5, 0, 2, 4])
    torch.testing.assert_close(attention(x[..., order]), attention(x)[..., order])  # which step is which, it cannot see
