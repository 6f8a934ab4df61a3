"""Constants are folded, identities and what is unread removed, and what is equal merged, in operators made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from dotnn.compiler import operators as ops
from dotnn.compiler.dims import symbol
from dotnn.compiler.evaluate import evaluate
from dotnn.compiler.export.metadata import ModelMetadata
from dotnn.compiler.export.model import to_bytes
from dotnn.compiler.graph.graph import Graph, Node, Origin, Value
from dotnn.compiler.graph.operations import Constant, Input
from dotnn.compiler.graph.tensors import Fan, Literal, Weight
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.operators import Operator
from dotnn.compiler.operators.building import Assembly, Builder, Tensor
from dotnn.compiler.passes import fold_constants as folding
from dotnn.compiler.passes.contract import Pass, PassContext
from dotnn.compiler.passes.fold_constants import fold_constants
from dotnn.compiler.passes.fusion.report import FusionReport
from dotnn.compiler.passes.merge_common import merge_common
from dotnn.compiler.passes.name_outputs import name_outputs
from dotnn.compiler.passes.pipeline import optimize, run_verified
from dotnn.compiler.passes.remove_dead import remove_dead
from dotnn.compiler.passes.remove_identities import remove_identities
from dotnn.compiler.weights.values import WeightValues

from tests.helpers.graphs import float32, run
from tests.helpers.networks import assert_same_meaning, graph_of

N = symbol("N")


class Sketch:
    """A graph of operators as lowering makes it: layers, and operators inside of them."""

    def __init__(self) -> None:
        self.graph = Graph("net")
        self.assembly = Assembly(self.graph)
        self.builders: dict[str, Builder] = {}

    def input(self, name: str, found: TensorType) -> Tensor:
        node = self.graph.add(Input(), (), (found,), name=name, value_names=(name,))
        return self.assembly.tensor(node.value())

    def constant(self, name: str, values: Any, dtype: DType = DType.FLOAT32) -> Tensor:
        """A constant of the source."""
        array = np.array(values)
        literal = Literal(array.shape, tuple(array.reshape(-1).tolist()))
        node = self.graph.add(Constant(literal), (), (TensorType(dtype, array.shape),), name=name, value_names=(name,))
        return self.assembly.tensor(node.value())

    def weight(self, name: str, values: Any) -> Tensor:
        array = np.array(values)
        literal = Literal(array.shape, tuple(array.reshape(-1).tolist()))
        return self.assembly.parameter(Weight(name, array.shape, DType.FLOAT32, literal, Fan(1, 1)))

    def inside(self, layer: str) -> Builder:
        """What operators inside of a layer are built with."""
        return self.builders.setdefault(layer, Builder(self.assembly, layer, {}, (Origin(layer, None),)))

    def layer(self, name: str, op: Operator, *operands: Tensor, value: str = "") -> Tensor:
        """The operator that gives the result of a layer."""
        found = self.inside(name).op(op, *operands)
        self.graph.relabel(found.value.node, name=name, value_names=(value or name,))
        return found

    def output(self, name: str, tensor: Tensor) -> None:
        self.graph.outputs[name] = tensor.value

    def run(self, one: Pass) -> bool:
        """The pass, verified: it changes no output, and does what there is to do at once."""
        before = self.graph.copy()
        changed = run_verified(one, self.graph, context())
        assert_same_meaning(before, self.graph)
        assert not run_verified(one, self.graph, context())
        return changed

    def kinds(self) -> list[str]:
        return [node.kind for node in self.graph.nodes()]

    def node(self, tensor: Tensor) -> Node:
        return self.graph.producer(tensor.value)

    def computed(self) -> dict[str, str]:
        """Names of operators with those of their first results."""
        nodes = (node for node in self.graph.nodes() if isinstance(node.op, Operator))
        return {node.name: node.value_names[0] for node in nodes}

    def model(self) -> bytes:
        name_outputs(self.graph, context())
        return to_bytes(self.graph, WeightValues(), metadata=ModelMetadata())


def context() -> PassContext:
    return PassContext("onnxruntime-cpu", FusionReport(), Graph("none"))


def numbers(node: Node) -> tuple[float, ...]:
    assert isinstance(node.op, Constant)
    return node.op.value.elements


# --- folding of constants ---------------------------------------------------------------------------------------------


def test_what_depends_on_constants_alone_is_folded_under_its_name() -> None:
    s = Sketch()
    x, a = s.input("x", float32(N, 2)), s.constant("a", [1.0, 2.0])
    half = s.inside("scale").constant(0.5, DType.FLOAT32)
    doubled = s.layer("doubled", ops.Add(), a, a)
    scaled = s.layer("scale", ops.Mul(), s.inside("scale").op(ops.Exp(), doubled), half)
    s.output("y", s.layer("sum", ops.Add(), x, scaled))
    assert s.run(fold_constants)
    assert [node.name for node in s.graph.nodes() if isinstance(node.op, Operator)] == ["sum"]
    assert numbers(s.node(doubled)) == (2.0, 4.0)
    assert numbers(s.node(scaled)) == tuple(float(np.float32(np.float32(np.exp(k)) / 2)) for k in (2.0, 4.0))
    assert s.node(scaled).value_names == ("scale",)
    assert s.node(scaled).origins == (Origin("scale", None),)


def test_folding_stops_where_the_result_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    s = Sketch()
    b = s.inside("wide")
    wide = s.layer("wide", ops.Expand(), s.constant("a", [1.0] * 10), b.ints(10, 10))
    s.output("y", s.layer("sum", ops.Add(), s.input("x", float32(10, 10)), wide))
    monkeypatch.setattr(folding, "LARGEST_RESULT", 99)
    assert not s.run(fold_constants)
    monkeypatch.setattr(folding, "LARGEST_RESULT", 100)
    assert s.run(fold_constants)
    assert s.kinds().count("Expand") == 0


def test_a_result_no_larger_than_its_operands_is_never_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    s = Sketch()
    turned = s.layer("turned", ops.Transpose(), s.constant("a", [[1.0, 2.0, 3.0]]))
    s.output("y", s.layer("sum", ops.Add(), s.input("x", float32(3, 1)), turned))
    monkeypatch.setattr(folding, "LARGEST_RESULT", 1)
    assert s.run(fold_constants)
    assert numbers(s.node(turned)) == (1, 2, 3)


def test_folding_stops_where_it_would_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    s = Sketch()
    value = s.constant("a", [1.0] * 10)
    for factor in (2, 3, 4):
        value = s.layer(f"mul_{factor}", ops.Mul(), value, s.constant(f"c{factor}", float(factor)))
    s.output("y", s.layer("sum", ops.Add(), s.input("x", float32(10)), value))
    # Each product reads 10 elements and one, and writes 10.
    monkeypatch.setattr(folding, "BUDGET", 2 * 21)
    before = s.graph.copy()
    assert fold_constants(s.graph, context())
    assert s.computed() == {"mul_4": "mul_4", "sum": "sum"}
    assert_same_meaning(before, s.graph)


@pytest.mark.parametrize("dtype", [DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16, DType.FLOAT64, DType.INT32])
def test_folded_constants_are_rounded_once_to_their_type(dtype: DType) -> None:
    s = Sketch()
    one, other = s.constant("a", [3, 1], dtype), s.constant("b", [1 / 3, 0.1], dtype)
    total = s.layer("sum", ops.Add(), one, other)
    s.output("y", total)
    assert fold_constants(s.graph, context())
    expected = {
        DType.FLOAT32: (np.float32(3) + np.float32(1 / 3), np.float32(1) + np.float32(0.1)),
        DType.FLOAT16: (np.float16(3) + np.float16(1 / 3), np.float16(1) + np.float16(0.1)),
        DType.BFLOAT16: (3.328125, 1.1015625),
        DType.FLOAT64: (3 + 1 / 3, 1 + 0.1),
        DType.INT32: (3, 1),
    }
    assert numbers(s.node(total)) == tuple(float(number) for number in expected[dtype])


def test_truth_values_and_casts_are_folded() -> None:
    s = Sketch()
    a, zero = s.constant("a", [-1.0, 0.0, 2.0]), s.constant("zero", 0.0)
    is_positive = s.layer("gt", ops.Greater(), a, zero)
    counted = s.layer("cast", ops.Cast(to=DType.INT64), is_positive)
    s.output("y", counted)
    s.output("z", is_positive)
    assert s.run(fold_constants)
    assert numbers(s.node(is_positive)) == (False, False, True)
    assert numbers(s.node(counted)) == (0, 0, 1)
    found = run(s.model(), {})
    assert found["y"].tolist() == [0, 0, 1]
    assert found["y"].dtype == np.int64


def test_shapes_and_axes_of_what_is_computed_stay() -> None:
    """A shape is a constant like any other: it folds what else is constant, and nothing that is fed."""
    s = Sketch()
    b = s.inside("reshape")
    s.output("y", s.layer("reshape", ops.Reshape(), s.input("x", float32(N, 4)), b.ints(0, 2, 2)))
    folded = s.layer("folded", ops.Reshape(), s.constant("a", [1.0, 2.0]), b.ints(2, 1))
    s.output("z", folded)
    assert s.run(fold_constants)
    assert s.computed() == {"reshape": "reshape"}
    assert s.node(folded).results == (float32(2, 1),)


def test_what_reads_weights_and_symbolic_sizes_stays() -> None:
    s = Sketch()
    a, p = s.constant("a", [1.0, 2.0]), s.weight("p", [3.0, 4.0])
    s.input("x", float32(N, 2))
    s.output("y", s.layer("mul", ops.Mul(), p, a))
    s.output("z", s.layer("expand", ops.Expand(), a, s.inside("expand").dims((N, 2))))
    assert not s.run(fold_constants)


def test_a_result_of_several_stays() -> None:
    s = Sketch()
    _, last = s.inside("split").ops(ops.Split(num_outputs=2), s.constant("a", [1.0, 2.0]))
    s.output("y", last)
    assert not s.run(fold_constants)


def test_what_takes_long_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    s = Sketch()
    image, kernel = s.constant("image", [[[1.0, 3.0, 2.0, 0.0]]]), s.constant("kernel", [[[1.0, 2.0]]])
    s.output("y", s.layer("conv", ops.Conv(), image, kernel))
    pooled = s.layer("pool", ops.MaxPool(kernel_shape=(2,)), image)
    s.output("z", pooled)
    # The pool reads 4 elements and three windows of 2, and writes 3.
    monkeypatch.setattr(folding, "BUDGET", 12)
    assert not s.run(fold_constants)
    monkeypatch.setattr(folding, "BUDGET", 13)
    assert fold_constants(s.graph, context())
    assert numbers(s.node(pooled)) == (3, 3, 2)
    assert s.computed() == {"conv": "conv"}


def test_an_index_that_does_not_exist_is_left_to_the_runtime() -> None:
    s = Sketch()
    index = s.inside("gather").ints(5)
    s.output("y", s.layer("gather", ops.Gather(), s.constant("a", [1.0, 2.0]), index))
    assert not fold_constants(s.graph, context())


def test_an_output_that_is_folded_is_passed_on_under_its_name() -> None:
    s = Sketch()
    a = s.constant("a", [1.0, 2.0])
    # A value that is an output has the name of the output, its node that of the layer.
    s.output("y", s.layer("add", ops.Add(), a, a, value="y"))
    s.output("z", s.layer("a_1", ops.Mul(), a, a, value="z"))
    assert s.run(fold_constants)
    assert [s.graph.producer(value).value_names for value in s.graph.outputs.values()] == [("add",), ("a_1",)]
    found = run(s.model(), {})
    assert {name: array.tolist() for name, array in found.items()} == {"y": [2, 4], "z": [1, 4]}


# --- removal of identities --------------------------------------------------------------------------------------------


def test_a_layer_that_gives_its_operand_goes_with_its_name() -> None:
    s = Sketch()
    x = s.input("x", float32(N, 4))
    relu = s.layer("relu", ops.Relu(), x)
    dropped = s.layer("dropout_1", ops.Identity(), s.layer("dropout", ops.Identity(), relu))
    s.output("y", s.layer("tanh", ops.Tanh(), dropped))
    s.output("z", dropped)
    assert s.run(remove_identities)
    assert s.computed() == {"relu": "relu", "tanh": "tanh"}
    assert s.graph.outputs["z"] == relu.value


def test_the_end_of_a_layer_hands_its_names_on_to_what_is_inside() -> None:
    s = Sketch()
    b = s.inside("layer")
    exp = b.op(ops.Exp(), s.input("x", float32(N, 4)))
    same = b.reshape(b.op(ops.Transpose(perm=(0, 1)), exp), (N, 4))
    end = s.layer("layer", ops.Mul(), same, s.constant("one", 1.0), value="y")
    s.output("y", end)
    s.output("z", s.layer("after", ops.Relu(), s.layer("dropout", ops.Identity(), end)))
    assert s.run(remove_identities)
    assert s.computed() == {"layer": "y", "after": "after"}


def test_names_of_several_results_are_handed_on_one_by_one() -> None:
    s = Sketch()
    b = s.inside("layer")
    first, second = b.ops(ops.Split(num_outputs=2, axis=1), s.input("x", float32(N, 4)))
    s.output("y", s.layer("layer", ops.Identity(), first))
    s.output("z", b.op(ops.Identity(), second))
    last = s.graph.outputs["z"]
    s.graph.relabel(last.node, value_names=("layer.1",))
    assert run_verified(remove_identities, s.graph, context())
    (node,) = [node for node in s.graph.nodes() if node.kind == "Split"]
    assert (node.name, node.value_names) == ("layer", ("layer", "layer.1"))
    assert list(s.graph.outputs.values()) == [Value(node.id, 0), Value(node.id, 1)]


def test_what_is_fed_or_stored_keeps_its_name_and_is_passed_on() -> None:
    s = Sketch()
    sources = s.input("x", float32(2)), s.constant("a", [1.0, 2.0]), s.weight("p", [3.0, 4.0])
    for name, source in zip("yzw", sources, strict=True):
        s.output(name, s.layer(f"dropout_{name}", ops.Identity(), source, value=name))
    assert s.run(remove_identities)
    assert s.computed() == {}
    assert [s.graph.producer(value).value_names for value in s.graph.outputs.values()] == [("x",), ("a",), ("p",)]
    found = run(s.model(), {"x": np.array([5, 6], np.float32)})
    assert {name: array.tolist() for name, array in found.items()} == {"y": [5, 6], "z": [1, 2], "w": [3, 4]}


def test_what_is_made_of_a_weight_may_be_the_weight() -> None:
    s = Sketch()
    b, p = s.inside("fc"), s.weight("fc.weight", [[3.0, 4.0]])
    same = b.op(ops.Transpose(perm=(0, 1)), p, name="fc.weight:same")
    s.output("y", s.layer("fc", ops.MatMul(), s.input("x", float32(N, 1)), same))
    assert s.run(remove_identities)
    assert s.node(p).value_names == ("fc.weight",)
    assert s.graph.producer(s.graph.outputs["y"]).operands[1] == p.value


def test_neutral_numbers_behind_identities_are_seen_at_once() -> None:
    s = Sketch()
    one = s.layer("dropout", ops.Identity(), s.constant("one", 1.0))
    x = s.input("x", float32(N, 4))
    s.output("y", s.layer("relu", ops.Relu(), s.layer("div", ops.Div(), s.layer("mul", ops.Mul(), one, x), one)))
    assert s.run(remove_identities)
    assert s.computed() == {"relu": "relu"}


def test_near_misses_stay() -> None:
    """One of each kind; the rules themselves are the operators', and tested with them."""
    s = Sketch()
    x, square = s.input("x", float32(N, 4)), s.input("square", float32(4, 4))
    b = s.inside("inside")
    s.output("a", s.layer("plus_zero", ops.Add(), x, s.constant("zero", 0.0)))
    s.output("b", s.layer("minus_zero", ops.Sub(), x, s.constant("negative_zero", -0.0)))
    s.output("c", s.layer("wider", ops.Mul(), s.input("narrow", float32(N, 1)), s.constant("ones", [1.0] * 4)))
    s.output("d", s.layer("turned", ops.Transpose(), square))
    s.output("e", s.layer("flipped", ops.Slice(), square, b.ints(-1), b.ints(-9), b.ints(0), b.ints(-1)))
    s.output("f", s.layer("other", ops.Reshape(), square, b.ints(2, 8)))
    s.output("g", s.layer("times", ops.Mul(), x, s.weight("p", [1.0] * 4)))
    assert not s.run(remove_identities)


