"""A small critic whose scores, slopes and their gradients are written out in numpy, float64."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

__all__ = ["Case", "Given", "slopes_of", "to_weights"]

Given = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Gradients in the critic's weights A, b and v."""


@dataclasses.dataclass
class Case:
    """A critic D(x) = v . tanh(x A + b), with rows."""

    seed: int
    batch: int
    features: int

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.a, self.b, self.v = rng.normal(size=(self.features, 4)), rng.normal(size=4), rng.normal(size=4)
        self.real = rng.normal(size=(self.batch, self.features))
        self.generated = 1.5 * rng.normal(size=(self.batch, self.features))
        self.eps = rng.random(self.batch)
        self.weights = [torch.from_numpy(part).requires_grad_() for part in (self.a, self.b, self.v)]

    def critic(self, rows: Tensor) -> Tensor:
        """Return scores as torch has them, shape (batch,), of rows of any shape."""
        first, bias, last = self.weights
        return torch.tanh(rows.flatten(1) @ first + bias) @ last

    def tensors(self) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor], Tensor]:
        """Return what a critic's loss is called with, after the critic."""
        real, generated, eps = map(torch.from_numpy, (self.real, self.generated, self.eps))
        return real, generated, (self.critic(real), self.critic(generated)), eps

    def points(self, share: float = 1.0) -> np.ndarray:
        """Return the points between real and generated rows, of the first rows alone where not all count."""
        rows = int(np.ceil(share * self.batch))
        return (self.eps[:, None] * self.real + (1 - self.eps[:, None]) * self.generated)[:rows]

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Return scores, shape (batch,)."""
        return np.tanh(rows @ self.a + self.b) @ self.v


def slopes_of(case: Case, rows: np.ndarray) -> np.ndarray:
    """Return the gradient of each row's score in the row, shape (batch, features)."""
    slope = 1 - np.tanh(rows @ case.a + case.b) ** 2
    return (slope * case.v) @ case.a.T


def of_scores(case: Case, rows: np.ndarray, pull: np.ndarray) -> Given:
    """Return the gradients of sum(pull * D(rows)) in the weights, by the chain rule."""
    t = np.tanh(rows @ case.a + case.b)
    inner = pull[:, None] * case.v * (1 - t**2)
    return rows.T @ inner, inner.sum(0), pull @ t


def of_norms(case: Case, rows: np.ndarray, pull: Callable[[np.ndarray], np.ndarray]) -> Given:
    """Return the gradients of a sum of f(norm of the slope) in the weights; `pull` is f'."""
    t = np.tanh(rows @ case.a + case.b)
    s = 1 - t**2
    u = s * case.v
    g = u @ case.a.T
    norm = np.sqrt((g**2).sum(1) + 1e-12)
    q = (pull(norm) / norm)[:, None] * g
    du = q @ case.a
    inner = du * case.v * -2 * t * s
    return rows.T @ inner + q.T @ u, inner.sum(0), (du * s).sum(0)


def to_weights(case: Case, pulls: tuple[np.ndarray, np.ndarray], norms: list[tuple[np.ndarray, Callable]]) -> Given:
    """Add up gradients: of scores of real and generated rows, and of norms at some points."""
    parts = [of_scores(case, case.real, pulls[0]), of_scores(case, case.generated, pulls[1])]
    parts += [of_norms(case, rows, pull) for rows, pull in norms]
    return sum(p[0] for p in parts), sum(p[1] for p in parts), sum(p[2] for p in parts)  # type: ignore[return-value]
