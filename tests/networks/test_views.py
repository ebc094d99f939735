"""Views of sequences: against slow references, masked, and with gradients of both orders."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from wgan_aug.networks.views import VIEWS, differences, log_spectrum


def paths(n: int = 4, steps: int = 9, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, 2, steps, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("steps", [1, 2, 9, 10])
def test_the_spectrum_is_that_of_sums_of_waves(steps: int) -> None:
    x = paths(steps=steps)
    place = np.arange(steps)
    for frequency in range(steps // 2 + 1):
        wave = np.exp(-2j * np.pi * frequency * place / steps)
        power = abs((x.numpy() * wave).sum(axis=2)) ** 2 / steps
        np.testing.assert_allclose(log_spectrum(x, None)[..., frequency], np.log(power + 0.1), rtol=1e-9)


def test_differences_end_with_the_sequence() -> None:
    x, lengths = paths(), torch.tensor([1, 2, 5, 9])
    own = (torch.arange(9) < lengths[:, None]).double()[:, None]
    seen = differences(x * own, own)
    for row, length in enumerate(lengths):
        torch.testing.assert_close(seen[row, :, : length - 1], x[row].diff(dim=1)[:, : length - 1])
        assert (seen[row, :, length - 1 :] == 0).all()
    assert torch.equal(differences(x, None), x[..., 1:] - x[..., :-1])


@pytest.mark.parametrize("name", VIEWS)
def test_gradients_of_both_orders(name: str) -> None:
    x = paths(2, 5).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: VIEWS[name](x, None), x)
    assert torch.autograd.gradgradcheck(lambda x: VIEWS[name](x, None), x)


def test_no_power_has_a_finite_gradient() -> None:
    x = torch.zeros(1, 2, 8, requires_grad=True)
    log_spectrum(x, None).sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
