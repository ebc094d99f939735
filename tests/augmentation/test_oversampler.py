"""The resampler: originals first, exactly the classes asked for, every container, no leak, clear errors."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from imblearn.pipeline import Pipeline
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from tests.augmentation.stubs import Stub
from wgan_aug import WGANGPOverSampler, WGANGPSequenceSynthesizer, WGANGPSynthesizer
from wgan_aug.errors import DataTypeError, InvalidDataError, InvalidParameterError

TINY = WGANGPSynthesizer(epochs=2, device="cpu", relations=False)
SERIES = WGANGPSequenceSynthesizer(epochs=1, device="cpu", preset="fast")


def sampler(synthesizer: Any = TINY, **options: Any) -> WGANGPOverSampler:
    return WGANGPOverSampler(synthesizer=synthesizer, **{"random_state": 0, **options})


def labels(**counts: int) -> np.ndarray:
    y = np.repeat(list(counts), list(counts.values()))
    return np.random.default_rng(1).permutation(y)


# ---- how many rows


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("auto", {"a": 60, "b": 60, "c": 60}),
        ("not majority", {"a": 60, "b": 60, "c": 60}),
        ("all", {"a": 60, "b": 60, "c": 60}),
        ("minority", {"a": 60, "b": 25, "c": 60}),
        ("not minority", {"a": 60, "b": 60, "c": 9}),
        ({"b": 25, "c": 31}, {"a": 60, "b": 25, "c": 31}),
        ({"a": 61}, {"a": 61, "b": 25, "c": 9}),
        (lambda y: {label: n + 3 for label, n in Counter(y).items()}, {"a": 63, "b": 28, "c": 12}),
    ],
)
def test_the_strategies_of_imbalanced_learn(people: pd.DataFrame, strategy: Any, expected: dict[str, int]) -> None:
    y = labels(a=60, b=25, c=9)
    X = people.iloc[: len(y)].drop(columns="sex")
    more_X, more_y = sampler(sampling_strategy=strategy).fit_resample(X, y)
    assert Counter(more_y) == expected
    assert len(more_X) == len(more_y)
    assert more_X.iloc[: len(X)].equals(X)
    assert (more_y[: len(y)] == y).all()


def test_a_share_of_the_larger_class() -> None:
    y = labels(a=60, b=9)
    assert Counter(sampler(sampling_strategy=0.5).fit_resample(np.eye(69, 2), y)[1]) == {"a": 60, "b": 30}


def test_balanced_classes_are_left_as_they_are() -> None:
    X, y = np.eye(20, 2), labels(a=10, b=10)
    resampler = sampler()
    more_X, more_y = resampler.fit_resample(X, y)
    assert (more_X == X).all()
    assert (more_y == y).all()
    assert resampler.synthesizer_ is None


# ---- which rows


def test_new_rows_are_of_the_class_that_they_say() -> None:
    """Rows are tagged by their class; a stub that keeps to the conditions gives them back."""
    y = labels(one=40, two=7, three=12)
    X = pd.DataFrame({"tag": y, "x": np.arange(59.0)})
    more_X, more_y = sampler(Stub()).fit_resample(X, y)
    assert (more_X["tag"].to_numpy() == more_y).all()
    assert Counter(more_y) == {"one": 40, "two": 40, "three": 40}


def test_a_class_of_two_rows_borrows_from_the_others() -> None:
    """Columns hang together alike in both classes; what two rows cannot tell, the others do."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=602)
    X = pd.DataFrame({"a": a, "b": a + rng.normal(0, 0.1, 602)})
    X_new, y_new = sampler(WGANGPSynthesizer(epochs=60, device="cpu"), sampling_strategy={"rare": 42}).fit_resample(
        X, np.r_[np.full(600, "often"), np.full(2, "rare")]
    )
    made = X_new.iloc[602:]
    assert (y_new[602:] == "rare").all()
    assert len(made.drop_duplicates()) > 30
    assert (made["a"] - made["b"]).abs().median() < 0.5


def test_the_same_seed_gives_the_same_rows() -> None:
    X, y = np.random.default_rng(0).normal(size=(50, 2)), labels(a=40, b=10)
    once, again, other = (sampler(random_state=s).fit_resample(X, y)[0] for s in (0, 0, 1))
    assert (once == again).all()
    assert not (once == other).all()
    own = WGANGPOverSampler(synthesizer=clone(TINY).set_params(random_state=0)).fit_resample(X, y)[0]
    assert (own == once).all()


# ---- containers


