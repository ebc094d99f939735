"""Samples of a model while it trains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wgan_aug import Progress, SampleSnapshots, WGANGPSequenceSynthesizer, WGANGPSynthesizer
from wgan_aug.errors import InvalidParameterError, OutputExistsError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_samples_are_written_on_the_way_and_training_does_not_notice(
    tmp_path: Path, frame: pd.DataFrame, model: WGANGPSynthesizer
) -> None:
    plain = model.fit(frame).sample(20)
    again = model.fit(frame, callbacks=[SampleSnapshots(tmp_path / "s", every=60, rows=20)])
    assert names(tmp_path / "s") == [f"sample-{update:08d}.csv" for update in (100, 130)]
    pd.testing.assert_frame_equal(again.sample(20), plain)
    last = pd.read_csv(tmp_path / "s" / "sample-00000130.csv")
    pd.testing.assert_frame_equal(last, again.sample(20))  # of the finished model, which refines nothing
    first = pd.read_csv(tmp_path / "s" / "sample-00000100.csv")
    assert list(first) == list(frame)
    assert not first.equals(last)


def test_parquet_keeps_dtypes(tmp_path: Path, frame: pd.DataFrame, model: WGANGPSynthesizer) -> None:
    model.fit(frame, callbacks=[SampleSnapshots(tmp_path, every=1000, rows=5, format="parquet")])
    assert names(tmp_path) == ["sample-00000130.parquet"]
    assert pd.read_parquet(tmp_path / "sample-00000130.parquet").dtypes.equals(frame.dtypes)


def test_sequences_are_rows_with_their_steps(tmp_path: Path) -> None:
    series = np.random.default_rng(0).normal(size=(30, 8, 2))
    model = WGANGPSequenceSynthesizer(layout="ntc", epochs=1, random_state=0, device="cpu")
    model.fit(series, callbacks=[SampleSnapshots(tmp_path, rows=3)])
    (path,) = tmp_path.iterdir()
    sample = pd.read_csv(path)
    assert list(sample)[:2] == ["sequence", "step"]
    assert sample.shape == (24, 4)


def test_only_samples_of_updates_to_come_are_replaced(tmp_path: Path) -> None:
    for update in (50, 100, 150):
        (tmp_path / f"sample-{update:08d}.csv").write_text("x\n")
    (tmp_path / "sample-mine.csv").write_text("x\n")
    SampleSnapshots(tmp_path).on_start(Progress(100, 200))
    assert names(tmp_path) == ["sample-00000050.csv", "sample-00000100.csv", "sample-mine.csv"]


def test_a_failed_training_leaves_no_last_sample(tmp_path: Path, frame: pd.DataFrame) -> None:
    snapshots = SampleSnapshots(tmp_path)
    snapshots.on_start(Progress(0, 100))
    snapshots.on_end(Progress(50, 100, sample=frame.head, error=ValueError()))
    assert names(tmp_path) == []
    snapshots.on_end(Progress(100, 100, sample=frame.head))
    assert names(tmp_path) == ["sample-00000100.csv"]


def test_bad_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameterError, match=r"every is 0; .*rows is 'many'"):
        SampleSnapshots(tmp_path, every=0, rows="many")  # type: ignore[arg-type]
    with pytest.raises(InvalidParameterError, match=r"format is .cvs.; .*Did you mean .csv."):
        SampleSnapshots(tmp_path, format="cvs")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputExistsError, match="is a file; samples need a folder"):
        SampleSnapshots(tmp_path / "file").on_start(Progress(0, 100))
