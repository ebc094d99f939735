"""The search for options: what trials do, how they go on, and what is made of them."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from wgan_aug import Tuning, WGANGPSequenceSynthesizer, WGANGPSynthesizer, tune
from wgan_aug.errors import InvalidDataError, InvalidParameterError, MissingExtraError, OutputExistsError, TrainingError
from wgan_aug.synthesizers.presets import PRESETS
from wgan_aug.tuning.judged import Judged
from wgan_aug.tuning.space import find_space

optuna = pytest.importorskip("optuna")


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))
    return pd.DataFrame({"a": x[:, 0], "kind": rng.choice(["p", "q"], 60), "y": x[:, 0] + x[:, 1] / 2})


def quick() -> WGANGPSynthesizer:
    return WGANGPSynthesizer(epochs=1, refine=False, relations=False, device="cpu")


@pytest.fixture
def worths(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], list[int]]]:
    """Put a formula in place of training and judging, and return what it was asked."""
    asked: list[tuple[dict[str, Any], list[int]]] = []

    def scores(self: Judged, options: Mapping[str, Any], splits: Any, report: Any = None) -> list[float]:
        asked.append((dict(options), list(splits)))
        return [0.5 + 0.1 * options.get("n_critic", 1) for _ in splits]

    monkeypatch.setattr(Judged, "scores", scores)
    return asked


def test_trials_are_real_and_the_first_has_the_defaults(frame: pd.DataFrame) -> None:
    lines: list[str] = []
    found = tune(frame, target="y", trials=2, synthesizer=quick(), progress=lines.append)
    assert found.trials["number"].tolist() == [0, 1]
    assert found.trials["state"].tolist() == ["complete", "complete"]
    assert found.trials.loc[0, ["learning_rate", "batch_size", "critic_norm"]].tolist() == [0.004, 250, "layer"]
    assert found.trials["value"].between(0, 1.2).all()
    assert lines[0] == f"Trial 0: utility ratio {found.trials['value'][0]:.3f}, best {found.trials['value'][0]:.3f}"
    rows = found.synthesizer.fit(frame).sample(5)
    assert list(rows) == list(frame)


def test_the_best_is_taken_where_it_wins_on_other_splits(
    frame: pd.DataFrame, worths: list[tuple[dict[str, Any], list[int]]]
) -> None:
    found = tune(frame, target="y", trials=6, synthesizer=quick(), random_state=1)
    assert worths[0] == ({}, [0, 1, 2])
    (best, own), (defaults, others) = worths[-2:]
    assert (own, others) == ([1000, 1001, 1002, 1003],) * 2
    assert (best, defaults) == (found.params, {})
    assert found.params["n_critic"] == 3
    assert (found.score, found.default_score) == (pytest.approx(0.8), pytest.approx(0.6))
    assert found.gain == pytest.approx(0.2)
    assert found.synthesizer.get_params()["n_critic"] == 3
    assert "n_critic=3" in found.call
    assert eval(found.call).get_params() == found.synthesizer.get_params()
    assert found.to_json()["params"] == found.params
    assert "0.800, and 0.600 with the defaults: +0.200" in found.summary()


def test_the_defaults_are_kept_where_the_best_does_not_win_again(
    frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scores(self: Judged, options: Mapping[str, Any], splits: Any, report: Any = None) -> list[float]:
        fresh = min(splits) > 100
        return [0.9 if bool(options) != fresh else 0.7]

    monkeypatch.setattr(Judged, "scores", scores)
    found = tune(frame, target="y", trials=3, synthesizer=quick())
    assert (found.params, found.gain, found.default_score) == ({}, 0.0, 0.9)
    assert found.best_trial in (1, 2)
    assert "Keep the defaults: trial" in found.summary()
    assert found.synthesizer.get_params()["learning_rate"] is None


def test_a_study_goes_on_and_counts_trials_in_all(
    tmp_path: Path, frame: pd.DataFrame, worths: list[tuple[dict[str, Any], list[int]]]
) -> None:
    path = tmp_path / "deep" / "study.db"
    whole = tune(frame, target="y", trials=5, synthesizer=quick())
    del worths[:]
    tune(frame, target="y", trials=2, synthesizer=quick(), study=path)
    found = tune(frame, target="y", trials=5, synthesizer=quick(), study=path)
    columns = found.trials.columns.drop("seconds")
    pd.testing.assert_frame_equal(found.trials[columns], whole.trials[columns])
    del worths[:]
    again = tune(frame, target="y", trials=5, synthesizer=quick(), study=path)
    assert worths == []
    assert again.to_json() == found.to_json()
    assert [path.name for path in path.parent.iterdir()] == ["study.db"]


def test_a_trial_that_is_cut_off_comes_again(
    tmp_path: Path, frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def scores(self: Judged, options: Mapping[str, Any], splits: Any, report: Any = None) -> list[float]:
        asked.append(dict(options))
        if len(asked) == 2:
            raise KeyboardInterrupt
        return [0.5]

    monkeypatch.setattr(Judged, "scores", scores)
    with pytest.raises(KeyboardInterrupt):
        tune(frame, target="y", trials=3, synthesizer=quick(), study=tmp_path / "study.db")
    found = tune(frame, target="y", trials=3, synthesizer=quick(), study=tmp_path / "study.db")
    assert asked[1] == asked[2] != {}
    assert found.trials["state"].tolist() == ["complete"] * 3
    assert len(asked) == 4


def test_a_trial_of_a_killed_process_comes_again(
    tmp_path: Path, frame: pd.DataFrame, worths: list[tuple[dict[str, Any], list[int]]]
) -> None:
    path = tmp_path / "study.db"
    tune(frame, target="y", trials=2, synthesizer=quick(), study=path)
    with sqlite3.connect(path) as database:
        database.execute("update trials set state = 'RUNNING', datetime_complete = null where number = 1")
    database.close()
    found = tune(frame, target="y", trials=2, synthesizer=quick(), study=path)
    assert found.trials["number"].tolist() == [0, 2]
    tried = [options for options, splits in worths if splits == [0, 1, 2]]
    assert tried[1] == tried[2]
    assert len(tried) == 3


def test_bad_trials_are_pruned_by_looks_and_a_failed_one_counts(
    frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def scores(self: Judged, options: Mapping[str, Any], splits: Any, report: Any = None) -> list[float]:
        calls.append(1)
        if len(calls) == 3:
            raise TrainingError("The losses are not finite")
        report(1, 0.1 if len(calls) == 8 else 0.5)
        return [0.5]

    monkeypatch.setattr(Judged, "scores", scores)
    found = tune(frame, target="y", trials=8, synthesizer=quick())
    assert found.trials["state"].tolist() == ["complete"] * 2 + ["failed"] + ["complete"] * 4 + ["pruned"]
    assert found.summary().startswith("8 trials: 6 complete, 1 pruned, 1 failed.")


def test_a_failure_of_the_defaults_is_the_users_to_know(frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    def scores(self: Judged, options: Mapping[str, Any], splits: Any, report: Any = None) -> list[float]:
        raise TrainingError("The losses are not finite")

    monkeypatch.setattr(Judged, "scores", scores)
    with pytest.raises(TrainingError, match="not finite"):
        tune(frame, target="y", trials=2, synthesizer=quick())


def test_looks_at_an_unfinished_training_are_reported(frame: pd.DataFrame) -> None:
    heard: list[tuple[int, float]] = []
    model = WGANGPSynthesizer(epochs=75, batch_size=22, refine=False, relations=False, target="y", device="cpu")
    judged = Judged(frame, frame["y"].to_numpy(), "y", "regression", (), model, 0)
    scores = judged.scores({}, range(2), lambda step, value: heard.append((step, value)))
    assert [step for step, _ in heard] == [1, 2, 3]
    assert heard[-1][1] == scores[0]
    assert scores == judged.scores({}, range(2))


def test_two_jobs_do_as_many_trials(tmp_path: Path, frame: pd.DataFrame) -> None:
    found = tune(frame, target="y", trials=3, synthesizer=quick(), jobs=2, study=tmp_path / "study.db")
    assert found.trials["state"].tolist() == ["complete"] * 3
    alone = tune(frame, target="y", trials=1, synthesizer=quick())
    assert found.trials["value"][0] == alone.trials["value"][0]


def test_what_is_searched_follows_from_preset_table_and_options() -> None:
    given = WGANGPSynthesizer(batch_size=64).get_params()
    space = find_space(PRESETS["balanced"], given, numbers=True, classes=False)
    assert set(space.defaults) == {"learning_rate", "gp_weight", "n_critic", "critic_norm", "numeric_encoding"}
    assert space.ranges["learning_rate"] == (0.001, 0.008)
    paper = find_space(PRESETS["paper"], WGANGPSynthesizer().get_params(), numbers=False, classes=True)
    assert paper.choices["n_critic"] == (5, 6, 7)
    assert paper.choices["balance"] == (0.0, 0.25, 0.5)
    assert "numeric_encoding" not in paper.defaults
    assert paper.differing(paper.defaults) == {}


# ---- bad input


def test_files_that_are_no_study_are_never_touched(tmp_path: Path, frame: pd.DataFrame) -> None:
    text, database = tmp_path / "data.csv", tmp_path / "mine.db"
    frame.to_csv(text)
    with sqlite3.connect(database) as mine:
        mine.execute("create table people (name text)")
    mine.close()
    before = text.read_bytes(), database.read_bytes()
    for path in (text, database, tmp_path):
        with pytest.raises(OutputExistsError, match="exists and holds no study; choose another file"):
            tune(frame, target="y", trials=1, synthesizer=quick(), study=path)
    assert (text.read_bytes(), database.read_bytes()) == before


def test_a_study_of_something_else_is_refused_with_what_differs(
    tmp_path: Path, frame: pd.DataFrame, worths: list[tuple[dict[str, Any], list[int]]]
) -> None:
    path = tmp_path / "study.db"
    tune(frame, target="y", trials=1, synthesizer=quick(), study=path)
    with pytest.raises(InvalidParameterError, match=r"another study: .*random_state was '0' and is '3'; rows was '60"):
        tune(frame.head(50), target="y", trials=1, synthesizer=quick(), study=path, random_state=3)


def test_a_study_is_for_one_search_at_a_time(
    tmp_path: Path, frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "study.db"

    def scores(self: Judged, options: Mapping[str, Any], splits: Any, report: Any = None) -> list[float]:
        with pytest.raises(OutputExistsError, match="Another search is writing to"):
            tune(frame, target="y", trials=1, synthesizer=quick(), study=path)
        return [0.5]

    monkeypatch.setattr(Judged, "scores", scores)
    assert isinstance(tune(frame, target="y", trials=1, synthesizer=quick(), study=path), Tuning)


def test_bad_options_are_told_at_once(frame: pd.DataFrame) -> None:
    with pytest.raises(InvalidParameterError, match=r"3 problems: .*trials is 0.*jobs is 1\.5.*takes .*no sequences"):
        tune(frame, target="y", trials=0, jobs=1.5, synthesizer=WGANGPSequenceSynthesizer())  # type: ignore[arg-type]
    with pytest.raises(InvalidParameterError, match="target"):
        tune(frame, target="z", trials=1)
    with pytest.raises(InvalidDataError, match="cannot be cross-validated"):
        tune(frame.assign(y=1.0), target="y", trials=1)


def test_a_missing_optuna_is_named_with_its_extra(frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r'tune needs optuna: pip install "wgan-aug\[tune\]"'):
        tune(frame, target="y")
