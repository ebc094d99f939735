"""`wgan-aug`: the commands, and how their errors end."""

from __future__ import annotations

import io
import os
import sys
import warnings
from typing import Annotated, Any

import typer

from .progress import say
from .signals import Stopped, stop_on_signals

__all__ = ["app", "main"]

app = typer.Typer(
    name="wgan-aug",
    epilog="Errors are one line on stderr; add --traceback to any command to see where one came from. "
    "Exit codes: 0 done, 1 failed, 2 bad input or usage, 130 interrupted, 143 terminated.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Data = Annotated[
    str, typer.Argument(metavar="DATA", help="csv, tsv (or these with .gz), parquet, or - for csv on stdin.")
]
DataOrParts = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="csv, tsv (or these with .gz), parquet, - for csv on stdin, or a folder of parts (csv, tsv or parquet) "
        "that memory need not hold.",
    ),
]
Target = Annotated[str | None, typer.Option(help="The column that users of the data predict.")]
Categorical = Annotated[
    str | None, typer.Option(metavar="A,B", help="Columns to take as categories, with commas between.")
]
SequenceKey = Annotated[
    str | None, typer.Option(metavar="K", help="The column that says to which sequence a row belongs.")
]
SequenceIndex = Annotated[str | None, typer.Option(metavar="T", help="The column that orders a sequence's rows.")]
Window = Annotated[
    int | None, typer.Option(metavar="N", help="Steps of a window; without a key, the rows are one long series.")
]
Stride = Annotated[
    int | None, typer.Option(metavar="S", help="Steps between the beginnings of windows; by their number if not given.")
]
Delimiter = Annotated[str | None, typer.Option(help="Delimiter of a text table; by extension where not given.")]
Missing = Annotated[
    list[str] | None, typer.Option(help="A text that stands for a missing value, such as '?'; repeatable.")
]
Seed = Annotated[int | None, typer.Option(min=0, help="Random seed: the same seed gives the same result.")]
Preset = Annotated[str, typer.Option(help="fast, balanced or best; paper for the settings of the WGAN-GP paper.")]
Epochs = Annotated[float | None, typer.Option(help="Passes over the rows; the preset decides where not given.")]
Refine = Annotated[
    bool | None,
    typer.Option(
        "--refine/--no-refine", help="Keep only generated rows that the real ones make likely: slower, nearer."
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress, no notes; errors still show.")]
Budget = Annotated[str, typer.Option(help="fast or full: how many rows and repeats the figures may take.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an output that exists.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _show_version(asked: bool) -> None:
    if asked:
        from wgan_aug import __version__

        sys.stdout.write(f"wgan-aug {__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Learn a table or series with a Wasserstein GAN with gradient penalty, and write rows like it."""


@app.command()
def demo(
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            help="Folder for the model and the synthetic rows; those of an earlier demo are replaced.",
        ),
    ] = "wgan-aug-demo",
    rows: Annotated[str, typer.Option(metavar="N", help="Rows of the Adult census table to learn from.")] = "10000",
    preset: Preset = "fast",
    seed: Seed = 0,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Learn the bundled Adult census table, write synthetic rows, and show them beside the real ones."""
    from .commands import run_demo

    run_demo(output, rows, preset, seed, device, quiet)


@app.command()
def inspect(
    data: DataOrParts,
    target: Target = None,
    categorical: Categorical = None,
    sequence_key: SequenceKey = None,
    sequence_index: SequenceIndex = None,
    window: Window = None,
    stride: Stride = None,
    delimiter: Delimiter = None,
    missing: Missing = None,
    preset: Preset = "balanced",
    as_json: AsJson = False,
) -> None:
    """Show the plan for a table or series: each column's kind, encoding and width, warnings, updates and memory."""
    from .commands import run_inspect

    options: dict[str, Any] = {"target": target, "categorical": categorical, "preset": preset}
    roles = {"sequence_key": sequence_key, "sequence_index": sequence_index, "window": window, "stride": stride}
    run_inspect(data, delimiter, missing or [], as_json, **options, roles=roles)


@app.command()
def fit(
    data: DataOrParts,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="MODEL",
            help="Model folder; DATA's stem + '-model' beside it where not given.",
        ),
    ] = None,
    target: Target = None,
    categorical: Categorical = None,
    sequence_key: SequenceKey = None,
    sequence_index: SequenceIndex = None,
    window: Window = None,
    stride: Stride = None,
    delimiter: Delimiter = None,
    missing: Missing = None,
    epochs: Epochs = None,
    preset: Preset = "balanced",
    refine: Refine = None,
    constraint: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help='What shall hold in every row that is sampled: "a <= b"; repeatable.'),
    ] = None,
    reject_copies: Annotated[
        bool, typer.Option("--reject-copies", help="Sample no row that equals, or nearly equals, one of DATA.")
    ] = False,
    max_time: Annotated[
        str | None, typer.Option(metavar="TIME", help="End training after 90s, 10min, 2h; shorter is learned whole.")
    ] = None,
    early_stopping: Annotated[
        bool,
        typer.Option("--early-stopping", help="Judge on held-out rows, keep the best, end when none is better."),
    ] = False,
    checkpoint: Annotated[
        str | None, typer.Option(metavar="DIR", help="Keep the training here, every few seconds and at the end.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the training that --checkpoint keeps, if there is one.")
    ] = False,
    track: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND:PLACE",
            help="Log the training: csv:FILE, jsonl:FILE, tensorboard:DIR, mlflow:URI_OR_DIR, wandb:NAME; repeatable.",
        ),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Have a Dask cluster read a folder's parts: tcp://scheduler:8786."),
    ] = None,
    seed: Seed = None,
    device: Device = "auto",
    quiet: Quiet = False,
    force: Force = False,
) -> None:
    """Learn a table, or with --sequence-key or --window series, and save the model as a folder."""
    from .commands import run_fit

    options: dict[str, Any] = {"target": target, "categorical": categorical, "epochs": epochs, "preset": preset}
    options |= {"refine": refine, "constraints": constraint, "reject_copies": reject_copies}
    options |= {"seed": seed, "device": device, "max_time": max_time, "early_stopping": early_stopping}
    options |= {"track": track, "scheduler": dask}
    options |= {"kept": {} if checkpoint is None and not resume else {"checkpoint": checkpoint, "resume": resume}}
    roles = {"sequence_key": sequence_key, "sequence_index": sequence_index, "window": window, "stride": stride}
    run_fit(data, output, delimiter, missing or [], quiet, force, **options, roles=roles)


