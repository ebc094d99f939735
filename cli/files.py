"""Tables in and out of files: csv, tsv (plain or gzip) and parquet by extension, `-` for stdin and stdout."""

from __future__ import annotations

import csv
import gzip
import io
import os
import sys
import tempfile
import warnings
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError, OutputExistsError
from wgan_aug.schema.texts import BOOLEANS, INTEGER, MISSING, NUMBER

if TYPE_CHECKING:
    import pandas as pd

    from wgan_aug.encoding.streaming.files import PartFiles

__all__ = ["check_folder", "check_output", "find_parts", "model_beside", "read_table", "stem_of", "write_parts"]

_TEXT = {".csv": ",", ".tsv": "\t", ".txt": ","}
_PARQUET = (".parquet", ".pq")
_PAGE = (".html", ".htm")
_WITH_COMMAS = r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})*(?:\.[0-9]+)?|(?:0|[1-9][0-9]*)(?:,[0-9]+)?)"


def stem_of(path: str) -> str:
    """Return a file's name without its extensions.

    Examples:
        >>> stem_of("data/adult.csv.gz")
        'adult'
    """
    return Path(_without_gz(Path(path).name)).stem


def model_beside(path: str) -> Path:
    """Return where the model of a table goes: beside its file or folder, under its name and `-model`."""
    place = Path(path)
    if not place.is_dir():
        return place.parent / f"{stem_of(path)}-model"
    place = place if place.name not in ("", "..") else place.resolve()
    return place.parent / f"{place.name}-model"


def _is_gz(path: str) -> bool:
    return path.lower().endswith(".gz")


def _without_gz(path: str) -> str:
    return path[:-3] if _is_gz(path) else path


def _kind(path: str) -> str:
    """Return "parquet", or the delimiter of a text table."""
    if path == "-":
        return ","
    suffix = Path(_without_gz(path)).suffix.lower()
    if suffix in _PARQUET and not _is_gz(path):
        return "parquet"
    if suffix in _TEXT:
        return _TEXT[suffix]
    raise InvalidDataError(
        f"{path}: the extension {suffix!r} is not known; use .csv, .tsv (or these with .gz) or .parquet, or - for csv."
    )


# ---- reading


def find_parts(path: str, delimiter: str | None = None, missing: Iterable[str] = ()) -> PartFiles:
    """Find the parts of a table in a folder; they are read when they are learned.

    Args:
        path: the folder.
        delimiter: of text parts; by extension where None.
        missing: further texts that stand for a missing value.

    Raises:
        InvalidDataError: for a folder whose files are not the parts of one table.
    """
    from wgan_aug.encoding.streaming.files import PartFiles

    return PartFiles.of(path, None if delimiter is None else _one_character(delimiter, ","), missing)


def read_table(path: str, delimiter: str | None = None, missing: Iterable[str] = ()) -> pd.DataFrame:
    """Read a table with one header line.

    The cells of a text table keep what they say: zip codes with leading zeros and integers beyond 64 bits
    stay text, integers stay integers where values are missing, `true` stays lower case. Cells of blanks alone
    are missing.

    Args:
        path: a file, or `-` for csv on stdin.
        delimiter: of a text table; by extension where None.
        missing: further texts that stand for a missing value.

    Raises:
        InvalidDataError: for a file that is no such table, saying what is wrong and where.
        FileNotFoundError: if it is not there.
    """
    kind = _kind(path)
    if path != "-":
        if not Path(path).exists():
            raise FileNotFoundError(f"{path} does not exist.")
        if Path(path).is_dir():
            raise InvalidDataError(f"{path} is a directory; give a file (.csv, .tsv or .parquet).")
    return _read_parquet(path) if kind == "parquet" else _read_text(path, _one_character(delimiter, kind), missing)


def _read_parquet(path: str) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except PermissionError:
        raise
    except (OSError, ValueError) as error:
        raise InvalidDataError(f"{path} is no readable parquet file: {_one_line(error)}") from error


