"""Samples drawn by the workers of a real Dask cluster of two processes."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster

from wgan_aug import WGANGPSequenceSynthesizer, WGANGPSynthesizer
from wgan_aug.errors import ClusterError, InvalidParameterError, MissingExtraError
from wgan_aug.synthesizers import cluster
from wgan_aug.synthesizers.conditioning import drawing
from wgan_aug.synthesizers.streams.run import PartsDone

ROWS, PART = 3_000, 150


@pytest.fixture(scope="module", autouse=True)
def _small_parts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "PART_ROWS", PART)
        yield


@pytest.fixture(scope="module")
def two_workers() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as running:
        yield running


@pytest.fixture(scope="module")
def model() -> WGANGPSynthesizer:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=100), "g": rng.choice(["a", "b"], 100)})
    return WGANGPSynthesizer(epochs=1, refine=False, random_state=0).fit(frame)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.skipif(os.name == "nt", reason="kill -9")
def test_a_worker_that_is_killed(model: WGANGPSynthesizer, two_workers: LocalCluster, tmp_path: Path) -> None:
    victim = next(iter(two_workers.workers.values())).pid
    told: list[int] = []

    def kill(done: PartsDone) -> None:
        told.append(done.parts)
        if done.parts == 3:
            os.kill(victim, signal.SIGKILL)

    address: Any = two_workers.scheduler_address
    model.sample(ROWS, output=tmp_path / "apart", scheduler=address, on_part=kill)
    model.sample(ROWS, output=tmp_path / "here")
    assert told == list(range(ROWS // PART + 1))
    assert bytes_of(tmp_path / "apart") == bytes_of(tmp_path / "here")


def test_conditions(model: WGANGPSynthesizer, two_workers: LocalCluster, tmp_path: Path) -> None:
    model.sample(2 * PART, output=tmp_path / "apart", conditions={"g": "a"}, scheduler=two_workers.scheduler_address)
    acceptance = model.acceptance_
    model.sample(2 * PART, output=tmp_path / "here", conditions={"g": "a"})
    assert bytes_of(tmp_path / "apart") == bytes_of(tmp_path / "here")
    assert 0 < model.acceptance_ == acceptance < 1


def test_sequences_and_resume(two_workers: LocalCluster, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(20, 6, 2))
    model = WGANGPSequenceSynthesizer(layout="ntc", epochs=1, random_state=0).fit(x)
    with Client(two_workers, set_as_default=False) as client:
        model.sample(50, output=tmp_path / "apart", scheduler=client, format="csv")
        assert client.status == "running"
        (tmp_path / "apart" / "part-00000000.csv").unlink()
        model.sample(50, output=tmp_path / "apart", scheduler=client, format="csv", resume=True)
    assert bytes_of(tmp_path / "apart") == bytes_of(model.sample(50, output=tmp_path / "here", format="csv"))


def test_tasks_and_their_errors(two_workers: LocalCluster) -> None:
    with Client(two_workers, set_as_default=False) as client:
        assert sorted(cluster.work_through(client, pow, 2, range(40))) == [2**task for task in range(40)]
        assert list(cluster.work_through(client, pow, 2, [])) == []
        with pytest.raises(ZeroDivisionError):
            list(cluster.work_through(client, divmod, 2, [1, 0]))


def test_no_worker_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "ALONE", 0.2)
    monkeypatch.setattr(cluster, "LOOK", 0.1)
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty,
        Client(empty, set_as_default=False) as client,
        pytest.raises(ClusterError, match="has had no worker for 0 s; start some with 'dask worker'"),
    ):
        list(cluster.work_through(client, pow, 2, [1]))


def test_schedulers_that_do_not_answer(
    model: WGANGPSynthesizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "ANSWER", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute, socket.create_server(("127.0.0.1", 0)) as gone:
        silent, absent = (f"tcp://127.0.0.1:{s.getsockname()[1]}" for s in (mute, gone))
        gone.close()
        for address, reason in ((silent, "silence"), (absent, ""), ("nonsense", "missing port"), ("x://a:1", "scheme")):
            with pytest.raises(InvalidParameterError, match=f"scheduler '{address}' does not answer .*{reason}"):
                model.sample(9, output=tmp_path, scheduler=address, resume=True)
    assert [path.name for path in tmp_path.iterdir()] == ["_manifest.json"]


def test_without_dask(model: WGANGPSynthesizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r'pip install "wgan-aug\[dask\]"'):
        model.sample(9, output=tmp_path, scheduler="tcp://127.0.0.1:8786")


def test_workers_that_do_not_see_the_folder(
    model: WGANGPSynthesizer, two_workers: LocalCluster, tmp_path: Path
) -> None:
    hidden = tmp_path / "parts"

    def move(done: PartsDone) -> None:
        hidden.rename(tmp_path / "elsewhere")

    with pytest.raises(ClusterError, match=r"A Dask worker does not see .* a folder that all machines share"):
        model.sample(9, output=hidden, scheduler=two_workers.scheduler_address, on_part=move)
