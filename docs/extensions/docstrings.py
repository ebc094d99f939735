"""The project's docstrings for Sphinx: names in backticks, formulas in dollars, and links to names of other modules."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

CODE = re.compile(r"(?<![`:\w])`([^`]+)`(?!`)")
NAME = re.compile(r"[A-Za-z_][\w.]*(\(\))?")
INLINE = re.compile(r"(?<![$\w])\$([^$]+)\$(?!\$)")
BLOCK = re.compile(r"^( *)\$\$(.+?)\$\$(.*)$", re.DOTALL | re.MULTILINE)
DIRECTIVE = re.compile(r"^ *\.\. math::.*?(?=^ *$|\Z)", re.DOTALL | re.MULTILINE)
# what a name may lead to: an attribute of some other class is not meant
KINDS = ("class", "data", "exception", "function", "module")
EXAMPLE = re.compile(r"^ *>>>.*?(?=^ *$|\Z)", re.DOTALL | re.MULTILINE)


def to_rst(text: str) -> str:
    """Return a docstring in which code and formulas are marked up as reStructuredText has it.

    A name becomes a link where something public is called so, see `link_names`. Examples stay as they are.
    """
    done, end = [], 0
    for example in EXAMPLE.finditer(text):
        done += [_mark(text[end : example.start()]), example[0]]
        end = example.end()
    return "".join([*done, _mark(text[end:])])


def _mark(prose: str) -> str:
    """Mark up a text without examples: formulas first, which may have bars that are no substitutions."""
    kept: list[str] = []

    def keep(markup: str) -> str:
        kept.append(markup)
        return f"\0{len(kept) - 1}\0"

    prose = DIRECTIVE.sub(lambda m: keep(m[0]), prose)
    prose = BLOCK.sub(lambda m: keep(f"{m[1]}.. math:: {_one_line(m[2])}\n\n{m[1]}") + m[3].strip(), prose)
    prose = CODE.sub(lambda m: keep(_to_code(_one_line(m[1]))), prose)
    prose = INLINE.sub(lambda m: keep(f":math:`{_one_line(m[1])}`"), prose)
    prose = prose.replace("|", r"\|")
    return re.sub("\0(\\d+)\0", lambda m: kept[int(m[1])], prose)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _to_code(words: str) -> str:
    return f":py:obj:`{words}`" if NAME.fullmatch(words) else f"``{words}``"


def on_docstring(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Rewrite a docstring before its sections are read."""
    lines[:] = to_rst("\n".join(lines)).split("\n")


def link_names(app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.Element) -> nodes.Element | None:
    """Return a link to what has a name in another module, or for a name in backticks just code."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"].removesuffix("()")
    objects: Any = env.get_domain("py").objects  # type: ignore[attr-defined]
    found = [
        entry
        for name, entry in objects.items()
        if (name == target or name.endswith(f".{target}")) and entry.objtype in KINDS and not entry.aliased
    ]
    if len(found) == 1:
        return _link(app, node["refdoc"], found[0].docname, found[0].node_id, text)
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
