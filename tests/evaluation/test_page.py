"""The HTML page: one file that loads nothing, escapes everything, and can be read by anyone; and its pictures."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from wgan_aug.evaluation import pictures, stages
from wgan_aug.evaluation.frames import MISSING
from wgan_aug.evaluation.page import render
from wgan_aug.evaluation.page_parts import clean, name_of
from wgan_aug.evaluation.report import Report, evaluate

SCRIPT = "<script>alert(1)</script>"
BREAK = '"></svg></td><img src=x onerror=alert(2)>'
MATHS = r"cost in $ and $\frac{1}{2$"
SECTIONS = ["verdict", "utility", "columns", "pairs", "together", "detection", "privacy", "not-learned", "made"]
VOID = {"meta", "link", "br", "img", "hr", "input"}
SMALL = stages.Limits(100, 100, repeats=1, resamples=20, coverage=100, detection=100, trees=10, privacy=100)


def draw(rows: int, seed: int) -> pd.DataFrame:
    """Draw a table whose names and levels try to break out of the page."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    return pd.DataFrame(
        {
            SCRIPT: x,
            BREAK: np.where(x + rng.normal(size=rows) > 0, SCRIPT, "&amp; plain"),
            MATHS: np.where(rng.random(rows) < 0.2, None, rng.choice(["$a$", "{{ 7 * 7 }}", "été 中文"], rows)),
            "line\nbreak\x00\x1b": rng.integers(0, 9, rows),
            "when": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="D"),
            "empty": np.nan,
        }
    )


@pytest.fixture(scope="module")
def made() -> Report:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(stages.BUDGETS, "fast", SMALL)
        synthetic = draw(200, 2)
        synthetic[BREAK] = SCRIPT  # no variety, and a level that never appears
        return evaluate(draw(300, 0), synthetic, holdout=draw(200, 1), target=BREAK)


@pytest.fixture(scope="module")
def html(made: Report) -> str:
    return render(made)


@pytest.fixture(scope="module")
def bare() -> str:
    """The page of the least that can be judged: one column, no target, no hold-out."""
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]})
    with pytest.warns() as caught:
        page = render(evaluate(frame, frame))
    assert len(caught) == 1  # too few rows for coverage
    return page


