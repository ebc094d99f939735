"""Model folders: whole or not at all, and refused when they are damaged, edited, foreign or too new."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wgan_aug.errors import DataTypeError, ModelFormatError, OutputExistsError
from wgan_aug.persistence import FORMAT_VERSION, check_free, read_folder, write_folder

OLD: dict[str, Any] = {
    "name": "old",
    "weights": {"w": np.arange(6.0).reshape(2, 3)},
    "n": [1, 2.5, None, True],
}
NEW: dict[str, Any] = {"name": "new", "weights": {"w": np.ones((3, 1))}}


def same(a: Any, b: Any) -> bool:
    """Equal as documents: arrays with dtype, shape and bits, tuples as lists."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        both = isinstance(a, np.ndarray) and isinstance(b, np.ndarray)
        return both and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder with the old document and one further file."""
    write_folder(tmp_path / "model", OLD, {"notes.txt": "first\n"})
    return tmp_path / "model"


# ---- round trip

DTYPES = st.sampled_from(["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?"])
ARRAYS = DTYPES.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
)
TEXT = st.one_of(
    st.sampled_from(["$array", "$$array", "$", "/a/b", "a/b", "a", "b", "", "0", ".", "__metadata__", "a.b", "a%2Fb"]),
    st.text(st.characters(), max_size=4),  # lone surrogates included
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    TEXT,
    ARRAYS,
    ARRAYS.map(np.transpose),
)
DOCUMENTS = st.dictionaries(
    TEXT,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@given(document=DOCUMENTS)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_read_is_what_was_written(tmp_path: Path, document: dict[str, Any]) -> None:
    write_folder(tmp_path / "model", document)
    back = read_folder(tmp_path / "model")
    wanted = json.loads(json.dumps(document, default=lambda array: None))
    assert list(back) == list(wanted)
    assert same(document, back)


@pytest.mark.parametrize(
    "document",
    [
        {"a": {"b": np.zeros(1)}, "a/b": np.ones(1)},
        {"a": [np.zeros(1)], "a/0": np.ones(1), "/a/0": np.full(1, 2.0)},
        {"x": {"$array": "w"}, "w": np.zeros(2)},
        {"x": {"$array": np.zeros(2)}, "y": {"$$array": 1, "$": 2}},
        {"__metadata__": np.zeros(2), "": np.ones(2)},
        {"scalar": np.array(3.5), "empty": np.empty((0, 4), np.float32), "none": np.empty(0, np.int64)},
        {
            "turned": np.arange(6.0).reshape(2, 3).T,
            "every other": np.arange(9)[::2],
            "back": np.arange(4)[::-1],
        },
        {"tuple": (1, (2, np.ones(2)))},
        {"big": 2**80, "tiny": 5e-324, "minus zero": -0.0, "inf": float("inf")},
        {},
    ],
    ids=lambda document: "-".join(document)[:30],
)
def test_documents_that_trip_up_a_naive_format(tmp_path: Path, document: dict[str, Any]) -> None:
    write_folder(tmp_path / "model", document)
    assert same(document, read_folder(tmp_path / "model"))


def test_foreign_byte_order_comes_back_with_equal_values(tmp_path: Path) -> None:
    write_folder(tmp_path / "model", {"w": np.arange(5, dtype=">f8")})
    assert read_folder(tmp_path / "model")["w"].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"a": {"b": np.array(["x"])}}, ["/a/b", "<U1"]),
        ({"a": [np.array([None], dtype=object)]}, ["/a/0", "object"]),
        ({"a": np.array(["2024-01-01"], dtype="M8[ns]")}, ["/a", "datetime64[ns]"]),
        ({"a": {1: 2}}, ["key 1", "/a", "int"]),
    ],
)
def test_what_cannot_be_written_is_named_and_the_old_model_stays(
    model: Path, document: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(DataTypeError) as error:
        write_folder(model, document)
    assert all(word in str(error.value) for word in words), str(error.value)
    assert_old_model_alone(model)


def test_a_model_holds_no_pickle_and_readable_json(model: Path) -> None:
    assert sorted(path.name for path in model.iterdir()) == ["arrays.safetensors", "model.json", "notes.txt"]
    header = json.loads((model / "model.json").read_text(encoding="utf-8"))
    assert header["format_version"] == FORMAT_VERSION
    assert header["document"]["name"] == "old"
    assert (model / "notes.txt").read_text(encoding="utf-8") == "first\n"


# ---- writing is whole or nothing


def assert_old_model_alone(model: Path) -> None:
    """The old model reads as before, and its parent holds nothing else."""
    assert same(OLD, read_folder(model))
    assert (model / "notes.txt").read_text(encoding="utf-8") == "first\n"
    assert [path.name for path in model.parent.iterdir()] == ["model"]


def full_disk(*args: Any, **kwargs: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def interrupt(*args: Any, **kwargs: Any) -> Any:
    raise KeyboardInterrupt


BREAKS: dict[str, Callable[[pytest.MonkeyPatch, Callable[..., Any]], None]] = {
    "arrays": lambda patch, fail: patch.setattr(Path, "write_bytes", fail),
    "text": lambda patch, fail: patch.setattr(Path, "write_text", fail),
    "flush": lambda patch, fail: patch.setattr(os, "fsync", fail),
    "first rename": lambda patch, fail: patch.setattr(os, "rename", nth_call(1, os.rename, fail)),
    "second rename": lambda patch, fail: patch.setattr(os, "rename", nth_call(2, os.rename, fail)),
}


def nth_call(n: int, real: Callable[..., Any], fail: Callable[..., Any]) -> Callable[..., Any]:
    """A function that fails in its n-th call alone."""
    calls = [0]

    def call(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        return (fail if calls[0] == n else real)(*args, **kwargs)

    return call


@pytest.mark.parametrize("fail", [full_disk, interrupt])
@pytest.mark.parametrize("place", BREAKS)
def test_a_failure_while_writing_leaves_the_old_model(
    model: Path, monkeypatch: pytest.MonkeyPatch, place: str, fail: Callable[..., Any]
) -> None:
    with monkeypatch.context() as patch:
        BREAKS[place](patch, fail)
        with pytest.raises((OSError, KeyboardInterrupt)):
            write_folder(model, NEW, {"notes.txt": "second\n"})
    assert_old_model_alone(model)


@pytest.mark.parametrize("place", ["arrays", "text", "flush", "first rename"])
def test_a_failure_while_writing_a_first_model_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    with monkeypatch.context() as patch:
        BREAKS[place](patch, full_disk)
        with pytest.raises(OSError, match="No space left"):
            write_folder(tmp_path / "model", NEW, {"notes.txt": "second\n"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_the_operating_system_refusing_to_write_is_an_oserror(model: Path) -> None:
    script = f"""
        import resource
        import numpy as np
        from wgan_aug.persistence import write_folder
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            write_folder({str(model)!r}, {{"w": np.zeros(100_000)}})
        except OSError as error:
            print("refused:", error.errno)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == f"refused: {errno.EFBIG}", done.stderr
    assert_old_model_alone(model)


