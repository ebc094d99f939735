"""Windows blended into one long series: laws of the chain on known processes, and `sample_series` of fitted models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from wgan_aug import WGANGPSequenceSynthesizer, load
from wgan_aug.encoding.sequences.cutting import cut_windows
from wgan_aug.encoding.sequences.encoder import SequenceEncoder
from wgan_aug.encoding.sequences.frames import Sequences
from wgan_aug.errors import InvalidParameterError
from wgan_aug.synthesizers.sequences.blending import blend, count_windows

WINDOW, HOP = 24, 18


def as_windows(frame: pd.DataFrame, window: int = WINDOW) -> Sequences:
    n = len(frame) // window
    return Sequences(pd.DataFrame(index=range(n)), frame, np.full(n, window, dtype=np.int64))


def autoregression(n: int, seed: int = 0) -> np.ndarray:
    """Draw windows of four stationary channels with variance 1: three of them remember, one is noise."""
    rng = np.random.default_rng(seed)
    memory = np.array([0.97, 0.9, 0.6, 0.0])
    x = np.empty((n, WINDOW, 4))
    x[:, 0] = rng.normal(size=(n, 4))
    for t in range(1, WINDOW):
        x[:, t] = memory * x[:, t - 1] + np.sqrt(1 - memory**2) * rng.normal(size=(n, 4))
    return x


# ---- the chain


@pytest.fixture(scope="module")
def chained() -> tuple[np.ndarray, np.ndarray]:
    """Windows of the known process, and the series that is made of them."""
    n_steps = 6000
    x = autoregression(count_windows(n_steps, WINDOW))
    windows = as_windows(pd.DataFrame(x.reshape(-1, 4), columns=list("abcd")))
    out = blend(windows, SequenceEncoder().fit(windows), n_steps, np.random.default_rng(0))
    assert out.lengths.tolist() == [n_steps]
    return x, out.steps.to_numpy()


def test_the_series_has_the_marginals_of_the_windows(chained: tuple[np.ndarray, np.ndarray]) -> None:
    """Neither the choice of neighbours nor the cross-fade narrows them."""
    _, series = chained
    assert np.abs(series.mean(axis=0)).max() < 0.15
    assert series.std(axis=0) == pytest.approx(np.ones(4), abs=0.12)
    assert series[:, 3].std() == pytest.approx(1, abs=0.04)


def test_the_series_moves_as_the_windows_do(chained: tuple[np.ndarray, np.ndarray]) -> None:
    x, series = chained
    real = np.diff(x, axis=1).std(axis=(0, 1))
    steps = np.diff(series, axis=0) / real
    assert steps.std(axis=0) == pytest.approx(np.ones(4), abs=0.08)
    by_place = np.array([steps[place::HOP, :2].std() for place in range(HOP)])
    assert by_place.max() < 1.15, "no jumps where windows meet"
    assert by_place.min() > 0.75, "a cross-fade of two paths is somewhat smoother than either"


def test_windows_in_any_order_would_jump() -> None:
    """The bound above can fail: where windows just follow each other, the step between them is several times longer."""
    x = autoregression(400)
    seams = x[1:, 0] - x[:-1, -1]
    assert (seams.std(axis=0) / np.diff(x, axis=1).std(axis=(0, 1)))[0] > 3


def test_rows_outside_of_overlaps_are_rows_of_windows(chained: tuple[np.ndarray, np.ndarray]) -> None:
    x, series = chained
    known = {tuple(row) for row in np.round(x.reshape(-1, 4), 6)}
    inside = np.arange(len(series) - WINDOW) % HOP >= WINDOW - HOP
    hits = np.array([tuple(row) in known for row in np.round(series, 6)])[: len(inside)]
    assert hits[inside].all()
    assert hits[:6].all(), "nothing comes before the first window"
    assert not hits[6:][~inside[6:]].any()


def test_no_window_comes_twice(chained: tuple[np.ndarray, np.ndarray]) -> None:
    _, series = chained
    middles = np.round(series[12::HOP], 6)
    assert len(np.unique(middles, axis=0)) == len(middles)


def test_a_trend_stays_in_its_place() -> None:
    rng = np.random.default_rng(0)
    n_steps = 3000
    begin = rng.integers(0, n_steps, count_windows(n_steps, WINDOW))
    times = begin[:, None] + np.arange(WINDOW)
    level = 4.0 * times / n_steps
    frame = pd.DataFrame({"t": times.ravel(), "x": (level + rng.normal(0, 1, times.shape)).ravel()})
    windows = as_windows(frame)
    steps = blend(windows, SequenceEncoder(index="t").fit(windows), n_steps, rng).steps
    assert steps["t"].tolist() == list(range(int(begin[:512].min()), int(begin[:512].min()) + n_steps))
    parts = steps["x"].to_numpy().reshape(5, -1).mean(axis=1)
    assert parts == pytest.approx(4 * (np.arange(5) + 0.5) / 5, abs=0.25)


def test_states_switch_in_the_middle_of_overlaps() -> None:
    """The states say which window rules: its first four steps are heads, the others are tails."""
    n = count_windows(60, 8)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"s": np.tile(["head"] * 4 + ["tail"] * 4, n), "x": rng.normal(size=8 * n)})
    out = blend(as_windows(frame, 8), SequenceEncoder().fit(as_windows(frame, 8)), 60, rng).steps
    begins = np.flatnonzero((out["s"] == "head") & (out["s"].shift() == "tail"))
    assert begins.tolist() == list(range(7, 60, 6))  # of the overlaps 6 and 7, 12 and 13, ... the second step


def test_rules_and_bounds_hold_in_overlaps() -> None:
    rng = np.random.default_rng(0)
    n_steps, window = 600, 12
    n = count_windows(n_steps, window) * window
    a, b = rng.integers(0, 50, n), rng.integers(0, 50, n)
    grade = rng.choice(["a1", "a2", "b1"], n)
    frame = pd.DataFrame({"a": a, "b": b, "sum": a + b, "grade": grade, "letter": [g[0] for g in grade]})
    frame["gap"] = np.where(rng.random(n) < 0.2, np.nan, np.round(rng.normal(size=n), 1))
    windows = as_windows(frame, window)
    out = blend(windows, SequenceEncoder().fit(windows), n_steps, rng).steps
    assert out.dtypes.equals(frame.dtypes)
    assert (out["sum"] == out["a"] + out["b"]).all()
    assert (out["letter"] == out["grade"].str[0]).all()
    assert out["a"].between(0, 49).all()
    assert out["gap"].isna().mean() == pytest.approx(0.2, abs=0.06)
    assert (out["gap"].dropna() * 10 % 1).round(6).isin([0, 1]).all()


def test_irregular_times_run_on() -> None:
    rng = np.random.default_rng(0)
    n_steps = 400
    n = count_windows(n_steps, 10) * 10
    frame = pd.DataFrame({"t": rng.choice([1, 2, 5], n).cumsum(), "x": rng.normal(size=n)})
    windows = as_windows(frame, 10)
    steps = blend(windows, SequenceEncoder(index="t").fit(windows), n_steps, rng).steps
    gaps = steps["t"].diff().dropna()
    assert set(gaps) == {1, 2, 5}
    assert (gaps == 5).mean() == pytest.approx(1 / 3, abs=0.08)


def test_times_that_the_dtype_cannot_count() -> None:
    frame = pd.DataFrame({"t": np.arange(120, dtype=np.int8), "x": np.random.default_rng(0).normal(size=120)})
    one = Sequences(pd.DataFrame(index=range(1)), frame, np.array([120]))
    encoder = SequenceEncoder(index="t").fit(cut_windows(one, 10, 1, np.empty(0, dtype=int)))
    windows = as_windows(pd.concat([frame] * 50, ignore_index=True), 10)
    assert blend(windows, encoder, 100, np.random.default_rng(0)).steps["t"].is_monotonic_increasing
    with pytest.raises(InvalidParameterError, match=r"n_steps is 300, and the sequence_index 't' \(int8\) cannot"):
        blend(windows, encoder, 300, np.random.default_rng(0))


@pytest.mark.parametrize("window", [2, 3, 4, 7])
@pytest.mark.parametrize("n_steps", [0, 1, 2, 9, 50])
def test_short_windows_and_short_series(window: int, n_steps: int) -> None:
    n = count_windows(n_steps, window)
    cells = np.random.default_rng(0).normal(size=(n, window)).cumsum(axis=1).ravel()
    windows = as_windows(pd.DataFrame({"x": cells, "t": np.tile(np.arange(window), n)}), window)
    steps = blend(windows, SequenceEncoder(index="t").fit(windows), n_steps, np.random.default_rng(0)).steps
    assert steps["t"].tolist() == list(range(n_steps))
    assert steps["x"].notna().all()


# ---- of fitted models


def series(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    t = np.arange(n)
    return pd.DataFrame(
        {
            "calls": rng.poisson(3, n),
            "hour": pd.date_range("2024-01-01", periods=n, freq="h", tz="Europe/Brussels"),
            "load": np.round(10 + 3 * np.sin(t / 4) + rng.normal(0, 0.3, n), 2),
            "shift": pd.Categorical(np.where(t % 24 < 8, "night", "day")),
            "site": "Mons",
        }
    )


@pytest.fixture(scope="module")
def model() -> WGANGPSequenceSynthesizer:
    options: dict[str, Any] = {"epochs": 3, "random_state": 0}
    return WGANGPSequenceSynthesizer(sequence_index="hour", window=12, **options).fit(series())


def test_a_frame_comes_back_as_a_frame(model: WGANGPSequenceSynthesizer, tmp_path: Any) -> None:
    out = model.sample_series(100)
    assert out.dtypes.equals(series().dtypes)
    assert out.columns.tolist() == series().columns.tolist()
    assert out.index.equals(pd.RangeIndex(100))
    assert set(out["hour"].diff().dropna()) == {pd.Timedelta("1h")}
    assert (out["site"] == "Mons").all()
    assert out.equals(model.sample_series(100))
    assert not out.equals(model.sample_series(100, random_state=1))
    model.save(tmp_path / "m")
    assert load(tmp_path / "m").sample_series(100).equals(out)


def test_an_array_comes_back_as_an_array() -> None:
    x = np.random.default_rng(0).normal(size=(200, 3)).cumsum(axis=0).astype(np.float32)
    model = WGANGPSequenceSynthesizer(window=10, epochs=2, random_state=0).fit(x)
    out = model.sample_series(75)
    assert (out.shape, out.dtype) == ((75, 3), np.float32)
    assert model.sample_series(0).shape == (0, 3)


@pytest.mark.parametrize("n_steps", [-1, 2.5, "many", None, True])
def test_counts_that_are_none(model: WGANGPSequenceSynthesizer, n_steps: Any) -> None:
    with pytest.raises(InvalidParameterError, match="n_steps is"):
        model.sample_series(n_steps)


def test_models_of_many_sequences_have_no_series() -> None:
    message = "sample_series is for models of one long series, and this one was fitted on many sequences"
    x = np.random.default_rng(0).normal(size=(20, 8, 1))
    model = WGANGPSequenceSynthesizer(layout="ntc", window=4, epochs=1, random_state=0).fit(x)
    with pytest.raises(InvalidParameterError, match=message):
        model.sample_series(10)
    frame = pd.DataFrame({"id": np.repeat(np.arange(20), 8), "x": x.ravel()})
    model = WGANGPSequenceSynthesizer(sequence_key="id", epochs=1, random_state=0).fit(frame)
    with pytest.raises(InvalidParameterError, match=message):
        model.sample_series(10)
    with pytest.raises(NotFittedError):
        WGANGPSequenceSynthesizer(window=4).sample_series(10)
