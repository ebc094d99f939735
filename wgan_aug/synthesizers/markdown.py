"""Pieces of Markdown, as GitHub and Hugging Face show it, around text that may hold any character."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = ["bullets", "code", "counted", "fold", "table"]


def code(value: object) -> str:
    """Return a value as code, in which no character means anything to Markdown or HTML.

    What cannot be printed, line breaks included, is written as Python escapes it.

    Examples:
        >>> print(code("age"), code("a`b"), code("two" + chr(10) + "lines"), code(""))
        `age` ``a`b`` `two\\nlines` `''`
    """
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(value)) or "''"
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    room = " " if text.strip(" ") and (text[0] in "` " or text[-1] in "` ") else ""
    return f"{fence}{room}{text}{room}{fence}"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; numbers stand on the right.

    Args:
        header: the columns' names.
        rows: cells, each Markdown.

    Examples:
        >>> print(table(["column", "missing"], [[code("a|b"), 3]]))
        | column | missing |
        |---|--:|
        | `a\\|b` | 3 |
    """
    cells = list(rows)
    numeric = [
        bool(cells) and all(isinstance(row[place], (int, float)) for row in cells) for place in range(len(header))
    ]
    rule = ["--:" if right else "---" for right in numeric]
    lines = [header, rule, *([str(cell).replace("|", "\\|") for cell in row] for row in cells)]
    head, line, *body = (" | ".join(line) for line in lines)
    return "\n".join([f"| {head} |", "|" + line.replace(" ", "") + "|", *(f"| {row} |" for row in body)])


def bullets(items: Iterable[str]) -> str:
    """Return a list."""
    return "\n".join(f"- {item}" for item in items)


def counted(number: int, word: str) -> str:
    """Return a number of things, in words.

    Examples:
        >>> counted(1, "row"), counted(2, "row")
        ('1 row', '2 rows')
    """
    return f"{number} {word}{'s' * (number != 1)}"


def fold(summary: str, body: str) -> str:
    """Return text that is folded away under a line, which HTML reads."""
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"
