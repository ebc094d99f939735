"""A user's own networks: tried before training, trained with, saved by their name, given again to load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from torch import Tensor, nn

from tests.listening import Listening
from tests.losses.own import Energy
from tests.networks.own import Attending, Changed, Steps, Wide, told
from wgan_aug import WGANGPSequenceSynthesizer, WGANGPSynthesizer, load
from wgan_aug.errors import InvalidParameterError, ModelFormatError
from wgan_aug.losses.objectives import OBJECTIVES


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=120)
    return pd.DataFrame({"x": x, "k": np.where(x > 0, "a", "b"), "z": rng.normal(size=120)})


@pytest.fixture(scope="module")
def series() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=(steps, 2)) for steps in rng.integers(5, 9, 40)]


def small(**options: Any) -> WGANGPSynthesizer:
    usual: dict[str, Any] = {"epochs": 3, "batch_size": 40, "refine": False, "random_state": 0, "device": "cpu"}
    return WGANGPSynthesizer(**usual | {"architecture": Wide()} | options)


def sequences(**options: Any) -> WGANGPSequenceSynthesizer:
    usual: dict[str, Any] = {"epochs": 2, "layout": "ntc", "refine": False, "random_state": 0, "device": "cpu"}
    return WGANGPSequenceSynthesizer(**usual | {"architecture": Steps()} | options)


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> WGANGPSynthesizer:
    return small(refine=True).fit(table)


# ---- what is wrong is told before training


class Apply(nn.Module):
    """A module that applies a function to rows, after a linear layer where it shall have weights."""

    def __init__(self, function: Callable[..., Any], *sizes: int) -> None:
        super().__init__()
        self.linear = nn.Sequential(nn.Flatten(), nn.LazyLinear(sizes[0])) if sizes else nn.Identity()
        self.function = function

    def forward(self, rows: Tensor) -> Any:
        return self.function(self.linear(rows))


def as_generator(make: Callable[[int, int], Any]) -> dict[str, Any]:
    return {"generator": make}


def as_critic(function: Callable[[Tensor], Any], width: int = 1) -> dict[str, Any]:
    return {"critic": lambda *sizes: Apply(function, width)}


def frozen(n_in: int, n_out: int) -> nn.Module:
    return nn.Sequential(nn.Linear(n_in, 4).requires_grad_(False), nn.Linear(4, n_out))


KEPT = nn.Linear(12, 1)
SHIFT = nn.Parameter(torch.zeros(1))
SHARED = r"a row's score depends on the other rows, which voids the penalty that loss='wgan-gp' takes row by row"

GENERATORS: dict[str, tuple[Callable[..., Any], str]] = {
    "too few": (lambda i, o: nn.Linear(i, o - 1), r"generator\((\d+), (\d+)\) makes of 4 rows of shape \(\1,\) has"),
    "one row": (
        lambda i, o: nn.Sequential(nn.Linear(i, o), Apply(lambda x: x if len(x) > 1 else x[:, :1])),
        r"makes of 1 rows of shape .* has shape \(1, 1\); it must have shape \(1, \d+\)",
    ),
    "no weights": (lambda i, o: Apply(lambda x: x[:, :o]), r"gives a module without parameters"),
    "no gradient": (
        lambda i, o: nn.Sequential(nn.Linear(i, o), Apply(lambda x: x.detach())),
        r"gives a module whose output has no gradient by its weights",
    ),
    "frozen": (frozen, r"whose parameter '0\.weight' takes no gradient; make it a buffer"),
    "not finite": (lambda i, o: nn.Sequential(nn.Linear(i, o), Apply(lambda x: x / 0)), r"output is not finite"),
    "a class": (lambda i, o: nn.Linear, r"generator\(\d+, \d+\) gives the class Linear; it must return a torch\.nn"),
    "nothing": (lambda i, o: None, r"gives a NoneType; it must return a torch\.nn\.Module"),
    "a tuple": (
        lambda i, o: nn.Sequential(nn.Linear(i, o), Apply(lambda x: (x, x))),
        r"gives a module that returns a tuple; it must return a tensor",
    ),
    "fails": (lambda i, o: 1 / 0, r"generator\(\d+, \d+\) fails: ZeroDivisionError: .*called with \(inputs, outputs\)"),
    "sizes": (lambda i, o, steps: nn.Linear(i, o), r"fails: TypeError: .*'steps'\. It is called with"),
    "forward": (lambda i, o: nn.Linear(i + 1, o), r"the module of .* fails, tried on 4 rows: RuntimeError: mat1"),
}

CRITICS: dict[str, tuple[dict[str, Any], str]] = {
    "two scores": (as_critic(lambda x: x, 2), r"critic.* makes of 4 rows .* \(4, 2\); it must have shape \(4,\) or"),
    "one score": (as_critic(lambda x: x.mean()), r"has shape \(\); it must have shape \(4,\) or \(4, 1\)"),
    "of no rows": (
        as_critic(lambda x: SHIFT + 0 * x.detach().nan_to_num()),
        r"has no gradient by",
    ),
    "rounds": (
        {"critic": lambda *s: nn.Sequential(Apply(lambda x: x.flatten(1).round()), nn.LazyLinear(1))},
        r"whose output has no gradient by the rows, from which the generator learns",
    ),
    "batch": (
        {"critic": lambda *s: nn.Sequential(nn.Flatten(), nn.LazyLinear(4), nn.BatchNorm1d(4), nn.Linear(4, 1))},
        rf"critic\([\d, ]+\) has BatchNorm1d, so that {SHARED}",
    ),
    "spread": (as_critic(lambda x: x + x.std(dim=0)), rf"another score when other rows change, so that {SHARED}"),
    "once": (
        {"critic": lambda *sizes: Attending()},
        r"cannot be trained with loss='wgan-gp': RuntimeError: derivative for .* is not implemented\. A penalty takes",
    ),
    "kept": ({"critic": lambda *s: KEPT}, r"gives the same module each time; make a new one"),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_a_generators_mistake_is_told_before_training(name: str, table: pd.DataFrame) -> None:
    make, message = GENERATORS[name]
    with pytest.raises(InvalidParameterError, match=message):
        small(architecture=Changed(generator=make)).plan(table)


@pytest.mark.parametrize("name", CRITICS)
def test_a_critics_mistake_is_told_before_training(name: str, table: pd.DataFrame, series: list[np.ndarray]) -> None:
    functions, message = CRITICS[name]
    for call in (small(architecture=Changed(**functions)).plan, small(architecture=Changed(**functions)).fit):
        with pytest.raises(InvalidParameterError, match=message):
            call(table)
    with pytest.raises(InvalidParameterError, match=message):
        sequences(architecture=Changed(**functions)).fit(series)


def test_a_generator_of_sequences_is_tried_too(series: list[np.ndarray]) -> None:
    flat = Changed(generator=lambda i, c, s: nn.Linear(i, c * s))
    with pytest.raises(InvalidParameterError, match=r"\(4, 16\); it must have shape \(4, 2, 8\)"):
        sequences(architecture=flat).plan(series)
    with pytest.raises(InvalidParameterError, match=r"generator\(\d+, 2, 8\) fails.*\(inputs, channels, steps\)"):
        sequences(architecture=Wide()).plan(series)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"architecture": Wide}, r"architecture is the class Wide; give an instance: architecture=Wide\(\)"),
        (
            {"architecture": nn.Linear(1, 1)},
            r"which has no generator and no critic; allowed are 'mlp', 'conv1d'",
        ),
        (
            {"architecture": Changed(critic=None)},
            r"which has no critic; allowed are .*with the functions generator",
        ),
        ({"architecture": None}, r"architecture is None, which has no generator"),
        ({"critic_norm": "spectral"}, r"critic_norm is 'spectral', an option of architecture='mlp' and 'conv1d'; Wide"),
    ],
    ids=told,
)
def test_what_is_no_architecture(options: dict[str, Any], message: str, table: pd.DataFrame) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        small(**options).plan(table)


@pytest.mark.parametrize("loss", [*OBJECTIVES, Energy()], ids=told)
def test_every_objective_takes_them(loss: Any, table: pd.DataFrame) -> None:
    before = torch.get_rng_state()
    small(loss=loss).plan(table)
    assert torch.equal(torch.get_rng_state(), before)


def test_rows_may_depend_on_each_other_where_nothing_is_penalised(table: pd.DataFrame) -> None:
    shared = Changed(**CRITICS["batch"][0])
    model = small(architecture=shared, loss="gan").fit(table)
    assert np.isfinite(model.score_samples(table)).all()


# ---- tables


def test_tables_are_learned_sampled_and_filled(model: WGANGPSynthesizer, table: pd.DataFrame) -> None:
    assert np.isfinite(model.history_.to_numpy()).all()
    assert model.sample(7).dtypes.equals(table.dtypes)
    assert len(model.sample(0)) == 0
    some = model.sample(9, conditions={"k": "a", "z": (0, None)})
    assert (some["k"] == "a").all()
    assert (some["z"] >= 0).all()
    holes = table.assign(z=table["z"].where(np.arange(120) % 2 == 0))
    filled = model.impute(holes)
    assert filled["z"].notna().all()
    assert filled["x"].equals(table["x"])
    assert model.score_samples(table.head(3)).shape == (3,)


def test_a_seed_gives_the_same_model_with_dropout_too(model: WGANGPSynthesizer, table: pd.DataFrame) -> None:
    torch.rand(3)  # whatever state torch's own numbers are in
    before = torch.get_rng_state()
    twin = cast(WGANGPSynthesizer, clone(model)).fit(table)
    assert torch.equal(torch.get_rng_state(), before)
    assert twin.architecture is not model.architecture
    for name, tensor in model.generator_.state_dict().items():
        assert torch.equal(twin.generator_.state_dict()[name], tensor), name
    pd.testing.assert_frame_equal(twin.sample(9), model.sample(9), check_exact=True)
    other = small(architecture=Wide(25)).fit(table)
    assert not other.history_.equals(model.history_)


def test_the_average_has_the_statistics_of_batches(model: WGANGPSynthesizer) -> None:
    norm = next(module for module in model.generator_.modules() if isinstance(module, nn.BatchNorm1d))
    assert cast(Tensor, norm.num_batches_tracked).item() >= model.updates_
    assert cast(Tensor, norm.running_mean).abs().sum() > 0


def test_the_untrained_generator_has_the_shares_of_the_data(table: pd.DataFrame) -> None:
    rare = table.assign(r=np.where(np.arange(120) < 6, "rare", "often"))
    nothing = Changed(generator=lambda i, o: nn.Sequential(nn.Linear(i, o), Apply(lambda x: x * 1e-3)))
    model = small(architecture=nothing, learning_rate=1e-9).fit(rare)
    assert (model.sample(2000)["r"] == "rare").mean() == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(
    "options",
    [
        {"early_stopping": True, "validation_fraction": 0.3, "evaluate_every": 2},
        {"precision": "bfloat16"},
        {"preset": "paper", "epochs": 2},
        {"balance": 0.5, "target": "k"},
    ],
    ids=told,
)
def test_options_go_with_them(options: dict[str, Any], table: pd.DataFrame) -> None:
    model = small(**options).fit(table)
    assert model.sample(5).dtypes.equals(table.dtypes)


def test_a_training_goes_on_as_if_there_had_been_no_break(table: pd.DataFrame, tmp_path: Path) -> None:
    class Stop(Exception):
        """Ends a training."""

    def cut(progress: Any) -> None:
        if progress.update >= 50:
            raise Stop

    long: dict[str, Any] = {"epochs": 25}
    with pytest.raises(Stop):
        small(**long).fit(table, callbacks=[Listening(cut)], checkpoint=tmp_path / "kept", every=0.001)
    with pytest.raises(ModelFormatError, match=r"keeps another training: .*architecture"):
        small(**long, architecture=Wide(9)).fit(table, checkpoint=tmp_path / "kept", resume=True)
    resumed = small(**long).fit(table, checkpoint=tmp_path / "kept", resume=True)
    expected = small(**long).fit(table)
    pd.testing.assert_frame_equal(resumed.history_, expected.history_, check_exact=True)
    pd.testing.assert_frame_equal(resumed.sample(20), expected.sample(20), check_exact=True)


# ---- on disk


def test_a_saved_model_is_loaded_with_its_networks(
    model: WGANGPSynthesizer, table: pd.DataFrame, tmp_path: Path
) -> None:
    model.save(tmp_path / "model")
    assert "tests.networks.own:Wide" in (tmp_path / "model/model.json").read_text()
    own = Wide()
    for again in (
        load(tmp_path / "model", "cpu", architecture=own),
        WGANGPSynthesizer.load(tmp_path / "model", device="cpu", architecture=own),
    ):
        assert isinstance(again, WGANGPSynthesizer)
        assert again.architecture is own
        pd.testing.assert_frame_equal(again.sample(9), model.sample(9), check_exact=True)
        np.testing.assert_array_equal(again.score_samples(table), model.score_samples(table))
    again.save(tmp_path / "again")
    assert (tmp_path / "again/model.json").read_bytes() == (tmp_path / "model/model.json").read_bytes()
    assert again.partial_fit(table).updates_ == 2 * model.updates_
    with pytest.raises(InvalidParameterError, match=r"not those that were fitted: 'layers.* has shape .* here, and no"):
        again.set_params(architecture="mlp").partial_fit(table)


class Other(Wide):
    """The same by another name."""


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (None, r"was fitted with networks of your own, tests\.networks\.own:Wide \(width=24\), .*architecture=Wide\("),
        (Wide, r"architecture is the class Wide; give an instance"),
        (
            Other(),
            r"architecture is Other\(\.\.\.\), but .* was fitted with one of the class tests\.netw",
        ),
        ("mlp", r"architecture is 'mlp', but .* was fitted with one of the class"),
        (
            Wide(5),
            r"not those that were fitted: 'body\.0\.weight' has shape \(5, \d+\) here, and shape \(24, ",
        ),
    ],
    ids=told,
)
def test_a_wrong_architecture_does_not_load(
    architecture: Any, message: str, model: WGANGPSynthesizer, tmp_path: Path
) -> None:
    model.save(tmp_path / "model")
    with pytest.raises(InvalidParameterError, match=message):
        load(tmp_path / "model", "cpu", architecture=architecture)


def test_a_model_of_ours_needs_no_architecture(table: pd.DataFrame, tmp_path: Path) -> None:
    small(architecture="mlp").fit(table).save(tmp_path / "model")
    with pytest.raises(InvalidParameterError, match=r"is Wide\(\.\.\.\), but .* was fitted with 'mlp', .*leave arch"):
        load(tmp_path / "model", "cpu", architecture=Wide())


# ---- sequences


def test_sequences_are_learned_saved_and_loaded(series: list[np.ndarray], tmp_path: Path) -> None:
    labels = np.arange(40) % 2
    model = sequences().fit(series, labels)
    assert np.isfinite(model.history_.to_numpy()).all()
    drawn, told = model.sample(12, conditions={"y": 1})
    assert set(told) == {1}
    assert {item.shape[1] for item in drawn} == {2}
    assert len({len(item) for item in drawn}) > 1
    assert len(model.sample(0)[0]) == 0
    model.save(tmp_path / "model")
    with pytest.raises(InvalidParameterError, match=r"networks of your own, tests\.networks\.own:Steps, of which"):
        load(tmp_path / "model", device="cpu")
    again = load(tmp_path / "model", device="cpu", architecture=Steps())
    for ours, theirs in zip(again.sample(5)[0], model.sample(5)[0], strict=True):
        np.testing.assert_array_equal(ours, theirs)
