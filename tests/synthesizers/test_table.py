"""What a fitted `WGANGPSynthesizer` gives: rows, scores, history, plan."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.listening import Listening
from wgan_aug import WGANGPSynthesizer
from wgan_aug.synthesizers.conditioning import drawing
from wgan_aug.synthesizers.plan import Plan


def fitted(frame: pd.DataFrame, **options: Any) -> WGANGPSynthesizer:
    merged: dict[str, Any] = {"epochs": 1, "random_state": 0} | options
    return WGANGPSynthesizer(**merged).fit(frame)


@pytest.fixture(scope="module")
def model(people: pd.DataFrame) -> WGANGPSynthesizer:
    return fitted(people, epochs=5)


# ---- sample


def test_sample_has_columns_order_and_dtypes(model: WGANGPSynthesizer, people: pd.DataFrame) -> None:
    out = model.sample(50)
    pd.testing.assert_series_equal(out.dtypes, people.dtypes)
    assert out.index.equals(pd.RangeIndex(50))
    assert out["age"].between(people["age"].min(), people["age"].max()).all()
    assert set(out["sex"]) <= {"f", "m"}
    assert model.sample().shape == (1, people.shape[1])


def test_sample_of_nothing(model: WGANGPSynthesizer, people: pd.DataFrame) -> None:
    out = model.sample(0)
    assert out.shape == (0, people.shape[1])
    pd.testing.assert_series_equal(out.dtypes, people.dtypes)


def test_fit_leaves_the_data_alone(people: pd.DataFrame) -> None:
    frame = people.copy()
    fitted(frame, target="sex", categorical_features=["age"])
    pd.testing.assert_frame_equal(frame, people)


@pytest.mark.parametrize(
    "index",
    [
        [0] * 120,
        list("ab") * 60,
        pd.MultiIndex.from_product([range(12), range(10)], names=["a", "age"]),
        pd.date_range("2020-01-01", periods=120, name="since"),
        range(1000, 880, -1),
    ],
    ids=["equal", "doubled", "multi", "dates", "descending"],
)
def test_any_index(index: Any, model: WGANGPSynthesizer, people: pd.DataFrame) -> None:
    frame = people.set_axis(pd.Index(index), axis=0)
    kept = frame.copy()
    twin = fitted(frame, epochs=5)
    pd.testing.assert_frame_equal(twin.sample(5), model.sample(5))
    assert np.array_equal(twin.score_samples(frame), model.score_samples(people))
    assert twin.score(frame) == model.score(people)
    half = fitted(frame.drop(columns="visits").set_axis(frame.index), epochs=5)
    named = fitted(frame, epochs=5, target="visits").sample(5)
    assert half.fit(frame.drop(columns="visits"), frame["visits"]).sample(5).equals(named)
    pd.testing.assert_frame_equal(frame, kept)


@pytest.mark.parametrize(
    "seed", [3, np.int32(3), np.random.default_rng(3), np.random.RandomState(3)], ids=["int", "int32", "new", "old"]
)
def test_seeds_of_a_sample(seed: Any, model: WGANGPSynthesizer) -> None:
    first, second = model.sample(20, random_state=seed), model.sample(20, random_state=seed)
    assert first.equals(second) == (not hasattr(seed, "bit_generator") and not hasattr(seed, "get_state"))
    assert not first.equals(model.sample(20))


def test_an_int_seed_gives_the_same_model_and_rows(model: WGANGPSynthesizer, people: pd.DataFrame) -> None:
    assert model.sample(9).equals(model.sample(9))
    assert fitted(people, epochs=5).sample(9).equals(model.sample(9))
    assert not fitted(people, epochs=5, random_state=1).sample(9).equals(model.sample(9))


@pytest.mark.parametrize("make", [lambda: None, lambda: np.random.default_rng(0), lambda: np.random.RandomState(0)])
def test_other_seeds_give_new_rows_each_time(make: Any, people: pd.DataFrame) -> None:
    model = fitted(people, random_state=make())
    assert not model.sample(9).equals(model.sample(9))
    if make() is not None:
        twin = fitted(people, random_state=make())
        assert twin.sample(9).equals(fitted(people, random_state=make()).sample(9))


def test_global_random_numbers_are_left_alone(people: pd.DataFrame) -> None:
    import torch

    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)
    before = np.random.random(), torch.rand(1).item()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)
    fitted(people, random_state=None).sample(3)
    assert (np.random.random(), torch.rand(1).item()) == before  # noqa: NPY002


def test_parts_are_the_sample(model: WGANGPSynthesizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "PART_ROWS", 16)
    parts = list(model.sample_parts(40, random_state=1))
    assert [len(part) for part in parts] == [16, 16, 8]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), model.sample(40, random_state=1))
    assert [len(part) for part in model.sample_parts(0)] == [0]
    assert [len(part) for part in model.sample_parts(32)] == [16, 16]


@pytest.mark.parametrize(
    "names",
    [[0, 1], [("a", 1), ("b", 2)], ["a", 1], [pd.Timestamp("2020-01-01"), 1.5], [None, "b"]],
    ids=["ints", "tuples", "mixed", "stamp and float", "None"],
)
def test_column_names_of_any_kind(names: list[Any]) -> None:
    columns = pd.Index(names, tupleize_cols=False, dtype=object)
    frame = pd.DataFrame({"a": np.linspace(0, 1, 30), "b": ["x", "y"] * 15}).set_axis(columns, axis=1)
    model = fitted(frame)
    assert model.sample(4).columns.tolist() == names
    assert model.score_samples(frame).shape == (30,)


def test_multiindex_columns() -> None:
    columns = pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")])
    frame = pd.DataFrame({"a": np.linspace(0, 1, 30), "b": ["x", "y"] * 15}).set_axis(columns, axis=1)
    assert fitted(frame).sample(4).columns.tolist() == columns.tolist()


@pytest.mark.parametrize("rows", [2, 3, 7])
def test_few_rows(rows: int) -> None:
    frame = pd.DataFrame({"a": np.linspace(0, 1, rows), "b": (["x", "y"] * rows)[:rows]})
    out = fitted(frame, epochs=3).sample(20)
    assert out["a"].between(0, 1).all()
    assert out.dtypes.equals(frame.dtypes)


def test_constant_and_missing_columns_pass_through(people: pd.DataFrame) -> None:
    frame = people.assign(one="same", none=pd.array([pd.NA] * len(people), dtype="Int64"))
    with pytest.warns(UserWarning, match=r"All values are missing, and stay so, in: 'none'"):
        out = fitted(frame).sample(5)
    assert out["one"].tolist() == ["same"] * 5
    assert out["none"].isna().all()
    assert out.dtypes.equals(frame.dtypes)


# ---- scores


def test_scores_rank_junk_below_real_rows() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=500)
    real = pd.DataFrame({"x": x, "y": x + 0.05 * rng.normal(size=500), "side": np.where(x > 0, "up", "down")})
    model = fitted(real, epochs=60, batch_size=100, n_critic=2, relations=False)
    junk = real.assign(y=-real["y"], side=np.where(x > 0, "down", "up"))
    scores = model.score_samples(pd.concat([real, junk]))
    assert np.isfinite(scores).all()
    assert (scores.dtype, scores.shape) == (np.float64, (1000,))
    assert roc_auc_score([1] * 500 + [0] * 500, scores) > 0.8


def test_scores_do_not_hang_on_the_batch(model: WGANGPSynthesizer, people: pd.DataFrame) -> None:
    whole = model.score_samples(people)
    single = [model.score_samples(people.iloc[[k]])[0] for k in range(0, 120, 17)]
    np.testing.assert_allclose(single, whole[::17], rtol=1e-9)
    assert model.score_samples(people.head(0)).shape == (0,)


def test_scores_take_columns_by_name(model: WGANGPSynthesizer, people: pd.DataFrame) -> None:
    turned = people[people.columns[::-1]].assign(extra=1)
    assert np.array_equal(model.score_samples(turned), model.score_samples(people))


# ---- history, plan, schema


def test_history(model: WGANGPSynthesizer) -> None:
    history = model.history_
    assert history["update"].tolist() == list(range(1, model.updates_ + 1))
    assert {"update", "critic_loss", "generator_loss", "wasserstein", "penalty", "gradient_norm"} <= set(history)
    assert np.isfinite(history.to_numpy(dtype=float)).all()
    assert (history["penalty"] >= 0).all()
    losses = model.get_loss_values()
    assert losses.columns.tolist() == ["Epoch", "Generator Loss", "Discriminator Loss"]
    assert losses["Discriminator Loss"].tolist() == history["critic_loss"].tolist()


def test_plan_says_what_fit_does(people: pd.DataFrame) -> None:
    model = WGANGPSynthesizer(epochs=4, batch_size=30, n_critic=2, random_state=0)
    plan = model.plan(people)
    assert isinstance(plan, Plan)
    assert not hasattr(model, "schema_")
    model.fit(people)
    assert plan.describe() == model.plan_.describe()
    assert plan.to_frame().equals(model.plan_.to_frame())
    assert model.updates_ == plan.settings.updates == 4 * 120 // (2 * 30)
    assert plan.to_json()["features"] == plan.encoder.layout.n_features == sum(plan.to_frame()["width"])
    assert plan.memory_bytes > 4 * plan.encoder.layout.n_features * 256


def test_schema(model: WGANGPSynthesizer, people: pd.DataFrame) -> None:
    assert model.schema_.names == people.columns.tolist()
    kinds = {column.name: column.kind for column in model.schema_}
    assert kinds == {
        "age": "integer",
        "income": "continuous",
        "sex": "categorical",
        "smoker": "boolean",
        "since": "datetime",
        "visits": "integer",
    }
    declared = fitted(people, categorical_features=["visits"]).schema_["visits"]
    assert (declared.kind, declared.declared) == ("categorical", True)
    alias = WGANGPSynthesizer(epochs=1, random_state=0).fit(people, discrete_columns=["visits"])
    assert alias.schema_["visits"] == declared


def test_options_win_over_the_preset(people: pd.DataFrame) -> None:
    plan = WGANGPSynthesizer(preset="paper", gp_weight=0.5, epochs=1).plan(people)
    assert (plan.preset.gp_weight, plan.preset.n_critic, plan.preset.betas) == (0.5, 5, (0.0, 0.9))


def test_progress_listener(people: pd.DataFrame) -> None:
    heard: list[tuple[int, int, bool]] = []
    model = WGANGPSynthesizer(epochs=120, batch_size=60, n_critic=2, random_state=0)
    hear = Listening(lambda p: heard.append((p.update, p.updates, "wasserstein" in p.figures)))
    model.fit(people, callbacks=[hear])
    assert heard[0] == (0, 120, False)
    assert heard[-1] == (120, 120, True)
    assert [update for update, *_ in heard] == sorted({update for update, *_ in heard})


def test_verbose_writes_on_stderr(people: pd.DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    fitted(people, verbose=1)
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0].startswith("120 rows, 6 columns -> ")
    assert lines[-2].startswith("update 1/1: ")
    assert lines[-1].startswith("refining keeps ")
    fitted(people)
    assert capsys.readouterr() == ("", "")
