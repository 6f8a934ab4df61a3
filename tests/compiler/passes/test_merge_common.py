"""What is computed twice is computed once."""

from __future__ import annotations

from dotnn.compiler import operators as ops
from dotnn.compiler.graph.graph import Origin
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.operators import Operator
from dotnn.compiler.passes.merge_common import merge_common
from dotnn.compiler.passes.pass_pipeline import optimize

from tests.helpers.graphs import float32
from tests.helpers.networks import graph_of
from tests.helpers.operator_graphs import N, Sketch


def test_merging_keeps_the_first_of_each_and_all_outputs() -> None:
    graph = graph_of("""model net() {
      input x: float32[N, 4]
      output a = x -> first: relu
      output b = x -> second: relu
    }""")
    optimized = optimize(graph, verify=True).graph
    relu, passed_on = (node for node in optimized.nodes() if isinstance(node.op, Operator))
    assert (relu.name, relu.kind, relu.value_names) == ("first", "Relu", ("a",))
    # No value of a file has two names.
    assert (passed_on.kind, passed_on.operands, passed_on.value_names) == ("Identity", (relu.value(),), ("b",))
    assert optimized.outputs == {"a": relu.value(), "b": passed_on.value()}


def test_merged_nodes_keep_the_names_and_take_the_origins() -> None:
    s = Sketch()
    x = s.input("x", float32(N, 4))
    first, second = s.layer("first", ops.Relu(), x), s.layer("second", ops.Relu(), x)
    s.output("y", s.layer("sum", ops.Add(), first, second))
    assert s.run(merge_common)
    assert s.computed() == {"first": "first", "sum": "sum"}
    assert s.node(first).origins == (Origin("first", None), Origin("second", None))


def test_the_end_of_a_layer_keeps_its_name_beside_what_is_inside_of_another() -> None:
    s = Sketch()
    x = s.input("x", float32(N, 4))
    inner = s.inside("silu").op(ops.Sigmoid(), x)
    s.output("y", s.layer("silu", ops.Mul(), x, inner))
    s.output("z", s.layer("tanh", ops.Tanh(), s.layer("sigmoid", ops.Sigmoid(), x)))
    assert s.run(merge_common)
    assert s.computed() == {"sigmoid": "sigmoid", "silu": "silu", "tanh": "tanh"}
    assert s.node(inner).origins == (Origin("silu", None), Origin("sigmoid", None))


def test_several_results_are_merged_together() -> None:
    s = Sketch()
    x = s.input("x", float32(N, 6))
    a, _ = s.inside("one").ops(ops.Split(axis=1, num_outputs=2), x)
    _, d = s.inside("two").ops(ops.Split(axis=1, num_outputs=2), x)
    s.output("y", s.layer("concat", ops.Concat(axis=1), a, d))
    assert s.run(merge_common)
    assert s.kinds() == ["input", "Split", "Concat"]


def test_one_weight_read_twice_is_one_computation() -> None:
    s = Sketch()
    x, w, other = s.input("x", float32(N, 2)), s.weight("w", [[1.0], [2.0]]), s.weight("v", [[1.0], [2.0]])
    for name, weight in (("one", w), ("again", w), ("other", other)):
        s.output(f"y_{name}", s.layer(name, ops.MatMul(), x, weight))
    assert s.run(merge_common)
    assert s.computed() == {"one": "one", "other": "other"}
    assert len(s.graph.weights()) == 2


def test_constants_of_another_type_or_sign_are_others() -> None:
    s = Sketch()
    x, i = s.input("x", float32(N, 4)), s.input("i", TensorType(DType.INT64, (N,)))
    s.output("a", s.layer("add", ops.Add(), i, s.constant("one", 1, DType.INT64)))
    s.output("b", s.layer("sum", ops.Add(), x, s.constant("one_too", 1)))
    s.output("c", s.layer("up", ops.Div(), x, s.constant("zero", 0.0)))
    s.output("d", s.layer("down", ops.Div(), x, s.constant("negative_zero", -0.0)))
    s.output("e", s.layer("slow", ops.LeakyRelu(alpha=0.1), x))
    s.output("f", s.layer("fast", ops.LeakyRelu(alpha=0.2), x))
    assert not s.run(merge_common)


def test_a_constant_of_the_source_keeps_its_name_beside_one_inside_of_a_layer() -> None:
    s = Sketch()
    x = s.input("x", float32(N))
    inside = s.inside("layer").constant(2.0, DType.FLOAT32)
    s.output("y", s.layer("layer", ops.Mul(), x, inside))
    s.output("z", s.layer("sum", ops.Add(), x, s.constant("two", 2.0)))
    assert s.run(merge_common)
    assert s.node(inside).value_names == ("two",)


def test_symbolic_dimensions_are_merged() -> None:
    s = Sketch()
    s.input("x", float32(N, 2))
    first = s.inside("one").dims((2 * N,))
    again = s.graph.add(ops.Dims(dims=(2 * N,)), (), (first.type,), name="other/Dims", value_names=("other/Dims:0",))
    s.output("y", s.layer("sum", ops.Add(), first, s.assembly.tensor(again.value())))
    assert s.run(merge_common)
    assert s.kinds() == ["input", "Dims", "Add"]
