"""Convolutional networks: gradients everywhere, sequences that do not see each other, ends that nothing passes."""

from __future__ import annotations

import copy
import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from wgan_aug.losses.objectives import WassersteinGP
from wgan_aug.losses.penalties import gradient_norms, gradient_penalty
from wgan_aug.networks.attention import SelfAttention
from wgan_aug.networks.conv1d import ConvGenerator
from wgan_aug.networks.conv1d_critic import ConvCritic, RowNorm
from wgan_aug.networks.growing import Growing
from wgan_aug.networks.sequences import SequenceShape, own_steps
from wgan_aug.networks.views import VIEWS
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
    level: float | None = None
    side_critics: tuple[str, ...] = ()

    @property
    def shape(self) -> SequenceShape:
        """What sequences look like."""
        return SequenceShape(self.layout, self.steps, self.condition)

    def generator(self) -> ConvGenerator:
        """Return a small generator with weights from a seed."""
        torch.manual_seed(0)
        sizes: dict[str, Any] = {"noise_dim": 5, "hidden": (16, 16), "width": 8}
        return self._at_level(ConvGenerator(self.shape, **sizes, **self._options))

    def critic(self) -> ConvCritic:
        """Return a small critic with weights from a seed."""
        torch.manual_seed(0)
        sizes: dict[str, Any] = {"hidden": (16, 16), "width": 8}
        sizes |= {"norm": self.norm, "side_critics": self.side_critics}
        return self._at_level(ConvCritic(self.shape, **sizes, **self._options))

    @property
    def _options(self) -> dict[str, Any]:
        return {"attention": self.attention, "ragged": self.ragged, "progressive": self.level is not None}

    def _at_level(self, network: Any) -> Any:
        network.level = network.level if self.level is None else self.level
        return network

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
    Member(norm="weight"),
    Member(steps=2),
    Member(steps=3, condition=0),
    Member(steps=24, attention=True),
    Member(steps=300, condition=1, ragged=True),
    Member(PATHS, steps=3000, condition=0),  # without a dense path
    Member(side_critics=("spectrum", "differences"), ragged=True),
    Member(PATHS, steps=2, side_critics=("differences",), norm="none"),
    Member(steps=45, level=0.0, ragged=True),  # of levels 0, 1 and 2
    Member(steps=45, level=0.3, condition=0, side_critics=("spectrum",)),
    Member(steps=45, level=1.0, attention=True, norm="spectral"),
    Member(PATHS, steps=45, level=1.6, attention=True, side_critics=("spectrum", "differences"), ragged=True),
    Member(steps=45, level=2.0, side_critics=("differences",)),
    Member(PATHS, steps=3000, condition=0, level=4.5),
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
    """Return the parameters that a loss does not move, of those that are in use at the network's level."""
    names, parameters = zip(*network.named_parameters(), strict=True)
    gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
    every: dict[str, Tensor | None] = dict(zip(names, gradients, strict=True))
    moving = {name: gradient for name, gradient in every.items() if gradient is not None}
    assert every.keys() - moving.keys() == {name for name in names if rests(network, name)}
    assert all(torch.isfinite(gradient).all() for gradient in moving.values())
    return {name for name, gradient in moving.items() if not gradient.abs().sum() > 0}


def rests(network: Any, name: str) -> bool:
    """Say whether a parameter is not in use at the network's level, from its name."""
    part, number = name.split(".")[0], name.split(".")[1]
    levels, last = {math.floor(network.level), math.ceil(network.level)}, network.levels - 1
    whole = last in levels
    if part in ("output", "dense", "sides"):
        return not whole
    if part == "early":  # of the generator by level; of the critic by the stages that it stands for, less one
        return (int(number) if isinstance(network, ConvGenerator) else last - 1 - int(number)) not in levels
    if part == "attention":
        return max(levels) < last - 1
    if part == "blocks":
        return int(number) > max(levels)
    return part == "stages" and int(number) < last - max(levels)


