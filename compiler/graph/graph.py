"""The layer graph: the one mutable object of the compiler, and the one door to networkx.

Nodes are frozen and hold an ordered tuple of operands; the edges of the networkx graph are derived from it, because
``add(x, x)`` is one edge there and must stay two operands. Nodes are ordered by declaration wherever the data flow
allows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import networkx as nx

from ..source import Span
from .dims import Dim
from .operations import Input, Operation
from .tensors import Tensor, Weight
from .types import TensorType


@dataclass(frozen=True, slots=True)
class Value:
    """Result number ``index`` of the node ``node``."""

    node: int
    index: int = 0


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a node comes from.

    Attributes:
        path: the hierarchical name that the source gave it.
        span: the call, or None for a node that no text stands for.
        calls: the enclosing block calls, innermost first.
    """

    path: str
    span: Span | None
    calls: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """One operation applied to values.

    Attributes:
        id: its identity in the graph.
        order: its place in declaration order; nodes that passes add stand next to what they replace.
        operands: one per operand of the operation; None where an optional one is absent.
        weights: its tensors by local name (``weight``, ``bias``), in the order of the layer's list.
        origins: where it comes from; a fused node has several.
        doc: the documentation comment before it.
    """

    id: int
    order: int
    name: str
    op: Operation
    operands: tuple[Value | None, ...]
    results: tuple[TensorType, ...]
    weights: Mapping[str, Tensor] = field(default_factory=dict)
    origins: tuple[Origin, ...] = ()
    doc: str = ""

    def value(self, index: int = 0) -> Value:
        """A result of the node."""
        return Value(self.id, index)

    @property
    def kind(self) -> str:
        """The kind of its operation."""
        return self.op.kind


@dataclass(frozen=True, slots=True)
class Demand:
    """What a layer demands of a symbolic dimension: ``dim >= minimum``, for the node at ``span``."""

    dim: Dim
    minimum: int
    span: Span | None
    reason: str


