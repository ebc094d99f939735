"""Trainings kept in a folder, cut off at any moment, and gone on with."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.listening import Listening
from wgan_aug import WGANGPSequenceSynthesizer, WGANGPSynthesizer
from wgan_aug.errors import InvalidParameterError, ModelFormatError, OutputExistsError
from wgan_aug.synthesizers import checkpoints
from wgan_aug.synthesizers.checkpoints import has_ended, open_checkpoints
from wgan_aug.training.callbacks import Progress


def people(rows: int = 300, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"age": rng.integers(18, 90, rows), "pay": rng.normal(size=rows), "sex": rng.choice(list("fm"), rows)}
    )


class Cut(Exception):
    """What ends a training in the middle."""


def cut_at(update: int) -> Listening:
    def hear(progress: Progress) -> None:
        if progress.update >= update:
            raise Cut

    return Listening(hear)


def table(**options: Any) -> WGANGPSynthesizer:
    return WGANGPSynthesizer(**{"epochs": 60, "batch_size": 150, "refine": False, "random_state": 0} | options)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def saved(model: Any, place: Path) -> dict[str, bytes]:
    model.save(place)
    return files(place)


# ---- the same model


JUDGED = {"early_stopping": True, "evaluate_every": 20, "patience": 50}


@pytest.mark.parametrize("options", [{}, {"balance": 0.5, "target": "sex"}, JUDGED])
def test_a_table_that_is_resumed_gives_the_same_model(tmp_path: Path, options: dict[str, Any]) -> None:
    folder, frame = tmp_path / "kept", people()
    whole = saved(table(**options).fit(frame), tmp_path / "whole")
    with pytest.raises(Cut):
        table(**options).fit(frame, callbacks=[cut_at(100)], checkpoint=folder, every=1e-9)
    assert not has_ended(folder)
    heard: list[int] = []
    hear = Listening(lambda progress: heard.append(progress.update))
    resumed = table(**options).fit(frame, callbacks=[hear], checkpoint=folder, resume=True)
    assert heard[0] == 100
    assert saved(resumed, tmp_path / "resumed") == whole
    assert has_ended(folder)
    again = table(**options).fit(frame, callbacks=[hear], checkpoint=folder, resume=True)
    assert heard[-1] == heard[-2] == resumed.updates_  # heard at the start alone: nothing was trained
    assert saved(again, tmp_path / "again") == whole


def test_sequences_with_static_columns_are_resumed_in_both_trainings(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"id": np.repeat(np.arange(60), 8), "t": np.tile(np.arange(8), 60), "x": rng.normal(size=480)})
    frame["place"], frame["size"] = np.repeat(rng.choice(list("ab"), 60), 8), np.repeat(rng.normal(size=60), 8)

    def new() -> WGANGPSequenceSynthesizer:
        return WGANGPSequenceSynthesizer(sequence_key="id", sequence_index="t", epochs=100, random_state=0)

    folder = tmp_path / "kept"
    whole = saved(new().fit(frame), tmp_path / "whole")
    with pytest.raises(Cut):
        new().fit(frame, callbacks=[cut_at(50)], checkpoint=folder)
    assert has_ended(folder / "statics")
    assert not has_ended(folder)
    resumed = new().fit(frame, checkpoint=folder, resume=True)
    assert saved(resumed, tmp_path / "resumed") == whole


def test_without_a_seed_the_kept_one_is_gone_on_with(tmp_path: Path) -> None:
    folder, frame = tmp_path / "kept", people()
    with pytest.raises(Cut):
        table(random_state=None).fit(frame, callbacks=[cut_at(100)], checkpoint=folder)
    one = tmp_path / "copy"
    shutil.copytree(folder, one)
    models = [table(random_state=None).fit(frame, checkpoint=place, resume=True) for place in (folder, one)]
    assert models[0].seed_ == models[1].seed_
    assert saved(models[0], tmp_path / "a") == saved(models[1], tmp_path / "b")


def test_resuming_where_nothing_is_begins(tmp_path: Path) -> None:
    model = table(epochs=2).fit(people(), checkpoint=tmp_path / "new" / "kept", resume=True)
    assert model.updates_ == 4
    assert [p.name for p in (tmp_path / "new" / "kept").glob("checkpoint-*")] == ["checkpoint-00000001"]


SCRIPT = """
import sys, pandas as pd
from wgan_aug import WGANGPSynthesizer
frame = pd.read_csv(sys.argv[1])
model = WGANGPSynthesizer(epochs=60, batch_size=150, random_state=0, refine=False)
model.fit(frame, checkpoint=sys.argv[2], every=0.02, resume=True)
model.save(sys.argv[3])
"""


def test_a_process_that_is_killed_at_any_moment_is_gone_on_with(tmp_path: Path) -> None:
    """SIGKILL at the first write and later, then to the end: the bytes of an uninterrupted run."""
    people().to_csv(tmp_path / "data.csv", index=False)
    frame = pd.read_csv(tmp_path / "data.csv")
    whole = saved(table().fit(frame), tmp_path / "whole")
    folder = tmp_path / "kept"
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "data.csv"), str(folder), str(tmp_path / "model")]
    moments = (0.01, 0.3)
    for moment in moments:
        known = set(os.listdir(folder)) if folder.exists() else set()
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        while process.poll() is None and not (folder.exists() and set(os.listdir(folder)) - known):
            time.sleep(0.005)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        assert process.communicate()[1] == b""
    subprocess.run(command, check=True)
    assert files(tmp_path / "model") == whole
    assert len(list(folder.glob("checkpoint-*"))) == 1
    assert not list(folder.glob(".*"))


# ---- what is refused


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A folder with a training that was cut off."""
    folder = tmp_path / "begun"
    with pytest.raises(Cut):
        table().fit(people(), callbacks=[cut_at(50)], checkpoint=folder)
    return folder


