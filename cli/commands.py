"""What `inspect`, `fit`, `sample` and `demo` do: read, call the library, write."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from wgan_aug.errors import DataWarning, InvalidParameterError, OutputExistsError

from .files import check_folder, check_output, read_table, stem_of, write_parts
from .models import fit_model, new_model, quietly, save_model
from .progress import say
from .series import Roles, as_rows
from .where import parse_where

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["parse_count", "run_demo", "run_fit", "run_inspect", "run_sample"]


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
        frame = known.rows(read_table(data, delimiter, missing))
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
    **options: Any,
) -> None:
    """Learn a table, or sequences, and save the model."""
    known = Roles(**roles)
    known.check(refine, filters=reject_copies or constraints is not None)
    if output is None and data == "-":
        raise InvalidParameterError("DATA is stdin, so the model has no name of its own: give -o MODEL.")
    model_path = Path(output) if output is not None else Path(data).parent / f"{stem_of(data)}-model"
    check_folder(model_path, force)
    with quietly(quiet):
        frame = known.rows(read_table(data, delimiter, missing))
        model = new_model(known, refine=refine, constraints=constraints, reject_copies=reject_copies, **options)
        fit_model(model, frame, quiet)
    save_model(model, model_path)
    say(f"Model saved in {model_path}", quiet)


def run_sample(
    path: str,
    count: str,
    output: str,
    where: list[str],
    refine: bool | None,
    seed: int | None,
    device: str,
    quiet: bool,
    force: bool,
) -> None:
    """Write rows, or the rows of sequences, of a saved model."""
    n_samples = parse_count(count)
    check_output(output, force)
    if not Path(path).exists():
        raise FileNotFoundError(f"{path} does not exist; give a model folder that 'wgan-aug fit' wrote.")
    from wgan_aug import WGANGPSynthesizer, load

    with quietly(quiet):
        model = load(path, device=device)
        if isinstance(model, WGANGPSynthesizer):
            wanted = parse_where(where, model.schema_)
            parts = model.sample_parts(n_samples, conditions=wanted, random_state=seed, refine=refine)
            what = "rows"
        else:
            if refine is not None:
                word = "--refine" if refine else "--no-refine"
                raise InvalidParameterError(f"{word} is for models of tables, and {path} is one of sequences.")
            wanted = parse_where(where, model.static_schema_)
            parts = as_rows(model.sample_parts(n_samples, conditions=wanted, random_state=seed), model.container_)
            what = "sequences" if model.window is None else "windows"
        write_parts(parts, output)
    acceptance = getattr(model, "acceptance_", None)
    if acceptance is not None:
        say(f"The conditions hold in {acceptance:.2%} of the rows that the model draws by itself", quiet)
    if isinstance(model, WGANGPSynthesizer) and model.filters_:
        say(model.filtering_.describe(), quiet)
    if output != "-":
        say(f"{n_samples} {what} written to {output}", quiet)


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
