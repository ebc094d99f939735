"""Parts on disk: found, read in batches, and refused where they are not one table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as pds
import pyarrow.parquet as pq
import pytest

from wgan_aug.encoding.streaming.files import PartFiles, is_source
from wgan_aug.encoding.streaming.texts import TextKind
from wgan_aug.errors import DataTypeError, InvalidDataError

FRAME = pd.DataFrame(
    {"n": [1, 2, 3, 4], "x": [0.5, np.nan, 1.5, 2.0], "word": ["a", None, "b", "a"], "k": [True, False, True, True]}
)


def write(folder: Path, *parts: pd.DataFrame) -> Path:
    for number, part in enumerate(parts):
        part.to_parquet(folder / f"part-{number}.parquet")
    return folder


def read(files: PartFiles) -> pd.DataFrame:
    batches = [batch for part in range(len(files)) for batch in files.batches(part)]
    return files.frame(pa.Table.from_batches(batches))


def test_a_folder_a_list_a_file_and_a_dataset_are_the_same_rows(tmp_path: Path) -> None:
    write(tmp_path, FRAME[:1], FRAME[1:])
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / ".part-9.parquet").write_text("half")
    paths = [tmp_path / "part-0.parquet", tmp_path / "part-1.parquet"]
    for source in (tmp_path, str(tmp_path), paths, pds.dataset(tmp_path)):
        assert is_source(source)
        pd.testing.assert_frame_equal(read(PartFiles.of(source)), FRAME)
    FRAME.to_parquet(whole := tmp_path / "whole.parquet")
    pd.testing.assert_frame_equal(read(PartFiles.of(whole)), FRAME)
    assert not is_source([["a"], ["b"]])
    assert not is_source([])


def test_dtypes_are_those_of_all_rows(tmp_path: Path) -> None:
    gaps = pd.DataFrame({"n": pa.array([None, 2])}).convert_dtypes(dtype_backend="pyarrow")
    table = pa.table({"n": pa.array([1, None, 3]), "b": pa.array([True, None, False])})
    pq.write_table(table.slice(0, 1), tmp_path / "a.parquet")
    pq.write_table(table.slice(1), tmp_path / "b.parquet")
    files = PartFiles.of(tmp_path)
    whole = pd.read_parquet(tmp_path)
    pd.testing.assert_frame_equal(read(files), whole)
    first = files.frame(next(files.batches(0)), whole.dtypes)
    pd.testing.assert_frame_equal(first, whole[:1])
    assert len(gaps)


def test_the_index_of_a_frame_is_no_column(tmp_path: Path) -> None:
    FRAME.set_index("n").to_parquet(tmp_path / "a.parquet")
    assert list(read(PartFiles.of(tmp_path))) == ["x", "word", "k"]


def test_categories_that_differ_by_part_are_joined(tmp_path: Path) -> None:
    kinds = [pd.DataFrame({"c": pd.Categorical(cells)}) for cells in (["u", "v"], ["w", "u"])]
    frame = read(PartFiles.of(write(tmp_path, *kinds)))
    assert frame["c"].tolist() == ["u", "v", "w", "u"]
    assert list(frame["c"].cat.categories) == ["u", "v", "w"]


def test_a_column_that_is_empty_in_one_part_has_the_type_of_the_others(tmp_path: Path) -> None:
    empty = FRAME.assign(word=[None] * 4)
    frame = read(PartFiles.of(write(tmp_path, empty, FRAME)))
    assert frame["word"].isna().tolist() == [True] * 4 + FRAME["word"].isna().tolist()
    assert frame["word"].dtype == FRAME["word"].dtype


def test_text_is_one_type_and_folders_may_be_columns(tmp_path: Path) -> None:
    for year, kind in {2024: pa.string(), 2025: pa.string_view(), 2026: pa.large_string()}.items():
        (place := tmp_path / f"year={year}").mkdir()
        pq.write_table(pa.table({"word": pa.array(["a"], kind)}), place / "0.parquet")
    frame = read(PartFiles.of(tmp_path))
    assert frame["word"].tolist() == ["a", "a", "a"]
    assert frame["year"].tolist() == [2024, 2025, 2026]


def test_text_keeps_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text(
        "zip,n,big,x,b,t,none\n01234,1,1,1,True,x,\n02139, +2 ,18446744073709551615,,,  ,\n"
    )
    (tmp_path / "2.csv").write_text("zip,n,big,x,b,t,none\n94103,NA,3,-.5e1,False,1,\n")
    files = PartFiles.of(tmp_path)
    frame = read(files)
    assert [str(dtype) for dtype in frame.dtypes] == [
        "string", "Int64", "UInt64", "Float64", "boolean", "string", "string",
    ]  # fmt: skip
    assert frame["zip"].tolist() == ["01234", "02139", "94103"]
    assert frame["n"].tolist() == [1, 2, pd.NA]
    assert frame["big"].tolist() == [1, 2**64 - 1, 3]
    assert frame["x"].tolist() == [1, pd.NA, -5.0]
    assert frame["t"].tolist() == ["x", pd.NA, "1"]
    (tmp_path / "3.csv").write_text("zip,n,big,x,b,t,none\n?,1.5,1,1,True,x,\n")
    frame = read(PartFiles.of(tmp_path, missing=["?"]))
    assert str(frame["n"].dtype) == "Float64"
    assert frame["zip"].isna().sum() == 1


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2"], pa.int64()),
        (["007", "1"], pa.string()),
        (["1", "1.5", "inf"], pa.float64()),
        (["True"], pa.bool_()),
        (["true"], pa.string()),
        ([str(2**64)], pa.string()),
        (["-1", str(2**63)], pa.string()),
        ([None, " "], pa.string()),
    ],
)
def test_text_is_what_all_cells_are(cells: list[str | None], kind: pa.DataType) -> None:
    known = TextKind()
    for cell in cells:
        known.see(pa.array([cell], pa.string()))
    assert known.arrow_type() == kind


def test_a_folder_of_tab_separated_and_zipped_parts_is_read(tmp_path: Path) -> None:
    FRAME[:2].to_csv(tmp_path / "a.tsv.gz", sep="\t", index=False)
    FRAME[2:].to_csv(tmp_path / "b.tsv.gz", sep="\t", index=False)
    assert read(PartFiles.of(tmp_path))["n"].tolist() == [1, 2, 3, 4]
    FRAME.to_csv(tmp_path / "c.csv", sep=";", index=False)
    assert read(PartFiles.of(tmp_path / "c.csv", delimiter=";")).shape == FRAME.shape


def other_columns(folder: Path) -> Path:
    return write(folder, FRAME, FRAME.drop(columns="x").assign(y=1, n=FRAME["n"] + 0.5))


def mixed(folder: Path) -> Path:
    FRAME.to_csv(folder / "b.csv", index=False)
    return write(folder, FRAME)


def unreadable(folder: Path) -> Path:
    (folder / "part-1.parquet").write_text("nothing")
    return write(folder, FRAME)


def no_parts(folder: Path) -> Path:
    (folder / "notes.md").write_text("later")
    return folder


def broken_line(folder: Path) -> Path:
    (folder / "a.csv").write_text("a,b\n1,2\n1,2,3\n")
    return folder


def no_text(folder: Path) -> Path:
    (folder / "a.csv").touch()
    return folder


def doubled(folder: Path) -> Path:
    (folder / "a.csv").write_text("a,a\n1,2\n")
    return folder


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            other_columns,
            r"Part \S*part-1\.parquet has other columns than \S*part-0\.parquet: it lacks 'x'; has besides 'y'; "
            r"differs: 'n' is double, not int64\.$",
        ),
        (mixed, r"several formats: \.csv \(b\.csv\), \.parquet \(part-0\.parquet\)"),
        (unreadable, r"Part \S*part-1\.parquet cannot be read: "),
        (no_parts, r"has no parts that end in \.parquet, \.csv or \.tsv; what it has is notes\.md"),
        (lambda folder: folder, r"has no parts that end in .*, and is empty"),
        (broken_line, r"Part \S*a\.csv cannot be read: .*Expected 2 columns, got 3"),
        (no_text, r"Part \S*a\.csv cannot be read: Empty CSV file"),
        (doubled, r"a\.csv has column names that come more than once: a"),
        (lambda folder: pds.dataset(write(folder, FRAME)).filter(pds.field("n") > 1), r"The dataset cannot be read in"),
        (lambda folder: [write(folder, FRAME), folder / "part-0.parquet"], r"These are no parts: "),
    ],
)
def test_what_is_no_table_in_parts_is_refused(make: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match=message):
        read(PartFiles.of(make(tmp_path)))  # type: ignore[operator]


def test_nested_cells_and_places_that_are_not_there_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [[1], [2]]}), tmp_path / "a.parquet")
    with pytest.raises(DataTypeError, match=r"Column 'a' has nested cells"):
        PartFiles.of(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"nowhere does not exist"):
        PartFiles.of(tmp_path / "nowhere")
