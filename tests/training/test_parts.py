"""Data on the device, devices by name, random numbers, and the sliced Wasserstein distance."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from wgan_aug.errors import InvalidParameterError
from wgan_aug.networks.draws import seeded
from wgan_aug.schema.layout import Scalar, TableLayout
from wgan_aug.training.data import DeviceTable, RevealingTable, ranks
from wgan_aug.training.devices import find_device, new_generator
from wgan_aug.training.figures import sliced_wasserstein

CPU = torch.device("cpu")


def rng(seed: int = 0) -> torch.Generator:
    return new_generator(seed, CPU)


# ---- batches


def coded(widths: list[int], normals: list[bool], rows: int, seed: int) -> tuple[DeviceTable, np.ndarray, np.ndarray]:
    """A table with random codes; returned with its states and the middle of its intervals."""
    draw = np.random.default_rng(seed)
    layout = TableLayout(tuple(widths), np.full(sum(widths), 0.5), tuple(Scalar(normal=normal) for normal in normals))
    states = np.array([[draw.integers(w) for w in widths] for _ in range(rows)], dtype=np.int64)
    states = states.reshape(rows, len(widths))
    ends = np.sort(draw.uniform(0, 1, (2, rows, len(normals))), axis=0)
    return DeviceTable(states, ends[0], ends[1], layout, CPU), states, ends


def one_hot(states: np.ndarray, widths: list[int]) -> np.ndarray:
    blocks = [np.eye(w)[states[:, k]] for k, w in enumerate(widths)]
    return np.concatenate([np.empty((len(states), 0)), *blocks], axis=1)


@given(
    widths=st.lists(st.integers(1, 5), max_size=4),
    normals=st.lists(st.booleans(), max_size=3),
    rows=st.integers(1, 8),
    seed=st.integers(0, 999),
)
@settings(max_examples=50, deadline=None)
def test_batches_equal_a_numpy_reference(widths: list[int], normals: list[bool], rows: int, seed: int) -> None:
    table, states, (low, high) = coded(widths, normals, rows, seed)
    index = np.random.default_rng(seed).integers(rows, size=11)
    middle = ((low + high) / 2)[index].clip(1e-6, 1 - 1e-6)
    scores = np.where(np.array(normals, dtype=bool), stats.norm.ppf(middle), ((low + high) / 2)[index])
    expected = np.concatenate([one_hot(states[index], widths), scores], axis=1)
    got = table.middle(torch.from_numpy(index))
    assert got.dtype == torch.float32
    np.testing.assert_allclose(got.numpy(), expected, rtol=1e-4, atol=1e-5)

    drawn = table.batch(torch.from_numpy(index), rng(seed))
    assert drawn.shape == got.shape
    assert torch.equal(drawn[:, : sum(widths)], got[:, : sum(widths)])
    codes = ranks(drawn[:, sum(widths) :], table.layout).numpy()
    assert (codes >= low[index] - 1e-5).all()
    assert (codes <= high[index] + 1e-5).all()
    assert len(table) == rows


def test_numbers_are_drawn_anew_and_uniformly_from_their_intervals() -> None:
    layout = TableLayout((), np.empty(0), (Scalar(), Scalar(normal=False), Scalar()))
    low, high = np.array([[0.2, -3.0, 0.5]]), np.array([[0.4, 5.0, 0.5]])
    table = DeviceTable(np.zeros((1, 0), dtype=np.int64), low, high, layout, CPU)
    drawn = ranks(table.batch(torch.zeros(4000, dtype=torch.int64), rng()), layout).double().numpy()
    assert stats.kstest((drawn[:, 0] - 0.2) / 0.2, "uniform").pvalue > 1e-3
    assert stats.kstest((drawn[:, 1] + 3) / 8, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1]) < 4 / np.sqrt(4000)
    np.testing.assert_allclose(drawn[:, 2], 0.5, atol=1e-6)  # an interval without width


def test_the_ends_of_the_ranks_stay_finite() -> None:
    layout = TableLayout((), np.empty(0), (Scalar(),))
    ends = np.array([[0.0], [1.0]])
    table = DeviceTable(np.zeros((2, 0), dtype=np.int64), ends, ends, layout, CPU)
    scores = table.middle(torch.arange(2))
    assert torch.isfinite(scores).all()
    np.testing.assert_allclose(ranks(scores, layout).numpy(), ends, atol=1e-5)


# ---- devices


@pytest.mark.parametrize("name", ["cpu", torch.device("cpu")])
def test_a_device_that_is_there_is_found(name: str | torch.device) -> None:
    assert find_device(name) == CPU


@pytest.mark.parametrize(("cuda", "mps", "found"), [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")])
def test_auto_takes_the_fastest_that_is_there(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, found: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert find_device("auto").type == found
    assert find_device().type == found


@pytest.mark.parametrize("name", ["cuda", "cuda:1", "mps"])
def test_a_device_that_is_absent_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(InvalidParameterError, match=rf"device is '{name}', but torch .*use device='auto' or 'cpu'"):
        find_device(name)


def test_a_number_beyond_the_last_gpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert find_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(InvalidParameterError, match=r"'cuda:2', but there are 2 CUDA devices"):
        find_device("cuda:2")


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "", "meta", None, 3.5])
def test_a_name_that_is_no_device_is_refused_with_the_allowed_ones(name: object) -> None:
    with pytest.raises(InvalidParameterError, match=r"device is .*; use 'auto', 'cpu', 'cuda', 'cuda:N' or 'mps'") as e:
        find_device(name)  # type: ignore[arg-type]
    assert repr(name) in str(e.value)


def test_seeded_puts_the_global_generator_back() -> None:
    before = torch.get_rng_state()
    drawn = []
    for seed in (3, 3, 4):
        with seeded(seed):
            drawn.append(torch.rand(5))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_seeded_seeds_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seen.append)
    with seeded(3):
        pass
    assert seen == []


# ---- the sliced Wasserstein distance


@pytest.mark.parametrize("rows", [1, 2, 50])
def test_in_one_dimension_it_is_the_wasserstein_distance(rows: int) -> None:
    a, b = torch.randn(rows, 1, generator=rng(1)), 2 + 3 * torch.randn(rows, 1, generator=rng(2))
    expected = stats.wasserstein_distance(a[:, 0].numpy(), b[:, 0].numpy())
    assert sliced_wasserstein(a, b, rng()) == pytest.approx(expected, rel=1e-5)


def test_in_several_it_is_the_mean_over_directions() -> None:
    a, b = torch.randn(40, 3, generator=rng(1)), torch.rand(40, 3, generator=rng(2))
    directions = torch.randn(3, 16, generator=rng(5)).double().numpy()
    directions /= np.linalg.norm(directions, axis=0)
    x, y = a.double().numpy() @ directions, b.double().numpy() @ directions
    expected = np.mean([stats.wasserstein_distance(x[:, j], y[:, j]) for j in range(16)])
    assert sliced_wasserstein(a, b, rng(5), n_slices=16) == pytest.approx(expected, rel=1e-4)


def test_it_is_zero_for_the_same_rows_in_another_order_and_grows_with_a_shift() -> None:
    a = torch.randn(40, 3, generator=rng(1))
    assert sliced_wasserstein(a, a.flip(0), rng()) == pytest.approx(0, abs=1e-6)
    shifted = [sliced_wasserstein(a, a + shift, rng()) for shift in (0.1, 1.0, 3.0)]
    assert shifted == sorted(shifted)
    assert shifted[2] == pytest.approx(3 * shifted[1], rel=1e-4)


# ---- what is told of rows


def test_a_share_of_rows_is_told_in_part_and_every_number_of_units_comes_up() -> None:
    table, _, _ = coded([3, 2], [True, False], 40, 0)
    units = np.array([0, 0, 0, 1, 1, 0, 2])
    rng = torch.Generator().manual_seed(0)
    told = RevealingTable(table, units, 0.5, rng)
    index = torch.randint(40, (20_000,), generator=rng)
    condition = told.condition(index)
    assert condition.shape == (20_000, 7 + 3)
    features, revealed = condition[:, :7], condition[:, 7:]
    mask = revealed[:, units] > 0
    assert (features[~mask] == 0).all()
    hot = table.batch(index, rng)[:, :5]
    assert torch.equal(features[:, :5][mask[:, :5]], hot[mask[:, :5]])
    counts = np.bincount(revealed.sum(1).long().numpy(), minlength=4) / 20_000
    np.testing.assert_allclose(counts, [0.5 + 0.125, 0.125, 0.125, 0.125], atol=0.015)
    assert len(told) == 40
    assert torch.equal(told.middle(index[:5]), table.middle(index[:5]))
