"""All figures of synthetic windows together."""

from __future__ import annotations

import functools
import json
import subprocess
import sys

import numpy as np
import pytest

from tests.evaluation.series.builders import labelled, waves
from wgan_aug.errors import DataWarning, InvalidDataError
from wgan_aug.evaluation.series import timegan_scores
from wgan_aug.evaluation.series.nearness import nearest_windows
from wgan_aug.evaluation.series.scores import SequenceLimits, sequence_scores
from wgan_aug.evaluation.series.windows import cut_windows, window_groups


def test_fresh_windows_have_errors_near_the_floor() -> None:
    scores = sequence_scores(waves(600, 0), waves(600, 1))
    assert scores.errors_floor is not None
    for name in ("ks", "ks_diff", "autocorrelation", "autocorrelation_within", "cross_correlation", "spectrum"):
        assert getattr(scores.errors, name) < 1.5 * getattr(scores.errors_floor, name) + 0.005
    assert scores.errors.ks < 0.03
    assert scores.nearest.ratio == pytest.approx(1, abs=0.08)
    assert scores.nearest.spread == pytest.approx(1, abs=0.1)
    assert scores.nearest.copies < 0.03
    assert scores.judges is not None
    assert scores.judges.strong < 0.15


def test_windows_shuffled_in_time_keep_marginals_and_lose_the_rest() -> None:
    x = waves(300, 0)
    order = np.random.default_rng(0).permuted(np.tile(np.arange(24), (300, 1)), axis=1)
    shuffled = np.take_along_axis(x, order[:, :, None], axis=1)
    scores = sequence_scores(x, shuffled)
    assert scores.errors.ks == 0
    assert scores.errors.cross_correlation < 1e-12
    assert scores.errors.autocorrelation > 0.3
    assert scores.errors.ks_diff > 0.2
    assert scores.errors.spectrum > 0.3
    assert scores.judges is not None
    assert scores.judges.rocket_auc > 0.99


def test_copies_are_caught_where_everything_else_is_fooled() -> None:
    real, hold = waves(300, 0), waves(100, 1)
    copied = real[np.random.default_rng(0).integers(0, 300, 300)]
    scores = sequence_scores(real, copied, holdout=hold)
    near = scores.nearest
    assert (near.exact, near.copies, near.copies_holdout, near.ratio, near.ratio_holdout) == (1, 1, 1, 0, 0)
    assert scores.judges is not None
    assert scores.judges.strong < 0.25
    jittered = nearest_windows(real, copied + 1e-4, holdout=hold)
    assert (jittered.exact, jittered.copies) == (0, 1)
    clean = nearest_windows(real, waves(300, 3), holdout=hold)
    assert clean.exact == 0
    assert clean.ratio_holdout == pytest.approx(1, abs=0.1)
    assert clean.copies_holdout < 0.06


def test_all_figures_are_json_and_the_seed_decides() -> None:
    r, s, h = waves(60, 0), waves(50, 1), waves(20, 2)
    one, same, other = (sequence_scores(r, s, holdout=h, channels=["u", "v"], random_state=k) for k in (0, 0, 1))
    plain = json.loads(json.dumps(one.to_json(), allow_nan=False))
    assert plain == same.to_json() | {"shape": [60, 24, 2]}
    assert plain != other.to_json()
    assert (one.shape, one.n_synthetic, one.n_holdout, one.notes) == ((60, 24, 2), 50, 20, ())
    assert [row["channel"] for row in plain["errors"]["by_channel"]] == ["u", "v"]
    assert plain["published"] is plain["labelled"] is None
    assert plain["judges"]["n_real"] == 80  # the hold-out counts as real


