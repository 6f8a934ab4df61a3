"""What depends on no input: which of it is stored, when it is computed, and in how much memory."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler import operators as ops
from dotnn.compiler.export import evaluation, evaluation_plan, stored_values
from dotnn.compiler.export.stored_values import Stored
from dotnn.compiler.graph.operations import Constant, Parameter
from dotnn.compiler.graph.tensors import Fan, Literal, Weight
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.initializers import Ones
from dotnn.compiler.operators.graph_builder import Tensor
from dotnn.compiler.reference_evaluation import evaluate
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.export_graphs import VALUES, Loaded, N, Network, array
from tests.helpers.graphs import float32, run
from tests.helpers.stored_values import arrays, assert_same, evaluated_kinds, exact, folded, stored_names

# Which nodes ----------------------------------------------------------------------------------------------


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_plan, "LARGEST_WHOLE", 12)
    monkeypatch.setattr(evaluation, "BLOCK", 8)


def test_what_reads_an_input_and_what_reads_constants_alone_is_computed_by_the_model() -> None:
    net = Network()
    b = net.b
    x, w = net.input("x", 1, 3), net.weight("w", 3)
    third = b.op(ops.Exp(), b.constant([1.0, 2.0, 3.0], DType.FLOAT32))
    net.output("y", b.op(ops.Add(), b.op(ops.Mul(), x, w), third))
    assert Stored(net.graph, VALUES).evaluated == frozenset()
    assert stored_names(net) == ["n/const", "w"]
    net.output("z", b.op(ops.Mul(), third, b.op(ops.Neg(), w)))
    assert evaluated_kinds(net) == ["Neg"]
    assert stored_names(net) == ["n/const", "w", "n/weights/Neg:0"]


def test_outputs_and_what_nothing_reads_are_computed_by_the_model() -> None:
    net = Network()
    w = net.weight("w", 3)
    negative = net.op(ops.Neg(), w)
    net.graph.outputs["n/weights/Neg:0"] = negative.value
    net.output("y", net.op(ops.Abs(), negative))
    net.op(ops.Exp(), net.op(ops.Tanh(), w))
    assert evaluated_kinds(net) == ["Tanh"]
    assert stored_names(net) == ["w", "n/weights/Tanh:0"]
    found = run(net.model().SerializeToString(), {})
    w64 = exact(VALUES.values(net.graph.weights()[0]))
    assert_same(found["y"], np.abs(w64).astype(np.float32))
    assert_same(found["n/weights/Neg:0"], -w64.astype(np.float32))


def test_what_takes_long_for_its_size_is_computed_by_the_model() -> None:
    net = Network()
    image, kernel = net.weight("image", 1, 2, 9, 9), net.weight("kernel", 3, 2, 3, 3)
    net.output("y", net.op(ops.Relu(), net.op(ops.Conv(), image, net.op(ops.Neg(), kernel))))
    assert evaluated_kinds(net) == ["Neg"]
    assert [node.op_type for node in net.model().graph.node] == ["Conv", "Relu", "Identity"]


@pytest.mark.parametrize(("size", "evaluated"), [(64, True), (600, False)])
def test_products_of_large_matrices_are_computed_by_the_model(size: int, evaluated: bool) -> None:
    """They are of cubic work."""
    net = Network()
    a, b, c = (net.weight(name, size, size) for name in ("a", "b", "c"))
    net.output("y", net.op(ops.MatMul(), a, b))
    net.output("z", net.op(ops.Gemm(transA=1), a, b, c))
    assert (evaluated_kinds(net) == ["Gemm", "MatMul"]) is evaluated
    if evaluated:
        y, z = arrays(net).values()
        a64, b64, c64 = (exact(VALUES.values(one)) for one in net.graph.weights())
        np.testing.assert_allclose(y, a64 @ b64, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(z, a64.T @ b64 + c64, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("indices", "evaluated"), [((0, -3, 2), True), ((0, 3), False), ((-4, 0), False)])
def test_indices_that_do_not_exist_are_left_to_who_runs_the_model(indices: tuple[int, ...], evaluated: bool) -> None:
    net = Network()
    net.output("y", net.op(ops.Gather(axis=-1), net.weight("w", 2, 3), net.b.ints(*indices)))
    assert (evaluated_kinds(net) == ["Gather"]) is evaluated
    assert net.model().graph.output[0].name == "y"


def test_indices_that_are_computed_are_left_to_the_model() -> None:
    net = Network()
    index = net.op(ops.Cast(to=DType.INT64), net.written("i", [0.0, 9.0]))
    net.output("y", net.op(ops.Gather(), net.weight("w", 3), index))
    assert evaluated_kinds(net) == ["Cast"]


def test_several_results_of_which_some_are_stored() -> None:
    net = Network()
    parts = net.b.ops(ops.Split(axis=0, num_outputs=3), net.weight("w", 6, 2))
    net.output("last", parts[2])
    net.output("first", net.op(ops.Neg(), parts[0]))
    w = VALUES.values(net.graph.weights()[0])
    found = list(arrays(net).values())
    assert_same(found[0], w[4:])
    assert_same(found[1], -w[:2])


@pytest.mark.parametrize(("rows", "columns", "evaluated"), [(1024, 1024, 1), (1025, 1024, 0)])
def test_a_result_much_larger_than_its_operands_is_computed_by_the_model(
    rows: int, columns: int, evaluated: int
) -> None:
    net = Network()
    net.output("y", net.op(ops.Mul(), net.weight("a", rows, 1), net.weight("b", columns)))
    assert len(Stored(net.graph, VALUES).evaluated) == evaluated


def test_tensors_that_are_joined_are_as_large_as_all_of_them() -> None:
    net = Network()
    parts = [net.weight(f"w{index}", 1024, 1024, initializer=Ones()) for index in range(3)]
    net.output("y", net.op(ops.Concat(axis=0), *parts))
    assert evaluated_kinds(net) == ["Concat"]


def test_work_is_bounded_and_what_is_left_is_computed_by_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_values, "WORK_PER_ELEMENT", 4)
    monkeypatch.setattr(stored_values, "BUDGET", 7)
    net = Network()
    made = net.weight("w", 10)
    for number in range(20):
        made = net.op(ops.Tanh() if number % 2 else ops.Exp(), made)
    x = net.input("x", 10)
    net.output("y", net.op(ops.Add(), x, made))
    # 4 * 10 + 7 elements are two nodes of 20.
    assert len(Stored(net.graph, VALUES).evaluated) == 2
    model = net.model()
    assert len(model.graph.node) == 18 + 2
    assert [tensor.name for tensor in model.graph.initializer] == ["n/weights/Tanh:0"]
    feeds = {"x": array(10)}
    expected = evaluate(net.graph, feeds, VALUES)[net.graph.outputs["y"]]
    np.testing.assert_allclose(run(model.SerializeToString(), feeds)["y"], expected, rtol=1e-6)


def test_a_small_text_makes_no_long_build() -> None:
    """Sixty results of a million elements, from a parameter of one."""
    net = Network()
    made = net.op(ops.Expand(), net.weight("w", 1), net.b.ints(2**20))
    for number in range(60):
        made = net.op(ops.Tanh() if number % 2 else ops.Exp(), made)
    net.output("y", made)
    assert len(Stored(net.graph, VALUES).evaluated) == 2


@pytest.mark.usefixtures("small_blocks")
def test_what_is_computed_anew_for_each_reader_counts_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain of large results, each of which is stored, is not of quadratic work."""
    monkeypatch.setattr(stored_values, "BUDGET", 0)
    net = Network()
    made = net.weight("w", 20)
    for number in range(30):
        made = net.op(ops.Tanh() if number % 2 else ops.Exp(), made)
        net.output(f"y{number}", made)
    # 40 + 80 + 120 elements, of 16 * 20.
    assert len(Stored(net.graph, VALUES).evaluated) == 3


