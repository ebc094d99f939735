"""Objectives against formulas and gradients written out in numpy, float64."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.losses.references import Case, slopes_of, to_weights
from wgan_aug.errors import InvalidParameterError, UnknownOptionError
from wgan_aug.losses import (
    OBJECTIVES,
    R3GAN,
    Hinge,
    LeastSquares,
    NonSaturating,
    WassersteinDiv,
    WassersteinGP,
    WeightClipping,
)
from wgan_aug.losses.base import Recipe
from wgan_aug.losses.objectives import find_objective, kind_of, read_objective, write_objective
from wgan_aug.losses.penalties import gradient_norms

CASES = st.builds(Case, st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 5))


def soft(t: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, t)


def odds(t: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-t))


@dataclasses.dataclass(frozen=True)
class Formula:
    """An objective's losses of scores a of real and b of generated rows, row by row, with their derivatives."""

    critic: Callable[[Any, Any], Any]
    in_real: Callable[[Any, Any], Any]
    in_generated: Callable[[Any, Any], Any]
    generator: Callable[[Any, Any], Any]
    of_generator: Callable[[Any, Any], Any]


WASSERSTEIN = Formula(
    lambda a, b: b - a, lambda a, b: 0 * a - 1, lambda a, b: 0 * b + 1, lambda a, b: -b, lambda a, b: 0 * b - 1
)
FORMULAS = {
    "wgan-gp": WASSERSTEIN,
    "wgan": WASSERSTEIN,
    "wgan-div": WASSERSTEIN,
    "gan": Formula(
        lambda a, b: -np.log(odds(a)) - np.log(1 - odds(b)),
        lambda a, b: odds(a) - 1,
        lambda a, b: odds(b),
        lambda a, b: -np.log(odds(b)),
        lambda a, b: odds(b) - 1,
    ),
    "lsgan": Formula(
        lambda a, b: 0.5 * (a - 1) ** 2 + 0.5 * b**2,
        lambda a, b: a - 1,
        lambda a, b: b,
        lambda a, b: 0.5 * (b - 1) ** 2,
        lambda a, b: b - 1,
    ),
    "hinge": Formula(
        lambda a, b: np.maximum(0, 1 - a) + np.maximum(0, 1 + b),
        lambda a, b: np.where(a < 1, -1.0, 0.0),
        lambda a, b: np.where(b > -1, 1.0, 0.0),
        lambda a, b: -b,
        lambda a, b: 0 * b - 1,
    ),
    "r3gan": Formula(
        lambda a, b: soft(-(a - b)),
        lambda a, b: -odds(b - a),
        lambda a, b: odds(b - a),
        lambda a, b: soft(-(b - a)),
        lambda a, b: -odds(a - b),
    ),
}

MEMBERS: list[Any] = [
    WassersteinGP(gp_weight=0.1),
    WassersteinGP(gp_weight=10.0, one_sided=True),
    WassersteinGP(gp_weight=3.0, penalty_share=0.5),
    WeightClipping(),
    WassersteinDiv(),
    WassersteinDiv(gp_weight=0.5, power=2.5, penalty_share=0.3),
    NonSaturating(),
    NonSaturating(r1_weight=0.7),
    LeastSquares(),
    Hinge(),
    R3GAN(),
    R3GAN(gp_weight=0.05, penalty_share=0.5),
]
every_objective = pytest.mark.parametrize("objective", MEMBERS, ids=str)
with_penalty = pytest.mark.parametrize("kind", [WassersteinGP, WassersteinDiv, R3GAN])


def test_every_objective_is_here() -> None:
    assert {kind_of(objective) for objective in MEMBERS} == set(OBJECTIVES) == set(FORMULAS)


