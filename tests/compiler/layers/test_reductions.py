"""Reductions over axes, stacking, and functions of one tensor, against numpy."""

from __future__ import annotations

import math

import numpy as np
import onnx
import pytest
from dotnn.compiler.diagnostics.operands import CannotConcatenate, ConcatenationUndecided, RanksDiffer, RepeatedAxis
from dotnn.compiler.diagnostics.products import CannotStack, StackUndecided
from dotnn.compiler.diagnostics.shapes import (
    AxisMustBeWritten,
    AxisOutOfRange,
    ScalarWithoutAxes,
    TooManyToStack,
    WrongElementType,
)
from dotnn.compiler.dims import ceil_div
from dotnn.compiler.graph.types import DType
from dotnn.compiler.layers.base import LAYERS
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.one_layer import (
    C,
    H,
    N,
    S,
    T,
    W,
    build,
    check_at_all_sizes,
    fault,
    floats,
    infer,
    ints,
    make,
    refuses,
    run,
)


def _norm(x: np.ndarray, axis: int | tuple[int, ...], keepdims: bool = False) -> np.ndarray:
    """The Euclidean norm; numpy's own takes one axis, or two and calls it Frobenius's."""
    return np.sqrt(np.sum(x.astype(np.longdouble) ** 2, axis=axis, keepdims=keepdims)).astype(np.float64)


ONE_OPERATOR = {"mean": np.mean, "sum": np.sum, "max": np.max, "min": np.min}
FLOATING = {"mean": np.mean, "variance": np.var, "norm": _norm}
NUMPY = {**ONE_OPERATOR, **FLOATING}

# --- mean, variance, norm, sum, max, min ---


@pytest.mark.parametrize("kind", NUMPY)
@settings(max_examples=60, deadline=None)
@given(
    shape=st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple),
    axes=st.lists(st.integers(-5, 4), min_size=1, max_size=3).map(tuple),
    keepdims=st.booleans(),
)
def test_reductions_are_numpy_s(kind: str, shape: tuple[int, ...], axes: tuple[int, ...], keepdims: bool) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    layer = make(kind, axis=axes, keepdims=keepdims)
    try:
        wanted = NUMPY[kind](x, axis=axes, keepdims=keepdims)
    except ValueError:  # numpy's AxisError is one
        assert type(fault(layer, floats(*shape))) in (AxisOutOfRange, RepeatedAxis)
        return
    assert infer(layer, floats(*shape)) == (floats(*np.shape(wanted)),)
    np.testing.assert_allclose(layer.reference([x], {})[0], wanted)


@pytest.mark.parametrize("kind", NUMPY)
def test_symbolic_axes_vanish_or_stay(kind: str) -> None:
    x = floats(N, ceil_div(H, 2), W, T)
    assert infer(make(kind, axis=-3), x) == (floats(N, W, T),)
    assert infer(make(kind, axis=(1, -1), keepdims=True), x) == (floats(N, 1, W, 1),)
    assert infer(make(kind, axis=(3, 0, 2, 1)), x) == (floats(),)


@pytest.mark.parametrize("kind", ONE_OPERATOR)
def test_axes_are_an_input_of_the_operator(kind: str) -> None:
    model = onnx.load_from_string(build(make(kind, axis=(2, 3)), [floats(N, C, H, W)], {}))
    (node,) = model.graph.node
    assert (node.op_type, len(node.input)) == (f"Reduce{kind.capitalize()}", 2)


@pytest.mark.parametrize("kind", FLOATING)
def test_some_read_floating_point(kind: str) -> None:
    assert type(fault(make(kind, axis=0), ints(N))) is WrongElementType


