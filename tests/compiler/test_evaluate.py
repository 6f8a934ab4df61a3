"""Values of weights, and graphs evaluated by the references of their layers."""

from __future__ import annotations

import numpy as np
import pytest
from dotnn.compiler import initializers
from dotnn.compiler import operators as ops
from dotnn.compiler.evaluate import evaluate, named_results
from dotnn.compiler.export import verify_model
from dotnn.compiler.graph.graph import Graph, Value
from dotnn.compiler.graph.tensors import Fan, Literal, Weight
from dotnn.compiler.graph.types import DType
from dotnn.compiler.layers.activations import Relu
from dotnn.compiler.layers.recurrent import Lstm
from dotnn.compiler.weights.values import WeightState, WeightValues

from tests.helpers.export_graphs import VALUES, H, Loaded, N, Network, Reshaped, array, content_of, two_layers
from tests.helpers.graphs import add_input, add_layer, float32, run, with_all_values

# Values of weights --------------------------------------------------------------------------------------


def weight(name: str, shape: tuple[int, ...], initializer: object = None) -> Weight:
    chosen = initializers.HeNormal() if initializer is None else initializer
    return Weight(name, shape, DType.FLOAT32, chosen, Fan(3, 5))  # pyright: ignore


def test_values_come_from_the_file_the_literal_or_the_initializer() -> None:
    source = Loaded(a=np.arange(3.0))
    values = WeightValues(5, source)
    loaded = values.values(weight("a", (3,)))
    assert loaded.dtype == np.float32
    assert loaded.tolist() == [0, 1, 2]
    assert values.values(weight("b", (3,), Literal((3,), (4, 5, 6)))).tolist() == [4, 5, 6]
    drawn = values.values(weight("c", (3,)))
    again = initializers.initialize(initializers.HeNormal(), (3,), "float32", Fan(3, 5), 5, "c")
    assert drawn.tolist() == again.tolist()
    assert source.reads == ["a"]


def test_values_are_kept_nowhere() -> None:
    source = Loaded(a=np.arange(3.0))
    values = WeightValues(0, source)
    for _ in range(3):
        assert values.values(weight("a", (3,))).tolist() == [0, 1, 2]
    assert source.reads == ["a"] * 3


def test_an_array_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a: values of shape \(2,\) for a tensor of shape \(3,\)"):
        WeightValues(0, Loaded(a=np.zeros(2))).values(weight("a", (3,)))


def test_the_state_of_weights() -> None:
    literal, open_weight = weight("l", (1,), Literal((1,), (1,))), weight("o", (1,))
    assert WeightValues().state([]) is WeightState.COMPLETE
    assert WeightValues().state([literal]) is WeightState.COMPLETE
    assert WeightValues().state([literal, open_weight]) is WeightState.INITIAL
    assert WeightValues(0, Loaded(o=np.zeros(1))).state([literal, open_weight]) is WeightState.LOADED


# Evaluation ---------------------------------------------------------------------------------------------


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