def attention_alone(network: nn.Module) -> set[str]:
    """Return the parameters of attention in use but for its gain, which is 0 at first and holds the others still."""
    places = [place for place, module in network.named_modules() if isinstance(module, SelfAttention)]
    names = [name for name, _ in network.named_parameters() if not (name.endswith(".gain") or rests(network, name))]
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
    assert bool(attention_alone(generator)) is member.attention  # which comes with the last level but one
    open_attention(generator)
    assert silent(generator, loss()) == set()


@every_member
def test_every_parameter_of_the_critic_gets_a_gradient(member: Member) -> None:
    critic = member.critic()
    sequences, known = member.sequences(32), member.conditions(32)

    def loss() -> Tensor:
        return critic(sequences, known).square().mean()

    assert silent(critic, loss()) == attention_alone(critic)
    last = critic.finest == critic.levels - 1
    assert bool(attention_alone(critic)) is (member.attention and last)
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
    assert silent(generator, objective.generator_loss(score, real, made)) == set()


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
        parameters = list(critic.parameters())
        gradients = torch.autograd.grad(scores.mean() + penalty, parameters, allow_unused=True, materialize_grads=True)
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


# ---- growing


class TestGrowing:
    """A network of three levels: 12, 23 and 45 steps."""

    member = Member(steps=45, level=2.0)

    def raw_at(self, level: float, member: Member = member) -> Tensor:
        generator = member.generator()
        generator.level = level
        return generator.raw(noise_of(generator, 4), member.conditions(4))

    def scores_at(self, level: float, sequences: Tensor, member: Member = member) -> Tensor:
        critic = member.critic()
        critic.level = level
        return critic(sequences, member.conditions(len(sequences)))

    def test_coarse_levels_say_the_same_of_several_steps(self) -> None:
        for level, length in ((0, 4), (1, 2)):
            raw = self.raw_at(float(level))
            assert torch.equal(raw, raw[..., ::length].repeat_interleave(length, dim=2)[..., :45])
            assert (raw[..., ::length].diff(dim=2) != 0).all()
        assert (self.raw_at(2.0).diff(dim=2) != 0).all()

    @pytest.mark.parametrize("share", [0.01, 0.5, 0.9])
    def test_a_level_is_faded_in(self, share: float) -> None:
        for level in (0, 1):
            mixed = (1 - share) * self.raw_at(float(level)) + share * self.raw_at(level + 1.0)
            torch.testing.assert_close(self.raw_at(level + share), mixed, rtol=1e-5, atol=1e-5)

    @pytest.mark.parametrize("norm", ["layer", "none"])
    def test_scores_do_not_jump(self, norm: str) -> None:
        member = dataclasses.replace(self.member, norm=norm, side_critics=("spectrum",))
        sequences = member.sequences(6)
        for level in (0.0, 1.0):
            start, begun = (self.scores_at(at, sequences, member) for at in (level, level + 1e-5))
            ended, end = (self.scores_at(at, sequences, member) for at in (level + 1 - 1e-5, level + 1.0))
            torch.testing.assert_close(begun, start, rtol=1e-3, atol=1e-3)
            torch.testing.assert_close(ended, end, rtol=1e-3, atol=1e-3)
            assert (abs(end - start) > 1e-2).any()

    def test_the_critic_sees_means_over_the_steps_of_a_level(self) -> None:
        critic, sequences = self.member.critic(), self.member.sequences(6)
        with torch.no_grad():
            for parameter in critic.coarse.parameters():
                parameter.zero_()
        for level, length in ((0, 4), (1, 2), (2, 1)):
            critic.level = float(level)
            means = torch.cat([part.mean(2, keepdim=True).expand_as(part) for part in sequences.split(length, 2)], 2)
            ours, theirs = (critic(x, self.member.conditions(6)) for x in (sequences, means))
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
            coarser = torch.cat([part.mean(2, keepdim=True).expand_as(part) for part in sequences.split(8, 2)], 2)
            assert (abs(critic(coarser, self.member.conditions(6)) - ours) > 1e-4).any()

    def test_over_a_run_every_parameter_is_in_use_and_at_the_end_all_levels(self) -> None:
        member = dataclasses.replace(self.member, attention=True, side_critics=("spectrum", "differences"))
        for network in (member.generator(), member.critic()):
            used = set[str]()
            for update in range(100):
                network.grow((update + 1) / 100)
                used |= {name for name, _ in network.named_parameters() if not rests(network, name)}
                if update == 0:
                    assert network.level == 0
                    assert used < {name for name, _ in network.named_parameters()}
            assert used == {name for name, _ in network.named_parameters()}
            assert network.level == network.levels - 1

    def test_a_run_goes_up_through_all_levels_with_as_much_time_for_each(self) -> None:
        network = Growing(levels=5, progressive=True)
        levels = []
        for share in np.linspace(0, 1, 801):
            network.grow(share)
            levels.append(network.level)
        assert (np.diff(levels) >= 0).all()
        assert (min(levels), max(levels), levels[400]) == (0.0, 4.0, 4.0)
        for level in range(4):
            assert sum(at == level for at in levels) == pytest.approx(50, abs=1)  # an eighth of a half, and
            assert sum(level < at < level + 1 for at in levels) == pytest.approx(50, abs=1)  # as long to the next

    def test_others_do_not_grow(self) -> None:
        for network in (Member(steps=45).generator(), Member(steps=45).critic()):
            network.grow(0.0)
            assert network.level == network.levels - 1
            assert not any(name.startswith("early") for name, _ in network.named_parameters())


