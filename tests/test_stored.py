"""What depends on no input: which of it is stored, and its numbers, against numpy's float64 and onnxruntime."""

from __future__ import annotations

import itertools
import math
import random
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable

import numpy as np
import onnx
import pytest
from dotnn.compiler import operators as ops
from dotnn.compiler.evaluate import evaluate
from dotnn.compiler.export import evaluation, steps, stored
from dotnn.compiler.export.evaluation import blocks
from dotnn.compiler.export.rounding import rounded
from dotnn.compiler.export.stored import Stored
from dotnn.compiler.graph.graph import Value
from dotnn.compiler.graph.operations import Constant, Parameter
from dotnn.compiler.graph.tensors import Fan, Literal, Weight, numpy_name
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.operators.building import Tensor
from dotnn.compiler.weights.initializers import Ones
from dotnn.compiler.weights.values import WeightValues
from export_graphs import VALUES, Loaded, N, Network, array
from graphs import float32, run

FLOATS = (DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16, DType.FLOAT64)


def arrays(net: Network, values: WeightValues = VALUES) -> dict[str, np.ndarray]:
    """Everything that is stored, by name, in the order of the file."""
    found = Stored(net.graph, values)
    return {name_of(net, value): found.array(value) for value in found.initializers}


def name_of(net: Network, value: Value) -> str:
    return net.graph.producer(value).value_names[value.index]


def stored_names(net: Network) -> list[str]:
    return [name_of(net, value) for value in Stored(net.graph, VALUES).initializers]


def evaluated_kinds(net: Network) -> list[str]:
    return sorted(net.graph.node(node_id).kind for node_id in Stored(net.graph, VALUES).evaluated)


def exact(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64)


def assert_same(found: np.ndarray, expected: np.ndarray) -> None:
    """To the last bit, but for what is no number."""
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(exact(found), exact(expected))


# Rounding -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[DType.FLOAT16, DType.BFLOAT16])
def short(request: pytest.FixtureRequest) -> tuple[DType, np.ndarray]:
    """A type of 16 bits and all of its finite numbers, in order; even and odd ones take turns."""
    with np.errstate(invalid="ignore"):
        numbers = np.arange(2**15, dtype=np.uint16).view(numpy_name(request.param)).astype(np.float64)
    return request.param, numbers[np.isfinite(numbers)]


def test_floats_are_rounded_to_the_nearest_and_ties_to_even(short: tuple[DType, np.ndarray]) -> None:
    dtype, numbers = short
    ties = (numbers[:-1] + numbers[1:]) / 2
    lower, upper = numbers[:-1], numbers[1:]
    even = np.where(np.arange(len(ties)) % 2 == 0, lower, upper)
    for sign in (1, -1):
        for found, expected in (
            (ties, even),
            (np.nextafter(ties, np.inf), upper),
            (np.nextafter(ties, 0), lower),
            # Beyond what float32 has: it takes these for the ties.
            (ties * (1 + 2.0**-40), upper),
            (ties * (1 - 2.0**-40), lower),
            (numbers, numbers),
        ):
            assert_same(exact(rounded(sign * found, dtype)), sign * expected)


def test_what_is_too_large_and_what_is_no_number(short: tuple[DType, np.ndarray]) -> None:
    dtype, numbers = short
    beyond = numbers[-1] + (numbers[-1] - numbers[-2]) / 2
    found = rounded(np.array([np.nextafter(beyond, 0), beyond, 1e300, np.inf, -beyond, -1e300, np.nan]), dtype)
    assert_same(exact(found), np.array([numbers[-1], np.inf, np.inf, np.inf, -np.inf, -np.inf, np.nan]))
    zeros = rounded(np.array([0.0, -0.0, 1e-300, -1e-300]), dtype)
    assert exact(zeros).tolist() == [0, 0, 0, 0]
    assert np.signbit(exact(zeros)).tolist() == [False, True, False, True]


# Numbers --------------------------------------------------------------------------------------------------


def folded(net: Network, dtype: DType, rows: int, columns: int) -> tuple[Tensor, Callable[[WeightValues], np.ndarray]]:
    """A weight with a normalization in it, and its numbers by numpy, in float64."""
    b = net.b
    weight = net.weight("w", rows, columns, dtype=dtype)
    scale, variance = (net.weight(name, rows, dtype=dtype) for name in ("scale", "variance"))
    spread = b.op(ops.Sqrt(), b.op(ops.Add(), b.op(ops.Abs(), variance), b.constant(1e-5, dtype)))
    factor = b.reshape(b.op(ops.Div(), scale, spread), (rows, 1))

    def expected(values: WeightValues) -> np.ndarray:
        w, s, v = (exact(values.values(one)) for one in net.graph.weights())
        return w * (s / np.sqrt(np.abs(v) + 1e-5)).reshape(rows, 1)

    return b.op(ops.Mul(), weight, factor, name="w:folded"), expected


