"""Changes of graphs: outputs, uses, redirected and removed nodes."""

from __future__ import annotations

import pytest
from dotnn.compiler.graph.graph_text import format_graph
from dotnn.compiler.graph.tensors import Literal
from dotnn.compiler.graph.verify import verify_graph
from dotnn.compiler.layers.tensor_arithmetic import Add

from tests.helpers.graphs import add_layer
from tests.helpers.small_graph import id_of, names, small_graph


def test_outputs_keep_file_order_and_find_names() -> None:
    graph = small_graph()
    x, relu = graph.inputs[0].value(), graph.node(id_of(graph, "relu")).value()
    y = graph.outputs["y"]
    graph.outputs["b"] = relu
    graph.outputs["a"] = y
    assert graph.output_names(y) == ("y", "a")
    graph.redirect(y, relu)
    assert list(graph.outputs.items()) == [("y", relu), ("b", relu), ("a", relu)]
    assert graph.output_names(relu) == ("y", "b", "a")
    assert graph.output_names(y) == ()
    del graph.outputs["b"]
    assert graph.output_names(relu) == ("y", "a")
    assert graph.output_names(x) == ()
    assert graph.copy().outputs == graph.outputs


def test_uses_are_use_counts() -> None:
    graph = small_graph()
    graph.outputs["x2"] = graph.inputs[0].value()
    graph.outputs["twice"] = add_layer(graph, "twice", Add(), graph.outputs["y"], graph.outputs["y"])
    uses = graph.uses()
    assert {node.name: uses[node.value()] for node in graph.nodes()} == {
        "x": 3,
        "conv": 1,
        "relu": 1,
        "add": 3,
        "twice": 1,
    }
    assert all(uses[node.value()] == graph.use_count(node.value()) for node in graph.nodes())


def test_redirect_all_is_redirect_for_each() -> None:
    one, other = small_graph(), small_graph()
    x, relu, y = one.inputs[0].value(), one.node(id_of(one, "relu")).value(), one.outputs["y"]
    one.redirect_all({relu: x, y: x})
    other.redirect(relu, x)
    other.redirect(y, x)
    assert format_graph(one) == format_graph(other)
    assert one.outputs["y"] == x
    verify_graph(one)


def test_nodes_that_something_reads_are_not_removed() -> None:
    graph = small_graph()
    with pytest.raises(ValueError, match="'conv' is still read"):
        graph.remove(id_of(graph, "conv"))
    with pytest.raises(ValueError, match="'add' is still read"):
        graph.remove_all([id_of(graph, "relu"), id_of(graph, "add")])
    graph.redirect(graph.outputs["y"], graph.inputs[0].value())
    graph.remove_all(id_of(graph, name) for name in ("conv", "add", "relu"))
    assert names(graph) == ["x"]


def test_literals_differ_by_the_sign_of_zero() -> None:
    assert Literal((2,), (0.0, 1.0)) != Literal((2,), (-0.0, 1.0))
    assert Literal((2,), (0, 1)) == Literal((2,), (0.0, 1.0))
    assert hash(Literal((2,), (0, 1))) == hash(Literal((2,), (0.0, 1.0)))
    assert Literal((1, 2), (0, 1)) != Literal((2,), (0, 1))
    assert Literal((1,), (0,)) != "literal"