def _one_character(delimiter: str | None, default: str) -> str:
    if delimiter is None:
        return default
    delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise InvalidParameterError(f"--delimiter is {delimiter!r}; it must be one character, such as ';' or '\\t'.")
    return delimiter


def _read_text(path: str, delimiter: str, missing: Iterable[str]) -> pd.DataFrame:
    import pandas as pd

    text = _decode(path)
    _check_header(path, text, delimiter)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.StringIO(text),
                sep=delimiter,
                keep_default_na=False,
                na_values=[*MISSING, *missing],
                index_col=False,
                dtype="string",
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        broken = _broken_line(text, delimiter) or _one_line(error)
        if "EOF inside string" in str(error):
            broken = "a double quote is opened and never closed."
        raise InvalidDataError(f"{path} has a broken line: {broken}") from error
    if frame.iloc[:, -1].isna().any():  # a line that is too short reads as missing cells
        broken = _broken_line(text, delimiter)
        if broken:
            raise InvalidDataError(f"{path} has a broken line: {broken}")
    if frame.empty:
        raise InvalidDataError(f"{path} has a header line and no rows.")
    typed = {name: _typed(frame[name]) for name in frame}
    return _without_trailing(pd.DataFrame(typed), path)


def _typed(cells: pd.Series) -> pd.Series:
    """Return text as integers, numbers or booleans where all of it is such, and unchanged elsewhere."""
    import pandas as pd

    cells = cells.mask((cells.str.strip() == "").fillna(False))
    present = cells.dropna()
    if present.empty:
        return cells
    bare = present.str.strip()
    if bare.str.fullmatch(INTEGER).all():
        integers = [int(value) for value in bare.tolist()]
        for dtype, low, high in (("Int64", -(2**63), 2**63), ("UInt64", 0, 2**64)):
            if low <= min(integers) and max(integers) < high:
                return pd.Series(integers, index=bare.index, dtype=dtype).reindex(cells.index)
        return cells
    if bare.str.fullmatch(NUMBER).all():
        return bare.astype("Float64").reindex(cells.index)
    if present.isin(BOOLEANS).all():
        return cells.map({"True": True, "False": False}).astype("boolean")
    if bare.str.contains(",").any() and bare.str.fullmatch(_WITH_COMMAS).all():
        warnings.warn(
            f"Column {cells.name!r} looks like numbers with commas ({bare.iloc[0]!r}) and is read as text; "
            "to have it learned as numbers, write them like 1234.5.",
            DataWarning,
            stacklevel=2,
        )
    return cells


def _without_trailing(frame: pd.DataFrame, path: str) -> pd.DataFrame:
    """Leave out a last column with neither name nor values: every line ends with a delimiter."""
    last = frame.columns[-1]
    if frame.shape[1] < 2 or last != f"Unnamed: {frame.shape[1] - 1}" or frame[last].notna().any():
        return frame
    warnings.warn(
        f"{path}: every line ends with a delimiter; the last column, without name or values, is left out.",
        DataWarning,
        stacklevel=2,
    )
    return frame.iloc[:, :-1]