def mixed(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "number": rng.normal(size=rows),
            "whole": rng.integers(0, 90, rows),
            "nullable": pd.array(rng.choice([0, 1, 2, None], rows), dtype="Int64"),  # type: ignore[call-overload]
            "text": rng.choice(["u", "v", "w"], rows),
            "level": pd.Categorical(rng.choice(["x", "y"], rows), categories=["x", "y", "never"]),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, rows), unit="D"),
            "flag": rng.random(rows) < 0.5,
        },
        index=rng.permutation(rows) + 100,
    )
    frame.iloc[::9, 0] = np.nan
    frame.iloc[::7, 5] = pd.NaT
    return frame


@pytest.mark.parametrize("kind", ["object", "category", "int8", "boolean", "string"])
def test_pandas_keeps_dtypes_and_names(kind: str) -> None:
    X = mixed(70)
    text = {"int8": [0, 1], "boolean": [False, True]}.get(kind, ["n", "p"])
    y = pd.Series(np.random.default_rng(0).permutation(np.repeat(text, [50, 20])), index=X.index, name="label")
    y = y.astype(kind)
    more_X, more_y = sampler().fit_resample(X, y)
    assert more_X.dtypes.equals(X.dtypes)
    assert more_X.index.equals(pd.RangeIndex(100))
    pd.testing.assert_frame_equal(more_X.iloc[:70], X.reset_index(drop=True))
    pd.testing.assert_series_equal(more_y.iloc[:70], y.reset_index(drop=True))
    assert (more_y.dtype, more_y.name) == (y.dtype, "label")
    assert more_y.value_counts().tolist() == [50, 50]


def test_a_column_called_y_and_a_target_in_a_frame() -> None:
    X = mixed(70).rename(columns={"number": "y", "whole": "target"})
    more_X, more_y = sampler().fit_resample(X, pd.DataFrame({"y": labels(a=50, b=20)}))
    assert list(more_X) == list(X)
    assert list(more_y) == ["y"]


def test_polars_comes_back_as_polars() -> None:
    X = pl.DataFrame({"a": np.arange(30.0), "b": ["u", "v", None] * 10})
    y = pl.Series("label", labels(n=20, p=10))
    more_X, more_y = sampler().fit_resample(X, y)
    assert more_X.head(30).equals(X)
    assert more_y.head(30).equals(y)
    assert more_y[30:].to_list() == ["p"] * 10
    assert more_X.schema == X.schema


def test_columns_of_zeros_and_ones_stay_such() -> None:
    y = np.eye(3, dtype=int)[np.r_[np.zeros(30, int), np.ones(9, int), np.full(5, 2)]]
    more_y = sampler().fit_resample(np.random.default_rng(0).normal(size=(44, 2)), y)[1]
    assert more_y.shape == (90, 3)
    assert more_y.sum(axis=0).tolist() == [30, 30, 30]


def test_declared_categories_are_such() -> None:
    codes = np.random.default_rng(0).choice([10.0, 20.0, 70.0], (60, 2))
    resampler = sampler(categorical_features=[0])
    more = resampler.fit_resample(codes, labels(a=50, b=10))[0]
    assert set(more[:, 0]) <= {10.0, 20.0, 70.0}
    assert next(column.kind for column in resampler.synthesizer_.schema_) == "categorical"


def test_series_with_a_layout() -> None:
    X = np.random.default_rng(0).normal(size=(40, 8, 2)).cumsum(axis=1).astype(np.float32)
    y = labels(a=30, b=10)
    more_X, more_y = sampler(SERIES, layout="ntc").fit_resample(X, y)
    assert (more_X.shape, more_X.dtype) == ((60, 8, 2), np.float32)
    assert (more_X[:40] == X).all()
    assert Counter(more_y) == {"a": 30, "b": 30}
    with pytest.raises(InvalidParameterError, match="layout"):
        sampler(SERIES).fit_resample(X, y)


# ---- a target of numbers


