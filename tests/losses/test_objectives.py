"""Objectives against formulas written out in closed form, float64."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from wgan_aug.errors import InvalidParameterError
from wgan_aug.losses.objectives import OBJECTIVES, WassersteinGP, find_objective


@dataclasses.dataclass
class Case:
    """A critic D(x) = v . tanh(x A + b), with rows; its input gradient is known without autograd."""

    seed: int
    batch: int
    features: int

    def __post_init__(self) -> None:
        rng = torch.Generator().manual_seed(self.seed)

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=rng, dtype=torch.float64)

        self.weights = [normal(self.features, 4), normal(4), normal(4)]
        self.real, self.generated = normal(self.batch, self.features), 1.5 * normal(self.batch, self.features)
        self.eps = torch.rand(self.batch, generator=rng, dtype=torch.float64)
        for weight in self.weights:
            weight.requires_grad_()

    def critic(self, rows: Tensor) -> Tensor:
        """Return scores, shape (batch,)."""
        return torch.tanh(rows @ self.weights[0] + self.weights[1]) @ self.weights[2]

    def norms(self, rows: Tensor) -> Tensor:
        """Return the norms of the input gradient by the chain rule, shape (batch,)."""
        slope = 1 - torch.tanh(rows @ self.weights[0] + self.weights[1]) ** 2
        return ((slope * self.weights[2]) @ self.weights[0].T).square().sum(1).add(1e-12).sqrt()

    def points(self) -> Tensor:
        """Return the points between real and generated rows."""
        return self.eps[:, None] * self.real + (1 - self.eps[:, None]) * self.generated

    def scores(self) -> tuple[Tensor, Tensor]:
        """Return the scores of real and generated rows."""
        return self.critic(self.real), self.critic(self.generated)


CASES = st.builds(Case, st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 5))


@given(case=CASES, weight=st.sampled_from([0.0, 0.1, 10.0]), one_sided=st.booleans())
@settings(max_examples=60, deadline=None)
def test_wgan_gp_critic_loss_and_gradient(case: Case, weight: float, one_sided: bool) -> None:
    excess = case.norms(case.points()) - 1
    excess = excess * (excess > 0) if one_sided else excess
    real, generated = case.scores()
    penalty = sum((e * e for e in excess), torch.zeros((), dtype=torch.float64)) / case.batch
    expected = generated.sum() / case.batch - real.sum() / case.batch + weight * penalty

    objective = WassersteinGP(gp_weight=weight, one_sided=one_sided)
    loss, figures = objective.critic_loss(case.critic, case.real, case.generated, case.scores(), case.eps)

    torch.testing.assert_close(loss, expected, rtol=1e-8, atol=1e-8)
    ours = torch.autograd.grad(loss, case.weights, retain_graph=True)
    for mine, reference in zip(ours, torch.autograd.grad(expected, case.weights), strict=True):
        torch.testing.assert_close(mine, reference, rtol=1e-8, atol=1e-8)
    assert figures["wasserstein"].item() == pytest.approx((real.mean() - generated.mean()).item(), abs=1e-10)
    assert figures["penalty"].item() == pytest.approx(penalty.item(), abs=1e-9)
    assert figures["gradient_norm"].item() == pytest.approx(case.norms(case.points()).mean().item(), abs=1e-9)


@given(case=CASES, share=st.sampled_from([0.1, 0.5, 0.9, 1.0]))
@settings(max_examples=30, deadline=None)
def test_a_penalty_on_a_share_of_the_rows_takes_that_many(case: Case, share: float) -> None:
    rows = min(n for n in range(1, case.batch + 1) if n >= share * case.batch)
    expected = (case.norms(case.points())[:rows] - 1).square().sum() / rows
    _, figures = WassersteinGP(penalty_share=share).critic_loss(
        case.critic, case.real, case.generated, case.scores(), case.eps
    )
    assert figures["penalty"].item() == pytest.approx(expected.item(), abs=1e-9)
    assert figures["wasserstein"].item() == pytest.approx((case.scores()[0] - case.scores()[1]).mean().item(), abs=1e-9)


@given(case=CASES)
@settings(max_examples=30, deadline=None)
def test_wgan_generator_loss_and_gradient(case: Case) -> None:
    rows = case.generated.clone().requires_grad_()
    loss = WassersteinGP().generator_loss(case.critic(rows))
    assert loss.item() == pytest.approx(-case.critic(case.generated).mean().item(), abs=1e-12)
    (gradient,) = torch.autograd.grad(loss, rows)
    slope = 1 - torch.tanh(case.generated @ case.weights[0] + case.weights[1]) ** 2
    expected = -((slope * case.weights[2]) @ case.weights[0].T) / case.batch
    torch.testing.assert_close(gradient, expected, rtol=1e-8, atol=1e-10)


def descend(weight: Tensor, loss: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(loss, weight)
    return (weight - 0.1 * gradient).detach()


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_step_down_raises_real_scores_above_generated_ones(name: str) -> None:
    objective = find_objective(name)()
    real, generated = torch.full((4, 1), 2.0), torch.full((4, 1), -1.0)
    weight = torch.tensor([[1.0]], requires_grad=True)  # the penalty's minimum: only the scores push

    def critic(rows: Tensor) -> Tensor:
        return (rows @ weight).squeeze(1)

    loss, _ = objective.critic_loss(critic, real, generated, (critic(real), critic(generated)), torch.rand(4))
    assert descend(weight, loss).item() > 1


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_step_down_moves_generated_rows_uphill(name: str) -> None:
    rows = torch.zeros(3, requires_grad=True)
    loss = find_objective(name)().generator_loss(2 * rows)
    assert (descend(rows, loss) > 0).all()


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_critics_loss_leaves_the_generators_graph_alone(name: str) -> None:
    case = Case(0, 4, 3)
    seedling = torch.ones(3, dtype=torch.float64, requires_grad=True)
    generated = case.generated * seedling
    scores = (case.critic(case.real), case.critic(generated.detach()))
    loss, figures = find_objective(name)().critic_loss(case.critic, case.real, generated, scores, case.eps)
    assert torch.autograd.grad(loss, seedling, allow_unused=True) == (None,)
    assert all(figure.shape == () for figure in figures.values())


def test_the_papers_weight_is_the_default() -> None:
    assert WassersteinGP() == WassersteinGP(gp_weight=10.0, one_sided=False)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_an_objective_is_found_by_its_name(name: str) -> None:
    assert find_objective(name) is OBJECTIVES[name]


@pytest.mark.parametrize(("name", "hint"), [("wgan_gp", "Did you mean 'wgan-gp'?"), ("zzz", "'wgan-gp'"), ("", "''")])
def test_an_unknown_objective_is_refused_with_the_known_ones(name: str, hint: str) -> None:
    with pytest.raises(InvalidParameterError) as error:
        find_objective(name)
    assert repr(name) in str(error.value)
    assert hint in str(error.value)
    assert "'wgan-gp'" in str(error.value)
