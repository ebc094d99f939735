"""Samples in a folder of parts: the rows of `sample`, whatever happened on the way."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wgan_aug import WGANGPSequenceSynthesizer, WGANGPSynthesizer, load
from wgan_aug.errors import InvalidDataError, InvalidParameterError, OutputExistsError, UnknownOptionError
from wgan_aug.synthesizers.conditioning import drawing
from wgan_aug.synthesizers.sequences import drawing as sequence_drawing
from wgan_aug.synthesizers.streams import run
from wgan_aug.synthesizers.streams.manifest import FILE, conditions_to_json

PART, ROWS, PARTS = 40, 230, 6

pytestmark = pytest.mark.filterwarnings("ignore:Taken as identifiers")

SCHEMA = {"id": "identifier", "rare": "categorical"}


@pytest.fixture(scope="module", autouse=True)
def _small_parts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "PART_ROWS", PART)
        yield


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng, n = np.random.default_rng(0), 200
    return pd.DataFrame(
        {
            "id": [f"u-{i:05d}" for i in range(n)],
            "x": rng.normal(size=n),
            "g": rng.choice(["a", "b", "c"], n),
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 90, n), unit="D"),
            "rare": pd.Series([None] * 197 + ["seldom"] * 3, dtype=object),
        }
    )


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> WGANGPSynthesizer:
    return WGANGPSynthesizer(epochs=1, refine=False, schema=SCHEMA, random_state=0).fit(table)


@pytest.fixture(scope="module")
def whole(model: WGANGPSynthesizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninterrupted run; treat it as read-only."""
    return model.sample(ROWS, output=tmp_path_factory.mktemp("whole") / "parts")


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def assert_rows(folder: Path, rows: pd.DataFrame) -> None:
    """The folder has these rows; pandas reads text back as text, whether or not it was in objects."""
    pd.testing.assert_frame_equal(pd.read_parquet(folder), rows.astype({"rare": "str"}))


