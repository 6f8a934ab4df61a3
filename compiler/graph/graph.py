"""The graph of layers, or of operators: the one mutable object of the compiler, and the one door to networkx.

Nodes are frozen and hold an ordered tuple of operands; the edges of the networkx graph are derived from it, because
``add(x, x)`` is one edge there and must stay two operands. Nodes are ordered by declaration wherever the data flow
allows.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import NamedTuple

import networkx as nx

from ..dims import Dim
from ..records import positional_record
from ..reprs import quantity, quoted, several, short_repr
from ..source import Span
from .operations import Input, Operation, Parameter
from .tensors import Weight
from .types import TensorType


@dataclass(frozen=True, slots=True)
class Value:
    """Result number ``index`` of the node ``node``."""

    node: int
    index: int = 0


def place_of(span: Span | None, calls: Iterable[Span]) -> Span | None:
    """The innermost of a place and the calls that led there that lies outside of the library; the place if none does.

    Args:
        span: the place, or None for what no text stands for.
        calls: innermost first.
    """
    if span is None or not span.source.in_library:
        return span
    return next((call for call in calls if not call.source.in_library), span)


class WrittenArgument(NamedTuple):
    """Where an argument is written: ``name=value``, or a value without its name, in order or before an arrow."""

    name: Span | None
    value: Span

    @property
    def span(self) -> Span:
        """The argument, from its name on if that is written."""
        return self.value if self.name is None else self.name.to(self.value)


@positional_record
class WrittenCall:
    """Where a call is written, and what is written in it.

    Attributes:
        span: the call without its label; of ``reuse``, the stage; of what is no call, the statement or the value.
        function: the name of the layer, in the call that ``reuse`` repeats for one; the sign of an operator; else None.
        label: the label of the stage, or the name of an input or a parameter; None without one.
        arguments: operands, attributes and literal weights by name; what is absent has its default. The tensors of
            a variadic operand are numbered: ``parts.0``.
    """

    span: Span
    function: Span | None = None
    label: Span | None = None
    arguments: Mapping[str, WrittenArgument] = field(default_factory=dict, compare=False)


@positional_record
class Origin:
    """Where a node comes from.

    Attributes:
        path: the hierarchical name that the source gave it.
        call: the call as written, or None for a node that no text stands for.
        calls: the enclosing block calls, innermost first.
    """

    path: str
    call: WrittenCall | None
    calls: tuple[Span, ...] = ()

    @property
    def span(self) -> Span | None:
        """The place of the call."""
        return None if self.call is None else self.call.span

    @property
    def arguments(self) -> Mapping[str, WrittenArgument]:
        """Where the arguments of the call are written, by name; see ``WrittenCall``."""
        return {} if self.call is None else self.call.arguments

    @property
    def place(self) -> Span | None:
        """The innermost place in a file of the user's: of a layer in a block of the library, where that is called."""
        return place_of(self.span, self.calls)

    def __repr__(self) -> str:
        return short_repr(self, quoted(self.path), *([quoted(str(self.span))] if self.span is not None else []))


@dataclass(frozen=True, slots=True)
class Node:
    """One operation applied to values.

    Attributes:
        id: its identity in the graph.
        order: its place in declaration order; nodes that passes add stand next to what they replace.
        operands: one per operand of the operation; None where an optional one is absent.
        weights: of a layer, its tensors by local name (``weight``, ``bias``), in the order of the layer's list.
        origins: where it comes from; a fused node has several.
        doc: the documentation comment before it.
        value_names: of an operator, what its results are called.
        stored: of an operator, whether it is part of a layer and computes from the layer's weights and constants alone.
    """

    id: int
    order: int
    name: str
    op: Operation
    operands: tuple[Value | None, ...]
    results: tuple[TensorType, ...]
    weights: Mapping[str, Weight] = field(default_factory=dict)
    origins: tuple[Origin, ...] = ()
    doc: str = ""
    value_names: tuple[str, ...] = ()
    stored: bool = False

    def value(self, index: int = 0) -> Value:
        """A result of the node."""
        return Value(self.id, index)

    @property
    def origin(self) -> Origin:
        """Where a node of the layer graph comes from, which is one place."""
        return self.origins[0]

    @property
    def owned(self) -> tuple[Weight, ...]:
        """The weights that it has, or is."""
        return (self.op.weight,) if isinstance(self.op, Parameter) else tuple(self.weights.values())

    @property
    def kind(self) -> str:
        """The kind of its operation."""
        return self.op.kind

    def __repr__(self) -> str:
        facts = quantity(len(self.operands), "operand"), quantity(len(self.weights), "weight")
        return short_repr(self, quoted(self.name), self.kind, *several(map(str, self.results)), *facts)


