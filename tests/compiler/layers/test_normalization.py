"""Normalization, activations and dropout: the numbers of PyTorch, Keras, ONNX and Caffe."""

from __future__ import annotations

import math

import numpy as np
import onnx
import pytest
from dotnn.compiler.diagnostics.shapes import (
    AxisMustBeWritten,
    AxisOutOfRange,
    ScalarWithoutAxes,
    SpatialAxesOfChannels,
    UndecidedChannels,
    WrongElementType,
    WrongRank,
)
from dotnn.compiler.graph.tensors import Role
from dotnn.compiler.initializers import Constant, Ones, Zeros

from tests.helpers.layer_facts import CONVENTIONS, KERAS, TORCH
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
    refuses,
    run,
    statistics,
)

BATCH_NORM = {
    "weight": np.array([2.0]),
    "bias": np.array([0.5]),
    "running_mean": np.array([3.0]),
    "running_var": np.array([4.0]),
}


# --- batch_norm ---


@pytest.mark.parametrize(
    ("fact", "arguments"), [("BatchNorm2d(8)", {}), ("BatchNorm2d affine=False", {"scale": False, "bias": False})]
)
def test_batch_norm_has_pytorch_s_parameters(fact: str, arguments: dict[str, object]) -> None:
    expected = TORCH[fact]
    layer = make("batch_norm", **arguments)
    x = floats(*expected["input"])
    assert infer(layer, x) == (x,)
    assert parameters(layer, x) == expected["params"]
    state = {name: shape for name, shape in expected["state"].items() if name != "num_batches_tracked"}
    assert {spec.name: list(spec.shape) for spec in layer.weights([x])} == state


@pytest.mark.parametrize(
    ("fact", "arguments"),
    [
        ("BatchNormalization", {}),
        ("BatchNormalization no scale", {"scale": False}),
        ("BatchNormalization no center/scale", {"scale": False, "bias": False}),
    ],
)
def test_batch_norm_has_keras_s_parameters(fact: str, arguments: dict[str, object]) -> None:
    expected = KERAS[fact]
    channels = expected["input_shape"][-1]
    layer, x = make("batch_norm", **arguments), floats(N, channels, 8, 8)
    assert parameters(layer, x) == expected["trainable"]
    assert statistics(layer, x) == expected["non_trainable"]
    assert parameters(layer, x) + statistics(layer, x) == expected["params"]


def test_batch_norm_starts_as_the_identity() -> None:
    specs = {spec.name: spec for spec in make("batch_norm").weights([floats(N, 3)])}
    assert specs["weight"].initializer == specs["running_var"].initializer == Ones()
    assert specs["bias"].initializer == specs["running_mean"].initializer == Zeros()
    assert [name for name, spec in specs.items() if spec.role is Role.STATISTIC] == ["running_mean", "running_var"]
    (weight, *_) = make("batch_norm", init=Constant(0.0)).weights([floats(N, 3)])
    assert weight.initializer == Constant(0.0)


def test_batch_norm_s_formula_by_hand() -> None:
    x = np.array([[1.0], [3.0], [7.0]])
    (y,) = make("batch_norm", eps=5.0).reference([x], BATCH_NORM)
    np.testing.assert_allclose(y.ravel(), [2 * (v - 3) / 3 + 0.5 for v in (1, 3, 7)])
    (y,) = make("batch_norm", eps=5.0, scale=False, bias=False).reference([x], BATCH_NORM)
    np.testing.assert_allclose(y.ravel(), [(v - 3) / 3 for v in (1, 3, 7)])


