"""``dotnn summary``: the layer table."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..compiler.graph.dims import Dim, DimExpr, format_dim
from ..compiler.graph.types import TensorType
from . import options
from .printing import colored, table_lines, text_width, write

if TYPE_CHECKING:
    from rich.table import Table

    from ..compiler.passes.summary import Row, Summary

_NUMBERS = ("parameters", "MACs")
_COLUMNS = ("layer", "kind", "output", *_NUMBERS)
#: Lines of shapes and numbers up to this width stay whole on a narrow terminal, if that leaves room for the names.
_WIDEST_WHOLE = 24
_NARROWEST_NAMES = 20
#: Cells between two columns.
_GAP = 2


def summary(
    source: options.Source,
    explain: Annotated[bool, typer.Option("--explain", help="Show how each count comes about, as numbers.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
    model: options.Model = None,
    settings: options.Settings = None,
    limits: options.LimitOptions = None,
    root: options.Root = None,
) -> None:
    """Show every layer with its output shape, parameters and multiply-accumulates (MACs), for one example (N = 1)."""
    found = options.compile_model(source, model, settings, limits, root).summary()
    if as_json:
        write(json.dumps(to_json(found), indent=2), sys.stdout)
    else:
        _print(found, explain)


def _print(found: Summary, explain: bool) -> None:
    width = text_width(sys.stdout)
    rows = [_cells(row, explain, " = ", ", ") for row in found.rows]
    if width is not None and _table_width(rows) > width:
        rows = [_cells(row, explain, "\n= ", ",\n") for row in found.rows]
    width = width or _table_width(rows)
    title = f"model {found.name}"
    lines = [f"\x1b[1m{title}\x1b[0m" if colored(sys.stdout) else title, ""]
    lines += [*table_lines(_table(rows, width), sys.stdout, width), ""]
    lines += [f"{name + ':':<22}{value}" for name, value in _totals(found)]
    write("\n".join(lines), sys.stdout)


def _table(rows: list[tuple[str, ...]], width: int) -> Table:
    """The table in lines of a width: where that is little, names are broken rather than shapes and numbers."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    whole = _whole_columns(rows, width)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for index, title in enumerate(_COLUMNS):
        justify = "right" if title in _NUMBERS else "left"
        table.add_column(title, justify=justify, overflow="fold", no_wrap=index in whole)
    for cells in rows:
        table.add_row(*map(Text, cells))
    return table


def _whole_columns(rows: list[tuple[str, ...]], width: int) -> frozenset[int]:
    """The columns whose lines are not broken: all, or those behind the names, or none if that leaves no room."""
    if _table_width(rows) <= width:
        return frozenset(range(len(_COLUMNS)))
    widths = _column_widths(rows)
    whole = [index for index in range(2, len(_COLUMNS)) if widths[index] <= _WIDEST_WHOLE]
    room = width - sum(widths[index] + _GAP for index in whole)
    return frozenset(whole) if room >= _NARROWEST_NAMES else frozenset()


def _table_width(rows: list[tuple[str, ...]]) -> int:
    return sum(_column_widths(rows)) + _GAP * (len(_COLUMNS) - 1)


def _column_widths(rows: list[tuple[str, ...]]) -> list[int]:
    columns = zip(_COLUMNS, *rows, strict=True)
    return [max(len(line) for cell in cells for line in cell.split("\n")) for cells in columns]


def _cells(row: Row, explain: bool, equals: str, comma: str) -> tuple[str, ...]:
    types = comma.join(map(_type, row.outputs))
    return row.path, row.kind, types, _params(row, explain, equals), _macs(row, explain, equals)


def _totals(found: Summary) -> list[tuple[str, str]]:
    lines = [("receptive field", f"{shown(size)} ({name})") for name, size in found.receptive_fields.items()]
    lines += [("needs", text) for text in found.demands]
    lines += [("longest path", f"{found.longest_path:,} layers"), ("MACs", shown(found.macs))]
    lines.append(("peak activations", _bytes(found.peak_activation_bytes)))
    lines.append(("weights", _bytes(found.weights_bytes)))
    if found.count.statistics:
        lines.append(("running statistics", f"{found.count.statistics:,}"))
    if found.count.frozen:
        lines.append(("trainable", f"{found.count.trainable:,}"))
        lines.append(("frozen", f"{found.count.frozen:,}"))
    return [*lines, ("parameters", f"{found.count.params:,}")]


def _type(kind: TensorType) -> str:
    text = str(kind)
    # Nearly every tensor is float32; what is not says so.
    return text.removeprefix("float32")


def _params(row: Row, explain: bool, equals: str) -> str:
    if row.shared:
        return "shared"
    total = row.count.params
    if explain and row.params_formula and total:
        return f"{row.params_formula}{equals}{total:,}"
    return f"{total:,}" if total else ""


def _macs(row: Row, explain: bool, equals: str) -> str:
    if row.macs == 0:
        return ""
    if explain and row.macs_formula:
        return f"{row.macs_formula}{equals}{shown(row.macs)}"
    return shown(row.macs)


def shown(dim: Dim | None) -> str:
    """A count for reading: with thousands separated, or as an expression."""
    if dim is None:
        return _OPEN
    return format_dim(dim) if isinstance(dim, DimExpr) else f"{dim:,}"


#: A cost that no expression can say.
_OPEN = "depends on the dimensions"


def _bytes(count: Dim | None) -> str:
    if count is None:
        return _OPEN
    if isinstance(count, DimExpr):
        return f"{format_dim(count)} bytes"
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count:,} bytes ({count / size:.1f} {unit})"
    return f"{count:,} bytes"


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
