"""Keys of sequences as text or whole numbers, for which fresh identifiers can be made, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.sequences.ticks import Ticks
from wgan_aug.errors import InvalidDataError
from wgan_aug.schema.storage import find_storage
from wgan_aug.schema.values import JSON

__all__ = ["KeyCodec"]


@dataclasses.dataclass(frozen=True)
class KeyCodec:
    """Change between the cells of a key and text or numbers.

    Text and numbers stay as they are; a categorical becomes its values, and dates and durations count the steps of
    their own lattice, so that fresh ones follow the real ones.

    Args:
        ticks: for dates and durations.
        categories: whether the key is a categorical.
    """

    ticks: Ticks | None = None
    categories: bool = False

    @classmethod
    def fit(cls, series: pd.Series) -> KeyCodec:
        """Learn from the keys.

        Raises:
            InvalidDataError: for keys that no fresh ones can be made of.

        Examples:
            >>> days = pd.Series(pd.to_datetime(["2024-01-01", "2024-01-03"]))
            >>> codec = KeyCodec.fit(days)
            >>> codec.read(days).tolist(), str(codec.write(pd.Series([2]))[0].date())
            ([0, 1], '2024-01-05')
        """
        dtype: Any = series.dtype
        if isinstance(dtype, pd.CategoricalDtype):
            if find_storage(pd.Series(dtype.categories)) in ("text", "int"):
                return cls(categories=True)
        else:
            storage = find_storage(series)
            if storage in ("text", "int", "float"):
                return cls()
            if storage in ("datetime", "timedelta", "period", "date"):
                return cls(Ticks.fit(series))
        raise InvalidDataError(
            f"The sequence_key {series.name!r} has cells ({dtype}, for instance {series.tolist()[0]!r}) of which no "
            "fresh keys can be made; use text, whole numbers or dates."
        )

    def read(self, series: pd.Series) -> pd.Series:
        """Return the keys as text or numbers."""
        if self.categories:
            return series.astype(series.dtype.categories.dtype)  # type: ignore[union-attr]
        return series if self.ticks is None else pd.Series(self.ticks.read(series), name=series.name)

    def write(self, series: pd.Series) -> pd.Series:
        """Return keys as they came."""
        if self.categories:
            return series.astype("category")
        return series if self.ticks is None else self.ticks.write(series.to_numpy(dtype=np.int64))

    def to_json(self) -> dict[str, JSON]:
        """Return what `from_json` reads back."""
        return {"ticks": None if self.ticks is None else self.ticks.to_json(), "categories": self.categories}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> KeyCodec:
        """Read what `to_json` wrote."""
        return cls(None if data["ticks"] is None else Ticks.from_json(data["ticks"]), data["categories"])
