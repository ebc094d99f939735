"""`evaluate` and `report`: read, judge, and show what was found."""

from __future__ import annotations

import dataclasses
import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wgan_aug.errors import InvalidParameterError

from .files import check_output, read_table, stem_of
from .models import fit_model, new_model, quietly, split_names
from .progress import say
from .series import Roles
from .splitting import split

if TYPE_CHECKING:  # torch takes seconds to import: what is wrong with the input is said before
    import pandas as pd

    from wgan_aug import Report

__all__ = ["check_page", "run_evaluate", "run_report"]

_WINDOWS = 2000  # overlapping windows that a report judges, where as many were learned from


def run_evaluate(
    real: str,
    synthetic: str,
    holdout: str | None,
    html: str | None,
    delimiter: str | None,
    missing: list[str],
    as_json: bool,
    quiet: bool,
    force: bool,
    *,
    roles: dict[str, Any],
    **options: Any,
) -> None:
    """Judge a table of synthetic rows, or of sequences, by the table they were learned from."""
    known = Roles(**roles)
    paths = {"real": real, "synthetic": synthetic} | ({} if holdout is None else {"holdout": holdout})
    if list(paths.values()).count("-") > 1:
        raise InvalidParameterError("Only one of REAL, SYNTHETIC and --holdout can be stdin (-).")
    if html is not None:
        check_page(html, force, "--html")
    given = {"target": options["target"], "holdout": holdout, "categorical": options["categorical"], **roles}
    given |= {"delimiter": delimiter, "missing": missing, "budget": options["budget"], "seed": options["seed"]}
    with quietly(quiet):
        frames = {side: known.rows(read_table(path, delimiter, missing)) for side, path in paths.items()}
        report = _evaluate(frames, quiet, _command(["evaluate", real, synthetic], **given), **options, **roles)
    _show_report(report, html, as_json, quiet)


def check_page(path: str, force: bool, option: str) -> None:
    """Refuse a page that cannot be written, before any work is done."""
    check_output(path, force, page=True, option=option)
    from wgan_aug.evaluation.page import check_extra

    check_extra()


def _command(words: list[str], **options: Any) -> str:
    """Return a command line with the options that were given."""
    for name, value in options.items():
        option = name.replace("_", "-")
        if isinstance(value, bool):
            words = [*words, f"--{option}" if value else f"--no-{option}"]
            continue
        values = value if isinstance(value, list) else [] if value is None else [value]
        words = [*words, *(word for one in values for word in (f"--{option}", str(one)))]
    return "wgan-aug " + shlex.join(words)


def _evaluate(
    frames: dict[str, pd.DataFrame],
    quiet: bool,
    command: str,
    *,
    categorical: str | None,
    seed: int,
    **options: Any,
) -> Report:
    from wgan_aug import evaluate

    report = evaluate(
        **frames,
        **options,
        categorical_features=None if categorical is None else split_names(categorical),
        random_state=seed,
        progress=lambda stage: say(f"Judging: {stage}", quiet),
    )
    return dataclasses.replace(report, command=command)


def _show_report(report: Report, html: str | None, as_json: bool, quiet: bool) -> None:
    if html is not None:
        report.to_html(html)
    sys.stdout.write((json.dumps(report.to_json(), indent=1) if as_json else report.summary()) + "\n")
    if html is not None:
        say(f"Report written to {html}", quiet)


def run_report(
    data: str,
    output: str | None,
    delimiter: str | None,
    missing: list[str],
    as_json: bool,
    quiet: bool,
    force: bool,
    *,
    target: str | None,
    refine: bool | None,
    budget: str,
    seed: int,
    roles: dict[str, Any],
    **options: Any,
) -> None:
    """Hold rows or sequences out, learn the others, sample, judge, and write the page."""
    known = Roles(**roles)
    known.check()
    if target is None and not known.given:
        raise InvalidParameterError("Missing option '--target': a report of a table takes one.")
    if output is None and data == "-":
        raise InvalidParameterError("DATA is stdin, so the report has no name of its own: give -o FILE.")
    page = output if output is not None else str(Path(data).parent / f"{stem_of(data)}-report.html")
    check_page(page, force, "-o")
    given = {"target": target, **options, "refine": refine, **roles, "delimiter": delimiter, "missing": missing}
    command = _command(["report", data], **given, budget=budget, seed=seed)
    with quietly(quiet):
        parts = split(known.rows(read_table(data, delimiter, missing)), known, target, seed)
        say(parts.text, quiet)
        model = new_model(known, target=parts.label, refine=refine, seed=seed, **options)
        fit_model(model, parts.train, quiet)
        frames = {"real": parts.train, "synthetic": _sample(model, parts.train, known), "holdout": parts.holdout}
        judged: dict[str, Any] = {
            "target": target,
            "categorical": options["categorical"],
            "budget": budget,
            "seed": seed,
        }
        judged |= {name: value for name, value in known.given.items() if name != "stride"}
        report = _evaluate(frames, quiet, command, **judged)
    _show_report(report, page, as_json, quiet)


def _sample(model: Any, train: pd.DataFrame, roles: Roles) -> pd.DataFrame:
    """Draw as many rows or sequences as were learned from, but not all windows where very many overlap."""
    if not roles.given:
        return model.sample(len(train))
    learned: int = model.plan_.sequences
    return model.sample(learned if roles.window is None else min(learned, max(_WINDOWS, len(train) // roles.window)))
