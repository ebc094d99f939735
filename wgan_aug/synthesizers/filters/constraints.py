"""Rules that users declare: each holds in the training rows, and shall hold in every row that is sampled."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.dependents import DependentEncoder
from wgan_aug.encoding.numbers import NumberCodec
from wgan_aug.encoding.numeric import NumericEncoder
from wgan_aug.encoding.ruled import inner_of
from wgan_aug.encoding.table import TableEncoder
from wgan_aug.errors import InvalidDataError, InvalidParameterError, WganAugError, join_problems
from wgan_aug.schema.cells import put_rows
from wgan_aug.schema.columns import ColumnSchema, TableSchema
from wgan_aug.schema.values import JSON
from wgan_aug.synthesizers.filters.expressions import FORMS, Comparison, Value, unit_of

__all__ = ["Constraint", "Result", "learn_constraints", "not_constraints"]


@dataclasses.dataclass(frozen=True)
class Constraint:
    """A comparison that holds in the training rows; an equality may say how to work a column out.

    Args:
        comparison: what shall hold.
        slack: by how much numbers may differ that are to be equal: half a unit of a column's last decimal where its
            training cells are rounded, else 0.
        result: the column that the others decide; None where there is none.
    """

    comparison: Comparison
    slack: float = 0.0
    result: Result | None = None

    @classmethod
    def learn(
        cls, text: str, frame: pd.DataFrame, encoder: TableEncoder, place: Callable[[int], str] = "row {}".format
    ) -> Constraint:
        """Read a constraint, and look whether the training rows keep it.

        Args:
            text: a comparison.
            frame: the training rows.
            encoder: fitted on them.
            place: says where a row stands, for the error.

        Raises:
            InvalidParameterError: if it cannot be read, or compares what cannot be compared.
            InvalidDataError: if training rows break it, with the first of them.
        """
        comparison = Comparison.parse(text, encoder.schema)
        equality, slack = _split_equality(comparison), 0.0
        fine = comparison.holds(frame)
        if not fine.all() and equality is not None:
            slack = _half_unit(equality[1], frame.iloc[:, equality[0]])
            fine = comparison.holds(frame, slack)
        if not fine.all():
            first = int(np.argmin(fine))
            cells = ", ".join(f"{c.name}: {frame.iloc[first, p]}" for p, c in comparison.columns.values())
            raise InvalidDataError(
                f"The constraint {text!r} does not hold in {int((~fine).sum())} of {len(frame)} rows, the first is "
                f"{place(first)} ({cells}). Mend or drop these rows, "
                "or leave the constraint out; for cells that miss each other by little, write '-0.01 <= x - y <= 0.01'."
            )
        result = None if equality is None else Result.learn(*equality, frame, encoder)
        return cls(comparison, slack, result)

    def holds(self, frame: pd.DataFrame) -> np.ndarray:
        """Say for each row whether it holds, bool, shape (rows,)."""
        return self.comparison.holds(frame, self.slack)

    def mend(self, frame: pd.DataFrame, known: Mapping[int, np.ndarray]) -> pd.DataFrame:
        """Work out the column that others decide, in rows that break the constraint.

        Args:
            frame: rows.
            known: which cells must stay as they are, bool, shape (rows,), by position of the column.
        """
        if self.result is None:
            return frame
        broken = ~self.holds(frame)
        if self.result.position in known:
            broken &= ~known[self.result.position]
        if not broken.any():
            return frame
        return self.result.put(frame, broken, self.comparison.value(self.result.node, frame[broken]))

    def to_json(self) -> dict[str, JSON]:
        """Return a JSON object that `from_json` reads back."""
        return {
            "text": self.comparison.text,
            "slack": self.slack,
            "result": None if self.result is None else self.result.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], schema: TableSchema) -> Constraint:
        """Read what `to_json` wrote."""
        comparison = Comparison.parse(data["text"], schema)
        equality, result = _split_equality(comparison), data["result"]
        if result is None or equality is None:
            return cls(comparison, data["slack"])
        return cls(comparison, data["slack"], Result.from_json(result, *equality))


@dataclasses.dataclass(frozen=True)
class Result:
    """A column that an equality works out of others, within the range seen in training.

    Args:
        position: of the column.
        node: what works it out.
        codec: of its cells; its step is 1.
        low: the smallest number of the codec.
        high: the largest one.
    """

    position: int
    node: ast.expr
    codec: NumberCodec
    low: float
    high: float

    @classmethod
    def learn(
        cls, position: int, column: ColumnSchema, node: ast.expr, frame: pd.DataFrame, encoder: TableEncoder
    ) -> Result | None:
        """Learn range and lattice; None for a column that may not be changed, since others follow from it."""
        parents = {p for e in encoder.encoders if isinstance(e, DependentEncoder) for p in e.parents}
        plain = column.storage in ("float", "int", "decimal", "timedelta") or isinstance(column.dtype, np.dtype)
        if not isinstance(inner_of(encoder.encoders[position]), NumericEncoder) or position in parents or not plain:
            return None
        codec = NumberCodec(column)
        codec.fit_numbers(frame.iloc[:, position])
        codec.step, codec.span = 1, codec.span * codec.step
        numbers, absent = codec.numbers(frame.iloc[:, position])
        return cls(position, node, codec, float(numbers[~absent].min()), float(numbers[~absent].max()))

    def put(self, frame: pd.DataFrame, where: np.ndarray, value: Value) -> pd.DataFrame:
        """Return rows with the column worked out anew in some of them, where that is within the range."""
        numbers = self._numbers(value)
        fits = (numbers >= self.low) & (numbers <= self.high) & ~np.asarray(value.absent)
        cells = self.codec.cells(np.where(fits, numbers, self.low), np.zeros(len(fits), dtype=bool))
        own = frame.iloc[:, self.position]
        out = frame.copy(deep=False)
        out.isetitem(self.position, put_rows(own, np.flatnonzero(where)[fits], cells, np.flatnonzero(fits)).array)
        return out

    def _numbers(self, value: Value) -> np.ndarray:
        """Return a value as numbers of the codec, float64, shape (rows,)."""
        column = self.codec.column
        if column.storage in ("float", "decimal"):
            return value.cells if self.codec.decimals is None else np.round(value.cells, self.codec.decimals)
        if column.storage == "int":
            return value.cells - self.codec.origin
        ticks = value.cells.astype(f"{value.cells.dtype.kind}8[{unit_of(column)}]").view(np.int64)
        return (ticks - self.codec.origin).astype(np.float64)

    def to_json(self) -> dict[str, JSON]:
        """Return a JSON object that `from_json` reads back."""
        return {"codec": self.codec.to_json(), "low": self.low, "high": self.high}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], position: int, column: ColumnSchema, node: ast.expr) -> Result:
        """Read what `to_json` wrote."""
        return cls(position, node, NumberCodec.from_json(data["codec"], column), data["low"], data["high"])


def not_constraints(constraints: Any) -> list[str]:
    """Say what is wrong with the option `constraints`, whatever the table."""
    if (constraints is None or isinstance(constraints, (list, tuple))) and all(
        isinstance(text, str) for text in constraints or ()
    ):
        return []
    return [f"constraints is {constraints!r}; give a list of texts. {FORMS}"]


def learn_constraints(
    constraints: Iterable[str] | None,
    frame: pd.DataFrame,
    encoder: TableEncoder,
    place: Callable[[int], str] = "row {}".format,
) -> tuple[Constraint, ...]:
    """Read declared constraints, and look whether the training rows keep them; all mistakes in one error.

    Arguments are those of `Constraint.learn`.

    Raises:
        InvalidParameterError: if some cannot be read.
        InvalidDataError: if all can be, and training rows break some.
    """
    learned: list[Constraint] = []
    errors: list[WganAugError] = []
    for text in constraints or ():
        try:
            learned.append(Constraint.learn(text, frame, encoder, place))
        except (InvalidParameterError, InvalidDataError) as error:
            errors.append(error)
    if errors:
        unread = any(isinstance(error, InvalidParameterError) for error in errors)
        raise (InvalidParameterError if unread else InvalidDataError)(join_problems([str(e) for e in errors]))
    return tuple(learned)


def _split_equality(comparison: Comparison) -> tuple[int, ColumnSchema, ast.expr] | None:
    """Return a column that equals something else: position, schema, and what it equals; None where there is none."""
    (first, sign, second), *more = comparison.links
    if more or sign is not ast.Eq:
        return None
    for own, other in ((first, second), (second, first)):
        if isinstance(own, ast.Name) and not isinstance(other, ast.Constant):
            position, column = comparison.columns[own.id]
            read = {comparison.columns[node.id][0] for node in ast.walk(other) if isinstance(node, ast.Name)}
            if read and position not in read:
                return position, column, other
    return None


def _half_unit(column: ColumnSchema, series: pd.Series) -> float:
    """Return half a unit of the last decimal of a column of numbers; 0 where it has none."""
    if column.storage == "int":
        return 0.5
    if column.storage not in ("float", "decimal"):
        return 0.0
    codec = NumberCodec(column)
    codec.fit_numbers(series)
    return 0.0 if codec.decimals is None else 0.5 * 10.0**-codec.decimals
