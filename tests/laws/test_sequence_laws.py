"""Laws that hold for every member: each container, network, setting and kind of sequences. A member is a line."""

from __future__ import annotations

import copy
import dataclasses
import functools
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone

from tests.laws.shared import check_history, check_inference_mode, check_same_training, idle_parameters
from tests.synthesizers.sequences.quick import quick_statics
from wgan_aug import WGANGPSequenceSynthesizer, load
from wgan_aug.errors import DataWarning
from wgan_aug.losses.objectives import OBJECTIVES, find_objective
from wgan_aug.networks.attention import SelfAttention
from wgan_aug.networks.dense import CRITIC_NORMS
from wgan_aug.networks.views import VIEWS
from wgan_aug.synthesizers.presets import SEQUENCE_PRESETS
from wgan_aug.synthesizers.sequences import drawing as module
from wgan_aug.synthesizers.sequences.learning import to_device
from wgan_aug.synthesizers.sequences.reading import read_sequences

# ---- kinds of sequences: how many and a generator in, the arguments of `fit` and the options that they need out

Data = tuple[tuple[Any, ...], dict[str, Any]]


def _long(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Ragged sequences with irregular times, two static columns, and steps of all kinds."""
    lengths = rng.integers(1, 7, n)
    lengths[:2] = 6, 2
    owner, rows = np.repeat(np.arange(n), lengths), int(lengths.sum())
    hours = np.cumsum(rng.integers(1, 9, rows))
    steps = pd.DataFrame(
        {
            "x": rng.normal(size=rows).cumsum().round(3),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(hours, unit="h"),
            "patient": [f"p{k:04d}" for k in owner],
            "visits": rng.poisson(2, rows),
            "colour": rng.choice(["red", "green"], rows),
            "member": rng.random(rows) < 0.3,
            "score": pd.array(rng.integers(0, 90, rows), "Int64"),
            "label": np.array(["a", "b"])[owner % 2],
            "height": rng.normal(170, 9, n).round(1)[owner],
        }
    )
    return steps.assign(score=steps["score"].mask(rng.random(rows) < 0.2))


def _frame(n: int, rng: np.random.Generator) -> Data:
    return (_long(n, rng),), {"sequence_key": "patient", "sequence_index": "when"}


def _polars(n: int, rng: np.random.Generator) -> Data:
    narrow = _long(n, rng).drop(columns="height")
    return (pl.from_pandas(narrow),), {"sequence_key": "patient", "sequence_index": "when"}


def _levels(n: int, rng: np.random.Generator) -> Data:
    """States alone: no step has a number."""
    few = _long(n, rng)[["visits", "patient", "colour", "member"]].assign(visits=lambda f: f["visits"] % 3)
    return (few,), {"sequence_key": "patient"}


def _multi(n: int, rng: np.random.Generator) -> Data:
    index = pd.MultiIndex.from_product([range(n), range(5)], names=["who", "day"])
    return (pd.DataFrame(rng.normal(size=(5 * n, 2)).round(2), index=index, columns=["u", "v"]), np.arange(n) % 2), {}


def _nct(n: int, rng: np.random.Generator) -> Data:
    return (rng.normal(size=(n, 2, 7)).cumsum(axis=2).astype(np.float32), np.arange(n) % 3), {"layout": "nct"}


def _ntc(n: int, rng: np.random.Generator) -> Data:
    return (rng.normal(size=(n, 8, 3)),), {"layout": "ntc"}


def _list(n: int, rng: np.random.Generator) -> Data:
    lengths = rng.integers(1, 9, n)
    lengths[0] = 8
    labels = pd.Series(rng.choice(["up", "down"], n), name="way")
    return ([rng.normal(size=(2, k)) for k in lengths], labels), {"layout": "nct"}


def _series(n: int, rng: np.random.Generator) -> Data:
    times = pd.date_range("2024-01-01", periods=n + 5, freq="h")
    return (pd.DataFrame({"t": times, "x": rng.normal(size=n + 5), "k": rng.integers(0, 40, n + 5)}),), {
        "sequence_index": "t",
        "window": 6,
    }


def _long_array(n: int, rng: np.random.Generator) -> Data:
    return (rng.normal(size=(n, 1, 260)).cumsum(axis=2), np.arange(n) % 2), {"layout": "nct"}


SEQUENCES: dict[str, Callable[[int, np.random.Generator], Data]] = {
    "frame": _frame,
    "polars": _polars,
    "levels": _levels,
    "multi": _multi,
    "nct": _nct,
    "ntc": _ntc,
    "list": _list,
    "series": _series,
    "long": _long_array,
}


def data_of(kind: str, n: int = 24) -> Data:
    return SEQUENCES[kind](n, np.random.default_rng(7))


# ---- members


@dataclasses.dataclass(frozen=True)
class Member:
    """One combination of options, and the kind of sequences that it learns."""

    kind: str = "nct"
    loss: str = "wgan-gp"
    architecture: str = "conv1d"
    critic_norm: str = "layer"
    attention: bool = False
    progressive: bool = False
    side_critics: tuple[str, ...] = ()
    window_scale: bool = False
    numeric_encoding: str = "auto"
    preset: str = "balanced"
    batch_size: int = 8
    n_critic: int = 2

    def new(self, n: int = 24, **changed: Any) -> WGANGPSequenceSynthesizer:
        """Return the unfitted synthesizer."""
        options: dict[str, Any] = {name: value for name, value in vars(self).items() if name != "kind"}
        options |= {"epochs": 2, "random_state": 3, "device": "cpu"} | data_of(self.kind, n)[1] | changed
        return WGANGPSequenceSynthesizer(**options)

    def __str__(self) -> str:
        usual = vars(Member()) | {"kind": ""}
        return "-".join(str(value) for name, value in vars(self).items() if value != usual[name])


MEMBERS = [
    Member(),
    Member("frame"),
    Member("polars"),
    Member("levels", attention=True),
    Member("multi"),
    Member("ntc", critic_norm="none"),
    Member("list", attention=True),
    Member("series"),
    Member("list", critic_norm="spectral"),
    Member("frame", numeric_encoding="quantile", critic_norm="none"),
    Member("ntc", numeric_encoding="affine", preset="fast", n_critic=1),
    Member(preset="best", batch_size=5),
    Member("frame", preset="paper"),
    Member("long", progressive=True, attention=True, side_critics=("spectrum",)),
    Member("frame", side_critics=("spectrum", "differences"), window_scale=True),
    Member("list", side_critics=("differences",), window_scale=True, numeric_encoding="quantile"),
    Member("series", window_scale=True),
    Member(loss="wgan"),
    Member("list", loss="wgan-div", critic_norm="weight"),
    Member("ntc", loss="gan"),
    Member("levels", loss="lsgan"),
    Member(loss="hinge", preset="paper", critic_norm="spectral"),
    Member("list", loss="r3gan"),
    Member("list", architecture="mlp"),
]
every_member = pytest.mark.parametrize("member", MEMBERS, ids=str)


@pytest.fixture(autouse=True, scope="module")
def _quick_statics() -> Iterator[None]:
    with quick_statics():
        yield


@functools.cache
def fitted(member: Member) -> WGANGPSequenceSynthesizer:
    """Fit once; the laws only read."""
    return member.new().fit(*data_of(member.kind)[0])


def same(left: Any, right: Any) -> bool:
    """Say whether two containers are the same to the last bit, dtypes and names included."""
    if type(left) is not type(right):
        return False
    if isinstance(left, (tuple, list)):
        return len(left) == len(right) and all(same(*pair) for pair in zip(left, right, strict=True))
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and np.array_equal(left, right, equal_nan=left.dtype.kind == "f")
    if isinstance(left, pd.DataFrame):
        return left.equals(right) and left.dtypes.equals(right.dtypes) and left.index.equals(right.index)
    return left.equals(right)


def join(parts: list[Any]) -> Any:
    """Put containers after one another."""
    if isinstance(parts[0], tuple):
        return tuple(join(list(of_one)) for of_one in zip(*parts, strict=True))
    if isinstance(parts[0], list):
        return [item for part in parts for item in part]
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    if isinstance(parts[0], pl.DataFrame):
        return pl.concat(parts)
    plain = isinstance(parts[0].index, pd.RangeIndex)
    return pd.concat(parts, ignore_index=plain)


def as_one(arguments: tuple[Any, ...]) -> Any:
    """Return what `fit` takes as `sample` gives it: X, or X and y."""
    return arguments if len(arguments) > 1 else next(iter(arguments))


def read(member: Member, container: Any) -> Any:
    """Return what is in a container as `Sequences`, read with the member's own options but for windows."""
    options = {name: value for name, value in data_of(member.kind)[1].items() if name != "window"}
    if member.kind in ("frame", "polars"):
        options["static_columns"] = [name for name in ("label", "height") if name in container.columns]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return read_sequences(*(container if isinstance(container, tuple) else (container,)), **options)[0]


def test_every_part_with_a_name_is_in_the_table() -> None:
    assert {member.loss for member in MEMBERS} == set(OBJECTIVES)
    assert {member.critic_norm for member in MEMBERS} == set(CRITIC_NORMS)
    assert {member.preset for member in MEMBERS} == set(SEQUENCE_PRESETS)
    assert {member.kind for member in MEMBERS} == set(SEQUENCES)
    assert {name for member in MEMBERS for name in member.side_critics} == set(VIEWS)
    for switch in ("attention", "progressive", "window_scale"):
        assert {getattr(member, switch) for member in MEMBERS} == {True, False}


# ---- laws


def described(container: Any) -> Any:
    """Return all that is said of a container but its cells."""
    if isinstance(container, tuple):
        return tuple(described(part) for part in container)
    if isinstance(container, list):
        return list, {(item.dtype, len(item)) for item in container}
    if isinstance(container, np.ndarray):
        return np.ndarray, container.dtype, container.shape[1:]
    if isinstance(container, pl.DataFrame):
        return pl.DataFrame, container.schema
    if isinstance(container, pd.Series):
        return pd.Series, container.name, container.dtype
    index = [container.index.get_level_values(k).dtype for k in range(container.index.nlevels)]
    return pd.DataFrame, container.columns.tolist(), container.dtypes.tolist(), container.index.names, index


@every_member
@pytest.mark.parametrize("n", [0, 1, 30])
def test_what_goes_in_comes_out(member: Member, n: int) -> None:
    arguments = data_of(member.kind)[0]
    sample = fitted(member).sample(n)
    want = described(as_one(arguments))
    got = described(sample)
    if n == 0 and member.kind == "list":
        assert sample[0] == []
        want, got = want[1:], got[1:]
    assert got == want
    first = sample[0] if isinstance(sample, tuple) else sample
    if isinstance(first, (np.ndarray, list)):
        assert len(first) == n
    elif member.kind == "series":
        assert len(first) == 6 * n
    elif isinstance(first.index if isinstance(first, pd.DataFrame) else None, pd.MultiIndex):
        assert len(first.index.unique(0)) == n
    else:
        assert pd.Series(first["patient"].to_numpy()).nunique() == n


@every_member
def test_the_same_seed_gives_the_same_model_and_sample(member: Member) -> None:
    first, second = fitted(member), member.new().fit(*data_of(member.kind)[0])
    assert same(first.sample(20), second.sample(20))
    check_same_training(first, second)


@every_member
def test_another_seed_gives_another_model(member: Member) -> None:
    other = member.new(random_state=4).fit(*data_of(member.kind)[0])
    assert not other.history_.equals(fitted(member).history_)


@every_member
def test_a_seed_for_the_sample_decides_its_sequences(member: Member) -> None:
    model = fitted(member)
    assert same(model.sample(20), model.sample(20))
    first = model.sample(20, random_state=8)
    assert same(first, model.sample(20, random_state=8))
    assert not same(first, model.sample(20, random_state=9))
    assert not same(first, model.sample(20))


@every_member
def test_sequences_in_parts_are_the_sequences_at_once(member: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    model = fitted(member)
    monkeypatch.setattr(module, "PART_STEPS", 10 * model.codec_.encoder.max_steps)
    parts = list(model.sample_parts(25))
    whole = model.sample(25)
    assert len(parts) == 3
    assert same(join(parts), whole)
    assert not same(parts[0], parts[1])
    assert [len(list(model.sample_parts(n))) for n in (0, 1, 10, 20)] == [1, 1, 1, 2]


@every_member
def test_a_saved_model_is_the_same_model(member: Member, tmp_path: Path) -> None:
    model = fitted(member)
    model.save(tmp_path / "model")
    for again in (load(tmp_path / "model", device="cpu"), WGANGPSequenceSynthesizer.load(tmp_path / "model", "cpu")):
        assert isinstance(again, WGANGPSequenceSynthesizer)
        assert same(again.sample(20), model.sample(20))
        pd.testing.assert_frame_equal(again.history_, model.history_, check_exact=True)
        assert again.get_params() == model.get_params()
        assert (again.schema_, again.static_schema_) == (model.schema_, model.static_schema_)
        assert (again.plan_.settings, again.plan_.preset) == (model.plan_.settings, model.plan_.preset)
        assert again.plan_.describe() == model.plan_.describe()
        assert again.updates_ == model.updates_
    again.save(tmp_path / "again")
    assert (tmp_path / "again/model.json").read_bytes() == (tmp_path / "model/model.json").read_bytes()


@every_member
def test_a_plan_is_what_fit_does(member: Member) -> None:
    model, done = member.new(), fitted(member)
    plan = model.plan(*data_of(member.kind)[0])
    assert vars(model) == vars(clone(model))  # nothing is remembered
    assert plan.describe() == done.plan_.describe()
    assert plan.to_json() == done.plan_.to_json()
    pd.testing.assert_frame_equal(plan.to_frame(), done.plan_.to_frame())
    assert done.updates_ == plan.settings.updates
    assert plan.channels == done.generator_.shape.channels


@every_member
def test_every_parameter_gets_a_gradient(member: Member) -> None:
    """From the objective itself, on the member's own sequences; with all levels, outputs of coarse ones are idle."""
    model = fitted(member)
    arguments, options = data_of(member.kind)
    sequences = read_sequences(*arguments, **options)[0]
    encoder, codec = model.codec_.encoder, model.codec_
    encoded, statics = encoder.transform(sequences), encoder.statics(sequences)
    condition = codec.condition(model.statics_.features(statics), encoded.lengths)
    data = to_device(codec, encoded, condition, 0, torch.device("cpu"))
    generator, critic = (copy.deepcopy(n).requires_grad_(True) for n in (model.generator_, model.critic_))
    with torch.no_grad():
        for part in (*generator.modules(), *critic.modules()):
            if isinstance(part, SelfAttention):
                part.gain.add_(0.1)
    rng, known = torch.Generator().manual_seed(0), data.condition(torch.arange(len(data)))
    real = data.batch(torch.arange(len(data)), rng)
    rows = generator(torch.randn(len(data), model.generator_.noise_dim, generator=rng), rng, known)
    assert rows.shape == real.shape

    def score(x: torch.Tensor) -> torch.Tensor:
        return critic(x, known)

    objective = find_objective(member.loss)
    scores = (score(real), score(rows.detach()))
    critics, _ = objective.critic_loss(score, real, rows.detach(), scores, torch.rand(len(real), generator=rng))
    for loss, network in ((critics, critic), (objective.generator_loss(score, real, rows), generator)):
        used = [(name, p) for name, p in network.named_parameters() if not name.startswith("early.")]
        shifts = {n for n, p in used if n.endswith("bias") and p.numel() == 1}  # which move all scores alike
        assert idle_parameters(loss, used) <= (shifts if network is critic else set())


@every_member
def test_a_sequence_does_not_depend_on_the_batch_that_it_is_drawn_in(member: Member) -> None:
    generator = fitted(member).generator_
    rng = torch.Generator().manual_seed(0)
    noise = torch.randn(6, generator.noise_dim, generator=rng)
    known = torch.rand(6, generator.shape.condition, generator=rng)
    alone = torch.cat([generator.raw(noise[i : i + 1], known[i : i + 1]) for i in range(6)])
    torch.testing.assert_close(generator.raw(noise, known), alone, rtol=1e-5, atol=1e-5)


@every_member
def test_what_samples_is_in_inference_mode(member: Member) -> None:
    check_inference_mode(fitted(member))


@every_member
def test_the_history_has_every_update(member: Member) -> None:
    check_history(fitted(member))


@every_member
def test_lengths_times_and_statics_are_those_of_sequences(member: Member) -> None:
    """Reading refuses times that do not increase, and statics that vary."""
    sample, arguments = fitted(member).sample(30), data_of(member.kind)[0]
    if member.kind == "series":
        hours = np.diff(sample["t"].to_numpy().reshape(30, 6), axis=1) / np.timedelta64(1, "h")
        assert (hours == 1).all()
        return
    drawn, real = read(member, sample), read(member, as_one(arguments))
    assert len(drawn) == 30
    assert drawn.lengths.min() >= real.lengths.min()
    assert drawn.lengths.max() <= real.lengths.max()


@every_member
@pytest.mark.parametrize("n", [2, 3])
def test_any_number_of_sequences_from_two_up_is_learned(member: Member, n: int) -> None:
    arguments, _ = data_of(member.kind, n)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # a column of two rows may be all missing
        model = member.new(n, epochs=1, batch_size=None).fit(*arguments)
        sample = model.sample(5)
    assert described(sample)[0] == described(as_one(arguments))[0]
    assert model.plan_.settings.batch_size <= n
