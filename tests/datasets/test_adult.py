"""The bundled Adult table: every figure here is known from outside the file."""

from __future__ import annotations

from importlib import resources

import pandas as pd
import pytest
from pandas.api.types import is_integer_dtype, is_numeric_dtype

from wgan_aug.datasets import load_adult

NUMBERS = ["age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week"]
LEVELS = {
    "workclass": 8,
    "education": 16,
    "marital-status": 7,
    "occupation": 14,
    "relationship": 6,
    "race": 5,
    "sex": 2,
    "native-country": 41,
    "income": 2,
}
COLUMNS = [
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education-num",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
    "native-country",
    "income",
]


@pytest.fixture(scope="module")
def adult() -> pd.DataFrame:
    return load_adult()


def test_shape_names_and_index(adult: pd.DataFrame) -> None:
    assert adult.shape == (48842, 15)
    assert list(adult.columns) == COLUMNS
    assert adult.index.equals(pd.RangeIndex(48842))


def test_numbers_are_whole_and_the_rest_is_text(adult: pd.DataFrame) -> None:
    assert [c for c in adult if is_numeric_dtype(adult[c])] == NUMBERS
    assert all(is_integer_dtype(adult[c]) for c in NUMBERS)


def test_missing_cells_are_counted_per_column(adult: pd.DataFrame) -> None:
    missing = adult.isna().sum()
    assert missing[missing > 0].to_dict() == {"workclass": 2799, "occupation": 2809, "native-country": 857}


@pytest.mark.parametrize("column", sorted(LEVELS))
def test_categories_are_clean(adult: pd.DataFrame, column: str) -> None:
    levels = [str(v) for v in adult[column].dropna().unique()]
    assert len(levels) == LEVELS[column]
    assert [v for v in levels if v != v.strip() or v.endswith(".") or v in ("", "?")] == []


def test_both_parts_are_there_in_order(adult: pd.DataFrame) -> None:
    train, test = adult.iloc[:32561], adult.iloc[32561:]
    assert train["income"].value_counts().to_dict() == {"<=50K": 24720, ">50K": 7841}
    assert test["income"].value_counts().to_dict() == {"<=50K": 12435, ">50K": 3846}


def test_first_row_is_the_first_published_row(adult: pd.DataFrame) -> None:
    assert adult.iloc[0].tolist() == [
        39,
        "State-gov",
        77516,
        "Bachelors",
        13,
        "Never-married",
        "Adm-clerical",
        "Not-in-family",
        "White",
        "Male",
        2174,
        0,
        40,
        "United-States",
        "<=50K",
    ]


@pytest.mark.parametrize(
    ("column", "low", "high"),
    [("age", 17, 90), ("education-num", 1, 16), ("capital-gain", 0, 99999), ("hours-per-week", 1, 99)],
)
def test_ranges(adult: pd.DataFrame, column: str, low: int, high: int) -> None:
    assert (adult[column].min(), adult[column].max()) == (low, high)


def test_each_call_gives_a_table_of_its_own(adult: pd.DataFrame) -> None:
    other = load_adult()
    pd.testing.assert_frame_equal(other, adult)
    other.loc[0, "age"] = -1
    assert load_adult().loc[0, "age"] == 39


def test_the_attribution_lies_beside_the_file() -> None:
    text = (resources.files("wgan_aug.datasets") / "data" / "README.md").read_text(encoding="utf-8")
    for part in ("Becker", "Kohavi", "1996", "https://doi.org/10.24432/C5XW20", "CC BY 4.0", "Changed"):
        assert part in text
