"""Measuring a graph: node by node for the layer table, and as a whole for a comparison of models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from ..dims import Dim, DimTooComplex, format_dim, solve_at_least
from ..graph.graph import Graph, Node
from ..graph.operations import Constant, Input, Parameter
from ..layers.base import Layer
from . import costs as metrics
from .comparison import ModelCosts
from .receptive_fields import receptive_field, receptive_fields, seen_before_collapse
from .summary import Row, Summary

T = TypeVar("T")


def summarize(graph: Graph) -> Summary:
    """Measure a graph, node by node and as a whole."""
    rows = tuple(_rows(graph))
    return Summary(
        name=graph.name,
        doc=graph.doc,
        rows=rows,
        count=metrics.count(graph.weights()),
        macs=_unless_too_complex(lambda: _total_macs(rows)),
        weights_bytes=metrics.weights_bytes(graph),
        peak_activation_bytes=_unless_too_complex(lambda: metrics.peak_activation_bytes(graph)),
        longest_path=metrics.longest_path(graph),
        receptive_fields=_receptive_fields(graph),
        demands=_demands(graph),
    )


def _total_macs(rows: Sequence[Row]) -> Dim | None:
    """The sum of all rows; None where one of them is not known."""
    total: Dim = 0
    for row in rows:
        if row.macs is None:
            return None
        total = total + row.macs
    return total


def _unless_too_complex(measure: Callable[[], T]) -> T | None:
    """A cost, or None where it depends on the symbolic dimensions in more ways than an expression can say."""
    try:
        return measure()
    except DimTooComplex:
        return None


def _rows(graph: Graph) -> Iterator[Row]:
    seen: set[str] = set()
    for node in graph.nodes():
        if isinstance(node.op, Constant):
            continue
        yield _row(graph, node, seen)


def _row(graph: Graph, node: Node, seen: set[str]) -> Row:
    weights = node.owned
    own = [weight for weight in weights if weight.name not in seen]
    seen.update(weight.name for weight in weights)
    inputs = tuple(graph.producer(value).name for value in node.operands if value is not None)
    span = node.origins[-1].place if node.origins else None
    return Row(
        path=node.name,
        kind=node.kind,
        outputs=node.results,
        inputs=inputs,
        count=metrics.count(own),
        macs=_unless_too_complex(lambda: metrics.node_macs(graph, node)),
        params_formula=_params_formula(graph, node) if own else "",
        macs_formula=_unless_too_complex(lambda: _macs_formula(graph, node)) or "",
        activation_bytes=_unless_too_complex(lambda: _activation_bytes(node)),
        shared=bool(weights) and not own,
        place="" if span is None else str(span),
    )


def _activation_bytes(node: Node) -> Dim:
    total: Dim = 0
    if not isinstance(node.op, Parameter | Input):
        for kind in node.results:
            total = total + metrics.bytes_of(kind)
    return total


def _params_formula(graph: Graph, node: Node) -> str:
    if isinstance(node.op, Layer):
        return node.op.explain_params(graph.operand_types(node))
    return "*".join(map(str, node.op.weight.shape)) if isinstance(node.op, Parameter) else ""


def _macs_formula(graph: Graph, node: Node) -> str:
    return node.op.explain_macs(graph.operand_types(node), node.results) if isinstance(node.op, Layer) else ""


def _receptive_fields(graph: Graph) -> dict[str, Dim]:
    fields = receptive_fields(graph)
    measures = {name: partial(receptive_field, value, fields) for name, value in graph.outputs.items()}
    found = {name: _unless_too_complex(measure) for name, measure in measures.items()}
    return {name: field for name, field in found.items() if field is not None}


def _demands(graph: Graph) -> tuple[str, ...]:
    """What the layers need, each dimension once with the greatest minimum."""
    least: dict[str, int] = {}
    for demand in graph.demands:
        solved = solve_at_least(demand.dim, demand.minimum)
        name, minimum = solved or (format_dim(demand.dim), demand.minimum)
        least[name] = max(minimum, least.get(name, minimum))
    return tuple(f"{name} >= {minimum}" for name, minimum in least.items())


def measured(graph: Graph, file: str) -> ModelCosts:
    """The costs of a layer graph."""
    return ModelCosts(
        name=graph.name,
        file=file,
        params=metrics.params(graph),
        macs=_unless_too_complex(lambda: metrics.macs(graph)),
        weights_bytes=metrics.weights_bytes(graph),
        peak_activation_bytes=_unless_too_complex(lambda: metrics.peak_activation_bytes(graph)),
        longest_path=metrics.longest_path(graph),
        receptive_field=seen_before_collapse(graph),
    )
