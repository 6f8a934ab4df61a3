"""How stored values are computed: which results are there as a whole, in which form, and from what.

A result is there as a whole if a file stores it, or if something reads it that cannot take it by blocks. Which results
are needed in float64 follows backwards from who reads them: arithmetic needs it; what only moves elements needs it if
its own result is needed so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final

from ..dims import DimExpr
from ..graph.graph import Graph, Node, Value
from ..graph.operations import Constant
from ..graph.types import DType, TensorType
from ..operators.base import Operator

#: Results with more elements are computed by blocks, where every element is computed by itself.
LARGEST_WHOLE = 2**17


@dataclass(frozen=True, slots=True)
class Member:
    """An operator of an expression that is computed by blocks.

    Attributes:
        node: its node; the result has the shape of the whole.
        spent: results of the expression that nothing after it reads.
    """

    node: Node
    spent: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """The computation of a node whose results are there as a whole.

    Attributes:
        place: its number; steps that it needs have lower ones.
        node: the node.
        wide: whether its floating point results are kept in float64, because arithmetic reads them.
        reads_wide: whether it needs its floating point operands in float64.
        tree: where it is computed by blocks, the operators of the expression, operands first, its own one last.
        reads: the results of other steps that it needs, each once.
    """

    place: int
    node: Node
    wide: bool
    reads_wide: bool
    tree: tuple[Member, ...]
    reads: tuple[Value, ...]


def known_shape(found: TensorType) -> tuple[int, ...]:
    """The shape of a value that depends on no input.

    Raises:
        ValueError: it is not known.
    """
    shape = tuple(dim for dim in found.shape if not isinstance(dim, DimExpr))
    if len(shape) < found.rank:
        raise ValueError(f"{found} has no known shape")
    return shape


def is_by_blocks(node: Node) -> bool:
    """Whether the results may be computed by blocks, so that whoever reads them by blocks computes them anew."""
    if not isinstance(node.op, Operator) or not node.op.elementwise or len(node.results) != 1:
        return False
    elements = node.results[0].elements
    return isinstance(elements, int) and elements > LARGEST_WHOLE


def reads_by_blocks(graph: Graph, node: Node, value: Value) -> bool:
    """Whether an operand may be computed together with the node, a block at a time."""
    source = graph.producer(value)
    return is_by_blocks(node) and is_by_blocks(source) and source.results[0].shape == node.results[0].shape


def plan_steps(graph: Graph, nodes: Sequence[Node], initializers: Iterable[Value]) -> dict[int, Step]:
    """The steps that give the initializers, by the identity of the node.

    Args:
        graph: the graph.
        nodes: those that are evaluated, operands before readers.
        initializers: the values that a file stores.
    """
    plan = _Plan(graph, nodes, initializers)
    steps = (plan.step(place, node) for place, node in enumerate(nodes) if node.id in plan.whole)
    return {step.node.id: step for step in steps}


@final
class _Plan:
    def __init__(self, graph: Graph, nodes: Sequence[Node], initializers: Iterable[Value]) -> None:
        self._graph = graph
        self._places = {node.id: place for place, node in enumerate(nodes)}
        #: Nodes whose results are exact in their own types.
        self._exact: set[int] = set()
        self._by_blocks: set[int] = set()
        self._wide: set[int] = set()
        self.whole = {value.node for value in initializers}
        for node in nodes:
            self._classify(node)
        for node in reversed(nodes):
            self._demand(node)

    def step(self, place: int, node: Node) -> Step:
        tree = self._tree(node) if node.id in self._by_blocks else ()
        inside = {member.node.id for member in tree}
        members = [member.node for member in tree] or [node]
        read = dict.fromkeys(value for member in members for value in self._evaluated_operands(member))
        reads = tuple(value for value in read if value.node not in inside)
        return Step(place, node, node.id in self._wide, self._reads_wide(node), tree, reads)

    def _classify(self, node: Node) -> None:
        moves = operator_of(node).keeps_values and all(one is None or self._is_exact(one) for one in node.operands)
        if moves or not any(_is_narrow(found.dtype) for found in node.results):
            self._exact.add(node.id)
        if is_by_blocks(node) and not moves:
            self._by_blocks.add(node.id)

    def _is_exact(self, value: Value) -> bool:
        node = self._graph.producer(value)
        if isinstance(node.op, Constant):
            return not _is_narrow(node.results[0].dtype)
        return node.id in self._exact or node.id not in self._places

    def _demand(self, node: Node) -> None:
        """Note of the operands which are needed as a whole, and which in float64; after all that read the node."""
        wide = self._reads_wide(node)
        for value in self._evaluated_operands(node):
            if self._is_inside(node, value):
                continue
            self.whole.add(value.node)
            if wide and value.node not in self._exact:
                self._wide.add(value.node)

    def _reads_wide(self, node: Node) -> bool:
        return node.id in self._by_blocks or not operator_of(node).keeps_values or node.id in self._wide

    def _is_inside(self, node: Node, value: Value) -> bool:
        """Whether an operand is computed together with the node, a block at a time."""
        by_blocks = node.id in self._by_blocks and value.node in self._by_blocks
        return by_blocks and reads_by_blocks(self._graph, node, value)

    def _evaluated_operands(self, node: Node) -> Iterable[Value]:
        return dict.fromkeys(value for value in node.operands if value is not None and value.node in self._places)

    def _tree(self, root: Node) -> tuple[Member, ...]:
        found = {root.id}
        open_nodes = [root]
        while open_nodes:
            node = open_nodes.pop()
            inside = {value.node for value in self._evaluated_operands(node) if self._is_inside(node, value)} - found
            found |= inside
            open_nodes.extend(map(self._graph.node, inside))
        nodes = [self._graph.node(node_id) for node_id in sorted(found, key=self._places.__getitem__)]
        last = {value: node.id for node in nodes for value in self._evaluated_operands(node) if value.node in found}
        spent: dict[int, list[Value]] = {node.id: [] for node in nodes}
        for value, reader in last.items():
            spent[reader].append(value)
        return tuple(Member(node, tuple(spent[node.id])) for node in nodes)


def operator_of(node: Node) -> Operator:
    """The operator of a node that is evaluated; TypeError for any other node."""
    if not isinstance(node.op, Operator):
        raise TypeError(f"{node.name}: {node.op.kind} is not evaluated")
    return node.op


def _is_narrow(dtype: DType) -> bool:
    """Whether float64 has numbers that the type has not."""
    return dtype.is_float and dtype is not DType.FLOAT64