def test_the_full_budget_adds_the_published_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("discriminative_score", "predictive_score"):
        short = functools.partial(getattr(timegan_scores, name), iterations=20)
        monkeypatch.setattr(timegan_scores, name, short)
    r, s = waves(40, 0), waves(40, 1) + 1
    found = sequence_scores(r, s, limits=SequenceLimits(published=24), random_state=3)
    assert found.published is not None
    assert len(found.published.discriminative.values) == 3
    expected = timegan_scores.predictive_score(r, s, random_state=3).mean
    assert found.published.predictive.mean == expected
    assert found.published.predictive_real.mean == timegan_scores.predictive_score(r, r, random_state=3).mean
    assert any("mean of 3 repeats" in note for note in found.notes)
    assert found.to_json()["published"]["predictive"]["mean"] == expected
    assert sequence_scores(r, s).published is None
    longer = sequence_scores(r, s, limits=SequenceLimits(published=23))
    assert longer.published is None
    assert "No published scores: windows of 24 steps would take long; 23 are allowed." in longer.notes


def test_labels_without_a_hold_out_split_one_off_and_say_so() -> None:
    (r, yr), (s, ys) = labelled(80, 0), labelled(60, 1)
    for labels in ((yr, ys), (yr, ys, None)):
        found = sequence_scores(r, s, labels=labels)
        assert found.labelled is not None
        assert found.labelled.by_class["n_holdout"].sum() == 20
        assert found.labelled.by_class["n_real"].sum() == 60
        assert "20 of 80 real windows were held out from the classifiers" in found.notes[0]


def test_windows_without_a_label_are_left_out_of_the_labelled_scores() -> None:
    (r, yr), (s, ys), (t, yt) = labelled(60, 0), labelled(50, 1), labelled(70, 2)
    gaps = ys.astype(object)
    gaps[:20] = None
    found = sequence_scores(r, s, holdout=t, labels=(yr, gaps, yt))
    alone = sequence_scores(r, s[20:], holdout=t, labels=(yr, ys[20:], yt))
    assert found.labelled is not None
    assert found.labelled == alone.labelled
    assert "20 synthetic windows have no label; the labelled scores leave them out." in found.notes
    with pytest.raises(InvalidDataError, match=r"labels of synthetic have shape \(49,\); it has 50 windows"):
        sequence_scores(r, s, holdout=t, labels=(yr, ys[1:], yt))
    with pytest.raises(InvalidDataError, match="labels has 2 entries; one is needed for each of real, synthetic, hold"):
        sequence_scores(r, s, holdout=t, labels=(yr, ys))


def test_overlapping_windows_without_groups_are_warned_of() -> None:
    windows, starts = cut_windows(np.random.default_rng(0).normal(size=(200, 2)).cumsum(0), 12, stride=2)
    with pytest.warns(DataWarning, match="overlap: most repeat all but 2 of the steps .* groups=window_groups"):
        sequence_scores(windows, waves(40, 0, 12))
    grouped = sequence_scores(windows, waves(40, 0, 12), groups=window_groups(starts, 12))
    assert grouped.judges is not None
    assert grouped.judges.n_groups == 6


def test_few_blocks_leave_the_judges_out_with_a_note() -> None:
    x, s = waves(20, 0), waves(20, 1)
    two = sequence_scores(x, s, groups=np.repeat([0, 1], 10))
    assert two.judges is None
    assert "No judges: 2 real blocks and 20 synthetic windows" in two.notes[0]
    four = sequence_scores(x, s, groups=np.repeat([0, 1, 2, 3], 5))
    assert four.judges is not None
    assert four.judges.strong_floor is None
    assert "No floor for the judges: 4 real blocks" in four.notes[0]
    one = sequence_scores(x[:1], s)
    assert one.errors_floor is None


def test_bad_input_is_told() -> None:
    x = waves(20, 0)
    hole = x.copy()
    hole[0, 0, 0] = np.nan
    with pytest.raises(
        InvalidDataError, match=r"2 problems: .*synthetic has shape \(20, 23, 2\).*holdout has 1 missing"
    ):
        sequence_scores(x, x[:, 1:], holdout=hole)
    with pytest.raises(InvalidDataError, match=r"groups has shape \(3,\); .* \(20,\)"):
        sequence_scores(x, x, groups=[0, 1, 2])


def test_only_the_published_scores_need_torch() -> None:
    code = "import sys, wgan_aug.evaluation.series.scores; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
