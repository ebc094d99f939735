"""Every architecture, for tables and for sequences: shapes, gradients, rows that do not see each other, options."""

from __future__ import annotations

import copy
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tests.networks.own import Steps, Wide, told
from wgan_aug import WGANGPSequenceSynthesizer, WGANGPSynthesizer
from wgan_aug.errors import InvalidParameterError
from wgan_aug.networks import ARCHITECTURES
from wgan_aug.networks.architectures import Sizes, find_architecture, wrong_architecture
from wgan_aug.networks.dense import CRITIC_NORMS
from wgan_aug.networks.sequences import SequenceShape
from wgan_aug.networks.tables import TableCritic, TableGenerator
from wgan_aug.schema.layout import Scalar, TableLayout

LAYOUT = TableLayout((3, 2), np.array([0.7, 0.2, 0.1, 0.75, 0.25]), (Scalar(1, (1,)), Scalar()))
UNITS = np.array([0, 0, 0, 1, 1, 1, 2])
STEP = TableLayout((3, 2), LAYOUT.frequencies, (Scalar(normal=False),) * 2)
SIZES = Sizes(4, (8, 8), (8, 8), 8, generator_norm=True, generator_skip=True)
OPTIONS: dict[str, Any] = {"attention": False, "progressive": False, "side_critics": ()}
OF_TABLES = [*ARCHITECTURES, Wide(8)]
OF_SEQUENCES = [*ARCHITECTURES, Steps()]


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=rng(seed))


@pytest.fixture(autouse=True)
def _keep_global_generator() -> object:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def table_of(
    architecture: Any, layout: TableLayout = LAYOUT, units: np.ndarray | None = UNITS, norm: str = "layer"
) -> tuple[TableGenerator, TableCritic]:
    return find_architecture(architecture).for_table(layout, SIZES, norm, units)


def silent(network: nn.Module, loss: Tensor) -> list[str]:
    names, weights = zip(*network.named_parameters(), strict=True)
    gradients = torch.autograd.grad(loss, weights, allow_unused=True)
    return [name for name, gradient in zip(names, gradients, strict=True) if gradient is None or not gradient.any()]


def alone(critic: Any, rows: Tensor, condition: Tensor) -> bool:
    """Say whether the first row's score and gradient are the same when the others change."""
    rows = rows.requires_grad_()
    scores = copy.deepcopy(critic)(rows, condition)
    (gradient,) = torch.autograd.grad(scores[0], rows)
    others = torch.cat([rows[:1], 10 * rows[1:]])
    same = torch.allclose(copy.deepcopy(critic)(others, condition)[0], scores[0], atol=1e-5)
    return same and not bool(gradient[1:].any())


# ---- tables


@pytest.mark.parametrize("architecture", OF_TABLES, ids=told)
def test_tables_every_weight_gets_a_gradient(architecture: Any) -> None:
    generator, critic = table_of(architecture)
    revealed = (torch.rand(64, 3, generator=rng(1)) < 0.5).float()
    condition = torch.cat([drawn(64, 7, seed=2) * revealed[:, UNITS], revealed], dim=1)
    rows = generator(drawn(64, generator.noise_dim), rng(3), condition)
    assert silent(generator, (rows * drawn(64, 7, seed=4)).sum()) == []
    assert silent(critic, (critic(drawn(64, 7), condition) * drawn(64, seed=5)).sum()) == []


@pytest.mark.parametrize("architecture", OF_TABLES, ids=told)
def test_tables_what_is_told_comes_back_and_the_rest_follows_it(architecture: Any) -> None:
    generator = table_of(architecture)[0].eval()
    noise, real = drawn(50, generator.noise_dim, seed=1), drawn(50, 7)
    revealed = (torch.rand(50, 3, generator=rng(2)) < 0.5).float()
    mask = revealed[:, UNITS] > 0
    rows, other = (generator(noise, rng(3), torch.cat([shown * mask, revealed], dim=1)) for shown in (real, real + 100))
    assert torch.equal(rows[mask], real[mask])
    assert not torch.equal(rows[~mask], other[~mask])
    nothing = torch.zeros(50, generator.told)
    torch.testing.assert_close(generator(noise, rng(3), nothing), generator(noise, rng(3)))


