"""What depends on constants alone is a constant, unless it is large or takes long."""

from __future__ import annotations

import numpy as np
import pytest
from dotnn.compiler import operators as ops
from dotnn.compiler.export.metadata import ModelMetadata
from dotnn.compiler.export.onnx_model import to_bytes
from dotnn.compiler.graph.graph import Origin
from dotnn.compiler.graph.types import DType
from dotnn.compiler.operators import Operator
from dotnn.compiler.passes import fold_constants as folding
from dotnn.compiler.passes.fold_constants import fold_constants
from dotnn.compiler.passes.pass_pipeline import optimize
from dotnn.compiler.reference_evaluation import evaluate
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.graphs import float32, run
from tests.helpers.networks import assert_same_meaning, graph_of
from tests.helpers.operator_graphs import N, Sketch, context, numbers

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
