"""`augment`: read, find out whether synthetic rows help, and write the rows to train on."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from wgan_aug.errors import InvalidParameterError, OutputExistsError

from .files import check_output, read_table, write_parts
from .judging import check_page
from .models import new_model, quietly, split_names
from .progress import say
from .series import Roles, check_column

__all__ = ["run_augment"]


def run_augment(
    data: str,
    output: str,
    html: str | None,
    delimiter: str | None,
    missing: list[str],
    as_json: bool,
    quiet: bool,
    force: bool,
    *,
    target: str,
    ratio: float | None,
    mix: Any,
    budget: str,
    seed: int,
    learned: dict[str, Any],
) -> None:
    """Write rows, and synthetic ones after them where they help; say on stderr, or as JSON on stdout, whether so."""
    if output == "-" and as_json:
        raise InvalidParameterError("Both --json and -o - write to stdout; give -o a file.")
    check_output(output, force)
    if output != "-" and data != "-" and Path(output).resolve() == Path(data).resolve():
        raise OutputExistsError(f"{output} is DATA itself, which is never overwritten; give another -o.")
    if html is not None:
        check_page(html, force, "--html")
    with quietly(quiet):
        frame = read_table(data, delimiter, missing)
        check_column("--target", target, frame)
        from wgan_aug import augment

        categorical = learned["categorical"]
        result = augment(
            frame,
            target=target,
            ratio=ratio,
            mix=mix,
            budget=_read_budget(budget),
            synthesizer=new_model(Roles(), target=target, **learned),
            categorical_features=None if categorical is None else split_names(categorical),
            random_state=seed,
            progress=lambda line: say(line, quiet),
        )
    write_parts([result.data], output)
    if html is not None:
        result.to_html(html)
    if as_json:
        sys.stdout.write(json.dumps(result.to_json(), indent=1) + "\n")
    else:
        say(result.summary(), quiet)
    for path in (output, html):
        if path is not None and path != "-":
            say(f"Written: {path}", quiet)


def _read_budget(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
