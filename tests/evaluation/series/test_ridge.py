"""The ridge classifier: against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from wgan_aug.evaluation.series.ridge import RidgeClassifier


@pytest.mark.parametrize(("n", "p", "classes"), [(80, 6, 2), (30, 50, 2), (60, 10, 3), (25, 25, 4)])
def test_ridge_equals_brute_force(n: int, p: int, classes: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.normal(2, 3, (n, p)), rng.integers(0, classes, n)
    x[:, 0] += y
    x[:, 1] = 7.0  # a constant feature counts for nothing
    model = RidgeClassifier(x, y)
    spread = x.std(0)
    z = np.where(spread > 1e-9, (x - x.mean(0)) / np.where(spread > 1e-9, spread, 1), 0.0)
    codes = np.where(y[:, None] == np.arange(classes), 1.0, -1.0)
    figures = []
    for strength in np.logspace(-2, 5, 15):
        hat = z @ np.linalg.solve(z.T @ z + strength * np.eye(p), z.T)
        residual = (codes - codes.mean(0)) - hat @ (codes - codes.mean(0))
        figures.append((residual**2).mean() / (1 - (np.trace(hat) + 1) / n) ** 2)
    assert model.strength == pytest.approx(np.logspace(-2, 5, 15)[int(np.argmin(figures))])
    reference = Ridge(alpha=model.strength).fit(z, codes)
    np.testing.assert_allclose(model.decide(x), reference.predict(z), atol=1e-7)
    assert np.array_equal(model.predict(x), reference.predict(z).argmax(1))


def test_ridge_of_one_class_says_that_class() -> None:
    model = RidgeClassifier(np.random.default_rng(0).normal(size=(9, 3)), np.array(["a"] * 9))
    assert model.predict(np.ones((2, 3))).tolist() == ["a", "a"]
