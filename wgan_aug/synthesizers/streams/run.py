"""Draw a sample into a folder, part by part: here, or by the workers of a Dask cluster."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypedDict

import pandas as pd

from wgan_aug.errors import ClusterError, InvalidParameterError, check_option_names, join_problems
from wgan_aug.persistence import replace_file
from wgan_aug.schema.columns import Storage
from wgan_aug.synthesizers.checks import not_a_switch
from wgan_aug.synthesizers.cluster import Scheduler, connected, work_through
from wgan_aug.synthesizers.streams.folder import count_parts, opened
from wgan_aug.synthesizers.streams.formats import FORMATS, check_format
from wgan_aug.synthesizers.streams.manifest import Manifest

__all__ = ["Drawn", "PartsDone", "Source", "Streaming", "check_streaming", "draw_into", "seed_of_run"]


@dataclasses.dataclass(frozen=True)
class PartsDone:
    """How far a run is.

    Args:
        parts: parts that are there.
        of: how many there will be.
        rows: rows, or sequences, in the parts that this run has drawn.
    """

    parts: int
    of: int
    rows: int


class Streaming(TypedDict, total=False):
    """What `sample` takes beside `output`.

    Args:
        format: `"parquet"` (where not given) or `"csv"`.
        resume: go on with a run that was cut off, or begin where there is none; the parts are the same byte for byte as
            without the cut. Without `random_state`, the run's own seed is taken.
        force: replace the run that the folder holds: the files that its manifest lists, and no others.
        scheduler: the address of a Dask scheduler (`"tcp://host:8786"`), or a `distributed.Client`, whose workers draw
            the parts; they must see the folder under the same path. The rows are the same as without.
        on_part: called with a `PartsDone` at the beginning and after every part.
    """

    format: str
    resume: bool
    force: bool
    scheduler: Scheduler | None
    on_part: Callable[[PartsDone], None] | None


class Source(Protocol):
    """What draws the parts of a sample, each by itself; it travels to workers."""

    @property
    def size(self) -> tuple[int, int]:
        """How many rows, or sequences, in all, and in each part but the last."""
        ...

    def parts(self) -> Iterator[tuple[int, Any]]:
        """Yield the number of each part, in order, and what it is drawn from."""
        ...

    def draw(self, number: int, part: Any, /) -> tuple[pd.DataFrame, Any]:
        """Return a part's rows, and figures that add up over parts; see `parts`."""
        ...

    @property
    def storages(self) -> Mapping[Hashable, Storage]:
        """How the cells of each column are stored."""
        ...


@dataclasses.dataclass(frozen=True)
class Drawn:
    """A sample in a folder.

    Args:
        folder: where it is.
        figures: what `Source.draw` gave for the parts that this run has drawn; the others were there.
    """

    folder: Path
    figures: list[Any]


def check_streaming(output: str | Path | None, streaming: Streaming) -> None:
    """Refuse options that do not exist, or do not go with each other.

    Raises:
        InvalidParameterError: for all of them, in one error.
    """
    check_option_names("sample(output=)", streaming, Streaming.__annotations__)
    problems = [f"{name} goes with output=, the folder of a sample." for name in streaming if output is None]
    problems += [p for name in ("resume", "force") for p in not_a_switch(name, streaming.get(name))]
    if streaming.get("resume") and streaming.get("force"):
        problems.append("resume goes on with a run and force replaces it: give one of them.")
    if output is not None and Path(output).suffix in (".parquet", ".pq", ".csv") and not Path(output).is_dir():
        problems.append(
            f"output is {str(output)!r}, which reads like a file: give a folder, or write what sample() returns."
        )
    if problems:
        raise InvalidParameterError(join_problems(problems))
    check_format(streaming.get("format", "parquet"))


def seed_of_run(output: str | Path, random_state: Any, streaming: Streaming) -> Any:
    """Return what the rows are drawn from; that of the run which is to go on, where nothing was given."""
    goes_on = random_state is None and streaming.get("resume")
    earlier = Manifest.read(Path(output)) if goes_on else None
    return random_state if earlier is None else earlier.seed


@dataclasses.dataclass(frozen=True)
class _Job:
    """Draws and writes single parts, in whichever process."""

    source: Source
    folder: Path
    manifest: Manifest

    def do(self, part: tuple[int, Any]) -> tuple[int, Any]:
        """Write a part; return its number and figures."""
        frame, figures = self.source.draw(*part)
        content = FORMATS[self.manifest.format](frame, self.source.storages)
        replace_file(self.folder / self.manifest.name_of(part[0]), content)
        return part[0], figures


def _do_apart(job: _Job, part: tuple[int, Any]) -> tuple[int, Any]:
    """Write a part on a worker of a cluster."""
    if not job.folder.is_dir() or Manifest.read(job.folder) != job.manifest:
        raise ClusterError(
            f"A Dask worker does not see {job.folder} as it is here, or has another version of wgan-aug; give a folder "
            "that all machines share."
        )
    return job.do(part)


def draw_into(output: str | Path, source: Source, manifest: Manifest, streaming: Streaming) -> Drawn:
    """Draw all parts that a folder lacks.

    Args:
        output: the folder.
        source: draws them.
        manifest: what was asked for; an earlier run that goes on must have been asked for the same.
        streaming: see `Streaming`.

    Raises:
        OutputExistsError: see `opened`, and the other errors too.
        InvalidParameterError: for a scheduler that does not answer.
        ClusterError: if a cluster cannot go on.
        OSError: if the disk is full or the folder cannot be written; whole parts stay.
    """
    folder, scheduler = Path(output).resolve(), streaming.get("scheduler")
    job, figures = _Job(source, folder, manifest), list[Any]()
    tell = streaming.get("on_part") or (lambda done: None)
    with opened(folder, manifest, resume=streaming.get("resume", False), force=streaming.get("force", False)):
        there, rows = count_parts(folder, manifest), 0
        tell(PartsDone(there, manifest.parts, rows))
        lacking = (part for part in source.parts() if not (folder / manifest.name_of(part[0])).exists())
        try:
            for number, own in _all_done(job, lacking, scheduler):
                figures.append(own)
                rows += min(manifest.rows_a_part, manifest.n - number * manifest.rows_a_part)
                tell(PartsDone(there + len(figures), manifest.parts, rows))
        except OSError as error:
            if error.errno is None:
                raise
            kept = f"{count_parts(folder, manifest)} of {manifest.parts} parts are there, and stay"
            raise OSError(
                error.errno, f"{error.strerror} ({kept}; go on by resume=True, or --resume)", str(folder)
            ) from error
    return Drawn(folder, figures)


def _all_done(job: _Job, parts: Iterator[tuple[int, Any]], scheduler: Scheduler | None) -> Iterator[tuple[int, Any]]:
    if scheduler is None:
        yield from map(job.do, parts)
        return
    with connected(scheduler) as client:
        yield from work_through(client, _do_apart, job, parts)