@app.command()
def sample(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model folder.")],
    n: Annotated[
        str,
        typer.Option(
            "-n",
            "--rows",
            metavar="N",
            help="How many rows, or sequences (windows) where the model is one of series; 1e6 and 1_000_000 do too.",
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="csv, tsv or parquet file; - is stdout; a folder, or a name that ends with /, takes parts.",
        ),
    ] = "-",
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CONDITION",
            help='What holds in every row: "age>=30", "sex=Female", "sex!=Male", "job in (cook|smith)", '
            '"zip is missing"; repeatable. Of series: in their static columns.',
        ),
    ] = None,
    refine: Refine = None,
    seed: Seed = None,
    device: Device = "auto",
    quiet: Quiet = False,
    force: Force = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the parts in OUT where a run was cut off: the same bytes.")
    ] = False,
    form: Annotated[
        str | None, typer.Option("--format", help="Of the parts in OUT: parquet, or csv; parquet if not given.")
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Draw the parts on a Dask cluster: tcp://scheduler:8786."),
    ] = None,
) -> None:
    """Write synthetic rows, or series, from a saved model."""
    from .sampling import run_sample

    streaming = {"resume": resume, "format": form, "scheduler": dask}
    run_sample(model, n, output, where or [], refine, seed, device, quiet, force, **streaming)