def penalty_of(objective: Any, case: Case) -> tuple[float, list[tuple[np.ndarray, Callable]]]:
    """Return a penalty with its weight, and the points whose norms it is of, each with the derivative in the norm."""
    rows = int(np.ceil(getattr(objective, "penalty_share", 1.0) * case.batch))
    norms = {
        name: np.sqrt((slopes_of(case, x) ** 2).sum(1) + 1e-12)
        for name, x in (
            ("between", case.points()[:rows]),
            ("real", case.real[:rows]),
            ("generated", case.generated[:rows]),
        )
    }
    if isinstance(objective, WassersteinGP):
        weight, one = objective.gp_weight / rows, objective.one_sided

        def excess(norm: np.ndarray) -> np.ndarray:
            return np.maximum(norm - 1, 0) if one else norm - 1

        value = weight * (excess(norms["between"]) ** 2).sum()
        return value, [(case.points()[:rows], lambda norm: 2 * weight * excess(norm))]
    if isinstance(objective, NonSaturating):
        weight = objective.r1_weight / 2 / case.batch
        return weight * (norms["real"] ** 2).sum(), [(case.real, lambda norm: 2 * weight * norm)]
    if isinstance(objective, (WassersteinDiv, R3GAN)):
        power = objective.power if isinstance(objective, WassersteinDiv) else 2.0
        weight = objective.gp_weight / 2 / rows
        value = weight * ((norms["real"] ** power).sum() + (norms["generated"] ** power).sum())
        return value, [
            (rows_of, lambda norm: power * weight * norm ** (power - 1))
            for rows_of in (case.real[:rows], case.generated[:rows])
        ]
    return 0.0, []


@every_objective
@given(case=CASES)
@settings(max_examples=25, deadline=None)
def test_the_critics_loss_and_its_gradient(objective: Any, case: Case) -> None:
    formula, (a, b) = FORMULAS[str(kind_of(objective))], (case.scores(case.real), case.scores(case.generated))
    added, points = penalty_of(objective, case)
    pulls = formula.in_real(a, b) / case.batch, formula.in_generated(a, b) / case.batch
    loss, figures = objective.critic_loss(case.critic, *case.tensors())
    np.testing.assert_allclose(loss.item(), formula.critic(a, b).mean() + added, rtol=1e-8, atol=1e-8)
    ours = torch.autograd.grad(loss, case.weights, materialize_grads=True)
    for mine, reference in zip(ours, to_weights(case, pulls, points), strict=True):
        np.testing.assert_allclose(mine.numpy(), reference, rtol=1e-8, atol=1e-8)
    if "wasserstein" in figures:
        assert figures["wasserstein"].item() == pytest.approx(a.mean() - b.mean(), abs=1e-10)
    else:
        assert figures["real_score"].item() == pytest.approx(a.mean(), abs=1e-10)
        assert figures["generated_score"].item() == pytest.approx(b.mean(), abs=1e-10)
    if "penalty" in figures:
        assert objective.gp_weight * figures["penalty"].item() == pytest.approx(added, abs=1e-9)
        norms = [np.sqrt((slopes_of(case, x) ** 2).sum(1)) for x, _ in points]
        assert figures["gradient_norm"].item() == pytest.approx(np.concatenate(norms).mean(), abs=1e-5)


@every_objective
@given(case=CASES)
@settings(max_examples=15, deadline=None)
def test_the_generators_loss_and_its_gradient(objective: Any, case: Case) -> None:
    formula, (a, b) = FORMULAS[str(kind_of(objective))], (case.scores(case.real), case.scores(case.generated))
    rows = torch.from_numpy(case.generated).requires_grad_()
    loss = objective.generator_loss(case.critic, torch.from_numpy(case.real), rows)
    np.testing.assert_allclose(loss.item(), formula.generator(a, b).mean(), rtol=1e-8, atol=1e-8)
    (gradient,) = torch.autograd.grad(loss, rows)
    expected = formula.of_generator(a, b)[:, None] / case.batch * slopes_of(case, case.generated)
    np.testing.assert_allclose(gradient.numpy(), expected, rtol=1e-8, atol=1e-10)


@every_objective
@given(
    batch=st.integers(1, 5),
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=15, deadline=None)
def test_a_row_counts_as_one_whatever_its_shape(objective: Any, batch: int, shape: tuple[int, ...], seed: int) -> None:
    """Features, or channels and steps: the norm is over all of them."""
    case = Case(seed, batch, int(np.prod(shape)))
    real, generated, scores, eps = case.tensors()
    flat, _ = objective.critic_loss(case.critic, real, generated, scores, eps)
    shaped, figures = objective.critic_loss(
        case.critic, real.reshape(batch, *shape), generated.reshape(batch, *shape), scores, eps
    )
    assert shaped.item() == pytest.approx(flat.item(), rel=1e-12, abs=1e-12)
    assert all(figure.shape == () for figure in figures.values())


