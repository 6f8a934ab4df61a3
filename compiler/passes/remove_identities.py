"""Removal of nodes that give just their operand."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from ..graph.graph import Graph, Node, Value
from ..graph.operations import Constant
from ..layers.merging import Split
from ..layers.operators import Add, Div, Index, Mul, Sub
from ..layers.regularization import Dropout
from ..layers.reshaping import Expand, Flatten, Flip, Reshape, Transpose
from .contract import PassContext, Property, graph_pass


@graph_pass(
    requires=[Property.CONSTANTS_FOLDED],
    ensures=[Property.IDENTITIES_REMOVED],
    spoils=[Property.DEAD_REMOVED],
)
def remove_identities(graph: Graph, context: PassContext) -> bool:
    """Let readers of nodes that give just their operand read that operand.

    These are dropout; changes of shape that keep it; transpositions that keep the order; flips of axes of size 1;
    slices of everything; and products and quotients by 1 and sums and differences with 0, where the result is the
    operand to the last bit.
    """
    operands: dict[Value, Value] = {}
    for node in graph.nodes():
        found = _passed_on(graph, node)
        if found is not None:
            operands[node.value()] = operands.get(found, found)
    graph.redirect_all(operands)
    graph.remove_all(value.node for value in operands)
    return bool(operands)


def _passed_on(graph: Graph, node: Node) -> Value | None:
    """The operand that the node gives, of exactly the type of its result; None for any other node."""
    find = _FINDERS.get(type(node.op))
    if find is None or len(node.results) != 1:
        return None
    value = find(graph, node)
    if value is None or graph.type_of(value) != node.results[0]:
        return None
    return value


Finder = Callable[[Graph, Node], Value | None]


def _operand(graph: Graph, node: Node) -> Value | None:
    """The operand of a layer that cannot change anything but the shape, which is compared afterwards."""
    return node.operands[0]


def _transposed(graph: Graph, node: Node) -> Value | None:
    if not isinstance(node.op, Transpose):
        return None
    rank = len(node.op.order)
    keeps = all(axis % rank == place for place, axis in enumerate(node.op.order))
    return node.operands[0] if keeps else None


def _flipped(graph: Graph, node: Node) -> Value | None:
    if not isinstance(node.op, Flip):
        return None
    shape = node.results[0].shape
    return node.operands[0] if all(shape[axis] == 1 for axis in node.op.axis) else None


def _either(neutral: float, negative_zero: bool = False) -> Finder:
    """The operand beside a constant, on either side, that changes nothing."""

    def find(graph: Graph, node: Node) -> Value | None:
        a, b = node.operands
        if _is_filled(graph, b, neutral, negative_zero):
            return a
        return b if _is_filled(graph, a, neutral, negative_zero) else None

    return find


def _second(neutral: float) -> Finder:
    """The first operand, where the second is a constant that changes nothing."""

    def find(graph: Graph, node: Node) -> Value | None:
        a, b = node.operands
        return a if _is_filled(graph, b, neutral, negative_zero=False) else None

    return find


def _is_filled(graph: Graph, value: Value | None, number: float, negative_zero: bool) -> bool:
    """Whether a value is a constant with one number in all places.

    Args:
        graph: the graph.
        value: the value.
        number: the number.
        negative_zero: whether floating point zeros must be ``-0.0``; if not, none may be.
    """
    op = None if value is None else graph.producer(value).op
    if value is None or not isinstance(op, Constant):
        return False
    signed = number == 0 and graph.type_of(value).dtype.is_float
    return all(
        element == number and (not signed or (math.copysign(1, element) < 0) == negative_zero)
        for element in op.value.elements
    )


#: By the layer: how to find the operand that it may give. The sum of `-0.0` and `0.0` is `0.0`, so that only `-0.0` may
#: be added to a float.
_FINDERS: Mapping[type, Finder] = {
    Dropout: _operand,
    Flatten: _operand,
    Reshape: _operand,
    Expand: _operand,
    Index: _operand,
    Split: _operand,
    Transpose: _transposed,
    Flip: _flipped,
    Add: _either(0, negative_zero=True),
    Sub: _second(0),
    Mul: _either(1),
    Div: _second(1),
}
