"""The Adult census table, which comes with the package."""

from __future__ import annotations

from importlib import resources

import pandas as pd

__all__ = ["load_adult"]


def load_adult() -> pd.DataFrame:
    """Load the Adult census table: 48 842 people, and whether each earns more than 50 000 dollars a year.

    Six columns are whole numbers and nine are categories. The first 32 561 rows are the original training
    part, the others the original test part. The target is `income`, with the values `<=50K` (37 155 rows) and
    `>50K` (11 687 rows). `workclass`, `occupation` and `native-country` have 6 465 missing cells between
    them; `capital-gain` and `capital-loss` are zero for most people.

    Returns:
        A new table of shape (48842, 15) with a plain range as its index; `?` in the file is read as missing.

    References:
        B. Becker and R. Kohavi (1996), "Adult", UCI Machine Learning Repository,
        https://doi.org/10.24432/C5XW20, CC BY 4.0. What was changed is told in `data/README.md` beside this
        module.

    Examples:
        >>> adult = load_adult()
        >>> adult.shape
        (48842, 15)
        >>> adult["income"].value_counts().to_dict()
        {'<=50K': 37155, '>50K': 11687}
        >>> int(adult["occupation"].isna().sum())
        2809
    """
    with (resources.files("wgan_aug.datasets") / "data" / "adult.csv.gz").open("rb") as file:
        return pd.read_csv(file, compression="gzip", keep_default_na=False, na_values=["?"])