@pytest.mark.parametrize("architecture", OF_TABLES, ids=told)
@pytest.mark.parametrize("norm", CRITIC_NORMS)
def test_tables_scores_are_one_a_row_and_of_that_row_alone(architecture: Any, norm: str) -> None:
    critic = table_of(architecture, norm=norm)[1]
    condition = torch.cat([torch.zeros(6, 7), torch.ones(6, 3)], dim=1)
    assert critic(drawn(6, 7), condition).shape == (6,)
    assert alone(critic, drawn(6, 7), condition)
    each = torch.cat([copy.deepcopy(critic).eval()(drawn(6, 7)[i : i + 1]) for i in range(6)])
    torch.testing.assert_close(critic.eval()(drawn(6, 7)), each)


@pytest.mark.parametrize("architecture", OF_TABLES, ids=told)
@settings(max_examples=10, deadline=None)
@given(states=st.integers(0, 40), scalars=st.integers(0, 3), rows=st.integers(0, 3))
def test_tables_of_any_width(architecture: Any, states: int, scalars: int, rows: int) -> None:
    widths = (states,) if states else ()
    layout = TableLayout(widths, np.full(states, 1 / max(1, states)), (Scalar(),) * (scalars or not states))
    generator, critic = table_of(architecture, layout, None)
    noise = drawn(rows, generator.noise_dim)
    generator.start_at(layout.frequencies)
    made = generator.eval()(noise, rng())
    assert made.shape == (rows, layout.n_features)
    assert critic(made).shape == (rows,)
    which = torch.arange(layout.n_features).flip(0)
    hidden = generator.hidden(noise)
    torch.testing.assert_close(generator.features(hidden, which), generator.raw(noise)[:, which])


@pytest.mark.parametrize("architecture", OF_TABLES, ids=told)
def test_tables_start_at_the_shares(architecture: Any) -> None:
    generator = table_of(architecture, units=None)[0].eval()
    generator.start_at(LAYOUT.frequencies)
    raw = generator.raw(drawn(4000, generator.noise_dim)).detach()
    assert torch.softmax(raw[:, :3].mean(0), 0)[0].item() == pytest.approx(0.7, abs=0.2)
    assert torch.softmax(raw[:, 3:5].mean(0), 0)[0].item() == pytest.approx(0.75, abs=0.2)


def test_convolutions_need_no_more_weights_where_a_row_is_longer() -> None:
    narrow, wide = (TableLayout((n,), np.full(n, 1 / n), ()) for n in (512, 4096))
    counts = [sum(w.numel() for w in table_of("conv1d", own, None)[0].parameters()) for own in (narrow, wide)]
    dense = [sum(w.numel() for w in table_of("mlp", own, None)[0].parameters()) for own in (narrow, wide)]
    assert (counts[1] - counts[0]) * 2 < dense[1] - dense[0]


# ---- sequences


@pytest.mark.parametrize("ragged", [True, False])
@pytest.mark.parametrize("architecture", OF_SEQUENCES, ids=told)
def test_sequences(architecture: Any, ragged: bool) -> None:
    shape = SequenceShape(STEP, 11, 3)
    generator, critic = find_architecture(architecture).for_sequences(shape, SIZES, "layer", ragged, OPTIONS)
    lengths = torch.tensor([11, 4, 1, 7, 11, 2]) if ragged else torch.full((6,), 11)
    condition = torch.cat([drawn(6, 2, seed=1), lengths[:, None] / 11], dim=1)
    noise = drawn(6, generator.noise_dim)
    made = generator(noise, rng(2), condition)
    assert made.shape == (6, 7, 11)
    beyond = (torch.arange(11) >= lengths[:, None])[:, None].expand_as(made)
    assert not made[beyond].any()
    assert (made[:, :3].sum(1)[~beyond[:, 0]] == 1).all()
    states, paths = generator.choose(noise, rng(2), condition)
    assert (states.shape, paths.shape) == ((6, 11, 2), (6, 2, 11))
    assert silent(generator, (made * drawn(6, 7, 11, seed=3)).sum()) == []
    assert silent(critic, (critic(drawn(6, 7, 11), condition) * drawn(6, seed=4)).sum()) == []
    assert alone(critic, drawn(6, 7, 11), condition)
    moved = drawn(6, 7, 11) + 5 * beyond
    torch.testing.assert_close(critic(moved, condition), critic(drawn(6, 7, 11), condition))
    fewer = torch.cat([critic(drawn(6, 7, 11)[i : i + 1], condition[i % 3 : i % 3 + 1]) for i in range(6)])
    torch.testing.assert_close(critic(drawn(6, 7, 11), condition[:3]), fewer)
    assert not torch.equal(critic(drawn(6, 7, 11), condition + 1), critic(drawn(6, 7, 11), condition)) or ragged
    assert generator(noise[:0], rng(), condition[:0]).shape == (0, 7, 11)
    assert critic(made[:0], condition[:0]).shape == (0,)


