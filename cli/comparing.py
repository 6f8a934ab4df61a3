"""Several models side by side: what ``dotnn summary`` shows of several files, or of a folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..compiler.measure.comparison import COLUMNS, NUMBERS, cells
from ..compiler.measure.summary import RULE, table_lines
from . import options
from .narrow_tables import Layout, folded_lines
from .source_files import are_named, source_files
from .streams import shows, write, write_json
from .table_json import comparison_json
from .terminal import each_once, exit_code, print_diagnostics, text_width

if TYPE_CHECKING:
    from ..compiler.diagnostics import Diagnostic
    from ..compiler.measure.comparison import Comparison, ModelCosts

#: Names are narrowed first, then what may hold formulas.
_LAYOUT = Layout(COLUMNS, NUMBERS, (0, COLUMNS.index("activations"), COLUMNS.index("MACs")))


def compare(
    sources: Sequence[str],
    sort: str | None,
    as_json: bool,
    model: str | None,
    settings: Sequence[str],
    limits: Sequence[str],
    root: Path | None,
) -> None:
    """Print the table of the models of some files and folders, and what is wrong with the files, which have no rows.

    Raises:
        click.UsageError: there is no model in all of the folders.
        click.exceptions.Exit: a file has errors.
    """
    from ..compiler.measure.comparison import Comparison

    rows, diagnostics = _measured(sources, model, settings, limits, root)
    print_diagnostics(diagnostics)
    code = exit_code(diagnostics)
    if not rows and not code:
        wanted = "no model" if model is None else f"no model {model!r}"
        raise options.wrong_call(f"there is {wanted} in {', '.join(map(repr, sources))}")
    found = Comparison(tuple(rows))
    found = found if sort is None else found.sorted_by(sort)
    if as_json:
        write_json(comparison_json(found), sys.stdout)
    elif rows:
        _print(found)
    if code:
        raise click.exceptions.Exit(code)


def _measured(
    sources: Sequence[str], model: str | None, settings: Sequence[str], limits: Sequence[str], root: Path | None
) -> tuple[list[ModelCosts], list[Diagnostic]]:
    """The rows of all models, and what is to be said of the files."""
    from ..compiler.compiled import compare as compared
    from ..compiler.driver import compile_models

    bounds = options.read_limits(limits)
    arguments = options.read_settings(settings, bounds)
    files = source_files(sources)
    rows: list[ModelCosts] = []
    diagnostics: list[Diagnostic] = []
    for file, named in zip(files, are_named(files, sources), strict=True):
        # What is in a folder may be there for others: blocks that are imported, or other models than the one wanted.
        report, models = compile_models(
            file, model=model, arguments=arguments, limits=bounds, root=root, need_model=named
        )
        rows += compared(models).rows
        diagnostics += report.diagnostics
    return rows, each_once(diagnostics)


def _print(found: Comparison) -> None:
    rule = RULE if shows(RULE, sys.stdout) else "-"
    rows, width = cells(found.rows), text_width(sys.stdout)
    lines = table_lines(rows, rule, COLUMNS, NUMBERS)
    if width is not None and max(map(len, lines)) > width:
        lines = folded_lines(rows, width, rule, _LAYOUT)
    write("\n".join(lines), sys.stdout)
