"""Comparisons between columns, written as text: read as a tree, checked by kind, worked out. No text is ever run."""

from __future__ import annotations

import ast
import dataclasses
import functools
import operator
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.numbers import float_precision, integers_of, ticks_of
from wgan_aug.errors import InvalidParameterError, did_you_mean
from wgan_aug.schema.cells import dense, float_values, missing_cells
from wgan_aug.schema.columns import ColumnSchema, TableSchema

__all__ = ["Comparison", "Value", "unit_of"]

NUMBER, DATE, ZONED, SPAN, TEXT = "a number", "a date", "a date with a time zone", "a duration", "text"
FORMS = 'Write such as "a <= b", "c == a + b" or "`unit price` > 0".'
EXACT = 1e-9  # of the size of the terms, by which sums of floats may miss each other

_TOKENS = re.compile(r"""'[^']*'|"[^"]*"|`(?P<name>[^`]*)`""")
_QUOTED = "_quoted_column_"
_SIGNS: dict[type, tuple[str, Callable[[Any, Any], Any]]] = {
    ast.LtE: ("<=", operator.le),
    ast.Lt: ("<", operator.lt),
    ast.GtE: (">=", operator.ge),
    ast.Gt: (">", operator.gt),
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
}
_SUMS: dict[type, tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
}
_KINDS: dict[tuple[str, str, str], str] = {
    **{(NUMBER, sign, NUMBER): NUMBER for sign in "+-*/"},
    **{(SPAN, sign, SPAN): SPAN for sign in "+-"},
    **{(date, "-", date): SPAN for date in (DATE, ZONED)},
    **{(date, sign, SPAN): date for date in (DATE, ZONED) for sign in "+-"},
    **{(SPAN, "+", date): date for date in (DATE, ZONED)},
    (SPAN, "*", NUMBER): SPAN,
    (NUMBER, "*", SPAN): SPAN,
    (SPAN, "/", NUMBER): SPAN,
    (SPAN, "/", SPAN): NUMBER,
}
_UNITS = {1: "ns", 10**3: "us", 10**6: "ms", 10**9: "s", 86_400 * 10**9: "D"}


