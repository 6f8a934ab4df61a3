"""What a graph must be, and what is said of one that is not."""

from __future__ import annotations

import pytest
from dotnn.compiler.graph.graph import Graph, Value
from dotnn.compiler.graph.operations import Constant, Parameter
from dotnn.compiler.graph.tensors import Literal, Weight
from dotnn.compiler.graph.types import DType
from dotnn.compiler.graph.verify import InvalidGraph, verify_graph
from dotnn.compiler.layers.dense import Dense
from dotnn.compiler.lowering import lower
from dotnn.compiler.passes.infer_types import infer_types

from tests.helpers.graphs import add_layer, float32
from tests.helpers.small_graph import id_of, small_graph


def test_weights_of_one_name_must_be_one() -> None:
    graph = small_graph()
    conv = graph.node(id_of(graph, "conv"))
    weight = conv.weights["weight"]
    assert isinstance(weight, Weight)
    other = Weight(weight.name, (4, 3), DType.FLOAT32, weight.initializer, weight.fan)
    relu = graph.node(id_of(graph, "relu"))
    dense = Dense(units=4, axis=1, bias=False)
    graph.outputs["z"] = add_layer(graph, "dense", dense, relu.value(), weights={"weight": other})
    with pytest.raises(InvalidGraph, match=r"two unequal weights are named `conv\.weight`"):
        verify_graph(graph)


def test_layers_must_have_the_weights_that_their_operands_make() -> None:
    graph = small_graph()
    graph.update(id_of(graph, "conv"), weights={})
    said = r"`conv` has weights none, and its operands make them weight \[3, 3, 1, 1\], bias \[3\]"
    with pytest.raises(InvalidGraph, match=said):
        infer_types(graph)


def test_parameters_must_have_the_type_of_their_weights() -> None:
    graph = lower(small_graph())
    node = graph.node(id_of(graph, "conv.bias"))
    assert isinstance(node.op, Parameter)
    graph.update(node.id, results=(float32(4),))
    with pytest.raises(InvalidGraph, match=r"`conv\.bias` is float32\[4\] and holds"):
        infer_types(graph)


def test_what_operators_make_has_names_of_its_own() -> None:
    graph = lower(small_graph())
    graph.update(id_of(graph, "relu"), value_names=("conv.weight",))
    with pytest.raises(InvalidGraph, match=r"2 values are named `conv\.weight`"):
        verify_graph(graph)


def test_constants_must_have_the_shape_of_their_numbers() -> None:
    graph = Graph("net")
    node = graph.add(Constant(Literal((2,), (1, 2))), (), (float32(3),), name="c")
    graph.outputs["y"] = node.value()
    with pytest.raises(InvalidGraph, match=r"`c` is float32\[3\] and holds literal\[2\]"):
        infer_types(graph)


def test_an_operand_must_be_a_node() -> None:
    graph = small_graph()
    with pytest.raises(ValueError, match="no node of the graph"):
        graph.update(id_of(graph, "relu"), operands=(Value(99),))
    verify_graph(graph)
