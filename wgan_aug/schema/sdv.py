"""SDV metadata documents: kinds read from them, and written as one. The documents are data; SDV is not needed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from wgan_aug.errors import InvalidDataError, join_problems
from wgan_aug.schema.columns import ColumnSchema, Kind, Storage, TableSchema
from wgan_aug.schema.dates import strftime_format
from wgan_aug.schema.values import JSON

__all__ = ["from_sdv", "is_sdv", "read_document", "to_sdv"]

_VERSION = "METADATA_SPEC_VERSION"
_KIND_OF = {
    "numerical": "numerical",
    "categorical": "categorical",
    "boolean": "boolean",
    "datetime": "datetime",
    "id": "identifier",
}
_SDTYPE_OF: dict[Kind, str] = {
    "continuous": "numerical",
    "integer": "numerical",
    "categorical": "categorical",
    "boolean": "boolean",
    "datetime": "datetime",
    "identifier": "id",
}
_STORED_AS: dict[Storage, str] = {
    "float": "numerical",
    "int": "numerical",
    "decimal": "numerical",
    "bool": "boolean",
    "datetime": "datetime",
    "period": "datetime",
    "date": "datetime",
    "text": "categorical",
    "any": "categorical",
}


def is_sdv(document: object) -> TypeGuard[Mapping[str, JSON]]:
    """Say whether an object is an SDV metadata document, by its version or its tables."""
    return isinstance(document, Mapping) and (_VERSION in document or isinstance(document.get("tables"), Mapping))


def read_document(path: str | os.PathLike[str]) -> dict[str, JSON]:
    """Read the JSON file of a schema: `TableSchema.to_json` or SDV metadata.

    Raises:
        InvalidDataError: if there is no such file, or it is neither.
    """
    try:
        document: Any = json.loads(Path(path).read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise InvalidDataError(
            f"The schema file {str(path)!r} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidDataError(f"The schema file {str(path)!r} is not JSON: it is not UTF-8 text.") from error
    except OSError as error:
        raise InvalidDataError(f"The schema file {str(path)!r} cannot be read: {error.strerror}.") from error
    if not is_sdv(document) and not (isinstance(document, dict) and isinstance(document.get("columns"), list)):
        raise InvalidDataError(
            f"The schema file {str(path)!r} is neither SDV metadata nor a table schema: it has no list of 'columns', "
            f"no {_VERSION!r} and no 'tables'."
        )
    return dict(document)


def from_sdv(metadata: Mapping[str, JSON] | str | os.PathLike[str]) -> dict[str, dict[str, str]]:
    """Read the kinds of one table's columns from SDV metadata, for `schema=`.

    Columns whose sdtype says what a text is about (a name, an e-mail) rather than how it behaves are left out, so
    that they are inferred from the data, as are those of sdtype `unknown`.

    Args:
        metadata: a document with one entry in `tables`, one of `SINGLE_TABLE_V1`, or the path of its JSON file.

    Returns:
        An override by column name, with `kind` and perhaps `datetime_format`.

    Raises:
        InvalidDataError: for several tables or none, and for columns without an sdtype, all in one error.

    Examples:
        >>> columns = {"age": {"sdtype": "numerical"}, "mail": {"sdtype": "email"}}
        >>> from_sdv({"METADATA_SPEC_VERSION": "SINGLE_TABLE_V1", "columns": columns})
        {'age': {'kind': 'numerical'}}
    """
    document = metadata if isinstance(metadata, Mapping) else read_document(metadata)
    columns = _columns_of(document)
    problems = [
        f"Column {name!r} of the SDV metadata has no sdtype."
        for name, entry in columns.items()
        if not isinstance(entry, Mapping) or not isinstance(entry.get("sdtype"), str)
    ]
    if problems:
        raise InvalidDataError(join_problems(problems))
    return {name: _override(entry) for name, entry in columns.items() if entry["sdtype"] in _KIND_OF}


def _columns_of(document: Mapping[str, JSON]) -> Mapping[str, JSON]:
    table: Any = document
    if "tables" in document:
        tables = document["tables"]
        if not isinstance(tables, Mapping) or len(tables) != 1:
            names = ", ".join(map(repr, tables)) if isinstance(tables, Mapping) and tables else "none"
            raise InvalidDataError(f"The SDV metadata must describe exactly one table; it has {names}.")
        (table,) = tables.values()
    columns = table.get("columns") if isinstance(table, Mapping) else None
    if not isinstance(columns, Mapping):
        version = document.get(_VERSION)
        raise InvalidDataError(f"The SDV metadata ({_VERSION} {version!r}) have no object of 'columns'.")
    return columns


def _override(entry: Mapping[str, JSON]) -> dict[str, str]:
    override = {"kind": _KIND_OF[entry["sdtype"]]}
    if override["kind"] == "datetime" and entry.get("datetime_format"):
        override["datetime_format"] = str(entry["datetime_format"])
    return override


def to_sdv(schema: TableSchema, name: str = "table") -> dict[str, JSON]:
    """Describe a table in SDV's metadata, version V2.

    Durations and columns without a value have no sdtype of their own: they are `unknown`.

    Args:
        schema: the columns.
        name: the table's name in the document.

    Returns:
        A JSON object; its primary key is the first identifier whose values all differ.

    Raises:
        InvalidDataError: if two columns have the same name as text (1 and "1").

    Examples:
        >>> import pandas as pd
        >>> from wgan_aug.schema.inference import infer_schema
        >>> to_sdv(infer_schema(pd.DataFrame({"age": [31, 44]})))["tables"]["table"]
        {'columns': {'age': {'sdtype': 'numerical'}}}
    """
    columns = {str(column.name): _entry(column) for column in schema}
    if len(columns) < len(schema):
        raise InvalidDataError("SDV metadata know names by their text only, and some columns share theirs.")
    keys = [
        str(column.name)
        for column in schema
        if column.kind == "identifier" and column.n_distinct == schema.n_rows and not column.n_missing
    ]
    table: dict[str, JSON] = {"columns": columns}
    if keys:
        table["primary_key"] = keys[0]
    return {_VERSION: "V2", "tables": {name: table}, "relationships": []}


def _entry(column: ColumnSchema) -> dict[str, str]:
    sdtype = _SDTYPE_OF.get(column.kind, "unknown")
    if column.kind == "constant":
        sdtype = _STORED_AS.get(column.storage, "unknown")
    entry = {"sdtype": sdtype}
    if column.datetime_format is not None:
        entry["datetime_format"] = strftime_format(column.datetime_format)
    return entry