class Graph:
    """A network: nodes, inputs, named outputs, and what is demanded of its dimensions.

    Attributes:
        name: the model's name.
        doc: its documentation comment.
        outputs: values by output name, in file order.
        output_docs: documentation comments of outputs, by name.
        demands: conditions on the symbolic dimensions, checked when the model is fed.
    """

    def __init__(self, name: str, doc: str = "") -> None:
        self.name = name
        self.doc = doc
        self.outputs: dict[str, Value] = {}
        self.output_docs: dict[str, str] = {}
        self.demands: list[Demand] = []
        self._graph: nx.DiGraph = nx.DiGraph()
        self._next_id = 0
        self._sorted: tuple[Node, ...] | None = None

    # --- reading ---

    def __len__(self) -> int:
        return self._graph.number_of_nodes()

    def __contains__(self, node_id: int) -> bool:
        return node_id in self._graph

    def node(self, node_id: int) -> Node:
        """The node with this identity; KeyError if there is none."""
        return self._graph.nodes[node_id]["node"]

    def producer(self, value: Value) -> Node:
        """The node whose result this is."""
        return self.node(value.node)

    def type_of(self, value: Value) -> TensorType:
        """The type of a value."""
        return self.node(value.node).results[value.index]

    def operand_types(self, node: Node) -> tuple[TensorType | None, ...]:
        """The types of a node's operands, None for absent ones."""
        return tuple(None if value is None else self.type_of(value) for value in node.operands)

    def nodes(self) -> tuple[Node, ...]:
        """All nodes, operands before readers, in declaration order wherever the data flow allows."""
        if self._sorted is None:
            order = nx.lexicographical_topological_sort(self._graph, key=self._order_key)
            self._sorted = tuple(self.node(node_id) for node_id in order)
        return self._sorted

    def _order_key(self, node_id: int) -> tuple[int, int]:
        return self.node(node_id).order, node_id

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The nodes that the caller feeds, in file order."""
        return tuple(node for node in self.nodes() if isinstance(node.op, Input))

    def readers(self, value: Value) -> tuple[Node, ...]:
        """The nodes that read a value, each once, in declaration order."""
        found = (self.node(reader) for reader in self._graph.successors(value.node))
        return tuple(sorted((n for n in found if value in n.operands), key=lambda n: (n.order, n.id)))

    def output_names(self, value: Value) -> tuple[str, ...]:
        """The names under which a value is an output of the model; mostly none."""
        return tuple(name for name, output in self.outputs.items() if output == value)

    def use_count(self, value: Value) -> int:
        """How often a value is read: operands of nodes and outputs of the model."""
        reads = sum(reader.operands.count(value) for reader in self.readers(value))
        return reads + len(self.output_names(value))

    def weights(self) -> tuple[Weight, ...]:
        """The weights that the graph depends on, each once, in declaration order."""
        found: dict[str, Weight] = {}
        for node in self.nodes():
            for tensor in node.weights.values():
                for weight in tensor.sources:
                    found.setdefault(weight.name, weight)
        return tuple(found.values())

    def weight_users(self) -> dict[str, int]:
        """How many nodes use each weight, by name; more than one where ``reuse`` shares it."""
        users: dict[str, int] = {}
        for node in self.nodes():
            for name in {weight.name for tensor in node.weights.values() for weight in tensor.sources}:
                users[name] = users.get(name, 0) + 1
        return users

    # --- writing ---

    def add(
        self,
        op: Operation,
        operands: Iterable[Value | None],
        results: Iterable[TensorType],
        *,
        name: str,
        weights: Mapping[str, Tensor] | None = None,
        origins: tuple[Origin, ...] = (),
        doc: str = "",
        order: int | None = None,
    ) -> Node:
        """Add a node behind all others, or next to the node whose ``order`` is given."""
        node = Node(
            id=self._next_id,
            order=self._next_id if order is None else order,
            name=name,
            op=op,
            operands=tuple(operands),
            results=tuple(results),
            weights=dict(weights or {}),
            origins=origins,
            doc=doc,
        )
        self._next_id += 1
        self._graph.add_node(node.id, node=node)
        self._connect(node)
        return node

    def update(self, node_id: int, **changes: object) -> Node:
        """Change fields of a node, all but its identity; edges follow its operands."""
        node = dataclasses.replace(self.node(node_id), **changes)  # pyright: ignore[reportArgumentType]
        self._graph.remove_edges_from(list(self._graph.in_edges(node_id)))
        self._graph.nodes[node_id]["node"] = node
        self._connect(node)
        return node

    def replace(self, node: Node, op: Operation, *, absorbed: Iterable[Node] = (), **changes: object) -> Node:
        """Give a node another operation; it takes over the origins of itself and of the nodes absorbed into it.

        Absorbed nodes come first in the origins if they come first in the graph. They are removed.
        """
        absorbed = tuple(absorbed)
        members = sorted((node, *absorbed), key=lambda n: (n.order, n.id))
        origins = tuple(dict.fromkeys(origin for member in members for origin in member.origins))
        doc = "\n".join(member.doc for member in members if member.doc)
        updated = self.update(node.id, op=op, origins=origins, doc=doc, **changes)
        for other in sorted(absorbed, key=lambda n: -n.order):
            self.remove(other.id)
        return updated

    def redirect(self, old: Value, new: Value) -> None:
        """Let every reader of ``old``, outputs of the model included, read ``new``."""
        for reader in self.readers(old):
            self.update(reader.id, operands=tuple(new if operand == old else operand for operand in reader.operands))
        for name, output in self.outputs.items():
            if output == old:
                self.outputs[name] = new

    def remove(self, node_id: int) -> None:
        """Remove a node; ValueError if something still reads it."""
        if any(self._graph.successors(node_id)) or any(v.node == node_id for v in self.outputs.values()):
            raise ValueError(f"node {self.node(node_id).name!r} is still read")
        self._graph.remove_node(node_id)
        self._sorted = None

    def copy(self) -> Graph:
        """An independent graph with the same nodes and identities."""
        other = Graph(self.name, self.doc)
        other.outputs = dict(self.outputs)
        other.output_docs = dict(self.output_docs)
        other.demands = list(self.demands)
        other._graph = self._graph.copy()
        other._next_id = self._next_id
        return other

    def _connect(self, node: Node) -> None:
        for operand in node.operands:
            if operand is not None:
                self._graph.add_edge(operand.node, node.id)
        self._sorted = None


def walk_back(graph: Graph, values: Iterable[Value]) -> Iterator[Node]:
    """Every node that the values depend on, each once, nearest first."""
    pending = [value.node for value in values]
    seen: set[int] = set()
    while pending:
        node_id = pending.pop()
        if node_id in seen:
            continue
        seen.add(node_id)
        node = graph.node(node_id)
        yield node
        pending.extend(operand.node for operand in node.operands if operand is not None)
