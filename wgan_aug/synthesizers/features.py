"""Rows as a fitted critic sees them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Hashable, Iterable, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import torch

from wgan_aug.encoding.table import EncodedTable, TableEncoder
from wgan_aug.errors import InvalidDataError, did_you_mean
from wgan_aug.synthesizers.parts import to_device
from wgan_aug.training.devices import rows_at_once

__all__ = ["criticise", "encode_known", "known_cells", "known_columns", "take_columns", "to_features"]


def take_columns(frame: pd.DataFrame, names: Iterable[Any]) -> pd.DataFrame:
    """Return columns by name, where a name may be anything, None too."""
    present = list(frame.columns)
    return frame.iloc[:, [present.index(name) for name in names]]


def known_columns(frame: pd.DataFrame, names: Sequence[Hashable], y_name: Any) -> pd.DataFrame:
    """Return the fitted columns of a frame, in the fitted order; y may be absent.

    Raises:
        InvalidDataError: if others are.
    """
    wanted = [n for n in names if n != y_name or n in frame.columns]
    lacking = [name for name in wanted if name not in frame.columns]
    if lacking:
        raise InvalidDataError(
            f"The data lack {len(lacking)} of the {len(wanted)} fitted columns: {', '.join(map(repr, lacking))}."
            f"{did_you_mean(lacking[0], frame.columns)}"
        )
    return take_columns(frame, wanted)


def to_features(frame: pd.DataFrame, encoder: TableEncoder, y_name: Any, device: torch.device) -> torch.Tensor:
    """Return rows as the critic sees them, shape (rows, features); y may be absent, and has its average code then.

    Args:
        frame: the rows.
        encoder: of the table.
        y_name: of the column that may be absent; None for none.
        device: of the critic.

    Raises:
        InvalidDataError: if cells are not such as were fitted.
    """
    lacking = y_name is not None and y_name not in frame.columns
    if lacking:
        frame = pd.concat([frame.reset_index(drop=True), encoder.placeholder(y_name, len(frame))], axis=1)
    blanks = (y_name,) if lacking else ()
    codes = encode_known(take_columns(frame, encoder.schema.names), encoder, blanks)
    data = to_device(codes, encoder.layout, device)
    features = data.middle(torch.arange(len(frame), device=device))
    if lacking:
        average = np.append(encoder.layout.frequencies, np.zeros(encoder.layout.n_scalars))
        owned = encoder.features_of(blanks)
        features[:, owned] = torch.from_numpy(average[owned]).to(features)
    return features


def encode_known(frame: pd.DataFrame, encoder: TableEncoder, blanks: Sequence[Any] = ()) -> EncodedTable:
    """Encode rows with a fitted encoder.

    Args:
        frame: the fitted columns, in the fitted order.
        encoder: of the table.
        blanks: columns whose cells are placeholders.

    Raises:
        InvalidDataError: where a column's cells are not what was fitted, with the column.
    """
    with known_cells(encoder, lambda: frame):
        return encoder.transform(frame, blanks)


@contextmanager
def known_cells(encoder: TableEncoder, rows: Callable[[], pd.DataFrame]) -> Generator[None]:
    """Say which column's cells are not what was fitted, where encoding them fails.

    Args:
        encoder: of the table.
        rows: gives the rows that are encoded, with the fitted columns in the fitted order.

    Raises:
        InvalidDataError: with the column.
    """
    try:
        yield
    except (ValueError, TypeError, OverflowError, ArithmeticError) as error:
        frame = rows()
        for position, own in enumerate(encoder.encoders):
            try:
                encoder.encode_column(frame, position)
            except Exception as cause:
                raise InvalidDataError(
                    f"Column {own.column.name!r} was fitted as {own.column.dtype} "
                    f"({own.column.kind}), and these cells are not such: {cause}."
                ) from error
        raise


def criticise(critic: torch.nn.Module, features: torch.Tensor) -> np.ndarray:
    """Return a critic's score of each row, float64, shape (rows,)."""
    place = torch.device("cpu") if features.device.type == "mps" else features.device
    critic = copy.deepcopy(critic).to(place, torch.float64)  # a row's score does not hang on its batch
    with torch.inference_mode():
        scores = [critic(part) for part in features.to(place, torch.float64).split(rows_at_once(place))]
    return torch.cat(scores).cpu().numpy()
