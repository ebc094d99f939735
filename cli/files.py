"""Tables in and out of files: csv, tsv (plain or gzip) and parquet by extension, `-` for stdin and stdout."""

from __future__ import annotations

import csv
import gzip
import io
import os
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from wgan_aug.errors import InvalidDataError, OutputExistsError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_output", "read_table", "stem_of", "write_parts"]

MISSING = ["", "NA", "N/A", "#N/A", "<NA>", "NaN", "nan", "NULL", "null"]
_TEXT = {".csv": ",", ".tsv": "\t", ".txt": ","}
_PARQUET = (".parquet", ".pq")


def stem_of(path: str) -> str:
    """Return a file's name without its extensions.

    Examples:
        >>> stem_of("data/adult.csv.gz")
        'adult'
    """
    name = Path(path).name
    name = name[:-3] if name.endswith(".gz") else name
    return Path(name).stem


def _kind(path: str) -> str:
    """Return "parquet", or the delimiter of a text table."""
    if path == "-":
        return ","
    name = path[:-3] if path.endswith(".gz") else path
    suffix = Path(name).suffix.lower()
    if suffix in _PARQUET:
        return "parquet"
    if suffix in _TEXT:
        return _TEXT[suffix]
    raise InvalidDataError(
        f"{path}: the extension {suffix!r} is not known; use .csv, .tsv (or these with .gz) or .parquet, or - for csv."
    )


def read_table(path: str, delimiter: str | None = None, missing: Iterable[str] = ()) -> pd.DataFrame:
    """Read a table with one header line; integers stay integers where values are missing.

    Args:
        path: a file, or `-` for csv on stdin.
        delimiter: of a text table; by extension where None.
        missing: further texts that stand for a missing value.

    Raises:
        InvalidDataError: for a file that is no such table, saying what is wrong and where.
        FileNotFoundError: if it is not there.
    """
    import pandas as pd

    kind = _kind(path)
    if path != "-":
        if not Path(path).exists():
            raise FileNotFoundError(f"{path} does not exist.")
        if Path(path).is_dir():
            raise InvalidDataError(f"{path} is a directory; give a file (.csv, .tsv or .parquet).")
    if kind == "parquet":
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise InvalidDataError(f"{path} is no readable parquet file: {_one_line(error)}") from error
    return _read_text(path, delimiter or kind, [*MISSING, *missing])


def _read_text(path: str, delimiter: str, missing: list[str]) -> pd.DataFrame:
    import pandas as pd

    try:
        text = _decode(path)
    except (gzip.BadGzipFile, EOFError) as error:
        raise InvalidDataError(f"{path} is no readable gzip file: {_one_line(error)}") from error
    _check_header(path, text, delimiter)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.StringIO(text),
                sep=delimiter,
                keep_default_na=False,
                na_values=missing,
                index_col=False,
                low_memory=False,
                dtype_backend="numpy_nullable",
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise InvalidDataError(f"{path} has a broken line: {_broken_line(text, delimiter) or _one_line(error)}") from error
    if len(frame.columns) and frame.iloc[:, -1].isna().any():  # a line that is too short reads as missing cells
        broken = _broken_line(text, delimiter)
        if broken:
            raise InvalidDataError(f"{path} has a broken line: {broken}")
    return frame


def _decode(path: str) -> str:
    raw = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    if path.endswith(".gz"):
        raw = gzip.decompress(raw)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InvalidDataError(
            f"{path} is not UTF-8 (byte {raw[error.start]:#04x} in line {line}); convert it first, "
            f"for instance: iconv -f LATIN1 -t UTF-8 {path} > utf8.csv"
        ) from None
    if "\0" in text[:100_000]:
        raise InvalidDataError(f"{path} is no text table: it has null bytes.")
    return text


def _check_header(path: str, text: str, delimiter: str) -> None:
    if not text.strip():
        raise InvalidDataError(f"{path} is empty; a table has a header line and rows.")
    header = next(csv.reader(io.StringIO(text), delimiter=delimiter))
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise InvalidDataError(f"{path} has column names that come more than once: {', '.join(map(repr, doubled))}.")
    others = [d for d in (",", ";", "\t", "|") if d != delimiter and d in header[0]]
    if len(header) == 1 and others:
        raise InvalidDataError(
            f"{path} has one column by the delimiter {delimiter!r}, {header[0][:40]!r}; it looks delimited by "
            f"{others[0]!r}: give --delimiter '{others[0]}'."
        )


def _broken_line(text: str, delimiter: str) -> str:
    """Say where the first line is that has more or fewer cells than the header; nothing where there is none."""
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    width = len(next(rows))
    for row in rows:
        if row and len(row) != width:
            return f"line {rows.line_num} has {len(row)} cells, the header has {width}."
    return ""


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def check_output(path: str, force: bool) -> None:
    """Refuse an output that exists, or that has no place, before any work is done.

    Raises:
        OutputExistsError: if it exists and `force` is not set, or is a folder where a file is to be.
        InvalidDataError: if the extension is unknown or the folder it lies in is not there.
    """
    if path == "-":
        return
    _kind(path)
    if Path(path).is_dir():
        raise OutputExistsError(f"{path} is a directory; give a file name.")
    if Path(path).exists() and not force:
        raise OutputExistsError(f"{path} exists; give --force to overwrite it.")
    if not Path(path).absolute().parent.is_dir():
        raise InvalidDataError(f"The folder of {path} does not exist; make it first.")


def write_parts(parts: Iterable[pd.DataFrame], path: str) -> None:
    """Write frames one after the other as one table, whole or not at all.

    Args:
        parts: at least one frame; all have the same columns and dtypes.
        path: a file, or `-` for csv on stdout.
    """
    if path == "-":
        _write_text(parts, sys.stdout, ",")
        sys.stdout.flush()
        return
    with _replacing(Path(path)) as work:
        kind = _kind(path)
        if kind == "parquet":
            _write_parquet(parts, work)
            return
        opener: Any = gzip.open if path.endswith(".gz") else open
        with opener(work, "wt", encoding="utf-8", newline="") as file:
            _write_text(parts, file, kind)


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a scratch file beside `path`, and put it in its place when all went well."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)
    os.close(handle)
    os.chmod(name, 0o644)
    try:
        yield Path(name)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def _write_text(parts: Iterable[pd.DataFrame], file: TextIO, delimiter: str) -> None:
    for number, part in enumerate(parts):
        part.to_csv(file, sep=delimiter, index=False, header=number == 0, lineterminator="\n")


def _write_parquet(parts: Iterable[pd.DataFrame], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: pq.ParquetWriter | None = None
    try:
        for part in parts:
            table = pa.Table.from_pandas(part, preserve_index=False)
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table.cast(writer.schema))
    finally:
        if writer is not None:
            writer.close()