@pytest.mark.parametrize("mean", [0.0, 1.0, -1e3, 1e5])
@pytest.mark.parametrize("axis", [0, 1, (0, 1)])
def test_the_variance_is_exact_where_the_mean_is_far_from_zero(mean: float, axis: int | tuple[int, ...]) -> None:
    x = np.random.default_rng(2).normal(mean, 1, (300, 500)).astype(np.float32)
    layer = make("variance", axis=axis)
    wanted = np.var(x.astype(np.float64), axis=axis)
    np.testing.assert_allclose(layer.reference([x], {})[0], wanted, rtol=1e-6)
    # onnxruntime sums 150,000 numbers one by one.
    tolerance = 1e-5 if abs(mean) < 1e4 else 1e-3
    np.testing.assert_allclose(run(build(layer, [floats(300, 500)], {}), [x])[0], wanted, rtol=tolerance)


def test_the_variance_of_equal_numbers_is_zero() -> None:
    x = np.full((1, 1000), 0.1, np.float32)
    for axis in (0, 1):
        found = run(build(make("variance", axis=axis), [floats(1, 1000)], {}), [x])[0]
        np.testing.assert_array_equal(found, 0)


@pytest.mark.parametrize("outlier", [1e6, -1e6])
def test_the_variance_is_exact_where_one_number_is_far_from_the_others(outlier: float) -> None:
    x = np.random.default_rng(3).normal(size=(300, 500)).astype(np.float32)
    x[0, 0] = outlier
    found = run(build(make("variance", axis=(0, 1)), [floats(300, 500)], {}), [x])[0]
    np.testing.assert_allclose(found, np.var(x.astype(np.float64)), rtol=1e-5)


def test_the_norm_of_corners() -> None:
    x = np.array([[0.0, -0.0], [np.inf, 1], [-np.inf, np.inf], [np.nan, 1], [np.nan, np.inf], [3e38, 3e38]], np.float32)
    wanted = [0, np.inf, np.inf, np.nan, np.nan, np.inf]
    layer = make("norm", axis=1)
    np.testing.assert_array_equal(layer.reference([x], {})[0], wanted)
    np.testing.assert_array_equal(run(build(layer, [floats(6, 2)], {}), [x])[0], wanted)


def test_the_norm_of_float16_is_right_where_squares_leave_it() -> None:
    for size in (3e4, 1e-6):
        x = (np.array([[3.0, 0.0, -4.0]]) / 5 * size).astype(np.float16)
        layer, wanted = make("norm", axis=-1), np.linalg.norm(x.astype(float), axis=-1)
        (found,) = run(build(layer, [ints(1, 3, dtype=DType.FLOAT16)], {}), [x])
        np.testing.assert_allclose(layer.reference([x], {})[0], wanted, rtol=2e-3, atol=1e-7)
        np.testing.assert_allclose(found, wanted, rtol=2e-3, atol=1e-7)


@pytest.mark.parametrize("kind", ["sum", "max", "min"])
@pytest.mark.parametrize("dtype", [DType.INT64, DType.INT32])
def test_integers_keep_their_type(kind: str, dtype: DType) -> None:
    check_at_all_sizes(make(kind, axis=1), [ints(N, T, 3, dtype=dtype)])
    x = np.array([[2**31 - 1, 1], [-5, 3]], dtype.value)
    (found,) = make(kind, axis=1).reference([x], {})
    assert found.dtype == dtype.value
    np.testing.assert_array_equal(run(build(make(kind, axis=1), [ints(2, 2, dtype=dtype)], {}), [x])[0], found)


def test_large_integers_are_summed_exactly() -> None:
    """onnxruntime would sum them in float64."""
    x = np.array([[2**60 + 1, 2**53 + 1, 5], [-(2**63), -1, -(2**62) - 3], [2**63 - 1, 1, -(2**63)]], np.int64)
    for axis in (0, 1, (0, 1)):
        model = build(make("sum", axis=axis), [ints(3, 3)], {})
        np.testing.assert_array_equal(run(model, [x])[0], np.sum(x, axis=axis))


@pytest.mark.parametrize("kind", [*NUMPY, "argmax"])
@pytest.mark.parametrize("dtype", [DType.BOOL, DType.UINT8, DType.INT8])
def test_reductions_need_numbers(kind: str, dtype: DType) -> None:
    assert type(fault(make(kind, axis=0), ints(N, dtype=dtype))) is WrongElementType


