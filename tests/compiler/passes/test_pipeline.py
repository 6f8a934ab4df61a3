"""The pipeline, the contract of passes, and what they stand on: checks of graphs, graphs as text, changes of graphs."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from dotnn.compiler import operators as ops
from dotnn.compiler.dims import symbol
from dotnn.compiler.graph.graph import Graph, Value
from dotnn.compiler.graph.operations import Constant, Parameter
from dotnn.compiler.graph.tensors import Literal, Weight
from dotnn.compiler.graph.text import format_graph
from dotnn.compiler.graph.types import DType
from dotnn.compiler.graph.verify import InvalidGraph, verify_graph
from dotnn.compiler.layers.activations import Relu, Sigmoid
from dotnn.compiler.layers.convolution import Conv2d
from dotnn.compiler.layers.dense import Dense
from dotnn.compiler.layers.operators import Add
from dotnn.compiler.layers.regularization import Dropout
from dotnn.compiler.lowering import lower
from dotnn.compiler.passes.contract import Pass, PassContext, Property, check_order, graph_pass
from dotnn.compiler.passes.fusion.report import FusionReport
from dotnn.compiler.passes.infer_types import infer_types
from dotnn.compiler.passes.merge_common import merge_common
from dotnn.compiler.passes.pipeline import (
    COMPLETION,
    OPTIMIZATIONS,
    PASSES,
    BrokenPass,
    complete,
    optimize,
    run_verified,
)

from tests.helpers.graphs import add_input, add_layer, float32
from tests.helpers.networks import computed, graph_of

N = symbol("N")


def small_graph() -> Graph:
    """``y = relu(conv(x)) + x``."""
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, 3, 8, 8))
    conv = add_layer(graph, "conv", Conv2d(filters=3, kernel=(1, 1)), x)
    graph.outputs["y"] = add_layer(graph, "add", Add(), add_layer(graph, "relu", Relu(), conv), x)
    return graph


def context() -> PassContext:
    return PassContext("onnxruntime-cpu", FusionReport(), Graph("none"))


def names(graph: Graph) -> list[str]:
    """Of the inputs, and of the operators that a file has."""
    return [*(node.name for node in graph.inputs), *(node.name for node in computed(graph))]


# --- the pipeline -----------------------------------------------------------------------------------------------------


def test_the_given_graph_stays_as_it_is() -> None:
    graph = small_graph()
    text = format_graph(graph)
    assert names(optimize(graph, "onnxruntime", verify=True).graph) == ["x", "relu", "add"]
    assert names(complete(graph, verify=True)) == ["x", "conv", "relu", "add"]
    assert format_graph(graph) == text


def test_the_passes_stand_in_an_order_that_gives_each_what_it_requires() -> None:
    completed = {Property.DIMS_EXPANDED, Property.OUTPUTS_NAMED}
    assert check_order(OPTIMIZATIONS) == frozenset(Property) - completed
    assert check_order(COMPLETION) == completed
    # Dimensions are computed from constants, and a value with two names is passed on.
    assert check_order(PASSES) == frozenset(Property) - {Property.CONSTANTS_FOLDED, Property.IDENTITIES_REMOVED}


def test_an_order_that_does_not_is_refused() -> None:
    with pytest.raises(ValueError, match="fold_batch_norm requires"):
        check_order([one for one in PASSES if one is not merge_common])
    with pytest.raises(ValueError, match="_requiring requires"):
        check_order([_requiring, _ensuring])


@graph_pass(ensures=[Property.DEAD_REMOVED], spoils=[])
def _ensuring(graph: Graph, context: PassContext) -> bool:
    return False


@graph_pass(ensures=[Property.COMMON_MERGED], spoils=[Property.DEAD_REMOVED])
def _spoiling(graph: Graph, context: PassContext) -> bool:
    return False


@graph_pass(requires=[Property.DEAD_REMOVED], ensures=[Property.FUSED])
def _requiring(graph: Graph, context: PassContext) -> bool:
    return False


def test_what_a_pass_spoils_no_longer_holds() -> None:
    assert check_order([_ensuring, _requiring]) == {Property.DEAD_REMOVED, Property.FUSED}
    with pytest.raises(ValueError, match="_requiring requires that every node but the inputs leads to an output"):
        check_order([_ensuring, _spoiling, _requiring])


def test_passes_are_named_like_their_files() -> None:
    for one in PASSES:
        assert one.rewrite.__module__.rpartition(".")[2] == one.name


def test_optimized_text_inputs_outputs_and_demands_stay() -> None:
    graph = graph_of("""model net() {
      input x: float32[N, 3, H, W]
      input unread: float32[N]
      dead = x -> conv2d(4, kernel=5)
      output y = x -> conv2d(4, kernel=3) -> relu -> dropout(0.5)
      output x2 = x -> dropout(0.5)
    }""")
    optimized = optimize(graph, verify=True).graph
    assert [node.name for node in optimized.inputs] == ["x", "unread"]
    assert list(optimized.outputs) == ["y", "x2"]
    assert optimized.demands == graph.demands
    assert {demand.minimum for demand in optimized.demands} == {3, 5}


def test_origins_of_absorbed_nodes_are_carried_over() -> None:
    graph = graph_of("""model net() {
      input x: float32[N, 3, L]
      output y = (x -> body: { conv: conv1d(3, kernel=3, padding=1) -> bn: batch_norm }) + x -> relu
    }""")
    (conv, bn, add, relu) = graph.nodes()[1:]
    (fused,) = computed(optimize(graph, "onnxruntime-cpu", verify=True).graph)
    assert fused.origins == (*conv.origins, *bn.origins, *add.origins, *relu.origins)
    assert fused.name == "relu"
    assert all(origin.span is not None for origin in fused.origins)


def _broken(rewrite: Callable[[Graph], object], changed: bool = True) -> Pass:
    def broken(graph: Graph, context: PassContext) -> bool:
        rewrite(graph)
        return changed

    return graph_pass(ensures=[])(broken)


def _by_name(graph: Graph, name: str) -> int:
    return next(node.id for node in graph.nodes() if node.name == name)


def _wrong_type(graph: Graph) -> None:
    graph.update(_by_name(graph, "relu"), results=(float32(N, 3, 8, 9),))


def _wrong_weight(graph: Graph) -> None:
    conv = graph.node(_by_name(graph, "conv"))
    graph.update(conv.id, operands=(*conv.operands[:2], conv.operands[1]))


def _wrong_index(graph: Graph) -> None:
    node = graph.node(_by_name(graph, "relu"))
    graph.update(node.id, operands=(Value(_by_name(graph, "conv"), 3),))


def _rename(graph: Graph) -> None:
    graph.update(_by_name(graph, "relu"), name="conv")


def _circle(graph: Graph) -> None:
    conv = graph.node(_by_name(graph, "conv"))
    graph.update(conv.id, operands=(graph.node(_by_name(graph, "add")).value(), *conv.operands[1:]))


def _drop_output(graph: Graph) -> None:
    graph.outputs["z"] = graph.outputs["y"]


def _edge(graph: Graph) -> None:
    # Private: through its public methods a graph gets no edge that does not follow the operands.
    graph._graph.add_edge(_by_name(graph, "x"), _by_name(graph, "relu"))


def _unfit(graph: Graph) -> None:
    graph.update(_by_name(graph, "relu"), op=ops.Softmax(axis=4))


@pytest.mark.parametrize(
    ("rewrite", "said"),
    [
        (_wrong_type, r"`relu` is float32\[N, 3, 8, 9\], and its operands make it float32\[N, 3, 8, 8\]"),
        (_wrong_weight, r"`conv` does not take its operands: .* B is \[3, 3, 1, 1\], not \[3\]"),
        (_wrong_index, r"operand 0 of `relu` is .* does not exist"),
        (_rename, "2 nodes are named `conv`"),
        (_circle, "operands go in a circle at or before `add`"),
        (_drop_output, "it changes inputs, outputs or demands"),
        (_edge, "the edge from `x` to `relu` does not follow the operands"),
        (_unfit, "`relu` does not take its operands"),
        (lambda graph: None, "it says that it changed the graph, which is not so"),
        (lambda graph: graph.demands.append(None), "it changes inputs, outputs or demands"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_runner_names_the_pass_that_breaks_a_graph(rewrite: Callable[[Graph], object], said: str) -> None:
    with pytest.raises(BrokenPass, match=f"broken: .*{said}"):
        run_verified(_broken(rewrite), lower(small_graph()), context())


def test_the_runner_notices_a_change_that_is_not_owned_up_to() -> None:
    def rename(graph: Graph) -> None:
        graph.update(_by_name(graph, "relu"), name="other")

    with pytest.raises(BrokenPass, match="broken: it says that it left the graph"):
        run_verified(_broken(rename, changed=False), lower(small_graph()), context())


# --- checks of graphs -------------------------------------------------------------------------------------------------


def test_weights_of_one_name_must_be_one() -> None:
    graph = small_graph()
    conv = graph.node(_by_name(graph, "conv"))
    weight = conv.weights["weight"]
    assert isinstance(weight, Weight)
    other = Weight(weight.name, (4, 3), DType.FLOAT32, weight.initializer, weight.fan)
    relu = graph.node(_by_name(graph, "relu"))
    dense = Dense(units=4, axis=1, bias=False)
    graph.outputs["z"] = add_layer(graph, "dense", dense, relu.value(), weights={"weight": other})
    with pytest.raises(InvalidGraph, match=r"two unequal weights are named `conv\.weight`"):
        verify_graph(graph)


def test_layers_must_have_the_weights_that_their_operands_make() -> None:
    graph = small_graph()
    graph.update(_by_name(graph, "conv"), weights={})
    said = r"`conv` has weights none, and its operands make them weight \[3, 3, 1, 1\], bias \[3\]"
    with pytest.raises(InvalidGraph, match=said):
        infer_types(graph)


def test_parameters_must_have_the_type_of_their_weights() -> None:
    graph = lower(small_graph())
    node = graph.node(_by_name(graph, "conv.bias"))
    assert isinstance(node.op, Parameter)
    graph.update(node.id, results=(float32(4),))
    with pytest.raises(InvalidGraph, match=r"`conv\.bias` is float32\[4\] and holds"):
        infer_types(graph)


def test_what_operators_make_has_names_of_its_own() -> None:
    graph = lower(small_graph())
    graph.update(_by_name(graph, "relu"), value_names=("conv.weight",))
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
        graph.update(_by_name(graph, "relu"), operands=(Value(99),))
    verify_graph(graph)


# --- changes of graphs ------------------------------------------------------------------------------------------------


def test_outputs_keep_file_order_and_find_names() -> None:
    graph = small_graph()
    x, relu = graph.inputs[0].value(), graph.node(_by_name(graph, "relu")).value()
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
    x, relu, y = one.inputs[0].value(), one.node(_by_name(one, "relu")).value(), one.outputs["y"]
    one.redirect_all({relu: x, y: x})
    other.redirect(relu, x)
    other.redirect(y, x)
    assert format_graph(one) == format_graph(other)
    assert one.outputs["y"] == x
    verify_graph(one)


def test_nodes_that_something_reads_are_not_removed() -> None:
    graph = small_graph()
    with pytest.raises(ValueError, match="'conv' is still read"):
        graph.remove(_by_name(graph, "conv"))
    with pytest.raises(ValueError, match="'add' is still read"):
        graph.remove_all([_by_name(graph, "relu"), _by_name(graph, "add")])
    graph.redirect(graph.outputs["y"], graph.inputs[0].value())
    graph.remove_all(_by_name(graph, name) for name in ("conv", "add", "relu"))
    assert names(graph) == ["x"]


def test_literals_differ_by_the_sign_of_zero() -> None:
    assert Literal((2,), (0.0, 1.0)) != Literal((2,), (-0.0, 1.0))
    assert Literal((2,), (0, 1)) == Literal((2,), (0.0, 1.0))
    assert hash(Literal((2,), (0, 1))) == hash(Literal((2,), (0.0, 1.0)))
    assert Literal((1, 2), (0, 1)) != Literal((2,), (0, 1))
    assert Literal((1,), (0,)) != "literal"


# --- graphs as text ---------------------------------------------------------------------------------------------------


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


# --- cost -------------------------------------------------------------------------------------------------------------

LONG_CHAIN = """model net() {
  input x: float32[N, 3, 8, 8]
  output y = x -> repeat(%d) { conv2d(3, kernel=3, padding=1) -> batch_norm -> relu -> dropout(0.5) }
}"""


def wide_network(count: int) -> Graph:
    """One convolution with many readers that nothing can be fused with, and as many outputs."""
    graph = Graph("net")
    x = add_input(graph, "x", float32(1, 3, 8, 8))
    conv = add_layer(graph, "conv", Conv2d(filters=3, kernel=(3, 3)), x)
    for number in range(count):
        dropped = add_layer(graph, f"dropout{number}", Dropout(rate=0.5), conv)
        graph.outputs[f"y{number}"] = add_layer(graph, f"relu{number}", Relu(), dropped)
        graph.outputs[f"z{number}"] = add_layer(graph, f"sigmoid{number}", Sigmoid(), dropped)
    return graph


def long_chain(count: int) -> Graph:
    return graph_of(LONG_CHAIN % (count // 4))


@pytest.mark.parametrize("make", [long_chain, wide_network])
def test_cost_is_linear(make: Callable[[int], Graph]) -> None:
    """Ten times the nodes may take 30 times as long, where a quadratic pass would take a hundred times."""
    small, large = (seconds(make(count)) for count in (400, 4000))
    assert large < 30 * max(small, 0.02)


def seconds(graph: Graph) -> float:
    def once() -> float:
        start = time.process_time()
        optimize(graph, "onnxruntime-cpu")
        return time.process_time() - start

    return min(once() for _ in range(2))
