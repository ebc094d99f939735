"""Laws of synthesizers, whatever they learn."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from wgan_aug import WGANGPSequenceSynthesizer, WGANGPSynthesizer

__all__ = ["check_history", "check_inference_mode", "check_same_training", "idle_parameters"]

Model = WGANGPSynthesizer | WGANGPSequenceSynthesizer


def check_same_training(first: Model, second: Model) -> None:
    """Both were trained alike to the last bit."""
    pd.testing.assert_frame_equal(first.history_, second.history_, check_exact=True)
    for network in ("generator_", "critic_"):
        ours, theirs = getattr(first, network).state_dict(), getattr(second, network).state_dict()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def check_inference_mode(model: Model) -> None:
    """What samples is not in training."""
    for network in (model.generator_, model.critic_):
        assert not network.training
        assert not any(parameter.requires_grad for parameter in network.parameters())


def check_history(model: Model) -> None:
    """Every update is in the history."""
    assert model.history_["update"].tolist() == list(range(1, model.updates_ + 1))
    assert model.updates_ == model.plan_.settings.updates > 1
    assert np.isfinite(model.history_.to_numpy(dtype=float)).all()
    assert {"critic_loss", "generator_loss"} < set(model.history_)


def idle_parameters(loss: Tensor, parameters: Iterable[tuple[str, nn.Parameter]]) -> set[str]:
    """Return the parameters, by name, that a loss has no gradient in; all gradients are finite."""
    names, tensors = zip(*parameters, strict=True)
    gradients = torch.autograd.grad(loss, tensors, retain_graph=True)
    assert all(torch.isfinite(gradient).all() for gradient in gradients)
    return {name for name, gradient in zip(names, gradients, strict=True) if gradient.abs().sum() == 0}
