"""Parts of one table on disk, read in batches: Parquet or text files, or a pyarrow dataset."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.dataset as pds

from wgan_aug.encoding.streaming.texts import PANDAS_DTYPES, find_text_types, read_texts
from wgan_aug.errors import DataTypeError, InvalidDataError, WganAugError, join_problems
from wgan_aug.schema.texts import MISSING

__all__ = ["PartFiles", "is_source"]

BATCH_ROWS = 65_536
_BLOCK_BYTES = 16 * 2**20  # of text, of which a batch is made
_PARQUET = (".parquet", ".pq")
_DELIMITERS = {".csv": ",", ".tsv": "\t", ".txt": ","}
_SHOWN = 5  # columns of a part that an error names


def is_source(data: object) -> bool:
    """Say whether data are a path, a list of paths or a pyarrow dataset, and no rows."""
    if isinstance(data, (list, tuple)):
        return len(data) > 0 and all(isinstance(path, (str, os.PathLike)) for path in data)
    return isinstance(data, (str, os.PathLike, pds.Dataset, PartFiles))


@dataclasses.dataclass(frozen=True)
class PartFiles:
    """The parts of one table, all with the same columns.

    Args:
        names: what each part is called in messages.
        fragments: where each is read from.
        schema: names and types of the columns, without those that held the index of a pandas frame.
        is_text: whether cells are texts to be read as what the schema says.
    """

    names: tuple[str, ...]
    fragments: tuple[Any, ...]
    schema: pa.Schema
    is_text: bool = False

    @classmethod
    def of(cls, source: Any, delimiter: str | None = None, missing: Iterable[str] = ()) -> PartFiles:
        """Find the parts, and look at the columns of each.

        The cells of text parts keep what they say: codes with leading zeros stay text, integers stay integers where
        values are missing. All of them are read once to find that out. Of Parquet parts in folders such as
        `year=2024`, that is a column, too.

        Args:
            source: a folder, a file, a list of files, or a pyarrow dataset.
            delimiter: of text parts; by extension where None.
            missing: further texts that stand for a missing value.

        Raises:
            FileNotFoundError: for a path that is not there.
            InvalidDataError: for no parts, parts of several formats, unreadable ones, or ones of other columns.
            DataTypeError: for columns of nested cells.
        """
        if isinstance(source, PartFiles):
            return source
        if isinstance(source, pds.Dataset):
            return cls._of_dataset(source)
        paths = _find_paths(source)
        suffixes = {_suffix(path) for path in paths}
        if suffixes <= set(_PARQUET):
            base = str(source) if Path(str(source)).is_dir() else None
            with _reading(str(paths[0])):
                dataset = pds.dataset(
                    [str(path) for path in paths], format="parquet", partitioning="hive", partition_base_dir=base
                )
            return cls._of_dataset(dataset)
        if len(suffixes) > 1:
            found = ", ".join(f"{s} ({_example(paths, s)})" for s in sorted(suffixes))
            raise InvalidDataError(f"The parts have several formats: {found}; give parts of one format.")
        return cls._of_texts(paths, delimiter or _DELIMITERS[suffixes.pop()], missing)

    @classmethod
    def _of_dataset(cls, dataset: Any) -> PartFiles:
        try:
            fragments = tuple(dataset.get_fragments())
        except ValueError as error:
            raise InvalidDataError(f"The dataset cannot be read in parts: {error}.") from error
        names = tuple(getattr(f, "path", f"part {i}") for i, f in enumerate(fragments))
        if not fragments:
            raise InvalidDataError("The dataset has no parts.")
        schemas: list[pa.Schema] = []
        for name, fragment in zip(names, fragments, strict=True):
            with _reading(name):
                schemas.append(_without_index(fragment.physical_schema))
        return cls(names, fragments, _common_schema(names, schemas, _without_index(dataset.schema)))

    @classmethod
    def _of_texts(cls, paths: list[Path], delimiter: str, missing: Iterable[str]) -> PartFiles:
        names, headers = tuple(map(str, paths)), [_header(path, delimiter) for path in paths]
        strings = [pa.schema([(name, pa.string()) for name in header]) for header in headers]
        common = _common_schema(names, strings, strings[0])
        layout = pds.CsvFileFormat(
            parse_options=pv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            read_options=pv.ReadOptions(block_size=_BLOCK_BYTES),
            convert_options=pv.ConvertOptions(
                column_types=common, null_values=[*MISSING, *missing], strings_can_be_null=True
            ),
        )
        fragments = tuple(pds.dataset(list(names), format=layout, schema=common).get_fragments())
        raw = cls(names, fragments, common)
        every = (batch for part in range(len(paths)) for batch in raw.batches(part))
        return cls(names, fragments, find_text_types(list(common.names), every), is_text=True)

    def __len__(self) -> int:
        return len(self.names)

    def batches(self, part: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows of one part in their order.

        Raises:
            InvalidDataError: if they cannot be read.
        """
        schema = pa.schema([(n, pa.string()) for n in self.schema.names]) if self.is_text else self.schema
        with _reading(self.names[part]):
            scan = self.fragments[part].to_batches(
                schema=schema,
                columns=list(schema.names),
                batch_size=BATCH_ROWS,
                batch_readahead=2,
                fragment_readahead=1,
            )
            for batch in scan:
                if batch.num_rows:
                    yield read_texts(batch, self.schema) if self.is_text else batch

    def frame(self, rows: pa.Table | pa.RecordBatch, dtypes: pd.Series | None = None) -> pd.DataFrame:
        """Return rows as pandas reads them.

        Args:
            rows: of the parts.
            dtypes: what the columns are to be, as where other rows have missing cells; None for what these rows need.
        """
        table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows.unify_dictionaries()
        table = table.replace_schema_metadata(self.schema.metadata)
        frame = table.to_pandas(types_mapper=PANDAS_DTYPES.get) if self.is_text else table.to_pandas()
        if dtypes is None:
            return frame
        return frame.astype({name: dtype for name, dtype in dtypes.items() if frame[name].dtype != dtype})


