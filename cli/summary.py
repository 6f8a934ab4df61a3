"""``dotnn summary``: the layer table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..compiler.dims import Dim, DimExpr, format_dim
from ..compiler.measure.summary_table import RULE, VALUES, cells, table_lines, title, total_lines
from . import options
from .base import Command
from .folding import folded_lines
from .printing import colored, hanging, text_width
from .streams import shows, write, write_json

if TYPE_CHECKING:
    from ..compiler.measure.summary import Row, Summary


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
