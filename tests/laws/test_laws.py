"""Laws that hold for every member: each objective, critic, setting, encoding and kind of table. A member is a line."""

from __future__ import annotations

import copy
import dataclasses
import functools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from tests.laws.shared import check_history, check_inference_mode, check_same_training, idle_parameters
from wgan_aug import load
from wgan_aug.encoding.curves import CURVES
from wgan_aug.errors import DataWarning
from wgan_aug.losses.objectives import OBJECTIVES, find_objective
from wgan_aug.networks.dense import CRITIC_NORMS
from wgan_aug.synthesizers.conditioning import drawing
from wgan_aug.synthesizers.presets import PRESETS
from wgan_aug.synthesizers.table import WGANGPSynthesizer
from wgan_aug.training.data import DeviceTable
from wgan_aug.training.devices import new_generator

# ---- kinds of tables: rows and a generator in, a frame out


def _mixed(n: int, rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "size": rng.normal(10, 3, n).round(2),
            "visits": rng.poisson(3, n),
            "colour": rng.choice(["red", "green", "blue"], n),
            "member": rng.random(n) < 0.3,
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 400, n), unit="D"),
            "spent": np.where(rng.random(n) < 0.5, 0.0, rng.exponential(20, n).round(1)),
        }
    )


def _numbers(n: int, rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(rng.normal(size=(n, 3)).round(3), columns=["a", "b", "c"]).astype({"c": np.float32})


def _levels(n: int, rng: np.random.Generator) -> pd.DataFrame:
    levels = pd.Categorical(rng.choice(["low", "high"], n), ["low", "mid", "high"], ordered=True)
    return pd.DataFrame({"level": levels, "flag": rng.random(n) < 0.5, "letter": rng.choice(list("abcdefgh"), n)})


def _nullable(n: int, rng: np.random.Generator) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "count": pd.array(rng.integers(0, 900, n), "Int64"),
            "share": pd.array(rng.random(n).round(3), "Float64"),
            "yes": pd.array(rng.random(n) < 0.5, "boolean"),
            "word": pd.array(rng.choice(["x", "y"], n), "string"),
            "at": pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(rng.integers(0, 9000, n), unit="s"),
            "took": pd.to_timedelta(rng.integers(0, 500, n), unit="min"),
        }
    )
    return frame.mask(rng.random(frame.shape) < 0.1)


def _single(n: int, rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame({("only", 1): rng.exponential(size=n).round(4)})


TABLES: dict[str, Callable[[int, np.random.Generator], pd.DataFrame]] = {
    "mixed": _mixed,
    "numbers": _numbers,
    "levels": _levels,
    "nullable": _nullable,
    "single": _single,
}


def rows_of(kind: str, n: int = 60) -> pd.DataFrame:
    return TABLES[kind](n, np.random.default_rng(7))


# ---- members


@dataclasses.dataclass(frozen=True)
class Member:
    """One combination of options, and the kind of table that it learns."""

    table: str = "mixed"
    loss: str = "wgan-gp"
    architecture: str = "mlp"
    critic_norm: str = "layer"
    numeric_encoding: str = "auto"
    preset: str = "balanced"
    batch_size: int = 20
    n_critic: int = 2

    def new(self, **changed: Any) -> WGANGPSynthesizer:
        """Return the unfitted synthesizer."""
        options: dict[str, Any] = {name: value for name, value in vars(self).items() if name != "table"}
        options |= {"epochs": 2, "random_state": 3, "device": "cpu"} | changed
        return WGANGPSynthesizer(**options)

    def __str__(self) -> str:
        usual = vars(Member()) | {"table": ""}
        return "-".join(str(value) for name, value in vars(self).items() if value != usual[name])


MEMBERS = [
    Member(),
    Member("numbers"),
    Member("levels"),
    Member("nullable"),
    Member("single"),
    Member(critic_norm="none"),
    Member(critic_norm="spectral"),
    Member("numbers", critic_norm="weight"),
    Member("numbers", numeric_encoding="affine"),
    Member("nullable", numeric_encoding="affine", critic_norm="none"),
    Member(preset="fast", n_critic=1),
    Member(preset="best", batch_size=7),
    Member("nullable", preset="paper"),
    Member("numbers", preset="toy"),
    Member(loss="wgan"),
    Member("numbers", loss="wgan", preset="paper", critic_norm="none"),
    Member(loss="wgan-div"),
    Member("nullable", loss="gan"),
    Member(loss="lsgan", critic_norm="weight"),
    Member("levels", loss="hinge", preset="paper", critic_norm="spectral"),
    Member(loss="r3gan"),
    Member("numbers", loss="r3gan", preset="toy"),
    Member("single", architecture="conv1d"),
]
every_member = pytest.mark.parametrize("member", MEMBERS, ids=str)


@functools.cache
def fitted(member: Member) -> WGANGPSynthesizer:
    """Fit once; the laws only read."""
    return member.new().fit(rows_of(member.table))


def test_every_part_with_a_name_is_in_the_table() -> None:
    assert {member.loss for member in MEMBERS} == set(OBJECTIVES)
    assert {member.critic_norm for member in MEMBERS} == set(CRITIC_NORMS)
    assert {member.preset for member in MEMBERS} == set(PRESETS)
    assert {member.numeric_encoding for member in MEMBERS} >= set(CURVES) - {"quantile"}  # "auto" is the quantile
    assert {member.table for member in MEMBERS} == set(TABLES)


# ---- laws


@every_member
def test_decoding_undoes_encoding(member: Member) -> None:
    frame, encoder = rows_of(member.table), fitted(member).encoder_
    pd.testing.assert_frame_equal(encoder.inverse_transform(encoder.transform(frame)), frame)


@every_member
def test_columns_order_and_dtypes_are_kept(member: Member) -> None:
    frame = rows_of(member.table)
    for rows in (0, 1, 30):
        sample = fitted(member).sample(rows)
        assert sample.shape == (rows, frame.shape[1])
        pd.testing.assert_index_equal(sample.columns, frame.columns)
        pd.testing.assert_series_equal(sample.dtypes, frame.dtypes)


@every_member
def test_the_same_seed_gives_the_same_model_and_sample(member: Member) -> None:
    first, second = fitted(member), member.new().fit(rows_of(member.table))
    pd.testing.assert_frame_equal(first.sample(40), second.sample(40), check_exact=True)
    check_same_training(first, second)


@every_member
def test_another_seed_gives_another_model(member: Member) -> None:
    other = member.new(random_state=4).fit(rows_of(member.table))
    assert not other.history_.equals(fitted(member).history_)


@every_member
def test_a_seed_for_the_sample_decides_its_rows(member: Member) -> None:
    model = fitted(member)
    pd.testing.assert_frame_equal(model.sample(40), model.sample(40), check_exact=True)
    first = model.sample(40, random_state=8)
    pd.testing.assert_frame_equal(first, model.sample(40, random_state=8), check_exact=True)
    assert not first.equals(model.sample(40, random_state=9))
    assert not first.equals(model.sample(40))


@every_member
def test_rows_in_parts_are_the_rows_at_once(member: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "PART_ROWS", 10)
    model = fitted(member)
    parts = list(model.sample_parts(25))
    assert [len(part) for part in parts] == [10, 10, 5]
    whole = model.sample(25)
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole, check_exact=True)
    pd.testing.assert_frame_equal(model.sample(20), whole.iloc[:20], check_exact=True)
    pd.testing.assert_series_equal(whole.dtypes, rows_of(member.table).dtypes)
    assert not parts[0].equals(parts[1])