@pytest.mark.parametrize("container", [np.asarray, list, pd.Series])
def test_the_density_of_numbers_is_evened(container: Any) -> None:
    rng = np.random.default_rng(0)
    y = rng.gamma(1.5, 10, 300)
    X = pd.DataFrame({"x": y + rng.normal(0, 1, 300), "z": rng.normal(size=300)})
    resampler = sampler(Stub(), bins=5)
    more_X, more_y = resampler.fit_resample(X, container(y))
    assert isinstance(more_y, type(container(y)))
    assert more_X.iloc[:300].equals(X)
    assert list(more_y[:300]) == list(y)
    edges = np.linspace(y.min(), y.max(), 6)
    before, after = (np.histogram(values, edges)[0] for values in (y, more_y))
    assert after.tolist() == np.maximum(before, 300 // 5).tolist()
    assert sum(resampler.sampling_strategy_.values()) == len(more_y) - 300
    new = np.asarray(more_y)[300:]
    assert np.corrcoef(new, more_X["x"].iloc[300:])[0, 1] > 0.9


def test_whole_numbers_are_a_regression_where_that_is_said() -> None:
    y = np.r_[np.arange(60), 200, 200]
    resampler = sampler(Stub(), task="regression", sampling_strategy={(200, None): 12})
    more_y = resampler.fit_resample(y[:, None] * 1.0, y)[1]
    assert (more_y[62:] == 200).all()
    assert (len(more_y), more_y.dtype) == (72, y.dtype)


# ---- in a pipeline


def test_no_row_leaks_through_a_pipeline() -> None:
    """Labels mean nothing: a model that knows its rows by heart can only be right on others by chance."""
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame(rng.normal(size=(300, 3)), columns=list("abc")), labels(n=220, p=80)
    pipe = Pipeline([("more", sampler(Stub())), ("model", KNeighborsClassifier(1))])
    scores = cross_val_score(pipe, X, y, scoring="roc_auc", cv=5)
    assert 0.35 < scores.mean() < 0.65
    assert len(Stub.fits) == 5
    assert all(len(rows) == 240 for rows in Stub.fits)
    assert pipe.fit(X, y).score(X, y) == 1


# ---- bad input


@pytest.mark.parametrize(
    ("X", "y", "options", "error", "message"),
    [
        (np.eye(20), ["a"] * 20, {}, InvalidDataError, "one class, 'a', in all 20 rows; resampling takes at least two"),
        (
            np.eye(4),
            ["a", None, "b", None],
            {},
            InvalidDataError,
            "y is missing in 2 of 4 rows, the first of them row 1",
        ),
        (scipy.sparse.eye(4).tocsr(), list("aabb"), {}, DataTypeError, "X is a sparse matrix; .*toarray"),
        (np.eye(4), list("aab"), {}, InvalidDataError, "X has 4 rows, y has 3"),
        (np.zeros((4, 2, 2)), list("aab"), {}, InvalidDataError, "X has 4 series, y has 3 values"),
        (
            np.eye(4),
            list("aaab"),
            {"sampling_strategy": {"a": 2}},
            InvalidParameterError,
            "there is 3 .* 2 samples are",
        ),
        (np.eye(4), list("aaab"), {"sampling_strategy": {"z": 9}}, InvalidParameterError, "'z'.* not present"),
        (np.eye(4), list("aaab"), {"sampling_strategy": 0.1}, InvalidParameterError, "increase the ratio"),
        (np.eye(4), list("aaab"), {"sampling_strategy": "smallest"}, ValueError, "'sampling_strategy' parameter"),
        (np.eye(4), np.arange(4) / 3, {}, InvalidDataError, "4 rows of float64, .* at least 50 rows of numbers"),
        (
            np.eye(60),
            labels(a=30, b=30),
            {"task": "regression"},
            InvalidDataError,
            "60 rows of .*, which cannot be res",
        ),
        (np.eye(4), list("aaab"), {"task": "sorting", "bins": 1}, InvalidParameterError, "2 problems: .*bins.*task is"),
        (
            np.eye(4),
            list("aaab"),
            {"synthesizer": 3},
            InvalidParameterError,
            "synthesizer is 3; give an unfitted instance of WGAN",
        ),
        (np.eye(4), list("aaab"), {"synthesizer": SERIES}, InvalidParameterError, "rows of a table take a WGANGPSynth"),
        (np.zeros((4, 8, 2)), list("aaab"), {}, InvalidParameterError, "series take a WGANGPSequenceSynthesizer"),
        (np.eye(6), np.ones((6, 3), int), {}, InvalidDataError, r"y has shape \(6, 3\)"),
    ],
)
def test_what_cannot_be_resampled(X: Any, y: Any, options: dict[str, Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        sampler(**options).fit_resample(X, y)


def test_an_unknown_option_names_the_nearest() -> None:
    with pytest.raises(TypeError, match=r"no option 'strategy'.*Did you mean 'sampling_strategy'"):
        WGANGPOverSampler(strategy="auto")  # type: ignore[call-arg]


def test_without_imbalanced_learn_all_else_works() -> None:
    code = (
        "import sys; sys.modules['imblearn'] = None\n"
        "import wgan_aug\n"
        "from wgan_aug import WGANGPSynthesizer, augment\n"
        "from wgan_aug.errors import MissingExtraError\n"
        "try:\n    wgan_aug.WGANGPOverSampler\nexcept MissingExtraError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == 'WGANGPOverSampler needs imbalanced-learn: pip install "wgan-aug[imblearn]"', (
        done.stderr
    )
