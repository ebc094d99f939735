"""The curves increase, invert exactly, and never leave the learned bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from tests.strategies import through_json
from wgan_aug.encoding.curves import CURVES, MAX_KNOTS, AffineCurve, Curve, QuantileCurve

SETTINGS = settings(max_examples=60, deadline=None, derandomize=True)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-99, 99).map(float)
CODES = st.lists(st.floats(allow_nan=False) | st.floats(-3, 3), min_size=1, max_size=20)


@st.composite
def samples(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Distinct increasing values, at least two, and their counts."""
    values = np.unique(draw(st.lists(NUMBERS, min_size=2, max_size=40, unique=True)))
    counts = draw(st.lists(st.integers(1, 50), min_size=len(values), max_size=len(values)))
    return values, np.array(counts)


def _fit(name: str, sample: tuple[np.ndarray, np.ndarray]) -> Curve:
    return CURVES[name].fit(*sample)


@pytest.mark.parametrize("name", sorted(CURVES))
@SETTINGS
@given(sample=samples(), codes=CODES)
def test_any_code_decodes_within_the_bounds(
    name: str, sample: tuple[np.ndarray, np.ndarray], codes: list[float]
) -> None:
    numbers = _fit(name, sample).numbers(np.array(codes))
    assert ((numbers >= sample[0][0]) & (numbers <= sample[0][-1])).all()


@pytest.mark.parametrize("name", sorted(CURVES))
@SETTINGS
@given(sample=samples(), codes=CODES, numbers=st.lists(NUMBERS, min_size=2, max_size=20))
def test_both_directions_increase(
    name: str, sample: tuple[np.ndarray, np.ndarray], codes: list[float], numbers: list[float]
) -> None:
    curve = _fit(name, sample)
    assert (np.diff(curve.numbers(np.sort(codes))) >= 0).all()
    low, high = curve.codes(np.sort(numbers))
    assert (low <= high).all()
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) >= 0).all()


@SETTINGS
@given(samples())
def test_learned_values_come_back_exactly(sample: tuple[np.ndarray, np.ndarray]) -> None:
    curve = QuantileCurve.fit(*sample)
    low, high = curve.codes(sample[0])
    assert ((low >= 0) & (high <= 1)).all()
    np.testing.assert_array_equal(curve.numbers((low + high) / 2), sample[0])


@SETTINGS
@given(samples())
def test_affine_codes_come_back_within_rounding(sample: tuple[np.ndarray, np.ndarray]) -> None:
    values = sample[0]
    curve = AffineCurve.fit(*sample)
    back = curve.numbers(curve.codes(values)[0])
    np.testing.assert_allclose(back / 2, values / 2, rtol=1e-12, atol=1e-14 * np.abs(values / 2).max())


@SETTINGS
@given(samples(), st.floats(0, 1, exclude_max=True))
def test_a_repeated_value_fills_its_whole_interval(sample: tuple[np.ndarray, np.ndarray], share: float) -> None:
    values, counts = sample
    curve = QuantileCurve.fit(values, counts)
    repeated = counts > 1
    low, high = (bound[repeated] for bound in curve.codes(values))
    np.testing.assert_allclose(high - low, counts[repeated] / counts.sum())
    np.testing.assert_array_equal(curve.numbers(low + share * (high - low)), values[repeated])


@SETTINGS
@given(samples(), st.lists(NUMBERS, min_size=1, max_size=10))
def test_numbers_between_learned_ones_stay_between_them(
    sample: tuple[np.ndarray, np.ndarray], numbers: list[float]
) -> None:
    values = sample[0]
    curve = QuantileCurve.fit(*sample)
    low, high = curve.codes(np.array(numbers))
    back = curve.numbers((low + high) / 2)
    inside = np.clip(numbers, values[0], values[-1])
    assert (back >= values[np.searchsorted(values, inside, side="right") - 1]).all()
    assert (back <= values[np.searchsorted(values, inside, side="left")]).all()