@every_member
def test_a_saved_model_is_the_same_model(member: Member, tmp_path: Path) -> None:
    model = fitted(member)
    model.save(tmp_path / "model")
    for again in (load(tmp_path / "model", device="cpu"), WGANGPSynthesizer.load(tmp_path / "model", device="cpu")):
        pd.testing.assert_frame_equal(again.sample(40), model.sample(40), check_exact=True)
        pd.testing.assert_frame_equal(again.history_, model.history_, check_exact=True)
        assert again.get_params() == model.get_params()
        assert again.schema_ == model.schema_
        assert (again.plan_.settings, again.plan_.preset) == (model.plan_.settings, model.plan_.preset)
        assert again.updates_ == model.updates_
        frame = rows_of(member.table)
        assert isinstance(again, WGANGPSynthesizer)
        assert again.score_samples(frame).tobytes() == model.score_samples(frame).tobytes()
    again.save(tmp_path / "again")
    assert (tmp_path / "again/model.json").read_bytes() == (tmp_path / "model/model.json").read_bytes()


@every_member
def test_every_parameter_gets_a_gradient(member: Member) -> None:
    """From the objective itself, on rows of the member's own table."""
    model, frame = fitted(member), rows_of(member.table)
    generator = copy.deepcopy(model.generator_).requires_grad_(True)
    critic = copy.deepcopy(model.critic_).requires_grad_(True)
    codes = model.encoder_.transform(frame)
    rng = new_generator(0, torch.device("cpu"))
    real = DeviceTable(codes.states, codes.low, codes.high, model.encoder_.layout, rng.device).middle(
        torch.arange(len(frame))
    )
    rows = generator(torch.randn(len(frame), model.plan_.preset.noise_dim, generator=rng), rng)
    objective = find_objective(member.loss)
    scores = (critic(real), critic(rows.detach()))
    critics, _ = objective.critic_loss(critic, real, rows.detach(), scores, torch.rand(len(real), generator=rng))
    for loss, network in ((critics, critic), (objective.generator_loss(critic, real, rows), generator)):
        biases = [name for name, _ in network.named_parameters() if name.endswith("bias")]
        idle = {biases[-1]} if network is critic else set[str]()  # the critic's last bias moves all scores alike
        assert idle_parameters(loss, network.named_parameters()) <= idle


@every_member
def test_what_samples_is_in_inference_mode(member: Member) -> None:
    check_inference_mode(fitted(member))


@every_member
def test_the_history_has_every_update(member: Member) -> None:
    check_history(fitted(member))


@every_member
@pytest.mark.parametrize("rows", [2, 3, 17, 501])
def test_any_number_of_rows_from_two_up_is_learned(member: Member, rows: int) -> None:
    frame = rows_of(member.table, rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # a column of two rows may be all missing
        model = member.new(epochs=1, batch_size=None).fit(frame)
    sample = model.sample(9)
    assert sample.shape == (9, frame.shape[1])
    pd.testing.assert_series_equal(sample.dtypes, frame.dtypes)
    assert model.plan_.settings.batch_size <= rows


@pytest.mark.parametrize("rows", [2, 3, 17])
def test_a_batch_above_the_rows_is_the_rows_with_a_warning(rows: int) -> None:
    with pytest.warns(DataWarning, match=rf"batch_size is 20, but there are {rows} rows: batches have {rows}\."):
        model = Member("numbers").new().fit(rows_of("numbers", rows))
    assert model.plan_.settings.batch_size == rows
