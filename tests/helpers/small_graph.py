"""A graph of three layers, and what stands in a graph."""

from __future__ import annotations

from dotnn.compiler.dims import symbol
from dotnn.compiler.graph.graph import Graph
from dotnn.compiler.layers.activations import Relu
from dotnn.compiler.layers.convolution import Conv2d
from dotnn.compiler.layers.tensor_arithmetic import Add

from tests.helpers.graphs import add_input, add_layer, float32
from tests.helpers.networks import computed

N = symbol("N")


def small_graph() -> Graph:
    """``y = relu(conv(x)) + x``."""
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, 3, 8, 8))
    conv = add_layer(graph, "conv", Conv2d(filters=3, kernel=(1, 1)), x)
    graph.outputs["y"] = add_layer(graph, "add", Add(), add_layer(graph, "relu", Relu(), conv), x)
    return graph


def names(graph: Graph) -> list[str]:
    """Of the inputs, and of the operators that a file has."""
    return [*(node.name for node in graph.inputs), *(node.name for node in computed(graph))]


def id_of(graph: Graph, name: str) -> int:
    return next(node.id for node in graph.nodes() if node.name == name)
