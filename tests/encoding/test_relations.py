"""Rules between columns: found where they are planted and nowhere else, and kept in every decoded row."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.strategies import FLAVOURS, QUICK, through_json
from wgan_aug.encoding.dependents import DependentEncoder
from wgan_aug.encoding.table import EncodedTable, TableEncoder
from wgan_aug.errors import DataWarning
from wgan_aug.schema.inference import infer_schema
from wgan_aug.schema.layout import Scalar

SEEDS = settings(max_examples=10, deadline=None, derandomize=True, phases=(Phase.generate,))


def _fit(frame: pd.DataFrame, **options: Any) -> TableEncoder:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # objects that mix types
        return TableEncoder(infer_schema(frame), **options).fit(frame)


def _kinds(encoder: TableEncoder) -> dict[Any, str]:
    """Return the kind of rule by column."""
    found = [e for e in encoder.encoders if isinstance(e, DependentEncoder)]
    return {e.column.name: e.name for e in found}  # type: ignore[attr-defined]


def _random_rows(encoder: TableEncoder, rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """Decode codes that no row had, as a generator without any training would."""
    rng, layout = np.random.default_rng(seed), encoder.layout
    states = np.array([rng.integers(0, width, rows) for width in layout.widths]).T.reshape(rows, layout.n_blocks)
    codes = rng.random((rows, layout.n_scalars))
    return encoder.inverse_transform(EncodedTable(states, codes, codes))


def _assert_comes_back(frame: pd.DataFrame, encoder: TableEncoder) -> None:
    out = encoder.inverse_transform(encoder.transform(frame))
    pd.testing.assert_frame_equal(out, frame, check_exact=True)
    again = TableEncoder.from_json(through_json(encoder.to_json()))
    assert _kinds(again) == _kinds(encoder)
    pd.testing.assert_frame_equal(again.inverse_transform(again.transform(frame)), frame, check_exact=True)
    assert again.layout.scalars == encoder.layout.scalars
    pd.testing.assert_frame_equal(_random_rows(again), _random_rows(encoder))


def _assert_in_range(rows: pd.DataFrame, frame: pd.DataFrame) -> None:
    for name in frame:
        seen = frame[name].dropna()
        if pd.api.types.is_numeric_dtype(seen) or seen.dtype.kind in "mM":
            assert rows[name].dropna().between(seen.min(), seen.max()).all(), name
        else:
            assert set(rows[name].dropna()) <= set(seen), name
        assert seen.size < len(frame) or not rows[name].isna().any(), name


# ---- tables with a planted rule: rows and a generator in; the frame, what is found, and what must hold in any row

Planted = tuple[pd.DataFrame, dict[Any, str], Callable[[pd.DataFrame], pd.Series]]


def _nested(n: int, rng: np.random.Generator) -> Planted:
    zone = rng.integers(0, 12, n)
    frame = pd.DataFrame({"borough": [f"b{z // 4}" for z in zone], "x": rng.normal(size=n), "zone": zone + 100})
    frame["zone"] = frame["zone"].map("z{}".format).astype("category")
    return (
        frame,
        {"borough": "determined"},
        lambda f: f["borough"] == f["zone"].astype(str).map(lambda z: f"b{(int(z[1:]) - 100) // 4}"),
    )


def _bijection(n: int, rng: np.random.Generator) -> Planted:
    level = rng.integers(0, 6, n)
    frame = pd.DataFrame({"name": np.array(list("qwerty"))[level], "number": level * 2.5, "x": rng.random(n)})
    return frame, {"number": "determined"}, lambda f: f["number"] == f["name"].map("qwerty".index) * 2.5


def _from_numbers(n: int, rng: np.random.Generator) -> Planted:
    age = rng.integers(20, 60, n)
    frame = pd.DataFrame({"age": age, "band": np.where(age < 30, "young", np.where(age < 50, "mid", "old"))})
    return frame, {"band": "determined"}, lambda f: (f["band"] == "young") == (f["age"] < 30)


def _joint(n: int, rng: np.random.Generator) -> Planted:
    kind = rng.choice(["single", "joint"], n)
    income = np.where(kind == "joint", rng.lognormal(10, 1, n).round(2), np.nan)
    debt = pd.array(rng.integers(0, 500, n), "Int64")
    frame = pd.DataFrame({"income": income, "kind": kind, "debt": pd.Series(debt).mask(kind == "single")})
    rules = {"income": "ruled", "debt": "ruled"}

    def holds(f: pd.DataFrame) -> pd.Series:
        return (f["income"].isna() == (f["kind"] == "single")) & (f["income"].isna() == f["debt"].isna())

    return frame, rules, holds


def _never(n: int, rng: np.random.Generator) -> Planted:
    before = rng.poisson(1.0, n)
    days = np.where(before == 0, -1, rng.integers(0, 900, n))
    frame = pd.DataFrame({"days": days, "before": before, "x": rng.normal(size=n)})
    return frame, {"days": "ruled"}, lambda f: (f["days"] == -1) == (f["before"] == 0)


def _services(n: int, rng: np.random.Generator) -> Planted:
    net = rng.choice(["dsl", "fibre", "none"], n)
    two = [np.where(net == "none", "no net", rng.choice(["yes", "no"], n)) for _ in range(2)]
    frame = pd.DataFrame({"net": net, "film": two[0], "music": two[1]})
    told = {"film": "ruled", "music": "ruled"}
    return frame, told, lambda f: (f[["film", "music"]] == "no net").sum(axis=1) == 2 * (f["net"] == "none")


def _one_hot(n: int, rng: np.random.Generator) -> Planted:
    soil, area = rng.integers(0, 6, n), rng.integers(0, 3, n)
    columns = {f"s{k}": (soil == k).astype(int) for k in range(6)} | {f"a{k}": area == k for k in range(3)}
    names = ["s0", "a0", "s1", "s2", "a1", "s3", "s4", "s5", "a2"]
    frame = pd.DataFrame({name: columns[name] for name in names} | {"x": rng.normal(size=n), "f": rng.random(n) < 0.5})

    def holds(f: pd.DataFrame) -> pd.Series:
        soils, areas = (f[[c for c in names if c[0] == letter]].astype(int).sum(axis=1) for letter in "sa")
        return (soils == 1) & (areas == 1)

    return frame, dict.fromkeys(names, "member"), holds


def _total(n: int, rng: np.random.Generator) -> Planted:
    tip = np.where(rng.random(n) < 0.4, 0.0, rng.exponential(3, n).round(2))
    fare = (5 + rng.gamma(2, 6, n)).round(1)
    tax = rng.choice([0.5, 0.8, 3.3], n)
    frame = pd.DataFrame({"tip": tip, "fare": fare, "total": (tip + fare + tax).round(2)})
    return frame, {"total": "sum"}, lambda f: (f["total"] - f["tip"] - f["fare"]).round(2).isin([0.5, 0.8, 3.3])


def _loan(n: int, rng: np.random.Generator) -> Planted:
    loan = rng.integers(40, 1600, n) * 25
    paid = (loan * rng.beta(1, 8, n)).round(2)
    interest, fee = (loan * rng.beta(1, 20, n)).round(2), np.where(rng.random(n) < 0.1, 15.0, 0.0)
    frame = pd.DataFrame({"loan": loan, "left": (loan - paid).round(2), "back": (paid + interest + fee).round(2)})
    frame = frame.assign(paid=paid, interest=interest, fee=fee)

    def holds(f: pd.DataFrame) -> pd.Series:
        left, back = f["loan"] - f["paid"] - f["left"], f["paid"] + f["interest"] + f["fee"] - f["back"]
        return (left.abs() < 1e-6) & (back.abs() < 1e-6)

    return frame, {"left": "sum", "back": "sum"}, holds


def _trip(n: int, rng: np.random.Generator) -> Planted:
    start = pd.Series(pd.Timestamp("2019-03-01") + pd.to_timedelta(rng.integers(0, 31 * 86_400, n), unit="s"))
    frame = pd.DataFrame({"start": start, "end": start + pd.to_timedelta(rng.gamma(2, 400, n).astype(int), unit="s")})
    return frame, {"end": "sum"}, lambda f: f["start"] <= f["end"]


def _span(n: int, rng: np.random.Generator) -> Planted:
    frame = _trip(n, rng)[0].assign(took=lambda f: (f["end"] - f["start"]).astype("m8[ms]"))
    return frame, {"end": "sum"}, lambda f: f["end"] - f["start"] == f["took"]


def _year(n: int, rng: np.random.Generator) -> Planted:
    born = rng.integers(1930, 2005, n)
    return pd.DataFrame({"born": born, "age": 2024 - born}), {"age": "sum"}, lambda f: f["born"] + f["age"] == 2024


PLANTED = (_nested, _bijection, _from_numbers, _joint, _never, _services, _one_hot, _total, _loan, _trip, _span, _year)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_rule_is_found_and_kept(plant: Callable[[int, np.random.Generator], Planted]) -> None:
    @SEEDS
    @given(st.integers(0, 10**6), st.sampled_from([200, 500, 1000]))
    def check(seed: int, n: int) -> None:
        frame, kinds, holds = plant(n, np.random.default_rng(seed))
        encoder = _fit(frame)
        assert _kinds(encoder) == kinds
        assert holds(frame).all()
        _assert_comes_back(frame, encoder)
        rows = _random_rows(encoder, seed=seed)
        assert list(rows.dtypes) == list(frame.dtypes)
        assert holds(rows).all()
        _assert_in_range(rows, frame)

    check()


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_without_relations_no_rule_is_looked_for(plant: Callable[[int, np.random.Generator], Planted]) -> None:
    frame, _, holds = plant(300, np.random.default_rng(1))
    encoder = _fit(frame, relations=False)
    assert _kinds(encoder) == {}
    assert not holds(_random_rows(encoder)).all()
    assert _kinds(TableEncoder.from_json(through_json(encoder.to_json()))) == {}


def _independent(rng: np.random.Generator) -> pd.DataFrame:
    n = int(rng.integers(50, 2001))
    makers: tuple[Callable[[], Any], ...] = (
        lambda: rng.normal(size=n),
        lambda: rng.lognormal(3, 1, n).round(2),
        lambda: rng.integers(0, rng.integers(2, 200), n),
        lambda: rng.poisson(0.3, n),
        lambda: rng.random(n) < rng.random(),
        lambda: rng.choice(list("abcdefgh"), n, p=rng.dirichlet(np.full(8, 0.5))),
        lambda: [f"v{k}" for k in rng.zipf(1.5, n) % 300],
        lambda: np.where(rng.random(n) < rng.random(), np.nan, rng.integers(0, 50, n)),
        lambda: pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 400, n), unit="D"),
    )
    return pd.DataFrame({f"c{k}": makers[rng.integers(len(makers))]() for k in range(rng.integers(2, 13))})


def test_independent_columns_have_no_rules() -> None:
    found = [_kinds(_fit(_independent(np.random.default_rng(seed)))) for seed in range(200)]
    assert sum(bool(kinds) for kinds in found) == 0


def test_related_columns_without_an_exact_rule_have_none() -> None:
    rng, n = np.random.default_rng(0), 3000
    zone = rng.integers(0, 40, n)
    frame = pd.DataFrame({"zone": zone.astype(str), "x": rng.normal(size=n)})
    frame["borough"] = np.where(rng.random(n) < 0.003, "other", (zone // 10).astype(str))  # one row in 300 breaks it
    frame["y"] = frame["x"] + rng.normal(size=n) / 4
    frame["gone"] = np.where(rng.random(n) < 0.003, rng.random(n) < 0.5, zone < 9)
    frame["z"] = rng.normal(size=n)
    frame.loc[frame["gone"], "z"] = np.nan
    frame.loc[frame.index[frame["gone"]][:3], "z"] = 0.25
    assert _kinds(_fit(frame)) == {}


@pytest.mark.parametrize("rows", [10, 30, 49])
def test_small_tables_are_left_alone(rows: int) -> None:
    frame = pd.DataFrame({"a": np.arange(rows) % 3, "b": np.arange(rows) % 3 * 2, "c": 7 - np.arange(rows) % 3})
    assert _kinds(_fit(frame)) == {}


@pytest.mark.parametrize("flavour", sorted(FLAVOURS))
def test_columns_of_every_dtype_follow_another_one(flavour: str) -> None:
    @settings(QUICK, max_examples=6)
    @given(FLAVOURS[flavour].series(4, 4), st.integers(0, 99))
    def check(cells: pd.Series, seed: int) -> None:
        key = np.random.default_rng(seed).integers(0, 4, 80)
        frame = pd.DataFrame({"key": pd.Series(np.array(list("abcd"))[key]), "x": key, "told": cells.iloc[key].array})
        encoder = _fit(frame)
        out = encoder.inverse_transform(encoder.transform(frame))
        assert out["told"].dtype == frame["told"].dtype
        again = TableEncoder.from_json(through_json(encoder.to_json()))
        pd.testing.assert_frame_equal(again.inverse_transform(again.transform(frame)), out)
        plain = _fit(frame, relations=False)
        pd.testing.assert_frame_equal(plain.inverse_transform(plain.transform(frame)), out)

    check()


@pytest.mark.parametrize("flavour", sorted(name for name, f in FLAVOURS.items() if f.missing))
def test_columns_of_every_dtype_are_missing_where_another_one_says(flavour: str) -> None:
    @settings(QUICK, max_examples=6)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        cells = [data.draw(FLAVOURS[flavour].cells) for _ in range(3)] + list(FLAVOURS[flavour].missing)
        key = np.random.default_rng(len(cells)).integers(0, 8, 120)
        told = FLAVOURS[flavour].make([cells[min(k // 2, 3)] for k in key.tolist()])
        there = np.where(key >= 6, "no", np.random.default_rng(0).choice(["yes", "maybe"], 120))
        frame = pd.DataFrame({"there": there, "told": told.array})
        encoder = _fit(frame)
        assert (_kinds(encoder) == {"told": "ruled"}) or told.nunique() < 2
        out = encoder.inverse_transform(encoder.transform(frame))
        plain = _fit(frame, relations=False)
        pd.testing.assert_frame_equal(out, plain.inverse_transform(plain.transform(frame)))
        rows = _random_rows(encoder)
        assert (rows["told"].isna() == (rows["there"] == "no")).all()
        assert rows["told"].dtype == frame["told"].dtype

    check()


def test_the_numbers_of_ruled_rows_are_silent_in_the_ruling_columns_block() -> None:
    frame, _, _ = _joint(1000, np.random.default_rng(0))
    layout = _fit(frame).layout
    assert layout.widths == (2,)
    assert layout.scalars == (Scalar(0, (1,)), Scalar(0, (1,)))  # joint, single
    encoded = _fit(frame).transform(frame)
    single = (frame["kind"] == "single").to_numpy()
    assert (encoded.low[single] == 0.5).all()
    assert len(np.unique(encoded.low[~single, 0])) > 400


def test_a_column_that_rules_and_is_ruled_hides_no_numbers() -> None:
    rng, n = np.random.default_rng(0), 1000
    phone = rng.choice(["yes", "no", "maybe", "later", "never"], n)
    plan = np.where(phone == "no", "none", rng.choice(["small", "large", "huge"], n))
    bill = np.where(np.isin(plan, ["none", "small"]), np.nan, rng.normal(50, 9, n).round(1))
    frame = pd.DataFrame({"colour": rng.choice(["a", "b", "c"], n), "bill": bill, "plan": plan, "phone": phone})
    encoder = _fit(frame)
    assert _kinds(encoder) == {"bill": "ruled", "plan": "ruled"}
    assert encoder.layout.widths == (3, 4, 5)
    assert encoder.layout.scalars == (Scalar(),)
    _assert_comes_back(frame, encoder)
    rows = _random_rows(encoder)
    assert ((rows["plan"] == "none") == (rows["phone"] == "no")).all()
    assert (rows["bill"].isna() == rows["plan"].isin(["none", "small"])).all()


def test_a_group_has_one_state_a_column_in_the_block_of_the_first() -> None:
    frame, _, _ = _one_hot(500, np.random.default_rng(0))
    encoder = _fit(frame)
    assert encoder.layout.widths == (6, 3, 2)
    assert encoder.feature_columns()[:9] == ["s0", "s1", "s2", "s3", "s4", "s5", "a0", "a1", "a2"]
    np.testing.assert_allclose(encoder.layout.frequencies[:9], frame[encoder.feature_columns()[:9]].mean())


def test_chains_of_rules_hold_together() -> None:
    rng = np.random.default_rng(5)
    town, n = rng.integers(0, 30, 1000), 1000
    net = (rng.gamma(2, 50, n)).round(2)
    frame = pd.DataFrame({"country": town // 15, "region": [f"r{t // 5}" for t in town]})
    frame["town"] = [f"t{t}" for t in town]
    frame["tax"] = (net * 0.2).round(2)
    frame["gross"] = (net + frame["tax"]).round(2)
    frame["due"] = np.where(frame["country"] == 1, np.nan, frame["gross"] - 5)
    frame["net"] = net
    encoder = _fit(frame)
    assert {"country": "determined", "region": "determined", "gross": "sum"}.items() <= _kinds(encoder).items()
    _assert_comes_back(frame, encoder)
    rows = _random_rows(encoder, 1000)
    assert (rows["region"] == rows["town"].map(lambda t: f"r{int(t[1:]) // 5}")).all()
    assert (rows["country"] == rows["town"].map(lambda t: int(t[1:]) // 15)).all()
    np.testing.assert_allclose(rows["gross"], rows["net"] + rows["tax"])
    assert (rows["due"].isna() == (rows["country"] == 1)).all()


def test_a_part_gives_way_where_the_sum_leaves_its_bounds() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 1000, 2000), rng.integers(0, 1000, 2000)
    keep = a + b < 1200  # sums that random parts exceed in a third of the rows
    frame = pd.DataFrame({"a": a[keep], "b": b[keep], "sum": (a + b)[keep]})
    rows = _random_rows(_fit(frame), 3000)
    assert (rows["a"] + rows["b"] == rows["sum"]).all()
    assert rows["sum"].max() == frame["sum"].max()
    _assert_in_range(rows, frame)


def test_a_sum_is_clipped_where_no_part_can_give_way() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 1000, 2000), rng.integers(0, 1000, 2000)
    keep = a + b < 1200
    one = pd.DataFrame({"a": a[keep], "b": b[keep], "sum": (a + b)[keep]})
    frame = one.assign(twice=one["a"] + 1000, more=one["b"] - 3)  # a and b have other followers
    encoder = _fit(frame)
    rows = _random_rows(encoder, 3000)
    _assert_in_range(rows, frame)
    broken = rows["a"] + rows["b"] != rows["sum"]
    assert 0 < broken.mean() < 0.5
    assert (rows.loc[broken, "sum"] == frame["sum"].max()).all()
    assert (rows["twice"] - rows["a"] == 1000).all()


def test_a_sum_with_exceptions_keeps_them_as_values_of_the_rest() -> None:
    frame, _, _ = _loan(3000, np.random.default_rng(0))
    frame = frame[["loan", "left", "paid"]].copy()
    frame.loc[:200, "left"] = 0.0
    encoder = _fit(frame)
    assert _kinds(encoder) == {"left": "sum"}
    rows = _random_rows(encoder)
    _assert_in_range(rows, frame)
    out = encoder.inverse_transform(encoder.transform(frame))
    assert (out["left"] == frame["left"]).mean() > 0.99
    exact = (out["loan"] - out["paid"] - out["left"]).abs() < 1e-6
    assert exact[201:].all()


def test_rows_that_break_a_rule_are_told_and_taken_as_if_they_kept_it() -> None:
    frame, _, _ = _nested(500, np.random.default_rng(0))
    encoder = _fit(frame)
    broken = frame.copy()
    broken.loc[:2, "borough"] = ["b0" if b != "b0" else "b1" for b in frame["borough"][:3]]
    with pytest.warns(DataWarning) as caught:
        encoded = encoder.transform(broken)
    (warning,) = caught
    assert str(warning.message) == (
        "Rows that break a rule which holds in the fitted table, taken as if they kept it: 'borough' (3 rows)."
    )
    pd.testing.assert_frame_equal(encoder.inverse_transform(encoded), frame)


@pytest.mark.parametrize("plant", [_joint, _one_hot, _total, _year], ids=lambda plant: plant.__name__)
def test_each_kind_of_rule_tells_of_rows_that_break_it(plant: Callable[[int, np.random.Generator], Planted]) -> None:
    frame, kinds, holds = plant(500, np.random.default_rng(0))
    mixed = pd.DataFrame({name: np.random.default_rng(k).permutation(frame[name]) for k, name in enumerate(frame)})
    mixed = mixed.astype(frame.dtypes)
    encoder = _fit(frame)
    with pytest.warns(DataWarning, match="Rows that break a rule .*" + repr(next(iter(kinds)))):
        rows = encoder.inverse_transform(encoder.transform(mixed))
    assert holds(rows).all()


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_placeholders_are_valid_cells_and_warn_of_nothing(
    plant: Callable[[int, np.random.Generator], Planted],
) -> None:
    frame, _, _ = plant(300, np.random.default_rng(3))
    encoder = _fit(frame)
    for name in frame:
        blank = encoder.placeholder(name, 5)
        assert blank.dtype == frame[name].dtype
        known = frame.head(5).assign(**{name: blank})
        encoded = encoder.transform(known, [name])
        owned, told = encoder.features_of([name]), encoder.feature_columns()
        assert {i for i, column in enumerate(told) if column == name} <= set(owned.tolist())
        assert len(encoded) == 5


def test_a_rule_between_columns_of_any_name() -> None:
    frame, _, _ = _joint(300, np.random.default_rng(0))
    frame.columns = pd.Index([("a", 1), None, 3.5], dtype=object, tupleize_cols=False)
    encoder = _fit(frame)
    assert _kinds(encoder) == {("a", 1): "ruled", 3.5: "ruled"}
    _assert_comes_back(frame, encoder)


def test_no_rows_decode_to_an_empty_frame_of_the_dtypes() -> None:
    for plant in PLANTED:
        frame, _, _ = plant(300, np.random.default_rng(0))
        out = _random_rows(_fit(frame), 0)
        assert out.shape == (0, frame.shape[1])
        assert list(out.dtypes) == list(frame.dtypes)


def test_many_columns_are_searched_in_part_and_all_encoded() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.integers(0, 9, (400, 300)), columns=[f"c{k}" for k in range(300)])
    frame["copy"] = frame["c0"] * 10
    frame["early"] = frame["c1"] * 10
    frame = frame[["early", *frame.columns[:-1]]]
    encoder = _fit(frame)
    assert _kinds(encoder) == {"c1": "determined"}
    pairs = itertools.islice(zip(encoder.inverse_transform(encoder.transform(frame)), frame, strict=True), 3)
    assert all(a == b for a, b in pairs)