class Page(HTMLParser):
    """Elements as (tag, attributes, own text), in order; fails where tags do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.open: list[int] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"doubled attributes in {tag}"
        self.elements.append((tag, dict(attrs), []))
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self.open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        for index in self.open:
            self.elements[index][2].append(data)

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attrs, "".join(text).strip()) for name, attrs, text in self.elements if name == tag]


# ---- what is on the page


def test_sections_in_order_and_the_verdict_first(html: str, made: Report) -> None:
    page = Page(html)
    assert [attrs["id"] for attrs, _ in page.all("h2")] == SECTIONS
    assert page.all("title")[0][1] == page.all("h1")[0][1] == "How good are these synthetic rows?"
    links = [str(attrs["href"]) for attrs, _ in page.all("a")]
    assert [link[1:] for link in links if link.startswith("#")] == SECTIONS[1:]
    whole = "".join(text for _, text in page.all("body"))
    for text in (made.summary().split("\n")[0], "A distance is not a proof", "wgan_aug.evaluate(real", "scikit-learn"):
        assert text in whole, text
    for figure in made.to_frame()["figure"]:
        assert figure in whole


def rows_of(html: str, caption: str) -> list[list[str]]:
    """Return the cells of the table with a caption, its head first."""
    table = next(part for part in html.split("<table>")[1:] if f"<caption><span>{caption}" in part).split("</table>")[0]
    rows = [Page(row) for row in re.findall(r"<tr>(.*?)</tr>", table)]
    return [[text for tag, _, (text, *_) in row.elements if tag in ("th", "td")] for row in rows]


def test_gaps_and_faults_are_listed(html: str) -> None:
    rows = rows_of(html, "Gaps and faults.")[1:]
    assert ["empty", "left out of all figures", "no values: all are missing"] in rows
    assert [BREAK, "no variety", "2 different values in the real rows, 1 in the synthetic"] in rows
    lost = next(details for name, what, details in rows if what == "categories that never appear" and name == BREAK)
    share = (draw(300, 0)[BREAK] != SCRIPT).mean()
    assert lost == f"1 of 2 ({share:.2%} of the real rows): &amp; plain"


def test_worst_columns_come_first(html: str, made: Report) -> None:
    rows = rows_of(html, "Columns, the least alike first.")[1:]
    assert [row[0] for row in rows] == [name_of(name) for name in made.fidelity.columns["column"]]
    shapes = [float(row[2]) for row in rows]
    assert shapes == sorted(shapes)


def test_the_least_report_is_a_whole_page(bare: str) -> None:
    page = Page(bare)
    assert [attrs["id"] for attrs, _ in page.all("h2")] == SECTIONS
    text = page.all("body")[0][1]
    assert "Not measured: no target was given" in text
    assert "No hold-out rows were given" in text
    assert "no pair of columns" in text


# ---- escaping


def test_names_and_levels_are_text(html: str) -> None:
    page = Page(html)
    tags = {tag for tag, _, _ in page.elements}
    assert not tags & {"script", "iframe", "object", "embed", "link", "form", "input"}
    assert all(
        str(attrs.get("href") or attrs.get("xlink:href")).startswith(("data:image/png", "#")) for attrs in images(page)
    )
    for _, attrs, _ in page.elements:
        assert not [name for name in attrs if name.startswith("on")]
    drawn = [text for _, text in page.all("text")]
    for name in (SCRIPT, "$a$", "{{ 7 * 7 }}", "été 中文", "(missing)", "&amp; plain"):
        assert any(name in text for text in drawn), name
    assert any(text.startswith(MATHS[:20]) for text in drawn)
    assert any(text == "line break" for text in drawn)
    cells = [text for _, text in page.all("th")]
    assert {SCRIPT, BREAK, MATHS} <= set(cells)
    assert SCRIPT not in html
    assert "\x00" not in html
    assert "\x1b" not in html


def images(page: Page) -> list[dict[str, str | None]]:
    return [attrs for tag, attrs, _ in page.elements if tag in ("img", "image")]


def test_nothing_is_loaded(html: str) -> None:
    page = Page(html)
    policy = next(attrs for attrs, _ in page.all("meta") if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    for tag, attrs, _ in page.elements:
        for name, value in attrs.items():
            if name == "href" and tag == "a":
                assert str(value).startswith(("#", "https://arxiv.org/abs/")), value
            elif not name.startswith("xmlns") and name not in ("aria-label",):
                assert "//" not in re.sub(r"data:image/png;base64,[\w+/=\s]*", "", str(value)), (tag, name)
    style = page.all("style")[0][1]
    assert "url(" not in style
    assert "@import" not in style
    assert len(html.encode()) < 500_000


# ---- for everyone


def test_pictures_have_texts_and_ids_of_their_own(html: str) -> None:
    page = Page(html)
    ids = [attrs["id"] for _, attrs, _ in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    known = {f"#{name}" for name in ids}
    used = [str(a["xlink:href"]) for tag, a, _ in page.elements if tag == "use" and "xlink:href" in a]
    used += re.findall(r"url\((#[^)]*)\)", html)
    assert used
    assert set(used) <= known
    svgs = page.all("svg")
    assert len(svgs) == 5 + 3 + 1 + 1 + 1  # columns, heat maps, projection, utility, detection
    for attrs, _ in svgs:
        assert attrs["role"] == "img"
        assert len(str(attrs["aria-label"])) > 20


def test_headings_tables_and_language(html: str) -> None:
    page = Page(html)
    assert page.all("html")[0][0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert len(page.all("caption")) == len(page.all("table")) > 8
    assert all(text for _, text in page.all("caption"))
    assert all(attrs.get("scope") in ("col", "row") for attrs, _ in page.all("th"))
    assert html.count("<main>") == html.count("</main>") == 1


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_light_dark_and_in_print(html: str) -> None:
    assert contrast("#000", "#fff") == 21
    style = Page(html).all("style")[0][1]
    schemes = [
        dict(re.findall(r"--(\w+): (#\w+);", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]
    assert len(schemes) == 3
    for scheme in schemes:
        scheme = schemes[0] | scheme
        for ink in ("ink", "soft", "link", "good", "fair", "poor"):
            for ground in ("page", "card"):
                assert contrast(scheme[ink], scheme[ground]) >= 4.5, (ink, ground)
        for mark in ("line", "real", "synthetic"):
            assert contrast(scheme[mark], scheme["page"]) >= 3, mark


# ---- pictures by themselves


def parse(svg: str | None) -> ElementTree.Element:
    assert svg is not None
    return ElementTree.fromstring(svg)


def texts(svg: str | None) -> list[str]:
    return [str(node.text) for node in parse(svg).iter() if node.tag.endswith("text")]


def test_pictures_take_the_page_s_ink(monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib as mpl

    monkeypatch.setitem(mpl.rcParams, "text.usetex", True)  # a user's own style must not matter
    before = dict(mpl.rcParams)
    svg = pictures.draw_levels('#000001 id="', ["a", "b"], ["a", "a"], "k")
    assert dict(mpl.rcParams) == before
    assert "currentColor" in svg
    assert "var(--line)" in svg
    assert texts(svg)[-1] == '#000001 id="'
    assert "#000002" not in svg


def test_levels_are_counted_and_the_rest_pooled() -> None:
    real = [f"level {i}" for i in range(12) for _ in range(20 - i)] + [MISSING]
    found = texts(pictures.draw_levels("x", real, ["level 0"], "k"))
    assert [t for t in found if t.startswith("level")] == [f"level {i}" for i in range(8)]
    assert "5 others" in found
    assert "1 other" in texts(pictures.draw_levels("x", [str(i) for i in range(9)], ["0"], "k"))


@pytest.mark.parametrize(
    "values",
    [[1.0], [0.0, 0.0], [1e300, -1e300], [5e-324, 0.0], [1e9, 1e9 + 1e-6], [np.nan, 2.0], [np.inf, 1.0], [0, 1, 2, 3]],
)
def test_any_numbers_have_a_histogram(values: list[float]) -> None:
    column = np.array(values, dtype=float)
    svg = pictures.draw_numbers("x", column, column, "k")
    assert parse(svg).attrib["role"] == "img"


def test_numbers_that_cannot_be_drawn() -> None:
    gone = np.array([np.nan])
    assert pictures.draw_numbers("x", gone, np.array([1.0]), "k") is None
    assert pictures.draw_numbers("x", np.array([1.7e308, -1.7e308]), np.array([1.0]), "k") is None
    assert pictures.draw_numbers("x", np.array([8e307, -8e307]), np.array([1.0]), "k") is None
    assert pictures.draw_numbers("x", np.array([9e299, -9e299]), np.array([1.0]), "k") is not None


def test_dates_are_written_as_dates(html: str) -> None:
    drawn = [text for _, text in Page(html).all("text")]
    when = draw(300, 0)["when"]
    assert [text for text in drawn if re.fullmatch(r"\d{4}-\d\d-\d\d", text)] == [
        f"{end:%Y-%m-%d}" for end in (when.min(), when.max())
    ]


def test_texts_are_cut_and_cleaned() -> None:
    assert clean("a\x00b\u202ec" + "d" * 500, 6) == "a b c…"
    assert name_of(MISSING) == "(missing)"
    assert name_of(("a", 1)) == "('a', 1)"


def test_wide_tables_stay_small() -> None:
    rng = np.random.default_rng(0)
    real, synthetic = (
        pd.DataFrame(rng.normal(size=(80, 60)), columns=[f"column {i}" for i in range(60)]) for _ in "ab"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(stages.BUDGETS, "fast", SMALL)
        text = render(evaluate(real, synthetic))
    assert "The 12 columns least alike" in text
    assert "40 of 60 columns" in text
    assert "15 of 1770" in text
    assert len(text.encode()) < 3_000_000


# ---- in a browser

BROWSER = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
REQUIRED = os.environ.get("WGAN_AUG_BROWSER") == "required"


@pytest.fixture(scope="module")
def path(html: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("page") / "report.html"
    place.write_text(html, encoding="utf-8")
    return place


@pytest.mark.skipif(BROWSER is None and not REQUIRED, reason="no Chromium: apt-get install chromium, or set CHROMIUM")
def test_in_chromium(path: Path, tmp_path: Path) -> None:
    """No console message, no request but the file, no dialog; readable at phone width, light, dark and on paper."""
    assert BROWSER is not None, "WGAN_AUG_BROWSER=required, and there is no Chromium"
    from playwright.sync_api import sync_playwright

    heard: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        page: Any = browser.new_page(viewport={"width": 390, "height": 844})
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: (heard.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.goto(path.as_uri())
        page.wait_for_load_state("networkidle")
        assert page.title() == "How good are these synthetic rows?"
        assert page.locator("h2").evaluate_all("nodes => nodes.map(node => node.id)") == SECTIONS
        assert page.get_by_text(SCRIPT, exact=True).count() >= 3
        assert page.locator("script, img").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 390  # wide tables scroll by themselves
        for label in page.locator("svg[role=img]").all():
            assert label.bounding_box()["width"] > 250
        for scheme, ground in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 23, 27)")):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
            ink = page.evaluate("getComputedStyle(document.body).color")
            assert page.locator("svg text").first.evaluate("node => getComputedStyle(node).fill") == ink
        page.emulate_media(color_scheme="dark", media="print")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert len(page.pdf(format="A4")) > 20_000
        browser.close()
    assert heard == []
    assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()]
