"""The gradient penalty against a loop over rows, and against every mistake it is often written with."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from wgan_aug.losses.penalties import gradient_norms, gradient_penalty, interpolate, lipschitz_penalty

Critic = Callable[[Tensor], Tensor]
Penalty = Callable[[Critic, Tensor, Tensor, Tensor], Tensor]

SHAPES = [(3,), (1,), (2, 5), (1, 4), (3, 1)]  # features; (channels, time)


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def uniform(seed: int, *shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def smooth_critic(seed: int, shape: tuple[int, ...], hidden: int = 4) -> tuple[Critic, list[Tensor]]:
    """A two-layer critic of rows of any shape, and its parameters."""
    width = math.prod(shape)
    weights = [normal(seed, width, hidden), normal(seed + 1, hidden), normal(seed + 2, hidden)]
    for weight in weights:
        weight.requires_grad_()

    def critic(rows: Tensor) -> Tensor:
        return torch.tanh(rows.flatten(1) @ weights[0] + weights[1]) @ weights[2]

    return critic, weights


def draw(seed: int, batch: int, shape: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
    return normal(seed, batch, *shape), 2 * normal(seed + 1, batch, *shape), uniform(seed + 2, batch)


def slow_penalty(critic: Critic, real: Tensor, generated: Tensor, eps: Tensor, one_sided: bool = False) -> Tensor:
    """Row after row, number after number: mix, differentiate, add up the squares."""
    total = torch.zeros((), dtype=torch.float64)
    for x, g, share in zip(real, generated, eps, strict=True):
        point = (share * x + (1 - share) * g).detach().unsqueeze(0).requires_grad_()
        (slopes,) = torch.autograd.grad(critic(point).sum(), point, create_graph=True)
        square = sum((slope * slope for slope in slopes.reshape(-1)), torch.zeros((), dtype=torch.float64))
        excess = (square + 1e-12).sqrt() - 1
        if one_sided and excess < 0:
            continue
        total = total + excess * excess
    return total / max(1, len(real))


# ---- against the slow reference


@given(
    batch=st.integers(0, 6),
    shape=st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple),
    seed=st.integers(0, 10_000),
    one_sided=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_penalty_equals_the_loop_over_rows(batch: int, shape: tuple[int, ...], seed: int, one_sided: bool) -> None:
    critic, weights = smooth_critic(seed, shape)
    real, generated, eps = draw(seed + 10, batch, shape)
    fast = gradient_penalty(critic, real, generated, eps, one_sided=one_sided)
    slow = slow_penalty(critic, real, generated, eps, one_sided)
    assert fast.shape == ()
    assert fast.item() == pytest.approx(slow.item(), rel=1e-10, abs=1e-12)
    if batch and slow.requires_grad:
        ours = torch.autograd.grad(fast, weights, materialize_grads=True)
        theirs = torch.autograd.grad(slow, weights, materialize_grads=True)
        for mine, reference in zip(ours, theirs, strict=True):
            torch.testing.assert_close(mine, reference, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("one_sided", [False, True])
def test_an_empty_batch_has_no_penalty(one_sided: bool) -> None:
    critic, _ = smooth_critic(0, (3,))
    empty = torch.empty(0, 3, dtype=torch.float64)
    assert gradient_penalty(critic, empty, empty, torch.empty(0), one_sided=one_sided).item() == 0
    assert gradient_norms(critic, empty).shape == (0,)


@pytest.mark.parametrize("shape", SHAPES)
def test_first_and_second_derivatives_with_respect_to_the_critic(shape: tuple[int, ...]) -> None:
    real, generated, eps = draw(5, 3, shape)
    _, weights = smooth_critic(3, shape, hidden=2)

    def penalty(first: Tensor, bias: Tensor, last: Tensor) -> Tensor:
        def critic(rows: Tensor) -> Tensor:
            return torch.tanh(rows.flatten(1) @ first + bias) @ last

        return gradient_penalty(critic, real, generated, eps)

    assert torch.autograd.gradcheck(penalty, weights)
    assert torch.autograd.gradgradcheck(penalty, weights)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("length", [0.0, 0.3, 1.0, 7.0])
def test_a_linear_critics_penalty_is_the_square_of_its_norm_minus_one(shape: tuple[int, ...], length: float) -> None:
    weight = normal(0, *shape)
    weight = weight / weight.norm() * length
    real, generated, eps = draw(1, 5, shape)
    penalty = gradient_penalty(lambda x: (x * weight).flatten(1).sum(1) + 3, real, generated, eps)
    assert penalty.item() == pytest.approx((length - 1) ** 2, abs=1e-5 if length == 0 else 1e-11)
    one_sided = gradient_penalty(lambda x: (x * weight).flatten(1).sum(1), real, generated, eps, one_sided=True)
    assert one_sided.item() == pytest.approx(max(0.0, length - 1) ** 2, abs=1e-11)


def test_scores_of_shape_batch_by_one_are_taken() -> None:
    real, generated, eps = draw(0, 4, (3,))
    critic, _ = smooth_critic(1, (3,))
    flat = gradient_penalty(critic, real, generated, eps)
    assert gradient_penalty(lambda x: critic(x).unsqueeze(1), real, generated, eps).item() == flat.item()


def test_norms_work_where_gradients_are_switched_off() -> None:
    critic, _ = smooth_critic(1, (3,))
    points = normal(0, 4, 3)
    with torch.no_grad():
        norms = gradient_norms(critic, points)
    torch.testing.assert_close(norms, gradient_norms(critic, points))
    assert not points.requires_grad


# ---- each mistake gives another value on data that tell them apart


def mistaken(mix: Callable[[Tensor, Tensor, Tensor], Tensor], norm: Callable[[Tensor], Tensor]) -> Penalty:
    def penalty(critic: Critic, real: Tensor, generated: Tensor, eps: Tensor) -> Tensor:
        points = mix(real, generated, eps).detach().requires_grad_()
        (slopes,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
        return (norm(slopes) - 1).square().mean()

    return penalty


def right_mix(real: Tensor, generated: Tensor, eps: Tensor) -> Tensor:
    share = eps.reshape(-1, 1, 1)
    return share * real + (1 - share) * generated


def right_norm(slopes: Tensor) -> Tensor:
    return slopes.square().sum(dim=(1, 2)).add(1e-12).sqrt()


MISTAKES: dict[str, Penalty] = {
    "one norm over the whole batch": mistaken(right_mix, lambda s: s.norm()),
    "a norm per channel": mistaken(right_mix, lambda s: s.norm(dim=2)),
    "a norm over channels alone": mistaken(right_mix, lambda s: s.norm(dim=1)),
    "a root of the mean square": mistaken(right_mix, lambda s: s.square().mean(dim=(1, 2)).sqrt()),
    "one eps for the batch": mistaken(lambda x, g, e: right_mix(x, g, e[:1].expand_as(e)), right_norm),
    "an eps per number": mistaken(lambda x, g, e: x + uniform(7, *x.shape) * (g - x), right_norm),
    "a normal eps": mistaken(lambda x, g, e: right_mix(x, g, normal(7, len(e))), right_norm),
    "eps fixed at 1": mistaken(lambda x, g, e: x, right_norm),
    "eps fixed at 0": mistaken(lambda x, g, e: g, right_norm),
    "eps on the wrong end": mistaken(lambda x, g, e: right_mix(g, x, e), right_norm),
}


def agrees(penalty: Penalty) -> bool:
    """Compare a penalty with the loop over rows, on sequences of (channels, time)."""
    critic, _ = smooth_critic(3, (2, 5))
    real, generated, eps = draw(4, 6, (2, 5))
    expected = slow_penalty(critic, real, generated, eps)
    return abs((penalty(critic, real, generated, eps) / expected).item() - 1) < 1e-6


def test_ours_agrees_where_the_mistakes_do_not() -> None:
    assert agrees(gradient_penalty)
    assert agrees(mistaken(right_mix, right_norm))
    assert [name for name, penalty in MISTAKES.items() if agrees(penalty)] == []


def test_each_row_has_its_own_share() -> None:
    real, generated = torch.ones(4, 2, 3), torch.zeros(4, 2, 3)
    eps = torch.tensor([0.0, 0.25, 0.5, 1.0])
    points = interpolate(real, generated, eps)
    for row, share in zip(points, eps, strict=True):
        assert torch.equal(row, torch.full((2, 3), share.item()))
    assert torch.equal(points, interpolate(real, generated, eps.reshape(4, 1, 1)))


def test_the_penalty_moves_every_weight_of_the_critic() -> None:
    critic, weights = smooth_critic(0, (3,))
    penalty = gradient_penalty(critic, *draw(1, 5, (3,)))
    for gradient in torch.autograd.grad(penalty, weights):
        assert torch.isfinite(gradient).all()
        assert gradient.abs().max() > 1e-6
    forgotten = gradient_norms(critic, normal(0, 5, 3)).detach()  # what create_graph=False would give
    assert not forgotten.requires_grad


@pytest.mark.parametrize("scale", [0.0, 1e-30])
def test_a_flat_critic_has_finite_gradients(scale: float) -> None:
    weight = torch.full((3,), scale, requires_grad=True)
    penalty = gradient_penalty(lambda x: x @ weight, torch.ones(4, 3), torch.zeros(4, 3), torch.rand(4))
    (gradient,) = torch.autograd.grad(penalty, weight)
    assert penalty.item() == pytest.approx(1, abs=1e-5)
    assert torch.isfinite(gradient).all()
    bare = weight.detach().mul(0).requires_grad_()  # the root alone, without the constant under it
    assert not torch.isfinite(torch.autograd.grad(bare.square().sum().sqrt(), bare)[0]).any()


def test_neither_generator_nor_rows_get_a_gradient() -> None:
    critic, weights = smooth_critic(0, (3,))
    seedling = torch.ones(3, dtype=torch.float64, requires_grad=True)
    real = normal(1, 4, 3).requires_grad_()
    generated = normal(2, 4, 3) * seedling
    penalty = gradient_penalty(critic, real, generated, uniform(3, 4))
    assert not interpolate(real, generated, uniform(3, 4)).requires_grad
    gradients = torch.autograd.grad(penalty, [seedling, real], allow_unused=True, retain_graph=True)
    assert gradients == (None, None)
    assert torch.autograd.grad(penalty, weights[0])[0] is not None
    assert seedling.grad is None
    assert weights[0].grad is None


# ---- one-sided, and wrong shapes


def test_one_sided_counts_only_norms_above_one() -> None:
    norms = torch.tensor([0.0, 0.5, 1.0, 3.0], dtype=torch.float64)
    assert lipschitz_penalty(norms, one_sided=True).item() == pytest.approx(4 / 4)
    assert lipschitz_penalty(norms).item() == pytest.approx((1 + 0.25 + 4) / 4)


@pytest.mark.parametrize(
    ("real", "generated", "eps", "words"),
    [
        ((4, 3), (4, 2), (4,), ["(4, 3)", "(4, 2)"]),
        ((4, 3), (3, 3), (4,), ["(4, 3)", "(3, 3)"]),
        ((4, 3), (4, 3), (1,), ["eps has 1 numbers", "4 rows"]),
        ((4, 3), (4, 3), (4, 3), ["eps has 12 numbers", "4 rows"]),
        ((2, 3, 5), (2, 3, 5), (2, 3), ["eps has 6 numbers", "2 rows"]),
    ],
)
def test_shapes_that_do_not_fit_are_told(
    real: tuple[int, ...], generated: tuple[int, ...], eps: tuple[int, ...], words: list[str]
) -> None:
    with pytest.raises(ValueError, match=r"real has|eps has") as error:
        interpolate(torch.zeros(real), torch.zeros(generated), torch.zeros(eps))
    assert all(word in str(error.value) for word in words), str(error.value)
