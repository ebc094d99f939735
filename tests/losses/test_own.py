"""A user's own objective: tried before training, trained with, saved by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

from tests.losses.own import Energy
from wgan_aug import WGANGPSequenceSynthesizer, WGANGPSynthesizer, load
from wgan_aug.errors import InvalidParameterError
from wgan_aug.losses.checking import check_objective
from wgan_aug.losses.objectives import OBJECTIVES, NamedObjective, find_objective, write_objective


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({"x": rng.normal(size=60), "k": rng.choice(["a", "b"], 60)})


def small(**options: Any) -> WGANGPSynthesizer:
    usual: dict[str, Any] = {"epochs": 2, "batch_size": 20, "random_state": 0, "device": "cpu"}
    return WGANGPSynthesizer(**usual | options)


class Changed(Energy):
    """The objective, with one thing replaced."""

    def __init__(self, **parts: Any) -> None:
        super().__init__()
        vars(self).update(parts)


def as_critic(change: Any) -> dict[str, Any]:
    return {"critic_loss": lambda critic, real, generated, scores, eps: change(scores, real)}


def as_generator(change: Any) -> dict[str, Any]:
    return {"generator_loss": lambda critic, real, generated: change(critic, generated)}


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no mean": (as_critic(lambda s, x: (s[1] - s[0], {})), r"critic_loss returns has shape \(4,\).* take the mean"),
    "no figures": (as_critic(lambda s, x: s[1].mean()), r"critic_loss gives a Tensor, .*return the loss and a dict"),
    "a number": (as_critic(lambda s, x: (1.0, {})), r"critic_loss gives a float as its loss, .*it must be a tensor"),
    "no gradient": (
        as_critic(lambda s, x: (s[0].detach().mean(), {})),
        r"critic_loss gives a loss without a gradient, .*it must depend on the critic's weights",
    ),
    "of rows alone": (as_critic(lambda s, x: (x.mean(), {})), r"critic_loss gives a loss without a gradient"),
    "nothing": (as_critic(lambda s, x: (0 * s[0].mean(), {})), r"critic_loss gives a loss without a gradient"),
    "not finite": (as_critic(lambda s, x: (s[0].mean() / 0, {})), r"critic_loss gives -?inf, .*must be finite"),
    "shapes": (
        as_critic(lambda s, x: ((s[0] * torch.ones(3)).mean(), {})),
        r"Changed\.critic_loss fails, tried on 4 rows of shape \(\d.*RuntimeError: The size of tensor",
    ),
    "a vector of figures": (
        as_critic(lambda s, x: (s[0].mean(), {"all": s[0]})),
        r"critic_loss gives a figure 'all' that is no scalar tensor",
    ),
    "signature": ({"critic_loss": lambda scores: None}, r"critic_loss fails, .*TypeError: .*argument"),
    "no mean of the generator": (as_generator(lambda c, x: c(x)), r"generator_loss returns has shape \(4,\)"),
    "generator without gradient": (
        as_generator(lambda c, x: c(x.detach()).mean()),
        r"generator_loss gives a loss without a gradient, .*it must depend on the generated rows",
    ),
    "generator fails": (as_generator(lambda c, x: c(x).nothing()), r"generator_loss fails, .*AttributeError"),
    "no function": ({"generator_loss": None}, r"which has no generator_loss; allowed are .*with both functions"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_before_training(name: str, table: pd.DataFrame) -> None:
    parts, message = MISTAKES[name]
    with pytest.raises(InvalidParameterError, match=message):
        small(loss=Changed(**parts)).plan(table)
    sequences = WGANGPSequenceSynthesizer(loss=Changed(**parts), layout="ntc", device="cpu")
    with pytest.raises(InvalidParameterError, match=message):
        sequences.plan(np.zeros((5, 6, 2)))


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("shape", [(1,), (3,), (2, 5)])
def test_our_own_objectives_pass_the_trial(name: str, shape: tuple[int, ...]) -> None:
    before = torch.get_rng_state()
    check_objective(find_objective(name), shape)
    check_objective(Energy(), shape)
    assert torch.equal(torch.get_rng_state(), before)


def test_an_own_objective_trains_tables(table: pd.DataFrame) -> None:
    model = small(loss=Energy(), n_critic=2).fit(table)
    assert {"critic_loss", "missed", "generator_loss"} < set(model.history_)
    assert np.isfinite(model.history_.to_numpy()).all()
    assert model.sample(7).dtypes.equals(table.dtypes)
    twin = cast(WGANGPSynthesizer, clone(model)).fit(table)
    pd.testing.assert_frame_equal(twin.sample(9), model.sample(9), check_exact=True)
    assert not small(loss=Energy(margin=3.0), n_critic=2).fit(table).history_.equals(model.history_)


def test_an_own_objective_trains_sequences() -> None:
    x = np.random.default_rng(0).normal(size=(24, 8, 2))
    model = WGANGPSequenceSynthesizer(loss=Energy(), layout="ntc", epochs=2, random_state=0, device="cpu").fit(x)
    assert model.sample(3).shape == (3, 8, 2)
    assert "missed" in model.history_


def test_a_saved_model_knows_an_own_objective_by_its_name(table: pd.DataFrame, tmp_path: Path) -> None:
    model = small(loss=Energy(margin=2.0)).fit(table)
    model.save(tmp_path / "model")
    assert write_objective(model.loss) == {"name": "tests.losses.own:Energy", "options": {"margin": 2.0}}
    again = load(tmp_path / "model", device="cpu")
    assert isinstance(again, WGANGPSynthesizer)
    assert again.loss == NamedObjective("tests.losses.own:Energy", {"margin": 2.0})
    pd.testing.assert_frame_equal(again.sample(9), model.sample(9), check_exact=True)
    again.save(tmp_path / "again")
    assert (tmp_path / "again/model.json").read_bytes() == (tmp_path / "model/model.json").read_bytes()
    with pytest.raises(
        InvalidParameterError, match=r"loss is 'tests\.losses\.own:Energy', .*set_params\(loss=\.\.\.\)"
    ):
        again.partial_fit(table)
    again.set_params(loss=Energy(margin=2.0)).partial_fit(table)
    assert again.updates_ == 2 * model.updates_


def test_a_model_that_names_what_is_not_there_still_samples(table: pd.DataFrame, tmp_path: Path) -> None:
    class Lost(Energy):
        """Gone with this function."""

    model = small(loss=Lost()).fit(table)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model", device="cpu")
    assert isinstance(again, WGANGPSynthesizer)
    assert isinstance(again.loss, NamedObjective)
    assert again.loss.name.endswith("<locals>.Lost")
    pd.testing.assert_frame_equal(again.sample(9), model.sample(9), check_exact=True)
