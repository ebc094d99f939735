"""Every script of the gallery runs, with small settings, and its page shows the figures that it draws."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from docs.render_figures import FIGURES, HEAVIEST, SCRIPTS, run

SMALL = {"WGAN_AUG_EXAMPLE_ROWS": "400", "WGAN_AUG_EXAMPLE_EPOCHS": "4", "WGAN_AUG_EXAMPLE_UPDATES": "3"}


def named_in(script: Path) -> list[str]:
    """Return the files of `docs/figures` that a script's text shows."""
    text = script.read_text(encoding="utf-8")
    return re.findall(r"^(?:# )?\.\. (?:figure|image|literalinclude):: /figures/(\S+)", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_runs_and_draws_what_its_page_shows(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in SMALL.items():
        monkeypatch.setenv(variable, value)
    drawn: list[str] = []

    def draw(figure: Figure, number: int) -> None:
        figure.canvas.draw()
        drawn.append(f"{name}_{number}.png")

    run(SCRIPTS[name], tmp_path, draw)
    assert sorted(drawn) == sorted(file for file in named_in(SCRIPTS[name]) if file.endswith(".png"))


def test_no_figure_is_missing_or_left_over_or_too_large() -> None:
    named = {file for script in SCRIPTS.values() for file in named_in(script)}
    kept = {path.name for path in FIGURES.iterdir()}
    assert named <= kept
    assert {name for name in kept - named if name.endswith(".png")} == set()
    assert {Path(name).stem for name in kept if name.endswith(".txt")} <= set(SCRIPTS)
    assert [path.name for path in FIGURES.glob("*.png") if path.stat().st_size > HEAVIEST] == []


def test_there_are_scripts_of_every_section() -> None:
    sections = {script.parent.name for script in SCRIPTS.values()}
    assert sections == {"tables", "augmentation", "series", "gradient_penalty"}
    assert all((script.parent / "GALLERY_HEADER.rst").is_file() for script in SCRIPTS.values())
