"""Run scripts of the gallery and keep what they show: `python docs/render_figures.py NAME...`, or all without a name.

The figure of each `plt.show()` goes to `docs/figures/NAME_1.png`, `NAME_2.png` and so on, and what is printed, if
anything is, to `docs/figures/NAME.txt`. What an earlier run of the script has left there goes.
"""

from __future__ import annotations

import io
import os
import runpy
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import chdir, redirect_stdout
from pathlib import Path
from unittest import mock

import matplotlib
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs" / "figures"
SCRIPTS = {path.stem: path for path in sorted((ROOT / "examples").rglob("*.py"))}
"""Each script of the gallery by its name, which no two of them share."""

WIDEST = 1400
"""Pixels."""
HEAVIEST = 250_000
"""Bytes."""


def run(script: Path, folder: Path, on_figure: Callable[[Figure, int], None]) -> str:
    """Run a script as a program.

    Args:
        script: the file.
        folder: where it writes what it writes.
        on_figure: called with each figure that is shown and its number, from 1; the figure is closed then.

    Returns:
        what it printed.
    """
    shown = 0

    def show() -> None:
        nonlocal shown
        for number in plt.get_fignums():
            shown += 1
            on_figure(plt.figure(number), shown)
        plt.close("all")

    printed = io.StringIO()
    matplotlib.use("Agg")
    try:
        with (
            chdir(folder),
            redirect_stdout(printed),
            plt.rc_context(),
            mock.patch.object(plt, "show", show),
            mock.patch.object(sys, "argv", [str(script)]),
        ):
            runpy.run_path(str(script), run_name="__main__")
    finally:
        plt.close("all")
    return printed.getvalue()


def save(figure: Figure, path: Path) -> None:
    """Write a figure, no wider and no heavier than a page can bear."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=min(140.0, WIDEST / figure.get_figwidth()))
    Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    if (size := path.stat().st_size) > HEAVIEST:
        sys.exit(f"{path.name} has {size / 1000:.0f} kB, above {HEAVIEST / 1000:.0f}: draw less, or a smaller figure.")


def render(name: str) -> None:
    """Run a script at full length, and put its figures and what it printed in the place of those of an earlier run."""
    begin = time.process_time()
    with tempfile.TemporaryDirectory() as scratch:
        work, made = Path(scratch, "work"), Path(scratch, "made")
        work.mkdir()
        made.mkdir()
        printed = run(SCRIPTS[name], work, lambda figure, number: save(figure, made / f"{name}_{number}.png"))
        if printed:
            (made / f"{name}.txt").write_text(printed, encoding="utf-8")
        for old in (*FIGURES.glob(f"{name}_[0-9]*.png"), FIGURES / f"{name}.txt"):
            old.unlink(missing_ok=True)
        for new in made.iterdir():
            shutil.copy(new, FIGURES)
    sys.stdout.write(f"{name}: {time.process_time() - begin:.0f} s of the processor\n{printed}\n")


def main(names: list[str]) -> None:
    """Render the scripts that are named."""
    if unknown := [name for name in names if name not in SCRIPTS]:
        sys.exit(f"There is no script {', '.join(unknown)} in examples; there are {', '.join(SCRIPTS)}.")
    if short := [name for name in os.environ if name.startswith("WGAN_AUG_EXAMPLE_")]:
        sys.exit(f"{', '.join(short)} would make runs shorter than they are shown; unset it.")
    FIGURES.mkdir(exist_ok=True)
    for name in names or SCRIPTS:
        render(name)


if __name__ == "__main__":
    main(sys.argv[1:])