# ---- critics on the side


def alone(name: str, ragged: bool = False) -> tuple[Member, ConvCritic]:
    """Return a critic of which only the one on the side has a say."""
    member = Member(steps=20, side_critics=(name,), ragged=ragged)
    critic = member.critic()
    with torch.no_grad():
        for place, parameter in critic.named_parameters():
            if place.startswith(("head", "dense", "coarse")):
                parameter.zero_()
    return member, critic


def test_a_critic_of_the_spectrum_does_not_see_when() -> None:
    member, critic = alone("spectrum")
    sequences, known = member.sequences(5), member.conditions(5)
    scores = critic(sequences, known)
    torch.testing.assert_close(critic(sequences.roll(7, 2), known), scores, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(critic(-sequences, known), scores, rtol=1e-4, atol=1e-5)
    assert (critic(sequences.cumsum(2), known) != scores).all()


@pytest.mark.parametrize("name", VIEWS)
def test_critics_on_the_side_see_numbers_alone(name: str) -> None:
    member, critic = alone(name)
    sequences, known = member.sequences(5), member.conditions(5)
    scores = critic(sequences, known)
    for channel in range(sequences.shape[1]):
        other = sequences.clone()
        other[:, channel] *= torch.linspace(0, 3, 20)
        assert torch.equal(critic(other, known), scores) is (channel < LAYOUT.n_states)


@pytest.mark.parametrize("ragged", [False, True])
def test_a_critic_of_differences_does_not_see_levels(ragged: bool) -> None:
    member, critic = alone("differences", ragged)
    sequences, known = member.sequences(8), member.conditions(8)
    scores = critic(sequences, known)
    torch.testing.assert_close(critic(sequences + 3, known), scores, rtol=1e-4, atol=1e-5)
    own = own_of(member, 8).sum((1, 2)) > 1 if ragged else torch.ones(8, dtype=torch.bool)
    assert (critic(2 * sequences, known) != scores)[own].all()


# ---- beginnings


@pytest.mark.parametrize("level", [None, 0.0, 1.0, 1.5])
def test_start_at_sets_the_marginals_of_each_step(level: float | None) -> None:
    member = Member(steps=45, level=level)
    generator = member.generator()
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.zero_()
    generator.start_at(torch.from_numpy(LAYOUT.frequencies))
    states, _ = generator.choose(torch.zeros(3000, generator.noise_dim), rng(1), member.conditions(3000))
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
