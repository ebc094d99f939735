"""The energy use of a house, hour by hour, which comes with the package."""

from __future__ import annotations

from importlib import resources

import pandas as pd

__all__ = ["load_energy"]


def load_energy() -> pd.DataFrame:
    """Load 3 289 hours of a low-energy house in Belgium: one long series of eight channels, without a gap.

    - `date`: beginning of the hour, from 2016-01-11 17:00 to 2016-05-27 17:00, local time
    - `Appliances`: energy that appliances took, whole tens, in Wh
    - `lights`: energy that lights took, whole tens, 0 in more than half of the hours, in Wh
    - `T1`, `RH_1`: temperature and relative humidity in the kitchen, in °C and %
    - `T2`: temperature in the living room, in °C
    - `T_out`, `RH_out`, `Windspeed`: outside, at the nearest airport, in °C, % and m/s

    Returns:
        A new table of shape (3289, 9) with a plain range as its index, in order of time.

    References:
        L. Candanedo (2017), "Appliances Energy Prediction", UCI Machine Learning Repository,
        https://doi.org/10.24432/C5VC8G, CC BY 4.0. L. M. Candanedo, V. Feldheim and D. Deramaix (2017), "Data driven
        prediction models of energy use of appliances in a low-energy house", Energy and Buildings 140, 81-97. What was
        changed is told in `data/README.md` beside this module.

    Examples:
        >>> energy = load_energy()
        >>> energy.shape
        (3289, 9)
        >>> str(energy["date"].diff().max()), float((energy["lights"] == 0).mean().round(2))
        ('0 days 01:00:00', 0.56)
    """
    with (resources.files("wgan_aug.datasets") / "data" / "energy.csv.gz").open("rb") as file:
        return pd.read_csv(file, compression="gzip", parse_dates=["date"])