# Once, and in little memory -------------------------------------------------------------------------------


class Counted:
    """Counts how often operators compute, by their kind."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *counted: type[ops.Operator]) -> None:
        self.calls: Counter[str] = Counter()
        for one in counted:
            monkeypatch.setattr(one, "compute", self._counting(one.compute))

    def _counting(self, compute: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
        def counting(operator: ops.Operator, *given: np.ndarray | None) -> tuple[Any, ...]:
            self.calls[operator.kind] += 1
            return compute(operator, *given)

        return counting


@pytest.mark.parametrize("backwards", [False, True])
def test_what_several_need_is_computed_once(backwards: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    net = Network()
    shared = net.op(ops.Exp(), net.weight("w", 3))
    parts = net.b.ops(ops.Split(axis=0, num_outputs=3), net.op(ops.Tanh(), shared))
    for index, part in enumerate(parts):
        net.output(f"part{index}", part)
    net.output("y", net.op(ops.Neg(), shared))
    net.output("z", shared)
    counted, source = Counted(monkeypatch, ops.Exp, ops.Tanh, ops.Split, ops.Neg), Loaded(w=np.float32([1, 2, 3]))
    found = Stored(net.graph, WeightValues(0, source))
    order = found.initializers[::-1] if backwards else found.initializers
    first = [found.array(value) for value in order]
    assert counted.calls == {"Exp": 1, "Tanh": 1, "Split": 1, "Neg": 1}
    assert source.reads == ["w"]
    # Nothing is kept, and nothing is refused.
    again = [found.array(value) for value in order]
    assert source.reads == ["w"] * (1 + len(order))
    for one, other in zip(first, again, strict=True):
        assert_same(one, other)


def test_parameters_are_asked_for_by_each_that_reads_them() -> None:
    net = Network()
    w = net.weight("w", 3)
    for name, op in {"a": ops.Exp(), "b": ops.Neg(), "c": ops.Tanh()}.items():
        net.output(name, net.op(op, w))
    net.output("w_out", w)
    source = Loaded(w=np.float32([1, 2, 3]))
    arrays(net, WeightValues(0, source))
    assert source.reads == ["w"] * 4


def chain(length: int, *, read: bool) -> Network:
    """Operators one behind the other, if wanted each read by the model, too."""
    net = Network()
    graph, found = net.graph, (float32(2),)
    x = net.input("x", 2).value
    value = net.written("w", [0.5, 2.0]).value
    step = net.written("step", [1.0, 1.0]).value
    for number in range(length):
        value = graph.add(ops.Add(), (value, step), found, name=f"a{number}", value_names=(f"a{number}",)).value()
        if read:
            x = graph.add(ops.Mul(), (x, value), found, name=f"m{number}", value_names=(f"m{number}",)).value()
    x = graph.add(ops.Mul(), (x, value), found, name="y", value_names=("y",)).value()
    graph.outputs["y"] = x
    return net


@pytest.mark.parametrize(
    ("length", "read", "backwards"), [(100_000, False, False), (20_000, True, False), (20_000, True, True)]
)
def test_long_chains_are_computed_once(
    length: int, read: bool, backwards: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = chain(length, read=read)
    counted = Counted(monkeypatch, ops.Add)
    found = Stored(net.graph, VALUES)
    order = found.initializers[::-1] if backwards else found.initializers
    sums = [float(found.array(value).sum()) for value in order]
    assert counted.calls == {"Add": length}
    assert sorted(sums) == ([2 * number + 4.5 for number in range(length)] if read else [2 * length + 2.5])


def peak_of(action: Callable[[], object]) -> int:
    """Bytes that are there at most while something is done, beyond those before."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


