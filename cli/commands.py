"""What each command does: read, call the library, write."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wgan_aug import WGANGPSynthesizer, load
from wgan_aug.errors import InvalidParameterError, OutputExistsError

from .files import check_output, read_table, stem_of, write_parts
from .progress import say, training_progress

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["parse_count", "run_demo", "run_fit", "run_inspect", "run_sample"]


def parse_count(text: str) -> int:
    """Read a whole number of rows.

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
        raise InvalidParameterError(f"-n is {text!r}; it must be a whole number of at least 0, such as 1000 or 1e6.")
    return number


def _synthesizer(
    *, target: str | None, categorical: str | None, preset: str, seed: int | None = None, **options: Any
) -> WGANGPSynthesizer:
    names = None if categorical is None else [name.strip() for name in categorical.split(",") if name.strip()]
    return WGANGPSynthesizer(
        target=target, categorical_features=names, preset=preset, random_state=seed, **options
    )


def run_inspect(data: str, delimiter: str | None, missing: list[str], as_json: bool, **options: Any) -> None:
    """Print the plan for a table."""
    frame = read_table(data, delimiter, missing)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        plan = _synthesizer(**options).plan(frame)
    notes = [str(w.message) for w in caught]
    if as_json:
        sys.stdout.write(json.dumps(plan.to_json() | {"warnings": notes}, indent=1, default=str) + "\n")
        return
    _print_frame(plan.to_frame())
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
    **options: Any,
) -> None:
    """Learn a table and save the model."""
    if output is None and data == "-":
        raise InvalidParameterError("DATA is stdin, so the model has no name of its own: give -o MODEL.")
    model_path = Path(output) if output is not None else Path(data).parent / f"{stem_of(data)}-model"
    _check_model_path(model_path, force)
    frame = read_table(data, delimiter, missing)
    model = _synthesizer(**options)
    _fit(model, frame, quiet)
    model.save(model_path)
    say(f"Model saved in {model_path}", quiet)


def _check_model_path(path: Path, force: bool) -> None:
    if path.is_file():
        raise OutputExistsError(f"{path} is a file; a model is a folder. Give another -o MODEL.")
    if path.is_dir() and any(path.iterdir()) and not force:
        raise OutputExistsError(f"{path} exists; give --force to overwrite the model there, or another -o MODEL.")


def _fit(model: WGANGPSynthesizer, frame: pd.DataFrame, quiet: bool) -> None:
    with warnings.catch_warnings():
        if quiet:
            warnings.simplefilter("ignore")
        with training_progress(quiet, lambda: model.plan_.describe()) as listener:
            model.fit(frame, on_progress=listener)


def run_sample(
    path: str, count: str, output: str, seed: int | None, device: str, quiet: bool, force: bool
) -> None:
    """Write rows of a saved model."""
    n_samples = parse_count(count)
    check_output(output, force)
    if not Path(path).exists():
        raise FileNotFoundError(f"{path} does not exist; give a model folder that 'wgan-aug fit' wrote.")
    model = load(path, device=device)
    write_parts(model.sample_parts(n_samples, random_state=seed), output)
    if output != "-":
        say(f"{n_samples} rows written to {output}", quiet)


def run_demo(output: str, rows: int, preset: str, seed: int | None, device: str, quiet: bool) -> None:
    """Learn the Adult table; write model and rows; show real and synthetic rows side by side."""
    from wgan_aug.datasets import load_adult

    folder = Path(output)
    if folder.is_file():
        raise OutputExistsError(f"{folder} is a file; give another -o FOLDER.")
    adult = load_adult()
    if not 2 <= rows <= len(adult):
        raise InvalidParameterError(f"--rows is {rows}; the Adult table has between 2 and {len(adult)} to give.")
    real = adult.sample(rows, random_state=seed).reset_index(drop=True)
    say(f"Adult census table (UCI, CC BY 4.0): {rows} of {len(adult)} rows, {adult.shape[1]} columns", quiet)
    model = _synthesizer(target="income", categorical=None, preset=preset, seed=seed, device=device)
    _fit(model, real, quiet)
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "adult-model")
    write_parts(model.sample_parts(rows), str(folder / "adult-synthetic.csv"))
    synthetic = model.sample(rows)
    if not quiet:
        sys.stdout.write("\nReal beside synthetic: the mean of each number, the commonest value of each category\n")
        _print_frame(_side_by_side(real, synthetic))
        sys.stdout.write("\nFive synthetic rows\n")
        _print_frame(synthetic.head(5))
    say(f"\nModel: {folder / 'adult-model'}\nRows:  {folder / 'adult-synthetic.csv'}", quiet)
    say(f"Next:  wgan-aug sample {folder / 'adult-model'} -n 1000 -o more.csv", quiet)


def _side_by_side(real: pd.DataFrame, synthetic: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    rows: list[tuple[str, str, str]] = []
    for name in real:
        column = real[name]
        if pd.api.types.is_numeric_dtype(column):
            rows.append((str(name), f"mean {column.mean():.4g}", f"mean {synthetic[name].mean():.4g}"))
            continue
        top = column.mode().iloc[0]
        shares = [f"{top}: {(frame[name] == top).mean():.1%}" for frame in (real, synthetic)]
        rows.append((str(name), *shares))
    return pd.DataFrame(rows, columns=["column", "real", "synthetic"])


def _print_frame(frame: pd.DataFrame) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for name in frame.columns:
        table.add_column(str(name), overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*map(str, row))
    console = Console(file=sys.stdout)
    console = console if console.is_terminal else Console(file=sys.stdout, width=200)
    console.print(table)
