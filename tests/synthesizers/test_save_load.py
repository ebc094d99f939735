"""Models on disk: what is saved comes back, whatever it was fitted on."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import wgan_aug
from wgan_aug import WGANGPSynthesizer
from wgan_aug.errors import InvalidParameterError, ModelFormatError, OutputExistsError
from wgan_aug.persistence import FORMAT_VERSION
from wgan_aug.schema.inference import infer_schema


def equal(a: Any, b: Any) -> bool:
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else a.equals(b)


DATA = {
    "float32 array": np.random.default_rng(0).random((40, 2)).astype("float32"),
    "object array": np.array([["a", 1], ["b", 2]] * 20, dtype=object),
    "polars": pl.DataFrame({"c": pl.Series(["a", "b"] * 20, dtype=pl.Categorical), "n": range(40)}),
    "arrow": pa.table({"d": pa.array(["a", None] * 20).dictionary_encode(), "n": pa.array(range(40), pa.int16())}),
}


@pytest.mark.parametrize("name", ["people", *DATA])
def test_save_load_sample(name: str, people: pd.DataFrame, tmp_path: Path) -> None:
    data = DATA.get(name, people)
    model = WGANGPSynthesizer(epochs=1, random_state=0).fit(data)
    before = model.sample(12)
    model.save(tmp_path / "m")
    twin = WGANGPSynthesizer.load(tmp_path / "m", device="cpu")
    assert type(twin.sample(12)) is type(before)
    assert equal(twin.sample(12), before)
    assert equal(model.sample(12), before)
    assert np.array_equal(twin.score_samples(data), model.score_samples(data))
    assert twin.score(data) == model.score(data)
    assert twin.history_.equals(model.history_)
    assert twin.schema_ == model.schema_
    assert twin.plan_.describe() == model.plan_.describe()
    assert (twin.n_features_in_, twin.updates_) == (model.n_features_in_, model.updates_)


def test_files_of_a_model(people: pd.DataFrame, tmp_path: Path) -> None:
    WGANGPSynthesizer(epochs=1).fit(people).save(tmp_path / "sub" / "m")
    files = {path.name for path in (tmp_path / "sub" / "m").iterdir()}
    assert files == {"model.json", "arrays.safetensors", "history.csv", "MODEL_CARD.md"}
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["m"]


def test_load_by_the_package(people: pd.DataFrame, tmp_path: Path) -> None:
    model = WGANGPSynthesizer(epochs=1, random_state=0).fit(people.drop(columns="sex"), people["sex"])
    model.save(str(tmp_path / "m"))
    twin = wgan_aug.load(str(tmp_path / "m"))
    assert twin.sample(5).equals(model.sample(5))
    assert twin.y_name_ == "sex"
    assert twin.score(people.drop(columns="sex"), people["sex"]) == model.score(people)
    twin.save(tmp_path / "again")
    assert wgan_aug.load(tmp_path / "again").sample(5).equals(model.sample(5))


@pytest.mark.parametrize(
    "names",
    [[0, 1], [("a", 1), ("b", 2)], ["a", None], [dt.date(2020, 1, 1), 1.5], [2, b"x"]],
    ids=["ints", "tuples", "None", "date and float", "int and bytes"],
)
def test_column_names_of_any_kind(names: list[Any], tmp_path: Path) -> None:
    columns = pd.Index(names, tupleize_cols=False, dtype=object)
    frame = pd.DataFrame({"a": np.linspace(0, 1, 30), "b": ["x", "y"] * 15}).set_axis(columns, axis=1)
    model = WGANGPSynthesizer(epochs=1, random_state=0, target=names[0]).fit(frame)
    model.save(tmp_path / "m")
    twin = wgan_aug.load(tmp_path / "m")
    assert twin.sample(4).equals(model.sample(4))
    assert twin.sample(4).columns.tolist() == names
    assert twin.target == names[0]


OPTIONS: dict[str, Callable[[pd.DataFrame], dict[str, Any]]] = {
    "schema dict": lambda f: {"schema": {"age": "categorical", "income": {"kind": "continuous"}}},
    "schema": lambda f: {"schema": infer_schema(f, {"visits": "categorical"})},
    "encodings": lambda f: {"numeric_encoding": {"age": "affine"}},
    "mask": lambda f: {"categorical_features": np.array([True] + [False] * 5)},
    "index": lambda f: {"categorical_features": pd.Index(["age"])},
    "seeds": lambda f: {"random_state": np.random.default_rng(0)},
    "old seeds": lambda f: {"random_state": np.random.RandomState(0)},
    "numbers": lambda f: {"gp_weight": np.float64(3), "batch_size": np.int64(32), "epochs": 0.5},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_of_any_kind(name: str, people: pd.DataFrame, tmp_path: Path) -> None:
    options: dict[str, Any] = {"epochs": 1} | OPTIONS[name](people)
    model = WGANGPSynthesizer(**options).fit(people)
    model.save(tmp_path / "m")
    twin = wgan_aug.load(tmp_path / "m")
    assert twin.sample(6, random_state=1).equals(model.sample(6, random_state=1))
    for option, value in options.items():
        if option == "random_state":
            continue
        again = getattr(twin, option)
        assert list(again) == list(value) if isinstance(value, (np.ndarray, pd.Index)) else again == value
    twin.fit(people)


def test_a_loaded_model_without_a_seed_gives_new_rows(people: pd.DataFrame, tmp_path: Path) -> None:
    WGANGPSynthesizer(epochs=1).fit(people).save(tmp_path / "m")
    twin = wgan_aug.load(tmp_path / "m")
    assert not twin.sample(9).equals(twin.sample(9))


# ---- folders that are no model, or not whole


@pytest.fixture
def folder(people: pd.DataFrame, tmp_path: Path) -> Path:
    WGANGPSynthesizer(epochs=1, random_state=0).fit(people).save(tmp_path / "m")
    return tmp_path / "m"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda m: cut(m / "model.json"), r"model\.json is damaged"),
        (lambda m: cut(m / "arrays.safetensors"), r"was edited or damaged after it was saved"),
        (lambda m: (m / "arrays.safetensors").unlink(), r"is incomplete or damaged"),
        (lambda m: (m / "model.json").unlink(), r"is not a model folder: it has no model\.json"),
        (lambda m: edit(m / "model.json", '"preset": {', '"presets": {'), r"was edited or damaged"),
        (lambda m: edit(m / "model.json", '"updates": 1', '"updates": 2'), r"was edited or damaged"),
        (
            lambda m: edit(m / "model.json", f'"format_version": {FORMAT_VERSION}', '"format_version": 99'),
            rf"format version 99, this wgan-aug reads up to {FORMAT_VERSION}: pip install --upgrade wgan-aug",
        ),
        (lambda m: edit(m / "model.json", "wgan-aug model", "other model"), r"is not a model of wgan-aug"),
        (lambda m: (m / "model.json").write_bytes(b"\xff\x00"), r"model\.json is damaged"),
        (lambda m: (m / "model.json").write_text("[]"), r"model\.json is "),
    ],
    ids=["cut json", "cut arrays", "no arrays", "no json", "key", "value", "newer", "other", "bytes", "list"],
)
def test_damaged_models(damage: Callable[[Path], Any], message: str, folder: Path) -> None:
    damage(folder)
    with pytest.raises(ModelFormatError, match=message):
        wgan_aug.load(folder)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nope does not exist"):
        wgan_aug.load(tmp_path / "nope")


def test_save_leaves_other_things_alone(folder: Path, tmp_path: Path) -> None:
    model = wgan_aug.load(folder)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(OutputExistsError, match=r"mine is a folder with .*files in it"):
        model.save(tmp_path / "mine")
    with pytest.raises(OutputExistsError, match=r"thesis\.txt is a file; a model is a folder"):
        model.save(tmp_path / "mine" / "thesis.txt")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    model.save(folder)
    assert wgan_aug.load(folder).sample(3).equals(model.sample(3))


def test_cuda_asked_for_and_absent(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(InvalidParameterError, match=r"device is 'cuda', but torch .* finds none here"):
        wgan_aug.load(folder, device="cuda")


def test_no_pickle(folder: Path) -> None:
    document = json.loads((folder / "model.json").read_text())
    assert document["format"] == "wgan-aug model"
    assert b"pickle" not in (folder / "arrays.safetensors").read_bytes()