ROWS, COLUMNS = 2048, 2048
BYTES = 4 * ROWS * COLUMNS


def large_folded(net: Network) -> Tensor:
    return folded(net, DType.FLOAT32, ROWS, COLUMNS)[0]


def large_shifted(net: Network) -> Tensor:
    shifted = net.op(ops.Add(), large_folded(net), net.weight("shift", COLUMNS))
    return net.op(ops.Max(), shifted, net.b.constant(-0.5, DType.FLOAT32))


def large_transposed(net: Network) -> Tensor:
    return net.op(ops.Transpose(perm=(1, 0)), net.b.reshape(net.weight("w", ROWS, COLUMNS), (COLUMNS, ROWS)))


def large_folded_then_transposed(net: Network) -> Tensor:
    return net.op(ops.Transpose(perm=(1, 0)), large_folded(net))


def large_transposed_then_folded(net: Network) -> Tensor:
    return net.op(ops.Mul(), large_transposed(net), net.weight("scale", COLUMNS))


def large_joined(net: Network) -> Tensor:
    zeros = net.op(ops.Expand(), net.weight("zero", 1, 1), net.b.ints(1, COLUMNS))
    return net.op(ops.Concat(axis=0), net.weight("w", ROWS - 1, COLUMNS), zeros)


@pytest.mark.parametrize(
    "make",
    [
        large_folded,
        large_shifted,
        large_transposed,
        large_folded_then_transposed,
        large_transposed_then_folded,
        large_joined,
    ],
)
def test_large_tensors_are_never_there_in_float64(make: Callable[[Network], Tensor]) -> None:
    net = Network()
    net.output("y", make(net))
    names = {weight.name: np.ones(weight.shape, np.float32) for weight in net.graph.weights()}

    class Copied(Loaded):
        def load(self, name: str) -> np.ndarray:
            return self.arrays[name].copy()

    found = Stored(net.graph, WeightValues(0, Copied(**names)))
    (value,) = found.initializers
    # The parameter, the result, and some blocks; a tensor of float64 would be two more of them.
    assert peak_of(lambda: np.ascontiguousarray(found.array(value))) < 2.4 * BYTES


