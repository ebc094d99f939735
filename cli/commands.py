"""What each command does: read, call the library, write."""

from __future__ import annotations

import csv
import dataclasses
import json
import shlex
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError, OutputExistsError, did_you_mean

from .files import check_folder, check_output, read_table, stem_of, write_parts
from .progress import say, training_progress
from .signals import held_signals

if TYPE_CHECKING:  # torch takes seconds to import: what is wrong with the input is said before
    import pandas as pd

    from wgan_aug import Report, WGANGPSynthesizer

__all__ = ["parse_count", "run_demo", "run_evaluate", "run_fit", "run_inspect", "run_report", "run_sample"]

_HELD_OUT = 5  # one row in so many


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


def _synthesizer(
    *, target: str | None, categorical: str | None, preset: str, seed: int | None = None, **options: Any
) -> WGANGPSynthesizer:
    from wgan_aug import WGANGPSynthesizer

    names = None if categorical is None else _names(categorical)
    return WGANGPSynthesizer(target=target, categorical_features=names, preset=preset, random_state=seed, **options)


def _names(text: str) -> list[str]:
    """Split names at commas; a name with a comma stands in double quotes."""
    return [name.strip() for name in next(csv.reader([text], skipinitialspace=True), []) if name.strip()]


def run_inspect(data: str, delimiter: str | None, missing: list[str], as_json: bool, **options: Any) -> None:
    """Print the plan for a table."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = read_table(data, delimiter, missing)
        plan = _synthesizer(**options).plan(frame)
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
    **options: Any,
) -> None:
    """Learn a table and save the model."""
    if output is None and data == "-":
        raise InvalidParameterError("DATA is stdin, so the model has no name of its own: give -o MODEL.")
    model_path = Path(output) if output is not None else Path(data).parent / f"{stem_of(data)}-model"
    check_folder(model_path, force)
    with _warnings(quiet):
        frame = read_table(data, delimiter, missing)
        model = _synthesizer(**options)
        _fit(model, frame, quiet)
    _save(model, model_path)
    say(f"Model saved in {model_path}", quiet)


@contextmanager
def _warnings(quiet: bool) -> Generator[None]:
    with warnings.catch_warnings():
        if quiet:
            warnings.simplefilter("ignore")
        yield


def _fit(model: WGANGPSynthesizer, frame: pd.DataFrame, quiet: bool) -> None:
    with training_progress(quiet, lambda: model.plan_.describe()) as listener:
        model.fit(frame, on_progress=listener)
    if model.refinement_ is not None:
        say(model.refinement_.describe(), quiet)


def _save(model: WGANGPSynthesizer, path: Path) -> None:
    """Save a model whole: a signal that comes meanwhile waits until it is there."""
    with held_signals():
        model.save(path)


def run_sample(
    path: str,
    count: str,
    output: str,
    refine: bool | None,
    seed: int | None,
    device: str,
    quiet: bool,
    force: bool,
) -> None:
    """Write rows of a saved model."""
    n_samples = parse_count(count)
    check_output(output, force)
    if not Path(path).exists():
        raise FileNotFoundError(f"{path} does not exist; give a model folder that 'wgan-aug fit' wrote.")
    from wgan_aug import load

    with _warnings(quiet):
        model = load(path, device=device)
        write_parts(model.sample_parts(n_samples, random_state=seed, refine=refine), output)
    if output != "-":
        say(f"{n_samples} rows written to {output}", quiet)


def run_evaluate(
    real: str,
    synthetic: str,
    holdout: str | None,
    html: str | None,
    delimiter: str | None,
    missing: list[str],
    as_json: bool,
    quiet: bool,
    force: bool,
    **options: Any,
) -> None:
    """Judge a table of synthetic rows by the table they were learned from."""
    paths = {"real": real, "synthetic": synthetic} | ({} if holdout is None else {"holdout": holdout})
    if list(paths.values()).count("-") > 1:
        raise InvalidParameterError("Only one of REAL, SYNTHETIC and --holdout can be stdin (-).")
    if html is not None:
        _check_page(html, force, "--html")
    given = {"target": options["target"], "holdout": holdout, "categorical": options["categorical"]}
    given |= {name.replace("_", "-"): value for name, value in options["roles"].items()}
    given |= {"delimiter": delimiter, "missing": missing, "budget": options["budget"], "seed": options["seed"]}
    with _warnings(quiet):
        frames = {side: read_table(path, delimiter, missing) for side, path in paths.items()}
        report = _evaluate(frames, quiet, _command(["evaluate", real, synthetic], **given), **options)
    _show_report(report, html, as_json, quiet)


def _check_page(path: str, force: bool, option: str) -> None:
    """Refuse a page that cannot be written, before any work is done."""
    check_output(path, force, page=True, option=option)
    from wgan_aug.evaluation.page import check_extra

    check_extra()


def _command(words: list[str], **options: Any) -> str:
    """Return a command line with the options that were given."""
    for name, value in options.items():
        if isinstance(value, bool):
            words = [*words, f"--{name}" if value else f"--no-{name}"]
            continue
        values = value if isinstance(value, list) else [] if value is None else [value]
        words = [*words, *(word for one in values for word in (f"--{name}", str(one)))]
    return "wgan-aug " + shlex.join(words)


def _evaluate(
    frames: dict[str, pd.DataFrame],
    quiet: bool,
    command: str,
    *,
    target: str | None,
    categorical: str | None,
    budget: str,
    seed: int,
    roles: dict[str, Any] | None = None,
) -> Report:
    from wgan_aug import evaluate

    report = evaluate(
        **frames,
        target=target,
        **(roles or {}),
        categorical_features=None if categorical is None else _names(categorical),
        budget=budget,  # type: ignore[arg-type]
        random_state=seed,
        progress=lambda stage: say(f"Judging: {stage}", quiet),
    )
    return dataclasses.replace(report, command=command)


def _show_report(report: Report, html: str | None, as_json: bool, quiet: bool) -> None:
    if html is not None:
        report.to_html(html)
    sys.stdout.write((json.dumps(report.to_json(), indent=1) if as_json else report.summary()) + "\n")
    if html is not None:
        say(f"Report written to {html}", quiet)


def run_report(
    data: str,
    output: str | None,
    delimiter: str | None,
    missing: list[str],
    as_json: bool,
    quiet: bool,
    force: bool,
    *,
    budget: str,
    seed: int,
    **options: Any,
) -> None:
    """Hold rows out, learn the others, sample, judge, and write the page."""
    if output is None and data == "-":
        raise InvalidParameterError("DATA is stdin, so the report has no name of its own: give -o FILE.")
    page = output if output is not None else str(Path(data).parent / f"{stem_of(data)}-report.html")
    _check_page(page, force, "-o")
    given = {**options, "delimiter": delimiter, "missing": missing, "budget": budget, "seed": seed}
    with _warnings(quiet):
        frame = read_table(data, delimiter, missing)
        train, holdout = _hold_out(frame, options["target"], seed)
        say(f"{len(holdout)} of {len(frame)} rows are held out", quiet)
        model = _synthesizer(seed=seed, **options)
        _fit(model, train, quiet)
        frames = {"real": train, "synthetic": model.sample(len(train)), "holdout": holdout}
        judged: dict[str, Any] = {
            "target": options["target"],
            "categorical": options["categorical"],
            "budget": budget,
            "seed": seed,
        }
        report = _evaluate(frames, quiet, _command(["report", data], **given), **judged)
    _show_report(report, page, as_json, quiet)


def _hold_out(frame: pd.DataFrame, target: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split a fifth of the rows off, drawn at random, from each value of the target alike."""
    import numpy as np
    import pandas as pd

    if target not in frame:
        raise InvalidParameterError(
            f"--target is {target!r}, which the data do not have.{did_you_mean(target, frame.columns)}"
        )
    order = np.random.default_rng(seed).permutation(len(frame))
    order = order[np.argsort(pd.factorize(frame[target])[0][order], kind="stable")]
    held = np.zeros(len(frame), dtype=bool)
    held[order[_HELD_OUT // 2 :: _HELD_OUT]] = True
    if len(frame) - held.sum() < 2 or not held.any():
        raise InvalidDataError(
            f"The table has {len(frame)} rows; a report takes at least 4 to learn from and hold out."
        )
    return frame[~held].reset_index(drop=True), frame[held].reset_index(drop=True)


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
    model = _synthesizer(target="income", categorical=None, preset=preset, seed=seed, device=device)
    with _warnings(quiet):
        _fit(model, real, quiet)
    _save(model, model_path)
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