@app.command()
def evaluate(
    real: Annotated[str, typer.Argument(metavar="REAL", help="The rows that were learned from, as DATA of fit.")],
    synthetic: Annotated[str, typer.Argument(metavar="SYNTHETIC", help="The rows to judge, with the same columns.")],
    target: Target = None,
    holdout: Annotated[
        str | None, typer.Option(metavar="H", help="Real rows that were not learned from; privacy takes them.")
    ] = None,
    categorical: Categorical = None,
    sequence_key: SequenceKey = None,
    sequence_index: SequenceIndex = None,
    window: Window = None,
    html: Annotated[str | None, typer.Option(metavar="FILE", help="Write the report as one HTML file too.")] = None,
    as_json: AsJson = False,
    budget: Budget = "fast",
    seed: Seed = 0,
    delimiter: Delimiter = None,
    missing: Missing = None,
    quiet: Quiet = False,
    force: Force = False,
) -> None:
    """Judge synthetic rows or series: worth to a model, likeness, detection, privacy; print the verdict."""
    from .judging import run_evaluate

    options: dict[str, Any] = {"target": target, "categorical": categorical, "budget": budget, "seed": seed}
    roles: dict[str, Any] = {"sequence_key": sequence_key, "sequence_index": sequence_index, "window": window}
    run_evaluate(
        real, synthetic, holdout, html, delimiter, missing or [], as_json, quiet, force, **options, roles=roles
    )


@app.command()
def report(
    data: Data,
    target: Annotated[
        str | None, typer.Option(help="The column that users of the data predict; series need none.")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="HTML file; DATA's stem + '-report.html' beside it where not given.",
        ),
    ] = None,
    categorical: Categorical = None,
    sequence_key: SequenceKey = None,
    sequence_index: SequenceIndex = None,
    window: Window = None,
    stride: Stride = None,
    delimiter: Delimiter = None,
    missing: Missing = None,
    epochs: Epochs = None,
    preset: Preset = "balanced",
    refine: Refine = None,
    as_json: AsJson = False,
    budget: Budget = "fast",
    seed: Seed = 0,
    device: Device = "auto",
    quiet: Quiet = False,
    force: Force = False,
) -> None:
    """Hold a fifth of the rows or sequences out, learn the others, sample as many, judge, write an HTML report."""
    from .judging import run_report

    options: dict[str, Any] = {"target": target, "categorical": categorical, "epochs": epochs, "preset": preset}
    options |= {"refine": refine, "budget": budget, "seed": seed, "device": device}
    roles = {"sequence_key": sequence_key, "sequence_index": sequence_index, "window": window, "stride": stride}
    run_report(data, output, delimiter, missing or [], as_json, quiet, force, **options, roles=roles)


@app.command()
def augment(
    data: Data,
    target: Annotated[str, typer.Option(help="The column to predict.")],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="OUT", help="csv, tsv or parquet file; - is stdout.")
    ],
    ratio: Annotated[
        float | None, typer.Option(metavar="R", help="Synthetic rows for each row of DATA, whatever the verdict.")
    ] = None,
    mix: Annotated[
        str | None, typer.Option(help="natural, or balanced (rare classes grow); the better where not given.")
    ] = None,
    categorical: Categorical = None,
    delimiter: Delimiter = None,
    missing: Missing = None,
    epochs: Epochs = None,
    preset: Preset = "balanced",
    html: Annotated[str | None, typer.Option(metavar="FILE", help="Write verdict and figures as HTML too.")] = None,
    as_json: AsJson = False,
    budget: Annotated[
        str, typer.Option(help="fast, full (three times as many splits), or a number of seconds for them.")
    ] = "fast",
    seed: Seed = 0,
    device: Device = "auto",
    quiet: Quiet = False,
    force: Force = False,
) -> None:
    """Write DATA's rows, and after them synthetic ones where they are shown to help a model; say whether they do."""
    from .augmenting import run_augment

    options: dict[str, Any] = {"target": target, "ratio": ratio, "mix": mix, "budget": budget, "seed": seed}
    learned: dict[str, Any] = {"categorical": categorical, "epochs": epochs, "preset": preset, "device": device}
    run_augment(data, output, html, delimiter, missing or [], as_json, quiet, force, learned=learned, **options)