@pytest.mark.parametrize("kind", [*NUMPY, "argmax"])
def test_a_scalar_has_no_axes(kind: str) -> None:
    assert type(fault(make(kind, axis=0), floats())) is ScalarWithoutAxes


def test_keepdims_is_a_flag() -> None:
    assert refuses("sum", axis=0, keepdims=1) == "true or false"
    assert refuses("max", axis=1.5) == "an int or a list of ints"


def test_what_is_no_number_stays_so() -> None:
    x = np.array([[1.0, np.nan, 2.0], [np.inf, -np.inf, 0.0]])
    np.testing.assert_array_equal(make("max", axis=1).reference([x], {})[0], [np.nan, np.inf])
    np.testing.assert_array_equal(make("min", axis=1).reference([x], {})[0], [np.nan, -np.inf])
    np.testing.assert_array_equal(make("variance", axis=1).reference([x], {})[0], [np.nan, np.nan])


# --- argmax ---


@settings(max_examples=100, deadline=None)
@given(shape=st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple), axis=st.integers(-5, 4))
def test_argmax_is_numpy_s(shape: tuple[int, ...], axis: int) -> None:
    # Few different numbers, so that several are greatest.
    x = np.random.default_rng(0).integers(0, 3, shape).astype(np.float64)
    layer = make("argmax", axis=axis)
    try:
        wanted = np.argmax(x, axis=axis)
    except ValueError:
        assert type(fault(layer, floats(*shape))) is AxisOutOfRange
        return
    assert infer(layer, floats(*shape)) == (ints(*np.shape(wanted)),)
    (found,) = layer.reference([x], {})
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, wanted)


def test_argmax_works_along_the_last_axis_unless_it_is_an_image() -> None:
    assert infer(make("argmax"), floats(N, 10)) == (ints(N),)
    assert infer(make("argmax"), floats(N, T, 10)) == (ints(N, T),)
    assert type(fault(make("argmax"), floats(N, 3, H, W))) is AxisMustBeWritten
    assert infer(make("argmax", axis=1), floats(N, 3, H, W)) == (ints(N, H, W),)


@pytest.mark.parametrize("dtype", ["float32", "float16", "float64", "int32", "int64"])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_the_first_of_equals_is_found(dtype: str, axis: int) -> None:
    x = np.random.default_rng(1).integers(-1, 2, (4, 5, 3)).astype(dtype)
    x[1] = 0
    model = build(make("argmax", axis=axis), [ints(4, 5, 3, dtype=DType(dtype))], {})
    np.testing.assert_array_equal(run(model, [x])[0], np.argmax(x, axis=axis))


def test_neighbours_among_large_integers_are_told_apart() -> None:
    """In floating point they would be one number."""
    x = np.array([[2**62, 2**62 + 1, 2**62 + 1], [-(2**63), -(2**63) + 1, -(2**63)]], np.int64)
    model = build(make("argmax"), [ints(2, 3)], {})
    np.testing.assert_array_equal(run(model, [x])[0], [1, 1])


# --- abs, sqrt, exp, log ---


def test_functions_of_corners() -> None:
    x = np.array([-np.inf, -1.0, -0.0, 0.0, 1.0, np.inf, np.nan])
    wanted = {
        "abs": [np.inf, 1, 0, 0, 1, np.inf, np.nan],
        "sqrt": [np.nan, np.nan, -0.0, 0, 1, np.inf, np.nan],
        "exp": [0, math.exp(-1), 1, 1, math.e, np.inf, np.nan],
        "log": [np.nan, np.nan, -np.inf, -np.inf, 0, np.inf, np.nan],
    }
    for kind, expected in wanted.items():
        (found,) = LAYERS[kind]().reference([x], {})
        np.testing.assert_array_equal(found, expected)
        (run_found,) = run(build(LAYERS[kind](), [floats(7)], {}), [x.astype(np.float32)])
        np.testing.assert_allclose(run_found, np.array(expected, np.float32), rtol=1e-6)