def test_batch_norm_s_epsilon_is_pytorch_s_and_onnx_s() -> None:
    facts = CONVENTIONS["batch_norm"]
    layer = make("batch_norm")
    assert (layer.eps, layer.momentum) == (facts["torch"]["eps"], facts["torch"]["momentum"])  # pyright: ignore
    start = {"weight": np.ones(1), "bias": np.zeros(1), "running_mean": np.zeros(1), "running_var": np.ones(1)}
    x = np.array([1.0, 2, 3, 6]).reshape(4, 1)
    (y,) = layer.reference([x], start)
    np.testing.assert_allclose(y.ravel(), facts["onnx_infer_default_eps"], atol=1e-6)
    after = start | {
        "running_mean": np.array(facts["torch"]["running_mean"]),
        "running_var": np.array(facts["torch"]["running_var"]),
    }
    np.testing.assert_allclose(layer.reference([x], after)[0].ravel(), facts["torch"]["infer_after"], atol=1e-5)
    keras = start | {
        "running_mean": np.array(facts["keras"]["moving_mean"]),
        "running_var": np.array(facts["keras"]["moving_var"]),
    }
    (y,) = make("batch_norm", eps=facts["keras"]["eps"]).reference([x], keras)
    np.testing.assert_allclose(y.ravel(), facts["keras"]["infer_after"], atol=1e-5)


def test_batch_norm_s_momentum_weighs_the_new_value() -> None:
    weights = {name: np.ones(3, np.float32) for name in BATCH_NORM}
    model = onnx.load_from_string(build(make("batch_norm", momentum=0.25), [floats(N, 3)], weights))
    (node,) = model.graph.node
    momentum = next(one.f for one in node.attribute if one.name == "momentum")
    assert momentum == 0.75  # the weight of the old value, as ONNX has it


@pytest.mark.parametrize(
    ("arguments", "text"), [({}, "2*8"), ({"scale": False}, "1*8"), ({"scale": False, "bias": False}, "")]
)
def test_batch_norm_explains_its_count(arguments: dict[str, object], text: str) -> None:
    assert make("batch_norm", **arguments).explain_params([floats(N, 8)]) == text


# --- local_response_norm ---


@pytest.mark.parametrize(("size", "fact"), [(5, "torch"), (5, "onnx"), (4, "torch_size4")])
def test_local_response_norm_s_facts(size: int, fact: str) -> None:
    layer = make("local_response_norm", size=size, alpha=1.0)
    x = np.arange(1, 6, dtype=np.float32).reshape(1, 5, 1, 1)
    expected = CONVENTIONS["lrn"][fact]
    np.testing.assert_allclose(layer.reference([x], {})[0].ravel(), expected, atol=1e-6)
    (found,) = run(build(layer, [floats(N, C, H, W)], {}), [x])
    np.testing.assert_allclose(found.ravel(), expected, atol=1e-6)


def test_local_response_norm_s_window_reaches_down_further() -> None:
    x = np.zeros((1, 6, 1))
    x[0, 2] = 1
    layer = make("local_response_norm", size=4, alpha=4.0, beta=1.0, k=1.0)
    denominator = 1e-12 / layer.reference([x + 1e-12], {})[0]
    reached = np.flatnonzero(denominator[0, :, 0] > 1.5)
    assert list(reached) == [1, 3, 4]  # and 2, which is 1 itself: channels 1 to 4 read channel 2


def test_odd_sizes_use_onnx_s_own_operator() -> None:
    for size, ops in ((5, ["LRN"]), (4, ["Mul", "Transpose", "AveragePool", "Transpose", "Mul", "Add", "Pow", "Div"])):
        model = onnx.load_from_string(build(make("local_response_norm", size=size), [floats(N, C, H, W)], {}))
        assert [node.op_type for node in model.graph.node] == ops


def test_local_response_norm_s_defaults() -> None:
    layer = make("local_response_norm", size=5)
    assert (layer.alpha, layer.beta, layer.k) == (1e-4, 0.75, 1.0)  # pyright: ignore


# --- activations ---


def test_leaky_relu_s_slopes() -> None:
    facts = CONVENTIONS["activations"]
    x = np.array(facts["x"])
    for slope, name in (
        (0.01, "torch_default_001"),
        (0.2, "keras_function_default_02"),
        (0.3, "keras_layer_default_03"),
    ):
        (y,) = make("leaky_relu", slope=slope).reference([x], {})
        np.testing.assert_allclose(y, facts["leaky_relu"][name], atol=1e-6)
    (default,) = make("leaky_relu").reference([x], {})
    np.testing.assert_allclose(default, facts["leaky_relu"]["onnx_default_001"], atol=1e-6)


