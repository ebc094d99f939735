"""The bundled energy series: figures known from the published rows."""

from __future__ import annotations

from importlib import resources

import pandas as pd
import pytest
from pandas.api.types import is_datetime64_any_dtype, is_integer_dtype

from wgan_aug.datasets import load_energy

COLUMNS = ["date", "Appliances", "lights", "T1", "RH_1", "T2", "T_out", "RH_out", "Windspeed"]


@pytest.fixture(scope="module")
def energy() -> pd.DataFrame:
    return load_energy()


def test_shape_names_and_kinds(energy: pd.DataFrame) -> None:
    assert energy.shape == (3289, 9)
    assert list(energy.columns) == COLUMNS
    assert energy.index.equals(pd.RangeIndex(3289))
    assert is_datetime64_any_dtype(energy["date"])
    assert [name for name in energy if is_integer_dtype(energy[name])] == ["Appliances", "lights"]
    assert not energy.isna().any(axis=None)


def test_every_hour_is_there_once(energy: pd.DataFrame) -> None:
    hours = pd.date_range("2016-01-11 17:00", "2016-05-27 17:00", freq="h")
    assert energy["date"].tolist() == hours.tolist()


def test_first_hour_is_that_of_the_published_rows(energy: pd.DataFrame) -> None:
    """The six rows of 17:00 to 17:50: sums of energy, means of the rest."""
    first = energy.iloc[0]
    assert first["Appliances"] == 60 + 60 + 50 + 50 + 60 + 50
    assert first["lights"] == 30 + 30 + 30 + 40 + 40 + 40
    assert first["T1"] == pytest.approx(19.89, abs=0.005)
    assert first["T_out"] == pytest.approx((6.6 + 6.48333 + 6.36667 + 6.25 + 6.13333 + 6.01667) / 6, abs=0.006)


def test_lights_are_out_in_most_hours(energy: pd.DataFrame) -> None:
    assert 0.5 < (energy["lights"] == 0).mean() < 0.6
    assert ((energy[["Appliances", "lights"]] % 10) == 0).all(axis=None)


@pytest.mark.parametrize(
    ("column", "low", "high"), [("Appliances", 60, 6480), ("T_out", -5, 26.1), ("RH_out", 24, 100), ("RH_1", 27, 63.4)]
)
def test_ranges(energy: pd.DataFrame, column: str, low: float, high: float) -> None:
    """Hourly figures lie within what six published rows can give."""
    assert low <= energy[column].min() < energy[column].max() <= high


def test_each_call_gives_a_table_of_its_own(energy: pd.DataFrame) -> None:
    other = load_energy()
    pd.testing.assert_frame_equal(other, energy)
    other.loc[0, "lights"] = -1
    assert load_energy().loc[0, "lights"] == 210


def test_the_attribution_lies_beside_the_file() -> None:
    text = (resources.files("wgan_aug.datasets") / "data" / "README.md").read_text(encoding="utf-8")
    for part in ("Candanedo", "Feldheim", "Deramaix", "2017", "https://doi.org/10.24432/C5VC8G", "CC BY 4.0"):
        assert part in text