# ---- options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"architecture": "mlps"}, r"architecture is 'mlps'; allowed are 'mlp', 'conv1d', or .*Did you mean 'mlp'\?"),
        ({"architecture": "conv2d"}, r"Did you mean 'conv1d'\?"),
        ({"architecture": "attention"}, r"'attention' is an option of 'conv1d' for sequences: attention=True"),
        ({"architecture": "progressive"}, r"'progressive' is an option of 'conv1d' for sequences: progressive=True"),
        (
            {"architecture": "mlp", "attention": True},
            r"attention is True, an option of architecture='conv1d', and ",
        ),
        ({"architecture": "mlp", "progressive": True}, r"progressive is True, an option of architecture='conv1d'"),
        ({"architecture": Steps(), "attention": True}, r"attention is True, .*='conv1d', and architecture is Steps\("),
        ({"architecture": "mlp", "side_critics": ("spectrum",)}, r"side_critics is \('spectrum',\), an option of"),
        ({"architecture": 3}, r"architecture is 3, which has no generator and no critic"),
    ],
    ids=told,
)
def test_options_that_networks_do_not_have(options: dict[str, Any], message: str) -> None:
    merged: dict[str, Any] = {"layout": "ntc", "device": "cpu"} | options
    model = WGANGPSequenceSynthesizer(**merged)
    for call in (model.fit, model.plan):
        with pytest.raises(InvalidParameterError, match=message):
            call(np.zeros((9, 300, 1)))
    if not set(options) - {"architecture"}:
        with pytest.raises(InvalidParameterError, match=message):
            WGANGPSynthesizer(**options).plan(pd.DataFrame({"x": [1.0, 2.0]}))


def test_several_options_are_one_error() -> None:
    problems = wrong_architecture("mlp", {"attention": True, "progressive": True, "critic_norm": "none"})
    assert [problem.split()[0] for problem in problems] == ["attention", "progressive"]
    assert not any(wrong_architecture(name, {"critic_norm": "none"}) for name in ARCHITECTURES)


def test_a_table_of_convolutions_learns_slower_and_says_so() -> None:
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(size=30)})

    def rate(**options: Any) -> float:
        return WGANGPSynthesizer(device="cpu", **options).plan(frame).settings.learning_rate

    assert rate(architecture="conv1d") == rate() / 8
    assert rate(architecture="conv1d", learning_rate=0.01) == 0.01
    assert rate(architecture="conv1d", preset="paper") == rate(preset="paper")


def test_conditions_and_missing_cells_go_with_convolutions() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.normal(size=60), "k": random.choice(["a", "b"], 60), "z": random.normal(size=60)})
    options: dict[str, Any] = {"architecture": "conv1d", "epochs": 2, "batch_size": 30, "refine": False}
    model = WGANGPSynthesizer(**options, random_state=0, device="cpu").fit(frame)
    some = cast(pd.DataFrame, model.sample(9, conditions={"k": "a", "x": (0, None)}))
    assert (some["k"] == "a").all()
    assert (some["x"] >= 0).all()
    assert model.impute(frame.assign(x=frame["x"].where(frame["k"] == "a")))["x"].notna().all()
