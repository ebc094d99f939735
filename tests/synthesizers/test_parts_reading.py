"""Tables in parts: the same model as of the whole table, and what differs where memory does not hold it."""

from __future__ import annotations

import datetime as dt
import decimal
import filecmp
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as pds
import pyarrow.parquet as pq
import pytest
import torch
from distributed import LocalCluster

from wgan_aug import WGANGPSynthesizer, load
from wgan_aug.encoding.streaming import mapped
from wgan_aug.encoding.streaming.files import PartFiles
from wgan_aug.encoding.streaming.mapped import CodesFile, MappedCodes, record_of
from wgan_aug.encoding.table import TableEncoder
from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError, TrainingError
from wgan_aug.schema.inference import infer_schema
from wgan_aug.schema.layout import TableLayout
from wgan_aug.synthesizers import parts_reading
from wgan_aug.synthesizers.parts_reading import PartRows, opened
from wgan_aug.training.data import DeviceTable, RevealingTable
from wgan_aug.training.devices import new_generator
from wgan_aug.training.mapped import MappedTable

ROWS, SAMPLED = 3000, 500
CPU = torch.device("cpu")


def make(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Return mixed columns; `country` follows from `city`, and `gross` is the sum of `net` and `tax`."""
    rng = np.random.default_rng(seed)
    city = (rng.zipf(1.6, rows) - 1) % 40
    net, tax = rng.integers(1, 10_000, rows), rng.integers(0, 900, rows)
    return pd.DataFrame(
        {
            "city": [f"city {k}" for k in city],
            "country": np.array(["at", "be", "cy"])[city % 3],
            "net": net,
            "tax": tax,
            "gross": net + tax,
            "score": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
            "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 500, rows), "D"),
            "y": rng.random(rows) < 0.1,
        }
    )


def write(folder: Path, frame: pd.DataFrame, parts: int = 4) -> Path:
    folder.mkdir(exist_ok=True)
    for number, rows in enumerate(np.array_split(np.arange(len(frame)), parts)):
        frame.iloc[rows].reset_index(drop=True).to_parquet(folder / f"{number}.parquet")
    return folder


def quick(**options: Any) -> WGANGPSynthesizer:
    return WGANGPSynthesizer(**{"epochs": 1, "random_state": 0, "preset": "fast", "refine": False} | options)


def assert_same_files(one: WGANGPSynthesizer, other: WGANGPSynthesizer, folder: Path) -> None:
    one.save(folder / "one")
    other.save(folder / "other")
    names = [path.name for path in (folder / "one").iterdir()]
    same, different, odd = filecmp.cmpfiles(folder / "one", folder / "other", names, shallow=False)
    assert (sorted(same), different, odd) == (sorted(names), [], [])


@pytest.fixture
def small_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_reading, "SAMPLE_ROWS", SAMPLED)


@pytest.fixture
def few_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers have too many values for witnesses."""
    monkeypatch.setattr("wgan_aug.encoding.streaming.columns.LEVELS", 64)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary folders."""
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


# ---- few rows: the same model


@pytest.mark.parametrize(
    "options",
    [{"refine": True}, {"balance": 0.5, "target": "y"}, {"reject_copies": True, "constraints": ["net <= gross"]}],
)
def test_parts_and_whole_table_give_the_same_bytes(options: dict[str, Any], tmp_path: Path, scratch: Path) -> None:
    frame = make(400 if options.get("refine") else ROWS)
    folder = write(tmp_path / "parts", frame)
    one, other = quick(**options).fit(folder), quick(**options).fit(frame)
    assert_same_files(one, other, tmp_path)
    pd.testing.assert_frame_equal(one.sample(50), other.sample(50))
    assert list(scratch.glob("wgan-aug-*")) == []


def test_any_form_of_parts_gives_the_same_model(tmp_path: Path) -> None:
    frame = make(300)
    folder = write(tmp_path / "parts", frame)
    frame.to_parquet(tmp_path / "whole.parquet")
    expected = quick().fit(frame).sample(20)
    for source in (str(folder), sorted(folder.iterdir()), pds.dataset(folder), tmp_path / "whole.parquet"):
        pd.testing.assert_frame_equal(quick().fit(source).sample(20), expected)


@pytest.mark.filterwarnings("ignore::wgan_aug.errors.DataWarning")
def test_cells_of_all_types_are_learned_as_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng, rows = np.random.default_rng(0), 400
    k, gap = rng.integers(0, 24, rows), rng.random(rows) < 0.1
    types: dict[Any, Callable[[int], Any]] = {
        pa.null(): lambda _: None,
        pa.binary(): lambda v: b"%d" % (v % 4),
        pa.time32("s"): dt.time,
        pa.date32(): lambda v: dt.date(2024, 1, 1 + v),
        pa.duration("ms"): lambda v: dt.timedelta(hours=v),
        pa.timestamp("us", "Europe/Paris"): lambda v: dt.datetime(2024, 1, 1 + v, tzinfo=dt.UTC),
        pa.float16(): np.float16,
        pa.decimal128(9, 2): decimal.Decimal,
        pa.bool_(): lambda v: v % 2 == 0,
        pa.uint8(): int,
        pa.string(): lambda v: f"2024-01-{1 + v:02d}",
    }
    cells = {
        str(kind): pa.array([None if g else make_cell(int(v)) for v, g in zip(k, gap, strict=True)], kind)
        for kind, make_cell in types.items()
    }
    cells |= {
        "category": pa.array([f"s{v}" for v in k]).dictionary_encode(),
        "id": pa.array([f"id{row:05d}" for row in range(rows)]),
        "constant": pa.array(["x"] * rows),
        "empty text": pa.array([""] * 5 + ["a"] * (rows - 5)),
        "x": pa.array(rng.normal(size=rows)),
    }
    (folder := tmp_path / "parts").mkdir()
    pq.write_table(pa.table(cells).slice(0, 150), folder / "a.parquet")
    pq.write_table(pa.table(cells).slice(150), folder / "b.parquet")
    whole = quick().fit(pd.read_parquet(folder))
    assert_same_files(quick().fit(folder), whole, tmp_path)
    monkeypatch.setattr(parts_reading, "SAMPLE_ROWS", 100)
    model = quick().fit(folder)
    assert model.sample(30).dtypes.equals(whole.sample(30).dtypes)
    for own, other in zip(model.schema_, whole.schema_, strict=True):
        assert (own.kind, own.n_missing, own.n_distinct) == (other.kind, other.n_missing, other.n_distinct), own.name


def test_a_training_on_parts_is_resumed_to_the_same_bytes(tmp_path: Path) -> None:
    folder = write(tmp_path / "parts", make(600))
    whole = quick().fit(folder)
    quick().fit(folder, checkpoint=tmp_path / "kept")
    again = quick().fit(folder, checkpoint=tmp_path / "kept", resume=True)
    assert_same_files(whole, again, tmp_path)


def test_the_plan_of_parts_is_that_of_the_table_but_for_its_memory(tmp_path: Path) -> None:
    frame = make()
    one, other = quick().plan(write(tmp_path / "parts", frame)).to_json(), quick().plan(frame).to_json()
    assert one.pop("memory_bytes") < other.pop("memory_bytes")
    assert one.pop("disk_bytes") > other.pop("disk_bytes") == 0
    assert one == other


# ---- many rows: a sample, witnesses, and a look at all rows


@pytest.mark.usefixtures("small_sample")
def test_encoders_of_a_sample_are_near_those_of_all_rows(tmp_path: Path) -> None:
    frame = make()
    model, whole = quick().fit(write(tmp_path / "parts", frame)), quick().fit(frame)
    assert model.plan_.rows == ROWS
    for own, other in zip(model.schema_, whole.schema_, strict=True):
        assert (own.name, own.kind, own.dtype) == (other.name, other.kind, other.dtype)
        assert (own.n_missing, own.n_distinct) == (other.n_missing, other.n_distinct)
    assert [e.name for e in model.encoder_.encoders] == [e.name for e in whole.encoder_.encoders]
    codes = model.encoder_.transform(frame)
    counts = [np.bincount(s, minlength=w) for s, w in zip(codes.states.T, model.encoder_.layout.widths, strict=True)]
    np.testing.assert_array_equal(model.encoder_.layout.frequencies, np.concatenate(counts) / ROWS)
    sample = model.sample(200)
    assert (sample["gross"] == sample["net"] + sample["tax"]).all()
    known = frame.drop_duplicates("city").set_index("city")["country"]
    assert (sample["city"].map(known) == sample["country"]).all()


@pytest.mark.usefixtures("small_sample")
def test_levels_have_the_counts_of_all_rows(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"word": [f"w{k}" for k in rng.zipf(1.5, ROWS) % 60], "n": rng.normal(size=ROWS)})
    frame.loc[17, "word"] = "once"
    encoder: Any = quick().fit(write(tmp_path / "parts", frame)).encoder_.encoders[0]
    counts = frame["word"].value_counts()
    assert dict(zip(encoder.levels, encoder.counts, strict=True)) == counts.to_dict()


@pytest.mark.usefixtures("small_sample", "few_levels")
def test_rules_that_one_row_breaks_are_left_out_and_told(tmp_path: Path) -> None:
    frame = make()
    with PartFilesOf(tmp_path / "fine", frame) as rows:
        missed = np.setdiff1d(np.arange(ROWS), sampled(rows))[-2:]
    frame.loc[missed[0], "gross"] += 1000
    frame.loc[missed[1], "country"] = "be" if frame.loc[missed[1], "country"] != "be" else "at"
    with pytest.warns(DataWarning, match=r"500 sampled rows, but not in all 3000, .*: those of 'country', 'gross'"):
        model = quick().fit(write(tmp_path / "parts", frame))
    assert "determined" not in [e.name for e in model.encoder_.encoders]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        codes = model.encoder_.transform(frame)
    back = model.encoder_.inverse_transform(codes)
    assert set(back["gross"] - back["net"] - back["tax"]) == {0, 1000}


@pytest.mark.usefixtures("small_sample", "few_levels")
def test_a_constraint_must_hold_in_all_rows(tmp_path: Path, scratch: Path) -> None:
    frame = make()
    with PartFilesOf(tmp_path / "fine", frame) as rows:
        seen = sampled(rows)
    small = np.flatnonzero(frame["gross"] < 800)
    for row in (int(np.setdiff1d(small, seen)[0]), int(np.intersect1d(small, seen)[0])):
        wrong = frame.copy()
        wrong.loc[row, "tax"] = wrong.loc[row, "gross"] + 1
        folder = write(tmp_path / f"parts-{row}", wrong)
        said = rf"'tax <= gross' does not hold in .*row {row % 750} of \S*{row // 750}\.parquet \(tax: "
        with pytest.raises(InvalidDataError, match=said):
            quick(constraints=["tax <= gross"], relations=False).fit(folder)
    assert list(scratch.iterdir()) == []


@pytest.mark.usefixtures("small_sample")
def test_many_distinct_texts_are_no_identifiers_where_they_recur(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    words = [f"w{k}" for k in rng.permutation(np.repeat(np.arange(6000), 5))]
    frame = pd.DataFrame({"word": words, "id": [f"u{k}" for k in range(len(words))], "n": rng.normal(size=len(words))})
    with pytest.warns(DataWarning, match=r"made anew: 'id'\."):
        plan = quick().plan(write(tmp_path / "parts", frame))
    assert [c.kind for c in plan.encoder.schema] == ["categorical", "identifier", "continuous"]


@pytest.mark.usefixtures("small_sample")
def test_what_needs_all_rows_in_memory_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "parts", make())
    with pytest.raises(
        InvalidParameterError, match=r"X is a table in parts, .*: name a column of the parts in target="
    ):
        quick().fit(folder, np.zeros(ROWS))
    with pytest.raises(InvalidParameterError, match=r"the parts have 3000; with parts it can be had up to 500 rows"):
        quick(reject_copies=True).fit(folder)


def test_options_are_looked_at_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameterError, match=r"epochs is -1"):
        quick(epochs=-1).fit(tmp_path / "nowhere")


@pytest.mark.usefixtures("small_sample", "few_levels")
def test_values_that_only_unsampled_rows_have_are_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"n": rng.normal(size=ROWS), "word": rng.choice([f"w{k}" for k in range(900)], ROWS)})
    with pytest.warns(DataWarning, match=r"500 sampled rows do not have, .*: 'word' \(\d+ rows\)"):
        model = quick(categorical_features=["word"]).fit(write(tmp_path / "parts", frame))
    assert model.sample(10)["word"].isin(frame["word"]).all()


def test_parts_without_rows_are_left_out_and_told(tmp_path: Path) -> None:
    folder = write(tmp_path / "parts", make(200))
    make(200)[:0].to_parquet(folder / "empty.parquet")
    with pytest.warns(DataWarning, match=r"Parts without rows, left out: \S*empty\.parquet"):
        assert quick().fit(folder).plan_.rows == 200
    make(200)[:0].to_parquet(tmp_path / "none.parquet")
    with pytest.raises(InvalidDataError, match=r"The data have 1 parts without a row, the first is \S*none\.parquet"):
        quick().fit(tmp_path / "none.parquet")


def test_parts_that_change_meanwhile_are_noticed(tmp_path: Path) -> None:
    folder = write(tmp_path / "parts", frame := make(400))
    with opened(folder) as rows:
        plan = quick()._prepare(rows, None, None)[1]
        frame[:50].to_parquet(folder / "1.parquet")
        rows.files = PartFiles.of(folder)
        with pytest.raises(InvalidDataError, match=r"1\.parquet has 50 rows, and had 100 when it was read before"):
            rows.encode(plan, lambda: plan)


def test_a_failed_fit_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    model = quick().fit(make(300))
    before = model.sample(5)
    with pytest.raises(FileNotFoundError):
        model.fit(tmp_path / "nowhere")
    pd.testing.assert_frame_equal(model.sample(5), before)


def test_a_model_of_parts_is_saved_and_loaded(tmp_path: Path) -> None:
    model = quick().fit(write(tmp_path / "parts", make(300)))
    model.save(tmp_path / "model")
    loaded: Any = load(tmp_path / "model")
    pd.testing.assert_frame_equal(loaded.sample(9, random_state=1), model.sample(9, random_state=1))


# ---- a cluster sketches


@pytest.mark.usefixtures("small_sample")
def test_workers_of_a_cluster_give_the_same_model(tmp_path: Path) -> None:
    folder = write(tmp_path / "parts", make(), parts=5)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as two:
        address: Any = two.scheduler_address
        one = quick().fit(folder, scheduler=address)
        with opened(folder, address) as rows, opened(folder) as own:
            assert rows.read().equals(own.read())
    assert_same_files(one, quick().fit(folder), tmp_path)


def test_a_scheduler_with_nothing_to_do_is_refused(people: pd.DataFrame) -> None:
    with pytest.raises(
        InvalidParameterError, match=r"scheduler is 'tcp://nowhere:1', .* but X is a DataFrame in memory"
    ):
        quick().fit(people, scheduler="tcp://nowhere:1")


# ---- codes in a file


def test_batches_from_a_file_are_those_from_memory(tmp_path: Path) -> None:
    frame = make(400)
    encoder = TableEncoder(infer_schema(frame)).fit(frame)
    codes, layout = encoder.transform(frame), encoder.layout
    file = CodesFile(tmp_path / "codes", layout, 400)
    counts = sum(file.put(codes.take(rows), int(rows[0])) for rows in np.array_split(np.arange(400), 3)[::-1])
    file.close()
    np.testing.assert_array_equal(counts / 400, layout.frequencies)
    known = MappedCodes(tmp_path / "codes", layout, 400, codes)
    np.testing.assert_array_equal(known.states, codes.states)
    tables = (DeviceTable(codes.states, codes.low, codes.high, layout, CPU), MappedTable(known, CPU))
    units = np.arange(layout.n_features) // 2
    index = torch.tensor([399, 0, 7, 7])
    for one, other in (tables, tuple(RevealingTable(t, units, 0.9, new_generator(1, CPU)) for t in tables)):
        assert len(one) == len(other) == 400
        assert torch.equal(one.batch(index, new_generator(0, CPU)), other.batch(index, new_generator(0, CPU)))
        assert torch.equal(one.largest(index), other.largest(index))
    told = [RevealingTable(t, units, 0.9, new_generator(1, CPU)).condition(index) for t in tables]
    assert torch.equal(*told)


def test_records_are_compact() -> None:
    assert record_of(TableLayout((256, 2), np.ones(258), ())).itemsize == 2
    assert record_of(TableLayout((257, 2), np.ones(259), ())).itemsize == 4


def test_a_disk_without_room_is_told_before_anything_is_written(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "parts", make(300))
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr(mapped.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(TrainingError, match=r"The codes of 300 rows take 0 MiB, and \S+ has 0 MiB left: set TMPDIR"):
        quick().fit(folder)
    assert list(scratch.iterdir()) == []


class PartFilesOf:
    """The rows of a frame in parts, for a while."""

    def __init__(self, folder: Path, frame: pd.DataFrame) -> None:
        self._opened = opened(write(folder, frame))

    def __enter__(self) -> PartRows:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            rows = self._opened.__enter__()
            rows.read()
            return rows

    def __exit__(self, *error: object) -> None:
        self._opened.__exit__(None, None, None)


def sampled(rows: PartRows) -> np.ndarray:
    """Return the numbers in the whole table of the rows that an encoder learns from."""
    sizes = [rows.sketch.parts[part] for part in range(len(rows.files))]
    numbers = rows.sketch.draw().numbers
    return np.cumsum([0, *sizes])[numbers // 2**40] + numbers % 2**40