@pytest.mark.parametrize("dtype", FLOATS)
def test_arithmetic_is_exact_to_float64_and_rounded_once(dtype: DType) -> None:
    net = Network()
    weight, expected = folded(net, dtype, 40, 30)
    net.output("y", weight)
    found = arrays(net)
    assert list(found) == ["w:folded"]
    assert_same(found["w:folded"], rounded(expected(VALUES), dtype))


def test_written_constants_are_not_rounded_where_arithmetic_follows() -> None:
    net = Network()
    zero = net.written("zero", [0.0], DType.FLOAT16)
    net.output(
        "y",
        net.op(
            ops.Mul(), net.op(ops.Add(), zero, net.b.constant(1e-5, DType.FLOAT16)), net.b.constant(1e5, DType.FLOAT16)
        ),
    )
    (found,) = arrays(net).values()
    # 1e-5 as float16 is 1.0014e-5, and 1e5 is more than it has.
    assert found.tolist() == [1.0]
    assert found.dtype == np.float16


def test_what_is_between_is_not_rounded() -> None:
    """Neither between two operators nor between arithmetic, a transposition, and arithmetic."""
    net = Network()
    one = net.written("one", [1.0, 1.0], DType.BFLOAT16)
    tiny = net.b.constant(2.0**-20, DType.BFLOAT16)
    moved = net.op(ops.Unsqueeze(), net.op(ops.Add(), one, tiny), net.b.ints(0))
    net.output("y", net.op(ops.Sub(), moved, net.b.constant(1.0, DType.BFLOAT16)))
    net.output("z", moved)
    found = list(arrays(net).values())
    assert [one.tolist() for one in map(exact, found)] == [[[2.0**-20] * 2], [[1.0, 1.0]]]


def test_a_cast_rounds_as_it_says() -> None:
    net = Network()
    x = net.written("x", [0.1, 2.7, -2.7])
    net.output("a", net.op(ops.Cast(to=DType.FLOAT32), net.op(ops.Cast(to=DType.FLOAT16), x)))
    net.output("b", net.op(ops.Cast(to=DType.INT8), x))
    net.output("c", net.op(ops.Greater(), x, net.b.constant(0.1, DType.FLOAT32)))
    a, b, c = arrays(net).values()
    assert_same(a, np.float32([0.1, 2.7, -2.7]).astype(np.float16).astype(np.float32))
    assert_same(b, np.int8([0, 2, -2]))
    # As float32, 0.1 is more than it was written.
    assert_same(c, np.array([True, True, False]))


@pytest.mark.parametrize("dtype", list(DType))
def test_what_only_moves_elements_keeps_them(dtype: DType) -> None:
    net = Network()
    b = net.b
    weight = net.weight("w", 4, 6, dtype=dtype, initializer=Literal((4, 6), tuple(number % 2 for number in range(24))))
    numbers = np.arange(24).reshape(4, 6) % 2
    net.output("transposed", b.op(ops.Transpose(perm=(1, 0)), weight))
    net.output("joined", b.op(ops.Concat(axis=0), weight, b.constant([[1] * 6], dtype)))
    net.output("chosen", b.op(ops.Gather(axis=1), weight, b.ints(5, 0)))
    net.output("flat", b.op(ops.Flatten(axis=0), b.op(ops.Unsqueeze(), weight, b.ints(0))))
    for index, part in enumerate(b.ops(ops.Split(axis=1, num_outputs=2), weight)):
        net.output(f"part_{index}", part)
    found = list(arrays(net).values())
    expected = (
        numbers.T,
        np.concatenate([numbers, np.ones((1, 6), int)]),
        numbers[:, [5, 0]],
        numbers.reshape(1, 24),
        numbers[:, :3],
        numbers[:, 3:],
    )
    for one, other in zip(found, expected, strict=True):
        assert_same(one, other.astype(numpy_name(dtype)))


