"""What a model costs: parameters, multiply-accumulates, bytes, depth; ``receptive_fields`` are a page of their own.

Counts are exact and, where they depend on symbolic dimensions, expressions in them. They are measured on the graph as
written, before optimization, and a weight that several nodes share counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeVar

from ..dims import Dim, dim_max
from ..graph.graph import Graph, Node, Value
from ..graph.operations import Constant, Parameter
from ..graph.tensors import Role, Weight
from ..graph.types import TensorType, type_for_one_example
from ..layers.base import Layer
from ..records import positional_record

#: What the whole model costs, by the names that ``expect`` has for it, in the order in which they are offered.
COSTS: dict[str, Callable[[Graph], Dim]] = {}

_Cost = TypeVar("_Cost", bound=Callable[[Graph], Dim])


def metric(function: _Cost) -> _Cost:
    """Let ``expect`` measure what a function of the layer graph gives, under the function's name."""
    COSTS[function.__name__] = function
    return function


@positional_record
class Count:
    """Learned numbers by what happens to them: their sum is Keras's total."""

    trainable: int
    frozen: int
    statistics: int

    @property
    def params(self) -> int:
        """Learned numbers, frozen ones included, running statistics not."""
        return self.trainable + self.frozen

    @property
    def total(self) -> int:
        """All of them."""
        return self.params + self.statistics


def count(weights: Iterable[Weight]) -> Count:
    """Count the numbers of some weights."""
    trainable = frozen = statistics = 0
    for weight in weights:
        if weight.role is Role.STATISTIC:
            statistics += weight.elements
        elif weight.frozen:
            frozen += weight.elements
        else:
            trainable += weight.elements
    return Count(trainable, frozen, statistics)


@metric
def params(graph: Graph) -> int:
    """Learned numbers, frozen ones included."""
    return count(graph.weights()).params


def node_macs(graph: Graph, node: Node) -> Dim:
    """Multiply-accumulates of one node, for one example."""
    if not isinstance(node.op, Layer):
        return 0
    operands = [None if kind is None else type_for_one_example(kind) for kind in graph.operand_types(node)]
    return node.op.macs(operands, [type_for_one_example(kind) for kind in node.results])


@metric
def macs(graph: Graph) -> Dim:
    """Multiply-accumulates of the convolution, dense, recurrent and attention layers, for one example."""
    total: Dim = 0
    for node in graph.nodes():
        total = total + node_macs(graph, node)
    return total


@metric
def weights_bytes(graph: Graph) -> int:
    """Bytes of all weights, running statistics included."""
    return sum(weight.elements * weight.dtype.size for weight in graph.weights())


@lru_cache(maxsize=4096)
def bytes_of(kind: TensorType) -> Dim:
    """Bytes of a tensor, for one example."""
    return type_for_one_example(kind).elements * kind.dtype.size


@metric
def peak_activation_bytes(graph: Graph) -> Dim:
    """The most bytes that are alive at once, for one example.

    Nodes run in graph order; a tensor is alive from the node that makes it to the last one that reads it, an
    output to the end. Weights and constants do not count.
    """
    nodes = graph.nodes()
    last = _last_reads(graph, nodes)
    alive: Dim = 0
    peak: Dim = 0
    dying: dict[int, list[Value]] = {}
    for value, step in last.items():
        dying.setdefault(step, []).append(value)
    for step, node in enumerate(nodes):
        if not _stored(node):
            for result in node.results:
                alive = alive + bytes_of(result)
        peak = dim_max(peak, alive)
        for value in dying.get(step, ()):
            if not _stored(graph.producer(value)):
                alive = alive - bytes_of(graph.type_of(value))
    return peak


def _stored(node: Node) -> bool:
    return isinstance(node.op, Constant | Parameter)


def _last_reads(graph: Graph, nodes: tuple[Node, ...]) -> dict[Value, int]:
    last: dict[Value, int] = {}
    for step, node in enumerate(nodes):
        for index in range(len(node.results)):
            last[node.value(index)] = step
        for operand in node.operands:
            if operand is not None:
                last[operand] = step
    for value in graph.outputs.values():
        last.pop(value, None)
    return last


@metric
def longest_path(graph: Graph) -> int:
    """How many layers and operators stand on the longest way from an input to an output."""
    depth: dict[int, int] = {}
    for node in graph.nodes():
        before = max((depth[operand.node] for operand in node.operands if operand is not None), default=0)
        depth[node.id] = before + isinstance(node.op, Layer)
    return max((depth[value.node] for value in graph.outputs.values()), default=0)
