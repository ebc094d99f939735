"""Refining sequences: known density ratios come out, statics stay, and a model keeps what it has learned."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import ks_2samp

from wgan_aug import WGANGPSequenceSynthesizer, load
from wgan_aug.encoding.sequences.encoder import EncodedSequences
from wgan_aug.errors import DataWarning, InvalidParameterError
from wgan_aug.persistence import read_folder, write_folder
from wgan_aug.schema.layout import Scalar, TableLayout
from wgan_aug.synthesizers.sequences.refining import SequenceRefiner, fit_refiner

LAYOUT = TableLayout((2,), np.array([0.5, 0.5]), (Scalar(),))
N, STEPS = 1500, 12
Draw = Callable[[np.ndarray], EncodedSequences]


def make(label: np.ndarray, shift: float, rough: float | np.ndarray, rng: np.random.Generator) -> EncodedSequences:
    """Random walks about a level that the label tells, whose states the label tells too, of any length."""
    n = len(label)
    lengths = rng.integers(STEPS // 2, STEPS + 1, n)
    walks = rng.normal(size=(n, STEPS)).cumsum(axis=1) * rough
    numbers = walks + rng.normal(shift, 1, (n, 1)) + 9 * label[:, None]
    states = np.repeat(label.astype(np.int64)[:, None], STEPS, axis=1)
    return EncodedSequences(states[..., None], numbers[..., None], lengths)


LABELS = np.random.default_rng(9).random(N) < 0.3
CONDITION = LABELS[:, None].astype(np.float32)
REAL = make(LABELS, 0.0, 0.3, np.random.default_rng(0))


def source(seed: int, labels: np.ndarray = LABELS) -> Draw:
    """What draws sequences whose level is too high, and some of which are too rough."""
    rng = np.random.default_rng(seed)
    return lambda rows: make(labels[rows], 0.7, rng.choice([0.3, 0.45], (len(rows), 1)), rng)


@functools.cache
def refiner() -> SequenceRefiner:
    found = fit_refiner(REAL, CONDITION, None, source(1), LAYOUT, None, 0)
    assert found is not None
    return found


def levels(encoded: EncodedSequences) -> np.ndarray:
    means = np.where(encoded.mask, encoded.numbers[..., 0], 0).sum(axis=1) / encoded.lengths
    return means - 9 * encoded.states[:, 0, 0]


def test_levels_come_right_under_the_statics_asked_for() -> None:
    labels = np.arange(900) % 3 == 0
    known = labels[:, None].astype(np.float32)
    kept = refiner().draw(source(2, labels), known, np.random.default_rng(0))
    raw = source(2, labels)(np.arange(900))
    assert (kept.states[:, 0, 0] == labels).all()  # each in its place
    before, after = (ks_2samp(levels(encoded), levels(REAL)).statistic for encoded in (raw, kept))  # type: ignore[attr-defined]
    assert before > 0.2
    assert after < 0.07
    for label in (0, 1):
        assert abs(levels(kept)[labels == label].mean()) < 0.15


def test_the_report_says_what_was_done() -> None:
    report = refiner().report
    assert 0.99 / 6 < report.acceptance <= 1
    assert 0.6 < report.detection_auc < 1
    assert report.marginal_error < report.marginal_error_raw / 3
    assert report.seconds is not None


def test_a_seed_decides_and_no_sequences_are_none() -> None:
    first, again = (refiner().draw(source(3), CONDITION[:50], np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(first.numbers, again.numbers)
    np.testing.assert_array_equal(first.lengths, again.lengths)
    assert len(refiner().draw(source(3), CONDITION[:0], np.random.default_rng(1))) == 0


@pytest.mark.parametrize("rows", [1, 700])
def test_hopeless_chances_give_the_nearest_misses(rows: int) -> None:
    drawn: list[EncodedSequences] = []

    def draw(index: np.ndarray) -> EncodedSequences:
        drawn.append(make(np.zeros(len(index)), 0.7, 0.3, rng))
        return dataclasses.replace(drawn[-1], numbers=drawn[-1].numbers.copy())

    rng, hopeless = np.random.default_rng(0), dataclasses.replace(refiner(), scale=1e-12)
    kept = hopeless.draw(draw, np.zeros((rows, 1), dtype=np.float32), np.random.default_rng(0))
    candidates = np.concatenate([part.numbers for part in drawn])
    assert len(kept) == rows
    assert len(candidates) == rows * -(-4 // refiner().report.acceptance)
    assert {path.tobytes() for path in kept.numbers} <= {path.tobytes() for path in candidates}
    if rows > 1:
        everything = np.concatenate([levels(part) for part in drawn])
        assert levels(kept).mean() < everything.mean() - 0.4


def test_it_goes_through_a_folder(tmp_path: Path) -> None:
    write_folder(tmp_path / "kept", {"class": "x", "refiner": refiner().to_json()}, {})
    back = SequenceRefiner.from_json(read_folder(tmp_path / "kept")["refiner"], LAYOUT, None)
    assert back.report == refiner().report
    np.testing.assert_array_equal(back.chances(REAL, CONDITION), refiner().chances(REAL, CONDITION))


def test_what_is_like_the_real_ones_is_kept_as_it_comes() -> None:
    rng = np.random.default_rng(4)
    found = fit_refiner(REAL, CONDITION, None, lambda rows: make(LABELS[rows], 0.0, 0.3, rng), LAYOUT, None, 0)
    assert found is not None
    assert found.report.effective_share > 0.8
    assert found.report.acceptance > 0.4


def test_windows_count_by_what_they_do_not_share() -> None:
    series = np.random.default_rng(0).normal(size=(600, 1)).cumsum(axis=0)
    rows = np.arange(600 - STEPS + 1)[:, None] + np.arange(STEPS)
    states = np.zeros((*rows.shape, 1), dtype=np.int64)
    windows = EncodedSequences(states, series[rows], np.full(len(rows), STEPS))
    none = np.zeros((len(rows), 0), dtype=np.float32)
    assert fit_refiner(windows, none, rows.ravel(), windows.take, LAYOUT, None, 0) is None  # 50 lie apart


# ---- the synthesizer


@functools.cache
def walks() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.choice(np.array(["u", "v"]), 150)
    return rng.normal(size=(150, 12, 2)).cumsum(axis=1) + 3 * (y == "u")[:, None, None], y


def new(**options: Any) -> WGANGPSequenceSynthesizer:
    return WGANGPSequenceSynthesizer(layout="ntc", epochs=3, random_state=0, device="cpu", **options)


@functools.cache
def model() -> WGANGPSequenceSynthesizer:
    return new().fit(*walks())


def test_refining_is_the_default_and_can_be_left_out() -> None:
    assert model().refinement_ is not None
    x, y = model().sample(40)
    raw, raw_y = model().sample(40, refine=False)
    assert (y == raw_y).all()  # labels are drawn before
    assert (x != raw).any()
    plain = new(refine=False).fit(*walks())
    assert plain.refinement_ is None
    np.testing.assert_array_equal(plain.sample(40)[0], raw)
    np.testing.assert_array_equal(model().sample(40, refine=True)[0], x)


def test_refined_samples_keep_conditions_and_parts() -> None:
    _, y = model().sample(30, conditions={"y": "v"}, random_state=4)
    assert set(y) == {"v"}
    whole = model().sample(25, random_state=5)
    parts = list(model().sample_parts(25, random_state=5))
    np.testing.assert_array_equal(np.concatenate([x for x, _ in parts]), whole[0])
    assert model().sample(0)[0].shape == (0, 12, 2)


def test_a_saved_model_draws_the_same_sequences(tmp_path: Path) -> None:
    model().save(tmp_path / "model")
    back = load(tmp_path / "model", device="cpu")
    assert back.refinement_ == model().refinement_
    np.testing.assert_array_equal(back.sample(20)[0], model().sample(20)[0])


def test_too_few_sequences_are_not_refined() -> None:
    x = walks()[0][:60]
    with pytest.warns(DataWarning, match=r"refine is True, but of 60 sequences too few .* refining takes 100"):
        few = new(refine=True).fit(x)
    assert few.refinement_ is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert new().fit(x).refinement_ is None
    for draw in (few.sample, few.sample_parts):
        with pytest.raises(InvalidParameterError, match=r"has not learned to refine: .* at least 100 sequences"):
            draw(3, refine=True)
    with pytest.raises(InvalidParameterError, match=r"refine is 'yes'"):
        few.sample(3, refine="yes")  # type: ignore[arg-type]
    with pytest.raises(InvalidParameterError, match=r"refine is 2"):
        new(refine=2).fit(x)


def test_one_series_is_refined_by_its_windows() -> None:
    t = np.arange(1400.0)
    series = np.sin(t / 7) + 0.1 * np.random.default_rng(0).normal(size=1400)
    fitted = WGANGPSequenceSynthesizer(window=12, epochs=1, random_state=0, device="cpu").fit(series[:, None])
    assert fitted.refinement_ is not None
    refined, raw = (fitted.sample_series(60, refine=refine) for refine in (None, False))
    assert refined.shape == raw.shape == (60, 1)
    assert (refined != raw).any()