def assert_refused(call: Callable[[], Any], kind: type[Exception], *messages: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    for message in messages:
        assert message in str(caught.value)


# ---- what is in the parts


def test_the_parts_are_the_sample(model: WGANGPSynthesizer, whole: Path) -> None:
    rows = model.sample(ROWS)
    names = sorted(path.name for path in whole.iterdir())
    assert names == [FILE, *(f"part-{part:08d}.parquet" for part in range(PARTS))]
    assert_rows(whole, rows)
    assert [pq.read_metadata(whole / name).num_rows for name in names[1:]] == [PART] * 5 + [ROWS - 5 * PART]
    assert rows["id"].is_unique


@pytest.mark.parametrize("options", [{"conditions": {"g": {"b", "a"}}}, {"random_state": 5}, {"refine": False}])
def test_options_reach_the_parts(model: WGANGPSynthesizer, options: dict[str, Any], tmp_path: Path) -> None:
    out = model.sample(90, output=str(tmp_path), **options)
    assert out == tmp_path
    assert_rows(out, model.sample(90, **options))


def test_figures_of_conditions_and_filters(table: pd.DataFrame, tmp_path: Path) -> None:
    wider = table.assign(y=table["x"] + np.random.default_rng(1).gamma(2, size=len(table)))
    model = WGANGPSynthesizer(epochs=1, refine=False, constraints=["x < y"], schema=SCHEMA, random_state=0).fit(wider)
    rows = model.sample(60, conditions={"g": "a"})
    filtering, acceptance = model.filtering_, model.acceptance_
    model.sample(60, conditions={"g": "a"}, output=tmp_path)
    assert_rows(tmp_path, rows)
    assert model.filtering_ == filtering
    assert model.acceptance_ == pytest.approx(acceptance, abs=0.1)  # each part looks for itself
    assert 0 < model.acceptance_ < 1


def test_a_column_has_one_type_though_a_part_has_no_value_of_it(model: WGANGPSynthesizer, whole: Path) -> None:
    parts = [pq.read_table(path) for path in sorted(whole.glob("*.parquet"))]
    empty = [part.column("rare").null_count == part.num_rows for part in parts]
    assert any(empty)
    assert {str(part.schema.field("rare").type) for part in parts} == {"string"}


def test_csv(model: WGANGPSynthesizer, tmp_path: Path) -> None:
    out = model.sample(100, output=tmp_path, format="csv")
    texts = [path.read_text() for path in sorted(out.glob("part-*.csv"))]
    header = texts[0].split("\n", 1)[0] + "\n"
    assert header + "".join(text.removeprefix(header) for text in texts) == model.sample(100).to_csv(index=False)


def test_no_rows(model: WGANGPSynthesizer, tmp_path: Path) -> None:
    assert_rows(model.sample(0, output=tmp_path), model.sample(0))


def test_other_containers(table: pd.DataFrame, tmp_path: Path) -> None:
    frame = pl.from_pandas(table.drop(columns="rare"))
    model = WGANGPSynthesizer(epochs=1, refine=False, schema={"id": "identifier"}, random_state=0).fit(frame)
    assert pl.read_parquet(model.sample(90, output=tmp_path / "a") / "*.parquet").equals(model.sample(90))
    array = table[["x"]].to_numpy()
    model = WGANGPSynthesizer(epochs=1, refine=False, random_state=0).fit(np.hstack([array, array**2]))
    assert np.array_equal(pd.read_parquet(model.sample(90, output=tmp_path / "b")).to_numpy(), model.sample(90))


@pytest.mark.filterwarnings("ignore:Column 'mix' mixes types")
def test_columns_that_parquet_cannot_hold(table: pd.DataFrame, tmp_path: Path) -> None:
    mixed = pd.DataFrame({"x": table["x"], "mix": pd.Series([1, "a"] * 100, dtype=object)})
    model = WGANGPSynthesizer(epochs=1, refine=False, random_state=0).fit(mixed)
    assert_refused(lambda: model.sample(400, output=tmp_path / "p"), InvalidDataError, "mix", "format='csv'")
    rows = pd.read_csv(model.sample(9, output=tmp_path / "c", format="csv") / "part-00000000.csv", dtype={"mix": str})
    assert rows["mix"].tolist() == model.sample(9)["mix"].astype(str).tolist()


# ---- runs that are cut off


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(there=st.sets(st.integers(0, PARTS - 1)), left=st.booleans())
def test_any_parts_that_are_there_are_kept(
    model: WGANGPSynthesizer, whole: Path, tmp_path_factory: pytest.TempPathFactory, there: set[int], left: bool
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    names = [FILE, *(f"part-{part:08d}.parquet" for part in there)]
    for name in names:
        (folder / name).write_bytes((whole / name).read_bytes())
    if left:
        (folder / ".part-00000004.parquet.0a1b2c3d").write_bytes(b"half")
    times = {name: (folder / name).stat().st_mtime_ns for name in names}
    told: list[run.PartsDone] = []
    model.sample(ROWS, output=folder, resume=True, on_part=told.append)
    assert bytes_of(folder) == bytes_of(whole)
    assert {name: (folder / name).stat().st_mtime_ns for name in names} == times
    assert [done.parts for done in told] == list(range(len(there), PARTS + 1))


def test_resume_begins_where_nothing_is(model: WGANGPSynthesizer, whole: Path, tmp_path: Path) -> None:
    assert bytes_of(model.sample(ROWS, output=tmp_path / "new" / "er", resume=True)) == bytes_of(whole)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_killed_at_random_moments(model: WGANGPSynthesizer, tmp_path: Path) -> None:
    folder, chance, cuts, rows = tmp_path / "parts", random.Random(0), 0, 60 * PART
    for _ in range(5):
        before = len(list(folder.glob("part-*")))
        child = os.fork()
        if not child:
            with contextlib.suppress(BaseException):
                model.sample(rows, output=folder, resume=True)
            os._exit(0)
        while not os.waitpid(child, os.WNOHANG)[0]:
            if len(list(folder.glob("part-*"))) > before + 2:
                time.sleep(chance.random() * 0.02)
                os.kill(child, signal.SIGKILL)
                cuts += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
                break
            time.sleep(0.001)
    assert cuts
    assert bytes_of(model.sample(rows, output=folder, resume=True)) == bytes_of(
        model.sample(rows, output=tmp_path / "whole")
    )


def test_the_seed_of_a_run_is_its_own(table: pd.DataFrame, tmp_path: Path) -> None:
    model = WGANGPSynthesizer(epochs=1, refine=False, schema=SCHEMA).fit(table)
    first = bytes_of(model.sample(90, output=tmp_path))
    (tmp_path / "part-00000001.parquet").unlink()
    assert bytes_of(model.sample(90, output=tmp_path, resume=True)) == first


def test_a_saved_model_goes_on(model: WGANGPSynthesizer, whole: Path, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / FILE).write_bytes((whole / FILE).read_bytes())
    assert bytes_of(load(tmp_path / "model", device="cpu").sample(ROWS, output=folder, resume=True)) == bytes_of(whole)


def test_a_full_disk(model: WGANGPSynthesizer, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, room = run.replace_file, [2]

    def fill(path: Path, content: bytes) -> None:
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        room[0] -= 1
        write(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(run, "replace_file", fill)
        assert_refused(
            lambda: model.sample(ROWS, output=tmp_path),
            OSError,
            "No space left on device (2 of 6 parts are there, and stay; go on by resume=True, or --resume)",
            str(tmp_path),
        )
    assert len(list(tmp_path.iterdir())) == 3
    assert bytes_of(model.sample(ROWS, output=tmp_path, resume=True)) == bytes_of(whole)


# ---- what is refused


def test_a_run_that_is_there(model: WGANGPSynthesizer, tmp_path: Path) -> None:
    model.sample(90, output=tmp_path)
    before = bytes_of(tmp_path)
    (tmp_path / "part-00000002.parquet").unlink()
    assert_refused(
        lambda: model.sample(90, output=tmp_path),
        OutputExistsError,
        "holds a sample of 90, of which 2 of 3 parts are there",
        "resume=True (--resume)",
        "force=True (--force)",
    )
    assert len(bytes_of(tmp_path)) == len(before) - 1


def test_each_difference_is_named(model: WGANGPSynthesizer, table: pd.DataFrame, tmp_path: Path) -> None:
    model.sample(90, output=tmp_path, conditions={"g": "a"})
    before = bytes_of(tmp_path)
    other = WGANGPSynthesizer(epochs=1, refine=False, schema=SCHEMA, random_state=1).fit(table)
    assert_refused(
        lambda: other.sample(95, output=tmp_path, random_state=3, resume=True, format="csv"),
        InvalidParameterError,
        "5 problems: (1) n is 95, and was 90. (2) seed is 3, and was 0. (3) format is 'csv', and was 'parquet'.",
        "(4) the model's fingerprint is ",
        "(5) conditions is [], and was [['g', ['a']]].",
    )
    assert bytes_of(tmp_path) == before


def test_force_removes_what_the_manifest_lists(model: WGANGPSynthesizer, tmp_path: Path) -> None:
    model.sample(ROWS, output=tmp_path)
    (tmp_path / "_notes").write_text("mine")
    model.sample(90, output=tmp_path, force=True, format="csv", random_state=7)
    names = sorted(bytes_of(tmp_path))
    assert names == [FILE, "_notes", *(f"part-{part:08d}.csv" for part in range(3))]


@pytest.mark.parametrize("options", [{}, {"force": True}, {"resume": True}])
def test_other_files_in_the_folder(model: WGANGPSynthesizer, options: dict[str, bool], tmp_path: Path) -> None:
    model.sample(90, output=tmp_path / "run")
    for folder, name in ((tmp_path / "run", "part-00000077.parquet"), (tmp_path / "mine", "thesis.txt")):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text("mine")
        before = bytes_of(folder)
        if options or name == "thesis.txt":
            assert_refused(lambda f=folder: model.sample(90, output=f, **options), OutputExistsError, name)
        assert bytes_of(folder) == before


def test_a_manifest_that_is_none(model: WGANGPSynthesizer, tmp_path: Path) -> None:
    for text in ("{}", "[]", "no json", '{"format": "wgan-aug sample", "format_version": 99, "asked": {}}'):
        (tmp_path / FILE).write_text(text)
        for options in ({}, {"force": True}, {"resume": True}):
            assert_refused(lambda o=options: model.sample(9, output=tmp_path, **o), OutputExistsError, "is no manifest")
        assert bytes_of(tmp_path) == {FILE: text.encode()}


@pytest.mark.skipif(os.name == "nt", reason="no locks of files")
def test_two_runs_into_one_folder(model: WGANGPSynthesizer, whole: Path, tmp_path: Path) -> None:
    def intrude(done: run.PartsDone) -> None:
        assert_refused(lambda: model.sample(ROWS, output=tmp_path, resume=True), OutputExistsError, "Another run")

    assert bytes_of(model.sample(ROWS, output=tmp_path, on_part=intrude)) == bytes_of(whole)


def test_options_that_do_not_go(model: WGANGPSynthesizer, table: pd.DataFrame, tmp_path: Path) -> None:
    def sample(**options: Any) -> Callable[[], Any]:
        return lambda: model.sample(9, **options)

    folder = tmp_path / "new"
    assert_refused(sample(output=folder, resum=True), UnknownOptionError, "no option 'resum'. Did you mean 'resume'?")
    assert_refused(sample(resume=True), InvalidParameterError, "resume goes with output=")
    assert_refused(sample(output=folder, resume=True, force=True), InvalidParameterError, "give one of them")
    assert_refused(sample(output=folder, force="yes"), InvalidParameterError, "force is 'yes'")
    assert_refused(sample(output=tmp_path / "a.parquet"), InvalidParameterError, "reads like a file")
    assert_refused(sample(output=folder, format="xls"), InvalidParameterError, "'xls'; allowed are 'parquet', 'csv'")
    frame = table[["g"]].head(9)
    assert_refused(sample(output=folder, conditions=frame), InvalidParameterError, "conditions is a DataFrame")
    assert list(tmp_path.iterdir()) == []
    folder.write_text("mine")
    assert_refused(sample(output=folder), OutputExistsError, "is a file; parts go into a folder")


@given(st.permutations(["a", "b", None, 3]), st.booleans())
def test_equal_conditions_are_one_text(members: list[Any], as_set: bool) -> None:
    one = conditions_to_json({"g": set(members) if as_set else members, "x": (0, None)})
    assert one == conditions_to_json({"x": [(0, None)], "g": [3, None, "b", "a"]})
    assert one != conditions_to_json({"x": (0, None), "g": ["3", None, "b", "a"]})


# ---- sequences


@pytest.fixture(scope="module")
def series() -> WGANGPSequenceSynthesizer:
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 6, 60)
    frame = pd.DataFrame(
        {
            "who": np.repeat([f"p{i:04d}" for i in range(60)], lengths),
            "ward": np.repeat(rng.choice(["n", "s"], 60), lengths),
            "step": np.concatenate([np.arange(n) for n in lengths]),
            "pulse": rng.normal(size=lengths.sum()),
        }
    )
    return WGANGPSequenceSynthesizer(
        sequence_key="who", sequence_index="step", epochs=1, preset="fast", random_state=0
    ).fit(frame)


@pytest.fixture
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequence_drawing, "PART_STEPS", 25)
    monkeypatch.setattr(sequence_drawing, "BLOCK", 12)


@pytest.mark.usefixtures("_small_blocks")
@pytest.mark.parametrize("conditions", [None, {"ward": "n"}])
def test_sequences(series: WGANGPSequenceSynthesizer, conditions: dict[str, str] | None, tmp_path: Path) -> None:
    rows = series.sample(33, conditions=conditions)
    out = series.sample(33, conditions=conditions, output=tmp_path)
    pd.testing.assert_frame_equal(pd.read_parquet(out), rows)
    assert rows["who"].nunique() == 33
    assert len(list(out.glob("part-*"))) == 7
    before = bytes_of(out)
    for part in (0, 4, 6):
        (out / f"part-{part:08d}.parquet").unlink()
    assert bytes_of(series.sample(33, conditions=conditions, output=out, resume=True)) == before


@pytest.mark.usefixtures("_small_blocks")
def test_arrays_are_rows_with_numbers(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    model = WGANGPSequenceSynthesizer(layout="nct", epochs=1, random_state=0)
    model.fit(rng.normal(size=(20, 2, 5)), np.array(["u", "v"] * 10))
    arrays, labels = model.sample(13)
    rows = pd.read_parquet(model.sample(13, output=tmp_path))
    assert rows["sequence"].tolist() == list(np.repeat(range(13), 5))
    assert np.array_equal(rows[["x0", "x1"]].to_numpy().reshape(13, 5, 2).transpose(0, 2, 1), arrays)
    assert rows["y"].tolist() == list(np.repeat(labels, 5))