@app.command()
def tune(
    data: Data,
    target: Annotated[str, typer.Option(help="The column to predict.")],
    trials: Annotated[int, typer.Option(metavar="N", min=1, help="Trials in all, those of an earlier run too.")] = 30,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="MODEL", help="Learn all rows with what was found.")
    ] = None,
    study: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Keeps the trials, to go on; DATA's stem + '-study.db' beside it where not given."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(metavar="J", min=1, help="Trials at once, each in a process of its own.")] = 1,
    categorical: Categorical = None,
    delimiter: Delimiter = None,
    missing: Missing = None,
    preset: Preset = "balanced",
    epochs: Epochs = None,
    as_json: AsJson = False,
    seed: Seed = 0,
    device: Device = "auto",
    quiet: Quiet = False,
    force: Force = False,
    sequence_key: Annotated[str | None, typer.Option(hidden=True)] = None,
    window: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Search for options under which synthetic rows serve a model better than under the defaults; print them."""
    from .tuning import run_tune

    options: dict[str, Any] = {"target": target, "trials": trials, "jobs": jobs, "seed": seed}
    options |= {"categorical": categorical, "preset": preset, "epochs": epochs, "device": device}
    roles: dict[str, Any] = {"sequence_key": sequence_key, "window": window}
    run_tune(data, output, study, delimiter, missing or [], as_json, quiet, force, **options, roles=roles)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    words = sys.argv[1:] if arguments is None else arguments
    traceback = "--traceback" in words
    stop_on_signals()
    warnings.showwarning = _show_warning
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    try:
        result: Any = app([w for w in words if w != "--traceback"], prog_name="wgan-aug", standalone_mode=False)
        sys.stdout.flush()
    except BaseException as error:  # every end of the program passes here
        if traceback and not isinstance(error, SystemExit):
            sys.excepthook(type(error), error, error.__traceback__)
        sys.exit(_finish(error))
    sys.exit(result if isinstance(result, int) else 0)


def _finish(error: BaseException) -> int:
    """Say in one line what ended the command; return the exit code."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    if isinstance(error, OSError):  # what stdout did not take is not tried again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if isinstance(error, BrokenPipeError):  # the reader of our stdout has gone: nobody is left to tell
        return 1
    if isinstance(error, Stopped):
        say(str(error))
        return error.exit_code
    text, code = _describe(error)
    if text:
        say("Error: " + " ".join(text.split()))
    return code


def _describe(error: BaseException) -> tuple[str, int]:
    """Return an error's text and its exit code: 2 for what the user gave, 1 for all else."""
    from wgan_aug.errors import TrainingError, WganAugError

    if hasattr(error, "format_message"):  # the parser's own
        return _usage(error), 2
    if isinstance(error, TrainingError):
        return str(error), 1
    if isinstance(error, WganAugError):
        return str(error), 2
    if isinstance(error, OSError):
        text = f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
        given = (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)
        return (text if error.strerror else str(error)), 2 if isinstance(error, given) else 1
    if isinstance(error, MemoryError):
        return "Out of memory.", 1
    return f"{type(error).__name__}: {error}", 1


def _usage(error: Any) -> str:
    """Return what is wrong with the command line, the nearest option there is, and where help is."""
    from wgan_aug.errors import did_you_mean

    name, context = getattr(error, "option_name", None), getattr(error, "ctx", None)
    text = str(error.format_message()).strip()
    if not text:  # no words were given, and help was shown
        return ""
    if name and getattr(error, "possibilities", None) is not None and context is not None:
        known = [option for parameter in context.command.params for option in parameter.opts]
        text = f"No such option: {name}.{did_you_mean(name, known)}"
    text += "" if text.endswith((".", "?")) else "."
    return text if context is None else f"{text} See: {context.command_path} --help"


def _show_warning(message: Warning | str, category: type[Warning], *rest: Any, **more: Any) -> None:
    from wgan_aug.errors import DataWarning

    if issubclass(category, DataWarning):
        say("Warning: " + " ".join(str(message).split()))


if __name__ == "__main__":
    main()
