"""Numeric columns: atoms, bounds, decimals, lattices, missing cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import FLAVOURS
from wgan_aug.encoding.codes import ColumnCodes
from wgan_aug.encoding.numeric import ATOM_SHARE, NumericEncoder
from wgan_aug.encoding.table import TableEncoder, check_numeric_encoding
from wgan_aug.errors import InvalidParameterError
from wgan_aug.schema.inference import infer_column, infer_schema

RNG = np.random.default_rng(0)


def _fit(values: object, kind: str | None = None, encoding: str = "quantile") -> NumericEncoder:
    series = pd.Series(values, name="x")
    return NumericEncoder(infer_column(series, kind), encoding).fit(series)


def _decode(encoder: NumericEncoder, numbers: np.ndarray, state: int = 0) -> pd.Series:
    codes = ColumnCodes(np.full(len(numbers), state), numbers)
    return encoder.decode(codes, range(len(numbers)), np.random.default_rng(0))


def test_a_column_without_repeats_has_a_number_and_no_block() -> None:
    encoder = _fit(np.random.default_rng(0).normal(size=500))
    assert (encoder.states, encoder.silent, len(encoder.atoms)) == (0, (), 0)


@pytest.mark.parametrize(("share", "found"), [(0.049, False), (0.051, True)])
def test_an_atom_has_five_percent_of_the_mass(share: float, found: bool) -> None:
    values = np.random.default_rng(0).normal(size=10_000)
    values[: int(share * len(values))] = 0.25
    encoder = _fit(values)
    assert ATOM_SHARE == 0.05
    assert (0.25 in encoder.atoms) is found


def test_zeros_and_caps_are_found_beside_the_continuous_part() -> None:
    rng = np.random.default_rng(0)
    values = np.minimum(rng.gamma(1.0, 40, 2000), 99.0)
    values[rng.random(2000) < 0.3] = 0.0
    values[rng.random(2000) < 0.1] = np.nan
    encoder = _fit(values)
    assert encoder.atoms.tolist() == [0.0, 99.0]
    assert (encoder.states, encoder.silent) == (4, (1, 2, 3))
    codes, unseen = encoder.encode(pd.Series(values))
    assert unseen == 0
    assert codes.states is not None
    np.testing.assert_array_equal(codes.states == 1, values == 0)
    np.testing.assert_array_equal(codes.states == 2, values == 99)
    np.testing.assert_array_equal(codes.states == 3, np.isnan(values))
    assert _decode(encoder, np.array([0.3]), 2).tolist() == [99.0]
    assert _decode(encoder, np.array([0.3]), 3).isna().all()


def test_few_rows_make_no_atom() -> None:
    encoder = _fit(np.r_[np.zeros(4), np.arange(1, 60) / 7])
    assert len(encoder.atoms) == 0


@pytest.mark.parametrize(("distinct", "by_level"), [(20, True), (21, False)])
def test_integers_of_few_values_are_encoded_by_level(distinct: int, by_level: bool) -> None:
    encoder = _fit(3 * np.tile(np.arange(distinct), 2) ** 2)
    assert (encoder.curve is None) is by_level
    assert encoder.states == (distinct if by_level else 0)


def test_floats_of_few_values_are_levels_only_where_they_repeat() -> None:
    few = [0.5, 1.25, 7.75]
    assert _fit(few * 5).curve is None
    assert _fit(few).curve is not None


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.floats(-0.5, 1.5), min_size=1, max_size=20))
def test_whole_days_stay_whole_days_within_the_bounds(codes: list[float]) -> None:
    days = pd.Series(pd.date_range("2020-01-01", "2023-06-30", freq="D").to_series().sample(400, random_state=0).values)
    out = _decode(_fit(days), np.array(codes))
    assert (out.dt.normalize() == out).all()
    assert out.between(days.min(), days.max()).all()


@pytest.mark.parametrize("step", [1, 7, 25])
def test_integers_stay_on_their_lattice(step: int) -> None:
    values = 3 + step * np.random.default_rng(0).integers(0, 500, 3000)
    out = _decode(_fit(values), np.linspace(0, 1, 999))
    assert set((out - 3) % step) == {0}
    assert out.dtype == values.dtype


@pytest.mark.parametrize("decimals", [0, 1, 2, 4])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_decimals_are_learned(decimals: int, dtype: str) -> None:
    values = np.round(np.random.default_rng(0).normal(size=2000) * 30, decimals).astype(dtype)
    out = _decode(_fit(values, "continuous"), np.random.default_rng(1).random(500))
    assert out.dtype == dtype
    np.testing.assert_array_equal(np.round(out.to_numpy(), decimals), out.to_numpy())
    assert _fit(values, "continuous").codec.decimals == decimals


def test_missing_cells_have_a_code_of_their_own() -> None:
    values = np.random.default_rng(0).normal(size=100)
    values[::4] = np.nan
    encoder = _fit(values)
    codes, _ = encoder.encode(pd.Series(values))
    assert codes.states is not None
    assert codes.states.tolist() == [1, 0, 0, 0] * 25
    assert encoder.silent == (1,)


@pytest.mark.parametrize("flavour", ["Float64", "float64", "arrow float64"])
def test_not_a_number_is_missing_wherever_it_hides(flavour: str) -> None:
    series = FLAVOURS[flavour].make([0.0, 1.5, 2.5])
    hidden = (series - series.iloc[0]) / (series - series.iloc[0])  # 0 / 0
    column = infer_column(pd.concat([hidden, series], ignore_index=True).rename("x"))
    assert (column.n_missing, column.n_distinct) == (1, 4)


@pytest.mark.parametrize("kind", ["uint64", "int64"])
def test_the_ends_of_64_bits_come_back(kind: str) -> None:
    ends = np.iinfo(kind)
    frame = pd.DataFrame({"x": np.array([ends.min, ends.max] + [5] * 30, dtype=kind)})
    encoder = TableEncoder(infer_schema(frame, {"x": "continuous"})).fit(frame)
    out = encoder.inverse_transform(encoder.transform(frame))["x"]
    assert out.dtype == kind
    assert (int(out.min()), int(out.max())) == (ends.min, ends.max)


@pytest.mark.parametrize("encoding", ["quantile", "affine"])
def test_huge_floats_come_back(encoding: str) -> None:
    frame = pd.DataFrame({"x": [-1.7e308, 1.7e308, 0.0, 1e-300, 3.5]})
    encoder = TableEncoder(infer_schema(frame), encoding).fit(frame)
    out = encoder.inverse_transform(encoder.transform(frame))
    np.testing.assert_allclose(out["x"] / 2, frame["x"] / 2, atol=1e293)


def test_encodings_are_chosen_for_all_or_by_column() -> None:
    frame = pd.DataFrame({"a": RNG.normal(size=40), "b": RNG.normal(size=40)})
    schema = infer_schema(frame)
    assert [s.normal for s in TableEncoder(schema, "affine").fit(frame).layout.scalars] == [False, False]
    assert [s.normal for s in TableEncoder(schema, {"b": "affine"}).fit(frame).layout.scalars] == [True, False]


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (
            "afine",
            "numeric_encoding is 'afine'; allowed are auto, quantile, affine, or a dict of these by column. "
            "Did you mean 'affine'?",
        ),
        ({"b": "affine"}, "numeric_encoding names column 'b', which the data do not have."),
        ({"age": 3}, "numeric_encoding is 3; allowed are auto, quantile, affine, or a dict of these by column."),
    ],
)
def test_unknown_encodings_are_refused(choice: object, message: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        check_numeric_encoding(choice, ["age"])
    assert str(caught.value) == message
