"""Graphs as text."""

from __future__ import annotations

from dotnn.compiler.graph.graph import Graph
from dotnn.compiler.graph.graph_text import format_graph
from dotnn.compiler.layers.activations import Relu

from tests.helpers.graphs import add_input, add_layer, float32
from tests.helpers.networks import graph_of


def test_text_of_a_graph() -> None:
    graph = graph_of("""
      const long: float32[9] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
      model net() {
        input x: float32[N, 6, H]
        input ids: int64[N]
        a, b = x -> split(2, axis=1)
        output y = b -> conv: conv1d(3, kernel=2, init=he_normal, weight=[[[1, 0.5], [0, 1], [2, 2]], [[1, 0.5], [0, 1],
            [2, 2]], [[1, 0.5], [0, 1], [2, 2]]], bias=false) -> reshape([N, 3 * H - 3])
        output z = a
        output e = (ids -> embedding(5, dim=9)) + long
      }""")
    assert (
        format_graph(graph)
        == """\
model net
x = input: float32[N, 6, H]
ids = input: int64[N]
split = split(x, parts=2, axis=1): float32[N, 3, H], float32[N, 3, H]
conv = conv1d(split[1], init=he_normal, kernel=[2], bias=false, filters=3) {weight: conv.weight}: float32[N, 3, H - 1]
reshape = reshape(conv, shape=[N, 3*H - 3]): float32[N, 3*H - 3]
embedding = embedding(ids, vocabulary=5, dim=9) {weight: embedding.weight}: float32[N, 9]
long = constant(literal[9]): float32[9]
add = add(embedding, long): float32[N, 9]
output y = reshape
output z = split[0]
output e = add
demand H >= 2
"""
    )


def test_text_tells_nodes_of_one_name_apart() -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(2))
    graph.outputs["y"] = add_layer(graph, "x", Relu(), x)
    assert format_graph(graph) == "model net\nx#0 = input: float32[2]\nx#1 = relu(x#0): float32[2]\noutput y = x#1\n"
