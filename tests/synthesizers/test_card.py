"""Model cards: what they say, that it is the same for the same model, and that no cell of the data is in them."""

from __future__ import annotations

import datetime as dt
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from torch import nn

import wgan_aug
from tests.blocks import blocks_of, commands, run_command, run_python
from tests.losses.own import Energy
from wgan_aug import WGANGPSequenceSynthesizer, WGANGPSynthesizer
from wgan_aug.errors import OutputExistsError
from wgan_aug.losses.objectives import OBJECTIVES
from wgan_aug.losses.wasserstein import WeightClipping
from wgan_aug.synthesizers.markdown import code, table

SECTIONS = ["How to use it", "Data", "Settings", "Training", "Rules", "Privacy", "Limits", "References"]
READER = MarkdownIt("commonmark").enable("table")


def quick(**options: Any) -> WGANGPSynthesizer:
    return WGANGPSynthesizer(**{"epochs": 1, "refine": False, "random_state": 0, **options})


def front_of(card: str) -> Any:
    _, front, _ = card.split("---\n", 2)
    return yaml.safe_load(front)


def section(card: str, title: str) -> str:
    return card.partition(f"\n## {title}\n\n")[2].partition("\n\n## ")[0]


def cells_of(markdown: str) -> list[list[str]]:
    """Return the text of each table's rows, as a reader of Markdown takes them."""
    rows: list[list[str]] = []
    tokens = READER.parse(markdown)
    for before, token in pairwise(tokens):
        if before.type == "tr_open":
            rows.append([])
        if before.type in ("td_open", "th_open"):
            rows[-1].append("".join(child.content for child in token.children or []))
    return rows


@pytest.fixture(scope="module")
def model(people: pd.DataFrame) -> WGANGPSynthesizer:
    options: dict[str, Any] = {"constraints": ["age >= 18", "income > 0 * age"], "reject_copies": True}
    table = people.assign(country="utopia", number=[f"N-{i:05d}" for i in range(len(people))])
    options |= {"early_stopping": True, "validation_fraction": 0.25}
    with pytest.warns(match="identifier"):
        return quick(target="sex", preset="fast", refine=True, **options).fit(table)


def test_what_a_card_says(model: WGANGPSynthesizer) -> None:
    card = model.model_card()
    assert front_of(card) == {
        "library_name": "wgan-aug",
        "tags": ["synthetic-data", "tabular", "gan", "wgan-gp"],
    }
    assert [line[3:] for line in card.splitlines() if line.startswith("## ")] == SECTIONS
    data = section(card, "Data")
    assert data.startswith("120 rows; 8 columns (2 integer, 1 continuous, 1 categorical")
    assert "The target, which users of the data predict, is `sex`." in data
    missing = f"{model.schema_['visits'].n_missing / 120:.1%}"
    assert ["visits", "integer", "3 values + missing", missing, "3"] in cells_of(data)
    assert ["sex", "categorical", "2 levels", "0.0%", "2"] in cells_of(data)
    assert ["country", "constant", "constant", "0.0%", "1"] in cells_of(data)
    given = section(card, "Settings").partition("What was used")[0]
    assert [row[0] for row in cells_of(given)[1:]] == ["early_stopping", "epochs", "refine", "validation_fraction"]
    assert ["updates", "1"] not in cells_of(card)
    training = section(card, "Training")
    last = model.history_["critic_loss"].iloc[-1]
    assert ["critic_loss", f"{last:.4g}", f"{last:.4g}"] in cells_of(training)
    assert f"{len(model.evaluations_)} evaluation" in training
    assert model.refinement_ is not None
    assert f"AUC of {model.refinement_.detection_auc:.3f}" in training
    rules = section(card, "Rules")
    assert "A declared comparison with `income`, `age` holds" in rules
    assert "`reject_copies`" in rules
    assert "codes of the training rows, from which they can be read" in section(card, "Privacy")
    assert "120 rows are few" in section(card, "Limits")
    assert "https://arxiv.org/abs/1704.00028" in section(card, "References")


def test_what_does_not_hold_is_not_said(people: pd.DataFrame) -> None:
    card = quick().fit(people[["age", "income"]]).model_card()
    for word in ("reject_copies", "category", "identifier", "Refining keeps", "evaluations", "target", "## Rules"):
        assert word not in card.replace("categories are those", ""), word
    assert "Refining was not learned" in card


