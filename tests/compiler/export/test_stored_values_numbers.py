"""The numbers of what is stored in a model, against numpy's float64."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest
from dotnn.compiler import operators as ops
from dotnn.compiler.export import evaluation, evaluation_plan
from dotnn.compiler.export.evaluation import blocks
from dotnn.compiler.export.float64_rounding import rounded
from dotnn.compiler.export.stored_values import Stored
from dotnn.compiler.graph.operations import Constant
from dotnn.compiler.graph.tensors import Literal, numpy_name
from dotnn.compiler.graph.types import DType
from dotnn.compiler.operators.graph_builder import Tensor
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.export_graphs import VALUES, Loaded, Network
from tests.helpers.stored_values import FLOATS, arrays, assert_same, exact, folded

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
            ops.Mul(),
            net.op(ops.Add(), zero, net.b.constant(1e-5, DType.FLOAT16, exact=True)),
            net.b.constant(1e5, DType.FLOAT16, exact=True),
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
    tiny = net.b.constant(2.0**-20, DType.BFLOAT16, exact=True)
    moved = net.op(ops.Unsqueeze(), net.op(ops.Add(), one, tiny), net.b.ints(0))
    net.output("y", net.op(ops.Sub(), moved, net.b.constant(1.0, DType.BFLOAT16, exact=True)))
    net.output("z", moved)
    found = list(arrays(net).values())
    assert [one.tolist() for one in map(exact, found)] == [[[2.0**-20] * 2], [[1.0, 1.0]]]


def test_a_cast_rounds_as_it_says() -> None:
    net = Network()
    x = net.written("x", [0.1, 2.7, -2.7])
    net.output("a", net.op(ops.Cast(to=DType.FLOAT32), net.op(ops.Cast(to=DType.FLOAT16), x)))
    net.output("b", net.op(ops.Cast(to=DType.INT8), x))
    net.output("c", net.op(ops.Greater(), x, net.b.constant(0.1, DType.FLOAT32, exact=True)))
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
    net.output("z", net.op(ops.Div(), net.b.constant([1.0, 1e300, 0.0, 1.0, 1.0], dtype, exact=True), x))
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
    monkeypatch.setattr(evaluation_plan, "LARGEST_WHOLE", 12)
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
    third = b.constant(1 / 3, dtype, exact=True)
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
    positive = b.op(ops.Greater(), x, b.constant(0.0, DType.FLOAT32, exact=True))
    net.output("y", b.op(ops.Where(), positive, b.op(ops.Mul(), x, wide), b.constant(0.1, DType.FLOAT32, exact=True)))
    net.output("mask", b.op(ops.Not(), positive))
    net.output("n", b.op(ops.Cast(to=DType.INT32), b.op(ops.Mul(), x, b.constant(100.0, DType.FLOAT32, exact=True))))
    net.output(
        "short", b.op(ops.Cast(to=DType.BFLOAT16), b.op(ops.Add(), x, b.constant(1.0, DType.FLOAT32, exact=True)))
    )
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
    again = b.op(ops.Add(), square, b.constant(1.0, DType.FLOAT32, exact=True))
    for name, tensor in {"square": square, "turned": turned, "again": again}.items():
        net.output(name, tensor)
    net.output("sum", b.op(ops.ReduceSum(keepdims=0), again, b.ints(1)))
    net.output("wider", b.op(ops.Add(), turned, b.constant(2.0, DType.FLOAT32, exact=True)))
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
    elements = evaluation_plan.LARGEST_WHOLE + extra
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
    monkeypatch.setattr(evaluation_plan, "LARGEST_WHOLE", chance.choice([4, 9, 10**6]))
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
        return net.op(ops.Mul(), tensor, net.b.constant(number, dtype, exact=True)), array * number
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
