"""The numbers of each sequence as paths without holes: what stands where a number is absent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.numeric import NumericEncoder
from wgan_aug.encoding.ruled import RuledEncoder, inner_of
from wgan_aug.encoding.sums import SumEncoder
from wgan_aug.encoding.table import EncodedTable, TableEncoder

__all__ = ["code_numbers", "fill_paths"]


def code_numbers(encoder: TableEncoder, frame: pd.DataFrame, encoded: EncodedTable) -> np.ndarray:
    """Return each number in the middle of its interval, NaN where it is absent.

    A repeated value, which is a state without a number, has the number that its value would have.

    Args:
        encoder: the fitted encoder.
        frame: the rows.
        encoded: their codes.

    Returns:
        float64, shape (rows, scalars).

    Examples:
        >>> from wgan_aug.schema.inference import infer_schema
        >>> frame = pd.DataFrame({"x": [0.0] * 25 + [None] + [float(i) + 0.5 for i in range(24)]})
        >>> encoder = TableEncoder(infer_schema(frame), "affine").fit(frame)
        >>> numbers = code_numbers(encoder, frame, encoder.transform(frame))[:, 0]
        >>> bool(numbers[0] == np.nanmin(numbers)), bool(np.isnan(numbers[25])), bool(np.isnan(numbers[26:]).any())
        (True, True, False)
    """
    numbers = (encoded.low + encoded.high) / 2
    owners = [e for e in encoder.encoders if e.silent is not None]
    for place, (owner, scalar) in enumerate(zip(owners, encoder.layout.scalars, strict=True)):
        if scalar.block is not None and scalar.silent:
            codes = np.full(encoder.layout.widths[scalar.block], np.nan)
            known = _state_codes(owner)
            codes[: len(known)] = known
            states = encoded.states[:, scalar.block]
            numbers[:, place] = np.where(np.isin(states, scalar.silent), codes[states], numbers[:, place])
        if isinstance(owner, RuledEncoder):
            ruled = owner.ruled(frame.iloc[:, owner.parent])
            numbers[:, place] = np.where(ruled, _ruled_code(owner), numbers[:, place])
    return numbers


def _numeric(encoder: Any) -> NumericEncoder:
    """Return the encoder that a column's number has in the end."""
    inner = inner_of(encoder)
    return inner.rest if isinstance(inner, SumEncoder) else inner


def _state_codes(encoder: Any) -> np.ndarray:
    """Return the number that stands for each state of a column's own block, NaN for none, shape (states,)."""
    numeric = _numeric(encoder)
    if numeric.curve is None:
        return np.empty(0)
    codes = np.full(1 + len(numeric.atoms), np.nan)
    codes[1:] = _middle(numeric, numeric.atoms)
    return codes


def _ruled_code(encoder: RuledEncoder) -> float:
    """Return the number that stands for the value of ruled rows; NaN for a missing one or one of a sum."""
    if encoder.own.number(encoder.key) is None or isinstance(encoder.inner, SumEncoder):
        return np.nan
    numbers, _ = encoder.inner.codec.numbers(encoder.own.cells(np.array([encoder.key])))
    return float(_middle(encoder.inner, numbers)[0])


def _middle(numeric: NumericEncoder, numbers: np.ndarray) -> np.ndarray:
    if numeric.curve is None:
        return np.full(len(numbers), np.nan)
    low, high = numeric.curve.codes(numbers)
    return (low + high) / 2


def fill_paths(paths: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Fill the holes of paths: on the line between a hole's neighbours in time, the nearest one at the ends.

    Args:
        paths: NaN in holes, shape (sequences, steps, scalars).
        means: what a sequence without any number has instead, shape (scalars,).

    Returns:
        the same shape, without holes.

    Examples:
        >>> fill_paths(np.array([[[np.nan], [1.0], [np.nan], [3.0]]]), np.zeros(1))[0, :, 0].tolist()
        [1.0, 1.0, 2.0, 3.0]
    """
    out = paths.copy()
    steps = np.arange(paths.shape[1])
    for place in np.flatnonzero(np.isnan(paths).any(axis=(0, 1))):
        path = paths[:, :, place]
        known = ~np.isnan(path)
        before = np.maximum.accumulate(np.where(known, steps, -1), axis=1)
        after = np.minimum.accumulate(np.where(known, steps, len(steps))[:, ::-1], axis=1)[:, ::-1]
        first = np.where(before < 0, after, before).clip(0, len(steps) - 1)
        last = np.where(after == len(steps), before, after).clip(0, len(steps) - 1)
        share = (steps - first) / np.maximum(last - first, 1)
        left, right = np.take_along_axis(path, first, axis=1), np.take_along_axis(path, last, axis=1)
        line = np.where(first == last, left, left + share * (right - left))
        out[:, :, place] = np.where(known, path, np.where(np.isnan(line), means[place], line))
    return out
