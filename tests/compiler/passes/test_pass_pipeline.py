"""The pipeline: the order of passes, the contract that they keep, and what all of them cost."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from dotnn.compiler import operators as ops
from dotnn.compiler.graph.graph import Graph, Value
from dotnn.compiler.graph.graph_text import format_graph
from dotnn.compiler.layers.activations import Relu, Sigmoid
from dotnn.compiler.layers.convolution import Conv2d
from dotnn.compiler.layers.regularization import Dropout
from dotnn.compiler.lowering import lower
from dotnn.compiler.passes.contract import Pass, PassContext, Property, check_order, graph_pass
from dotnn.compiler.passes.merge_common import merge_common
from dotnn.compiler.passes.pass_pipeline import (
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
from tests.helpers.operator_graphs import context
from tests.helpers.small_graph import N, id_of, names, small_graph

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


def _wrong_type(graph: Graph) -> None:
    graph.update(id_of(graph, "relu"), results=(float32(N, 3, 8, 9),))


def _wrong_weight(graph: Graph) -> None:
    conv = graph.node(id_of(graph, "conv"))
    graph.update(conv.id, operands=(*conv.operands[:2], conv.operands[1]))


def _wrong_index(graph: Graph) -> None:
    node = graph.node(id_of(graph, "relu"))
    graph.update(node.id, operands=(Value(id_of(graph, "conv"), 3),))


def _rename(graph: Graph) -> None:
    graph.update(id_of(graph, "relu"), name="conv")


def _circle(graph: Graph) -> None:
    conv = graph.node(id_of(graph, "conv"))
    graph.update(conv.id, operands=(graph.node(id_of(graph, "add")).value(), *conv.operands[1:]))


def _drop_output(graph: Graph) -> None:
    graph.outputs["z"] = graph.outputs["y"]


def _edge(graph: Graph) -> None:
    # Private: through its public methods a graph gets no edge that does not follow the operands.
    graph._graph.add_edge(id_of(graph, "x"), id_of(graph, "relu"))


def _unfit(graph: Graph) -> None:
    graph.update(id_of(graph, "relu"), op=ops.Softmax(axis=4))


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
        graph.update(id_of(graph, "relu"), name="other")

    with pytest.raises(BrokenPass, match="broken: it says that it left the graph"):
        run_verified(_broken(rename, changed=False), lower(small_graph()), context())


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