def test_what_is_no_number_moves_to_the_last_bit() -> None:
    bits = np.array([[0x7FC00001, 0xFF800000], [0x80000000, 0x00000001]], np.uint32)
    net = Network()
    net.output("y", net.op(ops.Transpose(perm=(1, 0)), net.weight("w", 2, 2)))
    (found,) = arrays(net, WeightValues(0, Loaded(w=bits.view(np.float32)))).values()
    np.testing.assert_array_equal(np.ascontiguousarray(found).view(np.uint32), bits.T)


@pytest.mark.parametrize("dtype", FLOATS)
def test_infinities_and_what_is_no_number_are_results_like_others(dtype: DType) -> None:
    net = Network()
    x = net.weight("x", 5, dtype=dtype)
    net.output("y", net.op(ops.Log(), x))
    net.output("z", net.op(ops.Div(), net.b.constant([1.0, 1e300, 0.0, 1.0, 1.0], dtype), x))
    values = WeightValues(0, Loaded(x=np.array([0.0, np.inf, 0.0, -1.0, np.nan])))
    y, z = arrays(net, values).values()
    assert_same(exact(y), np.array([-np.inf, np.inf, -np.inf, np.nan, np.nan]))
    assert_same(exact(z), np.array([np.inf, 0.0, np.nan, -1.0, np.nan]))


def test_constants_that_the_file_reads_are_rounded() -> None:
    net = Network()
    x = net.input("x", 2, dtype=DType.FLOAT16)
    net.output("y", net.op(ops.Add(), x, net.b.constant([1e-5, 1e300], DType.FLOAT16)))
    (found,) = arrays(net).values()
    assert_same(found, np.array([np.float16(1e-5), np.inf], np.float16))


# Blocks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape", [(), (1,), (8,), (9,), (17,), (3, 8), (3, 9), (5, 3), (2, 3, 4), (1, 1, 20), (4, 1, 3, 2), (0, 3), (3, 0)]
)
def test_blocks_are_small_and_few_and_cover_everything_once(shape: tuple[int, ...]) -> None:
    seen = np.zeros(shape, int)
    parts = list(blocks(shape, 8))
    for part in parts:
        assert seen[part].size <= 8
        seen[part] += 1
    assert (seen == 1).all()
    assert len(parts) <= 1 + 2 * math.prod(shape) / 8


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "LARGEST_WHOLE", 12)
    monkeypatch.setattr(evaluation, "BLOCK", 8)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(3, 4), (13, 1), (1, 13), (2, 7), (7, 2), (4, 9), (5, 2, 3), (2, 1, 9), (2, 2, 17)])
def test_expressions_by_blocks_with_operands_that_broadcast(shape: tuple[int, ...], dtype: DType) -> None:
    net = Network()
    b = net.b
    shapes = [shape, shape[1:], shape[-1:], (), (1,) * len(shape), (shape[0], *(1,) * (len(shape) - 1))]
    shapes += [(*shape[:-1], 1), (1, *shape[1:])]
    weights = [net.weight(f"w{index}", *one, dtype=dtype) for index, one in enumerate(shapes)]
    third = b.constant(1 / 3, dtype)
    made = weights[0]
    for number, other in enumerate(weights[1:]):
        made = b.op(ops.Add() if number % 2 else ops.Mul(), made, b.op(ops.Sub(), other, third))
        made = b.op(ops.Mul(), made, made) if number % 3 == 0 else made
    net.output("y", made)

    arrays64 = [exact(VALUES.values(one)) for one in net.graph.weights()]
    expected = arrays64[0]
    for number, other in enumerate(arrays64[1:]):
        expected = expected + (other - 1 / 3) if number % 2 else expected * (other - 1 / 3)
        expected = expected * expected if number % 3 == 0 else expected
    (found,) = arrays(net).values()
    assert_same(found, rounded(expected, dtype))


@pytest.mark.usefixtures("small_blocks")
def test_expressions_of_several_element_types_by_blocks() -> None:
    net = Network()
    b = net.b
    x, half = net.weight("x", 5, 7), net.weight("h", 7, dtype=DType.FLOAT16)
    wide = b.op(ops.Cast(to=DType.FLOAT32), half)
    positive = b.op(ops.Greater(), x, b.constant(0.0, DType.FLOAT32))
    net.output("y", b.op(ops.Where(), positive, b.op(ops.Mul(), x, wide), b.constant(0.1, DType.FLOAT32)))
    net.output("mask", b.op(ops.Not(), positive))
    net.output("n", b.op(ops.Cast(to=DType.INT32), b.op(ops.Mul(), x, b.constant(100.0, DType.FLOAT32))))
    net.output("short", b.op(ops.Cast(to=DType.BFLOAT16), b.op(ops.Add(), x, b.constant(1.0, DType.FLOAT32))))
    y, mask, n, short = arrays(net).values()
    w, h = (exact(VALUES.values(one)) for one in net.graph.weights())
    assert_same(y, np.where(w > 0, w * h, 0.1).astype(np.float32))
    assert_same(mask, ~(w > 0))
    assert_same(n, (w * 100).astype(np.int32))
    assert_same(short, (w + 1).astype("bfloat16"))


