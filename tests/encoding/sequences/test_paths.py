"""Paths of numbers without holes: continuous where the data are, whatever the states say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from wgan_aug.encoding.ruled import RuledEncoder
from wgan_aug.encoding.sequences.paths import code_numbers, fill_paths
from wgan_aug.encoding.sums import SumEncoder
from wgan_aug.encoding.table import TableEncoder
from wgan_aug.schema.inference import infer_schema


def encode(frame: pd.DataFrame, curve: str = "affine") -> tuple[TableEncoder, np.ndarray]:
    encoder = TableEncoder(infer_schema(frame), curve).fit(frame)
    return encoder, code_numbers(encoder, frame, encoder.transform(frame))


def codes_of(encoder: TableEncoder, position: int, numbers: np.ndarray) -> np.ndarray:
    """The codes of a plain numeric column, by its own curve."""
    low, high = encoder.encoders[position].curve.codes(numbers)  # type: ignore[union-attr]
    return (low + high) / 2


def test_holes_are_filled_as_numpy_interpolates() -> None:
    rng = np.random.default_rng(0)
    paths = rng.normal(size=(60, 9, 3))
    paths[rng.random(paths.shape) < 0.6] = np.nan
    paths[0, :, 1] = np.nan
    means = np.array([5.0, 6.0, 7.0])
    filled = fill_paths(paths, means)
    steps = np.arange(9)
    for n in range(60):
        for c in range(3):
            known = ~np.isnan(paths[n, :, c])
            line = np.interp(steps, steps[known], paths[n, known, c]) if known.any() else np.full(9, means[c])
            np.testing.assert_allclose(filled[n, :, c], line)


def test_paths_without_holes_stay() -> None:
    paths = np.random.default_rng(0).normal(size=(3, 4, 2))
    np.testing.assert_array_equal(fill_paths(paths, np.zeros(2)), paths)


@pytest.mark.parametrize("curve", ["affine", "quantile"])
def test_a_repeated_value_has_its_own_number(curve: str) -> None:
    wave = np.round(np.sin(np.linspace(0, 40, 400)), 6)
    wave[np.abs(wave) < 0.2] = 0.0  # an atom in the middle of the range
    encoder, numbers = encode(pd.DataFrame({"x": wave}), curve)
    assert encoder.layout.widths == (2,)
    np.testing.assert_allclose(numbers[:, 0], codes_of(encoder, 0, wave))
    assert np.abs(np.diff(numbers[:, 0])).max() < 0.5


def test_an_atom_at_the_edge_is_next_to_the_smallest_number() -> None:
    rain = np.maximum(np.sin(np.linspace(0, 40, 400)), 0)
    _, numbers = encode(pd.DataFrame({"x": rain}))
    assert numbers[rain == 0, 0].max() == numbers.min()
    assert np.abs(np.diff(numbers[:, 0])).max() < 0.6


def test_missing_cells_are_holes() -> None:
    x = np.linspace(0, 1, 100)
    x[[3, 50, 51]] = np.nan
    _, numbers = encode(pd.DataFrame({"x": x}))
    assert np.flatnonzero(np.isnan(numbers[:, 0])).tolist() == [3, 50, 51]


def ruled_frame(value: float) -> pd.DataFrame:
    """A column that has one value just where a category says so."""
    rng = np.random.default_rng(0)
    state = np.repeat(rng.choice(["on", "off", "idle"], 60), 10)
    x = np.where(state == "off", value, 2 + np.round(np.sin(np.arange(600) / 9), 4))
    return pd.DataFrame({"state": state, "x": x})


@pytest.mark.parametrize("value", [np.nan, 1.5])
def test_a_ruled_value_has_its_number_or_is_a_hole(value: float) -> None:
    frame = ruled_frame(value)
    encoder, numbers = encode(frame)
    ruled = encoder.encoders[1]
    assert isinstance(ruled, RuledEncoder)
    off = (frame["state"] == "off").to_numpy()
    if np.isnan(value):
        assert np.array_equal(np.isnan(numbers[:, 0]), off)
    else:
        low, _ = ruled.inner.curve.codes(np.array([value]))
        np.testing.assert_allclose(numbers[off, 0], low[0])
    low, _ = ruled.inner.curve.codes(frame["x"].to_numpy()[~off])
    np.testing.assert_allclose(numbers[~off, 0], low)


def test_a_rest_of_a_sum_is_a_path_too() -> None:
    rng = np.random.default_rng(0)
    steps = np.arange(500)
    a, b = 10 * np.sin(steps / 20), 7 * np.cos(steps / 13) + rng.integers(0, 2, 500) / 10
    frame = pd.DataFrame({"a": np.round(a, 2), "b": np.round(b, 2)})
    frame["whole"] = np.round(frame["a"] + frame["b"], 2)
    encoder, numbers = encode(frame)
    assert any(isinstance(e, SumEncoder) for e in encoder.encoders)
    assert numbers.shape[1] == encoder.layout.n_scalars
    assert not np.isnan(numbers).any()