def test_its_lines_work(people: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick().fit(people).save(tmp_path / "m")
    monkeypatch.chdir(tmp_path / "m")
    blocks = dict(blocks_of((tmp_path / "m" / "MODEL_CARD.md").read_text(encoding="utf-8")))
    assert list(blocks) == ["python", "sh"]
    names: dict[str, Any] = {}
    run_python(blocks["python"], names, "MODEL_CARD.md")
    assert len(names["synthetic"]) == 1000
    for line in commands(blocks["sh"]):
        run_command(line, tmp_path / "m")
    assert len(pd.read_csv(tmp_path / "synthetic.csv")) == 1000


# ---- the same model has the same card


def own_options(people: pd.DataFrame) -> dict[str, WGANGPSynthesizer]:
    mask, index = np.array([True] + [False] * 5), pd.Index(["age"])
    return {
        "plain": quick(random_state=None),
        "own objective": quick(loss=Energy(margin=np.float64(0.5))),
        "made objective": quick(loss=WeightClipping(clip_value=0.05)),
        "mask": quick(categorical_features=mask, batch_size=np.int64(32), random_state=np.random.default_rng(0)),
        "index": quick(
            categorical_features=index, numeric_encoding={"income": "affine"}, schema={"visits": "categorical"}
        ),
    }


@pytest.mark.parametrize("name", ["plain", "own objective", "made objective", "mask", "index"])
def test_the_card_stays_the_same(name: str, people: pd.DataFrame, tmp_path: Path) -> None:
    model = own_options(people)[name].fit(people.drop(columns="sex"), people["sex"])
    for folder in ("a", "b"):
        model.save(tmp_path / folder)
    first, second = ((tmp_path / folder / "MODEL_CARD.md").read_bytes() for folder in ("a", "b"))
    assert first == second
    twin = wgan_aug.load(tmp_path / "a")
    assert twin.model_card().encode() == first
    twin.save(tmp_path / "c")
    assert (tmp_path / "c" / "MODEL_CARD.md").read_bytes() == first


class Small:
    """Networks of a user's own."""

    def __init__(self, width: int = 8) -> None:
        self.width = width

    def generator(self, inputs: int, outputs: int) -> nn.Module:
        return nn.Sequential(nn.Linear(inputs, self.width), nn.ReLU(), nn.Linear(self.width, outputs))

    def critic(self, inputs: int) -> nn.Module:
        return self.generator(inputs, 1)


def test_own_networks_are_to_be_given_again(people: pd.DataFrame, tmp_path: Path) -> None:
    model = quick(architecture=Small(width=9)).fit(people)
    model.save(tmp_path / "m")
    card = wgan_aug.load(tmp_path / "m", architecture=Small(width=9)).model_card()
    assert card == model.model_card()
    assert f"user's own, `{Small.__module__}:Small`, `width` `9`; their code is not in the folder" in card
    assert [language for language, _ in blocks_of(card)] == ["python"]
    assert "generator_layers" not in card
    assert "critic's norm" not in card


def test_further_training_is_told(people: pd.DataFrame) -> None:
    model = quick().fit(people).partial_fit(people.head(50))
    assert "120 rows;" in model.model_card()
    assert "The last training saw 50 rows" in model.model_card()


# ---- no cell is shown

WORDS = st.text("qxzjkvw", min_size=9, max_size=14)
NUMBERS = st.integers(10**11, 10**13)


@settings(max_examples=4, deadline=None, derandomize=True)
@given(
    words=st.lists(WORDS, min_size=5, max_size=5, unique=True),
    numbers=st.lists(NUMBERS, min_size=6, max_size=6, unique=True),
)
def test_no_cell_is_shown(words: list[str], numbers: list[int]) -> None:
    rng = np.random.default_rng(0)
    rows = 150
    kind = rng.choice(words[:3], rows, p=[0.6, 0.3, 0.1])
    amount = rng.integers(*sorted(numbers[:2]), rows)
    frame = pd.DataFrame(
        {
            "kind": kind,
            "code": pd.Series(kind).map(dict(zip(words[:3], numbers[2:5], strict=True))),
            "amount": np.where(kind == words[0], numbers[2], amount),
            "double": 2 * amount,
            "other": np.where(kind == words[0], words[3], rng.choice(words[:3], rows)),
            "day": pd.Timestamp("1871-03-05") + pd.to_timedelta(rng.integers(0, 99, rows), unit="D"),
            "still": words[3],
            "sparse": pd.arrays.SparseArray(rng.choice([0, 1, 2], rows) + numbers[5], fill_value=numbers[5]),
            "grade": pd.Categorical(rng.choice(words[:2], rows), categories=words[:3], ordered=True),
            "gap": pd.Series(np.where(rng.random(rows) < 0.4, words[4], kind), dtype=object).replace(words[4], None),
        }
    )
    limit = int(frame["double"].max()) + 10**12
    declared = [f"double <= {limit}", f"kind != '{words[4]}'"]
    model = quick(constraints=declared, reject_copies=True, schema={"code": "categorical"}).fit(frame)
    card = model.model_card()
    cells = {str(cell) for name in frame for cell in frame[name].astype(object)} | {str(limit), words[4], "1871"}
    cells = {cell.removesuffix(" 00:00:00") for cell in cells} - {"None", "nan"}
    assert [cell for cell in cells if cell in card] == []
    held = json.dumps(model._document()["encoder"], default=str)
    assert words[0] in held  # so that the test can fail: the folder does hold them, as the card says
    assert "one value by" in card


def test_nor_a_cell_of_sequences(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "who": np.repeat([f"patient-qq{i:04d}" for i in range(30)], 6),
            "group": np.repeat(rng.choice(["zzqqa", "zzqqb"], 30), 6),
            "day": np.tile(pd.date_range("1871-03-05", periods=6), 30),
            "pulse": rng.normal(9_999_000_000, 10, 180).round(3),
            "state": rng.choice(["zzqqc", "zzqqd"], 180),
        }
    )
    options: dict[str, Any] = {"epochs": 1, "refine": False, "random_state": 0, "preset": "fast"}
    model = WGANGPSequenceSynthesizer(sequence_key="who", sequence_index="day", target="group", **options).fit(frame)
    card = model.model_card()
    assert [word for word in ("qq", "1871", "9999", "99990") if word in card] == []
    assert front_of(card)["tags"] == ["synthetic-data", "time-series", "gan", "wgan-gp"]
    data = section(card, "Data")
    assert data.startswith(
        "30 sequences of 6 steps; 3 columns (2 categorical, 1 continuous); sequences are told apart by"
    )
    assert [row[0] for row in cells_of(data)] == ["column", "group", "column", "pulse", "state"]
    assert "Identifiers are not learned" in card
    model.save(tmp_path / "m")
    assert (tmp_path / "m" / "MODEL_CARD.md").read_text(encoding="utf-8") == card
    assert wgan_aug.load(tmp_path / "m").model_card() == card