@pytest.mark.usefixtures("small_blocks")
def test_an_expression_that_others_read_as_a_whole() -> None:
    """What moves elements takes it rounded, what computes takes it as it is, and what computes by blocks anew."""
    net = Network()
    b = net.b
    x = net.weight("x", 4, 5)
    square = b.op(ops.Mul(), x, x)
    turned = b.op(ops.Transpose(perm=(1, 0)), square)
    again = b.op(ops.Add(), square, b.constant(1.0, DType.FLOAT32))
    for name, tensor in {"square": square, "turned": turned, "again": again}.items():
        net.output(name, tensor)
    net.output("sum", b.op(ops.ReduceSum(keepdims=0), again, b.ints(1)))
    net.output("wider", b.op(ops.Add(), turned, b.constant(2.0, DType.FLOAT32)))
    net.output("broad", b.op(ops.Mul(), b.op(ops.Unsqueeze(), square, b.ints(0)), net.weight("z", 3, 1, 1)))
    w = exact(VALUES.values(net.graph.weights()[0]))
    z = exact(VALUES.values(net.graph.weights()[1]))
    expected = (w * w, (w * w).T, w * w + 1, (w * w + 1).sum(1), (w * w).T + 2, (w * w)[None] * z)
    for order in itertools.islice(itertools.permutations(range(6)), 0, 720, 37):
        found = Stored(net.graph, VALUES)
        for index in order:
            assert_same(found.array(found.initializers[index]), expected[index].astype(np.float32))


@pytest.mark.parametrize("extra", [0, 1])
def test_the_boundary_between_whole_and_blocks(extra: int) -> None:
    elements = 2**20 + extra
    net = Network()
    weight, expected = folded(net, DType.FLOAT32, elements, 1)
    net.output("y", weight)
    (found,) = arrays(net).values()
    assert_same(found, expected(VALUES).astype(np.float32))


UNARY = {ops.Neg(): np.negative, ops.Abs(): np.abs, ops.Tanh(): np.tanh}
BINARY = {ops.Add(): np.add, ops.Sub(): np.subtract, ops.Mul(): np.multiply, ops.Max(): np.maximum}


