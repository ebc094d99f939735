"""CSV and JSONL: what is in them, how they go on, what they never touch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from wgan_aug import Callback, CSVTracker, JSONLTracker, Progress, WGANGPSynthesizer
from wgan_aug.errors import DataWarning, OutputExistsError

FIGURES = {"generator_loss": 1.5, "critic_loss": 0.25}


def steps(tracker: Callback, updates: list[int], first: int = 0, error: BaseException | None = None) -> None:
    """Have a tracker hear of a training from one update on."""
    tracker.on_start(Progress(first, 500, options={"loss": "wgan-gp"}))
    for update in updates:
        tracker.on_step(Progress(update, 500, FIGURES | {"critic_loss": float(update)}))
    tracker.on_end(Progress(updates[-1] if updates else first, 500, error=error))


def events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_table_has_the_figures_of_the_history_and_the_scores(
    tmp_path: Path, frame: pd.DataFrame, judged: WGANGPSynthesizer
) -> None:
    path = tmp_path / "deep" / "figures.csv"
    judged.fit(frame, callbacks=[CSVTracker(path)])
    table = pd.read_csv(path)
    assert table["update"].tolist() == [50, 100, 130]
    history = judged.history_.drop(columns="update")
    means = [history.iloc[:50].mean(), history.iloc[50:100].mean(), history.iloc[100:].mean()]
    pd.testing.assert_frame_equal(table[list(history)], pd.DataFrame(means), check_names=True)
    scores = judged.evaluations_.drop(columns=["update", "chosen"])
    pd.testing.assert_frame_equal(table[list(scores)], scores, check_dtype=False)


def test_lines_tell_options_events_and_the_end(tmp_path: Path, frame: pd.DataFrame, judged: WGANGPSynthesizer) -> None:
    path = tmp_path / "events.jsonl"
    judged.fit(frame, callbacks=[JSONLTracker(path)])
    found = events(path)
    assert [line["event"] for line in found] == ["start", *["step", "evaluation"] * 3, "end"]
    assert found[-1] == {"event": "end", "update": 130, "status": "finished"}
    options = found[0]["options"]
    assert options["synthesizer"] == "WGANGPSynthesizer"
    assert (options["batch_size"], options["updates"], options["rows"]) == (20, 130, 80)
    assert (options["learning_rate"], options["n_critic"]) == (0.004, 1)  # what the preset has where nothing is given
    assert [line["score"] for line in found if line["event"] == "evaluation"] == judged.evaluations_["score"].tolist()


def test_a_resumed_training_drops_what_came_after_and_goes_on(tmp_path: Path) -> None:
    table, lines = tmp_path / "a.csv", tmp_path / "a.jsonl"
    for tracker in (CSVTracker(table), JSONLTracker(lines)):
        steps(tracker, [50, 100, 150], error=KeyboardInterrupt())
    assert events(lines)[-1]["status"] == "stopped"
    for tracker in (CSVTracker(table), JSONLTracker(lines)):
        steps(tracker, [150, 200], first=100)
    whole = tmp_path / "whole.csv", tmp_path / "whole.jsonl"
    for tracker in (CSVTracker(whole[0]), JSONLTracker(whole[1])):
        steps(tracker, [50, 100, 150, 200])
    assert table.read_text() == whole[0].read_text()
    assert lines.read_text() == whole[1].read_text()


def test_files_of_a_training_that_was_cut_off_and_resumed_are_those_of_a_whole_one(
    tmp_path: Path, frame: pd.DataFrame, judged: WGANGPSynthesizer
) -> None:
    class Cut(Callback):
        def on_step(self, progress: Progress) -> None:
            if progress.update == 100:
                raise KeyboardInterrupt

    def trackers(name: str) -> list[Callback]:
        return [CSVTracker(tmp_path / f"{name}.csv"), JSONLTracker(tmp_path / f"{name}.jsonl")]

    judged.fit(frame, callbacks=trackers("whole"))
    with pytest.raises(KeyboardInterrupt):
        judged.fit(frame, callbacks=[*trackers("cut"), Cut()], checkpoint=tmp_path / "kept", every=1e6)
    assert events(tmp_path / "cut.jsonl")[-1]["status"] == "stopped"
    judged.fit(frame, callbacks=trackers("cut"), checkpoint=tmp_path / "kept", every=1e6, resume=True)
    assert [line["event"] for line in events(tmp_path / "cut.jsonl")].count("start") == 1
    steps_of = [
        [line for line in events(tmp_path / f"{name}.jsonl") if line["event"] == "step"] for name in ("cut", "whole")
    ]
    assert steps_of[0] == steps_of[1]
    figures = ["update", "wasserstein", "generator_loss"]
    cut, whole = (pd.read_csv(tmp_path / f"{name}.csv")[figures] for name in ("cut", "whole"))
    pd.testing.assert_frame_equal(cut, whole)


def test_a_line_that_was_cut_off_is_dropped(tmp_path: Path) -> None:
    table, lines = tmp_path / "a.csv", tmp_path / "a.jsonl"
    for tracker in (CSVTracker(table), JSONLTracker(lines)):
        steps(tracker, [50, 100])
    table.write_text(table.read_text()[:-5])
    lines.write_text("".join(f"{line}\n" for line in lines.read_text().splitlines()[:-1])[:-9])
    for tracker in (CSVTracker(table), JSONLTracker(lines)):
        steps(tracker, [150], first=100)
    assert pd.read_csv(table)["update"].tolist() == [50, 150]
    assert [line["update"] for line in events(lines)] == [0, 50, 150, 150]


def test_another_training_begins_anew(tmp_path: Path) -> None:
    table, lines = tmp_path / "a.csv", tmp_path / "a.jsonl"
    for tracker in (CSVTracker(table), JSONLTracker(lines)):
        steps(tracker, [50, 100])
        steps(tracker, [60])
    assert pd.read_csv(table)["update"].tolist() == [60]
    assert [line["event"] for line in events(lines)] == ["start", "step", "end"]


def test_an_error_is_told(tmp_path: Path) -> None:
    steps(JSONLTracker(tmp_path / "a.jsonl"), [50], error=ValueError("a loss is nan"))
    assert events(tmp_path / "a.jsonl")[-1] == {
        "event": "end",
        "update": 50,
        "status": "failed",
        "error": "ValueError: a loss is nan",
    }


@pytest.mark.parametrize("kind", [CSVTracker, JSONLTracker])
def test_a_file_of_the_user_is_never_touched(tmp_path: Path, frame: pd.DataFrame, kind: Any) -> None:
    path = tmp_path / "data.csv"
    frame.to_csv(path, index=False)
    before = path.read_bytes()
    with pytest.raises(OutputExistsError, match=r"data\.csv exists and is not .*; choose another file"):
        steps(kind(path), [])
    with pytest.raises(OutputExistsError, match="is a directory; give a file"):
        steps(kind(tmp_path), [])
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", [CSVTracker, JSONLTracker])
def test_a_place_that_is_lost_ends_tracking_and_not_the_training(tmp_path: Path, kind: Any) -> None:
    tracker = kind(tmp_path / "deep" / "a")
    tracker.on_start(Progress(0, 500))
    (tmp_path / "deep" / "a").unlink()
    (tmp_path / "deep").rmdir()
    with pytest.warns(DataWarning, match=rf"{kind.__name__} stopped tracking at update 50, and the training goes on"):
        tracker.on_step(Progress(50, 500, FIGURES))
    tracker.on_step(Progress(100, 500, FIGURES))
    tracker.on_end(Progress(100, 500))
    assert list(tmp_path.iterdir()) == []
