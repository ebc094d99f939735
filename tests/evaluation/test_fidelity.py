"""Fidelity: equal to the published definitions, right where the truth is known, and never at a loss."""

from __future__ import annotations

import itertools
import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.evaluation.edges import EDGES, IDENTIFIERS
from wgan_aug.errors import InvalidDataError
from wgan_aug.evaluation.fidelity import fidelity
from wgan_aug.evaluation.frames import MISSING, align

EXACT = 1e-6


def mixed(seed: int, rows: int, shift: float = 0.0) -> pd.DataFrame:
    """Make a table whose columns hang together, with gaps and ties."""
    rng = np.random.default_rng(seed)
    x = rng.normal(shift, 1, rows)
    group = np.where(x + rng.normal(0, 0.5, rows) > 0, "high", "low").astype(object)
    frame = pd.DataFrame(
        {
            "x": x,
            "y": 2 * x + rng.standard_t(3, rows),
            "count": rng.poisson(3 + 2 * (group == "high")),
            "group": group,
            "town": rng.choice(list("abcdefgh"), rows, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.04, 0.01]),
        }
    )
    frame.loc[rng.random(rows) < 0.1 + shift / 10, "y"] = np.nan
    frame.loc[rng.random(rows) < 0.05, "town"] = None
    return frame


@pytest.fixture(scope="module")
def pair() -> tuple[pd.DataFrame, pd.DataFrame]:
    return mixed(1, 700), mixed(2, 900, shift=0.4)


# ---- references, written out from the published definitions


def reference_shape(real: pd.Series, synthetic: pd.Series) -> float:
    if real.dtype.kind in "fi":
        ks = 1 - stats.ks_2samp(real.dropna(), synthetic.dropna()).statistic
        return min(ks, 1 - abs(real.isna().mean() - synthetic.isna().mean()))
    p, q = Counter(real.fillna(MISSING)), Counter(synthetic.fillna(MISSING))
    return 1 - sum(abs(p[v] / len(real) - q[v] / len(synthetic)) for v in {*p, *q}) / 2


def reference_bins(real: pd.Series, column: pd.Series) -> list[object]:
    if real.dtype.kind not in "fi":
        return column.fillna(MISSING).tolist()
    cuts = sorted(set(np.quantile(real.dropna(), np.linspace(0, 1, 11)).tolist()))[1:-1]
    return [sum(value >= cut for cut in cuts) for value in column.fillna(real.median())]


def reference_similarity(real: pd.DataFrame, synthetic: pd.DataFrame, a: str, b: str) -> float:
    if all(real[c].dtype.kind in "fi" for c in (a, b)):
        r, s = (stats.pearsonr(*f[[a, b]].dropna().to_numpy(float).T).statistic for f in (real, synthetic))
        return 1 - abs(r - s) / 2
    p, q = (
        Counter(zip(reference_bins(real[a], f[a]), reference_bins(real[b], f[b]), strict=True))
        for f in (real, synthetic)
    )
    return 1 - sum(abs(p[v] / len(real) - q[v] / len(synthetic)) for v in {*p, *q}) / 2


def reference_eta(frame: pd.DataFrame, category: str, number: str) -> float:
    present = frame[frame[number].notna()]
    values, groups = present[number].astype(float), present[category].fillna(MISSING)
    between = sum(len(g) * (g.mean() - values.mean()) ** 2 for _, g in values.groupby(groups))
    return float(np.sqrt(between / ((values - values.mean()) ** 2).sum()))


def reference_v(frame: pd.DataFrame, a: str, b: str) -> float:
    table = pd.crosstab(frame[a].fillna(MISSING), frame[b].fillna(MISSING)).to_numpy()
    (r, c), n = table.shape, table.sum()
    phi = max(0.0, stats.chi2_contingency(table, correction=False).statistic / n - (r - 1) * (c - 1) / (n - 1))
    return float(np.sqrt(phi / (min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1)))


# ---- the figures are the published ones