@pytest.mark.parametrize("seed", range(40))
def test_random_graphs_agree_with_numpy(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is stored, whatever is large, and in whatever order it is asked for."""
    chance = random.Random(seed)
    monkeypatch.setattr(steps, "LARGEST_WHOLE", chance.choice([4, 9, 10**6]))
    monkeypatch.setattr(evaluation, "BLOCK", chance.choice([1, 3, 8]))
    net = Network()
    dtype = chance.choice(FLOATS)
    made: list[tuple[Tensor, np.ndarray]] = []
    for index, shape in enumerate([(3, 5), (5,), (3, 1), (1,), (1, 5)]):
        tensor = net.weight(f"w{index}", *shape, dtype=dtype)
        made.append((tensor, exact(VALUES.values(net.graph.weights()[-1]))))
    for _ in range(25):
        made.append(random_step(net, chance, made, dtype))
    for index, (tensor, _) in enumerate(chance.sample(made[5:], 8)):
        net.output(f"y{index}", tensor)
    wanted = {tensor.value: array for tensor, array in made}
    for node in net.graph.nodes():
        if isinstance(node.op, Constant) and dtype is node.results[0].dtype:
            wanted[node.value()] = np.array(node.op.value.elements, np.float64).reshape(node.op.value.shape)
    found = Stored(net.graph, VALUES)
    order = list(found.initializers) * 2
    chance.shuffle(order)
    for value in order:
        assert_same(found.array(value), rounded(wanted[value], dtype))


def random_step(
    net: Network, chance: random.Random, made: list[tuple[Tensor, np.ndarray]], dtype: DType
) -> tuple[Tensor, np.ndarray]:
    tensor, array = chance.choice(made)
    kind = chance.randrange(5)
    if kind == 0:
        op, function = chance.choice(list(UNARY.items()))
        return net.op(op, tensor), function(array)
    if kind == 1:
        perm = tuple(reversed(range(array.ndim)))
        return net.op(ops.Transpose(perm=perm), tensor), array.transpose(perm)
    if kind == 2:
        number = chance.choice([0.1, 3.0, -1e-4])
        return net.op(ops.Mul(), tensor, net.b.constant(number, dtype)), array * number
    if kind == 3:
        return net.op(ops.Concat(axis=0), tensor, tensor), np.concatenate([array, array])
    fitting = [one for one in made if broadcasts(array.shape, one[1].shape)]
    other, second = chance.choice(fitting)
    op, function = chance.choice(list(BINARY.items()))
    return net.op(op, tensor, other), function(array, second)


def broadcasts(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    try:
        return len(np.broadcast_shapes(one, other)) > 0
    except ValueError:
        return False


# Which nodes ----------------------------------------------------------------------------------------------


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
    assert stored_names(net) == ["n/const", "w", "n/Neg:0"]


def test_outputs_and_what_nothing_reads_are_computed_by_the_model() -> None:
    net = Network()
    w = net.weight("w", 3)
    negative = net.op(ops.Neg(), w)
    net.graph.outputs["n/Neg:0"] = negative.value
    net.output("y", net.op(ops.Abs(), negative))
    net.op(ops.Exp(), net.op(ops.Tanh(), w))
    assert evaluated_kinds(net) == ["Tanh"]
    assert stored_names(net) == ["w", "n/Tanh:0"]
    found = run(net.model().SerializeToString(), {})
    w64 = exact(VALUES.values(net.graph.weights()[0]))
    assert_same(found["y"], np.abs(w64).astype(np.float32))
    assert_same(found["n/Neg:0"], -w64.astype(np.float32))


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
    monkeypatch.setattr(stored, "WORK_PER_ELEMENT", 4)
    monkeypatch.setattr(stored, "WORK_PER_MODEL", 7)
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
    assert [tensor.name for tensor in model.graph.initializer] == ["n/Tanh:0"]
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
    monkeypatch.setattr(stored, "WORK_PER_MODEL", 0)
    net = Network()
    made = net.weight("w", 20)
    for number in range(30):
        made = net.op(ops.Tanh() if number % 2 else ops.Exp(), made)
        net.output(f"y{number}", made)
    # 40 + 80 + 120 elements, of 16 * 20.
    assert len(Stored(net.graph, VALUES).evaluated) == 3


# Once, and in little memory -------------------------------------------------------------------------------


class Counted:
    """Counts how often references are called, by the kind of the operator."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: Counter[str] = Counter()
        reference = ops.Operator.reference

        def counting(operator: ops.Operator, *given: np.ndarray | None) -> tuple[np.ndarray, ...]:
            self.calls[operator.kind] += 1
            return reference(operator, *given)

        monkeypatch.setattr(ops.Operator, "reference", counting)


@pytest.mark.parametrize("backwards", [False, True])
def test_what_several_need_is_computed_once(backwards: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    net = Network()
    shared = net.op(ops.Exp(), net.weight("w", 3))
    parts = net.b.ops(ops.Split(axis=0, num_outputs=3), net.op(ops.Tanh(), shared))
    for index, part in enumerate(parts):
        net.output(f"part{index}", part)
    net.output("y", net.op(ops.Neg(), shared))
    net.output("z", shared)
    counted, source = Counted(monkeypatch), Loaded(w=np.float32([1, 2, 3]))
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
def test_long_chains_take_seconds(length: int, read: bool, backwards: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    net = chain(length, read=read)
    counted = Counted(monkeypatch)
    begin = time.process_time()
    found = Stored(net.graph, VALUES)
    order = found.initializers[::-1] if backwards else found.initializers
    sums = [float(found.array(value).sum()) for value in order]
    assert time.process_time() - begin < 30
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
    assert docs == {"gamma": "How much.", "n/Neg:0": "How little."}


@pytest.mark.parametrize("dtype", list(DType))
def test_onnxruntime_reads_what_is_stored(dtype: DType) -> None:
    net = Network()
    numbers = Literal((2, 3), (0, 1, 1, 0, 1, 0))
    weight = net.weight("w", 2, 3, dtype=dtype, initializer=numbers)
    net.output("y", net.op(ops.Cast(to=DType.FLOAT32), net.op(ops.Transpose(perm=(1, 0)), weight)))
    model = net.model()
    assert [tensor.name for tensor in model.graph.initializer] == ["n/Cast:0"]
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
