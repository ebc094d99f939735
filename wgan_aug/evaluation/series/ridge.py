"""A ridge classifier whose strength is chosen by generalised cross-validation."""

from __future__ import annotations

import numpy as np

__all__ = [
    "RidgeClassifier",
]

Array = np.ndarray
_LAMBDAS = np.logspace(-2, 5, 15)


class RidgeClassifier:
    """Least squares on class codes -1 and 1 with a ridge, its strength chosen by generalised cross-validation.

    W = (Z'Z + lambda I)^-1 Z'Y, where Z are the standardised features and Y the centred codes, one column per class;
    lambda is the one of 15 values from 0.01 to 100 000 with the least mean((Y - ZW)^2) / (1 - (df + 1) / n)^2, where
    df = sum_i e_i / (e_i + lambda) over the eigenvalues e of Z'Z.

    Args:
        x: features (n, p).
        y: labels (n,), of any type that numpy sorts; with a single class every prediction is that class.

    References:
        Golub, Heath, Wahba (1979), Generalized cross-validation as a method for choosing a good ridge parameter.

    Examples:
        >>> x = np.array([[-2.0], [-1.0], [1.0], [2.0]])
        >>> RidgeClassifier(x, np.array(["down", "down", "up", "up"])).predict(x).tolist()
        ['down', 'down', 'up', 'up']
    """

    def __init__(self, x: Array, y: Array) -> None:
        self.classes = np.unique(y)
        self.mean, self.scale = x.mean(0), x.std(0)
        self.scale = np.where(self.scale > 1e-9, self.scale, np.inf)
        codes = np.where(y[:, None] == self.classes, 1.0, -1.0)
        self.offset = codes.mean(0)
        self.strength, self.weights = _ridge((x - self.mean) / self.scale, codes - self.offset)

    def decide(self, x: Array) -> Array:
        """Return one score per class, shape (n, classes)."""
        return ((x - self.mean) / self.scale) @ self.weights + self.offset

    def predict(self, x: Array) -> Array:
        """Return the class with the largest score, shape (n,)."""
        return self.classes[self.decide(x).argmax(1)]


def _ridge(z: Array, y: Array) -> tuple[float, Array]:
    """Return the chosen strength and the weights; works in the smaller of the two spaces, rows or features."""
    n, p = z.shape
    wide = n <= p
    e, vectors = np.linalg.eigh(z @ z.T if wide else z.T @ z)
    e = np.maximum(e, 0.0)[:, None]
    r = vectors.T @ (y if wide else z.T @ y)
    filters = 1.0 / (e[None] + _LAMBDAS[:, None, None])  # (strengths, eigenvalues, 1)
    if wide:
        residual = ((_LAMBDAS[:, None, None] * filters * r) ** 2).sum((1, 2))
    else:
        residual = (y**2).sum() - (r**2 * filters * (2 - e * filters)).sum((1, 2))
    freedom = 1 - ((e * filters).sum((1, 2)) + 1) / n
    best = int(np.argmin(np.maximum(residual, 0.0) / np.maximum(freedom, 1e-4) ** 2))
    weights = vectors @ (r * filters[best])
    return float(_LAMBDAS[best]), z.T @ weights if wide else weights
