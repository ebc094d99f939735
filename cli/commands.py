"""What `inspect`, `fit`, `sample` and `demo` do: read, call the library, write."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from wgan_aug.encoding.streaming.files import PartFiles
from wgan_aug.errors import DataWarning, InvalidParameterError, OutputExistsError

from .files import check_folder, find_parts, model_beside, read_table, write_parts
from .keeping import is_first, is_there_already, resumable, save_again
from .models import fit_model, new_model, quietly, save_model
from .progress import say
from .series import Roles
from .tracking import find_trackers

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["parse_count", "run_demo", "run_fit", "run_inspect"]


def parse_count(text: str, option: str = "-n") -> int:
    """Read a whole number of rows.

    Args:
        text: what was given.
        option: the option's name, for the error.

    Raises:
        InvalidParameterError: for anything else.

    Examples:
        >>> parse_count("1e6"), parse_count("1_000")
        (1000000, 1000)
    """
    try:
        number = int(text)
    except ValueError:
        try:
            value = float(text)
            number = int(value) if value.is_integer() else -1
        except (ValueError, OverflowError):
            number = -1
    if number < 0:
        raise InvalidParameterError(
            f"{option} is {text!r}; it must be a whole number of at least 0, such as 1000 or 1e6."
        )
    return number


def run_inspect(
    data: str, delimiter: str | None, missing: list[str], as_json: bool, *, roles: dict[str, Any], **options: Any
) -> None:
    """Print the plan for a table, or for sequences."""
    known = Roles(**roles)
    known.check()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = _read(data, delimiter, missing, known)
        plan = new_model(known, **options).plan(frame)
    notes = [str(w.message) for w in caught if issubclass(w.category, DataWarning)]
    if as_json:
        sys.stdout.write(json.dumps(plan.to_json() | {"warnings": notes}, indent=1, default=str) + "\n")
        return
    _print_frame(plan.to_frame(), sys.stdout)
    sys.stdout.write(plan.describe() + "\n")
    for note in notes:
        say(f"Warning: {note}")


def run_fit(
    data: str,
    output: str | None,
    delimiter: str | None,
    missing: list[str],
    quiet: bool,
    force: bool,
    *,
    refine: bool | None,
    constraints: list[str] | None,
    reject_copies: bool,
    roles: dict[str, Any],
    kept: dict[str, Any],
    track: list[str] | None,
    scheduler: str | None,
    **options: Any,
) -> None:
    """Learn a table, or sequences, and save the model; of several processes, the first one speaks and writes."""
    quiet = quiet or not is_first()
    known = Roles(**roles)
    known.check(filters=reject_copies or constraints is not None)
    if output is None and data == "-":
        raise InvalidParameterError("DATA is stdin, so the model has no name of its own: give -o MODEL.")
    if scheduler is not None and not Path(data).is_dir():
        raise InvalidParameterError(f"--dask is for a folder of parts, which {data} is not: leave it out.")
    on_cluster = {} if scheduler is None else {"scheduler": scheduler}
    model_path = Path(output) if output is not None else model_beside(data)
    trackers = find_trackers(track or [])
    there = is_there_already(model_path, kept)
    if is_first():
        check_folder(model_path, force or there)
    with quietly(quiet):
        frame = _read(data, delimiter, missing, known)
        if isinstance(frame, PartFiles):
            say(f"{len(frame)} parts, read once for their columns and once for their rows", quiet)
        model = new_model(known, refine=refine, constraints=constraints, reject_copies=reject_copies, **options)
        with resumable(kept):
            fit_model(model, frame, quiet, trackers, **kept, **on_cluster)
    if is_first():
        (save_again if there and not force else save_model)(model, model_path)
    say(f"Model saved in {model_path}", quiet)


def _read(data: str, delimiter: str | None, missing: list[str], known: Roles) -> Any:
    """Return the rows of a table or of sequences, or the parts of a table in a folder."""
    if data == "-" or not Path(data).is_dir():
        return known.rows(read_table(data, delimiter, missing))
    if known.given:
        raise InvalidParameterError(f"{data} is a folder, whose parts are learned as one table: give series as a file.")
    return find_parts(data, delimiter, missing)


def run_demo(output: str, count: str, preset: str, seed: int | None, device: str, quiet: bool) -> None:
    """Learn the Adult table; write model and rows; show real and synthetic rows side by side on stderr."""
    from wgan_aug.datasets import load_adult

    folder, rows = Path(output), parse_count(count, "--rows")
    if folder.exists() and not folder.is_dir():
        raise OutputExistsError(f"{folder} is a file; give another -o FOLDER.")
    model_path, table_path = folder / "adult-model", folder / "adult-synthetic.csv"
    check_folder(model_path, force=True)
    adult = load_adult()
    if not 2 <= rows <= len(adult):
        raise InvalidParameterError(f"--rows is {rows}; the Adult table has between 2 and {len(adult)} to give.")
    real = adult.sample(rows, random_state=seed).reset_index(drop=True)
    say(f"Adult census table (UCI, CC BY 4.0): {rows} of {len(adult)} rows, {adult.shape[1]} columns", quiet)
    model = new_model(Roles(), target="income", categorical=None, preset=preset, seed=seed, device=device)
    with quietly(quiet):
        fit_model(model, real, quiet)
    save_model(model, model_path)
    write_parts(model.sample_parts(rows), str(table_path))
    if quiet:
        return
    _print_frame(_side_by_side(real, model.sample(rows)), sys.stderr)
    say(f"Model: {model_path}\nRows:  {table_path}")
    say(f"Next:  wgan-aug sample {model_path} -n 1000 -o more.csv")


def _side_by_side(real: pd.DataFrame, synthetic: pd.DataFrame) -> pd.DataFrame:
    """Return one row a column: the mean or the commonest value in both tables, and three synthetic rows."""
    import pandas as pd

    rows: list[tuple[str, ...]] = []
    for name in real:
        column = real[name]
        if pd.api.types.is_numeric_dtype(column):
            shown = [f"mean {frame[name].mean():.4g}" for frame in (real, synthetic)]
        else:
            top = column.mode().iloc[0]
            shown = [f"{top}: {(frame[name] == top).mean():.1%}" for frame in (real, synthetic)]
        cells = ["" if pd.isna(value) else str(value) for value in synthetic[name].head(3)]
        rows.append((str(name), *shown, *cells, *[""] * (3 - len(cells))))
    return pd.DataFrame(rows, columns=["column", "real", "synthetic", "new row 1", "new row 2", "new row 3"])


def _print_frame(frame: pd.DataFrame, stream: TextIO) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for name in frame.columns:
        table.add_column(str(name), overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*(Text(str(cell)) for cell in row))
    console = Console(file=stream)
    console = console if console.is_terminal else Console(file=stream, width=200)
    console.print(table)
