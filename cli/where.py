"""`--where`: conditions on rows, from words such as `age>=30`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from wgan_aug.errors import InvalidParameterError, did_you_mean, join_problems

if TYPE_CHECKING:
    from wgan_aug.encoding.table import TableEncoder
    from wgan_aug.schema.columns import ColumnSchema

__all__ = ["parse_where"]

_FORMS = 'Give such as "age>=30", "sex=Female", "sex!=Male", "job in (cook|smith)" or "zip is missing".'
_WORDS = re.compile(
    r"^(?P<name>.+?)\s*(?:(?P<sign><=|>=|!=|=|<|>)\s*(?P<value>.*)|\s(?P<word>in\s*\(.*\)|is\s+missing))$", re.S
)
_RANGES = ("int", "float", "decimal", "datetime", "timedelta")  # storages whose values stand in order
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


def parse_where(texts: Sequence[str], encoder: TableEncoder) -> dict[Any, Any]:
    """Read conditions by column; `!=` takes all other values, and leaves missing cells out.

    Args:
        texts: what was given; two ends of a range may stand in two of them.
        encoder: of the columns, whose schema says what a value is, and which knows the values that they have.

    Raises:
        InvalidParameterError: for all that cannot be read, in one error.
    """
    wanted: dict[Any, Any] = {}
    problems: list[str] = []
    for text in texts:
        try:
            name, condition = _read(text, encoder)
            wanted[name] = _both(wanted[name], condition, text) if name in wanted else condition
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise InvalidParameterError(join_problems(problems))
    return wanted


def _read(text: str, encoder: TableEncoder) -> tuple[Any, Any]:
    """Return the column and the condition of one text."""
    found = _WORDS.match(text.strip())
    if found is None:
        raise ValueError(f"--where is {text!r}, which is no condition. {_FORMS}")
    columns = {str(column.name): column for column in encoder.schema}
    name, sign, word = found["name"].strip(), found["sign"], found["word"]
    if name not in columns:
        hint = did_you_mean(name, columns) or f" Columns: {', '.join(columns)}."
        raise ValueError(f"--where {text!r} names column {name!r}, which the model does not have.{hint}")
    column = columns[name]
    if word is not None and not word.startswith("in"):
        return column.name, None
    if word is not None:
        inside = word[word.index("(") + 1 : -1]
        return column.name, [_value(column, part.strip(), text) for part in inside.split("|")]
    value = _value(column, found["value"].strip(), text)
    if sign == "!=":
        return column.name, _others(column, value, encoder, text)
    return column.name, value if sign == "=" else _range(column, sign, value, text)


def _value(column: ColumnSchema, text: str, where: str) -> Any:
    """Return a value as the column has it."""
    import pandas as pd

    makers: dict[str, Callable[[str], Any]] = {
        "int": _number,
        "float": _number,
        "decimal": _number,
        "bool": _switch,
        "datetime": pd.Timestamp,
        "timedelta": pd.Timedelta,
    }
    make = makers.get(column.storage)
    try:
        return text if make is None else make(text)
    except ValueError as error:
        raise ValueError(f"--where is {where!r}, and {text!r} is no value of a column of {column.dtype}.") from error


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return int(value) if value.is_integer() else value


def _switch(text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise ValueError(text)
    return text.lower() in _TRUE


def _others(column: ColumnSchema, value: Any, encoder: TableEncoder, where: str) -> Any:
    """Return what all values of a column but one meet."""
    from wgan_aug.synthesizers.conditioning.values import levels_of

    if column.storage == "bool":
        return not value
    if column.storage in _RANGES:
        return [_range(column, sign, value, where) for sign in "<>"]
    levels = None if column.kind == "identifier" else levels_of(encoder, column.name)
    if levels is None:
        raise ValueError(f"--where is {where!r}; columns of {column.kind}s in text take = and in, and no !=.")
    if value not in levels:
        raise ValueError(
            f"--where is {where!r}, and {value!r} is no value of column {column.name!r}.{did_you_mean(value, levels)}"
        )
    others = [level for level in levels if level != value]
    if not others:
        raise ValueError(f"--where is {where!r}, and column {column.name!r} has no other value.")
    return others


def _range(column: ColumnSchema, sign: str, value: Any, where: str) -> tuple[Any, Any]:
    if len(sign) == 1:  # ranges have their ends in them
        up = sign == ">"
        if column.storage in ("int", "float", "decimal"):
            whole = column.kind == "integer" and float(value).is_integer()
            value = value + (1 if up else -1) if whole else math.nextafter(value, math.inf if up else -math.inf)
        elif column.storage in ("datetime", "timedelta"):
            import pandas as pd

            value = value + (1 if up else -1) * pd.Timedelta(1, "ns")
        else:
            raise ValueError(f"--where is {where!r}; columns of text take {sign}= only.")
    return (value, None) if sign.startswith(">") else (None, value)


def _both(one: Any, other: Any, where: str) -> tuple[Any, Any]:
    """Return the range that two open ones leave."""
    ranges = [c for c in (one, other) if isinstance(c, tuple)]
    lows, highs = ([c[end] for c in ranges if c[end] is not None] for end in (0, 1))
    if len(ranges) < 2 or len(lows) != 1 or len(highs) != 1:
        raise ValueError(
            f"--where is {where!r}, and there is a condition on that column already; two go together only as the lower "
            "and the upper end of a range."
        )
    return lows[0], highs[0]