def _find_paths(source: Any) -> list[Path]:
    """Return the files that hold the rows, in the order of their names where they lie in a folder."""
    given = [Path(path) for path in source] if isinstance(source, (list, tuple)) else [Path(source)]
    for path in given:
        if not path.exists():
            raise FileNotFoundError(f"{path} does not exist; give a folder of parts, or a file.")
    if len(given) > 1 or not given[0].is_dir():
        wrong = [str(path) for path in given if path.is_dir() or _suffix(path) not in (*_PARQUET, *_DELIMITERS)]
        if wrong:
            raise InvalidDataError(
                f"These are no parts: {', '.join(wrong)}; give files that end in .parquet, or in .csv or .tsv "
                "(these with .gz, too)."
            )
        return given
    inside = [p for p in sorted(given[0].rglob("*")) if p.is_file() and not _is_hidden(p.relative_to(given[0]))]
    paths = [path for path in inside if _suffix(path) in (*_PARQUET, *_DELIMITERS)]
    if not paths:
        other = f"; what it has is {', '.join(p.name for p in inside[:_SHOWN])}" if inside else ", and is empty"
        raise InvalidDataError(f"{given[0]} has no parts that end in .parquet, .csv or .tsv{other}.")
    return paths


def _suffix(path: Path) -> str:
    """Return the extension that says the format."""
    name = path.name.lower()
    return Path(name.removesuffix(".gz")).suffix


def _is_hidden(path: Path) -> bool:
    return any(name.startswith((".", "_")) for name in path.parts)


def _example(paths: Sequence[Path], suffix: str) -> str:
    return next(path.name for path in paths if _suffix(path) == suffix)


@contextmanager
def _reading(name: str) -> Generator[None]:
    """Say of what cannot be read which part it is."""
    try:
        yield
    except (WganAugError, PermissionError):
        raise
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InvalidDataError(f"Part {name} cannot be read: {' '.join(str(error).split())}") from error


def _header(path: Path, delimiter: str) -> list[str]:
    with _reading(str(path)):
        reader: Any = pv.open_csv(
            path, parse_options=pv.ParseOptions(delimiter=delimiter), read_options=pv.ReadOptions(block_size=2**20)
        )
        names: list[str] = list(reader.schema.names)
        return names


def _without_index(schema: pa.Schema) -> pa.Schema:
    """Leave out columns that a pandas frame had as its index."""
    written = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    index = {name for name in written.get("index_columns", []) if isinstance(name, str)}
    return pa.schema([field for field in schema if field.name not in index], metadata=schema.metadata)


def _common_schema(names: Sequence[str], schemas: Sequence[pa.Schema], whole: pa.Schema) -> pa.Schema:
    """Return the schema of all parts; one error names each that differs from the first, and its columns.

    A column that is empty in a part has the type of the others.
    """
    first = schemas[0]
    doubled = sorted({name for name in first.names if first.names.count(name) > 1})
    if doubled:
        raise InvalidDataError(f"{names[0]} has column names that come more than once: {', '.join(doubled)}.")
    types: dict[str, Any] = {field.name: _plain(field.type) for field in first}
    problems: list[str] = []
    for name, schema in zip(names[1:], schemas[1:], strict=True):
        lacks = [repr(n) for n in first.names if n not in schema.names]
        more = [repr(n) for n in schema.names if n not in first.names]
        other: list[str] = []
        for field in schema:
            own, known = _plain(field.type), types.get(field.name, _plain(field.type))
            if pa.types.is_null(known):
                types[field.name] = own
            elif own != known and not pa.types.is_null(own):
                other.append(f"{field.name!r} is {field.type}, not {known}")
        said = [
            f"{what} {', '.join(columns[:_SHOWN])}{' ...' * (len(columns) > _SHOWN)}"
            for what, columns in (("lacks", lacks), ("has besides", more), ("differs:", other))
            if columns
        ]
        if said:
            problems.append(f"Part {name} has other columns than {names[0]}: it {'; '.join(said)}.")
    if problems:
        more_parts = f" So do {len(problems) - _SHOWN} further parts." if len(problems) > _SHOWN else ""
        raise InvalidDataError(join_problems(problems[:_SHOWN]) + more_parts)
    for name, kind in types.items():
        if pa.types.is_nested(kind):
            raise DataTypeError(f"Column {name!r} has nested cells ({kind}); spread them over columns of their own.")
    fields = [pa.field(name, types.get(name, _plain(whole.field(name).type))) for name in whole.names]
    return pa.schema(fields, metadata=whole.metadata)


def _plain(kind: Any) -> Any:
    """Return one type for all that hold text."""
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view()
    return pa.large_string() if text else kind