def test_an_earlier_model_is_replaced_with_all_its_files(model: Path) -> None:
    write_folder(model, NEW, {"other.txt": "second\n"})
    assert same(NEW, read_folder(model))
    assert sorted(path.name for path in model.iterdir()) == ["arrays.safetensors", "model.json", "other.txt"]
    assert [path.name for path in model.parent.iterdir()] == ["model"]


def test_missing_parents_are_made_and_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for place in ("empty", "a/b/c"):
        write_folder(tmp_path / place, NEW)
        assert same(NEW, read_folder(tmp_path / place))


def test_a_link_to_a_folder_stays_a_link(model: Path) -> None:
    link = model.parent / "link"
    link.symlink_to(model, target_is_directory=True)
    write_folder(link, NEW)
    assert link.is_symlink()
    assert same(NEW, read_folder(model))


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_a_private_umask_is_heeded(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_folder(tmp_path / "model", NEW)
    finally:
        os.umask(before)
    assert (tmp_path / "model").stat().st_mode & 0o077 == 0


# ---- something in the way


def test_a_file_in_the_way_is_left(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("mine")
    with pytest.raises(OutputExistsError, match=r"model is a file; a model is a folder"):
        write_folder(tmp_path / "model", NEW)
    assert (tmp_path / "model").read_text() == "mine"


def test_a_place_can_be_checked_before_the_work(model: Path) -> None:
    check_free(model)
    check_free(model.parent / "new")
    with pytest.raises(OutputExistsError, match="is a file"):
        check_free(model / "notes.txt")
    (model / "results.csv").write_text("a,b\n")
    with pytest.raises(OutputExistsError, match="results"):
        check_free(model)
    assert [path.name for path in model.parent.iterdir()] == ["model"]


@pytest.mark.parametrize("name", ["thesis.tex", "model.json"])
def test_a_folder_that_is_no_model_is_left(tmp_path: Path, name: str) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / name).write_text('{"format": "layers-model"}')
    with pytest.raises(OutputExistsError, match="with files in it, and no model"):
        write_folder(tmp_path / "model", NEW)
    assert [path.name for path in (tmp_path / "model").iterdir()] == [name]


def test_files_put_beside_a_model_are_not_deleted(model: Path) -> None:
    (model / "results.csv").write_text("a,b\n")
    with pytest.raises(OutputExistsError, match=r"no part of it \(results\.csv\)"):
        write_folder(model, NEW)
    assert (model / "results.csv").read_text() == "a,b\n"
    assert same(OLD, read_folder(model))


@pytest.mark.parametrize("clutter", [".DS_Store", "Thumbs.db"])
def test_what_file_managers_leave_is_not_in_the_way(model: Path, clutter: str) -> None:
    (model / clutter).write_text("")
    write_folder(model, NEW)
    assert same(NEW, read_folder(model))


def test_a_truncated_model_can_be_replaced(model: Path) -> None:
    text = (model / "model.json").read_text(encoding="utf-8")
    (model / "model.json").write_text(text[:-50], encoding="utf-8")
    write_folder(model, NEW, {"notes.txt": "second\n"})
    assert same(NEW, read_folder(model))


# ---- reading what is not whole


def cut(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])


