"""`evaluate` on sequences: its figures are those of the windows, and words and page follow from them."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.test_page import SCRIPT, Page, contrast
from wgan_aug.errors import DataWarning, InvalidParameterError
from wgan_aug.evaluation import stages
from wgan_aug.evaluation.findings import SEQUENCE_FIGURES
from wgan_aug.evaluation.page import render
from wgan_aug.evaluation.report import Report, evaluate
from wgan_aug.evaluation.series.scores import SequenceLimits, sequence_scores
from wgan_aug.evaluation.series.windows import cut_windows, window_groups
from wgan_aug.evaluation.svg import REAL, SYNTHETIC
from wgan_aug.evaluation.verdict import judge

QUICK = SequenceLimits(windows=400, errors=400, nearest=150, judged=200, kernels=100, seeds=1)
SMALL = stages.Limits(60, 60, repeats=1, resamples=20, coverage=50, detection=60, trees=10, privacy=30, sequences=QUICK)


@pytest.fixture(autouse=True, scope="module")
def _small() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(stages.BUDGETS, "fast", SMALL)
        yield


def series(n: int, seed: int, steps: int = 12) -> pd.DataFrame:
    """Draw sequences of two channels, a level and a label: the label sets how fast they swing."""
    rng = np.random.default_rng(seed)
    label = rng.choice(["fast", "slow"], n)
    rate = np.where(label == "fast", 1.2, 0.4)[:, None]
    x = np.sin(rate * np.arange(steps) + rng.uniform(0, 6.28, (n, 1))) + rng.normal(0, 0.1, (n, steps))
    return pd.DataFrame(
        {
            "id": np.repeat([f"s{i}" for i in range(n)], steps),
            "t": np.tile(np.arange(steps), n),
            SCRIPT: x.ravel(),
            "high": np.where(x.ravel() > 0.5, "yes", "no"),
            "label": np.repeat(label, steps),
        }
    )


def noisy(frame: pd.DataFrame, scale: float) -> pd.DataFrame:
    return frame.assign(**{SCRIPT: frame[SCRIPT] + np.random.default_rng(9).normal(0, scale, len(frame))})


ROLES: dict[str, Any] = {"sequence_key": "id", "sequence_index": "t"}


@pytest.fixture(scope="module")
def fresh() -> Report:
    return evaluate(series(150, 0), series(150, 1), holdout=series(100, 2), target="label", **ROLES)


@pytest.fixture(scope="module")
def copied() -> Report:
    real = series(150, 0)
    return evaluate(real, real, **ROLES)


def grades(made: Report) -> dict[str, str]:
    return {judgement.aspect: judgement.grade for judgement in judge(made)}


def test_figures_are_those_of_the_windows(fresh: Report) -> None:
    def windows(seed: int, n: int) -> np.ndarray:
        frame = series(n, seed)
        return np.stack([frame[SCRIPT], frame["high"] == "yes"], axis=1).reshape(n, 12, 2).astype(float)

    r, s, h = windows(0, 150), windows(1, 150), windows(2, 100)
    low, high = r.min((0, 1)), r.max((0, 1))
    labels = [series(n, seed)["label"].to_numpy()[::12] for n, seed in ((150, 0), (150, 1), (100, 2))]
    scaled = [(x - low) / (high - low) for x in (r, s, h)]
    expected = sequence_scores(scaled[0], scaled[1], holdout=scaled[2], labels=labels, limits=QUICK)
    found = fresh.to_json()
    assert expected.judges is not None
    assert expected.labelled is not None
    assert found["seq_rocket_auc"] == pytest.approx(expected.judges.rocket_auc, abs=1e-9)
    assert found["seq_boost_floor"] == pytest.approx(expected.judges.boost_floor, abs=0.02)
    assert found["seq_spectrum"] == pytest.approx(expected.errors.spectrum)
    assert found["seq_nearest_ratio"] == pytest.approx(expected.nearest.ratio)
    assert found["seq_tstr_ratio"] == found["utility_ratio"] == pytest.approx(expected.labelled.ratio)
    assert found["intervals"]["utility_ratio"] == pytest.approx(list(expected.labelled.ratio_interval))
    assert (found["seq_length_ks"], found["seq_discriminative"]) == (0, None)
    assert fresh.utility is None
    assert {"seq_discriminative", "seq_predictive"} <= set(found["not_computed"])
    json.dumps(found, allow_nan=False)
    assert set(SEQUENCE_FIGURES) <= set(fresh.to_frame()["figure"])


def test_tables_have_null_figures_of_sequences_and_no_words_on_them() -> None:
    frame = series(20, 0).drop(columns=["id", "t"])
    made = evaluate(frame, frame)
    found = made.to_json()
    assert all(found[name] is None for name in SEQUENCE_FIGURES)
    assert made.sequences is made.windows is None
    assert not set(SEQUENCE_FIGURES) & set(made.to_frame()["figure"])
    assert "equence" not in made.summary()
    assert 'id="sequences"' not in render(made)


def test_words_of_fresh_noisy_and_copied_sequences(fresh: Report, copied: Report) -> None:
    assert grades(fresh)["Sequences"] == "good"
    assert grades(fresh)["Copied windows"] == "good"
    assert grades(fresh)["Use"] in ("good", "fair")
    assert "these sequences are" in fresh.summary()
    assert "Models trained on synthetic sequences reach" in fresh.summary()
    assert grades(copied)["Copied windows"] == "poor"
    assert copied.to_json()["seq_exact"] == 1
    assert "do not share these sequences as anonymous" in copied.summary()
    made = evaluate(series(150, 0), noisy(series(150, 1), 0.6), **ROLES)
    assert grades(made)["Sequences"] == "poor"
    assert "they are easily told from real ones" in made.summary()
    assert "where real windows against real ones get" in made.summary()


def test_wrong_labels_make_a_poor_ratio() -> None:
    real, other = series(150, 0), series(150, 1)
    other["label"] = other["label"].map({"fast": "slow", "slow": "fast"})
    made = evaluate(real, other, target="label", **ROLES)
    assert made.to_json()["utility_ratio"] < 0.3
    assert grades(made)["Use"] == "poor"
    assert "split off from those that were learned from, which flatters them" in made.summary()


def test_a_target_of_numbers_is_predicted_row_by_row() -> None:
    made = evaluate(series(40, 0), series(40, 1), target=SCRIPT, **ROLES)
    assert made.utility is not None
    assert made.to_json()["seq_tstr_ratio"] is None
    assert "Rows of one sequence hang together" in render(made)


def test_one_long_series_and_arrays() -> None:
    rows = np.random.default_rng(0).normal(size=(400, 2)).cumsum(0)
    frame = pd.DataFrame(rows, columns=["a", "b"])
    windows, starts = cut_windows(rows, 8)
    some = windows[::10]
    flat = pd.DataFrame(some.reshape(-1, 2), columns=["a", "b"])
    made = evaluate(frame, flat, holdout=frame.tail(50) + 100, window=8)
    assert made.windows is not None
    assert np.array_equal(made.windows.sets["synthetic"], some)
    assert np.array_equal(made.windows.groups, window_groups(starts, 8))
    assert made.to_json()["seq_exact"] == 1
    assert made.to_json()["seq_length_ks"] is None
    assert grades(made)["Privacy"] in ("unknown", "poor")
    assert "another time of the series" in made.summary() or made.to_json()["copies"] > 0.5
    solid = evaluate(windows[::8], some)
    assert solid.to_json()["settings"]["rows"] == {"real": 400, "synthetic": 320, "holdout": None}
    assert solid.sequences is not None
    assert solid.sequences.shape == (50, 8, 2)


def test_bad_sequences_leave_the_rest_and_wrong_names_stop() -> None:
    frame = series(20, 0)
    with pytest.warns(DataWarning, match="sequences could not be computed: No column varies within a real sequence"):
        made = evaluate(frame.iloc[::12], frame.iloc[::12], **ROLES)
    assert made.sequences is None
    assert made.to_json()["seq_ks"] is None
    assert "No column varies" in made.to_json()["not_computed"]["seq_ks"]
    assert made.to_json()["shape"] == 1
    assert "Sequences: not measured." in made.summary()
    assert "Not measured: No column varies" in render(made)
    with pytest.raises(InvalidParameterError, match=r"sequence_key is 'idd'.*Did you mean 'id'"):
        evaluate(frame, frame, sequence_key="idd")
    with pytest.raises(InvalidParameterError, match="target is 'id', which is the sequence_key; it cannot be both"):
        evaluate(frame, frame, sequence_key="id", target="id")


def test_few_sequences_are_judged_without_judges() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        made = evaluate(series(2, 0), series(2, 1), **ROLES)
    assert made.sequences is not None
    assert made.to_json()["seq_rocket_auc"] is None
    assert "No judges: 2 real blocks and 2 synthetic windows, 3 of each are needed" in made.summary()
    assert "too few real blocks" in render(made)


def test_what_was_used_and_how_to_make_it_again(fresh: Report) -> None:
    assert fresh.used["sequences"] == ("windows: 150 real, 150 synthetic, 100 hold-out; 2 channels; 12 steps each")
    assert "sequence_key='id', sequence_index='t'" in fresh.command
    assert fresh.to_json()["settings"]["sequence_key"] == "id"


# ---- the page


def test_the_page_has_a_section_with_pictures(fresh: Report, tmp_path: Path) -> None:
    text = render(fresh)
    page = Page(text)
    ids = [attrs["id"] for attrs, _ in page.all("h2")]
    assert ids.index("sequences") == ids.index("together") + 1
    part = Page(
        text[text.index('<section aria-labelledby="sequences">') : text.index('<section aria-labelledby="dete')]
    )
    assert [title for _, title in part.all("h3")] == [
        "Judges",
        "Sample paths",
        "Autocorrelation by lag",
        "Spectrum, log10 power",
        "Errors",
        "Projection",
        "Copies and variety",
    ]
    alts = [str(attrs["aria-label"]) for attrs, _ in part.all("svg")]
    assert len(alts) == 1 + 3 * 2 + 1
    assert f"{SCRIPT} by step: 8 real and 8 synthetic lines." in alts
    assert any(alt.startswith("150 real and 150 synthetic windows as points") for alt in alts)
    assert SCRIPT not in text
    known = [attrs["id"] for _, attrs, _ in page.elements if "id" in attrs]
    assert len(known) == len(set(known))
    assert len(text.encode()) < 1_000_000
    assert min(contrast(colour, "#fff") for colour in (REAL, SYNTHETIC)) >= 3
    worth = text[text.index('<section aria-labelledby="utility">') :]
    assert "accuracy, learned from synthetic windows" in worth
    assert fresh.to_html(tmp_path / "r.html") is None
