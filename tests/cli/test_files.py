"""Tables in and out of files, without the command around them: cells are what they were."""

from __future__ import annotations

import gzip
import io
import sys
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wgan_aug_cli.commands import parse_count
from wgan_aug_cli.files import read_table, stem_of, write_parts

from wgan_aug.errors import DataWarning, InvalidParameterError


def read(folder: Path, text: str | bytes, name: str = "t.csv", **options: Any) -> pd.DataFrame:
    content = text.encode() if isinstance(text, str) else text
    (folder / name).write_bytes(content)
    return read_table(str(folder / name), **options)


def written(folder: Path, frame: pd.DataFrame, name: str = "out.csv") -> str:
    write_parts([frame], str(folder / name))
    return (folder / name).read_text(encoding="utf-8")


COLUMNS: dict[str, tuple[list[str], str, list[Any]]] = {
    "integers": (["1", "-20", "0"], "Int64", [1, -20, 0]),
    "integers with missing": (["39", "", "NA"], "Int64", [39, pd.NA, pd.NA]),
    "64 bits": (["9223372036854775807", "-9223372036854775808"], "Int64", [2**63 - 1, -(2**63)]),
    "unsigned": (["18446744073709551615", "1"], "UInt64", [2**64 - 1, 1]),
    "beyond 64 bits": (["18446744073709551616", "1"], "string", ["18446744073709551616", "1"]),
    "2**53 + 1 with missing": (["9007199254740993", ""], "Int64", [2**53 + 1, pd.NA]),
    "leading zeros": (["01234", "94103"], "string", ["01234", "94103"]),
    "leading zeros before a point": (["007.5", "1.5"], "string", ["007.5", "1.5"]),
    "numbers": (["1.5", ".5", "-3.", "1e5", "2"], "Float64", [1.5, 0.5, -3.0, 1e5, 2.0]),
    "numbers with missing": (["1.5", "null", "nan"], "Float64", [1.5, pd.NA, pd.NA]),
    "infinity": (["1", "-inf"], "Float64", [1.0, float("-inf")]),
    "blanks around numbers": ([" 1", "2 "], "Int64", [1, 2]),
    "blanks alone": (["1", "  "], "Int64", [1, pd.NA]),
    "only blanks": ([" ", "   "], "string", [pd.NA, pd.NA]),
    "booleans": (["True", "False", ""], "boolean", [True, False, pd.NA]),
    "lower booleans": (["true", "false"], "string", ["true", "false"]),
    "hashes": (["#a", "# b"], "string", ["#a", "# b"]),
    "dates": (["2024-02-29", ""], "string", ["2024-02-29", pd.NA]),
    "other digits": (["١", "2"], "string", ["١", "2"]),
    "words": (["None", "inf.", "1_000", "0x10"], "string", ["None", "inf.", "1_000", "0x10"]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_what_a_column_is(name: str, tmp_path: Path) -> None:
    cells, dtype, values = COLUMNS[name]
    frame = read(tmp_path, "k,c\n" + "".join(f"k,{cell}\n" for cell in cells))
    assert str(frame["c"].dtype) == dtype
    assert frame["c"].equals(pd.Series(values, dtype=dtype, name="c"))
    assert [value is pd.NA for value in frame["c"]] == [value is pd.NA for value in values]


@pytest.mark.parametrize("name", ["integers with missing", "unsigned", "beyond 64 bits", "leading zeros", "booleans"])
def test_cells_are_written_as_they_were(name: str, tmp_path: Path) -> None:
    text = "k,c\n" + "".join(f"k,{cell}\n" for cell in COLUMNS[name][0]).replace("NA", "")
    assert written(tmp_path, read(tmp_path, text)) == text


TEXTS: dict[str, tuple[str | bytes, dict[str, Any], dict[str, list[Any]]]] = {
    "mark of order": ("\ufeffa,b\n1,2\n", {}, {"a": [1], "b": [2]}),
    "carriage returns": ("a,b\r\n1,x\r\n2,y\r\n", {}, {"a": [1, 2], "b": ["x", "y"]}),
    "old Mac": ("a,b\r1,x\r2,\r", {}, {"a": [1, 2], "b": ["x", pd.NA]}),
    "blank lines": ("\n\na,b\n1,2\n\n3,4\n\n", {}, {"a": [1, 3], "b": [2, 4]}),
    "no last newline": ("a,b\n1,2", {}, {"a": [1], "b": [2]}),
    "quotes": ('a,"b, c"\n1,"x\ny"\n2,"say ""so"""\n', {}, {"a": [1, 2], "b, c": ["x\ny", 'say "so"']}),
    "quoted newline and missing last cell": ('a,b\n"x\ny",1\nz,\n', {}, {"a": ["x\ny", "z"], "b": [1, pd.NA]}),
    "delimiter": ("a;b\n1,5;2\n", {"delimiter": ";"}, {"a": ["1,5"], "b": [2]}),
    "written tab": ("a\tb\n1\t2\n", {"delimiter": "\\t"}, {"a": [1], "b": [2]}),
    "missing": ("a,b\n?,2\n3,-\n", {"missing": ["?", "-"]}, {"a": [pd.NA, 3], "b": [2, pd.NA]}),
    "a name that is a blank": (",a\n0,x\n1,y\n", {}, {"Unnamed: 0": [0, 1], "a": ["x", "y"]}),
    "a cell of 200 000 letters": (f"a,b\n1,{'y' * 200_000}\n2,\n", {}, {"a": [1, 2], "b": ["y" * 200_000, pd.NA]}),
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.filterwarnings("ignore:Column 'a' looks like numbers with commas")
def test_texts(name: str, tmp_path: Path) -> None:
    text, options, wanted = TEXTS[name]
    frame = read(tmp_path, text, **options)
    assert {column: frame[column].tolist() for column in frame} == wanted


@pytest.mark.parametrize("cells", [["1,234", "12,345.5"], ["1,5", "2"], ["-3,25", "0,1"]])
def test_numbers_with_commas_are_warned_of(cells: list[str], tmp_path: Path) -> None:
    with pytest.warns(DataWarning, match=rf"Column 'c' looks like numbers with commas \('{cells[0]}'\)"):
        frame = read(tmp_path, "k,c\n" + "".join(f'k,"{cell}"\n' for cell in cells))
    assert frame["c"].tolist() == cells


def test_a_delimiter_at_the_end_of_every_line(tmp_path: Path) -> None:
    with pytest.warns(DataWarning, match=r"t\.csv: every line ends with a delimiter"):
        frame = read(tmp_path, "a,b,\n1,2,\n3,4,\n")
    assert frame.columns.tolist() == ["a", "b"]


def test_a_last_column_without_a_name_but_with_values_is_kept(tmp_path: Path) -> None:
    assert read(tmp_path, "a,\n1,2\n").columns.tolist() == ["a", "Unnamed: 1"]


def test_extensions(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    for name in ("t.csv", "t.tsv", "t.txt", "T.CSV", "t.csv.gz", "t.tsv.gz", "t.parquet", "t.pq"):
        write_parts([frame, frame], str(tmp_path / name))
        again = read_table(str(tmp_path / name))
        assert again.values.tolist() == [[1, "x"], [2, "y"]] * 2, name
    assert (tmp_path / "t.tsv").read_text() == "a\tb\n1\tx\n2\ty\n1\tx\n2\ty\n"
    assert gzip.decompress((tmp_path / "t.csv.gz").read_bytes()) == (tmp_path / "t.csv").read_bytes()


def test_gzip_has_no_time_and_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    write_parts([frame], str(tmp_path / "one.csv.gz"))
    monkeypatch.setattr("time.time", lambda: 12345.0)
    write_parts([frame], str(tmp_path / "two.csv.gz"))
    assert (tmp_path / "one.csv.gz").read_bytes() == (tmp_path / "two.csv.gz").read_bytes()


def test_stdin_and_stdout(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("a,b\n1,é\n".encode())))
    write_parts([read_table("-")], "-")
    assert capsys.readouterr().out == "a,b\n1,é\n"


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz", "out.parquet"])
def test_a_failure_half_way_leaves_what_was_there(name: str, tmp_path: Path) -> None:
    def parts() -> Any:
        yield pd.DataFrame({"a": [1, 2]})
        raise RuntimeError("half way")

    (tmp_path / name).write_bytes(b"old")
    with pytest.raises(RuntimeError, match="half way"):
        write_parts(parts(), str(tmp_path / name))
    assert (tmp_path / name).read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    write_parts([pd.DataFrame({"a": [1]})], str(tmp_path / "link.csv"))
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "a\n1\n"


@pytest.mark.parametrize(
    ("path", "stem"), [("a/b.csv", "b"), ("b.tsv.gz", "b"), ("b.v2.parquet", "b.v2"), ("B.CSV.GZ", "B")]
)
def test_stems(path: str, stem: str) -> None:
    assert stem_of(path) == stem


@pytest.mark.parametrize(("text", "count"), [("0", 0), ("12", 12), ("1_000", 1000), ("1e3", 1000), ("2.5e1", 25)])
def test_counts(text: str, count: int) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["-5", "2.5", "abc", "", "inf", "nan", "1e400", "-1e3", "1,000"])
def test_refused_counts(text: str) -> None:
    with pytest.raises(InvalidParameterError, match=r"-n is '.*'; it must be a whole number of at least 0"):
        parse_count(text)


CELL = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=5)
ROW = st.tuples(
    st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), CELL, st.one_of(st.none(), st.floats(allow_nan=False))
)


@given(rows=st.lists(ROW, min_size=1, max_size=8))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_and_written_the_same(rows: list[Any], tmp_path: Path) -> None:
    frame = pd.DataFrame(rows, columns=["i", "s", "f"]).astype({"i": "Int64", "s": "string", "f": "Float64"})
    frame["last"] = "end"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        text = written(tmp_path, frame)
        again = read(tmp_path, text)
        assert written(tmp_path, again) == written(tmp_path, read(tmp_path, written(tmp_path, again)))
    assert again.shape == frame.shape
    if frame["i"].notna().any():
        assert again["i"].equals(frame["i"])
    if frame["f"].notna().any():
        assert again["f"].astype("Float64").equals(frame["f"])