# --- merging ----------------------------------------------------------------------------------------------------------


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


# --- what is not read -------------------------------------------------------------------------------------------------


def test_dead_inputs_stay_and_dead_weights_go() -> None:
    s = Sketch()
    x, y = s.input("x", float32(N, 2)), s.input("y", float32(N, 2))
    s.weight("p", [1.0])
    s.layer("dead", ops.Add(), s.layer("unread", ops.Mul(), x, s.weight("w", [1.0, 2.0])), s.constant("c", 1.0))
    s.output("out", s.layer("relu", ops.Relu(), y))
    assert s.run(remove_dead)
    assert s.kinds() == ["input", "input", "Relu"]
    assert s.graph.weights() == ()
    assert [node.name for node in s.graph.inputs] == ["x", "y"]


# --- together ---------------------------------------------------------------------------------------------------------


def test_constants_of_layers_are_folded_on_the_way_to_a_file() -> None:
    """What a step of a constant consists of is computed when the model is built, and so is what it scales."""
    graph = graph_of("""const a: float32[4] = [-1, 0, 2, -3]
      model net() {
        input x: float32[N, 4]
        output y = x -> relu
        output z = a -> step -> leaky_relu
      }""")
    optimized = optimize(graph, verify=True).graph
    assert [node.kind for node in optimized.nodes() if isinstance(node.op, Operator)] == ["Relu", "Identity"]
    found = evaluate(optimized, {"x": np.ones((1, 4), np.float32)}, WeightValues())
    assert found[optimized.outputs["z"]].tolist() == [0, 1, 1, 0]
    model = to_bytes(optimized, WeightValues(), metadata=ModelMetadata())
    assert run(model, {"x": np.ones((1, 4), np.float32)})["z"].tolist() == [0, 1, 1, 0]
