"""What is stored in a model: every value that depends on no input, evaluated while a file is written."""

from __future__ import annotations

from typing import final

import numpy as np

from ..graph.dims import DimExpr
from ..graph.graph import Graph, Node, Value
from ..graph.operations import Constant, Parameter
from ..graph.tensors import numpy_name
from ..graph.types import TensorType
from ..operators.base import Operator

# Loaded here rather than by the first weight: loading numpy's random module can swallow an interrupt, and by then a
# file is being written.
from ..weights import random_streams  # noqa: F401
from ..weights.values import WeightValues


@final
class Stored:
    """The values that a model stores, and their numbers.

    Attributes:
        evaluated: nodes that are computed while a file is written, and that it therefore does not have.
        initializers: the values that what a file has reads, in the order of first use; then unread parameters.
    """

    def __init__(self, graph: Graph, values: WeightValues) -> None:
        self._graph = graph
        self._values = values
        self.evaluated = _evaluated(graph)
        self.initializers = tuple(_initializers(graph, self.evaluated))

    def array(self, value: Value) -> np.ndarray:
        """The numbers of a value, in its element type."""
        array = self._exact(value)
        return array.astype(numpy_name(self._graph.type_of(value).dtype), copy=False)

    def _exact(self, value: Value) -> np.ndarray:
        node = self._graph.producer(value)
        match node.op:
            case Constant(numbers):
                array = numbers.array(node.results[0].dtype)
            case Parameter(weight):
                array = self._values.values(weight)
            case Operator() as op:
                operands = [None if one is None else self._exact(one) for one in node.operands]
                return op.reference(*operands)[value.index]
            case other:
                raise TypeError(f"{node.name}: {other.kind} is not stored")
        return array.astype("float64") if node.results[0].dtype.is_float else array


def known_shape(found: TensorType) -> tuple[int, ...]:
    """The shape of a value that depends on no input."""
    return tuple(dim for dim in found.shape if not isinstance(dim, DimExpr))


def _evaluated(graph: Graph) -> frozenset[int]:
    found: set[int] = set()
    outputs = {value.node for value in graph.outputs.values()}
    computed_from_weights: set[int] = set()
    for node in graph.nodes():
        if isinstance(node.op, Parameter):
            computed_from_weights.add(node.id)
        if not isinstance(node.op, Operator) or node.id in outputs or not node.operands:
            continue
        sources = [graph.producer(one) for one in node.operands if one is not None]
        known = all(isinstance(one.op, Constant | Parameter) or one.id in found for one in sources)
        if known and any(one.id in computed_from_weights for one in sources):
            found.add(node.id)
            computed_from_weights.add(node.id)
    return frozenset(found)


def _initializers(graph: Graph, evaluated: frozenset[int]) -> list[Value]:
    found: dict[Value, None] = {}
    for node in graph.nodes():
        if node.id in evaluated or not isinstance(node.op, Operator):
            continue
        for value in node.operands:
            if value is not None and _is_known(graph.producer(value), evaluated):
                found.setdefault(value)
    parameters = (node.value() for node in graph.nodes() if isinstance(node.op, Parameter))
    read_inside = {value for node_id in evaluated for value in graph.node(node_id).operands}
    return [*found, *(value for value in parameters if value not in found and value not in read_inside)]


def _is_known(node: Node, evaluated: frozenset[int]) -> bool:
    return node.id in evaluated or isinstance(node.op, Constant | Parameter)