def descend(weight: Tensor, loss: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(loss, weight)
    return (weight - 0.1 * gradient).detach()


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_step_down_raises_real_scores_above_generated_ones(name: str) -> None:
    real, generated = torch.full((4, 1), 0.4), torch.full((4, 1), -0.4)
    weight = torch.tensor([[0.05]], requires_grad=True)  # so flat that no penalty pushes it down as much

    def critic(rows: Tensor) -> Tensor:
        return (rows @ weight).squeeze(1)

    scores = (critic(real), critic(generated))
    loss, _ = find_objective(name).critic_loss(critic, real, generated, scores, torch.rand(4))
    assert descend(weight, loss).item() > 0.05


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_step_down_moves_generated_rows_uphill(name: str) -> None:
    rows = torch.zeros(3, requires_grad=True)
    loss = find_objective(name).generator_loss(lambda x: 2 * x, torch.ones(3), rows)
    assert (descend(rows, loss) > 0).all()


@every_objective
def test_the_critics_loss_leaves_the_generators_graph_alone(objective: Any) -> None:
    case = Case(0, 4, 3)
    real, rows, scores, eps = case.tensors()
    seedling = torch.ones(3, dtype=torch.float64, requires_grad=True)
    loss, _ = objective.critic_loss(case.critic, real, rows * seedling, scores, eps)
    assert torch.autograd.grad(loss, seedling, allow_unused=True) == (None,)


# ---- options


def test_the_papers_settings_are_the_defaults() -> None:
    assert WassersteinGP() == WassersteinGP(gp_weight=10.0, one_sided=False, penalty_share=1.0, penalty_every=1)
    assert WeightClipping() == WeightClipping(clip_value=0.01, bursts=True)
    assert WassersteinDiv() == WassersteinDiv(gp_weight=2.0, power=6.0)
    assert {name: kind.recipe for name, kind in OBJECTIVES.items()} == {
        "wgan-gp": Recipe("adam", 1e-4, 1.0, (0.0, 0.9), 5),
        "wgan": Recipe("rmsprop", 5e-5, n_critic=5),
        "wgan-div": Recipe("adam", 2e-4, 1.0, (0.0, 0.9), 4),
        "gan": Recipe("adam", 2e-4, 1.0, (0.5, 0.999), 1),
        "lsgan": Recipe("adam", 2e-4, 1.0, (0.5, 0.999), 1),
        "hinge": Recipe("adam", 1e-4, 4.0, (0.0, 0.9), 1),
        "r3gan": Recipe("adam", 2e-4, 1.0, (0.0, 0.99), 1),
    }


@with_penalty
def test_no_weight_is_no_penalty_and_takes_no_gradient(kind: Any) -> None:
    case = Case(0, 4, 3)
    loss, figures = kind(gp_weight=0).critic_loss(lambda rows: 1 / 0, *case.tensors())
    plain, _ = kind().compare(*case.tensors()[2])
    assert loss.item() == pytest.approx(plain.item(), abs=1e-12)
    assert figures["penalty"].item() == figures["gradient_norm"].item() == 0


@with_penalty
@pytest.mark.parametrize("every", [1, 2, 3])
def test_a_penalty_every_k_steps_is_the_same_on_the_mean(kind: Any, every: int) -> None:
    case, lazy = Case(0, 4, 3), kind(gp_weight=0.3, penalty_every=every)
    stages = [lazy.at_step(step) for step in range(6)]
    losses = [stage.critic_loss(case.critic, *case.tensors())[0].item() for stage in stages]
    whole = kind(gp_weight=0.3).critic_loss(case.critic, *case.tensors())[0].item()
    assert np.mean(losses) == pytest.approx(whole, rel=1e-12)
    assert [stage.gp_weight > 0 for stage in stages] == [step % every == 0 for step in range(6)]


@given(clip=st.floats(1e-4, 2), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_clipping_is_the_nearest_point_of_the_box(clip: float, seed: int) -> None:
    weights = [torch.randn(3, 2, generator=torch.Generator().manual_seed(seed)), torch.zeros(4)]
    expected = [np.clip(weight.numpy(), -np.float32(clip), np.float32(clip)) for weight in weights]
    WeightClipping(clip_value=clip).project(weights)
    for weight, nearest in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(weight.numpy(), nearest)


@pytest.mark.parametrize("n_critic", [1, 5, 200])
def test_the_schedule_of_the_paper(n_critic: int) -> None:
    steps = [WeightClipping().critic_steps(update, n_critic) for update in range(1100)]
    many = [update for update, count in enumerate(steps) if count == max(100, n_critic)]
    if n_critic < 100:
        assert many == [*range(25), 500, 1000]
        assert sum(steps) == 100 * 27 + n_critic * (1100 - 27)
    assert {WeightClipping(bursts=False).critic_steps(update, n_critic) for update in range(1100)} == {n_critic}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: WassersteinGP(gp_weight=-1), r"gp_weight is -1; it must be a number of at least 0"),
        (lambda: WassersteinGP(penalty_share=0), r"penalty_share is 0; it must be a number above 0 and at most 1"),
        (lambda: WassersteinGP(penalty_every=1.5), r"penalty_every is 1\.5; it must be an integer above 0"),  # type: ignore[arg-type]
        (lambda: WeightClipping(clip_value=0), r"clip_value is 0; it must be a number above 0"),
        (lambda: WeightClipping(clip_value=float("nan")), r"clip_value is nan; it must be a number above 0"),
        (lambda: WassersteinDiv(power=1), r"power is 1; it must be a number above 1"),
        (lambda: WassersteinDiv(gp_weight=-1, power=0), r"2 problems: \(1\) gp_weight .* \(2\) power "),
        (lambda: NonSaturating(r1_weight=-0.5), r"r1_weight is -0\.5; it must be a number of at least 0"),
        (lambda: R3GAN(gp_weight=None), r"gp_weight is None; it must be a number"),  # type: ignore[arg-type]
    ],
)
def test_options_that_make_no_sense(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        make()


@pytest.mark.parametrize(
    ("kind", "option", "message"),
    [
        (WeightClipping, "clip_valu", r"WeightClipping has no option 'clip_valu'\. Did you mean 'clip_value'\?"),
        (WeightClipping, "gp_weight", r"WeightClipping has no option 'gp_weight'\. Options are: clip_value, bursts\."),
        (Hinge, "margin", r"Hinge has no option 'margin'\. Options are: none\."),
        (R3GAN, "one_sided", r"R3GAN has no option 'one_sided'\. Options are: gp_weight, penalty_share, penalty_every"),
    ],
)
def test_options_that_an_objective_does_not_have(kind: Any, option: str, message: str) -> None:
    with pytest.raises(UnknownOptionError, match=message):
        kind(**{option: 1})


# ---- names


@pytest.mark.parametrize("name", OBJECTIVES)
def test_an_objective_is_found_by_its_name(name: str) -> None:
    assert find_objective(name) == OBJECTIVES[name]()
    assert find_objective(made := OBJECTIVES[name]()) is made


@pytest.mark.parametrize(("name", "hint"), [("wgan_gp", "Did you mean 'wgan-gp'?"), ("zzz", "'wgan-gp'"), ("", "''")])
def test_an_unknown_objective_is_refused_with_the_known_ones(name: str, hint: str) -> None:
    with pytest.raises(InvalidParameterError) as error:
        find_objective(name)
    assert repr(name) in str(error.value)
    assert hint in str(error.value)
    assert all(repr(known) in str(error.value) for known in OBJECTIVES)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (WeightClipping, r"loss is the class WeightClipping; give an instance: loss=WeightClipping\(\)"),
        (3, r"loss is 3, which has no critic_loss and no generator_loss; allowed are 'wgan-gp', "),
        (None, r"loss is None, which has no critic_loss"),
    ],
)
def test_what_is_no_objective(loss: object, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        find_objective(loss)


@every_objective
def test_an_objective_is_written_and_read(objective: Any) -> None:
    assert read_objective(write_objective(objective)) == objective
    assert write_objective(objective)["name"] == kind_of(objective)


def test_numbers_of_numpy_are_written_as_plain_ones() -> None:
    written = write_objective(WeightClipping(clip_value=np.float32(0.5)))  # type: ignore[arg-type]
    assert type(written["options"]["clip_value"]) is float


def test_the_norms_of_rows_at_once_are_those_of_rows_alone() -> None:
    case = Case(1, 6, 3)
    real = case.tensors()[0]
    alone = torch.cat([gradient_norms(case.critic, row[None]) for row in real])
    torch.testing.assert_close(gradient_norms(case.critic, real), alone)
