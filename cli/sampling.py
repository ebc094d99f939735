"""What `sample` does: rows of a saved model into a file, or into a folder of parts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wgan_aug.errors import InvalidParameterError, join_problems

from .commands import parse_count
from .files import check_output, write_parts
from .models import quietly
from .progress import say
from .series import as_rows
from .signals import Stopped
from .where import parse_where

if TYPE_CHECKING:
    from wgan_aug.synthesizers.streams.run import PartsDone

    from .models import Model

__all__ = ["run_sample"]


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
    **streaming: Any,
) -> None:
    """Write rows, or the rows of sequences, of a saved model; `streaming` is what goes with a folder of parts."""
    n_samples = parse_count(count)
    into_folder = output.endswith("/") or Path(output).is_dir()
    if not into_folder:
        _refuse_streaming(output, streaming)
        check_output(output, force)
    if not Path(path).exists():
        raise FileNotFoundError(f"{path} does not exist; give a model folder that 'wgan-aug fit' wrote.")
    from wgan_aug import WGANGPSynthesizer, load

    with quietly(quiet):
        model = load(path, device=device)
        options: dict[str, Any] = {"random_state": seed, "refine": refine}
        if isinstance(model, WGANGPSynthesizer):
            options |= {"conditions": parse_where(where, model.encoder_)}
            what = "rows"
        else:
            options |= {"conditions": parse_where(where, model.statics_.encoder)}
            what = "sequences" if model.window is None else "windows"
        if into_folder:
            _write_folder(model, n_samples, output, quiet, options | {"force": force} | streaming)
        else:
            _write_file(model, n_samples, output, options)
    if isinstance(model, WGANGPSynthesizer):
        if where:
            say(f"The conditions hold in {model.acceptance_:.2%} of the rows that the model draws by itself", quiet)
        if model.filters_:
            say(model.filtering_.describe(), quiet)
    if output != "-":
        say(f"{n_samples} {what} written to {output}", quiet)


def _refuse_streaming(output: str, streaming: dict[str, Any]) -> None:
    """Refuse options of a folder of parts where the output is a file."""
    words = {"resume": "--resume", "format": "--format", "scheduler": "--dask"}
    given = [words[name] for name, value in streaming.items() if value]
    if given:
        raise InvalidParameterError(
            join_problems([f"{word} is for a folder of parts (-o FOLDER/), and -o is {output}." for word in given])
        )


def _write_file(model: Model, n_samples: int, output: str, options: dict[str, Any]) -> None:
    from wgan_aug.synthesizers.containers import Container

    parts: Any = model.sample_parts(n_samples, **options)
    container: Any = model.container_
    write_parts(parts if isinstance(container, Container) else as_rows(parts, container), output)


def _write_folder(model: Model, n_samples: int, output: str, quiet: bool, options: dict[str, Any]) -> None:
    given = {name: value for name, value in options.items() if name != "format" or value is not None}
    show = _Progress(quiet)
    try:
        model.sample(n_samples, output=output, on_part=show, **given)
    except Stopped:
        say(f"{show.parts} parts in {output} are whole and stay; --resume goes on with them")
        raise


class _Progress:
    """Says ten times how far a run is.

    Args:
        quiet: say nothing.
    """

    def __init__(self, quiet: bool) -> None:
        self.quiet, self.parts, self.tenths = quiet, 0, 0
        self.start = time.perf_counter()

    def __call__(self, done: PartsDone) -> None:
        self.parts = done.parts
        tenths = 10 * done.parts // done.of
        if not done.rows:
            self.tenths, self.start = tenths, time.perf_counter()
            say(f"{done.parts} of {done.of} parts are there", self.quiet or not done.parts)
        elif tenths > self.tenths:
            self.tenths = tenths
            pace = done.rows / (time.perf_counter() - self.start)
            say(f"part {done.parts}/{done.of}, {pace:.0f} a second", self.quiet)
