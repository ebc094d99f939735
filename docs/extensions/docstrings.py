"""The project's docstrings for Sphinx: names in backticks, formulas in dollars, and links to names of other modules."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

CODE = re.compile(r"(?<![`:\w])`([^`\n]+)`(?!`)")
NAME = re.compile(r"[A-Za-z_][\w.]*(\(\))?")
INLINE = re.compile(r"(?<!\$)\$([^$\n]+)\$(?!\$)")
BLOCK = re.compile(r"^( *)\$\$(.+?)\$\$$", re.DOTALL | re.MULTILINE)
OPEN = re.compile(r"^( *)(.*)", re.DOTALL)


def to_rst(text: str) -> str:
    """Return a docstring in which code and formulas are marked up as reStructuredText has it.

    A name becomes a link where something public is called so, see `link_names`; the lines of examples stay as they are.
    """
    text = BLOCK.sub(lambda m: f"{m[1]}.. math:: {' '.join(m[2].split())}\n", _join_formulas(text))
    lines, example = [], False
    for line in text.split("\n"):
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        lines.append(line if example else INLINE.sub(r":math:`\1`", CODE.sub(_to_code, line.replace("|", r"\|"))))
    return "\n".join(lines)


def _join_formulas(text: str) -> str:
    """Put formulas in single dollars that go over a line's end into one line."""
    return re.sub(
        r"(?<!\$)\$([^$\n]+)\n\s*([^$\n]+)\$(?!\$)",
        lambda m: m[0] if "`" in m[0] else f"${m[1]} {m[2]}$\n",
        text,
    )


def _to_code(match: re.Match[str]) -> str:
    words = match[1]
    return f":py:obj:`{words}`" if NAME.fullmatch(words) else f"``{words}``"


def on_docstring(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Rewrite a docstring before its sections are read."""
    lines[:] = to_rst("\n".join(lines)).split("\n")


def link_names(app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.Element) -> nodes.Element | None:
    """Return a link to what has a name in another module, or for a name in backticks just code."""
    if node.get("refdomain") != "py":
        return None
    domain: Any = env.get_domain("py")
    target = node["reftarget"].removesuffix("()")
    ends = [name for name in domain.objects if name == target or name.endswith(f".{target}")]
    own = [name for name in ends if name.count(".") == min(other.count(".") for other in ends)]
    if len(own) == 1 and target != "self":
        found = domain.objects[own[0]]
        return _link(app, node["refdoc"], found.docname, found.node_id, text)
    return text if node["reftype"] == "obj" else None


def _link(app: Sphinx, here: str, there: str, anchor: str, text: nodes.Element) -> nodes.Element:
    uri = "" if here == there else app.builder.get_relative_uri(here, there)
    link = nodes.reference("", "", internal=True, refuri=f"{uri}#{anchor}")
    link += text
    return link


def skip_made(app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object) -> bool | None:
    """Leave out the methods that scikit-learn makes for its metadata routing."""
    return True if re.fullmatch(r"set_\w+_request|get_metadata_routing", name) else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Come before napoleon, which reads the sections."""
    app.connect("autodoc-process-docstring", on_docstring, priority=400)
    app.connect("autodoc-skip-member", skip_made)
    app.connect("missing-reference", link_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
