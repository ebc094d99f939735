"""Views of sequences that a critic of its own may look at."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["VIEWS", "differences", "log_spectrum"]

_FLOOR = 0.1  # of the power, which is about 1 for whitened paths: the logarithm's slope is bounded


def log_spectrum(paths: Tensor, own: Tensor | None) -> Tensor:
    r"""Return $\log(|\hat x|^2 + 0.1)$, where $\hat x$ is the orthonormal Fourier transform over time.

    Args:
        paths: shape (batch, paths, steps).
        own: 1 for a sequence's own steps and 0 beyond, shape (batch, 1, steps), where paths are 0; None where all are.

    Returns:
        shape (batch, paths, steps // 2 + 1).
    """
    if not len(paths):  # which not every build of torch transforms
        return paths.new_zeros(0, paths.shape[1], paths.shape[2] // 2 + 1)
    waves = torch.view_as_real(torch.fft.rfft(paths, norm="ortho"))
    return torch.log(waves.square().sum(3) + _FLOOR)


def differences(paths: Tensor, own: Tensor | None) -> Tensor:
    """Return what each step adds to the one before, 0 beyond a sequence's end.

    Args:
        paths: shape (batch, paths, steps).
        own: 1 for a sequence's own steps and 0 beyond, shape (batch, 1, steps); None where all are.

    Returns:
        shape (batch, paths, steps - 1).
    """
    return paths.diff(dim=2) if own is None else paths.diff(dim=2) * own[..., 1:]


VIEWS: dict[str, Callable[[Tensor, Tensor | None], Tensor]] = {"spectrum": log_spectrum, "differences": differences}
"""Views by the name that `side_critics=` takes."""