@SETTINGS
@given(st.lists(st.integers(-(10**6), 10**6), min_size=2, max_size=40, unique=True), st.floats(0, 1))
def test_between_single_values_the_curve_is_a_line(values: list[int], share: float) -> None:
    knots = np.sort(np.array(values, dtype=np.float64))
    curve = QuantileCurve.fit(knots, np.ones(len(knots)))
    number = knots[:-1] + share * np.diff(knots)
    low, high = curve.codes(number)
    np.testing.assert_array_equal(low, high)
    np.testing.assert_allclose(curve.numbers(low), number, rtol=1e-9, atol=1e-9 * np.ptp(knots))


def _mixture(rng: np.random.Generator, rows: int) -> np.ndarray:
    """A long tail, a narrow peak, a hole and rounded values."""
    parts = [rng.gamma(0.5, 100, rows), rng.normal(-50, 0.01, rows), np.round(rng.normal(20, 9, rows))]
    return np.choose(rng.integers(0, 3, rows), parts)


@pytest.mark.parametrize("rows", [50, 999, 5000, 100_000])
def test_uniform_ranks_decode_to_the_marginal(rows: int) -> None:
    rng = np.random.default_rng(rows)
    real = _mixture(rng, rows)
    curve = QuantileCurve.fit(*np.unique(real, return_counts=True))
    ordered = np.sort(real)
    drawn = curve.numbers((np.arange(20_000) + 0.5) / 20_000)
    at = np.unique(np.r_[real, drawn])
    real_share = np.searchsorted(ordered, at, side="right") / rows
    drawn_share = np.searchsorted(np.sort(drawn), at, side="right") / len(drawn)
    assert np.abs(real_share - drawn_share).max() <= 1 / rows + 2.5 / MAX_KNOTS


def test_random_ranks_pass_the_test_of_kolmogorov_and_smirnov() -> None:
    rng = np.random.default_rng(0)
    real = rng.lognormal(0, 2, 3000)
    curve = QuantileCurve.fit(*np.unique(real, return_counts=True))
    assert kstest(curve.numbers(rng.random(3000)), real).pvalue > 0.01
    assert kstest(curve.numbers(rng.random(3000) ** 1.3), real).pvalue < 0.01


def test_many_values_are_thinned_to_a_thousand_or_so() -> None:
    rng = np.random.default_rng(1)
    real = _mixture(rng, 200_000)
    values, counts = np.unique(real, return_counts=True)
    curve = QuantileCurve.fit(values, counts)
    assert len(values) > 50_000
    assert MAX_KNOTS / 2 < len(curve.values) <= 2 * MAX_KNOTS
    assert (curve.values[0], curve.values[-1]) == (values[0], values[-1])
    heavy = values[counts >= len(real) / MAX_KNOTS]
    assert len(heavy) > 10
    assert np.isin(heavy, curve.values).all()
    low, high = curve.codes(real)
    back = curve.numbers((low + high) / 2)
    np.testing.assert_allclose(back, real, rtol=1e-9, atol=1e-9 * np.ptp(real))


def test_affine_is_the_standard_score_of_the_column() -> None:
    real = np.array([1.0, 1.0, 4.0, 10.0])
    curve = AffineCurve.fit(*np.unique(real, return_counts=True))
    np.testing.assert_allclose(curve.codes(real)[0], (real - real.mean()) / real.std())
    np.testing.assert_allclose(
        curve.codes(np.array([99.0, -99.0]))[0], [curve.codes(real)[0][3], curve.codes(real)[0][0]]
    )


@pytest.mark.parametrize("name", sorted(CURVES))
def test_json_keeps_the_curve(name: str) -> None:
    curve = _fit(name, (np.array([0.1, 2.0, 7.5]), np.array([1, 3, 1])))
    again = CURVES[name].from_json(through_json(curve.to_json()))
    codes = np.linspace(-1, 2, 50)
    np.testing.assert_array_equal(again.numbers(codes), curve.numbers(codes))
