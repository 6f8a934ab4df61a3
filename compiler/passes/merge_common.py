"""Merging of nodes that compute the same."""

from __future__ import annotations

from collections.abc import Hashable

from ..graph.graph import Graph, Node, Value
from ..graph.operations import Input
from .contract import PassContext, Property, graph_pass


@graph_pass(requires=[Property.IDENTITIES_REMOVED], ensures=[Property.COMMON_MERGED])
def merge_common(graph: Graph, context: PassContext) -> bool:
    """Merge nodes that apply the same operation to the same operands, with the same weights if with any.

    Layers have weights in common through ``reuse`` alone. The first node stays, under its name, and takes over the
    origins of the others.
    """
    kept: dict[Hashable, Node] = {}
    merged: dict[int, list[Node]] = {}
    replacements: dict[Value, Value] = {}
    for node in graph.nodes():
        if isinstance(node.op, Input):
            continue
        first = kept.setdefault(_key(node, replacements), node)
        if first is node:
            continue
        merged.setdefault(first.id, []).append(node)
        replacements |= {node.value(index): first.value(index) for index in range(len(node.results))}
    graph.redirect_all(replacements)
    for node_id, others in merged.items():
        node = graph.node(node_id)
        graph.replace(node, node.op, absorbed=others)
    return bool(merged)


def _key(node: Node, replacements: dict[Value, Value]) -> Hashable:
    """What a node computes. Types are part of it, since a number is a constant of several element types."""
    operands = tuple(None if value is None else replacements.get(value, value) for value in node.operands)
    return node.op, operands, node.results, tuple(sorted(node.weights.items(), key=lambda item: item[0]))