def change(path: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    whole = json.loads(path.read_text(encoding="utf-8"))
    edit(whole)
    path.write_text(json.dumps(whole), encoding="utf-8")


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty document": (lambda m: cut(m / "model.json", 0), "is damaged"),
    "half a document": (lambda m: cut(m / "model.json", 0.5), "is damaged"),
    "document lacks its end": (lambda m: cut(m / "model.json", 0.999), "is damaged"),
    "document is no text": (lambda m: (m / "model.json").write_bytes(b"\xff\xfe\x00"), "is damaged"),
    "document nested without end": (lambda m: (m / "model.json").write_text("[" * 100_000), "is damaged"),
    "no document": (lambda m: (m / "model.json").unlink(), "has no model.json"),
    "empty arrays": (lambda m: cut(m / "arrays.safetensors", 0), "checksums do not match"),
    "half the arrays": (lambda m: cut(m / "arrays.safetensors", 0.5), "checksums do not match"),
    "no arrays": (lambda m: (m / "arrays.safetensors").unlink(), "is incomplete or damaged"),
    "a bit of the weights": (lambda m: flip_a_bit(m / "arrays.safetensors"), "checksums do not match"),
    "edited value": (
        lambda m: change(m / "model.json", lambda whole: whole["document"].update(name="other")),
        "edited or damaged",
    ),
    "added value": (
        lambda m: change(m / "model.json", lambda whole: whole["document"].update(extra=1)),
        "edited or damaged",
    ),
    "no document part": (
        lambda m: change(m / "model.json", lambda whole: whole.pop("document")),
        "incomplete",
    ),
    "no checksums": (lambda m: change(m / "model.json", lambda whole: whole.pop("checksums")), "incomplete"),
    "strange checksums": (
        lambda m: change(m / "model.json", lambda whole: whole.update(checksums=[1])),
        "incomplete or damaged",
    ),
    "foreign object": (
        lambda m: (m / "model.json").write_text('{"layers": []}'),
        "is not a model of wgan-aug",
    ),
    "foreign list": (lambda m: (m / "model.json").write_text("[1, 2]"), "is not a model of wgan-aug"),
    "foreign number": (lambda m: (m / "model.json").write_text("null"), "is not a model of wgan-aug"),
    "version is text": (
        lambda m: change(m / "model.json", lambda whole: whole.update(format_version="1")),
        "is not a model of wgan-aug",
    ),
    "older version": (
        lambda m: change(m / "model.json", lambda whole: whole.update(format_version=FORMAT_VERSION - 1)),
        rf"version {FORMAT_VERSION - 1}, of an earlier wgan-aug; this one reads {FORMAT_VERSION}: fit the model anew",
    ),
    "newer version": (
        lambda m: change(m / "model.json", lambda whole: whole.update(format_version=FORMAT_VERSION + 1)),
        rf"version {FORMAT_VERSION + 1}, this wgan-aug reads up to {FORMAT_VERSION}: pip install --upgrade",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_model_is_refused_with_its_place(model: Path, damage: str) -> None:
    do, message = DAMAGES[damage]
    do(model)
    with pytest.raises(ModelFormatError, match=message) as error:
        read_folder(model)
    assert str(model) in str(error.value)


def test_a_reference_to_an_array_that_is_not_there_is_damage(model: Path) -> None:
    def point_elsewhere(whole: dict[str, Any]) -> None:
        whole["document"] = {"w": {"$array": "/nowhere"}}
        text = json.dumps(whole["document"], sort_keys=True, separators=(",", ":"))
        whole["checksums"]["document"] = hashlib.sha256(text.encode()).hexdigest()

    change(model / "model.json", point_elsewhere)
    with pytest.raises(ModelFormatError, match="nowhere"):
        read_folder(model)


def test_nothing_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="gone does not exist"):
        read_folder(tmp_path / "gone")


def test_a_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b\n")
    with pytest.raises(ModelFormatError, match="not a model folder"):
        read_folder(tmp_path / "data.csv")
