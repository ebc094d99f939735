"""SDV metadata in both directions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from wgan_aug.errors import InvalidDataError, InvalidParameterError
from wgan_aug.schema.inference import infer_schema
from wgan_aug.schema.sdv import from_sdv, is_sdv, read_document, to_sdv

FRAME = pd.DataFrame(
    {
        "id": range(100, 104),
        "age": [31, 44, 52, 31],
        "income": [1.5, 2.5, None, 3.5],
        "zip": [94043, 10115, 10115, 94043],
        "member": [True, False, True, True],
        "smoker": ["yes", "no", "no", "no"],
        "since": ["31/12/2023", "01/02/2024", None, "05/06/2024"],
        "seen": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-05"]),
        "mail": ["a@x.org", "b@x.org", "a@x.org", "c@x.org"],
        "other": [1, 2, 3, 4],
    }
)
COLUMNS: dict[str, Any] = {
    "id": {"sdtype": "id", "regex_format": "[0-9]{3}"},
    "age": {"sdtype": "numerical", "computer_representation": "Int64"},
    "income": {"sdtype": "numerical"},
    "zip": {"sdtype": "categorical"},
    "member": {"sdtype": "boolean"},
    "smoker": {"sdtype": "boolean"},
    "since": {"sdtype": "datetime", "datetime_format": "%d/%m/%Y"},
    "seen": {"sdtype": "datetime", "datetime_format": "%Y-%m-%d"},
    "mail": {"sdtype": "email", "pii": True},
    "other": {"sdtype": "unknown", "pii": True},
}
KINDS = [
    "identifier",
    "integer",
    "continuous",
    "categorical",
    "boolean",
    "boolean",
    "datetime",
    "datetime",
    "categorical",
    "integer",
]


def _v1() -> dict[str, Any]:
    return {"METADATA_SPEC_VERSION": "SINGLE_TABLE_V1", "primary_key": "id", "columns": COLUMNS}


def _tables(version: str = "V2", *names: str) -> dict[str, Any]:
    tables = {name: {"columns": COLUMNS, "primary_key": "id"} for name in names or ("people",)}
    return {"METADATA_SPEC_VERSION": version, "tables": tables, "relationships": []}


# ---- in


@pytest.mark.parametrize("document", [_v1(), _tables("V1"), _tables("V2"), {"tables": _tables()["tables"]}])
def test_documents_declare_kinds(document: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "metadata.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    kinds = from_sdv(document)
    assert kinds == from_sdv(path) == from_sdv(str(path))
    assert kinds["since"] == {"kind": "datetime", "datetime_format": "%d/%m/%Y"}
    assert set(COLUMNS) - set(kinds) == {"mail", "other"}
    for schema in (document, path, str(path), kinds):
        found = infer_schema(FRAME, schema)
        assert [c.kind for c in found] == KINDS
        assert found["since"].datetime_format == "%d/%m/%Y"
        assert [c.name for c in found if not c.declared] == ["mail", "other"]


def test_names_that_are_no_text_are_found_by_their_text() -> None:
    document = {"METADATA_SPEC_VERSION": "SINGLE_TABLE_V1", "columns": {"0": {"sdtype": "categorical"}}}
    assert infer_schema(pd.DataFrame([[1], [2]]), document)[0].kind == "categorical"


def test_columns_that_the_data_do_not_have_are_told() -> None:
    with pytest.raises(InvalidParameterError) as caught:
        infer_schema(FRAME.drop(columns=["age"]), _v1())
    assert str(caught.value) == "The schema names column 'age', which the data do not have."


def test_a_kind_that_the_data_cannot_have_is_told() -> None:
    document = {"METADATA_SPEC_VERSION": "SINGLE_TABLE_V1", "columns": {"mail": {"sdtype": "numerical"}}}
    with pytest.raises(
        InvalidParameterError, match=r"^Column 'mail' is declared 'numerical', but its values are stored"
    ):
        infer_schema(FRAME, document)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (_tables("V2", "a", "b"), "The SDV metadata must describe exactly one table; it has 'a', 'b'."),
        (
            {"METADATA_SPEC_VERSION": "V2", "tables": {}},
            "The SDV metadata must describe exactly one table; it has none.",
        ),
        (
            {"METADATA_SPEC_VERSION": "V2", "tables": ["a"]},
            "The SDV metadata must describe exactly one table; it has none.",
        ),
        ({"tables": {"a": {}}}, "The SDV metadata (METADATA_SPEC_VERSION None) have no object of 'columns'."),
        ({"METADATA_SPEC_VERSION": "V9"}, "The SDV metadata (METADATA_SPEC_VERSION 'V9') have no object of 'columns'."),
        (
            {"METADATA_SPEC_VERSION": "V2", "tables": {"a": {"columns": []}}},
            "The SDV metadata (METADATA_SPEC_VERSION 'V2') have no object of 'columns'.",
        ),
        (
            {
                "METADATA_SPEC_VERSION": "SINGLE_TABLE_V1",
                "columns": {"a": {}, "b": {"sdtype": "id"}, "c": 3, "d": {"sdtype": 7}},
            },
            "3 problems: (1) Column 'a' of the SDV metadata has no sdtype. "
            "(2) Column 'c' of the SDV metadata has no sdtype. (3) Column 'd' of the SDV metadata has no sdtype.",
        ),
    ],
)
def test_malformed_documents_are_refused(document: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidDataError) as caught:
        from_sdv(document)
    assert str(caught.value) == message
    with pytest.raises(InvalidDataError):
        infer_schema(FRAME, document)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{\n 'a': 1}", "is not JSON: Expecting property name enclosed in double quotes in line 2, column 2."),
        (b"", "is not JSON: Expecting value in line 1, column 1."),
        (b"\xff\xfe", "is not JSON: it is not UTF-8 text."),
        (b"[1, 2]", "is neither SDV metadata nor a table schema"),
        (b'{"a": "categorical"}', "is neither SDV metadata nor a table schema"),
        (b"3", "is neither SDV metadata nor a table schema"),
        (None, "cannot be read: No such file or directory."),
    ],
)
def test_files_that_are_no_schema_are_refused(content: bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidDataError) as caught:
        infer_schema(FRAME, path)
    assert str(caught.value).startswith(f"The schema file {str(path)!r} {message}")


def test_a_folder_is_no_schema(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match="cannot be read: Is a directory"):
        read_document(tmp_path)


def test_a_file_of_a_table_schema_declares_its_kinds(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    document = infer_schema(FRAME, {"zip": "categorical"}).to_json()
    document["columns"][1]["kind"] = "categorical"  # edited by hand
    path.write_text(json.dumps(document), encoding="utf-8")
    found = infer_schema(FRAME, path)
    assert (found["zip"].kind, found["age"].kind, found["income"].kind) == ("categorical", "categorical", "continuous")


def test_kinds_by_column_are_no_document() -> None:
    frame = pd.DataFrame({"columns": [1, 2], "tables": [1, 2]})
    assert not is_sdv({"columns": "categorical", "tables": "categorical"})
    found = infer_schema(frame, {"columns": "categorical", "tables": "continuous"})
    assert [c.kind for c in found] == ["categorical", "continuous"]


# ---- out


def test_kinds_become_sdtypes() -> None:
    frame = FRAME.assign(
        code=["a", "b", "c", "d"],
        span=pd.to_timedelta([1, 2, 3, 4], unit="s"),
        nothing=None,
        one=1,
        word="w",
        stamp=["2024-01-01T10:00:00.250+02:00"] * 3 + ["2024-01-02T10:00:00.250+02:00"],
    )
    schema = infer_schema(frame, from_sdv(_v1()) | {"code": "identifier"})
    assert to_sdv(schema, "people") == {
        "METADATA_SPEC_VERSION": "V2",
        "tables": {
            "people": {
                "columns": {
                    "id": {"sdtype": "id"},
                    "age": {"sdtype": "numerical"},
                    "income": {"sdtype": "numerical"},
                    "zip": {"sdtype": "categorical"},
                    "member": {"sdtype": "boolean"},
                    "smoker": {"sdtype": "boolean"},
                    "since": {"sdtype": "datetime", "datetime_format": "%d/%m/%Y"},
                    "seen": {"sdtype": "datetime"},
                    "mail": {"sdtype": "categorical"},
                    "other": {"sdtype": "numerical"},
                    "code": {"sdtype": "id"},
                    "span": {"sdtype": "unknown"},
                    "nothing": {"sdtype": "unknown"},
                    "one": {"sdtype": "numerical"},
                    "word": {"sdtype": "categorical"},
                    "stamp": {"sdtype": "datetime", "datetime_format": "%Y-%m-%dT%H:%M:%S.%f%z"},
                },
                "primary_key": "id",
            }
        },
        "relationships": [],
    }


def test_what_is_written_is_read_again() -> None:
    schema = infer_schema(FRAME.assign(span=pd.to_timedelta([1, 2, 3, 4], unit="s")), _v1())
    document = json.loads(json.dumps(to_sdv(schema)))
    again = infer_schema(FRAME.assign(span=pd.to_timedelta([1, 2, 3, 4], unit="s")), document)
    assert [(c.name, c.kind, c.datetime_format) for c in again] == [(c.name, c.kind, c.datetime_format) for c in schema]


@pytest.mark.parametrize(
    ("cells", "key"), [(["a", "b", "c"], True), (["a", "b", "b"], False), (["a", "b", None], False)]
)
def test_a_primary_key_has_a_value_of_its_own_in_every_row(cells: list[str | None], key: bool) -> None:
    document = to_sdv(infer_schema(pd.DataFrame({"id": cells}), {"id": "identifier"}))
    assert ("primary_key" in document["tables"]["table"]) is key


def test_names_that_share_their_text_are_refused() -> None:
    frame = pd.DataFrame(np.ones((2, 2)), columns=pd.Index([1, "1"], dtype=object))
    with pytest.raises(InvalidDataError, match="know names by their text only, and some columns share theirs"):
        to_sdv(infer_schema(frame))
