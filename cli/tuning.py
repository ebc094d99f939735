"""`tune`: read, search, say what was found, and learn all rows with it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from wgan_aug.errors import InvalidParameterError

from .files import check_folder, read_table, stem_of
from .models import fit_model, new_model, quietly, save_model
from .progress import say
from .series import Roles, check_column
from .signals import Stopped

__all__ = ["run_tune"]


def run_tune(
    data: str,
    output: str | None,
    study: str | None,
    delimiter: str | None,
    missing: list[str],
    as_json: bool,
    quiet: bool,
    force: bool,
    *,
    target: str,
    trials: int,
    jobs: int,
    seed: int,
    roles: dict[str, Any],
    **options: Any,
) -> None:
    """Search for the options that serve best; print them, and save a model of all rows where one is asked for."""
    if Roles(**roles).given:
        raise InvalidParameterError("tune is for tables: series have no target whose prediction could be tuned for.")
    if study is None and data == "-":
        raise InvalidParameterError("DATA is stdin, so the study has no name of its own: give --study FILE.")
    path = Path(study) if study is not None else Path(data).parent / f"{stem_of(data)}-study.db"
    if output is not None:
        check_folder(Path(output), force)
    with quietly(quiet):
        frame = read_table(data, delimiter, missing)
        check_column("--target", target, frame)
        from wgan_aug import tune

        try:
            found = tune(
                frame,
                target=target,
                trials=trials,
                synthesizer=new_model(Roles(), target=target, **options),
                study=path,
                jobs=jobs,
                random_state=seed,
                progress=lambda line: say(line, quiet),
            )
        except Stopped:
            say(f"The study is kept in {path}; the same command goes on with it")
            raise
        if output is not None:
            fit_model(found.synthesizer, frame, quiet)
    if output is not None:
        save_model(found.synthesizer, Path(output))
    if as_json:
        sys.stdout.write(json.dumps(found.to_json(), indent=1) + "\n")
    else:
        sys.stdout.write(found.summary() + "\n")
    say(f"Study: {path}" + ("" if output is None else f"\nModel saved in {output}"), quiet)
