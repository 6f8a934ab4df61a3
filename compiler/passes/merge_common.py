"""Merging of nodes that compute the same."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from ..graph.graph import Graph, Node, Value
from ..graph.operations import Input, Parameter
from ..operators.graph_builder import INSIDE
from .contract import PassContext, Property, graph_pass


@graph_pass(requires=[Property.IDENTITIES_REMOVED], ensures=[Property.COMMON_MERGED])
def merge_common(graph: Graph, context: PassContext) -> bool:
    """Merge nodes that apply the same operation to the same operands, weights among them.

    Operators read the same weight through ``reuse`` alone. The first node stays, under its names, and takes over the
    origins of the others. Only where it stands inside of a layer does it take over the names of one that is the end of
    a layer, or written in the source.
    """
    kept: dict[Hashable, Node] = {}
    merged: dict[int, list[Node]] = {}
    replacements: dict[Value, Value] = {}
    for node in graph.nodes():
        if isinstance(node.op, Input | Parameter):
            # There is one node for each anyway.
            continue
        first = kept.setdefault(_key(node, replacements), node)
        if first is node:
            continue
        merged.setdefault(first.id, []).append(node)
        replacements |= {node.value(index): first.value(index) for index in range(len(node.results))}
    graph.redirect_all(replacements)
    for node_id, others in merged.items():
        node = graph.node(node_id)
        members = (node, *others)
        names = map(_outside, zip(*(one.value_names for one in members), strict=True))
        name = _outside([one.name for one in members])
        graph.replace(node, node.op, absorbed=others, name=name, value_names=tuple(names))
    return bool(merged)


def _key(node: Node, replacements: dict[Value, Value]) -> Hashable:
    """What a node computes. Types are part of it, since a number is a constant of several element types."""
    operands = tuple(None if value is None else replacements.get(value, value) for value in node.operands)
    return node.op, operands, node.results


def _outside(names: Sequence[str]) -> str:
    """The first name that is not inside of a layer, or else the first."""
    return next((name for name in names if INSIDE not in name), names[0])
