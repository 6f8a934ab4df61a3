"""``dotnn summary``: the layer table of one model, or what several models cost."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..compiler.measure.comparison import SORTS
from ..compiler.measure.summary import RULE, VALUES, cells, table_lines, title, total_lines
from . import options
from .base import Argument, Command
from .comparing import compare
from .narrow_tables import folded_lines
from .streams import shows, write, write_json
from .table_json import summary_json
from .terminal import colored, hanging, text_width

if TYPE_CHECKING:
    from ..compiler.measure.summary import Summary


@click.command(cls=Command)
@click.argument(
    "sources",
    cls=Argument,
    metavar="FILE...",
    type=click.Path(readable=False),
    nargs=-1,
    required=True,
    about="A .nn file; `-` reads standard input. Several, or folders of them, are compared.",
)
@click.option("--explain", is_flag=True, help="Show how each count comes about, as numbers.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@click.option(
    "--sort",
    type=click.Choice(tuple(SORTS)),
    help="Compare several files in this order: by a number, the largest first, or by name; by default as given.",
)
@options.compilation
def summary(
    sources: Sequence[str],
    explain: bool,
    as_json: bool,
    sort: str | None,
    model: str | None,
    settings: Sequence[str],
    limits: Sequence[str],
    root: Path | None,
) -> None:
    """Show every layer with its output shape, parameters and multiply-accumulates (MACs), for one example (N = 1).

    Of several files, or of a folder, show what each model costs in a row.
    """
    if len(sources) > 1 or os.path.isdir(sources[0]):
        if explain:
            raise options.wrong_call("--explain tells of the layers of one model; give one file")
        compare(sources, sort, as_json, model, settings, limits, root)
        return
    if sort is not None:
        raise options.wrong_call("--sort is for several files or a folder; the layers of one model have their order")
    found = options.compile_model(sources[0], model, settings, limits, root).summary()
    if as_json:
        write_json(summary_json(found), sys.stdout)
    else:
        _print(found, explain)


def _print(found: Summary, explain: bool) -> None:
    head, width = title(found), text_width(sys.stdout)
    lines = [f"\x1b[1m{head}\x1b[0m" if colored(sys.stdout) else head, ""]
    sums = total_lines(found)
    if width is not None:
        sums = [hanging(line, width, VALUES) for line in sums]
    lines += [*_table_lines(found, explain, width), "", *sums]
    write("\n".join(lines), sys.stdout)


def _table_lines(found: Summary, explain: bool, width: int | None) -> list[str]:
    """The table as it is, or folded where that is wider than the terminal."""
    rows = [cells(row, explain) for row in found.rows]
    rule = RULE if shows(RULE, sys.stdout) else "-"
    lines = table_lines(rows, rule)
    if width is None or max(map(len, lines)) <= width:
        return lines
    return folded_lines([cells(row, explain, "\n= ", ",\n") for row in found.rows], width, rule)
