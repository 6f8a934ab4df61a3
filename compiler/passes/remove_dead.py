"""Removal of nodes that no output depends on."""

from __future__ import annotations

from ..graph.graph import Graph, walk_back
from ..graph.operations import Input
from .contract import PassContext, Property, graph_pass


@graph_pass(ensures=[Property.DEAD_REMOVED])
def remove_dead(graph: Graph, context: PassContext) -> bool:
    """Remove every node that no output depends on, and with it the weights that nothing else reads.

    Inputs stay: they are the model's interface, and symbolic dimensions may be read from them.
    """
    alive = {node.id for node in walk_back(graph, graph.outputs.values())}
    dead = [node.id for node in graph.unordered() if node.id not in alive and not isinstance(node.op, Input)]
    graph.remove_all(dead)
    return bool(dead)
