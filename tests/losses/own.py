"""A user's own objective, as the documentation shows one."""

from __future__ import annotations

import torch

__all__ = ["Energy"]


class Energy:
    """The energy-based objective: real rows get scores near 0, generated ones a margin below."""

    def __init__(self, margin: float = 1.0) -> None:
        self.margin = margin

    def critic_loss(self, critic, real, generated, scores, eps):  # type: ignore[no-untyped-def]
        """Pull real scores to 0, and push generated ones under the margin."""
        missed = torch.relu(self.margin + scores[1])
        return scores[0].abs().mean() + missed.mean(), {"missed": missed.mean()}

    def generator_loss(self, critic, real, generated):  # type: ignore[no-untyped-def]
        """Bring generated scores to 0."""
        return critic(generated).abs().mean()
