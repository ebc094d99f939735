"""Figures of a training in a file: a table in CSV, or a line of JSON for each event."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from wgan_aug.errors import OutputExistsError
from wgan_aug.persistence import replace_file
from wgan_aug.tracking.tracker import Status, Tracker, plain_options
from wgan_aug.training.callbacks import Progress

__all__ = ["CSVTracker", "JSONLTracker"]


class CSVTracker(Tracker):
    """Write figures and scores as a table, one row an update that was heard of; empty cells where there are none.

    A resumed training goes on below the rows that it did before, and drops those after the update that it goes on
    from. Another training replaces the file. Folders above it are made.

    Args:
        path: of the file; one that is no such table is never touched.

    Examples:
        >>> import tempfile, pandas as pd
        >>> from wgan_aug import WGANGPSynthesizer
        >>> path = Path(tempfile.mkdtemp()) / "figures.csv"
        >>> frame = pd.DataFrame({"x": [1.0, 2.0, 4.0, 8.0] * 10})
        >>> model = WGANGPSynthesizer(epochs=3, random_state=0).fit(frame, callbacks=[CSVTracker(path)])
        >>> list(pd.read_csv(path))[:3]
        ['update', 'critic_loss', 'wasserstein']
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._rows: list[dict[str, Any]] = []
        self._names: list[str] = []

    def _begin(self, progress: Progress) -> None:
        text = _read(self.path, ("update",), "a table of figures")
        self._names, self._rows = ["update"], []
        if text and progress.update:
            lines = csv.reader(io.StringIO(text, newline=""))
            self._names = next(lines)
            rows = [dict(zip(self._names, line, strict=True)) for line in lines]
            self._rows = [row for row in rows if int(row["update"]) <= progress.update]
        self._write()

    def _log(self, update: int, figures: Mapping[str, float], event: Literal["step", "evaluation"]) -> None:
        known, last = set(self._names), self._rows[-1] if self._rows else {}
        same = bool(last) and int(last["update"]) == update
        row: dict[str, Any] = {"update": update, **figures}
        if same:
            last.update(row)
        else:
            self._rows.append(row)
        self._names += [name for name in row if name not in known]
        if same or len(self._names) > len(known):
            self._write()
        else:
            with open(self.path, "a", encoding="utf-8", newline="") as file:
                file.write(_to_csv([row], self._names))

    def _finish(self, update: int, status: Status, error: BaseException | None) -> None:
        """Leave the file as it is: it is whole after each row."""

    def _write(self) -> None:
        header = {name: name for name in self._names}
        replace_file(self.path, _to_csv([header, *self._rows], self._names).encode())


class JSONLTracker(Tracker):
    """Write a line of JSON for each event: `start` with the options, `step`, `evaluation` and `end` with the status.

    Each has `event` and `update`. Files are gone on with and replaced as those of `CSVTracker` are, so that a training
    that was resumed leaves one `start` and one `end`; the status is `"finished"`, `"failed"` or, after a signal,
    `"stopped"`.

    Args:
        path: of the file; one that has other lines is never touched.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def _begin(self, progress: Progress) -> None:
        text = _read(self.path, ('{"event": "start"',), "a training's events")
        kept = _kept_lines(text.splitlines(), progress.update) if progress.update else []
        start = {"updates": progress.updates, "options": plain_options(progress.options)}
        lines = kept or [_to_json("start", progress.update, start)]
        replace_file(self.path, "".join(f"{line}\n" for line in lines).encode())

    def _log(self, update: int, figures: Mapping[str, float], event: Literal["step", "evaluation"]) -> None:
        self._append(_to_json(event, update, figures))

    def _finish(self, update: int, status: Status, error: BaseException | None) -> None:
        told = {} if error is None else {"error": f"{type(error).__name__}: {error}"}
        self._append(_to_json("end", update, {"status": status, **told}))

    def _append(self, line: str) -> None:
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(line + "\n")


def _read(path: Path, beginnings: tuple[str, ...], what: str) -> str:
    """Return a file's whole lines, empty where there is none; refuse a place that is something else's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise OutputExistsError(f"{path} is a directory; give a file to track the training in.")
    text = path.read_bytes().decode(errors="replace") if path.exists() else ""
    if text and not text.startswith(beginnings):
        raise OutputExistsError(f"{path} exists and is not {what}; choose another file to track the training in.")
    return text[: text.rfind("\n") + 1]  # a process that was killed may have left half a line


def _to_csv(rows: Iterable[Mapping[str, Any]], names: list[str]) -> str:
    text = io.StringIO()
    csv.DictWriter(text, names, restval="", lineterminator="\n").writerows(rows)
    return text.getvalue()


def _to_json(event: str, update: int, more: Mapping[str, Any]) -> str:
    return json.dumps({"event": event, "update": update, **more})


def _kept_lines(lines: Iterable[str], update: int) -> list[str]:
    """Return the lines up to an update, without an end."""
    events = [(line, json.loads(line)) for line in lines]
    return [line for line, event in events if event["event"] != "end" and event["update"] <= update]
