"""The directive `command-reference`: every command of `wgan-aug` with its options, read from the command itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import typer
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from wgan_aug_cli.main import app as command_line

MARKUP = re.compile(r"([*_|<>`\\])")


def words_of(parameter: Any, kinds: dict[str, Any]) -> str:
    """Return how an argument or option is written, such as `-n, --rows N`."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    names = ", ".join(sorted([*parameter.opts, *parameter.secondary_opts], key=len))
    return names if parameter.is_flag else f"{names} {parameter.metavar or value_of(kinds[parameter.name])}"


def value_of(kind: Any) -> str:
    """Return what stands for the value of an option without a name for it."""
    kinds = {kind, *get_args(kind)}
    return "N" if int in kinds else "NUMBER" if float in kinds else "TEXT"


def plain(text: str) -> str:
    """Return a text in one line, with nothing in it that Markdown would take for markup."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def told_of(parameter: Any) -> str:
    """Return what an argument or option is for, with its default, as Markdown."""
    text = plain(parameter.help or "")
    if parameter.required and parameter.param_type_name == "option":
        return f"{text} Has to be given."
    if parameter.default is not None and parameter.default is not False:
        return f"{text} Default: `{parameter.default}`."
    return text


def lines_of(name: str, command: Any, kinds: dict[str, Any]) -> Iterator[str]:
    """Yield the text of a command's section, as Markdown."""
    shown = [(words_of(parameter, kinds), parameter) for parameter in command.params if not parameter.hidden]
    arguments = [words for words, parameter in shown if parameter.param_type_name == "argument"]
    usage = " ".join(["wgan-aug", name, *arguments, "[OPTIONS]"])
    yield from (plain(command.help), "", "```{code-block} text", usage, "```", "")
    for words, parameter in shown:
        yield from (f"`{words}`", f": {told_of(parameter)}", "")


class CommandReference(SphinxDirective):
    """A section for each command."""

    def run(self) -> list[nodes.Node]:
        """Return the sections."""
        group: Any = typer.main.get_command(command_line)
        functions = {info.callback.__name__: info.callback for info in command_line.registered_commands}
        return [
            self._section(name, "\n".join(lines_of(name, command, get_type_hints(functions[name]))))
            for name, command in group.commands.items()
        ]

    def _section(self, name: str, text: str) -> nodes.Node:
        section = nodes.section(ids=[f"wgan-aug-{name}"], names=[f"wgan-aug {name}"])
        section += nodes.title(text=f"wgan-aug {name}")
        self.state.document.note_explicit_target(section)
        section += self.parse_text_to_nodes(text)
        return section


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("command-reference", CommandReference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
