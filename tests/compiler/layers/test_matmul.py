"""Products of matrices and powers, against numpy and onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest
from dotnn.compiler.diagnostics.operands import BroadcastUndecided, CannotBroadcast, ElementTypesDiffer
from dotnn.compiler.diagnostics.products import CannotMultiply, NotAMatrix, ProductUndecided
from dotnn.compiler.diagnostics.shapes import WrongElementType
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.base import LAYERS
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.graphs import session
from tests.helpers.language import compiled, type_of
from tests.helpers.one_layer import C, H, N, S, T, W, build, check_at_all_sizes, fault, floats, infer, ints, make, run

MATMUL = make("matmul")

shapes = st.lists(st.integers(1, 3), min_size=1, max_size=5).map(tuple)


@settings(max_examples=300, deadline=None)
@given(a=shapes, b=shapes)
def test_products_are_numpy_s(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    x, y = np.ones(a), np.ones(b)
    try:
        wanted = np.matmul(x, y)
    except ValueError:
        assert type(fault(MATMUL, floats(*a), floats(*b))) in (CannotMultiply, CannotBroadcast)
        return
    assert infer(MATMUL, floats(*a), floats(*b)) == (floats(*wanted.shape),)
    (found,) = MATMUL.reference([x, y], {})
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("dtype", ["float32", "float16", "float64", "int32", "int64"])
@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((2, 3), (3, 4)),
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)),
        ((5, 2, 3), (5, 3, 4)),
        ((1, 2, 3), (5, 3, 4)),
        ((6, 1, 2, 3), (5, 3, 4)),
        ((6, 1, 2, 3), (1, 5, 3, 4)),
        ((1, 1, 2, 3), (1, 3, 1)),
        ((3,), (3,)),
        ((3,), (3, 4)),
        ((3,), (6, 5, 3, 4)),
        ((2, 3), (3,)),
        ((6, 1, 2, 3), (3,)),
    ],
)
def test_onnxruntime_multiplies_in_every_element_type(dtype: str, a: tuple[int, ...], b: tuple[int, ...]) -> None:
    generator = np.random.default_rng(0)
    x, y = (generator.integers(-4, 5, shape).astype(dtype) for shape in (a, b))
    types = [TensorType(DType(dtype), shape) for shape in (a, b)]
    (found,) = run(build(MATMUL, types, {}), [x, y])
    np.testing.assert_array_equal(found, np.matmul(x, y))


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        (floats(N, T, C), floats(N, C, T), (N, T, T)),
        (floats(N, 4, T, C), floats(C, 2 * H), (N, 4, T, 2 * H)),
        (floats(N, 1, T, C), floats(H, C, 1), (N, H, T, 1)),
        (floats(N, C), floats(C), (N,)),
        (floats(C), floats(N, C, W), (N, W)),
        (floats(C), floats(C), ()),
    ],
)
def test_symbolic_shapes(a: TensorType, b: TensorType, result: tuple) -> None:
    assert infer(MATMUL, a, b) == (floats(*result),)
    check_at_all_sizes(MATMUL, [a, b])


@pytest.mark.parametrize("dtype", [DType.FLOAT16, DType.FLOAT64])
def test_symbolic_stacks_that_broadcast_in_other_floats(dtype: DType) -> None:
    a, b = TensorType(dtype, (N, 1, T, C)), TensorType(dtype, (H, C, 2))
    loaded = session(build(MATMUL, [a, b], {}))
    for n, h in ((2, 3), (1, 4), (3, 1)):
        x, y = np.ones((n, 1, 2, 5), dtype.value), np.ones((h, 5, 2), dtype.value)
        assert loaded.run(None, {"x0": x, "x1": y})[0].tolist() == np.full((n, h, 2, 2), 5).tolist()


@pytest.mark.parametrize(
    ("a", "b", "expected", "advice"),
    [
        (floats(N, T, 64), floats(N, S, 64), ProductUndecided, "transpose the right side: `-> transpose([0, 2, 1])`"),
        (floats(2, 64), floats(3, 64), CannotMultiply, "transpose the right side: `-> transpose([1, 0])`"),
        (floats(N, 4), floats(5, 6), CannotMultiply, "write `*`"),
        (floats(N, T), floats(S, 8), ProductUndecided, "the same name or number"),
        (floats(N, 2 * (T // 2)), floats(T, 8), ProductUndecided, "write `2*T` for `T`"),
        (floats(N, T), floats(T + 1, 8), CannotMultiply, "write `*`"),
        (floats(N, 4), floats(3), CannotMultiply, "write `*`"),
        (floats(), floats(3, 3), NotAMatrix, "`*`"),
        (floats(3, 3), floats(), NotAMatrix, "`*`"),
        (floats(2, 4, 5), floats(3, 5, 4), CannotBroadcast, "make the dimensions equal"),
        (floats(N, 4, 5), floats(S, 5, 4), BroadcastUndecided, "the same name or number"),
        (floats(3, 3), ints(3, 3), ElementTypesDiffer, "the same element type"),
        (ints(3, dtype=DType.BOOL), ints(3, dtype=DType.BOOL), WrongElementType, "float32"),
    ],
)
def test_what_does_not_fit_or_is_not_certain(a: TensorType, b: TensorType, expected: type, advice: str) -> None:
    diagnostic = fault(MATMUL, a, b)
    assert type(diagnostic) is expected
    assert advice in diagnostic.advice()
    assert str(a) in diagnostic.headline() or str(b) in diagnostic.headline()


def test_large_integers_are_multiplied_exactly() -> None:
    x, y = np.array([[2**60 + 1, -3], [2**62, 7]], np.int64), np.array([[1, 3], [2**53 + 1, 4]], np.int64)
    np.testing.assert_array_equal(run(build(MATMUL, [ints(2, 2), ints(2, 2)], {}), [x, y])[0], x @ y)


def test_products_are_counted() -> None:
    """As PyTorch counts FLOPs of bmm: batch * rows * inner * columns."""
    a, b = floats(N, 7, 5), floats(N, 5, 3)
    results = infer(MATMUL, a, b)
    assert MATMUL.macs([a, b], results) == N * 7 * 5 * 3
    assert eval(MATMUL.explain_macs([a, b], results)) == 7 * 5 * 3
    assert MATMUL.macs([floats(4), floats(4)], [floats()]) == 4


# --- powers ---


def test_powers_of_corners() -> None:
    x = np.array([-2.0, -2.0, 0.0, 0.0, 0.0, np.inf, 1.0, 1e300])
    y = np.array([3.0, 0.5, 0.0, -1.0, 2.0, -1.0, np.nan, 2.0])
    np.testing.assert_array_equal(LAYERS["pow"]().reference([x, y], {})[0], [-8, np.nan, 1, np.inf, 0, 0, 1, np.inf])


def test_powers_broadcast() -> None:
    assert infer(LAYERS["pow"](), floats(N, 1, W), floats(H, 1)) == (floats(N, H, W),)


@pytest.mark.parametrize("x", [ints(N), ints(N, dtype=DType.BOOL)])
def test_powers_need_floating_point(x: TensorType) -> None:
    diagnostic = fault(LAYERS["pow"](), x, x)
    assert diagnostic.headline().startswith("`pow` needs float32 elements")


# --- as they are written ---


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("x @ w -> relu", "float32[N, 3]"),
        ("-x @ w", "float32[N, 3]"),
        ("x * 2 @ w", "float32[N, 3]"),
        ("x @ w ** 2 + 1", "float32[N, 3]"),
        ("x @ w @ (w -> transpose([1, 0]))", "float32[N, 8]"),
        ("matmul(x, w)", "float32[N, 3]"),
        ("x -> matmul(w)", "float32[N, 3]"),
        ("matmul(a=x, b=w)", "float32[N, 3]"),
        ("2 ** x ** 2", "float32[N, 8]"),
        ("x ** x", "float32[N, 8]"),
        ("x ** 2 -> sum(axis=1) -> sqrt", "float32[N]"),
        ("sqrt(sum(x ** 2, axis=-1))", "float32[N]"),
        ("max(abs(x), axis=1, keepdims=true)", "float32[N, 1]"),
        ("exp(x) / sum(exp(x), axis=[1], keepdims=true)", "float32[N, 8]"),
        ("x -> argmax", "int64[N]"),
    ],
)
def test_signs_bind_as_in_python(expression: str, wanted: str) -> None:
    assert type_of(compiled(f"parameter w: float32[8, 3] = ones\n output y = {expression}")) == wanted
