"""The layer table: every layer with its output, its parameters and multiply-accumulates, and how they come about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from ..graph.dims import Dim, DimTooComplex, format_dim, solve_at_least
from ..graph.graph import Graph, Node
from ..graph.operations import Constant, Input, Parameter
from ..graph.types import TensorType
from ..layers.base import Layer
from ..metrics import costs as metrics
from ..metrics.costs import Count
from ..metrics.receptive_fields import receptive_field, receptive_fields
from ..reprs import quantity, quoted, several, short_repr, shortened
from . import summary_table

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """One node of the table.

    Attributes:
        path: its hierarchical name.
        outputs: types of its results.
        inputs: names of the nodes that it reads.
        count: its own weights; those that an earlier node shares with it are counted there.
        macs: multiply-accumulates for one example; like the bytes None where no expression can say it.
        params_formula: how the parameters come about, as numbers; empty without any.
        macs_formula: how the multiply-accumulates come about; empty without any.
        shared: its weights are an earlier node's.
        place: where the source has it; of a layer in a block of the library, where that is called.
    """

    path: str
    kind: str
    outputs: tuple[TensorType, ...]
    inputs: tuple[str, ...]
    count: Count
    macs: Dim | None
    params_formula: str
    macs_formula: str
    activation_bytes: Dim | None
    shared: bool
    place: str

    def __repr__(self) -> str:
        types = several(map(str, self.outputs))
        return short_repr(self, quoted(self.path), self.kind, *types, quantity(self.count.params, "parameter"))


@dataclass(frozen=True, slots=True)
class Summary:
    """The table of a model and its sums.

    Attributes:
        macs: for one example; None where no expression can say it.
        peak_activation_bytes: the most that is alive at once, for one example; None likewise.
        demands: what the layers demand of the symbolic dimensions, as text.
    """

    name: str
    doc: str
    rows: tuple[Row, ...]
    count: Count
    macs: Dim | None
    weights_bytes: int
    peak_activation_bytes: Dim | None
    longest_path: int
    receptive_fields: dict[str, Dim]
    demands: tuple[str, ...]

    def __str__(self) -> str:
        """The table as ``dotnn summary`` prints it, without colours."""
        return summary_table.text(self)

    def __repr__(self) -> str:
        macs = "MACs: " + shortened(summary_table.shown(self.macs))
        sums = (quantity(len(self.rows), "row"), quantity(self.count.params, "parameter"), macs)
        return short_repr(self, quoted(self.name), *sums)

    def _repr_html_(self) -> str:
        return summary_table.html(self)


def summarize(graph: Graph) -> Summary:
    """Measure a graph, node by node and as a whole."""
    rows = tuple(_rows(graph))
    return Summary(
        name=graph.name,
        doc=graph.doc,
        rows=rows,
        count=metrics.count(graph.weights()),
        macs=unless_too_complex(lambda: _total_macs(rows)),
        weights_bytes=metrics.weights_bytes(graph),
        peak_activation_bytes=unless_too_complex(lambda: metrics.peak_activation_bytes(graph)),
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


def unless_too_complex(measure: Callable[[], T]) -> T | None:
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
        macs=unless_too_complex(lambda: metrics.node_macs(graph, node)),
        params_formula=_params_formula(graph, node) if own else "",
        macs_formula=unless_too_complex(lambda: _macs_formula(graph, node)) or "",
        activation_bytes=unless_too_complex(lambda: _activation_bytes(node)),
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
    found = {name: unless_too_complex(measure) for name, measure in measures.items()}
    return {name: field for name, field in found.items() if field is not None}


def _demands(graph: Graph) -> tuple[str, ...]:
    """What the layers need, each dimension once with the greatest minimum."""
    least: dict[str, int] = {}
    for demand in graph.demands:
        solved = solve_at_least(demand.dim, demand.minimum)
        name, minimum = solved or (format_dim(demand.dim), demand.minimum)
        least[name] = max(minimum, least.get(name, minimum))
    return tuple(f"{name} >= {minimum}" for name, minimum in least.items())