def test_a_training_is_not_overwritten(begun: Path) -> None:
    before = {path.name: files(path) for path in begun.glob("checkpoint-*")}
    with pytest.raises(OutputExistsError, match=r"keeps a training already: go on with it by resume=True \(--resume\)"):
        table().fit(people(), checkpoint=begun)
    assert {path.name: files(path) for path in begun.glob("checkpoint-*")} == before


def test_other_options_are_named_each(begun: Path) -> None:
    with pytest.raises(ModelFormatError) as error:
        table(epochs=61, gp_weight=2.0).fit(people(), checkpoint=begun, resume=True)
    assert "keeps another training: epochs was 60 and is 61; gp_weight was None and is 2.0. Resume with" in str(
        error.value
    )


def test_other_rows_are_told(begun: Path) -> None:
    with pytest.raises(ModelFormatError, match=r"its data were 300 rows of \d+ features \(\w{8}\), and these are 301"):
        table().fit(people(301), checkpoint=begun, resume=True)
    with pytest.raises(ModelFormatError, match=r"its data were 300 rows .* and these are 300 rows"):
        table().fit(people(seed=1), checkpoint=begun, resume=True)


def test_another_version_is_told(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wgan_aug.synthesizers.running.metadata.version", lambda name: "99.0")
    with pytest.raises(ModelFormatError, match=r"it was begun with wgan-aug [\d.]+, and this is 99\.0"):
        table().fit(people(), checkpoint=begun, resume=True)


def test_options_that_change_nothing_may_differ(begun: Path) -> None:
    assert table(verbose=0, device="cpu").fit(people(), checkpoint=begun, resume=True).updates_ == 120


@pytest.mark.parametrize("harm", ["truncated", "empty", "foreign"])
def test_a_damaged_checkpoint_is_refused_and_left_as_it_is(begun: Path, harm: str) -> None:
    (checkpoint,) = begun.glob("checkpoint-*")
    if harm == "truncated":
        arrays = checkpoint / "arrays.safetensors"
        arrays.write_bytes(arrays.read_bytes()[:-100])
    elif harm == "empty":
        (checkpoint / "model.json").unlink()
    else:
        shutil.rmtree(checkpoint)
        table(epochs=1).fit(people()).save(checkpoint)
    before = files(checkpoint)
    with pytest.raises(ModelFormatError, match=r"damaged|no model.json|is no checkpoint, but holds a 'WGANGPSynth"):
        table().fit(people(), checkpoint=begun, resume=True)
    assert files(checkpoint) == before


def test_a_folder_of_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(OutputExistsError, match=r"has files that are no checkpoints \(letter\.txt\)"):
        table().fit(people(), checkpoint=tmp_path, resume=True)
    with pytest.raises(OutputExistsError, match=r"letter\.txt is a file"):
        table().fit(people(), checkpoint=tmp_path / "letter.txt")


def test_two_trainings_in_one_folder_are_refused(tmp_path: Path) -> None:
    with open_checkpoints(tmp_path, 1.0, resume=False):  # noqa: SIM117
        with pytest.raises(OutputExistsError, match="Another training is writing to"):
            table().fit(people(), checkpoint=tmp_path, resume=True)
    table(epochs=1).fit(people(), checkpoint=tmp_path, resume=True)


def test_options_of_a_run_are_checked(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameterError, match="resume is True, but there is no checkpoint"):
        table().fit(people(), resume=True)
    with pytest.raises(InvalidParameterError, match="every is 0; it must be a number above 0"):
        table().fit(people(), checkpoint=tmp_path, every=0)
    with pytest.raises(InvalidParameterError, match=r"callbacks has .*; each is an instance of a subclass of"):
        table().fit(people(), callbacks=[print])  # type: ignore[list-item]
    for limit in ("soon", -1, 0, "0s"):
        with pytest.raises(InvalidParameterError, match=r"max_time is .*; give seconds above 0, or text such as"):
            table(max_time=limit).fit(people())


def test_a_full_disk_ends_training_and_keeps_the_last_checkpoint(
    begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [path.name for path in begun.glob("checkpoint-*")]

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "write_folder", full)
    with pytest.raises(OSError, match="No space left"):
        table().fit(people(), checkpoint=begun, every=1e-9, resume=True)
    monkeypatch.undo()
    assert [path.name for path in begun.glob("checkpoint-*")] == before
    whole = saved(table().fit(people()), tmp_path / "whole")
    assert saved(table().fit(people(), checkpoint=begun, resume=True), tmp_path / "model") == whole


# ---- early stopping and time, through the face


def test_early_stopping_keeps_the_best_and_says_so(tmp_path: Path) -> None:
    model = table(early_stopping=True, evaluate_every=20, patience=2).fit(people(600))
    told = model.evaluations_
    assert told.columns.tolist() == ["update", "score", "sliced_wasserstein", "dcr_share", "chosen"]
    assert told["chosen"].sum() == 1
    assert told["chosen"].idxmax() == told["score"].idxmin()
    assert told["score"].between(0, 0.5).all()
    model.save(tmp_path / "model")
    pd.testing.assert_frame_equal(WGANGPSynthesizer.load(tmp_path / "model").evaluations_, told)
    assert table(epochs=1).fit(people()).evaluations_.empty


def test_too_few_rows_to_hold_some_out() -> None:
    with pytest.raises(ValueError, match=r"early_stopping holds out 10 of 100 rows \(validation_fraction=0.1\)"):
        table(early_stopping=True, batch_size=50).fit(people(100))


def test_max_time_ends_a_training() -> None:
    model = table(epochs=None, preset="best", max_time="1s").fit(people())
    assert 0 < model.updates_ < model.plan_.settings.updates
    assert model.plan_.settings.max_seconds == 1.0
