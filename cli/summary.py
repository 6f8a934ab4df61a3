"""``dotnn summary``: the layer table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..compiler.graph.dims import Dim, DimExpr, format_dim
from ..compiler.passes.summary_table import (
    COLUMNS,
    GAP,
    NUMBERS,
    RULE,
    cells,
    column_widths,
    table_lines,
    title,
    total_lines,
)
from . import options
from .base import Command
from .printing import colored, text_width
from .printing import table_lines as folded_lines
from .streams import shows, write, write_json

if TYPE_CHECKING:
    from rich.table import Table

    from ..compiler.passes.summary import Row, Summary

#: Lines of shapes and numbers up to this width stay whole on a narrow terminal, if that leaves room for the names.
_WIDEST_WHOLE = 24
_NARROWEST_NAMES = 20


@click.command(cls=Command)
@options.source
@click.option("--explain", is_flag=True, help="Show how each count comes about, as numbers.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@options.compilation
def summary(
    source: str,
    explain: bool,
    as_json: bool,
    model: str | None,
    settings: Sequence[str],
    limits: Sequence[str],
    root: Path | None,
) -> None:
    """Show every layer with its output shape, parameters and multiply-accumulates (MACs), for one example (N = 1)."""
    found = options.compile_model(source, model, settings, limits, root).summary()
    if as_json:
        write_json(to_json(found), sys.stdout)
    else:
        _print(found, explain)


def _print(found: Summary, explain: bool) -> None:
    head = title(found)
    lines = [f"\x1b[1m{head}\x1b[0m" if colored(sys.stdout) else head, ""]
    lines += [*_table_lines(found, explain, text_width(sys.stdout)), "", *total_lines(found)]
    write("\n".join(lines), sys.stdout)


def _table_lines(found: Summary, explain: bool, width: int | None) -> list[str]:
    """The table as it is, or folded where that is wider than the terminal."""
    rows = [cells(row, explain) for row in found.rows]
    if width is None or _table_width(rows) <= width:
        return table_lines(rows, RULE if shows(RULE, sys.stdout) else "-")
    rows = [cells(row, explain, "\n= ", ",\n") for row in found.rows]
    return folded_lines(_table(rows, width), sys.stdout, width)


def _table(rows: list[tuple[str, ...]], width: int) -> Table:
    """The table in lines of a width: where that is little, names are broken rather than shapes and numbers."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    whole = _whole_columns(rows, width)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for index, column in enumerate(COLUMNS):
        justify = "right" if column in NUMBERS else "left"
        table.add_column(column, justify=justify, overflow="fold", no_wrap=index in whole)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _whole_columns(rows: list[tuple[str, ...]], width: int) -> frozenset[int]:
    """The columns whose lines are not broken: all, or those behind the names, or none if that leaves no room."""
    if _table_width(rows) <= width:
        return frozenset(range(len(COLUMNS)))
    widths = column_widths(rows)
    whole = [index for index in range(2, len(COLUMNS)) if widths[index] <= _WIDEST_WHOLE]
    room = width - sum(widths[index] + GAP for index in whole)
    return frozenset(whole) if room >= _NARROWEST_NAMES else frozenset()


def _table_width(rows: list[tuple[str, ...]]) -> int:
    return sum(column_widths(rows)) + GAP * (len(COLUMNS) - 1)


def to_json(found: Summary) -> dict[str, Any]:
    """The table as JSON: counts that depend on symbolic dimensions are strings, all others numbers."""
    return {
        "name": found.name,
        "doc": found.doc,
        "layers": [_row_json(row) for row in found.rows],
        "params": found.count.params,
        "trainable": found.count.trainable,
        "frozen": found.count.frozen,
        "statistics": found.count.statistics,
        "macs": _dim_json(found.macs),
        "weights_bytes": found.weights_bytes,
        "peak_activation_bytes": _dim_json(found.peak_activation_bytes),
        "longest_path": found.longest_path,
        "receptive_field": {name: _dim_json(size) for name, size in found.receptive_fields.items()},
        "needs": list(found.demands),
    }


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "name": row.path,
        "kind": row.kind,
        "inputs": list(row.inputs),
        "outputs": [
            {"dtype": kind.dtype.value, "shape": [_dim_json(dim) for dim in kind.shape]} for kind in row.outputs
        ],
        "params": row.count.params,
        "trainable": row.count.trainable,
        "statistics": row.count.statistics,
        "params_formula": row.params_formula,
        "shared": row.shared,
        "macs": _dim_json(row.macs),
        "macs_formula": row.macs_formula,
        "activation_bytes": _dim_json(row.activation_bytes),
        "source": row.place,
    }


def _dim_json(dim: Dim | None) -> int | str | None:
    return format_dim(dim) if isinstance(dim, DimExpr) else dim
