"""TimeGAN's published scores: the network against numpy, the protocol's steps, and cases whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from wgan_aug.errors import InvalidDataError, InvalidParameterError
from wgan_aug.evaluation.series import timegan_scores
from wgan_aug.evaluation.series.timegan_scores import discriminative_score, predictive_score


def noise(n: int, seed: int, channels: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).random((n, 6, channels))


def test_the_network_is_a_gated_recurrent_unit() -> None:
    net = timegan_scores._Recurrent(3, 4, torch.Generator().manual_seed(0))
    p = {name: value.detach().numpy().astype(float) for name, value in net.named_parameters()}
    x = np.random.default_rng(0).normal(size=(5, 7, 3)).astype(np.float32)

    def sigmoid(v: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-v))

    h, states = np.zeros((5, 4)), []
    for t in range(7):
        i = x[:, t] @ p["units.weight_ih_l0"].T + p["units.bias_ih_l0"]
        g = h @ p["units.weight_hh_l0"].T + p["units.bias_hh_l0"]
        reset, update = sigmoid(i[:, :4] + g[:, :4]), sigmoid(i[:, 4:8] + g[:, 4:8])
        h = update * h + (1 - update) * np.tanh(i[:, 8:] + reset * g[:, 8:])
        states.append(h @ p["out.weight"].T + p["out.bias"])
    with torch.no_grad():
        every, last = net(torch.tensor(x), every=True), net(torch.tensor(x), every=False)
    np.testing.assert_allclose(every.numpy(), np.stack(states, 1), atol=1e-5)
    np.testing.assert_allclose(last.numpy(), states[-1][:, 0], atol=1e-5)


def test_initial_values_are_those_of_the_original() -> None:
    net = timegan_scores._Recurrent(30, 20, torch.Generator().manual_seed(0))
    gates, candidate, last = math.sqrt(6 / (50 + 40)), math.sqrt(6 / (50 + 20)), math.sqrt(6 / 21)
    for weight in (net.units.weight_ih_l0, net.units.weight_hh_l0):
        w = weight.detach().numpy()
        assert 0.97 * gates < np.abs(w[:40]).max() <= gates
        assert 0.97 * candidate < np.abs(w[40:]).max() <= candidate
    assert 0.8 * last < float(net.out.weight.detach().abs().max()) <= last
    assert net.units.bias_ih_l0.tolist() == [1.0] * 40 + [0.0] * 20
    assert not net.units.bias_hh_l0.any()
    assert not net.out.bias.any()


def test_global_generators_are_left_alone_and_the_seed_decides() -> None:
    r, s = noise(60, 0), noise(60, 1)
    before, state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    run = lambda seed: predictive_score(r, s, iterations=20, random_state=seed).values  # noqa: E731
    one = run(0)
    torch.manual_seed(5)
    assert run(0) == one
    torch.set_rng_state(before)
    assert run(1) != one
    scores = discriminative_score(r, s, repeats=3, iterations=5)
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(state, np.random.get_state()[1])  # noqa: NPY002
    shifted = discriminative_score(r, s, repeats=1, iterations=5, random_state=1)
    assert scores.values[1] == shifted.values[0]  # repeat i has seed random_state + i


def test_scores_do_not_depend_on_units() -> None:
    r, s = noise(60, 0), noise(60, 1)
    scale, shift = np.array([100.0, 0.01]), np.array([5.0, -2.0])
    for score in (discriminative_score, predictive_score):
        plain = score(r, s, repeats=1, iterations=30).mean
        assert score(r * scale + shift, s * scale + shift, repeats=1, iterations=30).mean == pytest.approx(
            plain, abs=1e-4
        )


def test_windows_of_the_same_kind_get_a_small_discriminative_score_and_others_half() -> None:
    same = discriminative_score(noise(400, 0), noise(500, 1), repeats=2, iterations=150, hidden=4)
    assert same.mean < 0.08
    assert same.mean == pytest.approx(np.mean(same.values))
    other = discriminative_score(noise(400, 0), 0.1 * noise(400, 1), repeats=1, iterations=150, hidden=4)
    assert other.mean > 0.45
    assert other.to_json() == {"mean": other.mean, "sd": 0.0, "values": [other.mean]}


def test_an_answer_worse_than_chance_counts_like_one_better(monkeypatch: pytest.MonkeyPatch) -> None:
    def turned(self: torch.nn.Module, x: torch.Tensor, *, every: bool) -> torch.Tensor:
        return (0.5 - x.mean((1, 2))) + 0 * self.out.bias  # real windows are the low ones: all answers are wrong

    monkeypatch.setattr(timegan_scores._Recurrent, "forward", turned)
    r = np.zeros((50, 6, 1))
    r[:, 0] = 1.0  # so that the scaling keeps [0, 1]
    wrong = discriminative_score(1 - 0.1 * r, 0.1 * r, repeats=1, iterations=1)
    assert wrong.mean == pytest.approx(0.5)


def test_prediction_uses_the_other_channels_at_earlier_steps() -> None:
    """The last channel repeats the first one a step later: learnable, unless the synthetic windows turn it around."""
    x = noise(400, 0)
    x[:, 1:, 1] = x[:, :-1, 0]
    turned = x.copy()
    turned[:, 1:, 1] = 1 - x[:, :-1, 0]
    errors = [predictive_score(x, s, iterations=500, hidden=8).mean for s in (x, noise(400, 1), turned)]
    assert errors[0] < 0.12
    assert errors[1] == pytest.approx(0.25, abs=0.03)  # the mean distance of a uniform number to its median
    assert errors[2] > 0.38
    same = x.copy()
    same[:, :, 1] = x[:, :, 0]  # known at the same step only, which comes too late
    assert predictive_score(same, same, iterations=500, hidden=8).mean > 0.22


def test_prediction_of_the_mean_is_computed_over_all_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(self: torch.nn.Module, x: torch.Tensor, *, every: bool) -> torch.Tensor:
        return 0 * x[:, :, :1] + 0 * self.out.bias  # a sigmoid of 0 is one half

    monkeypatch.setattr(timegan_scores._Recurrent, "forward", nothing)
    r = noise(2100, 3)  # more than one batch of testing
    scaled = (r - r.min((0, 1))) / np.ptp(r, axis=(0, 1))
    expected = np.abs(scaled[:, 1:, 1] - 0.5).mean()
    assert predictive_score(r, noise(20, 0), iterations=1).mean == pytest.approx(expected, abs=1e-6)


def test_one_channel_is_predicted_from_itself() -> None:
    ramp = (np.arange(6)[None, :, None] / 10 + np.random.default_rng(0).random((300, 1, 1)) / 2).astype(np.float32)
    assert predictive_score(ramp, ramp, iterations=400, hidden=8).mean < 0.08
    assert discriminative_score(ramp, ramp, repeats=1, iterations=2).mean <= 0.5


def test_bad_input_is_told() -> None:
    with pytest.raises(InvalidDataError, match=r"There are 4 real and 9 synthetic windows; .* at least 5"):
        discriminative_score(noise(4, 0), noise(9, 0))
    with pytest.raises(InvalidParameterError, match="iterations is 0; at least 1"):
        predictive_score(noise(9, 0), noise(9, 0), iterations=0)
    with pytest.raises(InvalidParameterError, match="hidden is 0"):
        discriminative_score(noise(9, 0), noise(9, 0), hidden=0)
    with pytest.raises(InvalidDataError, match=r"synthetic has shape \(9, 6, 3\) and real \(9, 6, 2\)"):
        predictive_score(noise(9, 0), noise(9, 0, channels=3))