@positional_record
class Demand:
    """What a layer demands of a symbolic dimension: ``dim >= minimum``, for the node at ``span``."""

    dim: Dim
    minimum: int
    span: Span | None
    reason: str


class Outputs(MutableMapping[str, Value]):
    """Values by output name, in file order; it finds the names of a value without a walk over all of them."""

    def __init__(self) -> None:
        self._values: dict[str, Value] = {}
        self._places: dict[str, int] = {}
        self._names: dict[int, set[str]] = {}

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __setitem__(self, name: str, value: Value) -> None:
        if name in self._values:
            self._forget(name)
        self._values[name] = value
        self._places.setdefault(name, len(self._places))
        self._names.setdefault(value.node, set()).add(name)

    def __delitem__(self, name: str) -> None:
        self._forget(name)
        del self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return short_repr(self, *several(map(repr, self._values)))

    def names_of(self, value: Value) -> tuple[str, ...]:
        """The names of a value, in file order."""
        found = (name for name in self._names.get(value.node, ()) if self._values[name] == value)
        return tuple(sorted(found, key=self._places.__getitem__))

    def has_node(self, node_id: int) -> bool:
        """Whether a result of the node is an output."""
        return bool(self._names.get(node_id))

    def _forget(self, name: str) -> None:
        self._names[self._values[name].node].discard(name)


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
        self.outputs = Outputs()
        self.output_docs: dict[str, str] = {}
        self.demands: list[Demand] = []
        #: Which node is read by which; what the nodes are is beside it, since it is asked for all the time.
        self._graph: nx.DiGraph = nx.DiGraph()
        self._nodes: dict[int, Node] = {}
        self._next_id = 0
        #: Identities in order, and the nodes themselves, until something changes them.
        self._order: tuple[int, ...] | None = None
        self._sorted: tuple[Node, ...] | None = None

    # --- reading ---

    def __repr__(self) -> str:
        sizes = quantity(len(self), "node"), quantity(len(self.outputs), "output")
        return short_repr(self, quoted(self.name), *sizes)

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, node_id: int) -> bool:
        return node_id in self._nodes

    def node(self, node_id: int) -> Node:
        """The node with this identity; KeyError if there is none."""
        return self._nodes[node_id]

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
        if self._order is None:
            order = self._declared_order()
            self._order = self._topological_order() if order is None else order
            self._sorted = None
        if self._sorted is None:
            self._sorted = tuple(map(self._nodes.__getitem__, self._order))
        return self._sorted

    def unordered(self) -> Iterator[Node]:
        """All nodes in no particular order, even where operands go in circles."""
        yield from self._nodes.values()

    def edges(self) -> Iterator[tuple[int, int]]:
        """From each node to each of its readers, once, however often it reads."""
        yield from self._graph.edges

    def _declared_order(self) -> tuple[int, ...] | None:
        """The identities by declaration, if each node stands behind what it reads, as it mostly does."""
        nodes = sorted(self._nodes.values(), key=_place)
        seen: set[int] = set()
        for node in nodes:
            for value in node.operands:
                if value is not None and value.node not in seen:
                    return None
            seen.add(node.id)
        return tuple(node.id for node in nodes)

    def _topological_order(self) -> tuple[int, ...]:
        return tuple(nx.lexicographical_topological_sort(self._graph, key=lambda one: _place(self._nodes[one])))

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
        return self.outputs.names_of(value)

    def use_count(self, value: Value) -> int:
        """How often a value is read: operands of nodes and outputs of the model."""
        reads = sum(reader.operands.count(value) for reader in self.readers(value))
        return reads + len(self.output_names(value))

    def uses(self) -> Counter[Value]:
        """``use_count`` of every value that is read at all, from one walk over the graph."""
        reads = (value for node in self.unordered() for value in node.operands if value is not None)
        uses = Counter(reads)
        uses.update(self.outputs.values())
        return uses

    def weights(self) -> tuple[Weight, ...]:
        """The weights that the graph depends on, each once, in declaration order."""
        found: dict[str, Weight] = {}
        for node in self.nodes():
            for weight in node.owned:
                found.setdefault(weight.name, weight)
        return tuple(found.values())

    # --- writing ---

    def add(
        self,
        op: Operation,
        operands: Iterable[Value | None],
        results: Iterable[TensorType],
        *,
        name: str,
        weights: Mapping[str, Weight] | None = None,
        origins: tuple[Origin, ...] = (),
        doc: str = "",
        order: int | None = None,
        value_names: tuple[str, ...] = (),
        stored: bool = False,
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
            value_names=value_names,
            stored=stored,
        )
        self._need_operands(node)
        self._next_id += 1
        self._nodes[node.id] = node
        self._graph.add_node(node.id)
        self._connect(node)
        return node

    def update(self, node_id: int, **changes: object) -> Node:
        """Change fields of a node, all but its identity; edges follow its operands.

        Raises:
            ValueError: an operand is no node of the graph.
        """
        node = dataclasses.replace(self.node(node_id), **changes)  # pyright: ignore[reportArgumentType]
        self._need_operands(node)
        self._graph.remove_edges_from(list(self._graph.in_edges(node_id)))
        self._nodes[node_id] = node
        self._connect(node)
        return node

    def relabel(self, node_id: int, **changes: object) -> Node:
        """Change what a node is called, says or comes from; what it computes of which operands stays."""
        node = dataclasses.replace(self.node(node_id), **changes)  # pyright: ignore[reportArgumentType]
        self._nodes[node_id] = node
        self._sorted = None
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
        self.remove_all(other.id for other in absorbed)
        return updated

    def redirect(self, old: Value, new: Value) -> None:
        """Let every reader of ``old``, outputs of the model included, read ``new``."""
        self._rewire({old: new}, (reader.id for reader in self.readers(old)))

    def redirect_all(self, replacements: Mapping[Value, Value]) -> None:
        """``redirect`` for many values at once, each node changed once; no replacement may be replaced itself."""
        readers = {value.node for value in replacements}
        self._rewire(replacements, {reader for source in readers for reader in self._graph.successors(source)})

    def remove(self, node_id: int) -> None:
        """Remove a node; ValueError if something still reads it."""
        self.remove_all((node_id,))

    def remove_all(self, node_ids: Iterable[int]) -> None:
        """Remove nodes; ValueError, and nothing is removed, if anything that stays reads one of them."""
        removed = set(node_ids)
        for node_id in removed:
            readers = any(reader not in removed for reader in self._graph.successors(node_id))
            if readers or self.outputs.has_node(node_id):
                raise ValueError(f"node {self.node(node_id).name!r} is still read")
        self._graph.remove_nodes_from(removed)
        for node_id in removed:
            del self._nodes[node_id]
        self._sorted = None
        if self._order is not None and removed:
            # Nothing that stays waits for what goes, so that the others are in order as they are.
            self._order = tuple(node_id for node_id in self._order if node_id not in removed)

    def copy(self) -> Graph:
        """An independent graph with the same nodes and identities."""
        other = Graph(self.name, self.doc)
        other.outputs.update(self.outputs)
        other.output_docs = dict(self.output_docs)
        other.demands = list(self.demands)
        other._graph = self._graph.copy()
        other._nodes = dict(self._nodes)
        other._next_id = self._next_id
        return other

    def _rewire(self, replacements: Mapping[Value, Value], reader_ids: Iterable[int]) -> None:
        for reader_id in tuple(reader_ids):
            before = self.node(reader_id).operands
            after = tuple(value if value is None else replacements.get(value, value) for value in before)
            if after != before:
                self.update(reader_id, operands=after)
        for old, new in replacements.items():
            for name in self.outputs.names_of(old):
                self.outputs[name] = new

    def _need_operands(self, node: Node) -> None:
        for operand in node.operands:
            if operand is not None and operand.node not in self._nodes:
                raise ValueError(f"{operand}, an operand of {node.name!r}, is no node of the graph")

    def _connect(self, node: Node) -> None:
        for operand in node.operands:
            if operand is not None:
                self._graph.add_edge(operand.node, node.id)
        self._order = self._sorted = None


def _place(node: Node) -> tuple[int, int]:
    return node.order, node.id


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