def test_windows_and_arrays() -> None:
    rng = np.random.default_rng(0)
    options: dict[str, Any] = {"epochs": 1, "refine": False, "random_state": 0}
    series = pd.DataFrame({"x": rng.normal(size=60)})
    card = WGANGPSequenceSynthesizer(window=12, **options).fit(series).model_card()
    assert "49 windows of 12 steps" in card
    assert "5 windows without a step in common (the series has 60) are few" in card
    assert "takes longer than a window" in card
    arrays = [rng.normal(size=(length, 2)) for length in (3, 5, 8, 4)]
    card = WGANGPSequenceSynthesizer(layout="ntc", **options).fit(arrays, ["a", "b", "a", "b"]).model_card()
    assert "4 sequences of 3 to 8 steps" in card
    assert "takes longer than a window" not in card


# ---- names of any kind

NAMES = [0, 1.5, "a|b", "a`b", "``", " ", "", "two\nlines", "<b>*x*</b>", "[a](b)", "a\\|b", "$x$", "\ud800", "‮abc"]


def test_names_of_any_kind_stay_cells() -> None:
    names: list[Any] = [*NAMES, ("a", 1), dt.date(2020, 1, 1), None]
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(30, len(names))))
    card = (
        quick(target="a|b").fit(frame.set_axis(pd.Index(names, dtype=object, tupleize_cols=False), axis=1)).model_card()
    )
    listed = [row[0] for row in cells_of(section(card, "Data"))[1:]]
    shown = {"": "''", "two\nlines": "two\\nlines", "\ud800": "\\ud800", "‮abc": "\\u202eabc"}
    assert listed == [shown.get(name, str(name)) for name in names]
    assert "<b>" not in READER.render(card)
    card.encode()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.text(st.characters(), max_size=12) | st.text("`|\\ a\n<*", max_size=8))
def test_code_is_shown_as_it_is(text: str) -> None:
    shown = cells_of(table(["a", "b"], [[code(text), 1]]))[1]
    assert shown[1] == "1"
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text) or "''"
    assert shown[0].strip() == plain.strip()


def test_wide_tables_are_folded() -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 51)))
    wide, narrow = (quick().fit(frame.iloc[:, :n]).model_card() for n in (51, 50))
    assert "<details>\n<summary>All 51 columns</summary>\n\n| column" in wide
    assert len(cells_of(section(wide, "Data"))) == 52
    assert "<details>" not in narrow


# ---- the file


def test_an_edited_card_and_an_older_folder(people: pd.DataFrame, tmp_path: Path) -> None:
    model = quick().fit(people)
    model.save(tmp_path / "m")
    (tmp_path / "m" / "MODEL_CARD.md").write_text("Mine.")
    assert wgan_aug.load(tmp_path / "m").sample(3).equals(model.sample(3))
    (tmp_path / "m" / "MODEL_CARD.md").unlink()
    document = json.loads((tmp_path / "m" / "model.json").read_text())
    (tmp_path / "m" / "model.json").write_text(json.dumps(document | {"files": ["history.csv"]}, indent=1))
    assert wgan_aug.load(tmp_path / "m").sample(3).equals(model.sample(3))
    model.save(tmp_path / "m")
    assert (tmp_path / "m" / "MODEL_CARD.md").read_text(encoding="utf-8") == model.model_card()
    (tmp_path / "m" / "OTHER.md").write_text("Mine.")
    with pytest.raises(OutputExistsError, match=r"OTHER\.md"):
        model.save(tmp_path / "m")


@pytest.mark.parametrize("loss", OBJECTIVES)
def test_every_objective_has_a_paper(loss: str, people: pd.DataFrame) -> None:
    card = quick(loss=loss).fit(people[["age"]].head(20)).model_card()
    references = section(card, "References")
    assert references.count("https://arxiv.org/abs/") >= (2 if loss == "wgan-gp" else 3)
    assert loss in front_of(card)["tags"]