def test_shape_is_the_complement_of_ks_and_of_total_variation(pair: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    real, synthetic = pair
    figures = fidelity(align(real, synthetic))
    expected = {c: reference_shape(real[c], synthetic[c]) for c in real.columns}
    assert figures.columns.set_index("column")["shape"].to_dict() == pytest.approx(expected, abs=EXACT)
    assert figures.shape == pytest.approx(np.mean(list(expected.values())), abs=EXACT)
    assert figures.columns["shape"].is_monotonic_increasing
    assert figures.shape < 0.95  # so that the comparison is one


def test_a_wrong_share_of_gaps_bounds_the_shape() -> None:
    real = pd.DataFrame({"x": np.arange(100.0)})
    synthetic = real.where(real.index.to_numpy()[:, None] % 2 == 0)
    assert fidelity(align(real, synthetic)).shape == pytest.approx(0.5)


def test_the_wasserstein_distance_is_in_standard_deviations(pair: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    real, synthetic = pair
    got = fidelity(align(real, synthetic)).columns.set_index("column")["wasserstein"]
    for name in ("x", "y", "count"):
        r, s = real[name].dropna(), synthetic[name].dropna()
        assert got[name] == pytest.approx(stats.wasserstein_distance(r, s) / np.std(r), abs=EXACT)
    assert got[["group", "town"]].isna().all()


def test_pairs_are_correlation_and_contingency_similarity(pair: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    real, synthetic = pair
    figures = fidelity(align(real, synthetic))
    expected = {(a, b): reference_similarity(real, synthetic, a, b) for a, b in itertools.combinations(real.columns, 2)}
    got = figures.pairs.set_index(["first", "second"])["similarity"]
    assert got.to_dict() == pytest.approx(expected, abs=EXACT)
    assert figures.pair == pytest.approx(np.mean(list(expected.values())), abs=EXACT)
    assert figures.pairs["similarity"].is_monotonic_increasing


def test_the_matrices_hold_correlations_correlation_ratios_and_cramers_v(
    pair: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    figures = fidelity(align(*pair))
    for frame, matrix in zip(pair, (figures.associations_real, figures.associations_synthetic), strict=True):
        assert matrix.loc["x", "y"] == pytest.approx(stats.pearsonr(*frame[["x", "y"]].dropna().T.to_numpy()).statistic)
        for category, number in itertools.product(["group", "town"], ["x", "y", "count"]):
            assert matrix.loc[category, number] == pytest.approx(reference_eta(frame, category, number), abs=EXACT)
        assert matrix.loc["group", "town"] == pytest.approx(reference_v(frame, "group", "town"), abs=EXACT)
        np.testing.assert_array_equal(matrix, matrix.T)
        np.testing.assert_array_equal(np.diag(matrix), 1.0)


def test_correlation_ratios_are_compared(pair: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    figures = fidelity(align(*pair))
    mixed_pairs = figures.pairs.dropna(subset="correlation_ratio")
    assert len(mixed_pairs) == 6
    for row in mixed_pairs.itertuples():
        category, number = (row.first, row.second) if row.first in ("group", "town") else (row.second, row.first)
        r, s = (reference_eta(frame, category, number) for frame in pair)
        assert row.correlation_ratio == pytest.approx(1 - abs(r - s), abs=EXACT)
    assert figures.correlation_ratio == pytest.approx(mixed_pairs["correlation_ratio"].mean())


def test_many_levels_are_counted_as_few_are() -> None:
    """The sparse count of a table with mostly empty cells is the dense one."""
    rng = np.random.default_rng(0)
    real, synthetic = (pd.DataFrame({c: rng.zipf(1.3, 500) % 300 for c in "ab"}).astype(str) for _ in range(2))
    figures = fidelity(align(real, synthetic))
    assert figures.pair == pytest.approx(reference_similarity(real, synthetic, "a", "b"), abs=EXACT)
    assert figures.associations_real.loc["a", "b"] == pytest.approx(reference_v(real, "a", "b"), abs=EXACT)


def test_range_and_category_coverage() -> None:
    real = pd.DataFrame({"x": [0.0, 4.0, 10.0, 10.0], "c": ["a", "b", "c", None]})
    synthetic = pd.DataFrame({"x": [2.0, 9.0, 9.0, 9.0], "c": ["a", "a", "b", "z"]})
    figures = fidelity(align(real, synthetic))
    assert figures.range_coverage == pytest.approx(1 - 0.2 - 0.1)
    assert figures.category_coverage == pytest.approx(2 / 3)  # a gap is no level


def test_the_pattern_of_gaps() -> None:
    real = pd.DataFrame({"x": [1.0, None, 3.0, None], "c": ["a", None, "b", None]})
    apart = pd.DataFrame({"x": [1.0, None, 3.0, None], "c": [None, "a", None, "b"]})
    assert fidelity(align(real, real)).missingness == 1
    figures = fidelity(align(real, apart))
    assert figures.missingness == pytest.approx(0.0)
    shares = {r.missing: (r.real, r.synthetic) for r in figures.missing_patterns.itertuples()}
    assert shares == {(): (0.5, 0.0), ("x", "c"): (0.5, 0.0), ("x",): (0.0, 0.5), ("c",): (0.0, 0.5)}


def test_violations_are_counted_by_rule_and_by_row() -> None:
    real = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "c": ["a", "b", "a", "b"], "g": [1.0, None, 1.0, 2.0]})
    synthetic = pd.DataFrame({"x": [-1.0, 4.0, None, 2.0], "c": ["z", "a", "b", None], "g": [None, 1.0, 1.0, 1.0]})
    figures = fidelity(align(real, synthetic))
    assert figures.invalid == 1.0
    assert {(r.column, r.rule): r.share for r in figures.violations.itertuples()} == {
        ("x", "below the real range"): 0.25,
        ("x", "above the real range"): 0.25,
        ("x", "missing where real rows never are"): 0.25,
        ("c", "a category no real row has"): 0.25,
        ("c", "missing where real rows never are"): 0.25,
    }
    by_column = figures.columns.set_index("column")["violations"].to_dict()
    assert by_column == {"x": 0.75, "c": 0.5, "g": 0.0}
    wider = pd.DataFrame({"x": [-1.0, None, 5.0], "c": ["z", None, "a"], "g": [1.0, 1.0, 1.0]})
    assert fidelity(align(real, synthetic, holdout=wider)).invalid == 0.0


# ---- where the truth is known


def test_the_same_rows_are_perfect() -> None:
    real = mixed(1, 400)
    figures = fidelity(align(real, real.sample(frac=1, random_state=0)))
    assert (figures.shape, figures.pair, figures.invalid) == (pytest.approx(1), pytest.approx(1), 0)
    assert (figures.missingness, figures.correlation_ratio) == (pytest.approx(1), pytest.approx(1))
    assert (figures.category_coverage, figures.range_coverage) == (1, 1)


def test_shuffled_columns_keep_their_shape_and_lose_their_pairs() -> None:
    real = mixed(1, 2000)
    rng = np.random.default_rng(0)
    shuffled = pd.DataFrame({c: rng.permutation(real[c].to_numpy()) for c in real.columns})
    figures = fidelity(align(real, shuffled))
    assert figures.shape == pytest.approx(1)
    similarity = figures.pairs.set_index(["first", "second"])["similarity"]
    assert similarity["x", "y"] < 0.65
    assert similarity["x", "group"] < 0.75
    assert figures.pairs.loc[0, "first"] == "x"
    assert figures.correlation_ratio is not None
    assert figures.correlation_ratio < 0.9


def test_a_number_with_two_values_shows_in_the_correlation_ratio_alone() -> None:
    """A stated blind spot of decile bins."""
    bit = np.repeat([0.0, 1.0], [35, 65])
    real = pd.DataFrame({"bit": bit, "c": np.where(bit > 0, "a", "b")})
    broken = real.assign(c=np.random.default_rng(0).permutation(real["c"].to_numpy()))
    row = fidelity(align(real, broken)).pairs.iloc[0]
    assert row["similarity"] == pytest.approx(1)
    assert row["correlation_ratio"] < 0.2


def test_a_pair_without_a_real_correlation_is_left_out() -> None:
    real = pd.DataFrame({"x": np.arange(9.0), "y": np.arange(9.0), "one": 1.0})
    figures = fidelity(align(real, real.assign(y=5.0)))
    assert figures.pairs["similarity"].isna().tolist() == [False, True, True]
    assert figures.pair == 0.5


# ---- never at a loss


@pytest.mark.parametrize("name", EDGES)
@pytest.mark.parametrize("held", [True, False])
def test_hard_tables_have_figures(name: str, held: bool) -> None:
    real, synthetic, holdout = EDGES[name]
    figures = fidelity(align(real, synthetic, holdout=holdout if held else None))
    assert 0 <= figures.shape <= 1
    assert figures.pair is None or 0 <= figures.pair <= 1
    assert 0 <= figures.invalid <= 1
    json.dumps(figures.to_json(), allow_nan=False)


def test_one_column_has_no_pair() -> None:
    figures = fidelity(align(*EDGES["one number"][:2]))
    assert figures.pair is None
    assert figures.pairs.empty


def test_nothing_left_to_judge_is_said() -> None:
    with pytest.raises(InvalidDataError, match="No column is left to judge: 'key': an identifier"):
        fidelity(align(IDENTIFIERS, IDENTIFIERS))