def _decode(path: str) -> str:
    raw = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    if _is_gz(path):
        try:
            raw = gzip.decompress(raw)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise InvalidDataError(f"{path} is no readable gzip file: {_one_line(error)}") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        encoding = "UTF-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "LATIN1"
        raise InvalidDataError(
            f"{path} is not UTF-8 (byte {raw[error.start]:#04x} in line {line}); convert it first, "
            f"for instance: iconv -f {encoding} -t UTF-8 {path} > utf8.csv"
        ) from None
    if "\0" in text[:100_000]:
        raise InvalidDataError(f"{path} is no text table: it has null bytes.")
    return text


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the last line, and the cells, of each row that is not blank."""
    csv.field_size_limit(2**31 - 1)  # cells as long as pandas reads them
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return ((reader.line_num, row) for row in reader if row)


def _check_header(path: str, text: str, delimiter: str) -> None:
    if not text.strip():
        raise InvalidDataError(f"{path} is empty; a table has a header line and rows.")
    header = next(_rows(text, delimiter))[1]
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        raise InvalidDataError(
            f"{path} has column names that come more than once: {', '.join(map(repr, doubled))}; rename them."
        )
    others = [d for d in (",", ";", "\t", "|") if d != delimiter and d in header[0]]
    if len(header) == 1 and others:
        shown = "\\t" if others[0] == "\t" else others[0]
        raise InvalidDataError(
            f"{path} has one column by the delimiter {delimiter!r}, {header[0][:40]!r}; it looks "
            f"delimited by {others[0]!r}: give --delimiter '{shown}'."
        )


def _broken_line(text: str, delimiter: str) -> str:
    """Say where the first row is that has more or fewer cells than the header, if there is one."""
    try:
        rows = _rows(text, delimiter)
        width = len(next(rows)[1])
        line, cells = next(((line, len(row)) for line, row in rows if len(row) != width), (0, 0))
    except csv.Error:
        return ""
    return f"line {line} has {cells} cells, the header has {width}." if line else ""


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


# ---- writing


def check_output(path: str, force: bool, *, page: bool = False, option: str = "-o") -> None:
    """Refuse an output file that exists, or that has no place, before any work is done.

    Args:
        path: of the file; `-`, for a table, is stdout.
        force: whether it may exist.
        page: whether it is an HTML page, and no table.
        option: what gives another name, for the error.

    Raises:
        OutputExistsError: if it exists and `force` is not set, or is a folder where a file is to be.
        InvalidDataError: if the extension is unknown, or the folder it lies in is not there or not writable.
    """
    if path == "-" and not page:
        return
    if not page:
        _kind(path)
    elif Path(path).suffix.lower() not in _PAGE:
        raise InvalidDataError(f"{path} is to be an HTML page; give it a name that ends in .html.")
    if Path(path).is_dir():
        raise OutputExistsError(f"{path} is a directory; give a file name.")
    if Path(path).exists() and not force:
        raise OutputExistsError(f"{path} exists; give --force to overwrite it, or another {option}.")
    folder = Path(path).resolve().parent
    if not folder.is_dir():
        raise InvalidDataError(f"The folder of {path} does not exist; make it first.")
    _check_writable(folder, path)


def check_folder(path: Path, force: bool) -> None:
    """Refuse a model folder that cannot be written, before any work is done.

    Raises:
        OutputExistsError: if a model is there and `force` is not set, or if something else is there.
        InvalidDataError: if the place is not writable.
    """
    from wgan_aug.persistence import check_free

    check_free(path)
    if path.is_dir() and any(path.iterdir()) and not force:
        raise OutputExistsError(f"{path} exists; give --force to overwrite the model there, or another -o MODEL.")
    folder = path.resolve().parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise InvalidDataError(f"{path} cannot be made: {folder} is a file, not a folder.")
    _check_writable(folder, str(path))


def _check_writable(folder: Path, path: str) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InvalidDataError(f"{path} cannot be written: there is no permission to write in {folder}.")


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
    with _replacing(Path(path).resolve()) as work:
        kind = _kind(path)
        if kind == "parquet":
            _write_parquet(parts, work)
            return
        with _open_text(work, _is_gz(path)) as file:
            _write_text(parts, file, kind)


@contextmanager
def _open_text(path: Path, zipped: bool) -> Generator[TextIO]:
    """Open a text file to write; a gzip gets no name and no time, so that equal tables are equal bytes."""
    with open(path, "wb") as raw:
        packed: Any = gzip.GzipFile("", "wb", fileobj=raw, mtime=0) if zipped else raw
        with packed, io.TextIOWrapper(packed, encoding="utf-8", newline="") as file:
            yield file


@contextmanager
def _replacing(path: Path) -> Generator[Path]:
    """Give a scratch file beside `path`, and put it in its place when all went well."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    os.chmod(name, 0o666 & ~_umask())
    try:
        yield Path(name)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


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
