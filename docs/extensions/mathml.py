"""Formulas as MathML, which browsers draw by themselves: no script and no font has to be fetched."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

BARS = {r"\lVert": r"\Vert", r"\rVert": r"\Vert", r"\tfrac": r"\frac"}
"""Commands that the converter does not know, and others that look the same."""


def to_mathml(latex: str, display: str) -> str:
    """Return a formula as a `math` element."""
    for command, known in BARS.items():
        latex = latex.replace(command, known)
    return convert(latex, display=display)


def visit_inline(self: Any, node: nodes.math) -> None:
    """Write a formula that stands in a line."""
    self.body.append(to_mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def visit_block(self: Any, node: nodes.math_block) -> None:
    """Write a formula that stands by itself."""
    self.body.append(f'<div class="formula">{to_mathml(node.astext(), "block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Make it the way in which formulas are written."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