def test_tensors_are_freed_one_by_one() -> None:
    """Six large tensors that are computed of one another, each of which is stored."""
    net = Network()
    for index in range(3):
        made = net.op(ops.Mul(), net.weight(f"w{index}", 1024, 1025, initializer=Ones()), net.weight(f"s{index}", 1025))
        net.output(f"a{index}", made)
        net.output(f"b{index}", net.op(ops.Transpose(perm=(1, 0)), made))
    found = Stored(net.graph, VALUES)

    def ask() -> None:
        for value in found.initializers:
            found.array(value)

    assert peak_of(ask) < 3.5 * 4 * 1024 * 1025
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    ask()
    assert tracemalloc.get_traced_memory()[0] - before < 100_000
    tracemalloc.stop()


# Mistakes of whoever made the graph -----------------------------------------------------------------------


@pytest.mark.parametrize("rows", [3, 2**20 + 1])
def test_a_result_of_another_shape_than_declared_is_told(rows: int) -> None:
    net = Network()
    w = net.weight("w", rows + 1, initializer=Ones())
    wide = net.weight("wide", rows, initializer=Ones())
    made = net.graph.add(ops.Add(), (w.value, w.value), (float32(rows),), name="sum", value_names=("sum",))
    net.output("y", net.op(ops.Mul(), net.assembly.tensor(made.value()), wide))
    with pytest.raises(ValueError, match=r"an array of shape \[\d+\] (for one of|does not broadcast to) \[\d+\]"):
        arrays(net)


def test_a_parameter_of_another_shape_than_declared_is_told() -> None:
    net = Network()
    weight = Weight("w", (3,), DType.FLOAT32, Ones(), Fan(1, 1))
    made = net.graph.add(Parameter(weight), (), (float32(4),), name="w", value_names=("w",))
    net.output("y", net.op(ops.Neg(), net.assembly.tensor(made.value())))
    with pytest.raises(ValueError, match=r"w: an array of shape \[3\] for one of \[4\]"):
        arrays(net)


# The file -------------------------------------------------------------------------------------------------


def test_initializers_are_in_the_order_in_which_the_model_reads_them() -> None:
    net = Network()
    b = net.b
    unread, second, first, both = (net.weight(name, 3) for name in ("unread", "second", "first", "both"))
    made = b.op(ops.Mul(), second, both, name="second:folded")
    x = net.input("x", 3)
    y = b.op(ops.Add(), b.op(ops.Add(), x, first), made)
    net.output("y", b.op(ops.Mul(), b.op(ops.Mul(), y, both), first))
    names = ["first", "second:folded", "both", "unread"]
    assert stored_names(net) == names
    model = net.model()
    assert [tensor.name for tensor in model.graph.initializer] == names
    assert {info.name for info in model.graph.value_info}.isdisjoint(names)
    for tensor, expected in zip(model.graph.initializer, arrays(net).values(), strict=True):
        assert_same(onnx.numpy_helper.to_array(tensor), expected)
    assert unread.value in Stored(net.graph, VALUES).initializers


