"""The tables of ``dotnn summary`` as JSON: counts that depend on symbolic dimensions are strings, others numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..compiler.graph.dims import Dim, DimExpr, format_dim

if TYPE_CHECKING:
    from ..compiler.passes.comparison import Comparison
    from ..compiler.passes.summary import Row, Summary


def summary_json(found: Summary) -> dict[str, Any]:
    """The layers of a model and their sums."""
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


def comparison_json(found: Comparison) -> list[dict[str, Any]]:
    """The models of a comparison, under the names that ``summary_json`` has for the same."""
    return [
        {
            "name": row.name,
            "file": row.file,
            "params": row.params,
            "macs": _dim_json(row.macs),
            "weights_bytes": row.weights_bytes,
            "peak_activation_bytes": _dim_json(row.peak_activation_bytes),
            "longest_path": row.longest_path,
            "receptive_field": row.receptive_field,
        }
        for row in found.rows
    ]


def _dim_json(dim: Dim | None) -> int | str | None:
    return format_dim(dim) if isinstance(dim, DimExpr) else dim
