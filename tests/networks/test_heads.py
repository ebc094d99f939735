"""The table head against one softmax a block, and its draws against the softmax's frequencies."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import Tensor

from wgan_aug.networks.heads import TableHead
from wgan_aug.schema.layout import Scalar, TableLayout

WIDTHS = [(2,), (1,), (3, 1, 5), (1, 1), (4, 2, 7, 1, 3), (2,) * 20]


def layout_of(widths: Sequence[int], scalars: Sequence[Scalar] = ()) -> TableLayout:
    shares = np.concatenate([np.full(w, 1 / w) for w in widths]) if widths else np.empty(0)
    return TableLayout(tuple(widths), shares, tuple(scalars))


def rng(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def same_noise(head: TableHead, raw: Tensor, seed: int) -> Tensor:
    """The Gumbel noise that the head draws from this seed, by the textbook formula."""
    uniform = torch.rand(len(raw), head.n_states, generator=rng(seed), dtype=raw.dtype)
    return -torch.log(-torch.log(uniform.clamp(1e-10, 1 - 1e-7)))


# ---- training: hard forward, soft backward


@given(
    widths=st.lists(st.integers(1, 6), min_size=1, max_size=6),
    n_scalars=st.integers(0, 3),
    batch=st.integers(0, 5),
    seed=st.integers(0, 9999),
)
@settings(max_examples=50, deadline=None)
def test_each_block_is_exactly_one_hot(widths: list[int], n_scalars: int, batch: int, seed: int) -> None:
    head = TableHead(layout_of(widths, [Scalar()] * n_scalars))
    raw = 3 * torch.randn(batch, sum(widths) + n_scalars, generator=rng(seed))
    rows = head(raw, rng(seed))
    assert rows.shape == raw.shape
    for block in rows[:, : sum(widths)].split(widths, dim=1):
        assert set(block.unique().tolist()) <= {0.0, 1.0}
        assert torch.equal(block.sum(1), torch.ones(batch))
    assert torch.equal(rows[:, sum(widths) :], raw[:, sum(widths) :])


@pytest.mark.parametrize("tau", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("widths", WIDTHS)
def test_forward_and_backward_equal_one_gumbel_softmax_a_block(widths: tuple[int, ...], tau: float) -> None:
    layout = layout_of(widths, [Scalar(0, (0,)), Scalar()])
    head = TableHead(layout, tau).double()
    raw = torch.randn(7, layout.n_features, generator=rng(0), dtype=torch.float64, requires_grad=True)
    push = torch.randn(7, layout.n_features, generator=rng(1), dtype=torch.float64)
    rows = head(raw, rng(2))
    (gradient,) = torch.autograd.grad((rows * push).sum(), raw)

    noise = same_noise(head, raw.detach(), 2)
    perturbed = (raw[:, : layout.n_states] + noise).split(widths, dim=1)
    soft = [torch.softmax(block / tau, dim=1) for block in perturbed]
    hard = [torch.nn.functional.one_hot(block.argmax(1), block.shape[1]).double() for block in perturbed]
    states = torch.cat([h + s - s.detach() for h, s in zip(hard, soft, strict=True)], dim=1)
    silent = torch.zeros(layout.n_states, 2, dtype=torch.float64)
    silent[0, 0] = 1
    expected = torch.cat([states, raw[:, layout.n_states :] * (1 - states @ silent)], dim=1)

    torch.testing.assert_close(rows, expected)
    (reference,) = torch.autograd.grad((expected * push).sum(), raw)
    torch.testing.assert_close(gradient, reference, rtol=1e-8, atol=1e-10)


def test_equal_perturbed_logits_still_choose_one_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "rand", lambda *shape, **kwargs: torch.full(shape, 0.5))
    head = TableHead(layout_of((3, 2)))
    assert head(torch.zeros(2, 5)).sum(1).tolist() == [2.0, 2.0]


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("state", range(5))
def test_a_logit_that_is_not_finite_is_seen_in_its_row(state: int, wrong: float) -> None:
    raw = torch.zeros(3, 5)
    raw[1, state] = wrong
    assert TableHead(layout_of((3, 2)))(raw, rng(0)).isfinite().all(1).tolist() == [True, False, True]


def test_the_noise_is_gumbel() -> None:
    """Hard choices in training follow the softmax, too."""
    shares = torch.tensor([0.5, 0.3, 0.15, 0.05])
    head = TableHead(layout_of((4, 2)))
    raw = torch.cat([shares.log(), torch.tensor([0.0, 2.0])]).expand(40_000, -1)
    counts = head(raw, rng(0))[:, :4].sum(0)
    assert stats.chisquare(counts.numpy(), 40_000 * shares.numpy()).pvalue > 1e-3


def test_the_gradient_reaches_every_logit_and_scalar() -> None:
    layout = layout_of((3, 4), [Scalar(), Scalar(1, (2, 3))])
    raw = torch.randn(50, 9, generator=rng(0), requires_grad=True)
    (TableHead(layout)(raw, rng(1)) * torch.randn(50, 9, generator=rng(2))).sum().backward()
    assert raw.grad is not None
    assert (raw.grad.abs().sum(0) > 0).all()


def test_rows_are_the_same_without_a_gradient_and_in_float32_from_shorter_numbers() -> None:
    layout = layout_of((3, 4), [Scalar(), Scalar(1, (2, 3))])
    raw = torch.randn(50, 9, generator=rng(0)).bfloat16()
    head = TableHead(layout)
    traced = head(raw.float().requires_grad_(), rng(1))
    assert traced.requires_grad
    for rows in (head(raw.float(), rng(1)), head(raw, rng(1))):
        assert rows.dtype == torch.float32
        assert torch.equal(rows, traced)


def test_rows_without_blocks_are_their_scalars() -> None:
    head = TableHead(layout_of((), [Scalar(), Scalar(normal=False)]))
    raw = torch.randn(4, 2)
    assert torch.equal(head(raw), raw)
    states, scalars = head.choose(raw)
    assert states.shape == (4, 0)
    assert torch.equal(scalars, raw)


# ---- silent scalars


def test_a_scalar_is_exactly_zero_where_its_state_has_no_number() -> None:
    layout = layout_of((3, 2), [Scalar(0, (1, 2)), Scalar(1, (1,)), Scalar()])
    raw = 5 + torch.rand(500, 8, generator=rng(0))
    raw[:, :5] = 0
    raw.requires_grad_()
    rows = TableHead(layout)(raw, rng(1))
    first, second = rows[:, 0] == 1, rows[:, 3] == 1
    for spoken, column in ((first, 5), (second, 6), (torch.ones(500, dtype=torch.bool), 7)):
        assert torch.equal(rows[spoken, column], raw[spoken, column])
        assert (rows[~spoken, column] == 0).all()
    assert 0 < first.sum() < 500
    (gradient,) = torch.autograd.grad(rows[:, 5].sum(), raw)
    assert torch.equal(gradient[:, 5], first.float())  # the scalar itself: only where it speaks
    assert (gradient[:, :3].abs().sum(0) > 0).all()  # and whether it speaks
    assert (gradient[:, 3:5] == 0).all()  # but not another block


# ---- sampling


@pytest.mark.parametrize("widths", WIDTHS)
def test_choose_draws_with_the_softmaxs_frequencies(widths: tuple[int, ...]) -> None:
    rows = 20_000
    logits = 1.5 * torch.randn(1, sum(widths), generator=rng(5))
    states, scalars = TableHead(layout_of(widths)).choose(logits.expand(rows, -1), rng(6))
    assert states.shape == (rows, len(widths))
    assert states.dtype == torch.int64
    assert scalars.shape == (rows, 0)
    for k, block in enumerate(logits.split(widths, dim=1)):
        counts = np.bincount(states[:, k].numpy(), minlength=widths[k])
        assert len(counts) == widths[k]
        if widths[k] > 1:
            expected = rows * torch.softmax(block[0].double(), 0).numpy()
            assert stats.chisquare(counts, expected).pvalue > 1e-4


def test_choose_draws_very_unlikely_states_in_the_last_of_many_blocks() -> None:
    """A running sum in float32 over 2000 blocks could not tell a share of 4 in 100 000 from nothing."""
    rare, blocks, rows = 4e-5, 2000, 1000
    logits = torch.tensor([0.0, math.log(rare)]).repeat(blocks)
    states = TableHead(layout_of((2,) * blocks)).choose(logits.expand(rows, -1), rng(0))[0]
    for part in states.split(blocks // 2, dim=1):
        low, high = stats.poisson.interval(1 - 1e-4, part.numel() * rare / (1 + rare))
        assert 0 < low <= int(part.sum()) <= high


def test_choose_never_draws_an_impossible_state() -> None:
    logits = torch.tensor([-torch.inf, 0.0, -torch.inf, 0.0, -torch.inf, -200.0, 0.0])
    states = TableHead(layout_of((3, 2, 2))).choose(logits.expand(50_000, -1), rng(0))[0]
    assert states.unique(dim=0).tolist() == [[1, 0, 1]]


def test_choose_skips_an_impossible_first_state_even_for_a_draw_of_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "rand", lambda shape, **kwargs: torch.zeros(tuple(shape), dtype=kwargs["dtype"]))
    logits = torch.tensor([[-torch.inf, 0.0, -torch.inf, 0.0]])
    assert TableHead(layout_of((2, 2))).choose(logits)[0].tolist() == [[1, 1]]


def test_blocks_are_drawn_independently_of_each_other() -> None:
    states = TableHead(layout_of((2, 2))).choose(torch.zeros(20_000, 4), rng(0))[0].numpy()
    assert abs(np.corrcoef(states.T)[0, 1]) < 4 / math.sqrt(len(states))


@pytest.mark.parametrize("batch", [0, 1])
def test_choose_takes_batches_of_none_and_one(batch: int) -> None:
    head = TableHead(layout_of((3, 2), [Scalar(0, (1,))]))
    states, scalars = head.choose(torch.zeros(batch, 6), rng(0))
    assert states.shape == (batch, 2)
    assert scalars.shape == (batch, 1)


def test_choose_leaves_its_input_and_the_global_generator_alone() -> None:
    raw = torch.randn(4, 6, generator=rng(0))
    before, seen = raw.clone(), torch.get_rng_state()
    TableHead(layout_of((3, 2), [Scalar()])).choose(raw, rng(1))
    assert torch.equal(raw, before)
    assert torch.equal(torch.get_rng_state(), seen)


def test_banned_states_are_not_drawn_and_the_others_keep_their_odds() -> None:
    head = TableHead(layout_of((4, 2)))
    raw = torch.tensor([[0.0, 1.0, 2.0, 3.0, 0.0, 0.0]]).expand(40_000, -1)
    banned = torch.zeros(40_000, 6, dtype=torch.bool)
    banned[:, 3] = True
    states, _ = head.choose(raw, rng(0), banned)
    shares = torch.softmax(raw[0, :3], dim=0).numpy()
    counts = np.bincount(states[:, 0].numpy(), minlength=4)
    assert counts[3] == 0
    assert stats.chisquare(counts[:3], 40_000 * shares).pvalue > 1e-3
