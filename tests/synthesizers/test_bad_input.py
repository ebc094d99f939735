"""Bad input gets one clear error or warning: what was asked, what came, where, what to do."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from wgan_aug import WGANGPSynthesizer
from wgan_aug.errors import (
    DataTypeError,
    DataWarning,
    InvalidDataError,
    InvalidParameterError,
    UnknownOptionError,
    WganAugError,
)

N = 40


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({"a": rng.random(N), "b": rng.choice(["x", "y"], N)})


@pytest.fixture(scope="module")
def model(frame: pd.DataFrame) -> WGANGPSynthesizer:
    return WGANGPSynthesizer(epochs=1, random_state=0).fit(frame)


TABLES: dict[str, tuple[Callable[[pd.DataFrame], Any], type[WganAugError], str]] = {
    "empty": (lambda f: pd.DataFrame(), InvalidDataError, r"0 feature\(s\).*0 sample\(s\) \(shape=\(0, 0\)\)"),
    "no columns": (lambda f: f[[]], InvalidDataError, r"0 feature\(s\) \(shape=\(40, 0\)\)"),
    "no rows": (lambda f: f.head(0), InvalidDataError, r"0 sample\(s\) \(shape=\(0, 2\)\).*minimum of 2"),
    "one row": (lambda f: f.head(1), InvalidDataError, r"1 sample .*a minimum of 2 is required"),
    "doubled": (lambda f: f.set_axis(["a", "a"], axis=1), InvalidDataError, r"come more than once: 'a'"),
    "infinite": (lambda f: f.assign(z=[np.inf, -np.inf] + [0.5] * 38), InvalidDataError, r"'z' has 2 infinite values"),
    "one infinite": (lambda f: f.assign(z=[np.inf] + [0.5] * 39), InvalidDataError, r"'z' has 1 infinite value "),
    "list": (lambda f: f.assign(q=pd.Series([[1]] * N)), DataTypeError, r"'q' has nested cells or objects \(a list\)"),
    "dict": (lambda f: f.assign(q=pd.Series([{}] * N)), DataTypeError, r"'q' has nested cells or objects \(a dict\)"),
    "array": (
        lambda f: f.assign(q=pd.Series([np.ones(2)] * N)),
        DataTypeError,
        r"'q' has nested cells or objects \(a ndarray\)",
    ),
    "complex": (lambda f: f.assign(q=[1j, 2j] * 20), DataTypeError, r"'q' has complex numbers\. Split it"),
    "complex array": (lambda f: np.ones((4, 2)) * 1j, InvalidDataError, r"Complex data not supported: split"),
    "constant": (lambda f: f.assign(a=1, b="x"), InvalidDataError, r"nothing to learn: .*'a': constant, 'b': constant"),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_that_cannot_be_learned(name: str, frame: pd.DataFrame) -> None:
    make, error, message = TABLES[name]
    with pytest.raises(error, match=message) as caught:
        WGANGPSynthesizer(epochs=1).fit(make(frame))
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, TypeError if error is DataTypeError else ValueError)


def test_several_mistakes_in_the_data_are_one_error(frame: pd.DataFrame) -> None:
    bad = frame.assign(z=[np.inf] * N, k=[1j] * N, q=pd.Series([[1]] * N))
    with pytest.raises(InvalidDataError, match=r"3 problems: \(1\).*'z'.*\(2\).*'k'.*\(3\).*'q'"):
        WGANGPSynthesizer(epochs=1).fit(bad)
    doubled = frame.head(1).set_axis(["a", "a"], axis=1)
    with pytest.raises(InvalidDataError, match=r"2 problems: \(1\).*1 sample.*\(2\).*'a'"):
        WGANGPSynthesizer(epochs=1).fit(doubled)


@pytest.mark.parametrize(
    ("column", "options", "message"),
    [
        ({"z": [np.nan] * N}, {}, r"All values are missing, and stay so, in: 'z'"),
        ({"z": [1, "a"] * 20}, {}, r"'z' mixes types \((int|str) x 20, (int|str) x 20\)"),
        ({}, {"batch_size": 500}, r"batch_size is 500, but there are 40 rows: batches have 40"),
    ],
    ids=["all missing", "mixed", "batch_size"],
)
def test_warnings(column: dict[str, Any], options: dict[str, Any], message: str, frame: pd.DataFrame) -> None:
    with pytest.warns(DataWarning, match=message):
        model = WGANGPSynthesizer(epochs=1, random_state=0, **options).fit(frame.assign(**column))
    assert model.sample(3).shape == (3, 2 + len(column))


def test_identifiers_are_warned_of_and_made_anew(frame: pd.DataFrame) -> None:
    long = pd.concat([frame] * 3, ignore_index=True).assign(key=[f"u{k:04d}" for k in range(120)])
    with pytest.warns(DataWarning, match=r"Taken as identifiers, not learned but made anew: 'key'"):
        out = WGANGPSynthesizer(epochs=1, random_state=0).fit(long).sample(50)
    assert out["key"].is_unique
    assert not set(out["key"]) & set(long["key"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f[["a"]], r"lack 1 of the 2 fitted columns: 'b'"),
        (lambda f: f.rename(columns={"b": "bb"}), r"lack .* 'b'\. Did you mean 'bb'\?"),
        (lambda f: f.assign(a="x"), r"Column 'a' was fitted as float64 \(continuous\), .*'x'"),
    ],
    ids=["absent", "renamed", "text for numbers"],
)
def test_rows_that_cannot_be_scored(change: Any, message: str, model: WGANGPSynthesizer, frame: pd.DataFrame) -> None:
    with pytest.raises(InvalidDataError, match=message):
        model.score_samples(change(frame))
    with pytest.raises(InvalidDataError, match=message):
        model.score(change(frame))


def test_no_rows_to_score(model: WGANGPSynthesizer, frame: pd.DataFrame) -> None:
    with pytest.raises(InvalidDataError, match=r"There are no rows to score"):
        model.score(frame.head(0))


def test_values_never_seen_are_warned_of(model: WGANGPSynthesizer, frame: pd.DataFrame) -> None:
    with pytest.warns(DataWarning, match=r"'b' \(40 rows\)"):
        scores = model.score_samples(frame.assign(b="never"))
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("count", [-1, 2.5, 3.0, "3", True, None, 1e20, [3]])
def test_counts(count: Any, model: WGANGPSynthesizer) -> None:
    with pytest.raises(InvalidParameterError, match=r"n_samples is .*integer"):
        model.sample(count)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, r"epochs is 0; it must be a number above 0"),
        ({"epochs": "3"}, r"epochs is '3'; it must be a number above 0"),
        ({"epochs": True}, r"epochs is True; it must be a number"),
        ({"batch_size": "5"}, r"batch_size is '5'; it must be an integer above 0"),
        ({"batch_size": 2.5}, r"batch_size is 2\.5; it must be an integer above 0"),
        ({"n_critic": 0}, r"n_critic is 0; it must be an integer above 0"),
        ({"gp_weight": -1}, r"gp_weight is -1; it must be a number of at least 0"),
        ({"learning_rate": float("nan")}, r"learning_rate is nan; it must be a number above 0"),
        ({"verbose": "x"}, r"verbose is 'x'; it must be an integer of at least 0"),
        ({"preset": "fats"}, r"preset is 'fats'; allowed are .*Did you mean 'fast'\?"),
        ({"loss": "wgangp"}, r"loss is 'wgangp'; .*Did you mean 'wgan-gp'\?"),
        ({"architecture": "mpl"}, r"architecture is 'mpl'; allowed are 'mlp'"),
        ({"critic_norm": "batch"}, r"critic_norm is 'batch'; .*Batch normalisation makes a row's score depend"),
        ({"random_state": -1}, r"random_state is -1; it must be an integer of at least 0"),
        ({"random_state": 1.5}, r"random_state is 1\.5; give an int"),
        ({"random_state": True}, r"random_state is True; give an int"),
        ({"device": "gpu"}, r"device is 'gpu'; use 'auto', 'cpu', 'cuda'"),
        ({"target": "bb"}, r"target names column 'bb', which the data do not have\. Did you mean 'b'\?"),
        ({"categorical_features": ["bb"]}, r"categorical_features names column 'bb'.*Did you mean 'b'\?"),
        ({"schema": {"bb": "categorical"}}, r"schema names column 'bb'.*Did you mean 'b'\?"),
        ({"schema": {"b": "catgorical"}}, r"schema\['b'\] asks for kind 'catgorical'.*Did you mean 'categorical'\?"),
        ({"schema": {"b": "continuous"}}, r"Column 'b' is declared 'continuous'"),
        ({"numeric_encoding": "quantil"}, r"numeric_encoding is 'quantil'.*Did you mean 'quantile'\?"),
        ({"numeric_encoding": {"c": "affine"}}, r"numeric_encoding names column 'c'"),
    ],
    ids=str,
)
def test_options(options: dict[str, Any], message: str, frame: pd.DataFrame) -> None:
    merged: dict[str, Any] = {"epochs": 1} | options
    model = WGANGPSynthesizer(**merged)
    with pytest.raises(InvalidParameterError, match=message):
        model.fit(frame)
    with pytest.raises(InvalidParameterError, match=message):
        model.plan(frame)


def test_several_wrong_options_are_one_error(frame: pd.DataFrame) -> None:
    model = WGANGPSynthesizer(epochs=-1, n_critic=0, preset="fats", critic_norm="none")
    with pytest.raises(InvalidParameterError, match=r"3 problems: \(1\) preset .*\(2\) epochs .*\(3\) n_critic "):
        model.fit(frame)


def test_cuda_asked_for_and_absent(frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(InvalidParameterError, match=r"device is 'cuda', but torch .*use device='auto' or 'cpu'"):
        WGANGPSynthesizer(device="cuda").fit(frame)


def test_unknown_options() -> None:
    with pytest.raises(UnknownOptionError, match=r"WGANGPSynthesizer has no option 'epoch'\. Did you mean 'epochs'\?"):
        WGANGPSynthesizer(epoch=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"2 problems: .*'batchsize'.*'batch_size'.*'zzz'\. Options are: loss, "):
        WGANGPSynthesizer(batchsize=3, zzz=1)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match=r"no option 'n_critics'\. Did you mean 'n_critic'\?"):
        WGANGPSynthesizer().set_params(n_critics=2)
    with pytest.raises(TypeError, match=r"positional"):
        WGANGPSynthesizer("wgan-gp")  # type: ignore[misc]


def test_a_failed_fit_does_not_warn_or_fit(frame: pd.DataFrame) -> None:
    model = WGANGPSynthesizer(epochs=1, target="zzz")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InvalidParameterError, match=r"target names column 'zzz'"):
            model.fit(frame)
    assert not hasattr(model, "schema_")