def test_documentation_of_parameters_and_of_what_is_made_of_them() -> None:
    net = Network()
    weight = Weight("gamma", (3,), DType.FLOAT32, Ones(), Fan(1, 1))
    gamma = net.assembly.parameter(weight, doc="How much.")
    made = net.op(ops.Neg(), gamma)
    net.graph.relabel(made.value.node, doc="How little.")
    net.output("y", net.op(ops.Add(), net.op(ops.Mul(), net.input("x", 3), gamma), made))
    docs = {tensor.name: tensor.doc_string for tensor in net.model().graph.initializer}
    assert docs == {"gamma": "How much.", "n/weights/Neg:0": "How little."}


@pytest.mark.parametrize("dtype", list(DType))
def test_onnxruntime_reads_what_is_stored(dtype: DType) -> None:
    net = Network()
    numbers = Literal((2, 3), (0, 1, 1, 0, 1, 0))
    weight = net.weight("w", 2, 3, dtype=dtype, initializer=numbers)
    net.output("y", net.op(ops.Cast(to=DType.FLOAT32), net.op(ops.Transpose(perm=(1, 0)), weight)))
    model = net.model()
    assert [tensor.name for tensor in model.graph.initializer] == ["n/weights/Cast:0"]
    assert run(model.SerializeToString(), {})["y"].tolist() == [[0, 0], [1, 1], [1, 0]]


def test_a_symbolic_size_is_computed_by_the_model() -> None:
    net = Network()
    x = net.input("x", N, 3)
    size = net.op(ops.ShapeOf(), x)
    net.output("y", net.op(ops.Expand(), net.op(ops.Neg(), net.weight("w", 1, 3)), size))
    assert evaluated_kinds(net) == ["Neg"]
    assert run(net.model().SerializeToString(), {"x": array(4, 3)})["y"].shape == (4, 3)


def test_a_constant_of_the_graph_is_stored_under_its_name() -> None:
    net = Network()
    found = TensorType(DType.FLOAT32, (2,))
    made = net.graph.add(Constant(Literal((2,), (1.5, -1))), (), (found,), name="mean", value_names=("mean",))
    net.output("y", net.op(ops.Sub(), net.input("x", N, 2), net.assembly.tensor(made.value())))
    assert [(one.name, list(one.dims)) for one in net.model().graph.initializer] == [("mean", [2])]


# What authors compute of parameters ---------------------------------------------------------------------------------


def initializers_of(text: str, optimize: bool) -> dict[str, np.ndarray]:
    built = onnx.load_from_string(compile_source(text).to_bytes(optimize=optimize))
    return {one.name: onnx.numpy_helper.to_array(one) for one in built.graph.initializer if "/" not in one.name}


def test_layers_of_parameters_stay_as_written_and_are_computed_when_optimized() -> None:
    text = "model m() { input x: float32[N, 2] parameter p: float32[2] = ones h = p * 2 output y = x + h }"
    assert initializers_of(text, optimize=False).keys() == {"p", "constant"}
    assert initializers_of(text, optimize=True).keys() == {"mul"}
    assert initializers_of(text, optimize=True)["mul"].tolist() == [2, 2]


def test_a_file_does_not_grow_by_what_authors_compute() -> None:
    outputs = "\n".join(f"output y{number} = x * (p + {number})" for number in range(1, 13))
    text = f"model m() {{ input x: float32[1024, 1024] parameter p: float32[1024, 1024] = zeros\n{outputs} }}"
    assert sum(array.size for array in initializers_of(text, optimize=True).values()) <= 2 * 2**20 + 12


@pytest.mark.parametrize("optimize", [False, True])
def test_constants_of_the_source_are_rounded_wherever_they_are_read(optimize: bool) -> None:
    """The second one is the first one's float16, exactly."""
    text = """
        const C: float16[1] = [0.1]
        const D: float16[1] = [0.0999755859375]
        model m() {
            input x: float16[1]
            parameter g: float16[1] = ones
            d = (g * C - g * D) * 10000
            output y = x + d
        }
    """
    model = compile_source(text)
    found = run(model.to_bytes(optimize=optimize, target="onnx"), {"x": np.zeros(1, np.float16)})
    assert found["y"].tolist() == [0]


def test_outputs_of_one_value_do_not_repeat_all_its_origins() -> None:
    text = "model m() { input x: float32[2]\n" + "\n".join(f"output y{n} = x -> relu" for n in range(50)) + "}"
    built = onnx.load_from_string(compile_source(text).to_bytes())
    assert max(len(one.metadata_props[0].value) for one in built.graph.node if one.op_type == "Identity") < 100
