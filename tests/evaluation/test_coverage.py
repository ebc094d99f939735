"""Density, coverage, alpha-precision, beta-recall: the published formulas, and a planted mode drop."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import norm

from tests.evaluation.edges import EDGES, IDENTIFIERS, plain
from wgan_aug.errors import InvalidDataError, InvalidParameterError
from wgan_aug.evaluation.coverage import compare_support, coverage
from wgan_aug.evaluation.embedding import Embedding, nearest, normal_scores
from wgan_aug.evaluation.frames import align

EXACT = 1e-6


def points(seed: int, rows: int, shift: float = 0.0, scale: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, scale, (rows, 3))


def modes(seed: int, rows: int, kept: int = 8) -> pd.DataFrame:
    """Draw from the first `kept` of eight far-off modes, each with a level of its own."""
    rng = np.random.default_rng(seed)
    mode = rng.integers(0, kept, rows)
    angle = mode * np.pi / 4
    noise = rng.normal(0, 0.05, (2, rows))
    return pd.DataFrame({"x": np.cos(angle) + noise[0], "y": np.sin(angle) + noise[1], "side": (mode % 2).astype(str)})


# ---- references, written out from the papers


def reference_density_and_coverage(real: np.ndarray, synthetic: np.ndarray, k: int) -> tuple[float, float]:
    """Naeem et al. 2020, equations 3 and 4."""
    radii = [sorted(np.linalg.norm(real - r, axis=1))[k] for r in real]  # the 0th is the point itself
    inside = cdist(real, synthetic) < np.array(radii)[:, None]
    return inside.sum() / (k * len(synthetic)), inside.any(axis=1).mean()


def reference_alpha_and_beta(real: np.ndarray, synthetic: np.ndarray) -> tuple[float, float]:
    """Alaa et al. 2022, sections 3 and 4, with the mean as the middle and 30 steps."""
    alphas = [i / 29 for i in range(30)]
    middle, own = real.mean(axis=0), synthetic.mean(axis=0)
    gaps = [0.0, 0.0]
    closest = [min(synthetic, key=lambda s, r=r: float(np.linalg.norm(s - r))) for r in real]
    spread = [float(np.linalg.norm(s - own)) for s in closest]
    to_other = np.sort(cdist(real, real), axis=1)[:, 1]
    for alpha in alphas:
        radius = np.quantile(np.linalg.norm(real - middle, axis=1), alpha)
        gaps[0] += abs(alpha - np.mean([np.linalg.norm(s - middle) <= radius for s in synthetic]))
        ball = np.quantile(spread, alpha)
        reached = [
            np.linalg.norm(r - s) <= other and far <= ball
            for r, s, other, far in zip(real, closest, to_other, spread, strict=True)
        ]
        gaps[1] += abs(alpha - np.mean(reached))
    return 1 - gaps[0] / sum(alphas), 1 - gaps[1] / sum(alphas)


CASES = {
    "fresh": points(1, 150),
    "shifted": points(2, 150, shift=0.7),
    "narrow": points(3, 150, scale=0.3),
    "fewer": points(4, 60),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("k", [1, 5])
def test_density_and_coverage_are_the_published_ones(case: str, k: int) -> None:
    real, synthetic = points(0, 150), CASES[case]
    got = compare_support(real, synthetic, k)
    expected = reference_density_and_coverage(real, synthetic, k)
    assert (got.density, got.coverage) == pytest.approx(expected, abs=EXACT)


@pytest.mark.parametrize("case", CASES)
def test_alpha_precision_and_beta_recall_are_the_published_ones(case: str) -> None:
    real, synthetic = points(0, 150), CASES[case]
    got = compare_support(real, synthetic)
    expected = reference_alpha_and_beta(real, synthetic)
    assert (got.alpha_precision, got.beta_recall) == pytest.approx(expected, abs=EXACT)


def test_rows_with_many_twins_are_covered_by_their_like() -> None:
    twins = np.repeat(np.eye(3), 20, axis=0)
    got = compare_support(twins, twins[::-1].copy())
    assert (got.coverage, got.density) == (1.0, pytest.approx(20 / 5))
    assert compare_support(twins, np.full_like(twins, 0.5)).coverage == 0.0


# ---- the embedding


def test_normal_scores_are_those_of_mid_ranks() -> None:
    got = normal_scores(np.array([-5.0, 1.0, 1.5, 2.0, 9.0, np.nan]), np.array([1.0, 2.0, 2.0, 2.0, 3.0]))
    assert got == pytest.approx([norm.ppf(0.1), norm.ppf(0.1), norm.ppf(0.2), 0.0, norm.ppf(0.9), 0.0])


def test_different_levels_and_gaps_are_one_apart() -> None:
    real = pd.DataFrame({"x": [1.0, 2.0, 3.0], "c": ["a", "b", "c"]})
    rows = pd.DataFrame({"x": [2.0, 2.0, None, 2.0], "c": ["a", "b", "a", "new"]})
    tables = align(real, rows)
    got = cdist(*[Embedding.fit(tables).transform(tables.synthetic)] * 2)
    assert got[0] == pytest.approx([0, 1, 1, 1])


def test_a_monotone_change_of_units_changes_nothing() -> None:
    real, fresh = plain(0), plain(1)
    there = coverage(align(real, fresh))
    here = coverage(align(real.assign(x=np.exp(3 * real["x"])), fresh.assign(x=np.exp(3 * fresh["x"]))))
    assert here == there


def test_nearest_is_exact_for_twins() -> None:
    cloud = points(0, 300) * 1e3 + 1e6
    distances, found = nearest(cloud, cloud[::-1].copy(), 3)
    assert (distances[:, 0] == 0).all()
    assert (found[:, 0] == np.arange(300)[::-1]).all()
    assert distances == pytest.approx(np.sort(cdist(cloud, cloud), axis=1)[:, :3], abs=EXACT)


# ---- where the truth is known


def test_fresh_rows_cover_and_are_dense() -> None:
    figures = coverage(align(modes(0, 1500), modes(1, 1500), holdout=modes(2, 1500)))
    assert figures.coverage == pytest.approx(1 - 2**-5, abs=0.02)
    assert figures.density == pytest.approx(1, abs=0.06)
    assert figures.alpha_precision > 0.95
    assert figures.beta_recall == pytest.approx(0.5, abs=0.05)
    assert figures.holdout is not None
    assert figures.holdout.coverage == pytest.approx(figures.coverage, abs=0.02)


@pytest.mark.parametrize("kept", [7, 6, 4])
def test_a_dropped_mode_is_caught_by_coverage(kept: int) -> None:
    figures = coverage(align(modes(0, 1500), modes(1, 1500, kept), holdout=modes(2, 1500)))
    assert figures.coverage == pytest.approx((1 - 2**-5) * kept / 8, abs=0.03)
    assert figures.holdout is not None
    assert figures.coverage < figures.holdout.coverage - 0.08
    assert figures.density > 0.95  # what is there lies well: density does not tell


def test_rows_far_from_real_ones_are_caught_by_density_and_precision() -> None:
    noise = pd.DataFrame({"x": np.zeros(800), "y": np.zeros(800), "side": "0"})
    figures = coverage(align(modes(0, 800), noise))
    assert figures.density < 0.1
    assert figures.alpha_precision < 0.6


def test_the_seed_decides() -> None:
    tables = align(modes(0, 400), modes(1, 400))
    once, again, other = (coverage(tables, max_rows=200, random_state=seed) for seed in (1, 1, 2))
    assert once == again
    assert once != other
    assert once.rows == 200


# ---- never at a loss


@pytest.mark.parametrize("name", [name for name in EDGES if not name.startswith("one ") or "row" not in name])
def test_hard_tables_have_figures(name: str) -> None:
    real, synthetic, holdout = EDGES[name]
    figures = coverage(align(real, synthetic, holdout=holdout))
    assert 0 <= figures.coverage <= 1
    assert figures.density >= 0
    json.dumps(figures.to_json(), allow_nan=False)


def test_too_few_rows_are_said() -> None:
    with pytest.raises(InvalidDataError, match=r"5 neighbours needs at least 6 .* got 1 real and 60 synthetic"):
        coverage(align(*EDGES["one real row"][:2]))


def test_a_hold_out_too_small_for_neighbours_gives_no_baseline() -> None:
    assert coverage(align(plain(0), plain(1), holdout=plain(2, 4))).holdout is None


def test_options_that_cannot_be_are_said() -> None:
    tables = align(plain(0), plain(1))
    with pytest.raises(InvalidParameterError, match="neighbours is 0"):
        coverage(tables, neighbours=0)
    with pytest.raises(InvalidParameterError, match="max_rows is 5"):
        coverage(tables, max_rows=5)
    with pytest.raises(InvalidDataError, match="No column is left"):
        coverage(align(IDENTIFIERS, IDENTIFIERS))
