"""``dense`` and ``embedding``: shapes, parameters, costs and values as PyTorch and Keras have them."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from dotnn.compiler.diagnostics.shapes import (
    AxisMustBeWritten,
    AxisOutOfRange,
    ScalarWithoutAxes,
    UndecidedFeatures,
    WrongElementType,
)
from dotnn.compiler.graph.types import DType
from dotnn.compiler.initializers import HeNormal, Ones, Uniform, XavierUniform, Zeros

from tests.helpers.layer_facts import KERAS, TORCH
from tests.helpers.one_layer import (
    C,
    H,
    N,
    T,
    W,
    build,
    fault,
    floats,
    infer,
    ints,
    make,
    parameters,
    random_weights,
    refuses,
)


@pytest.mark.parametrize(
    ("fact", "bias"), [("Linear(10,7)", True), ("Linear on rank3", True), ("Linear nobias", False)]
)
def test_dense_is_pytorch_s_linear(fact: str, bias: bool) -> None:
    expected = TORCH[fact]
    layer = make("dense", units=expected["output"][-1], bias=bias)
    x = floats(*expected["input"])
    assert list(infer(layer, x)[0].shape) == expected["output"]
    assert parameters(layer, x) == expected["params"]
    assert {spec.name: list(spec.shape) for spec in layer.weights([x])} == expected["state"]


def test_dense_is_keras_s_dense() -> None:
    expected = KERAS["Dense on rank-3 input"]
    layer = make("dense", units=11)
    x = floats(N, *expected["input_shape"][1:])
    assert infer(layer, x)[0].shape == (N, *expected["output_shape"][1:])
    assert parameters(layer, x) == expected["params"]


@pytest.mark.parametrize(
    ("features", "units", "expected", "text"),
    [(800, 64, 51_264, "(800+1)*64"), (64, 10, 650, "(64+1)*10"), (784, 512, 401_920, "(784+1)*512")],
)
def test_the_lecture_s_counts(features: int, units: int, expected: int, text: str) -> None:
    layer = make("dense", units=units)
    x = floats(N, features)
    assert parameters(layer, x) == expected
    assert layer.explain_params([x]) == text


@pytest.mark.parametrize(
    ("arguments", "x", "text", "count"),
    [
        ({}, floats(N, 800), "800*64", 800 * 64 * N),
        ({"axis": 1}, floats(N, 3, H, W - 2), "3*64*H*(W - 2)", 3 * 64 * N * H * (W - 2)),
        ({}, floats(N, T, 5), "5*64*T", 5 * 64 * N * T),
        ({}, floats(2, 5), "5*64*2", 5 * 64 * 2),
        ({"axis": 0}, floats(5, N), "5*64", 5 * 64 * N),
    ],
)
def test_multiply_accumulates(arguments: dict[str, object], x, text: str, count) -> None:
    layer = make("dense", units=64, bias=False, **arguments)
    results = infer(layer, x)
    assert layer.macs([x], results) == count
    assert layer.explain_macs([x], results) == text
    assert "+1" not in layer.explain_params([x])


def test_dense_multiplies_by_the_transposed_weight() -> None:
    weight, bias = np.array([[1.0, -1, 0.5], [0, 2, 1]]), np.array([0.25, -1])
    x = np.array([[1.0, 2, 4], [0, 0, 1]])
    (y,) = make("dense", units=2).reference([x], {"weight": weight, "bias": bias})
    np.testing.assert_array_equal(y, [[1 - 2 + 2 + 0.25, 4 + 4 - 1], [0.75, 0]])
    assert y.dtype == np.float64


def test_dense_along_the_channels_is_a_matrix_at_every_pixel() -> None:
    generator = np.random.default_rng(0)
    x, weight = generator.normal(size=(2, 3, 4, 5)), generator.normal(size=(7, 3))
    (y,) = make("dense", units=7, axis=1, bias=False).reference([x], {"weight": weight})
    np.testing.assert_allclose(y, np.einsum("nchw,uc->nuhw", x, weight))


@pytest.mark.parametrize(
    ("x", "arguments", "ops"),
    [
        (floats(N, 4), {}, ["Gemm"]),
        (floats(N, T, 4), {}, ["MatMul", "Add"]),
        (floats(N, T, 4), {"bias": False}, ["MatMul"]),
        (floats(N, 4, T), {"axis": 1}, ["Transpose", "MatMul", "Add", "Transpose"]),
    ],
)
def test_dense_lowers_to_few_operators(x, arguments: dict[str, object], ops: list[str]) -> None:
    layer = make("dense", units=3, **arguments)
    model = onnx.load_from_string(build(layer, [x], random_weights(layer, [x], np.random.default_rng(0))))
    assert [node.op_type for node in model.graph.node] == ops
    names = {tensor.name for tensor in model.graph.initializer}
    assert ("layer.weight" in names) == (ops == ["Gemm"])
    assert ("layer.weight:transposed" in names) == (ops != ["Gemm"])


def test_weights_start_as_documented() -> None:
    x = floats(N, 5)
    weight, bias = make("dense", units=3).weights([x])
    assert (weight.initializer, bias.initializer) == (XavierUniform(), Zeros())
    assert (weight.fan.inputs, weight.fan.outputs) == (5, 3)
    weight, bias = make("dense", units=3, init=HeNormal(), bias_init=Ones()).weights([x])
    assert (weight.initializer, bias.initializer) == (HeNormal(), Ones())
    (table,) = make("embedding", vocabulary=9, dim=4).weights([ints(N)])
    assert table.initializer == Uniform(low=-0.05, high=0.05)


def test_embedding_is_pytorch_s_and_keras_s() -> None:
    torch, keras = TORCH["Bilinear? skip Embedding(100,16)"], KERAS["Embedding 1000x64"]
    layer = make("embedding", vocabulary=100, dim=16)
    assert infer(layer, ints(2, 5)) == (floats(*torch["output"]),)
    assert parameters(layer, ints(2, 5)) == torch["params"]
    layer = make("embedding", vocabulary=1000, dim=64)
    assert infer(layer, ints(N, 12, dtype=DType.INT32)) == (floats(N, *keras["output_shape"][1:]),)
    assert parameters(layer, ints(N, 12)) == keras["params"]
    assert layer.explain_params([ints(N, 12)]) == "1000*64"


def test_embedding_looks_rows_up() -> None:
    weight = np.array([[1.0, 2], [3, 4], [5, 6]])
    (y,) = make("embedding", vocabulary=3, dim=2).reference([np.array([[2, 0]])], {"weight": weight})
    np.testing.assert_array_equal(y, [[[5, 6], [1, 2]]])


def test_embedding_has_no_bias_to_start() -> None:
    names = [one.name for one in type(make("embedding", vocabulary=3, dim=2)).attributes()]
    assert names == ["vocabulary", "dim", "init"]


@pytest.mark.parametrize(
    ("layer", "x", "expected"),
    [
        (make("dense", units=3), floats(N, C, H, W), AxisMustBeWritten),
        (make("dense", units=3), floats(N, C), UndecidedFeatures),
        (make("dense", units=3), ints(N, 4), WrongElementType),
        (make("dense", units=3, axis=2), floats(N, 4), AxisOutOfRange),
        (make("dense", units=3, axis=-3), floats(N, 4), AxisOutOfRange),
        (make("dense", units=3), floats(), ScalarWithoutAxes),
        (make("embedding", vocabulary=3, dim=2), floats(N), WrongElementType),
        (make("embedding", vocabulary=3, dim=2), ints(N, dtype=DType.UINT8), WrongElementType),
    ],
)
def test_operands_that_do_not_fit(layer, x, expected: type) -> None:
    diagnostic = fault(layer, x)
    assert type(diagnostic) is expected
    assert f"`{layer.kind}`" in diagnostic.headline()
    assert str(x) in diagnostic.headline() + diagnostic.caret()
    assert diagnostic.advice()


@pytest.mark.parametrize("units", [0, -1, 2.0, True, "3", None])
def test_sizes_are_positive_ints(units: object) -> None:
    assert refuses("dense", units=units) == "a positive int"
    assert refuses("embedding", vocabulary=units, dim=3) == "a positive int"
