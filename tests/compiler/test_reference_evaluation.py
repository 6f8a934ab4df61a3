"""Graphs evaluated by the references of their layers."""

from __future__ import annotations

import numpy as np
import pytest
from dotnn.compiler import operators as ops
from dotnn.compiler.export import verify_model
from dotnn.compiler.graph.graph import Graph, Value
from dotnn.compiler.layers.activations import Relu
from dotnn.compiler.layers.recurrent import Lstm
from dotnn.compiler.reference_evaluation import evaluate, named_results

from tests.helpers.export_graphs import VALUES, H, N, Network, Reshaped, array, content_of, two_layers
from tests.helpers.graphs import add_input, add_layer, float32, run, with_all_values


def lstm_graph() -> Graph:
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, H, 4))
    lstm = add_layer(graph, "lstm", Lstm(units=3, bidirectional=True, layers=2), x, None, None, None)
    flat = add_layer(graph, "flat", Reshaped(shape=(N, 6 * H)), lstm)
    graph.outputs["y"] = add_layer(graph, "back", Reshaped(shape=(H, N, 6)), flat)
    graph.outputs["c"] = Value(lstm.node, 2)
    return graph


@pytest.mark.parametrize(("n", "h"), [(1, 1), (3, 5)])
def test_every_value_agrees_with_the_references(n: int, h: int) -> None:
    graph = lstm_graph()
    content = content_of(graph)
    verify_model(content)
    feeds = {"x": array(n, h, 4)}
    found = run(with_all_values(content), feeds)
    expected = named_results(graph, evaluate(graph, feeds, VALUES))
    assert set(expected) == {"x", "lstm", "lstm.h", "c", "flat", "y"}
    assert expected["y"].dtype == np.float64
    # Nothing reads the final hidden state, so that the model does not compute it.
    assert expected.keys() - found.keys() == {"x", "lstm.h"}
    for name in expected.keys() & found.keys():
        np.testing.assert_allclose(found[name], expected[name], atol=1e-6)


def test_values_that_nothing_reads_any_more_are_dropped() -> None:
    graph = two_layers()
    feeds = {"x": array(2, 4)}
    assert set(evaluate(graph, feeds, VALUES, keep=())) == set(graph.outputs.values())
    x = graph.inputs[0].value()
    assert set(evaluate(graph, feeds, VALUES, keep=[x])) == {x, *graph.outputs.values()}
    assert len(evaluate(graph, feeds, VALUES, "float32")) == 3


def test_values_that_are_computed_from_weights_are_those_of_their_operators() -> None:
    net = Network()
    once = net.op(ops.Add(), *[net.written("w", [1, 2, 3])] * 2, name="w:2")
    net.output("twice", net.op(ops.Add(), once, once, name="w:4"))
    found = named_results(net.graph, evaluate(net.graph, {}, VALUES))
    assert {name: array.tolist() for name, array in found.items()} == {
        "w": [1, 2, 3],
        "w:2": [2, 4, 6],
        "w:4": [4, 8, 12],
        "twice": [4, 8, 12],
    }


def test_a_reference_of_another_shape_than_inferred_is_told() -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, 4))
    graph.outputs["y"] = graph.add(Relu(), (x,), (float32(N, 5),), name="relu").value()
    with pytest.raises(ValueError, match=r"relu: an array of shape \[2, 4\] for float32\[N, 5\], that is"):
        evaluate(graph, {"x": array(2, 4)}, VALUES)
