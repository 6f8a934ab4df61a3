"""Removal of nodes that give just their operand."""

from __future__ import annotations

from collections.abc import Mapping

from ..graph.graph import Graph, Node, Value
from ..operators.base import Operator
from ..operators.graph_builder import INSIDE, layer_name
from .contract import PassContext, Property, graph_pass
from .fusing_conditions import constants_among


@graph_pass(
    requires=[Property.CONSTANTS_FOLDED],
    ensures=[Property.IDENTITIES_REMOVED],
    spoils=[Property.DEAD_REMOVED],
)
def remove_identities(graph: Graph, context: PassContext) -> bool:
    """Let readers of nodes that give just their operand read that operand.

    Which operand that is, operators say themselves (``Operator.passed_on``). The value of a layer keeps its name where
    what the layer passes on at its end is a value inside of it.
    """
    sources: dict[Value, Value] = {}
    removed: list[Node] = []
    for node in graph.nodes():
        found = _passed_on(graph, node, sources)
        if found is not None:
            sources[node.value()] = found
            removed.append(node)
    graph.redirect_all(sources)
    graph.remove_all(node.id for node in removed)
    for node in removed:
        _hand_on_names(graph, node, sources[node.value()])
    return bool(removed)


def _passed_on(graph: Graph, node: Node, sources: Mapping[Value, Value]) -> Value | None:
    """The operand that the node gives, of exactly the type of its result; None for any other node.

    Args:
        graph: the graph.
        node: the node.
        sources: what was found of the nodes before.
    """
    if not isinstance(node.op, Operator) or len(node.results) != 1:
        return None
    operands = [None if value is None else sources.get(value, value) for value in node.operands]
    types = [None if value is None else graph.type_of(value) for value in operands]
    place = node.op.passed_on(types, constants_among(graph, operands), node.results)
    return None if place is None or types[place] != node.results[0] else operands[place]


def _hand_on_names(graph: Graph, removed: Node, value: Value) -> None:
    """Give a value inside of a layer, and its node, the names of the layer's that they are now."""
    node = graph.producer(value)
    if not isinstance(node.op, Operator) or layer_name(node) != layer_name(removed):
        return
    names = list(node.value_names)
    if INSIDE in names[value.index]:
        names[value.index] = removed.value_names[0]
    name = removed.name if INSIDE in node.name else node.name
    graph.relabel(node.id, name=name, value_names=tuple(names), doc=node.doc or removed.doc)