@dataclasses.dataclass
class Value:
    """What a part of a comparison comes to in each row.

    Args:
        kind: what it is, in words.
        cells: float64, datetime64, timedelta64 or object, shape (rows,) or a scalar; anything where absent.
        absent: where a cell that it needs is missing, or it is not defined, bool, shape (rows,) or a scalar.
        size: of the terms that a number was worked out of; None where it is a column or a constant as it stands.
        order: the dtype of a column of ordered categories; None elsewhere.
    """

    kind: str
    cells: Any
    absent: Any = False
    size: Any = None
    order: pd.CategoricalDtype | None = None


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A comparison of columns, and constants, by `<=`, `<`, `>=`, `>`, `==` or `!=`, also of more than two.

    It holds in a row where a cell that it needs is missing, or where it divides by 0. Numbers that are worked out
    count as equal where they differ by no more than 1e-9 of their terms (eight roundings of a coarser float dtype).
    Text beside a date or a duration is read as one; beside a date with a time zone, it is UTC where it names none.
    Ordered categories compare by their order, with the same ones or with one of them in quotes.

    Args:
        text: as it was written.
        tree: its parts.
        columns: position and schema of the columns, by the names in the tree.

    Examples:
        >>> from wgan_aug.schema.inference import infer_schema
        >>> frame = pd.DataFrame({"a": [1.5, 2.5, 3.5], "b": [2.0, 2.5, 3.0], "c d": [3.5, 5.0, 0.0]})
        >>> schema = infer_schema(frame)
        >>> Comparison.parse("a <= b", schema).holds(frame).tolist()
        [True, True, False]
        >>> Comparison.parse("`c d` == a + b", schema).holds(frame).tolist()
        [True, True, False]
    """

    text: str
    tree: ast.Compare
    columns: dict[str, tuple[int, ColumnSchema]]

    @classmethod
    def parse(cls, text: str, schema: TableSchema) -> Comparison:
        """Read a comparison.

        Raises:
            InvalidParameterError: for what is no comparison, and for columns that do not exist or are identifiers.
        """
        tree, quoted = _read_tree(text)
        known = {str(column.name): (position, column) for position, column in enumerate(schema)}
        known |= {c.name: (p, c) for p, c in enumerate(schema) if isinstance(c.name, str)}
        columns: dict[str, tuple[int, ColumnSchema]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                name = quoted.get(node.id, node.id)
                if name not in known:
                    hint = did_you_mean(name, known) or " Names with blanks stand in backticks, text in quotes."
                    raise InvalidParameterError(
                        f"The constraint {text!r} names column {name!r}, which the data do not have.{hint}"
                    )
                columns[node.id] = known[name]
                if known[name][1].kind == "identifier":
                    raise InvalidParameterError(
                        f"The constraint {text!r} names column {name!r}, which is an identifier: every row has a new "
                        "one. Declare it in schema= to have it learned."
                    )
        if not columns:
            raise InvalidParameterError(f"The constraint {text!r} names no column. {FORMS}")
        return cls(text, tree, columns)

    @property
    def links(self) -> Iterator[tuple[ast.expr, type, ast.expr]]:
        """The comparisons of two sides: the left one, what it shall be, and the right one."""
        sides = [self.tree.left, *self.tree.comparators]
        return zip(sides[:-1], map(type, self.tree.ops), sides[1:], strict=True)

    def holds(self, frame: pd.DataFrame, slack: float = 0.0) -> np.ndarray:
        """Say for each row whether the comparison holds, bool, shape (rows,).

        Args:
            frame: rows with the columns of the schema, in its order.
            slack: by how much more numbers may differ that count as equal.

        Raises:
            InvalidParameterError: for parts that cannot be compared, or added up.
        """
        fine = np.ones(len(frame), dtype=bool)
        for first, sign, second in self.links:
            left, right = self._alike(self.value(first, frame), self.value(second, frame))
            fine &= _compare(left, sign, right, self._precision, slack, self.text) | left.absent | right.absent
        return fine

    def value(self, node: ast.expr, frame: pd.DataFrame) -> Value:
        """Work out a part of the comparison."""
        if isinstance(node, ast.Name):
            position, column = self.columns[node.id]
            return _read_column(frame.iloc[:, position].reset_index(drop=True), column)
        if isinstance(node, ast.Constant):
            return _read_constant(node.value)
        if isinstance(node, ast.UnaryOp):
            own = self.value(node.operand, frame)
            if own.kind not in (NUMBER, SPAN):
                raise InvalidParameterError(f"The constraint {self.text!r} has a sign before {own.kind}.")
            return dataclasses.replace(own, cells=-own.cells if isinstance(node.op, ast.USub) else own.cells)
        assert isinstance(node, ast.BinOp)
        left, right = self._alike(self.value(node.left, frame), self.value(node.right, frame), SPAN)
        return _combine(left, type(node.op), right, self.text)

    @property
    def _precision(self) -> float:
        """By how much of their size numbers that were worked out may differ and be equal."""
        floats = [c.dtype for _, c in self.columns.values() if c.storage == "float"]
        return max([EXACT, *(8 * float(np.finfo(float_precision(dtype)).eps) for dtype in floats)])

    def _alike(self, left: Value, right: Value, meant: str | None = None) -> tuple[Value, Value]:
        """Read a text beside a date or a duration as such."""
        for own, other in ((left, right), (right, left)):
            if own.kind == TEXT and isinstance(own.cells, str) and other.kind in (DATE, ZONED, SPAN):
                kind = meant or other.kind
                try:
                    read: Any = pd.Timedelta(own.cells) if kind == SPAN else pd.Timestamp(own.cells)
                    if kind == ZONED:
                        read = (read.tz_localize("UTC") if read.tz is None else read).tz_convert(None)
                    own.kind, own.cells = kind, read.to_numpy()
                except (TypeError, ValueError) as error:
                    raise InvalidParameterError(
                        f"The constraint {self.text!r} has {own.cells!r}, which is not {kind}: {error}."
                    ) from error
        return left, right


def unit_of(column: ColumnSchema) -> str:
    """Return the numpy unit of a column of dates or durations."""
    return _UNITS[ticks_of(column)]


def _read_tree(text: str) -> tuple[ast.Compare, dict[str, str]]:
    """Return the tree of a comparison, and the columns in backticks by what stands for them in it."""
    quoted: dict[str, str] = {}

    def stand_in(found: re.Match[str]) -> str:
        if found["name"] is None:
            return found[0]
        quoted[f"{_QUOTED}{len(quoted)}"] = found["name"]
        return f" {_QUOTED}{len(quoted) - 1} "

    try:
        tree = ast.parse(_TOKENS.sub(stand_in, text).strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        hint = " To compare, write ==." if re.search(r"[^<>=!]=[^=]", text) else ""
        raise InvalidParameterError(f"The constraint {text!r} cannot be read.{hint} {FORMS}") from error
    if not isinstance(tree, ast.Compare):
        raise InvalidParameterError(f"The constraint {text!r} compares nothing. {FORMS}")
    for node in ast.walk(tree):
        plain = isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float, str))
        known = (ast.Compare, ast.BinOp, ast.Name, ast.Load, ast.USub, ast.UAdd, *_SIGNS, *_SUMS)
        signed = isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd))
        inner = isinstance(node, ast.Compare) and node is not tree
        if inner or not (plain or signed or isinstance(node, known)):
            raise InvalidParameterError(
                f"The constraint {text!r} has a {type(node).__name__}; it can have comparisons, + - * /, parentheses, "
                f"columns, numbers and text in quotes. {FORMS}"
            )
    return tree, quoted


def _read_constant(value: Any) -> Value:
    return Value(TEXT, value) if isinstance(value, str) else Value(NUMBER, float(value))


def _read_column(series: pd.Series, column: ColumnSchema) -> Value:
    absent = missing_cells(series)
    if column.storage in ("float", "int", "decimal"):
        return Value(NUMBER, np.where(absent, 0.0, float_values(series)), absent)
    if column.storage == "bool":
        flags = dense(series).astype(object).where(~absent, False)
        return Value(NUMBER, flags.to_numpy(dtype=np.float64), absent)
    if column.storage == "period":
        return Value(DATE, series.dt.to_timestamp().to_numpy(), absent)
    if column.storage in ("datetime", "timedelta", "date") or column.datetime_format:
        kind = SPAN if column.storage == "timedelta" else ZONED if getattr(column.dtype, "tz", None) else DATE
        ticks, absent = integers_of(series, column)
        return Value(kind, ticks.view(f"{'m' if kind == SPAN else 'M'}8[{unit_of(column)}]"), absent)
    cells = dense(series).astype(object).to_numpy(copy=True)
    cells[absent] = None
    ordered = isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered
    return Value(TEXT, cells, absent, order=column.dtype if ordered else None)


def _combine(left: Value, sign: type, right: Value, text: str) -> Value:
    """Add, subtract, multiply or divide two values."""
    word, work = _SUMS[sign]
    kind = _KINDS.get((left.kind, word, right.kind))
    if kind is None:
        raise InvalidParameterError(f"The constraint {text!r} has {left.kind} {word} {right.kind}, which is nothing.")
    with np.errstate(all="ignore"):
        cells, size = work(left.cells, right.cells), None
        if kind == NUMBER == left.kind:
            terms = [np.abs(v.cells) if v.size is None else v.size for v in (left, right)]
            size = terms[0] / np.abs(right.cells) if word == "/" else (work if word == "*" else operator.add)(*terms)
    undefined = ~(np.isfinite(cells) if kind == NUMBER else ~np.isnat(cells))
    return Value(kind, cells, left.absent | right.absent | undefined, size)


def _compare(left: Value, sign: type, right: Value, precision: float, slack: float, text: str) -> Any:
    """Compare two values, absent ones too."""
    word, compare = _SIGNS[sign]
    if TEXT in (left.kind, right.kind):
        return _compare_text(left, sign, right, text)
    if left.kind != right.kind:
        hint = " Write a duration such as '2h'." if SPAN in (left.kind, right.kind) else ""
        raise InvalidParameterError(f"The constraint {text!r} compares {left.kind} with {right.kind}.{hint}")
    sizes = [v.size for v in (left, right) if v.size is not None]
    if left.kind != NUMBER or not (sizes or slack):
        return compare(left.cells, right.cells)
    with np.errstate(all="ignore"):
        miss = precision * functools.reduce(np.maximum, [np.abs(left.cells), np.abs(right.cells), *sizes])
        equal = np.abs(left.cells - right.cells) <= miss + (slack if word in ("==", "!=") else 0.0)
    if word in ("==", "!="):
        return equal == (word == "==")
    return equal | compare(left.cells, right.cells) if "=" in word else ~equal & compare(left.cells, right.cells)


def _compare_text(left: Value, sign: type, right: Value, text: str) -> np.ndarray:
    """Compare two values of which one is text at least, ordered categories by their order."""
    word, compare = _SIGNS[sign]
    level = {(v.kind, np.ndim(v.cells)) for v in (left, right)} == {(TEXT, 1), (NUMBER, 0)}  # a number may be one
    alike = left.kind == right.kind or level
    if alike and word in ("==", "!="):
        return np.asarray(compare(left.cells, right.cells), dtype=bool)
    orders = [v.order for v in (left, right) if np.ndim(v.cells)]
    if not alike or not orders or orders[0] is None or any(order != orders[0] for order in orders):
        raise InvalidParameterError(
            f"The constraint {text!r} has {left.kind} {word} {right.kind}; text takes == and !=, with text. Ordered "
            "categories take <=, <, >= and >, too: with one of their own in quotes, or with a column of the same in "
            "the same order."
        )
    levels = orders[0].categories.tolist()
    return compare(_ranks(left.cells, levels, text), _ranks(right.cells, levels, text))


def _ranks(cells: Any, levels: list[Any], text: str) -> np.ndarray:
    """Return where cells, or one level, stand among the levels of an ordered column; -1 where a cell is missing."""
    if not np.ndim(cells) and cells not in levels:
        raise InvalidParameterError(
            f"The constraint {text!r} has {cells!r}, which is none of the ordered categories: "
            f"{', '.join(map(repr, levels))}.{did_you_mean(cells, levels)}"
        )
    place = {level: rank for rank, level in enumerate(levels)}
    return np.array([place.get(cell, -1) for cell in np.atleast_1d(cells)])