def test_abs_reads_integers() -> None:
    x = np.array([-3, 0, 5, -(2**31)], np.int64)
    assert infer(make("abs"), ints(N)) == (ints(N),)
    np.testing.assert_array_equal(run(build(make("abs"), [ints(4)], {}), [x])[0], np.abs(x))
    assert type(fault(make("abs"), ints(N, dtype=DType.UINT8))) is WrongElementType


@pytest.mark.parametrize("kind", ["sqrt", "exp", "log"])
def test_others_need_floating_point(kind: str) -> None:
    assert type(fault(make(kind), ints(N))) is WrongElementType


# --- stack ---


@settings(max_examples=100, deadline=None)
@given(
    shape=st.lists(st.integers(1, 3), max_size=3).map(tuple),
    axis=st.integers(-5, 4),
    count=st.integers(2, 4),
)
def test_stack_is_numpy_s(shape: tuple[int, ...], axis: int, count: int) -> None:
    parts = [np.random.default_rng(index).normal(size=shape) for index in range(count)]
    layer, types = make("stack", axis=axis), [floats(*shape)] * count
    try:
        wanted = np.stack(parts, axis)
    except ValueError:
        assert type(fault(layer, *types)) is AxisOutOfRange
        return
    assert infer(layer, *types) == (floats(*wanted.shape),)
    np.testing.assert_array_equal(layer.reference(parts, {})[0], wanted)


def test_symbolic_shapes_are_stacked() -> None:
    parts = floats(N, ceil_div(H, 2)), floats(N, (H + 1) // 2), floats(N, ceil_div(H, 2))
    assert infer(make("stack", axis=-1), *parts) == (floats(N, ceil_div(H, 2), 3),)
    check_at_all_sizes(make("stack", axis=1), [floats(N, T), floats(N, T)])


@pytest.mark.parametrize("dtype", [DType.BOOL, DType.UINT8, DType.INT32])
def test_any_elements_are_stacked(dtype: DType) -> None:
    found = infer(make("stack", axis=0), ints(N, dtype=dtype), ints(N, dtype=dtype))
    assert found == (ints(2, N, dtype=dtype),)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([floats(N, 8), floats(N, 4)], CannotStack),
        ([floats(N, 8), floats(N, 8), floats(N, 1)], CannotStack),
        ([floats(N, T), floats(N, S)], StackUndecided),
        ([floats(N, T), floats(N, 1)], StackUndecided),
        ([floats(N, T), floats(N, T, 1)], RanksDiffer),
        ([floats(*(1,) * 32), floats(*(1,) * 32)], TooManyToStack),
    ],
)
def test_stack_refuses(parts: list, expected: type) -> None:
    diagnostic = fault(make("stack", axis=0), *parts)
    assert type(diagnostic) is expected
    assert str(parts[0]) in diagnostic.headline() or expected is TooManyToStack
    assert diagnostic.advice()


# --- concat of what would broadcast ---


@pytest.mark.parametrize(
    ("arguments", "parts", "expected", "advice"),
    [
        (
            {},
            [floats(N, 16, 8, 8), floats(N, 4, 1, 1)],
            CannotConcatenate,
            "repeat float32[N, 4, 1, 1] by `-> expand([N, 4, 8, 8])`",
        ),
        (
            {"axis": 2},
            [floats(N, 1, 4), floats(N, T, 4)],
            ConcatenationUndecided,
            "repeat float32[N, 1, 4] by `-> expand([N, T, 4])`",
        ),
        (
            {},
            [floats(N, 2, 5, 1), floats(N, 3, 1, 7)],
            CannotConcatenate,
            "repeat float32[N, 2, 5, 1] by `-> expand([N, 2, 5, 7])` "
            "and repeat float32[N, 3, 1, 7] by `-> expand([N, 3, 5, 7])`",
        ),
        ({}, [floats(N, 2, 5, 1), floats(N, 3, 4, 7)], CannotConcatenate, "all axes but axis 1 must be equal"),
    ],
)
def test_how_to_join_what_has_size_1(arguments: dict[str, object], parts: list, expected: type, advice: str) -> None:
    diagnostic = fault(make("concat", **arguments), *parts)
    assert type(diagnostic) is expected
    assert diagnostic.advice() == advice
