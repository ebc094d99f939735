"""The report of tables.py as Markdown: means over common tables, where ours is behind, and table by table."""

from __future__ import annotations

from collections.abc import Callable

from means import markdown, shown
from tables_runs import C2ST, FIGURES, NAMES, UTILITY, Figure, Runs

__all__ = ["report"]

_NOTES = """\
All at defaults, at most 10 000 training rows, one thread. Means over seeds, ± half-widths of 95 % t intervals where
there are two seeds or more (seeds differ in training and sampling; the split is one). The best of the figures that say
how good the rows are is bold.

- Utility: trained on synthetic over trained on real rows, tested on real ones; 1 is as good as real.
- Shape, pair: likeness of columns and of pairs of columns; 1 is best, and other real rows reach about .99.
- c2st: AUC of boosted trees telling synthetic from real rows; c2st forest: of a forest, against held-out rows only;
  0.5 is best.
- DCR share, membership AUC: do rows lean on training rows; 0.5 says that they do not. Copies: beyond the held-out rows'
  own, 0 or less is best. Invalid: rows with a value that no real column could hold.
- SMOTENC interpolates between neighbouring training rows of a class, and takes the target to do so.
- ¹: some of these runs were measured earlier, by the same judge on the same tables, on a busy machine. ≤: CPU seconds
  of the whole process, imports included.
"""


def report(runs: Runs) -> str:
    """Return the whole report."""
    parts = ["# Tables at defaults\n", "![Utility and c2st against CPU seconds](figure.png)\n", _NOTES]
    for tables, methods in runs.common_sets():
        parts += [f"## Means over {len(tables)} tables\n", ", ".join(tables) + ".\n", _table(runs, tables, methods)]
    parts += ["## Ours against the best peer of each table\n", _against_best(runs), _failures(runs)]
    for table in runs.tables:
        parts += [f"## {table}\n", _table(runs, [table], runs.methods([table]))]
    return "\n".join(part for part in parts if part)


def _table(runs: Runs, tables: list[str], methods: list[str]) -> str:
    """Return a row a method, a column a figure, over some tables."""
    columns = [_column(runs, tables, methods, figure) for figure in FIGURES]
    rows: list[list[str]] = []
    for i, method in enumerate(methods):
        seeds = sorted({len(runs.by_place[table, method]) for table in tables})
        name = NAMES[method] + (" ¹" if runs.earlier(tables, method) else "")
        rows.append(
            [name, " to ".join(dict.fromkeys([str(seeds[0]), str(seeds[-1])])), *(column[i] for column in columns)]
        )
    return markdown(["method", "seeds", *(figure.title for figure in FIGURES)], rows)


def _column(runs: Runs, tables: list[str], methods: list[str], figure: Figure) -> list[str]:
    """Return a figure of each method as text, the best in bold."""
    means = {method: runs.mean(tables, method, figure.key) for method in methods}
    losses = [figure.loss(mean) for mean in means.values() if mean is not None]
    cells: list[str] = []
    for method, mean in means.items():
        if mean is None:
            cells.append(_rough_seconds(runs, tables, method) if figure.key == "fit_cpu_s" else "–")
            continue
        values = runs.values(tables[0], method, figure.key) if len(tables) == 1 else [mean]
        bold = figure.best is not None and len(losses) > 1 and figure.loss(mean) == min(losses)
        cells.append(_bold(shown(values, figure.digits), bold))
    return cells


def _rough_seconds(runs: Runs, tables: list[str], method: str) -> str:
    seconds, _ = runs.fit_seconds(tables, method)
    return "–" if seconds is None else f"≤ {seconds:.1f}"


def _bold(text: str, bold: bool) -> str:
    return f"**{text}**" if bold else text


def _against_best(runs: Runs) -> str:
    """Return how often ours is ahead of every peer, and a row a table: ours and the best peer, utility and c2st."""
    ours = [m for m in NAMES if m.startswith("ours") and any((t, m) in runs.by_place for t in runs.tables)]
    header = ["table"]
    columns: list[Callable[[str], str]] = []
    counts: list[str] = []
    for figure in (UTILITY, C2ST):
        for method in ours:
            header.append(f"{figure.title}, {NAMES[method]}")
            columns.append(lambda table, m=method, f=figure: _ours_cell(runs, table, m, f))
            verdicts = [ahead for table in runs.tables if (ahead := _ahead(runs, table, method, figure)) is not None]
            if verdicts:
                counts.append(
                    f"- {figure.title}, {NAMES[method]}: ahead of or level with every peer on {sum(verdicts)} of "
                    f"{len(verdicts)} tables.\n"
                )
        header.append(f"{figure.title}, best peer")
        columns.append(lambda table, f=figure: _peer_cell(runs, table, f))
    rows = [[table, *(column(table) for column in columns)] for table in runs.tables]
    return "\n".join(part for part in ("".join(counts), markdown(header, rows)) if part)


def _best_peer(runs: Runs, table: str, figure: Figure) -> tuple[str, float] | None:
    """Return the peer that is best on a table, and its figure."""
    peers = [method for method in runs.methods([table]) if not method.startswith("ours")]
    means = {method: mean for method in peers if (mean := runs.mean([table], method, figure.key)) is not None}
    return min(means.items(), key=lambda item: figure.loss(item[1])) if means else None


def _ahead(runs: Runs, table: str, method: str, figure: Figure) -> bool | None:
    """Return whether a method is no worse than the best peer; None where one of them did not run."""
    best = _best_peer(runs, table, figure)
    mine = runs.mean([table], method, figure.key) if (table, method) in runs.by_place else None
    return None if best is None or mine is None else figure.loss(mine) <= figure.loss(best[1])


def _ours_cell(runs: Runs, table: str, method: str, figure: Figure) -> str:
    if (table, method) not in runs.by_place:
        return "–"
    text = shown(runs.values(table, method, figure.key), figure.digits)
    return _bold(text, bool(_ahead(runs, table, method, figure)))


def _peer_cell(runs: Runs, table: str, figure: Figure) -> str:
    best = _best_peer(runs, table, figure)
    if best is None:
        return "–"
    method, value = best
    ours = [m for m in runs.methods([table]) if m.startswith("ours")]
    return f"{_bold(f'{value:.3f}', not any(_ahead(runs, table, m, figure) for m in ours))} {NAMES[method]}"


def _failures(runs: Runs) -> str:
    lines = [f"- {NAMES[method]} failed on {table}: {reason}\n" for table, method, reason in runs.failures]
    return "## Failed\n\n" + "".join(lines) if lines else ""
