"""From a picture to an inline SVG element that takes the page's ink, for light, dark and paper."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["INK", "LINE", "REAL", "SYNTHETIC", "render_axes", "shorten"]

REAL, SYNTHETIC = "#2f7fd1", "#d9730d"
"""The two colours; both stand out from white and from near black."""

INK, LINE = "#000001", "#000002"
"""Stand for the page's own colours, and are replaced in the finished element."""


_STYLE = {
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "legend.frameon": False,
    "savefig.dpi": 160,
    "svg.fonttype": "none",
    "svg.hashsalt": "wgan-aug",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": LINE,
    "xtick.labelcolor": INK,
    "ytick.color": LINE,
    "ytick.labelcolor": INK,
}


def render_axes(draw: Callable[[Axes], None], key: str, alt: str, size: tuple[float, float]) -> str:
    """Return what `draw` draws on axes as an `<svg>` element.

    Args:
        draw: given the axes.
        key: what makes the picture's ids its own.
        alt: what is shown, in words.
        size: width and height in inches.
    """
    from matplotlib.figure import Figure
    from matplotlib.style import context

    text = io.StringIO()
    with warnings.catch_warnings(), context(["default", _STYLE]):
        warnings.filterwarnings(
            "ignore", message="Glyph .* missing from"
        )  # the reader's fonts write the text, not ours
        figure = Figure(figsize=size)
        draw(figure.add_subplot())
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return _inline(text.getvalue(), key, alt)


def _inline(svg: str, key: str, alt: str) -> str:
    """Return a file as an element: ids of its own, the page's colours, a text for who cannot see it."""
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg[svg.index("<svg ") :], count=1, flags=re.DOTALL)
    svg = re.sub(r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(
        r"<[^>]*>", lambda tag: _localise(tag[0], key), svg
    )  # in tags alone: names of columns stay as they are
    told = alt.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    head, _, body = svg.partition(">")
    width, height = (float(value) for value in re.findall(r'(?:width|height)="([\d.]+)pt"', head))
    return f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{told}"{_NAMESPACES}>{body.strip()}'


def _localise(tag: str, key: str) -> str:
    tag = re.sub(r'( id="|xlink:href="#|url\(#)', rf"\g<1>{key}-", tag)
    return tag.replace(INK, "currentColor").replace(LINE, "var(--line)")


_NAMESPACES = ' xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def shorten(value: Any, length: int) -> str:
    """Return text on one line, without control characters, cut where it is too long.

    Examples:
        >>> shorten("a\\tb" + "c" * 9, 8)
        'a bcccc…'
    """
    text = "".join(c if c.isprintable() else " " for c in str(value))
    text = " ".join(text.split()) or "(blank)"
    return text if len(text) <= length else text[: length - 1] + "…"
