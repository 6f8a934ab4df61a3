"""Whether two graphs are the same: what they compute, what their values and weights are called, where these begin."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from .graph import Graph, Node


def is_same(one: Graph, other: Graph) -> bool:
    """Whether nodes, operands, types, names, weights with their first values, outputs, demands and docs are equal.

    Only places in texts may differ.
    """
    return len(one) == len(other) and all(map(_equal, _facts(one), _facts(other))) and _ends(one) == _ends(other)


def _equal(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return one == other


def _facts(graph: Graph) -> Iterator[tuple[object, ...]]:
    """Of every node in order, all that is said of it; other nodes by their numbers in that order."""
    nodes = graph.nodes()
    numbers = {node.id: number for number, node in enumerate(nodes)}
    for node in nodes:
        operands = [None if one is None else (numbers[one.node], one.index) for one in node.operands]
        yield node.name, node.op, operands, node.results, dict(node.weights), _paths(node), node.doc


def _paths(node: Node) -> list[str]:
    return [origin.path for origin in node.origins]


def _ends(graph: Graph) -> tuple[object, ...]:
    numbers = {node.id: number for number, node in enumerate(graph.nodes())}
    outputs: list[Hashable] = [(name, numbers[one.node], one.index) for name, one in graph.outputs.items()]
    demands = [(demand.dim, demand.minimum) for demand in graph.demands]
    return graph.name, graph.doc, outputs, graph.output_docs, demands
