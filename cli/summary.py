"""``dotnn summary``: the layer table."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..compiler.graph.dims import Dim, DimExpr, format_dim
from ..compiler.graph.types import TensorType
from . import options
from .printing import console, write

if TYPE_CHECKING:
    from ..compiler.passes.summary import Row, Summary


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
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, title=None, pad_edge=False)
    table.add_column("layer", overflow="fold")
    table.add_column("kind", overflow="fold")
    table.add_column("output", overflow="fold")
    table.add_column("parameters", justify="right", overflow="fold")
    table.add_column("MACs", justify="right", overflow="fold")
    for row in found.rows:
        cells = (row.path, row.kind, _types(row), _params(row, explain), _macs(row, explain))
        table.add_row(*(Text(cell) for cell in cells))
    screen = console()
    screen.print(Text(f"model {found.name}", style="bold"))
    screen.print(table)
    for name, value in _totals(found):
        write(f"{name + ':':<22}{value}", sys.stdout)


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


def _types(row: Row) -> str:
    return ", ".join(_type(kind) for kind in row.outputs)


def _type(kind: TensorType) -> str:
    text = str(kind)
    # Nearly every tensor is float32; what is not says so.
    return text.removeprefix("float32")


def _params(row: Row, explain: bool) -> str:
    if row.shared:
        return "shared"
    total = row.count.params
    if explain and row.params_formula and total:
        return f"{row.params_formula} = {total:,}"
    return f"{total:,}" if total else ""


def _macs(row: Row, explain: bool) -> str:
    if row.macs == 0:
        return ""
    if explain and row.macs_formula:
        return f"{row.macs_formula} = {shown(row.macs)}"
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