def test_softmax_is_along_the_last_axis() -> None:
    facts = CONVENTIONS["softmax_axis"]
    x = np.arange(1, 7, dtype=np.float64).reshape(1, 2, 3)
    for axis, name in ((None, "onnx13_default_axis_minus1"), (1, "torch_dim1")):
        layer = make("softmax") if axis is None else make("softmax", axis=axis)
        np.testing.assert_allclose(layer.reference([x], {})[0].ravel(), facts[name], atol=1e-6)
    logarithm = make("log_softmax", axis=1).reference([x], {})[0]
    np.testing.assert_allclose(np.exp(logarithm).ravel(), facts["torch_dim1"], atol=1e-6)


def test_softmax_of_large_scores() -> None:
    (y,) = make("softmax").reference([np.array([[1000.0, 1000, -1000]])], {})
    np.testing.assert_allclose(y, [[0.5, 0.5, 0]])
    (y,) = make("log_softmax").reference([np.array([[1000.0, 0]])], {})
    np.testing.assert_allclose(y, [[0, -1000]])


def test_functions_by_hand() -> None:
    x = np.array([-2.0, -0.0, 0.0, 0.5])
    expected = {
        "relu": [0, 0, 0, 0.5],
        "step": [0, 1, 1, 1],
        "sigmoid": [1 / (1 + math.exp(2)), 0.5, 0.5, 1 / (1 + math.exp(-0.5))],
        "tanh": [math.tanh(-2), 0, 0, math.tanh(0.5)],
    }
    for kind, values in expected.items():
        np.testing.assert_allclose(make(kind).reference([x], {})[0], values, err_msg=kind)


@pytest.mark.parametrize("kind", ["relu", "leaky_relu", "sigmoid", "tanh", "step", "softmax", "log_softmax"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_references_keep_the_element_type(kind: str, dtype: str) -> None:
    (y,) = make(kind).reference([np.ones((2, 3), dtype)], {})
    assert y.dtype == dtype


def test_dropout_does_nothing() -> None:
    x = np.arange(6.0).reshape(2, 3)
    assert make("dropout", rate=0.9).reference([x], {})[0] is x


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("dropout", {"rate": 1.0}),
        ("dropout", {"rate": -0.1}),
        ("dropout", {"rate": "half"}),
        ("batch_norm", {"momentum": 1.5}),
        ("batch_norm", {"eps": -1e-5}),
        ("local_response_norm", {"size": 0}),
        ("leaky_relu", {"slope": math.inf}),
        ("softmax", {"axis": 1.0}),
    ],
)
def test_attributes_out_of_range(kind: str, arguments: dict[str, object]) -> None:
    assert refuses(kind, **arguments).startswith(("a number", "a positive int", "an int"))


@pytest.mark.parametrize(
    ("layer", "x", "expected"),
    [
        (make("batch_norm"), floats(N), WrongRank),
        (make("batch_norm"), floats(N, C), UndecidedChannels),
        (make("batch_norm"), ints(N, 3), WrongElementType),
        (make("local_response_norm", size=5), floats(N, 3), SpatialAxesOfChannels),
        (make("local_response_norm", size=5), floats(N, 3, H, W, T, 2), SpatialAxesOfChannels),
        (make("local_response_norm", size=5), ints(N, 3, H, W), WrongElementType),
        (make("softmax"), floats(N, C, H, W), AxisMustBeWritten),
        (make("log_softmax"), floats(N, C, H, W), AxisMustBeWritten),
        (make("softmax", axis=2), floats(N, C), AxisOutOfRange),
        (make("softmax"), floats(), ScalarWithoutAxes),
        (make("relu"), ints(N), WrongElementType),
        (make("dropout", rate=0.5), ints(N), WrongElementType),
    ],
)
def test_operands_that_do_not_fit(layer, x, expected: type) -> None:
    diagnostic = fault(layer, x)
    assert type(diagnostic) is expected
    assert f"`{layer.kind}`" in diagnostic.headline()
    assert str(x) in diagnostic.headline() + diagnostic.caret()
    assert diagnostic.advice()
